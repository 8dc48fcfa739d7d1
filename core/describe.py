"""Crops in, descriptions out: body vector, face vector, how good each is, and why one is missing.

Probe and gallery go through this same code. Pictures are decoded from the JPEG bytes that are kept,
so a vector can always be computed again from the stored evidence. Faces are looked for at native
resolution in the upper part of the person; a covered lower face gives no face evidence.

Source: [wu2023yunet], [deng2019arcface]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core import mask
from core.errors import DongseonError, ModelError
from core.geometry import letterbox, nms, resize
from core.types import (
    ATTRIBUTES,
    Description,
    Float32,
    Image,
    Kind,
    Note,
    Tracklet,
    Vectors,
    note,
)
from core.zoo import BARENESS, Model

HEAD_SHARE = 0.45  # of the person's height, from the top: where a face is looked for
HEAD_WIDTHS = 1.3  # and at least so many widths of the box: near the camera only a bust is seen
MIN_FACE_PX = 10.0
FACE_SCORE = 0.6  # of a face in use, where the detector's row names no score of its own
MIN_FRONTAL = 0.25  # below, the nose is near one eye: a profile, which embedders compare badly
MAX_ENLARGE = 2.0  # a head is enlarged at most this much before a face is looked for
NO_FACES = note("clothing and body only: this model pack does not look at faces")
NO_JUDGE = note("no attribute model in this pack: ticks were not compared")
UNCLEAR = 0.9  # a judge so sure of a bare lower face takes it for bare, but does not show it
COVERED = 3  # how much a reason tells: the higher, the closer the face was to being used
RIVAL_SHARE = 0.6  # a second face this large beside the first: whose face is it? none is used


@dataclass(frozen=True)
class Faces:
    """Faces of one picture, best first, in its pixels.

    box (N,4), score (N,) 0-1, landmarks (N,5,2): eyes, nose, mouth corners, image-left first
    """

    box: Float32
    score: Float32
    landmarks: Float32

    def __len__(self) -> int:
        return len(self.box)


def decode_yunet(
    arrays: Mapping[str, NDArray[np.float32]], size: tuple[int, int], spec: Mapping[str, Any]
) -> Faces:
    """One picture's raw YuNet outputs -> all anchors as faces in input pixels, not yet suppressed.

    arrays  {"cls_8": (A,1), "obj_8": (A,1), "bbox_8": (A,4), "kps_8": (A,10), and so on}
    size    input (width, height);  spec = the row's output table with strides

    Source: [wu2023yunet]
    """
    boxes, scores, points = [], [], []
    for stride in spec["strides"]:
        y, x = np.mgrid[0 : size[1] // stride, 0 : size[0] // stride]
        cell = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)  # (A,2)
        shift = arrays[f"bbox_{stride}"]
        centre = (cell + shift[:, :2]) * stride
        half = np.exp(shift[:, 2:]) * stride / 2
        boxes.append(np.concatenate([centre - half, centre + half], axis=1))
        certain = np.clip(arrays[f"cls_{stride}"], 0, 1) * np.clip(arrays[f"obj_{stride}"], 0, 1)
        scores.append(np.sqrt(certain)[:, 0])
        points.append((arrays[f"kps_{stride}"].reshape(-1, 5, 2) + cell[:, None]) * stride)
    return Faces(np.concatenate(boxes), np.concatenate(scores), np.concatenate(points))


def decode_faces(
    arrays: Mapping[str, NDArray[np.float32]], size: tuple[int, int], spec: Mapping[str, Any]
) -> Faces:
    """What a library or a cascade found: box (M,4), score (M,), kps (M,5,2); score 0 = none."""
    return Faces(arrays["box"], arrays["score"], arrays["kps"])


DECODERS = {"yunet": decode_yunet, "insightface": decode_faces, "mtcnn": decode_faces}


class FaceDetector:
    """Finds faces in pictures of any size.

    min_score    from which a box is a face; default: what the model's row says, for use
    max_enlarge  small pictures are enlarged up to this
    """

    def __init__(
        self, model: Model, *, min_score: float | None = None, max_iou: float = 0.3
    ) -> None:
        if model.row.task != "face" or model.row.output["decoder"] not in DECODERS:
            raise ValueError(f"{model.name} is not a face detector")
        self.decode = DECODERS[model.row.output["decoder"]]
        self.model = model
        self.in_use = float(model.row.output.get("score", FACE_SCORE))
        self.min_score = self.in_use if min_score is None else min_score
        self.max_iou = max_iou

    def __call__(self, images: Sequence[Image], *, max_enlarge: float = MAX_ENLARGE) -> list[Faces]:
        """Faces of each picture (H,W,3) uint8 RGB, in its own pixels."""
        if not images:
            return []
        size, fill = self.model.row.size, self.model.row.input["fill"]
        fitted = [letterbox(image, size, fill, max_enlarge) for image in images]
        arrays = self.model(np.stack([picture for picture, _ in fitted]))
        named = dict(zip(self.model.output_names, arrays, strict=True))
        return [
            self._faces({name: array[i] for name, array in named.items()}, scale)
            for i, (_, scale) in enumerate(fitted)
        ]

    def _faces(self, arrays: Mapping[str, NDArray[np.float32]], scale: float) -> Faces:
        every = self.decode(arrays, self.model.row.size, self.model.row.output)
        likely = np.flatnonzero(every.score >= self.min_score)
        kept = likely[nms(every.box[likely], every.score[likely], self.max_iou)]
        return Faces(every.box[kept] / scale, every.score[kept], every.landmarks[kept] / scale)


def align(image: Image, landmarks: Float32) -> Image:
    """Turn and scale a face to the 112x112 ArcFace template by its 5 landmarks.

    Source: [deng2019arcface]
    """
    import cv2
    from insightface.utils.face_align import arcface_dst
    from skimage.transform import SimilarityTransform

    turn = SimilarityTransform.from_estimate(landmarks.astype(np.float64), arcface_dst)
    if not turn:  # landmarks on one spot
        return np.zeros((112, 112, 3), dtype=np.uint8)
    return np.asarray(cv2.warpAffine(image, turn.params[:2], (112, 112)), dtype=np.uint8)


Lower = Literal["bare", "unclear", "covered"]


def lower_face(face: Image, needed: float, judge: Model | None) -> Lower:
    """What is shown of the lower half of an aligned face (112,112,3): only "bare" is evidence.

    The rules of `core.mask` can show it bare, or a model that learned it and is sure; without light
    or colour neither can. Where that model takes it for bare, but is not sure, it is "unclear".
    needed: least bareness for the rules, 0-1
    """
    if not mask.lower_face_covered(face, needed):
        return "bare"
    if judge is None or not mask.may_be_bare(face):
        return "covered"
    sure = float(judge(resize(face, judge.row.size)[None])[0][0, 0])
    if sure >= judge.row.output["least"]:
        return "bare"
    return "unclear" if sure >= UNCLEAR else "covered"


def frontalness(landmarks: Float32) -> float:
    """1 for a face seen from the front, towards 0 for a profile: is the nose midway of the eyes?

    landmarks (5,2) px.
    """
    left, right, nose = (float(x) for x in landmarks[:3, 0])
    span = max(right - left, 1e-6)
    return float(np.clip(1 - 2 * abs((nose - left) / span - 0.5), 0, 1))


def decode(jpeg: bytes) -> Image:
    """A kept picture (JPEG or PNG bytes) -> (H,W,3) uint8 RGB. Raises DongseonError if damaged."""
    import cv2

    data = np.frombuffer(jpeg, dtype=np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise DongseonError("a stored picture is damaged and cannot be shown")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def unit(rows: NDArray[np.float32]) -> Float32:
    """Rows (n,D) scaled to length 1; a zero row becomes the first axis, never NaN."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    axis = np.zeros_like(rows)
    axis[:, 0] = 1
    return np.where(norm > 1e-12, rows / np.maximum(norm, 1e-12), axis).astype(np.float32)


