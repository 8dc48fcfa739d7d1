"""A route and its cameras in, what a map of it must say out: places, legs, words, times.

Nothing here knows about Leaflet or SVG; both pictures and the tables say the same because all are
drawn from this module. Times are true time (Unix seconds), places WGS84 degrees.
"""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import BadInput
from core.types import Band, Camera, Leg, Note, Route, Source, Stop, note

Point = tuple[float, float]  # (lat, lon) WGS84
Translate = Callable[[Note], str]
LegKind = Literal["confirmed", "inferred", "infeasible"]

METERS_PER_DEGREE = 111_320.0  # of latitude; of longitude times cos(latitude)
LONGEST_TEXT = 300
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # the cameras to ask next, in order

BAND_WORDS: Mapping[Band, Note] = {
    "strong": note("strong"),
    "moderate": note("moderate"),
    "weak": note("weak"),
    "insufficient": note("insufficient"),
    "against": note("speaks against"),
}
LEG_WORDS: Mapping[LegKind, Note] = {
    "confirmed": note("both ends confirmed"),
    "inferred": note("inferred leg"),
    "infeasible": note("not possible in this time"),
}
CONFIRMED = note("confirmed")
NO_ROUTE = note("no route yet: nobody is sure enough to be drawn; judge the candidates first")
BOARDED, ALIGHTED = note("probably got on a vehicle"), note("probably got off a vehicle")
SOURCE_WORDS: Mapping[Source, Note] = {
    "cctv": note("CCTV"),
    "witness": note("witness"),
    "card": note("card tap"),
    "device": note("device signal"),
    "patrol": note("patrol"),
}


def plain_text(text: str) -> str:
    """Text on one line: no control, bidirectional or invisible characters, at most 300 characters.

    Format characters go because they can turn a name around (U+202E) and so disguise it.
    """
    kept = "".join(
        " " if unicodedata.category(c) in ("Zl", "Zp", "Zs") or c in "\n\r\t" else c
        for c in text
        if c in "\n\r\t" or not unicodedata.category(c).startswith("C")
    )
    line = " ".join(kept.split())
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"


def safe_text(text: str) -> str:
    """Untrusted text -> HTML that can also stand in folium's JavaScript and Jinja strings.

    Names of cameras and persons are written by others. folium puts text into template literals
    (a backtick or ``${`` would end or run there), and branca reads the finished script once more
    as a Jinja template (``{{`` would run on the server); so backticks, backslashes and ``${`` are
    taken out, braces become entities, and the rest is HTML-escaped.
    """
    line = plain_text(text).replace("`", "").replace("\\", "").replace("${", "")
    return html.escape(line).replace("{", "&#123;").replace("}", "&#125;")


def clock(tz: str) -> tzinfo:
    """The time zone of that IANA name; BadInput if there is none."""
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            "the time zone {tz!r} is not known: write it like Asia/Seoul", tz=tz[:40]
        ) from None


def moment(at_s: float, zone: tzinfo) -> datetime:
    """Unix seconds -> local time, to the second."""
    return datetime.fromtimestamp(math.floor(at_s), zone)


def span(from_s: float, to_s: float, zone: tzinfo) -> str:
    """``09:03``, or begin and end joined by a dash; the next day is marked ``+1``."""
    first, last = moment(from_s, zone), moment(to_s, zone)
    begin, end = f"{first:%H:%M}", f"{last:%H:%M}"
    days = (last.date() - first.date()) // timedelta(days=1)
    if not days:
        return begin if begin == end else f"{begin}\u2013{end}"
    return f"{begin}\u2013{end} +{days}"


def camera_point(camera: Camera | None) -> Point | None:
    """Where the camera hangs, or None if that is not known."""
    if camera is None or camera.lat is None or camera.lon is None:
        return None
    return camera.lat, camera.lon


def stop_point(stop: Stop, cameras: Mapping[str, Camera]) -> Point | None:
    """Where the stop is: its own place, else its camera's, else None."""
    if stop.lat is not None and stop.lon is not None:
        return stop.lat, stop.lon
    return camera_point(cameras.get(stop.camera_id or ""))


def camera_name(camera_id: str, cameras: Mapping[str, Camera]) -> str:
    """The camera's name, else its id; not escaped."""
    camera = cameras.get(camera_id)
    return camera.name if camera is not None and plain_text(camera.name) else camera_id


def place_name(stop: Stop, cameras: Mapping[str, Camera]) -> str | None:
    """The camera's name, else its id, else the coordinates, else None; not escaped."""
    if stop.camera_id is not None:
        return camera_name(stop.camera_id, cameras)
    point = stop_point(stop, cameras)
    return None if point is None else f"{point[0]:.4f}, {point[1]:.4f}"


def place_words(stop: Stop, cameras: Mapping[str, Camera], translate: Translate) -> str:
    """Where a stop is, and what says so if it is no camera; "" if not known; not escaped."""
    place = place_name(stop, cameras) or ""
    if stop.source == "cctv":
        return place
    return f"{translate(SOURCE_WORDS[stop.source])} · {place}"


@dataclass(frozen=True)
class Spot:
    """One spot on the map with the stops there, in time order. numbers: 1-based."""

    point: Point
    numbers: tuple[int, ...]
    stops: tuple[Stop, ...]

    @property
    def confirmed(self) -> bool:
        return all(stop.confirmed for stop in self.stops)

    @property
    def numeral(self) -> str:
        """What the marker shows: ``2``, ``2·5``, or ``2·5…`` when there are more than three."""
        shown = "·".join(str(n) for n in self.numbers[:3])
        return shown if len(self.numbers) <= 3 else shown + "…"


