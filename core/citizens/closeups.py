"""A count in, single pictures of one or two people near the camera out: for detectors.

The frames of a city show many people far away; these show few people large, everybody another
citizen, before the street scenes of `people`. The tables are those of `frameset`, with masks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from core.citizens import assets, facetruth
from core.citizens.chance import generator, presets
from core.citizens.datasets import People, crop_scene
from core.citizens.film import end_with_parent
from core.citizens.frameset import (
    COLUMNS,
    LEAST_PX,
    LEAST_SHARE,
    OF_MASK,
    Row,
    Tables,
    write_tables,
)
from core.citizens.people import citizen
from core.citizens.render import Renderer
from core.citizens.snapshot import CAMERAS, crop_camera

EACH = 4  # pictures of one citizen
BATCH = 25  # citizens a process draws before it tells of them
WIDER = (0.75, 3.5)  # how much more than the body the picture shows
SIZES = ((448, 448), (576, 416), (352, 480))  # width, height
NUMBERS = 500_000_000  # citizens of these pictures are nobody of another set


def make(folder: Path, count: int, split: str, seed: int, workers: int) -> Path:
    """Write frames/NNNNNN.jpg, masks/NNNNNN.png, frames.csv, faces.csv; returns the manifest."""
    for name in ("frames", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    jobs = [(folder, split, seed, first, min(BATCH * EACH, count - first))
            for first in range(0, count, BATCH * EACH)]  # fmt: skip
    return write_tables(folder, (*COLUMNS, *OF_MASK), _done(jobs, workers))


def _done(jobs: list[tuple[Path, str, int, int, int]], workers: int) -> Iterator[Tables]:
    if workers <= 1:
        yield from map(_take, jobs)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        yield from pool.map(_take, jobs)


def _take(job: tuple[Path, str, int, int, int]) -> Tables:
    folder, split, seed, first, n = job
    renderer = Renderer(assets.load(), supersample=1)
    rows: list[Row] = []
    faces: list[Row] = []
    for number in range(first, first + n):
        people, heads = _picture(renderer, folder, split, seed, number)
        rows += people
        faces += heads
    return rows, faces


def _picture(renderer: Renderer, folder: Path, split: str, seed: int, number: int) -> Tables:
    """Draw one picture; its rows of both tables."""
    rng = generator("closeup", split, seed, number)
    who = citizen(NUMBERS + seed * 1_000_000 + number // EACH, split)
    names = presets("camera", CAMERAS, split)
    camera = crop_camera(names[int(rng.integers(len(names)))], split)
    plan = People(1, split=split, occluded=0.2, crowded=0.4)
    size = SIZES[int(rng.integers(len(SIZES)))]
    view, light, static, people = crop_scene(who, camera, plan, rng, size)
    wider = math.exp(rng.uniform(*np.log(WIDER)))
    half = math.atan(math.tan(math.radians(view.fov_deg / 2)) * wider)
    shift = rng.normal(0, 0.25 * max(0.0, wider - 1), 2) * who.height_m
    target = (view.target[0] + shift[0], view.target[1] + shift[1], view.target[2])
    view = replace(view, fov_deg=min(110.0, math.degrees(2 * half)), target=target)
    frame = renderer.draw(view, light, static, people, amodal=True)
    name, mask = f"frames/{number:06d}.jpg", f"masks/{number:06d}.png"
    cv2.imwrite(str(folder / name), frame.image[..., ::-1],
                [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 95))])  # fmt: skip
    cv2.imwrite(str(folder / mask), frame.ids)
    rows: list[Row] = [
        (name, *(round(float(v), 1) for v in box), round(frame.visible(p), 3), mask, p + 1)
        for p in range(len(people))
        if (box := frame.box(p)) is not None
        and frame.visible(p) >= LEAST_SHARE
        and box[3] - box[1] >= LEAST_PX
    ]
    rows = rows or [(name, *[""] * (len(COLUMNS) + 1))]
    return rows, facetruth.rows(name, frame)
