"""Figures of tracking on a street of two people, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.metrics.tracking import count, tracking

BOX = np.array([0, 0, 40, 100], np.float32)
LEFT, RIGHT = BOX, BOX + np.array([200, 0, 200, 0], np.float32)
NOWHERE = BOX + np.array([400, 300, 400, 300], np.float32)


def truth(frames: int = 10):
    """Ann stands left, Bo right, 10 frames .2 s apart: times (20,), names, boxes (20,4)."""
    t_s = np.repeat(np.arange(frames) / 5, 2)
    return t_s, ["ann", "bo"] * frames, np.stack([LEFT, RIGHT] * frames)


def track(frames, *places):
    """A tracklet of these frames; one place for all or one each."""
    at = places if len(places) > 1 else places * len(frames)
    return np.array(frames) / 5, np.stack(at).astype(np.float32)


STAYS = [("ann", 0.0, 1.8), ("bo", 0.0, 1.8)]


def measured(*tracks, stays=STAYS, of=None):
    return tracking([count(*(of or truth()), list(tracks), stays)])


def test_two_followed_from_end_to_end():
    found = measured(track(range(10), LEFT), track(range(10), RIGHT))
    assert (found.visits, found.tracklets, found.mixed, found.nobody) == (2, 2, 0, 0)
    assert (found.followed, found.shown, found.covered, found.fragments) == (1, 1, 1, 1)
    assert (found.purity, found.switches, found.idf1, found.hota) == (1, 0, 1, pytest.approx(1))


def test_two_who_swap_in_the_middle():
    swap = track(range(10), *[LEFT] * 4, *[RIGHT] * 6)
    back = track(range(10), *[RIGHT] * 4, *[LEFT] * 6)
    found = measured(swap, back)
    assert found.followed == 1  # 6 of 10 of the tracklet's boxes, and of the visit's moments
    assert found.purity == pytest.approx(0.6)
    assert found.switches == 2
    assert found.idf1 == pytest.approx(0.6)  # 12 right of 20 found and of 20 true


def test_half_a_visit_is_followed_and_less_is_only_shown():
    assert measured(track(range(5), LEFT)).followed == 0.5
    short = measured(track(range(4), LEFT))
    assert (short.followed, short.shown, short.covered) == (0, 0.5, 0)
    assert short.idf1 == pytest.approx(2 * 4 / (4 + 20))


def test_two_pieces_of_one_visit():
    found = measured(track(range(4), LEFT), track(range(5, 9), LEFT))
    assert (found.followed, found.covered, found.fragments) == (0, 0.5, 2)
    assert found.switches == 1


def test_tracklets_of_several_people_and_of_nobody():
    several = track(range(9), LEFT, RIGHT, NOWHERE, LEFT, RIGHT, NOWHERE, LEFT, RIGHT, NOWHERE)
    found = measured(several, track(range(9), NOWHERE))
    assert (found.mixed, found.nobody, found.shown) == (1, 1, 0)
    assert found.purity == 0.5
    alone = measured(track(range(3), LEFT, NOWHERE, NOWHERE))
    assert (alone.nobody, alone.shown) == (1, 0)


def test_a_box_hits_from_half_overlap_on():
    near = BOX + np.array([0, 0, 40, 0], np.float32)  # twice as wide: IoU .5
    assert measured(track(range(10), near)).followed == 0.5
    assert measured(track(range(10), near + np.array([0, 0, 2, 0], np.float32))).followed == 0


def test_in_between_the_person_is_on_the_straight_line():
    t_s = np.arange(11) / 10
    boxes = np.stack([BOX + np.array([20 * k, 0, 20 * k, 0], np.float32) for k in range(11)])
    every_other = (t_s[::2], boxes[::2])
    found = tracking([count(t_s, ["ann"] * 11, boxes, [every_other], [("ann", 0.0, 1.0)])])
    assert (found.followed, found.idf1, found.hota) == (1, 1, pytest.approx(1))


def test_a_pause_is_not_filled():
    paused = track([0, 1, 2, 7, 8, 9], LEFT)
    found = measured(paused)
    assert found.idf1 == pytest.approx(2 * 6 / (6 + 20))


def test_a_visit_without_a_moment_is_none_and_later_boxes_are_false():
    nobody = measured(track(range(2), LEFT), stays=[("ann", 50.0, 60.0), ("cy", 0.0, 1.0)])
    assert nobody.visits == 0
    assert math.isnan(nobody.followed)
    late = measured(track(range(20, 24), LEFT))
    assert (late.tracklets, late.nobody, late.idf1) == (1, 1, 0)


def test_cameras_are_summed_and_nothing_at_all_is_nan():
    first = count(*truth(), [track(range(10), LEFT)], STAYS)
    second = count(*truth(), [], STAYS)
    both = tracking([first, second])
    assert (both.visits, both.followed) == (4, 0.25)
    assert both.idf1 == pytest.approx(2 * 10 / (10 + 40))
    nothing = count(np.empty(0), [], np.empty((0, 4), np.float32), [], [])
    empty = tracking([nothing])
    assert (empty.visits, empty.tracklets) == (0, 0)
    assert all(map(math.isnan, (empty.followed, empty.purity, empty.idf1, empty.hota)))
