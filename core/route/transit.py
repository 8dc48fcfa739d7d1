"""Distance, time and clocks of a passage in; how plausible and whether possible at all, out.

Lengths m, times s. A passage has a distance between the two views, a time `tau` from leaving the
first to entering the second, and the standard deviation of that time from the two clocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from core.errors import BadInput
from core.types import Float64, Recorder

DAY_S = 86_400.0
KAPPA = 1.3  # a walked way over its straight line
DRIFT_S_PER_DAY = 2.0
REACTION_S = 5.0  # a tracker finds and loses people seconds early or late, whatever the clock
DELAY_ON_FOOT_S = 900.0
DELAY_BY_VEHICLE_S = 420.0
DIRECT_SHARE = 0.7  # of walkers who do not stop on the way
VEHICLE_MPS = (6.0, 0.5)  # median, and sd of the logarithm, waiting included
VEHICLE_MAX_MPS = 15.0
VEHICLE_FROM_M = 300.0  # nobody takes a bus for less
QUANTILES = 15
PAST = 12.0  # so many sigma later than the slowest: see `_log_late`
CHUNK = 1024

_Z = special.ndtri((np.arange(QUANTILES) + 0.5) / QUANTILES)  # (15,) mid-quantiles of N(0,1)
_ROOT_2PI = math.sqrt(2 * math.pi)

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Pace:
    """How fast a person moves: walking speed (mean, sd), fastest on foot, how often by vehicle.

    vehicle_share  of the passages longer than 300 m

    Source: [murtagh2021], [bohannon2011], [peel2019], [gaitmaturation]
    """

    v_mean_mps: float
    v_sd_mps: float
    v_max_mps: float
    vehicle_share: float = 0.1

    def __post_init__(self) -> None:
        if not (0 < self.v_mean_mps < math.inf and 0 < self.v_sd_mps < math.inf):
            raise BadInput("a walking speed and its spread must be above 0 m/s")
        if not (0 < self.v_max_mps < math.inf and 0 <= self.vehicle_share < 1):
            raise BadInput("the top speed must be above 0 m/s, the vehicle share from 0 to below 1")


PACES: Mapping[str, Pace] = MappingProxyType(
    {
        "3-6": Pace(1.00, 0.20, 3.0, 0.05),
        "7-12": Pace(1.20, 0.20, 4.0, 0.05),
        "13-17": Pace(1.28, 0.20, 5.0),
        "18-59": Pace(1.31, 0.20, 5.0, 0.25),
        "60-79": Pace(1.20, 0.25, 3.0, 0.25),
        "80+": Pace(0.95, 0.22, 2.5),
        "dementia": Pace(0.85, 0.25, 2.5),
        "unknown": Pace(1.25, 0.30, 5.0),
    }
)
"""Speeds by age in years, or condition; the spreads, top speeds and vehicle shares are ours."""


def pace_of(band: str) -> Pace:
    """The row of PACES, or BadInput."""
    if band not in PACES:
        raise BadInput(
            "speed band {band!r} is not known: use one of {bands}",
            band=band[:40],
            bands=", ".join(PACES),
        )
    return PACES[band]


AGE_BANDS: Mapping[str, str] = MappingProxyType(
    {
        "child": "7-12",  # the faster of two: no camera may be left out
        "teenager": "13-17",
        "young_adult": "18-59",
        "middle_aged": "18-59",
        "elderly": "60-79",
    }
)
"""The speed band of a ticked age; the slower of two bands would forbid legs the faster allows."""


def band_of(age: str | None, *, dementia: bool = False) -> str:
    """The key of PACES for a person: the condition first, then the age, else "unknown"."""
    return "dementia" if dementia else AGE_BANDS.get(age or "", "unknown")


def clock_sigma_s(recorder: Recorder, at_s: float) -> float:
    """Standard deviation of a recorder's clock at a time: as checked, plus 2 s a day since."""
    if recorder.checked_at is None:
        return recorder.clock_sigma_s
    days = abs(at_s - recorder.checked_at) / DAY_S
    return math.hypot(recorder.clock_sigma_s, DRIFT_S_PER_DAY * days)


def passage_sigma_s(sigma_a: ArrayLike, sigma_b: ArrayLike, same_recorder: ArrayLike) -> Float64:
    """Standard deviation of tau; one recorder has one offset, so there the clocks cancel."""
    both = np.square(sigma_a) + np.square(sigma_b)
    return np.sqrt(np.where(same_recorder, 0.0, both) + REACTION_S**2)


def gap_m(apart_m: Float64, radius_a: ArrayLike, radius_b: ArrayLike) -> Float64:
    """Distance between the edges of two views whose centres are apart_m apart; NaN stays NaN."""
    return np.maximum(0.0, apart_m - np.add(radius_a, radius_b))


# -- the density of the passage time ---------------------------------------------------------------


