"""The values that flow between the stations; shapes are checked here, once, at birth.

Boxes are xyxy pixels (float32), vectors float32 unit rows, angles degrees, rates fractions 0-1.
Times are Unix seconds (float64): *camera-clock* time in clips and tracklets, *true* time in
sightings, rankings and routes. Missing is NaN or None, never 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int = NDArray[np.int64]
Image = NDArray[np.uint8]

UNKNOWN = "unknown"

COLORS = ("black", "white", "gray", "navy", "blue", "sky", "red", "pink", "orange", "yellow",
          "beige", "brown", "khaki", "green", "purple")  # fmt: skip

ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "direction": ("front", "side", "back"),
        "gender": ("male", "female"),
        "age": ("child", "teenager", "young_adult", "middle_aged", "elderly"),
        "upper_type": ("long_sleeve", "short_sleeve", "sleeveless", "outerwear", "dress"),
        "upper_color": COLORS,
        "lower_type": ("long_trousers", "short_trousers", "skirt"),
        "lower_color": COLORS,
        "shoe_color": COLORS,
        "hair": ("none", "short", "bob", "long"),
        "hat": ("none", "hat", "helmet"),
        "glasses": ("none", "glasses", "sunglasses"),
        "bag": ("none", "backpack", "handbag", "crossbody"),
        "mask": ("none", "mask"),
    }
)
"""Attribute names and values, in table 2 of papers/001 plus mask; `unknown` is always allowed."""

Kind = Literal["body", "face"]
Verdict = Literal["confirmed", "possible", "rejected", "cannot_tell", "not_here"]
Band = Literal["strong", "moderate", "weak", "insufficient", "against"]
Source = Literal["cctv", "witness", "card", "device", "patrol"]
Sureness = Literal["video", "sure", "unsure"]

VERDICTS: tuple[Verdict, ...] = ("confirmed", "possible", "rejected", "cannot_tell", "not_here")
BANDS: tuple[Band, ...] = ("strong", "moderate", "weak", "insufficient", "against")
PARTS = ("face", "body", "attributes")

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def safe_id(value: str, what: str) -> str:
    """Return an id that is safe as a folder name, or raise BadInput.

    value  letters, digits, '-' and '_', at most 32, beginning with a letter or digit
    what   the word for it in the error, for instance "camera id"
    """
    if not _SAFE_ID.fullmatch(value):
        raise BadInput(
            "{what} {value!r} cannot be used: take 1 to 32 letters a-z, digits, '-' or '_'",
            what=what,
            value=value[:40],
        )
    return value


def check_attributes(wanted: Mapping[str, Want]) -> None:
    """Raise BadInput if a name or value is not in ATTRIBUTES; `unknown` always passes."""
    for name, want in wanted.items():
        if name not in ATTRIBUTES:
            raise BadInput(
                "attribute {name!r} is not known: use one of {names}",
                name=name[:40],
                names=", ".join(ATTRIBUTES),
            )
        if want.value != UNKNOWN and want.value not in ATTRIBUTES[name]:
            raise BadInput(
                "{value!r} is not a value of {name}: use one of {values}",
                value=want.value[:40],
                name=name,
                values=", ".join((*ATTRIBUTES[name], UNKNOWN)),
            )


def parse_time(text: str) -> float:
    """ISO 8601 with a zone -> Unix seconds; BadInput without a zone or if it is no time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "{text!r} is not a time: write it like 2026-05-01T09:00:00+09:00", text=text[:40]
        ) from None
    if moment.tzinfo is None:
        raise BadInput(
            "the time {text} has no zone: write it like {text}+09:00 for Korean time", text=text
        )
    return moment.timestamp()


