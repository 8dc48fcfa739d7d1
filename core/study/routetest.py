"""Cities with truth in; papers/001's table 7, the route's stops and the open set, measured, out.

A problem is a person and what is told of them, put by one crop as in the paper (`probe="crop"`), or
as a family would: by photos and where they were seen last (`probe="photos"`), which also asks for
people who are in no film. An appearance is a visit to a camera's view, in another film than the
crop's; it is ranked among the tracklets of that camera, and beside it in one list of all cameras.
Six-stripe HSV histograms, body, face, both, and both with the route are ranked alike.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from core import reach, route, routing
from core.describe import decode
from core.errors import BadInput
from core.evidence import Scope
from core.geometry import area
from core.metrics import tracking
from core.metrics.bootstrap import Interval, mean_of, over_cases, share
from core.metrics.openset import OpenSet, best_scores
from core.metrics.reliability import above, table, words
from core.metrics.routes import places, rank_k, stops
from core.photo import Upload
from core.study.city import City, Problem, Visit
from core.study.delivered import read
from core.study.tracktest import counts, kept
from core.types import Float32, Float64, Image, Kind, Ranking, Tracklet
from core.workspace import Workspace

Probe = Literal["crop", "photos"]
METHODS = ("hsv", "body", "face", "fused", "fused+route")
ALL = 1_000_000
SHOWN = 20  # candidates an officer looks through
STRIPES, HUES, SATURATIONS = 6, 16, 4


@dataclass
class Found:
    """What is counted over all problems."""

    inside: dict[str, list[float]] = field(default_factory=lambda: {m: [] for m in METHODS})
    anywhere: dict[str, list[float]] = field(default_factory=lambda: {m: [] for m in METHODS})
    case_of: list[int] = field(default_factory=list)
    absent: list[float] = field(default_factory=list)
    present: list[float] = field(default_factory=list)
    likely_false: list[int] = field(default_factory=list)
    strong_absent: int = 0
    stop: list[tuple[float, bool, int]] = field(default_factory=list)  # probability, right, case
    stop_found: int = 0
    error_s: list[float] = field(default_factory=list)
    word: list[tuple[str, bool, int]] = field(default_factory=list)
    cases: int = 0
    tracked: list[tracking.Counts] = field(default_factory=list)


def route_test(
    cities: Sequence[Path],
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    problems: int = 10,
    progress: IO[str] | None = None,
    workspaces: Path | None = None,
    probe: Probe = "crop",
) -> dict[str, Any]:
    """Run the first `problems` problems of every city. Raises NotFound, BadInput, ModelError.

    probe       "crop": problems without one are left out; "photos": likewise

    workspaces  where the ingested cities are kept for the next run; None = nowhere
    """
    found, packs = Found(), set()
    with tempfile.TemporaryDirectory(prefix="dongseon-cities-") as folder:
        for path in cities:
            city = read(path)
            ws = world(city, (workspaces or Path(folder)) / path.name, pack, directories, progress)
            packs.add(ws.pack)
            seen = kept(ws)
            who = {one.id: city.who(one) for one in seen}
            found.tracked += counts(city, seen)
            asked = [one for one in city.problems if one.photos or probe == "crop"]
            asked = [one for one in asked if one.crop is not None or probe == "photos"]
            for problem in asked[:problems]:
                _solve(city, ws, who, problem, probe, found)
            ws.close()
    if not found.cases:
        raise BadInput("no problem in these cities has {probe}", probe=probe)
    named: dict[str, Any] = {
        "cities": [path.name for path in cities],
        "pack": ", ".join(packs),
        "probe": probe,
        "eval": "route",
    }
    figures = _figures(found)
    which = ", ".join(path.name for path in cities)
    data = f"{found.cases} problems, {len(found.case_of)} appearances in {which}"
    return {**named, "data": data, **figures}


def world(
    city: City,
    root: Path,
    pack: str | None,
    directories: Sequence[str | Path],
    progress: IO[str] | None,
) -> Workspace:
    """A workspace with the city's cameras and all its films."""
    from tqdm import tqdm

    ws = Workspace.create(root, pack, directories)
    ws.import_cameras(city.folder / "cameras.csv")
    for film in tqdm(city.films, desc=city.folder.name, file=progress, disable=progress is None):
        for _ in ws.ingest(film.path, camera=film.camera_id, start=film.start):
            pass
    return ws


