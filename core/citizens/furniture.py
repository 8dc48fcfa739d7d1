"""Places in, street furniture out: cars, trees, poles, lamps, shelters, benches, machines, stalls.

Every function adds one thing to a `Model` and returns the outline (N,2) of what it covers on the
ground, for its shadow. Headings are degrees clockwise from +y.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.citizens import hangul
from core.citizens.chance import pick
from core.citizens.facade import OWNERS, SIGNS, TRADES
from core.citizens.solids import Model, turned
from core.citizens.texture import vary

Float64 = NDArray[np.float64]
RGB = tuple[int, int, int]

CAR_COLORS: tuple[RGB, ...] = ((226, 226, 224), (200, 202, 204), (34, 35, 38), (92, 95, 100),
                               (60, 62, 66), (130, 134, 138), (44, 58, 88), (120, 34, 36),
                               (170, 160, 140))  # fmt: skip
BLUE_TRUCK: RGB = (44, 84, 140)
Outline = tuple[tuple[float, float], ...]
PROFILES: dict[str, tuple[Outline, Outline, float]] = {
    "sedan": (((-2.3, 0.3), (-2.3, 0.85), (-1.9, 1.0), (-1.25, 1.05), (-0.6, 1.42), (0.55, 1.45),
               (1.35, 1.05), (2.1, 0.92), (2.3, 0.7), (2.3, 0.3)),
              ((-1.0, 1.02), (-0.52, 1.36), (0.5, 1.38), (1.1, 1.04)), 1.8),
    "suv": (((-2.2, 0.35), (-2.25, 1.0), (-2.0, 1.6), (-1.6, 1.68), (0.4, 1.68), (1.15, 1.1),
             (2.0, 1.0), (2.25, 0.75), (2.25, 0.35)),
            ((-1.85, 1.1), (-1.7, 1.55), (0.35, 1.58), (0.9, 1.1)), 1.85),
    "mini": (((-1.75, 0.3), (-1.78, 0.95), (-1.55, 1.45), (-1.2, 1.52), (0.35, 1.5), (1.05, 1.0),
              (1.65, 0.88), (1.78, 0.65), (1.78, 0.3)),
             ((-1.4, 1.0), (-1.25, 1.42), (0.3, 1.4), (0.8, 1.0)), 1.6),
    "van": (((-2.5, 0.35), (-2.5, 1.2), (-2.4, 1.9), (-2.2, 1.95), (1.4, 1.92), (2.2, 1.15),
             (2.5, 1.0), (2.55, 0.35)),
            ((-2.2, 1.2), (-2.15, 1.75), (1.3, 1.75), (1.8, 1.2)), 1.9),
}  # fmt: skip


def car(model: Model, rng: np.random.Generator, x: float, y: float, heading_deg: float) -> Float64:
    """A parked car or small truck."""
    if rng.random() < 0.18:
        return truck(model, rng, x, y, heading_deg)
    profile, windows, width = PROFILES[pick(rng, list(PROFILES))]
    color = vary(rng, pick(rng, CAR_COLORS), 4)
    half = width / 2
    side = np.array(profile)  # (P,2) along, up
    glass = np.array(windows)
    lean = np.where(side[:, 1] > 1.1, half - 0.2, half)  # the cabin is narrower than the doors
    left = np.stack([-lean, side[:, 0], side[:, 1]], 1)
    right = left * (-1, 1, 1)
    n = len(side)
    shell = np.concatenate([left, right])
    flanks = [(i, (i + 1) % n, (i + 1) % n + n, i + n) for i in range(n - 1)]
    dark: RGB = (28, 32, 38)
    for quad in flanks:
        steep = shell[list(quad), 2]
        window = steep.min() > 0.95 and np.ptp(steep) > 0.25
        model.quads(_stood(shell, x, y, heading_deg), [quad], dark if window else color)
    fan = [(0, k + 1, k) for k in range(1, n - 1)]
    for face, flip in ((left, False), (right, True)):
        of = [(a, c, b) if flip else (a, b, c) for a, b, c in fan]
        model.triangles(_stood(face, x, y, heading_deg), of, color)
        pane = np.stack([np.interp(glass[:, 1], [1.0, 1.1, 1.6], [half, half, half - 0.2]) + 0.012,
                         glass[:, 0], glass[:, 1]], 1)  # fmt: skip
        pane = pane if flip else pane * (-1, 1, 1)
        corners = (0, 3, 2, 1) if flip else (0, 1, 2, 3)
        model.quads(_stood(pane, x, y, heading_deg), [corners], dark)
    _wheels(model, x, y, heading_deg, half, side[:, 0].max() * 0.62)
    _lights(model, x, y, heading_deg, half, side[:, 0].max(), color)
    return _outline(x, y, heading_deg, half, side[:, 0].max())


def _lights(
    model: Model, x: float, y: float, heading_deg: float, half: float, long: float, color: RGB
) -> None:
    """Lamps, bumpers and number plates."""
    for along, lamp in ((long, (228, 228, 220)), (-long, (150, 24, 26))):
        for across in (-half + 0.3, half - 0.3):
            at = np.array([(across, along, 0.72)])
            x0, y0, z0 = _stood(at, x, y, heading_deg)[0]
            model.box((x0 - 0.16, y0 - 0.06, z0 - 0.09), (x0 + 0.16, y0 + 0.06, z0 + 0.09), lamp,
                      heading_deg)  # fmt: skip
        x0, y0, z0 = _stood(np.array([(0.0, along, 0.5)]), x, y, heading_deg)[0]
        model.box((x0 - 0.26, y0 - 0.04, z0 - 0.06), (x0 + 0.26, y0 + 0.04, z0 + 0.06),
                  (236, 236, 232), heading_deg)  # fmt: skip


def _wheels(
    model: Model, x: float, y: float, heading_deg: float, half: float, along: float
) -> None:
    for side in (-1, 1):
        for end in (-along, along):
            hub = np.array([(side * (half - 0.2), end, 0.32), (side * (half + 0.02), end, 0.32),
                            (side * (half + 0.04), end, 0.32)])  # fmt: skip
            a, b, c = _stood(hub, x, y, heading_deg)
            model.tube(a, b, (0.33, 0.33), (26, 26, 27), 14)
            model.tube(a, c, (0.19, 0.19), (146, 148, 150), 10)


def truck(
    model: Model, rng: np.random.Generator, x: float, y: float, heading_deg: float
) -> Float64:
    """The one-tonne flatbed of every Korean market street."""
    color = pick(rng, [BLUE_TRUCK, (222, 222, 220), BLUE_TRUCK])
    boxes = [
        ((-0.82, 1.05, 0.45), (0.82, 2.4, 1.15), color),
        ((-0.8, 1.1, 1.15), (0.8, 2.2, 1.85), color),
        ((-0.83, -2.4, 0.62), (0.83, 0.95, 0.74), (60, 62, 64)),
        ((-0.85, -2.42, 0.74), (-0.8, 0.98, 1.12), color),
        ((0.8, -2.42, 0.74), (0.85, 0.98, 1.12), color),
        ((-0.85, -2.45, 0.74), (0.85, -2.4, 1.12), color),
        ((-0.7, 2.21, 1.2), (0.7, 2.23, 1.75), (30, 34, 40)),
        ((-0.81, 1.3, 1.2), (0.81, 2.0, 1.72), (30, 34, 40)),
    ]
    for _ in range(int(rng.integers(0, 7))):  # its load
        px, py = rng.uniform(-0.6, 0.2), rng.uniform(-2.2, 0.3)
        tone = vary(rng, pick(rng, [(160, 124, 84), (60, 110, 150), (190, 186, 176)]), 8)
        boxes.append(((px, py, 0.74), (px + 0.5, py + 0.45, 0.74 + rng.uniform(0.3, 0.8)), tone))
    for low, high, tone in boxes:
        _turned_box(model, low, high, tone, x, y, heading_deg)
    _wheels(model, x, y, heading_deg, 0.82, 1.55)
    return _outline(x, y, heading_deg, 0.85, 2.4)


def _turned_box(
    model: Model, low: object, high: object, color: RGB, x: float, y: float, heading_deg: float
) -> None:
    a, b = np.asarray(low, float), np.asarray(high, float)
    middle = (a + b) / 2
    at = _stood(middle[None], x, y, heading_deg)[0]
    model.box(at - (b - a) / 2, at + (b - a) / 2, color, heading_deg)


def _stood(points: Float64, x: float, y: float, heading_deg: float) -> Float64:
    """Points of a thing that looks along +y, put at its place."""
    return np.asarray(turned(points, (0, 0, 0), heading_deg) + np.array((x, y, 0)))


def _outline(x: float, y: float, heading_deg: float, half: float, long: float) -> Float64:
    corners = np.array([(-half, -long, 0), (half, -long, 0), (half, long, 0), (-half, long, 0)])
    return _stood(corners, x, y, heading_deg)[:, :2]


def disc(x: float, y: float, radius_m: float) -> Float64:
    """A round outline."""
    a = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    return np.stack([x + radius_m * np.cos(a), y + radius_m * np.sin(a)], 1)


def tree(model: Model, rng: np.random.Generator, x: float, y: float, height_m: float) -> Float64:
    """A street tree: trunk, boughs, a crown of leaves."""
    crown = float(height_m * rng.uniform(0.22, 0.3))
    top = height_m - crown
    bark: RGB = vary(rng, (92, 80, 66), 6)
    lean = rng.normal(0, 0.1, 2)
    model.tube((x, y, 0), (x + lean[0], y + lean[1], top), (0.13, 0.08), bark)
    green = vary(rng, pick(rng, [(92, 116, 58), (104, 122, 62), (78, 104, 60), (128, 124, 56)]), 8)
    for _ in range(5):
        out = rng.normal(0, crown * 0.5, 3) * (1, 1, 0.5)
        tip = np.array([x + lean[0], y + lean[1], top + 0.3]) + out
        model.tube((x + lean[0], y + lean[1], top - 0.8), tip, (0.05, 0.03), bark, 6)
        size = crown * rng.uniform(0.55, 0.85)
        model.leaves(rng, tip, (size, size, size * 0.8), green, 420, 0.17)
    return disc(x, y, crown * 1.15)


def pole(model: Model, rng: np.random.Generator, x: float, y: float) -> Float64:
    """A concrete power pole with cross arms, a transformer, notices around its foot."""
    model.tube((x, y, 0), (x, y, 9.5), (0.17, 0.12), (140, 138, 132))
    model.tube((x, y, 0.0), (x, y, 1.7), (0.185, 0.18), (70, 84, 70), 12)
    for z in (7.8, 8.6):
        model.box((x - 0.9, y - 0.05, z), (x + 0.9, y + 0.05, z + 0.1), (110, 110, 108))
    if rng.random() < 0.5:
        model.tube((x + 0.35, y, 6.6), (x + 0.35, y, 7.5), (0.26, 0.26), (150, 152, 150))
    return disc(x, y, 0.2)


def wires(model: Model, rng: np.random.Generator, a: object, b: object) -> None:
    """A bundle of sagging cables between two poles."""
    p, q = np.asarray(a, float), np.asarray(b, float)
    for _ in range(5):
        z = rng.uniform(5.6, 8.4)
        off = rng.uniform(-0.5, 0.5, 2)
        t = np.linspace(0, 1, 7)[:, None]
        line = np.concatenate([p + off + t * (q - p), z - 2.4 * (t - t * t)], 1)
        for u, v in pairwise(line):
            model.tube(u, v, (0.018, 0.018), (34, 34, 36), 4)


def lamp(model: Model, x: float, y: float, toward: tuple[float, float]) -> Float64:
    """A street lamp whose arm reaches over the road; its light hangs at 6.2 m."""
    model.tube((x, y, 0), (x, y, 6.2), (0.09, 0.06), (92, 96, 98))
    tip = (x + 1.5 * toward[0], y + 1.5 * toward[1], 6.35)
    model.tube((x, y, 6.1), tip, (0.05, 0.04), (92, 96, 98), 6)
    model.box((tip[0] - 0.22, tip[1] - 0.12, 6.24), (tip[0] + 0.22, tip[1] + 0.12, 6.36),
              (200, 200, 190))  # fmt: skip
    return disc(x, y, 0.12)


def signal(model: Model, x: float, y: float, toward: tuple[float, float]) -> Float64:
    """Traffic lights on an arm, a walker's light on the pole."""
    model.tube((x, y, 0), (x, y, 6.0), (0.11, 0.09), (196, 190, 160))
    tip = np.array([x + 4.5 * toward[0], y + 4.5 * toward[1], 5.9])
    model.tube((x, y, 5.8), tip, (0.07, 0.05), (196, 190, 160), 8)
    for k, tone in enumerate([(190, 30, 26), (110, 90, 30), (30, 70, 50)]):
        at = tip - np.array([*toward, 0]) * (0.35 * k)
        model.box(at - (0.17, 0.17, 0.28), at + np.array((0.17, 0.17, 0.12)), (40, 42, 44))
        model.box(at - (0.11, 0.18, 0.16), at + np.array((0.11, 0.18, 0.04)), tone)
    model.box((x - 0.2, y - 0.2, 2.4), (x + 0.2, y + 0.2, 3.1), (40, 42, 44))
    return disc(x, y, 0.15)


