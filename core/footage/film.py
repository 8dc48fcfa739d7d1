"""A path and times into the film in; what the film is, and its frames, out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import BadInput, FootageError
from core.footage.pictures import PICTURES, Pictures
from core.footage.source import Source, check_window, existing, open_film
from core.footage.times import ROUNDING_S, Timing, gaps, median_step
from core.types import Image


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture: t_s seconds since the start of the film; image (H,W,3) uint8 RGB, upright."""

    t_s: float
    image: Image


@dataclass(frozen=True)
class Film:
    """What a video or folder is.

    size        (w, h) of the first picture, upright; a later picture may have another
    duration_s  last time - first time + median step
    gaps        (from_s, to_s) into the film: steps longer than 1 s and than five median steps
    timing      "stamps" of the file; of a folder "names" or "times.csv"; "assumed" = even steps
    seekable    whether reading can begin in the middle without decoding all that lies before
    """

    path: str
    sha256: str
    size: tuple[int, int]
    duration_s: float
    gaps: tuple[tuple[float, float], ...]
    frames: int
    kind: Literal["video", "pictures"]
    timing: Timing
    seekable: bool = True


def inspect(path: str | Path, *, picture_s: float = 1.0) -> Film:
    """Read what the film says about itself; one picture is decoded, for its size.

    picture_s  seconds between pictures of a folder that carries no times

    Raises FootageError on anything that is no footage, with what to do about it.
    """
    with closing(open_film(path, picture_s)) as source:
        size = _size(source, str(path))
    with closing(open_film(path, picture_s)) as source:
        times, count, timing = source.times()
        step_s = median_step(times, source.step_s)
        seekable = source.seekable()
    return Film(
        path=str(path),
        sha256=sha256(path),
        size=size,
        duration_s=float(times[-1] - times[0]) + step_s,
        gaps=gaps(times),
        frames=count,
        kind="pictures" if isinstance(source, Pictures) else "video",
        timing=timing,
        seekable=seekable,
    )


def frames(
    path: str | Path,
    fps: float = 5.0,
    from_s: float = 0.0,
    to_s: float = math.inf,
    *,
    picture_s: float = 1.0,
) -> Iterator[Frame]:
    """Sample the film by time: the first frame at or after each multiple of 1/fps.

    The grid starts at the film's start whatever from_s is, so neighbouring windows
    [from_s, to_s) give together what one window gives. A film slower than fps yields every
    frame. What cannot be decoded is skipped; a folder's unreadable pictures too.

    Raises FootageError, BadInput.
    """
    if not (math.isfinite(fps) and fps > 0):
        raise BadInput("fps must be above 0, not {fps}", fps=fps)
    check_window(from_s, to_s)
    return _sample(open_film(path, picture_s), fps, max(0.0, from_s), to_s)


def frame_at(path: str | Path, at_s: float, *, picture_s: float = 1.0) -> Frame:
    """The frame nearest to at_s seconds into the film.

    Raises FootageError more than a second outside the film.
    """
    if not math.isfinite(at_s):
        raise BadInput("the time into the film must be a number of seconds")
    if at_s < -1.0:
        raise FootageError(
            "{path} has nothing at {at:.1f} s: it begins at 0", path=str(path), at=at_s
        )
    before = after = None
    with closing(open_film(path, picture_s)) as source:
        for moment in source.moments(max(0.0, at_s)):
            if moment[0] >= at_s:
                after = moment
                break
            before = moment
        end_s = source.step_s + (after or before or (0.0,))[0]
    if after is None and at_s > end_s + 1.0:
        raise FootageError(
            "{path} has nothing at {at:.1f} s: it runs from 0 to {end:.1f} s",
            path=str(path),
            at=at_s,
            end=end_s,
        )
    for t_s, load in sorted(filter(None, (before, after)), key=lambda m: abs(m[0] - at_s)):
        if (image := load()) is not None:
            return Frame(t_s, image)
    raise FootageError(
        "{path} cannot be decoded at {at:.1f} s: choose another moment", path=str(path), at=at_s
    )


def sha256(path: str | Path) -> str:
    """Hash of a file; of a folder: over the sorted names and contents of its pictures and times."""
    place = existing(path)
    if place.is_file():
        return _file_sha256(place)
    whole = hashlib.sha256()
    for item in sorted(_content(place), key=lambda p: p.name):
        whole.update(item.name.encode() + b"\0" + bytes.fromhex(_file_sha256(item)))
    return whole.hexdigest()


def state(path: str | Path) -> str:
    """A few hex digits that change when a file, or a folder's pictures, change.

    Sizes and times of last change only: nothing is read. Raises FootageError if it is gone.
    """
    place = existing(path)
    items = [place] if place.is_file() else sorted(_content(place), key=lambda p: p.name)
    try:
        seen = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in items]
    except FileNotFoundError:
        raise FootageError("{path} does not exist: check the path", path=str(path)) from None
    return hashlib.blake2b(repr(seen).encode(), digest_size=8).hexdigest()


def has_pictures(folder: Path) -> bool:
    """Whether a folder is itself a film: it holds pictures."""
    return any(p.suffix.lower() in PICTURES for p in folder.iterdir())


def _content(folder: Path) -> list[Path]:
    """The pictures of a folder and the list of their times."""
    return [p for p in folder.iterdir() if p.suffix.lower() in PICTURES or p.name == "times.csv"]


def _size(source: Source, path: str) -> tuple[int, int]:
    for _, load in source.moments():
        if (image := load()) is not None:
            return image.shape[1], image.shape[0]
    raise FootageError(
        "not one picture in {path} can be decoded: export it again as H.264 MP4", path=path
    )


def _sample(source: Source, fps: float, from_s: float, to_s: float) -> Iterator[Frame]:
    slot = math.floor(from_s * fps)
    with closing(source):
        for t_s, load in source.moments(max(0.0, slot / fps - ROUNDING_S)):
            if t_s >= to_s:
                return
            reached = math.floor((t_s + ROUNDING_S) * fps)
            if reached < slot:
                continue
            slot = reached + 1
            if t_s >= from_s and (image := load()) is not None:
                yield Frame(t_s, image)


def _file_sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
