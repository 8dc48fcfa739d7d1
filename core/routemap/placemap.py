"""Cameras and a place in; a folium map on which a person clicks that place out.

The place is a layer of its own, for `st_folium(feature_group_to_add=...)`: a click then moves the
mark and leaves the view as the reader had it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import folium

from core.routemap import watching
from core.routemap.basemap import base_feature_list, grid
from core.routemap.facts import Facts
from core.routemap.leaflet import KOREA, Furniture, add_features
from core.routemap.legend import legend_html
from core.routemap.pen import Feature, Pen
from core.routemap.scene import Point, Translate, around, bounds, camera_point, clock
from core.types import Camera, LastSeen, note


def place_map(
    cameras: Mapping[str, Camera],
    *,
    seen: LastSeen | None = None,
    tz: str = "Asia/Seoul",
    translate: Translate = str,
    base: Mapping[str, Any] | None = None,
) -> folium.Map:
    """Cameras on the base map, nothing in the way of a click.

    seen  a place to have in view from the start; it is drawn by `place_mark`

    Raises BadInput for an unknown time zone or a base that is not GeoJSON in degrees.
    """
    pen = Pen(cameras, clock(tz), translate)
    points: list[Point] = [p for c in cameras.values() if (p := camera_point(c)) is not None]
    if seen is not None:
        points += around((seen.lat, seen.lon), seen.radius_m)
    corners = bounds(tuple(points)) or KOREA
    (south, west), (north, east) = corners
    drawn = folium.Map(
        location=((south + north) / 2, (west + east) / 2), tiles=None, zoom_start=15, zoom_snap=0.25
    )
    drawn.options.update(min_zoom=3, max_zoom=20)
    drawn.default_js = [link for link in folium.Map.default_js if link[0] != "jquery"]
    add_features(drawn, base_feature_list(base, corners))
    add_features(drawn, [_quiet(mark) for mark in watching.camera_marks(pen, [], [], Facts())])
    shown = {"camera", "last_seen"} if points else {"last_seen"}
    Furniture(
        {
            "bounds": corners,
            "lines": [],
            "legend": legend_html(shown, None if base else grid(corners)[0], translate),
            "note": pen.say(note("Click where the person was last seen")) if seen is None else "",
        }
    ).add_to(drawn)
    return drawn


def place_mark(
    seen: LastSeen | None,
    *,
    timed: bool = True,
    tz: str = "Asia/Seoul",
    translate: Translate = str,
) -> folium.FeatureGroup:
    """The place as a layer; empty while there is none. timed: false while its time is not known."""
    layer = folium.FeatureGroup(name="place")
    if seen is not None:
        pen = Pen({}, clock(tz), translate)
        marks = watching.last_seen_marks(pen, seen) if timed else watching.place_marks(pen, seen)
        add_features(layer, [_quiet(mark) for mark in marks])
    return layer


def _quiet(mark: Feature) -> Feature:
    """A mark that lets a click through to the map."""
    return {**mark, "properties": {**mark["properties"], "popup": ""}}