@dataclass(frozen=True)
class Shot:
    """One picture of a person: image (H,W,3), the person's box in it (4,), quality 0-1 or NaN.

    headroom: share of the box, from its top, in which the face is looked for; 1 in a portrait
    bareness: how well a lower face must be shown to be bare (`core.mask`)
    face: the middle (x, y) px of the face that is meant, where somebody chose one of several
    """

    image: Image
    box: Float32
    quality: float
    headroom: float = HEAD_SHARE
    bareness: float = mask.BARE_IN_FOOTAGE
    face: tuple[float, float] | None = None


def bodies(model: Model, shots: Sequence[Shot]) -> Vectors:
    """Body vectors of one person, one for each of at least one picture."""
    (rows,) = model(_people(model, shots))
    heights = np.array([shot.box[3] - shot.box[1] for shot in shots], np.float32)
    return Vectors("body", unit(rows), _qualities(shots), heights, np.arange(len(shots)))


def judge(model: Model, shots: Sequence[Shot]) -> dict[str, Float32]:
    """{attribute: (V,) probabilities} of one person: the mean over pictures by their quality.

    Raises ModelError if the model tells other values apart than this version does.
    """
    weight = _qualities(shots) + 1e-6  # (n,)
    said = dict(zip(model.output_names, model(_people(model, shots)), strict=True))
    found = {}
    for name, values in model.row.output["heads"].items():
        if tuple(values) != ATTRIBUTES.get(name) or name not in said:
            raise ModelError(
                "{model} judges {name} by other values than this version: train it again",
                model=model.name,
                name=name,
            )
        found[name] = np.average(said[name], axis=0, weights=weight).astype(np.float32)
    return found


