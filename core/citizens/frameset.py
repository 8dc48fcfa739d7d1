"""A count in, single camera pictures with the boxes of everybody in them out: for detectors.

The pictures come from small cities of their own, a few moments from each camera, in every hour and
weather, compressed like the frames of a film. `frames.csv` is what `dongseon eval detection` reads:
path,x1,y1,x2,y2 and a row without a box for an empty picture; `visible` is added, 0-1. On request
masks/NNNNNN.png says which pixels are whose, with `mask` and the value, `person`, in the table.
`faces.csv` has the faces of the same pictures: see `facetruth`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from core.citizens import assets, cast, facetruth
from core.citizens.chance import generator, pick
from core.citizens.city import City, Sizes
from core.citizens.daylight import HOURS, WEATHERS
from core.citizens.film import call, end_with_parent, placed, prepare, times
from core.citizens.onset import OnSet

EACH = 20  # pictures from one camera
CAMERAS = 5  # of one city
LEAST_SHARE, LEAST_PX = 0.15, 24.0  # of a body that counts; smaller or more hidden is left out
COLUMNS = ("path", "x1", "y1", "x2", "y2", "visible")
OF_MASK = ("mask", "person")
Row = tuple[object, ...]
Tables = tuple[list[Row], list[Row]]  # rows of frames.csv and of faces.csv


@dataclass(frozen=True)
class Job:
    """One camera of one city: pictures first..first+n."""

    folder: Path
    seed: int
    split: str
    camera: int
    first: int
    n: int
    masks: bool


def make(
    folder: Path, count: int, split: str, seed: int, workers: int, masks: bool = False
) -> Path:
    """Write frames/NNNNNN.jpg, frames.csv, faces.csv (and masks/NNNNNN.png); the manifest."""
    for name in ("frames", "masks") if masks else ("frames",):
        (folder / name).mkdir(parents=True, exist_ok=True)
    jobs = []
    for k, first in enumerate(range(0, count, EACH)):
        city_seed = (seed + 1) * 10_000 + k // CAMERAS
        jobs.append(
            Job(folder, city_seed, split, k % CAMERAS, first, min(EACH, count - first), masks)
        )
    return write_tables(folder, COLUMNS + (OF_MASK if masks else ()), _done(jobs, workers))


def write_tables(folder: Path, columns: Sequence[str], every: Iterable[Tables]) -> Path:
    """Write frames.csv with these columns and faces.csv as pictures are done; the first's path."""
    manifest, faces = folder / "frames.csv", folder / "faces.csv"
    with (manifest.open("w", encoding="utf-8", newline="") as file,
          faces.open("w", encoding="utf-8", newline="") as beside):  # fmt: skip
        tables = [csv.writer(one, lineterminator="\n") for one in (file, beside)]
        for table, head in zip(tables, (columns, facetruth.COLUMNS), strict=True):
            table.writerow(head)
        for made in every:
            for table, rows in zip(tables, made, strict=True):
                table.writerows(rows)
            file.flush()
            beside.flush()
    return manifest


def _done(jobs: list[Job], workers: int) -> Iterator[Tables]:
    if workers <= 1:
        yield from map(take, jobs)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        yield from pool.map(take, jobs)


def _city(job: Job) -> City:
    rng = generator("frames", job.split, job.seed)
    hour, weather = pick(rng, HOURS, (6, 2, 2)), pick(rng, WEATHERS, (6, 2, 1))
    size = pick(rng, [(960, 540), (1280, 720), (640, 360)])
    sizes = Sizes(CAMERAS, 1.0, int(rng.integers(6, 26)), 0, 0, hour, weather, 4, size, job.split)
    return cast.build(job.seed, sizes)


def take(job: Job) -> Tables:
    """The pictures of one job; their rows of both tables."""
    city = _city(job)
    camera = city.cameras[job.camera]
    ready, at = prepare(city, camera), times(city, camera)
    who = call(city, camera, at)
    scene = OnSet(assets.load(), ready.view, ready.light, ready.meshes)
    rng = generator("moments", job.split, job.seed, job.camera)
    rows: list[Row] = []
    faces: list[Row] = []
    for k, n in enumerate(sorted(rng.choice(len(at), job.n, replace=False))):
        people = [placed(who.walkers[i], float(at[n])) for i in np.flatnonzero(who.on[:, n])]
        frame = scene.frame([one for one in people if one is not None])
        picture = ready.eye.develop(frame.image, camera.shown_s(float(at[n])), rng)
        name = f"frames/{job.first + k:06d}.jpg"
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 90))]
        cv2.imwrite(str(job.folder / name), picture[..., ::-1], quality)
        mask = f"masks/{job.first + k:06d}.png"
        if job.masks:
            cv2.imwrite(str(job.folder / mask), frame.ids)
        boxes: list[Row] = [
            (
                name,
                *(round(float(v), 1) for v in box),
                round(frame.visible(p), 3),
                *((mask, p + 1) if job.masks else ()),
            )
            for p in range(len(frame.full_px))
            if (box := frame.box(p)) is not None
            and frame.visible(p) >= LEAST_SHARE
            and box[3] - box[1] >= LEAST_PX
        ]
        rows += boxes or [(name, *[""] * (len(COLUMNS) - 1 + 2 * job.masks))]
        faces += facetruth.rows(name, frame)
    scene.close()
    return rows, faces
