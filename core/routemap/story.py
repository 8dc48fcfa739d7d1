"""A workspace and a case in, everything its map and its dispatch card say out."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core import compare, direction, reach, route
from core.errors import NotFound
from core.evidence import Scope
from core.routemap import ground
from core.routemap.facts import CameraState, Facts
from core.routemap.ground import Ground
from core.routemap.leaflet import RouteMap, route_map
from core.routemap.scene import Point, Translate, camera_point, stop_point
from core.routemap.ways import Way, ways
from core.types import Camera, LastSeen, Recorder, Route, Sighting, Stop
from core.workspace import Workspace

CROP_PX = (110, 150)
MARGIN_S = 600.0  # around the route: the stretch whose footage is of interest
WHOLE, PART = 0.95, 0.02


@dataclass(frozen=True)
class Story:
    """A case's route and what is around it; `draw` makes a map of one of its ways."""

    case: str
    title: str
    route: Route
    ways: tuple[Way, ...]
    cameras: Mapping[str, Camera]
    recorders: Mapping[str, Recorder]
    last_seen: LastSeen | None
    facts: Facts
    ground: Ground = field(default_factory=Ground)
    zone: str = "Asia/Seoul"

    def way(self, key: str) -> Way:
        """The way of that key, else the first."""
        return next((way for way in self.ways if way.key == key), self.ways[0])

    def draw(
        self,
        way: Way,
        *,
        translate: Translate = str,
        assets: Literal["app", "inline"] = "app",
        tiles: bool = True,
    ) -> RouteMap:
        """A folium map of one way; tiles: on the agency's map server, if there is one."""
        return route_map(
            way.route,
            self.cameras,
            last_seen=self.last_seen,
            facts=self.facts,
            tz=self.zone,
            translate=translate,
            base=self.ground.base,
            tiles=self.ground.tiles if tiles else None,
            assets=assets,
        )

    def options(self) -> dict[str, Any]:
        """What the twins of the map (SVG) need besides route and cameras."""
        return {"last_seen": self.last_seen, "tz": self.zone, "base": self.ground.base}


def tell(ws: Workspace, case: str, inferred: Route, *, now_s: float | None = None) -> Story:
    """Gather what belongs to a route. now_s: true time, None = an old case.

    Raises NotFound for an unknown case.
    """
    about, cameras = ws.case(case), ws.cameras()
    shown = ways(inferred)
    stops = [stop for way in shown for stop in way.route.stops]
    facts = Facts(
        states=_states(ws, inferred, about.last_seen),
        crops=_crops(ws, stops),
        pace=route.pace_of(reach.speed_band(ws.case(case))),
        now_s=now_s,
        leaving=leaving(ws, inferred.stops, cameras),
    )
    return Story(
        case=case,
        title=about.title,
        route=inferred,
        ways=shown,
        cameras=cameras,
        recorders=ws.recorders(),
        last_seen=about.last_seen,
        facts=facts,
        ground=ground.ground(ws.path, _places(cameras, stops, about.last_seen)),
        zone=ws.zone,
    )


def _places(
    cameras: Mapping[str, Camera], stops: Sequence[Stop], seen: LastSeen | None
) -> list[Point]:
    """Everything a map of the case may look at."""
    found = [p for camera in cameras.values() if (p := camera_point(camera)) is not None]
    found += [p for stop in stops if (p := stop_point(stop, cameras)) is not None]
    return found + ([(seen.lat, seen.lon)] if seen is not None else [])


def _states(ws: Workspace, way: Route, seen: LastSeen | None) -> dict[str, CameraState]:
    """How much of each camera's footage around the route was searched; {} without any times."""
    times = [t for stop in way.stops for t in (stop.enter_s, stop.leave_s)]
    times += [t for ask in way.next_cameras for t in (ask.from_s, ask.to_s)][:2]
    times += [seen.from_s, seen.to_s] if seen is not None else []
    if not times:
        return {}
    window = (min(times), max(times))
    clips, cameras, recorders = ws.clips(), ws.cameras(), ws.recorders()
    states: dict[str, CameraState] = {}
    for camera in cameras.values():
        scope = Scope({camera.id: camera}, recorders, window)
        seen_s = compare.searched(clips, scope, 0).footage_s
        share = seen_s / max(window[1] - window[0], 1.0)
        states[camera.id] = (
            "searched" if share >= WHOLE else "partly" if seen_s > 0 else "not_searched"
        )
    return states


def _crops(ws: Workspace, stops: list[Stop]) -> dict[str, bytes]:
    """A small picture per tracklet; footage that was deleted since has none."""
    crops = {}
    for tracklet in {stop.tracklet_id for stop in stops if stop.tracklet_id is not None}:
        try:
            crops[tracklet] = thumbnail(ws.best_crop(tracklet))
        except NotFound:
            continue
    return crops


def thumbnail(jpeg: bytes, size: tuple[int, int] = CROP_PX) -> bytes:
    """A JPEG made to fit into a pop-up."""
    from PIL import Image

    small = Image.open(io.BytesIO(jpeg)).convert("RGB")
    small.thumbnail(size)
    kept = io.BytesIO()
    small.save(kept, "JPEG", quality=82, optimize=True)
    return kept.getvalue()


def last_entry(ws: Workspace, case: str, by: str) -> Sighting | None:
    """What `Workspace.undo` would take back for this person, or None."""
    own = [
        entry.sighting
        for entry in ws.casebook.history(case)
        if entry.by == by.strip() and entry.sighting is not None and not entry.undone
    ]
    return own[-1] if own else None


def told(ws: Workspace, case: str) -> list[Sighting]:
    """The sightings of a case that are not video, by time."""
    return [s for s in ws.casebook.sightings(case) if s.source != "cctv"]


def leaving(
    ws: Workspace, stops: Sequence[Stop], cameras: Mapping[str, Camera]
) -> tuple[str, direction.Leaving] | None:
    """(tracklet, which way the person left) of the last of the stops that is in footage, or None.

    None also where the person was in view too briefly, or the footage is gone.
    """
    last = next((stop for stop in reversed(stops) if stop.tracklet_id is not None), None)
    camera = cameras.get(last.camera_id or "") if last is not None else None
    if last is None or last.tracklet_id is None or camera is None:
        return None
    try:
        tracklet = ws.gallery.tracklet(last.tracklet_id)
    except NotFound:
        return None
    clip = next((clip for clip in ws.clips() if clip.id == tracklet.clip_id), None)
    way = direction.leaving(tracklet, clip.size, camera.heading_deg) if clip is not None else None
    return None if way is None else (last.tracklet_id, way)
