"""A route and its cameras in, a KML document for other map programs out.

Times are TimeSpan, so that a viewer's own time slider moves through the route. Names are written
by others: in XML they are text, and in a description, which viewers read as HTML, they are escaped
once more.

Source: [kml22]
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from xml.etree import ElementTree as Xml

from core.routemap.basemap import ACCENT, ALARM, GREY, INK, START
from core.routemap.scene import (
    LETTERS,
    Point,
    Translate,
    camera_name,
    camera_point,
    clock,
    leg_sentence,
    lines,
    moment,
    place_words,
    plain_text,
    safe_text,
    stop_point,
    stop_words,
)
from core.routemap.shapes import circle, sector
from core.types import Camera, LastSeen, Note, Route, note

NAMESPACE = "http://www.opengis.net/kml/2.2"
_LINES = {"confirmed": (ACCENT, 5), "inferred": (ACCENT, 3), "infeasible": (ALARM, 4)}
_ICONS = {"stop_confirmed": (ACCENT, 1.2), "stop_inferred": ("#ffffff", 1.1), "next": (INK, 0.9)}


def color(hex_rgb: str, alpha: int = 255) -> str:
    """#rrggbb -> aabbggrr, the order KML wants."""
    r, g, b = hex_rgb[1:3], hex_rgb[3:5], hex_rgb[5:7]
    return f"{alpha:02x}{b}{g}{r}"


def route_kml(
    route: Route,
    cameras: Mapping[str, Camera],
    *,
    title: str = "",
    last_seen: LastSeen | None = None,
    tz: str = "Asia/Seoul",
    translate: Translate = str,
) -> str:
    """The route as one KML 2.2 document: folders of stops, legs, cameras to ask, all cameras.

    Raises BadInput if the time zone is not known.
    """
    sheet = _Sheet(cameras, clock(tz), translate)
    root = Xml.Element("kml", xmlns=NAMESPACE)
    document = Xml.SubElement(root, "Document")
    _text(document, "name", plain_text(title) or translate(note("Route")))
    _text(document, "description", "<br>".join(safe_text(translate(w)) for w in route.warnings))
    _styles(document)
    sheet.stops(document, route)
    sheet.legs(document, route)
    if last_seen is not None:
        sheet.last_seen(document, last_seen)
    sheet.asks(document, route)
    sheet.views(document)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _text(parent: Xml.Element, tag: str, text: str) -> None:
    if text:
        Xml.SubElement(parent, tag).text = text


def _styles(document: Xml.Element) -> None:
    for name, (rgb, scale) in _ICONS.items():
        style = Xml.SubElement(document, "Style", id=name)
        icon = Xml.SubElement(style, "IconStyle")
        _text(icon, "color", color(rgb))
        _text(icon, "scale", str(scale))
    for kind, (rgb, width) in _LINES.items():
        style = Xml.SubElement(document, "Style", id=f"leg_{kind}")
        line = Xml.SubElement(style, "LineStyle")
        _text(line, "color", color(rgb, 255 if kind == "confirmed" else 160))
        _text(line, "width", str(width))
    for name, rgb in (("view", GREY), ("last_seen", START)):
        style = Xml.SubElement(document, "Style", id=name)
        _text(Xml.SubElement(style, "LineStyle"), "color", color(rgb, 200))
        _text(Xml.SubElement(style, "PolyStyle"), "color", color(rgb, 50))


def _at(point: Point) -> str:
    return f"{point[1]:.7f},{point[0]:.7f},0"


