"""A workspace and a case in; what an officer is shown beside the candidates, out."""

from __future__ import annotations

import numpy as np

from core import compare, reach
from core.evidence import Scope
from core.playback import Excerpt, Playback
from core.rank import ClothesSource
from core.reach import Reach
from core.standing import Standing
from core.standing import standing as standing_of
from core.types import Note, Ranking
from core.workspace import Workspace


def standing(ws: Workspace, case: str) -> Standing:
    """How a case stands, and what to do next. Raises NotFound."""
    return standing_of(ws.casebook, case, told=ws.tells(ws.case(case).wanted))


def reachable(ws: Workspace, case: str, hours: float = reach.HOURS) -> Reach | None:
    """Where to look first, from where last seen; None if that is not known."""
    about = ws.case(case)
    if about.last_seen is None:
        return None
    given = (about.last_seen, ws.cameras(), ws.recorders())
    return reach.reachable(*given, band=reach.speed_band(about), hours=hours)


def doubts(ws: Workspace, case: str, ranking: Ranking) -> dict[str, Note]:
    """{candidate: why time and place speak against it, given what was confirmed}."""
    given = (ranking, ws.casebook.sightings(case), ws.cameras(), ws.recorders())
    return reach.doubts(*given, band=reach.speed_band(ws.case(case)))


def clothes_from(ws: Workspace, case: str) -> ClothesSource:
    """Where the clothes that are compared come from: footage, ticked, photo (not used) or none."""
    if ws.casebook.boxes(case) or "confirmed" in ws.verdicts(case).values():
        return "footage"
    if not ws.casebook.photos(case):
        return "none"
    return "ticked" if ws.case(case).same_clothes else "photo"


def person_size(ws: Workspace, tracklet_id: str) -> tuple[int, int]:
    """(width, height) px of the person in the footage, in the picture `best_crop` shows."""
    tracklet = ws.gallery.tracklet(tracklet_id)
    best = tracklet.crop_box[int(np.nan_to_num(tracklet.crop_quality).argmax())]
    return round(float(best[2] - best[0])), round(float(best[3] - best[1]))


def excerpt(ws: Workspace, tracklet_id: str) -> Excerpt:
    """A short film around a tracklet, the person framed. Raises NotFound, FootageError."""
    tracklet = ws.gallery.tracklet(tracklet_id)
    kept = Playback(ws.path / "cache" / "playback")
    return kept.excerpt(ws.clip(tracklet.clip_id), tracklet)


def clip_span(ws: Workspace, tracklet_id: str) -> tuple[float, float]:
    """True time (from, to) of the clip a tracklet is in. Raises NotFound."""
    clip = ws.clip(ws.gallery.tracklet(tracklet_id).clip_id)
    offset_s = ws.recorders()[ws.cameras()[clip.camera_id].recorder_id].clock_offset_s
    return clip.start_s + offset_s, clip.end_s + offset_s


def has_footage(ws: Workspace, camera_id: str, from_s: float, to_s: float) -> bool:
    """Whether there is footage of a camera in a window of true time, clocks in doubt included."""
    cameras = {camera_id: ws.cameras()[camera_id]}
    scope = Scope(cameras, ws.recorders(), (from_s, max(to_s, from_s + 1)))
    return compare.searched(ws.clips(), scope, 0).footage_s > 0
