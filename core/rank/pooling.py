"""Pictures of one person in; the one vector that stands for them, and its size bin, out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.types import Float32, Int, Kind

WIDTH_BINS = (16, 24, 40, 80)  # face box width, native px
HEIGHT_BINS = (64, 128)  # person box height, native px


def pool(rows: Float32, quality: Float32) -> Float32:
    """The one vector of a tracklet (or probe): unit(sum q_k b_k), whatever the order of the rows.

    rows     (n,D) finite unit rows;  quality (n,) 0-1, NaN counts as 0
    returns  (D,) unit row. All qualities 0: plain mean. Rows that cancel: the best single row.
    Raises ValueError if n is 0, or if the shapes do not fit, or if a row is not finite.
    """
    rows64 = np.asarray(rows, dtype=np.float64)
    if rows64.ndim != 2 or not len(rows64) or not rows64.shape[1]:
        raise ValueError(f"pool needs at least one row, got shape {rows64.shape}")
    if np.shape(quality) != (len(rows64),) or not np.isfinite(rows64).all():
        raise ValueError("pool needs finite rows and one quality per row")
    weight = np.clip(np.nan_to_num(np.asarray(quality, dtype=np.float64)), 0.0, 1.0)
    weight = weight / weight.max() if weight.any() else np.ones(len(rows64))
    total = weight @ rows64  # (D,)
    if np.linalg.norm(total) < 1e-6 * weight.sum():  # direction would be rounding noise
        total = rows64[max(range(len(rows64)), key=lambda k: (weight[k], tuple(rows64[k])))]
    norm = np.linalg.norm(total)
    if norm == 0:
        raise ValueError("pool needs unit rows, got a zero row")
    return (total / norm).astype(np.float32)


def size_bins(kind: Kind, px: ArrayLike) -> Int:
    """Size bin of each picture: (N,) native px -> (N,) bin, -1 where px is NaN.

    px  face box width for kind "face", person box height for kind "body"
    """
    size = np.asarray(px, dtype=np.float64)
    bins = np.searchsorted(_edges(kind), size, side="right")
    return np.where(np.isnan(size), -1, bins).astype(np.int64)


def size_bin(kind: Kind, px: float) -> int:
    """Size bin of one picture, -1 if px is NaN."""
    return int(size_bins(kind, px))


def bin_label(kind: Kind, size: int) -> str:
    """The bin in pixels, for instance "16-23 px"; ValueError if there is no such bin."""
    edges = _edges(kind)
    if not 0 <= size <= len(edges):
        raise ValueError(f"{kind} has bins 0 to {len(edges)}, got {size}")
    if size == 0:
        return f"< {edges[0]} px"
    if size == len(edges):
        return f">= {edges[-1]} px"
    return f"{edges[size - 1]}-{edges[size] - 1} px"


def _edges(kind: Kind) -> tuple[int, ...]:
    return WIDTH_BINS if kind == "face" else HEIGHT_BINS
