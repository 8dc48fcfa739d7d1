"""The way a person may have taken: stops, legs, other ways, cameras to ask next."""

from __future__ import annotations

from dataclasses import dataclass

from core.types.checks import need
from core.types.notes import Note
from core.types.sightings import Band, Source


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
        need(
            len(self.legs) == max(0, len(self.stops) - 1),
            "Route: one leg between two stops",
            len(self.legs),
        )
