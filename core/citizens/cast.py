"""A city's cameras in, its walkers and missing persons out: who goes where when, in which clothes.

Missing persons first, with ways past several cameras; then people who could be mistaken for them;
then passers-by until every camera has seen as many as asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.citizens import doors, texture, walkways, wardrobe
from core.citizens import town as town_of
from core.citizens.chance import generator, pick, presets
from core.citizens.city import (
    STOPS,
    Camera,
    Case,
    Change,
    City,
    Recorder,
    Role,
    Sizes,
    Visit,
    Walker,
    cameras,
    edge_of,
    foresee,
    in_films,
    start_s,
    way_past,
)
from core.citizens.people import Citizen, citizen
from core.citizens.town import Town
from core.citizens.walkways import Graph, Pause, Trip
from core.errors import BadInput

Float64 = NDArray[np.float64]

SPEED: dict[str, tuple[float, float]] = {"child": (1.12, 0.16), "teenager": (1.28, 0.18),
                                         "young_adult": (1.33, 0.19), "middle_aged": (1.29, 0.18),
                                         "elderly": (1.02, 0.2)}  # fmt: skip
"""Mean and spread of walking speed, m/s. Source: [murtagh2021]"""
LEAST_SPEED, MOST_SPEED = 0.5, 1.9
ALIKE = 3  # look-alikes of each case
OTHER_CLOTHES = 2  # the case of a story whose photos show other clothes
TRIES = 160
SMOOTH = 17  # points of a trip over which a companion changes sides of a corner
CHANGES: tuple[Change, ...] = ("none", "none", "jacket_off", "mask_on", "hat_on", "bag_gone")
PEOPLE = 1_000_000  # citizens' seeds of one city: seed * PEOPLE + n


@dataclass
class _Stage:
    """A city while it is being peopled."""

    seed: int
    sizes: Sizes
    town: Town
    ways: Graph
    cameras: list[Camera]
    walkers: list[Walker]
    visits: dict[str, list[Visit]]
    next_person: int = 0

    def person(self, fits: Callable[[Citizen], bool] = lambda _: True) -> Citizen:
        """The next citizen of this city who fits."""
        while True:
            who = citizen(self.seed * PEOPLE + self.next_person, self.sizes.split)
            self.next_person += 1
            if fits(who):
                return who

    def add(self, walker: Walker) -> None:
        self.walkers.append(walker)
        self.visits[walker.id] = foresee(self.town, self.cameras, walker.trip)

    def name(self) -> str:
        return f"p{len(self.walkers) + 1:04d}"


def build(seed: int, sizes: Sizes) -> City:
    """The city of a seed."""
    town = town_of.build(seed)
    ways = walkways.graph(town)
    t0 = start_s(seed, sizes)
    whole = (t0, t0 + 60 * sizes.minutes)
    stage = _Stage(seed, sizes, town, ways, cameras(seed, sizes, town, [whole] * sizes.cameras),
                   [], {})  # fmt: skip
    if sizes.story:
        _follow(stage, t0)
    cases = [_case(stage, n) for n in range(sizes.cases)]
    _fill(stage)
    if sizes.door:
        cases[0] = _door(stage, cases[0])
    return City(seed, sizes, town, ways, tuple(stage.cameras), tuple(stage.walkers), tuple(cases),
                stage.visits)  # fmt: skip


# --- trips ----------------------------------------------------------------------------------------


def speed_of(rng: np.random.Generator, who: Citizen) -> float:
    mean, spread = SPEED[who.age]
    return float(np.clip(rng.normal(mean, spread), LEAST_SPEED, MOST_SPEED))


def gait_of(rng: np.random.Generator, who: Citizen, speed_m_s: float) -> str:
    slow = who.age == "elderly" and (speed_m_s < 0.95 or rng.random() < 0.3)
    return "slow" if slow else "walk"


def _trip(
    stage: _Stage, rng: np.random.Generator, places: list[int], at_s: float, speed: float
) -> Trip:
    """A walk along places from front door to front door, with a pause now and then."""
    length = float(np.linalg.norm(np.diff(stage.ways.xy[places], axis=0), axis=1).sum())
    pauses = []
    if rng.random() < 0.25:
        pauses.append(Pause(float(rng.uniform(0.15, 0.85)) * length, float(rng.uniform(4, 25))))
    return walkways.trip(
        stage.ways,
        places,
        start_s=at_s,
        speed_m_s=speed,
        side=int(rng.choice([-1, 1])),
        lane=float(rng.uniform(0, 1)),
        doors=(float(rng.uniform(0.15, 0.7)), float(rng.uniform(0.3, 0.85))),
        pauses=tuple(pauses),
    )


def _moved(trip: Trip, by_s: float) -> Trip:
    return replace(trip, t_s=trip.t_s + by_s)


def _passes(stage: _Stage, trip: Trip) -> list[tuple[Camera, float]]:
    """Cameras a trip passes, were they always recording, and when."""
    always = [replace(c, from_s=-1e18, to_s=1e18) for c in stage.cameras]
    by = {c.id: c for c in stage.cameras}
    return [(by[v.camera], (v.enter_s + v.leave_s) / 2) for v in foresee(stage.town, always, trip)]


def _tour(stage: _Stage, rng: np.random.Generator, stops: int) -> list[int]:
    """Places of a walk past several cameras, each next one near the last."""
    edges = [edge_of(stage.ways, c.site) for c in stage.cameras]
    middle = np.array([stage.ways.xy[stage.ways.ends[e]].mean(0) for e in edges])
    left = list(range(len(edges)))
    order = [left.pop(int(rng.integers(len(left))))]
    while left and len(order) < stops:
        far = np.linalg.norm(middle[left] - middle[order[-1]], axis=1)
        order.append(left.pop(int(far.argsort()[min(int(rng.integers(0, 2)), len(far) - 1)])))
    return way_past(stage.ways, rng, [edges[i] for i in order], whim=0.1)


# --- missing persons ------------------------------------------------------------------------------


def _follow(stage: _Stage, t0: float) -> None:
    """Set each camera's window so that a first way through the town is filmed as it passes."""
    rng = generator(stage.seed, "story")
    best: tuple[int, Trip, list[tuple[Camera, float]]] | None = None
    for _ in range(TRIES):
        trip = _trip(stage, rng, _tour(stage, rng, 5), t0, 1.0)
        passed = _passes(stage, trip)
        times = [at for _, at in passed]
        good = len(passed) if 5 <= len(passed) <= 6 and min(np.diff(times)) > 20 else 0
        if best is None or good > best[0]:
            best = (good, trip, passed)
        if good:
            break
    assert best is not None
    half = 30 * stage.sizes.minutes
    when = {camera.id: at for camera, at in best[2]}
    last = max(when.values(), default=t0)
    made = []
    for camera in stage.cameras:
        at = when.get(camera.id, float(rng.uniform(t0 + 40, max(t0 + 41, last))))
        middle = round(at + float(rng.uniform(-0.45, 0.45)) * half)
        made.append(replace(camera, from_s=middle - half, to_s=middle + half))
    stage.cameras = made
    stage.walkers.clear()
    who = stage.person(lambda c: c.age == "elderly" and c.outfit.mask is None)
    stage.add(Walker(stage.name(), "missing", best[1], ((best[1].t_s[0], who),), "slow"))