def _people(model: Model, shots: Sequence[Shot]) -> Image:
    """The people cut out of the pictures, at the model's input size (n,H,W,3)."""
    pictures = []
    for shot in shots:
        height, width = shot.image.shape[:2]
        x1, y1 = np.clip(np.floor(shot.box[:2]), 0, [width - 1, height - 1]).astype(int)
        x2, y2 = np.maximum(np.ceil(shot.box[2:]), [x1 + 1, y1 + 1]).astype(int)
        pictures.append(resize(shot.image[y1:y2, x1:x2], model.row.size))
    return np.stack(pictures)


def _qualities(shots: Sequence[Shot]) -> Float32:
    """(n,) 0-1; what was not judged counts as good."""
    return np.nan_to_num([shot.quality for shot in shots], nan=1.0).astype(np.float32)


@dataclass(frozen=True)
class _Face:
    aligned: Image
    width_px: float
    quality: float


class Describer:
    """Describes people with one pack's models.

    body, face, face_embedding, face_bareness, attributes: models of these tasks (body: of
    body_embedding); without the first two for faces nobody's face is looked at, without the third
    rules alone say whether a lower face is bare, without attributes nothing is judged. ModelError
    for a face_bareness that is none
    """

    def __init__(
        self,
        body: Model,
        face: Model | None = None,
        face_embedding: Model | None = None,
        face_bareness: Model | None = None,
        attributes: Model | None = None,
    ) -> None:
        self.body = body
        if face_bareness is not None and (
            face_bareness.row.task != BARENESS or "least" not in face_bareness.row.output
        ):
            raise ModelError("{model} judges no bare lower faces", model=face_bareness.name)
        self.bareness = face_bareness
        self.attributes = attributes
        self.faces = FaceDetector(face) if face is not None else None
        self.face_embedding = face_embedding

    @property
    def models(self) -> dict[str, str]:
        """{name: sha256} of the models whose vectors and judgements this makes."""
        used = (self.body, self.face_embedding, self.attributes)
        return {model.name: model.row.sha256 for model in used if model is not None}

    def lower_face(self, face: Image, needed: float) -> Lower:
        """What is shown of the lower half of an aligned face, by this pack: see `lower_face`."""
        return lower_face(face, needed, self.bareness)

    def find_faces(self, images: Sequence[Image]) -> list[Faces]:
        """Faces of each picture, in its own pixels; none where this pack does not look at faces."""
        if self.faces is None:
            empty = np.zeros((0, 5, 2), np.float32)
            return [Faces(empty[:, :4, 0], empty[:, 0, 0], empty) for _ in images]
        return self.faces(images)

    def tracklet(self, tracklet: Tracklet) -> Description:
        """Describe a tracklet from its kept pictures."""
        shots = [
            Shot(decode(jpeg), box, float(quality))
            for jpeg, box, quality in zip(
                tracklet.crops, tracklet.crop_box, tracklet.crop_quality, strict=True
            )
        ]
        return self.shots(tracklet.id, shots)

    def shots(
        self, of_id: str, shots: Sequence[Shot], kinds: Sequence[Kind] = ("body", "face")
    ) -> Description:
        """Describe one person shown by several pictures; kinds: only these vectors."""
        vectors: dict[str, Vectors] = {}
        attributes: dict[str, Float32] = {}
        missing: dict[str, Note] = {}
        if self.attributes is None:
            missing["attributes"] = NO_JUDGE
        elif "body" in kinds and shots:
            attributes = judge(self.attributes, shots)
        if "body" in kinds and shots:
            vectors[self.body.name] = bodies(self.body, shots)
        elif "body" in kinds:
            missing["body"] = note("no usable picture of the person")
        if "face" in kinds:
            faces, missing["face"] = self._best_faces(shots)
            if faces and self.face_embedding is not None:
                vectors[self.face_embedding.name] = _embed_faces(self.face_embedding, faces)
                del missing["face"]
        judge_name = self.attributes.name if self.attributes is not None and attributes else ""
        return Description(of_id, vectors, attributes, missing, judge_name)

    def _best_faces(self, shots: Sequence[Shot]) -> tuple[dict[int, _Face], Note]:
        """{shot number: its face} for usable faces; and what kept the nearest other from use.

        A face is bare if more of its pictures show it bare than covered; then those in which that
        is unclear are of a bare face, too.
        """
        if self.faces is None:
            return {}, NO_FACES
        heads = [_head(shot) for shot in shots]
        seen: dict[Lower, dict[int, _Face]] = {"bare": {}, "unclear": {}, "covered": {}}
        rejected: list[tuple[int, Note]] = [(0, note("no face to be seen"))]
        for i, (shot, faces) in enumerate(zip(shots, self.faces(heads), strict=True)):
            chosen, rivals = _own_face(shot, faces)
            if chosen is None:
                continue
            if rivals:
                rejected.append((2, note("two faces in one picture: not clear whose it is")))
                continue
            width = float(faces.box[chosen, 2] - faces.box[chosen, 0])
            aligned = align(heads[i], faces.landmarks[chosen])
            if width < MIN_FACE_PX:
                too_small = note("face {px:.0f} px wide: too small to compare", px=width)
                rejected.append((2, too_small))
            elif frontalness(faces.landmarks[chosen]) < MIN_FRONTAL:
                rejected.append((1, note("face seen from the side only: not compared")))
            else:
                lower = self.lower_face(aligned, shot.bareness)
                quality = float(faces.score[chosen]) * frontalness(faces.landmarks[chosen])
                seen[lower][i] = _Face(aligned, width, quality)
        if seen["unclear"] or seen["covered"]:
            hidden = note("lower face covered or not shown clearly: no face evidence")
            rejected.append((COVERED, hidden))
        usable = dict(sorted((seen["bare"] | seen["unclear"]).items()))
        if len(seen["bare"]) <= len(seen["covered"]):
            usable = {}  # one bare-looking frame among masked ones is no bare face
        return usable, max(rejected, key=lambda one: one[0])[1]


