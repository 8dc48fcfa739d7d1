"""Three networks one after the other: what lies where, what is found, and that company changes
nothing."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import tinycascade
from hypothesis import given, settings
from hypothesis import strategies as st

from core import cascade, zoo
from core.describe import FACE_SCORE, FaceDetector
from core.errors import ModelError, NotFound
from core.geometry import intersection

FACES = [(28, 37, 56), (180, 90, 112)]  # as wide as windows of the pyramid


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tinycascade.make(tmp_path_factory.mktemp("cascade"))


@pytest.fixture
def detect(folder) -> FaceDetector:
    return FaceDetector(zoo.load(tinycascade.NAME, [folder]))


def test_a_score_from_which_a_face_is_one_is_the_models_own_or_the_usual_one(folder, detect):
    assert detect.min_score == detect.in_use == tinycascade.SCORE
    model = zoo.load(tinycascade.NAME, [folder])
    lower = FaceDetector(model, min_score=0.1)
    assert (lower.min_score, lower.in_use) == (0.1, tinycascade.SCORE)
    silent = {k: v for k, v in model.row.output.items() if k != "score"}
    model.row = replace(model.row, output=silent)
    assert FaceDetector(model).min_score == FACE_SCORE


# Where things lie.


@given(st.lists(st.tuples(st.integers(12, 90), st.integers(12, 90)), min_size=1, max_size=25))
@settings(deadline=None, max_examples=60)
def test_nothing_that_is_laid_on_a_canvas_touches_anything_else(sizes):
    places, (width, height) = cascade.lay(sizes)
    box = np.array([(x, y, x + w, y + h) for (_, x, y), (w, h) in zip(places, sizes, strict=True)],
                   np.float32)  # fmt: skip
    canvas = np.array([c for c, _, _ in places])
    assert (box[:, :2] >= 0).all()
    assert (box[:, 2] <= width).all()
    assert (box[:, 3] <= height).all()
    together = canvas[:, None] == canvas[None]
    overlap = intersection(box, box) * together
    np.fill_diagonal(overlap, 0)
    assert overlap.max() == 0
    assert all(v % cascade.STRIDE == 0 for _, x, y in places for v in (x, y))
    assert set(canvas.tolist()) == set(range(canvas.max() + 1))


def test_a_pyramid_begins_where_the_least_face_fills_a_window_and_halves_the_area():
    found = cascade.scales((640, 360), 24.0)
    assert found[0] == 0.5
    assert all(b / a == pytest.approx(cascade.FACTOR) for a, b in pairwise(found))
    assert 360 * found[-1] >= 12 > 360 * found[-1] * cascade.FACTOR
    assert cascade.scales((20, 300), 24.0) == []


def test_all_sizes_of_a_picture_fit_into_few_canvases():
    image = np.zeros((360, 640, 3), np.uint8)
    canvases, places = cascade.pyramid([image], 20.0)
    assert canvases.shape[1:3] == (216, 384)
    assert len(places[0]) > len(canvases) == 3


def test_a_window_beyond_the_edge_is_black_there():
    image = np.full((40, 40, 3), 200, np.uint8)
    windows = np.array([[-20, -20, 20, 20], [100, 100, 140, 140], [0, 0, 40, 40]], np.float32)
    made = cascade.crops(image, windows, 24)
    assert (made[0, 12:, 12:] == 200).all()
    assert not made[0, :11].any()
    assert not made[1].any()
    assert (made[2] == 200).all()


def test_a_part_of_a_better_box_is_no_face_of_its_own():
    box = np.array([[0, 0, 40, 40], [10, 10, 30, 30], [60, 0, 100, 40]], np.float32)
    assert cascade.apart(box, np.array([0.9, 0.8, 0.7], np.float32)).tolist() == [0, 2]


# What is found.


def test_faces_are_found_where_they_are_with_their_points(detect):
    (found,) = detect([tinycascade.picture((320, 240), FACES)])
    assert len(found) == 2
    for x, y, side in FACES:
        middle = (found.box[:, :2] + found.box[:, 2:]) / 2
        k = int(np.linalg.norm(middle - [x + side / 2, y + side / 2], axis=1).argmin())
        assert np.abs(found.box[k] - [x, y, x + side, y + side]).max() < 0.15 * side
        corner, wide = found.box[k, :2], found.box[k, 2] - found.box[k, 0]
        assert np.abs((found.landmarks[k] - corner) / wide - tinycascade.POINTS).max() < 0.02
    assert (np.diff(found.score) <= 0).all()


def test_nobody_is_found_where_nobody_is_and_in_pictures_too_small(detect):
    empty = [np.full((240, 320, 3), v, np.uint8) for v in (0, 128)]
    assert [len(one) for one in detect([*empty, np.zeros((5, 7, 3), np.uint8)])] == [0, 0, 0]
    assert detect([]) == []


def test_who_else_is_in_the_batch_changes_nothing(detect):
    one = tinycascade.picture((320, 240), FACES)
    other = tinycascade.picture((500, 200), [(240, 50, 90)])
    alone = [detect([image])[0] for image in (one, other)]
    for found, single in zip(detect([one, other]), alone, strict=True):
        assert np.allclose(found.box, single.box, atol=1e-3)
        assert np.allclose(found.score, single.score, atol=1e-5)


def test_each_stage_lets_less_pass(folder):
    model = zoo.load(tinycascade.NAME, [folder])
    assert isinstance(model, zoo.CascadeModel)
    (stages,) = model.looked([tinycascade.picture((320, 240), FACES)])
    assert len(stages) == len(cascade.STAGES)
    assert len(stages[0]) >= len(stages[1]) >= len(stages[2]) == 2
    wide = stages[0].box[:, 2:] - stages[0].box[:, :2]
    assert np.allclose(wide[:, 0], wide[:, 1], atol=1e-3)  # squares go on to the next


# Its files.


def test_a_pack_is_complete_only_with_every_file_of_its_face_detector(folder, tiny_pack, tmp_path):
    both = Path(shutil.copytree(tiny_pack, tmp_path / "both"))
    text = (
        (both / "models.toml")
        .read_text()
        .replace("face = 'tiny_face'", f"face = '{tinycascade.NAME}'")
    )
    (both / "models.toml").write_text(text + "\n" + (folder / "models.toml").read_text())
    for path in folder.glob("*.onnx"):
        shutil.copy(path, both)
    needed = [row.name for row in zoo.needed("tiny", [both])]
    at = needed.index(tinycascade.NAME)
    assert needed[at : at + 3] == [f"{tinycascade.NAME}{end}" for end in ("", "_r", "_o")]
    assert zoo.missing("tiny", [both]) == []
    (both / f"{tinycascade.NAME}_o.onnx").unlink()
    assert [row.name for row in zoo.missing("tiny", [both])] == [f"{tinycascade.NAME}_o"]
    with pytest.raises(ModelError, match="was not found"):
        zoo.load(tinycascade.NAME, [both])


def test_a_damaged_or_unknown_part_is_said(folder, tmp_path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    part = copy / f"{tinycascade.NAME}_r.onnx"
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="not the tiny_mtcnn_r that was measured"):
        zoo.load(tinycascade.NAME, [copy])
    table = copy / "models.toml"
    table.write_text(table.read_text().replace("_o']", "_x']"))
    assert tomllib.loads(table.read_text())["models"][tinycascade.NAME]["parts"][1].endswith("_x")
    with pytest.raises((ModelError, NotFound), match="tiny_mtcnn"):
        zoo.load(tinycascade.NAME, [copy])


# The commands.


def test_detect_tells_faces_and_draws_what_each_stage_let_pass(folder, run, tmp_path):
    shot, sheet = tmp_path / "shot.png", tmp_path / "stages.png"
    cv2.imwrite(str(shot), tinycascade.picture((320, 240), FACES))
    words = ["detect", str(shot), "--model", tinycascade.NAME, "--models", str(folder)]
    code, answer, _ = run(*words, "--stages", str(sheet))
    assert code == 0
    assert len(answer["faces"]) == 2
    assert all(len(one["points"]) == 5 and 0 < one["score"] <= 1 for one in answer["faces"])
    assert list(answer["stages"]) == list(cascade.STAGES)
    made = cv2.imread(str(sheet))
    assert made.shape[0] > 2 * 240
    assert made.shape[1] > 2 * 320
    code, _, said = run(*words, "--stages", str(tmp_path / "stages.txt"))
    assert (code, "no name of a picture" in said) == (2, True)
    json.dumps(answer)


def test_only_a_cascade_has_stages(tiny_pack, run, tmp_path):
    shot = tmp_path / "shot.png"
    cv2.imwrite(str(shot), tinycascade.picture((320, 240), FACES))
    words = ["detect", str(shot), "--models", str(tiny_pack)]
    code, answer, _ = run(*words, "--model", "tiny_face")
    assert (code, answer["faces"]) == (0, [])
    code, _, said = run(*words, "--model", "tiny_face", "--stages", str(tmp_path / "s.png"))
    assert (code, "has no stages to show" in said) == (2, True)
    code, _, said = run(*words, "--model", "tiny_body")
    assert (code, "is not a face detector" in said) == (2, True)