def people(city: City, ws: Workspace) -> dict[str, str | None]:
    """{tracklet id: the person it shows, or None}."""
    return {one.id: city.who(one) for one in kept(ws)}


def _solve(
    city: City,
    ws: Workspace,
    people: Mapping[str, str | None],
    problem: Problem,
    probe: Probe,
    found: Found,
) -> None:
    """One problem: search, rank every appearance by every method, infer the route."""
    case = put(ws, problem, probe)
    ranking = ws.search(case, top=ALL)
    visits = city.appearances(problem, problem.crop if probe == "crop" else None)
    number, found.cases = found.cases, found.cases + 1
    true = np.array([people.get(t) == problem.person for t in ranking.tracklet_id], bool)
    place(city, ws, case, ranking, true, visits, found, number)
    stranger, best = best_scores(ranking.evidence, true)
    if visits:
        found.present.append(best)
    else:
        found.absent.append(stranger)
        found.likely_false.append(int(np.sum(ranking.expected_false <= 1)))
        found.strong_absent += "strong" in ranking.band
    pairs = zip(ranking.band, true.tolist(), strict=True)
    found.word += [(word, right, number) for word, right in pairs if word != "against"]
    count_stops(city, ws, case, people, problem, visits, found, number)


def place(
    city: City,
    ws: Workspace,
    case: str,
    ranking: Ranking,
    true: Any,
    visits: Sequence[Visit],
    found: Found,
    number: int,
    known: dict[str, Float32] | None = None,
) -> None:
    """The place of each visit's tracklet by every way to rank; known as in `scores`."""
    if not visits:
        return
    scored = scores(ws, case, ranking, known)
    for visit in visits:
        mine = own(ranking, true, visit, city)
        here = np.array([c == visit.camera_id for c in ranking.camera_id], bool)
        found.case_of.append(number)
        for method, score in scored.items():
            found.inside[method].append(places(score[here], mine[here].tolist()))
            found.anywhere[method].append(places(score, mine.tolist()))


def put(ws: Workspace, problem: Problem, probe: Probe) -> str:
    """The case of a problem."""
    if probe == "photos":
        return ws.new_case(
            problem.id,
            photos=[_meant(ws, path) for path in problem.photos],
            attributes=problem.wanted,
            last_seen=problem.last_seen,
            same_clothes=problem.same_clothes,
            reason="route test",
        )
    case = ws.new_case(problem.id, reason="route test", attributes=problem.wanted)
    if problem.crop is not None:
        ws.draw_box(case, problem.crop.film, problem.crop.at_s, problem.crop.box)
    return case


def _meant(ws: Workspace, path: Path) -> Upload:
    """A photo with who stands out in it, else the largest: an officer would be asked."""
    upload = Upload(path.name, path.read_bytes())
    seen = ws.photo_group(upload)
    if not seen.people:
        return upload
    largest = int(area(np.array([one.box for one in seen.people], np.float32)).argmax())
    meant = seen.people[largest if seen.chosen is None else seen.chosen]
    return replace(upload, box=meant.box, face=meant.face)


def own(ranking: Ranking, true: Any, visit: Visit, city: City) -> Any:
    """(N,) True for the tracklets of the person that were seen during this visit."""
    offset = offset_s(city, visit)
    inside = (ranking.enter_s <= visit.leave_s + offset) & (
        ranking.leave_s >= visit.enter_s + offset
    )
    camera = np.array([c == visit.camera_id for c in ranking.camera_id], bool)
    return true & inside & camera


def offset_s(city: City, visit: Visit) -> float:
    """What the workspace adds to the camera's clock: what cameras.csv tells."""
    from core import cameralist

    told = {camera.id: clock for camera, clock in cameralist.read(city.folder / "cameras.csv")}
    clock = told[visit.camera_id]
    return 0.0 if clock is None else clock.clock_offset_s


# --- the ways to rank -----------------------------------------------------------------------------