def _embed_faces(model: Model, faces: Mapping[int, _Face]) -> Vectors:
    (rows,) = model(np.stack([face.aligned for face in faces.values()]))
    return Vectors(
        "face",
        unit(rows),
        np.array([face.quality for face in faces.values()], np.float32),
        np.array([face.width_px for face in faces.values()], np.float32),
        np.array(list(faces), np.int64),
    )


def _head(shot: Shot) -> Image:
    """The upper part of the picture, where the person's face would be, at native resolution."""
    width, height = shot.box[2:] - shot.box[:2]
    y2 = shot.box[1] + max(shot.headroom * height, HEAD_WIDTHS * width)
    return shot.image[: max(8, int(np.ceil(y2)))]


def _own_face(shot: Shot, faces: Faces) -> tuple[int | None, int]:
    """The largest face inside the person's box, or the one meant; and how many rival its size."""
    centre = (faces.box[:, :2] + faces.box[:, 2:]) / 2  # (N,2)
    inside = np.all((centre >= shot.box[:2]) & (centre <= shot.box[2:]), axis=1)
    width = np.where(inside, faces.box[:, 2] - faces.box[:, 0], 0)
    if not inside.any():
        return None, 0
    if shot.face is not None:
        apart = np.linalg.norm(centre - np.array(shot.face), axis=1)
        return int(np.where(inside, apart, np.inf).argmin()), 0
    best = int(width.argmax())
    return best, int(np.sum(width >= RIVAL_SHARE * width[best])) - 1
