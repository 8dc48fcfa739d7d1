"""An insightface package: its own library runs it, behind the product's interfaces."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx import save as save_onnx

from core import insight, insightpack, zoo
from core.cli import main
from core.describe import Describer, FaceDetector, Shot
from core.errors import BadInput, ModelError, NotFound

SIDE = 64
STRIDES = (8, 16, 32)
FACE = (16.0, 16.0, 48.0, 56.0)  # the one the made detector finds, px of its input
POINTS = ((24.0, 28.0), (40.0, 28.0), (32.0, 36.0), (26.0, 46.0), (38.0, 46.0))


def write(path: Path, nodes, constants, ins, outs) -> None:
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info(ins[0], TensorProto.FLOAT, ins[1])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outs],
        [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    save_onnx(made, str(path))


def detector(path: Path, points: bool = True) -> None:
    """SCRFD's nine outputs; the anchor at (32, 32) of stride 32 sees a face if anything is red.

    It is the mean of the picture's first plane (red, scaled) that decides: above 0 there is one.
    """
    nodes = [
        helper.make_node("ReduceMean", ["input.1"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Slice", ["mean", "from", "to", "axis"], ["red"]),
        helper.make_node("Clip", ["red", "low", "high"], ["seen"]),  # (1,1)
    ]
    constants: dict[str, object] = {"low": 0.0, "high": 1.0}
    score_outs, box_outs, point_outs = [], [], []
    for stride in STRIDES:
        n = 2 * (SIDE // stride) ** 2
        score = np.zeros((n, 1), np.float32)
        box = np.ones((n, 4), np.float32)
        marks = np.zeros((n, 10), np.float32)
        if stride == 32:
            at = 2 * 3  # the first of two anchors of the cell (1, 1), whose centre is (32, 32)
            score[at] = 5.0
            x1, y1, x2, y2 = FACE
            box[at] = np.array([32 - x1, 32 - y1, x2 - 32, y2 - 32]) / stride
            marks[at] = (np.array(POINTS) - 32).ravel() / stride
        for name, rows, outs in (
            (f"score_{stride}", score, score_outs),
            (f"bbox_{stride}", box, box_outs),
            (f"kps_{stride}", marks, point_outs),
        ):
            constants[f"{name}_is"] = rows
            if name.startswith("score"):
                nodes.append(helper.make_node("Mul", [f"{name}_is", "seen"], [f"{name}_raw"]))
                nodes.append(helper.make_node("Clip", [f"{name}_raw", "low", "high"], [name]))
            else:
                nodes.append(helper.make_node("Identity", [f"{name}_is"], [name]))
            outs.append((name, list(rows.shape)))
    outs = [*score_outs, *box_outs, *(point_outs if points else [])]
    if not points:
        nodes = [node for node in nodes if "kps" not in node.output[0]]
    floats = [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in constants.items()]
    ints = [numpy_helper.from_array(np.array([v], np.int64), k)
            for k, v in (("from", 0), ("to", 1), ("axis", 1))]  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "det",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outs],
        floats + ints,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    save_onnx(made, str(path))


def recogniser(path: Path, side: int = 112) -> None:
    """ArcFace's form: 112 px crops in, one row of numbers out."""
    nodes = [
        helper.make_node("AveragePool", ["input.1"], ["blocks"], kernel_shape=[side // 2] * 2,
                         strides=[side // 2] * 2),
        helper.make_node("Flatten", ["blocks"], ["683"]),
    ]  # fmt: skip
    write(path, nodes, {}, ("input.1", ["None", 3, side, side]), [("683", ["None", 12])])


@pytest.fixture
def buffalo(tmp_path) -> Path:
    """A package as buffalo_l is: a detector, a recogniser, and models for other ends."""
    folder = tmp_path / "buffalo_x"
    folder.mkdir()
    detector(folder / "det_10g.onnx")
    recogniser(folder / "w600k_r50.onnx")
    recogniser(folder / "2d106det.onnx", 192)
    (folder / "LICENSE").write_text("Only for research.\x1b[31m\n")
    return folder


def picture(red: int, height: int = 80, width: int = 100) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = red
    image[..., 2] = 255 - red
    return image


def agreed(capsys, folder: Path, pack: Path) -> dict:
    words = ["models", "insightface", str(folder), "--with", "tiny", "--models", str(pack)]
    assert main([*words, "--accept-licence", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "non-commercial research only" in err
    assert "Only for research." in err
    assert "\x1b" not in err
    return json.loads(out)


def test_the_librarys_own_rules_say_which_file_is_what(buffalo):
    found = insight.inspected(buffalo)
    assert (found.detector.name, found.recogniser.name) == ("det_10g.onnx", "w600k_r50.onnx")
    assert (found.size, found.dim) == ((SIDE, SIDE), 12)
    assert found.licence == "Only for research.[31m"


def test_nothing_is_set_up_before_the_licence_was_agreed_to(buffalo, tiny_pack, capsys):
    words = ["models", "insightface", str(buffalo), "--with", "tiny", "--models", str(tiny_pack)]
    assert main(words) == 2
    err = capsys.readouterr().err
    assert "non-commercial research only" in err
    assert "add --accept-licence" in err
    assert not (buffalo / "models.toml").exists()


def test_a_package_becomes_a_pack_that_finds_and_compares_faces(buffalo, tiny_pack, capsys):
    assert agreed(capsys, buffalo, tiny_pack)["pack"] == "insightface"
    where = [buffalo, tiny_pack]
    pack = zoo.pack("insightface", where)
    assert (pack.person, pack.body_embedding) == ("tiny_person", "tiny_body")
    assert re.search(r"Agreed to by .+ on 20\d\d-\d\d-\d\d\.$", pack.notice)
    assert not zoo.missing("insightface", where)
    assert all("non-commercial" in zoo.rows(where)[name].licence
               for name in (pack.face, pack.face_embedding))  # fmt: skip
    detect = FaceDetector(zoo.load(pack.face, where))
    one, none = detect([picture(255), picture(0)], max_enlarge=1.0)
    scale = SIDE / 100  # pictures of 100 px width are fitted into the detector's input
    assert one.box[0] == pytest.approx(np.array(FACE) / scale, abs=0.1)
    assert one.landmarks[0] == pytest.approx(np.array(POINTS) / scale, abs=0.1)
    assert (len(one), len(none)) == (1, 0)
    tasks = (pack.body_embedding, pack.face, pack.face_embedding)
    describer = Describer(*(zoo.load(name, where) for name in tasks))
    box = np.array([0, 0, 100, 80], np.float32)
    shots = [Shot(picture(255), box, 1.0, 1.0, 0.0)]
    vectors = describer.shots("x", shots, ("face",)).vectors[pack.face_embedding]
    assert vectors.rows.shape == (1, 12)
    assert np.linalg.norm(vectors.rows[0]) == pytest.approx(1, abs=1e-5)


def test_the_recogniser_gets_what_the_library_would_give_it(buffalo, tiny_pack, capsys):
    agreed(capsys, buffalo, tiny_pack)
    pack = zoo.pack("insightface", [buffalo, tiny_pack])
    model = zoo.load(pack.face_embedding, [buffalo, tiny_pack])
    crops = np.stack([picture(255, 112, 112), picture(0, 112, 112)])
    (rows,) = model(crops)
    assert rows[0, :4] == pytest.approx([1] * 4, abs=0.01)  # red first, -1 to 1
    assert rows[0, 8:] == pytest.approx([-1] * 4, abs=0.01)
    (again,) = model(crops[1:])
    assert again[0] == pytest.approx(rows[1])
    assert model.output_names == ("embedding",)
    assert "CPUExecutionProvider" in model.providers


def test_a_workspace_can_be_made_with_it(buffalo, tiny_pack, tmp_path, capsys):
    agreed(capsys, buffalo, tiny_pack)
    words = ["init", str(tmp_path / "ws"), "--pack", "insightface"]
    assert main([*words, "--models", str(buffalo), "--models", str(tiny_pack)]) == 0


def test_no_address_is_ever_asked(buffalo, tiny_pack, tmp_path, capsys, monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    agreed(capsys, buffalo, tiny_pack)
    zoo.load(zoo.pack("insightface", [buffalo, tiny_pack]).face, [buffalo, tiny_pack])
    with pytest.raises(NotFound, match="there is no folder"):
        insight.inspected(tmp_path / "buffalo_l")


def test_a_changed_file_is_refused(buffalo, tiny_pack, capsys):
    agreed(capsys, buffalo, tiny_pack)
    path = buffalo / "w600k_r50.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="its sha256 differs"):
        zoo.load("buffalo_x_recogniser", [buffalo, tiny_pack])


def test_wrong_folders_are_said_in_one_sentence(buffalo, tiny_pack, tmp_path, capsys):
    (buffalo / "w600k_r50.onnx").unlink()
    with pytest.raises(NotFound, match="holds no recognition model"):
        insight.inspected(buffalo)
    detector(buffalo / "det_10g.onnx", points=False)
    with pytest.raises(NotFound, match="holds no detection model"):
        insight.inspected(buffalo)
    (buffalo / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"broken\.onnx is no model"):
        insight.inspected(buffalo)
    (buffalo / "manifest.json").write_text('{"manifest_version": 2}')
    with pytest.raises(BadInput, match="a package with a manifest"):
        insight.inspected(buffalo)
    (buffalo / "models.toml").write_text("")
    with pytest.raises(BadInput, match=r"has a models\.toml already"):
        insightpack.offer(buffalo, "tiny", [tiny_pack])


def test_a_hostile_folder_name_stays_text(buffalo, tiny_pack, capsys):
    evil = buffalo.rename(buffalo.parent / 'x"]\n[packs.reference]\ntitle = "\x7f<b>')
    agreed(capsys, evil, tiny_pack)
    assert zoo.pack("reference", [evil, tiny_pack]).person == "yolox_nano"
    assert set(zoo.rows([evil, tiny_pack])) >= {zoo.pack("insightface", [evil, tiny_pack]).face}
