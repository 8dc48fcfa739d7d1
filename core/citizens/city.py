"""A seed and a few sizes in, a whole city out: cameras, clocks, walkers, missing persons.

Everything follows from the seed: the town, what hangs where, who walks when in which clothes, who
is looked for, who looks like them. Nothing is drawn here; `film` draws it, `truth` writes it down.
Times are true Unix seconds; a camera shows true time minus its recorder's offset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.citizens import sites as sites_of
from core.citizens import texture, walkways  # fmt: skip
from core.citizens.chance import SPLITS, generator, pick, presets
from core.citizens.daylight import HOURS, WEATHERS, Hour, Weather
from core.citizens.people import Citizen
from core.citizens.sites import SIZE, Site
from core.citizens.town import Town
from core.citizens.walkways import Graph, Trip
from core.errors import BadInput

Float64 = NDArray[np.float64]
Role = Literal["passer", "companion", "missing", "look_alike"]
Change = Literal["none", "jacket_off", "mask_on", "hat_on", "bag_gone"]

DAY_S = 1_777_593_600.0  # 2026-05-01 09:00 in Korea
HOUR_OF_DAY_S: dict[str, float] = {"day": 5.2 * 3600, "dusk": 10.6 * 3600, "night": 12.5 * 3600}
SAMPLE_S = 0.25  # how finely visits are foreseen
LEAST_VISIT_S = 1.5
SPLIT_S = 10.0  # out of sight for longer is another visit
STOPS = (3, 7)  # how many cameras see a missing person


@dataclass(frozen=True)
class Sizes:
    """How large a city is and how it is filmed.

    walkers  people to be seen by every camera;  cases looked for, of them `absent` never there
    story    short clips, each camera's at its own time, that follow the first missing person
    door     one camera more over a shop's door, where a missing person comes near, and others do
    quick    small people are drawn with fewer triangles and the grain is cut out of one field
    """

    cameras: int = 10
    minutes: float = 5.0
    walkers: int = 60
    cases: int = 10
    absent: int = 0
    hour: Hour = "day"
    weather: Weather = "dry"
    fps: int = 8
    size: tuple[int, int] = SIZE
    split: str = "test"
    story: bool = False
    quick: bool = False
    door: bool = False

    def __post_init__(self) -> None:
        if not (1 <= self.cameras <= 40 and 0 < self.minutes <= 120 and 1 <= self.fps <= 30):
            raise BadInput(
                "a city has 1 to 40 cameras, up to 120 minutes, 1 to 30 pictures a second"
            )
        if self.hour not in HOURS or self.weather not in WEATHERS or self.split not in SPLITS:
            raise BadInput(
                "say --hour {hours}, --weather {weathers}, --split {splits}",
                hours="|".join(HOURS), weathers="|".join(WEATHERS), splits="|".join(SPLITS),
            )  # fmt: skip
        if not 0 <= self.absent <= self.cases:
            raise BadInput("of the missing persons, at most all can be absent")
        if self.door and self.absent == self.cases:
            raise BadInput("a door needs a missing person who is there and walks up to it")


@dataclass(frozen=True)
class Recorder:
    """One clock. offset_s: to be added to its time; told_*: what the police know, or None."""

    id: str
    offset_s: float
    told_offset_s: float | None
    told_sigma_s: float | None


@dataclass(frozen=True)
class Camera:
    """A site and its footage: from_s..to_s true time; light and sensor are names of presets."""

    site: Site
    recorder: Recorder
    from_s: float
    to_s: float
    light: str
    sensor: str
    infrared: bool

    @property
    def id(self) -> str:
        return self.site.id

    def shown_s(self, true_s: float) -> float:
        """What the camera's clock shows at a true time."""
        return true_s - self.recorder.offset_s


@dataclass(frozen=True)
class Walker:
    """Somebody on the way. looks: (from when, citizen as dressed then), from the start."""

    id: str
    role: Role
    trip: Trip
    looks: tuple[tuple[float, Citizen], ...]
    gait: str
    of_case: str = ""  # for whom a look-alike is mistaken

    def citizen(self, at_s: float) -> Citizen:
        """The walker as dressed at a true time."""
        return [who for since, who in self.looks if since <= at_s or since == self.looks[0][0]][-1]


@dataclass(frozen=True)
class Visit:
    """A walker in a camera's footage, true time, as geometry foresees it."""

    camera: str
    enter_s: float
    leave_s: float


@dataclass(frozen=True)
class Case:
    """A missing person. walker: id, or None for somebody who is nowhere in the footage."""

    id: str
    person: Citizen
    walker: str | None
    change: Change
    same_clothes: bool  # as in the photos
    seen_s: float
    seen_at: tuple[float, float]  # town metres
    look_alikes: tuple[str, ...]


@dataclass(frozen=True)
class City:
    """All of it. visits: {walker id: visits in time order}."""

    seed: int
    sizes: Sizes
    town: Town
    ways: Graph
    cameras: tuple[Camera, ...]
    walkers: tuple[Walker, ...]
    cases: tuple[Case, ...]
    visits: dict[str, list[Visit]] = field(default_factory=dict)


def in_films(town: Town, cameras: Sequence[Camera], trip: Trip) -> bool:
    """Whether somebody on this trip could show up in the film of any of the cameras."""
    return any(
        sites_of.in_view(
            town, camera.site.view(SIZE),
            trip.at(np.arange(camera.from_s, camera.to_s, SAMPLE_S / 2))[0],
        ).any()
        for camera in cameras
    )  # fmt: skip


