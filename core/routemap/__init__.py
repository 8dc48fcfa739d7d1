"""A route and its cameras in; a folium map, a still SVG, a table and GeoJSON of it out.

Importing this package points every folium map of the process at the scripts shipped with the app,
because the places folium loads them from cannot be reached from an agency's network.
"""

from __future__ import annotations

from core.routemap.cameras import camera_map, chosen_place, view_geometry
from core.routemap.leaflet import RouteMap, route_map
from core.routemap.page import map_html, rows_html
from core.routemap.placemap import place_map, place_mark
from core.routemap.records import ask_rows, route_geojson, route_rows
from core.routemap.scene import safe_text
from core.routemap.svg import route_svg
from core.routemap.vendor import problems, use_vendored

__all__ = [
    "RouteMap",
    "ask_rows",
    "camera_map",
    "chosen_place",
    "map_html",
    "place_map",
    "place_mark",
    "problems",
    "route_geojson",
    "route_map",
    "route_rows",
    "route_svg",
    "rows_html",
    "safe_text",
    "use_vendored",
    "view_geometry",
]

use_vendored()
