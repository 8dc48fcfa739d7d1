"""A route in, every way it can be shown out: the best, others, the rival, without what is shaky."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from core.types import Note, Path, Route, note

WayKey = Literal["best", "other", "rival", "steady"]

SAID: tuple[tuple[float, Note], ...] = (
    (0.5, note("likely")),
    (0.2, note("possible")),
    (0.05, note("unlikely")),
    (0.0, note("very unlikely")),
)
TITLES: dict[WayKey, Note] = {
    "best": note("Best route"),
    "rival": note("Rival route"),
    "steady": note("Only what is stable"),
}
EXPLAINED: dict[WayKey, Note] = {
    "best": note("the way that fits the evidence, times and distances best"),
    "other": note("another way through the same sightings"),
    "rival": note("the best way that shares no inferred stop with the best route"),
    "steady": note("the best route without the stops that change when the assumptions change"),
}


@dataclass(frozen=True)
class Way:
    """One way to show a route. probability: of exactly these stops, NaN where it has none."""

    key: str
    title: Note
    explained: Note
    route: Route
    probability: float

    @property
    def word(self) -> Note | None:
        """The probability in a word, None where it has none."""
        if math.isnan(self.probability):
            return None
        return next(word for least, word in SAID if self.probability >= least)


def ways(route: Route) -> tuple[Way, ...]:
    """The route as it is first, then the others; those that would draw the same are left out.

    A route without a stop is the only one: where nothing is sure enough to be drawn, a way of one
    per cent beside it would read as an answer.
    """
    if not route.stops:
        return (Way("best", TITLES["best"], EXPLAINED["best"], route, math.nan),)
    first = route.alternatives[0].probability if route.alternatives else math.nan
    found = [Way("best", TITLES["best"], EXPLAINED["best"], route, first)]
    others = [*route.alternatives[1:]]
    for n, path in enumerate(others, start=2):
        title = note("Route {n}", n=n)
        found.append(Way(f"other{n}", title, EXPLAINED["other"], _along(route, path), _p(path)))
    for key, extra in (("rival", route.rival), ("steady", route.steady)):
        if extra is not None:
            kind: WayKey = "rival" if key == "rival" else "steady"
            along = _along(route, extra)
            found.append(Way(key, TITLES[kind], EXPLAINED[kind], along, _p(extra)))
    once: dict[tuple[object, ...], Way] = {}
    for way in found:
        if way.route.stops or way.key == "best":
            once.setdefault(_same(way), way)
    return tuple(once.values())


def _p(path: Path) -> float:
    return path.probability


def _same(way: Way) -> tuple[object, ...]:
    return tuple((stop.tracklet_id, stop.camera_id, stop.enter_s) for stop in way.route.stops)


def _along(route: Route, path: Path) -> Route:
    """The route through the stops of a path. Where to ask next was reckoned for all ways at once.

    A stop keeps what the best route says of its stability.
    """
    shaky = {stop.tracklet_id for stop in route.stops if stop.unstable and stop.tracklet_id}
    stops = tuple(replace(stop, unstable=stop.tracklet_id in shaky) for stop in path.stops)
    return replace(route, stops=stops, legs=path.legs, alternatives=(), rival=None, steady=None)
