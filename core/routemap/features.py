"""A route and its cameras in, GeoJSON features for Leaflet out: marks, lines, labels, pop-ups.

Every text goes through `safe_text` once, in `Pen.say` or `Pen.name`. A mark has ``html`` (what the
divIcon shows) and ``popup``; ``camera`` in the properties is the camera id.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from core.routemap.basemap import ACCENT, ALARM, GREY, INK, START
from core.routemap.scene import (
    LEG_WORDS,
    LETTERS,
    Line,
    Point,
    Spot,
    Translate,
    camera_name,
    camera_point,
    leg_sentence,
    line_geometry,
    moment,
    place_name,
    point_geometry,
    safe_text,
    span,
    stop_words,
    travel_time,
)
from core.types import Camera, LastSeen, NextCamera, Note, Path, Sighting, Stop, note

Feature = dict[str, Any]

OVER = {"camera": 0, "leg": 2000, "label": 4000, "wrong": 6000, "next": 6000, "stop": 8000}
"""What lies over what; far apart, because Leaflet adds the height on the screen in px."""

LEG_STYLE: Mapping[str, dict[str, Any]] = {
    "confirmed": {"color": ACCENT, "weight": 5, "opacity": 0.95},
    "inferred": {"color": ACCENT, "weight": 4, "opacity": 0.9, "dashArray": "3 9"},
    "infeasible": {"color": ALARM, "weight": 4, "opacity": 0.95, "dashArray": "14 6 2 6"},
}
_CASING = {"color": "#ffffff", "weight": 9, "opacity": 0.85}

_CAMERA = (
    '<div class="ds-mark"><svg viewBox="0 0 24 24" aria-hidden="true">{cone}'
    f'<circle cx="12" cy="12" r="7" fill="{GREY}" stroke="#fff" stroke-width="2"/>'
    '<circle cx="12" cy="12" r="2.4" fill="#fff"/></svg></div>'
)
_CONE = f'<path d="M12 12 L4 -5 A18 18 0 0 1 20 -5 Z" fill="{GREY}" fill-opacity=".35"'
_ARROW = (
    '<div class="ds-mark"><svg viewBox="-10 -10 20 20" aria-hidden="true"><path'
    ' transform="rotate({deg:.1f})" d="M0 -8 L7 7 L0 3.5 L-7 7 Z"'
    f' fill="{ACCENT}" stroke="#fff" stroke-width="1.6"/></svg></div>'
)


@dataclass(frozen=True)
class Pen:
    """The language, the time zone and the cameras of one map."""

    cameras: Mapping[str, Camera]
    zone: tzinfo
    translate: Translate

    def say(self, sentence: Note) -> str:
        """A sentence in the user's language, safe as HTML."""
        return safe_text(self.translate(sentence))

    def name(self, camera_id: str) -> str:
        """A camera's name, else its id, safe as HTML."""
        return safe_text(camera_name(camera_id, self.cameras))

    def place(self, stop: Stop) -> str:
        """Where a stop is, in words, safe as HTML."""
        return safe_text(place_name(stop, self.cameras) or "")

    def words(self, stop: Stop) -> str:
        """How sure a stop is, safe as HTML."""
        return safe_text(stop_words(stop, self.translate))

    def span(self, from_s: float, to_s: float) -> str:
        """A time span; digits only, so safe."""
        return span(from_s, to_s, self.zone)


def _mark(point: Point, html: str, size: tuple[int, int], z: int, **properties: Any) -> Feature:
    """A divIcon that labels keep clear of; z is its height over the others."""
    shown = {"html": html, "size": size, "z": z, "look": "ds-pin", **properties}
    return {"type": "Feature", "geometry": point_geometry(point), "properties": shown}


def _label(
    point: Point, title: str, line: str = "", *, rank: int, gap: int, look: str = "", sides: str
) -> Feature:
    """A text beside a point. rank: 0 is placed first; sides: where it may stand, best first.

    Sides are e, w, s, n and the corners a (north-east), b, c, d, clockwise.
    """
    body = (f"<b>{title}</b>" if title else "") + (f"<span>{line}</span>" if line else "")
    html = (
        f'<div class="ds-label {look}" data-rank="{rank}" data-sides="{sides}"'
        f' data-side="{sides[0]}" style="--gap:{gap}px">{body}</div>'
    )
    return _mark(point, html, (0, 0), OVER["label"], look="ds-anchor")


def _stroke(points: Sequence[Point], style: Mapping[str, Any], **properties: Any) -> Feature:
    look = {"style": {"lineCap": "round", "fill": False, **style}, **properties}
    return {"type": "Feature", "geometry": line_geometry(points), "properties": look}


def _popup(*parts: str) -> str:
    return f'<div class="ds-pop">{"".join(parts)}</div>'


def _para(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts if text)


def _in_order(sightings: Sequence[Sighting]) -> list[Sighting]:
    open_ones = [s for s in sightings if s.verdict not in ("rejected", "not_here")]
    return sorted(open_ones, key=lambda s: s.enter_s)


