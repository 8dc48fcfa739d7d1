"""A model of a few hundred bytes that judges attributes, so that ticks are tested end to end.

It says "red" for a red upper half and "black" for anything else, and never sees a bag; it is a real
ONNX file that goes through the zoo like any other.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from core.recipes.card import toml
from core.types import ATTRIBUTES

SIZE = (32, 64)
CLEAR = {"upper_color": [0.9, 0.8, 0.97], "bag": [0.52, 0.49, 0.56]}


def make(folder: Path, pack: str = "judging", believed: dict[str, list[float]] = CLEAR) -> Path:
    """Write the file and a models.toml with a pack that uses it among the tiny models."""
    folder.mkdir(parents=True, exist_ok=True)
    colors, bags = len(ATTRIBUTES["upper_color"]), len(ATTRIBUTES["bag"])
    gain = np.zeros((3, colors), np.float32)  # red minus the mean of the others, times a gain
    gain[:, ATTRIBUTES["upper_color"].index("red")] = (24, -12, -12)
    start = np.full(colors, -3, np.float32)
    start[ATTRIBUTES["upper_color"].index("black")] = 2
    constants = {
        "gain": gain, "start": start, "none": np.zeros((3, bags), np.float32),
        "bags": np.array([2, 0, 0, 0], np.float32), "from": np.array([0], np.int64),
        "to": np.array([32], np.int64), "rows": np.array([2], np.int64),
    }  # fmt: skip
    nodes = [
        helper.make_node("Slice", ["images", "from", "to", "rows"], ["upper"]),
        helper.make_node("ReduceMean", ["upper"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["mean", "gain", "start"], ["colors"]),
        helper.make_node("Softmax", ["colors"], ["upper_color"], axis=1),
        helper.make_node("Gemm", ["mean", "none", "bags"], ["sacks"]),
        helper.make_node("Softmax", ["sacks"], ["bag"], axis=1),
    ]
    graph = helper.make_graph(
        nodes, "judge",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, 64, 32])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", n])
         for name, n in (("upper_color", colors), ("bag", bags))],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    (folder / "judge.onnx").write_bytes(content)
    heads = {name: list(ATTRIBUTES[name]) for name in ("upper_color", "bag")}
    row = {
        "task": "attributes", "file": "judge.onnx", "url": "",
        "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
        "licence": "Apache-2.0", "training_data": "none: made by hand", "origin": "tests",
        "batch": "n", "input": {"size": list(SIZE), "color": "RGB", "scale": 255.0,
                                "mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]},
        "output": {"decoder": "attributes", "heads": heads},
        "calibration": {"prior": {n: [1 / len(v)] * len(v) for n, v in heads.items()},
                        "balanced_accuracy": believed},
    }  # fmt: skip
    named = [f"[packs.{pack}]", "title = 'with attributes'", "notice = ''"]
    named += [f"{task} = 'tiny_{task}'" for task in ("person", "face", "face_embedding")]
    named += ["body_embedding = 'tiny_body'", "attributes = 'tiny_judge'", ""]
    text = "\n".join(named) + toml({"tiny_judge": row})
    (folder / "models.toml").write_text(text, encoding="utf-8")
    return folder


def retrained(folder: Path, into: Path, workspace: Path) -> Path:
    """The same model as a file with another hash, and a workspace that uses it from now on."""
    shutil.copytree(folder, into)
    model = onnx.load(into / "judge.onnx")
    model.doc_string = "trained again"
    onnx.save(model, into / "judge.onnx")
    old, new = ((f / "judge.onnx").read_bytes() for f in (folder, into))
    table = (into / "models.toml").read_text("utf-8")
    table = table.replace(hashlib.sha256(old).hexdigest(), hashlib.sha256(new).hexdigest())
    table = table.replace(f"bytes = {len(old)}", f"bytes = {len(new)}")
    (into / "models.toml").write_text(table, "utf-8")
    settings = workspace / "workspace.toml"
    settings.write_text(settings.read_text("utf-8").replace(str(folder), str(into)), "utf-8")
    return into
