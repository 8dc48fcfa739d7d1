"""A photo in; who in it could be meant, how well they are shown, and advice in words, out.

Advice never forbids: a poor photo is better than none. Its limits are ours, set on the portraits
and shots named beside them, and none of them touches evidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core import mask, photo
from core.describe import NO_FACES, Describer, Faces, align, frontalness
from core.detect import PersonDetector
from core.geometry import iou, resize
from core.track import cut_person
from core.types import Float32, Image, Note, note

FIRM_SCORE = 0.5  # a person in a photo
SAME_IOU = 0.5  # two boxes that share this much, and no second face, are one person found twice
RIVAL_AREA = 0.5  # somebody this large beside the largest: who is looked for?
RIVAL_FACE = 0.6  # a face this wide beside the widest
HAIR = 0.4  # face heights from the top of a face to the top of the head
BUST = (1.0, 0.8, 1.0, 3.0)  # face widths and heights around a face: left, above, right, below
SHOWN_PX = 1000  # longer side of the picture in which people choose
YEAR_S = 365.25 * 86_400

POOR_FACE_PX, SMALL_FACE_PX, GOOD_FACE_PX = 24.0, 40.0, 80.0
SIDE = 0.45  # frontalness below which a face is called turned
DARK, BRIGHT = 50.0, 225.0  # mean grey value of the face
BLURRED = 35.0  # variance of the Laplacian of the aligned face
EYES_TO_SKIN = 0.55  # brightness of the eyes over that of the skin: sunglasses, or deep shade
"""223 photos of the LFW development set: the Laplacian's first percentile is 41, and 95 % lie below
31 once the photos are blurred (sigma 2.5 px). Dark eyes are named in 14 (some wear sunglasses), and
in all 223 with a dark band painted over the eyes."""

Box = tuple[float, float, float, float]
Level = Literal["good", "weak", "bad"]


@dataclass(frozen=True)
class Person:
    """Somebody in a photo, xyxy px: the person as far as shown, and the face, None if not seen."""

    box: Box
    face: Box | None = None


@dataclass(frozen=True)
class Group:
    """Who is in a photo, from left to right.

    picture  JPEG to choose in, the longer side at most 1000 px;  scale: its pixels per pixel
    chosen   index of the one person meant; None if nobody stands out, or nobody was found
    """

    sha256: str
    taken_s: float | None
    size: tuple[int, int]
    people: tuple[Person, ...]
    chosen: int | None
    picture: bytes
    scale: float

    @property
    def boxes(self) -> list[Box]:
        """The people in pixels of `picture`: the face where there is one, since faces are told."""
        return [_scaled(one.face or one.box, self.scale) for one in self.people]


@dataclass(frozen=True)
class Advice:
    """One sentence about a photo; it guides and never forbids."""

    level: Level
    text: Note


@dataclass(frozen=True)
class Shown:
    """How one person of a photo will be compared. face: 112 x 112 JPEG, None if not seen."""

    person: bytes
    face: bytes | None
    advice: tuple[Advice, ...]


def group(picture: photo.Picture, detector: PersonDetector, describer: Describer) -> Group:
    """Find the people of a photo, and the one who stands out."""
    image = picture.image
    height, width = image.shape[:2]
    people = find(image, detector, describer)
    shown, scale = _reduced(image)
    return Group(
        picture.sha256, picture.taken_s, (width, height), people, stands_out(people), shown, scale
    )


def find(image: Image, detector: PersonDetector, describer: Describer) -> tuple[Person, ...]:
    """People and faces of a photo joined, from left to right.

    A face belongs to the person in whose box it lies nearest to the top, or on top of whose box it
    stands: a detector may cut a head off, and the box then reaches up to it. A face without a
    person of its own gets a box of head and shoulders.
    """
    found = detector([image])[0]
    faces = describer.find_faces([image])[0]
    firm = _once(found.box[found.score >= FIRM_SCORE], faces)
    owner = _owners(firm, faces)
    height, width = image.shape[:2]
    face_of = {b: _box(faces.box[f]) for f, b in owner.items()}
    people = [
        Person(_with_head(_box(box), face_of.get(k)), face_of.get(k)) for k, box in enumerate(firm)
    ]
    people += [
        Person(_bust(_box(faces.box[f]), (width, height)), _box(faces.box[f]))
        for f in range(len(faces))
        if f not in owner
    ]
    return tuple(sorted(people, key=lambda one: one.box[0] + one.box[2]))


def stands_out(people: Sequence[Person]) -> int | None:
    """Index of the person who is much larger than all others, None if there is none."""
    if not people:
        return None
    area = np.array([(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (p.box for p in people)])
    face = np.array([0.0 if p.face is None else p.face[2] - p.face[0] for p in people])
    first = int(area.argmax())
    rivals = (area > RIVAL_AREA * area[first]) | (face >= RIVAL_FACE * max(face[first], 1.0))
    rivals[first] = False
    return None if rivals.any() else first


def shown(
    image: Image,
    chosen: Person | None,
    describer: Describer,
    *,
    age_s: float | None = None,
    others: int = 0,
) -> Shown:
    """Cut the person out as it will be compared, and say how well the photo shows them.

    chosen  None: nobody was found, the whole picture counts
    age_s   how long ago it was taken, None = not known;  others: how many other people it shows
    """
    height, width = image.shape[:2]
    box = chosen.box if chosen else (0.0, 0.0, float(width), float(height))
    person = cut_person(image, np.array(box, np.float32))[0]
    advice = [*_age_advice(age_s)]
    if others:
        advice.insert(0, Advice("weak", note("{n} other people in it: check the number", n=others)))
    if describer.faces is None:
        return Shown(person, None, (Advice("weak", NO_FACES), *advice))
    aligned, landmarks, face_px = _aligned(image, chosen, describer)
    if aligned is None or landmarks is None:
        said = note("no face found: only clothing can be compared, and only if it is the same")
        return Shown(person, None, (Advice("bad", said), *advice))
    told = [_size_advice(face_px), *_look_advice(aligned, landmarks, describer)]
    return Shown(person, photo.jpeg(aligned), (*told, *advice))


def _aligned(
    image: Image, chosen: Person | None, describer: Describer
) -> tuple[Image | None, Float32 | None, float]:
    """The chosen person's face turned upright, its landmarks, and its width in px."""
    if chosen is None or chosen.face is None:
        return None, None, math.nan
    faces = describer.find_faces([image])[0]
    if not len(faces):
        return None, None, math.nan
    own = nearest(faces, chosen.face)
    return align(image, faces.landmarks[own]), faces.landmarks[own], chosen.face[2] - chosen.face[0]


