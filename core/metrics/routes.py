"""Ranks and stops with their truth in; papers/001's Rank-k, stop precision and time error out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.types import Float64


def rank_k(ranks: Sequence[float], ks: Sequence[int] = (1, 2, 3, 4, 5)) -> dict[int, float]:
    """Rank-k accuracy = n / h x 100, as in papers/001 section 3.3.

    ranks  one for each of the h appearances: the place, from 1, of the true tracklet among those
           compared; inf = not found at all
    n      appearances whose true tracklet is at place k or before. NaN without any appearance.
    """
    found = np.asarray(ranks, dtype=np.float64)
    if np.isnan(found).any() or (len(found) and found.min() < 1):
        raise ValueError("a rank is 1 or more, inf if the person was not found")
    return {k: float(np.mean(found <= k) * 100) if len(found) else math.nan for k in ks}


@dataclass(frozen=True)
class Stops:
    """Figures over the stops of routes; NaN where there is nothing to divide by.

    precision   of the stops printed, how many show the person
    recall      of the appearances, how many are printed
    time_error_s  mean distance between a printed stop's time and the true one, right stops only
    """

    precision: float
    recall: float
    time_error_s: float
    printed: int
    appearances: int


def stops(right: Sequence[bool], found: int, appearances: int, error_s: Sequence[float]) -> Stops:
    """right (S,) of each printed stop; found of the appearances are printed; error_s of the right.

    Two stops on one appearance are both right and find it once.
    """
    if found > appearances:
        raise ValueError(f"found {found} of {appearances} appearances")
    n = len(right)
    return Stops(
        sum(right) / n if n else math.nan,
        found / appearances if appearances else math.nan,
        float(np.mean(np.abs(error_s))) if len(error_s) else math.nan,
        n,
        appearances,
    )


def places(score: Float64, true: Sequence[bool]) -> float:
    """Rank of the best true one among N scores; equals count before it, inf if there is none.

    score (N,), NaN = not comparable, last;  true (N,) bool
    """
    s = np.where(np.isnan(score), -np.inf, score)
    y = np.asarray(true, bool)
    if not y.any() or not np.isfinite(s[y]).any():
        return math.inf
    best = s[y].max()
    return float(1 + np.sum(s[~y] >= best))
