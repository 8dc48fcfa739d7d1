"""A `.bin` file of verification pairs as insightface publishes them (LFW, AgeDB-30, CFP-FP) in;
the pairs out.

It is a pickle of two lists: encoded pictures, two for each pair, and whether each pair is the same
person. A pickle can run any program, so it is never unpickled: `core.facesets.pickled` reads only
what such a file needs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import BadInput, NotFound
from core.facesets.pickled import read
from core.facesets.values import MAX_PICTURE_BYTES, Face, Pairs


def bin_pairs(path: Path) -> Pairs:
    """The pairs of a file, in its order. Raises NotFound, BadInput."""
    if not path.is_file():
        raise NotFound("there is no file at {path}", path=path)
    try:
        pictures, same = _two_lists(read(path))
    except ValueError as error:
        raise BadInput(
            "{file} is not a file of face pairs as insightface writes them ({why})",
            file=path.name[:80],
            why=error,
        ) from None
    first = np.arange(len(same), dtype=np.int64) * 2
    faces = [Face(f"{path.name[:80]} #{i}", content) for i, content in enumerate(pictures)]
    return Pairs(path.stem, faces, first, first + 1, np.array(same, dtype=bool), aligned=True)


def _two_lists(found: object) -> tuple[list[bytes], list[bool]]:
    """(pictures, same) if that is what was found. Raises ValueError."""
    if not (isinstance(found, tuple | list) and len(found) == 2):
        raise ValueError("it does not hold two lists")
    pictures, same = found
    if not (isinstance(pictures, list) and isinstance(same, list)):
        raise ValueError("it does not hold two lists")
    if any(type(one) is not bytes or len(one) > MAX_PICTURE_BYTES for one in pictures):
        raise ValueError("its first list holds something else than pictures")
    if any(type(one) is not bool and one not in (0, 1) for one in same):
        raise ValueError("its second list holds something else than true and false")
    if len(pictures) != 2 * len(same):
        raise ValueError(f"it holds {len(pictures)} pictures for {len(same)} pairs")
    return pictures, [bool(one) for one in same]
