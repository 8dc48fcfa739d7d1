"""Folders with a folder for each person in; who is in them, and their pictures, out.

CASIA-WebFace: `0000045/001.jpg`. K-Face (AIHub's Korean faces): `19062421/S001/L1/E01/C7.jpg` in a
folder for each of three sizes, which archives call High_Resolution, Middle_Resolution and
Low_Resolution.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.errors import NotFound
from core.facesets.values import Face, KFace, folder

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
SIZES = ("High_Resolution", "High", "Middle_Resolution", "Middle", "Low_Resolution", "Low")


def casia(root: Path) -> Iterator[tuple[str, Face]]:
    """(person, picture), person by person, by name. Folders are read as they are come to.

    Raises NotFound if there is no folder, or no picture in any.
    """
    empty = True
    for person in sorted(path for path in folder(root).iterdir() if path.is_dir()):
        for path in sorted(person.iterdir()):
            if path.suffix.lower() in PICTURES and path.is_file():
                empty = False
                yield person.name, Face(f"{person.name}/{path.name}", path)
    if empty:
        raise NotFound("{root} holds no folder of a person with pictures", root=root)


def kface(root: Path) -> KFace:
    """A K-Face folder: that of one size, or the one above, of which the largest size is taken.

    Raises NotFound if nobody is in it.
    """
    below = next((root / size for size in SIZES if (root / size).is_dir()), folder(root))
    people = sorted(p.name for p in below.iterdir() if p.is_dir() and (p / "S001").is_dir())
    if not people:
        raise NotFound("{root} holds nobody of K-Face (PERSON/S001/L1/E01/C7.jpg)", root=root)
    return KFace(below, tuple(people))
