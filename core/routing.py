"""A case's candidates and what people said of them in, the route between cameras out.

Who may be a stop is `onroute`'s; here clothes alone make no strong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from core import compare, reach, route
from core.casebook import Case
from core.evidence import Scope
from core.route import Crowd
from core.types import Band, Camera, Clip, NextCamera, Ranking, Recorder, Route, Sighting, Stop

ScopeOf = Callable[[str, float, float], Scope]
"""(camera id, from, to) in true time -> the scope of a search there."""


def infer(
    about: Case,
    given: Sequence[Sighting],
    ranking: Ranking,
    *,
    crowd: Crowd,
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    clips: Sequence[Clip],
    scope_of: ScopeOf,
) -> Route:
    """The route through what was stated and found (`given`) and the crowd around."""
    known = (given, cameras, recorders, about.last_seen)
    band = reach.speed_band(about)
    first = route.infer(*known, band=band, crowd=crowd)
    looked = looked_at(first.next_cameras, clips, scope_of)
    inferred = route.infer(*known, band=band, crowd=crowd, looked=looked)
    words = dict(zip(ranking.tracklet_id, ranking.band, strict=True))
    stops = tuple(_not_by_clothes_alone(stop, words) for stop in inferred.stops)
    return replace(inferred, stops=stops)


def looked_at(
    asked: Sequence[NextCamera], clips: Sequence[Clip], scope_of: ScopeOf
) -> dict[str, float]:
    """{camera: share of the window in which the person would pass it that was searched}."""
    looked: dict[str, float] = {}
    for one in asked:
        scope = scope_of(one.camera_id, one.from_s, max(one.to_s, one.from_s + 1))
        seen = compare.searched(clips, scope, 0)
        share = seen.footage_s / (seen.footage_s + seen.gaps_s)
        looked[one.camera_id] = max(share, looked.get(one.camera_id, 0.0))
    return looked


def _not_by_clothes_alone(stop: Stop, words: Mapping[str, Band]) -> Stop:
    """A stop nobody confirmed is called strong only if its candidate is: that needs a face."""
    word = words.get(stop.tracklet_id or "")
    if stop.confirmed or stop.band != "strong" or word == "strong":
        return stop
    return replace(stop, band="moderate")
