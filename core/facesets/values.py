"""What face data sets are made of; and how names in their lists become paths, safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, NotFound
from core.types import Float32, Int
from core.types.kface import Cell

Bools = NDArray[np.bool_]
MAX_PICTURE_BYTES = 60_000_000
MAX_LIST_BYTES = 200_000_000


@dataclass(frozen=True)
class Face:
    """One picture of a set: its name for messages, and a file or the encoded bytes themselves."""

    name: str
    where: Path | bytes

    def content(self) -> bytes:
        """The encoded picture. Raises NotFound, BadInput."""
        if isinstance(self.where, bytes):
            return self.where
        if not self.where.is_file():
            raise NotFound("there is no picture at {path}", path=self.where)
        if self.where.stat().st_size > MAX_PICTURE_BYTES:
            raise BadInput("{path} is larger than 60 MB: this is no face picture", path=self.where)
        return self.where.read_bytes()


@dataclass(frozen=True)
class Pairs:
    """Pairs in the order of the published folds.

    a, b     (N,) indices into faces;  same (N,) bool
    aligned  pictures are faces already turned and cut to 112x112
    """

    name: str
    faces: Sequence[Face]
    a: Int
    b: Int
    same: Bools
    aligned: bool

    def __post_init__(self) -> None:
        if not self.same.any() or self.same.all():
            raise BadInput(
                "{name} needs pairs of the same and of different people", name=self.name[:80]
            )


@dataclass(frozen=True)
class Scene:
    """One picture with the faces in it, as WIDER FACE tells them.

    box (N,4) xyxy px;  blur 0-2, occlusion 0-2; expression, illumination, pose, invalid 0-1: (N,)
    """

    face: Face
    box: Float32
    blur: Int
    expression: Int
    illumination: Int
    invalid: Int
    occlusion: Int
    pose: Int


@dataclass(frozen=True)
class KFace:
    """A K-Face folder of one size: who is in it, and where the picture of a cell would be."""

    root: Path
    people: tuple[str, ...]

    def face(self, person: str, cell: Cell) -> Face:
        """The picture of a person in a cell; it need not be there."""
        return Face(f"{person}/{cell.path}", self.root / person / cell.path)

    def has(self, person: str, cell: Cell) -> bool:
        """Whether that picture is there."""
        return (self.root / person / cell.path).is_file()

    def complete(self, cells: Mapping[str, Sequence[Cell]]) -> tuple[str, ...]:
        """The people of whom every picture of these cells is there."""
        wanted = [cell for some in cells.values() for cell in some]
        return tuple(p for p in self.people if all(self.has(p, cell) for cell in wanted))


def inside(root: Path, name: str) -> Path:
    """The path of a name that a list gives, below its folder. Raises BadInput if it leads out."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in name or not name or "\0" in name:
        raise BadInput("{name!r} leads out of the data set's folder", name=name[:60])
    return root / parts


def text_lines(path: Path) -> list[str]:
    """The lines of a list, without blank ones. Raises NotFound, BadInput."""
    if not path.is_file():
        raise NotFound("there is no list at {path}", path=path)
    if path.stat().st_size > MAX_LIST_BYTES:
        raise BadInput("{path} is larger than 200 MB: this is no list of pictures", path=path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("{path} is not a text file", path=path) from None
    return [line for line in text.splitlines() if line.strip()]


def folder(path: Path) -> Path:
    """The folder, if it is one. Raises NotFound."""
    if not path.is_dir():
        raise NotFound("there is no folder at {path}", path=path)
    return path
