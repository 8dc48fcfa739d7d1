"""Small films whose frames have exactly the presentation times asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Draw = Callable[[int, float], NDArray[np.uint8]]

TICKS_PER_S = 90_000


def write_film(
    path: Path | str,
    times: Sequence[float],
    size: tuple[int, int] = (64, 48),
    draw: Draw | None = None,
    *,
    codec: str = "libx264",
    gop: int = 12,
    turn_deg: float = 0.0,
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
) -> Path:
    """times seconds, ascending, also negative; draw(i, t) -> (H,W,3) uint8 RGB, else grey.

    turn_deg is the film's rotation tag: a player turns the picture so far counterclockwise.
    The name's ending chooses the container. codec "libx264" or "mjpeg"; options are those of
    the codec (B-frames are off unless asked for), container_options those of the container.
    """
    grey = np.full((size[1], size[0], 3), 128, np.uint8)
    settings = {"preset": "ultrafast", "bf": "0"} if codec == "libx264" else {}
    with av.open(str(path), "w", options=dict(container_options or {})) as film:
        stream = film.add_stream(codec, options={**settings, **(options or {})})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p" if codec == "libx264" else "yuvj420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        stream.codec_context.gop_size = gop
        stream.codec_context.thread_count = 1
        if turn_deg:
            stream.set_display_rotation(turn_deg)
        for i, t in enumerate(times):
            image = grey if draw is None else draw(i, t)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = round(t * TICKS_PER_S), Fraction(1, TICKS_PER_S)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return Path(path)
