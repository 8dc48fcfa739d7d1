"""A drawn frame in, the faces it shows out: boxes as face detectors draw them, and five points.

A box is laid around the eyes and the mouth: from brow to chin, from ear to cheek. It leans away
from the nose where a face is turned, because a detector's box then reaches to the ear.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.citizens.stage import FACE_POINTS, Frame

Float32 = NDArray[np.float32]
Row = tuple[object, ...]

WIDE, HIGH = 2.0, 2.66  # of a box, in distances from the eyes to the mouth
ABOVE, ASIDE = 0.16, 1.3  # how far its middle lies above that of the points; against the nose
"""The means of YuNet's boxes around 300 drawn faces (`faces --count 60 --shots 5`)."""
TURNED = 0.2  # cosine to the camera below which there is no face, only a head from behind or aside
LEAST_PX = 8.0  # of a box's width: a smaller face is left out
BOX = ("x1", "y1", "x2", "y2")
POINTS = tuple(f"{point}_{axis}" for point in FACE_POINTS for axis in "xy")
COLUMNS = ("path", *BOX, "visible", "facing", *POINTS)


def face_box(points: Float32) -> Float32:
    """The box (4,) xyxy px around five points (5,2) px."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    high = float(np.linalg.norm(mouth - eyes))
    middle = (eyes + mouth) / 2
    middle = middle - np.array([ASIDE * (points[2, 0] - middle[0]), ABOVE * high])
    half = np.array([WIDE, HIGH]) * high / 2
    return np.concatenate([middle - half, middle + half]).astype(np.float32)


def told(points: Float32) -> dict[str, object]:
    """What a table says of one face by its points (5,2) px: them and the box around them."""
    points = np.round(points, 1)
    values = _px(np.concatenate([points.ravel(), face_box(points)]))
    return dict(zip((*POINTS, *BOX), values, strict=True))


def rows(path: str, frame: Frame) -> list[Row]:
    """The rows of COLUMNS of one picture: one for each face, one without a box where there is none.

    visible  share of the five points that nothing hides and that lie in the picture
    """
    height, width = frame.ids.shape
    found: list[Row] = []
    for k, points in enumerate(frame.landmarks):
        if not np.isfinite(points).all() or frame.facing[k] < TURNED:
            continue
        box = face_box(points)
        x, y = np.floor(points).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        seen = inside & (frame.ids[y.clip(0, height - 1), x.clip(0, width - 1)] == k + 1)
        if box[2] - box[0] < LEAST_PX or not seen.any():
            continue
        found.append((path, *_px(box), round(float(seen.mean()), 2),
                      round(float(frame.facing[k]), 3), *_px(points.ravel())))  # fmt: skip
    return found or [(path, *[""] * (len(COLUMNS) - 1))]


def _px(values: Float32) -> list[float]:
    return [round(float(v), 1) for v in values]