class _Sheet:
    """The words and the time zone of one document."""

    def __init__(self, cameras: Mapping[str, Camera], zone: tzinfo, say: Translate) -> None:
        self.cameras, self.zone, self.say = cameras, zone, say

    def folder(self, document: Xml.Element, name: Note) -> Xml.Element:
        made = Xml.SubElement(document, "Folder")
        _text(made, "name", self.say(name))
        return made

    def placemark(
        self,
        folder: Xml.Element,
        name: str,
        style: str,
        said: Sequence[str] = (),
        when: tuple[float, float] | None = None,
    ) -> Xml.Element:
        """A Placemark up to its geometry, the elements in the order the schema wants."""
        mark = Xml.SubElement(folder, "Placemark")
        _text(mark, "name", plain_text(name))
        _text(mark, "description", "<br>".join(safe_text(text) for text in said if text))
        if when is not None:
            span = Xml.SubElement(mark, "TimeSpan")
            _text(span, "begin", moment(when[0], self.zone).isoformat())
            _text(span, "end", moment(math.ceil(when[1]), self.zone).isoformat())
        _text(mark, "styleUrl", f"#{style}")
        return mark

    def stops(self, document: Xml.Element, route: Route) -> None:
        folder = self.folder(document, note("Stops"))
        for number, stop in enumerate(route.stops, start=1):
            point = stop_point(stop, self.cameras)
            if point is not None:
                style = "stop_confirmed" if stop.confirmed else "stop_inferred"
                name = f"{number} · {place_words(stop, self.cameras, self.say)}"
                when = (stop.enter_s, stop.leave_s)
                mark = self.placemark(folder, name, style, [stop_words(stop, self.say)], when)
                _text(Xml.SubElement(mark, "Point"), "coordinates", _at(point))

    def legs(self, document: Xml.Element, route: Route) -> None:
        folder = self.folder(document, note("Legs"))
        for line in lines(route, self.cameras):
            a, b = route.stops[line.number - 1], route.stops[line.number]
            when = (min(a.leave_s, b.enter_s), max(a.leave_s, b.enter_s))
            said = [leg_sentence(line.leg, line.kind, self.say)]
            name, style = f"{line.number} → {line.number + 1}", f"leg_{line.kind}"
            mark = self.placemark(folder, name, style, said, when)
            form = Xml.SubElement(mark, "LineString")
            _text(form, "tessellate", "1")
            _text(form, "coordinates", " ".join(map(_at, line.ends)))

    def asks(self, document: Xml.Element, route: Route) -> None:
        folder = self.folder(document, note("Cameras to ask next"))
        for letter, ask in zip(LETTERS, route.next_cameras, strict=False):
            point = camera_point(self.cameras.get(ask.camera_id))
            if point is not None:
                name = f"{letter} · {camera_name(ask.camera_id, self.cameras)}"
                chance = note("chance about {percent} %", percent=round(100 * ask.probability))
                when = (ask.from_s, ask.to_s)
                mark = self.placemark(folder, name, "next", [self.say(chance)], when)
                _text(Xml.SubElement(mark, "Point"), "coordinates", _at(point))

    def last_seen(self, document: Xml.Element, seen: LastSeen) -> None:
        when = (seen.from_s, seen.to_s)
        mark = self.placemark(document, self.say(note("last seen")), "last_seen", (), when)
        _ring(mark, circle((seen.lat, seen.lon), seen.radius_m))

    def views(self, document: Xml.Element) -> None:
        folder = self.folder(document, note("What the cameras see"))
        for camera in self.cameras.values():
            point = camera_point(camera)
            if point is not None:
                name = camera_name(camera.id, self.cameras)
                mark = self.placemark(folder, name, "view", [camera.id])
                turn, reach = camera.heading_deg, camera.view_range_m
                _ring(mark, circle(point, reach) if turn is None else sector(point, turn, reach))


def _ring(mark: Xml.Element, ring: Sequence[Point]) -> None:
    """A polygon; KML wants its outer ring counter-clockwise."""
    area = Xml.SubElement(mark, "Polygon")
    outer = Xml.SubElement(Xml.SubElement(area, "outerBoundaryIs"), "LinearRing")
    _text(outer, "coordinates", " ".join(map(_at, reversed(ring))))
