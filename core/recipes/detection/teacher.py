"""Pictures nobody labelled and a detector that is already there, in; a table of its boxes, out.

The teacher sees every picture whole, mirrored, and in overlapping tiles, so that it finds people
(or faces, with their points) smaller than it would in use. Boxes it is not sure of are written too:
`score` says so, and training then learns nothing there.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import cv2
import numpy as np

from core import footage, zoo
from core.describe import FaceDetector
from core.detect import PersonDetector
from core.errors import BadInput
from core.geometry import iou
from core.recipes.options import choice, given, shown
from core.study.facefinding import POINTS
from core.study.finding import SIDES
from core.study.manifest import shown as bar
from core.study.pictures import read
from core.types import Float32, Image

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
FILMS = (".mp4", ".mkv", ".avi", ".mov")
HALVES = ("all", "even", "odd")
LEAST = 0.2  # lower boxes are not written
SAME = 0.55  # IoU from which two looks mean one person
TILES, OVERLAP = 2, 0.25  # a side; share of a tile that its neighbour sees, too
TALLEST = 0.9  # of a tile: a taller box in it is cut off and does not count
QUALITY = 92
# A mirrored row: left and right change places, of the box and of the points; y stays.
MIRROR = (2, 1, 0, 3, 6, 7, 4, 5, 8, 9, 12, 13, 10, 11)
Teacher = Callable[[Image], tuple[Float32, Float32]]


@dataclass(frozen=True)
class Lesson:
    """What is to be labelled.

    pictures  a folder of pictures, or a film;  model: the teacher;  models: folders with weights
    half      of a folder: only pictures whose file name has an even or odd sha256
    every     of a film: seconds between its pictures
    """

    kind: Literal["pseudo-labels"]
    pictures: str
    out: str
    model: str = "yolox_nano"
    models: tuple[str, ...] = ()
    half: str = "all"
    every: float = 1.0

    def __post_init__(self) -> None:
        choice("half", self.half, HALVES)
        if not 0.01 <= self.every <= 3600:
            raise BadInput("--every must be between {low} and {high}", low=0.01, high=3600)


def from_options(options: Mapping[str, Any]) -> Lesson:
    """A lesson of options as the command line gives them. Raises BadInput."""
    return Lesson(**given(options, Lesson))


def label(lesson: Lesson, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Write OUT/frames.csv (path,x1,y1,x2,y2,score) and OUT/frames/: the pictures it is about.

    A teacher of faces writes OUT/faces.csv, with five points behind the score.
    Raises NotFound, BadInput, ModelError.
    """
    row = zoo.rows(lesson.models).get(lesson.model)
    if row is None or row.task not in ("person", "face"):
        raise BadInput("{model!r} finds neither people nor faces", model=lesson.model[:60])
    teacher = _teacher(zoo.load(lesson.model, lesson.models))
    named = "frames.csv" if row.task == "person" else "faces.csv"
    columns = ["path", *SIDES, "score", *(POINTS if row.task == "face" else ())]
    out = Path(lesson.out)
    (out / "frames").mkdir(parents=True, exist_ok=True)
    n = 0
    with (out / named).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        written = 0
        for name, image in _pictures(lesson, progress):
            path = f"frames/{name}"
            jpeg = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
            cv2.imwrite(str(out / path), image[:, :, ::-1], jpeg)
            box, score = look(teacher, image)
            found = np.round(box, 1).tolist()
            rows = [(path, *b[:4], round(float(s), 3), *b[4:])
                    for b, s in zip(found, score, strict=True)]  # fmt: skip
            table.writerows(rows or [(path, *[""] * (len(columns) - 1))])
            n, written = n + 1, written + len(rows)
    if not n:
        raise BadInput("{path} holds no picture to label", path=lesson.pictures)
    made = {"teacher": lesson.model, "sha256": row.sha256, "pictures": n, "boxes": written,
            "of": shown(lesson.pictures), "half": lesson.half}  # fmt: skip
    note = (out / named).with_suffix(".json")
    note.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return {"manifest": str(out / named), **made}


