"""Contact sheets: many citizens on one picture, to be looked at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens.chance import generator
from core.citizens.datasets import Faces, People, draw_crop, draw_face
from core.citizens.people import citizen
from core.citizens.render import Renderer
from core.citizens.snapshot import crop_camera

Image = NDArray[np.uint8]
FACE_SHOWN_PX = 128


def people_sheet(
    renderer: Renderer, plan: People, columns: int = 12, height_px: int = 192
) -> Image:
    """Crops as the set has them: a column is a citizen, a row a camera."""
    rows = []
    for number in range(plan.cameras):
        row = []
        for index in range(columns):
            name = plan.camera_names(index)[number]
            camera = crop_camera(name, plan.split, plan.night)
            who = citizen(plan.seed * 1_000_000 + index, plan.split)
            rng = generator("crop", plan.seed, plan.split, index, name, 0)
            image = draw_crop(renderer, who, camera, plan, rng)[0]
            row.append(
                cv2.resize(image, (height_px // 2, height_px), interpolation=cv2.INTER_CUBIC)
            )
        rows.append(np.hstack(row))
    return np.vstack(rows)


def face_sheet(renderer: Renderer, plan: Faces, columns: int = 10, rows: int = 4) -> Image:
    """Face shots as the set has them: citizen after citizen; the last row is the first again."""
    out = []
    for r in range(rows):
        line = []
        for k in range(columns):
            again = r == rows - 1
            index = k if again else r * columns + k
            who = citizen(plan.seed * 1_000_000 + index, plan.split)
            rng = generator("face shot", plan.seed, plan.split, index, int(again))
            image = draw_face(renderer, who, plan, rng)[0]
            line.append(cv2.resize(image, (FACE_SHOWN_PX,) * 2, interpolation=cv2.INTER_AREA))
        out.append(np.hstack(line))
    return np.vstack(out)
