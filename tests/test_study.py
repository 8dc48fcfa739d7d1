"""Figures from manifests: exact on drawn people, and the known ones on research sets."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
import tiny
from PIL import Image

from core import study
from core.cli import main
from core.errors import BadInput, NotFound
from core.study.evaluate import _learned_of_others, _reid

ROOT = Path(__file__).parents[1]
BESIDE = ROOT.parent / "shared"
REAL = Path(os.environ.get("DONGSEON_REAL") or BESIDE / "real")
MODELS = Path(os.environ.get("DONGSEON_MODELS") or BESIDE / "models")
needs_sets = pytest.mark.skipif(
    not ((REAL / "cuhk03_val").is_dir() and (MODELS / "osnet_x0_25_msmt17.onnx").exists()),
    reason=f"NOT TESTED on research sets: none in {REAL}, or no weights in {MODELS}",
)


def table(path: Path, columns: str, rows: list[tuple]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns.split(","))
        writer.writerows(rows)
    return path


@pytest.fixture
def crops(tmp_path):
    """One crop of each outfit, as seen by cameras A and B."""
    for name, outfit in (("red", tiny.RED), ("green", tiny.GREEN), ("teal", tiny.TEAL)):
        for camera in "AB":
            image = tiny.figures([(outfit, lambda t: (100.0, 60.0))])(0, 0.0)[60:124, 100:124]
            Image.fromarray(image).save(tmp_path / f"{name}{camera}.png")
    return tmp_path


REID = "path,person_id,camera_id,role"


def test_reid_counts_present_and_absent_people_apart(crops, tiny_pack):
    manifest = table(
        crops / "m.csv",
        REID,
        [
            ("redA.png", 1, "A", "query"),
            ("greenA.png", 2, "A", "query"),
            ("redB.png", 1, "B", "gallery"),
            ("redA.png", 1, "A", "gallery"),  # the query's own camera: left out
            ("tealB.png", 3, "B", "gallery"),
        ],
    )
    found = study.reid(manifest, "tiny_body", [tiny_pack])
    assert found["map"] == 1.0
    assert found["rank1"] == 1.0
    assert (found["n_query"], found["n_absent"], found["n_gallery"]) == (1, 1, 3)
    assert (found["whitened"]["n_query"], found["whitened"]["n_absent"]) == (1, 1)
    assert found["whitened"]["of_other_people"] == {}  # too few people for two halves


def test_what_a_camera_does_to_everybody_is_learned_of_other_people_too():
    """Colors pulled one way by each camera: both halves are better without that."""
    rng = np.random.default_rng(0)
    who = rng.normal(size=(40, 24))
    rows = np.concatenate([who + 2 * rng.normal(size=24) for _ in "AB"])
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    person = np.tile(np.arange(40).astype(str), 2)
    camera = np.repeat(["A", "B"], 40)
    found = _learned_of_others(rows, person, camera, camera == "A")
    assert found["whitened_map"] > found["plain_map"] + 0.1
    assert found["whitened_rank1"] > found["plain_rank1"]
    whole = _reid(rows, person, camera, camera == "A")["map"]
    assert found["plain_map"] > whole  # half the strangers


def test_a_wrong_label_lowers_the_figures(crops, tiny_pack):
    manifest = table(
        crops / "m.csv",
        REID,
        [
            ("redA.png", 1, "A", "query"),
            ("tealB.png", 1, "B", "gallery"),
            ("redB.png", 9, "B", "gallery"),
        ],
    )
    found = study.reid(manifest, "tiny_body", [tiny_pack])
    assert found["rank1"] == 0.0
    assert found["map"] == 0.5


def test_wrong_manifests_are_named(crops, tiny_pack, tmp_path):
    def run(rows, columns=REID):
        return study.reid(table(crops / "m.csv", columns, rows), "tiny_body", [tiny_pack])

    with pytest.raises(NotFound, match="no manifest"):
        study.reid(tmp_path / "none.csv", "tiny_body", [tiny_pack])
    with pytest.raises(BadInput, match="columns"):
        run([("redA.png",)], "path")
    with pytest.raises(BadInput, match="lists no picture"):
        run([])
    with pytest.raises(BadInput, match="query or gallery"):
        run([("redA.png", 1, "A", "probe")])
    with pytest.raises(BadInput, match="both roles"):
        run([("redA.png", 1, "A", "query")])
    with pytest.raises(BadInput, match="no picture at"):
        run([("blue.png", 1, "A", "query"), ("redB.png", 1, "B", "gallery")])
    with pytest.raises(BadInput, match="compares faces"):
        study.reid(crops / "m.csv", "tiny_face_embedding", [tiny_pack])
    with pytest.raises(BadInput, match="not a face or body"):
        study.reid(crops / "m.csv", "tiny_person", [tiny_pack])


def test_a_pair_without_a_face_counts_as_different(crops, tiny_pack):
    pairs = [("redA.png", "redB.png", 1), ("greenA.png", "greenB.png", 1)]
    pairs += [("redA.png", "tealB.png", 0), ("greenA.png", "redB.png", 0)]
    manifest = table(crops / "f.csv", "path_a,path_b,same", pairs)
    found = study.faces(manifest, "tiny_face_embedding", [tiny_pack])
    assert found["n_face_not_found"] == 4  # drawn figures have none
    assert found["accuracy"] == 0.5


LABELS = "person,gender,hat,direction_a,remark"


def test_agreement_counts_what_both_labellers_told(tmp_path, capsys):
    first = table(tmp_path / "1.csv", LABELS, [
        ("p1", "male", "none", "front", "x"),
        ("p2", "female", "none", "side", ""),
        ("p3", "", "none", "back", ""),
        ("p4", "male", "hat", "back", ""),
    ])  # fmt: skip
    second = table(tmp_path / "2.csv", "person,direction_a,gender,hat,remark", [
        ("p3", "back", "male", "unknown", "y"),
        ("p2", "front", "female", "none", ""),
        ("p1", "front", "male", "none", ""),
    ])  # fmt: skip
    words = ["eval", "agreement", str(first), str(second)]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n_people"] == 3
    assert list(found["by_name"]) == ["gender", "hat", "direction_a"]
    gender, hat, direction = found["by_name"].values()
    assert gender == {"n": 2, "agreement": 1, "kappa": 1, "differ": [], "only_one_told": 1}
    assert hat == {"n": 2, "agreement": 1, "kappa": None, "differ": [], "only_one_told": 1}
    assert (direction["agreement"], direction["kappa"]) == (0.6667, 0.5)
    assert direction["differ"] == [["p2", "side", "front"]]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "p2 direction_a: side / front" in out
    assert "nan" not in out


@pytest.mark.parametrize(
    ("columns", "lines", "says"),
    [
        (LABELS, [("p1", "man", "none", "front", "")], "'man' is not a value of gender"),
        (LABELS, [("p1", "", "", "", ""), ("p1", "", "", "", "")], "lists p1 twice"),
        (LABELS, [("p9", "male", "none", "front", "")], "no person in common"),
        ("person,age", [("p1", "child")], "no attribute in common"),
        ("name,age", [("p1", "child")], "the first line must name the columns person"),
    ],
)
def test_agreement_says_what_is_wrong_with_a_table(tmp_path, columns, lines, says):
    first = table(tmp_path / "1.csv", LABELS, [("p1", "male", "none", "front", "")])
    with pytest.raises(BadInput, match=says):
        study.agreement(first, table(tmp_path / "2.csv", columns, lines))


def test_the_two_labellings_of_real_people_name_the_same_attributes():
    labels = ROOT / "data" / "labels"
    found = study.agreement(labels / "cuhk03_val.csv", labels / "cuhk03_val_second.csv")
    assert found["n_people"] == 30
    assert len(found["by_name"]) == 14


@pytest.mark.real
@needs_sets
def test_the_reference_body_model_gets_its_known_figures(tmp_path, capsys):
    rows = []
    for path in sorted((REAL / "cuhk03_val" / "images").glob("*.jpg")):
        person, _, shot = path.stem.rpartition("_")
        side = "A" if int(shot) < 5 else "B"
        rows.append((path, person, side, "query" if side == "A" else "gallery"))
    manifest = table(tmp_path / "m.csv", REID, rows)
    words = ["eval", "reid", "--json", "--model", "osnet_x0_25_msmt17", "--models", str(MODELS)]
    assert main([*words, "--manifest", str(manifest)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["map"] == pytest.approx(0.410, abs=0.01)
    assert found["rank1"] == pytest.approx(0.408, abs=0.015)


@pytest.mark.real
@needs_sets
def test_the_reference_face_model_tells_people_apart(tmp_path, capsys):
    lines = (REAL / "lfw_devtrain" / "pairsDevTrain.txt").read_text().splitlines()[1:]

    def picture(name, number):
        return REAL / "lfw_devtrain" / "images" / name / f"{name}_{int(number):04d}.jpg"

    rows = []
    for line in lines[:60] + lines[-60:]:
        part = line.split("\t")
        if len(part) == 3:
            rows.append((picture(part[0], part[1]), picture(part[0], part[2]), 1, ""))
        else:
            rows.append((picture(part[0], part[1]), picture(part[2], part[3]), 0, ""))
    rows += [(a, b, same, 16) for a, b, same, _ in rows[:20] + rows[-20:]]
    manifest = table(tmp_path / "f.csv", "path_a,path_b,same,width_b", rows)
    words = ["eval", "faces", "--json", "--pack", "reference", "--models", str(MODELS)]
    assert main([*words, "--manifest", str(manifest)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] >= 0.9
    assert set(found["by_width"]) == {"16"}
    assert found["by_width"]["16"] < 1
