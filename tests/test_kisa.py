"""The form of KISA's test: what is compared with what, which threshold, and what is said of it."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
import tiny
from onnx import helper
from PIL import Image

from core.cli import main
from core.errors import BadInput
from core.metrics.errorrates import det, upper_bound
from core.study import detplot
from core.study.kisa import HEADING, HEADING_REAL, LIMITS, _Scores, kisa
from core.types.kface import NEAREST, REGISTERED, TABLE_3

MODEL = "tiny_face_embedding"
SIDE = 64


def everywhere(path: Path) -> None:
    """A YuNet that sees one face in the middle of every picture: 24 px wide, straight."""
    box = [0.5, 0.5, np.log(24 / 32), np.log(24 / 32)]
    points = np.array([(26, 28), (38, 28), (32, 34), (28, 40), (36, 40)], np.float32)
    outs = {"cls": [1.0], "obj": [1.0], "bbox": box, "kps": (points / 32).ravel()}
    nodes, constants, named = [], {}, []
    for name, values in outs.items():
        rows = np.zeros((1, 4, len(values)), np.float32)
        rows[0, 0] = values
        constants[f"{name}_is"] = rows
        nodes.append(helper.make_node("Mul", ["nothing", f"{name}_is"], [f"{name}_0"]))
        nodes.append(helper.make_node("Add", [f"{name}_0", f"{name}_is"], [f"{name}_32"]))
        named.append((f"{name}_32", [1, 4, len(values)]))
    first = [
        helper.make_node("ReduceMax", ["input"], ["bright"], keepdims=0),
        helper.make_node("Mul", ["bright", "zero"], ["nothing"]),
    ]
    constants["zero"] = np.float32(0)
    tiny._save(path, first + nodes, constants, ("input", [1, 3, SIDE, SIDE]), named)


@pytest.fixture
def seeing_pack(tmp_path) -> Path:
    """The tiny pack with a detector that finds a face everywhere."""
    folder = tiny.make_pack(tmp_path / "pack")
    everywhere(folder / "tiny_face.onnx")
    content = (folder / "tiny_face.onnx").read_bytes()
    lines = (folder / "models.toml").read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line == "[models.tiny_face]")
    for i in range(at, at + 8):
        if lines[i].startswith("sha256"):
            lines[i] = f"sha256 = '{hashlib.sha256(content).hexdigest()}'"
        if lines[i].startswith("bytes"):
            lines[i] = f"bytes = {len(content)}"
    (folder / "models.toml").write_text("\n".join(lines) + "\n")
    return folder


COLORS = [(220, 30, 30), (30, 200, 30), (40, 40, 220), (220, 30, 220)]


def jpg(color: tuple[int, int, int]) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), color).save(held, "PNG")
    return held.getvalue()


def kface(root: Path, cells, wrong: tuple[int, str] | None = None, people: int = 4) -> Path:
    """People of plain colours; wrong = (person, category) whose pictures show the next person."""
    for n in range(people):
        for name, some in {"registered": (REGISTERED,), **cells}.items():
            for cell in some:
                path = root / "High" / f"1906242{n}" / cell.path
                path.parent.mkdir(parents=True, exist_ok=True)
                shown = (n + 1) % people if wrong == (n, name) else n
                path.write_bytes(jpg(COLORS[shown]))
    return root


def test_scores_are_split_into_own_and_others():
    score = np.arange(2 * 3 * 2, dtype=float).reshape(2, 3, 2)  # person, picture, registration
    one = _Scores(score)
    both = np.arange(2)
    assert one.genuine(both).tolist() == [[0, 2, 4], [7, 9, 11]]
    assert one.impostor(both).tolist() == [[[1], [3], [5]], [[6], [8], [10]]]
    big = _Scores(np.random.default_rng(0).random((5, 2, 5)))
    for p, half in enumerate([0, 2, 4]):
        others = [q for q in (0, 2, 4) if q != half]
        assert np.allclose(big.impostor(np.array([0, 2, 4]))[p], big.score[half][:, others])


def test_without_an_error_the_bound_is_given(tmp_path, seeing_pack):
    found = kisa(kface(tmp_path / "set", TABLE_3), [MODEL], [seeing_pack])
    values = found.values
    assert values["form"] == "table 3 of papers/002"
    assert (values["n_people"], values["n_people_asked"]) == (4, 500)
    assert values["models"][MODEL]["n_face_not_found"] == 0
    for name, row in values["models"][MODEL]["category"].items():
        pictures = len(TABLE_3[name])
        assert (row["eer"], row["fmr"], row["fnmr"]) == (0, 0, 0)
        assert (row["n_genuine"], row["n_impostor"]) == (4 * pictures, 12 * pictures)
        assert row["n_impostor_at_threshold"] == 4 * pictures  # within either half of two people
        assert row["eer_limit_in_paper"] == LIMITS[name]
        assert row["eer_below_with_95_percent"] == round(upper_bound(0, 4), 4)
        bound = row["below_with_95_percent"]
        assert bound["fnmr"] == round(upper_bound(0, 4 * pictures), 4)
        assert bound["people_not_matched"] == round(upper_bound(0, 4), 4)
    assert "asked for 500 people" in found.text


def test_wrong_pictures_are_errors_of_their_category_alone(tmp_path, seeing_pack):
    found = kisa(kface(tmp_path / "set", TABLE_3, wrong=(1, "pose")), [MODEL], [seeing_pack])
    rows = found.values["models"][MODEL]["category"]
    assert rows["light"]["eer"] == rows["accessory"]["eer"] == 0
    assert rows["pose"]["eer"] > 0
    assert rows["pose"]["eer_below_with_95_percent"] is None
    assert not rows["pose"]["eer_at_most_limit"]
    assert rows["pose"]["false_non_matches"] == 3
    assert rows["pose"]["fnmr"] == 0.25


def test_kface_itself_is_tested_with_its_nearest_cells(tmp_path, seeing_pack):
    root = kface(tmp_path / "set", NEAREST)
    found = kisa(root, [MODEL], [seeing_pack]).values
    assert found["form"] == "the nearest cells that K-Face has"
    assert found["heading"] == HEADING_REAL
    assert found["cells"]["expression"] == ["S001/L1/E02/C7", "S001/L1/E03/C7"]
    chosen = {"pose": NEAREST["pose"][:1]}
    changed = kisa(root, [MODEL], [seeing_pack], cells=chosen).values
    assert changed["form"].endswith("changed: pose")
    assert changed["models"][MODEL]["category"]["pose"]["n_genuine"] == 4


def test_a_synthetic_set_is_headed_as_such_and_never_passes(tmp_path, seeing_pack, capsys):
    root = kface(tmp_path / "set", TABLE_3)
    (root / "plan.json").write_text("{}")
    words = ["eval", "kisa", "--kface", str(root), "--model", MODEL, "--models", str(seeing_pack)]
    picture = tmp_path / "det.svg"
    assert main([*words, "--det", str(picture)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(HEADING)
    assert main([*words, "--json", "--people", "4"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["heading"] == HEADING
    told = values["models"][MODEL]["category"]["light"]["det"]
    assert len(told["fmr"]) == len(told["fnmr"]) > 1
    svg = picture.read_text(encoding="utf-8")
    assert Xml.fromstring(svg).tag.endswith("svg")
    assert svg.count("<polyline") == len(TABLE_3)
    for text in (out, svg, json.dumps(values, ensure_ascii=False)):
        assert not re.search(r"\bpass|합격|certified", text, re.I)


def test_people_without_all_pictures_take_no_part(tmp_path, seeing_pack):
    root = kface(tmp_path / "set", TABLE_3)
    (root / "High" / "19062421" / TABLE_3["light"][3].path).unlink()
    with pytest.raises(BadInput, match="holds 3 people with all pictures"):
        kisa(root, [MODEL], [seeing_pack])


def test_without_any_face_everything_is_a_false_non_match(tmp_path, tiny_pack):
    found = kisa(kface(tmp_path / "set", TABLE_3), [MODEL], [tiny_pack]).values
    one = found["models"][MODEL]
    assert one["n_face_not_found"] == 4 * 18
    assert one["category"]["light"]["fnmr"] == 1
    assert one["category"]["light"]["fmr"] == 0
    assert one["thresholds"][0] == {"threshold_cosine": None, "threshold_euclidean": None}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--cell", "haircut=S001/L1/E01/C7"], "no category of this test"),
        (["--cell", "light=L1"], "no cell of K-Face"),
        (["--model", "tiny_body"], "use `eval reid`"),
    ],
)
def test_wrong_words_are_said(tmp_path, tiny_pack, capsys, words, says):
    root = kface(tmp_path / "set", TABLE_3)
    more = [] if "--model" in words else ["--model", MODEL]
    argv = ["eval", "kisa", "--kface", str(root), "--models", str(tiny_pack), *more, *words]
    assert main(argv) == 2
    assert says in capsys.readouterr().err


def test_the_picture_escapes_names_and_places_rates_on_deviates():
    rng = np.random.default_rng(3)
    curve = det(rng.normal(1, 1, 3000), rng.normal(-1, 1, 3000)).thinned()
    svg = detplot.picture({("<b>&", "light"): curve, ("x", "pose"): curve}, "<script>")
    assert "<script>" not in svg
    assert "<b>" not in svg
    Xml.fromstring(svg)
    way = detplot._way(curve)  # of two normal distributions it is a straight line
    inner = way[(curve.fmr > 0.01) & (curve.fnmr > 0.01) & (curve.fmr < 0.5) & (curve.fnmr < 0.5)]
    slope, offset = np.polyfit(inner[:, 0], inner[:, 1], 1)
    assert slope == pytest.approx(1, abs=0.08)
    assert np.abs(slope * inner[:, 0] + offset - inner[:, 1]).max() < 8
