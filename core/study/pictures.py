"""A labelled picture's path in; the picture, reduced if asked for, and one person's shot out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core import mask, photo, zoo
from core.describe import Describer, Shot
from core.errors import BadInput, ModelError
from core.footage import frame_at
from core.geometry import resize
from core.types import Image, Kind

MOMENT = "#t="


def embedding(model: str, directories: Sequence[str | Path]) -> tuple[zoo.Row, Kind, Describer]:
    """The row of a face or body embedding model, its kind, and a describer that uses it.

    Raises BadInput if it is no such model, ModelError if files are missing.
    """
    row = embedding_row(model, directories)
    kind: Kind = "face" if row.task == "face_embedding" else "body"
    return row, kind, _describer(row, directories)


def embedding_row(model: str, directories: Sequence[str | Path]) -> zoo.Row:
    """The row of a face or body embedding model. Raises BadInput if it is no such model."""
    row = zoo.rows(directories).get(model)
    if row is None or row.task not in ("face_embedding", "body_embedding"):
        raise BadInput("{model!r} is not a face or body embedding model", model=model[:60])
    return row


def _describer(row: zoo.Row, directories: Sequence[str | Path]) -> Describer:
    """A body model alone; a face model among the other models of a pack that has it."""
    if row.task == "body_embedding":
        return Describer(zoo.load(row.name, directories))
    packs = [pack for pack in zoo.packs(directories).values() if row.name == pack.face_embedding]
    if not packs:
        raise ModelError(
            "no model pack uses {model}: name it in a pack, beside a model that finds faces",
            model=row.name,
        )
    named = packs[0].tasks
    tasks = [task for task in (*zoo.FACES, zoo.BARENESS) if task in named]
    models = {task: zoo.load(named[task], directories) for task in tasks}
    return Describer(zoo.load(named["body_embedding"], directories), **models)


def read(path: Path) -> Image:
    """The upright picture (H,W,3) uint8 RGB; FILM#t=SECONDS is a frame of a film. Raises BadInput.

    Source: [mediafrag]
    """
    film, moment, at_s = str(path).rpartition(MOMENT)
    if moment and Path(film).is_file():
        return frame_at(film, _seconds(at_s)).image
    if not path.is_file():
        raise BadInput("there is no picture at {path}", path=path)
    return photo.read(path.read_bytes(), path.name).image


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput("{text!r} is no moment of a film in seconds", text=text[:40]) from None


def reduced(image: Image, share: float | None) -> Image:
    """The picture made smaller by a share of its size; as it is for None, and never larger."""
    if share is None or share >= 1:
        return image
    height, width = image.shape[:2]
    return resize(image, (max(4, round(width * share)), max(4, round(height * share))))


def whole(image: Image, bareness: float = mask.BARE_IN_FOOTAGE) -> Shot:
    """A picture that is nothing but one person, as a shot."""
    box = np.array([0, 0, *image.shape[1::-1]], dtype=np.float32)
    return Shot(image, box, 1.0, 1.0, bareness)
