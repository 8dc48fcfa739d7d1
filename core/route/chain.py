"""Nodes and passages in; log weights, the sums over all paths and the heaviest paths out.

A route starts at one sighting, passes to later ones and ends; each step is weighed by distance,
time and clocks (`core.route.transit`) against everybody it could have gone to, also those whom the
search compared and found unlike (`Nodes.stands_for`), so a crowd costs evidence. All sums are in
logs and equal the enumeration of every path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from core.errors import BadInput
from core.route import transit
from core.route.nodes import Nodes, Passages
from core.route.transit import Bools, Pace
from core.types import Float64, Int

P_IN, RHO, G = 0.5, 0.5, 0.7
FITTED = "chosen on development cities"  # `dongseon eval openset --fit`; docs/science.md names them


@dataclass(frozen=True)
class Settings:
    """The constants of the model; every receipt prints them.

    p_in     prior that the person is in this footage at all
    rho      chance that a stop is the last one
    g        weight of the evidence of later stops. Whoever looks like the person does so under
             every camera: if the evidence of two sightings of one person correlates by r, for the
             person and for strangers alike, both together say 2/(1 + r) times what one says
             (exchangeable normal scores: sum of e over 1 + (n - 1) r), so the second adds
             g = (1 - r)/(1 + r); .5 is r = 1/3
    scale_m  a camera this far away is e times less likely to be the next one
    kappa    walked way over straight line
    """

    pace: Pace = field(default_factory=lambda: transit.pace_of("unknown"))
    p_in: float = P_IN
    rho: float = RHO
    g: float = G
    scale_m: float = 1000.0
    kappa: float = transit.KAPPA

    def __post_init__(self) -> None:
        if not (0 < self.p_in < 1 and 0 < self.rho < 1 and 0 <= self.g <= 1):
            raise BadInput("route: p_in and rho must lie between 0 and 1, g from 0 to 1")
        if not (0 < self.scale_m < math.inf and 1 <= self.kappa < math.inf):
            raise BadInput("route: scale_m must be above 0 m and kappa 1 or more")

    def __str__(self) -> str:
        p = self.pace
        walking = f"walking {p.v_mean_mps:g} (sd {p.v_sd_mps:g}, at most {p.v_max_mps:g}) m/s"
        return (
            f"route posterior: p_in {self.p_in:g}, rho {self.rho:g}, g {self.g:g} "
            f"({self._chosen()}), scale {self.scale_m:g} m, kappa {self.kappa:g}, "
            f"{walking}, vehicle share {p.vehicle_share:g}"
        )

    def _chosen(self) -> str:
        return FITTED if (self.p_in, self.rho, self.g) == (P_IN, RHO, G) else "set by hand"


@dataclass(frozen=True)
class Chain:
    """Log weights: start (n,), arc (n,n) from an earlier to a later node, end (n,), no stop."""

    start: Float64
    arc: Float64
    end: Float64
    null: float


@dataclass(frozen=True)
class Solution:
    """A chain with its log sums: forward, backward (n,) and the total log_z."""

    chain: Chain
    forward: Float64
    backward: Float64
    log_z: float

    @property
    def stop(self) -> Float64:
        """Probability (n,) that a path passes each node."""
        return np.exp(np.minimum(0.0, self.forward + self.backward - self.log_z))

    @property
    def last(self) -> Float64:
        """Probability (n,) that a path ends at each node."""
        return np.exp(self.forward + self.chain.end - self.log_z)

    @property
    def never(self) -> float:
        """Probability that no node is the person."""
        return math.exp(self.chain.null - self.log_z)


# -- weights ---------------------------------------------------------------------------------------


def _log_sum(x: Float64) -> Float64:
    """log sum exp of each row (m,n) -> (m,1); -inf for a row without weight."""
    top = np.maximum(x.max(axis=1, keepdims=True, initial=-np.inf), -1e300)
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))


def _log_rows(log_f: Float64, distance_m: Float64, scale_m: float, stands_for: Float64) -> Float64:
    """log of each row of f exp(-D/scale) over its sum (m,n); a row without passage stays -inf.

    stands_for  (n,) how many of those compared each column is in the sum, itself among them
    A passage of unknown distance gets the mean of its row: it says nothing about where to.
    """
    unknown = np.isnan(distance_m)
    log_h = log_f - np.where(unknown, 0.0, distance_m) / scale_m
    if unknown.any():
        known = np.isfinite(log_h).sum(axis=1, keepdims=True)  # (m,1)
        mean = np.where(known > 0, _log_sum(log_h) - np.log(np.maximum(1, known)), 0.0)
        log_h = np.where(unknown, mean, log_h)
    total = _log_sum(log_h + np.log(stands_for))
    return log_h - np.where(np.isfinite(total), total, 0.0)


def chain_of(of: Nodes, way: Passages, keep: Int, settings: Settings, scale_m: float) -> Chain:
    """Log weights of the kept nodes; paths that skip a confirmed node weigh nothing."""
    grid = np.ix_(keep, keep)
    crowd = of.stands_for[keep]
    arc = _log_rows(way.log_f[grid], way.distance_m[grid], scale_m, crowd)
    first = way.start_log_f[None, keep], way.start_distance_m[None, keep]
    start = _log_rows(*first, scale_m, crowd)[0]
    confirmed = of.confirmed[keep]
    log_l = np.where(confirmed, 0.0, math.log(10) * of.evidence[keep])  # (n,)
    onward = np.isfinite(arc).any(axis=1)
    chain = Chain(
        math.log(settings.p_in) + log_l + start,
        math.log1p(-settings.rho) + settings.g * log_l + arc,
        np.where(onward, math.log(settings.rho), 0.0),
        math.log1p(-settings.p_in),
    )
    return _through(chain, confirmed) if confirmed.any() else chain


def _through(chain: Chain, confirmed: Bools) -> Chain:
    """The chain with every start, arc, ending and the null path that skip a confirmed node out.

    Confirmed nodes that cannot be reached from one another are joined all the same: people said
    so, and the leg shows that it does not fit. The weight of such a joint is common to all paths.
    """
    upto: Int = np.cumsum(confirmed)  # (n,) confirmed nodes up to and with this one
    before = upto - confirmed.astype(np.int64)
    start = np.where(before > 0, -np.inf, chain.start)
    arc = np.where(before[None, :] > upto[:, None], -np.inf, chain.arc)
    end = np.where(upto[-1] > upto, -np.inf, chain.end)
    reached = np.zeros(len(start), bool)
    previous = -1
    for j in range(len(start)):
        reached[j] = start[j] > -np.inf or bool(np.any(reached[:j] & (arc[:j, j] > -np.inf)))
        if confirmed[j]:
            if not reached[j] and previous < 0:
                start[j] = 0.0
            elif not reached[j]:
                arc[previous, j] = 0.0
            reached[j], previous = True, j
    return Chain(start, arc, end, -np.inf)


# -- sums and maxima over paths --------------------------------------------------------------------


def solve(chain: Chain) -> Solution:
    """Forward and backward sums over all paths."""
    n = len(chain.start)
    forward, backward = chain.start.copy(), chain.end.copy()
    into = np.ascontiguousarray(chain.arc.T)  # row j: arcs into j
    for j in range(1, n):
        total = np.logaddexp.reduce(forward[:j] + into[j, :j])
        forward[j] = np.logaddexp(forward[j], total)
    for i in range(n - 2, -1, -1):
        total = np.logaddexp.reduce(chain.arc[i, i + 1 :] + backward[i + 1 :])
        backward[i] = np.logaddexp(backward[i], total)
    ends = np.logaddexp.reduce(forward + chain.end, initial=-np.inf)
    return Solution(chain, forward, backward, float(np.logaddexp(chain.null, ends)))


def _largest(x: Float64, k: int) -> Int:
    """Indices of the k largest values, largest first."""
    some = np.argpartition(-x, k)[:k] if len(x) > k else np.arange(len(x))
    return some[np.argsort(-x[some], kind="stable")]


def best_paths(chain: Chain, k: int) -> list[tuple[tuple[int, ...], float]]:
    """The k heaviest paths with at least one stop, heaviest first, with their log weights."""
    n = len(chain.start)
    score = np.full((n, k), -np.inf)
    back = np.full((n, k), -1)  # predecessor * k + its rank, -1 = start
    into = np.ascontiguousarray(chain.arc.T)
    for j in range(n):
        options = np.append((score[:j] + into[j, :j, None]).ravel(), chain.start[j])  # (j*k+1,)
        best = _largest(options, k)
        score[j, : len(best)] = options[best]
        back[j, : len(best)] = np.where(best == j * k, -1, best)
    ends = (score + chain.end[:, None]).ravel()
    paths = []
    for at in _largest(ends, k).tolist():
        if ends[at] > -np.inf:
            stops, here = [], at
            while here >= 0:
                stops.append(here // k)
                here = int(back[here // k, here % k])
            paths.append((tuple(reversed(stops)), float(ends[at])))
    return paths
