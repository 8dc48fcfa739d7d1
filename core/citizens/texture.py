"""Names of materials in, painted surfaces out: walls, paving, asphalt, grass, dirt over all of it.

Every function returns RGB uint8 (h,w,3). A material's looks are drawn from the hash of its name,
so a name that lies on the test side of the split is a surface no training picture ever showed.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens.chance import generator, pick

Image = NDArray[np.uint8]
Float32 = NDArray[np.float32]
RGB = tuple[int, int, int]

WALLS = 40  # named wall materials
PAVINGS = 24
ASPHALTS = 16
SHOPS = 60
LIGHTS = 48
CODECS = 24


def cloud(rng: np.random.Generator, h: int, w: int, cell_px: float, octaves: int = 4) -> Float32:
    """Smooth noise (h,w), mean about 0, spread about 1; the coarsest spots are cell_px wide."""
    total = np.zeros((h, w), np.float32)
    gain = 1.0
    for octave in range(octaves):
        cell = max(1.0, cell_px / 2**octave)
        coarse = grain(rng, int(h / cell) + 3, int(w / cell) + 3, 1)
        fine = cv2.resize(coarse, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC)
        total += gain * fine[:h, :w]
        gain *= 0.55
    return total


def grain(rng: np.random.Generator, h: int, w: int, spread: float) -> Float32:
    """White noise (h,w), mean 0."""
    return rng.standard_normal((h, w), dtype=np.float32) * np.float32(spread)


def shaded(color: RGB | Image | Float32, light: Float32) -> Image:
    """A color or picture times (1 + light) -> RGB uint8."""
    base = np.asarray(color, dtype=np.float32)
    lit = base * (1 + light.astype(np.float32))[..., None]
    return np.asarray(np.clip(lit, 0, 255, out=lit), dtype=np.uint8)


def vary(rng: np.random.Generator, color: RGB, by: float = 10) -> RGB:
    """A color a little off."""
    near = np.clip(np.asarray(color) + rng.normal(0, by, 3) * 0.5 + rng.normal(0, by), 12, 246)
    return int(near[0]), int(near[1]), int(near[2])


def asphalt(name: str, rng: np.random.Generator, h: int, w: int, px_per_m: float) -> Image:
    """A road surface with grain, patches, cracks and oil stains."""
    look = generator(name)
    grey = int(look.integers(84, 122))
    base: RGB = (grey, grey, grey + int(look.integers(-3, 6)))
    light = 0.045 * cloud(rng, h, w, 6 * px_per_m) + grain(rng, h, w, 0.05)
    ground = shaded(base, light)
    for _ in range(int(h * w / px_per_m**2 / 90)):  # repaired trenches
        x, y = rng.integers(0, w), rng.integers(0, h)
        dx, dy = (rng.uniform(0.6, 1.4, 2) * px_per_m * rng.permutation([1, 6])).astype(int)
        piece = ground[y : y + dy, x : x + dx]
        piece[:] = np.clip(piece.astype(np.float32) * rng.uniform(0.82, 0.95), 0, 255)
    for _ in range(int(h * w / px_per_m**2 / 40)):
        crack(ground, rng, px_per_m)
    for _ in range(int(h * w / px_per_m**2 / 30)):
        stain(ground, rng, px_per_m)
    return ground


def crack(ground: Image, rng: np.random.Generator, px_per_m: float) -> None:
    """A wandering dark line, in place."""
    h, w = ground.shape[:2]
    n = int(rng.integers(6, 16))
    angle = rng.uniform(0, np.pi) + np.cumsum(rng.normal(0, 0.5, n))
    steps = np.stack([np.cos(angle), np.sin(angle)], 1) * 0.35 * px_per_m
    line = np.cumsum(steps, axis=0) + rng.uniform(0, 1, 2) * (w, h)
    dark = int(ground[:: h // 8 + 1, :: w // 8 + 1].mean() * 0.62)
    cv2.polylines(ground, [line.astype(np.int32)], False, (dark,) * 3, 1, cv2.LINE_AA)


def stain(ground: Image, rng: np.random.Generator, px_per_m: float) -> None:
    """A soft dark or pale spot, in place."""
    h, w = ground.shape[:2]
    r = float(rng.uniform(0.15, 0.7)) * px_per_m
    x, y = rng.uniform(0, w), rng.uniform(0, h)
    x0, y0, x1, y1 = (int(v) for v in (max(0, x - 2 * r), max(0, y - 2 * r), x + 2 * r, y + 2 * r))
    piece = ground[y0:y1, x0:x1].astype(np.float32)
    if not piece.size:
        return
    yy, xx = np.mgrid[y0 : y0 + piece.shape[0], x0 : x0 + piece.shape[1]]
    blob = np.exp(-(((xx - x) / r) ** 2 + ((yy - y) / (r * rng.uniform(0.5, 1.2))) ** 2))
    gain = 1 + rng.choice([-0.2, -0.12, 0.06]) * blob
    ground[y0:y1, x0:x1] = np.clip(piece * gain[..., None], 0, 255)


def paving(name: str, rng: np.random.Generator, h: int, w: int, px_per_m: float) -> Image:
    """Interlocking blocks as on a Korean footway: running bond, mixed tones, worn."""
    look = generator(name)
    tones: list[RGB] = [
        vary(look, pick(look, [(150, 140, 132), (160, 118, 100), (170, 160, 140), (132, 134, 136),
                               (176, 132, 112), (148, 150, 144)]), 5)
    ]  # fmt: skip
    tones.append(vary(look, tones[0], 12))
    tones.append(vary(look, tones[0], 16))
    long_m, wide_m = pick(look, [(0.2, 0.1), (0.3, 0.3), (0.22, 0.11), (0.4, 0.2)])
    return _bond(rng, h, w, px_per_m, (long_m, wide_m), tones, 0.76, 0.05)


def _bond(
    rng: np.random.Generator,
    h: int,
    w: int,
    px_per_m: float,
    brick_m: tuple[float, float],
    tones: list[RGB],
    joint: float,
    spread: float,
) -> Image:
    """Bricks in running bond; joint: how dark (or pale, above 1) the joints are."""
    long_px, high_px = (max(2.0, side * px_per_m) for side in brick_m)
    row = (np.arange(h) / high_px).astype(int)
    along = np.arange(w)[None, :] / long_px + 0.5 * (row % 2)[:, None]  # (h,w)
    column = along.astype(int)
    n_rows, n_columns = int(row.max()) + 1, int(column.max()) + 1
    tone = rng.integers(0, len(tones), (n_rows, n_columns))
    gain = rng.normal(0, spread, (n_rows, n_columns)).astype(np.float32)
    at = (row[:, None].repeat(w, 1), column)
    bricks = np.asarray(tones, np.float32)[tone] * (1 + gain)[..., None]
    wall = bricks[at]
    edge = ((along - column) * long_px < 1.0) | ((np.arange(h) % high_px < 1.0)[:, None])
    if high_px >= 3:
        wall[edge] *= joint
    return shaded(wall, 0.03 * cloud(rng, h, w, 2 * px_per_m) + grain(rng, h, w, 0.025))


def wall(name: str, rng: np.random.Generator, h: int, w: int, px_per_m: float) -> Image:
    """A house wall: red or yellow brick, tiles, plaster, stone slabs, or metal panels."""
    look = generator(name)
    kind = pick(look, ["brick", "tile", "plaster", "slab", "panel"], (4, 2, 3, 3, 1))
    if kind == "brick":
        base = vary(look, pick(look, [(134, 78, 62), (122, 66, 54), (160, 116, 84), (104, 84, 78),
                                      (178, 150, 122)]), 6)  # fmt: skip
        tones = [base, vary(look, base, 8), vary(look, base, 8)]
        face = _bond(rng, h, w, px_per_m, (0.23, 0.075), tones, 1.18, 0.07)
    elif kind == "tile":
        base = vary(look, pick(look, [(196, 190, 178), (184, 168, 146), (150, 160, 160)]), 8)
        face = _bond(rng, h, w, px_per_m, (0.1, 0.1), [base, vary(look, base, 4)], 0.88, 0.02)
    elif kind == "slab":
        base = vary(look, pick(look, [(168, 160, 150), (140, 134, 130), (186, 176, 158)]), 8)
        face = _bond(rng, h, w, px_per_m, (0.9, 0.6), [base, vary(look, base, 3)], 0.7, 0.03)
    elif kind == "panel":
        base = vary(look, pick(look, [(90, 96, 104), (170, 174, 178), (72, 70, 70)]), 8)
        face = _bond(rng, h, w, px_per_m, (1.2, 3.3), [base], 0.6, 0.015)
    else:
        base = vary(look, pick(look, [(206, 200, 188), (198, 186, 160), (170, 178, 178),
                                      (214, 206, 200), (180, 160, 148)]), 8)  # fmt: skip
        face = shaded(base, grain(rng, h, w, 0.02))
    return weathered(face, rng, px_per_m)


def weathered(face: Image, rng: np.random.Generator, px_per_m: float) -> Image:
    """Rain streaks, soot towards the foot, patchy fading."""
    h, w = face.shape[:2]
    streak = cv2.resize(rng.normal(0, 1, (3, max(2, w // 3))).astype(np.float32), (w, h))
    light = 0.035 * cloud(rng, h, w, 3 * px_per_m) + 0.03 * streak
    foot = np.exp(-(h - np.arange(h)) / (0.5 * px_per_m))[:, None]
    return shaded(face, (light - 0.22 * foot).astype(np.float32))


def grass(rng: np.random.Generator, h: int, w: int, px_per_m: float) -> Image:
    """A lawn that is walked on."""
    light = 0.14 * cloud(rng, h, w, 3 * px_per_m) + grain(rng, h, w, 0.16)
    lawn = shaded((92, 108, 62), light).astype(np.float32)
    bare = np.clip(cloud(rng, h, w, 4 * px_per_m) - 1.0, 0, 1)[..., None]
    earth = shaded((134, 118, 92), grain(rng, h, w, 0.06))
    return np.asarray(lawn * (1 - bare) + earth * bare, np.uint8)
