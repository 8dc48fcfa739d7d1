"""Runs that differ in their activation alone are compared; others are not."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from core.errors import BadInput, NotFound
from core.study.activating import activations

EPOCHS = ((0.7, 0.6, 0.09), (0.8, 0.5, 0.06), (0.9, 0.4, 0.05))


def run_folder(folder: Path, name: str, shift: float = 0.0, **recipe: object) -> Path:
    """A finished run as `dongseon train mtcnn --nets 1` leaves it."""
    (folder / "p").mkdir(parents=True)
    log = [{"epoch": k + 1, "right": right - shift, "face": face, "box": box}
           for k, (right, face, box) in enumerate(EPOCHS)]  # fmt: skip
    (folder / "p" / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in log))
    card = {
        "recipe": {"activation": name, "samples": [1000], "epochs": 3, "seed": 0, **recipe},
        "data": [{"table": "drawn/manifest.csv"}],
        "data_sha256": "ab",
        "results": {"crops of people kept apart": {"P-Net": {
            "accuracy": 0.9 - shift, "face_loss": 0.4, "box_loss": 0.05, "points_loss": 0.1}}},
    }  # fmt: skip
    (folder / "mtcnn.json").write_text(json.dumps(card))
    return folder


def test_figures_and_curves_of_runs_that_differ_in_the_activation_alone(tmp_path, run):
    folders = [run_folder(tmp_path / name, name, shift)
               for name, shift in (("prelu", 0.0), ("relu", 0.1))]  # fmt: skip
    code, answer, _ = run("eval", "activations", *map(str, folders), "--curves",
                          str(tmp_path / "c.svg"))  # fmt: skip
    assert code == 0
    assert list(answer["by_activation"]) == ["relu", "prelu"]
    assert answer["by_activation"]["relu"]["accuracy"] == 0.8
    assert answer["by_activation"]["prelu"]["curves"]["face"] == [0.6, 0.5, 0.4]
    assert (answer["crops"], answer["data"]) == (3000, "drawn/manifest.csv")
    drawn = ElementTree.parse(tmp_path / "c.svg").getroot()
    lines = [one for one in drawn.iter() if one.tag.endswith("polyline")]
    assert len(lines) == 2 * 3
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    code, tables, _ = run("eval", "tables", str(tmp_path / "answer.json"))
    assert code == 0
    assert tables["answers"][0]["eval"] == "activations"


def test_runs_of_one_activation_with_several_seeds_are_averaged(tmp_path):
    folders = [run_folder(tmp_path / "a", "relu", 0.0, seed=1),
               run_folder(tmp_path / "b", "relu", 0.2, seed=2),
               run_folder(tmp_path / "c", "prelu", 0.0, seed=1)]  # fmt: skip
    found = activations(folders).values["by_activation"]
    assert found["relu"]["accuracy"] == pytest.approx(0.8)
    assert (found["relu"]["runs"], found["prelu"]["runs"]) == (2, 1)


def test_what_cannot_be_compared_is_said(tmp_path):
    one = run_folder(tmp_path / "a", "relu")
    with pytest.raises(BadInput, match="two activations or more"):
        activations([one])
    with pytest.raises(BadInput, match="more than the activation"):
        activations([one, run_folder(tmp_path / "b", "prelu", epochs=4)])
    with pytest.raises(NotFound, match="no finished run"):
        activations([one, tmp_path])
    (tmp_path / "b" / "mtcnn.json").write_text("{}")
    with pytest.raises(BadInput, match="no card"):
        activations([one, tmp_path / "b"])