def _speeds(pace: Pace) -> tuple[Float64, Float64]:
    """Mid-quantiles (15,) of the walking and of the vehicle speed, both lognormal, m/s."""
    sd = math.sqrt(math.log1p((pace.v_sd_mps / pace.v_mean_mps) ** 2))
    walk = pace.v_mean_mps * np.exp(sd * _Z - sd * sd / 2)
    return walk, VEHICLE_MPS[0] * np.exp(VEHICLE_MPS[1] * _Z)


def _log_emg(late: Float64, sigma: Float64, delay_s: float) -> Float64:
    """Log density of normal(0, sigma) plus an exponential delay, at `late`."""
    k = sigma / delay_s
    z = late / sigma - k
    log_p = (k * k / 2 - math.log(delay_s)) - late / delay_s
    early = z < 9  # above, log Phi is 0 to double precision: most passages, and it is slow
    log_p[early] += special.log_ndtr(z[early])
    return np.asarray(log_p)


def _log_mean_exp(x: Float64) -> Float64:
    """log mean exp over the last axis: speeds are averaged without underflow."""
    top = x.max(axis=-1, keepdims=True)
    return np.asarray(top[..., 0] + np.log(np.exp(x - top).sum(axis=-1) / x.shape[-1]))


def log_density(
    tau_s: ArrayLike,
    distance_m: ArrayLike,
    sigma_s: ArrayLike,
    pace: Pace,
    kappa: ArrayLike = KAPPA,
) -> Float64:
    """Log density (P,) per second of passage times tau (P,) over distances (P,).

    On foot 70 % go straight and 30 % are delayed by 15 minutes on average; beyond 300 m a share
    goes by vehicle, delayed by 7 minutes. Speeds are averaged over 15 mid-quantiles. Where the
    views overlap (distance 0) a negative tau counts as 0. In logs, so that a passage days long
    keeps its order among the others.
    """
    d, s = np.asarray(distance_m, float), np.asarray(sigma_s, float)  # (P,)
    tau = np.where(d == 0, np.maximum(tau_s, 0.0), tau_s)
    d, s, way = (np.broadcast_to(x, tau.shape) for x in (d, s, d * np.asarray(kappa, float)))
    log_f = np.empty(tau.shape)
    for start in range(0, len(tau), CHUNK):  # what a processor keeps at hand is twice as fast
        at = slice(start, start + CHUNK)
        log_f[at] = _log_density(tau[at], d[at], s[at], pace, way[at])
    return log_f


def _log_density(tau: Float64, d: Float64, s: Float64, pace: Pace, way: Float64) -> Float64:
    """`log_density` of arrays (P,) of one chunk; way: metres walked."""
    walk, ride = _speeds(pace)
    slow = way / walk.min()  # (P,) the slowest walker arrives
    past = (tau - slow) / s - s / DELAY_ON_FOOT_S > PAST
    log_f = np.empty(tau.shape)
    log_f[past] = math.log1p(-DIRECT_SHARE) + _log_late(
        tau[past], way[past], s[past], walk, DELAY_ON_FOOT_S
    )
    now = ~past
    late = tau[now, None] - way[now, None] / walk  # (P',15) later than a steady walk
    width = s[now, None]
    straight = _log_mean_exp(-0.5 * np.square(late / width)) - np.log(s[now] * _ROOT_2PI)
    delayed = _log_mean_exp(_log_emg(late, width, DELAY_ON_FOOT_S))
    log_f[now] = np.logaddexp(
        math.log(DIRECT_SHARE) + straight, math.log1p(-DIRECT_SHARE) + delayed
    )
    far = d > VEHICLE_FROM_M
    if pace.vehicle_share > 0 and far.any():
        ridden = _log_ridden(tau[far], way[far], s[far], ride)
        share = pace.vehicle_share
        log_f[far] = np.logaddexp(math.log1p(-share) + log_f[far], math.log(share) + ridden)
    return log_f


def _log_ridden(tau: Float64, way_m: Float64, s: Float64, ride: Float64) -> Float64:
    """Log density (P,) of a passage by vehicle."""
    past = (tau - way_m / ride.min()) / s - s / DELAY_BY_VEHICLE_S > PAST
    log_p = np.empty(tau.shape)
    log_p[past] = _log_late(tau[past], way_m[past], s[past], ride, DELAY_BY_VEHICLE_S)
    late = tau[~past, None] - way_m[~past, None] / ride  # (P',15)
    log_p[~past] = _log_mean_exp(_log_emg(late, s[~past, None], DELAY_BY_VEHICLE_S))
    return log_p


def _log_late(tau: Float64, way_m: Float64, s: Float64, speed: Float64, delay_s: float) -> Float64:
    """Log mean density (P,) where even the slowest is so late that only the delay is left.

    There log Phi is 0 to double precision and the steady walk weighs nothing beside the delay.
    """
    k = s / delay_s
    ways, at = np.unique(way_m, return_inverse=True)  # few: one for each pair of cameras
    gain = _log_mean_exp(ways[:, None] / (speed * delay_s))
    return np.asarray(k * k / 2 - math.log(delay_s) - tau / delay_s + gain[at])


