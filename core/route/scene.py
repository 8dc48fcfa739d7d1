"""Sightings and what people said about them in; the scene a route is inferred from out.

Rejected sightings, sightings somebody contradicted and those without a place take no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput, NotFound
from core.route.chain import Settings, Solution, chain_of, solve
from core.route.nodes import Crowd, Nodes, Passages, Streets, has_place, nodes, passages
from core.types import Camera, Int, LastSeen, Note, Recorder, Sighting, note


@dataclass(frozen=True)
class Scene:
    """Everything a route is inferred from, made once."""

    of: Nodes
    way: Passages
    cameras: Mapping[str, Camera]
    recorders: Mapping[str, Recorder]
    last_seen: LastSeen | None
    statements: tuple[Sighting, ...]
    settings: Settings

    def solve(self, without: int = -1, scale_m: float | None = None) -> tuple[Int, Solution]:
        """The nodes used (m,) and their solution; one node may be left out."""
        keep = np.flatnonzero(np.arange(len(self.of)) != without)
        scale = self.settings.scale_m if scale_m is None else scale_m
        return keep, solve(chain_of(self.of, self.way, keep, self.settings, scale))


def scene_of(
    sightings: Sequence[Sighting],
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    last_seen: LastSeen | None,
    settings: Settings,
    streets: Streets | None = None,
    crowd: Crowd | None = None,
) -> tuple[Scene, list[Note]]:
    """The scene, and what to tell about sightings that were left out or do not agree.

    Raises NotFound for a camera that is not known, and BadInput for infinite evidence or a
    tracklet given twice.
    """
    statements = tuple(s for s in sightings if s.verdict == "not_here")
    keep, warnings = _choose(sightings, cameras, statements)
    of = nodes(sightings, keep, cameras, recorders, streets, crowd)
    way = passages(of, last_seen, settings.pace, settings.kappa)
    return Scene(of, way, cameras, recorders, last_seen, statements, settings), warnings


# -- which sightings take part ---------------------------------------------------------------------


def _choose(
    sightings: Sequence[Sighting], cameras: Mapping[str, Camera], statements: Sequence[Sighting]
) -> tuple[list[int], list[Note]]:
    """Indices of the sightings that take part, and what there is to say about the others."""
    real = [i for i, s in enumerate(sightings) if s.verdict != "not_here"]
    ids = [sightings[i].tracklet_id for i in real if sightings[i].tracklet_id is not None]
    twice = _names(x for x in ids if ids.count(x) > 1) if len(set(ids)) < len(ids) else ""
    if twice:
        raise BadInput("tracklet {tracklets} is given twice: keep one sighting", tracklets=twice)
    warnings = _unusable(statements, cameras)
    keep: list[int] = []
    lost: list[int] = []
    for i in real:
        s, contradicted = sightings[i], _contradicted(sightings[i], statements)
        if s.verdict == "confirmed":
            keep.append(i)
            if contradicted:
                warnings.append(
                    note(
                        "camera {camera}: confirmed there, and also said not to be there then",
                        camera=s.camera_id,
                    )
                )
        elif s.verdict != "rejected" and not contradicted:
            (keep if _placed(s, cameras) else lost).append(i)
    if lost:
        warnings.append(
            note(
                "left out of the route, because their position is not known: cameras {cameras}",
                cameras=_names(sightings[i].camera_id for i in lost),
            )
        )
    return keep, warnings


def _contradicted(s: Sighting, statements: Iterable[Sighting]) -> bool:
    """Whether somebody looked at that camera then and did not see the person."""
    return (
        s.source == "cctv"
        and s.camera_id is not None
        and any(
            t.camera_id == s.camera_id and s.enter_s <= t.leave_s and t.enter_s <= s.leave_s
            for t in statements
        )
    )


def _placed(s: Sighting, cameras: Mapping[str, Camera]) -> bool:
    camera = cameras.get(s.camera_id or "")
    return s.lat is not None or camera is None or has_place(camera)


def _names(ids: Iterable[str | None]) -> str:
    return ", ".join(sorted({i for i in ids if i is not None}))


def _unusable(statements: Sequence[Sighting], cameras: Mapping[str, Camera]) -> list[Note]:
    """Warn of a "not here" without a camera; NotFound if its camera is not known."""
    for s in statements:
        if s.camera_id is not None and s.camera_id not in cameras:
            raise NotFound("camera {camera} is not known: add it first", camera=s.camera_id)
    if all(s.camera_id is not None for s in statements):
        return []
    return [note("a 'not here' without a camera could not be used")]
