"""A route in, the features of it out: legs, stops, where to ask next, other ways."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from core.routemap.basemap import ACCENT, ALARM, INK
from core.routemap.facts import Facts
from core.routemap.pen import (
    OVER,
    Feature,
    Pen,
    disc,
    from_then,
    label,
    mark,
    para,
    picture,
    popup,
    stroke,
)
from core.routemap.scene import (
    ALIGHTED,
    BOARDED,
    LEG_WORDS,
    LETTERS,
    Line,
    Point,
    Spot,
    camera_point,
    lasted,
    leg_sentence,
    safe_text,
    stop_point,
    travel_time,
)
from core.routemap.shapes import away
from core.routemap.watching import count
from core.types import NextCamera, Path, Sighting, Stop, note

LEG_STYLE: Mapping[str, dict[str, Any]] = {
    "confirmed": {"color": ACCENT, "weight": 5, "opacity": 0.95},
    "inferred": {"color": ACCENT, "weight": 4, "opacity": 0.9, "dashArray": "3 9"},
    "infeasible": {"color": ALARM, "weight": 4, "opacity": 0.95, "dashArray": "14 6 2 6"},
}
_CASING = {"color": "#ffffff", "weight": 9, "opacity": 0.85}
_RIDE = {"color": "#1f2933", "weight": 8, "opacity": 0.85}
_ARROW = (
    '<div class="ds-mark"><svg viewBox="-10 -10 20 20" aria-hidden="true"><path'
    ' transform="rotate({deg:.1f})" d="M0 -8 L7 7 L0 3.5 L-7 7 Z"'
    ' fill="{color}" stroke="#fff" stroke-width="1.6"/></svg></div>'
)
_BUS = (
    '<div class="ds-ride"><svg viewBox="0 0 20 20" aria-hidden="true"><rect x="3" y="2.5"'
    ' width="14" height="12.5" rx="2.5" fill="#fff"/><path d="M5 5h10v4.5H5z" fill="#1f2933"/>'
    '<circle cx="6.6" cy="15.6" r="2" fill="#fff"/><circle cx="13.4" cy="15.6" r="2" fill="#fff"/>'
    "</svg></div>"
)


def bearing_deg(a: Point, b: Point) -> float:
    """Direction from a to b, clockwise from north, for distances of a town."""
    east = (b[1] - a[1]) * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.degrees(math.atan2(east, b[0] - a[0]))


def _between(ends: tuple[Point, Point], share: float) -> Point:
    (lat0, lon0), (lat1, lon1) = ends
    return lat0 + (lat1 - lat0) * share, lon0 + (lon1 - lon0) * share


def _took(pen: Pen, line: Line, at: Sequence[float]) -> str:
    """The time between the two stops and the distance, as the clocks say; safe HTML."""
    if at[1] <= at[0]:
        return pen.say(travel_time(line.leg))
    text = pen.say(lasted(at[1] - at[0]))
    far = line.leg.distance_m
    return f"{text} · {round(far):,} m" if math.isfinite(far) else text


def _leg_marks(pen: Pen, line: Line, text: str, at: list[float]) -> list[Feature]:
    """Arrow, cross or bus on a leg, and what it says."""
    middle, turn = _between(line.ends, 0.5), bearing_deg(*line.ends)
    shown = {"popup": text, "at": at, "title": f"{line.number} → {line.number + 1}"}
    if line.kind == "infeasible":
        word = pen.say(LEG_WORDS["infeasible"])
        arrow = _ARROW.format(deg=turn, color=ALARM)
        return [
            mark(_between(line.ends, 0.72), arrow, (18, 18), OVER["leg"], at=at),
            mark(middle, '<div class="ds-bad">✕</div>', (22, 22), OVER["wrong"], **shown),
            label(
                middle, "", word, rank=0, gap=16, look="ds-leg ds-wrong", sides="enswabdc", at=at
            ),
        ]
    time = _took(pen, line, at)
    word = "" if line.kind == "confirmed" else pen.say(note("inferred"))
    arrow = _ARROW.format(deg=turn, color=ACCENT)
    there = 0.72 if line.leg.vehicle_only else 0.5
    marks = [mark(_between(line.ends, there), arrow, (20, 20), OVER["leg"], **shown)]
    if line.leg.vehicle_only:
        word = pen.say(note("only by vehicle"))
        marks.append(mark(middle, _BUS, (26, 26), OVER["wrong"], **shown))
    said = f"{time} · {word}" if word else time
    return [
        *marks,
        label(middle, "", said, rank=4, gap=20, look="ds-leg", sides="enswabdc", at=at),
    ]


def leg_lines(pen: Pen, legs: Sequence[Line], stops: Sequence[Stop]) -> list[Feature]:
    """The lines of the legs on a white casing, an arrow or a cross, and what they say."""
    under: list[Feature] = []
    over: list[Feature] = []
    for line in legs:
        sentence = safe_text(leg_sentence(line.leg, line.kind, pen.translate))
        look = ' class="ds-why"' if line.kind == "infeasible" else ""
        ride = f"{pen.say(BOARDED)} → {pen.say(ALIGHTED)}" if line.leg.vehicle_only else ""
        text = popup(f"<b>{line.number} → {line.number + 1}</b>{para(ride)}<p{look}>{sentence}</p>")
        at = [stops[line.number - 1].leave_s, stops[line.number].enter_s]
        if line.leg.vehicle_only:
            under.append(stroke(line.ends, _RIDE, at=at))
        under.append(stroke(line.ends, {**_CASING, "weight": 6} if ride else _CASING, at=at))
        own = {"popup": text, "leg": line.number, "status": line.kind, "at": at}
        over.append(stroke(line.ends, LEG_STYLE[line.kind], **own))
        over += _leg_marks(pen, line, text, at)
    return under + over


def _visit(pen: Pen, number: int, stop: Stop, crops: Mapping[str, bytes]) -> str:
    """What the pop-up says of one stop."""
    where = pen.place(stop)
    clock = ""
    if 1 <= stop.sigma_s < 60:
        clock = pen.say(note("time: within about {n} s", n=round(2 * stop.sigma_s)))
    elif stop.sigma_s >= 60:
        clock = pen.say(note("time: within about {n} min", n=round(stop.sigma_s / 30)))
    return (
        f"<b>{number} · {where}</b>"
        + picture(
            crops.get(stop.tracklet_id or ""), pen.say(note("the person at stop {n}", n=number))
        )
        + para(
            f"{pen.date(stop.enter_s)} {pen.span(stop.enter_s, stop.leave_s)}",
            pen.words(stop),
            clock,
            pen.say(note("changes when the assumptions change")) if stop.unstable else "",
        )
    )


def _numeral(spot: Spot) -> str:
    """The numbers on a mark; those of later visits appear when the slider comes to them."""
    first, *others = zip(spot.numbers[:3], spot.stops[:3], strict=True)
    shown = str(first[0]) + "".join(from_then(f"·{n}", s.enter_s) for n, s in others)
    return shown if len(spot.numbers) <= 3 else shown + from_then("…", spot.stops[3].enter_s)


def stop_marks(pen: Pen, places: Sequence[Spot], facts: Facts) -> list[Feature]:
    """A numbered mark per place (filled = confirmed by a person), with its time and its word."""
    features: list[Feature] = []
    for spot in places:
        stop, where = spot.stops[0], pen.place(spot.stops[0])
        look = (
            ("" if spot.confirmed else " ds-open")
            + (" ds-shaky" if any(one.unstable for one in spot.stops) else "")
            + ("" if stop.source == "cctv" else " ds-told")
        )
        at = [stop.enter_s]
        if stop.source != "cctv" and stop.radius_m > 0:
            style = {"color": ACCENT, "weight": 1.5, "dashArray": "2 4", "fillOpacity": 0.06}
            features.append(disc(spot.point, stop.radius_m, style, at=at))
        pairs = list(zip(spot.numbers, spot.stops, strict=True))
        text = popup(
            *(from_then(_visit(pen, n, one, facts.crops), one.enter_s) for n, one in pairs)
        )
        said = "".join(
            from_then(f"{pen.span(s.enter_s, s.leave_s)} · {pen.words(s)}", s.enter_s)
            for s in spot.stops[:3]
        )
        numbers = ", ".join(map(str, spot.numbers))
        html = f'<div class="ds-stop{look}"><span>{_numeral(spot)}</span></div>'
        size = (max(36, 18 + 11 * len(spot.numeral)), 36)
        own = {"camera": stop.camera_id, "stop": spot.numbers[0], "tracklet": stop.tracklet_id}
        title = f"{numbers} · {where}"
        features.append(
            mark(spot.point, html, size, OVER["stop"], popup=text, at=at, title=title, **own)
        )
        gap = size[0] // 2 + 6
        features.append(
            label(spot.point, pen.short_place(stop), said, rank=1, gap=gap, sides="ewsnabdc", at=at)
        )
    return features


def leaving_marks(pen: Pen, stops: Sequence[Stop], facts: Facts) -> list[Feature]:
    """An arrow beside the last stop in footage: which way the person was going."""
    of, way = facts.leaving or ("", None)
    last = next((stop for stop in stops if of and stop.tracklet_id == of), None)
    point = stop_point(last, pen.cameras) if last is not None else None
    if way is None or way.bearing_deg is None or way.compass is None:
        return []
    if last is None or point is None:
        return []
    word = pen.say(note("last going {direction}", direction=way.compass))
    at = [last.leave_s]
    turn = f"rotate({way.bearing_deg:.0f}deg)"
    html = (
        f'<div class="ds-going" style="transform:{turn}"><svg viewBox="-10 -46 20 92"'
        f' aria-hidden="true"><path d="M0 -45 L9 -30 L3 -30 L3 -20 L-3 -20 L-3 -30 L-9 -30 Z"'
        f' fill="{INK}" stroke="#fff" stroke-width="1.5"/></svg></div>'
    )
    return [
        mark(point, html, (20, 92), OVER["next"], look="ds-anchor", at=at),
        label(
            away(point, way.bearing_deg, 1), "", word, rank=2, gap=50, look="ds-leg",
            sides=_side(way.bearing_deg) + "abdc", at=at,
        ),
    ]  # fmt: skip


def _side(bearing: float) -> str:
    return "nesw"[round(bearing / 90) % 4]


def asked_text(
    pen: Pen, letter: str, ask: NextCamera, candidates: Sequence[Sighting]
) -> tuple[str, str]:
    """(pop-up, what the label adds) for a camera to ask next; safe HTML."""
    when, chance = pen.span(ask.from_s, ask.to_s), round(100 * ask.probability)
    deadline = ""
    if ask.deadline_s is not None:
        at = f"{pen.date(ask.deadline_s)} {pen.span(ask.deadline_s, ask.deadline_s)}"
        deadline = pen.say(note("footage kept until {at}", at=at))
    title = pen.say(note("ask next"))
    sure = pen.say(note("chance about {percent} %", percent=chance))
    waiting = count(pen, ask.camera_id, candidates)
    text = popup(
        f"<b>{letter} · {pen.name(ask.camera_id)}</b>",
        para(f"{title}: {when}", sure, deadline, waiting),
    )
    return text, f"{title} · {when} · {chance} %" + (f"<br>{waiting}" if waiting else "")


def next_marks(
    pen: Pen,
    asked: Sequence[NextCamera],
    candidates: Sequence[Sighting],
    stops: Sequence[Spot],
    facts: Facts,
    from_s: float,
) -> list[Feature]:
    """Hollow marks with a letter: where to ask next, A first, and for which time.

    A camera that is a stop already gets its letter as a badge without a label of its own.
    """
    taken = {(round(s.point[0], 5), round(s.point[1], 5)) for s in stops}
    features: list[Feature] = []
    going = facts.leaving[1].bearing_deg if facts.leaving else None
    corner = (30, 30) if going is not None and going < 180 else (-8, 30)  # not under the arrow
    for letter, ask in zip(LETTERS, asked, strict=False):
        point = camera_point(pen.cameras.get(ask.camera_id))
        if point is None:
            continue
        key = (round(point[0], 5), round(point[1], 5))
        text, said = asked_text(pen, letter, ask, candidates)
        own: dict[str, Any] = {"popup": text, "camera": ask.camera_id, "next": letter}
        own |= {"at": [from_s], "title": f"{letter} · {pen.name(ask.camera_id)}"}
        if key in taken:
            html = f'<div class="ds-next ds-badge">{letter}</div>'
            badge = mark(point, html, (22, 22), OVER["stop"] + 500, anchor=corner, **own)
            features.append(badge)
            continue
        html = f'<div class="ds-next">{letter}</div>'
        features.append(mark(point, html, (28, 28), OVER["next"], **own))
        name = pen.name(ask.camera_id)
        features.append(label(point, name, said, rank=2, gap=20, sides="ewsnabdc", at=[from_s]))
    return features


def other_routes(pen: Pen, paths: Sequence[Path]) -> list[Feature]:
    """Other ways through the same sightings, as thin dotted lines."""
    features = []
    for path in paths:
        at = [camera_point(pen.cameras.get(camera or "")) for camera in path.camera_id]
        points = [point for point in at if point is not None]
        if len(points) > 1:
            style = {"color": INK, "weight": 2, "opacity": 0.6, "dashArray": "1 6"}
            names = " → ".join(pen.name(c) for c in path.camera_id if c is not None)
            text = popup(f"<b>{pen.say(note('another possible route'))}</b>", para(names))
            features.append(stroke(points, style, popup=text))
    return features
