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
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.footage import Film
from core.track import Share
from core.types import Clip

PIECE_S = 600.0
LEAD_S = 4.0  # twice as long as anybody stays followed unseen
TAIL_S = 20.0  # most people have crossed a camera's view by then; at most half a piece
MOST_UNSEEKABLE = 4  # pieces of a film of which all before a piece is decoded again for it


@dataclass(frozen=True)
class Piece:
    """A clip to be looked at. read_s: (from, to) seconds into the file that are decoded for it."""

    clip: Clip
    share: Share
    read_s: tuple[float, float]

    def shows(self, low: float, high: float) -> bool:
        """Whether people in view in a window, camera clock, may belong to this piece."""
        followed_s = 0.0 if math.isinf(self.read_s[1]) else self.read_s[1] + self.clip.film_start_s
        return self.clip.start_s < high and max(self.clip.end_s, followed_s) > low


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
    clips = [
        _clip(film, camera_id, path, start_s, span, f"-{n}" if count > 1 else "")
        for n, span in enumerate(pairwise(lines), start=1)
    ]
    return tuple(_piece(clip, clips, min(TAIL_S, piece_s / 2)) for clip in clips)


def _clip(
    film: Film,
    camera_id: str,
    path: str,
    start_s: float,
    span: tuple[float, float],
    number: str,
) -> Clip:
    low, high = span
    return Clip(
        id=film.sha256[:16] + number,
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


def _piece(clip: Clip, clips: Sequence[Clip], tail_s: float) -> Piece:
    """How one of the clips of a film is looked at."""
    first, last = clip is clips[0], clip is clips[-1]
    share = Share(
        from_s=-math.inf if first else clip.start_s,
        to_s=math.inf if last else clip.end_s,
        handed_s=-math.inf if first else clip.start_s + tail_s,
    )
    low, high = clip.from_s, clip.from_s + clip.duration_s
    return Piece(clip, share, (max(0.0, low - LEAD_S), math.inf if last else high + tail_s))
