"""Scores of same and different pairs in; error rates over all thresholds, and their bounds, out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.metrics import two_sides
from core.types import Float64


@dataclass(frozen=True)
class Det:
    """Both error rates at every threshold (T,), rising; a pair matches at or above the threshold.

    fmr   false match rate (T,), falling from 1 to 0;  fnmr  false non-match rate (T,), rising
    """

    threshold: Float64
    fmr: Float64
    fnmr: Float64

    def thinned(self, most: int = 200) -> Det:
        """At most about so many points, evenly over the logarithms of both rates.

        Both ends, the point of equal rates, and both sides of every step told are kept.
        """
        last = len(self.threshold) - 1
        levels = np.geomspace(1e-6, 1, most // 4)
        rising = np.searchsorted(self.fnmr, levels)
        falling = last - np.searchsorted(self.fmr[::-1], levels)
        equal = int(np.abs(self.fmr - self.fnmr).argmin())
        ends = np.array([0, equal, last])
        told = (rising - 1, rising, falling, falling + 1, ends)
        at = np.unique(np.clip(np.concatenate(told), 0, last))
        return Det(self.threshold[at], self.fmr[at], self.fnmr[at])


def det(genuine: ArrayLike, impostor: ArrayLike) -> Det:
    """The detection error trade-off of scores genuine (G,) and impostor (I,); -inf never matches.

    The last threshold is +inf, where nothing matches.
    Source: [iso19795-1]
    """
    g, i = (np.sort(side) for side in two_sides(genuine, impostor))
    at = np.unique(np.concatenate([g, i]))
    at = np.append(at[np.isfinite(at)], np.inf)  # (T,)
    fnmr = np.searchsorted(g, at, side="left") / len(g)
    fmr = 1 - np.searchsorted(i, at, side="left") / len(i)
    return Det(at, fmr, fnmr)


def eer_threshold(genuine: ArrayLike, impostor: ArrayLike) -> float:
    """The threshold at which both rates are nearest to each other; the lowest of several.

    Where a gap separates the two sides it lies in its middle, so that neither side is favoured.
    """
    curve = det(genuine, impostor)
    apart = np.abs(curve.fmr - curve.fnmr)
    k = int(apart.argmin())
    at = curve.threshold[k]
    if k == 0 or not np.isfinite(at):
        return float(at)
    return float((curve.threshold[k - 1] + at) / 2)


def false_matches(impostor: ArrayLike, threshold: float) -> int:
    """Impostor pairs (I,) at or above the threshold; -inf is never a match."""
    i = np.asarray(impostor, dtype=np.float64)
    return int(np.sum((i >= threshold) & (i > -np.inf)))


def false_non_matches(genuine: ArrayLike, threshold: float) -> int:
    """Genuine pairs (G,) below the threshold; -inf always is."""
    g = np.asarray(genuine, dtype=np.float64)
    return int(np.sum((g < threshold) | (g == -np.inf)))


def upper_bound(errors: int, trials: int, confidence: float = 0.95) -> float:
    """What an error rate stays below with this confidence (one-sided, exact); NaN without trials.

    Without an error it is 1 - .05^(1/n), which is nearly 3/n, the rule of three. The trials are
    taken to be independent: of several pictures of one person they are not.
    Source: [clopper1934]
    """
    from scipy.stats import beta

    if trials < 1:
        return float("nan")
    return 1.0 if errors >= trials else float(beta.ppf(confidence, errors + 1, trials - errors))
