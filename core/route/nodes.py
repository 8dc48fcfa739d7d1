"""Sightings, cameras and recorders in; nodes in time order, passages and legs between them out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, NotFound
from core.geometry import haversine_m
from core.route.transit import (
    KAPPA,
    Bools,
    Pace,
    Passage,
    clock_sigma_s,
    feasible,
    gap_m,
    log_density,
    passage_quantiles_s,
    passage_sigma_s,
    reach,
)
from core.types import Camera, Float64, Int, LastSeen, Leg, Note, Recorder, Sighting, note

Strings = NDArray[np.str_]
Streets = Mapping[tuple[str, str], float]
"""Metres by street between two cameras, given once in either order."""
Crowd = Mapping[str, Float64]
"""{camera: true times (M,) of those compared there who are no sightings of the route}."""
BESIDE_S = 1800.0  # one of the crowd stands beside sightings that are not farther off in time


# -- sightings as nodes ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Nodes:
    """Sightings a route may pass, in order of their beginning.

    index (n,) into the sightings given;  camera, recorder (n,) ids, "" = none (not video)
    enter_s, leave_s, lat, lon, radius_m, sigma_s, evidence (n,);  lat and lon NaN = not known
    confirmed (n,);  street_m (n,n) length by street, NaN = not known, None = nowhere known
    stands_for (n,) for how many people compared each stands where a passage could have led
    """

    sightings: tuple[Sighting, ...]
    index: Int
    camera: Strings
    recorder: Strings
    enter_s: Float64
    leave_s: Float64
    lat: Float64
    lon: Float64
    radius_m: Float64
    sigma_s: Float64
    evidence: Float64
    confirmed: Bools
    stands_for: Float64
    street_m: Float64 | None = None

    def __len__(self) -> int:
        return len(self.sightings)


def has_place(camera: Camera) -> bool:
    """A vehicle's camera has a path, not a place."""
    return camera.lat is not None and camera.kind != "vehicle"


def recorder_of(camera: Camera, recorders: Mapping[str, Recorder]) -> Recorder:
    """The camera's recorder; one nobody described has an unchecked clock."""
    return recorders.get(camera.recorder_id) or Recorder(camera.recorder_id)


def _place(
    sighting: Sighting, cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder]
) -> tuple[float, float, float, float]:
    """lat, lon, radius_m, sigma_s of a sighting: its own place first, then its camera's."""
    camera = None if sighting.camera_id is None else cameras[sighting.camera_id]
    lat, lon, radius, sigma = (
        sighting.lat,
        sighting.lon,
        sighting.radius_m,
        sighting.sigma_s,
    )
    if camera is not None and lat is None and has_place(camera):
        lat, lon = camera.lat, camera.lon
    if camera is not None and sighting.source == "cctv":
        radius = camera.view_range_m
        sigma = clock_sigma_s(recorder_of(camera, recorders), sighting.enter_s)
    if lat is None or lon is None:
        lat = lon = math.nan
    return lat, lon, radius, sigma


def _order(s: Sighting) -> tuple[object, ...]:
    """Sort key that does not depend on the order given."""
    ids = (
        s.camera_id or "",
        s.tracklet_id or "",
        s.source,
        s.verdict or "",
        s.by,
        s.why,
    )
    place = (s.lat or 0.0, s.lon or 0.0, s.radius_m, s.sigma_s)
    return (s.enter_s, s.leave_s, *ids, *place, -math.inf if math.isnan(s.evidence) else s.evidence)


def nodes(
    sightings: Sequence[Sighting],
    keep: Sequence[int],
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    streets: Streets | None = None,
    crowd: Crowd | None = None,
) -> Nodes:
    """The sightings whose index is kept, as arrays in time order.

    crowd  everybody else who was compared: a passage could have led to any of them

    Raises NotFound for a camera that is not known and BadInput for evidence that is not finite.
    """
    for i in keep:
        camera = sightings[i].camera_id
        if camera is not None and camera not in cameras:
            raise NotFound("camera {camera} is not known: add it first", camera=camera)
        if math.isinf(sightings[i].evidence):
            raise BadInput("the evidence of a sighting must be a finite number, or not a number")
    index = sorted(keep, key=lambda i: _order(sightings[i]))
    chosen = tuple(sightings[i] for i in index)
    names = [s.camera_id or "" if s.source == "cctv" else "" for s in chosen]
    place = np.array([_place(s, cameras, recorders) for s in chosen], float).reshape(-1, 4)
    enter_s = np.array([s.enter_s for s in chosen], float)
    return Nodes(
        sightings=chosen,
        index=np.array(index, np.int64),
        camera=np.array(names, np.str_),
        recorder=np.array([cameras[c].recorder_id if c else "" for c in names], np.str_),
        enter_s=enter_s,
        leave_s=np.array([s.leave_s for s in chosen], float),
        lat=place[:, 0],
        lon=place[:, 1],
        radius_m=place[:, 2],
        sigma_s=place[:, 3],
        evidence=np.nan_to_num(np.array([s.evidence for s in chosen], float)),
        confirmed=np.array([s.verdict == "confirmed" for s in chosen], bool),
        stands_for=_standing_for(names, enter_s, crowd or {}),
        street_m=_by_street(names, streets) if streets else None,
    )