def camera_ranges(pen: Pen) -> list[Feature]:
    """The circle each camera is taken to see."""
    style = {"color": GREY, "weight": 1, "opacity": 0.55, "fillColor": GREY, "fillOpacity": 0.07}
    return [
        {
            "type": "Feature",
            "geometry": point_geometry(point),
            "properties": {"radius_m": camera.view_range_m, "style": style, "camera": camera.id},
        }
        for camera in pen.cameras.values()
        if (point := camera_point(camera)) is not None
    ]


def _count(pen: Pen, camera_id: str, candidates: Sequence[Sighting]) -> str:
    """How many unjudged candidates a camera has, in words, or an empty string."""
    here = _in_order([c for c in candidates if c.camera_id == camera_id])
    return pen.say(note("candidates to review: {n}", n=len(here))) if here else ""


def camera_marks(pen: Pen, busy: Sequence[Point], candidates: Sequence[Sighting]) -> list[Feature]:
    """A mark and a quiet name per camera; busy: places whose own label names the camera already."""
    features: list[Feature] = []
    taken = {(round(lat, 5), round(lon, 5)) for lat, lon in busy}
    for camera in pen.cameras.values():
        point = camera_point(camera)
        if point is None:
            continue
        turn = camera.heading_deg
        cone = "" if turn is None else f'{_CONE} transform="rotate({turn:.0f} 12 12)"/>'
        name = pen.name(camera.id)
        count = _count(pen, camera.id, candidates)
        sight = pen.say(note("sees about {range} m", range=round(camera.view_range_m)))
        popup = _popup(f"<b>{name}</b>", _para(safe_text(camera.id), sight, count))
        features.append(
            _mark(
                point,
                _CAMERA.format(cone=cone),
                (20, 20),
                OVER["camera"],
                look="ds-pin ds-dot",
                popup=popup,
                camera=camera.id,
            )
        )
        if (round(point[0], 5), round(point[1], 5)) not in taken:
            features.append(
                _label(point, name, count, rank=2, gap=15, sides="ewsn")
                if count
                else _label(point, "", name, rank=5, gap=13, look="ds-quiet", sides="snew")
            )
    return features


def other_marks(pen: Pen, candidates: Sequence[Sighting]) -> list[Feature]:
    """Candidates that are not from a camera: a witness, a card tap, a phone, a patrol."""
    words = {
        "witness": note("witness"),
        "card": note("card tap"),
        "device": note("device signal"),
        "patrol": note("patrol"),
        "cctv": note("CCTV"),
    }
    features = []
    for sighting in _in_order(candidates):
        if sighting.camera_id is None and sighting.lat is not None and sighting.lon is not None:
            point = (sighting.lat, sighting.lon)
            word = pen.say(words[sighting.source])
            when = pen.span(sighting.enter_s, sighting.leave_s)
            html = '<div class="ds-next" style="border-style:solid">?</div>'
            features.append(
                _mark(
                    point, html, (22, 22), OVER["leg"], popup=_popup(f"<b>{word}</b>", _para(when))
                )
            )
            features.append(_label(point, word, when, rank=3, gap=15, sides="ewsn"))
    return features


def _leg_mark(pen: Pen, line: Line, popup: str) -> list[Feature]:
    (lat0, lon0), (lat1, lon1) = line.ends
    middle = ((lat0 + lat1) / 2, (lon0 + lon1) / 2)
    if line.kind == "infeasible":
        text = pen.say(LEG_WORDS["infeasible"])
        return [
            _mark(middle, '<div class="ds-bad">✕</div>', (22, 22), OVER["wrong"], popup=popup),
            _label(middle, "", text, rank=0, gap=16, look="ds-leg ds-wrong", sides="enswabdc"),
        ]
    east = (lon1 - lon0) * math.cos(math.radians(middle[0]))
    turn = math.degrees(math.atan2(east, lat1 - lat0))  # clockwise from north
    time = pen.say(travel_time(line.leg))
    word = pen.say(note("only by vehicle")) if line.leg.vehicle_only else ""
    word = word or ("" if line.kind == "confirmed" else pen.say(note("inferred")))
    return [
        _mark(middle, _ARROW.format(deg=turn), (20, 20), OVER["leg"], popup=popup),
        _label(
            middle,
            "",
            f"{time} · {word}" if word else time,
            rank=4,
            gap=20,
            look="ds-leg",
            sides="enswabdc",
        ),
    ]


def leg_lines(pen: Pen, legs: Sequence[Line]) -> list[Feature]:
    """The lines of the legs on a white casing, an arrow or a cross, and what they say."""
    under: list[Feature] = []
    over: list[Feature] = []
    for line in legs:
        sentence = safe_text(leg_sentence(line.leg, line.kind, pen.translate))
        look = ' class="ds-why"' if line.kind == "infeasible" else ""
        popup = _popup(f"<b>{line.number} → {line.number + 1}</b><p{look}>{sentence}</p>")
        under.append(_stroke(line.ends, _CASING))
        over.append(
            _stroke(line.ends, LEG_STYLE[line.kind], popup=popup, leg=line.number, status=line.kind)
        )
        over += _leg_mark(pen, line, popup)
    return under + over


