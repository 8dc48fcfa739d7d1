"""A route, its cameras and what else is known in, a folium map out.

Everything drawn is a GeoJSON layer whose properties carry the camera id, so that streamlit-folium
hands it back in ``last_active_drawing``. Texts reach the browser as JSON strings that went through
`safe_text`; no text is ever pasted into script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import folium
from branca.element import Element, Figure, MacroElement
from folium.template import Template
from folium.utilities import JsCode

from core.errors import BadInput
from core.routemap import features, vendor, watching
from core.routemap.basemap import base_feature_list, grid, street_names
from core.routemap.facts import Facts
from core.routemap.legend import legend_html
from core.routemap.pen import Feature, Pen
from core.routemap.records import Row, ask_rows, route_rows
from core.routemap.scene import (
    NO_ROUTE,
    Point,
    Translate,
    around,
    bounds,
    camera_point,
    clock,
    lines,
    plain_text,
    safe_text,
    spots,
)
from core.routemap.svg import route_svg
from core.routemap.tiles import Tiles
from core.routemap.timeline import WORDS, timeline
from core.types import Camera, LastSeen, Note, Route, Sighting, note

KOREA: tuple[Point, Point] = ((33.1, 125.8), (38.6, 129.6))  # shown when nothing has a place

_HERE = Path(__file__).parent
_POINT = JsCode(
    """function (feature, at) {
        const p = feature.properties;
        if (p.radius_m) { return L.circle(at, {radius: p.radius_m, interactive: !!p.popup}); }
        const icon = L.divIcon({html: p.html, className: p.look, iconSize: p.size,
                                iconAnchor: p.anchor});
        const title = L.DomUtil.create("textarea");
        title.innerHTML = p.title || "";
        return L.marker(at, {icon: icon, zIndexOffset: p.z, interactive: !!p.popup,
                             keyboard: !!p.popup, title: title.value});
    }"""
)
_EACH = JsCode(
    """function (feature, layer) {
        if (feature.properties.popup) { layer.bindPopup(feature.properties.popup); }
    }"""
)


class RouteMap(folium.Map):
    """A folium map that brings its own scripts and carries what an export shows around it.

    figure is the page around it; svg is the still picture, rows, asks and notes are the route and
    the cameras to ask as tables and the sentences below the map; say translates; again draws the
    same map afresh, because streamlit-folium renames the parts of the one it is given.
    """

    def __init__(
        self,
        *,
        center: Point,
        svg: str,
        rows: Sequence[Row],
        asks: Sequence[Row],
        notes: Sequence[Note],
        say: Translate,
        again: Callable[[], RouteMap],
    ) -> None:
        super().__init__(location=center, tiles=None, zoom_start=15, zoom_snap=0.25)
        self.options.update(min_zoom=3, max_zoom=20)  # folium's own arguments are for tiles only
        figure = self.get_root()
        if not isinstance(figure, Figure):
            raise TypeError("a folium map begins inside a figure")
        self.figure = figure
        self.svg = svg
        self.rows = tuple(rows)
        self.asks = tuple(asks)
        self.notes = tuple(notes)
        self.say = say
        self.again = again
        self.default_js = [link for link in folium.Map.default_js if link[0] != "jquery"]
        self.default_css = list(folium.Map.default_css)


class _Inline(Element):
    """Text that goes into the page as it is (a plain Element would read it as a Jinja template)."""

    _template = Template("<{{ this.tag }}>{{ this.text }}</{{ this.tag }}>")

    def __init__(self, tag: str, text: str) -> None:
        super().__init__()
        self.tag = tag
        self.text = text


class Furniture(MacroElement):
    """Legend, scale bar, note, fitting the view, labels that keep apart, and the time slider."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}<style>{{ this.css }}</style>{% endmacro %}
        {% macro script(this, kwargs) %}
        (function (map, settings) {
          const tidy = {{ this.code }}(map, settings);
          if (settings.time) { {{ this.time }}(map, settings.time, settings.words, tidy); }
        })({{ this._parent.get_name() }}, {{ this.settings|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Furniture"
        self.settings = settings
        self.css = (_HERE / "route.css").read_text(encoding="utf-8")
        self.code = (_HERE / "route.js").read_text(encoding="utf-8").strip()
        self.time = (_HERE / "time.js").read_text(encoding="utf-8").strip()


def use_inline(drawn: RouteMap) -> None:
    """Put Leaflet into the map's own header, so that it needs no server at all."""
    drawn.default_js, drawn.default_css = [], []
    header = drawn.figure.header
    header.add_child(_Inline("script", vendor.inline_script()), name="leaflet")
    header.add_child(_Inline("style", vendor.inline_style()), name="leaflet_css")


def _points(
    route: Route, cameras: Mapping[str, Camera], last_seen: LastSeen | None
) -> tuple[Point, ...]:
    """What must be in view: the route and what comes next; without a route all cameras."""
    asked = [camera_point(cameras.get(ask.camera_id)) for ask in route.next_cameras]
    found = [spot.point for spot in spots(route, cameras)] + [p for p in asked if p is not None]
    if last_seen is not None:
        found += around((last_seen.lat, last_seen.lon), last_seen.radius_m)
    if not spots(route, cameras):
        found += [p for c in cameras.values() if (p := camera_point(c)) is not None]
    return tuple(found)


def _headline(route: Route, points: Sequence[Point]) -> Note | None:
    """The sentence a map shows on itself when it has no route to show."""
    if not points:
        return note("no camera has a position: add latitude and longitude on the camera page")
    if not route.stops:
        return NO_ROUTE
    return None


def _shown(
    route: Route,
    cameras: Mapping[str, Camera],
    last_seen: LastSeen | None,
    layers: Mapping[str, list[Feature]],
    facts: Facts,
) -> set[str]:
    """The legend entries this map needs."""
    stops = {"confirmed_stop" if s.confirmed else "open_stop" for s in spots(route, cameras)}
    stops |= {"told_stop" for stop in route.stops if stop.source != "cctv"}
    kept = {key for key in ("camera", "next", "other") if layers[key]}
    kinds: set[str] = {line.kind for line in lines(route, cameras)}
    kinds |= {"ride" for leg in route.legs if leg.vehicle_only}
    kinds |= {"unstable" for stop in route.stops if stop.unstable}
    kinds |= {"reach"} if stops else set()
    if facts.states and "camera" in kept:
        kept = (kept - {"camera"}) | set(facts.states.values())
    return stops | kept | kinds | ({"last_seen"} if last_seen is not None else set())


def add_features(
    drawn: folium.Map | folium.FeatureGroup,
    content: list[Feature],
    name: str = "",
    show: bool = True,
    interactive: bool = True,
) -> None:
    """Add GeoJSON features as one layer; a name makes it one that can be switched.

    interactive  false: lines and areas let a click through to the map
    """
    if content:
        folium.GeoJson(
            {"type": "FeatureCollection", "features": content},
            name=name or None,
            control=bool(name),
            show=show,
            on_each_feature=_EACH,
            point_to_layer=_POINT,
            interactive=interactive,
        ).add_to(drawn)


def _layers(
    pen: Pen,
    route: Route,
    last_seen: LastSeen | None,
    candidates: Sequence[Sighting],
    facts: Facts,
) -> dict[str, list[Feature]]:
    """The layers from the bottom up; "other" and "range" can be switched."""
    places, cameras = spots(route, pen.cameras), pen.cameras
    asked = route.next_cameras
    busy = [p for a in asked if (p := camera_point(cameras.get(a.camera_id))) is not None]
    ways = (*route.alternatives[1:], *((route.rival,) if route.rival else ()))
    end_s = route.stops[-1].leave_s if route.stops else 0.0
    return {
        "range": watching.camera_ranges(pen),
        "seen": watching.last_seen_marks(pen, last_seen) if last_seen else [],
        "other": features.other_routes(pen, ways),
        "leg": features.leg_lines(pen, lines(route, cameras), route.stops),
        "camera": watching.camera_marks(pen, [s.point for s in places] + busy, candidates, facts),
        "candidate": watching.other_marks(pen, candidates),
        "going": features.leaving_marks(pen, route.stops, facts),
        "next": features.next_marks(pen, asked, candidates, places, facts, end_s),
        "stop": features.stop_marks(pen, places, facts),
    }


def _settings(
    pen: Pen,
    route: Route,
    corners: tuple[Point, Point],
    last_seen: LastSeen | None,
    facts: Facts,
    tz: str,
) -> dict[str, Any]:
    """What the scripts on the map need to know; texts in ``words`` are plain, not HTML."""
    return {
        "bounds": corners,
        "lines": [line.ends for line in lines(route, pen.cameras)],
        "time": timeline(route, pen.cameras, last_seen, facts, tz),
        "words": {key: plain_text(pen.translate(text)) for key, text in WORDS.items()},
    }


def route_map(
    route: Route,
    cameras: Mapping[str, Camera],
    *,
    last_seen: LastSeen | None = None,
    candidates: Sequence[Sighting] = (),
    facts: Facts | None = None,
    tz: str = "Asia/Seoul",
    translate: Translate = str,
    base: Mapping[str, Any] | None = None,
    tiles: Tiles | None = None,
    assets: Literal["app", "inline"] = "app",
) -> RouteMap:
    """Draw a route for `st_folium` (assets="app") or for a page without a server ("inline").

    candidates  sightings nobody has judged yet: counted at their camera, or marked at their place
    facts       searched cameras, crops, the speed and the hour: see `Facts`
    translate   how a `Note` is said in the user's language
    base        GeoJSON streets or boundaries (property ``kind``: see basemap.STYLES); without it
                a metric grid is drawn
    tiles       an agency's own map server, drawn below it all; None = no picture is ever fetched

    Solid lines join stops that a person confirmed, dashed ones are inferred, and a leg that cannot
    be travelled in its time is vermilion, dash-dotted, crossed, and says why. Camera and person
    names are untrusted: they are shown as text whatever they contain.

    Raises BadInput for an unknown time zone or a base that is not GeoJSON in degrees.
    """
    if assets not in ("app", "inline"):
        raise BadInput("assets must be app or inline, not {got!r}", got=str(assets)[:40])
    again = partial(
        route_map,
        route,
        cameras,
        last_seen=last_seen,
        candidates=candidates,
        facts=facts,
        tz=tz,
        translate=translate,
        base=base,
        tiles=tiles,
        assets=assets,
    )
    facts = facts or Facts()
    pen = Pen(cameras, clock(tz), translate)
    points = _points(route, cameras, last_seen)
    corners = bounds(points) or KOREA
    layers = _layers(pen, route, last_seen, candidates, facts)
    (south, west), (north, east) = corners
    drawn = RouteMap(
        center=((south + north) / 2, (west + east) / 2),
        svg=route_svg(route, cameras, last_seen=last_seen, tz=tz, translate=translate, base=base),
        rows=route_rows(route, cameras, tz, translate=translate),
        asks=ask_rows(route, cameras, tz, translate=translate),
        notes=route.warnings,
        say=translate,
        again=again,
    )
    if tiles is not None:
        tiles.layer(safe_text(tiles.attribution)).add_to(drawn)
    if tiles is None or base is not None:
        add_features(drawn, [*base_feature_list(base, corners), *street_names(base, corners)])
    switches = {
        "range": note("what the cameras see"),
        "other": note("other possible routes"),
    }
    for key, content in layers.items():
        name = pen.say(switches[key]) if key in switches else ""
        add_features(drawn, content, name, show=key != "other")
    if layers["other"]:
        folium.LayerControl(collapsed=False, position="topright").add_to(drawn)
    shown = _shown(route, cameras, last_seen, layers, facts)
    sentence = _headline(route, points)
    mesh = None if base or tiles else grid(corners)[0]
    Furniture(
        {
            **_settings(pen, route, corners, last_seen, facts, tz),
            "legend": legend_html(shown, mesh, translate),
            "note": pen.say(sentence) if sentence else "",
        }
    ).add_to(drawn)
    if assets == "inline":
        use_inline(drawn)
    return drawn
