"""Crops with labelled attributes in; how well an attribute model judges them, out.

The manifest is CSV: path, and a column for each attribute of `types.ATTRIBUTES`; empty or
"unknown" = not labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import zoo
from core.describe import judge
from core.errors import BadInput, ModelError
from core.metrics import attributes as figures
from core.study.manifest import named, plain, rows, shown
from core.study.pictures import read, whole
from core.types import ATTRIBUTES, COLORS, UNKNOWN, Description

RANKS = 5  # of papers/001 table 6
FIGURES = ("accuracy", "precision", "recall", "f1", "mean_accuracy")


def attributes(
    manifest: Path,
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    model: str | None = None,
) -> dict[str, Any]:
    """The figures of papers/001 table 3 for an attribute model, or for that of a pack.

    Raises NotFound, BadInput, and ModelError if nothing in the pack judges attributes.
    """
    table = rows(manifest, ("path",))
    for row in table:
        check(row)
    chosen = "" if model is not None else pack or zoo.default_pack(directories)
    model = model or zoo.pack(chosen, directories).attributes
    if not model:
        raise ModelError("no model of the pack {pack} judges attributes", pack=chosen)
    if getattr(zoo.rows(directories).get(model), "task", "") != "attributes":
        raise BadInput("{model!r} is not an attribute model", model=model[:60])
    loaded = zoo.load(model, directories)
    about = [
        Description(row["path"], {}, judge(loaded, [whole(read(manifest.parent / row["path"]))]))
        for row in shown(table, progress)
    ]
    prior = zoo.rows(directories)[model].calibration.get("prior", {})
    return {
        **judged(about, table, prior),
        "model": model,
        **({"pack": chosen} if chosen else {}),
        "eval": "attributes",
        "data": named(manifest),
    }


def judged(
    about: Sequence[Description],
    table: Sequence[Mapping[str, str]],
    prior: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Figures of descriptions against labelled rows, one each; what is not judged counts as no.

    Instance by instance each attribute's most probable value is taken. For the label-based mean
    accuracy, where each value is asked for by itself, yes is what a search counts for a person:
    more probable than its share in training.

    prior           {attribute: share (V,) of its values in training}; where missing, all alike
    without_colors  the same figures without the three colours, as papers/001 trained
    by_rank         see `by_rank`
    """
    said, counts, true, known, by_name = {}, {}, {}, {}, {}
    for name, values in ATTRIBUTES.items():
        label = [(row.get(name) or "").strip() for row in table]
        here = np.array([v not in ("", UNKNOWN) for v in label])  # (N,)
        if not here.any():
            continue
        y = np.array([[v == value for value in values] for v in label])  # (N,V)
        p = np.array([_yes(one, name, len(values)) for one in about])
        likelier = np.array([_likelier(one, name, (prior or {}).get(name)) for one in about])
        right = (p & y).any(axis=1)[here]
        by_name[name] = {"accuracy": plain(float(right.mean())), "n": int(here.sum())}
        said[name], counts[name], true[name] = p, likelier, y
        known[name] = np.repeat(here[:, None], len(values), axis=1)
    if not by_name:
        raise BadInput("the manifest labels no attribute: name a column for each")
    plain_ones = [name for name in by_name if ATTRIBUTES[name] != COLORS]

    def of(names: Sequence[str]) -> dict[str, float | None]:
        first, each, y, here = (
            np.hstack([part[name] for name in names]) for part in (said, counts, true, known)
        )
        found = replace(
            figures.attributes(first, y, here),
            mean_accuracy=figures.attributes(each, y, here).mean_accuracy,
        )
        return {name: plain(getattr(found, name)) for name in FIGURES}

    return {
        **of(list(by_name)),
        "without_colors": of(plain_ones) if plain_ones else None,
        "by_name": by_name,
        "by_rank": by_rank(about, table),
        "n_pictures": len(table),
    }


def by_rank(
    about: Sequence[Description], table: Sequence[Mapping[str, str]]
) -> dict[str, list[float | None]]:
    """{attribute: probability of the value asked for at ranks 1 to 5}, as papers/001 table 6.

    Each picture's labels are asked for in turn; all other pictures are ranked by the product of the
    probabilities of those values. Means over those that ask; None where there are too few pictures.
    """
    odds, sums, asked = {}, {}, {}
    score = np.zeros((len(table), len(table)))  # (asking, asked of)
    for name, values in ATTRIBUTES.items():
        label = [(row.get(name) or "").strip() for row in table]
        p = np.array([one.attributes.get(name, np.full(len(values), np.nan)) for one in about])
        asks = np.array([v in values for v in label])
        if not asks.any() or np.isnan(p).all():
            continue
        column = [values.index(v) if v in values else 0 for v in label]
        odds[name], asked[name] = np.nan_to_num(p)[:, column].T, asks  # (asking, asked of)
        score += np.where(asks[:, None], np.log(np.clip(odds[name], 1e-6, 1)), 0.0)
    np.fill_diagonal(score, -np.inf)
    best = np.argsort(-score, axis=1, kind="stable")[:, : min(RANKS, len(table) - 1)]
    for name, p in odds.items():
        found = np.take_along_axis(p, best, axis=1)[asked[name]].mean(axis=0)
        sums[name] = [plain(float(x)) for x in found] + [None] * (RANKS - len(found))
    return sums


def _likelier(about: Description, name: str, prior: Sequence[float] | None) -> Any:
    """(V,) True where a value is more probable than its share in training."""
    probability = about.attributes.get(name)
    share = np.full(len(ATTRIBUTES[name]), 1 / len(ATTRIBUTES[name])) if prior is None else prior
    none = np.zeros(len(ATTRIBUTES[name]), dtype=bool)
    return none if probability is None else np.asarray(probability) > np.asarray(share)


def _yes(about: Description, name: str, n: int) -> Any:
    """(V,) True at the most probable value; nowhere if it was not judged."""
    probability = about.attributes.get(name)
    yes = np.zeros(n, dtype=bool)
    if probability is not None:
        yes[int(np.argmax(probability))] = True
    return yes


def check(row: Mapping[str, str]) -> None:
    """Raise BadInput if a row labels an attribute with a value that is none of its own."""
    for name, values in ATTRIBUTES.items():
        value = (row.get(name) or "").strip()
        if value and value != UNKNOWN and value not in values:
            raise BadInput(
                "{value!r} is not a value of {name}: use one of {values}",
                value=value[:40],
                name=name,
                values=", ".join((*values, UNKNOWN)),
            )