def bench(model: Model, x: float, y: float, heading_deg: float) -> Float64:
    for low, high, tone in (
        ((-0.8, -0.2, 0.4), (0.8, 0.22, 0.46), (134, 96, 62)),
        ((-0.8, -0.26, 0.55), (0.8, -0.2, 0.85), (134, 96, 62)),
        ((-0.7, -0.2, 0.0), (-0.62, 0.2, 0.4), (70, 72, 74)),
        ((0.62, -0.2, 0.0), (0.7, 0.2, 0.4), (70, 72, 74)),
    ):
        _turned_box(model, low, high, tone, x, y, heading_deg)
    return _outline(x, y, heading_deg, 0.8, 0.26)


def vending(
    model: Model, rng: np.random.Generator, x: float, y: float, heading_deg: float
) -> Float64:
    """A drinks machine, its front towards the heading."""
    color = pick(rng, [(186, 30, 34), (36, 84, 160), (228, 228, 226)])
    _turned_box(model, (-0.5, -0.36, 0), (0.5, 0.36, 1.83), color, x, y, heading_deg)
    front = np.full((180, 100, 3), color, np.uint8)
    front[14:120, 8:92] = (206, 214, 216)
    for row in range(4):
        for column in range(7):
            left, top = 11 + column * 11, 18 + row * 25
            front[top : top + 18, left : left + 7] = rng.integers(30, 230, 3)
            front[top + 20 : top + 23, left : left + 7] = (90, 90, 96)
    front[140:165, 20:80] = (24, 24, 26)
    corners = np.array(
        [(0.5, 0.365, 1.8), (-0.5, 0.365, 1.8), (-0.5, 0.365, 0.05), (0.5, 0.365, 0.05)]
    )
    model.picture(_stood(corners, x, y, heading_deg), front)
    return _outline(x, y, heading_deg, 0.5, 0.36)


