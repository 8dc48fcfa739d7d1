"""Small pictures of drawn faces with their boxes and points, so that nets have what to learn.

A face is a pale oval with two eyes, a nose and a mouth, before grey, grainy shapes.
"""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.58), (0.35, 0.75), (0.65, 0.75))  # of the box
NAMES = ("eye_right", "eye_left", "nose", "mouth_right", "mouth_left")
COLUMNS = ("path", "x1", "y1", "x2", "y2", *(f"{n}_{a}" for n in NAMES for a in "xy"))


def picture(index: int, size: tuple[int, int] = (128, 112)) -> tuple[np.ndarray, np.ndarray]:
    """(picture (H,W,3) uint8 RGB, boxes (N,4)); one face, or none in every fourth."""
    rng = np.random.default_rng([9, index])
    width, height = size
    image = np.full((height, width, 3), float(rng.integers(40, 150)))
    for _ in range(6):
        x, y = (int(v) for v in rng.integers(0, 90, 2))
        a, b = (int(v) for v in rng.integers(8, 40, 2))
        cv2.rectangle(image, (x, y), (x + a, y + b), float(rng.integers(20, 200)), -1)
    boxes = []
    if index % 4:
        tall = int(rng.integers(34, 80))
        wide = round(0.75 * tall)
        x, y = int(rng.integers(0, width - wide)), int(rng.integers(0, height - tall))
        tone = np.array([225, 180, 150]) * rng.uniform(0.7, 1.1)
        middle = (x + wide // 2, y + tall // 2)
        cv2.ellipse(image, middle, (wide // 2, tall // 2), 0, 0, 360, tone.tolist(), -1)
        at = [(round(x + px * wide), round(y + py * tall)) for px, py in POINTS]
        for eye in at[:2]:
            cv2.circle(image, eye, max(1, wide // 12), (25, 20, 20), -1)
        cv2.circle(image, at[2], max(1, wide // 14), (150, 100, 90), -1)
        cv2.line(image, at[3], at[4], (150, 40, 40), max(1, tall // 16))
        boxes.append((x, y, x + wide, y + tall))
    image += rng.normal(0, 5, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8), np.array(boxes, float).reshape(-1, 4)


def make(folder: Path, count: int = 40, first: int = 0) -> Path:
    """Write the pictures and faces.csv; returns the table."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "faces.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for i in range(first, first + count):
            image, boxes = picture(i)
            name = f"{i:03d}.png"
            cv2.imwrite(str(folder / name), image[:, :, ::-1])
            for x1, y1, x2, y2 in boxes.tolist():
                points = [v for px, py in POINTS
                          for v in (x1 + px * (x2 - x1), y1 + py * (y2 - y1))]  # fmt: skip
                table.writerow([name, x1, y1, x2, y2, *points])
            if not len(boxes):
                table.writerow([name, *[""] * (len(COLUMNS) - 1)])
    return folder / "faces.csv"
