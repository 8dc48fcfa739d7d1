"""A film in; the pieces it is looked at in, each a clip of its own, out.

A film of hours is cut on a fixed grid of file time, so that what a power cut costs is one piece.
Each piece is looked at by itself and comes out the same, whatever was looked at before it, in
whatever order and by however many processes. So that nobody is lost or counted twice where two
pieces meet, reading begins a little before a piece and ends a little after it:

- a person belongs to the piece in which they come into view, and is followed beyond its end, at
  most `TAIL_S`;
- who was in view before the piece began (`LEAD_S` are looked at to know that) is left to the piece
  before, and belongs to this one only if still in view after `TAIL_S`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.footage import Film
from core.track import Share
from core.types import Clip

PIECE_S = 600.0
LEAD_S = 4.0  # twice as long as anybody stays followed unseen
TAIL_S = 20.0  # most people have crossed a camera's view by then
MOST_UNSEEKABLE = 4  # pieces of a film of which all before a piece is decoded again for it


@dataclass(frozen=True)
class Piece:
    """A clip to be looked at. read_s: (from, to) seconds into the file that are decoded for it."""

    clip: Clip
    share: Share
    read_s: tuple[float, float]


def cut(
    film: Film, camera_id: str, path: str, start_s: float, piece_s: float = PIECE_S
) -> tuple[Piece, ...]:
    """The pieces of a film that begins at start_s, camera clock; a short film is one.

    piece_s  length of a piece; the last one takes what is left, up to half a piece more

    The clip of a film of one piece is named by 16 digits of its hash; pieces of a longer one carry
    a number from 1 on besides. A film that cannot be sought is cut into four at most.
    """
    if not film.seekable:
        piece_s = max(piece_s, film.duration_s / MOST_UNSEEKABLE)
    count = max(1, math.floor(film.duration_s / piece_s + 0.5))
    lines = [*(n * piece_s for n in range(count)), film.duration_s]
    return tuple(
        _piece(film, camera_id, path, start_s, (lines[n], lines[n + 1]), n + 1 if count > 1 else 0)
        for n in range(count)
    )


def _piece(
    film: Film, camera_id: str, path: str, start_s: float, span: tuple[float, float], number: int
) -> Piece:
    low, high = span
    clip = Clip(
        id=film.sha256[:16] + (f"-{number}" if number else ""),
        camera_id=camera_id,
        path=path,
        sha256=film.sha256,
        start_s=start_s + low,
        duration_s=high - low,
        size=film.size,
        gaps=tuple(
            (start_s + max(a, low), start_s + min(b, high))
            for a, b in film.gaps
            if a < high and b > low
        ),
        from_s=low,
    )
    if not number:
        return Piece(clip, Share(), (0.0, math.inf))
    share = Share(clip.start_s, clip.end_s, clip.start_s + TAIL_S)
    if number == 1:
        share = Share(-math.inf, clip.end_s)
    last = high >= film.duration_s
    if last:
        share = Share(share.from_s, math.inf, share.handed_s)
    return Piece(clip, share, (max(0.0, low - LEAD_S), math.inf if last else high + TAIL_S))
