"""Searches for people who are there and for people who are not in; how often each goes wrong, out.

One case is one search. For an absent person it is its best stranger's score that matters; for a
present person the best score of a true tracklet among the first candidates shown.

Source: [iso19795-1]
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.types import Float64


@dataclass(frozen=True)
class OpenSet:
    """absent (A,) highest stranger; present (P,) best true score in the candidates shown.

    -inf: nothing was shown, or no true tracklet was; NaN is an error.
    """

    absent: Float64
    present: Float64

    def __post_init__(self) -> None:
        for name in ("absent", "present"):
            values = np.asarray(getattr(self, name), dtype=np.float64).ravel()
            if np.isnan(values).any():
                raise ValueError(f"OpenSet.{name} must not be NaN: nothing shown is -inf")
            object.__setattr__(self, name, values)

    def fpir(self, t: float) -> float:
        """Share of absent cases in which a stranger reaches t; NaN without absent cases."""
        return float(np.mean(self.absent >= t)) if len(self.absent) else math.nan

    def fnir(self, t: float) -> float:
        """Share of present cases in which no true tracklet reaches t; NaN without present cases."""
        return float(np.mean(self.present < t)) if len(self.present) else math.nan

    def threshold(self, fpir: float) -> float:
        """The lowest threshold, one of the scores or just above, with at most this FPIR."""
        if not 0 <= fpir <= 1:
            raise ValueError(f"fpir must be inside [0, 1], got {fpir}")
        if not len(self.absent):
            return math.nan
        allowed = int(fpir * len(self.absent) + 1e-9)
        if allowed >= len(self.absent):
            return -math.inf
        first = float(np.sort(self.absent)[::-1][allowed])  # the first that must not pass
        return float(np.nextafter(first, math.inf))

    def tpir(self, fpir: float = 0.05) -> float:
        """Share of present cases found at the threshold of that FPIR; -inf is never found."""
        t = self.threshold(fpir)
        if math.isnan(t) or not len(self.present):
            return math.nan
        return float(np.mean((self.present >= t) & np.isfinite(self.present)))


def best_scores(score: ArrayLike, true: ArrayLike, *, top: int = 20) -> tuple[float, float]:
    """One search's candidates, best first -> (highest stranger, best true score in the top), -inf.

    score (N,) in the order shown, NaN = no evidence;  true (N,) shows the person looked for
    """
    s = np.where(np.isnan(np.asarray(score, np.float64)), -math.inf, score)[:top]
    y = np.asarray(true, dtype=bool)[:top]
    return float(s[~y].max(initial=-math.inf)), float(s[y].max(initial=-math.inf))
