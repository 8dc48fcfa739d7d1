"""How well faces are found: figures of a detector whose faces are known, and of two that agree."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tinycascade

from core.describe import Faces
from core.errors import BadInput
from core.study import facefinding
from core.study.facefinding import Truth, _counted, _near

FACES = {"a.png": [(28, 37, 56), (180, 90, 112)], "b.png": [(100, 60, 80)], "c.png": []}


def faces(box: list[list[float]]) -> Faces:
    n = len(box)
    rows = np.array(box, np.float32).reshape(-1, 4)
    return Faces(rows, np.full(n, 0.9, np.float32), np.zeros((n, 5, 2), np.float32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tinycascade.make(tmp_path_factory.mktemp("cascade"))


@pytest.fixture
def table(tmp_path) -> Path:
    return tinycascade.write_manifest(tmp_path, FACES)


def test_true_faces_are_counted_by_width_and_points_measured(folder, table, run):
    words = ["eval", "face-detection", "--models", str(folder), "--model", tinycascade.NAME]
    code, answer, _ = run(*words, "--manifest", str(table), "--beside", tinycascade.NAME)
    assert code == 0
    assert (answer["n_faces"], answer["n_pictures"], answer["eval"]) == (3, 3, "face-detection")
    assert answer["ap50"] == 1
    assert answer["in_use"] == {"recall": 1.0, "false_each": 0.0}
    assert answer["recall_by_width"] == {"32-64": {"recall": 1.0, "n": 1},
                                         "64-": {"recall": 1.0, "n": 2}}  # fmt: skip
    assert 0 < answer["points_error"] < 0.15
    assert answer["beside"]["ap50"] == 1
    assert answer["ratio"] > 0


def test_a_detector_agrees_with_itself_and_a_blind_one_with_nobody(
    folder, tiny_pack, table, run, tmp_path
):
    words = ["eval", "face-detection", "--models", str(folder), "--models", str(tiny_pack)]
    pictures = ["--pictures", str(tmp_path)]
    code, same, _ = run(*words, *pictures, "--model", tinycascade.NAME, "--beside",
                        tinycascade.NAME)  # fmt: skip
    assert code == 0
    assert (same["best"], same["found"], same["extra"]) == (1.0, 1.0, 0)
    assert (same["n_pictures"], same["n_with_face"], same["n_faces"]) == (3, 2, 3)
    _, blind, _ = run(*words, *pictures, "--model", "tiny_face", "--beside", tinycascade.NAME)
    assert (blind["best"], blind["found"], blind["extra"]) == (0.0, 0.0, 0)
    _, alone, _ = run(*words, *pictures, "--model", tinycascade.NAME, "--beside", "tiny_face",
                      "--most", "2")  # fmt: skip
    assert (alone["best"], alone["found"], alone["n_pictures"]) == (None, None, 2)
    assert alone["extra"] == 2  # of the first picture and the last


def test_a_film_is_looked_at_every_so_many_seconds(folder, make_film, tmp_path):
    image = tinycascade.picture((320, 240), FACES["a.png"])
    film = tmp_path / "film.mp4"
    make_film(film, [k / 10 for k in range(20)], (320, 240), lambda n, t: image)
    found = facefinding.agreement_with(film, tinycascade.NAME, tinycascade.NAME, [folder],
                                       every_s=1.0)  # fmt: skip
    assert found["n_pictures"] == 2
    assert found["best"] == 1


def test_a_doubtful_face_counts_neither_way():
    boxes = np.array([[0, 0, 20, 20], [50, 0, 70, 20]], np.float32)
    true = Truth(boxes, np.full((2, 5, 2), np.nan, np.float32), np.array([True, False]))
    found = faces([[0, 0, 20, 20], [50, 0, 70, 20], [100, 0, 120, 20]])
    assert _counted(found, true).box[:, 0].tolist() == [0, 100]
    kept = _counted(found, true)
    figures = facefinding._figures([kept], [true], 0.6)
    assert (figures["n_faces"], figures["in_use"]) == (1, {"recall": 1.0, "false_each": 1.0})
    unused = facefinding._figures([kept], [true], 0.95)["in_use"]
    assert unused == {"recall": 0.0, "false_each": 0.0}


def test_what_makes_a_face_doubtful():
    assert facefinding.clear({"path": "a"})
    assert facefinding.clear({"visible": "1.0", "facing": "0.9", "score": ""})
    assert not facefinding.clear({"visible": "1.0", "facing": "0.1"})
    assert not facefinding.clear({"score": "0.5"})


def test_near_is_a_quarter_of_the_others_face():
    other = faces([[0, 0, 40, 50]])
    assert _near(faces([[9, 0, 49, 50], [11, 0, 51, 50]]), other).tolist() == [[True], [False]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name either --manifest or --pictures"),
        (["--pictures", "x"], "name a detector to compare with"),
        (["--pictures", "x", "--beside", "tiny_face", "--most", "0"], "--most 1 or more"),
        (["--pictures", "nowhere", "--beside", "tiny_face"], "no picture at nowhere"),
        (["--manifest", "nowhere.csv"], "no manifest at nowhere.csv"),
    ],
)
def test_wrong_input_is_said_in_one_sentence(tiny_pack, run, words, said):
    code, _, told = run("eval", "face-detection", "--models", str(tiny_pack), "--model",
                        "tiny_face", *words)  # fmt: skip
    assert code in (1, 2)
    assert said in told
    assert told.count("\n") == 1


def test_a_table_is_checked_before_anything_is_measured(table, tmp_path):
    facefinding.check(table)
    cv2.imwrite(str(tmp_path / "other.png"), np.zeros((9, 9, 3), np.uint8))
    text = table.read_text().replace("c.png", "d.png")
    (tmp_path / "wrong.csv").write_text(text)
    with pytest.raises(BadInput, match="there is no picture"):
        facefinding.check(tmp_path / "wrong.csv")
