"""A ranking and a gallery in; the sightings a route is inferred from, and the crowd around, out."""

from __future__ import annotations

from collections.abc import Container

import numpy as np

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


def crowd(gallery: Gallery, scope: Scope, sightings: Container[str]) -> Crowd:
    """{camera: true times (M,)} of everybody in scope who is none of the sightings.

    A passage could have led to each of them; left out, the few who look alike would share among
    themselves what belongs to all.
    """
    columns = ("tracklet_id", "camera_id", "enter_s")
    table = gallery.select(list(scope.cameras), columns=columns)
    other = np.array([t not in sightings for t in table["tracklet_id"].to_pylist()], bool)
    cameras = np.array(table["camera_id"].to_pylist(), np.str_)[other]
    enter_s = table["enter_s"].to_numpy()[other]
    return {
        str(name): enter_s[cameras == name] + scope.recorder(str(name)).clock_offset_s
        for name in np.unique(cameras)
    }
