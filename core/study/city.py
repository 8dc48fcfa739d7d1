"""A folder of footage with truth in; its cameras, clips, problems, and who each tracklet is, out.

A city is a folder of films with tables beside them (paths are relative to the folder):

- ``cameras.csv``   as `dongseon camera import` reads it
- ``clips.csv``     path,camera_id,start[,true_offset_s]: start ISO 8601 as the camera's clock shows
                    it; true_offset_s what must be added to reach true time, where it is known

and its truth, labelled by hand

- ``truth.csv``     path,person_id,t_s,x1,y1,x2,y2: where people are, t_s seconds into the film
- ``problems.csv``  person_id,path,at_s,x1,y1,x2,y2[,ATTRIBUTE...]: one crop of the person looked
                    for and what is told about them; absent is who is nowhere else in truth.csv

or as a made-up city delivers it (`truth/`, `cases.json`: see `core.study.delivered`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import BadInput
from core.geometry import iou
from core.study.manifest import number as _number
from core.study.manifest import rows
from core.types import ATTRIBUTES, UNKNOWN, Float32, Float64, LastSeen, Tracklet, parse_time

PAUSE_S = 10.0  # out of sight this long: the next sight is another visit
NEAR_S = 0.15  # between a tracklet's box and the truth it is held against
SAME_IOU = 0.5
TABLES = {
    "clips": ("path", "camera_id", "start"),
    "truth": ("path", "person_id", "t_s", "x1", "y1", "x2", "y2"),
    "problems": ("person_id", "path", "at_s", "x1", "y1", "x2", "y2"),
}


@dataclass(frozen=True)
class Film:
    """One film: start_s camera clock, offset_s truly to be added to it (NaN = not known)."""

    path: Path
    camera_id: str
    start: str
    start_s: float
    offset_s: float


@dataclass(frozen=True)
class _Place:
    """Where somebody is: t_s seconds into a film, box xyxy px."""

    film: Film
    person: str
    t_s: float
    box: tuple[float, ...]


@dataclass(frozen=True)
class Visit:
    """One person's stay in one camera's view, camera clock."""

    person: str
    camera_id: str
    enter_s: float
    leave_s: float
    film: Path


@dataclass(frozen=True)
class Crop:
    """A box xyxy px in a film, at_s seconds into it."""

    film: Path
    at_s: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Problem:
    """Who is looked for, by a crop, by photos, or by either; and what is told of them.

    person  as the truth names them; a name of its own for somebody in no film
    """

    id: str
    person: str
    crop: Crop | None
    wanted: Mapping[str, str]
    photos: tuple[Path, ...] = ()
    last_seen: LastSeen | None = None
    same_clothes: bool = True


@dataclass(frozen=True)
class City:
    """What the tables say. truth: {camera: times (N,) camera clock, persons (N,), boxes (N,4)}."""

    folder: Path
    films: tuple[Film, ...]
    problems: tuple[Problem, ...]
    visits: tuple[Visit, ...]
    truth: Mapping[str, tuple[Float64, Sequence[str], Float32]]

    def appearances(self, problem: Problem, probe: Crop | None = None) -> list[Visit]:
        """Visits of the person looked for, but for those in the film the probe's crop is from."""
        known = None if probe is None else probe.film
        return [v for v in self.visits if v.person == problem.person and v.film != known]

    def who(self, tracklet: Tracklet) -> str | None:
        """The person most boxes of a tracklet lie on, None if that is less than half of them."""
        none = (np.empty(0), (), np.empty((0, 4), np.float32))
        t_s, person, boxes = self.truth.get(tracklet.camera_id, none)
        votes: dict[str, int] = {}
        for at, box in zip(tracklet.t_s, tracklet.box, strict=True):
            low, high = np.searchsorted(t_s, [at - NEAR_S, at + NEAR_S])
            if high > low:
                overlap = iou(box[None], boxes[low:high])[0]
                if overlap.max() >= SAME_IOU:
                    name = person[low + int(overlap.argmax())]
                    votes[name] = votes.get(name, 0) + 1
        best = max(votes, key=lambda name: (votes[name], name), default=None)
        return best if best is not None and 2 * votes[best] >= len(tracklet.t_s) else None


def films_of(folder: Path) -> dict[str, Film]:
    """{path as clips.csv names it: film}. Raises NotFound, BadInput."""
    table = rows(folder / "clips.csv", TABLES["clips"])
    return {row["path"]: _film(folder, row) for row in table}


def read_tables(folder: Path) -> City:
    """Read a city labelled by hand. Raises NotFound if a table is missing, BadInput if wrong."""
    films = films_of(folder)
    tables = {name: rows(folder / f"{name}.csv", TABLES[name]) for name in ("truth", "problems")}
    for name in ("truth", "problems"):
        for row in tables[name]:
            if row["path"] not in films:
                raise BadInput("{name}.csv names {path}, which is not in clips.csv", name=name,
                               path=row["path"][:80])  # fmt: skip
    places = [
        _Place(
            films[row["path"]],
            row["person_id"],
            _number(row, "t_s"),
            tuple(_number(row, side) for side in TABLES["truth"][3:]),
        )
        for row in tables["truth"]
    ]
    truth = {film.camera_id: _of_camera(places, film.camera_id) for film in films.values()}
    return City(
        folder,
        tuple(films.values()),
        tuple(_problem(n, films[row["path"]], row) for n, row in enumerate(tables["problems"], 1)),
        tuple(_visits(places)),
        truth,
    )


def _film(folder: Path, row: Mapping[str, str]) -> Film:
    offset = _number(row, "true_offset_s") if row.get("true_offset_s") else float("nan")
    start_s = parse_time(row["start"])
    return Film(folder / row["path"], row["camera_id"], row["start"], start_s, offset)


def _problem(n: int, film: Film, row: Mapping[str, str]) -> Problem:
    box = (_number(row, "x1"), _number(row, "y1"), _number(row, "x2"), _number(row, "y2"))
    crop = Crop(film.path, _number(row, "at_s"), box)
    return Problem(f"{n}", row["person_id"], crop, told(row))


def told(values: Mapping[str, str]) -> dict[str, str]:
    """What is known of a person, out of a row that may hold more."""
    return {k: v for k, v in values.items() if k in ATTRIBUTES and v and v != UNKNOWN}


def _of_camera(places: Sequence[_Place], camera_id: str) -> tuple[Float64, Sequence[str], Float32]:
    own = sorted(
        (p.film.start_s + p.t_s, p.person, p.box) for p in places if p.film.camera_id == camera_id
    )
    boxes = np.array([box for _, _, box in own], np.float32).reshape(-1, 4)
    return np.array([t for t, _, _ in own], np.float64), [who for _, who, _ in own], boxes


def _visits(places: Sequence[_Place]) -> list[Visit]:
    """Stays of each person in each film, cut where they were out of sight."""
    times: dict[tuple[str, Path], list[float]] = {}
    films = {p.film.path: p.film for p in places}
    for p in places:
        times.setdefault((p.person, p.film.path), []).append(p.film.start_s + p.t_s)
    found = []
    for (who, path), at in sorted(times.items()):
        moments = np.sort(at)
        for stay in np.split(moments, np.flatnonzero(np.diff(moments) > PAUSE_S) + 1):
            film = films[path]
            found.append(Visit(who, film.camera_id, float(stay[0]), float(stay[-1]), path))
    return found
