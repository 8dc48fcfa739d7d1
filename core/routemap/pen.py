"""Sentences and places in, the single features a map is made of out: marks, labels, strokes.

Every text goes through `safe_text` once, in `Pen.say` or `Pen.name`. A mark has ``html`` (what the
divIcon shows) and ``popup``; ``camera`` in the properties is the camera id. ``at`` says from which
true time on the time slider shows a feature, and, as a second number, until when it is under way.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from core.routemap.scene import (
    SOURCE_WORDS,
    Point,
    Translate,
    camera_name,
    line_geometry,
    moment,
    place_words,
    point_geometry,
    safe_text,
    span,
    stop_words,
)
from core.types import Camera, Note, Stop

Feature = dict[str, Any]

OVER = {"camera": 0, "leg": 2000, "label": 4000, "wrong": 6000, "next": 6000, "stop": 8000}
"""What lies over what; far apart, because Leaflet adds the height on the screen in px."""


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
        return safe_text(place_words(stop, self.cameras, self.translate))

    def short_place(self, stop: Stop) -> str:
        """A few words for where a stop is: the camera's name, or what says so; safe as HTML."""
        return self.place(stop) if stop.source == "cctv" else self.say(SOURCE_WORDS[stop.source])

    def words(self, stop: Stop) -> str:
        """How sure a stop is, safe as HTML."""
        return safe_text(stop_words(stop, self.translate))

    def span(self, from_s: float, to_s: float) -> str:
        """A time span; digits only, so safe."""
        return span(from_s, to_s, self.zone)

    def date(self, at_s: float) -> str:
        """The date of a moment."""
        return f"{moment(at_s, self.zone):%Y-%m-%d}"


def mark(point: Point, html: str, size: tuple[int, int], z: int, **properties: Any) -> Feature:
    """A divIcon that labels keep clear of; z is its height over the others."""
    shown = {"html": html, "size": size, "z": z, "look": "ds-pin", **properties}
    return {"type": "Feature", "geometry": point_geometry(point), "properties": shown}


def label(
    point: Point,
    title: str,
    line: str = "",
    *,
    rank: int,
    gap: int,
    look: str = "",
    sides: str,
    **properties: Any,
) -> Feature:
    """A text beside a point. rank: 0 is placed first; sides: where it may stand, best first.

    Sides are e, w, s, n and the corners a (north-east), b, c, d, clockwise.
    """
    body = (f"<b>{title}</b>" if title else "") + (f"<span>{line}</span>" if line else "")
    html = (
        f'<div class="ds-label {look}" data-rank="{rank}" data-sides="{sides}"'
        f' data-side="{sides[0]}" style="--gap:{gap}px">{body}</div>'
    )
    return mark(point, html, (0, 0), OVER["label"], **{"look": "ds-anchor", **properties})


def stroke(points: Sequence[Point], style: Mapping[str, Any], **properties: Any) -> Feature:
    """A line through the points."""
    look = {"style": {"lineCap": "round", "fill": False, **style}, **properties}
    return {"type": "Feature", "geometry": line_geometry(points), "properties": look}


def patch(ring: Sequence[Point], style: Mapping[str, Any], **properties: Any) -> Feature:
    """An area inside a closed ring."""
    geometry = {"type": "Polygon", "coordinates": [line_geometry(ring)["coordinates"]]}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"style": dict(style), **properties},
    }


def disc(point: Point, radius_m: float, style: Mapping[str, Any], **properties: Any) -> Feature:
    """A circle of so many metres."""
    return {
        "type": "Feature",
        "geometry": point_geometry(point),
        "properties": {"radius_m": radius_m, "style": dict(style), **properties},
    }


def popup(*parts: str) -> str:
    """What opens when a mark is pressed; the parts are safe HTML."""
    return f'<div class="ds-pop">{"".join(parts)}</div>'


def para(*texts: str) -> str:
    """A paragraph for each text that is not empty; the texts are safe HTML."""
    return "".join(f"<p>{text}</p>" for text in texts if text)


def picture(jpeg: bytes | None, alt: str) -> str:
    """A small picture inside the page itself, so that no server ever has to hand it out."""
    if jpeg is None:
        return ""
    data = base64.b64encode(jpeg).decode()
    return f'<img class="ds-crop" src="data:image/jpeg;base64,{data}" alt="{alt}">'


def from_then(text: str, at_s: float) -> str:
    """Safe HTML that the time slider shows from a moment on."""
    return f'<span data-t="{at_s:.1f}">{text}</span>'
