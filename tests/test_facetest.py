"""Verification and identification on public sets; error rates and their bounds."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core import facesets
from core.cli import main
from core.errors import BadInput, DongseonError
from core.metrics.errorrates import (
    det,
    eer_threshold,
    false_matches,
    false_non_matches,
    upper_bound,
)
from core.metrics.identification import identified
from core.metrics.verification import eer
from core.study import facetest
from core.study.aligned import Embedded

BESIDE = Path(__file__).parents[1].parent / "shared"
REAL = Path(os.environ.get("DONGSEON_REAL") or BESIDE / "real")
MODELS = Path(os.environ.get("DONGSEON_MODELS") or BESIDE / "models")
needs_lfw = pytest.mark.skipif(
    not ((REAL / "lfw_devtrain").is_dir() and (MODELS / "mobilefacenet_foamliu.onnx").exists()),
    reason=f"NOT TESTED on real faces: no LFW in {REAL}, or no weights in {MODELS}",
)
SCORES = st.lists(st.floats(-1, 1) | st.just(-math.inf), min_size=1, max_size=30)


# error rates


def test_det_of_a_small_case_is_as_counted_by_hand():
    curve = det([0.9, 0.8, 0.3, -np.inf], [0.1, 0.5, -np.inf, -np.inf])
    assert curve.threshold.tolist() == [0.1, 0.3, 0.5, 0.8, 0.9, np.inf]
    assert curve.fmr.tolist() == [0.5, 0.25, 0.25, 0, 0, 0]
    assert curve.fnmr.tolist() == [0.25, 0.25, 0.5, 0.5, 0.75, 1]


@given(SCORES, SCORES)
def test_det_agrees_with_counting_at_every_threshold(genuine, impostor):
    curve = det(genuine, impostor)
    assert np.all(np.diff(curve.fmr) <= 0)
    assert np.all(np.diff(curve.fnmr) >= 0)
    assert (curve.fmr[-1], curve.fnmr[-1]) == (0, 1)
    for at, fmr, fnmr in zip(curve.threshold, curve.fmr, curve.fnmr, strict=True):
        assert fmr * len(impostor) == pytest.approx(false_matches(impostor, at))
        assert fnmr * len(genuine) == pytest.approx(false_non_matches(genuine, at))


def test_a_thinned_curve_keeps_its_ends_and_low_rates():
    rng = np.random.default_rng(0)
    curve = det(rng.normal(2, 1, 5000), rng.normal(0, 1, 200_000))
    thin = curve.thinned(200)
    assert 90 < len(thin.threshold) <= 203
    assert (thin.fmr[0], thin.fnmr[-1]) == (curve.fmr[0], 1)
    assert np.sum((thin.fmr > 0) & (thin.fmr < 1e-3)) > 20
    whole = {tuple(p) for p in np.stack([curve.fmr, curve.fnmr]).T}
    assert all(tuple(p) in whole for p in np.stack([thin.fmr, thin.fnmr]).T)


def test_a_thinned_curve_keeps_the_threshold_without_an_error():
    thin = det(np.linspace(0.5, 0.9, 50), np.linspace(0.0, 0.4, 400)).thinned(40)
    assert (0, 0) in set(zip(thin.fmr, thin.fnmr, strict=True))


def test_the_threshold_lies_between_two_sides_that_are_apart():
    at = eer_threshold([0.8, 0.9], [0.1, 0.2])
    assert at == pytest.approx(0.5)
    rng = np.random.default_rng(1)
    g, i = rng.normal(1, 1, 4000), rng.normal(-1, 1, 4000)
    at = eer_threshold(g, i)
    assert false_matches(i, at) / 4000 == pytest.approx(eer(g, i), abs=0.002)
    assert false_non_matches(g, at) / 4000 == pytest.approx(eer(g, i), abs=0.002)


def test_the_bound_is_the_rule_of_three_without_errors():
    for n in (30, 100, 4000):
        assert upper_bound(0, n) == pytest.approx(1 - 0.05 ** (1 / n))
        assert upper_bound(0, n) == pytest.approx(3 / n, rel=0.07)
    assert upper_bound(5, 5) == 1
    assert math.isnan(upper_bound(0, 0))


def test_the_bound_covers_as_often_as_it_says():
    rng = np.random.default_rng(2)
    drawn = rng.binomial(200, 0.02, 2000)
    covered = np.mean([upper_bound(int(k), 200) >= 0.02 for k in drawn])
    assert covered >= 0.94


# identification


def test_identification_counts_people_not_pictures():
    score = [[0.9, 0.1, 0.8, 0.2], [0.1, 0.6, 0.7, 0.65], [-np.inf] * 4]
    found = identified(score, ["a", "b", "a"], ["a", "b", "c", "c"], ranks=(1, 2, 3))
    assert found == {1: pytest.approx(1 / 3), 2: pytest.approx(2 / 3), 3: pytest.approx(2 / 3)}
    assert identified([[0.5, 0.5]], ["a"], ["a", "b"], (1,)) == {1: 0}  # a tie earns nothing
    with pytest.raises(DongseonError, match="among the known"):
        identified([[0.5, 0.5]], ["z"], ["a", "b"])


def test_a_picture_without_a_face_matches_nothing():
    rows = np.array([[1, 0], [0.6, 0.8], [np.nan, np.nan]], np.float32)
    histograms = np.abs(np.nan_to_num(rows, nan=np.nan))
    faces = Embedded(rows, histograms, np.array([50, 60, np.nan]))
    cosine, shared = faces.pairs(np.array([0, 0, 2]), np.array([1, 2, 2]))
    assert cosine.tolist() == [pytest.approx(0.6), -np.inf, -np.inf]
    assert np.isneginf(shared).tolist() == [False, True, True]
    both = faces.grid(np.array([0, 2]), np.array([0, 1]))
    assert np.isneginf(both[0]).tolist() == [[False, False], [True, True]]


def test_one_threshold_is_said_in_both_distances():
    a, b = np.array([0.6, 0.8]), np.array([1.0, 0.0])
    said = facetest.thresholds(float(a @ b))
    assert said["threshold_euclidean"] == pytest.approx(np.linalg.norm(a - b), abs=1e-4)
    assert facetest.thresholds(math.inf) == {"threshold_cosine": None, "threshold_euclidean": None}


# sets, from the command line


def png(color: tuple[int, int, int], side: int = 112) -> bytes:
    held = io.BytesIO()
    noise = np.random.default_rng(sum(color)).integers(0, 20, (side, side, 3))
    Image.fromarray((np.array(color) + noise).astype(np.uint8)).save(held, "PNG")
    return held.getvalue()


REDS, BLUES = [(200, 20, 20), (210, 20, 20)], [(20, 20, 200), (20, 20, 210)]


@pytest.fixture
def bin_file(tmp_path) -> Path:
    """Four pairs that colour alone tells apart."""
    pictures = [png(c) for c in (*REDS, *BLUES, REDS[0], BLUES[0], REDS[1], BLUES[1])]
    path = tmp_path / "agedb_30.bin"
    path.write_bytes(pickle.dumps((pictures, [True, True, False, False])))
    return path


def run(capsys, *words: str) -> dict:
    assert main(["eval", "faces", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_aligned_pairs_of_a_bin_file_are_verified(bin_file, tiny_pack, capsys):
    words = ["--bin", str(bin_file), "--pack", "tiny", "--models", str(tiny_pack)]
    for more in ([], ["--flip"]):
        found = run(capsys, *words, *more)
        assert found["set"] == "agedb_30"
        assert (found["accuracy"], found["eer"]) == (1.0, 0.0)
        assert found["histogram"]["accuracy"] == 1.0
        assert (found["n_pairs"], found["n_pictures"], found["n_face_not_found"]) == (4, 8, 0)
        assert found["flip"] is bool(more)
        assert 0 < found["threshold_cosine"] < 1


def test_people_of_a_folder_are_identified(tmp_path, tiny_pack, capsys):
    for person in ("0001", "0002", "0003"):
        (tmp_path / "casia" / person).mkdir(parents=True)
    for person, colors in (("0001", REDS), ("0002", BLUES), ("0003", REDS[:1])):
        for k, color in enumerate(colors):
            (tmp_path / "casia" / person / f"{k:03d}.png").write_bytes(png(color, 200))
    named = list(facesets.casia(tmp_path / "casia"))
    found = facetest.people_test(named, "casia", "tiny_face_embedding", [tiny_pack], aligned=True)
    assert (found["n_people"], found["n_asked"]) == (2, 2)  # one picture is not enough
    assert (found["rank1"], found["eer"]) == (1.0, 0.0)
    words = ["--casia", str(tmp_path / "casia"), "--pack", "tiny", "--models", str(tiny_pack)]
    unseen = run(capsys, *words)  # the tiny detector finds no face: nothing matches
    assert (unseen["n_face_not_found"], unseen["rank1"]) == (4, 0.0)


def test_people_are_read_no_further_than_asked(tmp_path, tiny_pack):
    def endless():
        for n in range(10**9):
            for k in range(5):
                assert n <= 2, "read on"
                color = REDS[k % 2] if n == 0 else BLUES[k % 2]
                yield f"{n:03d}", facesets.Face(f"{n}/{k}", png(color))

    found = facetest.people_test(
        endless(), "x", "tiny_face_embedding", [tiny_pack], aligned=True, most=2, each=3
    )
    assert (found["n_people"], found["n_asked"]) == (2, 4)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--bin", "none.bin"], "there is no file"),
        (["--lfw", "none"], "there is no folder"),
        (["--kface", "none"], "there is no folder"),
        (["--casia", ".", "--each", "1"], "must be 2 or more"),
        (["--casia", ".", "--people", "1"], "must be 2 or more"),
    ],
)
def test_wrong_sets_are_said_in_one_sentence(words, says, tiny_pack, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["eval", "faces", *words, "--pack", "tiny", "--models", str(tiny_pack)]) == 2
    assert says in capsys.readouterr().err


def test_one_set_at_a_time(capsys):
    with pytest.raises(SystemExit):
        main(["eval", "faces", "--lfw", "a", "--bin", "b"])
    with pytest.raises(SystemExit):
        main(["eval", "faces"])


def test_pictures_that_are_no_aligned_faces_are_refused(tmp_path, tiny_pack):
    wide = io.BytesIO()
    Image.new("RGB", (100, 60)).save(wide, "PNG")
    path = tmp_path / "x.bin"
    path.write_bytes(pickle.dumps(([wide.getvalue()] * 4, [True, False])))
    with pytest.raises(BadInput, match="must be square, not 100 x 60"):
        facetest.pairs_test(facesets.bin_pairs(path), "tiny_face_embedding", [tiny_pack])
    path.write_bytes(pickle.dumps(([b"no picture"] * 4, [True, False])))
    with pytest.raises(BadInput, match=r"x\.bin #0 is not a picture"):
        facetest.pairs_test(facesets.bin_pairs(path), "tiny_face_embedding", [tiny_pack])


@pytest.mark.real
@needs_lfw
def test_the_reference_model_tells_lfw_apart_and_colours_do_not():
    whole = facesets.lfw_pairs(REAL / "lfw_devtrain")
    some = np.r_[0:40, 1100:1140]
    pairs = facesets.Pairs("some", whole.faces, whole.a[some], whole.b[some], whole.same[some],
                           aligned=False)  # fmt: skip
    used = np.unique(np.concatenate([pairs.a, pairs.b]))
    few = facesets.Pairs("some", [whole.faces[i] for i in used], np.searchsorted(used, pairs.a),
                         np.searchsorted(used, pairs.b), pairs.same, aligned=False)  # fmt: skip
    found = facetest.pairs_test(few, "mobilefacenet_foamliu", [MODELS])
    assert found["accuracy"] >= 0.95
    assert found["histogram"]["accuracy"] < 0.8
    assert found["n_face_not_found"] <= 2
