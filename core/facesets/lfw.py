"""A folder of Labeled Faces in the Wild in; its listed pairs out.

Pictures lie at `NAME/NAME_0001.jpg`, beside the list or in a folder under it. `pairs.txt` (ten
folds) and the developers' `pairsDevTrain.txt`, `pairsDevTest.txt` are read.

Source: [huang2007lfw]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import BadInput, NotFound
from core.facesets.values import Face, Pairs, folder, inside, text_lines

Shot = tuple[str, int]
_NAME = re.compile(r"[^/\\\0]{1,120}")


def lfw_pairs(root: Path, listing: Path | None = None) -> Pairs:
    """The pairs of a list, in its order. listing: the file, if there are several, or elsewhere.

    Raises NotFound, BadInput.
    """
    listing = listing or _only_list(folder(root))
    pairs, same = listed(listing)
    number: dict[Shot, int] = {}
    for pair in pairs:
        for shot in pair:
            number.setdefault(shot, len(number))
    pictures = _pictures(root, next(iter(number)))
    faces = [Face(f"{n}_{k:04d}", _path(pictures, n, k)) for n, k in number]
    return Pairs(
        f"{root.name}/{listing.name}",
        faces,
        np.array([number[first] for first, _ in pairs], dtype=np.int64),
        np.array([number[second] for _, second in pairs], dtype=np.int64),
        np.array(same, dtype=bool),
        aligned=False,
    )


def listed(listing: Path) -> tuple[list[tuple[Shot, Shot]], list[bool]]:
    """[((name, number), (name, number))] of a list, and whether both show the same person.

    Raises NotFound, BadInput.
    """
    head, *lines = text_lines(listing) or [""]
    pairs, same = [], []
    for at, line in enumerate(lines, 2):
        part = line.split()
        numbers = part[1:] if len(part) == 3 else part[1::2]
        if len(part) not in (3, 4) or not all(n.isdecimal() and len(n) < 7 for n in numbers):
            raise BadInput("{file}, line {line} is no pair of LFW", file=listing.name, line=at)
        pairs.append(((part[0], int(numbers[0])), (part[-2 if len(part) == 4 else 0],
                                                   int(numbers[1]))))  # fmt: skip
        same.append(len(part) == 3)
    counts = head.split()
    whole = all(n.isdecimal() and len(n) < 7 for n in counts) and len(counts) in (1, 2)
    if not whole or len(pairs) != 2 * int(np.prod([int(n) for n in counts])):
        raise BadInput(
            "{file} does not hold as many pairs as its first line says", file=listing.name
        )
    return pairs, same


def _only_list(root: Path) -> Path:
    found = sorted(root.glob("pairs*.txt"))
    if not found:
        raise NotFound("{root} holds no pairs.txt: name the list as well", root=root)
    if len(found) > 1:
        raise BadInput(
            "{root} holds several lists: name one of {names}",
            root=root,
            names=", ".join(path.name for path in found)[:200],
        )
    return found[0]


def _pictures(root: Path, shot: Shot) -> Path:
    """Where the folders of the people are: the first place that has one picture of the list."""
    places: Sequence[Path] = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    found = next((place for place in places if _path(place, *shot).is_file()), None)
    if found is None:
        raise NotFound(
            "there is no picture of {name} in {root}, as its list says",
            name=shot[0][:60],
            root=root,
        )
    return found


def _path(pictures: Path, name: str, number: int) -> Path:
    if not _NAME.fullmatch(name):
        raise BadInput("{name!r} leads out of the data set's folder", name=name[:60])
    return inside(pictures, f"{name}/{name}_{number:04d}.jpg")
