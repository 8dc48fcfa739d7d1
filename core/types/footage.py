"""What recordings are made of: recorder, camera, clip, and a person followed through one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.errors import BadInput
from core.types.checks import (
    Float32,
    Float64,
    Int,
    check_place,
    finite_time,
    frozen_array,
    need,
    safe_id,
)


@dataclass(frozen=True)
class Recorder:
    """A video recorder: one clock. clock_offset_s is added to its time to reach true time."""

    id: str
    clock_offset_s: float = 0.0
    clock_sigma_s: float = 600.0
    checked_at: float | None = None
    how: Literal["photo", "told", "unchecked"] = "unchecked"
    retention_days: float | None = None
    owner: str = ""
    owner_kind: str = ""
    contact: str = ""

    def __post_init__(self) -> None:
        safe_id(self.id, "recorder id")
        if not math.isfinite(self.clock_offset_s):
            raise BadInput("the clock offset must be a number of seconds")
        if not (math.isfinite(self.clock_sigma_s) and self.clock_sigma_s >= 0):
            raise BadInput("the clock sigma must be a number of seconds, 0 or more")
        if self.retention_days is not None and not 0 < self.retention_days < 10_000:
            raise BadInput("footage is kept for a number of days above 0, or it is not known")


@dataclass(frozen=True)
class Camera:
    """A camera and where it looks. lat and lon are WGS84 degrees, both or neither."""

    id: str
    name: str
    recorder_id: str
    lat: float | None = None
    lon: float | None = None
    heading_deg: float | None = None
    view_range_m: float = 30.0
    kind: Literal["fixed", "ptz", "vehicle"] = "fixed"

    def __post_init__(self) -> None:
        safe_id(self.id, "camera id")
        safe_id(self.recorder_id, "recorder id")
        if (self.lat is None) != (self.lon is None):
            raise BadInput("camera {camera}: give both latitude and longitude", camera=self.id)
        if self.lat is not None and self.lon is not None:
            check_place(self.lat, self.lon)
        if self.kind not in ("fixed", "ptz", "vehicle"):
            raise BadInput("camera {camera}: kind must be fixed, ptz or vehicle", camera=self.id)
        if not (math.isfinite(self.view_range_m) and self.view_range_m > 0):
            raise BadInput("camera {camera}: the view range must be above 0 m", camera=self.id)
        if self.heading_deg is not None and not math.isfinite(self.heading_deg):
            raise BadInput(
                "camera {camera}: the heading must be a number of degrees", camera=self.id
            )


@dataclass(frozen=True)
class Clip:
    """One piece of footage of one camera, in camera-clock time; referenced, never copied.

    from_s  seconds into the file where it begins: a long file is several clips (`core.pieces`)
    """

    id: str
    camera_id: str
    path: str
    sha256: str
    start_s: float
    duration_s: float
    size: tuple[int, int]  # (width, height) px
    gaps: tuple[tuple[float, float], ...] = ()  # camera-clock (from, to)
    from_s: float = 0.0

    def __post_init__(self) -> None:
        safe_id(self.id, "clip id")
        safe_id(self.camera_id, "camera id")
        finite_time(self.start_s, "Clip.start_s")
        need(self.duration_s >= 0, "Clip.duration_s must be 0 or more", self.duration_s)
        need(len(self.sha256) == 64, "Clip.sha256 needs 64 hex digits", self.sha256)

    @property
    def end_s(self) -> float:
        """Camera-clock end."""
        return self.start_s + self.duration_s

    @property
    def film_start_s(self) -> float:
        """Camera-clock time of the first moment of the file that the clip is a piece of."""
        return self.start_s - self.from_s

    def holds(self, at_s: float) -> bool:
        """Whether the moment at_s seconds into the file lies in this piece of it."""
        return self.from_s <= at_s < self.from_s + self.duration_s


@dataclass(frozen=True)
class Tracklet:
    """One person followed through one clip, in camera-clock time.

    id        "camera/clip/n"
    t_s       (T,) times, increasing;  box (T,4) person boxes in frame pixels;  score (T,)
    crop_at   (K,) indices into T of the kept pictures
    crop_box  (K,4) the person box inside each kept picture, px (a picture has a margin around it)
    crops     K pictures as JPEG bytes
    crop_quality (K,) 0-1 how well each picture shows the person; NaN = not judged
    """

    id: str
    t_s: Float64
    box: Float32
    score: Float32
    crop_at: Int
    crop_box: Float32
    crops: tuple[bytes, ...]
    crop_quality: Float32 = field(default_factory=lambda: np.empty(0, dtype=np.float32))

    def __post_init__(self) -> None:
        if not len(self.crop_quality):
            object.__setattr__(self, "crop_quality", np.full(len(self.crops), np.nan))
        frozen_array(self, "crop_quality", np.float32, (len(self.crops),))
        need(self.id.count("/") == 2, "Tracklet.id is camera/clip/n", self.id)
        t = len(frozen_array(self, "t_s", np.float64, (None,)))
        need(t > 0 and bool(np.all(np.diff(self.t_s) > 0)), "Tracklet.t_s must increase", self.id)
        frozen_array(self, "box", np.float32, (t, 4))
        frozen_array(self, "score", np.float32, (t,))
        frozen_array(self, "crop_at", np.int64, (None,))
        frozen_array(self, "crop_box", np.float32, (len(self.crops), 4))
        need(len(self.crop_at) == len(self.crops), "Tracklet: one crop_at per crop", self.id)
        need(
            not len(self.crop_at) or (self.crop_at.min() >= 0 and self.crop_at.max() < t),
            "Tracklet.crop_at out of range",
            self.id,
        )

    @property
    def camera_id(self) -> str:
        return self.id.split("/")[0]

    @property
    def clip_id(self) -> str:
        return self.id.split("/")[1]

    @property
    def enter_s(self) -> float:
        """Camera-clock time of the first box."""
        return float(self.t_s[0])

    @property
    def leave_s(self) -> float:
        """Camera-clock time of the last box."""
        return float(self.t_s[-1])
