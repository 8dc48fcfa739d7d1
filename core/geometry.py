"""Boxes and places in, overlaps and distances out: pure geometry, its magic numbers named."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.types import Float32, Image

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


def area(box: Float32) -> Float32:
    """Areas (N,) in px^2 of boxes (N,4); 0 for empty or inverted boxes."""
    side = np.clip(box[:, 2:] - box[:, :2], 0, None)  # (N,2)
    return np.asarray(side[:, 0] * side[:, 1], dtype=np.float32)


def intersection(a: Float32, b: Float32) -> Float32:
    """Intersection areas (N,M) in px^2 of boxes a (N,4) and b (M,4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])  # (N,M,2)
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    side = np.clip(high - low, 0, None)
    return np.asarray(side[..., 0] * side[..., 1], dtype=np.float32)


def iou(a: Float32, b: Float32) -> Float32:
    """Intersection over union (N,M) of boxes a (N,4) and b (M,4); 0 where both are empty."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - shared
    share = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return np.asarray(share, dtype=np.float32)


def nms(box: Float32, score: Float32, max_iou: float) -> NDArray[np.int64]:
    """Greedy non-maximum suppression: indices kept, best score first.

    box (N,4) px;  score (N,);  max_iou: a box that overlaps a better one by more is dropped
    """
    order = np.argsort(-score, kind="stable")
    overlap = iou(box[order], box[order])
    dropped = np.zeros(len(order), dtype=bool)
    for i in range(len(order)):
        if not dropped[i]:
            dropped[i + 1 :] |= overlap[i, i + 1 :] > max_iou
    return order[~dropped].astype(np.int64)


def expand(box: Float32, share: float, size: tuple[int, int]) -> NDArray[np.int64]:
    """Grow boxes (N,4) by `share` of their longer side on every side, inside (width, height).

    Returns whole pixels (N,4), at least one pixel wide and high.
    """
    width, height = size
    margin = share * np.max(box[:, 2:] - box[:, :2], axis=1, keepdims=True)  # (N,1)
    grown = np.concatenate([np.floor(box[:, :2] - margin), np.ceil(box[:, 2:] + margin)], axis=1)
    grown[:, [0, 2]] = np.clip(grown[:, [0, 2]], 0, width)
    grown[:, [1, 3]] = np.clip(grown[:, [1, 3]], 0, height)
    grown[:, :2] = np.minimum(grown[:, :2], np.array([width - 1, height - 1]))
    grown[:, 2:] = np.maximum(grown[:, 2:], grown[:, :2] + 1)
    return grown.astype(np.int64)


def resize(image: Image, size: tuple[int, int]) -> Image:
    """Stretch a picture (H,W,3) uint8 to (width, height); averages when it shrinks."""
    import cv2

    shrinks = size[0] < image.shape[1] or size[1] < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)


def letterbox(
    image: Image, size: tuple[int, int], fill: int, max_scale: float = np.inf
) -> tuple[Image, float]:
    """Fit a picture into (width, height), top left, the rest filled; returns it and its scale.

    image (H,W,3) uint8;  a box found in the result divided by the scale is a box in the image.
    """
    width, height = size
    scale = min(width / image.shape[1], height / image.shape[0], max_scale)
    new = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    canvas = np.full((height, width, 3), fill, dtype=np.uint8)
    canvas[: new[1], : new[0]] = resize(image, new)
    return canvas, scale


def haversine_m(
    lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike
) -> NDArray[np.float64]:
    """Great-circle distance in metres between WGS84 degrees; broadcasts; NaN stays NaN."""
    phi1, lam1, phi2, lam2 = (np.radians(np.asarray(x, float)) for x in (lat1, lon1, lat2, lon2))
    h = (
        np.sin((phi2 - phi1) / 2) ** 2
        + np.cos(phi1) * np.cos(phi2) * np.sin((lam2 - lam1) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(h, 0, 1))))