def shelter(model: Model, x: float, y: float, heading_deg: float, name: str) -> Float64:
    """A bus shelter: glass back, roof, bench, a lit poster, the sign of the stop."""
    for low, high, tone in (
        ((-2.1, -0.75, 2.35), (2.1, 0.75, 2.47), (70, 76, 82)),
        ((-2.05, -0.72, 0.0), (-1.97, -0.64, 2.4), (90, 94, 98)),
        ((1.97, -0.72, 0.0), (2.05, -0.64, 2.4), (90, 94, 98)),
        ((-1.97, -0.7, 0.25), (0.6, -0.67, 0.32), (90, 94, 98)),
        ((-1.97, -0.7, 1.0), (0.6, -0.67, 1.05), (120, 140, 146)),
        ((-1.97, -0.7, 2.0), (0.6, -0.67, 2.06), (90, 94, 98)),
        ((-1.4, -0.6, 0.42), (0.4, -0.2, 0.48), (150, 112, 74)),
        ((-1.3, -0.45, 0.0), (-1.2, -0.35, 0.42), (70, 72, 74)),
        ((0.2, -0.45, 0.0), (0.3, -0.35, 0.42), (70, 72, 74)),
        ((0.65, -0.72, 0.2), (1.95, -0.6, 2.1), (60, 62, 66)),
    ):
        _turned_box(model, low, high, tone, x, y, heading_deg)
    poster = np.full((150, 100, 3), (206, 196, 176), np.uint8)
    poster[20:90, 10:90] = (96, 140, 170)
    hangul.write(poster, "봄맞이", (14, 96), 24, (60, 40, 40))
    face = np.array(
        [(1.9, -0.595, 2.05), (0.7, -0.595, 2.05), (0.7, -0.595, 0.3), (1.9, -0.595, 0.3)]
    )
    model.picture(_stood(face, x, y, heading_deg), poster)
    board = np.full((24, 260, 3), (30, 80, 140), np.uint8)
    hangul.write(board, name, (8, 3), 18, (255, 255, 255))
    edge = np.array([(2.1, 0.76, 2.48), (-2.1, 0.76, 2.48), (-2.1, 0.76, 2.3), (2.1, 0.76, 2.3)])
    model.picture(_stood(edge, x, y, heading_deg), board)
    return _outline(x, y, heading_deg, 2.1, 0.75)


