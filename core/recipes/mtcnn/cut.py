"""Faces and what the nets before took for faces in; groups of labelled crops out, seeded.

A crop is a square window of a picture: a face (it overlaps one by FACE), a part of one (by PART),
or none (by less than NONE); a crop for the points is a face's, too. Kinds come in the published
shares. Windows are cut as the product cuts them, and changed as another camera might show them.

Source: [zhang2016mtcnn]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from core import cascade
from core.geometry import iou, resize
from core.recipes.mtcnn.faces import Faces
from core.recipes.mtcnn.plan import GROUP, Plan
from core.recipes.order import Key
from core.recipes.randomise import compressed
from core.study.pictures import read
from core.types import Float32, Float64, Image, Int

NO, YES, PARTLY, MARKED, ANY = range(5)  # kinds of crops; ANY: the teacher alone says what it is
SHARES = (3, 1, 1, 2)  # of the kinds but ANY
ASKED = 4  # share of ANY beside them where there is a teacher
FACE, PART, NONE = 0.65, 0.4, 0.3  # IoU with the square around a face
NEAR = 0.35  # share of the crops without a face that are cut beside one
MINED = 0.6  # share of a kind's crops that the nets before proposed, where there are some
TRIES = 12
AROUND = 0.6  # share of the crops for the teacher that are cut around a face, sure or not
BLENDED = 0.4  # share of them that are mixed with another crop
MIRROR = (1, 0, 2, 4, 3)  # the points of a mirrored face
Group = tuple[Image, NDArray[np.int64], Float32, Float32]


@dataclass(frozen=True)
class Mined:
    """Windows that the nets before let pass: picture (M,), box (M,4) square px, kind (M,), and the
    face (M,) of the picture that it is or is part of, -1 for none."""

    picture: Int
    box: Float32
    kind: Int
    face: Int


def kind_of(window: Float32, faces: Float32) -> tuple[Int, Int]:
    """(kind (M,), face (M,)) of windows (M,4) by the faces (F,4) of their picture; kind -1 = none
    of the kinds."""
    if not len(faces):
        return np.full(len(window), NO), np.full(len(window), -1)
    overlap = iou(window, cascade.square(faces))
    best, face = overlap.max(axis=1), overlap.argmax(axis=1)
    kind = np.select([best >= FACE, best >= PART, best < NONE], [YES, PARTLY, NO], -1)
    return kind.astype(np.int64), np.where(kind == NO, -1, face).astype(np.int64)


class Crops(Dataset):
    """Groups of crops by key (epoch, index, 0): pictures (GROUP,s,s,3) uint8, kinds (GROUP,), boxes
    (GROUP,4) and points (GROUP,10) in widths of the window, 0 where the kind has none.

    plain  True: crops are left as they are, to judge on
    """

    def __init__(
        self, faces: Faces, at: Int, plan: Plan, stage: int, mined: Mined | None,
        plain: bool = False,
    ) -> None:  # fmt: skip
        self.faces, self.at, self.plan, self.stage = faces, at, plan, stage
        self.side, self.plain = cascade.SIDES[stage], plain
        self.known = faces.known(at)
        self.mined = mined
        # What is drawn from, and how often each is drawn before it: by the tables' shares.
        self.faced = self._often([i for i, _ in self.known])
        self.faces_there = [(i, k) for i in at.tolist() for k in range(len(faces.box[i]))]
        self.there = self._often([i for i, _ in self.faces_there])
        self.seen = self._often(at.tolist())
        self.pool = {kind: self._proposed(kind) for kind in (NO, YES, PARTLY)}
        self.picture = lru_cache(maxsize=4096)(read)

    def __len__(self) -> int:
        return self.plan.crops(self.stage) // GROUP

    def _often(self, pictures: list[int]) -> Float64:
        """How often (N,) something of each picture is drawn, summed up to 1."""
        table = self.faces.table[pictures]
        count = np.bincount(table, minlength=int(self.faces.table.max()) + 1)
        share = np.array(self.plan.share or count.astype(float))
        weight = np.cumsum(share[table] / count[table])
        return np.asarray(weight / weight[-1:], dtype=np.float64)

    def _proposed(self, kind: int) -> tuple[Int, Float64]:
        """What the nets before proposed of that kind: indices (M,), and how often each is drawn."""
        if self.mined is None:
            return np.zeros(0, np.int64), np.zeros(0)
        mine = (self.mined.kind == kind) & np.isin(self.mined.picture, self.at)
        found = np.flatnonzero(mine)
        return found, self._often(self.mined.picture[found].tolist())

    def __getitem__(self, key: Key) -> Group:
        epoch, index, _ = key
        rng = np.random.default_rng([self.plan.seed, 4, self.stage, int(self.plain), epoch, index])
        share = np.array([*SHARES, ASKED if self.plan.teacher and not self.plain else 0])
        kinds = rng.choice(len(share), GROUP, p=share / share.sum())
        images = np.zeros((GROUP, self.side, self.side, 3), np.uint8)
        box, points = np.zeros((GROUP, 4), np.float32), np.zeros((GROUP, 10), np.float32)
        for k, kind in enumerate(kinds.tolist()):
            picture, window, face = self._window(rng, kind)
            image = self.picture(self.faces.path[picture])
            images[k] = self._cut(image, window, rng)
            if face >= 0:
                width = window[2] - window[0]
                box[k] = (self.faces.box[picture][face] - window) / width
                marks = (self.faces.points[picture][face] - window[:2]) / width
                points[k] = marks.ravel()
        kinds = np.where((kinds == MARKED) & np.isnan(points).any(axis=1), YES, kinds)
        if not self.plain:
            _flipped(images, box, points, rng)
            images = developed(images, rng)
            _blended(images, kinds == ANY, rng)
        return images, kinds.astype(np.int64), box, np.nan_to_num(points)

    def _window(self, rng: np.random.Generator, kind: int) -> tuple[int, Float32, int]:
        """(picture, square window, the face it is of or -1) of a crop of that kind."""
        if kind == ANY:
            return self._anything(rng)
        wanted = YES if kind == MARKED else kind
        pool, often = self.pool[wanted]
        if self.mined is not None and len(pool) and rng.uniform() < MINED:
            k = int(pool[_drawn(often, rng)])
            face = int(self.mined.face[k])
            return int(self.mined.picture[k]), self.mined.box[k], face
        if kind == NO:
            return self._nowhere(rng)
        picture, face = self.known[_drawn(self.faced, rng)]
        whole = cascade.square(self.faces.box[picture][[face]])[0]
        window = whole
        for _ in range(TRIES):
            window = _shifted(whole, rng, 0.14 if wanted == YES else 0.3)
            if kind_of(window[None], self.faces.box[picture][[face]])[0][0] == wanted:
                break
        return picture, window, face

    def _anything(self, rng: np.random.Generator) -> tuple[int, Float32, int]:
        """A window around a face, sure or not, that the nets before proposed, or anywhere."""
        if rng.uniform() < AROUND:
            picture, face = self.faces_there[_drawn(self.there, rng)]
            whole = cascade.square(self.faces.box[picture][[face]])[0]
            return picture, _shifted(whole, rng, float(rng.uniform(0, 0.6))), -1
        kind = int(rng.integers(3))
        pool, often = self.pool[kind]
        if self.mined is not None and len(pool) and rng.uniform() < MINED:
            k = int(pool[_drawn(often, rng)])
            return int(self.mined.picture[k]), self.mined.box[k], -1
        picture = int(self.at[_drawn(self.seen, rng)])
        height, width = self.picture(self.faces.path[picture]).shape[:2]
        return picture, _anywhere((width, height), rng), -1

    def _nowhere(self, rng: np.random.Generator) -> tuple[int, Float32, int]:
        """A window without a face: beside one, or anywhere in any picture."""
        picture, window = int(self.at[_drawn(self.seen, rng)]), np.zeros(4, np.float32)
        near = rng.uniform() < NEAR
        if near:
            picture, face = self.known[_drawn(self.faced, rng)]
        height, width = self.picture(self.faces.path[picture]).shape[:2]
        for _ in range(TRIES):
            if near:
                whole = cascade.square(self.faces.box[picture][[face]])[0]
                window = _shifted(whole, rng, 0.9)
            else:
                window = _anywhere((width, height), rng)
            if kind_of(window[None], self.faces.box[picture])[0][0] == NO:
                break
        else:  # a picture that is nothing but a face
            window = np.array([0, 0, 6, 6], np.float32)
        return picture, window, -1

    def _cut(self, image: Image, window: Float32, rng: np.random.Generator) -> Image:
        """A window at the net's size; often from fewer pixels, as of a face farther away."""
        made = cascade.crops(image, window[None], self.side)[0]
        if self.plain or rng.uniform() > 0.3:
            return made
        fewer = int(rng.integers(max(6, self.side // 4), self.side))
        small = resize(made, (fewer, fewer))
        if fewer >= 8 and rng.uniform() < 0.5:
            small = compressed(small, int(rng.integers(30, 90)))
        return resize(small, (self.side, self.side))


def _drawn(often: Float64, rng: np.random.Generator) -> int:
    """An index, by how often each is drawn: often (N,) summed up."""
    return min(int(np.searchsorted(often, rng.random(), side="right")), len(often) - 1)


def _shifted(whole: Float32, rng: np.random.Generator, most: float) -> Float32:
    """A square near another: moved and resized by up to `most` of its side, or a bit more."""
    side = float(whole[2] - whole[0])
    new = side * float(np.exp(rng.uniform(-1.4, 1.4) * most))
    middle = (whole[:2] + whole[2:]) / 2 + rng.uniform(-most, most, 2) * side
    return np.concatenate([middle - new / 2, middle + new / 2]).astype(np.float32)


def _anywhere(size: tuple[int, int], rng: np.random.Generator) -> Float32:
    """A square anywhere in a picture (width, height), from 12 px to its shorter side."""
    width, height = size
    side = float(np.exp(rng.uniform(np.log(12), np.log(max(13, min(width, height))))))
    x, y = rng.uniform(0, max(1, width - side)), rng.uniform(0, max(1, height - side))
    return np.array([x, y, x + side, y + side], np.float32)


def _blended(images: Image, asked: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Mix some of the crops that the teacher is asked about with others of the group.

    A teacher is learned from best where it is asked about more than what is there; few real
    pictures go far so. Source: [beyer2022patient]
    """
    before = images.astype(np.float32)
    for k in np.flatnonzero(asked & (rng.uniform(size=len(images)) < BLENDED)).tolist():
        share = float(rng.uniform(0.1, 0.6))
        other = before[int(rng.integers(len(images)))]
        images[k] = np.round((1 - share) * before[k] + share * other).astype(np.uint8)


def _flipped(images: Image, box: Float32, points: Float32, rng: np.random.Generator) -> None:
    """Mirror half of the crops, with what is known of them."""
    turn = rng.uniform(size=len(images)) < 0.5
    images[turn] = images[turn, :, ::-1]
    box[turn] = box[turn][:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32)
    marks = points[turn].reshape(-1, 5, 2)[:, MIRROR]
    marks[..., 0] = 1 - marks[..., 0]
    points[turn] = marks.reshape(-1, 10)


def developed(images: Image, rng: np.random.Generator) -> Image:
    """Crops (N,s,s,3) as other cameras would show them: light, colour, no colour, blur, noise."""
    import cv2

    n = len(images)

    def each(low: float, high: float, *more: int) -> Float32:
        return rng.uniform(low, high, (n, 1, 1, *(more or (1,)))).astype(np.float32)

    x = images.astype(np.float32) / 255
    x **= np.exp(each(-0.5, 0.5))
    x *= 1 + each(-0.15, 0.15, 3)
    gray = x.mean(axis=3, keepdims=True)
    colour = np.where(each(0, 1) < 0.15, 0.0, 1 + each(-0.4, 0.4)).astype(np.float32)
    x = gray + (x - gray) * colour
    middle = x.mean(axis=(1, 2, 3), keepdims=True)
    x = ((x - middle) * (1 + each(-0.4, 0.3)) + middle) * (1 + each(-0.3, 0.3))
    for k in np.flatnonzero(rng.uniform(size=n) < 0.2):
        x[k] = cv2.GaussianBlur(x[k], (0, 0), float(rng.uniform(0.4, 1.0)))
    noisy = np.where(each(0, 1) < 0.4, each(0.005, 0.05), 0.0).astype(np.float32)
    x += noisy * rng.standard_normal(x.shape, dtype=np.float32)
    return np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)


def keys(plan: Plan, stage: int, epoch: int) -> list[list[Key]]:
    """The batches of an epoch: which crops go in is drawn when a group is cut."""
    groups, size = plan.crops(stage) // GROUP, plan.batch // GROUP
    starts = range(0, max(size, groups - groups % size), size)
    return [[(epoch, i, 0) for i in range(at, at + size)] for at in starts]
