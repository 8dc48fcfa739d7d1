"""Small pictures of drawn people with their boxes and masks, so that a detector has what to learn.

A person is a head, a strong coat and dark legs before a grey, grainy street.
"""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

COATS = ((210, 40, 45), (35, 95, 205), (45, 140, 70), (245, 215, 30))
COLUMNS = ("path", "x1", "y1", "x2", "y2", "visible", "mask", "person")


def picture(
    index: int, size: tuple[int, int] = (160, 128), most: int = 3
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int, int, int]]]:
    """(picture (H,W,3) uint8 RGB, whose pixels (H,W), boxes); nobody hides anybody."""
    rng = np.random.default_rng([7, index])
    width, height = size
    image = np.full((height, width, 3), float(rng.integers(90, 170)))
    ids = np.zeros((height, width), np.uint8)
    boxes: list[tuple[int, int, int, int]] = []
    for column in rng.permutation(most)[: int(rng.integers(0, most + 1))].tolist():
        tall = int(rng.integers(height // 3, height - 20))
        wide, left = tall // 3, column * (width // most) + int(rng.integers(1, 5))
        wide = min(wide, width // most - 6)
        top = int(rng.integers(2, height - tall - 2))
        box = (left, top, left + wide, top + tall)
        neck, waist = top + tall // 6, top + tall // 2
        image[top:neck, left + wide // 4 : left + 3 * wide // 4] = (205, 160, 130)
        image[neck:waist, left : left + wide] = COATS[int(rng.integers(len(COATS)))]
        image[waist : top + tall, left + wide // 8 : left + wide - wide // 8] = (30, 30, 45)
        boxes.append(box)
        ids[top:neck, left + wide // 4 : left + 3 * wide // 4] = len(boxes)
        ids[neck:waist, left : left + wide] = len(boxes)
        ids[waist : top + tall, left + wide // 8 : left + wide - wide // 8] = len(boxes)
    image += rng.normal(0, 6, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8), ids, boxes


def make(folder: Path, count: int = 12, first: int = 0, **how: int) -> Path:
    """Write the pictures, their masks and frames.csv; returns the table."""
    for name in ("frames", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / "frames.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for i in range(first, first + count):
            image, ids, boxes = picture(i, **how)
            name, mask = f"frames/{i:03d}.png", f"masks/{i:03d}.png"
            cv2.imwrite(str(folder / name), image[:, :, ::-1])
            cv2.imwrite(str(folder / mask), ids)
            rows = [(name, *box, 1.0, mask, k + 1) for k, box in enumerate(boxes)]
            table.writerows(rows or [(name, *[""] * 7)])
    return folder / "frames.csv"
