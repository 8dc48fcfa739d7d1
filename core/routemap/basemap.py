"""A GeoJSON base map in, clean features out: geometry, a known kind and a name, nothing else.

Names of an imported file are somebody else's text: one line, escaped where they are shown; every
other property is dropped. Without a base map a metric grid keeps the picture from being an empty
box.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from core.errors import BadInput
from core.routemap.pen import label
from core.routemap.scene import (
    METERS_PER_DEGREE,
    Point,
    grid_step_m,
    line_geometry,
    plain_text,
    safe_text,
)

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
    "rail": (
        {"color": "#b4bbc2", "weight": 4, "fill": False},
        {"color": "#ffffff", "weight": 2, "dashArray": "6 6", "fill": False},
    ),
    "grid": ({"color": "#e1e4e7", "weight": 1, "fill": False},),
}
"""Strokes per kind, from the bottom up: a road is a grey casing with a white line on it."""

_DEFAULT_KIND = {"Polygon": "area", "LineString": "road"}
_MAIN = ("motorway", "trunk", "primary", "secondary", "tertiary")
_PATHS = ("footway", "path", "steps", "pedestrian", "cycleway", "track", "corridor")
_GREEN = ("park", "garden", "pitch", "forest", "grass", "meadow", "wood", "cemetery", "farmland")
_NAMED = ("main_road", "road", "path", "water", "green", "rail")
NAMES_SHOWN = 40
FAR = 1.0  # features further outside than so many times the view are not drawn


def _wrong(why: str) -> BadInput:
    return BadInput("the base map cannot be used ({why}): give GeoJSON in WGS84 degrees", why=why)


def kind_of(properties: Mapping[str, Any]) -> str:
    """The kind of a feature: its property ``kind``, else by OpenStreetMap's tags, else ""."""
    if properties.get("kind") in STYLES:
        return str(properties["kind"])
    way = str(properties.get("highway") or "").removesuffix("_link")
    if way:
        return "main_road" if way in _MAIN else "path" if way in _PATHS else "road"
    if properties.get("railway") in ("rail", "subway", "light_rail"):
        return "rail"
    if properties.get("natural") == "water" or properties.get("waterway"):
        return "water"
    if any(properties.get(tag) in _GREEN for tag in ("leisure", "landuse", "natural")):
        return "green"
    if properties.get("building") not in (None, "no"):
        return "building"
    return "boundary" if properties.get("boundary") else ""