def _standing_for(names: Sequence[str], enter_s: Float64, crowd: Crowd) -> Float64:
    """For how many people each sighting (n,) stands, itself among them; enter_s ascending.

    One of the crowd is counted with the sighting of the same camera that is nearest in time, within
    BESIDE_S; without one, a share of him with each sighting within BESIDE_S; else with none: who
    passed on another day was no way on from here. (ours: instead of a passage to each of them)
    """
    n = len(names)
    count, camera = np.ones(n), np.array(names, np.str_)
    for name, times in crowd.items():
        left = np.ones(len(times), bool)
        here = np.flatnonzero(camera == name)
        if len(here):
            middle = (enter_s[here][1:] + enter_s[here][:-1]) / 2
            nearest = here[np.searchsorted(middle, times)]
            left = np.abs(enter_s[nearest] - times) > BESIDE_S
            count += np.bincount(nearest[~left], minlength=n)
        low = np.searchsorted(enter_s, times[left] - BESIDE_S)
        high = np.searchsorted(enter_s, times[left] + BESIDE_S, side="right")
        share = 1 / np.maximum(high - low, 1)
        steps = np.bincount(low, share, n + 1) - np.bincount(high, share, n + 1)
        count += np.cumsum(steps)[:n]
    return np.maximum(count, 1.0)


def _by_street(names: Sequence[str], streets: Streets) -> Float64:
    """Lengths (n,n) between the cameras of the sightings, NaN where no street is given."""
    for pair, metres in streets.items():
        if not (math.isfinite(metres) and metres >= 0):
            raise BadInput(
                "the street from {a} to {b} needs a length of 0 m or more", a=pair[0], b=pair[1]
            )
    both = {**streets, **{(b, a): metres for (a, b), metres in streets.items()}}
    found = [[both.get((a, b), math.nan) for b in names] for a in names]
    return np.array(found, float).reshape(len(names), len(names))


# -- passages between nodes ------------------------------------------------------------------------


@dataclass(frozen=True)
class Passages:
    """Log passage density (-inf = impossible) and distance (NaN = not known).

    log_f, distance_m (n,n) from row to column, in m and log 1/s;  start_* (n,) from where the
    person was last seen, or 0 and 0 everywhere if that is not known.
    """

    log_f: Float64
    distance_m: Float64
    start_log_f: Float64
    start_distance_m: Float64


def last_seen_sigma_s(last_seen: LastSeen) -> float:
    """Standard deviation of a time known to lie in the interval."""
    return (last_seen.to_s - last_seen.from_s) / math.sqrt(12)


def passages(of: Nodes, last_seen: LastSeen | None, pace: Pace, kappa: float = KAPPA) -> Passages:
    """Every passage from an earlier node to a later one, and to every node as the first.

    Nodes are in order of their beginning and passages only go forward in it: of two sightings
    whose clocks are too uncertain to say which came first, the reported order is taken.
    """
    n = len(of)
    i, j = np.triu_indices(n, 1)  # (P,), (P,)
    d, tau, sigma, same = _between(of, i, j)
    on_foot, by_vehicle = reach(d, tau, sigma, pace.v_max_mps)
    ok = np.where(same, tau > 0, on_foot | by_vehicle)
    log_f, distance = np.full((n, n), -np.inf), np.zeros((n, n))
    ways = kappas(of, i, j, kappa)
    log_f[i[ok], j[ok]] = log_density(tau[ok], d[ok], sigma[ok], pace, ways[ok])
    distance[i, j] = d
    return Passages(log_f, distance, *_starts(of, last_seen, pace, kappa))


def _between(of: Nodes, i: Int, j: Int) -> tuple[Float64, Float64, Float64, Bools]:
    """Distance, tau, its sigma (P,), and whether it is one camera, from nodes i to nodes j."""
    same = (of.camera[i] == of.camera[j]) & (of.camera[i] != "")
    one_clock = (of.recorder[i] == of.recorder[j]) & (of.recorder[i] != "")
    apart = haversine_m(of.lat[i], of.lon[i], of.lat[j], of.lon[j])
    if of.street_m is not None:
        apart = np.where(np.isnan(of.street_m[i, j]), apart, of.street_m[i, j])
    d = np.where(same, 0.0, gap_m(apart, of.radius_m[i], of.radius_m[j]))
    tau = of.enter_s[j] - of.leave_s[i]
    return d, tau, passage_sigma_s(of.sigma_s[i], of.sigma_s[j], one_clock), same


