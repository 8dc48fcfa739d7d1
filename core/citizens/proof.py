"""How real the citizens are, in figures: a set of crops or a folder of public models in.

`hardness` needs nothing but a manifest; the others measure with models that a user names: is a
drawn face a face (YuNet), a drawn body a body (YOLOX), and is identity in both (OSNet, a face
embedder)? Nothing is trained on these figures; the crop cameras alone were set by them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import backdrop
from core.citizens.chance import generator
from core.citizens.datasets import FACE_LIGHTS, face_view
from core.citizens.people import Citizen, citizen
from core.citizens.render import Renderer
from core.citizens.stage import Light, Placed, View
from core.errors import BadInput, NotFound

Image = NDArray[np.uint8]
Float32 = NDArray[np.float32]

STRIPES = 6
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
ARCFACE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366],
                    [41.5493, 92.3655], [70.7299, 92.2041]], np.float32)  # fmt: skip


def _stripes(image: Image) -> Float32:
    """Six horizontal stripes of HSV histograms, square roots, one unit row."""
    hsv = np.asarray(cv2.cvtColor(cv2.resize(image, (64, 128)), cv2.COLOR_BGR2HSV), np.uint8)
    parts = []
    for k in range(STRIPES):
        part = hsv[k * 128 // STRIPES : (k + 1) * 128 // STRIPES]
        bins = cv2.calcHist([part], [0, 1, 2], None, [8, 8, 8], [0, 180, 0, 256, 0, 256])
        parts.append(np.sqrt(np.asarray(bins, np.float32).ravel() / bins.sum()))
    row = np.concatenate(parts)
    unit: Float32 = row / np.linalg.norm(row)
    return unit


def rank1(rows: Float32, person: NDArray[Any], query: NDArray[np.bool_]) -> float:
    """Share of queries whose nearest gallery row is the same person. rows (N,D) unit rows."""
    nearest = np.argmax(rows[query] @ rows[~query].T, axis=1)
    return float((person[~query][nearest] == person[query]).mean())


def shuffled_rank1(
    rows: Float32, person: NDArray[Any], query: NDArray[np.bool_], rounds: int = 20
) -> float:
    """Mean rank-1 with the gallery's names dealt out anew: chance, unless the figures deceive."""
    rng = generator("proof", "shuffle")
    told = []
    for _ in range(rounds):
        dealt = person.copy()
        dealt[~query] = rng.permutation(person[~query])
        told.append(rank1(rows, dealt, query))
    return float(np.mean(told))


@dataclass(frozen=True, eq=False)
class _Crops:
    """A set of crops: person (N,) ids, query (N,) True for probes, BGR images."""

    person: NDArray[Any]
    query: NDArray[np.bool_]
    images: list[Image]


def _crops(manifest: Path) -> _Crops:
    if not manifest.is_file():
        raise NotFound("{path} does not exist: make a set first", path=str(manifest))
    rows = list(csv.DictReader(manifest.read_text(encoding="utf-8").splitlines()))
    images = [np.asarray(cv2.imread(str(manifest.parent / row["path"])), np.uint8) for row in rows]
    return _Crops(np.array([row["person_id"] for row in rows]),
                  np.array([row["role"] == "query" for row in rows]), images)  # fmt: skip


def hardness(
    manifest: Path, models: Path | None = None, empty: Path | None = None
) -> dict[str, float]:
    """Rank-1 of the stripe histogram (and of OSNet, if models has it) on a set of crops.

    Beside each stand its leak probes, which must not beat chance: the names shuffled and, given
    the manifest of the same set made with nobody in it, the people taken away.
    Raises NotFound if a manifest does not exist, BadInput if the empty set is not of this set.
    """
    crops = _crops(manifest)
    bare = None if empty is None else _crops(empty)
    person, query = crops.person, crops.query
    if bare is not None and not (np.array_equal(bare.person, person)
                                 and np.array_equal(bare.query, query)):  # fmt: skip
        raise BadInput("{path} is not this set with nobody in it: make it with --empty",
                       path=str(empty))  # fmt: skip
    out = {"chance": float(np.mean([(person[~query] == p).mean() for p in person[query]]))}
    describe: dict[str, Callable[[list[Image]], Float32]] = {
        "histogram": lambda images: np.stack([_stripes(image) for image in images])
    }
    if models is not None:
        body = _Body(models)
        describe["osnet"] = lambda images: body.rows([image[:, :, ::-1] for image in images])
    for name, vectors in describe.items():
        rows = vectors(crops.images)
        out[f"{name}_rank1"] = rank1(rows, person, query)
        out[f"{name}_shuffled_rank1"] = shuffled_rank1(rows, person, query)
        if bare is not None:
            out[f"{name}_empty_rank1"] = rank1(vectors(bare.images), person, query)
    return out