def sign_stand(
    model: Model, rng: np.random.Generator, x: float, y: float, heading_deg: float
) -> Float64:
    """An A-board in front of a shop."""
    ground, ink = pick(rng, SIGNS)
    board = np.full((100, 60, 3), ground, np.uint8)
    word = pick(rng, TRADES)
    hangul.write(board, word, (6, 12), 46 / len(word), ink)
    hangul.write(board, pick(rng, OWNERS), (8, 56), 20, ink)
    for sign in (1, -1):
        face = np.array(
            [(0.3, 0.06, 0.95), (-0.3, 0.06, 0.95), (-0.3, 0.26, 0.02), (0.3, 0.26, 0.02)]
        )
        if sign < 0:
            face = face * (-1, -1, 1)
        model.picture(_stood(face, x, y, heading_deg), board)
    return _outline(x, y, heading_deg, 0.3, 0.26)


def bags(model: Model, rng: np.random.Generator, x: float, y: float) -> Float64:
    """Rubbish bags and flattened cartons waiting to be collected."""
    for _ in range(int(rng.integers(2, 6))):
        px, py = x + rng.normal(0, 0.3), y + rng.normal(0, 0.3)
        tone = vary(rng, pick(rng, [(226, 222, 210), (110, 130, 160), (44, 44, 46)]), 8)
        model.tube((px, py, 0), (px, py, 0.4), (0.27, 0.1), tone, 9)
    px, py = x + rng.normal(0, 0.4), y + rng.normal(0, 0.4)
    model.box((px - 0.3, py - 0.2, 0), (px + 0.3, py + 0.2, rng.uniform(0.2, 0.5)), (164, 130, 92),
              float(rng.uniform(0, 90)))  # fmt: skip
    return disc(x, y, 0.6)


