"""A face detector of three networks of a few kilobytes: a face is a bright square in a dark ring.

Each network is one convolution: the brightness of the middle two thirds of its window, less that of
the ring around it. They are real ONNX files that go through the zoo like any other.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

NAME = "tiny_mtcnn"
SIDES = (12, 24, 48)
POINTS = ((0.35, 0.4), (0.65, 0.4), (0.5, 0.55), (0.4, 0.7), (0.6, 0.7))
LEAST = (0.4, 0.4, 0.4)
SCORE = 0.45  # of a face in use


def _net(path: Path, side: int, stride: int) -> None:
    """One convolution: a score, no shifts, the five points where POINTS says."""
    ring = side // 6
    kernel = np.full((side, side), -1.0 / (side**2 - (side - 2 * ring) ** 2), np.float32)
    kernel[ring : side - ring, ring : side - ring] = 1.0 / (side - 2 * ring) ** 2
    weights = np.zeros((15, 3, side, side), np.float32)
    weights[0] = kernel / 3
    bias = np.concatenate([np.zeros(5), np.ravel(POINTS)]).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["images", "weights", "bias"], ["map"],
                         kernel_shape=[side, side], strides=[stride, stride]),
        helper.make_node("Reshape", ["map", "shape"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["faces"], perm=[0, 2, 1]),
    ]  # fmt: skip
    constants = {"weights": weights, "bias": bias, "shape": np.array([0, 15, -1], np.int64)}
    graph = helper.make_graph(
        nodes, "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["n", "v", 15])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def make(folder: Path, size: tuple[int, int] = (640, 640)) -> Path:
    """Write the three files and their models.toml; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = (NAME, f"{NAME}_r", f"{NAME}_o")
    lines: list[str] = []
    for k, (name, side) in enumerate(zip(names, SIDES, strict=True)):
        path = folder / f"{name}.onnx"
        _net(path, side, 2 if k == 0 else 1)
        content = path.read_bytes()
        taken = list(size) if k == 0 else [side, side]
        part = "{ decoder = 'part' }"
        given = f"{{ decoder = 'mtcnn', least_px = 20.0, least = {list(LEAST)}, score = {SCORE} }}"
        lines += [
            f"[models.{name}]", f"task = '{'part' if k else 'face'}'", f"file = '{path.name}'",
            "url = ''", f"sha256 = '{hashlib.sha256(content).hexdigest()}'",
            f"bytes = {len(content)}", "licence = 'Apache-2.0'",
            "training_data = 'none: made by hand'", "origin = 'tests'", "batch = 'n'",
            f"input = {{ size = {taken}, color = 'RGB', scale = 255.0, mean = [0.0, 0.0, 0.0], "
            f"std = [1.0, 1.0, 1.0], fill = 0 }}",
            f"output = {given if k == 0 else part}",
            *([f"parts = {list(names[1:])}"] if k == 0 else []),
            "",
        ]  # fmt: skip
    (folder / "models.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def picture(
    size: tuple[int, int], faces: list[tuple[int, int, int]], ground: int = 40
) -> np.ndarray:
    """(H,W,3) uint8: a face at each (left, top, side px of its window) before dark ground."""
    image = np.full((size[1], size[0], 3), ground, np.uint8)
    for x, y, side in faces:
        ring = round(side / 6)
        cv2.rectangle(image, (x, y), (x + side - 1, y + side - 1), (0, 0, 0), -1)
        cv2.rectangle(image, (x + ring, y + ring), (x + side - ring - 1, y + side - ring - 1),
                      (255, 255, 255), -1)  # fmt: skip
    return image


def write_manifest(folder: Path, pictures: dict[str, list[tuple[int, int, int]]]) -> Path:
    """Pictures of 320x240 with these faces, and faces.csv with boxes and points."""
    names = ("eye_right", "eye_left", "nose", "mouth_right", "mouth_left")
    head = ["path", "x1", "y1", "x2", "y2", *(f"{n}_{a}" for n in names for a in "xy")]
    lines = [",".join(head)]
    for name, faces in pictures.items():
        cv2.imwrite(str(folder / name), picture((320, 240), faces)[:, :, ::-1])
        for x, y, side in faces:
            points = [v for px, py in POINTS for v in (x + px * side, y + py * side)]
            lines.append(",".join([name, *map(str, (x, y, x + side, y + side, *points))]))
        if not faces:
            lines.append(name + "," * (len(head) - 1))
    (folder / "faces.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "faces.csv"
