"""A workspace folder and an agency's map in, what maps are drawn on out.

The base map of a workspace is one GeoJSON file, cleaned when it is imported: known kinds, places
and names of streets, nothing else. The address of an agency's map server is a setting beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import BadInput, NotFound
from core.routemap.basemap import Shape, near, shapes
from core.routemap.scene import Point, bounds, camera_point, line_geometry
from core.routemap.tiles import Tiles
from core.settings import write_whole
from core.types import Camera, LastSeen

FOLDER = "basemap"
MOST_BYTES = 60_000_000
MOST_POINTS = 1_000_000
LEAST_VIEW_M = 600.0
MOST_DRAWN = 2_000_000  # letters of a base map that is drawn as a whole


@dataclass(frozen=True)
class Ground:
    """What the maps of a workspace are drawn on: a base map, a map server, or neither."""

    base: Mapping[str, Any] | None = None
    tiles: Tiles | None = None


@dataclass(frozen=True)
class Imported:
    """What an imported base map holds.

    kinds {kind: shapes};  corners: south-west and north-east;  cameras_inside of cameras
    """

    kinds: Mapping[str, int]
    names: int
    corners: tuple[Point, Point]
    cameras_inside: int
    cameras: int


def clean(data: bytes) -> list[Shape]:
    """A GeoJSON file -> its shapes. Raises BadInput: too large, no JSON, not GeoJSON in degrees."""
    if len(data) > MOST_BYTES:
        raise BadInput(
            "the base map has more than {most} MB: cut out the area you need",
            most=MOST_BYTES // 1_000_000,
        )
    try:
        found = shapes(json.loads(data))
    except (ValueError, RecursionError):
        raise BadInput("the base map is not JSON: give a GeoJSON file") from None
    if not found:
        raise BadInput("the base map holds no streets and no areas")
    if sum(len(shape.points) for shape in found) > MOST_POINTS:
        raise BadInput(
            "the base map has more than {most} points: cut out the area you need",
            most=f"{MOST_POINTS:,}",
        )
    return found


def import_base(folder: Path, data: bytes, cameras: Iterable[Camera] = ()) -> Imported:
    """Keep a GeoJSON file as the base map of the workspace in `folder`; raises like `clean`."""
    found = clean(data)
    text = json.dumps(_geojson(found), ensure_ascii=False, separators=(",", ":"))
    write_whole(folder / FOLDER / "streets.geojson", text.encode())
    return _told(found, [p for c in cameras if (p := camera_point(c)) is not None])


def _geojson(found: Iterable[Shape]) -> dict[str, Any]:
    features = []
    for shape in found:
        line = line_geometry([(round(lat, 6), round(lon, 6)) for lat, lon in shape.points])
        at = line["coordinates"]
        form = {"type": "Polygon", "coordinates": [at]} if shape.closed else line
        own = {"kind": shape.kind, **({"name": shape.name} if shape.name else {})}
        features.append({"type": "Feature", "properties": own, "geometry": form})
    return {"type": "FeatureCollection", "features": features}


def _told(found: list[Shape], placed: list[Point]) -> Imported:
    lat = [p[0] for shape in found for p in shape.points]
    lon = [p[1] for shape in found for p in shape.points]
    low, high = (min(lat), min(lon)), (max(lat), max(lon))
    inside = [p for p in placed if low[0] <= p[0] <= high[0] and low[1] <= p[1] <= high[1]]
    kinds: dict[str, int] = {}
    for shape in found:
        kinds[shape.kind] = kinds.get(shape.kind, 0) + 1
    names = len({shape.name for shape in found if shape.name})
    return Imported(kinds, names, (low, high), len(inside), len(placed))


def remove_base(folder: Path) -> None:
    """Forget the base map. Raises NotFound if there is none."""
    file = folder / FOLDER / "streets.geojson"
    if not file.is_file():
        raise NotFound("this workspace has no base map")
    file.unlink()


def set_tiles(folder: Path, tiles: Tiles | None) -> None:
    """Draw maps on an agency's map server from now on; None = no longer."""
    file = folder / FOLDER / "server.json"
    if tiles is None:
        file.unlink(missing_ok=True)
        return
    told = {"url": tiles.url, "layers": tiles.layers, "attribution": tiles.attribution}
    write_whole(file, json.dumps(told, ensure_ascii=False).encode())


def tiles_of(folder: Path) -> Tiles | None:
    """The map server that was set, or None. Raises BadInput if the setting is damaged."""
    file = folder / FOLDER / "server.json"
    if not file.is_file():
        return None
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Tiles(told["url"], told["layers"], told["attribution"])
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        raise _damaged(file) from None


def ground(folder: Path, points: Sequence[Point] = ()) -> Ground:
    """What the maps of the workspace in `folder` are drawn on. Raises BadInput if damaged.

    points  what will be looked at: of a large map only the part around them is returned
    """
    file = folder / FOLDER / "streets.geojson"
    base = None
    if file.is_file():
        found = _kept(file, file.stat().st_mtime_ns)
        view = bounds(points, least_m=LEAST_VIEW_M)
        base = _geojson(found if view is None else near(found, view))
    return Ground(base, tiles_of(folder))


def ground_here(folder: Path, cameras: Iterable[Camera], seen: LastSeen | None = None) -> Ground:
    """What a map is drawn on where a place is clicked: around the cameras and where last seen.

    With neither, all of the base map, unless that is too much to draw. Raises BadInput if damaged.
    """
    points = [p for camera in cameras if (p := camera_point(camera)) is not None]
    points += [(seen.lat, seen.lon)] if seen is not None else []
    here = ground(folder, points)
    if not points and len(json.dumps(here.base)) > MOST_DRAWN:
        return Ground(None, here.tiles)
    return here


@lru_cache(maxsize=2)
def _kept(file: Path, changed_ns: int) -> tuple[Shape, ...]:
    """The shapes of an imported map, read once for every time it is imported."""
    try:
        return tuple(shapes(json.loads(file.read_text(encoding="utf-8"))))
    except (ValueError, UnicodeDecodeError, BadInput):
        raise _damaged(file) from None


def _damaged(file: Path) -> BadInput:
    return BadInput("{file} is damaged: import the base map again", file=file.name)
