"""Boxes overlap, grow and shrink as they should; metres between places are metres."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.geometry import area, expand, haversine_m, intersection, iou, letterbox, nms, resize

LOW_HIGH = st.tuples(*[st.integers(0, 300)] * 4).map(
    lambda v: [min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]) + 1, max(v[1], v[3]) + 1]
)
BOXES = st.lists(LOW_HIGH, min_size=1, max_size=12).map(lambda b: np.array(b, np.float32))


def test_iou_by_hand():
    a = np.array([[0, 0, 10, 10]], np.float32)
    b = np.array(
        [[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [2, 2, 4, 4], [7, 7, 3, 3]], np.float32
    )
    assert area(b).tolist() == [100, 100, 100, 4, 0]
    assert intersection(a, b)[0].tolist() == [100, 50, 0, 4, 0]
    assert iou(a, b)[0] == pytest.approx([1, 1 / 3, 0, 0.04, 0])
    nothing = np.zeros((1, 4), np.float32)
    assert iou(nothing, nothing).tolist() == [[0.0]]
    assert iou(a, np.empty((0, 4), np.float32)).shape == (1, 0)


@given(BOXES, BOXES)
def test_iou_is_symmetric_and_one_only_for_the_same_box(a, b):
    both = iou(a, b)
    assert np.array_equal(both, iou(b, a).T)
    assert np.all((both >= 0) & (both <= 1))
    assert np.array_equal(both == 1, np.all(a[:, None] == b[None], axis=2))


def test_nms_keeps_the_best_of_a_heap_best_first():
    box = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 0, 60, 10], [9, 0, 19, 10]], np.float32)
    score = np.array([0.6, 0.9, 0.7, 0.1], np.float32)
    assert nms(box, score, 0.5).tolist() == [1, 2, 3]
    assert nms(box, score, 0.95).tolist() == [1, 2, 0, 3]
    assert nms(box, score, 0.05).tolist() == [1, 2]
    assert nms(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.5).tolist() == []


@given(BOXES, st.floats(0, 0.9), st.integers(0, 2**31))
def test_what_nms_keeps_does_not_overlap_and_explains_what_it_drops(box, most, seed):
    score = np.random.default_rng(seed).random(len(box)).astype(np.float32)
    kept = nms(box, score, most)
    overlap = iou(box, box)
    for i in range(len(box)):
        better = [k for k in kept if score[k] > score[i] and overlap[i, k] > most]
        assert bool(better) != (i in kept)
    assert np.all(np.diff(score[kept]) <= 0)


def test_a_grown_box_has_a_margin_of_its_longer_side_inside_the_frame():
    box = np.array([[100.4, 50.6, 120, 150], [0, 0, 10, 10], [310, 180, 320, 192]], np.float32)
    assert expand(box, 0.1, (320, 192)).tolist() == [
        [90, 40, 130, 160],
        [0, 0, 11, 11],
        [308, 178, 320, 192],
    ]


@given(hnp.arrays(np.float32, (5, 4), elements=st.integers(-500, 900)), st.floats(0, 2))
def test_a_grown_box_is_inside_and_never_empty(box, share):
    grown = expand(box, share, (64, 48))
    assert np.all(grown[:, :2] >= 0)
    assert np.all(grown[:, 2:] <= [64, 48])
    assert np.all(grown[:, 2:] > grown[:, :2])


@pytest.mark.parametrize(("size", "to"), [((100, 50), (40, 40)), ((30, 90), (64, 48))])
def test_letterbox_fits_the_whole_picture_top_left_and_fills_the_rest(size, to):
    image = np.full((size[1], size[0], 3), 200, np.uint8)
    fitted, scale = letterbox(image, to, 114)
    assert fitted.shape == (to[1], to[0], 3)
    assert scale == pytest.approx(min(to[0] / size[0], to[1] / size[1]))
    inside = np.zeros(fitted.shape[:2], bool)
    inside[: round(size[1] * scale), : round(size[0] * scale)] = True
    assert np.all(fitted[inside] == 200)
    assert np.all(fitted[~inside] == 114)


def test_a_place_in_the_fitted_picture_over_the_scale_is_the_place_in_the_picture():
    image = np.zeros((300, 700, 3), np.uint8)
    image[120:160, 500:540] = 255
    fitted, scale = letterbox(image, (320, 320), 0)
    y, x = np.nonzero(fitted[..., 0] > 127)
    found = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) / scale
    assert found == pytest.approx([500, 120, 540, 160], abs=1 / scale)


def test_a_small_picture_is_enlarged_no_more_than_allowed():
    image = np.zeros((10, 10, 3), np.uint8)
    assert letterbox(image, (100, 100), 0)[1] == 10
    assert letterbox(image, (100, 100), 0, 2.0)[1] == 2
    thin = np.zeros((1, 5000, 3), np.uint8)
    assert letterbox(thin, (64, 64), 9)[0].shape == (64, 64, 3)


def test_shrinking_averages_so_that_fine_stripes_turn_grey():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    assert np.all(resize(stripes, (32, 32)) == 100)


def test_haversine_against_known_distances():
    assert haversine_m(0, 0, 0, 1) == pytest.approx(111_195, abs=1)  # 2 pi r / 360
    assert haversine_m(0, 0, 0, 180) == pytest.approx(np.pi * 6_371_008.8)
    seoul, busan = (37.5665, 126.9780), (35.1796, 129.0756)
    assert haversine_m(*seoul, *busan) == pytest.approx(325_000, rel=0.005)
    assert haversine_m(*seoul, *seoul) == 0
    assert haversine_m(10, 179.9, 10, -179.9) == pytest.approx(haversine_m(10, 0, 10, 0.2))
    assert np.isnan(haversine_m(37.5, np.nan, 37.5, 127))
    assert haversine_m([0, 1], [0, 0], 0, 0) == pytest.approx([0, 111_195], abs=1)
