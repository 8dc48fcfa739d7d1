"""A figure in, fewer triangles over the same vertices out: for people who are small in a picture.

Vertices of one material that share a cell of a grid become one of them; triangles that lose a
corner vanish. Only the index buffer changes, so bones, paint and boxes stay what they were.

Source: [rossignac1993]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.citizens import paint
from core.citizens.body import Figure

Int32 = NDArray[np.int32]

CELLS_MM = (12, 20, 32, 48, 68)
"""Fine to coarse; see `cell_mm`."""
OUTLINE_MM = 48
"""Cells for counting how much of a body could be seen, and for its shadow."""
CELL_PX = 1.4  # a cell covers at most this much of the picture
WHOLE_PX = 150.0  # taller people are drawn with every triangle


def clustered(figure: Figure, cell_m: float) -> Int32:
    """(F,3) triangles of a figure whose vertices are merged in cubes of cell_m on the rest pose."""
    low, material = figure.position.min(0), figure.extra[:, 3].astype(np.int64)
    size = np.where(material >= paint.HAT, cell_m / 2, cell_m)  # what is worn on top stays on top
    cell = ((figure.position - low) / size[:, None]).astype(np.int64)  # (N,3)
    key = cell @ np.array([1 << 40, 1 << 20, 1]) * 64 + material
    _, group = np.unique(key, return_inverse=True)
    chosen = _nearest_the_middle(figure.position, group)
    f = group[figure.triangles]
    kept = (f[:, 0] != f[:, 1]) & (f[:, 1] != f[:, 2]) & (f[:, 2] != f[:, 0])
    f = f[kept]
    _, once = np.unique(np.sort(f, 1) @ np.array([1 << 40, 1 << 20, 1]), return_index=True)
    return np.ascontiguousarray(chosen[f[np.sort(once)]], np.int32)


def _nearest_the_middle(position: NDArray[np.float32], group: NDArray[np.int64]) -> Int32:
    """(G,) of each group the vertex that lies nearest to its mean."""
    count = np.bincount(group)
    middle = np.stack([np.bincount(group, position[:, k]) / count for k in range(3)], 1)
    off = ((position - middle[group]) ** 2).sum(1)
    order = np.lexsort((off, group))
    first = np.r_[0, np.cumsum(count)[:-1]]
    return order[first].astype(np.int32)


def cell_mm(tall_px: float, tall_m: float) -> int:
    """Cells for somebody tall_m m and tall_px px tall; 0: draw every triangle."""
    if not tall_px < WHOLE_PX:
        return 0
    fits = [mm for mm in CELLS_MM if mm <= 1000 * CELL_PX * tall_m / max(tall_px, 1.0)]
    return fits[-1] if fits else 0


@dataclass(frozen=True, eq=False)
class Outline:
    """A body as its shadow has it: what carries its points, and triangles (F,3) between them."""

    points: Any  # sparse (K, 4 B), see `carried`
    triangles: Int32


def outline(figure: Figure) -> Outline:
    """What is left of a figure of which only the outline is asked."""
    f = clustered(figure, OUTLINE_MM / 1000)
    f = f[cut(figure)[f].sum(1) < 2]
    used, corners = np.unique(f, return_inverse=True)
    return Outline(carried(figure, used), corners.reshape(-1, 3).astype(np.int32))


def carried(figure: Figure, chosen: NDArray[np.integer]) -> Any:
    """Sparse (K, 4 B): times the bones' rows (4 B, 3) it gives the places of chosen vertices (K,3).

    Row 4 b + k of the bones is column k of the upper three rows of bone b's matrix.
    """
    points = np.column_stack([figure.position[chosen], np.ones(len(chosen))]).astype(np.float64)
    weight = figure.bone_weight[chosen].astype(np.float64)
    at = figure.bones[chosen].astype(np.int32)[..., None] * 4 + np.arange(4)  # (K,4,4)
    values = weight[..., None] * points[:, None]
    rows = np.repeat(np.arange(len(chosen)), 16)
    shape = (len(chosen), 4 * len(figure.skeleton.heads))
    return csr_array((values.ravel(), (rows, at.ravel())), shape=shape)


def cut(figure: Figure) -> NDArray[np.bool_]:
    """(N,) vertices whose fragments are cut away by sleeves, hems and hats (see shaders.CUT)."""
    table, number = figure.materials, figure.extra[:, 3].astype(int)
    low, high, arm_max, _ = table[number, 3].T
    kind, y, arm = table[number, 0, 3], figure.canon[:, 1], figure.extra[:, 0]
    free = np.isin(kind, (1, 2, 3, 4, 9))
    legs = (kind == 1) & (arm < 0.02) & (y < 0.9) & (y > low)
    cloth = (y > high) | ((arm <= 0.02) & (y < low)) | (arm > arm_max)
    cut: NDArray[np.bool_] = np.where(free, legs, cloth)
    return cut
