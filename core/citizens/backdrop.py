"""A name in, a plain piece of street out: ground, walls and things behind and before a crop.

Crops for training need backgrounds that belong to a camera, never to a person; the town with its
scenes is elsewhere. Everything is drawn from the preset's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens.chance import generator, pick
from core.citizens.stage import Mesh

Image = NDArray[np.uint8]

GROUNDS = ("asphalt", "slabs", "bricks", "concrete", "floor")
HALF_M = 30.0


def _cloudy(rng: np.random.Generator, size: int, cells: int) -> NDArray[np.float32]:
    """(size,size) smooth noise around 0, repeating."""
    out = np.zeros((size, size), np.float32)
    for octave in range(4):
        n = cells * 2**octave
        small = rng.normal(0, 1, (n, n)).astype(np.float32)
        small = np.pad(small, 2, mode="wrap")
        big = cv2.resize(small, None, fx=size / n, fy=size / n, interpolation=cv2.INTER_CUBIC)
        edge = 2 * size // n
        out += big[edge : edge + size, edge : edge + size] * 0.5**octave
    return out


def texture(name: str, kind: str, px: int = 256) -> Image:
    """(px,px,3) a repeating texture; kind: one of GROUNDS, "plaster", "tiles" or "grille"."""
    rng = generator("texture", name, kind)
    tone = {"asphalt": (88, 88, 90), "slabs": (158, 152, 144), "bricks": (142, 104, 88),
            "concrete": (160, 158, 152), "floor": (186, 180, 168), "plaster": (196, 188, 174),
            "tiles": (150, 146, 140), "grille": (120, 124, 128)}[kind]  # fmt: skip
    base = np.array(tone) * rng.uniform(0.75, 1.15) + rng.normal(0, 2.5, 3)
    grain = rng.normal(0, 7 if kind == "asphalt" else 3, (px, px, 1))
    image = base + _cloudy(rng, px, 4)[..., None] * 7 + grain
    if kind in ("slabs", "bricks", "tiles", "floor"):
        rows = int(pick(rng, (2, 4) if kind != "bricks" else (8, 12)))
        step = px // rows
        y, x = np.mgrid[:px, :px]
        shift = (y // step % 2) * (step // 2) if kind == "bricks" else 0
        block = (
            (y // step) * 31 + ((x + shift) // (step * (2 if kind == "bricks" else 1))) * 17
        ) % 23
        image = image + (block[..., None] - 11) * rng.uniform(0.2, 1.4)
        joint = (y % step < 2) | ((x + shift) % (step * (2 if kind == "bricks" else 1)) < 2)
        image = np.where(joint[..., None], image * 0.72, image)
    if kind == "grille":
        stripes = (np.arange(px) % 16 < 3)[:, None, None]
        image = np.where(stripes, image * 0.6, image)
    return np.clip(image, 0, 255).astype(np.uint8)


def quad(corners: NDArray[np.float64], image: Image, repeat: tuple[float, float]) -> Mesh:
    """A flat four-cornered piece (4,3), counter-clockwise from its lower left."""
    at = np.asarray(corners, np.float32)
    normal = np.cross(at[1] - at[0], at[3] - at[0])
    normal /= np.linalg.norm(normal)
    uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32) * repeat
    return Mesh(at, np.array([[0, 1, 2], [0, 2, 3]], np.int32),
                np.tile(normal.astype(np.float32), (4, 1)), uv, image)  # fmt: skip


def box(low: NDArray[np.float64], high: NDArray[np.float64], image: Image) -> Mesh:
    """An upright box between two corners (3,)."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    sides = [((x0, y0), (x1, y0)), ((x1, y0), (x1, y1)), ((x1, y1), (x0, y1)), ((x0, y1), (x0, y0))]
    faces = [np.array([(*a, z0), (*b, z0), (*b, z1), (*a, z1)]) for a, b in sides]
    faces.append(np.array([(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)]))
    parts = [quad(f, image, (1.0, 1.0)) for f in faces]
    return Mesh(
        np.concatenate([p.vertices for p in parts]),
        np.concatenate([p.triangles + 4 * k for k, p in enumerate(parts)]),
        np.concatenate([p.normals for p in parts]),
        np.concatenate([p.uv for p in parts]),
        image,
    )


