"""The coverage of a case in, one picture of it out: cameras downwards, true time to the right.

Every state has a colour, a pattern and a letter, so it can be told without colour. The picture is
an SVG that loads nothing and holds no script; names of cameras are untrusted and become text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.casebook import State
from core.coverage import SEEN, STATE_WORDS, STATES, Row, Timeline
from core.routemap import safe_text
from core.types import LastSeen, Note, Sighting, note

RIGHT, TOP = 64, 46
ROW, BAR = 30, 18
ROWS_SHOWN = 40
LETTER_PX = 15  # a stretch narrower than this has no room for its letter
LEAST_PX = 2.0
INK, GREY, LINE = "#1f2933", "#5a6570", "#e1e4e7"
STEPS_S = (60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
Say = Callable[[Note], str]

LETTERS: Mapping[State, Note] = {
    "not_requested": note("–"),
    "requested": note("R"),
    "refused": note("N"),
    "overwritten": note("O"),
    "received": note("I"),
    "searched": note("M"),
    "looked": note("P"),
    "gap": note("G"),
    "too_poor": note("B"),
}
"""Requested, No, Overwritten, In hand, Machine, Person, Gap, Bad picture."""

LOOKS: Mapping[State, tuple[str, str, str]] = {
    "not_requested": ("#ffffff", "", "#8a949e"),
    "requested": ("#fff3b0", '<path d="M0 8 L8 0" stroke="#b39700" stroke-width="1"/>', INK),
    "refused": (
        "#f7d9c6",
        '<path d="M0 0 L8 8 M0 8 L8 0" stroke="#d55e00" stroke-width="1.1"/>',
        INK,
    ),
    "overwritten": ("#c3c9cf", '<path d="M0 2 H8 M0 6 H8" stroke="#66717d"/>', INK),
    "received": ("#e3f1fa", '<circle cx="4" cy="4" r="1.1" fill="#3187b5"/>', INK),
    "searched": ("#7cc3ec", "", INK),
    "looked": ("#005a8d", "", "#ffffff"),
    "gap": ("#ffffff", '<path d="M-2 2 L2 -2 M0 8 L8 0 M6 10 L10 6" stroke="#1f2933"'
                       ' stroke-width="2.2"/>', INK),
    "too_poor": ("#f0d5e4", '<path d="M2 0 V8 M6 0 V8" stroke="#a34f7d" stroke-width="1.1"/>', INK),
}  # fmt: skip
"""(ground, pattern of 8 x 8 px, ink of the letter). Source: [okabe2008]"""


@dataclass(frozen=True)
class Frame:
    """The measures of one picture, px. left: where time begins; times: about how many are said."""

    width: int
    left: int
    times: int
    from_s: float
    to_s: float
    say: Say

    @property
    def narrow(self) -> bool:
        return self.width < 700

    def x(self, at_s: float) -> float:
        """Where a time lies; what is outside lies on the edge."""
        share = (min(max(at_s, self.from_s), self.to_s) - self.from_s) / (self.to_s - self.from_s)
        return self.left + share * (self.width - self.left - RIGHT)

    def word(self, sentence: Note) -> str:
        """A sentence in the reader's language, safe in the picture."""
        return safe_text(self.say(sentence))


