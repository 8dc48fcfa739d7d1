"""One person followed through one clip in, which way the person left out.

The box moves sideways when the person walks across the picture and changes its height when the
person walks towards or away from the camera. Height gives the distance because people are about
1.7 m tall, and the lens is taken to see 60 degrees; both are rough, so the answer is one of eight
directions and never a number of degrees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.types import Float64, Note, Tracklet, note

Side = Literal["left", "right", "away", "towards", "still"]

LAST_S = 3.0  # the stretch before leaving that is looked at
LEAST_S = 0.6
TALL_M = 1.7
FOCAL = 0.5 / math.tan(math.radians(30))  # focal length over picture width at 60 degrees
STILL_MPS = 0.2

SIDE_WORDS: dict[Side, Note] = {
    "left": note("towards the left of the picture"),
    "right": note("towards the right of the picture"),
    "away": note("away from the camera"),
    "towards": note("towards the camera"),
    "still": note("was standing still"),
}
COMPASS: tuple[Note, ...] = (
    note("north"),
    note("north-east"),
    note("east"),
    note("south-east"),
    note("south"),
    note("south-west"),
    note("west"),
    note("north-west"),
)


@dataclass(frozen=True)
class Leaving:
    """Which way a person left a camera's view.

    side         seen in the picture;  bearing_deg: clockwise from north, None = not known
    why_unknown  why there is no bearing, None if there is one
    """

    side: Side
    bearing_deg: float | None
    why_unknown: Note | None = None

    @property
    def compass(self) -> Note | None:
        """One of eight directions, or None."""
        if self.bearing_deg is None:
            return None
        return COMPASS[round(self.bearing_deg / 45) % 8]


def leaving(tracklet: Tracklet, size: tuple[int, int], heading_deg: float | None) -> Leaving | None:
    """Which way a person left, from the last seconds of the boxes; None if seen too briefly.

    size         (width, height) of the frame, px;  heading_deg: where the camera looks, or None
    """
    late = tracklet.t_s >= tracklet.leave_s - LAST_S
    t, box = tracklet.t_s[late], tracklet.box[late].astype(np.float64)  # (N,), (N,4)
    if len(t) < 3 or t[-1] - t[0] < LEAST_S:
        return None
    right_mps, away_mps = _velocity(t, box, size)
    if math.hypot(right_mps, away_mps) < STILL_MPS:
        return Leaving("still", None, note("the person was standing still"))
    side = _side(right_mps, away_mps)
    if heading_deg is None:
        return Leaving(side, None, note("it is not known which way the camera looks"))
    turn = math.degrees(math.atan2(right_mps, away_mps))
    return Leaving(side, (heading_deg + turn) % 360)


def _velocity(t_s: Float64, box: Float64, size: tuple[int, int]) -> tuple[float, float]:
    """Metres a second to the right of the picture, and away from the camera: straight-line fits.

    A box that touches the top or bottom edge is cut off: its height says nothing, so the person is
    taken to walk across the picture only.
    """
    width, height = size
    x = (box[:, 0] + box[:, 2]) / 2 - width / 2  # (N,) from the middle of the picture
    tall = np.maximum(box[:, 3] - box[:, 1], 1.0)  # (N,)
    whole = (box[:, 1] > 1) & (box[:, 3] < height - 1)
    far_m = FOCAL * width * TALL_M / tall  # (N,)
    if whole.sum() < 3 or t_s[whole][-1] - t_s[whole][0] < LEAST_S:
        return _slope(t_s, x * TALL_M / float(np.median(tall))), 0.0
    return _slope(t_s[whole], (x * TALL_M / tall)[whole]), _slope(t_s[whole], far_m[whole])


def _slope(t_s: Float64, y: Float64) -> float:
    return float(np.polyfit(t_s - t_s[0], y, 1)[0])


def _side(right_mps: float, away_mps: float) -> Side:
    if abs(right_mps) >= abs(away_mps):
        return "right" if right_mps > 0 else "left"
    return "away" if away_mps > 0 else "towards"
