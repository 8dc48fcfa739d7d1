"""A case in; for every camera and moment of its window how far the footage has come, out.

One state holds at a time. What counts, from the strongest: no picture in the file (gap), what a
person saw of it (looked, too poor), what the machine searched, the newest of what was said and
answered, time in which it must have been overwritten, and else that nobody asked. All in true time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from core.casebook import Request, State
from core.errors import BadInput
from core.route.transit import DAY_S, clock_sigma_s
from core.types import Clip, Float64, LastSeen, Note, Recorder, Sighting, note
from core.workspace import Workspace, iso_time

MINUTE_S = 60.0
BEFORE_S, AFTER_S = 1800.0, 3 * 3600.0  # around the time last seen, when nothing else is known
LONGEST_S = DAY_S  # of a window nobody chose
SEEN: frozenset[State] = frozenset({"searched", "looked"})

STATES: tuple[State, ...] = get_args(State)
CODE = {state: code for code, state in enumerate(STATES)}
STATE_WORDS: Mapping[State, Note] = {
    "not_requested": note("not requested"),
    "requested": note("requested"),
    "refused": note("refused"),
    "overwritten": note("overwritten, or past its time"),
    "received": note("received"),
    "searched": note("searched by machine"),
    "looked": note("looked at by a person"),
    "gap": note("gap in the footage"),
    "too_poor": note("picture too poor"),
}
ANSWERS: Mapping[str, State] = {
    "asked": "requested",
    "received": "received",
    "refused": "refused",
    "overwritten": "overwritten",
}


@dataclass(frozen=True)
class Claim:
    """One statement: the state of a stretch of true time, and when it was made."""

    from_s: float
    to_s: float
    state: State
    at_s: float


@dataclass(frozen=True)
class Stretch:
    """True time in which one state holds."""

    from_s: float
    to_s: float
    state: State

    @property
    def length_s(self) -> float:
        return self.to_s - self.from_s


@dataclass(frozen=True)
class Row:
    """A camera, or a place that was asked for without one, over the whole window.

    clock_sigma_s  how far all of the row may be shifted;  stretches: without gap or overlap
    """

    camera_id: str | None
    name: str
    clock_sigma_s: float
    stretches: tuple[Stretch, ...]

    def seconds(self, states: Iterable[State]) -> float:
        wanted = set(states)
        return sum(s.length_s for s in self.stretches if s.state in wanted)


@dataclass(frozen=True)
class Figures:
    """What a reader needs first. gaps_s: unseen time of the cameras of which something was seen."""

    cameras: int
    cameras_seen: int
    seen_s: float
    gaps_s: float
    unchecked_clocks: int


@dataclass(frozen=True)
class Timeline:
    """The coverage of a case. from_s and to_s are whole minutes; sightings: those that stand."""

    from_s: float
    to_s: float
    rows: tuple[Row, ...]
    figures: Figures
    last_seen: LastSeen | None = None
    sightings: tuple[Sighting, ...] = ()


def timeline(
    ws: Workspace, case: str, between: tuple[float, float] | None = None, *, now_s: float
) -> Timeline | None:
    """The coverage of a case between two true times, or around what is known of it.

    None if there is neither a camera nor a window. Raises NotFound, BadInput.
    """
    about, sightings = ws.case(case), ws.casebook.sightings(case)
    asked, clips = ws.casebook.ledger.requests(case), ws.clips()
    cameras, recorders = ws.cameras(), ws.recorders()
    offset_s = {c.id: recorders[c.recorder_id].clock_offset_s for c in cameras.values()}
    filmed = [(clip, offset_s.get(clip.camera_id, 0.0)) for clip in clips]
    window = (
        whole_minutes(between) if between else _window(about.last_seen, sightings, asked, filmed)
    )
    if window is None or not (cameras or asked):
        return None
    low, high = window
    said = _said(ws, case, window, sightings, asked, offset_s)
    rows = []
    for camera in cameras.values():
        recorder = recorders[camera.recorder_id]
        sigma_s = clock_sigma_s(recorder, (low + high) / 2)
        own = [(clip, offset) for clip, offset in filmed if clip.camera_id == camera.id]
        kept_from = _kept_from_s(recorder, sigma_s, now_s)
        stretches = resolve(said[camera.id], own, window, kept_from)
        rows.append(Row(camera.id, camera.name or camera.id, sigma_s, stretches))
    known = tuple(rows)
    for one in asked:
        if one.wish.camera_id is None and one.wish.to_s > low and one.wish.from_s < high:
            claims = [_claim(one, 0.0)] if one.state in ANSWERS else []
            stretches = resolve(claims, [], window, -math.inf)
            rows.append(Row(None, one.wish.place, Recorder("unknown").clock_sigma_s, stretches))
    checked = {c.id for c in cameras.values() if recorders[c.recorder_id].how != "unchecked"}
    return Timeline(
        low, high, tuple(rows), _figures(known, checked), about.last_seen, tuple(sightings)
    )


def resolve(
    claims: Sequence[Claim],
    clips: Sequence[tuple[Clip, float]],
    window: tuple[float, float],
    kept_from_s: float = -math.inf,
) -> tuple[Stretch, ...]:
    """One state for every moment of a window, out of statements and the clips in the gallery.

    clips  each with the offset of its camera's clock;  kept_from_s: what is older is overwritten
    """
    low, high = window
    shown = [(c, _spans(c, offset), [(a + offset, b + offset) for a, b in c.gaps])
             for c, offset in clips]  # fmt: skip
    pieces = [(c.from_s, c.to_s) for c in claims]
    pieces += [span for _, spans, gaps in shown for span in (*spans, *gaps)]
    cuts = {low, high, *(t for piece in pieces for t in piece), kept_from_s}
    edges = np.array(sorted(t for t in cuts if low <= t <= high))  # (E,)
    if len(edges) < 2:
        return ()

    def paint(found: Iterable[Claim], only: set[State]) -> NDArray[np.int64]:
        """(E-1,) code of the newest of these statements in each piece, -1 where there is none."""
        codes = np.full(len(edges) - 1, -1)
        for claim in sorted(found, key=lambda claim: claim.at_s):
            if claim.state in only:
                a, b = np.searchsorted(edges, (max(claim.from_s, low), min(claim.to_s, high)))
                codes[a:b] = CODE[claim.state]
        return codes

    spans = [Claim(a, b, "searched", 0.0) for _, found, _ in shown for a, b in found]
    holes = [Claim(a, b, "gap", 0.0) for _, _, found in shown for a, b in found]
    filmed, hole = paint(spans, {"searched"}), paint(holes, {"gap"})
    person = paint(claims, {"looked", "too_poor"})
    machine = paint(claims, {"searched", "gap"})
    told = paint(claims, set(STATES) - {"looked", "too_poor", "searched"})
    rules = [  # the first that holds counts
        ((hole >= 0) & (filmed < 0), np.full_like(hole, CODE["gap"])),
        (person >= 0, person),
        ((filmed >= 0) | (machine == CODE["searched"]), np.full_like(hole, CODE["searched"])),
        (told >= 0, told),
        (edges[:-1] < kept_from_s, np.full_like(hole, CODE["overwritten"])),
    ]
    codes = np.select([rule for rule, _ in rules], [code for _, code in rules], 0)  # not_requested
    return _joined(edges, codes)


def minutes(row: Row) -> list[State]:
    """The state of every minute of the window: the one that holds longest in it.

    Of two that hold as long, the one that claims less.
    """
    low, high = row.stretches[0].from_s, row.stretches[-1].to_s
    n = round((high - low) / MINUTE_S)
    held = np.zeros((n, len(STATES)))
    for s in row.stretches:
        first, last = int((s.from_s - low) // MINUTE_S), math.ceil((s.to_s - low) / MINUTE_S)
        for m in range(first, min(last, n)):
            begin = low + m * MINUTE_S
            part = min(s.to_s, begin + MINUTE_S) - max(s.from_s, begin)
            held[m, CODE[s.state]] += max(part, 0.0)
    return [STATES[code] for code in held.argmax(axis=1)]


def whole_minutes(window: tuple[float, float]) -> tuple[float, float]:
    """The window to the whole minute outside it. Raises BadInput for one that is none."""
    low, high = (math.floor(window[0] / MINUTE_S), math.ceil(window[1] / MINUTE_S))
    if not high > low:
        raise BadInput("the time window ends before it begins")
    if (high - low) * MINUTE_S > 60 * DAY_S:
        raise BadInput("the time window is longer than 60 days: ask for a part of it")
    return low * MINUTE_S, high * MINUTE_S


def timeline_json(case: str, found: Timeline | None, zone: str) -> dict[str, Any]:
    """The JSON of `coverage`; keys are a contract."""
    if found is None:
        return {"case": case, "cameras": []}
    figures = found.figures
    return {
        "case": case,
        "from": iso_time(found.from_s, zone),
        "to": iso_time(found.to_s, zone),
        "cameras_total": figures.cameras,
        "cameras_seen": figures.cameras_seen,
        "seen_s": round(figures.seen_s, 1),
        "gaps_s": round(figures.gaps_s, 1),
        "unchecked_clocks": figures.unchecked_clocks,
        "cameras": [
            {
                "camera_id": row.camera_id,
                "name": row.name,
                "clock_sigma_s": round(row.clock_sigma_s, 1),
                "stretches": [
                    {"from": iso_time(s.from_s, zone), "to": iso_time(s.to_s, zone),
                     "state": s.state} for s in row.stretches
                ],
            }
            for row in found.rows
        ],
    }  # fmt: skip


def timeline_text(values: Mapping[str, Any]) -> str:
    """The same for people."""
    if not values["cameras"]:
        return "nothing is known of cameras or times yet"
    lines = [
        f"{values['from'][:16].replace('T', ' ')} - {values['to'][:16].replace('T', ' ')}: cameras "
        f"{values['cameras_seen']}/{values['cameras_total']}, gaps {values['gaps_s'] / 60:.0f} min"
    ]
    for row in values["cameras"]:
        lines.append(
            f"{row['camera_id'] or '-':<12} {row['name']} (clock +-{row['clock_sigma_s']:.0f} s)"
        )
        lines += [
            f"     {s['from'][:19].replace('T', ' ')} - {s['to'][11:19]}  {STATE_WORDS[s['state']]}"
            for s in row["stretches"]
        ]
    return "\n".join(lines)


def _said(
    ws: Workspace,
    case: str,
    window: tuple[float, float],
    sightings: Sequence[Sighting],
    asked: Sequence[Request],
    offset_s: Mapping[str, float],
) -> dict[str, list[Claim]]:
    """{camera: what was said of its footage}: stated, "did not pass here", answers of owners."""
    said: dict[str, list[Claim]] = {camera: [] for camera in offset_s}
    for row in ws.casebook.ledger.covered(between=window, case=case):
        said[row.camera_id].append(Claim(row.from_s, row.to_s, row.state, row.at_s))
    for seen in sightings:
        if seen.verdict == "not_here" and seen.camera_id is not None:
            claim = Claim(seen.enter_s, seen.leave_s, "looked", seen.at_s or 0.0)
            said[seen.camera_id].append(claim)
    for one in asked:
        if one.wish.camera_id is not None and one.state in ANSWERS:
            said[one.wish.camera_id].append(_claim(one, offset_s[one.wish.camera_id]))
    return said


def _window(
    last_seen: LastSeen | None,
    sightings: Sequence[Sighting],
    asked: Sequence[Request],
    filmed: Sequence[tuple[Clip, float]],
) -> tuple[float, float] | None:
    """From shortly before the person was last seen over all that is known; at most a day."""
    times = [t for s in sightings for t in (s.enter_s, s.leave_s)]
    times += [t for one in asked for t in (one.wish.from_s, one.wish.to_s)]
    footage = [t for c, offset in filmed for t in (c.start_s + offset, c.end_s + offset)]
    if last_seen is not None:
        low, high = last_seen.from_s - BEFORE_S, last_seen.to_s + AFTER_S
        near = [t for t in (*times, *footage) if low <= t <= low + LONGEST_S]
        return whole_minutes((low, min(max([high, *near]), low + LONGEST_S)))
    known = [*times, *footage]
    if not known:
        return None
    return whole_minutes((min(known), min(max(*known, min(known) + 1), min(known) + LONGEST_S)))


def _claim(one: Request, offset_s: float) -> Claim:
    """What the answer to a request says of the footage, for the window that was asked for."""
    low, high = one.wish.from_s, one.wish.to_s
    if one.asked is not None:
        low, high = one.asked[0] + offset_s, one.asked[1] + offset_s
    return Claim(low, high, ANSWERS[one.state], one.at_s)


def _kept_from_s(recorder: Recorder, sigma_s: float, now_s: float) -> float:
    """Before this true time a recorder has surely overwritten what nobody asked for."""
    if recorder.retention_days is None:
        return -math.inf
    return now_s - recorder.retention_days * DAY_S - sigma_s


def _spans(clip: Clip, offset_s: float) -> list[tuple[float, float]]:
    """True time with a picture: a clip less its gaps."""
    spans, start = [], clip.start_s
    for low, high in sorted(clip.gaps):
        spans.append((start, low))
        start = max(start, high)
    spans.append((start, clip.end_s))
    return [(a + offset_s, b + offset_s) for a, b in spans if b > a]


def _joined(edges: Float64, codes: NDArray[np.int64]) -> tuple[Stretch, ...]:
    """Neighbouring pieces with one state as one stretch."""
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    ends = [*edges[begins[1:]].tolist(), float(edges[-1])]
    return tuple(
        Stretch(float(edges[i]), end, STATES[codes[i]])
        for i, end in zip(begins.tolist(), ends, strict=True)
    )


def _figures(rows: Sequence[Row], checked: set[str]) -> Figures:
    seen = [row for row in rows if row.seconds(SEEN) > 0]
    seen_s = sum(row.seconds(SEEN) for row in seen)
    whole_s = sum(s.length_s for row in seen for s in row.stretches)
    unchecked = len(rows) - len(checked)
    return Figures(len(rows), len(seen), seen_s, whole_s - seen_s, unchecked)
