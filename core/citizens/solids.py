"""Boxes, prisms, tubes and leaf clouds in, textured triangle meshes out.

Coordinates are the town's metres, z up. A `Model` gathers everything of one picture or color; plain
colors share one small palette texture, so a scene stays a few dozen meshes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.citizens.stage import Mesh

Float32 = NDArray[np.float32]
Image = NDArray[np.uint8]
RGB = tuple[int, int, int]

_TEXELS = 4  # px of a palette color: texture filters must not mix neighbours


@dataclass
class _Heap:
    """Vertices, normals, uv and triangles while they are gathered."""

    vertices: list[NDArray[np.float64]] = field(default_factory=list)
    normals: list[NDArray[np.float64]] = field(default_factory=list)
    uv: list[NDArray[np.float64]] = field(default_factory=list)
    triangles: list[NDArray[np.int64]] = field(default_factory=list)
    n: int = 0

    def add(
        self,
        vertices: NDArray[np.float64],
        normals: NDArray[np.float64],
        uv: NDArray[np.float64],
        triangles: NDArray[np.int64],
    ) -> None:
        self.vertices.append(vertices)
        self.normals.append(normals)
        self.uv.append(uv)
        self.triangles.append(triangles + self.n)
        self.n += len(vertices)

    def solid(self, texture: Image, glow: float = 0.0) -> Mesh:
        return Mesh(
            np.concatenate(self.vertices).astype(np.float32),
            np.concatenate(self.triangles).astype(np.int32),
            np.concatenate(self.normals).astype(np.float32),
            np.concatenate(self.uv).astype(np.float32),
            texture,
            glow,
        )


class Model:
    """What stands in a scene, growing; `solids` hands it over."""

    def __init__(self) -> None:
        self._pictures: list[Mesh] = []
        self._plain = _Heap()
        self._palette: dict[RGB, int] = {}

    def picture(self, corners: object, texture: Image, glow: float = 0.0) -> None:
        """A flat four-cornered picture: corners (4,3) top left, top right, bottom right, left."""
        at = np.asarray(corners, dtype=np.float64)
        heap = _Heap()
        uv = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)
        heap.add(at, _normals(at), uv, np.array([(0, 2, 1), (0, 3, 2)]))
        self._pictures.append(heap.solid(np.ascontiguousarray(texture), glow))

    def mesh(self, solid: Mesh) -> None:
        """A mesh that was made elsewhere."""
        self._pictures.append(solid)

    def triangles(self, vertices: object, triangles: object, color: RGB, smooth: bool = False
                  ) -> None:  # fmt: skip
        """Plain triangles: vertices (V,3), triangles (F,3); counter-clockwise seen from outside."""
        at = np.asarray(vertices, dtype=np.float64)
        of = np.asarray(triangles, dtype=np.int64)
        face = np.cross(at[of[:, 1]] - at[of[:, 0]], at[of[:, 2]] - at[of[:, 0]])
        if smooth:
            normals = np.zeros_like(at)
            for k in range(3):
                np.add.at(normals, of[:, k], face)
        else:
            at, of, normals = at[of].reshape(-1, 3), np.arange(3 * len(of)).reshape(-1, 3), face
            normals = normals.repeat(3, 0)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        n = self._palette.setdefault(color, len(self._palette))
        uv = np.tile([(n + 0.5), 0.5], (len(at), 1)).astype(np.float64)
        self._plain.add(at, normals / np.maximum(length, 1e-9), uv, of)

    def quads(self, vertices: object, quads: Sequence[Sequence[int]], color: RGB) -> None:
        """Plain four-cornered faces."""
        of = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
        self.triangles(vertices, of, color)

    def box(self, low: object, high: object, color: RGB, turn_deg: float = 0.0) -> None:
        """An upright box, turned clockwise about its middle."""
        a, b = np.asarray(low, float), np.asarray(high, float)
        corners = np.array([[(a, b)[(i >> k) & 1][k] for k in range(3)] for i in range(8)])
        if turn_deg:
            corners = turned(corners, (a + b) / 2, turn_deg)
        self.quads(corners, _BOX, color)

    def tube(self, foot: object, top: object, radius_m: tuple[float, float], color: RGB,
             sides: int = 10) -> None:  # fmt: skip
        """A round pole between two points; radius at the foot and at the top."""
        a, b = np.asarray(foot, float), np.asarray(top, float)
        axis = (b - a) / np.linalg.norm(b - a)
        aside = np.cross(axis, (0, 0, 1) if abs(axis[2]) < 0.9 else (1, 0, 0))
        aside /= np.linalg.norm(aside)
        other = np.cross(axis, aside)
        angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
        ring = np.cos(angle) * aside + np.sin(angle) * other
        at = np.concatenate([a + radius_m[0] * ring, b + radius_m[1] * ring, [b]])
        i = np.arange(sides)
        j = (i + 1) % sides
        wall = np.concatenate(
            [np.stack([i, j, j + sides], 1), np.stack([i, j + sides, i + sides], 1)]
        )
        lid = np.stack([i + sides, j + sides, np.full(sides, 2 * sides)], 1)
        self.triangles(at, np.concatenate([wall, lid]), color, smooth=True)

    def leaves(self, rng: np.random.Generator, middle: object, radius_m: object, color: RGB,
               n: int, leaf_m: float = 0.16) -> None:  # fmt: skip
        """A crown: n small random faces in an ellipsoid, darker inside and below."""
        direction = rng.normal(0, 1, (n, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        depth = rng.uniform(0.35, 1, n) ** 0.5
        lumps = 1 + 0.22 * np.sin(direction @ rng.normal(0, 3.4, (3, 3))).sum(1)
        at = np.asarray(middle) + direction * (depth * lumps)[:, None] * np.asarray(radius_m)
        across = rng.normal(0, 1, (n, 2, 3)) * leaf_m
        shade = (0.5 + 0.3 * depth + 0.25 * direction[:, 2] + rng.normal(0, 0.09, n)).clip(0.2, 1.2)
        for level in range(6):
            own = np.flatnonzero(np.digitize(shade, [0.45, 0.58, 0.7, 0.82, 0.95]) == level)
            if not len(own):
                continue
            gain = (0.38, 0.52, 0.66, 0.8, 0.95, 1.1)[level]
            corners = np.stack([at[own], at[own] + across[own, 0], at[own] + across[own, 1]], 1)
            tone = tuple(int(min(255, c * gain)) for c in color)
            self._outward(corners, direction[own], (tone[0], tone[1], tone[2]))

    def _outward(self, corners: NDArray[np.float64], normal: NDArray[np.float64], color: RGB
                 ) -> None:  # fmt: skip
        """Loose triangles (F,3,3) lit as if they faced along normal (F,3), seen from both sides."""
        n = self._palette.setdefault(color, len(self._palette))
        flat = corners.reshape(-1, 3)
        uv = np.tile([(n + 0.5), 0.5], (len(flat), 1)).astype(np.float64)
        up = normal + np.array((0, 0, 0.5))
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        of = np.arange(len(flat)).reshape(-1, 3)
        self._plain.add(flat, up.repeat(3, 0), uv, np.concatenate([of, of[:, ::-1]]))

    @property
    def solids(self) -> list[Mesh]:
        """Everything, ready to draw."""
        if not self._palette:
            return list(self._pictures)
        colors = np.array(list(self._palette), np.uint8)  # (C,3)
        texture = colors.repeat(_TEXELS, 0)[None].repeat(_TEXELS, 0)
        plain = self._plain.solid(np.ascontiguousarray(texture))
        uv = np.asarray(plain.uv / np.array([len(colors), 1]), np.float32)
        whole = Mesh(plain.vertices, plain.triangles, plain.normals, uv, plain.texture)
        return [*self._pictures, whole]


_BOX = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))


def _normals(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    normal = np.cross(corners[3] - corners[0], corners[1] - corners[0])
    return np.tile(normal / np.linalg.norm(normal), (4, 1))


def turned(points: NDArray[np.float64], about: object, turn_deg: float) -> NDArray[np.float64]:
    """Points (N,3) turned clockwise, seen from above, about a place."""
    a = np.radians(-turn_deg)
    spin = np.array([(np.cos(a), -np.sin(a)), (np.sin(a), np.cos(a))])
    middle = np.asarray(about, dtype=np.float64)
    out = points.astype(np.float64).copy()
    out[:, :2] = (points[:, :2] - middle[:2]) @ spin.T + middle[:2]
    return out
