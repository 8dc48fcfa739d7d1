"""A ranking and a gallery in; the sightings a route is inferred from, and the crowd around, out."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.evidence import Scope
from core.gallery import Gallery
from core.route import Crowd
from core.types import Ranking, Sighting

SIGHTINGS = 200  # candidates that are looked at
LEAST = -0.5  # evidence: who is less likely than this is not part of a route, only of the crowd


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