def _case(stage: _Stage, n: int) -> Case:
    """The n-th missing person; the last ones of the list are absent."""
    rng = generator(stage.seed, "case", n)
    absent = n >= stage.sizes.cases - stage.sizes.absent
    told = stage.sizes.story and n == 0
    walker: Walker | None
    if told:
        walker = stage.walkers[0]
        who = walker.looks[0][1]
    else:
        who = stage.person()
        walker = None if absent else _missing(stage, rng, who)
    change: Change = "none"
    if walker is not None:
        change = "none" if told else pick(rng, CHANGES)
        walker, change = _changed(stage, rng, walker, change)
    named = f"case{n + 1:02d}"
    alike = tuple(_alike(stage, rng, who, named, k) for k in range(ALIKE))
    seen_s, seen_at = _last_seen(stage, rng, walker)
    same = n != OTHER_CLOTHES if stage.sizes.story else bool(rng.random() < 0.5)
    return Case(named, who, walker.id if walker else None, change, same, seen_s, seen_at, alike)


def _missing(stage: _Stage, rng: np.random.Generator, who: Citizen) -> Walker:
    """A walker whose way shows up in 3 to 7 cameras while they record."""
    speed = speed_of(rng, who)
    low = min(STOPS[0], max(1, len(stage.cameras) - 1))
    best: tuple[int, Walker, list[Visit]] | None = None
    for _ in range(TRIES):
        places = _tour(stage, rng, int(rng.integers(3, 6)))
        trip = _trip(stage, rng, places, 0.0, speed)
        passed = _passes(stage, trip)
        if not passed:
            continue
        camera, at = passed[int(rng.integers(len(passed)))]
        trip = _moved(trip, float(rng.uniform(camera.from_s, camera.to_s)) - at)
        visits = foresee(stage.town, stage.cameras, trip)
        walker = Walker(stage.name(), "missing", trip, ((float(trip.t_s[0]), who),),
                        gait_of(rng, who, speed))  # fmt: skip
        stops = len({visit.camera for visit in visits})
        if stops <= STOPS[1] and (best is None or stops > best[0]):
            best = (stops, walker, visits)
        if best is not None and best[0] >= low:
            break
    assert best is not None
    stage.add(best[1])
    return best[1]


