"""Pictures in, faces out: three small networks one after the other, each looking closer.

The first (P-Net) sees every picture at many sizes: all sizes of all pictures are laid side by side
on a few canvases of one shape, which run as one batch. The second (R-Net) and the third (O-Net) see
what the one before let pass, 24 and 48 px wide; the last also says where the five points are. A
network gives rows of NUMBERS: a score, how far the box is off, and the points.

Source: [zhang2016mtcnn]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.geometry import area, intersection, nms, resize
from core.types import Float32, Image, Int

Run = Callable[[Image], NDArray[np.float32]]  # pictures (N,H,W,3) uint8 RGB -> (N,V,NUMBERS)

STAGES = ("P-Net", "R-Net", "O-Net")
SIDES = (12, 24, 48)  # px of the windows that P-, R- and O-Net see
NUMBERS = 15  # of a row: score, 4 shifts and 5 points, in widths of the window
STRIDE = 2  # px between two windows of P-Net
FACTOR = 0.709  # a picture of the pyramid has half the area of the one before
SAME_SIZE, SAME = 0.5, 0.7  # IoU from which two windows are one: of one size, of all
INSIDE = 0.7  # share of the smaller of two boxes in the other from which they are one face
MOST_SIZE, MOST = 400, 600  # windows of one size, of one picture: what is beyond is the weakest


@dataclass(frozen=True)
class Candidates:
    """What a stage lets pass of one picture, best first, in its pixels.

    box (N,4), score (N,) 0-1, points (N,5,2): those of the last stage alone are meant
    """

    box: Float32
    score: Float32
    points: Float32

    def __len__(self) -> int:
        return len(self.box)

    def only(self, keep: Any) -> Candidates:
        """Those at these indices, or where this mask (N,) is True."""
        return Candidates(self.box[keep], self.score[keep], self.points[keep])


@dataclass(frozen=True)
class Place:
    """Where a picture lies at one size: canvas, left, top, width, height px, and its scale."""

    canvas: int
    x: int
    y: int
    width: int
    height: int
    scale: float


@dataclass(frozen=True)
class Search:
    """How a cascade searches: least_px of a face, and the score each stage lets pass."""

    least_px: float = 20.0
    least: tuple[float, float, float] = (0.6, 0.7, 0.3)

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Search:
        """As a row's output table says: least_px, least."""
        first, second, third = spec["least"]
        return cls(spec["least_px"], (first, second, third))


def find(nets: Sequence[Run], images: Sequence[Image], how: Search) -> list[list[Candidates]]:
    """Per picture (H,W,3) uint8 RGB what each stage lets pass; nets: the first one, two or three.

    The last entry of three are the faces.
    """
    found = [propose(nets[0], images, how)]
    for stage, run in enumerate(nets[1:], start=1):
        least = how.least[stage]
        found.append(looked_at(run, images, found[-1], stage, least))
    return [list(stages) for stages in zip(*found, strict=True)]


# --- the pyramid ----------------------------------------------------------------------------------


def scales(size: tuple[int, int], least_px: float) -> list[float]:
    """How much a picture (width, height) is reduced, the largest first; [] if it is too small."""
    scale = SIDES[0] / least_px
    found = []
    while min(size) * scale >= SIDES[0]:
        found.append(scale)
        scale *= FACTOR
    return found


def lay(sizes: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int, int]], tuple[int, int]]:
    """Where rectangles (width, height) lie: (canvas, x, y) of each, and the canvas's size.

    All canvases have the size of the widest and the highest; rows are filled from the top, the
    highest rectangle first. Sides and places are even, as P-Net's stride is.
    """
    even = [(w + w % STRIDE, h + h % STRIDE) for w, h in sizes]
    width, height = max(w for w, _ in even), max(h for _, h in even)
    shelves: list[list[int]] = []  # canvas, top, height, how far it is filled
    filled: list[int] = []  # height used of each canvas
    at: dict[int, tuple[int, int, int]] = {}
    for i in sorted(range(len(even)), key=lambda k: (-even[k][1], k)):
        w, h = even[i]
        shelf = next((s for s in shelves if s[2] >= h and s[3] + w <= width), None)
        if shelf is None:
            canvas = next((c for c, used in enumerate(filled) if used + h <= height), len(filled))
            if canvas == len(filled):
                filled.append(0)
            shelf = [canvas, filled[canvas], h, 0]
            shelves.append(shelf)
            filled[canvas] += h
        at[i] = (shelf[0], shelf[3], shelf[1])
        shelf[3] += w
    return [at[i] for i in range(len(even))], (width, height)


def pyramid(images: Sequence[Image], least_px: float) -> tuple[Image, list[list[Place]]]:
    """All pictures at all sizes: canvases (C,h,w,3) uint8, and per picture its places on them."""
    wanted = [
        (i, (max(SIDES[0], round(image.shape[1] * s)), max(SIDES[0], round(image.shape[0] * s))), s)
        for i, image in enumerate(images)
        for s in scales((image.shape[1], image.shape[0]), least_px)
    ]
    places: list[list[Place]] = [[] for _ in images]
    if not wanted:
        return np.zeros((0, SIDES[0], SIDES[0], 3), np.uint8), places
    spots, (width, height) = lay([size for _, size, _ in wanted])
    canvases = np.zeros((max(c for c, _, _ in spots) + 1, height, width, 3), np.uint8)
    smaller = list(images)  # each size is made of the one before: half the work
    for (i, (w, h), scale), (canvas, x, y) in zip(wanted, spots, strict=True):
        smaller[i] = resize(smaller[i], (w, h))
        canvases[canvas, y : y + h, x : x + w] = smaller[i]
        places[i].append(Place(canvas, x, y, w, h, scale))
    return canvases, places