def numbers(text: str, n: int, what: str) -> list[float]:
    """n numbers out of a text with commas; what: the word for it in the BadInput otherwise."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != n or not all(math.isfinite(value) for value in values):
        raise BadInput("{what} is {n} numbers with commas, not {text!r}", what=what, n=n, text=text)
    return values


def _need(ok: bool, what: str, got: object) -> None:
    if not ok:
        raise ValueError(f"{what}, got {got!r}")


def _array(obj: object, name: str, dtype: type, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Freeze obj.name as a read-only array of dtype whose shape fits; None = any length."""
    array: NDArray[Any] = np.array(getattr(obj, name), dtype=dtype)  # a copy
    if array.size == 0 and array.ndim == 1:
        array = array.reshape([0 if n is None else n for n in shape])
    fits = array.ndim == len(shape) and all(
        n is None or n == m for n, m in zip(shape, array.shape, strict=True)
    )
    _need(fits, f"{type(obj).__name__}.{name} needs shape {shape}", array.shape)
    array.setflags(write=False)
    object.__setattr__(obj, name, array)
    return array


def _time(value: float, what: str) -> None:
    _need(math.isfinite(value), f"{what} must be finite Unix seconds", value)


@dataclass(frozen=True)
class Note:
    """One translatable sentence: an English format string (the gettext id) and its fields."""

    msgid: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid.format(**self.fields)


def note(msgid: str, /, **fields: object) -> Note:
    """A `Note` written like a call: ``note("face {px} px", px=18)``."""
    return Note(msgid, fields)


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


