"""A `train.rec` of aligned faces (MXNet's RecordIO, as insightface publishes CASIA-WebFace) in;
its people and pictures out.

A record is a magic number, a length, and its bytes: a header (flag, label, id, id2; as many more
labels as flag says) and an encoded picture. Records without picture list where each person begins;
they are passed over, because every picture carries its person's number.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import BadInput, NotFound
from core.facesets.values import MAX_PICTURE_BYTES, Face

MAGIC = 0xCED7230A
LENGTH_BITS = 29
HEADER = struct.Struct("<IfQQ")
WHOLE, FIRST, MIDDLE, LAST = range(4)  # what a piece is of its record
MAX_LABELS = 1000


def recordio(path: Path) -> Iterator[tuple[str, Face]]:
    """(person, picture) in the order of the file, read one by one. Raises NotFound, BadInput."""
    if not path.is_file():
        raise NotFound("there is no file at {path}", path=path)
    with path.open("rb") as file:
        for n, record in enumerate(_records(file, path.name)):
            person, picture = _parted(record, path.name)
            if picture:
                yield f"{person:07d}", Face(f"{path.name} #{n}", picture)


def _records(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Whole records; one that holds the magic number itself lies there in pieces."""
    pieces: list[bytes] = []
    while head := file.read(8):
        magic, word = struct.unpack("<II", head) if len(head) == 8 else (0, 0)
        kind, length = word >> LENGTH_BITS, word & ((1 << LENGTH_BITS) - 1)
        starts = kind in (WHOLE, FIRST)
        if magic != MAGIC or kind > LAST or starts == bool(pieces):
            raise _damaged(name)
        if length + sum(map(len, pieces)) > MAX_PICTURE_BYTES:
            raise _damaged(name)
        data = file.read(length)
        file.read(-length % 4)
        if len(data) != length:
            raise _damaged(name)
        pieces.append(data)
        if kind in (WHOLE, LAST):
            yield struct.pack("<I", MAGIC).join(pieces)
            pieces = []
    if pieces:
        raise _damaged(name)


def _parted(record: bytes, name: str) -> tuple[int, bytes]:
    """(the person's number, the encoded picture or b"") of one record."""
    if len(record) < HEADER.size:
        raise _damaged(name)
    flag, label, *_ = HEADER.unpack_from(record)
    at = HEADER.size
    if flag > 0:
        if flag > MAX_LABELS or len(record) < at + 4 * flag:
            raise _damaged(name)
        (label,) = struct.unpack_from("<f", record, at)
        at += 4 * flag
    if not (math.isfinite(label) and 0 <= label < 1e9):
        raise _damaged(name)
    return int(label), record[at:]


def _damaged(name: str) -> BadInput:
    return BadInput("{file} is not a RecordIO file of faces, or is damaged", file=name[:80])
