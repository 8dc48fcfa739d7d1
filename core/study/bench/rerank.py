"""A number of crops in; how sparse re-ranking compares with the dense published way, out.

Source: [zhong2017]
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.metrics.retrieval import retrieval
from core.rank.reciprocal import rerank as sparse_rerank
from core.study.bench import made
from core.study.bench.measure import Way, compared
from core.types import Float32, Float64

PROBE_SHARE = 3441 / (3441 + 16441)  # of papers/001 table 1
BUDGET_SPEEDUP, BUDGET_ONE_S, BUDGET_MB = 20.0, 0.050, 3072.0
SHORTLIST = 1000

Dense = Callable[[Float64, Float64, Float64], Any]


def rerank(n: int = 3000, dim: int = 512, *, rounds: int = 2) -> dict[str, Any]:
    """Probes and gallery of n crops together; the reference starts from the same vectors.

    The reference is torchreid's `re_ranking` where torchreid is installed, else the dense
    implementation below; it is given Euclidean distances, which it squares, as published.
    """
    rows, person = made.labelled(n, dim)
    q = max(1, round(n * PROBE_SHARE))
    probe, gallery = rows[:q], rows[q:]
    name, dense = _reference()

    kept: dict[str, Any] = {}

    def ours() -> None:
        kept["ours"] = sparse_rerank(probe, gallery)

    def reference() -> None:
        d = np.sqrt(np.maximum(0, 2 - 2 * (rows @ rows.T)))
        np.fill_diagonal(d, 0)
        kept["theirs"] = np.asarray(dense(d[:q, q:], d[:q, :q], d[q:, q:]))

    result = compared(Way("sparse", ours), Way(name, reference), rounds=rounds)
    both = kept["ours"], kept["theirs"]
    figures = [retrieval(-d, person[:q], person[q:]).map for d in both]
    plain = retrieval(probe @ gallery.T, person[:q], person[q:]).map
    return {
        **result,
        "probes": q,
        "gallery": n - q,
        "dim": dim,
        "budget_speedup": BUDGET_SPEEDUP,
        "within_budget": result["speedup"] >= BUDGET_SPEEDUP
        and (result["peak_mb"] or 0) <= BUDGET_MB,
        "map": round(figures[0], 5),
        "map_reference": round(figures[1], 5),
        "map_without": round(plain, 5),
        "largest_difference": float(np.abs(both[0] - both[1]).max()),
        "one_probe": _one(dim),
    }


def _one(dim: int) -> dict[str, Any]:
    """One probe with a shortlist, as in search."""
    rows = made.people(SHORTLIST + 1, dim, seed=1)
    product = Way("its matrix product alone", lambda: rows @ rows.T)
    result = compared(
        Way("one probe", lambda: sparse_rerank(rows[:1], rows[1:])), product, rounds=9
    )
    return {
        "shortlist": SHORTLIST,
        "seconds": result["seconds"],
        "ratio": result["ratio"],
        "reference": product.name,
        "budget_seconds": BUDGET_ONE_S,
        "within_budget": result["seconds"] <= BUDGET_ONE_S,
    }


def _reference() -> tuple[str, Dense]:
    """torchreid's function without importing torch, or our own dense one."""
    spec = importlib.util.find_spec("torchreid")
    for root in spec.submodule_search_locations or () if spec else ():
        for path in sorted(Path(root).rglob("utils/rerank.py")):
            part = importlib.util.spec_from_file_location("torchreid_rerank", path)
            if part is not None and part.loader is not None:
                module = importlib.util.module_from_spec(part)
                part.loader.exec_module(module)
                return "torchreid re_ranking", module.re_ranking
    return "dense implementation", dense_rerank


def dense_rerank(
    q_g: Float64, q_q: Float64, g_g: Float64, k1: int = 20, k2: int = 6, lambda_: float = 0.3
) -> Float32:
    """The published algorithm over all pairs at once; memory and time grow with their number.

    q_g (Q,G), q_q (Q,Q), g_g (G,G) Euclidean distances. Source: [zhong2017]
    """
    d = np.block([[q_q, q_g], [q_g.T, g_g]]).astype(np.float32) ** 2  # (N,N)
    d /= d.max(axis=1, keepdims=True)
    q, n = len(q_q), len(d)
    order = np.argsort(d, axis=1)[:, : k1 + 1].astype(np.int64)  # sorts every row whole
    wide, narrow = _mutual(order, n), _mutual(order[:, : round(k1 / 2) + 1], n)
    codes = np.zeros_like(d)
    for i in range(n):
        members = own = np.flatnonzero(wide[i])
        for j in own:
            theirs = np.flatnonzero(narrow[j])
            if 3 * np.isin(theirs, own).sum() > 2 * len(theirs):
                members = np.union1d(members, theirs)
        weight = np.exp(-d[i, members])
        codes[i, members] = weight / weight.sum()
    if k2 > 1:
        codes = np.stack([codes[order[i, :k2]].mean(axis=0) for i in range(n)])
    jaccard = np.empty((q, n - q), np.float32)
    for i in range(q):
        at = np.flatnonzero(codes[i])
        shared = np.minimum(codes[i, at], codes[q:, at]).sum(axis=1)
        jaccard[i] = 1 - shared / (2 - shared)
    return np.asarray(lambda_ * d[:q, q:] + (1 - lambda_) * jaccard, dtype=np.float32)


def _mutual(order: Any, n: int) -> Any:
    near = np.zeros((n, n), dtype=bool)
    np.put_along_axis(near, order, True, axis=1)
    return near & near.T
