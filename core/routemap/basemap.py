"""A GeoJSON base map in, clean features out: geometry and a known kind, nothing else.

Names and other properties of an imported file are somebody else's text and are not needed to draw
streets, so they are dropped here. Without a base map a metric grid keeps the picture from being
an empty box.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import BadInput
from core.routemap.scene import METERS_PER_DEGREE, Point, grid_step_m, line_geometry

INK, GREY, FAINT = "#1f2933", "#66717d", "#c9ced4"
ACCENT, ALARM, START = "#0072b2", "#d55e00", "#e69f00"
"""Blue, vermilion and orange of the palette for colour-blind readers. Source: [okabe2008]"""

STYLES: Mapping[str, tuple[dict[str, Any], ...]] = {
    "water": ({"color": "#c6d5df", "weight": 1, "fillColor": "#dbe6ed", "fillOpacity": 1},),
    "green": ({"color": "#d9e2d3", "weight": 1, "fillColor": "#e5ece0", "fillOpacity": 1},),
    "building": ({"color": "#dcdfe2", "weight": 1, "fillColor": "#e6e8ea", "fillOpacity": 1},),
    "area": ({"color": "#d3d7db", "weight": 1, "fillColor": "#eceef0", "fillOpacity": 1},),
    "boundary": ({"color": "#a9b1b9", "weight": 1.5, "dashArray": "2 5", "fill": False},),
    "main_road": (
        {"color": "#cfd4d9", "weight": 11, "fill": False},
        {"color": "#ffffff", "weight": 8.5, "fill": False},
    ),
    "road": (
        {"color": "#d6dade", "weight": 7, "fill": False},
        {"color": "#ffffff", "weight": 5, "fill": False},
    ),
    "path": ({"color": "#cfd4d9", "weight": 1.5, "dashArray": "4 3", "fill": False},),
    "grid": ({"color": "#e1e4e7", "weight": 1, "fill": False},),
}
"""Strokes per kind, from the bottom up: a road is a grey casing with a white line on it."""

_DEFAULT_KIND = {"Polygon": "area", "LineString": "road"}


def _wrong(why: str) -> BadInput:
    return BadInput("the base map cannot be used ({why}): give GeoJSON in WGS84 degrees", why=why)


def _geometries(node: object, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(node, Mapping):
        raise _wrong("an object was expected")
    match node.get("type"):
        case "FeatureCollection":
            for feature in node.get("features") or ():
                yield from _geometries(feature, kind)
        case "Feature":
            named = (node.get("properties") or {}).get("kind", kind)
            if node.get("geometry") is not None:
                yield from _geometries(node["geometry"], named if named in STYLES else kind)
        case "GeometryCollection":
            for geometry in node.get("geometries") or ():
                yield from _geometries(geometry, kind)
        case "LineString" | "Polygon" | "MultiLineString" | "MultiPolygon":
            yield kind, node
        case "Point" | "MultiPoint":
            return
        case other:
            raise _wrong(f"type {str(other)[:40]!r}")


def _path(line: object) -> list[Point]:
    """One list of GeoJSON positions -> (lat, lon) points."""
    if not isinstance(line, list | tuple):
        raise _wrong("coordinates are missing")
    return [_position(position) for position in line]


def _position(position: object) -> Point:
    numbers = position if isinstance(position, list | tuple) else ()
    if len(numbers) < 2 or not all(isinstance(n, int | float) for n in numbers[:2]):
        raise _wrong(f"coordinates {str(position)[:40]}")
    lon, lat = float(numbers[0]), float(numbers[1])
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise _wrong(f"coordinates {str(position)[:40]} are not degrees")
    return lat, lon


def base_lines(base: Mapping[str, Any] | None) -> list[tuple[str, bool, list[Point]]]:
    """Every line and ring of a GeoJSON object as (kind, closed, points).

    kind is the feature's property ``kind`` if it is a key of STYLES, else "road" or "area"; holes
    and points are left out. Raises BadInput if it is not GeoJSON in degrees.
    """
    found: list[tuple[str, bool, list[Point]]] = []
    for kind, geometry in _geometries(base, "") if base is not None else ():
        shape = str(geometry["type"])
        at: Any = geometry.get("coordinates") or ()
        parts = at if shape.startswith("Multi") else (at,)
        closed = shape.endswith("Polygon")
        for part in parts:
            points = _path(part[0] if closed and len(part) else part)
            if len(points) > 1:
                found.append((kind or _DEFAULT_KIND[shape.removeprefix("Multi")], closed, points))
    return sorted(found, key=lambda item: list(STYLES).index(item[0]))


def grid(corners: tuple[Point, Point]) -> tuple[float, list[list[Point]]]:
    """A metric grid over the corners and half as much again around: (mesh width in m, lines)."""
    (south, west), (north, east) = corners
    per_lon = METERS_PER_DEGREE * max(math.cos(math.radians((south + north) / 2)), 0.01)
    step = grid_step_m(max((east - west) * per_lon, (north - south) * METERS_PER_DEGREE))
    dlat, dlon = step / METERS_PER_DEGREE, step / per_lon
    reach = 1.5 * max((north - south) / dlat, (east - west) / dlon)
    mid_lat, mid_lon = (south + north) / 2, (west + east) / 2
    n = math.ceil(reach)
    top, side = n * dlat, n * dlon
    steps = range(-n, n + 1)
    across = [
        [(mid_lat + k * dlat, mid_lon - side), (mid_lat + k * dlat, mid_lon + side)] for k in steps
    ]
    along = [
        [(mid_lat - top, mid_lon + k * dlon), (mid_lat + top, mid_lon + k * dlon)] for k in steps
    ]
    return step, across + along


def base_feature_list(base: Mapping[str, Any] | None, corners: tuple[Point, Point]) -> list[Any]:
    """GeoJSON features with a Leaflet style each, from the bottom up; the grid if base is None.

    All lines of a kind are one feature, so that a town of streets stays a handful of paths.
    """
    shapes = base_lines(base) or [("grid", False, line) for line in grid(corners)[1]]
    features = []
    for kind, strokes in STYLES.items():
        open_lines = [p for of, closed, p in shapes if of == kind and not (closed and _fills(kind))]
        areas = [p for of, closed, p in shapes if of == kind and closed and _fills(kind)]
        coordinates = [line_geometry(points)["coordinates"] for points in open_lines]
        rings = [[line_geometry(points)["coordinates"]] for points in areas]
        for style in strokes:
            look = {"style": {"opacity": 1, "lineCap": "round", **style}}
            for name, found in (("MultiPolygon", rings), ("MultiLineString", coordinates)):
                if found:
                    geometry = {"type": name, "coordinates": found}
                    features.append({"type": "Feature", "geometry": geometry, "properties": look})
    return features


def _fills(kind: str) -> bool:
    return bool(STYLES[kind][0].get("fillColor"))
