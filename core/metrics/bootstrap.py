"""One row per case and a figure in; the figure with its 95 % interval over cases out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.types import Int


@dataclass(frozen=True)
class Interval:
    """A figure, its 95 % interval (NaN where it cannot be said), and the number of cases."""

    value: float
    low: float
    high: float
    n: int

    def json(self) -> dict[str, float | int | None]:
        """Missing figures as None."""
        found = {"value": self.value, "low": self.low, "high": self.high}
        return {
            **{k: None if math.isnan(v) else round(v, 4) for k, v in found.items()},
            "n": self.n,
        }


def over_cases(
    n: int, figure: Callable[[Int], float], *, rounds: int = 1000, seed: int = 0
) -> Interval:
    """Percentile bootstrap: cases are drawn with replacement, whole, as often as there are.

    figure  indices of cases (n,), some twice -> the figure; NaN where a drawing has none
    Rows of one case stay together, because they are not independent of each other.
    Source: [efron1993]
    """
    if n < 1:
        return Interval(math.nan, math.nan, math.nan, 0)
    rng = np.random.default_rng(seed)
    drawn = np.array([figure(rng.integers(0, n, n)) for _ in range(rounds)], dtype=np.float64)
    known = drawn[np.isfinite(drawn)]
    value = float(figure(np.arange(n)))
    if n == 1 or not len(known):
        return Interval(value, math.nan, math.nan, n)
    low, high = np.quantile(known, [0.025, 0.975])
    return Interval(value, float(low), float(high), n)


def share(right: int, of: int) -> Interval:
    """A share of independent cases with its 95 % interval: Wilson's, honest at 0 and at 1.

    Source: [wilson1927]
    """
    if of < 1:
        return Interval(math.nan, math.nan, math.nan, 0)
    z, p = 1.959964, right / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half), of)


def mean_of(values: Any, *, seed: int = 0) -> Interval:
    """Mean of one number per case, NaN left out, with its bootstrap interval."""
    x = np.asarray(values, dtype=np.float64).ravel()
    x = x[np.isfinite(x)]
    return over_cases(len(x), lambda at: float(x[at].mean()), seed=seed)
