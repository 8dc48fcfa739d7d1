"""Pictures in; how well a face detector finds the faces in them, out.

With truth, the manifest is CSV: path,x1,y1,x2,y2, five points where they are known (`eye_right_x`
and so on), a row without a box for a picture without a face; `visible` and `facing` of a drawn face
and `score` of a teacher's say which faces are clear. Without truth, another detector's faces stand
in for it: then figures say how far the two agree, not who is right.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core import footage, zoo
from core.cascade import STAGES
from core.describe import MAX_ENLARGE, FaceDetector, Faces
from core.errors import BadInput, NotFound
from core.geometry import iou, letterbox
from core.metrics import detection as figures
from core.study.finding import SIDES, box_of, fast
from core.study.manifest import named, number, plain, rows, shown
from core.study.pictures import read
from core.study.stagesheet import sheet
from core.types import Float32, Image

POINTS = tuple(f"{point}_{axis}"
               for point in ("eye_right", "eye_left", "nose", "mouth_right", "mouth_left")
               for axis in "xy")  # fmt: skip
CLEAR: Mapping[str, float] = {"score": 0.7, "visible": 0.6, "facing": 0.35}
"""Columns that may be there: a face below one of these counts neither as found nor as missed."""
WIDTHS = (0, 16, 32, 64)  # px
LEAST_SCORE = 0.05  # lower than in use, so that the whole curve is seen
NEAR = 0.25  # of a face's width: two boxes whose middles are so near mean the same face
PICTURES = (".jpg", ".jpeg", ".png", ".webp")


def points_of(row: Mapping[str, str]) -> Float32:
    """A row's five points (5,2) px, NaN where they are not told."""
    told = [number(row, name) if (row.get(name) or "").strip() else np.nan for name in POINTS]
    return np.array(told, np.float32).reshape(5, 2)


def clear(row: Mapping[str, str]) -> bool:
    """Whether a row's face is one without doubt."""
    return all(
        number(row, name) >= least for name, least in CLEAR.items() if (row.get(name) or "").strip()
    )


def check(manifest: Path) -> None:
    """Raise NotFound or BadInput unless the table can be measured on."""
    for row in rows(manifest, ("path", *SIDES)):
        box_of(row)
        path = manifest.parent / row["path"]
        if not Path(str(path).partition("#t=")[0]).is_file():
            raise BadInput("there is no picture at {path}", path=path)


def truth(
    manifest: Path,
    model: str,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    beside: str | None = None,
) -> dict[str, Any]:
    """AP50, precision and recall at the best F1 and in use, and how far off the five points are.

    in_use: recall, and false boxes of a picture, at the score asked for in use
    recall_by_width: there, of faces below 16, 32, 64 px and wider
    points_error: mean distance of the points of found faces in widths of the face
    beside: a second detector that sees every picture right after the first
    ratio: seconds of the first to those of it

    Raises NotFound, BadInput, ModelError.
    """
    names = [model, *([beside] if beside else [])]
    detectors = [detector(name, directories, LEAST_SCORE) for name in names]
    true = read_truth(manifest)
    found: list[list[Faces]] = [[] for _ in names]
    seconds: list[list[float]] = [[] for _ in names]
    for path in shown(list(true), progress):
        image = read(path)
        for k, one in enumerate(detectors):
            start = time.perf_counter()
            found[k].append(one([image])[0])
            seconds[k].append(time.perf_counter() - start)
    told = [
        {
            **_figures(faces, list(true.values()), one.in_use),
            "seconds": plain(fast(times)),
            "model": name,
        }
        for faces, times, name, one in zip(found, seconds, names, detectors, strict=True)
    ]
    answer = {**told[0], "eval": "face-detection", "data": named(manifest)}
    if beside is None:
        return answer
    ratio = fast(seconds[0]) / fast(seconds[1])
    return {**answer, "beside": told[1], "ratio": plain(ratio)}


def detector(
    model: str, directories: Sequence[str | Path], min_score: float | None = None
) -> FaceDetector:
    """A face detector of that name; without a score as it is in use.

    Raises BadInput, NotFound, ModelError.
    """
    row = zoo.rows(directories).get(model)
    if row is None or row.task != "face":
        raise BadInput("{model!r} is not a face detector", model=model[:60])
    return FaceDetector(zoo.load(model, directories), min_score=min_score)