def propose(run: Run, images: Sequence[Image], how: Search) -> list[Candidates]:
    """What P-Net takes for faces in each picture, as squares."""
    canvases, places = pyramid(images, how.least_px)
    if not len(canvases):
        return [_nothing() for _ in images]
    columns = (canvases.shape[2] - SIDES[0]) // STRIDE + 1
    said = run(canvases)  # (C,V,NUMBERS)
    return [
        _best([_windows(said[p.canvas], columns, p, how.least[0]) for p in of]) for of in places
    ]


def _windows(said: NDArray[np.float32], columns: int, place: Place, least: float) -> Candidates:
    """The windows of a picture at one size that look like faces, in the picture's pixels."""
    cells = said.reshape(-1, columns, NUMBERS)
    top, left = place.y // STRIDE, place.x // STRIDE
    high = (place.height - SIDES[0]) // STRIDE + 1
    wide = (place.width - SIDES[0]) // STRIDE + 1
    part = cells[top : top + high, left : left + wide]  # no window reaches into a neighbour
    y, x = np.nonzero(part[..., 0] >= least)
    corner = np.stack([x, y], axis=1).astype(np.float32) * STRIDE
    sides = np.concatenate([corner, corner + SIDES[0]], axis=1) / np.float32(place.scale)
    window = sides.astype(np.float32)
    found = _moved(window, part[y, x])
    best = np.argsort(-found.score, kind="stable")[:MOST_SIZE]
    # Windows that say the same are one before their shifts make them alike.
    return found.only(best[nms(window[best], found.score[best], SAME_SIZE)])


def _best(sizes: Sequence[Candidates]) -> Candidates:
    """What all sizes of a picture propose, as squares, without repetition."""
    if not sizes:
        return _nothing()
    every = Candidates(
        np.concatenate([one.box for one in sizes]),
        np.concatenate([one.score for one in sizes]),
        np.concatenate([one.points for one in sizes]),
    )
    kept = every.only(nms(every.box, every.score, SAME)[:MOST])
    return Candidates(square(kept.box), kept.score, kept.points)


# --- looking closer -------------------------------------------------------------------------------


def looked_at(
    run: Run, images: Sequence[Image], before: Sequence[Candidates], stage: int, least: float
) -> list[Candidates]:
    """What R-Net (stage 1) or O-Net (2) leaves of the candidates of each picture."""
    counts = [len(one) for one in before]
    if not sum(counts):
        return list(before)
    windows = [
        crops(image, one.box, SIDES[stage]) for image, one in zip(images, before, strict=True)
    ]
    said = run(np.concatenate(windows))[:, 0]  # (N,NUMBERS)
    rows = np.split(said, np.cumsum(counts)[:-1])
    last = stage == len(SIDES) - 1
    found = []
    for one, of in zip(before, rows, strict=True):
        sure = _moved(one.box, of)
        sure = sure.only(np.argsort(-sure.score, kind="stable"))
        sure = sure.only(sure.score >= least)
        if last:
            found.append(sure.only(apart(sure.box, sure.score)))
            continue
        kept = sure.only(nms(sure.box, sure.score, SAME))
        found.append(Candidates(square(kept.box), kept.score, kept.points))
    return found


def crops(image: Image, box: Float32, side: int) -> Image:
    """Square windows (N,4) px of a picture at side x side px; black beyond its edge."""
    import cv2

    height, width = image.shape[:2]
    made = np.zeros((len(box), side, side, 3), np.uint8)
    corner = np.round(box).astype(int)
    for k, (x1, y1, x2, y2) in enumerate(corner):
        x2, y2 = max(x2, x1 + 1), max(y2, y1 + 1)
        inside = image[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)]
        if not inside.size:
            continue
        if x1 < 0 or y1 < 0 or x2 > width or y2 > height:
            edge = (max(-y1, 0), max(y2 - height, 0), max(-x1, 0), max(x2 - width, 0))
            wide = cv2.copyMakeBorder(inside, *edge, cv2.BORDER_CONSTANT, value=(0, 0, 0))
            inside = np.asarray(wide, dtype=np.uint8)
        made[k] = resize(inside, (side, side))
    return made


def square(box: Float32) -> Float32:
    """Boxes (N,4) as squares around the same middle with the longer side."""
    middle = (box[:, :2] + box[:, 2:]) / 2
    half = (box[:, 2:] - box[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


def apart(box: Float32, score: Float32) -> Int:
    """Indices of the boxes that are no part of a better one, best first; score (N,) descending."""
    size = area(box)
    least = np.minimum(size[:, None], size[None, :])
    share = intersection(box, box) / np.maximum(least, 1e-6)
    dropped = np.zeros(len(score), dtype=bool)
    for i in range(len(score)):
        if not dropped[i]:
            dropped[i + 1 :] |= share[i, i + 1 :] > INSIDE
    return np.flatnonzero(~dropped).astype(np.int64)


def _moved(window: Float32, said: NDArray[np.float32]) -> Candidates:
    """Windows (N,4) and what a network says of them (N,NUMBERS) -> boxes and points in px."""
    side = (window[:, 2:] - window[:, :2]).max(axis=1)[:, None]  # (N,1)
    box = window + said[:, 1:5] * side
    points = window[:, None, :2] + said[:, 5:].reshape(-1, 5, 2) * side[:, :, None]
    return Candidates(box.astype(np.float32), said[:, 0], points.astype(np.float32))


def _nothing() -> Candidates:
    empty = np.zeros((0, 5, 2), np.float32)
    return Candidates(empty[:, :4, 0], empty[:, 0, 0], empty)
