"""A list of WIDER FACE in (`wider_face_train_bbx_gt.txt`), its pictures with their boxes out.

A picture's name, the number of its faces, and a line for each: x, y, width, height, blur,
expression, illumination, invalid, occlusion, pose. A picture without faces has a line of noughts.

Source: [yang2016wider]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.errors import BadInput
from core.facesets.values import Face, Scene, inside, text_lines

COLUMNS = 10


def wider(listing: Path, pictures: Path) -> Iterator[Scene]:
    """Picture by picture, in the order of the list. pictures: the folder `.../images`.

    Faces without width or height are left out. Raises NotFound, BadInput.
    """
    lines = text_lines(listing)
    at = 0
    while at < len(lines):
        name = lines[at].strip()
        count = _count(lines, at + 1, listing)
        rows = lines[at + 2 : at + 2 + max(count, 1)]
        if len(rows) < count:
            raise BadInput("{file} is cut short", file=listing.name)
        values = _numbers(rows[:count], listing, at + 3)
        at += 2 + (max(count, 1) if count or _nothing(rows) else 0)
        yield _scene(Face(name, inside(pictures, name)), values)


def _scene(face: Face, values: np.ndarray) -> Scene:
    """values (N,10) as in the list."""
    values = values[(values[:, 2] > 0) & (values[:, 3] > 0)]
    box = values[:, :4].astype(np.float32)
    box[:, 2:] += box[:, :2]  # (N,4) xyxy
    return Scene(face, box, *(values[:, k] for k in range(4, COLUMNS)))


def _count(lines: list[str], at: int, listing: Path) -> int:
    text = lines[at].strip() if at < len(lines) else ""
    if not (text.isdecimal() and len(text) < 7):
        raise BadInput(
            "{file}, line {line} should be a number of faces", file=listing.name, line=at + 1
        )
    return int(text)


def _nothing(rows: list[str]) -> bool:
    """Whether this is the line of noughts of a picture without faces."""
    return bool(rows) and rows[0].split() == ["0"] * COLUMNS


def _numbers(rows: list[str], listing: Path, line: int) -> np.ndarray:
    """(N,10) whole numbers."""
    try:
        found = [[int(n) for n in row.split()] for row in rows]
        return np.array(found, dtype=np.int64).reshape(len(rows), COLUMNS)
    except (ValueError, OverflowError):
        raise BadInput(
            "{file}, line {line} and on: a face is {n} whole numbers",
            file=listing.name,
            line=line,
            n=COLUMNS,
        ) from None
