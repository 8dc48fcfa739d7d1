"""A folder of pictures in; when each was taken, and the pictures upright, out.

The times are those in the names, else those in a times.csv (file,seconds), else even steps.
"""

from __future__ import annotations

import csv
import math
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, FootageError
from core.footage.times import Moment, Timing, median_step
from core.types import Image

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
MAX_PIXELS = 80_000_000  # of one picture in a folder: a larger one is damage or an attack


class Pictures:
    """One folder of pictures as a film."""

    def __init__(self, folder: Path, picture_s: float) -> None:
        files = sorted((p for p in folder.iterdir() if p.suffix.lower() in PICTURES), key=_natural)
        if not files:
            raise FootageError(
                "{path} holds no pictures: give a video file, or a folder of JPEG or PNG pictures",
                path=str(folder),
            )
        if not (math.isfinite(picture_s) and picture_s > 0):
            raise BadInput("the time between pictures must be above 0 s")
        times, self.timing = _picture_times(folder, files, picture_s)
        order = np.argsort(times, kind="stable")  # (n,)
        self.files = [files[i] for i in order]
        self.t_s = times[order] - times.min()  # (n,)
        self.step_s = median_step(np.unique(self.t_s), picture_s)

    def seekable(self) -> bool:
        """Always: every picture is a file of its own."""
        return True

    def close(self) -> None:
        """Nothing stays open."""

    def times(self) -> tuple[NDArray[np.float64], int, Timing]:
        return np.unique(self.t_s), len(self.files), self.timing

    def moments(self, start_s: float = 0.0) -> Iterator[Moment]:
        first = max(0, bisect_right(self.t_s, start_s) - 1)
        for t_s, file in zip(self.t_s[first:], self.files[first:], strict=True):
            yield float(t_s), partial(_picture, file)


def _picture(file: Path, most_px: int | None = None) -> Image | None:
    """One picture, turned as its EXIF says -> (H,W,3) uint8 RGB, or None if it is damaged."""
    from PIL import Image as Pillow
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            opened = Pillow.open(file, formats=("JPEG", "PNG", "BMP", "WEBP"))
        with opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            if most_px:
                upright.thumbnail((most_px, MAX_PIXELS))
            return np.array(upright)
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
        return None


def _picture_times(
    folder: Path, files: Sequence[Path], picture_s: float
) -> tuple[NDArray[np.float64], Timing]:
    """When each picture was taken (n,), in seconds from anywhere, and how that is known."""
    named = [t for file in files if (t := _time_in_name(file.stem)) is not None]
    if len(named) == len(files):
        return _spread(np.array(named)), "names"
    listing = folder / "times.csv"
    if listing.is_file():
        listed = _listed_times(listing)
        for file in files:
            if file.name not in listed:
                raise FootageError(
                    "{listing} has no row for {name}: add it or take the picture away",
                    listing=str(listing),
                    name=file.name,
                )
        return np.array([listed[file.name] for file in files]), "times.csv"
    return np.arange(len(files), dtype=np.float64) * picture_s, "assumed"


_DAY_AND_TIME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_ T.]?(\d\d)[-_.:]?(\d\d)[-_.:]?(\d\d)"
    r"(?:[-_.]?(\d{6}|\d{3}))?(?!\d)"
)
_UNIX_SECONDS = re.compile(r"(?<!\d)(1\d{9})(?:[-_.]?(\d{6}|\d{3}))?(?!\d)")


def _time_in_name(stem: str) -> float | None:
    """20260501_090000_250 or 1777593600.250 and their like -> seconds, or None."""
    if found := _DAY_AND_TIME.search(stem):
        *parts, fraction = found.groups()
        try:
            moment = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc, arg-type]
        except ValueError:
            return None
        return moment.timestamp() + float(f"0.{fraction or 0}")
    if found := _UNIX_SECONDS.search(stem):
        return float(f"{found[1]}.{found[2] or 0}")
    return None


def _spread(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share out a second among the pictures whose names hold the same one."""
    distinct, where, count = np.unique(times, return_inverse=True, return_counts=True)
    room = np.minimum(np.append(np.diff(distinct), 1.0), 1.0)  # (U,)
    order = np.argsort(where, kind="stable")
    place = np.empty(len(times))
    place[order] = np.arange(len(times)) - np.repeat(np.cumsum(count) - count, count)
    spread: NDArray[np.float64] = times + place * (room / count)[where]
    return spread


def _listed_times(listing: Path) -> dict[str, float]:
    try:
        with listing.open(encoding="utf-8-sig", newline="") as file:
            return {row["file"]: float(row["seconds"]) for row in csv.DictReader(file)}
    except (KeyError, TypeError, ValueError):
        raise FootageError(
            "{listing} cannot be used: its columns must be file,seconds with numbers",
            listing=str(listing),
        ) from None


def _natural(file: Path) -> list[tuple[int, str]]:
    """Key that puts 2.jpg before 10.jpg."""
    return [(int(n or 0), text) for text, n in re.findall(r"(\D*)(\d*)", file.name)]
