"""Figures: hand-computed values, slow independent versions, and the borders where they break."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DongseonError
from core.metrics.agreement import agreement
from core.metrics.calibration import cllr, cllr_min
from core.metrics.retrieval import average_precision, cmc, ranked_hits, retrieval
from core.metrics.verification import best_threshold, eer, fold_accuracy, tar_at_far

scores = st.lists(st.integers(-6, 6).map(float), min_size=1, max_size=12)  # many ties on purpose


# --- retrieval


@pytest.mark.parametrize(
    ("hit", "expected"),
    [
        ([1], 1.0),
        ([0, 1], 1 / 2),
        ([1, 0, 1], (1 / 1 + 2 / 3) / 2),
        ([0, 0, 1, 1], (1 / 3 + 2 / 4) / 2),
    ],
)
def test_average_precision_is_the_mean_precision_at_the_hits(hit, expected):
    assert average_precision(np.array(hit, bool)) == pytest.approx(expected)


@pytest.mark.parametrize("hit", [[], [False, False]])
def test_average_precision_of_an_absent_person_is_an_error(hit):
    with pytest.raises(DongseonError):
        average_precision(np.array(hit, bool))


def test_equal_scores_put_strangers_first_and_nan_last():
    hit = ranked_hits([0.5, 0.5, np.nan, 0.9], [True, False, True, False], [False] * 4)
    assert hit.tolist() == [False, False, True, True]


def test_cmc_counts_first_hits_up_to_each_rank():
    assert cmc([1, 3, 3, 7], 4).tolist() == [0.25, 0.25, 0.75, 0.75]
    assert np.isnan(cmc([], 2)).all()


def test_absent_probes_are_counted_apart_and_do_not_touch_the_figures():
    score = [[0.9, 0.1, 0.5], [0.2, 0.8, 0.9], [0.3, 0.3, 0.3]]
    found = retrieval(score, [1, 2, 99], [1, 2, 3])
    assert (found.n_query, found.n_absent) == (2, 1)
    assert found.map == pytest.approx((1 + 1 / 2) / 2)
    assert (found.rank(1), found.rank(2), found.rank(20)) == (0.5, 1.0, 1.0)


def test_only_absent_probes_give_nan_and_no_crash():
    found = retrieval(np.zeros((2, 3)), ["x", "y"], ["a", "b", "c"])
    assert (found.n_query, found.n_absent) == (0, 2)
    assert math.isnan(found.map)
    assert math.isnan(found.rank(1))


def test_an_empty_gallery_makes_every_probe_absent():
    found = retrieval(np.empty((2, 0)), [1, 2], np.empty(0, int))
    assert (found.n_query, found.n_absent) == (0, 2)


def test_a_gallery_of_one_reaches_every_rank():
    assert retrieval([[0.1]], [7], [7]).rank(20) == 1.0


def test_same_person_same_camera_is_left_out_but_strangers_there_stay():
    found = retrieval([[0.9, 0.8, 0.7]], [1], [1, 2, 1], [5], [5, 5, 6])
    assert found.map == pytest.approx(1 / 2)
    alone = retrieval([[0.9, 0.8]], [1], [1, 2], [5], [5, 5])
    assert (alone.n_query, alone.n_absent) == (0, 1)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 12))
def test_retrieval_equals_a_plain_loop(seed, n):
    rng = np.random.default_rng(seed)
    score, probe = rng.permutation(5 * n).reshape(5, n), rng.integers(0, 4, 5)
    gallery, p_cam, g_cam = rng.integers(0, 4, n), rng.integers(0, 2, 5), rng.integers(0, 2, n)
    found = retrieval(score, probe, gallery, p_cam, g_cam)
    aps, firsts, absent = [], [], 0
    for q in range(5):
        items = [k for k in range(n) if not (gallery[k] == probe[q] and g_cam[k] == p_cam[q])]
        items.sort(key=lambda k: -score[q, k])
        ranks = [r for r, k in enumerate(items, 1) if gallery[k] == probe[q]]
        if not ranks:
            absent += 1
            continue
        aps.append(sum((i + 1) / r for i, r in enumerate(ranks)) / len(ranks))
        firsts.append(ranks[0])
    assert found.n_absent == absent
    assert found.n_query == len(aps)
    if aps:
        assert found.map == pytest.approx(sum(aps) / len(aps))
        assert found.rank(3) == pytest.approx(sum(r <= 3 for r in firsts) / len(firsts))


# --- calibration


def test_cllr_of_silence_is_one_bit():
    assert cllr([0.0, 0.0], [0.0]) == pytest.approx(1.0)


def test_cllr_of_one_ban_each_way():
    assert cllr([1.0], [-1.0]) == pytest.approx(math.log2(1.1))


def test_cllr_of_a_confident_lie_is_its_size():
    assert cllr([400.0], [400.0]) == pytest.approx(400 * math.log2(10) / 2)


def test_cllr_min_of_a_hand_pooled_example():
    # sorted i g i g: the middle two pool to one half, the outer two are certain
    assert cllr_min([1.0, 3.0], [0.0, 2.0]) == pytest.approx(0.5)


def test_cllr_min_is_zero_when_separated_and_one_when_all_are_tied():
    assert cllr_min([2.0, 3.0], [0.0, 1.0, -np.inf]) == pytest.approx(0.0)
    assert cllr_min([2.0] * 3, [2.0] * 5) == pytest.approx(1.0)


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_cllr_min_is_a_floor_and_ignores_the_scale(genuine, impostor):
    least = cllr_min(genuine, impostor)
    assert -1e-9 <= least <= 1 + 1e-9
    assert least <= cllr(genuine, impostor) + 1e-9
    cubed = cllr_min(np.power(genuine, 3), np.power(impostor, 3))
    assert cubed == pytest.approx(least, abs=1e-9)


@pytest.mark.parametrize("figure", [cllr, cllr_min, eer, tar_at_far])
def test_figures_refuse_an_empty_side_and_nan(figure):
    with pytest.raises(DongseonError, match="0 and 1"):
        figure([], [1.0])
    with pytest.raises(DongseonError, match="1 and 0"):
        figure([1.0], [])
    with pytest.raises(ValueError, match="NaN"):
        figure([np.nan], [1.0])


# --- verification


@pytest.mark.parametrize(
    ("genuine", "impostor", "expected"),
    [
        ([0.9, 0.7, 0.4], [0.5, 0.2, 0.1], 1 / 3),
        ([0.9, 0.8], [0.1, 0.2, 0.3], 0.0),
        ([0.5], [0.5], 0.5),
        ([0.1], [0.9], 1.0),
        # at threshold 0 both rates are 1/2
        ([-np.inf, 1.0], [0.0, -np.inf], 0.5),
    ],
)
def test_eer_of_hand_made_sides(genuine, impostor, expected):
    assert eer(genuine, impostor) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_eer_lies_between_the_rates_around_the_crossing(genuine, impostor):
    g, i = np.array(genuine), np.array(impostor)
    at = [*np.unique([*genuine, *impostor]), np.inf]
    rates = [(np.mean(g < t), np.mean(i >= t)) for t in at]
    value = eer(genuine, impostor)
    assert value <= min(max(pair) for pair in rates) + 1e-9
    assert value >= max(min(pair) for pair in rates) - 1e-9


def test_tar_at_far_allows_exactly_the_permitted_false_matches():
    impostor, genuine = np.arange(100.0), [98.5, 99.5, 50.0, 97.5]
    assert tar_at_far(genuine, impostor, 0.0) == 0.25
    assert tar_at_far(genuine, impostor, 0.01) == 0.50
    assert tar_at_far(genuine, impostor, 0.02) == 0.75
    assert tar_at_far(genuine, impostor, 0.29) == 0.75  # .29 * 100 is 28.99... in floats
    assert tar_at_far(genuine, impostor, 1.0) == 1.0


def test_tar_at_far_with_few_impostors_allows_none():
    assert tar_at_far([5.0, 3.0], [4.0, 1.0], 0.01) == 0.5


def test_a_tied_impostor_never_breaks_the_far():
    assert tar_at_far([1.0], [1.0] * 10, 0.1) == 0.0


@settings(max_examples=60, deadline=None)
@given(scores, scores, st.floats(0, 1))
def test_tar_at_far_is_the_best_over_all_thresholds(genuine, impostor, far):
    g, i = np.array(genuine), np.array(impostor)
    at = [*np.unique([*genuine, *impostor]), np.inf]
    best = max(np.mean(g >= t) for t in at if np.mean(i >= t) <= far + 1e-12)
    assert tar_at_far(genuine, impostor, far) == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_best_threshold_is_as_good_as_any(genuine, impostor):
    score = np.array([*genuine, *impostor])
    same = np.arange(len(score)) < len(genuine)

    def right(threshold):
        return np.sum((score >= threshold) == same)

    best = max(right(t) for t in [*score, np.inf])
    assert right(best_threshold(score, same)) == best


def test_a_pair_without_a_face_is_different_whatever_the_threshold():
    score = np.array([-np.inf, 0.6, 0.7, 0.8, -np.inf, 0.1])
    same = np.array([True, True, True, True, False, False])
    assert best_threshold(score, same) > -np.inf
    assert best_threshold(np.array([-np.inf, 1.0]), np.array([True, True])) > -np.inf


def test_fold_accuracy_is_one_when_separated_and_falls_by_one_fold_error():
    same = np.tile([True, False], 20)
    score = np.where(same, 0.8, 0.2)
    assert fold_accuracy(score, same) == (1.0, 0.0)
    score[1] = 0.8  # one wrong of the four in the first fold
    mean, std = fold_accuracy(score, same)
    assert mean == pytest.approx(0.975)
    assert std == pytest.approx(0.075)


def test_fold_accuracy_never_sees_its_own_fold():
    # the only pairs near .5 lie in the first fold, the others put the threshold at 1.5
    same = np.tile([True, False], 20)
    score = np.where(same, 3.0, 0.0)
    score[:4] = [0.5, 0.4, 0.5, 0.4]
    assert fold_accuracy(score, same)[0] == pytest.approx((0.5 + 9) / 10)


def test_fold_accuracy_takes_fewer_folds_for_few_pairs_and_refuses_one():
    assert fold_accuracy([1.0, 0.0, 1.0, 0.0], [True, False, True, False]) == (1.0, 0.0)
    with pytest.raises(DongseonError, match="two pairs"):
        fold_accuracy([1.0, 0.0], [True, False])


# --- agreement of two labellers


def test_kappa_is_agreement_beyond_chance():
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15  # chance .5 * .6 + .5 * .4
    found = agreement(first, second)
    assert (found.n, found.raw) == (50, pytest.approx(0.7))
    assert found.kappa == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_kappa_is_zero_for_one_constant_labeller_and_negative_below_chance():
    assert agreement("aab", "aaa").kappa == 0
    assert agreement("aab", "aab").kappa == 1
    assert agreement("ab", "ba").kappa == -1


def test_kappa_is_undefined_where_nothing_could_differ():
    assert agreement("aaa", "aaa").raw == 1
    assert math.isnan(agreement("aaa", "aaa").kappa)
    assert math.isnan(agreement("", "").raw)
    assert agreement("", "").n == 0
