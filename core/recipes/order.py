"""Who is in the set in; which crops make each batch of an epoch out, the same for the same seed."""

from __future__ import annotations

import math

import numpy as np

from core.errors import BadInput
from core.types import Int

Key = tuple[int, int, int]  # (epoch, index of the crop, how often it was drawn in this batch)


def identities(person: Int, camera: Int, p: int, k: int, seed: int, epoch: int) -> list[list[Key]]:
    """The batches of one epoch: p people x k crops each, every crop about once.

    person, camera (N,) numbers. A person's crops of one batch come from as many cameras as there
    are; who has fewer than k gets some twice. Raises BadInput for fewer than p people.
    Source: [hermans2017]
    """
    rng = np.random.default_rng([seed, 2, epoch])
    order = rng.permutation(len(person))
    crops: list[list[int]] = [[] for _ in range(int(person.max()) + 1)]
    for i in order.tolist():
        crops[person[i]].append(i)
    if len(crops) < p:
        raise BadInput(
            "{n} people are too few for batches of {p}: lower --people", n=len(crops), p=p
        )
    spread = [_across(one, camera) for one in crops]
    batches = []
    for turn in range(max(math.ceil(len(one) / k) for one in spread)):
        there = rng.permutation([i for i, one in enumerate(spread) if len(one) > turn * k])
        for start in range(0, len(there) - p + 1, p):
            batches.append([
                (epoch, crop, again)
                for who in there[start : start + p].tolist()
                for crop, again in _take(spread[who], turn * k, k)
            ])  # fmt: skip
    return [batches[i] for i in rng.permutation(len(batches)).tolist()]


def _across(crops: list[int], camera: Int) -> list[int]:
    """A person's crops, the cameras in turn."""
    seen: dict[int, int] = {}
    rank = []
    for crop in crops:
        rank.append(seen.get(int(camera[crop]), 0))
        seen[int(camera[crop])] = rank[-1] + 1
    return [crops[i] for i in np.argsort(rank, kind="stable").tolist()]


def _take(crops: list[int], first: int, k: int) -> list[tuple[int, int]]:
    """k (crop, how often it came before) from `first` on, going round where there are fewer."""
    part = crops[first : first + k]
    rest = crops if len(part) == len(crops) else [c for c in crops if c not in part]
    whole = part + [rest[j % len(rest)] for j in range(k - len(part))]
    return [(crop, whole[:j].count(crop)) for j, crop in enumerate(whole)]


def plain(n: int, batch: int, seed: int, epoch: int) -> list[list[Key]]:
    """The batches of one epoch where identities do not matter: every crop once."""
    order = np.random.default_rng([seed, 2, epoch]).permutation(n).tolist()
    cut = [order[i : i + batch] for i in range(0, n, batch)]
    if len(cut) > 1 and len(cut[-1]) < 2:  # batch normalisation needs two
        cut.pop()
    return [[(epoch, i, 0) for i in one] for one in cut]