def foresee(town: Town, cameras: tuple[Camera, ...] | list[Camera], trip: Trip) -> list[Visit]:
    """The visits of a trip to the cameras while they record."""
    t = np.arange(trip.t_s[0], trip.t_s[-1], SAMPLE_S)
    xy = trip.at(t)[0]
    found = []
    for camera in cameras:
        on = (t >= camera.from_s) & (t <= camera.to_s)
        near = on & (np.hypot(*(xy - camera.site.eye[:2]).T) < camera.site.view_range_m + 8)
        if not near.any():
            continue
        shown = np.zeros(len(t), dtype=bool)
        shown[near] = sites_of.seen(town, camera.site, xy[near])
        for low, high in stretches(t[shown], SPLIT_S):
            if high - low >= LEAST_VISIT_S:
                found.append(Visit(camera.id, low, high))
    return sorted(found, key=lambda v: v.enter_s)


def stretches(at_s: Float64, gap_s: float) -> list[tuple[float, float]]:
    """Increasing times (T,) -> (first, last) of every run without a gap longer than gap_s."""
    if not len(at_s):
        return []
    cut = np.flatnonzero(np.diff(at_s) > gap_s)
    first, last = at_s[np.r_[0, cut + 1]], at_s[np.r_[cut, len(at_s) - 1]]
    return [(float(a), float(b)) for a, b in zip(first, last, strict=True)]


def recorders(seed: int, n: int) -> list[Recorder]:
    """The recorder of each of n cameras; neighbours often share one; some clocks were checked."""
    rng = generator(seed, "recorders")
    made: list[Recorder] = []
    while len(made) < n:
        wrong = float(rng.choice([rng.normal(0, 4), rng.normal(0, 45), rng.uniform(-380, 380)],
                                 p=[0.4, 0.35, 0.25]))  # fmt: skip
        offset = round(wrong, 1)
        how = rng.random()
        if how < 0.45:  # photographed beside a phone
            told, sigma = round(offset + float(rng.normal(0, 0.8)), 1), 2.0
        elif how < 0.75:  # told by the owner
            told, sigma = round(offset + float(rng.normal(0, 14)), 0), 30.0
        else:
            told, sigma = None, None
        one = Recorder(f"r{len({r.id for r in made}) + 1:02d}", offset, told, sigma)
        made += [one] * (2 if rng.random() < 0.3 and n - len(made) > 1 else 1)
    return made


def cameras(
    seed: int, sizes: Sizes, town: Town, windows: list[tuple[float, float]]
) -> list[Camera]:
    """The cameras of a town with clocks, light and sensors."""
    rng = generator(seed, "cameras")
    owners = recorders(seed, sizes.cameras)
    light = pick(rng, presets("light", texture.LIGHTS, sizes.split))
    codecs = presets("codec", texture.CODECS, sizes.split)
    made = []
    for k, site in enumerate(sites_of.choose(town, sizes.cameras)):
        dark = sizes.hour == "night" or (sizes.hour == "dusk" and rng.random() < 0.3)
        infrared = dark and site.kind not in ("crossing", "market") and rng.random() < 0.6
        made.append(Camera(site, owners[k], *windows[k], light, pick(rng, codecs), bool(infrared)))
    return made


def start_s(seed: int, sizes: Sizes) -> float:
    """When the footage of a city begins: a day in May, the hour by the light asked for."""
    rng = generator(seed, "start")
    day = float(rng.integers(0, 28)) * 86_400
    return DAY_S + day + HOUR_OF_DAY_S[sizes.hour] + float(rng.integers(0, 3600))


def edge_of(ways: Graph, site: Site) -> int:
    """The stretch of street a camera looks at."""
    at = np.array(site.target[:2])
    a, b = ways.xy[ways.ends[:, 0]], ways.xy[ways.ends[:, 1]]
    along = np.clip(((at - a) * (b - a)).sum(1) / ((b - a) ** 2).sum(1), 0, 1)
    off = np.linalg.norm(a + along[:, None] * (b - a) - at, axis=1)
    return int(off.argmin())


def way_past(
    ways: Graph, rng: np.random.Generator, edges: list[int], whim: float = 0.35
) -> list[int]:
    """Places of a walk that passes these stretches in this order, from somewhere to somewhere."""
    places = [int(rng.integers(len(ways.xy)))]
    for edge in edges:
        a, b = (int(v) for v in ways.ends[edge])
        near = _cost(ways, places[-1], a), _cost(ways, places[-1], b)
        first, second = (a, b) if near[0] <= near[1] else (b, a)
        if len(edges) == 1 and rng.random() < 0.5:
            first, second = second, first
        places += walkways.shortest(ways, places[-1], first, rng, whim)[1:]
        places.append(second)
    places += walkways.shortest(ways, places[-1], int(rng.integers(len(ways.xy))), rng, whim)[1:]
    return _without_turns(places)


def _cost(ways: Graph, a: int, b: int) -> float:
    return float(np.linalg.norm(ways.xy[a] - ways.xy[b]))


def _without_turns(places: list[int]) -> list[int]:
    """No step twice in a row, no way straight back where it can be cut off at an end."""
    out: list[int] = []
    for place in places:
        if not out or out[-1] != place:
            out.append(place)
    while len(out) > 3 and out[0] == out[2]:
        out = out[1:]
    while len(out) > 3 and out[-1] == out[-3]:
        out = out[:-1]
    return out
