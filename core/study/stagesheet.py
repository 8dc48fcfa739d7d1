"""A picture and what each stage of a cascade let pass in; one picture that shows it out.

papers/000 shows the candidates of each of its networks: here the same panels, the last with the
faces that count and their five points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.cascade import STAGES, Candidates
from core.describe import Faces
from core.geometry import resize
from core.types import Image

PANEL_PX = 720  # the longer side of a panel at most
HEAD_PX, GAP_PX = 34, 6
COLORS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0))
"""One for each panel, for colour-blind readers. Source: [okabe2008]"""


def sheet(image: Image, stages: Sequence[Candidates], faces: Faces) -> Image:
    """Panels two by two: what P-, R- and O-Net let pass of a picture (H,W,3) RGB, and the faces."""
    share = min(1.0, PANEL_PX / max(image.shape[:2]))
    small = resize(image, (round(image.shape[1] * share), round(image.shape[0] * share)))
    panels = [
        _panel(small, one.box * share, f"{name}: {len(one)}", color)
        for name, one, color in zip(STAGES, stages, COLORS, strict=False)
    ]
    last = _panel(small, faces.box * share, f"faces: {len(faces)}", COLORS[-1])
    _dots(last[HEAD_PX:], faces.landmarks * share)
    panels.append(last)
    height, width = panels[0].shape[:2]
    made = np.full((2 * height + GAP_PX, 2 * width + GAP_PX, 3), 255, np.uint8)
    for k, panel in enumerate(panels):
        y, x = (k // 2) * (height + GAP_PX), (k % 2) * (width + GAP_PX)
        made[y : y + height, x : x + width] = panel
    return made


def _panel(image: Image, box: np.ndarray, text: str, color: tuple[int, int, int]) -> Image:
    """The picture under a line of text, with boxes (N,4) px; weak ones first, so under others."""
    import cv2

    made = np.full((image.shape[0] + HEAD_PX, image.shape[1], 3), 255, np.uint8)
    below = image.copy()
    for x1, y1, x2, y2 in np.round(box[::-1]).astype(int).tolist():
        cv2.rectangle(below, (x1, y1), (x2, y2), color, 1, cv2.LINE_AA)
    made[HEAD_PX:] = below
    cv2.putText(made, text, (4, HEAD_PX - 11), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 20, 20), 1,
                cv2.LINE_AA)  # fmt: skip
    return made


def _dots(image: Image, points: np.ndarray) -> None:
    """Five points (N,5,2) px of each face, drawn into the picture."""
    import cv2

    for x, y in np.round(points.reshape(-1, 2)).astype(int).tolist():
        cv2.circle(image, (x, y), 2, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(image, (x, y), 2, (20, 20, 20), 1, cv2.LINE_AA)