def check_place(lat: float, lon: float) -> None:
    """Raise BadInput unless lat and lon are WGS84 degrees; says so when they look swapped."""
    if -90 <= lat <= 90 and -180 <= lon <= 180:
        return
    if -90 <= lon <= 90 and -180 <= lat <= 180:
        raise BadInput(
            "latitude {lat} is out of range: latitude and longitude look swapped", lat=lat
        )
    raise BadInput("latitude {lat}, longitude {lon} is not a place on Earth", lat=lat, lon=lon)


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
        _time(self.start_s, "Clip.start_s")
        _need(self.duration_s >= 0, "Clip.duration_s must be 0 or more", self.duration_s)
        _need(len(self.sha256) == 64, "Clip.sha256 needs 64 hex digits", self.sha256)

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
        _array(self, "crop_quality", np.float32, (len(self.crops),))
        _need(self.id.count("/") == 2, "Tracklet.id is camera/clip/n", self.id)
        t = len(_array(self, "t_s", np.float64, (None,)))
        _need(t > 0 and bool(np.all(np.diff(self.t_s) > 0)), "Tracklet.t_s must increase", self.id)
        _array(self, "box", np.float32, (t, 4))
        _array(self, "score", np.float32, (t,))
        _array(self, "crop_at", np.int64, (None,))
        _array(self, "crop_box", np.float32, (len(self.crops), 4))
        _need(len(self.crop_at) == len(self.crops), "Tracklet: one crop_at per crop", self.id)
        _need(
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


@dataclass(frozen=True)
class Vectors:
    """Embeddings of one person by one model.

    rows (n,D) unit rows;  quality (n,) 0-1;  size_px (n,) native pixels: face box width, or body
    box height;  crop (n,) index of the picture each row came from
    """

    kind: Kind
    rows: Float32
    quality: Float32
    size_px: Float32
    crop: Int

    def __post_init__(self) -> None:
        rows = _array(self, "rows", np.float32, (None, None))
        norms = np.linalg.norm(rows, axis=1)
        _need(bool(np.all(np.abs(norms - 1) < 1e-3)), "Vectors.rows must be unit rows", norms[:3])
        for name, dtype in (("quality", np.float32), ("size_px", np.float32), ("crop", np.int64)):
            _array(self, name, dtype, (len(rows),))

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Description:
    """What the models say about one person: a tracklet, or the probe.

    vectors     {model name: Vectors}
    attributes  {attribute: (V,) probabilities over its values}; absent = not judged
    missing     {"face" or "body" or "attributes": why there is no evidence of that kind}
    """

    of_id: str
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    attributes: Mapping[str, Float32] = field(default_factory=dict)
    missing: Mapping[str, Note] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, probability in self.attributes.items():
            _need(name in ATTRIBUTES, "Description.attributes: unknown name", name)
            _need(
                np.shape(probability) == (len(ATTRIBUTES[name]),),
                f"Description.attributes[{name}] needs one probability per value",
                np.shape(probability),
            )


@dataclass(frozen=True)
class Want:
    """One ticked attribute and how sure the teller was (seen on video / sure / unsure)."""

    value: str
    sureness: Sureness = "sure"


@dataclass(frozen=True)
class LastSeen:
    """Where and when (true time) the person was last seen."""

    from_s: float
    to_s: float
    lat: float
    lon: float
    radius_m: float = 100.0

    def __post_init__(self) -> None:
        check_place(self.lat, self.lon)
        if self.to_s < self.from_s:
            raise BadInput("last seen: the end lies before the beginning")


@dataclass(frozen=True)
class Photo:
    """One uploaded photo, kept by its hash. taken_s: Unix seconds or None if not known.

    box, face  xyxy px of the upright picture as `core.photo` reads it: the person looked for, and
               that person's face, where somebody chose one of several; None = nobody had to choose
    """

    sha256: str
    name: str
    taken_s: float | None = None
    box: tuple[float, float, float, float] | None = None
    face: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class FootageBox:
    """A box drawn on the person in footage: clip by hash, camera-clock time or offset, box px."""

    clip_sha256: str
    path: str
    at_s: float  # seconds into the file
    box: tuple[float, float, float, float]
    true_s: float | None = None  # true time, when the clip is in the gallery


@dataclass(frozen=True)
class Probe:
    """Who is looked for.

    clothes_may_differ is true for uploaded photos unless "same clothes, same day" was ticked.
    """

    photos: tuple[Photo, ...] = ()
    boxes: tuple[FootageBox, ...] = ()
    description: Description = field(default_factory=lambda: Description("probe"))
    wanted: Mapping[str, Want] = field(default_factory=dict)
    last_seen: LastSeen | None = None
    clothes_may_differ: bool = True

    def __post_init__(self) -> None:
        check_attributes(self.wanted)


@dataclass(frozen=True)
class Searched:
    """What a search really looked at. gaps_s: seconds inside the window without footage."""

    tracklets: int
    cameras: tuple[str, ...]
    cameras_asked: tuple[str, ...]
    footage_s: float
    gaps_s: float


@dataclass(frozen=True)
class Ranking:
    """Candidates of one search, in evidence order unless order_reranked says otherwise.

    tracklet_id, camera_id  N strings;  enter_s, leave_s (N,) true time
    evidence       (N,) log10 likelihood ratio
    parts          {"face", "body", "attributes"}: (N,), NaN = no evidence
    order_evidence (N,) permutation;  order_reranked (N,) permutation by `core.rank.shortlist`, or
                   None where that was not shown to help
    expected_false (N,) strangers expected to score as high in the gallery searched
    band           N words;  reasons: for each candidate why, most important first
    warnings       about the whole search, for instance "not calibrated here"
    """

    tracklet_id: tuple[str, ...]
    camera_id: tuple[str, ...]
    enter_s: Float64
    leave_s: Float64
    evidence: Float64
    parts: Mapping[str, Float64]
    order_evidence: Int
    order_reranked: Int | None
    expected_false: Float64
    band: tuple[Band, ...]
    reasons: tuple[tuple[Note, ...], ...]
    searched: Searched
    method: str
    warnings: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.tracklet_id)
        for name in ("enter_s", "leave_s", "evidence", "expected_false"):
            _array(self, name, np.float64, (n,))
        _array(self, "order_evidence", np.int64, (n,))
        if self.order_reranked is not None:
            _array(self, "order_reranked", np.int64, (n,))
        _need(set(self.parts) == set(PARTS), "Ranking.parts needs", PARTS)
        for part in PARTS:
            _need(np.shape(self.parts[part]) == (n,), f"Ranking.parts[{part}] needs {n}", part)
        lengths = {len(self.camera_id), len(self.band), len(self.reasons), n}
        _need(len(lengths) == 1, "Ranking: one camera, band and reasons per candidate", lengths)

    def __len__(self) -> int:
        return len(self.tracklet_id)

    @property
    def leads(self) -> list[str]:
        """Ids of the candidates that speak for the person, weakly at least."""
        words = zip(self.tracklet_id, self.band, strict=True)
        return [tracklet for tracklet, band in words if band in ("strong", "moderate", "weak")]


