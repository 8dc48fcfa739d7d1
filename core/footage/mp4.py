"""A stretch of a film in; an H.264 MP4 that a browser plays out."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from core.errors import FootageError
from core.footage.source import check_window, existing, open_film
from core.footage.times import ROUNDING_S, TICKS_PER_S, Moment
from core.types import Image

CUT_WIDTH_PX = 1280


Paint = Callable[[float, Image], Image]


def cut(
    path: str | Path,
    from_s: float,
    to_s: float,
    out: str | Path,
    *,
    picture_s: float = 1.0,
    paint: Paint | None = None,
    most_px: int = CUT_WIDTH_PX,
    most_fps: float = math.inf,
) -> Path:
    """Write [from_s, to_s) of the film as an H.264 MP4 that a browser plays -> out.

    paint  what is drawn on each frame: (seconds into the film, picture (H,W,3)) -> picture

    most_px   width at most, the sides made even;  most_fps: faster films lose frames

    Every frame keeps its time; no sound. out appears only when
    it is whole. Raises FootageError when there is nothing to cut or out cannot be written.
    """
    check_window(from_s, to_s)
    target = Path(out)
    if target.exists() and target.samefile(existing(path)):
        raise FootageError("{path} cannot be cut into itself: name another file", path=str(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with closing(open_film(path, picture_s)) as source:
            shown = source.moments(max(0.0, from_s))
            kept = _at_most(_within(shown, from_s, to_s), most_fps)
            count = _write_mp4(kept, max(source.step_s, 1 / most_fps), part, paint, most_px)
        if count:
            part.replace(target)
    except (OSError, FFmpegError) as error:
        raise FootageError(
            "{path} cannot be written: {why}", path=str(out), why=error.strerror or str(error)
        ) from None
    finally:
        part.unlink(missing_ok=True)
    if not count:
        raise FootageError(
            "{path} has nothing between {start:.1f} and {end:.1f} s: choose another window",
            path=str(path),
            start=from_s,
            end=to_s,
        )
    return target


def _within(shown: Iterator[Moment], from_s: float, to_s: float) -> Iterator[Moment]:
    for t_s, load in shown:
        if t_s >= to_s:
            return
        if t_s >= from_s - ROUNDING_S:
            yield t_s, load


def _at_most(shown: Iterable[Moment], fps: float) -> Iterator[Moment]:
    """Moments no closer together than 1/fps, by a grid that does not drift."""
    slot = -math.inf
    for t_s, load in shown:
        if math.isinf(fps) or math.floor((t_s + ROUNDING_S) * fps) > slot:
            slot = slot if math.isinf(fps) else math.floor((t_s + ROUNDING_S) * fps)
            yield t_s, load


def _write_mp4(
    shown: Iterable[Moment], step_s: float, part: Path, paint: Paint | None, most_px: int
) -> int:
    """Encode what is shown at its times, the first at 0 -> how many frames."""
    count = 0
    start_s = 0.0
    with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as film:
        stream = film.add_stream("libx264", options={"preset": "veryfast", "crf": "23"})
        for t_s, load in shown:
            if (image := load(most_px)) is None:
                continue
            if count == 0:
                start_s = t_s
                _set_up(stream, image, step_s, most_px)
            if paint is not None:
                image = paint(t_s, image)
            frame = VideoFrame.from_ndarray(image, format="rgb24")
            frame = frame.reformat(stream.width, stream.height, "yuv420p")
            frame.pts = round((t_s - start_s) * TICKS_PER_S)
            frame.time_base = Fraction(1, TICKS_PER_S)
            film.mux(stream.encode(frame))
            count += 1
        if count:
            film.mux(stream.encode(None))
    return count


def _set_up(stream: VideoStream, image: Image, step_s: float, most_px: int) -> None:
    """Size and clock of the clip: even sides, for the colour planes have half as many pixels."""
    scale = min(1.0, most_px / image.shape[1])
    stream.width, stream.height = (max(2, 2 * round(n * scale / 2)) for n in image.shape[1::-1])
    stream.pix_fmt = "yuv420p"
    stream.codec_context.framerate = max(
        Fraction(1, 1000), Fraction(1 / step_s).limit_denominator(1001)
    )
    stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
