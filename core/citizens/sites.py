"""A town in, its cameras out: where they hang, where they look, what they can see.

Kinds of place as a town's control room has them: streets, alleys, crossings, a bus stop, shop
fronts, the covered market, the park (`doors` adds shops' doors). Who could be seen when is decided
here by geometry alone (lens, distance, houses in between); what really is seen is counted in the
drawn frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.citizens.chance import generator
from core.citizens.stage import View
from core.citizens.town import ROAD_M, Box, Street, Town

Float64 = NDArray[np.float64]
SceneKind = Literal[
    "street", "alley", "crossing", "bus_stop", "shop_front", "market", "park", "door"
]

WANTED: tuple[tuple[SceneKind, int], ...] = (
    ("crossing", 2), ("street", 3), ("alley", 1), ("shop_front", 1), ("bus_stop", 1),
    ("market", 1), ("park", 1),
)  # fmt: skip
"""Of ten cameras."""
SPOTTED_PX = 40.0  # a person smaller than this does not count as seen
HEAD_M = 1.6
SIZE = (960, 540)  # px, of a film where nothing else is said
WIDE = SIZE[0] / SIZE[1]
FAR_M = 55.0  # nobody beyond is drawn
ASIDE_M = 0.7  # somebody half behind a corner is drawn
MOST_BEND = 0.65  # a lens bent more would show some places twice (see `stage.View`)


@dataclass(frozen=True)
class Site:
    """A camera: place, view and name. eye, target in metres of the town's frame."""

    id: str
    kind: SceneKind
    name: str
    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    fov_deg: float  # vertical
    k1: float

    def view(self, size: tuple[int, int]) -> View:
        """The camera as the renderer takes it."""
        return View(self.eye, self.target, self.fov_deg, self.k1, size)

    @property
    def heading_deg(self) -> float:
        """Where it looks, in the town's frame, clockwise from +y."""
        return math.degrees(math.atan2(self.target[0] - self.eye[0],
                                       self.target[1] - self.eye[1])) % 360  # fmt: skip

    @property
    def view_range_m(self) -> float:
        """How far away a person still counts as seen, in metres, rounded up to 5."""
        focal = 0.5 / math.tan(math.radians(self.fov_deg) / 2)
        return math.ceil(min(45.0, 1.7 * focal * 540 / SPOTTED_PX) / 5) * 5.0