@lru_cache(maxsize=64)
def street(name: str) -> tuple[Mesh, ...]:
    """Ground, four walls some metres away and a few boxes along them; the middle 7 m are free."""
    rng = generator("street", name)
    ground = texture(name, pick(rng, GROUNDS))
    h = HALF_M
    out = [quad(np.array([(-h, -h, 0), (h, -h, 0), (h, h, 0), (-h, h, 0)]), ground,
                (2 * h / 2.4, 2 * h / 2.4))]  # fmt: skip
    for k in range(4):
        away = rng.uniform(4.5, 13)
        wall = texture(
            f"{name}-{k}", pick(rng, ("plaster", "tiles", "bricks", "grille", "concrete"))
        )
        turn = np.array([[0, -1], [1, 0]]) if k % 2 else np.eye(2)
        sign = -1.0 if k >= 2 else 1.0
        low = np.array([(-h, away), (h, away)]) * sign @ turn.T
        high = rng.uniform(3, 9)
        corners = np.array([(*low[0], 0), (*low[1], 0), (*low[1], high), (*low[0], high)])
        out.append(quad(corners, wall, (2 * h / 2.0, high / 2.0)))
        for _ in range(int(rng.integers(2, 7))):
            x = rng.uniform(-9, 9)
            size = rng.uniform(0.3, 2.2, 2)
            middle = np.array((x, away - size[1] / 2 - 0.05)) * sign @ turn.T
            reach = np.abs(np.array((size[0], size[1])) @ turn.T) / 2
            image = _dull(rng)
            tall = rng.uniform(0.4, 2.6)
            out.append(box(np.array((*(middle - reach), 0.0)),
                           np.array((*(middle + reach), tall)), image))  # fmt: skip
    return tuple(out)


def occluder(
    rng: np.random.Generator, at: NDArray[np.float64], towards: NDArray[np.float64]
) -> Mesh:
    """A post, box or fence between the person at (3,) and the camera."""
    way = towards[:2] - at[:2]
    way = way / np.linalg.norm(way)
    side = np.array((-way[1], way[0]))
    image = _dull(rng)
    kind = pick(rng, ("post", "box", "fence"))
    if kind == "post":
        ahead, across = rng.uniform(0.8, 1.6), rng.uniform(-0.35, 0.35)
        half, tall = np.array((0.05, 0.05)), rng.uniform(0.8, 3.0)
    elif kind == "box":
        ahead, across = rng.uniform(0.8, 1.4), rng.choice((-1, 1)) * 0.55
        half, tall = rng.uniform(0.2, 0.45, 2), rng.uniform(0.5, 1.1)
    else:
        ahead, across = rng.uniform(0.9, 1.4), 0.0
        half, tall = np.array((0.03, 2.0)), rng.uniform(0.35, 0.75)
    flat = box(np.array((*-half, 0.0)), np.array((*half, tall)), image)
    turn = np.eye(3)
    turn[:2, 0], turn[:2, 1] = way, side
    middle = np.array((*(at[:2] + way * ahead + side * across), 0.0))
    return Mesh((flat.vertices @ turn.T + middle).astype(np.float32), flat.triangles,
                (flat.normals @ turn.T).astype(np.float32), flat.uv, image)  # fmt: skip


def _dull(rng: np.random.Generator) -> Image:
    """A small picture of one muted color."""
    tone = rng.uniform(40, 200) + rng.normal(0, 8, 3)
    return np.full((8, 8, 3), np.clip(tone, 10, 240).astype(np.uint8), np.uint8)


def facing(scenery: Sequence[Mesh], eye: NDArray[np.float64]) -> list[Mesh]:
    """The ground and what stands beyond the middle as seen from the eye (3,): no wall between."""
    way = np.array((*eye[:2], 0.0)) / np.linalg.norm(eye[:2])
    return [
        mesh for mesh in scenery
        if mesh.normals[0, 2] > 0.9 or (mesh.vertices.mean(0) @ way < 1.5
                                        and (len(mesh.vertices) > 4
                                             or mesh.normals[0] @ (eye - mesh.vertices[0]) > 0))
    ]  # fmt: skip
