"""A number of tracklets in; how an exact search compares with one matrix-vector product, out."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import rank
from core.gallery import Gallery
from core.sitelens import SiteLens
from core.study.bench import made
from core.study.bench.measure import Way, compared
from core.types import Float32

TOP = 100
CAMERAS, DAYS = 50, 4  # one camera of fifty is the filter that keeps 2 %
BUDGET, FILTER_BUDGET = 1.5, 0.1
LEARNED = 20_000  # tracklets that the whitening is learned from


def search(
    n: int = 100_000, dim: int = 512, *, rounds: int = 7, peers: bool = True
) -> dict[str, Any]:
    """Exact top 100 of n tracklets on disk against NumPy's product over the same data in memory.

    Both are warm: the matrices are mapped and read once before. peers: FAISS (flat) and DuckDB
    (SQL over the same Parquet files) where they are installed and the gallery is not too large.
    """
    with tempfile.TemporaryDirectory(prefix="dongseon-bench-") as folder:
        start = time.perf_counter()
        gallery = made.gallery(Path(folder), n, dim, CAMERAS, DAYS)
        written = time.perf_counter()
        probe = made.noise(1, dim, seed=99_991)
        found = gallery.top(made.MODEL, probe, TOP)
        indexed = time.perf_counter()
        matrix = np.concatenate([part.matrix for part in gallery.matrix(made.MODEL)])  # (N,D)
        product = matrix @ probe[0]
        exact = np.sort(np.partition(product, -TOP)[-TOP:] if n > TOP else product)[::-1]
        alike = bool(np.allclose(found.cosine[0], exact[: len(found)], atol=1e-5))
        result = compared(
            Way("search", lambda: gallery.top(made.MODEL, probe, TOP)),
            Way("NumPy matrix-vector product", lambda: matrix @ probe[0]),
            rounds=rounds,
            peers=_peers(gallery, matrix, probe) if peers else (),
        )
        return {
            **result,
            "n": len(matrix),
            "dim": dim,
            "top": TOP,
            "budget": BUDGET,
            "within_budget": result["ratio"] <= BUDGET,
            "whitened": _whitened(gallery, matrix, probe, rounds),
            "filter_2_percent": _filtered(gallery, matrix, probe, rounds),
            "same_answer": alike,
            "write_seconds": round(written - start, 2),
            "first_search_seconds": round(indexed - written, 2),
        }


def _whitened(gallery: Gallery, matrix: Float32, probe: Float32, rounds: int) -> dict[str, Any]:
    """The same as a site is searched that has learned what its people have in common."""
    camera = [p.camera_id for p in gallery.matrix(made.MODEL) for _ in range(len(p))]
    some = np.linspace(0, len(matrix) - 1, min(len(matrix), LEARNED), dtype=np.int64)
    start = time.perf_counter()
    site = rank.Whitening.fit(matrix[some], [camera[i] for i in some])
    lens = SiteLens(site)
    toward = site.rows(probe, rank.ANYWHERE)
    learned = time.perf_counter()
    found = gallery.scores(made.MODEL, toward, lens=lens)
    counted = time.perf_counter()
    want = site.mixed(matrix[some], [camera[i] for i in some]) @ toward[0]
    result = compared(
        Way("search", lambda: gallery.scores(made.MODEL, toward, lens=lens).best(TOP)),
        Way("NumPy matrix-vector product", lambda: matrix @ probe[0]),
        rounds=rounds,
    )
    return {
        "ratio": result["ratio"],
        "budget": BUDGET,
        "within_budget": result["ratio"] <= BUDGET,
        "same_answer": bool(np.allclose(found.cosine[0][some], want, atol=1e-4)),
        "learn_seconds": round(learned - start, 2),
        "first_search_seconds": round(counted - learned, 2),
    }


def _filtered(gallery: Gallery, matrix: Float32, probe: Float32, rounds: int) -> dict[str, Any]:
    """The same with a filter that keeps one camera, or about one hour of a day at every camera."""
    camera = compared(
        Way("one camera of 50", lambda: gallery.top(made.MODEL, probe, TOP, ["cam007"])),
        Way("NumPy matrix-vector product", lambda: matrix @ probe[0]),
        rounds=rounds,
    )
    low = made.START_S + made.DAY_S
    between = {f"cam{c:03d}": (low, low + 288.0) for c in range(CAMERAS)}  # 8 % of an hour, 1 day
    window = compared(
        Way("a window", lambda: gallery.top(made.MODEL, probe, TOP, None, between)),
        Way("NumPy matrix-vector product", lambda: matrix @ probe[0]),
        rounds=rounds,
    )
    return {
        "one_camera": camera["ratio"],
        "one_window": window["ratio"],
        "budget": FILTER_BUDGET,
        "within_budget": max(camera["ratio"], window["ratio"]) <= FILTER_BUDGET,
    }


def _peers(gallery: Gallery, matrix: Float32, probe: Float32) -> tuple[Way, ...]:
    found = [_duckdb(gallery, probe)] if len(matrix) <= 200_000 else []
    if importlib.util.find_spec("faiss"):
        found.append(_faiss(matrix, probe))
    return tuple(found)


def _faiss(matrix: Float32, probe: Float32) -> Way:
    faiss: Any = importlib.import_module("faiss")
    flat = faiss.IndexFlatIP(matrix.shape[1])
    flat.add(matrix)
    return Way("FAISS flat", lambda: flat.search(probe, TOP))


def _duckdb(gallery: Gallery, probe: Float32) -> Way:
    import duckdb

    files = str(gallery.root / "camera=*" / "day=*" / "*.parquet")
    wanted = probe[0].tolist()
    query = """SELECT tracklet_id, list_dot_product(pooled, $probe::FLOAT[]) AS cosine
               FROM read_parquet($files) WHERE kind = 'body' ORDER BY cosine DESC LIMIT 100"""
    database = duckdb.connect()
    run: Callable[[], object] = lambda: database.execute(  # noqa: E731
        query, {"probe": wanted, "files": files}
    ).fetchall()
    return Way("DuckDB SQL over Parquet", run)