def _session(path: Path) -> Any:
    if not path.is_file():
        raise NotFound("{path} does not exist: name a folder that has it", path=str(path))
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


class _Body:
    """OSNet trained by others: (H,W,3) RGB crops to unit rows."""

    def __init__(self, models: Path) -> None:
        self.session = _session(models / "osnet_x0_25_msmt17.onnx")

    def rows(self, images: Sequence[Image]) -> Float32:
        out = []
        name = self.session.get_inputs()[0].name
        for image in images:
            small = np.asarray(cv2.resize(np.ascontiguousarray(image), (128, 256)), np.float32)
            x = ((small / 255 - MEAN) / STD).transpose(2, 0, 1)[None].astype(np.float32)
            row = self.session.run(None, {name: x})[0][0]
            out.append(row / np.linalg.norm(row))
        return np.stack(out)


class _Face:
    """A face embedder trained by others: picture and five landmarks to a unit row."""

    def __init__(self, models: Path) -> None:
        self.session = _session(models / "mobilefacenet_foamliu.onnx")

    def row(self, image: Image, points: Float32) -> Float32:
        turn, _ = cv2.estimateAffinePartial2D(points, ARCFACE, method=cv2.LMEDS)
        small = np.asarray(cv2.warpAffine(image, turn, (112, 112)), np.float32)
        x = ((small / 255 - MEAN) / STD).transpose(2, 0, 1)[None].astype(np.float32)
        row = self.session.run(None, {self.session.get_inputs()[0].name: x})[0][0]
        unit: Float32 = row / np.linalg.norm(row)
        return unit


def _alike(person: Citizen) -> tuple[object, ...]:
    """What a comparison keeps equal: sex, age band, main ancestry, hair."""
    return person.sex, person.age, int(np.argmax(person.ancestry)), person.hair.kind


def _closer(first: Float32, second: Float32, people: Sequence[Citizen]) -> tuple[float, int]:
    """Share of comparisons where two pictures of one are closer than of two who are alike."""
    scores = first @ second.T
    kinds = [_alike(person) for person in people]
    wins = [scores[i, i] > scores[i, j] for i in range(len(people)) for j in range(len(people))
            if i != j and kinds[i] == kinds[j]]  # fmt: skip
    return float(np.mean(wins)), len(wins)


def faces(renderer: Renderer, models: Path, count: int = 90) -> dict[str, float]:
    """YuNet on unmasked frontal faces over 40 px, and how close two faces of one citizen are."""
    path = models / "face_detection_yunet_2023mar.onnx"
    if not path.is_file():
        raise NotFound("{path} does not exist: name a folder that has it", path=str(path))
    detector = cv2.FaceDetectorYN.create(str(path), "", (320, 320), 0.6)
    embed = _Face(models)
    people = [citizen(seed, "test") for seed in range(count)]
    found: list[bool] = []
    rows: list[list[Float32]] = [[], []]
    for person in people:
        bare = replace(person, outfit=replace(person.outfit, mask=None))
        for k, expression in enumerate(("neutral", "smile")):
            rng = generator("proof", "face", person.seed, k)
            placed = Placed(bare, gait="stand", expression=expression)
            yaw, pitch = (float(x) for x in rng.uniform((-15, -5), (15, 12)))
            view = face_view(renderer, placed, yaw, pitch, 160)
            light = list(FACE_LIGHTS.values())[int(rng.integers(6))]
            frame = renderer.draw(view, light, [], [placed])
            rows[k].append(embed.row(frame.image, frame.landmarks[0]))
            wide = cv2.copyMakeBorder(frame.image[:, :, ::-1].copy(), 80, 80, 80, 80,
                                      cv2.BORDER_CONSTANT, value=(120, 120, 120))  # fmt: skip
            if person.attributes()["glasses"] != "sunglasses":
                found.append(detector.detect(wide)[1] is not None)
    closer, pairs = _closer(np.stack(rows[0]), np.stack(rows[1]), people)
    return {"yunet_found": float(np.mean(found)), "yunet_faces": len(found),
            "face_same_closer": closer, "face_pairs": pairs}  # fmt: skip


