"""The demonstration city in, a searched workspace out: what `dongseon demo` does.

The city ships with the code (data/demo): eleven cameras of a fictional town, a minute of film each,
photos of missing persons who do not exist, and the truth. Everything here goes through the same
doors as real footage; only the truth is known afterwards. Any other city that
`python -m core.citizens city` made can take its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import routemap
from core.errors import NotFound
from core.study import delivered
from core.study.city import Visit, films_of
from core.study.routetest import people
from core.types import Note, Progress, Ranking, Route, Tracklet, note
from core.workspace import Workspace

DATA = Path(__file__).parents[1] / "data" / "demo"
REASON = "demonstration"
TOP = 20  # candidates compared with the truth
SURE = 0.5  # a stop at least this probable counts as printed


@dataclass(frozen=True)
class Score:
    """How the answer compares with the truth of one case.

    visits  times the person really was in view;  found of them among the first TOP candidates
    stops   stops printed at SURE or more;  right of them show the person;  reached of the visits
    """

    visits: int
    found: int
    stops: int
    right: int
    reached: int

    @property
    def values(self) -> dict[str, float | int | None]:
        """As JSON; None where there is nothing to divide by."""
        return {
            "visits": self.visits,
            "visits_in_top_20": self.found,
            "stops": self.stops,
            "stops_right": self.right,
            "stop_precision": round(self.right / self.stops, 3) if self.stops else None,
            "stop_recall": round(self.reached / self.visits, 3) if self.visits else None,
        }


def build(folder: Path, models: list[str], pack: str | None = None, data: Path = DATA) -> Workspace:
    """The demo workspace: cameras and base map in, no footage yet; opens it where it is there.

    Raises NotFound without demo data, ModelError without any complete model pack.
    """
    if not (data / "cameras.csv").is_file():
        raise NotFound("there is no demo city at {path}", path=data)
    ws = Workspace.create(folder, pack, models)
    if not ws.cameras():
        ws.import_cameras(data / "cameras.csv", by=REASON)
        routemap.import_base(ws.path, (data / "town.geojson").read_bytes(), ws.cameras().values())
    return ws


def ingest(ws: Workspace, data: Path = DATA) -> Iterator[tuple[str, Iterator[Progress]]]:
    """(camera, steps) of every film in turn; what is in the gallery already is passed over."""
    for film in films_of(data).values():
        yield (
            film.camera_id,
            ws.ingest(film.path, camera=film.camera_id, start=film.start, by=REASON),
        )


def open_case(ws: Workspace, problem: Mapping[str, Any], data: Path = DATA) -> str:
    """Open the case of one missing person, or return it where it is open already.

    Its title says, where titles are read, that this is practice and the person is made up.
    """
    title = f"연습 {problem['id']} (가상 인물)"
    known = [case.id for case in ws.cases() if case.title == title]
    if known:
        return known[0]
    return ws.new_case(
        title,
        photos=[data / name for name in problem["photos"]],
        attributes=_told(problem["attributes"]),
        last_seen=delivered.last_seen(problem["last_seen"]),
        reason=REASON,
        same_clothes=problem["same_clothes"],
        by=REASON,
    )


def _told(attributes: Mapping[str, str]) -> dict[str, str]:
    """What a family could tell: clothes, hair, bag; not what there was none of."""
    return {name: value for name, value in attributes.items() if value != "none"}


def notices(ws: Workspace) -> list[Note]:
    """What must be said beside the answer: whose models these are, and how to name others."""
    return [
        note("the town, its people and their faces are computer-made: nobody in it exists"),
        note(
            "models: pack {pack}; another one with --models DIR and --workspace DIR", pack=ws.pack
        ),
    ]


def score(
    ws: Workspace, case: str, ranking: Ranking, route: Route, data: Path = DATA
) -> Score | None:
    """The answer to one problem ("case01") against the truth; None where no truth is shipped.

    A candidate counts as the person only if its boxes lie on theirs, frame by frame.
    """
    if not (data / "truth").is_dir():
        return None
    city = delivered.read(data)
    person = next(one.person for one in city.problems if one.id == case)
    visits = [visit for visit in city.visits if visit.person == person]
    who = people(city, ws)
    best = [ranking.tracklet_id[i] for i in ranking.order_evidence[:TOP]]
    stops = [
        stop.tracklet_id
        for stop in route.stops
        if stop.tracklet_id is not None and stop.probability >= SURE
    ]

    def reached(tracklets: list[str]) -> int:
        """How many visits these tracklets show."""
        own = ws.gallery.tracklets([one for one in tracklets if who.get(one) == person])
        return sum(any(_during(one, visit) for one in own) for visit in visits)

    right = sum(who.get(one) == person for one in stops)
    return Score(len(visits), reached(best), len(stops), right, reached(stops))


def _during(tracklet: Tracklet, visit: Visit) -> bool:
    """Whether a tracklet lies in a visit, both by the camera's clock."""
    shown_s = tracklet.t_s
    in_time = shown_s[0] <= visit.leave_s and shown_s[-1] >= visit.enter_s
    return tracklet.camera_id == visit.camera_id and bool(in_time)
