"""Contact sheets: many citizens on one picture, to be looked at."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens.chance import generator
from core.citizens.datasets import FACE_LIGHTS, People, draw_crop, face_view
from core.citizens.people import citizen
from core.citizens.render import Renderer
from core.citizens.snapshot import crop_camera
from core.citizens.stage import Placed

Image = NDArray[np.uint8]


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


def face_sheet(
    renderer: Renderer,
    first: int,
    columns: int = 10,
    rows: int = 4,
    split: str = "train",
    px: int = 128,
) -> Image:
    """Faces of citizens: nearly frontal, soft light; the last row turned to the side."""
    out = []
    for r in range(rows):
        line = []
        for k in range(columns):
            who = citizen(first + (r * columns + k if r < rows - 1 else k), split)
            placed = Placed(who, gait="stand")
            yaw = 45.0 if r == rows - 1 else 10 * math.sin(k)
            view = face_view(renderer, placed, yaw, 4.0, px)
            line.append(renderer.draw(view, FACE_LIGHTS["front"], (), [placed]).image)
        out.append(np.hstack(line))
    return np.vstack(out)
