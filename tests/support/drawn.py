"""Small sets of drawn people as crops with a manifest, so that the recipes have something to learn.

A person is two strong colours and, for some, a dark bag; a camera is a brightness.
"""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

PAINT = {"red": (210, 40, 45), "blue": (35, 95, 205), "green": (45, 140, 70), "white": (235,) * 3,
         "black": (25, 25, 28), "yellow": (245, 215, 30)}  # fmt: skip
COLUMNS = ("path", "person_id", "camera_id", "role", "upper_color", "lower_color", "bag", "gender")


def person(index: int) -> dict[str, str]:
    """What the person of this index wears; nobody knows their gender."""
    colors = list(PAINT)
    return {
        "upper_color": colors[index % 6],
        "lower_color": colors[(index // 6 + index + 1) % 6],
        "bag": "backpack" if index % 2 else "none",
        "gender": "",
    }


def crop(index: int, camera: int, k: int, size: tuple[int, int] = (32, 64)) -> np.ndarray:
    """A picture (H,W,3) uint8 RGB."""
    rng = np.random.default_rng([index, camera, k])
    width, height = size
    image = np.full((height, width, 3), 128, np.float64)
    who = person(index)
    left, right = width // 5, width - width // 5
    image[height // 8 : height // 2, left:right] = PAINT[who["upper_color"]]
    image[height // 2 :, left:right] = PAINT[who["lower_color"]]
    if who["bag"] == "backpack":
        image[height // 4 : height // 2, width // 3 : width // 2] = (90, 60, 30)
    image = image * (0.8 + 0.4 * camera) + rng.normal(0, 8, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def make(folder: Path, people: int = 8, crops: int = 3, cameras: int = 2, first: int = 0) -> Path:
    """Write the crops and their manifest; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for i in range(first, first + people):
            for camera in range(cameras):
                for k in range(crops):
                    name = f"{i:03d}_{camera}_{k}.png"
                    cv2.imwrite(str(folder / name), crop(i, camera, k)[:, :, ::-1])
                    role = "gallery" if camera else "query"
                    table.writerow({"path": name, "person_id": f"p{i}", "camera_id": f"c{camera}",
                                    "role": role, **person(i)})  # fmt: skip
    return folder / "manifest.csv"
