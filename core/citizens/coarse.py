"""A figure in, fewer triangles over the same vertices out: for people who are small in a picture.

Vertices of one material that share a cell of a grid become one of them; triangles that lose a
corner vanish. Only the index buffer changes, so bones, paint and boxes stay what they were.

Source: [rossignac1993]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.citizens.body import Figure

Int32 = NDArray[np.int32]

CELLS_MM = (12, 20, 32, 48)
"""Fine to coarse; see `cell_mm`."""
COUNT_MM, SHADOW_MM = 48, 64
"""Cells for counting how much of a body could be seen, and for its shadow."""
CELL_PX = 1.4  # a cell covers at most this much of the picture
WHOLE_PX = 150.0  # taller people are drawn with every triangle


def clustered(figure: Figure, cell_m: float) -> Int32:
    """(F,3) triangles of a figure whose vertices are merged in cubes of cell_m on the rest pose."""
    low = figure.position.min(0)
    cell = ((figure.position - low) / cell_m).astype(np.int64)  # (N,3)
    key = cell @ np.array([1 << 40, 1 << 20, 1]) * 64 + figure.extra[:, 3].astype(np.int64)
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