def _teacher(model: zoo.Model) -> Teacher:
    """What a detector finds in a picture: rows (N,4) xyxy px, of a face also its points (N,14)."""
    if model.row.task == "person":
        people = PersonDetector(model, min_score=0.05)

        def bodies(image: Image) -> tuple[Float32, Float32]:
            found = people([image])[0]
            return found.box, found.score

        return bodies
    faces = FaceDetector(model, min_score=LEAST)

    def heads(image: Image) -> tuple[Float32, Float32]:
        found = faces([image])[0]
        return np.concatenate([found.box, found.landmarks.reshape(-1, 10)], axis=1), found.score

    return heads


def _pictures(lesson: Lesson, progress: IO[str] | None) -> Iterator[tuple[str, Image]]:
    """(file name, picture) of everything to be labelled."""
    source = Path(lesson.pictures)
    if source.is_dir():
        files = sorted(p for p in source.iterdir() if p.suffix.lower() in PICTURES)
        for path in bar([p for p in files if _chosen(p, lesson.half)], progress):
            yield f"{path.stem}.jpg", read(path)
    elif source.is_file() and source.suffix.lower() in FILMS:
        for frame in bar(list(footage.frames(source, 1 / lesson.every)), progress):
            yield f"{source.stem}-{round(frame.t_s * 1000):07d}.jpg", frame.image
    else:
        raise BadInput("{path} is neither a folder of pictures nor a film", path=source)


def _chosen(path: Path, half: str) -> bool:
    """Whether the picture is of that half: by the sha256 of its file name."""
    odd = int(hashlib.sha256(path.name.encode()).hexdigest(), 16) % 2 == 1
    return half == "all" or odd == (half == "odd")


def look(teacher: Teacher, image: Image) -> tuple[Float32, Float32]:
    """Boxes (N,4) xyxy px, or (N,14) with points, and scores (N,): several looks made one."""
    height, width = image.shape[:2]
    found: list[tuple[Float32, Float32]] = []
    for x1, y1, x2, y2 in [(0, 0, width, height), *_tiles(width, height)]:
        part = np.ascontiguousarray(image[y1:y2, x1:x2])
        for mirrored in (False, True):
            box, score = teacher(np.ascontiguousarray(part[:, ::-1]) if mirrored else part)
            if mirrored:
                box = box[:, MIRROR[: box.shape[1]]]
                box[:, ::2] = (x2 - x1) - box[:, ::2]
            if (x2 - x1, y2 - y1) != (width, height):
                box, score = _inner(box, score, (x1, y1, x2, y2), (width, height))
            found.append((box + np.tile(np.array([x1, y1], np.float32), box.shape[1] // 2), score))
    return _agreed(found)


def _tiles(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Overlapping parts of a picture."""
    side = 1 / (TILES - (TILES - 1) * OVERLAP)  # of a tile, as a share of the picture
    starts = [k * (1 - side) / (TILES - 1) for k in range(TILES)]
    return [
        (round(x * width), round(y * height), round((x + side) * width), round((y + side) * height))
        for y in starts
        for x in starts
    ]


def _inner(
    box: Float32, score: Float32, tile: tuple[int, int, int, int], whole: tuple[int, int]
) -> tuple[Float32, Float32]:
    """What a tile shows entirely: nothing that touches an edge the picture does not end at."""
    x1, y1, x2, y2 = tile
    width, height = x2 - x1, y2 - y1
    keep = box[:, 3] - box[:, 1] < TALLEST * height
    for side, inside, at in ((0, x1 > 0, 0), (1, y1 > 0, 0), (2, x2 < whole[0], width),
                             (3, y2 < whole[1], height)):  # fmt: skip
        if inside:
            keep &= np.abs(box[:, side] - at) > 3
    return box[keep], score[keep]


def _agreed(found: Sequence[tuple[Float32, Float32]]) -> tuple[Float32, Float32]:
    """Boxes of several looks -> one for each person: their mean by score, and the best score.

    Source: [solovyev2021wbf]
    """
    box = np.concatenate([b for b, _ in found])
    score = np.concatenate([s for _, s in found])
    overlap = iou(box[:, :4], box[:, :4])
    groups: list[list[int]] = []
    for i in np.argsort(-score, kind="stable").tolist():
        for group in groups:
            if overlap[i, group[0]] >= SAME:
                group.append(i)
                break
        else:
            groups.append([i])
    boxes = [np.average(box[g], axis=0, weights=score[g]) for g in groups]
    best = np.array([score[g[0]] for g in groups], np.float32)
    keep = best >= LEAST
    return np.array(boxes, np.float32).reshape(-1, box.shape[1])[keep], best[keep]
