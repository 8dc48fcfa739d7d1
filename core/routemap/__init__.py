"""A route and its cameras in; a folium map, a still SVG, tables, GeoJSON, KML, a card of it out.

Importing this package points every folium map of the process at the scripts shipped with the app,
because the places folium loads them from cannot be reached from an agency's network.
"""

from __future__ import annotations

from core.routemap.card import Card, card_html, card_text, dispatch_card
from core.routemap.facts import Facts
from core.routemap.ground import Ground, ground, ground_here, import_base, remove_base, set_tiles
from core.routemap.kml import route_kml
from core.routemap.leaflet import RouteMap, route_map
from core.routemap.page import map_html, rows_html
from core.routemap.placemap import camera_mark, place_map, seen_mark
from core.routemap.records import ask_rows, route_geojson, route_rows, stops_csv
from core.routemap.scene import safe_text
from core.routemap.story import Story, tell
from core.routemap.svg import route_svg
from core.routemap.tiles import Tiles
from core.routemap.vendor import problems, use_vendored
from core.routemap.ways import Way, ways

__all__ = [
    "Card",
    "Facts",
    "Ground",
    "RouteMap",
    "Story",
    "Tiles",
    "Way",
    "ask_rows",
    "camera_mark",
    "card_html",
    "card_text",
    "dispatch_card",
    "ground",
    "ground_here",
    "import_base",
    "map_html",
    "place_map",
    "problems",
    "remove_base",
    "route_geojson",
    "route_kml",
    "route_map",
    "route_rows",
    "route_svg",
    "rows_html",
    "safe_text",
    "seen_mark",
    "set_tiles",
    "stops_csv",
    "tell",
    "use_vendored",
    "ways",
]

use_vendored()
