"""The people of each frame in, tracklets out: one person followed through one clip, best shown.

One `Tracker` per clip, so that no identity ever crosses a cut or a camera. Memory is bounded by the
number of people in view, not by the length of the clip.

Source: [zhang2022bytetrack], [yang2023cbiou]
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.detect import People
from core.geometry import expand, intersection, iou
from core.types import Float32, Image, Tracklet

MARGIN = 0.1  # of the longer side, kept around the person: hair and hands reach out of boxes
MAX_CROPS = 8
MIN_APART_S = 0.5
JPEG_QUALITY = 95
GOOD_HEIGHT_PX = 160.0  # a body this tall is as good as a taller one
GOOD_SHARPNESS = 60.0  # Laplacian variance at 128 px height where sharpness counts half
EDGE_PX = 2.0
SPARSE_S = 0.5


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
        return bool(track.t_s) and self.from_s <= track.t_s[0] < self.to_s


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
    """What is known of one person so far; `slots` holds the best crop of each stretch of time."""

    t_s: list[float] = field(default_factory=list)
    box: list[Float32] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    slot_s: float = MIN_APART_S
    slots: dict[int, Crop] = field(default_factory=dict)

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
    fps                 analysis rate; thresholds below are for about 5 a second, where a walker can
                        move half a body width between two samples, so boxes are compared with a
                        buffer (a share of their size)
    lost_s              a person unseen for longer is a new tracklet; with the buffer chosen on
                        data/demo: two people in one tracklet cost more than one in two
    start_score         a new person must score this; weaker boxes only continue a track
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
        buffer: float = 0.3,
        share: Share | None = None,
    ) -> None:
        from trackers import ByteTrackTracker
        from trackers.utils.iou import BIoU

        self.prefix = f"{camera_id}/{clip_id}"
        self.lost_s = lost_s
        self._share = share or Share()
        self._tracker = ByteTrackTracker(
            lost_track_buffer=int(30 * lost_s),  # never longer than `_close` keeps a track
            frame_rate=fps,
            track_activation_threshold=start_score,
            high_conf_det_threshold=firm_score,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=0.03,  # a runner moves one and a half body widths
            iou=BIoU(buffer_ratio=buffer),
        )
        self._open: dict[int, _Track] = {}  # by the tracker's number
        self._born: dict[object, _Track] = {}  # by the tracker's object: seen once, no number yet
        self._once: list[_Track] = []  # seen once, and gone
        self._times = (0, 0.0, 0.0)  # frames so far, first and last time
        self._done = 0

    def update(self, t_s: float, image: Image, people: People) -> list[Tracklet]:
        """Take one frame: camera-clock time, (H,W,3) uint8 RGB, its people.

        Returns the tracklets that ended with it.
        """
        import supervision

        found = supervision.Detections(
            xyxy=people.box.astype(np.float64),
            confidence=people.score.astype(np.float64),
            data={"row": np.arange(len(people))},
        )
        frames, first_s, last_s = self._times
        if last_s < self._share.handed_s <= t_s:
            self._take_over()
        self._times = (frames + 1, first_s if frames else t_s, t_s)
        result = self._tracker.update(found, timestamp=t_s)
        for tracked in self._tracker.tracks:  # the second box brings a number: keep the first, too
            if tracked.tracker_id >= 0 and tracked in self._born:
                self._open[tracked.tracker_id] = self._born.pop(tracked)
        scene = _Scene(t_s, image, people, clearness(people.box, (image.shape[1], image.shape[0])))
        numbers = () if result.tracker_id is None else result.tracker_id
        for row, number in zip(result.data.get("row", ()), numbers, strict=True):
            if number >= 0:
                scene.add(self._open[int(number)], int(row))
        self._note_births(scene)
        return self._close(t_s)

    def finish(self) -> list[Tracklet]:
        """Tracklets of everyone still in view at the end of the clip."""
        self._once += self._born.values()
        self._born = {}
        return self._close(float("inf"))

    @property
    def idle(self) -> bool:
        """Whether nobody who belongs to this piece is in view, or was up to `lost_s` ago."""
        return not any(map(self._share.owns, [*self._open.values(), *self._born.values()]))

    def _take_over(self) -> None:
        """Whoever came into view before this piece is followed anew: the one before lets go."""
        share = self._share
        self._open = {n: t if share.owns(t) else _Track() for n, t in self._open.items()}
        self._born = {one: t if share.owns(t) else _Track() for one, t in self._born.items()}

    def _note_births(self, scene: _Scene) -> None:
        """ByteTrack numbers a person at the second box only: remember the first."""
        alive = {tracked for tracked in self._tracker.tracks if tracked.tracker_id < 0}
        for tracked in alive - self._born.keys():
            box = np.asarray(tracked.get_state_bbox(), dtype=np.float32).reshape(1, 4)
            self._born[tracked] = _Track()
            scene.add(self._born[tracked], int(iou(box, scene.people.box)[0].argmax()))
        self._once += [one for tracked, one in self._born.items() if tracked not in alive]
        self._born = {tracked: one for tracked, one in self._born.items() if tracked in alive}

    def _sparse(self) -> bool:
        """True where frames come so seldom that a passer-by may be in one of them only."""
        frames, first_s, last_s = self._times
        return frames < 2 or (last_s - first_s) / (frames - 1) > SPARSE_S

    def _close(self, now_s: float) -> list[Tracklet]:
        ended = [n for n, track in self._open.items() if now_s - self._seen_s(track) > self.lost_s]
        tracks = [self._open.pop(number) for number in sorted(ended)]
        once, self._once = self._once, []
        if self._sparse():  # else a box in one frame out of many is a detector's slip
            tracks += once
        return [self._tracklet(track) for track in tracks if self._share.owns(track)]

    def _seen_s(self, track: _Track) -> float:
        return track.t_s[-1] if track.t_s else self._share.handed_s

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
