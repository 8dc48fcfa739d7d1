"""Found and true boxes of pictures in; average precision, precision and recall out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.geometry import iou
from core.types import Float32, Float64


@dataclass(frozen=True)
class Detection:
    """ap50: all-point average precision at IoU .5; the others at the score where F1 is best.

    NaN where there is no true box at all.
    """

    ap50: float
    precision: float
    recall: float
    score: float
    n_boxes: int
    n_pictures: int


def detection(
    found: Sequence[tuple[Float32, Float32]], true: Sequence[Float32], least: float = 0.5
) -> Detection:
    """found: per picture (boxes (N,4), scores (N,)); true: per picture boxes (M,4), xyxy px.

    Best score first, a found box takes the free true box it overlaps most, from IoU `least` on;
    a second box on one person is false. Precision is the highest at that recall or any above.
    Source: [everingham2010]
    """
    score = np.concatenate([np.empty(0), *(s for _, s in found)])
    hit = np.concatenate([np.empty(0, bool), *map(_hits, found, true, [least] * len(true))])
    n = sum(len(boxes) for boxes in true)
    if not n:
        return Detection(np.nan, np.nan, np.nan, np.nan, 0, len(true))
    order = np.argsort(-score, kind="stable")
    level = score[order]
    right = np.cumsum(hit[order])
    last = np.append(level[1:] != level[:-1], True)[: len(level)]  # equal scores come together
    recall, precision = right[last] / n, right[last] / (np.flatnonzero(last) + 1)
    if not len(recall):
        return Detection(0.0, np.nan, 0.0, np.nan, n, len(true))
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(f1.argmax())
    return Detection(
        _area(recall, precision),
        float(precision[best]),
        float(recall[best]),
        float(level[last][best]),
        n,
        len(true),
    )


def recall(
    found: Sequence[tuple[Float32, Float32]], true: Sequence[Float32], score: float,
    least: float = 0.5,
) -> list[np.ndarray]:  # fmt: skip
    """Per picture (M,) True where a true box is found at `score` or above; as in `detection`."""
    told = []
    for (boxes, level), people in zip(found, true, strict=True):
        keep = level >= score
        told.append(_matched((boxes[keep], level[keep]), people, least)[1])
    return told


def _hits(found: tuple[Float32, Float32], true: Float32, least: float) -> np.ndarray:
    """(N,) True where a found box is the best on a true one."""
    return _matched(found, true, least)[0]


def _matched(
    found: tuple[Float32, Float32], true: Float32, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) and (M,) True where a found box and a true one are a pair."""
    boxes, score = found
    hit, free = np.zeros(len(boxes), bool), np.ones(len(true), bool)
    if not len(true) or not len(boxes):
        return hit, ~free
    overlap = iou(boxes, true)  # (N,M)
    for i in np.argsort(-score, kind="stable"):
        j = int(np.argmax(np.where(free, overlap[i], -1)))
        if free[j] and overlap[i, j] >= least:
            hit[i], free[j] = True, False
    return hit, ~free


def _area(recall: Float64, precision: Float64) -> float:
    """Area under the curve whose precision never rises with recall."""
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.append(0, recall)) * highest))
