"""A film in; how long ingest takes beside bare decoding and bare models on the same frames, out."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import footage, zoo
from core.study.bench.measure import Way, compared
from core.types import Camera
from core.workspace import Workspace

BUDGET = 1.25
START = "2026-05-01T09:00:00+09:00"
BATCH = 8


def ingest(
    video: Path | None = None,
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    *,
    seconds: float = 20.0,
    fps: float = 5.0,
    rounds: int = 3,
) -> dict[str, Any]:
    """Wall time of a whole ingest against decoding the file plus running the models, one by one.

    video  None = a made-up film of that many seconds, in which nobody walks
    The models of the reference run on as many frames, crops and faces as ingest found; decoding and
    models do not overlap in it, as ingest lets them.
    """
    with tempfile.TemporaryDirectory(prefix="dongseon-bench-") as folder:
        film = video or _film(Path(folder) / "film.mp4", seconds)
        root = Path(folder) / "workspace"
        ws = _ingested(root, film, pack, directories, fps)
        found = _counts(ws)
        frames = sum(1 for _ in footage.frames(film, fps))
        work = _models(ws, frames, found)
        parts: dict[str, float] = {}

        def reference() -> None:
            start = time.perf_counter()
            _decode(film, fps)
            middle = time.perf_counter()
            _run(work)
            parts["decode_seconds"] = round(middle - start, 3)
            parts["models_seconds"] = round(time.perf_counter() - middle, 3)

        result = compared(
            Way(
                "ingest",
                lambda: _ingested(root, film, pack, directories, fps),
                before=lambda: shutil.rmtree(root, ignore_errors=True),
            ),
            Way("bare decode + bare models", reference),
            rounds=rounds,
        )
    return {
        **result,
        **parts,
        "film": "made up" if video is None else video.name,
        "frames": frames,
        **found,
        "pack": ws.pack,
        "budget": BUDGET,
        "within_budget": result["ratio"] <= BUDGET,
    }


def _film(path: Path, seconds: float, fps: int = 15) -> Path:
    """1280x720 H.264: a grey street under drifting noise, so that decoding costs what it costs."""
    import av

    rng = np.random.default_rng(0)
    wall = rng.integers(60, 190, (720, 1600, 3), dtype=np.uint8)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=fps, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for i in range(round(seconds * fps)):
            picture = np.ascontiguousarray(wall[:, i % 320 : i % 320 + 1280] // 4 + 96)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode(None))
    return path


def _ingested(
    root: Path, film: Path, pack: str | None, directories: Sequence[str | Path], fps: float
) -> Workspace:
    ws = Workspace.create(root, pack, directories)
    ws.add_camera(Camera("c1", "c1", "r1"))
    for _ in ws.ingest(film, camera="c1", start=START, fps=fps):
        pass
    return ws


def _counts(ws: Workspace) -> dict[str, int]:
    """How many tracklets, crops and faces there were."""
    ids = ws.gallery.select(columns=("tracklet_id",))["tracklet_id"].to_pylist()
    about = ws.gallery.descriptions(ids)
    kinds = [v.kind for one in about for v in one.vectors.values() for _ in v.rows]
    return {"tracklets": len(ids), "crops": kinds.count("body"), "faces": kinds.count("face")}


def _models(ws: Workspace, frames: int, found: dict[str, int]) -> list[tuple[zoo.Model, int]]:
    """Each model, and how many pictures go through it."""
    n = {
        "person": frames,
        "body_embedding": found["crops"],
        "face": found["crops"],
        "face_embedding": found["faces"],
    }
    return [(ws.load(task), count) for task, count in n.items() if count and task in ws.models()]


def _run(work: list[tuple[zoo.Model, int]]) -> None:
    for model, count in work:
        width, height = model.row.size
        picture = np.zeros((min(BATCH, count), height, width, 3), np.uint8)
        for start in range(0, count, BATCH):
            model(picture[: count - start])


def _decode(film: Path, fps: float) -> None:
    for _ in footage.frames(film, fps):
        pass