def _changed(
    stage: _Stage, rng: np.random.Generator, walker: Walker, change: Change
) -> tuple[Walker, Change]:
    """Let somebody change something between two cameras; what does not fit is left out."""
    visits = stage.visits[walker.id]
    who = walker.looks[0][1]
    worn = who.outfit
    if len(visits) < 2:
        return walker, "none"
    if change == "jacket_off" and worn.upper.kind == "outerwear":
        other = _light_top(rng, stage.sizes.split, who.sex)
        worn = replace(worn, upper=other, inner=None)
    elif change == "mask_on" and worn.mask is None:
        worn = replace(worn, mask=wardrobe.extra(pick(rng, wardrobe.catalogue("mask", who.split))))
    elif change == "hat_on" and worn.hat is None:
        caps = [n for n in wardrobe.catalogue("hat", who.split)
                if wardrobe.extra(n).form in ("cap", "bucket")]  # fmt: skip
        worn = replace(worn, hat=wardrobe.extra(pick(rng, caps)))
    elif change == "bag_gone" and worn.bag is not None:
        worn = replace(worn, bag=None)
    else:
        return walker, "none"
    k = int(rng.integers(1, len(visits)))
    at_s = (visits[k - 1].leave_s + visits[k].enter_s) / 2
    changed = replace(walker, looks=(*walker.looks, (at_s, replace(who, outfit=worn))))
    stage.walkers[stage.walkers.index(walker)] = changed
    return changed, change


def _light_top(rng: np.random.Generator, split: str, sex: str) -> wardrobe.Garment:
    """What may be under a jacket."""
    fits = [
        item
        for item in map(wardrobe.garment, wardrobe.catalogue("upper", split))
        if item.kind in ("long_sleeve", "short_sleeve") and sex[0] in wardrobe.sexes_of(item)
    ]
    return pick(rng, fits)


def _alike(stage: _Stage, rng: np.random.Generator, who: Citizen, case: str, k: int) -> str:
    """Somebody of the same sex and age; the first wears the same, the others nearly the same."""
    other = stage.person(lambda c: c.sex == who.sex and c.age == who.age)
    worn = who.outfit
    if k == 1:
        worn = replace(worn, shoes=other.outfit.shoes, bag=other.outfit.bag)
    elif k >= 2:
        own = wardrobe.outfit(rng, who.split, who.sex, who.age)
        lower = own.lower if worn.lower is not None and own.lower is not None else worn.lower
        worn = replace(worn, lower=lower, shoes=own.shoes, hat=own.hat)
    dressed = replace(other, outfit=worn)
    speed = speed_of(rng, dressed)
    trip = _walk_by(stage, rng, int(rng.integers(len(stage.cameras))), speed)
    walker = Walker(stage.name(), "look_alike", trip, ((float(trip.t_s[0]), dressed),),
                    gait_of(rng, dressed, speed), case)  # fmt: skip
    stage.add(walker)
    return walker.id


def _last_seen(
    stage: _Stage, rng: np.random.Generator, walker: Walker | None
) -> tuple[float, tuple[float, float]]:
    """When and about where somebody saw the person for the last time."""
    if walker is None:
        t0 = min(c.from_s for c in stage.cameras)
        x, y = stage.ways.xy[int(rng.integers(len(stage.ways.xy)))]
        return round(t0 - float(rng.uniform(120, 900))), (float(x), float(y))
    x, y = walker.trip.xy[0] + rng.normal(0, 8, 2)
    return round(float(walker.trip.t_s[0]) - float(rng.uniform(0, 60))), (float(x), float(y))


# --- a door ---------------------------------------------------------------------------------------


def _door(stage: _Stage, case: Case) -> Case:
    """Hang a camera over a door that the first missing person walks up to, and film it.

    In its film pass as many people as before the others, somebody in the missing person's clothes
    among them. They show up in no other film: those stay what they are without a door.
    """
    rng = generator(stage.seed, "door")
    walker = next(w for w in stage.walkers if w.id == case.walker)
    gaps = pairwise(stage.visits[walker.id])
    gap = max(gaps, key=lambda two: two[1].enter_s - two[0].leave_s, default=None)
    found = gap and doors.beside(
        stage.town,
        walker.trip,
        (gap[0].leave_s, gap[1].enter_s),
        [c.site for c in stage.cameras],
    )
    if not found:
        raise BadInput("no door lies on the first missing person's way: take another --seed")
    site, at_s = replace(found[0], id=f"c{len(stage.cameras) + 1:02d}"), found[1]
    half = 30 * stage.sizes.minutes
    middle = round(at_s + float(rng.uniform(-0.45, 0.45)) * half)
    offset = round(float(rng.normal(0, 45)), 1)
    clock = Recorder(f"r{len({c.recorder.id for c in stage.cameras}) + 1:02d}", offset,
                     round(offset + float(rng.normal(0, 0.8)), 1), 2.0)  # fmt: skip
    others = tuple(stage.cameras)
    sensor = pick(rng, presets("codec", texture.CODECS, stage.sizes.split))
    stage.cameras.append(
        Camera(site, clock, middle - half, middle + half, others[0].light, sensor, False)
    )
    stage.visits[walker.id] = foresee(stage.town, stage.cameras, walker.trip)
    alike = _comes_by(stage, rng, others, walker.looks[0][1], case.id)
    while sum(v.camera == site.id for seen in stage.visits.values() for v in seen) < (
        stage.sizes.walkers
    ):
        _comes_by(stage, rng, others, None, "")
    return replace(case, look_alikes=(*case.look_alikes, alike))


