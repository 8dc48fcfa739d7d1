"""A tracklet and its footage in; a short film of it that a browser plays, the person framed, out.

Films are made when first asked for and kept in a folder of limited size; the oldest go first. They
show other people too, so they lie in the workspace and never where the server hands out files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import footage
from core.errors import FootageError
from core.types import Clip, Image, Tracklet

AROUND_S = 2.0  # shown before and after the person is in view
LONGEST_S = 20.0  # of a longer stay, the part around the best picture
FRAMED_S = 0.4  # a box holds this long beyond the first and last time it was found
KEPT_BYTES = 300_000_000
WIDTH_PX, FRAMES_PER_S = 854, 12.5  # of a film for looking, made while somebody waits
FRAME_RGB = (240, 228, 66)  # yellow of the palette for colour-blind readers, on a dark edge
VERSION = 1  # of how films look; another number makes them anew


@dataclass(frozen=True)
class Excerpt:
    """A film of a sighting. from_s, to_s: camera-clock time; whole: nothing was left out."""

    film: bytes
    from_s: float
    to_s: float
    whole: bool


class Playback:
    """Short films of tracklets, kept under one folder. kept_bytes: how much of them at most."""

    def __init__(self, root: Path, kept_bytes: int = KEPT_BYTES) -> None:
        self._root = root
        self._kept_bytes = kept_bytes

    def excerpt(self, clip: Clip, tracklet: Tracklet) -> Excerpt:
        """The footage around a tracklet, the person framed in every picture.

        Raises FootageError if the footage is no longer there or cannot be read.
        """
        if not Path(clip.path).exists():
            raise FootageError(
                "the footage of camera {camera} is no longer at {path}: put it back there",
                camera=clip.camera_id,
                path=clip.path,
            )
        from_s, to_s, whole = window(tracklet)
        path = self._root / f"{self._name(clip, tracklet)}.mp4"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            low, high = max(0.0, from_s - clip.film_start_s), to_s - clip.film_start_s
            paint = Frame(clip, tracklet)
            footage.cut(
                clip.path, low, high, path, paint=paint, most_px=WIDTH_PX, most_fps=FRAMES_PER_S
            )
        film = path.read_bytes()
        with suppress(OSError):
            path.touch()
        self._make_room(path)
        return Excerpt(film, from_s, to_s, whole)

    def _name(self, clip: Clip, tracklet: Tracklet) -> str:
        text = f"{VERSION} {clip.sha256} {tracklet.id} {tracklet.enter_s} {tracklet.leave_s}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _make_room(self, newest: Path) -> None:
        """Delete the films not seen for longest until the rest fits."""
        films = [(f.stat(), f) for f in self._root.glob("*.mp4")]
        used = sum(state.st_size for state, _ in films)
        for state, film in sorted(films, key=lambda one: one[0].st_mtime):
            if used <= self._kept_bytes:
                return
            if film != newest:
                film.unlink(missing_ok=True)
                used -= state.st_size


def window(tracklet: Tracklet) -> tuple[float, float, bool]:
    """(from, to, whether that is all) of the film to show of a tracklet, camera-clock time."""
    low, high = tracklet.enter_s - AROUND_S, tracklet.leave_s + AROUND_S
    if high - low <= LONGEST_S:
        return low, high, True
    best = int(np.nan_to_num(tracklet.crop_quality).argmax()) if len(tracklet.crop_at) else 0
    middle = float(tracklet.t_s[tracklet.crop_at[best]]) if len(tracklet.crop_at) else low
    start = min(max(low, middle - LONGEST_S / 2), high - LONGEST_S)
    return start, start + LONGEST_S, False


class Frame:
    """Draws the person's box on the pictures of a film, between the times it was found at."""

    def __init__(self, clip: Clip, tracklet: Tracklet) -> None:
        self._times = tracklet.t_s - clip.film_start_s  # (T,) seconds into the film
        self._box = tracklet.box
        self._width = clip.size[0]

    def __call__(self, t_s: float, image: Image) -> Image:
        box = self.box_at(t_s)
        if box is None:
            return image
        scale = image.shape[1] / self._width
        return outlined(image, [value * scale for value in box])

    def box_at(self, t_s: float) -> list[float] | None:
        """The box (4) px of the clip at a time into it, None while the person is not in view."""
        times = self._times
        if not times[0] - FRAMED_S <= t_s <= times[-1] + FRAMED_S:
            return None
        return [float(np.interp(t_s, times, self._box[:, side])) for side in range(4)]


def outlined(image: Image, box: Sequence[float]) -> Image:
    """A copy of a picture (H,W,3) with a light line on a dark one around a box, xyxy px."""
    import cv2

    drawn = image.copy()
    line = max(2, round(image.shape[1] / 480))
    x1, y1, x2, y2 = (round(value) for value in box)
    for color, width in (((20, 20, 20), line + 2), (FRAME_RGB, line)):
        cv2.rectangle(drawn, (x1 - line, y1 - line), (x2 + line, y2 + line), color, width)
    return drawn