def _people_in(session: Any, image: Image) -> Float32:
    """(n,4) xyxy boxes of YOLOX-nano with a score over 0.3."""
    scale = min(416 / image.shape[0], 416 / image.shape[1])
    small = cv2.resize(image, None, fx=scale, fy=scale)
    canvas = np.full((416, 416, 3), 114, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    x = canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
    raw = session.run(None, {session.get_inputs()[0].name: x})[0][0]
    cells, steps = [], []
    for step in (8, 16, 32):
        n = 416 // step
        y, x_ = np.mgrid[:n, :n]
        cells.append(np.stack([x_, y], -1).reshape(-1, 2))
        steps.append(np.full((n * n, 1), step))
    stride = np.concatenate(steps)
    middle, half = (raw[:, :2] + np.concatenate(cells)) * stride, np.exp(raw[:, 2:4]) * stride / 2
    boxes = np.concatenate([middle - half, middle + half], 1) / scale
    kept: Float32 = boxes[raw[:, 4] * raw[:, 5] > 0.3].astype(np.float32)
    return kept


def _overlap(boxes: Float32, box: Float32) -> float:
    """The largest intersection over union of a box with boxes (n,4)."""
    if not len(boxes):
        return 0.0
    size = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    shared = np.maximum(size, 0).prod(1)
    union = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (box[2:] - box[:2]).prod() - shared
    return float((shared / union).max())


def bodies(renderer: Renderer, models: Path, scenes: int = 40, count: int = 80) -> dict[str, float]:
    """YOLOX on unoccluded people over 100 px tall, and how close two crops of one citizen are."""
    session, body = _session(models / "yolox_nano.onnx"), _Body(models)
    hits: list[bool] = []
    for k in range(scenes):
        rng = generator("proof", "scene", k)
        eye = (0.0, -9.0, float(rng.uniform(2.5, 4.5)))
        people = [
            Placed(citizen(1000 + 4 * k + j, "test"), (*rng.uniform((-4, -3), (4, 4)), 0.0),
                   float(rng.uniform(0, 360)), ("walk", "stand", "slow", "phone")[j],
                   float(rng.uniform()))
            for j in range(4)
        ]  # fmt: skip
        view = View(eye, (0.0, 0.0, 0.9), 45.0, -0.05, (640, 480))
        street = backdrop.facing(backdrop.street(f"proof-{k}"), np.array(eye))
        frame = renderer.draw(view, Light(), street, people, amodal=True)
        boxes = _people_in(session, frame.image)
        for i, full in enumerate(frame.full_box):
            inside = full.min() > 0 and full[2] < 640 and full[3] < 480
            if inside and full[3] - full[1] >= 100 and frame.visible(i) > 0.95:
                hits.append(_overlap(boxes, full) > 0.5)
    people_ = [citizen(seed, "test") for seed in range(count)]
    rows = []
    for turn, phase in ((20.0, 0.1), (-25.0, 0.6)):
        crops = [renderer.draw(View((0.0, 6.0, 2.2), (0.0, 0.0, 0.86), 21.0, size=(128, 256)),
                               Light(), [], [Placed(p, heading_deg=turn, phase=phase)]).image
                 for p in people_]  # fmt: skip
        rows.append(body.rows(crops))
    closer, pairs = _closer(rows[0], rows[1], people_)
    return {"yolox_found": float(np.mean(hits)), "yolox_people": len(hits),
            "body_same_closer": closer, "body_pairs": pairs}  # fmt: skip
