"""A pack in; how long its faces take by provider, batch and picture size, out.

The counterpart of tables 8 and 9 of papers/002. Only what ran here is told; the paper's own times
are of a Jetson Nano (MTCNN) and a Xavier (ArcFace).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import zoo
from core.describe import FaceDetector
from core.study.bench.measure import Way, compared
from core.types import Image

SIZES = ((640, 360), (1280, 720))
DETECTED, EMBEDDED = (1, 4), (1, 8, 32)  # pictures, crops at once
PAPER_MS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "MTCNN 640x360": {"OpenCV": (340, 360), "TensorRT": (60, 70)},
    "MTCNN 1280x720": {"OpenCV": (1300, 1400), "TensorRT": (117, 120)},
    "ArcFace": {"TensorFlow": (90, 100), "TensorRT": (9, 20)},
}
"""Lowest and highest ms of tables 8 and 9 of papers/002. Source: [chang-jetson]"""


def faces(
    pack: str | None = None, directories: Sequence[str | Path] = (), *, rounds: int = 5
) -> dict[str, Any]:
    """ms per picture of the face detector, ms per crop of the recogniser; the best of the rounds.

    ratio: four pictures of 1280x720 at once beside one after the other.
    Raises NotFound, ModelError.
    """
    chosen = zoo.pack(pack or zoo.default_pack(directories), directories)
    found: list[dict[str, Any]] = []
    for provider in _providers():
        detect = FaceDetector(_alone(chosen.face, directories, provider))
        embed = _alone(chosen.face_embedding, directories, provider)
        for size in SIZES:
            for n in DETECTED:
                pictures = list(_noise(n, size))
                ms = _ms(lambda p=pictures, d=detect: d(p), n, rounds)  # type: ignore[misc]
                found.append(_row("detector", detect.model, n, ms, f"{size[0]}x{size[1]}"))
        for n in EMBEDDED:
            crops = _noise(n, embed.row.size)
            ms = _ms(lambda c=crops, e=embed: e(c), n, rounds)  # type: ignore[misc]
            found.append(_row("recogniser", embed, n, ms, None))
    detect = FaceDetector(zoo.load(chosen.face, directories))
    pictures = list(_noise(max(DETECTED), SIZES[-1]))
    return {
        **compared(
            Way("at once", lambda: detect(pictures)),
            Way("one after the other", lambda: [detect([one]) for one in pictures]),
            rounds=rounds,
        ),
        "eval": "bench faces",
        "pack": chosen.name,
        "measured": found,
        "paper_ms": {name: dict(ms) for name, ms in PAPER_MS.items()},
    }


def _providers() -> list[str]:
    import onnxruntime

    return [name for name in zoo.PROVIDERS if name in onnxruntime.get_available_providers()]


def _alone(name: str, directories: Sequence[str | Path], provider: str) -> zoo.Model:
    """The model on this provider, with the CPU for what the provider cannot do."""
    row = zoo.rows(directories)[name]
    path = zoo.find(row, directories)
    chooses = row.output["decoder"] == "insightface" or row.parts  # by itself, for all its files
    if path is None or chooses:
        return zoo.load(name, directories)
    wanted = tuple(dict.fromkeys((provider, "CPUExecutionProvider")))
    return zoo.Model(row, zoo.verify(row, path), wanted)


def _row(what: str, model: zoo.Model, n: int, ms: float, size: str | None) -> dict[str, Any]:
    width, height = model.row.size
    return {
        "what": what, "model": model.name, "provider": model.providers[0], "picture": size,
        "input": f"{width}x{height}", "batch": n, "file_batch": model.row.batch,
        "ms_each": round(ms, 2),
    }  # fmt: skip


def _noise(n: int, size: tuple[int, int]) -> Image:
    """(n,H,W,3) pictures of nobody: times hardly depend on what is seen."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, size[1], size[0], 3), dtype=np.uint8)


def _ms(run: Callable[[], object], n: int, rounds: int) -> float:
    """ms for each of n, the fastest of the rounds after one that warms up."""
    run()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * min(times) / n
