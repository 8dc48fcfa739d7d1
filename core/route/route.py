"""Sightings, cameras and clocks in; the posterior over routes out, "none of these" included."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from core.route import transit
from core.route.chain import P_IN, RHO, G, Settings, Solution, best_paths
from core.route.nextcameras import next_cameras
from core.route.nodes import Crowd, Nodes, Streets, legs
from core.route.scene import Scene, scene_of
from core.route.transit import Pace
from core.types import (
    Band,
    Camera,
    Float64,
    LastSeen,
    Leg,
    Note,
    Path,
    Recorder,
    Route,
    Sighting,
    Stop,
    note,
)

WORDS: tuple[tuple[float, Band], ...] = ((0.8, "strong"), (0.5, "moderate"), (0.2, "weak"))
SHOWN = 0.2  # a stop less probable than this is not drawn
SPEAKS = 0.3  # evidence from which a sighting speaks for the person by itself
OTHER_SCALES_M = (500.0, 2000.0)

Weighted = tuple[tuple[int, ...], float]  # a path and its log weight


@dataclass(frozen=True)
class Posterior:
    """What the sightings say together.

    stop (N,) probability that the person is that sighting;  last (N,) that it is the last stop;
    both in the order given, 0 for rejected ones;  never: that the person is none of them
    """

    stop: Float64
    last: Float64
    never: float


def posterior(
    sightings: Sequence[Sighting],
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    last_seen: LastSeen | None = None,
    settings: Settings | None = None,
    streets: Streets | None = None,
    crowd: Crowd | None = None,
) -> Posterior:
    """The probability of every sighting, of every last stop, and of none; raises like `infer`."""
    given = (sightings, cameras, recorders, last_seen, settings or Settings(), streets)
    scene, _ = scene_of(*given, crowd)
    _, solution = scene.solve()
    stop, last = np.zeros(len(sightings)), np.zeros(len(sightings))
    stop[scene.of.index], last[scene.of.index] = solution.stop, solution.last
    return Posterior(stop, last, solution.never)


def word(probability: float) -> Band:
    """strong from .8, moderate from .5, weak from .2, else insufficient."""
    return next((band for least, band in WORDS if probability >= least), "insufficient")


def _band(of: Nodes, j: int, probability: float) -> Band:
    """The word printed for a stop.

    Before a person confirmed one sighting nothing is above moderate; a sighting that does not
    speak for the person by itself, only by its time and place, is not above weak.
    """
    if of.confirmed[j]:
        return "strong"
    band = word(probability)
    if band == "strong" and not of.confirmed.any():
        band = "moderate"
    if band in ("strong", "moderate") and of.evidence[j] < SPEAKS:
        band = "weak"
    return band


def _shown(of: Nodes, path: Sequence[int], stop: Float64) -> list[int]:
    """The stops of the best path worth drawing; none, if nothing on it speaks for the person."""
    shown = [j for j in path if stop[j] >= SHOWN or of.confirmed[j]]
    speaks = any(of.confirmed[j] or of.evidence[j] >= SPEAKS for j in shown)
    return shown if speaks else []


def _unstable(scene: Scene, shown: Sequence[int], stop: Float64) -> set[int]:
    """Stops whose word changes with the distance scale or without one confirmed stop.

    Words before `_band` lowers them: else losing the only confirmation would shake every stop.
    """
    variants = [scene.solve(scale_m=scale) for scale in OTHER_SCALES_M]
    variants += [scene.solve(without=int(j)) for j in np.flatnonzero(scene.of.confirmed)]
    changed = set()
    for keep, solution in variants:
        redone = dict(zip(keep.tolist(), solution.stop.tolist(), strict=True))
        changed |= {j for j in shown if j in redone and word(redone[j]) != word(float(stop[j]))}
    return changed


def _stops(
    of: Nodes, chosen: Sequence[int], stop: Float64, unstable: Container[int]
) -> tuple[Stop, ...]:
    def one(j: int) -> Stop:
        s, confirmed = of.sightings[j], bool(of.confirmed[j])
        lat, lon = (None if math.isnan(x) else float(x) for x in (of.lat[j], of.lon[j]))
        p = 1.0 if confirmed else float(stop[j])
        ids = (s.camera_id, s.tracklet_id, s.enter_s, s.leave_s)
        exact = (s.source, float(of.radius_m[j]), float(of.sigma_s[j]))
        return Stop(*ids, lat, lon, p, _band(of, j, p), confirmed, j in unstable, *exact)

    return tuple(one(j) for j in chosen)


def _path(
    of: Nodes, chosen: Sequence[int], probability: float, stop: Float64, between: tuple[Leg, ...]
) -> Path:
    return Path(
        tuple(of.sightings[j].tracklet_id for j in chosen),
        tuple(of.sightings[j].camera_id for j in chosen),
        probability,
        _stops(of, chosen, stop, ()),
        between,
    )


def _rival(of: Nodes, solution: Solution, best: Sequence[int]) -> Weighted | None:
    """The best path that shares no stop with the best one, but for the confirmed ones."""
    out = [j for j in best if not of.confirmed[j]]
    start, arc = solution.chain.start.copy(), solution.chain.arc.copy()
    start[out], arc[:, out] = -np.inf, -np.inf
    others = best_paths(replace(solution.chain, start=start, arc=arc), 2)
    return next((one for one in others if not set(one[0]) <= set(best)), None)


def infer(
    sightings: Sequence[Sighting],
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    last_seen: LastSeen | None = None,
    *,
    band: str = "unknown",
    p_in: float = P_IN,
    rho: float = RHO,
    g: float = G,
    scale_m: float = 1000.0,
    kappa: float = transit.KAPPA,
    pace: Pace | None = None,
    looked: Mapping[str, float] | None = None,
    now_s: float | None = None,
    streets: Streets | None = None,
    crowd: Crowd | None = None,
) -> Route:
    """The most probable route through the sightings, with its doubts.

    sightings  in true time; evidence NaN counts as 0. Confirmed ones are on every path, rejected
               ones on none; "not_here" removes that camera's unconfirmed sightings that touch its
               time. Sightings that are not video have their own place, radius and sigma.
    last_seen  every route begins there; without it every sighting is as good a beginning
    band       a key of `transit.PACES`;  pace replaces its row;  the others: see `Settings`
    looked     {camera: part of its footage already searched}, for the cameras to ask next
    now_s      true time now; puts footage about to be overwritten first
    streets    metres by street between cameras where they are known: they stand for the straight
               line and what a way is longer than it, for those pairs
    crowd      everybody else who was compared: each of them, too, could have been the next stop

    Stops are those of the best path with a probability of .2 or more; there are none if nothing
    on it speaks for the person. p_never is 1 without sightings, for p_in then has nothing to
    weigh. A stop is unstable if its word changes with half or twice the scale, or without one of
    the confirmed stops.

    Raises NotFound for a camera that is not known, BadInput for a constant out of range, for
    evidence that is infinite and for a tracklet given twice.
    """
    settings = Settings(pace or transit.pace_of(band), p_in, rho, g, scale_m, kappa)
    scene, warnings = scene_of(sightings, cameras, recorders, last_seen, settings, streets, crowd)
    of, (_, solution) = scene.of, scene.solve()
    paths = best_paths(solution.chain, 3)
    best = paths[0][0] if paths else ()
    rival = _rival(of, solution, best) if best else None
    shown = _shown(of, best, solution.stop)
    unstable = _unstable(scene, shown, solution.stop) if shown else set()
    steady = [j for j in shown if j not in unstable]
    weighted = [*paths, *([rival] if rival else [])]
    drawn = legs(of, [shown, steady, *(way for way, _ in weighted)], settings.pace, kappa)
    others = [
        _path(of, way, min(1.0, math.exp(weight - solution.log_z)), solution.stop, between)
        for (way, weight), between in zip(weighted, drawn[2:], strict=True)
    ]
    return Route(
        stops=_stops(of, shown, solution.stop, unstable),
        legs=drawn[0],
        p_never=solution.never,
        alternatives=tuple(others[: len(paths)]),
        rival=others[-1] if rival else None,
        next_cameras=next_cameras(scene, solution, shown, looked or {}, now_s),
        warnings=(*warnings, *_doubts(scene, shown)),
        method=str(settings),
        steady=_path(of, steady, math.nan, solution.stop, drawn[1])
        if 0 < len(steady) < len(shown)
        else None,
    )


def _doubts(scene: Scene, shown: Sequence[int]) -> list[Note]:
    """What a reader must know before trusting the stops."""
    of, doubts = scene.of, []
    confirmed = np.flatnonzero(of.confirmed).tolist()
    if len(of) and not shown:
        doubts.append(note("no sighting speaks for the person enough to draw a route"))
    if shown and not confirmed:
        doubts.append(
            note("no sighting is confirmed by a person yet: no stop is called more than moderate")
        )
    first = confirmed[0] if confirmed else None
    placed = first is not None and not math.isnan(scene.way.start_distance_m[first])
    if placed and scene.way.start_log_f[first] == -np.inf:
        doubts.append(
            note(
                "the first confirmed sighting cannot be reached from where the person was last "
                "seen: check that place, its time, and the recorder's clock"
            )
        )
    for i, j in pairwise(confirmed):
        if scene.way.log_f[i, j] == -np.inf and not math.isnan(scene.way.distance_m[i, j]):
            doubts.append(
                note(
                    "the confirmed sightings at {first} and {second} do not fit together: "
                    "check the clocks and both sightings",
                    first=of.sightings[i].camera_id or of.sightings[i].source,
                    second=of.sightings[j].camera_id or of.sightings[j].source,
                )
            )
    return doubts
