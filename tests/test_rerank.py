"""Sparse k-reciprocal re-ranking equals the published formula, and survives every small gallery."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.rank import reciprocal
from core.rank.reciprocal import rerank

FEW = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def people(seed: int, n: int, d: int = 16, spread: float = 0.5) -> np.ndarray:
    """n unit rows of about n/5 people."""
    rng = np.random.default_rng(seed)
    of = rng.integers(0, max(1, n // 5), n)
    rows = rng.normal(size=(max(1, n // 5), d))[of] + spread * rng.normal(size=(n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def dense(probe, gallery, k1=20, k2=6, lambda_=0.3):
    """The formula of the paper over all pairs, one item after the other, in float64."""
    x = np.concatenate([probe, gallery]).astype(np.float64)
    n, q = len(x), len(probe)
    d = np.maximum(0.0, 2 - 2 * x @ x.T)
    np.fill_diagonal(d, 0.0)
    d = d / d.max(axis=1, keepdims=True)
    order = np.array([sorted(range(n), key=lambda j: (j != i, d[i, j], j)) for i in range(n)])

    def mutual(i, k):
        return {j for j in order[i, : k + 1] if i in order[j, : k + 1]}

    code = np.zeros((n, n))
    for i in range(n):
        own = mutual(i, k1)
        members = set(own)
        for j in own:
            theirs = mutual(j, int(np.around(k1 / 2)))
            if 3 * len(theirs & own) > 2 * len(theirs):
                members |= theirs
        at = sorted(members)
        code[i, at] = np.exp(-d[i, at])
        code[i] /= code[i].sum()
    code = np.array([code[order[i, :k2]].mean(axis=0) for i in range(n)])
    shared = np.minimum(code[:q, None], code[None, q:]).sum(axis=2)
    return lambda_ * d[:q, q:] + (1 - lambda_) * (1 - shared / (2 - shared))


@FEW
@given(seeds, st.integers(1, 6), st.integers(1, 90), st.integers(1, 25), st.integers(1, 8),
       st.floats(0, 1))  # fmt: skip
def test_it_equals_the_published_formula(seed, q, g, k1, k2, lambda_):
    x = people(seed, q + g)
    found = rerank(x[:q], x[q:], k1=k1, k2=k2, lambda_=lambda_)
    assert found == pytest.approx(dense(x[:q], x[q:], k1, k2, lambda_), abs=2e-5)


@pytest.mark.parametrize("few", [reciprocal.FEW, 0])
def test_it_equals_the_published_formula_where_most_values_are_passed_over(monkeypatch, few):
    monkeypatch.setattr(reciprocal, "FEW", few)
    x = people(7, 900, 32)
    assert rerank(x[:9], x[9:]) == pytest.approx(dense(x[:9], x[9:]), abs=2e-5)


def torchreid():
    """torchreid's own function, without importing torch; None if it is not installed."""
    spec = importlib.util.find_spec("torchreid")
    roots = [Path(p) for p in (spec.submodule_search_locations or ())] if spec else []
    found = [p for root in roots for p in root.rglob("utils/rerank.py")]
    if not found:
        return None
    part = importlib.util.spec_from_file_location("torchreid_rerank", found[0])
    module = importlib.util.module_from_spec(part)
    part.loader.exec_module(module)
    return module.re_ranking


@pytest.mark.skipif(torchreid() is None, reason="NOT COMPARED with torchreid: not installed")
def test_it_equals_torchreid():
    x = people(3, 400, 32)
    euclidean = np.sqrt(np.maximum(0, 2 - 2 * x.astype(np.float64) @ x.T.astype(np.float64)))
    np.fill_diagonal(euclidean, 0)
    q = 40
    theirs = torchreid()(euclidean[:q, q:], euclidean[:q, :q], euclidean[q:, q:])
    assert rerank(x[:q], x[q:]) == pytest.approx(theirs, abs=2e-5)