def timeline_svg(
    found: Timeline,
    *,
    candidates: Sequence[Sighting] = (),
    narrow: bool = False,
    tz: str = "Asia/Seoul",
    say: Say = str,
) -> str:
    """The picture. Rows without anything known come last; of very many only the first are drawn.

    candidates  sightings nobody has judged yet, hollow like those judged possible
    narrow      for a tablet: fewer times, shorter names, no doubt of the clock beside them
    """
    rows = sorted(
        found.rows, key=lambda row: all(s.state == "not_requested" for s in row.stretches)
    )
    shown, left_out = rows[:ROWS_SHOWN], len(rows) - ROWS_SHOWN
    bottom = TOP + ROW * len(shown)
    measures = (520, 124, 5) if narrow else (900, 196, 9)
    frame = Frame(*measures, found.from_s, found.to_s, say)
    states = [s for s in STATES if any(p.state == s for row in rows for p in row.stretches)]
    legend, height = _legend(states, bottom + 22, frame)
    parts = [_axis(frame, bottom, ZoneInfo(tz)), _heads(frame)]
    if found.last_seen is not None:
        parts.append(_last_seen(found.last_seen, frame, bottom))
    for n, row in enumerate(shown):
        parts.append(_row(row, TOP + ROW * n, frame))
        parts += [_tick(s, TOP + ROW * n, frame) for s in (*candidates, *found.sightings)
                  if s.camera_id == row.camera_id and s.verdict in ("confirmed", "possible", None)
                  and found.from_s <= s.enter_s <= found.to_s]  # fmt: skip
    if left_out > 0:
        more = frame.word(note("and {n} more cameras: see the table", n=left_out))
        parts.append(_text(8, bottom + 12, more, GREY))
    title = frame.word(note("how far the footage has come, by camera and time"))
    size = f'viewBox="0 0 {frame.width} {height}" width="{frame.width}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="Pretendard, '
        'Noto Sans KR, Noto Sans CJK KR, Malgun Gothic, sans-serif" font-size="13">'
        f"<title>{title}</title>"
        f"<defs>{_patterns()}</defs>{''.join(parts)}{legend}</svg>"
    )


def _patterns() -> str:
    return "".join(
        f'<pattern id="p-{state}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{ground}"/>{pattern}</pattern>'
        for state, (ground, pattern, _) in LOOKS.items()
    )


def _text(
    x: float, y: float, text: str, ink: str = INK, anchor: str = "start", more: str = ""
) -> str:
    """Text that is safe already."""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{ink}" text-anchor="{anchor}" {more}>{text}</text>'


def _box(state: State, x0: float, y: float, width: float, frame: Frame) -> str:
    """A stretch: pattern, thin edge, and its letter on a plain ground where there is room."""
    ground, pattern, ink = LOOKS[state]
    edge = "#b9c1c9" if state == "not_requested" else "#4a5560"
    dash = ' stroke-dasharray="2 3"' if state == "not_requested" else ""
    drawn = (
        f'<rect x="{x0:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="url(#p-{state})"'
        f' stroke="{edge}" stroke-width="0.8"{dash}/>'
    )
    if width < LETTER_PX:
        return drawn
    middle = x0 + width / 2
    if pattern:
        plain = f'width="14" height="{BAR - 4}" fill="{ground}"'
        drawn += f'<rect x="{middle - 7:.1f}" y="{y + 2}" {plain}/>'
    look = 'font-size="12" font-weight="650"'
    return drawn + _text(middle, y + 13.5, frame.word(LETTERS[state]), ink, "middle", look)


def _row(row: Row, y: int, frame: Frame) -> str:
    """A camera: name and doubt of its clock, its stretches, and how much of it was seen."""
    top, x = y + (ROW - BAR) // 2, frame.x
    name_px = frame.left - (20 if frame.narrow else 64)
    parts = [
        f'<path d="M0 {y + ROW}.5 H{frame.width}" stroke="{LINE}"/>',
        _text(8, y + 19.5, safe_text(_short(row.name, name_px))),
    ]
    if not frame.narrow:
        doubt = f"±{_length(row.clock_sigma_s, frame)}"
        parts.append(_text(frame.left - 8, y + 19.5, doubt, GREY, "end", 'font-size="11"'))
    order = sorted(row.stretches, key=lambda s: s.state != "not_requested")  # what is known on top
    for s in order:
        width = max(x(s.to_s) - x(s.from_s), LEAST_PX)
        parts.append(_box(s.state, x(s.from_s), top, width, frame))
    whole = sum(s.length_s for s in row.stretches)
    share = row.seconds(SEEN) / whole if whole else 0.0
    percent = "0 %" if not share else f"{min(max(round(100 * share), 1), 99 + (share == 1))} %"
    parts.append(_text(frame.width - 8, y + 19.5, percent, INK if share else GREY, "end"))
    return "".join(parts)


def _tick(seen: Sighting, y: int, frame: Frame) -> str:
    """A sighting: filled where a person confirmed it, hollow where it is possible."""
    at, fill = frame.x(seen.enter_s), "#d55e00" if seen.verdict == "confirmed" else "#ffffff"
    return (
        f'<path d="M{at - 5.5:.1f} {y + 1} H{at + 5.5:.1f} L{at:.1f} {y + 11} Z" fill="{fill}"'
        ' stroke="#8f3f00" stroke-width="1.4"/>'
    )


