"""A route and its cameras in, a still picture (SVG) out: what the map shows where no script runs.

Hand-built and self-contained; every text is escaped. The same colours, forms and words as the map.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core.routemap.basemap import ACCENT, ALARM, GREY, INK, START, STYLES, grid, near, shapes
from core.routemap.scene import (
    LEG_WORDS,
    LETTERS,
    METERS_PER_DEGREE,
    NO_ROUTE,
    Line,
    Point,
    Spot,
    Translate,
    around,
    bounds,
    camera_name,
    camera_point,
    clock,
    grid_step_m,
    lines,
    place_words,
    plain_text,
    safe_text,
    span,
    spots,
    stop_words,
    travel_time,
)
from core.routemap.shapes import sector
from core.types import Camera, LastSeen, Route, note

WIDTH, HEIGHT, MARGIN = 960, 600, 90

Box = tuple[float, float, float, float]  # xyxy px
Anchor = Literal["start", "middle", "end"]

_DASH = {"confirmed": "none", "inferred": "2 9", "infeasible": "14 6 2 6"}
_LONGEST = 34  # characters of a label


@dataclass
class _Sheet:
    """The picture under construction: scale, strokes so far, and boxes that are taken."""

    corners: tuple[Point, Point]
    parts: list[str] = field(default_factory=list)
    taken: list[Box] = field(default_factory=list)
    soft: list[Box] = field(default_factory=list)  # kept clear of if another side is free

    def __post_init__(self) -> None:
        (south, west), (north, east) = self.corners
        self.mid = ((south + north) / 2, (west + east) / 2)
        self.per_lon = METERS_PER_DEGREE * max(math.cos(math.radians(self.mid[0])), 0.01)
        wide = (WIDTH - 2 * MARGIN) / max((east - west) * self.per_lon, 1e-6)
        high = (HEIGHT - 2 * MARGIN) / max((north - south) * METERS_PER_DEGREE, 1e-6)
        self.px_per_m = min(wide, high)

    def xy(self, point: Point) -> tuple[float, float]:
        x = WIDTH / 2 + (point[1] - self.mid[1]) * self.per_lon * self.px_per_m
        y = HEIGHT / 2 - (point[0] - self.mid[0]) * METERS_PER_DEGREE * self.px_per_m
        return round(x, 1), round(y, 1)

    def path(self, points: Sequence[Point], closed: bool = False) -> str:
        steps = " L".join(f"{x} {y}" for x, y in map(self.xy, points))
        return f"M{steps}{' Z' if closed else ''}"

    def disc(self, at: tuple[float, float], r: float, look: str) -> None:
        self.parts.append(f'<circle cx="{at[0]}" cy="{at[1]}" r="{r:.1f}" {look}/>')

    def keep_free(self, at: tuple[float, float], half_w: float, half_h: float) -> None:
        self.taken.append((at[0] - half_w, at[1] - half_h, at[0] + half_w, at[1] + half_h))

    def label(
        self,
        at: tuple[float, float],
        texts: Sequence[str],
        gap: float,
        look: str,
        sides: str = "ewsn",
    ) -> None:
        """Write lines of text beside a point where there is room; nowhere free: leave it out."""
        shown = [_cut(text) for text in texts if text]
        if not shown:
            return
        width, height = max(map(_width, shown)) + 8, 15.0 * len(shown) + 4
        free = [
            side
            for side in (_side(name, at, width, height, gap) for name in sides)
            if _inside(side[1]) and not _hits(side[1], self.taken)
        ]
        if not free:
            return
        anchor, box = next((s for s in free if not _hits(s[1], self.soft)), free[0])
        self.taken.append(box)
        x = {"start": box[0] + 4, "middle": (box[0] + box[2]) / 2, "end": box[2] - 4}[anchor]
        for k, text in enumerate(shown):
            first = "" if k else " first"
            self.parts.append(
                f'<text x="{x:.1f}" y="{box[1] + 14 + 15 * k:.1f}" text-anchor="{anchor}"'
                f' class="{look}{first}">{safe_text(text)}</text>'
            )


def _cut(text: str) -> str:
    line = plain_text(text)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _width(text: str) -> float:
    return sum(12.5 if unicodedata.east_asian_width(c) in "WF" else 7.0 for c in text)


def _inside(box: Box) -> bool:
    return box[0] > 4 and box[1] > 4 and box[2] < WIDTH - 4 and box[3] < HEIGHT - 4


def _hits(a: Box, others: Sequence[Box]) -> bool:
    return any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in others)


def _side(
    name: str, at: tuple[float, float], width: float, height: float, gap: float
) -> tuple[Anchor, Box]:
    """Text anchor and box of a label on one side of a point: e, w, s or n."""
    x, y = at
    up, left = y - height / 2, x - width / 2
    match name:
        case "e":
            return "start", (x + gap, up, x + gap + width, up + height)
        case "w":
            return "end", (x - gap - width, up, x - gap, up + height)
        case "s":
            return "middle", (left, y + gap, left + width, y + gap + height)
        case _:
            return "middle", (left, y - gap - height, left + width, y - gap)


def _draw_base(sheet: _Sheet, base: Mapping[str, Any] | None) -> None:
    drawn = [(s.kind, s.closed, s.points) for s in near(shapes(base), sheet.corners)]
    drawn = drawn or [("grid", False, tuple(line)) for line in grid(sheet.corners)[1]]
    for kind, strokes in STYLES.items():
        for style in strokes:
            fill = style["fillColor"] if style.get("fillColor") else "none"
            dash = style.get("dashArray", "none")
            for of, closed, points in drawn:
                if of == kind:
                    sheet.parts.append(
                        f'<path d="{sheet.path(points, closed)}" fill="{fill}"'
                        f' stroke="{style["color"]}" stroke-width="{style["weight"]}"'
                        f' stroke-dasharray="{dash}" stroke-linecap="round"/>'
                    )


def _draw_cameras(sheet: _Sheet, cameras: Mapping[str, Camera]) -> None:
    for camera in cameras.values():
        point = camera_point(camera)
        if point is not None:
            at = sheet.xy(point)
            r = camera.view_range_m * sheet.px_per_m
            look = f'fill="{GREY}" fill-opacity=".09" stroke="{GREY}" stroke-opacity=".5"'
            if camera.heading_deg is None:
                sheet.disc(at, r, look)
            else:
                ring = sector(point, camera.heading_deg, camera.view_range_m)
                sheet.parts.append(f'<path d="{sheet.path(ring, True)}" {look}/>')
            sheet.disc(at, 6, f'fill="{GREY}" stroke="#fff" stroke-width="2"')
            sheet.keep_free(at, 7, 7)


def _draw_leg(sheet: _Sheet, line: Line) -> None:
    bad = line.kind == "infeasible"
    color = ALARM if bad else ACCENT
    d = sheet.path(line.ends)
    if line.leg.vehicle_only:
        sheet.parts.append(f'<path d="{d}" fill="none" stroke="{INK}" stroke-width="9"/>')
    width = 6.5 if line.leg.vehicle_only else 9
    sheet.parts.append(f'<path d="{d}" fill="none" stroke="#fff" stroke-width="{width}"/>')
    sheet.parts.append(
        f'<path d="{d}" fill="none" stroke="{color}" stroke-width="4"'
        f' stroke-dasharray="{_DASH[line.kind]}" stroke-linecap="round"/>'
    )
    (x0, y0), (x1, y1) = (sheet.xy(p) for p in line.ends)
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    sheet.keep_free(middle, 11, 11)
    for k in range(101):
        x, y = x0 + (x1 - x0) * k / 100, y0 + (y1 - y0) * k / 100
        sheet.soft.append((x - 3, y - 3, x + 3, y + 3))
    if bad:
        sheet.disc(middle, 11, f'fill="{ALARM}" stroke="#fff" stroke-width="2"')
        sheet.parts.append(
            f'<text x="{middle[0]}" y="{middle[1] + 5}" text-anchor="middle" class="mark">✕</text>'
        )
        return
    turn = math.degrees(math.atan2(y1 - y0, x1 - x0)) + 90
    sheet.parts.append(
        f'<path transform="translate({middle[0]:.1f} {middle[1]:.1f}) rotate({turn:.1f})"'
        f' d="M0 -8 L7 7 L0 3.5 L-7 7 Z" fill="{ACCENT}" stroke="#fff" stroke-width="1.6"/>'
    )


def _draw_stop(sheet: _Sheet, spot: Spot) -> None:
    at = sheet.xy(spot.point)
    half = max(18.0, 9 + 5.5 * len(spot.numeral))
    fill, look = (ACCENT, "stop sure") if spot.confirmed else ("#fff", "stop")
    dash = "2 3" if any(stop.unstable for stop in spot.stops) else "none"
    round_px = 18 if spot.stops[0].source == "cctv" else 8  # told: a square, as on the map
    sheet.parts.append(
        f'<rect x="{at[0] - half:.1f}" y="{at[1] - 18:.1f}" width="{2 * half:.1f}" height="36"'
        f' rx="{round_px}" fill="{fill}" stroke="#fff" stroke-width="7"/>'
        f'<rect x="{at[0] - half:.1f}" y="{at[1] - 18:.1f}" width="{2 * half:.1f}" height="36"'
        f' rx="{round_px}" fill="{fill}" stroke="{ACCENT}" stroke-width="3"'
        f' stroke-dasharray="{dash}"/>'
        f'<text x="{at[0]}" y="{at[1] + 6}" text-anchor="middle"'
        f' class="{look}">{spot.numeral}</text>'
    )
    sheet.keep_free(at, half + 3, 21)


def _draw_next(sheet: _Sheet, route: Route, cameras: Mapping[str, Camera]) -> None:
    for letter, ask in zip(LETTERS, route.next_cameras, strict=False):
        point = camera_point(cameras.get(ask.camera_id))
        if point is not None:
            at = sheet.xy(point)
            sheet.disc(
                at, 14, f'fill="#fff" stroke="{INK}" stroke-width="2" stroke-dasharray="4 3"'
            )
            sheet.parts.append(
                f'<text x="{at[0]}" y="{at[1] + 5}" text-anchor="middle"'
                f' class="next">{letter}</text>'
            )
            sheet.keep_free(at, 15, 15)


def _draw_scale(sheet: _Sheet) -> None:
    step = grid_step_m(8 * 130 / sheet.px_per_m)  # about 130 px
    size = step * sheet.px_per_m
    text = f"{step / 1000:g} km" if step >= 1000 else f"{step:g} m"
    y = HEIGHT - 18
    sheet.parts.append(
        f'<path d="M18 {y - 7} V{y} H{18 + size:.1f} V{y - 7}" fill="none" stroke="{GREY}"'
        f' stroke-width="2"/><text x="24" y="{y - 5}" class="quiet">{text}</text>'
        f'<path d="M{WIDTH - 30} 40 V16 M{WIDTH - 36} 24 L{WIDTH - 30} 14 L{WIDTH - 24} 24"'
        f' fill="none" stroke="{GREY}" stroke-width="2"/>'
        f'<text x="{WIDTH - 30}" y="56" text-anchor="middle" class="quiet">N</text>'
    )
    sheet.taken += [(0, HEIGHT - 44, 30 + size, HEIGHT), (WIDTH - 50, 0, WIDTH, 64)]


def _write_labels(
    sheet: _Sheet, route: Route, cameras: Mapping[str, Camera], tz: str, translate: Translate
) -> None:
    zone = clock(tz)
    legs = lines(route, cameras)
    for line in legs:
        if line.kind == "infeasible":
            a, b = (sheet.xy(p) for p in line.ends)
            middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            sheet.label(middle, [translate(LEG_WORDS["infeasible"])], 16, "bad")
    named = set()
    for spot in spots(route, cameras):
        said = [
            f"{span(s.enter_s, s.leave_s, zone)} · {stop_words(s, translate)}"
            for s in spot.stops[:3]
        ]
        name = place_words(spot.stops[0], cameras, translate)
        sheet.label(sheet.xy(spot.point), [name, *said], 12 + 5.5 * len(spot.numeral) + 4, "name")
        named |= {stop.camera_id for stop in spot.stops}
    for ask in route.next_cameras:
        point = camera_point(cameras.get(ask.camera_id))
        if point is not None:
            when = f"{translate(note('ask next'))} · {span(ask.from_s, ask.to_s, zone)}"
            name = camera_name(ask.camera_id, cameras)
            sheet.label(sheet.xy(point), [name, when], 18, "name")
            named.add(ask.camera_id)
    for line in legs:
        if line.kind != "infeasible":
            a, b = (sheet.xy(p) for p in line.ends)
            words = [translate(travel_time(line.leg))]
            words += [translate(note("inferred"))] if line.kind == "inferred" else []
            words += [translate(note("only by vehicle"))] if line.leg.vehicle_only else []
            middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            sheet.label(middle, [" · ".join(words)], 20, "leg")
    for camera in cameras.values():
        point = camera_point(camera)
        if point is not None and camera.id not in named:
            sheet.label(sheet.xy(point), [camera_name(camera.id, cameras)], 10, "quiet")


_STYLE = (
    ".route-svg text{font:13px system-ui,'Noto Sans KR','Malgun Gothic',sans-serif;"
    "paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round;fill:#1f2933} "
    ".route-svg .name{fill:#4a5560} .route-svg .name.first{font-weight:600;fill:#1f2933} "
    ".route-svg .quiet{fill:#66717d;font-size:12px} .route-svg .leg{fill:#005a8d;font-size:12px} "
    ".route-svg .bad{fill:#a34700;font-weight:600} "
    ".route-svg .stop{font-size:17px;font-weight:700;stroke:none;fill:#005a8d} "
    ".route-svg .stop.sure,.route-svg .mark{stroke:none;fill:#fff;font-weight:700} "
    ".route-svg .next{font-size:14px;font-weight:700;stroke:none}"
)


def _sentence(route: Route, cameras: Mapping[str, Camera], translate: Translate) -> str:
    """The picture in one line, for those who hear it."""
    if not route.stops:
        return translate(NO_ROUTE)
    names = " → ".join(place_words(s, cameras, translate) or "?" for s in route.stops)
    return translate(note("route over {n} stops: {names}", n=len(route.stops), names=names))


def route_svg(
    route: Route,
    cameras: Mapping[str, Camera],
    *,
    last_seen: LastSeen | None = None,
    tz: str = "Asia/Seoul",
    translate: Translate = str,
    base: Mapping[str, Any] | None = None,
) -> str:
    """The route as one SVG element, 960 x 600, north up, with a scale bar and a text alternative.

    Raises BadInput for an unknown time zone or a base that is not GeoJSON in degrees.
    """
    places = spots(route, cameras)
    points = [spot.point for spot in places]
    points += [p for c in cameras.values() if (p := camera_point(c)) is not None]
    if last_seen is not None:
        points += around((last_seen.lat, last_seen.lon), last_seen.radius_m)
    sheet = _Sheet(bounds(points) or ((33.1, 125.8), (38.6, 129.6)))
    _draw_base(sheet, base)
    if last_seen is not None:
        at = sheet.xy((last_seen.lat, last_seen.lon))
        look = f'fill="{START}" fill-opacity=".16" stroke="#b57d00" stroke-dasharray="5 5"'
        sheet.disc(at, last_seen.radius_m * sheet.px_per_m, look)
    _draw_cameras(sheet, cameras)
    for line in lines(route, cameras):
        _draw_leg(sheet, line)
    _draw_next(sheet, route, cameras)
    for spot in places:
        _draw_stop(sheet, spot)
    _draw_scale(sheet)
    _write_labels(sheet, route, cameras, tz, translate)
    if last_seen is not None:
        when = span(last_seen.from_s, last_seen.to_s, clock(tz))
        at = sheet.xy((last_seen.lat, last_seen.lon))
        sheet.label(at, [translate(note("last seen")), when], 6, "name", sides="swne")
    title = safe_text(_sentence(route, cameras, translate))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{title}" class="route-svg"><title>{title}</title><style>{_STYLE}</style>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#f4f5f6"/>{"".join(sheet.parts)}</svg>'
    )