@dataclass(frozen=True)
class Sighting:
    """The person, perhaps, at one place for a while, in true time.

    tracklet_id and camera_id for source "cctv"; otherwise lat, lon, radius_m, sigma_s.
    evidence  log10 likelihood ratio, NaN = none
    verdict   of a person, or None; "not_here" says that camera did not see the person then
    """

    source: Source
    enter_s: float
    leave_s: float
    camera_id: str | None = None
    tracklet_id: str | None = None
    lat: float | None = None
    lon: float | None = None
    radius_m: float = 30.0
    sigma_s: float = 0.0
    evidence: float = math.nan
    verdict: Verdict | None = None
    by: str = ""
    at_s: float | None = None
    why: str = ""

    def __post_init__(self) -> None:
        _need(self.leave_s >= self.enter_s, "Sighting leaves before it enters", self.enter_s)
        _need(
            self.camera_id is not None or (self.lat is not None and self.lon is not None),
            "Sighting needs a camera or a place",
            self.source,
        )


@dataclass(frozen=True)
class Stop:
    """One stop of a route, in true time; probability that the person is this sighting.

    source  what says so; radius_m and sigma_s: how exactly its place and its time are known
    """

    camera_id: str | None
    tracklet_id: str | None
    enter_s: float
    leave_s: float
    lat: float | None
    lon: float | None
    probability: float
    band: Band
    confirmed: bool = False
    unstable: bool = False
    source: Source = "cctv"
    radius_m: float = 30.0
    sigma_s: float = 0.0


@dataclass(frozen=True)
class Leg:
    """From one stop to the next: the plausible travel time, and whether it can be walked at all."""

    low_s: float
    high_s: float
    distance_m: float
    feasible: bool
    vehicle_only: bool
    why: Note


@dataclass(frozen=True)
class Path:
    """One way through the sightings, and its probability.

    tracklet_id, camera_id  per stop, None where it is not video;  stops, legs: to draw it
    """

    tracklet_id: tuple[str | None, ...]
    camera_id: tuple[str | None, ...]
    probability: float
    stops: tuple[Stop, ...] = ()
    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True)
class NextCamera:
    """A camera worth asking next: when the person would pass, until when it keeps footage."""

    camera_id: str
    probability: float
    from_s: float
    to_s: float
    deadline_s: float | None = None


@dataclass(frozen=True)
class Route:
    """The inferred route, in true time, with its doubts. p_never: not in this footage at all.

    alternatives  the best ways, this one first;  rival: the best that shares no stop with it
    steady        this way without its unstable stops, None if it has none; its probability is NaN
    """

    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...]  # len(stops) - 1, or 0
    p_never: float
    alternatives: tuple[Path, ...] = ()
    rival: Path | None = None
    next_cameras: tuple[NextCamera, ...] = ()
    warnings: tuple[Note, ...] = ()
    method: str = ""
    steady: Path | None = None

    def __post_init__(self) -> None:
        _need(
            len(self.legs) == max(0, len(self.stops) - 1),
            "Route: one leg between two stops",
            len(self.legs),
        )


@dataclass(frozen=True)
class Progress:
    """One step of long work: done of total (0 = not known) units, and a sentence."""

    done: float
    total: float
    text: Note
    tracklets: int = 0
