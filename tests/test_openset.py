"""Figures over cases: open set, reliability, intervals, detection, attributes, Rank-k."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.metrics.attributes import attributes
from core.metrics.bootstrap import mean_of, over_cases, share
from core.metrics.detection import detection
from core.metrics.openset import OpenSet, best_scores
from core.metrics.reliability import above, grouped, stranger_shares, table, words
from core.metrics.routes import places, rank_k, stops

INF = math.inf


# --- open set


def test_fpir_fnir_and_tpir_by_hand():
    four = OpenSet(absent=[0.1, 0.5, 1.0, -INF], present=[2.0, 0.7, -INF])
    assert four.fpir(0.5) == 0.5
    assert four.fpir(5) == 0
    assert four.fnir(0.5) == pytest.approx(1 / 3)
    assert four.tpir(0.25) == pytest.approx(2 / 3)  # just above .5: 2.0 and .7
    assert four.tpir(0.0) == pytest.approx(1 / 3)  # just above 1.0
    assert four.tpir(1.0) == pytest.approx(2 / 3)  # a person never shown is never found


def test_an_open_set_without_one_side_says_nothing():
    assert math.isnan(OpenSet([], [1.0]).fpir(0))
    assert math.isnan(OpenSet([], [1.0]).tpir())
    assert math.isnan(OpenSet([1.0], []).fnir(0))
    with pytest.raises(ValueError, match="NaN"):
        OpenSet([math.nan], [])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=40), st.floats(0, 1))
def test_the_threshold_keeps_the_fpir_and_is_the_lowest_that_does(absent, fpir):
    cases = OpenSet(absent, [0.0])
    t = cases.threshold(fpir)
    assert cases.fpir(t) <= fpir + 1e-9
    lower = [x for x in absent if x < t]
    assert not lower or cases.fpir(max(lower)) > fpir


def test_the_best_stranger_and_the_best_true_one_of_a_search():
    score, true = [2.0, 1.0, math.nan, 0.5], [False, True, True, False]
    assert best_scores(score, true) == (2.0, 1.0)
    assert best_scores(score, true, top=1) == (2.0, -INF)
    assert best_scores([], []) == (-INF, -INF)


# --- intervals


def test_the_bootstrap_of_a_mean_knows_its_standard_error():
    x = np.random.default_rng(1).normal(3, 2, 400)
    found = mean_of(x)
    assert found.value == pytest.approx(x.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * x.std() / 20, rel=0.15)
    assert mean_of(x) == found  # a seed, not chance


def test_cases_are_drawn_whole():
    """A hundred rows of two cases are two cases: the interval is as wide as it gets."""
    value, case = np.repeat([0.0, 1.0], 50), np.repeat([0, 1], 50)
    found = grouped(value, case)
    assert (found.low, found.value, found.high, found.n) == (0.0, 0.5, 1.0, 2)


def test_intervals_of_none_and_of_one():
    none, one = over_cases(0, lambda at: 0.0), mean_of([2.0])
    assert math.isnan(none.value)
    assert one.value == 2.0
    assert math.isnan(one.low)
    assert one.json() == {"value": 2.0, "low": None, "high": None, "n": 1}


def test_wilsons_interval_is_honest_at_the_ends():
    zero = share(0, 10)
    assert (zero.value, zero.low) == (0.0, 0.0)
    assert zero.high == pytest.approx(0.2775, abs=1e-4)
    assert share(10, 10).low == pytest.approx(1 - 0.2775, abs=1e-4)
    assert math.isnan(share(0, 0).value)


# --- reliability


def test_the_reliability_of_stops_by_hand():
    p, right = [0.9, 0.85, 0.3, 1.0], [True, False, True, True]
    found = above(p, right, ["a", "b", "a", "a"])
    assert found.value == pytest.approx(2 / 3)
    assert found.n == 2
    rows = table(p, right)
    assert [row["n"] for row in rows] == [0, 1, 0, 3]
    assert rows[3]["right"] == pytest.approx(2 / 3, abs=1e-4)
    assert rows[0]["claimed"] is None


def test_the_reliability_of_words_by_hand():
    found = words(["strong", "weak", "strong"], [True, False, False], [1, 1, 2])
    assert found["strong"]["value"] == 0.5
    assert found["weak"] | {"low": None, "high": None} == {
        "value": 0.0, "low": None, "high": None, "n": 1, "said": 1
    }  # fmt: skip


def test_strangers_beside_the_bound_of_a_likelihood_ratio():
    one, two = stranger_shares([-1, 0, 1.0, 2.5], (1.0, 2.0))
    assert (one["strangers"], one["bound"]) == (0.5, 0.1)
    assert (two["strangers"], two["bound"], two["n"]) == (0.25, 0.01, 4)


# --- detection


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


def test_average_precision_by_hand():
    """Two people, three boxes: right, wrong, right by score: AP = 1/2 * 1 + 1/2 * 2/3."""
    true = [boxes((0, 0, 10, 10), (20, 0, 30, 10))]
    found = [(boxes((0, 0, 10, 10), (50, 50, 60, 60), (20, 0, 30, 9)), np.array([0.9, 0.8, 0.7]))]
    result = detection(found, true)
    assert result.ap50 == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert (result.precision, result.recall) == (pytest.approx(2 / 3), 1.0)
    assert result.score == pytest.approx(0.7)


def test_a_second_box_on_one_person_and_a_box_in_an_empty_picture_are_false():
    one = boxes((0, 0, 10, 10))
    result = detection(
        [(np.concatenate([one, one]), np.array([0.9, 0.8])), (one, np.array([0.95]))],
        [one, boxes()],
    )
    assert result.ap50 == pytest.approx(0.5)
    assert (result.n_boxes, result.n_pictures) == (1, 2)


def test_detection_without_anything():
    assert math.isnan(detection([(boxes(), np.empty(0))], [boxes()]).ap50)
    assert detection([(boxes(), np.empty(0))], [boxes((0, 0, 1, 1))]).ap50 == 0


def test_equal_scores_come_together():
    """Which of two equal boxes is looked at first must not matter."""
    true = [boxes((0, 0, 10, 10))]
    pair = boxes((0, 0, 10, 10), (50, 50, 60, 60))
    for order in ([0, 1], [1, 0]):
        assert detection([(pair[order], np.array([0.5, 0.5]))], true).ap50 == pytest.approx(0.5)


# --- attributes


def test_attribute_figures_by_hand():
    judged = [[1, 0, 1], [1, 1, 0]]
    labelled = [[1, 0, 0], [1, 1, 1]]
    found = attributes(judged, labelled)
    assert found.accuracy == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found.precision == pytest.approx((1 / 2 + 1) / 2)
    assert found.recall == pytest.approx((1 + 2 / 3) / 2)
    assert found.mean_accuracy == 0.5  # 1 and 0; the first has no negative and does not count
    none = attributes([[0, 0]], [[0, 0]])
    assert math.isnan(none.precision)
    assert math.isnan(none.f1)


def test_unlabelled_attributes_do_not_count():
    found = attributes([[1, 1]], [[1, 0]], [[True, False]])
    assert (found.accuracy, found.precision, found.recall) == (1.0, 1.0, 1.0)


# --- routes


def test_rank_k_is_the_papers_n_over_h_times_100():
    """32 appearances, 26 first and one more second: 81.25 and 84.4, as table 7 is rounded."""
    found = rank_k([1] * 26 + [2] + [INF] * 5)
    assert found[1] == pytest.approx(81.25)
    assert [round(found[k], 1) for k in (2, 3, 4, 5)] == [84.4] * 4
    assert math.isnan(rank_k([])[1])
    with pytest.raises(ValueError, match="1 or more"):
        rank_k([0])


def test_the_place_of_the_best_true_one_counts_equals_before_it():
    assert places(np.array([0.9, 0.5, 0.5]), [False, True, False]) == 3
    assert places(np.array([0.9, 0.5]), [True, False]) == 1
    assert places(np.array([0.9, math.nan]), [False, True]) == INF
    assert places(np.array([0.9]), [False]) == INF


def test_stops_by_hand():
    found = stops([True, True, False], 1, 4, [3.0, -5.0])
    assert (found.precision, found.recall, found.time_error_s) == (pytest.approx(2 / 3), 0.25, 4.0)
    assert math.isnan(stops([], 0, 0, []).precision)
    with pytest.raises(ValueError, match="found 3 of 2"):
        stops([True] * 3, 3, 2, [])
