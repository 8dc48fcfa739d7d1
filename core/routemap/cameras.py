"""Cameras in, the map of the camera page out: marks, what each sees, and the place being chosen.

The map itself changes only with the cameras; the place being chosen goes into a group of its own,
so that choosing it does not draw the map anew and lose where the reader had moved it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import folium

from core.routemap.basemap import ACCENT, GREY, base_feature_list, grid
from core.routemap.facts import Facts
from core.routemap.leaflet import _EACH, _POINT, KOREA, Furniture
from core.routemap.pen import Pen
from core.routemap.scene import (
    METERS_PER_DEGREE,
    Point,
    Translate,
    bounds,
    camera_point,
    clock,
    point_geometry,
    safe_text,
)
from core.routemap.watching import camera_marks
from core.types import Camera, note

HALF_VIEW_DEG = 35.0  # no file says how wide a camera sees; common lenses see about 70 degrees
LEAST_M = 400.0

_PIN = (
    '<svg viewBox="-14 -14 28 28" width="28" height="28" aria-hidden="true"><circle r="11"'
    f' fill="#fff" fill-opacity=".8" stroke="{ACCENT}" stroke-width="2.5"/><path d="M-14 0 H-5 M5 0'
    f' H14 M0 -14 V-5 M0 5 V14" stroke="{ACCENT}" stroke-width="2.5"/></svg>'
)


def view_geometry(point: Point, heading_deg: float | None, range_m: float) -> dict[str, Any]:
    """What a camera sees from a place as a GeoJSON polygon: a cone, or a circle without heading."""
    lat, lon = point
    wide = 180.0 if heading_deg is None else HALF_VIEW_DEG
    turn = heading_deg or 0.0
    steps = [turn - wide + k * 2 * wide / 48 for k in range(49)]
    arc = [_away(lat, lon, degrees, range_m) for degrees in steps]
    ring = arc if heading_deg is None else [[lon, lat], *arc, [lon, lat]]
    return {"type": "Polygon", "coordinates": [[*ring[:-1], ring[0]]]}


def camera_map(
    cameras: Mapping[str, Camera],
    *,
    center: Point | None = None,
    translate: Translate = str,
    base: Mapping[str, Any] | None = None,
) -> folium.Map:
    """A map of cameras for `st_folium`; clicking a mark hands back its feature, ``camera`` = id.

    center  where to look while no camera has a place;  base: as of `route_map`
    """
    points = [p for camera in cameras.values() if (p := camera_point(camera)) is not None]
    if center is not None and not points:
        points = [center]
    corners = bounds(points, LEAST_M) or KOREA
    (south, west), (north, east) = corners
    drawn = folium.Map(
        location=((south + north) / 2, (west + east) / 2), tiles=None, zoom_start=15, zoom_snap=0.25
    )
    drawn.options.update(min_zoom=3, max_zoom=20)
    pen = Pen(cameras, clock("Asia/Seoul"), translate)
    style = {"color": GREY, "weight": 1, "opacity": 0.6, "fillColor": GREY, "fillOpacity": 0.16}
    views = [_view(p, c.heading_deg, c.view_range_m, style) for c in cameras.values()
             if (p := camera_point(c)) is not None]  # fmt: skip
    for content in (base_feature_list(base, corners), views):
        _layer(content, interactive=False, into=drawn)
    _layer(camera_marks(pen, [], [], Facts()), interactive=True, into=drawn)
    square = "" if base else _square(corners, translate)
    Furniture(
        {
            "bounds": corners,
            "lines": [],
            "legend": f"<summary>{safe_text(translate(note('Legend')))}</summary>{square}",
            "note": ""
            if points
            else safe_text(translate(note("Click on the map to give a camera its place."))),
        }
    ).add_to(drawn)
    return drawn


def chosen_place(
    point: Point | None, heading_deg: float | None, range_m: float
) -> folium.FeatureGroup:
    """The place being chosen and what a camera there would see, for `feature_group_to_add`."""
    group = folium.FeatureGroup(name="chosen")
    if point is None:
        return group
    style = {"color": ACCENT, "weight": 2, "opacity": 0.9, "fillColor": ACCENT, "fillOpacity": 0.18}
    pin = {"html": _PIN, "size": (28, 28), "z": 9000, "look": "ds-pin ds-dot"}
    mark = {"type": "Feature", "geometry": point_geometry(point), "properties": pin}
    views = [_view(point, heading_deg, range_m, style)] if range_m > 0 else []
    _layer([*views, mark], interactive=False, into=group)
    return group


def _view(point: Point, heading_deg: float | None, range_m: float, style: Any) -> dict[str, Any]:
    geometry = view_geometry(point, heading_deg, range_m)
    return {"type": "Feature", "geometry": geometry, "properties": {"style": style}}


def _layer(content: list[dict[str, Any]], *, interactive: bool, into: Any) -> None:
    """Features as one layer; what is not interactive lets a click through to the map."""
    if content:
        folium.GeoJson(
            {"type": "FeatureCollection", "features": content},
            control=False,
            on_each_feature=_EACH,
            point_to_layer=_POINT,
            interactive=interactive,
            smooth_factor=0.1,
        ).add_to(into)


def _square(corners: tuple[Point, Point], translate: Translate) -> str:
    step = grid(corners)[0]
    mesh = f"{step / 1000:g} km" if step >= 1000 else f"{step:g} m"
    texts = (note("one square is {size}", size=mesh), note("cone or circle: what a camera sees"))
    return "<ul>" + "".join(f"<li>{safe_text(translate(text))}</li>" for text in texts) + "</ul>"


def _away(lat: float, lon: float, bearing_deg: float, distance_m: float) -> list[float]:
    """[lon, lat] so far away in that direction, clockwise from north."""
    north = distance_m * math.cos(math.radians(bearing_deg))
    east = distance_m * math.sin(math.radians(bearing_deg))
    per_lon = METERS_PER_DEGREE * max(math.cos(math.radians(lat)), 0.01)
    return [lon + east / per_lon, lat + north / METERS_PER_DEGREE]
