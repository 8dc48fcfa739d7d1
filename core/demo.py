"""The demonstration city in, a searched workspace out: what `dongseon demo` does.

The city ships with the code (data/demo): ten cameras of a fictional town, a minute of film each,
photos of missing persons who do not exist, and the truth. Everything here goes through the same
doors as real footage; only the truth is known afterwards.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import routemap
from core.errors import DongseonError, NotFound
from core.types import LastSeen, Note, Progress, Ranking, Route, note, parse_time
from core.workspace import Workspace

DATA = Path(__file__).parents[1] / "data" / "demo"
REASON = "demonstration"
TOP = 20  # candidates compared with the truth
SURE = 0.5  # a stop at least this probable counts as printed
SLACK_S = 2.0  # a sighting may begin or end this much beside the truth


@dataclass(frozen=True)
class Score:
    """How the answer compares with the truth of one case.

    visits  times the person really was in view;  found of them among the first TOP candidates
    stops   printed stops;  right of them
    """

    visits: int
    found: int
    stops: int
    right: int

    @property
    def values(self) -> dict[str, float | int | None]:
        """As JSON; None where there is nothing to divide by."""
        return {
            "visits": self.visits,
            "visits_in_top_20": self.found,
            "stops": self.stops,
            "stop_precision": round(self.right / self.stops, 3) if self.stops else None,
            "stop_recall": round(self.right / self.visits, 3) if self.visits else None,
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
    with (data / "clips.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        steps = ws.ingest(data / row["file"], camera=row["camera"], start=row["start"], by=REASON)
        yield row["camera"], steps


def open_case(ws: Workspace, problem: Mapping[str, Any], data: Path = DATA) -> str:
    """Open the case of one missing person, or return it where it is open already."""
    title = f"demo {problem['id']}"
    known = [case.id for case in ws.cases() if case.title == title]
    if known:
        return known[0]
    seen = problem["last_seen"]
    at_s = parse_time(seen["at"])
    return ws.new_case(
        title,
        photos=[data / name for name in problem["photos"]],
        attributes=_told(problem["attributes"]),
        last_seen=LastSeen(at_s, at_s, seen["lat"], seen["lon"], seen["radius_m"]),
        reason=REASON,
        same_clothes=problem["same_clothes"],
        by=REASON,
    )


def problems(data: Path = DATA) -> list[dict[str, Any]]:
    """The missing persons as they are put: photos, attributes, last seen. Raises NotFound."""
    file = data / "cases.json"
    if not file.is_file():
        raise NotFound("there is no demo city at {path}", path=data)
    try:
        found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DongseonError("{file} is damaged ({why})", file=file, why=error) from None
    return found


def _told(attributes: Mapping[str, str]) -> dict[str, str]:
    """What a family could tell: clothes, hair, bag; not which way somebody walks."""
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
    problem: Mapping[str, Any], ranking: Ranking, route: Route, data: Path = DATA
) -> Score | None:
    """The answer against the truth; None where no truth is shipped."""
    file = data / "truth" / "answers.json"
    if not file.is_file():
        return None
    answers = json.loads(file.read_text(encoding="utf-8"))
    truth = next(one["visits"] for one in answers if one["id"] == problem["id"])
    spans = [(v["camera"], parse_time(v["enter"]), parse_time(v["leave"])) for v in truth]
    clock = _clock_errors(data)
    best = ranking.order_evidence[:TOP]
    shown = [(ranking.camera_id[i], ranking.enter_s[i], ranking.leave_s[i]) for i in best]
    printed = [(s.camera_id, s.enter_s, s.leave_s) for s in route.stops if s.probability >= SURE]

    def hits(seen: tuple[str | None, float, float], visit: tuple[str, float, float]) -> bool:
        slack = SLACK_S + clock.get(visit[0], 0.0)
        return seen[0] == visit[0] and seen[1] <= visit[2] + slack and seen[2] >= visit[1] - slack

    found = sum(any(hits(one, visit) for one in shown) for visit in spans)
    right = sum(any(hits(one, visit) for visit in spans) for one in printed)
    return Score(len(spans), found, len(printed), right)


def _clock_errors(data: Path) -> dict[str, float]:
    """{camera: how far what the police know of its clock is from the truth, s}."""
    cameras = json.loads((data / "truth" / "city.json").read_text(encoding="utf-8"))["cameras"]
    return {
        one["id"]: abs(one["clock_offset_s"] - (one["told_offset_s"] or 0.0)) for one in cameras
    }