def kappas(of: Nodes, i: Int, j: Int, kappa: float) -> Float64:
    """Walked way over distance (P,) from nodes i to nodes j: 1 where the way is by street."""
    if of.street_m is None:
        return np.full(len(i), kappa)
    return np.where(np.isnan(of.street_m[i, j]), kappa, 1.0)


def _starts(
    of: Nodes, last_seen: LastSeen | None, pace: Pace, kappa: float
) -> tuple[Float64, Float64]:
    """Log density and distance (n,) of each node as the first."""
    n = len(of)
    if last_seen is None:
        return np.zeros(n), np.zeros(n)
    d = gap_m(
        haversine_m(last_seen.lat, last_seen.lon, of.lat, of.lon),
        last_seen.radius_m,
        of.radius_m,
    )
    tau = of.enter_s - (last_seen.from_s + last_seen.to_s) / 2
    sigma = passage_sigma_s(last_seen_sigma_s(last_seen), of.sigma_s, False)
    # a view that overlaps the place is always reachable, but not if the sighting in it was over
    # before the person was last seen
    ok = np.logical_or(*reach(d, tau, sigma, pace.v_max_mps))
    ok &= of.leave_s >= last_seen.from_s - 2 * sigma
    log_f = np.full(n, -np.inf)
    log_f[ok] = log_density(tau[ok], d[ok], sigma[ok], pace, kappa)
    return log_f, d


# -- legs, in words --------------------------------------------------------------------------------


def legs(
    of: Nodes, ways: Sequence[Sequence[int]], pace: Pace, kappa: float = KAPPA
) -> list[tuple[Leg, ...]]:
    """Per way the legs between nodes that follow one another, whether or not they are possible."""
    pairs = sorted({pair for way in ways for pair in pairwise(way)})
    if not pairs:
        return [() for _ in ways]
    first, second = np.array(pairs).T
    arrays, factors = _between(of, first, second), kappas(of, first, second, kappa)
    usual = passage_quantiles_s(np.nan_to_num(arrays[0]), arrays[2], pace, factors)
    rows = zip(*(a.tolist() for a in arrays), usual.tolist(), strict=True)
    made = {
        pair: _leg(*row, v_max_mps=pace.v_max_mps) for pair, row in zip(pairs, rows, strict=True)
    }
    return [tuple(made[pair] for pair in pairwise(way)) for way in ways]


def _leg(
    distance_m: float,
    tau_s: float,
    sigma_s: float,
    same: bool,
    usual_s: Sequence[float],
    *,
    v_max_mps: float,
) -> Leg:
    """One leg; same: both ends are one camera;  usual_s: 5 and 95 % of the passage time."""
    if math.isnan(distance_m):
        why = note("distance unknown: one of the two cameras has no position")
        return Leg(math.nan, math.nan, math.nan, True, False, why)
    if same and tau_s > 0:
        why = note("the same camera, {tau_s:.0f} s later", tau_s=tau_s)
        return Leg(usual_s[0], usual_s[1], distance_m, True, False, why)
    if same:
        why = note("the same camera shows both at once")
        return Leg(usual_s[0], usual_s[1], distance_m, False, False, why)
    passage = feasible(distance_m, tau_s, sigma_s, v_max_mps=v_max_mps)
    why = _sentence(distance_m, tau_s, sigma_s, passage)
    return Leg(usual_s[0], usual_s[1], distance_m, passage.possible, passage.vehicle_only, why)


def _sentence(distance_m: float, tau_s: float, sigma_s: float, passage: Passage) -> Note:
    """What a leg needs, in numbers."""
    numbers = {
        "distance_m": distance_m,
        "tau_s": tau_s,
        "slack_s": 2 * sigma_s,
        "speed_mps": passage.speed_mps,
        "error_s": passage.clock_error_s,
    }
    if distance_m == 0:
        return note("the two views overlap: no way lies between them", **numbers)
    if passage.on_foot:
        return note(
            "{distance_m:.0f} m between the views in {tau_s:.0f} s (clocks ±{slack_s:.0f} s): "
            "possible on foot, at least {speed_mps:.1f} m/s",
            **numbers,
        )
    if passage.vehicle_only:
        return note(
            "{distance_m:.0f} m between the views in {tau_s:.0f} s (clocks ±{slack_s:.0f} s): "
            "only by vehicle, at least {speed_mps:.1f} m/s",
            **numbers,
        )
    if math.isinf(passage.speed_mps):
        return note(
            "{distance_m:.0f} m lie between the views and no time to cover them: "
            "possible only if the clocks are wrong by {error_s:.0f} s",
            **numbers,
        )
    return note(
        "{distance_m:.0f} m between the views in {tau_s:.0f} s (clocks ±{slack_s:.0f} s) needs "
        "{speed_mps:.1f} m/s: possible only if the clocks are wrong by {error_s:.0f} s",
        **numbers,
    )