@dataclass(frozen=True)
class Line:
    """One leg between two different spots. number: 1-based number of the stop it starts from."""

    number: int
    kind: LegKind
    ends: tuple[Point, Point]
    leg: Leg


def spots(route: Route, cameras: Mapping[str, Camera]) -> list[Spot]:
    """The stops that have a place, those at one place together (within about a metre)."""
    found: dict[Point, tuple[Point, list[int]]] = {}
    for number, stop in enumerate(route.stops, start=1):
        point = stop_point(stop, cameras)
        if point is not None:
            key = (round(point[0], 5), round(point[1], 5))
            found.setdefault(key, (point, []))[1].append(number)
    return [
        Spot(point, tuple(numbers), tuple(route.stops[n - 1] for n in numbers))
        for point, numbers in found.values()
    ]


def leg_kind(route: Route, at: int) -> LegKind:
    """How sure leg `at` (0-based) is: infeasible, else confirmed only if both its ends are."""
    if not route.legs[at].feasible:
        return "infeasible"
    both = route.stops[at].confirmed and route.stops[at + 1].confirmed
    return "confirmed" if both else "inferred"


def lines(route: Route, cameras: Mapping[str, Camera]) -> list[Line]:
    """The legs that can be drawn: both ends have a place, and not the same one."""
    drawn = []
    for at, leg in enumerate(route.legs):
        a, b = (stop_point(route.stops[at + k], cameras) for k in (0, 1))
        if a is not None and b is not None and math.dist(a, b) > 1e-6:
            drawn.append(Line(at + 1, leg_kind(route, at), (a, b), leg))
    return drawn


def stop_word(stop: Stop) -> Note:
    """The one word for a stop: confirmed by a person, or the band of its evidence."""
    return CONFIRMED if stop.confirmed else BAND_WORDS[stop.band]


def stop_words(stop: Stop, translate: Translate) -> str:
    """The word for a stop, and whether it changes when the assumptions change; not escaped."""
    words = [translate(stop_word(stop))]
    words += [translate(note("unstable"))] if stop.unstable else []
    return " · ".join(words)


def lasted(seconds: float) -> Note:
    """A length of time in words: seconds, minutes, hours, days."""
    if seconds < 100:
        return note("{n} s", n=round(seconds))
    if seconds < 2 * 3600:
        return note("{n} min", n=round(seconds / 60))
    if seconds < 48 * 3600:
        return note("{n} h", n=round(seconds / 3600))
    return note("{n} days", n=round(seconds / 86400))


def travel_time(leg: Leg) -> Note:
    """How long the leg takes, in words."""
    if not (math.isfinite(leg.low_s) and math.isfinite(leg.high_s)):
        return note("travel time not known")
    if leg.high_s < 120:
        return note("{low} to {high} s", low=round(leg.low_s), high=round(leg.high_s))
    return note(
        "{low} to {high} min", low=math.floor(leg.low_s / 60), high=math.ceil(leg.high_s / 60)
    )


def leg_sentence(leg: Leg, kind: LegKind, translate: Translate) -> str:
    """Time, distance, how sure, and the reason when there is one; not escaped."""
    parts = [translate(travel_time(leg))]
    if math.isfinite(leg.distance_m):
        parts.append(f"{round(leg.distance_m):,} m")
    parts.append(translate(LEG_WORDS[kind]))
    if leg.vehicle_only:
        parts.append(translate(note("only by vehicle")))
    why = translate(leg.why)
    return ", ".join(parts) + (f": {why}" if why else "")


def point_geometry(point: Point) -> dict[str, Any]:
    """A GeoJSON Point, which is longitude first."""
    return {"type": "Point", "coordinates": [point[1], point[0]]}


def line_geometry(points: Sequence[Point]) -> dict[str, Any]:
    """A GeoJSON LineString, which is longitude first."""
    return {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in points]}


def bounds(points: Sequence[Point], least_m: float = 300.0) -> tuple[Point, Point] | None:
    """South-west and north-east corner around the points, `least_m` across or more; or None."""
    if not points:
        return None
    south, north = min(p[0] for p in points), max(p[0] for p in points)
    west, east = min(p[1] for p in points), max(p[1] for p in points)
    per_lon = METERS_PER_DEGREE * max(math.cos(math.radians((south + north) / 2)), 0.01)
    dlat = max(0.0, least_m / METERS_PER_DEGREE - (north - south)) / 2
    dlon = max(0.0, least_m / per_lon - (east - west)) / 2
    return (south - dlat, west - dlon), (north + dlat, east + dlon)


def around(point: Point, radius_m: float) -> list[Point]:
    """South-west and north-east corner of the square around a circle."""
    lat, lon = point
    dlat = radius_m / METERS_PER_DEGREE
    dlon = dlat / max(math.cos(math.radians(lat)), 0.01)
    return [(lat - dlat, lon - dlon), (lat + dlat, lon + dlon)]


def grid_step_m(width_m: float) -> float:
    """A round mesh width (1, 2 or 5 times a power of ten) that gives about 5 to 12 lines."""
    raw = max(width_m, 1.0) / 8
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= raw)