def _geometries(
    node: object, kind: str, name: str = ""
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if not isinstance(node, Mapping):
        raise _wrong("an object was expected")
    match node.get("type"):
        case "FeatureCollection":
            for feature in _items(node.get("features")):
                yield from _geometries(feature, kind)
        case "Feature":
            given = node.get("properties")
            own = given if isinstance(given, Mapping) else {}
            if node.get("geometry") is not None:
                called = plain_text(str(own.get("name") or ""))[:60]
                yield from _geometries(node["geometry"], kind_of(own) or kind, called)
        case "GeometryCollection":
            for geometry in _items(node.get("geometries")):
                yield from _geometries(geometry, kind, name)
        case "LineString" | "Polygon" | "MultiLineString" | "MultiPolygon":
            yield kind, name, node
        case "Point" | "MultiPoint":
            return
        case other:
            raise _wrong(f"type {str(other)[:40]!r}")


def _items(value: object) -> list[Any]:
    if value is not None and not isinstance(value, list | tuple):
        raise _wrong("a list was expected")
    return list(value or ())


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


@dataclass(frozen=True)
class Shape:
    """One line or ring of a base map. kind: a key of STYLES;  name: untrusted, one line."""

    kind: str
    closed: bool
    points: tuple[Point, ...]
    name: str = ""

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """South, west, north, east."""
        lat, lon = zip(*self.points, strict=True)
        return min(lat), min(lon), max(lat), max(lon)


def shapes(base: Mapping[str, Any] | None) -> list[Shape]:
    """Every line and ring of a GeoJSON object, from the bottom up.

    The kind is `kind_of` its properties, else "road" or "area"; holes and points are left out.
    Raises BadInput if it is not GeoJSON in degrees.
    """
    found = []
    for kind, name, geometry in _geometries(base, "") if base is not None else ():
        form = str(geometry["type"])
        at = _items(geometry.get("coordinates"))
        closed = form.endswith("Polygon")
        for part in at if form.startswith("Multi") else (at,):
            rings = _items(part)
            points = _path(rings[0] if closed and rings else rings)
            kind_here = kind or _DEFAULT_KIND[form.removeprefix("Multi")]
            if len(points) > 1:
                found.append(Shape(kind_here, closed, tuple(points), name))
    return sorted(found, key=lambda shape: list(STYLES).index(shape.kind))


def base_lines(base: Mapping[str, Any] | None) -> list[tuple[str, bool, list[Point]]]:
    """Every line and ring of a GeoJSON object as (kind, closed, points); raises like `shapes`."""
    return [(shape.kind, shape.closed, list(shape.points)) for shape in shapes(base)]


def near(found: Sequence[Shape], corners: tuple[Point, Point]) -> list[Shape]:
    """The shapes in or around a view: a whole town would be slow to draw and is not looked at."""
    (south, west), (north, east) = corners
    dlat, dlon = FAR * (north - south), FAR * (east - west)

    def inside(shape: Shape) -> bool:
        low, left, high, right = shape.box
        over = high >= south - dlat and low <= north + dlat
        return over and right >= west - dlon and left <= east + dlon

    return [shape for shape in found if inside(shape)]


def extent(base: Mapping[str, Any] | None) -> tuple[Point, Point] | None:
    """South-west and north-east of all that a base map holds; raises like `shapes`."""
    boxes = [shape.box for shape in shapes(base)]
    if not boxes:
        return None
    south, west, north, east = zip(*boxes, strict=True)
    return (min(south), min(west)), (max(north), max(east))


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
    drawn = [(s.kind, s.closed, list(s.points)) for s in near(shapes(base), corners)]
    drawn = drawn or [("grid", False, line) for line in grid(corners)[1]]
    features = []
    for kind, strokes in STYLES.items():
        open_lines = [p for of, closed, p in drawn if of == kind and not (closed and _fills(kind))]
        areas = [p for of, closed, p in drawn if of == kind and closed and _fills(kind)]
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


def street_names(base: Mapping[str, Any] | None, corners: tuple[Point, Point]) -> list[Any]:
    """Quiet labels of the longest named streets, waters and greens in view, each name once."""
    (south, west), (north, east) = corners
    longest: dict[str, tuple[float, Point]] = {}
    for shape in near(shapes(base), corners):
        middle = _middle(shape)
        inside = south <= middle[0] <= north and west <= middle[1] <= east
        if shape.name and shape.kind in _NAMED and inside:
            size = sum(math.dist(a, b) for a, b in pairwise(shape.points))
            if size > longest.get(shape.name, (0.0, middle))[0]:
                longest[shape.name] = (size, middle)
    kept = sorted(longest.items(), key=lambda item: -item[1][0])[:NAMES_SHOWN]
    return [
        label(at, "", safe_text(name), rank=6, gap=4, look="ds-quiet ds-street", sides="nsew")
        for name, (_, at) in kept
    ]


def _middle(shape: Shape) -> Point:
    """Where a name stands: the middle of an area, half way along a line."""
    if shape.closed:
        south, west, north, east = shape.box
        return (south + north) / 2, (west + east) / 2
    half = sum(math.dist(a, b) for a, b in pairwise(shape.points)) / 2
    for a, b in pairwise(shape.points):
        step = math.dist(a, b)
        if half <= step:
            share = half / step if step else 0.0
            return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
        half -= step
    return shape.points[-1]
