"""Benchmarks print a ratio beside a reference, and what they compare gives the same answer."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.cli import main
from core.gallery import Gallery, index
from core.study.bench import made
from core.study.bench.measure import Way, compared

KEYS = {"ratio", "speedup", "reference", "seconds", "peak_mb"}


def bench(capsys, *words) -> dict:
    assert main(["bench", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() >= KEYS
    assert found["ratio"] > 0
    return found


def test_search_finds_what_the_product_finds(capsys):
    found = bench(capsys, "search", "--n", "400")
    assert found["same_answer"]
    assert found["whitened"]["same_answer"]
    assert found["n"] == 400
    assert set(found["filter_2_percent"]) >= {"one_camera", "one_window"}


def test_sparse_and_dense_re_ranking_agree(capsys):
    found = bench(capsys, "rerank", "--n", "150")
    assert found["largest_difference"] < 1e-4
    assert found["map"] == pytest.approx(found["map_reference"], abs=0.001)


def test_the_route_equals_the_linear_system(capsys):
    found = bench(capsys, "route", "--n", "30")
    assert found["largest_difference"] < 1e-9
    assert found["stops"] > 0


def test_ingest_beside_bare_decoding(tmp_path, tiny_pack, tiny_films, capsys):
    words = ["--video", str(tiny_films["c1"]), "--pack", "tiny", "--models", str(tiny_pack)]
    found = bench(capsys, "ingest", *words)
    assert found["frames"] == 30
    assert found["tracklets"] == 2
    assert found["decode_seconds"] > 0


def test_faces_by_provider_batch_and_size(tiny_pack, capsys):
    found = bench(capsys, "faces", "--pack", "tiny", "--models", str(tiny_pack))
    rows = found["measured"]
    assert all(row["ms_each"] > 0 and row["provider"] for row in rows)
    on_cpu = [row for row in rows if row["provider"] == "CPUExecutionProvider"]
    detected = {(row["picture"], row["batch"]) for row in on_cpu if row["what"] == "detector"}
    assert detected == {(s, n) for s in ("640x360", "1280x720") for n in (1, 4)}
    assert {row["batch"] for row in on_cpu if row["what"] == "recogniser"} == {1, 8, 32}
    assert found["paper_ms"]["MTCNN 640x360"]["OpenCV"] == [340, 360]


def test_app_beside_an_empty_page(tiny_workspace, capsys):
    found = bench(capsys, "app", "--workspace", str(tiny_workspace))
    assert found["search_seconds"] is None  # no case yet
    assert found["seconds"] > 0


def test_too_few_to_measure_is_said(capsys):
    assert main(["bench", "route", "--n", "3"]) == 2
    assert "too small" in capsys.readouterr().err


def test_ways_take_turns():
    order = []
    ways = [
        Way(n, lambda n=n: order.append(n), lambda n=n: order.append(f"before {n}")) for n in "ab"
    ]
    found = compared(ways[0], ways[1], rounds=2)
    assert order[2:] == ["before a", "a", "before b", "b"] * 2
    assert found["reference"] == "b"


def test_matrices_beyond_the_open_maps_give_the_same_scores(tmp_path, monkeypatch):
    gallery = made.gallery(tmp_path, 60, 8, cameras=3, days=4)
    probe = made.noise(1, 8, seed=9)
    whole = gallery.scores(made.MODEL, probe)
    monkeypatch.setattr(index, "_most_maps", lambda: 2)
    few = Gallery(tmp_path)
    for _ in range(2):  # opened from disk, then mapped again without reading what is beside them
        found = few.scores(made.MODEL, probe)
        assert np.array_equal(found.cosine, whole.cosine)
        assert np.array_equal(found.tracklet_id, whole.tracklet_id)
    held = few._index._held.values()
    assert sum(one.path is None for one in held) == 2
    assert len(held) == 12
    for path in (tmp_path / ".index").rglob("*.npy"):
        path.unlink()
    assert np.array_equal(few.scores(made.MODEL, probe).cosine, whole.cosine)
    few.delete("k000-0")
    assert len(few.scores(made.MODEL, probe)) == 55
