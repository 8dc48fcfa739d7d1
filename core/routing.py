"""A search of a case, and what people said of its candidates, in; the route between cameras out.

Here it is decided who may be a stop, who else a passage could have led to, and that clothes alone
make no strong one; the route itself is `core.route`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import compare, reach, route
from core.casebook import Case
from core.evidence import Scope
from core.gallery import Gallery
from core.route import Crowd
from core.types import Band, Camera, Clip, NextCamera, Ranking, Recorder, Route, Sighting, Stop

ScopeOf = Callable[[str, float, float], Scope]
"""(camera id, from, to) in true time -> the scope of a search there."""
SIGHTINGS = 200  # candidates that are looked at
LEAST = -0.5  # evidence: who is less likely than this is not part of a route, only of the crowd


# -- what a route is inferred from -----------------------------------------------------------------


def candidates(ranking: Ranking, judged: Container[str]) -> list[Sighting]:
    """Candidates that may be stops: those nobody has judged, by more than ticks alone."""
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
        if not np.isnan([ranking.parts[kind][i] for kind in ("face", "body")]).all()
    ]


def given(
    ranking: Ranking, stated: Sequence[Sighting], gallery: Gallery, scope: Scope
) -> tuple[list[Sighting], Crowd]:
    """All a route is inferred from: what people stated and the candidates, and who else there was.

    ranking  of everybody in scope;  stated: sightings of the case that somebody gave or judged
    """
    judged = {s.tracklet_id for s in stated if s.tracklet_id is not None}
    found = candidates(ranking, judged)[:SIGHTINGS]
    known = {s.tracklet_id for s in found if s.tracklet_id is not None} | judged
    return [*stated, *found], crowd(gallery, scope, known)


def crowd(gallery: Gallery, scope: Scope, sightings: Collection[str]) -> Crowd:
    """{camera: true times (M,)} of everybody in scope who is none of the sightings.

    A passage could have led to each of them; left out, the few who look alike would share among
    themselves what belongs to all.
    """
    columns = ("tracklet_id", "camera_id", "enter_s")
    table = gallery.select(list(scope.cameras), columns=columns)
    ids = pa.array(sorted(sightings), pa.string())
    table = table.filter(pc.invert(pc.is_in(table["tracklet_id"], value_set=ids)))
    found = {}
    for name in pc.unique(table["camera_id"]).to_pylist():
        enter_s = table.filter(pc.equal(table["camera_id"], name))["enter_s"].to_numpy()
        found[str(name)] = enter_s + scope.recorder(str(name)).clock_offset_s
    return found


# -- the route -------------------------------------------------------------------------------------


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
