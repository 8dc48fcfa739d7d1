"""A model pack of a few kilobytes and films of drawn people, so that tests run the real pipeline.

The detector is a matched filter for figures of 24 x 64 px in strong colours; the body model is the
mean colour of four stripes; the face detector finds nothing. They are real ONNX files that go
through the zoo like any other, made here without any download.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

NINE = 1777593600.0  # 2026-05-01 09:00 in Korea, when the first film of `tiny_workspace` begins
FRAME = (320, 192)  # width, height
FIGURE = (24, 64)
STRIDE = 4
RED = ((220, 30, 30), (30, 30, 200))
GREEN = ((20, 170, 40), (200, 180, 20))
TEAL = ((20, 150, 170), (170, 30, 150))

CALIBRATION = (
    "a = -1.0, c = 2.5, m = 0.4, d = 0.2, n_genuine_ids = 100, n_impostor_ids = 100, "
    "real_validation = true, made_from = 'tests'"
)

Outfit = tuple[tuple[int, int, int], tuple[int, int, int]]


def _save(path: Path, nodes: list, constants: dict, ins: tuple, outs: list[tuple]) -> None:
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info(ins[0], TensorProto.FLOAT, ins[1])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outs],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _detector(path: Path) -> None:
    """Share of strongly coloured pixels under a figure-sized window, as YOLOX output."""
    width, height = FRAME
    cells = (width // STRIDE) * (height // STRIDE)
    pad = [(FIGURE[1] - STRIDE) // 2, (FIGURE[0] - STRIDE) // 2]
    size = np.log(np.array(FIGURE, np.float32) / STRIDE)
    before = np.tile(np.array([[0.5, 0.5, size[0], size[1]]], np.float32), (cells, 1))[None]
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["high"], axes=[1], keepdims=1),
        helper.make_node("ReduceMin", ["images"], ["low"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["high", "low"], ["colour"]),
        helper.make_node("Greater", ["colour", "strong"], ["is_figure"]),
        helper.make_node("Cast", ["is_figure"], ["figure"], to=TensorProto.FLOAT),
        helper.make_node(
            "AveragePool", ["figure"], ["share"], kernel_shape=[FIGURE[1], FIGURE[0]],
            strides=[STRIDE, STRIDE], pads=[*pad, *pad], count_include_pad=1,
        ),
        helper.make_node("Sub", ["share", "least"], ["over"]),
        helper.make_node("Mul", ["over", "gain"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "zero", "one"], ["score"]),
        helper.make_node("Reshape", ["score", "flat"], ["objectness"]),
        helper.make_node("Concat", ["before", "objectness", "person"], ["output"], axis=2),
    ]  # fmt: skip
    constants = {
        "strong": np.float32(60),
        "least": np.float32(0.86),
        "gain": np.float32(10),
        "zero": np.float32(0),
        "one": np.float32(1),
        "flat": np.array([1, cells, 1], np.int64),
        "before": before,
        "person": np.ones((1, cells, 1), np.float32),
    }
    _save(path, nodes, constants, ("images", [1, 3, height, width]), [("output", [1, cells, 6])])


def _body(path: Path) -> None:
    """Mean colour of four stripes: 12 numbers."""
    nodes = [
        helper.make_node("AveragePool", ["images"], ["stripes"], kernel_shape=[16, 32],
                         strides=[16, 32]),
        helper.make_node("Flatten", ["stripes"], ["embedding"]),
    ]  # fmt: skip
    _save(path, nodes, {}, ("images", ["n", 3, 64, 32]), [("embedding", ["n", 12])])


def _face(path: Path) -> None:
    """A YuNet without any face: every score 0."""
    nodes, outs = [], []
    for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
        nodes += [
            helper.make_node("AveragePool", ["input"], [f"{name}_p"], kernel_shape=[32, 32],
                             strides=[32, 32]),
            helper.make_node("ReduceMean", [f"{name}_p"], [f"{name}_m"], axes=[1], keepdims=1),
            helper.make_node("Mul", [f"{name}_m", "zero"], [f"{name}_z"]),
            helper.make_node("Reshape", [f"{name}_z", "cells"], [f"{name}_c"]),
            helper.make_node("Tile", [f"{name}_c", f"{name}_times"], [f"{name}_32"]),
        ]  # fmt: skip
        outs.append((f"{name}_32", [1, 4, width]))
    constants = {
        "zero": np.float32(0),
        "cells": np.array([1, 4, 1], np.int64),
        **{f"{n}_times": np.array([1, 1, w], np.int64)
           for n, w in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))},
    }  # fmt: skip
    _save(path, nodes, constants, ("input", [1, 3, 64, 64]), outs)


def _face_embedding(path: Path) -> None:
    nodes = [
        helper.make_node("AveragePool", ["images"], ["blocks"], kernel_shape=[56, 56],
                         strides=[56, 56]),
        helper.make_node("Flatten", ["blocks"], ["embedding"]),
    ]  # fmt: skip
    _save(path, nodes, {}, ("images", ["n", 3, 112, 112]), [("embedding", ["n", 12])])


def make_pack(folder: Path, pack: str = "tiny", faces: bool = True) -> Path:
    """Write the files and their models.toml; returns the folder. faces: with the two for faces."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = "scale = 1.0, mean = [0.0, 0.0, 0.0], std = [1.0, 1.0, 1.0]"
    centred = "scale = 255.0, mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5]"
    entries = {
        "tiny_person": (_detector, "person", f"{{ size = [{FRAME[0]}, {FRAME[1]}], color = 'BGR', "
                        f"{plain}, fill = 114 }}", "1", "{ decoder = 'yolox', strides = [4], "
                        "person_class = 0 }"),
        "tiny_face": (_face, "face", f"{{ size = [64, 64], color = 'BGR', {plain}, fill = 0 }}",
                      "1", "{ decoder = 'yunet', strides = [32] }"),
        "tiny_face_embedding": (_face_embedding, "face_embedding", "{ size = [112, 112], "
                                f"color = 'RGB', {centred} }}", "'n'",
                                "{ decoder = 'embedding', dim = 12 }"),
        "tiny_body": (_body, "body_embedding", f"{{ size = [32, 64], color = 'RGB', {centred} }}",
                      "'n'", "{ decoder = 'embedding', dim = 12 }"),
    }  # fmt: skip
    if not faces:
        entries = {name: entry for name, entry in entries.items() if "face" not in name}
    lines = [f"[packs.{pack}]", "title = 'drawn figures'", "notice = ''"]
    lines += [f"{entry[1]} = '{name}'" for name, entry in entries.items()]
    for name, (make, task, taken, batch, given) in entries.items():
        path = folder / f"{name}.onnx"
        make(path)
        content = path.read_bytes()
        lines += [
            "", f"[models.{name}]", f"task = '{task}'", f"file = '{path.name}'", "url = ''",
            f"sha256 = '{hashlib.sha256(content).hexdigest()}'", f"bytes = {len(content)}",
            "licence = 'Apache-2.0'", "training_data = 'none: made by hand'", "origin = 'tests'",
            f"batch = {batch}", f"input = {taken}", f"output = {given}",
        ]  # fmt: skip
        if task.endswith("embedding"):
            lines.append(f"calibration = {{ {CALIBRATION} }}")
    (folder / "models.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def figures(
    people: Sequence[tuple[Outfit, Callable[[float], tuple[float, float]]]],
) -> Callable[[int, float], NDArray[np.uint8]]:
    """A painter for `make_film`: people = (outfit, where(t) -> left, top px); grey otherwise."""
    noise = np.random.default_rng(7).integers(-6, 7, (FRAME[1], FRAME[0], 1))
    street = np.clip(128 + noise, 0, 255).astype(np.uint8).repeat(3, axis=2)

    def draw(_: int, t: float) -> NDArray[np.uint8]:
        image = street.copy()
        for (upper, lower), where in people:
            x, y = (round(v) for v in where(t))
            if x < -FIGURE[0] or x > FRAME[0]:
                continue
            left, right = max(x, 0), min(x + FIGURE[0], FRAME[0])
            image[y : y + FIGURE[1] // 2, left:right] = upper
            image[y + FIGURE[1] // 2 : y + FIGURE[1], left:right] = lower
        return image

    return draw


def walk(
    start_px: float, speed_px_s: float, top_px: float = 118.0, from_s: float = 0.0
) -> Callable[[float], tuple[float, float]]:
    """Someone who crosses the picture at a steady speed; out of sight before from_s."""
    return lambda t: (start_px + speed_px_s * (t - from_s) if t >= from_s else -1000.0, top_px)