def stop_marks(pen: Pen, places: Sequence[Spot]) -> list[Feature]:
    """A numbered mark per place (filled = confirmed by a person), with its time and its word."""
    features = []
    for spot in places:
        state = ("" if spot.confirmed else " ds-open") + (
            " ds-shaky" if any(stop.unstable for stop in spot.stops) else ""
        )
        visits = [
            (n, stop, pen.span(stop.enter_s, stop.leave_s), pen.words(stop))
            for n, stop in zip(spot.numbers, spot.stops, strict=True)
        ]
        where = pen.place(spot.stops[0])
        popup = _popup(
            *(
                f"<b>{n} · {where}</b>"
                + _para(
                    f"{stop_date(stop.enter_s, pen.zone)} {when}",
                    word,
                    pen.say(note("changes when the assumptions change")) if stop.unstable else "",
                )
                for n, stop, when, word in visits
            )
        )
        html = f'<div class="ds-stop{state}" role="img" aria-label="{where}">{spot.numeral}</div>'
        size = (max(36, 18 + 11 * len(spot.numeral)), 36)
        stop = spot.stops[0]
        features.append(
            _mark(
                spot.point,
                html,
                size,
                OVER["stop"],
                popup=popup,
                camera=stop.camera_id,
                stop=spot.numbers[0],
                tracklet=stop.tracklet_id,
            )
        )
        said = "<br>".join(f"{when} · {word}" for _, _, when, word in visits[:3])
        features.append(
            _label(spot.point, where, said, rank=1, gap=size[0] // 2 + 6, sides="ewsnabdc")
        )
    return features


def stop_date(at_s: float, zone: tzinfo) -> str:
    """The date of a stop in its time zone."""
    return f"{moment(at_s, zone):%Y-%m-%d}"


def next_marks(
    pen: Pen, asked: Sequence[NextCamera], candidates: Sequence[Sighting]
) -> list[Feature]:
    """Hollow marks with a letter: where to ask next, A first, and for which time."""
    features = []
    for letter, ask in zip(LETTERS, asked, strict=False):
        point = camera_point(pen.cameras.get(ask.camera_id))
        if point is None:
            continue
        name, when = pen.name(ask.camera_id), pen.span(ask.from_s, ask.to_s)
        deadline = ""
        if ask.deadline_s is not None:
            date = stop_date(ask.deadline_s, pen.zone)
            at = f"{date} {pen.span(ask.deadline_s, ask.deadline_s)}"
            deadline = pen.say(note("footage kept until {at}", at=at))
        title = pen.say(note("ask next"))
        count = _count(pen, ask.camera_id, candidates)
        popup = _popup(f"<b>{letter} · {name}</b>", _para(f"{title}: {when}", deadline, count))
        said = f"{title} · {when}" + (f"<br>{count}" if count else "")
        html = f'<div class="ds-next" role="img" aria-label="{letter} {name}">{letter}</div>'
        features.append(
            _mark(
                point, html, (28, 28), OVER["next"], popup=popup, camera=ask.camera_id, next=letter
            )
        )
        features.append(_label(point, name, said, rank=2, gap=20, sides="ewsnabdc"))
    return features


def last_seen_marks(pen: Pen, seen: LastSeen) -> list[Feature]:
    """The circle in which the person was last seen, with its time."""
    title, when = pen.say(note("last seen")), pen.span(seen.from_s, seen.to_s)
    day = stop_date(seen.from_s, pen.zone)
    return _last_seen(seen, title, when, _popup(f"<b>{title}</b>", _para(f"{day} {when}")))


def place_marks(pen: Pen, seen: LastSeen) -> list[Feature]:
    """The same circle while its time is not known yet."""
    return _last_seen(seen, pen.say(note("last seen")), "", "")


def _last_seen(seen: LastSeen, title: str, when: str, popup: str) -> list[Feature]:
    point = (seen.lat, seen.lon)
    style = {"color": "#b57d00", "weight": 2, "dashArray": "5 5", "opacity": 1}
    fill = {"fillColor": START, "fillOpacity": 0.16}
    return [
        {
            "type": "Feature",
            "geometry": point_geometry(point),
            "properties": {"radius_m": seen.radius_m, "style": {**style, **fill}, "popup": popup},
        },
        _label(point, title, when, rank=2, gap=4, sides="swne"),
    ]


def other_routes(pen: Pen, paths: Sequence[Path]) -> list[Feature]:
    """Other ways through the same sightings, as thin dotted lines."""
    features = []
    for path in paths:
        at = [camera_point(pen.cameras.get(camera or "")) for camera in path.camera_id]
        points = [point for point in at if point is not None]
        if len(points) > 1:
            style = {"color": INK, "weight": 2, "opacity": 0.6, "dashArray": "1 6"}
            names = " → ".join(pen.name(c) for c in path.camera_id if c is not None)
            popup = _popup(f"<b>{pen.say(note('another possible route'))}</b>", _para(names))
            features.append(_stroke(points, style, popup=popup))
    return features
