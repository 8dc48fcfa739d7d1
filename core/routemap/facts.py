"""What is known around a route and belongs on its map: searched cameras, crops, speed, the hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.direction import Leaving
from core.route import Pace, pace_of
from core.types import Note, note

CameraState = Literal["searched", "partly", "not_searched"]

STATE_WORDS: Mapping[CameraState, Note] = {
    "searched": note("searched"),
    "partly": note("searched in part"),
    "not_searched": note("not searched yet"),
}


@dataclass(frozen=True)
class Facts:
    """What a map says besides the route.

    states   {camera: how much of its footage of the time in question was searched}
    crops    {tracklet id: a small JPEG of the person}
    pace     how fast the person walks, for the area within reach
    now_s    true time now, None = not of interest (an exercise, an old case)
    leaving  which way the person left the last camera, and the tracklet that shows it
    """

    states: Mapping[str, CameraState] = field(default_factory=dict)
    crops: Mapping[str, bytes] = field(default_factory=dict)
    pace: Pace = field(default_factory=lambda: pace_of("unknown"))
    now_s: float | None = None
    leaving: tuple[str, Leaving] | None = None