def _distribution(tau: Float64, d: Float64, s: Float64, pace: Pace, kappa: Float64) -> Float64:
    """P(passage time <= tau) (P,L), the integral of log_density; tau (P,L), d, s, kappa (P,1)."""

    def delayed(late: Float64, delay_s: float) -> Float64:
        return np.asarray(special.ndtr(late / s) - delay_s * np.exp(_log_emg(late, s, delay_s)))

    walk, ride = _speeds(pace)
    tau, d, s = tau[..., None], d[..., None], s[..., None]  # (P,L,1), (P,1,1)
    way = kappa[..., None] * d
    late = tau - way / walk  # (P,L,15)
    on_foot = DIRECT_SHARE * special.ndtr(late / s)
    on_foot = (on_foot + (1 - DIRECT_SHARE) * delayed(late, DELAY_ON_FOOT_S)).mean(axis=-1)
    share = np.where(d[..., 0] > VEHICLE_FROM_M, pace.vehicle_share, 0.0)
    ridden = delayed(tau - way / ride, DELAY_BY_VEHICLE_S).mean(axis=-1)
    return np.asarray((1 - share) * on_foot + share * ridden)


def passage_quantiles_s(
    distance_m: ArrayLike,
    sigma_s: ArrayLike,
    pace: Pace,
    kappa: ArrayLike = KAPPA,
    levels: Sequence[float] = (0.05, 0.95),
) -> Float64:
    """Quantiles (P,L) of the passage time, to a second, never below 0."""
    d, s = np.asarray(distance_m, float)[:, None], np.asarray(sigma_s, float)[:, None]  # (P,1)
    wanted = np.asarray(levels, float)  # (L,)
    low = np.repeat(-8 * s, len(wanted), axis=1)  # (P,L)
    kappa = np.broadcast_to(np.asarray(kappa, float), d.shape[:1])[:, None]  # (P,1)
    high = kappa * d / _speeds(pace)[0].min() + 8 * (s + DELAY_ON_FOOT_S) + np.zeros(len(wanted))
    for _ in range(math.ceil(math.log2(float(np.max(high - low, initial=1.0))))):
        middle = (low + high) / 2
        below = _distribution(middle, d, s, pace, kappa) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(np.maximum(0.0, (low + high) / 2))


# -- can it be done at all -------------------------------------------------------------------------


def speed_needed_mps(distance_m: ArrayLike, tau_s: ArrayLike, sigma_s: ArrayLike) -> Float64:
    """Lowest speed that covers the distance, the clocks wrong by two sigma in our favour.

    0 where the views overlap, infinite where no time is left.
    """
    d = np.asarray(distance_m, float)
    time = np.asarray(tau_s, float) + 2 * np.asarray(sigma_s, float)
    d, time = np.broadcast_arrays(d, time)
    speed = np.divide(d, time, out=np.full(d.shape, np.inf), where=time > 0)
    return np.where(d == 0, 0.0, speed)


def reach(
    distance_m: ArrayLike, tau_s: ArrayLike, sigma_s: ArrayLike, v_max_mps: float
) -> tuple[Bools, Bools]:
    """(on foot, by vehicle only): which passages between different views are possible.

    Overlapping views (distance 0) always are; an unknown (NaN) distance is neither.
    """
    speed = speed_needed_mps(distance_m, tau_s, sigma_s)
    on_foot = speed <= v_max_mps
    far = np.asarray(distance_m, float) > VEHICLE_FROM_M
    return on_foot, ~on_foot & far & (speed <= VEHICLE_MAX_MPS)


@dataclass(frozen=True)
class Passage:
    """Whether a passage is possible, and by how much it is not.

    speed_mps      lowest speed needed with the clocks wrong by two sigma; may be infinite
    clock_error_s  how wrong the clocks must be, together, to make it possible; 0 if it is
    """

    on_foot: bool
    vehicle_only: bool
    speed_mps: float
    clock_error_s: float

    @property
    def possible(self) -> bool:
        return self.on_foot or self.vehicle_only


def feasible(distance_m: float, tau_s: float, sigma_s: float, *, v_max_mps: float = 5.0) -> Passage:
    """Whether a person can pass from one view to a different one in time."""
    on_foot, by_vehicle = reach(distance_m, tau_s, sigma_s, v_max_mps)
    speed = float(speed_needed_mps(distance_m, tau_s, sigma_s))
    best = VEHICLE_MAX_MPS if distance_m > VEHICLE_FROM_M else v_max_mps
    possible = bool(on_foot | by_vehicle)
    error = 0.0 if possible else distance_m / max(best, v_max_mps) - tau_s
    return Passage(bool(on_foot), bool(by_vehicle), speed, error)