def stages(detector: FaceDetector, image: Image, faces: Faces, out: Path) -> dict[str, int]:
    """Write a picture of what each network let pass; how many of each. Raises BadInput."""
    import cv2

    if not isinstance(detector.model, zoo.CascadeModel):
        raise BadInput("{model} is no MTCNN: it has no stages to show", model=detector.model.name)
    if out.suffix.lower() not in PICTURES:
        raise BadInput("{path} is no name of a picture: take one that ends in .png", path=out)
    row = detector.model.row
    fitted, scale = letterbox(image, row.size, row.input["fill"], MAX_ENLARGE)
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    seen = fitted[:height, :width]  # as the networks saw it
    (looked,) = detector.model.looked([seen])
    made = sheet(seen, looked, Faces(faces.box * scale, faces.score, faces.landmarks * scale))
    _, data = cv2.imencode(out.suffix, made[:, :, ::-1])
    try:
        out.write_bytes(data.tobytes())
    except OSError as error:
        raise BadInput("{path} cannot be written: {why}", path=out, why=error.strerror) from None
    return {name: len(one) for name, one in zip(STAGES, looked, strict=True)}


@dataclass(frozen=True)
class Truth:
    """The faces of one picture: box (M,4), points (M,5,2) px or NaN, clear (M,)."""

    box: Float32
    points: Float32
    clear: NDArray[np.bool_]


def read_truth(manifest: Path) -> dict[Path, Truth]:
    """{picture: its faces} of a table. Raises NotFound, BadInput."""
    found: dict[Path, list[tuple[list[float], Float32, bool]]] = {}
    for row in rows(manifest, ("path", *SIDES)):
        of = found.setdefault(manifest.parent / row["path"], [])
        box = box_of(row)
        if box is not None:
            of.append((box, points_of(row), clear(row)))
    return {
        path: Truth(
            np.array([face[0] for face in some], np.float32).reshape(-1, 4),
            np.array([face[1] for face in some], np.float32).reshape(-1, 5, 2),
            np.array([face[2] for face in some], bool),
        )
        for path, some in found.items()
    }


def _figures(found: Sequence[Faces], true: Sequence[Truth], in_use: float) -> dict[str, Any]:
    counted = [_counted(one, of) for one, of in zip(found, true, strict=True)]
    pairs = [(one.box, one.score) for one in counted]
    boxes = [of.box[of.clear] for of in true]
    result = figures.detection(pairs, boxes)
    hit = np.concatenate([np.empty(0, bool), *figures.recall(pairs, boxes, in_use)])
    width = np.concatenate([np.empty(0), *(b[:, 2] - b[:, 0] for b in boxes)])
    by_width = {}
    for low, high in pairwise((*WIDTHS, math.inf)):
        here = (width >= low) & (width < high)
        if here.any():
            name = f"{low}-" if math.isinf(high) else f"{low}-{high}"
            by_width[name] = {"recall": plain(float(hit[here].mean())), "n": int(here.sum())}
    n_used = sum(int((score >= in_use).sum()) for _, score in pairs)
    told = {"recall": plain(float(hit.mean())) if len(hit) else None,
            "false_each": plain((n_used - int(hit.sum())) / max(1, len(true)))}  # fmt: skip
    return {
        **{name: plain(getattr(result, name)) for name in ("ap50", "precision", "recall", "score")},
        "in_use": told,
        "recall_by_width": by_width,
        "points_error": plain(_points_error(counted, true, in_use)),
        "n_faces": result.n_boxes,
        "n_pictures": result.n_pictures,
    }


def _counted(found: Faces, true: Truth) -> Faces:
    """What was found, without those on a face that counts neither way."""
    doubtful = true.box[~true.clear]
    if not len(found) or not len(doubtful):
        return found
    on = iou(found.box, doubtful).max(axis=1)
    better = iou(found.box, true.box[true.clear]).max(axis=1, initial=0.0)
    keep = (on < 0.5) | (better >= on)
    return Faces(found.box[keep], found.score[keep], found.landmarks[keep])


