"""Tables with five points, or folders of aligned faces, in; aligned and randomised faces out.

A picture is aligned as the product aligns it (`core.describe.align`), its points moved a little
each time: a detector finds them a little differently each time, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from core import facesets
from core.describe import align
from core.errors import BadInput
from core.geometry import resize
from core.recipes import samples
from core.recipes.faces.plan import SIDE, Plan
from core.recipes.options import shown
from core.recipes.order import Key
from core.recipes.randomise import Hardness, randomise
from core.study.manifest import number, rows
from core.study.pictures import read as picture
from core.types import Float32, Image, Int

POINTS = ("eye_right", "eye_left", "nose", "mouth_right", "mouth_left")
COLUMNS = tuple(f"{p}_{axis}" for p in POINTS for axis in "xy")
FACE = Hardness(shift=0.04, light=0.35, contrast=0.4, saturation=0.9, gamma=0.5, balance=0.15,
                blur=0.35, shrink=0.4, noise=0.35, jpeg=0.4, erase=0.3)  # fmt: skip


@dataclass(frozen=True)
class Faces:
    """N pictures of one face each.

    path (N,);  person (N,) 0..people-1;  day (N,) numbers, so that a batch shows several days
    points  (N,5,2) px, NaN where the picture is an aligned face already
    """

    path: tuple[Path, ...]
    person: Int
    day: Int
    points: Float32

    def __len__(self) -> int:
        return len(self.path)

    @property
    def people(self) -> int:
        return int(self.person.max()) + 1 if len(self) else 0


def read(tables: Sequence[str], most: int | None = None) -> Faces:
    """All faces of all tables and folders; people of different ones are different people.

    most  only the first people, in the tables' order

    Raises NotFound, BadInput: a missing column or picture, points that are no numbers, one person.
    """
    found: list[tuple[Path, str, str, Float32]] = []
    for n, table in enumerate(Path(t) for t in tables):
        for path, who, when, points in _folder(table) if table.is_dir() else _table(table):
            found.append((path, f"{n}/{who}", f"{n}/{who}/{when}", points))
    first = dict.fromkeys(one[1] for one in found)
    kept = set(list(first)[:most])
    found = [one for one in found if one[1] in kept]
    person = np.unique([one[1] for one in found], return_inverse=True)[1].astype(np.int64)
    day = np.unique([one[2] for one in found], return_inverse=True)[1].astype(np.int64)
    if person.max() < 1:
        raise BadInput("the manifest shows one person only: telling people apart needs two")
    return Faces(tuple(one[0] for one in found), person, day, np.stack([one[3] for one in found]))


def _table(table: Path) -> Iterable[tuple[Path, str, str, Float32]]:
    for row in rows(table, ("path", "person_id", *COLUMNS)):
        path = table.parent / row["path"]
        if not path.is_file():
            raise BadInput("there is no picture at {path}", path=path)
        points = np.array([number(row, name) for name in COLUMNS], np.float32).reshape(5, 2)
        yield path, row["person_id"], row.get("camera_id") or "", points


def _folder(folder: Path) -> Iterable[tuple[Path, str, str, Float32]]:
    for who, face in facesets.casia(folder):
        assert isinstance(face.where, Path)
        yield face.where, who, "", np.full((5, 2), np.nan, np.float32)


def aligned(image: Image, points: Float32, rng: np.random.Generator | None, jitter: float) -> Image:
    """The face at the template's size (112,112,3); the points moved by `jitter` of the eyes' gap.

    points (5,2), NaN = aligned already. Raises BadInput where such a picture is not square.
    """
    if np.isnan(points).any():
        if image.shape[0] != image.shape[1]:
            raise BadInput("an aligned face must be square, not {w} x {h} px",
                           w=image.shape[1], h=image.shape[0])  # fmt: skip
        return resize(image, (SIDE, SIDE)) if len(image) != SIDE else image
    if rng is not None and jitter:
        gap = max(float(np.linalg.norm(points[1] - points[0])), 0.5 * SIDE / 4)
        points = points + rng.normal(0, jitter * gap, (5, 2)).astype(np.float32)
    return align(image, points)


class Crops(Dataset):
    """Faces by key (epoch, index, draw) -> (picture (112,112,3) uint8, person)."""

    def __init__(self, faces: Faces, plan: Plan) -> None:
        self.faces, self.seed, self.jitter = faces, plan.seed, plan.jitter

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, key: Key) -> tuple[Any, int]:
        epoch, index, again = key
        rng = np.random.default_rng([self.seed, 3, epoch, index, again])
        image = aligned(picture(self.faces.path[index]), self.faces.points[index], rng, self.jitter)
        image = randomise(image, (SIDE, SIDE), rng, FACE)
        return image, int(self.faces.person[index])


def sha256(
    tables: Sequence[str],
    progress: Callable[[Iterable[Any]], Iterable[Any]] = lambda items: items,
) -> str:
    """One hash over all tables and pictures, in their order."""
    told = hashlib.sha256()
    for table in (Path(t) for t in tables):
        if not table.is_dir():
            told.update(samples.sha256([table], progress).encode())
            continue
        for path, who, *_ in progress(list(_folder(table))):
            told.update(f"{who}/{path.name}\0".encode())
            told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def told(tables: Sequence[str]) -> list[dict[str, Any]]:
    """What each table or folder is, for the card."""
    found = []
    for table in (Path(t) for t in tables):
        if not table.is_dir():
            found += samples.told([table])
            continue
        who = [person for _, person, *_ in _folder(table)]
        found.append({"table": shown(table), "sha256": None, "people": len(set(who)),
                      "cameras": 0, "crops": len(who), "drawn": None})  # fmt: skip
    return found
