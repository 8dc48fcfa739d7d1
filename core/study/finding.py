"""Frames with labelled people in; how well a detector finds them, out.

The manifest is CSV: path,x1,y1,x2,y2 in px, one row per person; a row without a box says that the
picture holds nobody.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
LEAST_SCORE = 0.01  # lower than in use, so that the whole curve is seen


def detection(
    manifest: Path,
    model: str,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
) -> dict[str, Any]:
    """AP50 (all-point), and precision and recall at the best F1, of a person detector.

    Raises NotFound, BadInput, ModelError. Source: [everingham2010]
    """
    row = zoo.rows(directories).get(model)
    if row is None or row.task != "person":
        raise BadInput("{model!r} is not a person detector", model=model[:60])
    detector = PersonDetector(zoo.load(model, directories), min_score=LEAST_SCORE)
    true: dict[Path, list[list[float]]] = {}
    for one in rows(manifest, ("path", *SIDES)):
        box = _box(one)
        true.setdefault(manifest.parent / one["path"], []).extend([box] if box else [])
    found = []
    for path in shown(list(true), progress):
        people = detector([read(path)])[0]
        found.append((people.box, people.score))
    boxes: list[Float32] = [np.array(b, np.float32).reshape(-1, 4) for b in true.values()]
    result = figures.detection(found, boxes)
    names = ("ap50", "precision", "recall", "score")
    return {
        **{name: plain(getattr(result, name)) for name in names},
        "n_boxes": result.n_boxes,
        "n_pictures": result.n_pictures,
        "model": model,
        "eval": "detection",
        "data": named(manifest),
    }


def _box(row: Mapping[str, str]) -> list[float] | None:
    """A row's box, None if it has none."""
    if not any((row[side] or "").strip() for side in SIDES):
        return None
    box = [number(row, side) for side in SIDES]
    if not all(map(math.isfinite, box)) or box[2] <= box[0] or box[3] <= box[1]:
        raise BadInput("the box {box} of {path} is not one", box=box, path=row["path"][:80])
    return box