def scores(
    ws: Workspace, case: str, ranking: Ranking, known: dict[str, Float32] | None = None
) -> dict[str, Float64]:
    """{method: score (N,) of each candidate, higher is nearer, NaN = not comparable}.

    known  stripes of tracklets, kept from case to case
    "face" is left out where the pack does not look at faces.
    """
    n = len(ranking)
    has_face = "face" in ws.vectors()
    shipped = np.empty(n)
    shipped[ranking.order_evidence] = -np.arange(n)
    stop = _posterior(ws, case, ranking)
    return {
        "hsv": _stripes_scores(ws, case, ranking, known),
        "body": _cosines(ws, case, ranking, "body"),
        **({"face": _cosines(ws, case, ranking, "face")} if has_face else {}),
        "fused": shipped,
        "fused+route": np.round(stop, 6) + 1e-9 * (shipped + n) / max(1, n),
    }


def _cosines(ws: Workspace, case: str, ranking: Ranking, kind: Kind) -> Float64:
    if ws.vectors()[kind].name not in ws.probe(case).description.vectors or not len(ranking):
        return np.full(len(ranking), np.nan)
    found = ws.similar(case, kind)
    known = dict(zip(found.tracklet_id.tolist(), found.cosine[0].tolist(), strict=True))
    return np.array([known.get(t, math.nan) for t in ranking.tracklet_id])


def _stripes_scores(
    ws: Workspace, case: str, ranking: Ranking, known: dict[str, Float32] | None = None
) -> Float64:
    known = {} if known is None else known
    picture = ws.probe_picture(case)
    if picture is None or not len(ranking):
        return np.full(len(ranking), np.nan)
    probe = stripes(decode(picture))
    new = [t for t in ranking.tracklet_id if t not in known]
    known |= {one.id: _stripes_of(one) for one in ws.gallery.tracklets(new)}
    return np.array([
        float(np.minimum(probe, known[t]).sum()) / STRIPES for t in ranking.tracklet_id
    ])  # fmt: skip


def _stripes_of(tracklet: Tracklet) -> Float32:
    k = int(np.nan_to_num(tracklet.crop_quality).argmax())
    return stripes(decode(tracklet.crops[k]))


def stripes(image: Image) -> Float32:
    """Six horizontal stripes' hue and saturation histograms (6*64,), each summing to 1.

    The yardstick that needs no learning: a model that cannot beat it has learnt nothing.
    """
    import cv2

    hsv = cv2.cvtColor(cv2.resize(image, (64, 128)), cv2.COLOR_RGB2HSV)
    parts = [
        cv2.calcHist([part], [0, 1], None, [HUES, SATURATIONS], [0, 180, 0, 256]).ravel()
        for part in np.array_split(hsv, STRIPES)
    ]
    return np.concatenate([part / part.sum() for part in parts]).astype(np.float32)


def _posterior(ws: Workspace, case: str, ranking: Ranking) -> Float64:
    """Probability (N,) that each candidate is a stop of the person's route."""
    stated = [s for s in ws.casebook.sightings(case) if s.verdict == "confirmed"]
    cameras, clocks = ws.cameras(), ws.recorders()
    given, crowd = routing.given(ranking, stated, ws.gallery, Scope(cameras, clocks))
    about = ws.case(case)
    settings = route.Settings(route.pace_of(reach.speed_band(about)))
    made = route.posterior(given, cameras, clocks, about.last_seen, settings, crowd=crowd)
    stop = {s.tracklet_id: float(p) for s, p in zip(given, made.stop, strict=True)}
    return np.array([stop.get(t, 0.0) for t in ranking.tracklet_id])


# --- stops ----------------------------------------------------------------------------------------


def count_stops(
    city: City,
    ws: Workspace,
    case: str,
    people: Mapping[str, str | None],
    problem: Problem,
    visits: Sequence[Visit],
    found: Found,
    number: int,
) -> None:
    """Count the stops the route prints, but for confirmed ones: those a person has said."""
    films = {film.path: film for film in city.films}
    seen: set[int] = set()
    for stop in ws.route(case).stops:
        if stop.confirmed:
            continue
        right = people.get(stop.tracklet_id or "") == problem.person
        found.stop.append((stop.probability, right, number))
        for k, visit in enumerate(visits):
            told = offset_s(city, visit)
            during = stop.enter_s <= visit.leave_s + told and stop.leave_s >= visit.enter_s + told
            if right and stop.camera_id == visit.camera_id and during:
                seen.add(k)
                truly = films[visit.film].offset_s
                found.error_s.append(
                    stop.enter_s - visit.enter_s - (told if math.isnan(truly) else truly)
                )
    found.stop_found += len(seen)


