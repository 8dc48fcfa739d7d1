"""How certain strangers score in; how many strangers to expect at any evidence, out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.types import Float64, Int

ENOUGH_STRANGERS = 2_000
ENOUGH_COMPARED = 100  # of one search, to see how its own strangers score
TAIL = 0.1  # the share of those compared whose evidence shapes the tail
SHORTEST = -0.75  # shape of the tail: a shorter one ends too soon after the last one seen
NO_LESS = 0.1  # strangers; the tail of one search alone cannot say that there are fewer
EMPIRICAL_FROM = 10  # fewer strangers than this above e: the tail is fitted instead of counted


class Strangers:
    """Evidence of pairs that are certainly two people at this site, one presence pattern.

    scores   (M,) evidence of the pairs, sorted, read-only
    measured True with at least 2,000 pairs; otherwise the site is not measured and `s0` is the
             bound that any calibrated likelihood ratio obeys
    Raises ValueError on NaN.
    """

    def __init__(self, scores: ArrayLike) -> None:
        self.scores: Float64 = np.sort(np.asarray(scores, dtype=np.float64).ravel())
        if np.isnan(self.scores).any():
            raise ValueError("Strangers needs pairs with evidence, got NaN")
        self.scores.setflags(write=False)
        self.measured = len(self.scores) >= ENOUGH_STRANGERS
        if self.measured:
            self._u = float(np.quantile(self.scores, 0.95))
            above = self.scores[self.scores > self._u] - self._u
            self._excess = float(above.mean()) if len(above) else 0.0

    def s0(self, e: ArrayLike) -> Float64:
        """Share of strangers that reach e: (N,) -> (N,), never rising with e, NaN for NaN.

        (k+1)/(M+1) with k pairs at or above e while k >= 10; above that the exponential tail
        .05 exp(-(e-u)/mean excess), u the 95th percentile. The tail never exceeds the last counted
        value, because a share of strangers cannot rise with e. Without any excess (all tied at a
        clip limit) it is 1/(M+1). Not measured: 10^-max(e, 0).
        """
        e = np.asarray(e, dtype=np.float64)
        if not self.measured:
            return _bound(e)
        m = len(self.scores)
        tail = np.full(e.shape, 1 / (m + 1))
        if self._excess > 0:
            tail = 0.05 * np.exp(-np.maximum(e - self._u, 0) / self._excess)
        k, last = self._reach(e), self._reach(self.scores[-EMPIRICAL_FROM])
        share = np.where(
            k >= EMPIRICAL_FROM, (k + 1) / (m + 1), np.minimum(tail, (last + 1) / (m + 1))
        )
        return np.where(np.isnan(e), np.nan, share)

    def _reach(self, e: ArrayLike) -> Int:
        """Number of pairs at or above e."""
        below = np.searchsorted(self.scores, np.asarray(e), side="left")
        return np.asarray(len(self.scores) - below, dtype=np.int64)


def _bound(e: Float64) -> Float64:
    return np.asarray(10.0 ** -np.maximum(e, 0), dtype=np.float64)


def expected_false(e: ArrayLike, n: int, strangers: Strangers | None = None) -> Float64:
    """Strangers expected to score as high among n tracklets compared: n * S0(e), (N,), NaN for NaN.

    strangers  those of the same presence pattern; None = site not measured, S0 = 10^-max(e, 0)
    """
    e = np.asarray(e, dtype=np.float64)
    return n * (_bound(e) if strangers is None else strangers.s0(e))


def expected_here(e: ArrayLike, otherwise: ArrayLike) -> Float64:
    """Strangers expected to score as high in this very search, (N,), NaN for NaN.

    e          (N,) evidence of everybody compared, NaN = none: nearly all of them are strangers
    otherwise  (N,) what is expected by certain strangers or by the bound (`expected_false`)

    How strangers score depends on the picture: black jackets are many. The highest tenth of those
    compared gives a generalised Pareto tail (probability-weighted moments, shape from -.75 to 0),
    and n S(e) is expected above it. The person's own sightings, if there are any, are counted as
    strangers, which makes the answer rather too large. Below .1 it counts only as far as
    `otherwise` agrees; with fewer than 100 compared `otherwise` is the answer.
    Source: [hosking1987]
    """
    e, other = np.asarray(e, dtype=np.float64), np.asarray(otherwise, dtype=np.float64)
    known = e[~np.isnan(e)]
    if len(known) < ENOUGH_COMPARED:
        return other
    u = float(np.quantile(known, 1 - TAIL))
    above = np.sort(known[known > u]) - u
    if len(above) < ENOUGH_COMPARED * TAIL / 2:  # tied at a limit: nothing to extrapolate
        return other
    expected = len(known) * TAIL * _pareto_tail(e - u, above)
    most = np.maximum(other, len(known) * TAIL)  # so many are above, that was counted
    return np.where(e > u, np.maximum(expected, np.minimum(other, NO_LESS)), most)


def _pareto_tail(x: Float64, above: Float64) -> Float64:
    """Share (N,) of excesses that reach x, by the generalised Pareto tail of excesses (M,) sorted.

    With a0 = mean, a1 = mean of (1 - p_i) x_i and p_i = (i - .35)/M: shape = 2 - a0/(a0 - 2 a1),
    scale = a0 (1 - shape).
    Source: [hosking1987]
    """
    m = len(above)
    p = (np.arange(1, m + 1) - 0.35) / m
    a0, a1 = float(above.mean()), float(np.mean((1 - p) * above))
    shape = float(np.clip(2 - a0 / (a0 - 2 * a1), SHORTEST, 0.0)) if a0 != 2 * a1 else SHORTEST
    z = np.maximum(x, 0.0) / (a0 * (1 - shape))
    if shape > -1e-6:
        return np.asarray(np.exp(-z))
    return np.asarray(np.maximum(1 + shape * z, 0.0) ** (-1 / shape))


def miscalibrated(strangers: Strangers) -> bool:
    """True if strangers score too high here: S0(1) > .2 or S0(2) > .02, twice what an LR allows."""
    at_one, at_two = strangers.s0([1.0, 2.0])
    return bool(at_one > 0.2 or at_two > 0.02)
