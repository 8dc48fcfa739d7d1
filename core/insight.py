"""A folder of an insightface model package in; its face detector and recogniser, through the
insightface library, out.

The library decides which file is what and how its outputs are read. Only a folder that is there is
ever opened; nothing is downloaded. Pictures are RGB here and BGR there.

Source: [guo2022scrfd], [deng2019arcface]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import threads
from core.errors import BadInput, ModelError, NotFound
from core.types import Image

Arrays = tuple[NDArray[np.float32], ...]
Run = Callable[[Image], Arrays]

MOST_FACES = 64  # of one picture
DEFAULT_PX = (640, 640)
CROP_PX = (112, 112)
LANDMARKS = (9, 15)  # outputs of a detector that finds five points, too
LICENCE_FILES = ("MODEL.LICENSE", "LICENSE", "LICENSE.txt", "LICENSE.md", "license.txt")
MAX_LICENCE = 20_000
NOTICE = (
    "The pretrained models that insightface provides are for non-commercial research only, whether "
    "downloaded automatically or manually. An agency needs a licence from their owner."
)
FACE_OUTPUTS = ("box", "score", "kps")


@dataclass(frozen=True)
class Package:
    """What a package folder holds: size (w,h) px the detector takes, dim of the recogniser."""

    folder: Path
    detector: Path
    recogniser: Path
    size: tuple[int, int]
    dim: int
    licence: str


def inspected(folder: Path) -> Package:
    """What is in a package folder, by the library's own rules. Raises NotFound, BadInput."""
    if not folder.is_dir():
        raise NotFound("there is no folder at {path}", path=folder)
    if _has_manifest(folder):
        raise BadInput(
            "{folder} is a package with a manifest, which is not supported: take one of plain ONNX "
            "files, such as buffalo_l",
            folder=folder,
        )
    found: dict[str, tuple[Path, Any]] = {}
    for path in sorted(folder.glob("*.onnx")):
        model = _library(path, ())
        if model is not None and _usable(model):
            found.setdefault(model.taskname, (path, model))
    lacking = [task for task in ("detection", "recognition") if task not in found]
    if lacking:
        raise NotFound(
            "{folder} holds no {task} model of insightface", folder=folder, task=lacking[0]
        )
    detector, recogniser = found["detection"], found["recognition"]
    return Package(
        folder,
        detector[0],
        recogniser[0],
        detector[1].static_input_size or DEFAULT_PX,
        int(recogniser[1].output_shape[-1]),
        _licence(folder),
    )


def runner(path: Path, size: tuple[int, int], providers: Sequence[str]) -> tuple[Run, str]:
    """(what runs pictures (B,H,W,3) uint8 RGB, the task) of one file of a package.

    A detector gives box (B,M,4), score (B,M), kps (B,M,5,2), empty places with a score of 0; a
    recogniser gives rows (B,D). Raises ModelError.
    """
    model = _library(path, providers)
    if model is None or not _usable(model):
        raise ModelError("{path} is no face model of insightface", path=path)
    if model.taskname == "recognition":
        return lambda images: _embedded(model, images), "recognition"
    model.prepare(0, input_size=size, det_thresh=0.3)
    return lambda images: _detected(model, images, size), "detection"


def _library(path: Path, providers: Sequence[str]) -> Any:
    """The library's model of a file, or None if it knows none. Raises ModelError."""
    import onnxruntime
    from insightface.model_zoo import model_zoo
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    refused = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf,
               state.NoSuchFile, state.NotImplemented, state.RuntimeException)  # fmt: skip
    damaged = (OSError, RuntimeError, ValueError, TypeError, IndexError, AssertionError)
    onnxruntime.set_default_logger_severity(3)
    try:
        return model_zoo.get_model(
            str(path),
            providers=list(providers) or ["CPUExecutionProvider"],
            sess_options=threads.options(),
            download=False,
        )
    except (*refused, *damaged) as error:
        why = " ".join(str(error).split())[:200]
        raise ModelError("{path} is no model that can be run ({why})", path=path, why=why) from None


def _usable(model: Any) -> bool:
    """Whether it is a detector with five points, or a recogniser of 112 px crops."""
    if model.taskname == "detection":
        return len(model.output_names) in LANDMARKS
    return bool(model.taskname == "recognition" and tuple(model.input_size) == CROP_PX)


def _detected(model: Any, images: Image, size: tuple[int, int]) -> Arrays:
    n = len(images)
    box = np.zeros((n, MOST_FACES, 4), np.float32)
    score = np.zeros((n, MOST_FACES), np.float32)
    points = np.zeros((n, MOST_FACES, 5, 2), np.float32)
    for i, image in enumerate(images):
        rows, landmarks = model.detect(np.ascontiguousarray(image[..., ::-1]), input_size=size)
        best = rows[:MOST_FACES]  # (F,5) best first
        box[i, : len(best)], score[i, : len(best)] = best[:, :4], best[:, 4]
        points[i, : len(best)] = landmarks[:MOST_FACES]
    return box, score, points


def _embedded(model: Any, images: Image) -> Arrays:
    rows = [model.get_feat(np.ascontiguousarray(image[..., ::-1])) for image in images]
    return (np.concatenate(rows).astype(np.float32),)


def _has_manifest(folder: Path) -> bool:
    from insightface.model_zoo.package_manifest import has_model_package_manifest

    try:
        return bool(has_model_package_manifest(folder))
    except (OSError, ValueError, TypeError):
        return True


def _licence(folder: Path) -> str:
    """The licence text that lies in the folder, or none; control characters are taken out."""
    path = next((folder / name for name in LICENCE_FILES if (folder / name).is_file()), None)
    if path is None:
        return ""
    with path.open("rb") as file:
        text = file.read(MAX_LICENCE).decode("utf-8", errors="replace")
    return "".join(c for c in text if c.isprintable() or c == "\n").strip()
