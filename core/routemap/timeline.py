"""A route in, what its time slider needs out: the span, the stops on it, how far one can have got.

The script that moves the slider knows no words and no speeds: both come from here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from core.route import KAPPA
from core.routemap.facts import Facts
from core.routemap.scene import Point, camera_point, stop_point
from core.types import Camera, LastSeen, Note, Route, Stop, note

AFTER_S = (300.0, 1800.0)  # least and most of the slider after the last stop
LIVE_S = 6 * 3600.0  # a last stop not older than this: the slider goes on until now
VEHICLE_MPS = 15.0
REACTION_S = 5.0

WORDS: Mapping[str, Note] = {
    "play": note("Play"),
    "pause": note("Pause"),
    "slider": note("Time on the map"),
    "before": note("before the first stop"),
    "at": note("at stop {n}", n="{n}"),
    "between": note("between stop {a} and {b}: shaded = within reach", a="{a}", b="{b}"),
    "impossible": note("between stop {a} and {b}: not possible in this time", a="{a}", b="{b}"),
    "after": note(
        "{min} min after the last stop: at a usual pace {usual} m, at most {most} m",
        min="{min}",
        usual="{usual}",
        most="{most}",
    ),
    "clocks": note("clocks ±{min} min", min="{min}"),
}
"""The sentences of the slider; the script fills in the names in braces."""


def end_s(route: Route, now_s: float | None) -> float:
    """The right end of the slider: now, while the trail is fresh; else a while after the end."""
    first, last = route.stops[0].enter_s, route.stops[-1].leave_s
    if now_s is not None and 0 < now_s - last <= LIVE_S:
        return max(now_s, last + 60)
    return last + min(AFTER_S[1], max(AFTER_S[0], (last - first) / 4))


def timeline(
    route: Route,
    cameras: Mapping[str, Camera],
    last_seen: LastSeen | None,
    facts: Facts,
    tz: str,
) -> dict[str, Any] | None:
    """Numbers for the slider, JSON-able; None without a stop that has a place.

    from, to: true time;  stops [enter, leave];  legs and after: places, radii in m, speeds
    """
    placed = [stop_point(stop, cameras) for stop in route.stops]
    if not any(placed):
        return None
    first, last = route.stops[0], route.stops[-1]
    begin = min(first.enter_s, last_seen.from_s) if last_seen else first.enter_s
    after = None
    if placed[-1] is not None:
        speeds = (facts.pace.v_mean_mps / KAPPA, facts.pace.v_max_mps)
        after = {"at": placed[-1], "radius": _radius(last, cameras), "speeds": speeds}
    return {
        "from": math.floor(begin),
        "to": math.ceil(end_s(route, facts.now_s)),
        "zone": tz,
        "stops": [[stop.enter_s, stop.leave_s] for stop in route.stops],
        "legs": [_leg(route, at, placed, cameras, facts) for at in range(len(route.legs))],
        "after": after,
    }


def _radius(stop: Stop, cameras: Mapping[str, Camera]) -> float:
    camera = cameras.get(stop.camera_id or "")
    video = stop.source == "cctv" and camera_point(camera) is not None
    return camera.view_range_m if camera is not None and video else stop.radius_m


def _leg(
    route: Route, at: int, placed: list[Point | None], cameras: Mapping[str, Camera], facts: Facts
) -> dict[str, Any]:
    """Both ends of a leg, how fast it may be travelled, and what the clocks leave open."""
    a, b, leg = route.stops[at], route.stops[at + 1], route.legs[at]
    here, there = (cameras.get(s.camera_id or "") for s in (a, b))
    one_clock = here is not None and there is not None and here.recorder_id == there.recorder_id
    clocks = 0.0 if one_clock else a.sigma_s**2 + b.sigma_s**2
    return {
        "ends": [placed[at], placed[at + 1]],
        "radii": [_radius(a, cameras), _radius(b, cameras)],
        "speeds": [
            facts.pace.v_mean_mps / KAPPA,
            VEHICLE_MPS if leg.vehicle_only else facts.pace.v_max_mps,
        ],
        "slack": 2 * math.sqrt(clocks + REACTION_S**2),
        "feasible": leg.feasible,
    }