def nearest(faces: Faces, box: Box) -> int:
    """Index of the face whose middle lies nearest to the middle of a box."""
    middle = (faces.box[:, :2] + faces.box[:, 2:]) / 2  # (N,2)
    wanted = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    return int(np.linalg.norm(middle - wanted, axis=1).argmin())


# -- words -----------------------------------------------------------------------------------------


def _size_advice(px: float) -> Advice:
    if px >= GOOD_FACE_PX:
        return Advice("good", note("face {px:.0f} px wide: large enough", px=px))
    if px >= SMALL_FACE_PX:
        return Advice("good", note("face {px:.0f} px wide: usable", px=px))
    if px >= POOR_FACE_PX:
        return Advice("weak", note("face {px:.0f} px wide: small; a closer photo helps", px=px))
    return Advice("bad", note("face {px:.0f} px wide: too small to say much", px=px))


def _look_advice(face: Image, landmarks: Float32, describer: Describer) -> list[Advice]:
    """What hinders the comparison of an aligned face (112,112,3)."""
    import cv2

    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    light = float(grey[28:110, 20:92].mean())
    said = []
    if frontalness(landmarks) < SIDE:
        said.append(Advice("weak", note("turned to the side: a photo from the front helps")))
    if light < DARK:
        said.append(Advice("weak", note("dark: a brighter photo helps")))
    elif light > BRIGHT:
        said.append(Advice("weak", note("too bright: a photo with less light helps")))
    if float(cv2.Laplacian(grey[28:110, 20:92], cv2.CV_64F).var()) < BLURRED:
        said.append(Advice("weak", note("blurred: a sharper photo helps")))
    if eyes_dark(face):
        said.append(Advice("weak", note("eyes in the dark, perhaps sunglasses: bare eyes help")))
    elif light >= DARK:
        lower = describer.lower_face(face, mask.BARE_IN_PHOTO)
        if lower == "covered":
            hidden = note("mouth and chin not shown bare: the face is not compared")
            said.append(Advice("bad", hidden))
        elif lower == "unclear":
            unclear = note("mouth and chin hard to see: compared only beside a clearer photo")
            said.append(Advice("weak", unclear))
    return said


