"""Time stamps of frames in; seconds into the film, the usual step and the gaps out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.types import Image

GAP_S = 1.0  # a step longer than this, and than GAP_STEPS median steps, is a gap
GAP_STEPS = 5.0
ROUNDING_S = 1e-3  # containers that count milliseconds put a frame this far from its grid point
RESTART_S = 10.0  # stamps falling back further than any reordering: joined recordings
TICKS_PER_S = 90_000

Timing = Literal["stamps", "names", "times.csv", "assumed"]
Load = Callable[..., Image | None]  # (most_px): the picture, reduced to that width if given
Moment = tuple[float, Load]  # seconds into the film, and how to get its picture


class Clock:
    """Stamps of one stream, in order of showing -> seconds since its first frame."""

    def __init__(self, origin: int, tick_s: float, step_s: float) -> None:
        self.origin, self.tick_s, self.step_s = origin, tick_s, step_s
        self.shift_s = 0.0
        self.last_s: float | None = None
        self.restarts = 0

    def seconds(self, stamp: int | None) -> float:
        """A frame without a stamp follows the last one by one step."""
        follows_s = 0.0 if self.last_s is None else self.last_s + self.step_s
        if stamp is None:
            t_s = follows_s
        else:
            t_s = (stamp - self.origin) * self.tick_s + self.shift_s
            if self.last_s is not None and t_s < self.last_s - RESTART_S:
                self.shift_s += follows_s - t_s
                self.restarts += 1
                t_s = follows_s
        self.last_s = max(t_s, follows_s - self.step_s)
        return t_s


def gaps(t_s: Sequence[float] | NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Stretches without footage between times (n,), ascending, of frames or of samples.

    A gap is a step longer than 1 s and than five median steps.
    """
    times = np.asarray(t_s, dtype=np.float64)
    step = np.diff(times)  # (n-1,)
    at = np.flatnonzero(step > max(GAP_S, GAP_STEPS * median_step(times, 0.0)))  # (G,)
    return tuple((float(times[i]), float(times[i + 1])) for i in at)


def median_step(times: NDArray[np.float64], otherwise: float) -> float:
    """The usual step in seconds between times (n,); otherwise, if there are fewer than two."""
    return float(np.median(np.diff(times))) if len(times) > 1 else otherwise