def _comes_by(
    stage: _Stage, rng: np.random.Generator, others: tuple[Camera, ...], like: Citizen | None,
    of_case: str,
) -> str:  # fmt: skip
    """Somebody who passes the last camera and shows up in no other film; dressed as `like`."""
    who = stage.person(lambda c: like is None or (c.sex == like.sex and c.age == like.age))
    if like is not None:
        who = replace(who, outfit=like.outfit)
    speed = speed_of(rng, who)
    for _ in range(4 * TRIES):
        trip = _walk_by(stage, rng, len(stage.cameras) - 1, speed)
        if (like is None or _faces(stage, trip)) and not in_films(stage.town, others, trip):
            break
    else:
        raise BadInput("nobody can pass the door unseen by others: take another --seed")
    role: Role = "passer" if like is None else "look_alike"
    walker = Walker(stage.name(), role, trip, ((float(trip.t_s[0]), who),),
                    gait_of(rng, who, speed), of_case)  # fmt: skip
    stage.add(walker)
    return walker.id


def _faces(stage: _Stage, trip: Trip) -> bool:
    """Whether somebody walks towards the last camera where it sees them."""
    camera = stage.cameras[-1]
    seen = foresee(stage.town, [camera], trip)
    heading = trip.at(np.array([(v.enter_s + v.leave_s) / 2 for v in seen]))[1]
    return bool(seen) and bool(np.cos(np.radians(heading[0] - camera.site.heading_deg)) < -0.5)


# --- everybody else -------------------------------------------------------------------------------


def _walk_by(stage: _Stage, rng: np.random.Generator, k: int, speed: float) -> Trip:
    """A trip that passes camera k while it records."""
    camera = stage.cameras[k]
    edge = edge_of(stage.ways, camera.site)
    for _ in range(TRIES):
        trip = _trip(stage, rng, way_past(stage.ways, rng, [edge]), 0.0, speed)
        at = [when for c, when in _passes(stage, trip) if c.id == camera.id]
        if at:
            return _moved(trip, float(rng.uniform(camera.from_s, camera.to_s)) - at[0])
    return _moved(trip, camera.from_s)


def _fill(stage: _Stage) -> None:
    """Passers-by, one in six with company, until every camera has seen enough people."""
    rng = generator(stage.seed, "passers")
    limit = 4 * stage.sizes.walkers * len(stage.cameras) + 40
    while len(stage.walkers) < limit:
        counts = np.zeros(len(stage.cameras))
        index = {c.id: k for k, c in enumerate(stage.cameras)}
        for visits in stage.visits.values():
            for visit in visits:
                counts[index[visit.camera]] += 1
        if counts.min() >= stage.sizes.walkers:
            return
        who = stage.person()
        speed = speed_of(rng, who)
        trip = _walk_by(stage, rng, int(counts.argmin()), speed)
        gait = gait_of(rng, who, speed)
        stage.add(Walker(stage.name(), "passer", trip, ((float(trip.t_s[0]), who),), gait))
        if rng.random() < 1 / 6:
            beside = _beside(trip, 0.7 if rng.random() < 0.5 else -0.7)
            friend = stage.person()
            stage.add(Walker(stage.name(), "companion", beside, ((float(trip.t_s[0]), friend),),
                             gait))  # fmt: skip


def _beside(trip: Trip, off_m: float) -> Trip:
    """The same walk, a step to the side."""
    way, keep = np.unique(trip.way_m, return_index=True)
    ahead = np.gradient(trip.xy[keep], way, axis=0)
    ahead = np.stack([np.interp(trip.way_m, way, ahead[:, k]) for k in (0, 1)], 1)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
    aside = off_m * np.stack([ahead[:, 1], -ahead[:, 0]], 1)
    kernel = np.ones(SMOOTH) / SMOOTH
    padded = np.pad(aside, ((SMOOTH // 2, SMOOTH // 2), (0, 0)), mode="edge")
    smooth = np.stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)], 1)
    return replace(trip, xy=trip.xy + smooth)
