"""Frames with labelled people in; how well a detector finds them, out.

The manifest is CSV: path,x1,y1,x2,y2 in px, one row per person; a row without a box says that the
picture holds nobody. A path FILM#t=SECONDS is the frame of a film nearest to that moment.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import zoo
from core.detect import PersonDetector
from core.errors import BadInput
from core.metrics import detection as figures
from core.study.manifest import named, number, plain, rows, shown
from core.study.pictures import read
from core.types import Float32

SIDES = ("x1", "y1", "x2", "y2")
HEIGHTS = (0, 64, 128, 256)  # px
LEAST_SCORE = 0.01  # lower than in use, so that the whole curve is seen


def detection(
    manifest: Path,
    model: str,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    pictures: Path | None = None,
    beside: str | None = None,
) -> dict[str, Any]:
    """AP50 (all-point), and precision and recall at the best F1, of a person detector.

    recall_by_height: at that score, of people below 64, 128, 256 px and taller in the picture.
    seconds: of one picture, its fastest half on average; loading and reading left out.
    pictures: the folder the paths are in, the manifest's own if None;  beside: a second detector
    that sees every picture right after the first; ratio: seconds of the first to those of it.
    Raises NotFound, BadInput, ModelError. Source: [everingham2010]
    """
    names = [model, *([beside] if beside else [])]
    detectors = [_detector(name, directories) for name in names]
    true = _true(manifest, pictures or manifest.parent)
    found: list[list[tuple[Float32, Float32]]] = [[] for _ in names]
    seconds: list[list[float]] = [[] for _ in names]
    for path in shown(list(true), progress):
        image = read(path)
        for k, detector in enumerate(detectors):
            start = time.perf_counter()
            people = detector([image])[0]
            seconds[k].append(time.perf_counter() - start)
            found[k].append((people.box, people.score))
    boxes: list[Float32] = [np.array(b, np.float32).reshape(-1, 4) for b in true.values()]
    values = [
        {**_figures(one, boxes), "seconds": plain(fast(times)), "model": name}
        for one, times, name in zip(found, seconds, names, strict=True)
    ]
    told = {**values[0], "eval": "detection", "data": named(manifest)}
    if beside is None:
        return told
    ratio = fast(seconds[0]) / fast(seconds[1])
    return {**told, "beside": values[1], "ratio": plain(ratio)}


def _detector(model: str, directories: Sequence[str | Path]) -> PersonDetector:
    row = zoo.rows(directories).get(model)
    if row is None or row.task != "person":
        raise BadInput("{model!r} is not a person detector", model=model[:60])
    return PersonDetector(zoo.load(model, directories), min_score=LEAST_SCORE)


def _true(manifest: Path, folder: Path) -> dict[Path, list[list[float]]]:
    """{picture: its true boxes} of a table."""
    found: dict[Path, list[list[float]]] = {}
    for one in rows(manifest, ("path", *SIDES)):
        box = box_of(one)
        found.setdefault(folder / one["path"], []).extend([box] if box else [])
    return found


def _figures(found: Sequence[tuple[Float32, Float32]], true: list[Float32]) -> dict[str, Any]:
    result = figures.detection(found, true)
    height = np.concatenate([np.empty(0), *(b[:, 3] - b[:, 1] for b in true)])
    at = np.concatenate([np.empty(0, bool), *figures.recall(found, true, result.score)])
    by_height = {}
    for low, high in pairwise((*HEIGHTS, math.inf)):
        here = (height >= low) & (height < high)
        if here.any():
            name = f"{low}-" if math.isinf(high) else f"{low}-{high}"
            by_height[name] = {"recall": plain(float(at[here].mean())), "n": int(here.sum())}
    return {
        **{name: plain(getattr(result, name)) for name in ("ap50", "precision", "recall", "score")},
        "recall_by_height": by_height,
        "n_boxes": result.n_boxes,
        "n_pictures": result.n_pictures,
    }


def fast(seconds: Sequence[float]) -> float:
    """The mean of the faster half: what else the machine does is left out."""
    return float(np.mean(sorted(seconds)[: (len(seconds) + 1) // 2]))


def box_of(row: Mapping[str, str]) -> list[float] | None:
    """A row's box, None if it has none."""
    if not any((row[side] or "").strip() for side in SIDES):
        return None
    box = [number(row, side) for side in SIDES]
    if not all(map(math.isfinite, box)) or box[2] <= box[0] or box[3] <= box[1]:
        raise BadInput("the box {box} of {path} is not one", box=box, path=row["path"][:80])
    return box