# --- figures --------------------------------------------------------------------------------------


def _figures(found: Found) -> dict[str, Any]:
    appearances = len(found.case_of)
    right = [one[1] for one in found.stop]
    measured = stops(right, found.stop_found, appearances, found.error_s)
    probability, is_right, of_case = (np.array([one[k] for one in found.stop]) for k in range(3))
    said = [list(column) for column in zip(*found.word, strict=True)] or [[], [], []]
    tracked = tracking.tracking(found.tracked)
    both = OpenSet(np.array(found.absent), np.array(found.present))
    return {
        "problems": found.cases,
        "appearances": appearances,
        "tracking": {"visits": tracked.visits, "followed": plain(tracked.followed)},
        "rank_k": ranks(found),
        "stops": {
            "precision": plain(measured.precision),
            "recall": plain(measured.recall),
            "time_error_s": plain(measured.time_error_s),
            "printed": measured.printed,
            "at_least_0.8": above(probability, is_right, of_case).json(),
            "reliability": table(probability, is_right),
        },
        "open_set": {
            "absent": len(found.absent),
            "present": len(found.present),
            "tpir_at_fpir_0.05": plain(both.tpir(0.05)),
            "absent_with_strong": share(found.strong_absent, len(found.absent)).json(),
            "absent_expected_false_1": mean_of(found.likely_false).json(),
        },
        "words": words(said[0], said[1], said[2]),
    }


def ranks(found: Found) -> dict[str, Any]:
    """{method: Rank-1 to 5 inside the camera and in one list, and who is in its first 20}."""
    return {
        method: {
            "inside_camera": _rank_k(found.inside[method]),
            "all_cameras": _rank_k(found.anywhere[method]),
            "in_first_20": in_first(found.anywhere[method], found.case_of).json(),
        }
        for method in METHODS
        if found.inside[method]
    }


def _rank_k(places: Sequence[float]) -> dict[str, float | None]:
    return {f"rank{k}": plain(v, 1) for k, v in rank_k(places).items()}


def in_first(places: Sequence[float], case_of: Sequence[int], shown: int = SHOWN) -> Interval:
    """Share of the appearances that an officer sees among the candidates shown, over cases."""
    found, case = np.asarray(places) <= shown, np.asarray(case_of)
    of_case = [found[case == one] for one in np.unique(case)]
    return over_cases(
        len(of_case), lambda at: float(np.concatenate([of_case[i] for i in at]).mean())
    )


def plain(value: float, digits: int = 4) -> float | None:
    return None if math.isnan(value) else round(float(value), digits)


def rank_lines(values: Mapping[str, Any]) -> list[str]:
    """A line for each method."""
    lines = []
    for method, one in values.items():
        inside, anywhere = (
            "  ".join(f"{v}" for v in one[k].values()) for k in ("inside_camera", "all_cameras")
        )
        first = one["in_first_20"]
        lines.append(
            f"{method:<12} rank 1-5 inside the camera: {inside}   in one list: {anywhere}   "
            f"in its first 20: {first['value']} ({first['low']} to {first['high']})"
        )
    return lines


def route_text(values: Mapping[str, Any]) -> str:
    """The same for people."""
    lines = [f"{values['problems']} problems, {values['appearances']} appearances"]
    seen = values["tracking"]
    lines.append(f"of {seen['visits']} visits of anybody a tracklet follows {seen['followed']}")
    lines += rank_lines(values["rank_k"])
    stop = values["stops"]
    lines.append(
        f"stops: precision {stop['precision']}  recall {stop['recall']}  "
        f"time error {stop['time_error_s']} s  of those of .8 or more {stop['at_least_0.8']}"
    )
    lines.append(f"open set: {values['open_set']}")
    return "\n".join(lines)
