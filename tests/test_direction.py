"""Which way a person left, from boxes whose motion is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.direction import FOCAL, TALL_M, Leaving, leaving
from core.types import Tracklet

SIZE = (1280, 720)


def walker(right_mps: float, away_mps: float, seconds: float = 4.0, cut: bool = False) -> Tracklet:
    """Boxes of somebody who starts 15 m away, in the middle of the picture, seen by that lens."""
    t = np.arange(0, seconds, 0.2)
    far = 15 + away_mps * t  # (T,) m
    tall = FOCAL * SIZE[0] * TALL_M / far  # (T,) px
    x = SIZE[0] / 2 + FOCAL * SIZE[0] * right_mps * t / far
    top = np.full(len(t), 300.0)
    box = np.stack([x - tall / 6, top, x + tall / 6, top + tall], axis=1)
    if cut:
        box[:, 3] = SIZE[1]
    return Tracklet("c/k/1", t, box, np.ones(len(t)), np.array([0]), box[:1], (b"",))


@pytest.mark.parametrize(
    ("right", "away", "side", "turn"),
    [
        (1.2, 0.0, "right", 90),
        (-1.2, 0.0, "left", 270),
        (0.0, 1.2, "away", 0),
        (0.0, -1.2, "towards", 180),
        (1.0, 1.0, "right", 45),
    ],
)
def test_the_bearing_is_the_heading_turned_by_the_motion(right, away, side, turn) -> None:
    way = leaving(walker(right, away), SIZE, 30.0)
    assert way is not None
    assert way.bearing_deg is not None
    off = (way.bearing_deg - (30 + turn) + 180) % 360 - 180
    assert abs(off) < 8
    if turn % 90 == 0:
        assert way.side == side
    assert way.why_unknown is None


def test_without_a_heading_the_side_is_said_and_why_no_more() -> None:
    way = leaving(walker(1.2, 0.0), SIZE, None)
    assert way is not None
    assert (way.side, way.bearing_deg, way.compass) == ("right", None, None)
    assert "which way the camera looks" in str(way.why_unknown)


def test_somebody_standing_or_seen_for_an_instant_has_no_direction() -> None:
    still = leaving(walker(0.0, 0.0), SIZE, 30.0)
    assert still is not None
    assert (still.side, still.bearing_deg) == ("still", None)
    assert leaving(walker(1.0, 0.0, seconds=0.5), SIZE, 30.0) is None


def test_a_box_cut_by_the_edge_says_nothing_of_the_distance() -> None:
    way = leaving(walker(1.2, -0.8, cut=True), SIZE, 0.0)
    assert way is not None
    assert way.side == "right"
    assert way.bearing_deg == pytest.approx(90)


def test_compass_words_are_the_nearest_of_eight() -> None:
    said = {deg: str(Leaving("away", deg).compass) for deg in (0.0, 22.0, 23.0, 181.0, 359.0)}
    assert said == {0.0: "north", 22.0: "north", 23.0: "north-east", 181.0: "south", 359.0: "north"}
