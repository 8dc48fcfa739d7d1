"""The boxes of each frame in; which of them are one person, out: by where people move to.

Every box is awaited where a Kalman filter at constant speed says. Firm boxes are dealt out first,
to those who are surely people; then what is left, weak boxes too, to everybody left, also to those
of whom nothing sure is known yet. These own what stands still and looks like a person now and then,
a pole, so that a passer-by does not take it over.

Source: [zhang2022bytetrack], [yang2023cbiou], [cao2023ocsort]
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.geometry import iou
from core.types import Float32, Float64

if TYPE_CHECKING:
    from trackers.utils.state_representations import XYXYStateEstimator

NOBODY = -1
SEED_SCORE = 0.2  # a weaker box is nobody's beginning
DOUBT_S = 0.6  # who was seen once, or never clearly, is forgotten after that
KNOWN_AFTER = 3  # boxes; then the speed is known
BUFFER_NEW, BUFFER_KNOWN = (
    0.3,
    0.1,
)  # of their size, by which boxes are grown before they are compared
LEAST_NEW, LEAST_KNOWN, LEAST_WEAK = 0.03, 0.1, 0.2  # IoU; .03: a runner moves 1.5 body widths
TALLER = 2.0  # times; a box that differs more from the one awaited is somebody else's
STRAIGHT_ON = 0.3  # what going on in the same direction counts beside an IoU of 1
CLEAR_MOVE = 0.25  # of the body's width: who moves less has no direction
SAME_S = 1e-3


@dataclass(eq=False)
class _Mover:
    """Somebody, or something, that is followed: its number, filter, last box and best score."""

    number: int
    filter: XYXYStateEstimator
    box: Float32  # (4,)
    seen_s: float
    best: float
    boxes: int = 1

    def take(self, t_s: float, box: Float32, score: float) -> None:
        self.filter.update(box.astype(np.float64))
        self.box, self.seen_s = box, t_s
        self.best = max(self.best, score)
        self.boxes += 1


@dataclass(frozen=True)
class _Awaited:
    """Where movers should be now: box (M,4), velocity (M,2) px/s; known (M,): whether it is."""

    box: Float32
    velocity: Float64
    known: NDArray[np.bool_]


class Association:
    """Tells whose each box of a film is; feed it frames in time order with `deal`.

    fps          analysis rate
    lost_s       somebody unseen for longer is forgotten
    start_score  who never had a box that good is not surely a person
    firm_score   boxes that good are dealt out first
    """

    def __init__(self, *, fps: float, lost_s: float, start_score: float, firm_score: float) -> None:
        self.fps = fps
        self.lost_s = lost_s
        self.start_score = start_score
        self.firm_score = firm_score
        self._movers: list[_Mover] = []
        self._next = 0
        self._last_s = math.nan

    @property
    def alive(self) -> set[int]:
        """Numbers of those who are still followed."""
        return {one.number for one in self._movers}

    def deal(self, t_s: float, box: Float32, score: Float32) -> NDArray[np.int64]:
        """Whose (N,) each box (N,4) xyxy of this frame is; NOBODY where it is too weak to begin."""
        self._forget(t_s)
        whose = np.full(len(box), NOBODY, np.int64)
        for mover, row in self._pairs(t_s, box, score):
            mover.take(t_s, box[row], float(score[row]))
            whose[row] = mover.number
        for row in np.flatnonzero((whose == NOBODY) & (score >= SEED_SCORE)).tolist():
            whose[row] = self._next
            self._movers.append(self._begin(t_s, box[row], float(score[row])))
        self._last_s = t_s
        return whose

    def _begin(self, t_s: float, box: Float32, score: float) -> _Mover:
        from trackers.utils.state_representations import XYXYStateEstimator

        filter_ = XYXYStateEstimator(box.astype(np.float64))
        noise = filter_.kf.measurement_noise * 0.1, filter_.kf.process_noise * 0.01
        filter_.set_kf_covariances(measurement_noise=noise[0], process_noise=noise[1])
        self._next += 1
        return _Mover(self._next - 1, filter_, box, t_s, score)

    def _forget(self, t_s: float) -> None:
        def kept(one: _Mover) -> bool:
            if t_s - one.seen_s > self.lost_s + SAME_S:
                return False
            sure = one.best >= self.start_score and one.boxes > 1
            return sure or one.seen_s == self._last_s or t_s - one.seen_s <= DOUBT_S

        self._movers = [one for one in self._movers if kept(one)]

    def _pairs(self, t_s: float, box: Float32, score: Float32) -> list[tuple[_Mover, int]]:
        """Who takes which row: firm boxes to those who are sure, then everything to everybody."""
        if not self._movers:
            return []
        awaited = self._awaited(t_s)
        if not len(box):
            return []
        alike = _alike(awaited, box)  # (M,N)
        least = np.where(awaited.known, LEAST_KNOWN, LEAST_NEW)[:, None]
        may = (alike >= least) & _as_tall(awaited.box, box)
        since_s = np.array([t_s - one.seen_s for one in self._movers])
        last = np.stack([one.box for one in self._movers])
        value = alike + STRAIGHT_ON * _straight(awaited, last, since_s, box)
        sure = np.array([one.best >= self.start_score for one in self._movers])
        firm = score >= self.firm_score
        first = _assign(value, may & sure[:, None] & firm)
        may &= alike >= LEAST_WEAK
        for mover, row in first:
            may[mover], may[:, row] = False, False
        return [(self._movers[mover], row) for mover, row in [*first, *_assign(value, may)]]

    def _awaited(self, t_s: float) -> _Awaited:
        step_s = t_s - self._last_s
        for one in self._movers:
            if step_s > 0:
                one.filter.predict(step_s * self.fps, self.fps)
        state = np.stack([one.filter.kf.state[:, 0] for one in self._movers])  # (M,8)
        return _Awaited(
            state[:, :4].astype(np.float32),
            (state[:, 4:6] + state[:, 6:8]) / 2 * self.fps,
            np.array([one.boxes >= KNOWN_AFTER for one in self._movers]),
        )


def _alike(awaited: _Awaited, box: Float32) -> Float64:
    """IoU (M,N) of grown boxes, grown more while the speed is unknown. Source: [yang2023cbiou]"""
    wide = iou(_grown(awaited.box, BUFFER_NEW), _grown(box, BUFFER_NEW))
    narrow = iou(_grown(awaited.box, BUFFER_KNOWN), _grown(box, BUFFER_KNOWN))
    return np.where(awaited.known[:, None], narrow, wide).astype(np.float64)


def _grown(box: Float32, share: float) -> Float32:
    margin = (box[:, 2:] - box[:, :2]) * np.float32(share)
    return np.concatenate([box[:, :2] - margin, box[:, 2:] + margin], axis=1)


def _as_tall(awaited: Float32, box: Float32) -> NDArray[np.bool_]:
    """(M,N) whether a box is about as tall as awaited: two in one box, or a head alone, is not."""
    tall, found = (np.maximum(b[:, 3] - b[:, 1], 1.0) for b in (awaited, box))
    ratio = found[None] / tall[:, None]
    return np.asarray((ratio <= TALLER) & (ratio >= 1 / TALLER), dtype=np.bool_)


def _straight(awaited: _Awaited, last: Float32, since_s: Float64, box: Float32) -> Float64:
    """Cosine (M,N) between a mover's way so far and the way to a box; 0 where either is no move.

    last (M,4) boxes, since_s (M,) how long ago.  Source: [cao2023ocsort]
    """
    way = _centre(box)[None] - _centre(last)[:, None]  # (M,N,2)
    far = np.linalg.norm(way, axis=2)
    speed = np.linalg.norm(awaited.velocity, axis=1)
    cosine = (way * awaited.velocity[:, None]).sum(axis=2) / np.maximum(far * speed[:, None], 1e-6)
    least = np.maximum((last[:, 2] - last[:, 0]) * CLEAR_MOVE, 1.0)
    clear = np.minimum(1.0, speed * since_s / least)[:, None] * np.minimum(
        1.0, far / least[:, None]
    )
    return np.asarray(cosine * clear, dtype=np.float64)


def _centre(box: Float32) -> Float64:
    return ((box[:, :2] + box[:, 2:]) / 2).astype(np.float64)


def _assign(value: Float64, may: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pairs of the greatest sum of values (M,N) among those that may be."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = np.flatnonzero(may.any(axis=1)), np.flatnonzero(may.any(axis=0))
    if not len(rows):
        return []
    allowed = may[np.ix_(rows, columns)]
    worth = np.where(allowed, value[np.ix_(rows, columns)], -1e3)
    found = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    return [(int(rows[m]), int(columns[n])) for m, n in found if allowed[m, n]]