def _points_error(found: Sequence[Faces], true: Sequence[Truth], in_use: float) -> float:
    """Mean distance of points, in widths, of clear faces that a box in use overlaps by half."""
    off = []
    for one, of in zip(found, true, strict=True):
        used = one.score >= in_use
        known = of.clear & ~np.isnan(of.points).any(axis=(1, 2))
        for box, points in zip(of.box[known], of.points[known], strict=True):
            overlap = iou(box[None], one.box[used])[0]
            if overlap.max(initial=0.0) >= 0.5:
                apart = one.landmarks[used][int(overlap.argmax())] - points
                off.append(np.linalg.norm(apart, axis=1).mean() / (box[2] - box[0]))
    return float(np.mean(off)) if off else math.nan


def agreement_with(
    source: Path,
    model: str,
    beside: str,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    every_s: float = 1.0,
    most: int | None = None,
) -> dict[str, Any]:
    """How far a detector's faces are those of another (`beside`) on pictures without truth.

    source: a folder of pictures (and folders in it), or a film, of which a picture is taken
    every_s seconds; most: so many pictures, spread evenly. best: share of the pictures where the
    other finds a face in which the best boxes of both are NEAR;  found: share of the other's faces
    that have a box NEAR;  extra: boxes NEAR none of the other's, and per picture;  ratio: seconds.
    Raises NotFound, BadInput, ModelError.
    """
    ours, theirs = (detector(name, directories) for name in (model, beside))
    seconds: tuple[list[float], list[float]] = ([], [])
    best: list[bool] = []
    hit, extra, n, boxes = 0, 0, 0, 0
    for image in _images(source, every_s, most, progress):
        said = []
        for one, times in zip((ours, theirs), seconds, strict=True):
            start = time.perf_counter()
            said.append(one([image])[0])
            times.append(time.perf_counter() - start)
        mine, other = said
        n, boxes = n + 1, boxes + len(other)
        near = _near(mine, other)
        hit, extra = hit + int(near.any(axis=0).sum()), extra + int((~near.any(axis=1)).sum())
        if len(other):
            best.append(bool(len(mine) and near[0, 0]))
    return {
        "best": plain(float(np.mean(best))) if best else None,
        "found": plain(hit / boxes) if boxes else None,
        "extra": extra,
        "extra_each": plain(extra / max(1, n)),
        "n_pictures": n,
        "n_with_face": len(best),
        "n_faces": boxes,
        "seconds": plain(fast(seconds[0])) if n else None,
        "ratio": plain(fast(seconds[0]) / fast(seconds[1])) if n else None,
        "model": model,
        "beside": beside,
        "eval": "face-agreement",
        "data": named(source),
    }


def _near(mine: Faces, other: Faces) -> Any:
    """(N,M) True where the middle of a box is within NEAR of the width of the other's face."""
    middles = [(one.box[:, :2] + one.box[:, 2:]) / 2 for one in (mine, other)]
    apart = np.linalg.norm(middles[0][:, None] - middles[1][None], axis=2)
    return apart <= NEAR * (other.box[:, 2] - other.box[:, 0])[None]


def _images(
    source: Path, every_s: float, most: int | None, progress: IO[str] | None
) -> Iterable[Image]:
    """The pictures of a folder, or of a film."""
    if source.is_dir():
        files = sorted(p for p in source.rglob("*") if p.suffix.lower() in PICTURES)
        if not files:
            raise NotFound("{path} holds no picture", path=source)
        for path in shown(_spread(files, most), progress):
            yield read(path)
    elif source.is_file():
        frames = list(footage.frames(source, 1 / every_s))
        for frame in shown(_spread(frames, most), progress):
            yield frame.image
    else:
        raise NotFound("there is no picture at {path}", path=source)


def _spread(items: Sequence[Any], most: int | None) -> list[Any]:
    """At most so many of the items, evenly spread over all."""
    n = len(items) if most is None else min(most, len(items))
    return [items[i] for i in np.unique(np.linspace(0, len(items) - 1, n).round().astype(int))]
