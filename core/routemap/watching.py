"""Cameras, where the person was last seen and what nobody judged yet in; features of a map out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.routemap.basemap import GREY, START
from core.routemap.facts import STATE_WORDS, Facts
from core.routemap.pen import OVER, Feature, Pen, disc, label, mark, para, patch, popup
from core.routemap.scene import SOURCE_WORDS, Point, camera_point, safe_text
from core.routemap.shapes import sector
from core.types import LastSeen, Sighting, note

_CAMERA = (
    '<div class="ds-mark"><svg viewBox="0 0 24 24" aria-hidden="true">'
    '<circle cx="12" cy="12" r="7" fill="{fill}" stroke="{rim}" stroke-width="2"'
    ' stroke-dasharray="{dash}"/>{middle}</svg></div>'
)
_LOOKS = {
    "searched": _CAMERA.format(
        fill=GREY,
        rim="#fff",
        dash="none",
        middle='<path d="M8.6 12.2l2.4 2.5l4.4-5" fill="none" stroke="#fff" stroke-width="2"/>',
    ),
    "partly": _CAMERA.format(
        fill="#fff",
        rim=GREY,
        dash="none",
        middle=f'<path d="M12 5 a7 7 0 0 0 0 14 z" fill="{GREY}"/>',
    ),
    "not_searched": _CAMERA.format(fill="#fff", rim=GREY, dash="3 2.5", middle=""),
}
_PLAIN = _CAMERA.format(
    fill=GREY, rim="#fff", dash="none", middle='<circle cx="12" cy="12" r="2.4" fill="#fff"/>'
)


def in_order(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The sightings nobody rejected, by time."""
    open_ones = [s for s in sightings if s.verdict not in ("rejected", "not_here")]
    return sorted(open_ones, key=lambda s: s.enter_s)


def count(pen: Pen, camera_id: str, candidates: Sequence[Sighting]) -> str:
    """How many unjudged candidates a camera has, in words, or an empty string."""
    here = in_order([c for c in candidates if c.camera_id == camera_id])
    return pen.say(note("candidates to review: {n}", n=len(here))) if here else ""


def camera_ranges(pen: Pen) -> list[Feature]:
    """What each camera is taken to see: a cone where it looks, a circle if that is not known."""
    style = {"color": GREY, "weight": 1, "opacity": 0.55, "fillColor": GREY, "fillOpacity": 0.09}
    return [
        view(point, camera.heading_deg, camera.view_range_m, style, camera=camera.id)
        for camera in pen.cameras.values()
        if (point := camera_point(camera)) is not None
    ]


def view(
    point: Point,
    heading_deg: float | None,
    range_m: float,
    style: Mapping[str, Any],
    **properties: Any,
) -> Feature:
    """What a camera at a place is taken to see: a cone, a circle if it is not known where to."""
    if heading_deg is None:
        return disc(point, range_m, style, **properties)
    return patch(sector(point, heading_deg, range_m), style, **properties)


def camera_marks(
    pen: Pen, busy: Sequence[Point], candidates: Sequence[Sighting], facts: Facts
) -> list[Feature]:
    """A mark and a quiet name per camera, and whether its footage was searched.

    busy  places whose own label names the camera already
    """
    features: list[Feature] = []
    taken = {(round(lat, 5), round(lon, 5)) for lat, lon in busy}
    for camera in pen.cameras.values():
        point = camera_point(camera)
        if point is None:
            continue
        name, state = pen.name(camera.id), facts.states.get(camera.id)
        word = pen.say(STATE_WORDS[state]) if state else ""
        waiting = count(pen, camera.id, candidates)
        sight = pen.say(note("sees about {range} m", range=round(camera.view_range_m)))
        text = popup(f"<b>{name}</b>", para(safe_text(camera.id), word, sight, waiting))
        html = _LOOKS[state] if state else _PLAIN
        look = {"look": "ds-pin ds-dot", "popup": text, "camera": camera.id, "state": state}
        features.append(mark(point, html, (20, 20), OVER["camera"], title=name, **look))
        if (round(point[0], 5), round(point[1], 5)) not in taken:
            features.append(
                label(point, name, waiting, rank=2, gap=15, sides="ewsn")
                if waiting
                else label(
                    point,
                    "",
                    f"{name} · {word}" if word else name,
                    rank=5,
                    gap=13,
                    look="ds-quiet",
                    sides="snew",
                )
            )
    return features


def other_marks(pen: Pen, candidates: Sequence[Sighting]) -> list[Feature]:
    """Candidates that are not from a camera: a witness, a card tap, a phone, a patrol."""
    features = []
    for sighting in in_order(candidates):
        if sighting.camera_id is None and sighting.lat is not None and sighting.lon is not None:
            point = (sighting.lat, sighting.lon)
            word = pen.say(SOURCE_WORDS[sighting.source])
            when = pen.span(sighting.enter_s, sighting.leave_s)
            html = '<div class="ds-next" style="border-style:solid">?</div>'
            text = popup(f"<b>{word}</b>", para(when))
            features.append(mark(point, html, (22, 22), OVER["leg"], popup=text, title=word))
            features.append(label(point, word, when, rank=3, gap=15, sides="ewsn"))
    return features


def last_seen_marks(pen: Pen, seen: LastSeen) -> list[Feature]:
    """The circle in which the person was last seen, with its time."""
    title, when = pen.say(note("last seen")), pen.span(seen.from_s, seen.to_s)
    text = popup(f"<b>{title}</b>", para(f"{pen.date(seen.from_s)} {when}"))
    return _last_seen(seen, title, when, popup=text, at=[seen.from_s])


def place_marks(pen: Pen, seen: LastSeen) -> list[Feature]:
    """The same circle while its time is not known yet."""
    return _last_seen(seen, pen.say(note("last seen")), "")


def _last_seen(seen: LastSeen, title: str, when: str, **more: Any) -> list[Feature]:
    point = (seen.lat, seen.lon)
    style = {"color": "#b57d00", "weight": 2, "dashArray": "5 5", "opacity": 1}
    fill = {"fillColor": START, "fillOpacity": 0.16}
    shown = {key: value for key, value in more.items() if key == "at"}
    return [
        disc(point, seen.radius_m, {**style, **fill}, **more),
        label(point, title, when, rank=2, gap=4, sides="swne", **shown),
    ]
