"""Descriptions speak only where the picture does: whose face it is, from where, how large.

Faces are drawn, and found by an ONNX file that says what it is told, so that nothing is needed.
The tests marked `real` need the public weights and LFW `pairsDevTrain` beside the project.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from core import describe, zoo
from core.describe import (
    Describer,
    FaceDetector,
    Shot,
    align,
    decode,
    decode_yunet,
    frontalness,
    lower_face,
)
from core.describe import unit as unit_rows
from core.errors import DongseonError, ModelError
from core.gallery import Gallery
from core.types import Tracklet

BESIDE = Path(__file__).parents[2] / "shared"
MODELS = Path(os.environ.get("DONGSEON_MODELS") or BESIDE / "models")
LFW = Path(os.environ.get("DONGSEON_REAL") or BESIDE / "real") / "lfw_devtrain"

# The ArcFace template for 112 x 112 px: eyes, nose, mouth corners, image-left first.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]]
)  # fmt: skip
SIZE = 128  # of the told face detector's input, px
STRIDE = 8


@dataclass(frozen=True)
class Told:
    """A face the detector will report: box and landmarks in input px."""

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    score: float = 0.9


def face_at(x: float = 8, y: float = 8, width: float = 72, turn: float = 0.0) -> Told:
    """A face of a width; turn 0 from the front to 1: the nose under the image-left eye."""
    scale = width / 72
    points = (TEMPLATE - (20, 24)) * scale + (x, y)
    points[2, 0] += turn * (points[0, 0] - points[2, 0])
    return Told((x, y, x + width, y + 84 * scale), points)


def yunet_arrays(faces: Sequence[Told]) -> dict[str, np.ndarray]:
    """What YuNet would say: arrays of one stride, (1,A,columns) each."""
    across = SIZE // STRIDE
    width = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    arrays = {n: np.zeros((1, across * across, w), np.float32) for n, w in width.items()}
    for face in faces:
        box = np.array(face.box)
        centre, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        cell = np.floor(centre / STRIDE)
        at = int(cell[1] * across + cell[0])
        arrays["cls"][0, at] = arrays["obj"][0, at] = face.score
        arrays["bbox"][0, at] = [*(centre / STRIDE - cell), *np.log(size / STRIDE)]
        arrays["kps"][0, at] = (face.landmarks / STRIDE - cell).ravel()
    return {f"{name}_{STRIDE}": array for name, array in arrays.items()}


def told_model(row: zoo.Row, faces: Sequence[Told]) -> zoo.Model:
    """A face detector that reports these faces in every picture."""
    arrays = yunet_arrays(faces)
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array))
            for name, array in arrays.items()
        ],
        "told",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape)
            for name, array in arrays.items()
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made)
    spec = {**row.input, "size": [SIZE, SIZE]}
    told = replace(row, input=spec, output={"decoder": "yunet", "strides": [STRIDE]})
    return zoo.Model(told, made.SerializeToString())


@pytest.fixture(scope="module")
def describer(tiny_pack):
    """Make a describer whose face detector reports these faces."""
    body, face, embedding = (
        zoo.load(name, [tiny_pack]) for name in ("tiny_body", "tiny_face", "tiny_face_embedding")
    )
    return lambda *faces: Describer(body, told_model(face.row, faces), embedding)


def portrait() -> np.ndarray:
    """A drawn bare face where `face_at()` says it is, in a 128 x 128 px picture."""
    tone = np.array((232.0, 190, 165))
    face = np.full((SIZE, SIZE, 3), (90, 95, 100), np.uint8)

    def blob(x, y, rx, ry, colour):
        rgb = tuple(map(float, colour))
        cv2.ellipse(face, ((x - 12, y - 16), (2 * rx, 2 * ry), 0), rgb, -1, cv2.LINE_AA)

    blob(56, 50, 47, 66, tone * 0.2)
    blob(56, 66, 41, 56, tone)
    for x in (38, 74):
        blob(x, 52, 7, 3, (235, 232, 228))
        blob(x, 52, 3, 3, tone * 0.25)
        blob(x, 43, 9, 2, tone * 0.3)
    for x in (51, 61):
        blob(x, 77, 3, 2, tone * 0.35)
    blob(56, 92, 15, 5.5, tone * (0.88, 0.62, 0.68))
    blob(56, 92, 14, 1.6, tone * 0.3)
    return cv2.GaussianBlur(face, (0, 0), 1.2)


def shot(image: np.ndarray, quality: float = 1.0, box=None) -> Shot:
    whole = np.array([0, 0, image.shape[1], image.shape[0]] if box is None else box, np.float32)
    return Shot(image, whole, quality, headroom=1.0)


# Reading the face detector.


def test_decode_by_hand():
    spec = {"strides": [2, 4]}  # input 4 x 4: four cells, then one
    arrays = {
        **{f"{n}_2": np.zeros((4, w), np.float32) for n, w in
           (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))},
        "cls_4": np.array([[0.5]], np.float32),
        "obj_4": np.array([[2.0]], np.float32),  # more than certain counts as certain
        "bbox_4": np.array([[0.5, 0.25, np.log(0.5), np.log(2)]], np.float32),
        "kps_4": np.arange(10, dtype=np.float32)[None] / 10,
    }  # fmt: skip
    arrays["cls_2"][1] = arrays["obj_2"][1] = 0.6
    arrays["kps_2"][2, :2] = [0.5, 0.5]
    faces = decode_yunet(arrays, (4, 4), spec)
    assert len(faces) == 5
    assert faces.score == pytest.approx([0, 0.6, 0, 0, np.sqrt(0.5)])
    assert faces.box[1] == pytest.approx([1, -1, 3, 1])
    assert faces.box[4] == pytest.approx([1, -3, 3, 5])
    assert faces.landmarks[2, 0] == pytest.approx([1, 3])  # cell x 0, y 1
    assert faces.landmarks[4] == pytest.approx(np.arange(10).reshape(5, 2) * 0.4)


def test_faces_are_pixels_of_each_picture(describer):
    told = face_at(24, 16, 40)
    sizes = [(128, 128), (256, 256), (512, 384), (64, 64), (32, 32)]
    found = describer(told).faces([np.zeros((h, w, 3), np.uint8) for w, h in sizes])
    for (width, height), faces in zip(sizes, found, strict=True):
        scale = min(SIZE / width, SIZE / height, 2.0)  # enlarged at most twice
        assert faces.box[0] == pytest.approx(np.array(told.box) / scale, rel=1e-4)
        assert faces.landmarks[0] == pytest.approx(told.landmarks / scale, rel=1e-4)
    assert describer(told).faces([]) == []


def test_weak_and_doubled_faces_are_dropped_best_first(describer):
    faces = [face_at(10, 10, 40), replace(face_at(18, 10, 40), score=0.7), face_at(76, 20, 30)]
    weak = replace(face_at(70, 80, 30), score=0.5)
    (found,) = describer(*faces, weak).faces([np.zeros((SIZE, SIZE, 3), np.uint8)])
    assert found.box[:, 0] == pytest.approx([10, 76], abs=1e-3)


def test_another_kind_of_model_is_refused(tiny_pack):
    with pytest.raises(ValueError, match="tiny_body is not a face detector"):
        FaceDetector(zoo.load("tiny_body", [tiny_pack]))


# Geometry of a face.


@pytest.mark.parametrize("turn_deg", [-40.0, 0.0, 25.0])
@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5])
def test_aligning_puts_eyes_nose_and_mouth_on_the_template(turn_deg, scale):
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = ((TEMPLATE - 56) * scale) @ turn.T + 200
    for n in range(5):
        image = np.zeros((400, 400, 3), np.uint8)
        cv2.circle(image, tuple(np.round(points[n] * 16).astype(int)), int(3 * scale * 16),
                   (255, 255, 255), -1, cv2.LINE_AA, 4)  # fmt: skip
        seen = align(image, points.astype(np.float32))[..., 0].astype(float)
        assert seen.shape == (112, 112)
        y, x = np.mgrid[:112, :112]
        middle = np.array([(x * seen).sum(), (y * seen).sum()]) / seen.sum()
        assert middle == pytest.approx(TEMPLATE[n], abs=0.6)


def test_landmarks_on_one_spot_give_a_black_face_not_a_crash():
    assert not align(portrait(), np.full((5, 2), 50, np.float32)).any()


def test_frontalness_falls_as_the_nose_goes_to_one_eye():
    values = [frontalness(face_at(turn=turn).landmarks) for turn in (0, 0.25, 0.5, 0.75, 1)]
    assert values[0] > 0.97
    assert np.all(np.diff(values) < 0)
    assert values[-1] < 0.01
    beyond, mirrored = face_at(turn=1.5).landmarks, face_at(turn=0.5).landmarks.copy()
    assert frontalness(beyond) == 0
    mirrored[:, 0] = 200 - mirrored[:, 0]
    mirrored[[0, 1, 3, 4]] = mirrored[[1, 0, 4, 3]]
    assert frontalness(mirrored) == pytest.approx(values[2])
    assert frontalness(np.zeros((5, 2), np.float32)) == 0  # all on one spot


# Which faces speak.


def test_a_bare_face_from_the_front_speaks_with_its_width(describer):
    shots = [shot(portrait() // 8), shot(portrait()), shot(portrait())]
    about = describer(face_at()).shots("p", shots)
    faces = about.vectors["tiny_face_embedding"]
    assert faces.kind == "face"
    assert faces.size_px == pytest.approx([72, 72], rel=1e-4)
    assert faces.crop.tolist() == [1, 2]  # the first picture is too dark to be sure
    assert faces.quality[0] == pytest.approx(0.9 * frontalness(face_at().landmarks), rel=1e-3)
    assert "face" not in about.missing


def test_a_face_carries_the_width_it_has_in_the_picture_not_in_the_detector(describer):
    small = cv2.resize(portrait(), (64, 64), interpolation=cv2.INTER_AREA)
    about = describer(face_at()).shots("p", [shot(small)])  # enlarged twice before it is found
    assert about.vectors["tiny_face_embedding"].size_px == pytest.approx([36], rel=1e-4)


@pytest.mark.parametrize(
    ("faces", "why"),
    [
        ((), "no face to be seen"),
        ((face_at(turn=0.9),), "from the side only"),
        ((face_at(20, 20, 9),), "9 px wide: too small"),
        ((face_at(0, 8, 60), face_at(66, 8, 60)), "two faces"),
        ((face_at(0, 8, 60), face_at(70, 8, 40)), "two faces"),
    ],
    ids=["none", "profile", "small", "two alike", "a rival two thirds as large"],
)
def test_a_face_that_may_not_speak_says_why(describer, faces, why):
    about = describer(*faces).shots("p", [shot(portrait())])
    assert "tiny_face_embedding" not in about.vectors
    assert why in str(about.missing["face"])
    assert len(about.vectors["tiny_body"]) == 1


def test_a_much_smaller_face_beside_is_no_rival(describer):
    both = describer(face_at(), face_at(90, 90, 30)).shots("p", [shot(portrait())])
    assert both.vectors["tiny_face_embedding"].size_px == pytest.approx([72], rel=1e-4)


def test_a_face_outside_the_persons_box_is_somebody_elses(describer):
    about = describer(face_at()).shots("p", [shot(portrait(), box=[90, 0, 128, 128])])
    assert "no face" in str(about.missing["face"])
    rival = describer(face_at(0, 8, 60), face_at(66, 8, 60))
    mine = rival.shots("p", [shot(portrait(), box=[0, 0, 64, 128])])
    assert "two faces" not in str(mine.missing.get("face"))  # the other is no rival


def test_a_covered_lower_face_is_no_evidence(describer):
    covered = portrait()
    covered[56:118, 8:80] = (150, 200, 222)
    about = describer(face_at()).shots("p", [shot(covered)])
    assert "lower face covered" in str(about.missing["face"])


def judge_of(sure: float, tiny_pack: Path) -> zoo.Model:
    """A judge of bare lower faces that is always so sure."""
    row = zoo.rows([tiny_pack])["tiny_face_embedding"]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
            helper.make_node("Mul", ["mean", "none"], ["zero"]),
            helper.make_node("Add", ["zero", "sure"], ["flat"]),
            helper.make_node("Unsqueeze", ["flat", "axis"], ["bare"]),
        ],
        "judge",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("bare", TensorProto.FLOAT, ["n", 1])],
        [
            numpy_helper.from_array(np.zeros(1, np.float32), "none"),
            numpy_helper.from_array(np.full(1, sure, np.float32), "sure"),
            numpy_helper.from_array(np.array([1], np.int64), "axis"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    told = replace(row, task=zoo.BARENESS, input={**row.input, "size": [64, 64]},
                   output={"decoder": "bareness", "least": 0.99})  # fmt: skip
    return zoo.Model(told, made.SerializeToString())


@pytest.mark.parametrize(("sure", "lower"), [(0.995, "bare"), (0.98, "unclear"), (0.5, "covered")])
def test_a_judge_can_show_a_face_bare_that_the_rules_do_not(describer, tiny_pack, sure, lower):
    covered = portrait()
    covered[56:118, 8:80] = (150, 200, 222)
    plain, judge = describer(face_at()), judge_of(sure, tiny_pack)
    judged = Describer(plain.body, plain.faces.model, plain.face_embedding, judge)
    about = judged.shots("p", [shot(covered)])
    assert ("tiny_face_embedding" in about.vectors) == (lower == "bare")
    face = align(covered, face_at().landmarks)
    assert lower_face(face, 0.5, judge) == lower
    assert lower_face(face, 0.5, None) == "covered"
    assert lower_face(align(portrait(), face_at().landmarks), 0.5, judge) == "bare"


@pytest.mark.parametrize(
    ("said", "used"),
    [
        (("bare", "unclear", "unclear"), [0, 1, 2]),
        (("unclear", "covered", "bare", "bare"), [0, 2, 3]),
        (("bare", "covered", "unclear"), None),
        (("unclear", "unclear"), None),
        (("covered",), None),
    ],
)
def test_what_is_unclear_is_used_only_where_others_show_the_face_bare(
    describer, monkeypatch, said, used
):
    told = iter(said)
    monkeypatch.setattr(describe, "lower_face", lambda *_: next(told))
    about = describer(face_at()).shots("p", [shot(portrait()) for _ in said])
    if used is None:
        assert "lower face covered" in str(about.missing["face"])
    else:
        assert about.vectors["tiny_face_embedding"].crop.tolist() == used


def test_a_model_that_is_no_judge_is_refused(describer):
    plain = describer(face_at())
    with pytest.raises(ModelError, match="tiny_face_embedding judges no bare lower faces"):
        Describer(plain.body, plain.faces.model, plain.face_embedding, plain.face_embedding)


def test_without_light_or_colour_no_judge_is_asked(describer, tiny_pack):
    plain = describer(face_at())
    judged = Describer(
        plain.body, plain.faces.model, plain.face_embedding, judge_of(1.0, tiny_pack)
    )
    grey = np.repeat(portrait().mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    for picture in (grey, portrait() // 8):
        about = judged.shots("p", [shot(np.ascontiguousarray(picture))])
        assert "covered" in str(about.missing["face"])


def test_one_bare_looking_picture_among_covered_ones_is_no_evidence(describer):
    covered = portrait()
    covered[56:118, 8:80] = (150, 200, 222)
    bare, mask = shot(portrait()), shot(covered)
    for shots, speak in [([bare, mask], False), ([bare, mask, mask], False), ([bare] * 2, True)]:
        about = describer(face_at()).shots("p", shots)
        assert ("tiny_face_embedding" in about.vectors) == speak
        assert ("covered" in str(about.missing.get("face"))) != speak


def test_the_reason_that_came_nearest_is_the_one_given(describer):
    side, covered = face_at(turn=0.9), np.full((SIZE, SIZE, 3), 128, np.uint8)
    about = describer(side).shots("p", [shot(covered), shot(portrait())])
    assert "from the side" in str(about.missing["face"])
    about = describer(face_at()).shots("p", [shot(covered)])
    assert "covered" in str(about.missing["face"])


def test_without_a_picture_everything_is_missing_and_nothing_fails(describer):
    about = describer(face_at()).shots("p", [])
    assert about.vectors == {}
    assert set(about.missing) == {"face", "body", "attributes"}


def test_body_rows_keep_picture_height_and_quality(describer):
    images = [np.full((SIZE, SIZE, 3), n * 60, np.uint8) for n in range(3)]
    shots = [
        shot(image, quality) for image, quality in zip(images, (0.2, np.nan, 0.7), strict=True)
    ]
    shots[2] = replace(shots[2], box=np.array([10.2, 20.0, 30.9, 80.5], np.float32))
    body = describer().shots("p", shots).vectors["tiny_body"]
    assert body.size_px == pytest.approx([128, 128, 60.5])
    assert body.quality == pytest.approx([0.2, 1.0, 0.7])
    assert body.crop.tolist() == [0, 1, 2]


def test_the_body_is_the_box_not_the_margin_around_it(describer):
    image = np.full((100, 80, 3), 255, np.uint8)
    image[20:90, 30:60] = (200, 10, 10)
    inside = describer().shots("p", [shot(image, box=[30, 20, 60, 90])]).vectors["tiny_body"]
    image[:20] = image[90:] = image[:, :30] = image[:, 60:] = 0
    again = describer().shots("p", [shot(image, box=[30, 20, 60, 90])]).vectors["tiny_body"]
    assert np.array_equal(inside.rows, again.rows)
    outside = shot(image, box=[200, 300, 210, 310])  # a box that left the picture is no crash
    assert len(describer().shots("p", [outside]).vectors["tiny_body"]) == 1


def test_unit_rows_have_length_one_and_nothing_is_never_nan():
    rows = unit_rows(np.array([[3, 4], [0, 0], [1e-20, 0]], np.float32))
    assert rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [1, 0], [1, 0]]


# Stored pictures.


def jpeg(image: np.ndarray) -> bytes:
    held = io.BytesIO()
    Image.fromarray(image).save(held, "JPEG", quality=95)
    return held.getvalue()


def test_a_stored_picture_comes_back_in_its_colours():
    image = np.full((20, 30, 3), (200, 60, 20), np.uint8)
    assert np.abs(decode(jpeg(image)).astype(int) - image).max() < 6


@pytest.mark.parametrize("content", [b"x", b"\xff\xd8\xff\xe0", jpeg(portrait())[:200]])
def test_a_damaged_picture_is_one_clear_error(describer, content):
    with pytest.raises(DongseonError, match="stored picture is damaged"):
        decode(content)
    one = Tracklet("c/k/1", [0.0], np.zeros((1, 4)), [1], [0], np.zeros((1, 4)), (content,))
    with pytest.raises(DongseonError, match="stored picture is damaged"):
        describer().tracklet(one)


def test_a_description_computed_again_from_the_stored_pictures_is_the_same(
    tiny_workspace, tiny_pack
):
    names = ("tiny_body", "tiny_face", "tiny_face_embedding")
    tiny = Describer(*(zoo.load(name, [tiny_pack]) for name in names))
    gallery = Gallery(tiny_workspace / "gallery")
    found = gallery.select(columns=("tracklet_id",))["tracklet_id"].to_pylist()
    assert len(found) == 4
    for name in found:
        stored, again = gallery.description(name), tiny.tracklet(gallery.tracklet(name))
        assert stored.vectors.keys() == again.vectors.keys() == {"tiny_body"}
        for column in ("rows", "quality", "size_px", "crop"):
            a, b = (getattr(d.vectors["tiny_body"], column) for d in (stored, again))
            assert np.array_equal(a, b)
        assert dict(stored.missing) == dict(again.missing)


def test_a_face_description_computed_again_from_the_stored_picture_is_the_same(describer):
    stored = jpeg(portrait())
    box = np.array([[0, 0, SIZE, SIZE]])
    one = Tracklet("c/k/1", [0.0], box, [1], [0], box, (stored, ), [0.8])  # fmt: skip
    first, second = (describer(face_at(y=4)).tracklet(one) for _ in range(2))
    assert first.vectors.keys() == second.vectors.keys()
    for name, vectors in first.vectors.items():
        assert np.array_equal(vectors.rows, second.vectors[name].rows)


# Real faces.


def real(test):
    """Mark a test that needs LFW and the public weights."""
    lacking = not ((LFW / "pairsDevTrain.txt").exists() and (MODELS / "yolox_nano.onnx").exists())
    reason = f"NOT TESTED on real faces: no LFW in {LFW} or no weights in {MODELS} (set DONGSEON_*)"
    return pytest.mark.real(pytest.mark.skipif(lacking, reason=reason)(test))


@pytest.fixture(scope="module")
def reference():
    pack = zoo.pack("reference")
    tasks = (pack.body_embedding, pack.face, pack.face_embedding)
    return Describer(*(zoo.load(name, [MODELS]) for name in tasks))


def face_of(reference, image):
    """The face vectors of one photo, or None."""
    return reference.shots("p", [shot(image)]).vectors.get("mobilefacenet_foamliu")


def lfw(name: str, number: str) -> np.ndarray:
    return decode((LFW / "images" / name / f"{name}_{int(number):04d}.jpg").read_bytes())


@real
def test_the_same_person_is_closer_than_another(reference):
    lines = (LFW / "pairsDevTrain.txt").read_text().split("\n")[1:]
    same = [(a, i, a, j) for a, i, j in (x.split("\t") for x in lines[:1100:27])][:40]
    other = [tuple(x.split("\t")) for x in lines[1100:2200:27]][:40]
    cosines = {True: [], False: []}
    for pairs, alike in ((same, True), (other, False)):
        for a, i, b, j in pairs:
            one, two = (face_of(reference, lfw(*p)) for p in ((a, i), (b, j)))
            if one is not None and two is not None:
                cosines[alike].append(float(one.rows[0] @ two.rows[0]))
    alike, apart = np.array(cosines[True]), np.array(cosines[False])
    print(f"{len(alike)} and {len(apart)} pairs; {alike.min():.2f} {apart.max():.2f}")
    assert len(alike) >= 20
    assert len(apart) >= 20
    assert np.mean(alike[:, None] > apart[None]) > 0.98
    assert np.median(alike) > apart.max()


@real
@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_a_smaller_photo_says_that_its_face_is_smaller(reference, share):
    whole = lfw("AJ_Cook", "1")
    side = round(250 * share)
    image = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
    (full,), (faces,) = reference.faces([whole]), reference.faces([image])
    width = full.box[0, 2] - full.box[0, 0]
    assert faces.box[0, 2] - faces.box[0, 0] == pytest.approx(width * share, rel=0.15)
    found = face_of(reference, image)
    assert found.size_px == pytest.approx(width * share, rel=0.15)
