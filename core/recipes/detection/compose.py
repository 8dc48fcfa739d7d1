"""Scenes in; training pictures with their boxes out, each decided by (seed, epoch, number) alone.

People come in every size, as cameras at every distance would show them: the scale is chosen so that
somebody is as tall as a logarithmic draw says. Four scenes make a mosaic, drawn people are put in
front of any scene, and everything is exposed, blurred, coloured and compressed anew.

Source: [bochkovskiy2020yolov4], [dwibedi2017cutpaste]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.geometry import intersection, resize
from core.recipes.detection.plan import Plan
from core.recipes.detection.scenes import Scenes
from core.recipes.order import Key
from core.recipes.randomise import Hardness, compressed, developed
from core.types import Float32, Image

MOST = 120  # boxes of one picture
FILL = 114
LOWEST_PX, TALLEST = 9.0, 0.95  # drawn heights: px, and share of the picture's height
TINY_PX = 6.0  # lower boxes teach neither way
KEPT, LEFT = 0.4, 0.05  # of a box after the cut: enough to be a person; enough to be neither
HIDDEN = 0.7  # of a box behind somebody put in: then it teaches neither way
SMALLEST, ENLARGED = 0.7, 2.0  # scale: share of what fits the window; px for one px of the file
COARSE = 1.6  # the same of people put in
HOW = Hardness(flip=0, shift=0, light=0.3, contrast=0.3, saturation=0.5, gamma=0.35, balance=0.12,
               blur=0.15, shrink=0, noise=0.15, jpeg=0.3, erase=0)  # fmt: skip
GREY = 0.12  # share of pictures without colour, as infrared lamps make them
PERSON, NEITHER, NOTHING = 1.0, 0.0, -1.0  # fifth column of a box


@dataclass
class Piece:
    """A picture (H,W,3) with boxes (M,4) xyxy px and whether each is sure (M,)."""

    image: Image
    box: Float32
    sure: NDArray[np.bool_]


class Composer:
    """Training pictures by key -> (picture (H,W,3) uint8 RGB, boxes (MOST,5)).

    A box is x1,y1,x2,y2 and PERSON, NEITHER or NOTHING.
    """

    def __init__(self, scenes: Scenes, plan: Plan) -> None:
        self.scenes, self.plan = scenes, plan
        n = np.bincount(scenes.table, minlength=len(plan.manifest)).astype(float)
        share = np.array(plan.share) if plan.share else n
        self.weight = (share / share.sum() / np.maximum(n, 1))[scenes.table]
        self.weight = self.weight / self.weight.sum()  # (N,)

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, key: Key) -> tuple[Image, Float32]:
        rng = np.random.default_rng([self.plan.seed, 3, *key])
        piece = self._mosaic(rng) if rng.uniform() < self.plan.mosaic else self._view(
            rng, self.plan.size)  # fmt: skip
        if self.scenes.cutouts and rng.uniform() < self.plan.paste:
            for _ in range(int(rng.integers(1, 5))):
                self._put_in(piece, rng)
        if rng.uniform() < 0.5:
            piece = _flipped(piece)
        return _exposed(piece.image, rng), _table(piece)

    def _view(self, rng: np.random.Generator, size: tuple[int, int]) -> Piece:
        """Some scene, seen from some distance, in a window of (width, height)."""
        index = int(rng.choice(len(self.scenes), p=self.weight))
        box, sure = self.scenes.box[index], self.scenes.sure[index]
        whole = _size(self.scenes.path[index])
        fit = min(size[0] / whole[0], size[1] / whole[1])
        scale, around = fit * float(np.exp(rng.uniform(np.log(SMALLEST), 0.7))), None
        if sure.any() and rng.uniform() < 0.7:
            around = box[int(rng.choice(np.flatnonzero(sure)))]
            wanted = np.exp(rng.uniform(np.log(LOWEST_PX), np.log(TALLEST * size[1])))
            scale = wanted / max(1.0, around[3] - around[1])
        scale = float(np.clip(scale, SMALLEST * fit, max(fit, ENLARGED)))
        stretch = float(np.exp(rng.uniform(-0.1, 0.1)))
        scales = scale * stretch, scale / stretch
        low = [_start(rng, whole[k], size[k] / scales[k],
                      None if around is None else (around[k], around[k + 2]))
               for k in (0, 1)]  # fmt: skip
        image = _window(self.scenes.path[index], whole, size, scales, (low[0], low[1]))
        moved = (box - np.tile(low, 2)) * np.tile(scales, 2)
        return _cut(Piece(image, moved.astype(np.float32), sure.copy()), size)

    def _mosaic(self, rng: np.random.Generator) -> Piece:
        """Four scenes around a point."""
        width, height = self.plan.size
        x, y = (int(v) for v in rng.uniform(0.3, 0.7, 2) * (width, height))
        image = np.empty((height, width, 3), np.uint8)
        boxes, sure = [], []
        for x1, y1, x2, y2 in ((0, 0, x, y), (x, 0, width, y), (0, y, x, height),
                               (x, y, width, height)):  # fmt: skip
            part = self._view(rng, (x2 - x1, y2 - y1))
            image[y1:y2, x1:x2] = part.image
            boxes.append(part.box + np.array([x1, y1, x1, y1], np.float32))
            sure.append(part.sure)
        return Piece(image, np.concatenate(boxes), np.concatenate(sure))

    def _put_in(self, piece: Piece, rng: np.random.Generator) -> None:
        """A drawn person in front of the picture, in place."""
        cutout = self.scenes.cutouts[int(rng.integers(len(self.scenes.cutouts)))]
        person, mask = _person(self.scenes.path[cutout.scene], cutout.mask, cutout.value,
                               tuple(cutout.box.tolist()))  # fmt: skip
        height, width = piece.image.shape[:2]
        most = min(0.9 * height, COARSE * person.shape[0])
        tall = float(np.exp(rng.uniform(np.log(LOWEST_PX + 3), np.log(most))))
        scale = tall / person.shape[0]
        size = max(3, round(person.shape[1] * scale)), max(6, round(tall))
        person, alpha = resize(person, size), _edge(mask, size)
        x1 = int(rng.integers(-size[0] // 4, max(1, width - 3 * size[0] // 4)))
        y1 = int(rng.integers(-size[1] // 8, max(1, height - size[1] // 2)))
        a, b = max(0, x1), max(0, y1)
        c, d = min(width, x1 + size[0]), min(height, y1 + size[1])
        if c - a < 3 or d - b < 6:
            return
        behind = piece.image[b:d, a:c].astype(np.float32)
        front = person[b - y1 : d - y1, a - x1 : c - x1].astype(np.float32)
        share = alpha[b - y1 : d - y1, a - x1 : c - x1, None]
        gain = (behind.mean() + 20) / (front.mean() + 20)
        front = front * float(gain ** rng.uniform(0, 0.8) * np.exp(rng.uniform(-0.2, 0.2)))
        piece.image[b:d, a:c] = np.clip(behind * (1 - share) + front * share, 0, 255)
        _add(piece, np.array([[a, b, c, d]], np.float32))


def _add(piece: Piece, box: Float32) -> None:
    """A person in front: who is hidden by it teaches neither way."""
    if len(piece.box):
        area = np.prod(np.maximum(piece.box[:, 2:] - piece.box[:, :2], 1e-3), axis=1)
        piece.sure &= intersection(piece.box, box)[:, 0] / area < HIDDEN
    piece.box = np.concatenate([piece.box, box])
    piece.sure = np.append(piece.sure, box[0, 3] - box[0, 1] >= TINY_PX)


def _start(
    rng: np.random.Generator, whole: float, seen: float, around: tuple[float, float] | None
) -> float:
    """Where a window that sees so many px of a picture begins, in px of the picture.

    Inside it if it is smaller, else the picture lies somewhere in it; around = what must be seen.
    """
    low, high = sorted((0.0, whole - seen))
    if around is not None and whole > seen:
        middle = sum(around) / 2
        low, high = max(low, middle - 0.85 * seen), min(high, middle - 0.15 * seen)
        low, high = min(low, high), max(low, high)
    return float(rng.uniform(low, high))


def _window(
    path: Path, whole: tuple[int, int], size: tuple[int, int], scales: tuple[float, float],
    low: tuple[float, float],
) -> Image:  # fmt: skip
    """What of a file is seen in a window (width, height) that begins at `low` px of the file."""
    canvas = np.full((size[1], size[0], 3), FILL, np.uint8)
    reduced = next((k for k in (8, 4, 2) if max(scales) <= 1 / k), 1)
    image = _read(path, reduced)
    real = image.shape[1] / whole[0], image.shape[0] / whole[1]
    spans = []
    for k in (0, 1):
        first, last = max(0.0, low[k]), min(float(whole[k]), low[k] + size[k] / scales[k])
        to = [round((v - low[k]) * scales[k]) for v in (first, last)]
        at = [round(v * real[k]) for v in (first, last)]
        spans.append((max(0, to[0]), min(size[k], to[1]), at[0], max(at[0] + 1, at[1])))
    (x1, x2, u1, u2), (y1, y2, v1, v2) = spans
    part = image[v1:v2, u1:u2]
    if x2 > x1 and y2 > y1 and part.size:
        canvas[y1:y2, x1:x2] = resize(np.ascontiguousarray(part), (x2 - x1, y2 - y1))
    return canvas


def _cut(piece: Piece, size: tuple[int, int]) -> Piece:
    """Boxes inside the window; what is left of one decides whether it is still a person."""
    edge = np.array([*size, *size], np.float32)
    inside = np.clip(piece.box, 0, edge)
    area, left = (np.prod(np.maximum(b[:, 2:] - b[:, :2], 0), axis=1) for b in (piece.box, inside))
    share = left / np.maximum(area, 1e-6)
    there = share > LEFT
    tall = inside[:, 3] - inside[:, 1] >= TINY_PX
    return Piece(piece.image, inside[there], (piece.sure & (share >= KEPT) & tall)[there])


def _flipped(piece: Piece) -> Piece:
    box = piece.box.copy()
    box[:, [0, 2]] = piece.image.shape[1] - piece.box[:, [2, 0]]
    return Piece(np.ascontiguousarray(piece.image[:, ::-1]), box, piece.sure)


def _exposed(image: Image, rng: np.random.Generator) -> Image:
    """Another exposure, focus and compression; sometimes no colour."""
    if rng.uniform() < GREY:
        weight = rng.dirichlet((2.0, 3.0, 2.0))
        image = np.repeat((image @ weight)[..., None], 3, axis=2).astype(np.uint8)
    image = developed(image, rng, HOW)
    return compressed(image, int(rng.integers(20, 75))) if rng.uniform() < HOW.jpeg else image


def _table(piece: Piece) -> Float32:
    """Boxes (MOST,5); sure ones first where there are too many."""
    found = np.full((MOST, 5), NOTHING, np.float32)
    order = np.argsort(~piece.sure, kind="stable")[:MOST]
    found[: len(order), :4] = piece.box[order]
    found[: len(order), 4] = np.where(piece.sure[order], PERSON, NEITHER)
    return found


def _edge(mask: Image, size: tuple[int, int]) -> Float32:
    """A mask (H,W) 0-255 at (width, height) as shares 0-1 with a soft edge."""
    import cv2

    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 0.6), np.float32)


def _read(path: Path, reduced: int = 1) -> Image:
    """A picture (H,W,3) uint8 RGB, decoded at 1/reduced of its size where the format can."""
    import cv2

    how = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4,
           8: cv2.IMREAD_REDUCED_COLOR_8}[reduced]  # fmt: skip
    image: Any = cv2.imread(str(path), how)
    if image is None:
        raise BadInput("{path} is no picture that can be read", path=path)
    return np.ascontiguousarray(image[:, :, ::-1], dtype=np.uint8)


@lru_cache(maxsize=100_000)
def _size(path: Path) -> tuple[int, int]:
    """(width, height) upright, from the file's head alone."""
    from PIL import Image as Files

    with Files.open(path) as head:
        width, height = head.size
        turned = head.getexif().get(0x0112, 1) >= 5
    return (height, width) if turned else (width, height)


@lru_cache(maxsize=4000)
def _person(
    path: Path, mask: Path, value: int, box: tuple[float, float, float, float]
) -> tuple[Image, Image]:
    """A drawn person (H,W,3) and where it is (H,W) 0 or 255, no larger than its box."""
    import cv2

    x1, y1, x2, y2 = (round(v) for v in box)
    ids: Any = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    if ids is None:
        raise BadInput("{path} is no picture that can be read", path=mask)
    return (_read(path)[y1:y2, x1:x2].copy(),
            np.where(ids[y1:y2, x1:x2] == value, 255, 0).astype(np.uint8))  # fmt: skip
