"""Evidence: golden numbers computed by hand, properties, and every limit of the words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import rank
from core.errors import ModelError
from core.metrics.calibration import cllr, cllr_min

finite = st.floats(-5, 5)
maybe = st.one_of(finite, st.just(math.nan))


def unit_rows(seed, n, d=8):
    rows = np.random.default_rng(seed).normal(size=(n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def row(**changes):
    return {
        "a": -2.0,
        "c": 2.0,
        "m": 0.1,
        "d": 0.05,
        "n_genuine_ids": 1000,
        "n_impostor_ids": 1000,
        "real_validation": True,
        **changes,
    }


# --- pooling and bins


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 8), st.data())
def test_a_pooled_vector_is_unit_and_ignores_the_order(seed, n, data):
    rows = unit_rows(seed, n)
    quality = np.array(data.draw(st.lists(st.floats(0, 1), min_size=n, max_size=n)))
    order = np.random.default_rng(seed).permutation(n)
    pooled = rank.pool(rows, quality)
    assert pooled.dtype == np.float32
    assert np.linalg.norm(pooled) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(rank.pool(rows[order], quality[order]), pooled, atol=1e-5)


def test_pooling_weighs_by_quality():
    pooled = rank.pool(np.eye(2, dtype=np.float32), np.array([0.8, 0.6]))
    np.testing.assert_allclose(pooled, [0.8, 0.6], atol=1e-6)


def test_pooling_identical_rows_gives_the_row():
    rows = np.repeat(unit_rows(1, 1), 5, axis=0)
    np.testing.assert_allclose(rank.pool(rows, np.full(5, 0.3)), rows[0], atol=1e-6)


def test_pooling_rows_that_cancel_takes_the_better_row():
    rows = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32)
    quality = np.array([0.5, 0.5, 0.9, 0.9])
    np.testing.assert_array_equal(rank.pool(rows, quality), [0, 1])
    np.testing.assert_array_equal(rank.pool(rows[::-1], quality[::-1]), [0, 1])


def test_pooling_without_quality_is_the_plain_mean():
    for quality in ([0.0, 0.0], [np.nan, np.nan]):
        pooled = rank.pool(np.eye(2, dtype=np.float32), np.array(quality))
        np.testing.assert_allclose(pooled, [0.5**0.5] * 2, atol=1e-6)


def test_pooling_does_not_change_its_arguments():
    rows, quality = unit_rows(3, 4), np.array([0.1, np.nan, 2.0, -1.0])
    before = rows.copy(), quality.copy()
    rank.pool(rows, quality)
    np.testing.assert_array_equal(rows, before[0])
    np.testing.assert_array_equal(quality, before[1])


@pytest.mark.parametrize(
    ("rows", "quality"),
    [
        (np.empty((0, 4)), np.empty(0)),
        (np.ones(4), np.ones(4)),
        (np.ones((2, 4)), np.ones(3)),
        (np.full((1, 4), np.nan), np.ones(1)),
        (np.zeros((2, 4)), np.ones(2)),
    ],
)
def test_pooling_refuses_what_is_no_list_of_unit_rows(rows, quality):
    with pytest.raises(ValueError, match="pool needs"):
        rank.pool(rows, quality)


@pytest.mark.parametrize(
    ("kind", "px", "size", "label"),
    [
        ("face", 0, 0, "< 16 px"),
        ("face", 15.9, 0, "< 16 px"),
        ("face", 16, 1, "16-23 px"),
        ("face", 23.9, 1, "16-23 px"),
        ("face", 24, 2, "24-39 px"),
        ("face", 40, 3, "40-79 px"),
        ("face", 80, 4, ">= 80 px"),
        ("body", 63, 0, "< 64 px"),
        ("body", 64, 1, "64-127 px"),
        ("body", 128, 2, ">= 128 px"),
    ],
)
def test_size_bins(kind, px, size, label):
    assert rank.size_bin(kind, px) == size
    assert rank.bin_label(kind, size) == label


def test_an_unknown_size_has_no_bin_and_no_evidence():
    assert rank.size_bins("body", [math.nan, 70.0]).tolist() == [-1, 1]
    calibration = rank.Calibration.from_row(row(), "body")
    e = rank.evidence([0.3, 0.3], [-1, 1], calibration, "body")
    assert np.isnan(e).tolist() == [True, False]
    with pytest.raises(ValueError, match="bins 0 to 2"):
        rank.bin_label("body", 3)


# --- normalisation


def test_normalise_golden():
    # ((.5-.1)/.1 + (.5-.2)/.2)/2 = (4 + 1.5)/2
    assert rank.normalise(0.5, 0.1, 0.1, 0.2, 0.2) == pytest.approx(2.75)


def test_normalise_keeps_a_floor_of_two_hundredths():
    assert rank.normalise(0.5, 0.3, 0.0, 0.3, 0.001) == pytest.approx(10.0)


def test_cohort_stats_are_mean_and_std_of_the_cosines():
    vectors, cohort = unit_rows(1, 5), unit_rows(2, 40)
    mean, std = rank.cohort_stats(vectors, cohort)
    cosine = vectors.astype(float) @ cohort.T.astype(float)
    np.testing.assert_allclose(mean, cosine.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(std, cosine.std(axis=1), atol=1e-6)


def test_a_cohort_of_identical_vectors_gives_finite_scores():
    vectors = np.repeat(unit_rows(4, 1), 3, axis=0)
    mean, std = rank.cohort_stats(vectors, vectors)
    np.testing.assert_array_equal(std, [0.02] * 3)
    assert np.isfinite(rank.normalise(np.ones(3), mean[0], std[0], mean, std)).all()
    with pytest.raises(ValueError, match="stranger"):
        rank.cohort_stats(vectors, vectors[:0])


# --- calibration


def test_fit_recovers_a_known_likelihood_ratio():
    # N(2,1) against N(0,1): ln LR = 2z - 2
    rng = np.random.default_rng(0)
    a, c = rank.fit(rng.normal(2, 1, 20_000), rng.normal(0, 1, 40_000))
    assert a == pytest.approx(-2, abs=0.08)
    assert c == pytest.approx(2, abs=0.08)


def test_fit_does_not_depend_on_how_many_impostors_there_are():
    rng = np.random.default_rng(1)
    genuine, impostor = rng.normal(2, 1, 4000), rng.normal(0, 1, 4000)
    once, tenfold = rank.fit(genuine, impostor), rank.fit(genuine, np.tile(impostor, 10))
    np.testing.assert_allclose(once, tenfold, atol=0.01)


def test_fit_of_separated_scores_is_finite_and_of_reversed_scores_is_silent():
    a, c = rank.fit([5.0] * 20, [0.0] * 20)
    assert math.isfinite(a)
    assert 0 < c < 10
    assert rank.fit([0.0] * 20, [5.0] * 20) == (pytest.approx(0, abs=1e-6), 0)
    with pytest.raises(ValueError, match="finite"):
        rank.fit([1.0], [])


def test_fitted_evidence_costs_little_more_than_the_best_possible():
    rng = np.random.default_rng(2)
    genuine, impostor = rng.normal(0.45, 0.12, 1500), rng.normal(0.1, 0.1, 6000)
    calibration = rank.Calibration.fit(
        "body",
        [(genuine, impostor)] * 3,
        n_genuine_ids=[500] * 3,
        n_impostor_ids=[500] * 3,
        real_validation=[True] * 3,
    )
    e = [
        rank.evidence(s, np.full(len(s), 1), calibration, "body")
        for s in (rng.normal(0.45, 0.12, 1500), rng.normal(0.1, 0.1, 6000))
    ]
    assert cllr(*e) < 0.5
    assert cllr(*e) - cllr_min(*e) < 0.03


def test_a_bin_without_pairs_stays_silent():
    calibration = rank.Calibration.fit(
        "body",
        [([0.6, 0.7], [0.1, 0.2]), ([], [0.1]), ([0.6], [])],
        n_genuine_ids=[10] * 3,
        n_impostor_ids=[10] * 3,
        real_validation=[False] * 3,
    )
    assert calibration.n_genuine_ids == (10, 0, 0)
    e = rank.evidence([0.6] * 3, [0, 1, 2], calibration, "body")
    assert np.isnan(e).tolist() == [False, True, True]
    with pytest.raises(ValueError, match="3 size bins"):
        rank.Calibration.fit("body", [], n_genuine_ids=[], n_impostor_ids=[], real_validation=[])


def test_evidence_golden():
    # z = (.2-.1)/.05 = 2, e = (-2 + 2*2)/ln 10
    calibration = rank.Calibration.from_row(row(), "body")
    assert rank.evidence([0.2], [2], calibration, "body")[0] == pytest.approx(2 / math.log(10))


@settings(max_examples=50, deadline=None)
@given(st.floats(-10, 10), st.floats(0, 10), st.lists(st.floats(-1, 1), min_size=2, max_size=9))
def test_evidence_never_falls_when_the_score_rises(a, c, s):
    calibration = rank.Calibration.from_row(row(a=a, c=c), "face")
    e = rank.evidence(np.sort(s), np.full(len(s), 4), calibration, "face")
    assert (np.diff(e) >= 0).all()


@pytest.mark.parametrize(
    ("kind", "changes", "high", "low"),
    [
        ("face", {}, [0.5, 1, 2, 3, 3], -3),
        ("face", {"n_impostor_ids": 10**6}, [0.5, 1, 2, 3, 4], -3),
        ("face", {"n_impostor_ids": 20}, [0.5, 1, *[math.log10(20)] * 3], -3),
        ("face", {"real_validation": False}, [0.5, 1, 1, 1, 1], -3),
        ("face", {"n_genuine_ids": 1, "n_impostor_ids": 0}, [0] * 5, 0),
        ("body", {"n_genuine_ids": 50}, [2, 2, 2], -math.log10(50)),
        ("body", {"real_validation": [True, False, True]}, [2, 1, 2], -3),
        ("body", {"cap": 1.5}, [1.5] * 3, -3),
    ],
)
def test_evidence_stays_inside_what_was_validated(kind, changes, high, low):
    calibration = rank.Calibration.from_row(row(c=200.0, **changes), kind)
    bins = np.arange(len(high))
    np.testing.assert_allclose(rank.evidence(np.ones(len(high)), bins, calibration, kind), high)
    np.testing.assert_allclose(
        rank.evidence(-np.ones(len(high)), bins, calibration, kind), [low] * len(high)
    )


def test_no_calibration_is_no_evidence():
    assert rank.Calibration.from_row({}, "face") is None
    assert np.isnan(rank.evidence([0.9, 1.0], [4, 4], None, "face")).all()
    uncalibrated = rank.Calibration.from_row(row(n_genuine_ids=0), "face")
    assert np.isnan(rank.evidence([0.9], [4], uncalibrated, "face")).all()
    assert np.isnan(
        rank.evidence([math.nan], [4], rank.Calibration.from_row(row(), "face"), "face")
    ).all()


def test_a_calibration_of_the_other_kind_is_refused():
    with pytest.raises(ValueError, match="size bins"):
        rank.evidence([0.1], [0], rank.Calibration.from_row(row(), "face"), "body")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"slope": 1.0}, "slope"),
        ({"a": "high"}, "'a'"),
        ({"a": [1.0, 2.0]}, "list of 3"),
        ({"a": True}, "'a'"),
        ({"real_validation": 1}, "real_validation"),
        ({"real_validation": "false"}, "real_validation"),
        ({"n_genuine_ids": 10.5}, "n_genuine_ids"),
        ({"n_genuine_ids": -1}, "0 or more"),
        ({"c": -1.0}, "0 or more"),
        ({"d": 0.0}, "above 0"),
        ({"a": math.nan}, "finite"),
        ({"cap": 3.0}, "at most 2, 2, 2"),
    ],
)
def test_a_wrong_calibration_table_is_refused_in_words(changes, says):
    with pytest.raises(ModelError, match=says):
        rank.Calibration.from_row(row(**changes), "body")


def test_a_calibration_table_with_a_missing_key_is_refused():
    with pytest.raises(ModelError, match="real_validation"):
        rank.Calibration.from_row(
            {k: v for k, v in row().items() if k != "real_validation"}, "face"
        )


# --- attributes and clothes


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.8, 5.8),  # l = 4*4 = 16; (.9*16 + .1)/(.1*16 + .9) = 14.5/2.5
        (0.2, 1.0),  # p = t: l = 1, no news
        (1.0, 9.0),  # .9/.1
        (0.0, 1 / 9),  # .1/.9
    ],
)
def test_attribute_lr_golden(p, expected):
    assert rank.attribute_lr(p, 0.2, 0.1, rank.DOUBT["sure"]) == pytest.approx(expected)


shares = st.floats(0.01, 0.99)


@settings(max_examples=50, deadline=None)
@given(shares, shares, st.sampled_from([0.02, 0.1, 0.25]))
def test_attribute_lr_rises_with_p_and_turns_at_the_training_share(t, pi, eps):
    lr = rank.attribute_lr([0, t / 2, t, (1 + t) / 2, 1], t, pi, eps)
    assert (np.diff(lr) >= -1e-9).all()
    assert lr[2] == pytest.approx(1)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), shares, shares)
def test_an_unsure_teller_moves_the_evidence_less(p, t, pi):
    video, sure, unsure = np.abs(np.log(rank.attribute_lr(p, t, pi, list(rank.DOUBT.values()))))
    assert unsure <= sure + 1e-9
    assert sure <= video + 1e-9


def test_an_unsure_tick_of_what_nearly_everybody_has_says_nothing():
    np.testing.assert_allclose(rank.attribute_lr([0.0, 0.5, 1.0], 0.5, 0.9, 0.25), 1.0)


def test_attribute_lr_refuses_what_is_no_share():
    for bad in ((1.2, 0.2, 0.1, 0.1), (0.5, 0.0, 0.1, 0.1), (0.5, 0.2, 1.0, 0.1)):
        with pytest.raises(ValueError, match="attribute_lr"):
            rank.attribute_lr(*bad)


def test_site_share_golden():
    assert rank.site_share(3, 10, 0.2) == pytest.approx(4 / 15)
    assert rank.site_share(0, 0, 0.2) == pytest.approx(0.2)


def test_attribute_evidence_adds_logs_skips_the_unjudged_and_is_clipped():
    lr = [[10.0, np.nan], [10.0, 0.1], [100.0, 1000.0], [0.001, 0.001], [np.nan, np.nan]]
    e = rank.attribute_evidence(lr, eta=0.5)
    np.testing.assert_allclose(e, [0.5, 0.0, 1.0, -1.0, np.nan])


@pytest.mark.parametrize(
    ("e", "k", "expected"),
    [
        (2.0, 0.9, math.log10(90.1)),
        (-2.0, 0.5, math.log10(0.505)),
        (1.3, 1.0, 1.3),
        (0.0, 0.5, 0.0),
    ],
)
def test_clothes_discount_golden(e, k, expected):
    assert rank.clothes_discount(e, k) == pytest.approx(expected)


def test_clothes_that_surely_differ_are_not_used():
    np.testing.assert_array_equal(
        np.isnan(rank.clothes_discount([2.0, 2.0, np.nan], [0.0, 0.5, 0.5])), [True, False, True]
    )
    with pytest.raises(ValueError, match="k inside"):
        rank.clothes_discount([1.0], 1.1)


@settings(max_examples=50, deadline=None)
@given(finite, st.floats(0.01, 0.99))
def test_the_discount_only_weakens_and_bounds_the_harm_of_changed_clothes(e, k):
    discounted = rank.clothes_discount(e, k)
    assert abs(discounted) <= abs(e) + 1e-9
    assert discounted * e >= -1e-9
    assert discounted >= math.log10(1 - k) - 1e-9


def test_clothes_probability_by_source_and_time():
    hours = np.array([0, -6, 6.01, 24, 24.01, np.nan]) * 3600
    np.testing.assert_array_equal(
        rank.clothes_probability("footage", hours), [0.98, 0.98, 0.5, 0.5, 0, 0.5]
    )
    assert set(rank.clothes_probability("ticked", hours)) == {0.9}
    assert set(rank.clothes_probability("photo", hours)) == {0.0}


# --- fusion

nan = math.nan


@pytest.mark.parametrize(
    ("face", "body", "attributes", "e", "cloth"),
    [
        (1.0, 2.0, 1.0, 3.5, 2.5),
        (1.0, 2.0, nan, 3.0, 2.0),
        (1.0, nan, 0.8, 1.8, 0.8),
        (nan, 2.0, 1.0, 2.5, 2.5),
        (1.0, nan, nan, 1.0, nan),
        (nan, nan, 0.8, 0.8, 0.8),
        (nan, nan, nan, nan, nan),
    ],
)
def test_fusion_by_what_is_present(face, body, attributes, e, cloth):
    np.testing.assert_allclose(rank.fuse([face], [body], [attributes]), [[e], [cloth]])


@settings(max_examples=50, deadline=None)
@given(maybe, maybe, maybe)
def test_fusion_is_nan_only_without_any_signal(face, body, attributes):
    e, cloth = rank.fuse([face], [body], [attributes])
    assert np.isnan(e[0]) == all(math.isnan(v) for v in (face, body, attributes))
    assert np.isnan(cloth[0]) == (math.isnan(body) and math.isnan(attributes))


def test_fusion_refuses_a_negative_weight():
    with pytest.raises(ValueError, match="0 or more"):
        rank.fuse([1.0], [1.0], [1.0], b2=-0.1)


def test_overlap_keeps_only_where_both_speak():
    keep = rank.overlap_keep([0.5, 0.49, 2.0, nan, 2.0], [0.5, 2.0, 0.49, 2.0, nan])
    assert keep.tolist() == [True, False, False, False, False]


# --- gallery size


def test_s0_golden():
    # u = .95 quantile of 1900 zeros and 100 ones = .05, mean excess .95
    strangers = rank.Strangers(np.repeat([0.0, 1.0], [1900, 100]))
    s0 = strangers.s0([0.0, 1.0, 1.9, 0.5, nan])
    assert s0[0] == pytest.approx(2001 / 2001)
    assert s0[1] == pytest.approx(101 / 2001)
    assert s0[2] == pytest.approx(0.05 * math.exp(-1.85 / 0.95))
    assert s0[3] == pytest.approx(101 / 2001)
    assert math.isnan(s0[4])


def test_s0_counts_down_to_ten_and_then_fits_the_tail():
    scores = np.arange(2000.0)
    strangers = rank.Strangers(scores[::-1])
    u, excess = np.quantile(scores, 0.95), 50 - 1 + (1900 - np.quantile(scores, 0.95)) + 0.5
    assert strangers.s0([1990.0])[0] == pytest.approx(11 / 2001)
    tail = 0.05 * math.exp(-(1991 - u) / excess)
    assert strangers.s0([1991.0])[0] == pytest.approx(min(tail, 11 / 2001))
    assert strangers.s0([2400.0])[0] == pytest.approx(0.05 * math.exp(-(2400 - u) / excess))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 999),
    st.sampled_from(["normal", "heavy", "clipped", "same", "few"]),
    st.lists(st.floats(-6, 6), min_size=2, max_size=12),
)
def test_s0_never_rises_and_stays_a_share(seed, shape, at):
    rng = np.random.default_rng(seed)
    scores = {
        "normal": rng.normal(-1, 0.7, 2500),
        "heavy": rng.standard_t(2, 2500),
        "clipped": np.clip(rng.normal(-1, 2, 2500), -2, 1),
        "same": np.full(2500, -2.0),
        "few": rng.normal(-1, 0.7, 50),
    }[shape]
    s0 = rank.Strangers(scores).s0(np.sort(np.concatenate([at, scores[:50]])))
    assert (np.diff(s0) <= 1e-12).all()
    assert ((s0 >= 0) & (s0 <= 1)).all()


def test_an_unmeasured_site_uses_the_bound_of_a_calibrated_ratio():
    few = rank.Strangers(np.zeros(1999))
    assert not few.measured
    assert rank.Strangers(np.zeros(2000)).measured
    e = [-1.0, 0.0, 1.0, 2.0, nan]
    for strangers in (few, None):
        np.testing.assert_allclose(rank.expected_false(e, 50, strangers), [50, 50, 5, 0.5, nan])
    assert not rank.miscalibrated(few)


@pytest.mark.parametrize("shape", ["normal", "clipped", "exponential"])
def test_of_a_search_for_somebody_absent_about_one_stranger_is_expected_to_score_so_high(shape):
    """On average between .5 and 2 candidates with expected_false of 1 or less: all strangers."""
    rng, likely = np.random.default_rng(5), []
    for _ in range(300):
        e = {
            "normal": rng.normal(-0.7, 0.6, 600),
            "clipped": np.clip(rng.normal(-0.7, 0.7, 600), -2, 1.95),
            "exponential": rng.exponential(0.5, 600) - 1,
        }[shape]
        likely.append(np.sum(rank.expected_here(e, 600 * 10.0 ** -np.maximum(e, 0)) <= 1))
    assert 0.5 <= np.mean(likely) <= 2


def test_the_tail_of_a_search_is_the_published_one():
    from scipy.stats import genpareto

    rng = np.random.default_rng(0)
    e = genpareto.rvs(-0.3, scale=0.4, size=20_000, random_state=rng)
    none = np.full(len(e), 1e9)
    u, at = np.quantile(e, 0.9), np.sort(e)[-50:]
    known = 2_000 * genpareto.sf(at - u, -0.3, scale=0.4 - 0.3 * u)
    np.testing.assert_allclose(rank.expected_here(e, none)[np.argsort(e)[-50:]], known, rtol=0.6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.integers(100, 400))
def test_expected_here_never_rises_with_the_evidence(seed, n):
    rng = np.random.default_rng(seed)
    e = np.append(rng.normal(-0.5, 0.8, n), nan)
    bound = rank.expected_false(e, n)
    found = rank.expected_here(e, bound)
    assert np.isnan(found[-1])
    assert (np.diff(found[np.argsort(e[:-1])]) <= 1e-9).all()
    assert (found[:-1] >= np.minimum(bound[:-1], 0.1)).all()  # rarer only if the bound agrees


def test_few_compared_or_tied_ones_leave_the_answer_to_the_site():
    e = np.linspace(-1, 1, 99)
    np.testing.assert_array_equal(rank.expected_here(e, e + 5), e + 5)
    tied = np.zeros(500)
    np.testing.assert_array_equal(rank.expected_here(tied, tied + 7), tied + 7)


def test_strangers_without_evidence_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        rank.Strangers([0.0, nan])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.lists(finite, min_size=1, max_size=5))
def test_expected_false_grows_with_the_gallery(n, e):
    strangers = rank.Strangers(np.random.default_rng(0).normal(-1, 0.5, 2000))
    np.testing.assert_allclose(
        rank.expected_false(e, 3 * n, strangers), 3 * rank.expected_false(e, n, strangers)
    )


def test_strangers_that_score_too_high_raise_the_alarm():
    def with_share(at_one, at_two):
        scores = np.full(10_000, -1.0)
        scores[: round(at_one * 10_000)] = 1.0
        scores[: round(at_two * 10_000)] = 2.0
        return rank.miscalibrated(rank.Strangers(scores))

    assert not with_share(0.19, 0.019)
    assert with_share(0.21, 0.0)
    assert with_share(0.05, 0.021)


# --- words


@pytest.mark.parametrize(
    ("e", "expected_false", "face", "word"),
    [
        (2.0, 0.05, 1.0, "strong"),
        (1.99, 0.05, 1.0, "moderate"),
        (2.0, 0.051, 1.0, "moderate"),
        (2.0, 0.05, 0.99, "moderate"),
        (4.0, 0.0, nan, "moderate"),  # clothing alone is never strong
        (1.0, 1.0, nan, "moderate"),
        (0.99, 0.5, nan, "weak"),
        (1.0, 1.01, nan, "weak"),
        (4.0, 2.0, 4.0, "weak"),
        (2.0, nan, 2.0, "weak"),
        (0.3, 9.0, nan, "weak"),
        (0.29, 0.0, 1.0, "insufficient"),
        (-0.49, 0.0, nan, "insufficient"),
        (-0.5, 0.0, nan, "against"),
        (-3.0, nan, 2.0, "against"),
        (nan, nan, nan, "insufficient"),
    ],
)
def test_words_at_their_borders(e, expected_false, face, word):
    assert rank.band(e, expected_false, face) == word
    assert rank.bands([e, 0.0], [expected_false, 0.0], [face, 0.0]) == (word, "insufficient")


def test_a_site_that_is_not_calibrated_says_nothing_above_weak():
    assert rank.bands([3.0, 1.5, 0.4, 0.0, -1.0], [0] * 5, [3] * 5, site_calibrated=False) == (
        "weak",
        "weak",
        "weak",
        "insufficient",
        "against",
    )


def test_without_calibration_every_word_is_insufficient():
    words = rank.bands([3.0, -3.0, nan], [0] * 3, [3] * 3, has_calibration=False)
    assert words == ("insufficient",) * 3
    assert rank.bands([], [], []) == ()


@settings(max_examples=60, deadline=None)
@given(finite, st.floats(0, 100), maybe)
def test_more_strangers_never_make_a_word_stronger(e, expected, face):
    order = ["against", "insufficient", "weak", "moderate", "strong"]
    few, many = rank.band(e, expected, face), rank.band(e, expected * 2 + 0.01, face)
    assert order.index(many) <= order.index(few)
