"""Cameras and a place in; a folium map on which a person clicks that place out.

The place is a layer of its own, for `st_folium(feature_group_to_add=...)`: a click then moves the
mark and leaves the view as the reader had it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import folium

from core.routemap import watching
from core.routemap.basemap import ACCENT, base_feature_list, extent, grid, street_names
from core.routemap.facts import Facts
from core.routemap.ground import Ground
from core.routemap.leaflet import KOREA, Furniture, add_features
from core.routemap.legend import legend_html
from core.routemap.pen import Feature, Pen, mark
from core.routemap.scene import Point, Translate, around, bounds, camera_point, clock, safe_text
from core.types import Camera, LastSeen, note

Sought = Literal["camera", "last_seen"]
BARE = Ground()

_HINTS = {
    "camera": note("Click on the map to give a camera its place."),
    "last_seen": note("Click where the person was last seen"),
}
_PIN = (
    '<svg viewBox="-14 -14 28 28" width="28" height="28" aria-hidden="true"><circle r="11"'
    f' fill="#fff" fill-opacity=".8" stroke="{ACCENT}" stroke-width="2.5"/><path d="M-14 0 H-5 M5 0'
    f' H14 M0 -14 V-5 M0 5 V14" stroke="{ACCENT}" stroke-width="2.5"/></svg>'
)
_CHOSEN = {"color": ACCENT, "weight": 2, "opacity": 0.9, "fillColor": ACCENT, "fillOpacity": 0.18}


def place_map(
    cameras: Mapping[str, Camera],
    sought: Sought,
    *,
    seen: LastSeen | None = None,
    tz: str = "Asia/Seoul",
    translate: Translate = str,
    ground: Ground = BARE,
) -> folium.Map:
    """Cameras on the base map, for clicking the place of a camera or of where last seen.

    sought  "camera": what the cameras see is drawn, and clicking a mark hands back its feature,
            ``camera`` = id; "last_seen": nothing is in the way of a click
    seen    a place to have in view from the start, for a camera only while no other has one; it is
            drawn by `seen_mark`
    ground  streets and map server below it all; without them a metric grid

    Raises BadInput for an unknown time zone or a base that is not GeoJSON in degrees.
    """
    pen = Pen(cameras, clock(tz), translate)
    points: list[Point] = [p for c in cameras.values() if (p := camera_point(c)) is not None]
    if seen is not None and (sought == "last_seen" or not points):
        points += around((seen.lat, seen.lon), seen.radius_m)
    base, tiles = ground.base, ground.tiles
    corners = bounds(points) or extent(base) or KOREA
    (south, west), (north, east) = corners
    drawn = folium.Map(
        location=((south + north) / 2, (west + east) / 2), tiles=None, zoom_start=15, zoom_snap=0.25
    )
    drawn.options.update(min_zoom=3, max_zoom=20)
    drawn.default_js = [link for link in folium.Map.default_js if link[0] != "jquery"]
    if tiles is not None:
        tiles.layer(safe_text(tiles.attribution)).add_to(drawn)
    if tiles is None or base is not None:
        streets = [*base_feature_list(base, corners), *street_names(base, corners)]
        add_features(drawn, streets, interactive=False)
    marks = watching.camera_marks(pen, [], [], Facts())
    if sought == "camera":
        add_features(drawn, watching.camera_ranges(pen), interactive=False)
    add_features(drawn, marks if sought == "camera" else [_quiet(one) for one in marks])
    mesh = None if base or tiles else grid(corners)[0]
    placed = seen if sought == "last_seen" else points or None
    shown = {"camera"} if points else set()
    shown |= {"last_seen"} if sought == "last_seen" else set()
    Furniture(
        {
            "bounds": corners,
            "lines": [],
            "legend": legend_html(shown, mesh, translate),
            "note": pen.say(_HINTS[sought]) if placed is None else "",
        }
    ).add_to(drawn)
    return drawn


def seen_mark(
    seen: LastSeen | None,
    *,
    timed: bool = True,
    tz: str = "Asia/Seoul",
    translate: Translate = str,
) -> folium.FeatureGroup:
    """Where last seen as a layer, or an empty one. timed: false while its time is not known."""
    layer = folium.FeatureGroup(name="place")
    if seen is not None:
        pen = Pen({}, clock(tz), translate)
        marks = watching.last_seen_marks(pen, seen) if timed else watching.place_marks(pen, seen)
        add_features(layer, [_quiet(one) for one in marks])
    return layer


def camera_mark(
    point: Point | None, heading_deg: float | None, range_m: float
) -> folium.FeatureGroup:
    """The place of a camera and what it would see there as a layer; empty while there is none."""
    layer = folium.FeatureGroup(name="place")
    if point is not None:
        view = [watching.view(point, heading_deg, range_m, _CHOSEN)] if range_m > 0 else []
        pin = mark(point, _PIN, (28, 28), 9000, look="ds-pin ds-dot")
        add_features(layer, [*view, pin], interactive=False)
    return layer


def _quiet(feature: Feature) -> Feature:
    """A mark that lets a click through to the map."""
    return {**feature, "properties": {**feature["properties"], "popup": ""}}
