"""Files of a MakeHuman data folder in, plain arrays out. Lengths stay decimetres, y up, z forward.

`.obj` is a mesh, `.target` a list of moved vertices, `.mhclo` says how each vertex of a garment
hangs on three vertices of the body, `.mhskel` and `.mhw` are skeleton and skin weights.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Obj:
    """vertices (V,3), triangles (F,3), the group of each triangle (F,), uv of each vertex (V,2)."""

    vertices: Float32
    triangles: Int32
    group: NDArray[np.str_]
    uv: Float32


@dataclass(frozen=True)
class Binding:
    """How a garment's N vertices hang on the body.

    on (N,3) body vertices, weight (N,3), offset (N,3) in units of scale
    scale  {axis: (body vertex, body vertex, distance in the reference body)}
    hidden (K,) body vertices that the garment covers
    """

    on: Int32
    weight: Float32
    offset: Float32
    scale: dict[int, tuple[int, int, float]]
    hidden: Int32
    obj: Path


def read_obj(path: Path) -> Obj:
    """Read a Wavefront mesh; faces become fans of triangles."""
    vertices: list[list[float]] = []
    texels: list[list[float]] = []
    triangles: list[tuple[int, int, int]] = []
    groups: list[str] = []
    texel_of: dict[int, int] = {}
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(x) for x in words[1:4]])
        elif words[0] == "vt":
            texels.append([float(x) for x in words[1:3]])
        elif words[0] == "g":
            group = words[1]
        elif words[0] == "f":
            corners = [word.split("/") for word in words[1:]]
            at = [int(c[0]) - 1 for c in corners]
            for vertex, corner in zip(at, corners, strict=True):
                if len(corner) > 1 and corner[1]:
                    texel_of.setdefault(vertex, int(corner[1]) - 1)
            for k in range(1, len(at) - 1):
                triangles.append((at[0], at[k], at[k + 1]))
                groups.append(group)
    uv = np.zeros((len(vertices), 2), np.float32)
    for vertex, texel in texel_of.items():
        uv[vertex] = texels[texel]
    return Obj(np.array(vertices, np.float32), np.array(triangles, np.int32), np.array(groups), uv)


def read_target(path: Path) -> tuple[Int32, Float32]:
    """A morph target: vertices (N,), offsets (N,3); some are empty."""
    rows = [
        line.split()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    at = np.array([int(row[0]) for row in rows], np.int32)
    return at, np.array([row[1:4] for row in rows], np.float32).reshape(-1, 3)


def read_binding(path: Path) -> Binding:
    """Read a `.mhclo`."""
    on: list[list[int]] = []
    weight: list[list[float]] = []
    offset: list[list[float]] = []
    scale: dict[int, tuple[int, int, float]] = {}
    hidden: list[int] = []
    mode, obj = "", path.with_suffix(".obj")
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "obj_file":
            obj = path.with_name(words[1])
        elif words[0] in ("x_scale", "y_scale", "z_scale"):
            scale["xyz".index(words[0][0])] = (int(words[1]), int(words[2]), float(words[3]))
        elif words[0] in ("verts", "delete_verts"):
            mode = words[0]
        elif mode == "verts" and words[0].isdigit():
            row = [float(x) for x in words]
            alone = len(row) == 1
            on.append([int(row[0])] * 3 if alone else [int(x) for x in row[:3]])
            weight.append([1.0, 0.0, 0.0] if alone else row[3:6])
            offset.append(row[6:9] if len(row) >= 9 else [0.0, 0.0, 0.0])
        elif mode == "delete_verts":
            for first, last, one in re.findall(r"(\d+)\s*-\s*(\d+)|(\d+)", line):
                hidden += [int(one)] if one else range(int(first), int(last) + 1)
    return Binding(
        np.array(on, np.int32),
        np.array(weight, np.float32),
        np.array(offset, np.float32),
        scale,
        np.array(hidden, np.int32),
        obj,
    )


def read_skeleton(folder: Path) -> tuple[list[str], dict[str, Any], dict[str, list[Any]]]:
    """Bone names parents first, the skeleton as the file has it, and {bone: [[vertex, weight]]}."""
    skeleton = json.loads((folder / "default.mhskel").read_text(encoding="utf-8"))
    weights = json.loads((folder / "default_weights.mhw").read_text(encoding="utf-8"))["weights"]
    order: list[str] = []

    def visit(bone: str) -> None:
        parent = skeleton["bones"][bone]["parent"]
        if bone not in order:
            if parent:
                visit(parent)
            order.append(bone)

    for bone in skeleton["bones"]:
        visit(bone)
    return order, skeleton, weights