def bollard(model: Model, x: float, y: float) -> Float64:
    model.tube((x, y, 0), (x, y, 0.85), (0.09, 0.09), (58, 60, 62))
    model.tube((x, y, 0.62), (x, y, 0.74), (0.095, 0.095), (206, 170, 40))
    return disc(x, y, 0.12)


def railing(model: Model, a: tuple[float, float], b: tuple[float, float]) -> None:
    """A metal fence along a kerb."""
    p, q = np.array(a), np.array(b)
    n = max(2, round(float(np.linalg.norm(q - p)) / 0.5))
    for z in (0.25, 0.95):
        model.tube((*p, z), (*q, z), (0.03, 0.03), (150, 156, 150), 6)
    for t in np.linspace(0, 1, n):
        at = p + t * (q - p)
        model.tube((*at, 0), (*at, 0.98), (0.02, 0.02), (150, 156, 150), 5)


def stall(
    model: Model, rng: np.random.Generator, x: float, y: float, heading_deg: float
) -> Float64:
    """A market stall: a table with crates of goods, a striped roof, a price sign."""
    _turned_box(
        model, (-1.2, -0.45, 0), (1.2, 0.4, 0.62), vary(rng, (96, 110, 120), 10), x, y, heading_deg
    )
    for column in range(6):
        for row in range(2):
            tone = pick(rng, [(196, 60, 40), (224, 160, 50), (96, 140, 60), (150, 70, 110),
                              (214, 200, 160), (120, 84, 52), (190, 190, 186)])  # fmt: skip
            low = (-1.15 + 0.39 * column, -0.4 + 0.4 * row, 0.62)
            high = (low[0] + 0.34, low[1] + 0.35, 0.68 + 0.1 * (1 - row) + rng.uniform(0, 0.12))
            _turned_box(model, low, high, vary(rng, tone, 12), x, y, heading_deg)
    ground, ink = pick(rng, SIGNS)
    board = np.full((30, 120, 3), ground, np.uint8)
    hangul.write(board, pick(rng, OWNERS) + pick(rng, TRADES), (4, 5), 20, ink)
    face = np.array([(1.2, 0.5, 2.75), (-1.2, 0.5, 2.75), (-1.2, 0.5, 2.2), (1.2, 0.5, 2.2)])
    model.picture(_stood(face, x, y, heading_deg), board)
    return _outline(x, y, heading_deg, 1.2, 0.45)