@FEW
@given(seeds, st.integers(1, 4), st.integers(1, 60))
def test_lambda_1_keeps_the_order(seed, q, g):
    x = people(seed, q + g)
    cosine = x[:q].astype(np.float64) @ x[q:].T.astype(np.float64)
    found = rerank(x[:q], x[q:], lambda_=1.0)
    for row, near in zip(found, cosine, strict=True):
        assert np.all(np.diff(near[np.argsort(row, kind="stable")]) <= 1e-6)


@FEW
@given(seeds, st.integers(1, 4), st.integers(1, 60))
def test_permuting_the_gallery_permutes_the_answer(seed, q, g):
    x = people(seed, q + g)
    order = np.random.default_rng(seed).permutation(g)
    found = rerank(x[:q], x[q:])
    assert rerank(x[:q], x[q:][order]) == pytest.approx(found[:, order], abs=1e-6)


@FEW
@given(seeds, st.integers(1, 3), st.integers(0, 30), st.integers(1, 5))
def test_identical_items_give_no_nan_and_equals_rank_first(seed, q, g, copies):
    x = people(seed, q + g + 1)
    gallery = np.concatenate([np.repeat(x[:1], copies, axis=0), x[q + 1 :]])
    found = rerank(x[:q], gallery)  # with k2 = 6 the first six equals share one code
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6
    assert found[0, :copies] == pytest.approx(found[0].min(), abs=1e-6)


def test_a_gallery_of_one_picture_many_times():
    x = np.repeat(people(1, 1), 40, axis=0)
    assert np.ptp(rerank(x[:1], x[1:])) <= 1
    assert np.isfinite(rerank(x[:5], x[5:])).all()


@pytest.mark.parametrize(("q", "g"), [(0, 0), (0, 3), (2, 0), (1, 1), (1, 2), (2, 1), (3, 3)])
def test_tiny_galleries(q, g):
    x = people(5, max(1, q + g))
    found = rerank(x[:q], x[q : q + g])
    assert found.shape == (q, g)
    assert np.isfinite(found).all()
    if g == 2 and q == 1:
        nearer = int(np.argmax(x[1:3] @ x[0]))
        assert int(np.argmin(found[0])) == nearer


@FEW
@given(seeds, st.integers(1, 5), st.integers(60, 400), st.integers(1, 500), st.booleans())
@example(0, 3, 130, 1, True)  # two of a kind, told apart by the last bit of a product
def test_any_block_size_gives_the_same_result(seed, q, g, block, doubled):
    x = people(seed, q + g)
    gallery = np.repeat(x[q:], 2, axis=0) if doubled else x[q:]
    whole = rerank(x[:q], gallery, block=100_000)
    assert rerank(x[:q], gallery, block=block) == pytest.approx(whole, abs=1e-6)


def test_weights_compared_in_pieces_give_the_same_result(monkeypatch):
    x = people(11, 300)
    whole = rerank(x[:50], x[50:])
    monkeypatch.setattr(reciprocal, "PAIRS", 1000)
    assert np.array_equal(rerank(x[:50], x[50:]), whole)


def test_a_probe_alone_does_not_depend_on_other_probes():
    x = people(2, 120)
    alone = [rerank(x[i : i + 1], x[5:])[0] for i in range(5)]
    assert np.array_equal(alone[3], rerank(x[3:4], x[5:])[0])
    together = rerank(x[:5], x[5:])
    assert not np.allclose(together, np.array(alone))  # the batch protocol is another question


def test_arguments_are_checked_and_not_changed():
    x = people(4, 30)
    before = x.copy()
    rerank(x[:3], x[3:])
    assert np.array_equal(x, before)
    for wrong in ({"k1": 0}, {"k2": 0}, {"lambda_": 1.5}):
        with pytest.raises(ValueError, match="rerank needs"):
            rerank(x[:3], x[3:], **wrong)
    with pytest.raises(ValueError, match="rerank needs"):
        rerank(x[:3], x[3:, :4])
