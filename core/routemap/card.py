"""A case's story in, the dispatch card out: where, when, which way, what clothes, what doubts.

The card is of the last stop a person confirmed; a later one nobody confirmed is named as a lead
below it. Without any confirmed stop the last inferred one is used and the card says so first.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.direction import SIDE_WORDS, Leaving
from core.errors import BadInput, NotFound
from core.routemap.scene import (
    Translate,
    camera_name,
    clock,
    lasted,
    moment,
    place_words,
    plain_text,
    safe_text,
    span,
    stop_point,
    stop_words,
)
from core.routemap.story import Story, leaving, thumbnail
from core.types import UNKNOWN, Note, Stop, Want, note
from core.workspace import Workspace

Line = tuple[Note, str]
WordsOf = Callable[[str, str], tuple[str, str]]

LARGE_PX = (300, 420)
CLOTHES = (
    "upper_type", "upper_color", "lower_type", "lower_color", "shoe_color",
    "hat", "bag", "glasses", "mask",
)  # fmt: skip
CLOCK_DOUBT_S = 60.0

_STYLE = """body{box-sizing:border-box;max-width:760px;margin:0 auto;padding:24px;color:#1b2430;
font:16px/1.5 system-ui,"Noto Sans KR","Malgun Gothic","Apple SD Gothic Neo",sans-serif}
h1{font-size:22px;margin:0}.case{margin:0 0 14px;color:#4a5560}
.card{display:grid;grid-template-columns:1fr auto;gap:20px;border:2px solid #1b2430;
border-radius:12px;padding:18px}dl{margin:0}dt{color:#4a5560;font-size:13px;font-weight:600}
dd{margin:0 0 10px;font-size:18px;font-weight:650}img{max-width:260px;max-height:360px;
border-radius:8px}.doubts{border-left:5px solid #e69f00;margin:16px 0;padding:2px 0 2px 14px}
.doubts ul{margin:4px 0;padding-left:18px}pre{white-space:pre-wrap;background:#f3f5f8;padding:14px;
border-radius:8px;font:14px/1.5 ui-monospace,"Noto Sans Mono CJK KR",monospace}
@media(max-width:560px){.card{grid-template-columns:1fr}}
@media print{pre,.copy{display:none}body{padding:0}}"""


@dataclass(frozen=True)
class Card:
    """What somebody who is sent out must know. Texts in lines are plain, not escaped.

    lines   (what, text) in order;  crop: JPEG of the person there, or None
    doubts  most important first
    """

    case: str
    title: str
    lines: tuple[Line, ...]
    doubts: tuple[Note, ...]
    crop: bytes | None
    stop: Stop


def dispatch_card(
    ws: Workspace, story: Story, *, say: Translate = str, words: WordsOf | None = None
) -> Card:
    """The dispatch card of a case.

    words  (attribute, value) -> both in the user's language

    Raises BadInput if the route has no stop to send anybody to.
    """
    if not story.route.stops:
        raise BadInput("there is no stop yet to send anybody to: confirm a sighting first")
    stops = story.route.stops
    at = max((n for n, s in enumerate(stops) if s.confirmed), default=len(stops) - 1)
    stop, zone = stops[at], clock(story.zone)
    way = leaving(ws, stops[: at + 1], story.cameras)
    filmed = next((s for s in reversed(stops[: at + 1]) if s.tracklet_id is not None), None)
    day = f"{moment(stop.enter_s, zone):%Y-%m-%d} {span(stop.enter_s, stop.leave_s, zone)}"
    point = stop_point(stop, story.cameras)
    name = plain_text(place_words(stop, story.cameras, say)) or say(note("place not known"))
    place = (
        name
        if point is None or stop.camera_id is None
        else f"{name} ({point[0]:.5f}, {point[1]:.5f})"
    )
    lines: list[Line] = [
        (note("Last place"), place),
        (note("Time"), day),
        (note("Direction"), _direction(way[1] if way else None, say)),
        (note("Clothes"), _clothes(ws.case(story.case).wanted, say, words)),
        (note("How sure"), stop_words(stop, say)),
    ]
    if filmed is not None and filmed is not stop:
        when = span(filmed.enter_s, filmed.leave_s, zone)
        where = plain_text(place_words(filmed, story.cameras, say))
        lines.insert(3, (note("Picture and direction from"), f"{where} {when}"))
    lines += _leads(story, at, say)
    doubts = _doubts(ws, story, stop, way[1] if way else None)
    crop = _crop(ws, filmed) if filmed is not None else None
    return Card(story.case, story.title, tuple(lines), doubts, crop, stop)


def _leads(story: Story, at: int, say: Translate) -> list[Line]:
    """What comes after the stop of the card: later stops nobody confirmed, the camera to ask."""
    stops, zone = story.route.stops, clock(story.zone)
    lines: list[Line] = []
    for number, lead in list(enumerate(stops, start=1))[at + 1 :]:
        when = span(lead.enter_s, lead.leave_s, zone)
        where = plain_text(place_words(lead, story.cameras, say))
        lines.append((note("Later lead"), f"{number} · {where} {when} ({stop_words(lead, say)})"))
    for ask in story.route.next_cameras[:1]:
        where = plain_text(camera_name(ask.camera_id, story.cameras))
        lines.append((note("Look next"), f"{where} {span(ask.from_s, ask.to_s, zone)}"))
    return lines


def _crop(ws: Workspace, stop: Stop) -> bytes | None:
    if stop.tracklet_id is None:
        return None
    try:
        return thumbnail(ws.best_crop(stop.tracklet_id), LARGE_PX)
    except NotFound:
        return None


def _direction(way: Leaving | None, say: Translate) -> str:
    """Which way the person went, as far as it is known, and why no further."""
    if way is None:
        return say(note("not known"))
    seen = say(SIDE_WORDS[way.side])
    if way.compass is not None:
        return f"{say(way.compass)} ({seen})"
    why = say(way.why_unknown) if way.why_unknown is not None else ""
    return f"{seen} · {why}" if way.side != "still" else seen


def _clothes(wanted: Mapping[str, Want], say: Translate, words: WordsOf | None) -> str:
    """The clothes as told when the case was opened; the picture shows the ones worn there."""
    speak = words or (lambda name, value: (name.replace("_", " "), value.replace("_", " ")))
    worn = [
        ": ".join(speak(name, wanted[name].value))
        for name in CLOTHES
        if name in wanted and wanted[name].value != UNKNOWN
    ]
    told = say(note("as told: {clothes}", clothes=", ".join(worn))) if worn else ""
    return told or say(note("see the picture; nothing was told"))


def _doubts(ws: Workspace, story: Story, stop: Stop, way: Leaving | None) -> tuple[Note, ...]:
    """What speaks against relying on the card, most important first."""
    doubts: list[Note] = []
    if not stop.confirmed:
        doubts.append(note("no person confirmed this sighting: it is a lead"))
    if stop.unstable:
        doubts.append(note("this stop changes when the assumptions change"))
    if stop.source != "cctv":
        doubts.append(note("told, not seen in footage: within about {m} m", m=round(stop.radius_m)))
    if 2 * stop.sigma_s >= CLOCK_DOUBT_S:
        off = round(stop.sigma_s / 30)
        doubts.append(note("the time may be wrong by about {min} min", min=off))
    if story.facts.now_s is not None and story.facts.now_s - stop.leave_s >= 60:
        ago = lasted(story.facts.now_s - stop.leave_s)
        doubts.append(note("this was {time} ago", time=ago))
    if not ws.case(story.case).same_clothes and ws.casebook.photos(story.case):
        doubts.append(note("clothes may differ from the photo"))
    if way is not None and way.compass is None and way.why_unknown is not None:
        doubts.append(note("no compass direction: {why}", why=way.why_unknown))
    if any(not leg.feasible for leg in story.route.legs):
        doubts.append(note("one leg of the route is not possible in its time: check the clocks"))
    return (*doubts, *story.route.warnings)


def card_text(card: Card, *, say: Translate = str) -> str:
    """The card as text to copy into a message; one line for each thing."""
    head = f"[{say(note('Dispatch card'))}] {plain_text(card.title)} ({card.case})"
    lines = [f"- {say(what)}: {plain_text(text)}" for what, text in card.lines]
    doubts = [f"! {plain_text(say(doubt))}" for doubt in card.doubts]
    return "\n".join([head, *lines, *doubts, say(LEAD)])


LEAD = note("Leads from a search of footage, not evidence. People decide.")


def card_html(card: Card, *, say: Translate = str, lang: str = "en") -> str:
    """The card as one HTML page to print or send: no script, no other file, nothing fetched."""

    def safe(sentence: Note) -> str:
        return safe_text(say(sentence))

    rows = "".join(f"<dt>{safe(what)}</dt><dd>{safe_text(text)}</dd>" for what, text in card.lines)
    doubts = "".join(f"<li>{safe(doubt)}</li>" for doubt in card.doubts)
    heading, case = safe(note("Dispatch card")), f"{safe_text(card.title)} · {safe_text(card.case)}"
    picture = ""
    if card.crop is not None:
        data = base64.b64encode(card.crop).decode()
        alt = safe(note("the person as seen there"))
        picture = f'<img src="data:image/jpeg;base64,{data}" alt="{alt}">'
    text = "\n".join(safe_text(line) for line in card_text(card, say=say).splitlines())
    return (
        f'<!DOCTYPE html>\n<html lang="{safe_text(lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{heading}</h1>\n<p class="case">{case}</p>\n'
        f'<div class="card"><dl>{rows}</dl>{picture}</div>\n'
        f'<div class="doubts"><b>{safe(note("Doubts"))}</b><ul>{doubts}</ul></div>\n'
        f"<p>{safe(LEAD)}</p>\n"
        f'<h2 class="copy">{safe(note("As text to copy"))}</h2>\n<pre>{text}</pre>\n'
        "</body>\n</html>\n"
    )


def rows(card: Card, say: Translate) -> Sequence[tuple[str, str]]:
    """(what, text) in the user's language, plain text."""
    return [(say(what), plain_text(text)) for what, text in card.lines]