def _heads(frame: Frame) -> str:
    """What stands in the columns beside the bars."""
    small = 'font-size="11"'
    seen = _text(frame.width - 8, 14, frame.word(note("share seen")), GREY, "end", small)
    if frame.narrow:
        return seen
    clock = frame.word(note("clock doubt"))
    return seen + _text(frame.left - 8, 14, clock, GREY, "end", small)


def _axis(frame: Frame, bottom: int, zone: ZoneInfo) -> str:
    """Times at round steps; the date at the beginning and at every midnight."""
    least = (frame.to_s - frame.from_s) / frame.times
    step = next((s for s in STEPS_S if s >= least), STEPS_S[-1])
    begin = datetime.fromtimestamp(frame.from_s, zone)
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    bold = 'font-weight="650"'
    parts = [_text(frame.left, 14, f"{begin:%Y-%m-%d}", INK, "start", bold)]
    at = day + timedelta(seconds=step * -(-int((begin - day).total_seconds()) // step))
    while at.timestamp() <= frame.to_s:
        place, midnight = frame.x(at.timestamp()), at.hour == at.minute == 0
        ink = "#8a949e" if midnight else LINE
        parts.append(f'<path d="M{place:.1f} {TOP - 8} V{bottom}" stroke="{ink}"/>')
        parts.append(_text(place, TOP - 14, f"{at:%H:%M}", GREY, "middle", 'font-size="12"'))
        if midnight and frame.left + 100 < place < frame.width - RIGHT - 24:
            parts.append(_text(place, 14, f"{at:%m-%d}", INK, "middle", bold))
        at += timedelta(seconds=step)
    return "".join(parts)


def _last_seen(seen: LastSeen, frame: Frame, bottom: int) -> str:
    if seen.to_s < frame.from_s or seen.from_s > frame.to_s:
        return ""
    begin, width = frame.x(seen.from_s), max(frame.x(seen.to_s) - frame.x(seen.from_s), 2.0)
    word, look = frame.word(note("last seen")), 'font-size="12" font-weight="650"'
    return (
        f'<rect x="{begin:.1f}" y="{TOP - 8}" width="{width:.1f}" height="{bottom - TOP + 8}"'
        ' fill="#e69f00" fill-opacity=".22" stroke="#b57d00" stroke-width="1"/>'
        + _text(begin + width / 2, bottom + 13, f"▲ {word}", "#7a5400", "middle", look)
    )


def _legend(states: Sequence[State], y: float, frame: Frame) -> tuple[str, int]:
    """The states in use and the two kinds of sighting, in lines; and where the picture ends."""
    signs = [(_box(state, 0, 0, 22, frame), frame.say(STATE_WORDS[state])) for state in states]
    tick = '<path d="M4 4 H15 L9.5 14 Z" fill="{}" stroke="#8f3f00" stroke-width="1.4"/>'
    signs.append((tick.format("#d55e00"), frame.say(note("confirmed sighting"))))
    signs.append((tick.format("#ffffff"), frame.say(note("candidate or possible sighting"))))
    parts, at = [], 8.0
    for sign, word in signs:
        need = 44 + _width(word)
        if at + need > frame.width:
            at, y = 8.0, y + 26
        parts.append(f'<g transform="translate({at:.0f} {y:.0f})">{sign}'
                     f"{_text(28, 13.5, safe_text(word), GREY)}</g>")  # fmt: skip
        at += need
    return "".join(parts), round(y + 28)


def _length(seconds: float, frame: Frame) -> str:
    """A doubt in words short enough to stand beside a name."""
    if seconds < 100:
        return frame.word(note("{n} s", n=round(seconds)))
    return frame.word(note("{n} min", n=round(seconds / 60)))


def _width(text: str) -> float:
    """About how wide a text is in px at size 13."""
    return sum(13.0 if unicodedata.east_asian_width(c) in "WF" else 7.2 for c in text)


def _short(text: str, most_px: float) -> str:
    """The text cut to a width, with an ellipsis where something is missing."""
    if _width(text) <= most_px:
        return text
    cut = text
    while cut and _width(cut) > most_px - 10:
        cut = cut[:-1]
    return f"{cut}…"