def choose(town: Town, n: int) -> list[Site]:
    """n cameras over the town, none twice at one place, far from each other where possible."""
    rng = generator(town.seed, "sites")
    options = {kind: list(_options(town, kind)) for kind, _ in WANTED}
    wanted = [kind for kind, many in WANTED for _ in range(many)]
    kinds = [wanted[i % len(wanted)] for i in range(n)]
    chosen: list[Site] = []
    for kind in kinds:
        pool = [s for s in options[kind] if all(_apart(s, c) > 14 for c in chosen)]
        pool = pool or [s for k in options for s in options[k] if s not in chosen]
        order = [pool[i] for i in rng.permutation(len(pool))[:12]]
        best = max(order, key=lambda s: min([_apart(s, c) for c in chosen] or [0.0]))
        if len(chosen) == 1 or rng.random() < 0.6:  # a control room's cameras are not spread evenly
            near = sorted(order, key=lambda s: min(_apart(s, c) for c in chosen) if chosen else 0)
            best = near[len(near) // 2]
        chosen.append(best)
    return _named(town, chosen)


def _apart(a: Site, b: Site) -> float:
    return math.hypot(a.eye[0] - b.eye[0], a.eye[1] - b.eye[1])


def _named(town: Town, sites: list[Site]) -> list[Site]:
    """Ids c01... and names nobody shares."""
    seen: dict[str, int] = {}
    named = []
    for n, site in enumerate(sites, start=1):
        seen[site.name] = seen.get(site.name, 0) + 1
        again = f" {seen[site.name]}" if seen[site.name] > 1 else ""
        named.append(replace(site, id=f"c{n:02d}", name=site.name + again))
    return named


def _options(town: Town, kind: SceneKind) -> Iterator[Site]:
    """Every place for a camera of a kind."""
    if kind == "park":
        yield from _in_park(town)
    elif kind == "market":
        yield from _in_market(town)
    elif kind == "crossing":
        yield from _at_crossings(town)
    elif kind == "bus_stop":
        yield from _at_stops(town)
    else:
        of: dict[str, str] = {"street": "side", "alley": "alley", "shop_front": "main"}
        for n, street in enumerate(town.streets):
            if street.kind == of[kind]:
                yield from _along(town, n, street, kind)


def site(
    kind: SceneKind, name: str, eye: tuple[float, float, float], target: tuple[float, float, float],
    fov_deg: float, k1: float,
) -> Site:  # fmt: skip
    """A camera that has no id yet, its numbers rounded and its lens not bent too much."""
    rounded = [tuple(round(float(v), 2) for v in point) for point in (eye, target)]
    fov_deg = round(fov_deg, 1)
    corner = math.tan(math.radians(fov_deg) / 2) * math.hypot(WIDE, 1)
    most = (MOST_BEND / corner) ** 2 / 3
    bend = math.ceil(max(k1, -most) * 1000) / 1000 if k1 < -most else round(k1, 3)
    return Site("", kind, name, rounded[0], rounded[1], fov_deg, bend)  # type: ignore[arg-type]


def _along(town: Town, n: int, street: Street, kind: SceneKind) -> Iterator[Site]:
    """Cameras on walls and poles along a street, looking along it; two for each block."""
    across = town.ys if street.axis == "x" else town.xs
    for k, (a, b) in enumerate(pairwise(across)):
        rng = generator(town.seed, "camera", n, k)
        on = -1 if rng.random() < 0.5 else 1
        ahead = -1 if rng.random() < 0.5 else 1
        at = float(rng.uniform(a + 11, max(a + 12, b - 27))) if ahead > 0 else float(
            rng.uniform(min(a + 27, b - 12), b - 11))  # fmt: skip
        road, half = ROAD_M[street.kind] / 2, street.half_m
        if kind == "shop_front":
            off, high, far, aim = on * (half - 1.2), rng.uniform(2.7, 3.3), 6.5, on * (half - 2.2)
            fov, word = rng.uniform(52, 62), "상가 앞"
        elif kind == "alley":
            off, high, far, aim = -1 * (road - 0.3), rng.uniform(3.2, 4.2), 9.0, -0.3
            fov, word = rng.uniform(46, 56), "골목"
        else:
            off, high, far, aim = on * (road + 0.5), rng.uniform(3.8, 5.0), 11.0, on * road * 0.55
            fov, word = rng.uniform(42, 52), "길목"
        eye = _point(street, at, off, high)
        target = _point(street, at + ahead * far, aim, 0.7)
        yield site(kind, f"{street.name} {word}", eye, target, fov, rng.uniform(-0.16, -0.03))


def _point(street: Street, along: float, across: float, z: float) -> tuple[float, float, float]:
    x, y = street.at_m + across, along
    return (x, y, z) if street.axis == "x" else (along, street.at_m + across, z)


def _at_crossings(town: Town) -> Iterator[Site]:
    """On the corner poles of crossings of a main street, looking at the opposite zebra."""
    for a in (s for s in town.streets if s.axis == "x"):
        for b in (s for s in town.streets if s.axis == "y"):
            if "main" not in (a.kind, b.kind) or "alley" in (a.kind, b.kind):
                continue
            rng = generator(town.seed, "crossing", a.name, b.name)
            sx, sy = (-1 if v < 0.5 else 1 for v in rng.random(2))
            eye = (a.at_m + sx * (a.half_m - 0.4), b.at_m + sy * (b.half_m - 0.4),
                   rng.uniform(4.4, 5.0))  # fmt: skip
            over = (a.at_m - sx * ROAD_M[a.kind] / 2 * 0.9, b.at_m + sy * (b.half_m - 2.0), 0.3)
            along = (a.at_m + sx * (a.half_m - 2.0), b.at_m - sy * ROAD_M[b.kind] / 2 * 0.9, 0.3)
            target = over if (a.kind == "main") == (rng.random() < 0.7) else along
            name = f"{a.name} {b.name} 교차로"
            yield site(
                "crossing", name, eye, target, rng.uniform(46, 56), rng.uniform(-0.18, -0.05)
            )


def _at_stops(town: Town) -> Iterator[Site]:
    middle = next(s for s in town.streets if s.kind == "main" and s.axis == "y")
    for n, (x, y) in enumerate(town.bus_stops):
        rng = generator(town.seed, "stop camera", n)
        side, ahead = (1 if y > middle.at_m else -1), (-1 if rng.random() < 0.5 else 1)
        eye = (x - ahead * 8.5, middle.at_m + side * (middle.half_m - 1.2), rng.uniform(3.3, 4.0))
        target = (x + ahead * 0.5, middle.at_m + side * (middle.half_m - 2.6), 0.7)
        yield site("bus_stop", f"{middle.name} 버스정류장", eye, target, rng.uniform(48, 56),
                    rng.uniform(-0.14, -0.04))  # fmt: skip


def _in_market(town: Town) -> Iterator[Site]:
    box = town.block("market").box
    rng = generator(town.seed, "market camera")
    for y, ahead in ((box.y0 + 4.5, 1), (box.y1 - 4.5, -1)):
        eye = (box.middle[0] + rng.uniform(-0.9, 0.9), y, rng.uniform(3.0, 3.4))
        target = (box.middle[0], y + ahead * 7.0, 0.9)
        yield site("market", "전통시장 통로", eye, target, rng.uniform(50, 58), -0.1)


def _in_park(town: Town) -> Iterator[Site]:
    box = town.block("park").box
    x, y = box.middle
    rng = generator(town.seed, "park camera")
    for sign in (-1, 1):
        eye = (x + 2.6, y + sign * (box.size[1] / 2 - 4), rng.uniform(3.6, 4.4))
        target = (x - 0.3, y + sign * (box.size[1] / 2 - 15), 0.5)
        yield site(
            "park", "근린공원 산책로", eye, target, rng.uniform(44, 54), rng.uniform(-0.12, -0.03)
        )


# --- what a camera can see ------------------------------------------------------------------------


def seen(town: Town, site: Site, xy: Float64, size: tuple[int, int] = SIZE) -> NDArray[np.bool_]:
    """(N,) whether somebody standing at xy (N,2) would be in the picture, large enough, not hidden.

    NaN places are not seen.
    """
    there = np.isfinite(xy[:, 0])
    result = np.zeros(len(xy), dtype=bool)
    if not there.any():
        return result
    at = np.concatenate([xy[there], np.full((int(there.sum()), 1), HEAD_M)], axis=1)
    view = site.view(size)
    head, depth = view.project(at)
    feet, _ = view.project(at * (1, 1, 0))
    w, h = size
    with np.errstate(invalid="ignore"):
        tall = np.abs(feet[:, 1] - head[:, 1]) >= SPOTTED_PX * h / SIZE[1]
        inside = (head[:, 0] > 0) & (head[:, 0] < w) & (head[:, 1] > 0) & (head[:, 1] < h * 0.97)
    near = (depth > 0.5) & (depth < site.view_range_m + 5)
    good = tall & inside & near
    good[good] = ~hidden(town, site.eye, at[good])
    result[there] = good
    return result


def in_view(town: Town, view: View, xy: Float64) -> NDArray[np.bool_]:
    """(T,) whether somebody at xy (T,2) could show up in the picture at all."""
    there = np.isfinite(xy[:, 0])
    if there.any():
        there[there] = np.hypot(*(xy[there] - view.eye[:2]).T) < FAR_M
    if not there.any():
        return there
    at = np.concatenate([xy[there], np.full((int(there.sum()), 1), 1.0)], axis=1)
    px, depth = view.project(at)
    w, h = view.size
    wide = 0.9 * view.focal_px / np.maximum(depth, 0.5)
    with np.errstate(invalid="ignore"):
        inside = (px[:, 0] > -wide) & (px[:, 0] < w + wide) & (px[:, 1] > -2 * wide)
        inside &= (px[:, 1] < h + 2 * wide) & (depth > 0.3)
    right = view.axes()[0] * ASIDE_M
    shown = inside.copy()
    shown[inside] = False
    for step in (-right, 0 * right, right):
        shown[inside] |= ~hidden(town, view.eye, at[inside] + step + (0, 0, 0.6))
    there[there] = shown
    return there


def hidden(town: Town, eye: tuple[float, float, float], points: Float64) -> NDArray[np.bool_]:
    """(N,) whether a house stands between the eye and points (N,3)."""
    blocked = np.zeros(len(points), dtype=bool)
    if not len(points):
        return blocked
    low, high = points.min(0)[:2], points.max(0)[:2]
    span = Box(min(low[0], eye[0]), min(low[1], eye[1]), max(high[0], eye[0]), max(high[1], eye[1]))
    for house in town.buildings:
        b = house.box
        if b.x1 < span.x0 or b.x0 > span.x1 or b.y1 < span.y0 or b.y0 > span.y1:
            continue
        blocked |= _crosses(b, house.height_m, np.array(eye), points)
    return blocked


def _crosses(box: Box, height_m: float, eye: Float64, points: Float64) -> NDArray[np.bool_]:
    """(N,) whether the segments from the eye to the points pass through a house."""
    ray = points - eye
    ray = np.where(np.abs(ray) < 1e-9, 1e-9, ray)
    low = (np.array([box.x0, box.y0, 0.0]) - eye) / ray
    high = (np.array([box.x1, box.y1, height_m]) - eye) / ray
    enter = np.minimum(low, high).max(1)
    leave = np.maximum(low, high).min(1)
    return np.asarray((enter < leave) & (leave > 1e-3) & (enter < 1 - 1e-3))
