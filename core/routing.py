"""A case's candidates and what people said of them in, the route between cameras out.

Ticks alone make no stop, and clothes alone make no strong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from core import compare, reach, route
from core.casebook import Case
from core.compare import KINDS
from core.evidence import Scope
from core.types import Band, Camera, Clip, NextCamera, Ranking, Recorder, Route, Sighting, Stop

SIGHTINGS = 200  # candidates that are looked at
LEAST = -0.5  # evidence: who is less likely than this is not part of a route

ScopeOf = Callable[[str, float, float], Scope]
"""(camera id, from, to) in true time -> the scope of a search there."""


def sightings(ranking: Ranking, stated: Sequence[Sighting]) -> list[Sighting]:
    """The candidates of a ranking who may be part of a route and of whom nobody said anything."""
    judged = {s.tracklet_id for s in stated if s.tracklet_id is not None}
    return [
        Sighting(
            "cctv",
            float(ranking.enter_s[i]),
            float(ranking.leave_s[i]),
            camera_id=ranking.camera_id[i],
            tracklet_id=ranking.tracklet_id[i],
            evidence=float(ranking.evidence[i]),
        )
        for i in ranking.order_evidence
        if ranking.tracklet_id[i] not in judged and ranking.evidence[i] >= LEAST
        if not np.isnan([ranking.parts[kind][i] for kind in KINDS]).all()  # ticks make no stop
    ]


def infer(
    about: Case,
    given: Sequence[Sighting],
    ranking: Ranking,
    *,
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    clips: Sequence[Clip],
    scope_of: ScopeOf,
) -> Route:
    """The route through what was stated and found (`given`), with what was searched beyond it."""
    known = (given, cameras, recorders, about.last_seen)
    band = reach.speed_band(about)
    first = route.infer(*known, band=band)
    looked = looked_at(first.next_cameras, clips, scope_of)
    inferred = route.infer(*known, band=band, looked=looked)
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
