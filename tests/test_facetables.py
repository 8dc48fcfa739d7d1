"""The tables of papers/002 from answers of `eval faces`, `eval kisa` and `bench faces`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.study.papers import PAPERS
from core.study.tables import Data, tables


def said(folder: Path, *answers: dict[str, Any]) -> str:
    """What `eval tables` prints of these answers."""
    paths = []
    for k, one in enumerate(answers):
        paths.append(folder / f"{k}.json")
        paths[-1].write_text(json.dumps(one), "utf-8")
    return tables(Data(answers=tuple(paths))).text


def lines(text: str, *words: str) -> list[str]:
    return [line for line in text.splitlines() if all(word in line for word in words)]


def test_a_cell_stands_beside_the_papers_and_other_models_by_themselves(tmp_path):
    text = said(
        tmp_path,
        {"eval": "faces", "model": "resnet50_arcface", "data": "lfw_devtrain/pairsDevTrain.txt; "
         "learned from 9 people", "accuracy": 0.5125},
        {"eval": "faces", "model": "mobilenet_v2_96_arcface", "data": "lfw", "accuracy": 0.7},
        {"eval": "faces", "model": "reference", "data": "AgeDB_30", "accuracy": 0.9},
        {"eval": "faces", "model": "mobilenet_v2_softmax", "data": "K-Face", "rank1": 0.25},
    )  # fmt: skip
    (cell,) = lines(text, "| ResNet-50 | LFW | arcface |")
    assert "| 60.38 | 51.25 | lfw_devtrain/pairsDevTrain.txt; learned from 9 people" in cell
    assert lines(text, "| MobileNetV2 | LFW | arcface | 53.40 | - |")  # the cut one is another
    assert lines(text, "| MobileNetV2 | K-Face | softmax | 97.95 | 25.00 |")
    assert lines(text, "| AgeDB-30 | - | 90.00 | AgeDB_30 (reference) |")
    sets = [line for name in ("LFW", "AgeDB-30", "CFP-FP", "K-Face")
            for line in lines(text, f"| ResNet-50 | {name} |", "| - | - |")]  # fmt: skip
    assert len(sets) == 11  # nobody guesses the others


def test_each_model_of_a_kisa_answer_has_its_lines_and_the_heading(tmp_path):
    category = {name: {"eer": 0.01 * k, "fmr": 0.02, "fnmr": 0.0, "n_genuine": 8 * k}
                for k, name in enumerate(("light", "expression", "pose", "accessory"))}  # fmt: skip
    one = {"eval": "kisa", "heading": "KISA 형식 재현, 합성 얼굴, 인증 아님", "set": "kface",
           "n_people": 6, "models": {m: {"category": category} for m in ("a", "b")}}  # fmt: skip
    text = said(tmp_path, one)
    pose = lines(text, "| pose | EER | 2.00 | 2.00 |")
    assert [line.split("(")[-1] for line in pose] == ["a) |", "b) |"]
    assert all("인증 아님" in line for line in pose)
    assert lines(text, "| light | FMR | - | 2.00 |")
    assert lines(text, "| expression, pictures | 2000 | 8 |")
    assert "pass" not in text.lower()


def test_times_stand_under_the_provider_that_ran_them(tmp_path):
    row = {"what": "detector", "model": "yunet", "provider": "CPUExecutionProvider",
           "picture": "640x360", "input": "640x640", "batch": 1, "ms_each": 33.25}  # fmt: skip
    many = {**row, "batch": 4, "ms_each": 20.0}
    gpu = {**row, "what": "recogniser", "picture": None, "ms_each": 1.5,
           "provider": "TensorrtExecutionProvider"}  # fmt: skip
    text = said(tmp_path, {"eval": "bench faces", "measured": [row, many, gpu]})
    assert lines(text, "MTCNN 640x360 | OpenCV", "340.0 / 360.0 | 33.2 |", "(yunet)")
    assert lines(text, "| ArcFace | TensorRT | 9.0 / 20.0 | 1.5 |")
    assert "20.0 |" not in lines(text, "MTCNN 640x360 | TensorRT")[0].split("|")[4]


def test_what_no_eval_said_is_refused(tmp_path):
    with pytest.raises(BadInput, match="is no answer"):
        said(tmp_path, {"eval": "horoscope"})


def test_the_papers_figures_are_all_there():
    five = next(t for t in PAPERS["002"] if t.title.startswith("Table 5: backbones"))
    assert len(five.lines) == 24
    assert sum(line.paper[0] for line in five.lines) == pytest.approx(1583.48, abs=0.01)
