"""Ranked galleries in, mAP and CMC out; a probe whose person is absent is counted apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import DongseonError
from core.types import Float64


@dataclass(frozen=True)
class Retrieval:
    """Figures over probes. map and cmc are NaN if no probe's person is in the gallery.

    cmc       (R,) share of present probes with a true match at rank 1..R
    n_query   probes whose person is in the gallery;  n_absent  probes whose person is not
    """

    map: float
    cmc: Float64
    n_query: int
    n_absent: int

    def rank(self, r: int) -> float:
        """CMC at rank r >= 1; beyond the last rank kept it is that of the last rank."""
        return float(self.cmc[min(r, len(self.cmc)) - 1])


def average_precision(hit: NDArray[np.bool_]) -> float:
    """Average precision of one probe's ranked gallery.

    hit  (N,) True where the item at that rank is the probe's person, same-camera items already out

    Source: [zheng2015market]
    Raises DongseonError if the person is not in the gallery: that is an open-set case, counted
    elsewhere.
    """
    if not np.any(hit):
        raise DongseonError("the probe's person is not in the gallery")
    rank = np.flatnonzero(hit) + 1  # (H,) 1-based ranks of the hits
    return float(np.mean(np.arange(1, len(rank) + 1) / rank))


def ranked_hits(score: ArrayLike, same: ArrayLike, leave_out: ArrayLike) -> NDArray[np.bool_]:
    """Order one probe's gallery: (N,) scores -> (K,) True where that rank is the probe's person.

    same       (N,) True where the item is the probe's person
    leave_out  (N,) True where the item does not count (the person in the probe's own camera)
    Equal scores rank strangers first, so that a constant score earns nothing; NaN ranks last.
    """
    s = np.where(np.isnan(np.asarray(score, dtype=np.float64)), -np.inf, score)
    keep = ~np.asarray(leave_out, dtype=bool)
    s, hit = s[keep], np.asarray(same, dtype=bool)[keep]
    return np.asarray(hit[np.lexsort((hit, -s))])


def cmc(first: ArrayLike, ranks: int) -> Float64:
    """Cumulative match characteristic: (Q,) 1-based ranks of the first hits -> (ranks,) shares.

    NaN if there is no probe.
    Source: [zheng2015market]
    """
    first_hit = np.asarray(first, dtype=np.int64)
    if not len(first_hit):
        return np.full(ranks, np.nan)
    return np.asarray(np.mean(first_hit[:, None] <= np.arange(1, ranks + 1), axis=0))


def retrieval(
    score: ArrayLike,
    probe_id: ArrayLike,
    gallery_id: ArrayLike,
    probe_camera: ArrayLike | None = None,
    gallery_camera: ArrayLike | None = None,
    *,
    ranks: int = 20,
) -> Retrieval:
    """mAP and CMC, every probe alone against the whole gallery.

    score (Q,N), higher is more alike; ids and cameras (Q,) and (N,) of any comparable kind.
    Items of the probe's person in the probe's camera are left out; without cameras none are.
    Source: [zheng2015market]
    """
    rows, person = np.asarray(score, dtype=np.float64), np.asarray(gallery_id)
    precision: list[float] = []
    first: list[int] = []
    for q, wanted in enumerate(np.asarray(probe_id)):
        same: NDArray[np.bool_] = person == wanted
        leave_out = np.zeros(len(same), dtype=bool)
        if probe_camera is not None and gallery_camera is not None:
            leave_out = same & (np.asarray(gallery_camera) == np.asarray(probe_camera)[q])
        hit = ranked_hits(rows[q], same, leave_out)
        if hit.any():
            precision.append(average_precision(hit))
            first.append(int(np.argmax(hit)) + 1)
    mean = float(np.mean(precision)) if precision else float("nan")
    return Retrieval(mean, cmc(first, ranks), len(first), len(rows) - len(first))
