"""Pairs that are certainly two people: found in one view at once, or too far apart to drive."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core import strangers

WALK_S = np.arange(0, 4, 0.2)


def box_track(x, y=0.0, t=WALK_S, w=40.0, h=100.0):
    box = np.tile(np.array([x, y, x + w, y + h], np.float32), (len(t), 1))
    return np.asarray(t, np.float64), box


def one_view(tracks, **kwargs):
    n = len(tracks)
    kwargs = {"clip": np.zeros(n, int), "track": tracks.__getitem__, **kwargs}
    return strangers.certain_strangers(
        np.zeros(n, int),
        np.array([t[0] for t, _ in tracks]),
        np.array([t[-1] for t, _ in tracks]),
        distance_m=np.zeros((1, 1)),
        view_range_m=np.full(1, 30.0),
        sigma_s=np.full(n, 600.0),
        **kwargs,
    ).tolist()


def test_two_people_side_by_side_in_one_view_are_strangers():
    assert one_view([box_track(0), box_track(200)]) == [[0, 1]]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (box_track(0), box_track(4)),  # two boxes on one person
        (box_track(0), box_track(10, 5, w=16, h=18)),  # a head inside its body: small IoU
        (box_track(0, 0, h=48), box_track(0, 52, h=60)),  # a torso above its legs
        (box_track(0), box_track(44)),  # so close that boxes may have been swapped
        (box_track(0), box_track(200, t=WALK_S + 4)),  # one after the other
        (box_track(0), box_track(200, t=WALK_S + 3.6)),  # only two common frames
    ],
)
def test_what_may_be_one_person_in_pieces_is_not_two_strangers(a, b):
    assert one_view([a, b]) == []


def test_people_who_cross_are_left_out():
    t, box = box_track(200)
    moving = box - np.linspace(0, 400, len(t))[:, None] * [1, 0, 1, 0]
    assert one_view([box_track(0), (t, moving.astype(np.float32))]) == []


def test_one_camera_in_two_clips_is_not_one_view():
    tracks = [box_track(0), box_track(200)]
    assert one_view(tracks, clip=np.array([0, 1])) == []
    assert one_view(tracks, clip=None) == []
    assert one_view(tracks, track=None) == []


def test_every_pair_in_a_view_is_found_whatever_the_order_of_entering():
    tracks = [box_track(200 * k, t=WALK_S + 0.2 * k) for k in (3, 0, 2, 1)]
    assert one_view(tracks) == [[i, j] for i in range(4) for j in range(i + 1, 4)]


def far(distance, dt, sigma, **kwargs):
    return strangers.certain_strangers(
        np.array([0, 1]),
        np.array([1000.0, 1010.0 + dt]),
        np.array([1010.0, 1020.0 + dt]),
        distance_m=np.array([[0, distance], [distance, 0]]),
        view_range_m=np.array([30.0, 20.0]),
        sigma_s=np.full(2, float(sigma)),
        **kwargs,
    ).tolist()


def test_too_far_for_any_car_golden():
    # 15 * (60 + 3 * sqrt(2*2 + 2*2 + 25)) = 1158.5 m and 50 m of views
    limit = 15 * (60 + 3 * math.sqrt(33)) + 50
    assert far(limit + 1, 60, 2) == [[0, 1]]
    assert far(limit - 1, 60, 2) == []
    assert far(limit + 1, -60, 2) == [[0, 1]]


def test_a_bad_clock_or_a_missing_place_proves_nothing():
    assert far(20_000, 60, 600) == []
    assert far(math.nan, 60, 2) == []


def test_one_recorder_shares_its_clock_error():
    assert far(20_000, 60, 600, recorder=np.array([7, 7])) == [[0, 1]]
    assert far(20_000, 60, 600, recorder=np.array([7, 8])) == []


@pytest.mark.parametrize("n", [0, 1])
def test_no_pair_without_two_tracklets(n):
    none = np.empty(0)
    assert one_view([box_track(0)][:n] or [box_track(0)]) == []
    assert strangers.certain_strangers(
        np.empty(0, int), none, none, distance_m=np.zeros((0, 0)), view_range_m=none, sigma_s=none
    ).shape == (0, 2)


def many(order, at_most):
    rng = np.random.default_rng(5)
    n = 60
    camera, enter = rng.integers(0, 2, n), rng.uniform(0, 30, n)
    x = 500.0 * np.arange(n)
    tracks = [box_track(x[k], t=enter[k] // 0.2 * 0.2 + WALK_S) for k in range(n)]
    pairs = strangers.certain_strangers(
        camera[order],
        np.array([tracks[k][0][0] for k in order]) + x[order] * 1e-6,
        np.array([tracks[k][0][-1] for k in order]) + x[order] * 1e-6,
        distance_m=np.array([[0, 5000.0], [5000.0, 0]]),
        view_range_m=np.full(2, 30.0),
        sigma_s=np.full(n, 2.0),
        clip=camera[order],
        track=lambda k: tracks[order[k]],
        at_most=at_most,
    )
    same = camera[order][pairs[:, 0]] == camera[order][pairs[:, 1]]
    return pairs, int(same.sum()), {frozenset(order[pair].tolist()) for pair in pairs}


def test_a_cap_keeps_both_rules_and_the_same_pairs_in_any_order():
    order = np.arange(60)
    pairs, same_view, kept = many(order, 40)
    assert len(pairs) == len(kept) == 40
    assert same_view == 20
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert many(order[::-1].copy(), 40)[2] == kept
    assert many(order, 40)[2] == kept


def test_without_reaching_the_cap_every_pair_is_there():
    pairs, same_view, _ = many(np.arange(60), 10_000)
    assert 0 < same_view < len(pairs) < 10_000
    assert len(many(np.arange(60), same_view + 5)[0]) == same_view + 5
