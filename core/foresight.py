"""Open cases in; how probable it is that a stretch of footage shows one of the people, out.

It decides only what is looked at first, never what is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from core import route
from core.casebook import Casebook
from core.errors import BadInput
from core.types import Camera, NextCamera, Recorder

LEAST_S = 60.0  # a window is not narrower than this: clocks and walkers are not exact


@dataclass(frozen=True)
class Foresight:
    """The cameras that people looked for would pass, and when; clock offsets by camera."""

    passing: tuple[NextCamera, ...]
    offset_s: Mapping[str, float]

    def chance(self, camera_id: str, from_s: float, to_s: float) -> float:
        """Probability that somebody looked for passes that camera between two of its clock's times.

        The most probable of the people counts; 0 where nothing is known.
        """
        offset_s = self.offset_s.get(camera_id, 0.0)
        low, high = from_s + offset_s, to_s + offset_s
        return max(
            (_share(one, low, high) for one in self.passing if one.camera_id == camera_id),
            default=0.0,
        )


def foresee(casebook: Casebook) -> Foresight:
    """Where the people of all open cases would pass next, from what people said so far."""
    cameras, recorders = casebook.cameras(), casebook.recorders()
    passing: list[NextCamera] = []
    for case in casebook.cases():
        stated = casebook.sightings(case.id) if case.closed_s is None else []
        known = case.last_seen is not None or any(s.verdict == "confirmed" for s in stated)
        if case.closed_s is None and known:
            with suppress(BadInput):  # two entries that contradict each other: no foresight
                passing += route.infer(stated, cameras, recorders, case.last_seen).next_cameras
    return Foresight(tuple(passing), _offsets(cameras, recorders))


def _offsets(cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder]) -> dict[str, float]:
    return {c.id: recorders[c.recorder_id].clock_offset_s for c in cameras.values()}


def _share(one: NextCamera, low: float, high: float) -> float:
    """Its probability, times the part of its window that lies between two true times."""
    begin, end = one.from_s, max(one.to_s, one.from_s + LEAST_S)
    both_s = min(end, high) - max(begin, low)
    return one.probability * max(0.0, both_s) / (end - begin)
