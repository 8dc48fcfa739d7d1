"""The people of each frame in, tracklets out: one person followed through one clip, best shown.

One `Tracker` per clip, so that no identity ever crosses a cut or a camera. Memory is bounded by the
number of people in view, not by the length of the clip.
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.association import NOBODY, Association
from core.detect import People
from core.geometry import expand, intersection
from core.types import Float32, Image, Tracklet

MARGIN = 0.1  # of the longer side, kept around the person: hair and hands reach out of boxes
MAX_CROPS = 8
MIN_APART_S = 0.5
JPEG_QUALITY = 95
GOOD_HEIGHT_PX = 160.0  # a body this tall is as good as a taller one
GOOD_SHARPNESS = 60.0  # Laplacian variance at 128 px height where sharpness counts half
EDGE_PX = 2.0
SPARSE_S = 0.5
WEAK_S = 4.0  # of a track's beginning may be weak boxes only


@dataclass(frozen=True)
class Share:
    """Who belongs to one piece of a film: each person to the piece in which they come into view.

    Times camera clock: those who come into view in [from_s, to_s); and those who did before, from
    handed_s on, if they are still there: a piece is followed so far beyond its end and no further.
    """

    from_s: float = -math.inf
    to_s: float = math.inf
    handed_s: float = -math.inf

    def owns(self, track: _Track) -> bool:
        return self.from_s <= track.since_s < self.to_s


@dataclass(frozen=True)
class Crop:
    """One kept picture of one person: index into the track, quality 0-1, JPEG, box inside it."""

    at: int
    t_s: float
    quality: float
    jpeg: bytes
    box: Float32  # (4,)


@dataclass
class _Track:
    """What is known of one person so far; `slots` holds the best crop of each stretch of time.

    sure     a box was good enough to believe in a person; there are no crops before
    since_s  when that was: so they came into view
    handed   by another piece of the film, which holds the boxes before
    """

    t_s: list[float] = field(default_factory=list)
    box: list[Float32] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    sure: bool = False
    since_s: float = math.nan
    handed: bool = False
    slot_s: float = MIN_APART_S
    slots: dict[int, Crop] = field(default_factory=dict)

    def forget(self, until_s: float) -> None:
        """Drop the boxes before that time: what is never sure must not grow for hours."""
        while self.t_s[0] < until_s:
            del self.t_s[0], self.box[0], self.score[0]

    def offer(self, crop: Crop) -> None:
        """Keep the crop if it is the best of its slot; merge slots when there are too many."""
        slot = int((crop.t_s - self.t_s[0]) // self.slot_s)
        self.slots[slot] = _better(self.slots.get(slot), crop)
        while len(self.slots) > MAX_CROPS:
            self.slot_s *= 2
            merged: dict[int, Crop] = {}
            for slot, kept in self.slots.items():
                merged[slot // 2] = _better(merged.get(slot // 2), kept)
            self.slots = merged

    def wants(self, t_s: float, quality: float) -> bool:
        """True if a crop of that time and quality would be kept."""
        held = self.slots.get(int((t_s - self.t_s[0]) // self.slot_s))
        return held is None or quality > held.quality

    def crops(self) -> list[Crop]:
        """Kept crops in time order, MIN_APART_S apart at least; of close ones the better."""
        kept: list[Crop] = []
        for crop in sorted(self.slots.values(), key=lambda c: -c.quality):
            if all(abs(crop.t_s - other.t_s) >= MIN_APART_S for other in kept):
                kept.append(crop)
        return sorted(kept, key=lambda c: c.t_s)


@dataclass(frozen=True)
class _Scene:
    """One analysed frame: clear (N,) says how much of each person is to be seen."""

    t_s: float
    image: Image
    people: People
    clear: NDArray[np.float64]

    def add(self, track: _Track, row: int) -> None:
        """Extend a track by the person of that row, keeping the picture if it is a good one."""
        box, score = self.people.box[row], float(self.people.score[row])
        track.t_s.append(self.t_s)
        track.box.append(box)
        track.score.append(score)
        if not track.sure:
            track.forget(self.t_s - WEAK_S)
            return
        if math.isnan(track.since_s):
            track.since_s = self.t_s
        x1, y1, x2, y2 = expand(box[None], 0.0, (self.image.shape[1], self.image.shape[0]))[0]
        best = score * min(1.0, (y2 - y1) / GOOD_HEIGHT_PX) * float(self.clear[row])
        if not track.wants(self.t_s, best):  # sharpness can only lower it
            return
        sharp = sharpness(self.image[y1:y2, x1:x2])
        quality = best * sharp / (sharp + GOOD_SHARPNESS)
        if track.wants(self.t_s, quality):
            jpeg, inner = cut_person(self.image, box)
            track.offer(Crop(len(track.t_s) - 1, self.t_s, quality, jpeg, inner))


def _better(held: Crop | None, crop: Crop) -> Crop:
    return crop if held is None or crop.quality > held.quality else held


def sharpness(picture: Image) -> float:
    """Variance of the Laplacian of a crop (h,w,3) brought to 128 px height: 0 is flat."""
    import cv2

    height = 128
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def clearness(box: Float32, size: tuple[int, int]) -> NDArray[np.float64]:
    """How much of each person (N,4) is to be seen, 0-1: not hidden by someone nearer, not cut off.

    Someone whose box ends lower stands nearer; a box at the frame's edge counts half.
    """
    own = np.maximum((box[:, 2:] - box[:, :2]).prod(axis=1), 1)  # (N,) px^2
    nearer = box[None, :, 3] > box[:, None, 3]  # (N,N)
    hidden = np.where(nearer, intersection(box, box), 0).max(axis=1, initial=0) / own
    width, height = size
    cut = (box[:, :2] <= EDGE_PX).any(axis=1) | (
        box[:, 2:] >= np.array([width, height]) - EDGE_PX
    ).any(axis=1)
    return np.asarray((1 - hidden) * np.where(cut, 0.5, 1.0), dtype=np.float64)


class Tracker:
    """Follows people through one clip; feed it frames in time order with `update`.

    camera_id, clip_id  for the tracklet ids
    fps                 analysis rate
    lost_s              a person unseen for longer is a new tracklet; chosen on data/demo: two
                        people in one tracklet cost more than one in two
    start_score         a person must score this once; weaker boxes before and after belong to them
    firm_score          boxes that good are dealt out first
    share               of a film cut into pieces, who belongs to this one; None = everybody
    """

    def __init__(
        self,
        camera_id: str,
        clip_id: str,
        *,
        fps: float = 5.0,
        lost_s: float = 1.0,
        start_score: float = 0.5,
        firm_score: float = 0.4,
        share: Share | None = None,
    ) -> None:
        self.prefix = f"{camera_id}/{clip_id}"
        self.start_score = start_score
        self._share = share or Share()
        self._whose = Association(
            fps=fps, lost_s=lost_s, start_score=start_score, firm_score=firm_score
        )
        self._open: dict[int, _Track] = {}  # by the association's number
        self._times = (0, 0.0, 0.0)  # frames so far, first and last time
        self._done = 0

    def update(self, t_s: float, image: Image, people: People) -> list[Tracklet]:
        """Take one frame: camera-clock time, (H,W,3) uint8 RGB, its people.

        Returns the tracklets that ended with it.
        """
        frames, first_s, last_s = self._times
        if last_s < self._share.handed_s <= t_s:
            self._take_over()
        self._times = (frames + 1, first_s if frames else t_s, t_s)
        whose = self._whose.deal(t_s, people.box, people.score)
        ended = self._close(self._open.keys() - self._whose.alive)
        scene = _Scene(t_s, image, people, clearness(people.box, (image.shape[1], image.shape[0])))
        for row in np.flatnonzero(whose != NOBODY):
            track = self._open.setdefault(int(whose[row]), _Track())
            track.sure |= bool(people.score[row] >= self.start_score)
            scene.add(track, int(row))
        return ended

    def finish(self) -> list[Tracklet]:
        """Tracklets of everyone still in view at the end of the clip."""
        return self._close(set(self._open))

    @property
    def idle(self) -> bool:
        """Whether nobody who belongs to this piece is in view, or was up to `lost_s` ago."""
        return not any(map(self._share.owns, self._open.values()))

    def _take_over(self) -> None:
        """Whoever came into view before this piece is followed anew: the one before lets go."""
        self._open = {
            number: _Track(sure=True, handed=True)
            if track.sure and not self._share.owns(track)
            else track
            for number, track in self._open.items()
        }

    def _sparse(self) -> bool:
        """True where frames come so seldom that a passer-by may be in one of them only."""
        frames, first_s, last_s = self._times
        return frames < 2 or (last_s - first_s) / (frames - 1) > SPARSE_S

    def _close(self, ended: Set[int]) -> list[Tracklet]:
        """The tracklets of those numbers, in the order they came into view."""
        tracks = [self._open.pop(number) for number in sorted(ended)]
        least = 1 if self._sparse() else 2  # a box in one frame of many is a detector's slip
        return [
            self._tracklet(track)
            for track in tracks
            if self._share.owns(track) and (track.handed or len(track.t_s) >= least)
        ]

    def _tracklet(self, track: _Track) -> Tracklet:
        crops = track.crops()
        self._done += 1
        return Tracklet(
            id=f"{self.prefix}/{self._done}",
            t_s=np.array(track.t_s),
            box=np.stack(track.box),
            score=np.array(track.score, dtype=np.float32),
            crop_at=np.array([crop.at for crop in crops], dtype=np.int64),
            crop_box=np.stack([crop.box for crop in crops]),
            crops=tuple(crop.jpeg for crop in crops),
            crop_quality=np.array([crop.quality for crop in crops], dtype=np.float32),
        )


def cut_person(image: Image, box: Float32) -> tuple[bytes, Float32]:
    """Cut a person with a margin from a frame (H,W,3): JPEG bytes and the box (4,) inside it."""
    import cv2

    x1, y1, x2, y2 = expand(box[None], MARGIN, (image.shape[1], image.shape[0]))[0]
    picture = cv2.cvtColor(image[y1:y2, x1:x2], cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes(), (box - np.array([x1, y1, x1, y1])).astype(np.float32)