def eyes_dark(face: Image) -> bool:
    """Whether both eyes of an aligned face (112,112,3) are much darker than the skin around."""
    grey = face.astype(np.float32).mean(axis=2)
    skin = float(np.median(np.concatenate([grey[66:80, 28:44], grey[66:80, 68:84]])))
    eyes = [float(np.median(grey[44:60, x : x + 22])) for x in (27, 63)]
    return max(eyes) < EYES_TO_SKIN * skin


def _age_advice(age_s: float | None) -> list[Advice]:
    if age_s is None:
        return [Advice("weak", note("date taken not known: ask, faces change"))]
    years = age_s / YEAR_S
    if years >= 2:
        text = note("taken {years:.0f} years ago: faces change, children's most", years=years)
        return [Advice("weak", text)]
    return []


# -- small pieces ----------------------------------------------------------------------------------


def _once(boxes: Float32, faces: Faces) -> Float32:
    """Boxes (N,4), best first -> without those that show somebody a second time."""
    kept: list[int] = []
    middle = (faces.box[:, :2] + faces.box[:, 2:]) / 2  # (F,2)
    for k, box in enumerate(boxes):
        same = [j for j, shared in zip(kept, iou(box[None], boxes[kept])[0], strict=True)
                if shared >= SAME_IOU]  # fmt: skip
        around = boxes[[*same, k]]
        low, high = around[:, :2].min(axis=0), around[:, 2:].max(axis=0)
        if not same or np.sum(((middle >= low) & (middle <= high)).all(axis=1)) > 1:
            kept.append(k)
    return boxes[kept]


def _owners(boxes: Float32, faces: Faces) -> dict[int, int]:
    """{face: the person box it belongs to}; each box keeps the face nearest to its top middle.

    A face whose middle stands at most its own height above a box comes after those inside.
    """
    best: dict[int, tuple[bool, float, int]] = {}
    for f in range(len(faces)):
        x, y = (float(v) for v in (faces.box[f, :2] + faces.box[f, 2:]) / 2)
        height = float(faces.box[f, 3] - faces.box[f, 1])
        near = [
            (y < y1, math.hypot(x - (x1 + x2) / 2, y - y1), k)
            for k, (x1, y1, x2, y2) in enumerate(boxes.tolist())
            if x1 <= x <= x2 and y1 - height <= y <= y2
        ]
        if near:
            above, distance, k = min(near)
            best[k] = min(best.get(k, (True, math.inf, -1)), (above, distance, f))
    return {f: k for k, (_, _, f) in best.items()}


def _with_head(box: Box, face: Box | None) -> Box:
    """The box, as far up as the head of its face where it ends below."""
    if face is None or face[1] >= box[1]:
        return box
    return (box[0], max(0.0, face[1] - HAIR * (face[3] - face[1])), box[2], box[3])


def _bust(face: Box, size: tuple[int, int]) -> Box:
    x1, y1, x2, y2 = face
    w, h = x2 - x1, y2 - y1
    left, above, right, below = BUST
    return (
        max(0.0, x1 - left * w),
        max(0.0, y1 - above * h),
        min(float(size[0]), x2 + right * w),
        min(float(size[1]), y2 + below * h),
    )


def _box(row: Float32) -> Box:
    x1, y1, x2, y2 = (float(v) for v in row)
    return x1, y1, x2, y2


def _scaled(box: Box, scale: float) -> Box:
    x1, y1, x2, y2 = (v * scale for v in box)
    return x1, y1, x2, y2


def _reduced(image: Image) -> tuple[bytes, float]:
    """The picture to choose in, JPEG, and its scale."""
    height, width = image.shape[:2]
    scale = min(1.0, SHOWN_PX / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return photo.jpeg(resize(image, size)), scale
