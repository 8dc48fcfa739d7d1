"""A trained network in; an ONNX file that the product reads, checked against it, out."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.errors import DongseonError
from core.recipes.networks import MEAN, STD
from core.recipes.training import whole

OPSET = 17
PARITY = 1e-4  # largest difference between ONNX Runtime and PyTorch that is let pass
STORED = 1e-2  # and between weights of 16 bits and of 32
LEAST = 256  # numbers: smaller tensors stay as they are


@dataclass(frozen=True)
class Exported:
    """One weight file and the row of models.toml that describes it."""

    name: str
    file: str
    row: Mapping[str, Any]
    difference: float


def export(
    part: nn.Module, path: Path, size: tuple[int, int], outputs: Sequence[str], dim: int,
    sides: bool = False, stored: float = STORED,
) -> float:  # fmt: skip
    """Write a network part (B,3,H,W) -> (B,V) per output as ONNX, any B; the largest difference.

    sides  True: any H and W, too, and outputs (B,V,...) whose V follows from them
    stored largest difference that weights of 16 bits may make

    Differences are of unit rows (dim > 0: a body vector) or of probabilities, on noise. Weights are
    stored in 16 bits and computed with in 32: half the file, the same speed.
    Raises DongseonError if the graph differs by more than PARITY, the file by more than `stored`.
    """
    part = part.float().cpu().eval()
    axes: dict[str, dict[int, str]] = {name: {0: "n"} for name in ("images", *outputs)}
    if sides:
        axes["images"] |= {2: "height", 3: "width"}
        for name in outputs:
            axes[name][1] = "v"
    generator = torch.Generator().manual_seed(0)
    example = torch.randn(3, 3, size[1], size[0], generator=generator)
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter of torch.export needs one more package; this one writes the same graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part, (example[:2],), file, dynamo=False, opset_version=OPSET,
            input_names=["images"], output_names=list(outputs),
            dynamic_axes=axes,
        )  # fmt: skip
        said = part(example)
    want = [t.numpy() for t in (said if isinstance(said, tuple) else (said,))]
    kept = halved(file.getvalue())
    for content, most in ((file.getvalue(), PARITY), (kept, stored)):
        apart = _apart(_run(content, example.numpy()), want, dim)
        if not apart <= most:
            raise DongseonError(
                "{name}: the exported file gives other numbers than PyTorch ({apart:.1e})",
                name=path.name,
                apart=apart,
            )
    whole(path, kept)
    return apart


def halved(content: bytes) -> bytes:
    """An ONNX file whose larger weights are float16, each cast to float32 before it is used.

    ONNX Runtime folds the casts when it loads the file. What is beyond float16 stays.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(content)
    casts = []
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.size < LEAST or np.abs(weights).max() > 6e4:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(weights.astype(np.float16), f"{name}_16"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString())


def _apart(got: Sequence[Any], want: Sequence[Any], dim: int) -> float:
    if dim:
        got, want = ([v / np.linalg.norm(v, axis=1, keepdims=True) for v in s] for s in (got, want))
    return max(float(np.abs(a - b).max()) for a, b in zip(want, got, strict=True))


def _run(content: bytes, images: Any) -> list[Any]:
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return list(session.run(None, {"images": images}))


def row(
    path: Path, task: str, size: tuple[int, int], output: Mapping[str, Any],
    about: Mapping[str, str], calibration: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The entry of models.toml for a file written by `export`. about: licence, origin, data."""
    content = path.read_bytes()
    found: dict[str, Any] = {
        "task": task,
        "file": path.name,
        "url": "",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        **about,
        "batch": "n",
        "input": {"size": list(size), "color": "RGB", "scale": 255.0,
                  "mean": list(MEAN), "std": list(STD)},
        "output": dict(output),
    }  # fmt: skip
    if calibration:
        found["calibration"] = dict(calibration)
    return found