def pavilion(model: Model, x: float, y: float) -> Float64:
    """An open wooden pavilion with a tiled roof, as in every Korean park."""
    for dx in (-1.7, 1.7):
        for dy in (-1.7, 1.7):
            model.tube((x + dx, y + dy, 0), (x + dx, y + dy, 2.7), (0.13, 0.13), (126, 60, 46))
    model.box((x - 2, y - 2, 0.3), (x + 2, y + 2, 0.42), (140, 104, 70))
    eaves = np.array([(x - 2.9, y - 2.9, 2.7), (x + 2.9, y - 2.9, 2.7), (x + 2.9, y + 2.9, 2.7),
                      (x - 2.9, y + 2.9, 2.7), (x, y, 4.3)])  # fmt: skip
    model.triangles(eaves, [(0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)], (74, 80, 86))
    model.quads(eaves, [(3, 2, 1, 0)], (110, 70, 56))
    return np.array(
        [(x - 2.9, y - 2.9), (x + 2.9, y - 2.9), (x + 2.9, y + 2.9), (x - 2.9, y + 2.9)]
    )


def banner(model: Model, rng: np.random.Generator, a: object, b: object, z: float) -> None:
    """A cloth with a slogan between two poles, read from both sides."""
    p, q = np.asarray(a, float), np.asarray(b, float)
    words = pick(
        rng, ["봄꽃 나들이 한마당", "전통시장 장보는 날", "어르신 건강 걷기", "마을 책잔치"]
    )
    cloth = np.full(
        (60, 420, 3), pick(rng, [(246, 246, 240), (250, 226, 90), (206, 226, 246)]), np.uint8
    )
    size = min(40.0, 390 / max(1, len(words)))
    hangul.write(cloth, words, (18, 10), size, pick(rng, [(190, 30, 40), (20, 60, 140)]))
    face = np.array([(*p, z + 0.8), (*q, z + 0.8), (*q, z), (*p, z)])
    model.picture(face, cloth)
    behind = np.array([-(q - p)[1], (q - p)[0], 0.0]) / np.linalg.norm(q - p) * 0.03
    model.picture(face[[1, 0, 3, 2]] + behind, cloth)
