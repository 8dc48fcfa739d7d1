"""A folder with a folder of pictures for each person in; a table with five points of each face out.

What `train faces` needs of pictures nobody aligned; pictures without a face are left out.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from core import facesets, zoo
from core.describe import FaceDetector
from core.errors import BadInput, NotFound
from core.recipes.faces.crops import COLUMNS
from core.recipes.options import given
from core.study.aligned import meant, picture
from core.study.manifest import shown as bar


@dataclass(frozen=True)
class Search:
    """What is looked for. pictures: PERSON/PICTURE folders; out: the CSV; model: finds the faces;
    models: folders with weights."""

    kind: Literal["face-landmarks"]
    pictures: str
    out: str
    model: str = "yunet_2023mar"
    models: tuple[str, ...] = ()


def from_options(options: Mapping[str, Any]) -> Search:
    """A search of options as the command line gives them. Raises BadInput."""
    return Search(**given(options, Search))


def find(search: Search, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Write path, person_id, an empty camera_id and the points.

    Raises NotFound, BadInput, ModelError.
    """
    row = zoo.rows(search.models).get(search.model)
    if row is None or row.task != "face":
        raise BadInput("{model!r} finds no faces: name a model that does", model=search.model[:60])
    detect = FaceDetector(zoo.load(search.model, search.models))
    out, root = Path(search.out), Path(search.pictures).resolve()
    every = list(facesets.casia(root))
    out.parent.mkdir(parents=True, exist_ok=True)
    near = out.parent.resolve()
    n = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("path", "person_id", "camera_id", *COLUMNS))
        for who, face in bar(every, progress):
            image = picture(face)
            faces = detect([image])[0]
            best = meant(faces, image)
            if best is None:
                continue
            assert isinstance(face.where, Path)
            path = os.path.relpath(face.where, near)
            points = faces.landmarks[best].ravel().tolist()
            table.writerow((path, who, "", *(round(v, 1) for v in points)))
            n += 1
    if not n:
        raise NotFound("no face was found in {root}", root=root)
    return {"manifest": str(out), "faces": n, "pictures": len(every)}
