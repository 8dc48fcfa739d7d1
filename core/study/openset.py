"""Cities with truth and many missing persons in; what is found, what is claimed and how often that
is right, out.

A city's own cases are few. `python -m core.citizens cases` puts many: anybody who walks there is
looked for, and citizens who never were there, each by one photo in the same clothes, with what is
told and where they were last seen. One case is one search and one route; of the present ones, an
officer then looks through the first candidates and confirms the first true one, and the route is
inferred again.

Source: [iso19795-1], [brummer2006]
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import reach, routing
from core.errors import BadInput
from core.evidence import Scope
from core.metrics.bootstrap import mean_of, over_cases, share
from core.metrics.calibration import cllr, cllr_min
from core.metrics.openset import OpenSet, best_scores
from core.metrics.reliability import above, table, words
from core.metrics.routes import stops
from core.route import Settings, pace_of
from core.route.scene import Scene, scene_of
from core.study import delivered
from core.study.city import City, Problem, Visit
from core.study.manifest import plain
from core.study.routetest import (
    ALL,
    SHOWN,
    Found,
    count_stops,
    offset_s,
    people,
    place,
    put,
    rank_lines,
    ranks,
    world,
)
from core.types import Float32, Float64, Int, Ranking
from core.workspace import Workspace

SURE = 0.8
GRID = {"p_in": (0.3, 0.5, 0.7), "rho": (0.25, 0.33, 0.5), "g": (0.3, 0.5, 0.7, 0.85, 1.0)}
NEVER_0 = 1e-4  # a probability of 0 or 1 costs as much as this, not everything


@dataclass
class _Seen:
    """What is counted over all cases; lists with one entry per case unless said."""

    found: Found = field(default_factory=Found)
    after: Found = field(default_factory=Found)
    twinned: list[int] = field(default_factory=list)  # numbers of cases with a twin in the footage
    absent: list[int] = field(default_factory=list)
    genuine: list[tuple[Float64, int]] = field(default_factory=list)  # evidence, number of the case
    impostor: list[tuple[Float64, int]] = field(default_factory=list)
    confirmed: int = 0
    fit: list[tuple[Scene, Any]] = field(default_factory=list)  # and which nodes are true


def open_set(
    cities: Sequence[tuple[Path, Path]],
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    workspaces: Path | None = None,
    *,
    fit: bool = False,
) -> dict[str, Any]:
    """Put all cases to all cities. cities: (folder of the city, folder of its cases).

    workspaces  where ingested cities are kept for the next run; None = nowhere
    fit         also say which constants of the route would have made its claims truest here
    Raises NotFound, BadInput, ModelError.
    """
    from tqdm import tqdm

    seen, packs, number = _Seen(), set(), 0
    with tempfile.TemporaryDirectory(prefix="dongseon-cities-") as folder:
        for path, asked in cities:
            city = delivered.read(path)
            root = (workspaces or Path(folder)) / path.name
            ws = world(city, root, pack, directories, progress)
            packs.add(ws.pack)
            who, known = people(city, ws), dict[str, Float32]()
            cases = delivered.asked(asked, city)
            for problem, twins in tqdm(cases, desc=path.name, file=progress,
                                       disable=progress is None):  # fmt: skip
                _case(city, ws, who, known, problem, bool(twins), seen, number, fit)
                number += 1
            ws.close()
    if not seen.found.cases:
        raise BadInput("there is no case in {folders}",
                       folders=", ".join(asked.name for _, asked in cities))  # fmt: skip
    answer = {"eval": "openset", "cities": [path.name for path, _ in cities],
              "pack": ", ".join(sorted(packs)), **_figures(seen)}  # fmt: skip
    return {**answer, "fit": _fit(seen.fit)} if fit else answer


def _case(
    city: City,
    ws: Workspace,
    who: Mapping[str, str | None],
    known: dict[str, Float32],
    problem: Problem,
    twinned: bool,
    seen: _Seen,
    number: int,
    fit: bool,
) -> None:
    """One search and one route, and for the present the route after one confirmation."""
    case = put(ws, problem, "photos")
    ranking = ws.search(case, top=ALL)
    visits = city.appearances(problem)
    true = np.array([who.get(t) == problem.person for t in ranking.tracklet_id], bool)
    nobody = np.array([who.get(t) is None for t in ranking.tracklet_id], bool)
    seen.found.cases += 1
    if twinned:
        seen.twinned.append(number)
    _claims(seen, ranking, true, nobody, bool(visits), number)
    place(city, ws, case, ranking, true, visits, seen.found, number, known)
    count_stops(city, ws, case, who, problem, visits, seen.found, number)
    if fit:
        seen.fit.append(_scene(ws, case, ranking, who, problem))
    if visits:
        _afterwards(city, ws, case, who, problem, visits, ranking, true, seen, number, fit)


def _claims(
    seen: _Seen, ranking: Ranking, true: Any, nobody: Any, present: bool, number: int
) -> None:
    """Evidence, words and expected strangers of one search.

    What shows nobody, or not clearly anybody, is no pair of two people and stays out of Cllr.
    """
    found = seen.found
    stranger, best = best_scores(ranking.evidence, true)
    if present:
        found.present.append(best)
    else:
        found.absent.append(stranger)
        found.likely_false.append(int(np.sum(ranking.expected_false <= 1)))
        found.strong_absent += "strong" in ranking.band
        seen.absent.append(number)
    judged = ~np.isnan(ranking.evidence)
    seen.genuine.append((ranking.evidence[judged & true], number))
    seen.impostor.append((ranking.evidence[judged & ~true & ~nobody], number))
    pairs = zip(ranking.band, true.tolist(), strict=True)
    found.word += [(word, right, number) for word, right in pairs if word != "against"]


def _afterwards(
    city: City,
    ws: Workspace,
    case: str,
    who: Mapping[str, str | None],
    problem: Problem,
    visits: Sequence[Visit],
    ranking: Ranking,
    true: Any,
    seen: _Seen,
    number: int,
    fit: bool,
) -> None:
    """The route after an officer confirmed the first true one among the candidates shown."""
    right = np.flatnonzero(true[:SHOWN])
    if not len(right):
        return
    k = int(right[0])
    ws.judge(case, ranking.tracklet_id[k], "confirmed", by="eval", why="true")
    seen.confirmed += 1
    other = [
        v for v in visits
        if v.camera_id != ranking.camera_id[k]
        or v.enter_s + offset_s(city, v) > ranking.leave_s[k]
        or v.leave_s + offset_s(city, v) < ranking.enter_s[k]
    ]  # fmt: skip
    seen.after.case_of += [number] * len(other)
    count_stops(city, ws, case, who, problem, other, seen.after, number)
    if fit:
        again = ws.search(case, top=routing.SIGHTINGS)
        seen.fit.append(_scene(ws, case, again, who, problem))


# --- figures --------------------------------------------------------------------------------------


def _figures(seen: _Seen) -> dict[str, Any]:
    found = seen.found
    both = OpenSet(np.array(found.absent), np.array(found.present))
    said = [list(column) for column in zip(*found.word, strict=True)] or [[], [], []]
    return {
        "cases": found.cases,
        "present": len(found.present),
        "absent": len(found.absent),
        "twinned": len(seen.twinned),
        "tpir_at_fpir_0.05": _tpir(both),
        "absent_with_strong": share(found.strong_absent, len(found.absent)).json(),
        "absent_expected_false_1": mean_of(found.likely_false).json(),
        "evidence": _evidence(seen),
        "words": words(said[0], said[1], said[2]),
        "rank_k": ranks(found),
        "route": _route(found, seen),
        "route_after_one_confirmed": {"cases": seen.confirmed, **_route(seen.after, seen)},
    }  # fmt: skip


def _tpir(both: OpenSet) -> dict[str, Any]:
    """TPIR with an interval over present cases; the threshold is that of all absent ones."""
    t = both.threshold(0.05)
    hit = (both.present >= t) & np.isfinite(both.present)
    return {**share(int(hit.sum()), len(hit)).json(), "threshold": plain(t)}


def _evidence(seen: _Seen) -> dict[str, Any]:
    """Cllr and its least over all pairs, with an interval over cases that have a true pair."""
    both = [side for side in zip(seen.genuine, seen.impostor, strict=True) if len(side[0][0])]
    if not both:
        return {}
    genuine, impostor = ([one[k][0] for one in both] for k in (0, 1))

    def cost(drawn: Int) -> float:
        return cllr(*(np.concatenate([side[i] for i in drawn]) for side in (genuine, impostor)))

    every = [np.concatenate(side) for side in (genuine, impostor)]
    strangers = np.concatenate([e for e, _ in seen.impostor])
    return {
        "cllr": over_cases(len(both), cost, rounds=200).json(),
        "cllr_min": plain(cllr_min(*every)),
        "genuine": len(every[0]),
        "strangers": len(strangers),
        "mean_lr_of_strangers": plain(float(np.mean(10**strangers))),
        "strangers_at_1": plain(float(np.mean(strangers >= 1))),
    }


def _route(found: Found, seen: _Seen) -> dict[str, Any]:
    """What the stops printed are worth; also of the cases in which somebody wears the same."""
    columns = [np.array([one[k] for one in found.stop], float) for k in range(3)]
    p, right, case = columns[0], columns[1].astype(bool), columns[2].astype(np.int64)
    twin = np.isin(case, seen.twinned)
    sure = {int(c) for c in case[p >= SURE]}
    measured = stops(right.tolist(), found.stop_found, len(found.case_of), found.error_s)
    absent = len(sure & set(seen.absent))
    return {
        "printed": len(p),
        "precision": plain(measured.precision),
        "recall": plain(measured.recall),
        "time_error_s": plain(measured.time_error_s),
        "at_least_0.8": {"stops": int((p >= SURE).sum()), **above(p, right, case).json()},
        "at_least_0.8_twinned": {"stops": int((p[twin] >= SURE).sum()),
                                 **above(p[twin], right[twin], case[twin]).json()},
        "absent_with_one_at_0.8": share(absent, len(seen.absent)).json(),
        "reliability": table(p, right, case),
    }  # fmt: skip


# --- which constants of the route are truest ------------------------------------------------------


def _scene(
    ws: Workspace, case: str, ranking: Ranking, who: Mapping[str, str | None], problem: Problem
) -> tuple[Scene, Any]:
    """What the route of a case is inferred from, and which of its nodes are the person."""
    stated = [s for s in ws.casebook.sightings(case) if s.verdict == "confirmed"]
    cameras, clocks = ws.cameras(), ws.recorders()
    given, crowd = routing.given(ranking, stated, ws.gallery, Scope(cameras, clocks))
    about = ws.case(case)
    settings = Settings(pace_of(reach.speed_band(about)))
    scene, _ = scene_of(given, cameras, clocks, about.last_seen, settings, crowd=crowd)
    true = np.array([who.get(s.tracklet_id or "") == problem.person for s in scene.of.sightings])
    return scene, true


def _fit(scenes: Sequence[tuple[Scene, Any]]) -> dict[str, Any]:
    """The mean log loss of stops per route, for every setting of the grid; the least first.

    A route's loss is -sum log P(right), over every sighting that nobody confirmed.
    """
    tried = []
    for p_in, rho, g in itertools.product(*GRID.values()):
        loss, claimed, true = 0.0, 0.0, 0
        for scene, is_true in scenes:
            free = ~scene.of.confirmed
            settings = replace(scene.settings, p_in=p_in, rho=rho, g=g)
            stop = replace(scene, settings=settings).solve()[1].stop[free]
            p = np.clip(stop, NEVER_0, 1 - NEVER_0)
            loss -= float(np.sum(np.log(np.where(is_true[free], p, 1 - p))))
            claimed, true = claimed + float(stop.sum()), true + int(is_true[free].sum())
        mean = round(loss / max(1, len(scenes)), 4)
        tried.append({"p_in": p_in, "rho": rho, "g": g, "loss": mean,
                      "claimed": round(claimed, 1), "true": true})  # fmt: skip
    return {"routes": len(scenes), "tried": sorted(tried, key=lambda one: one["loss"])}


# --- for people -----------------------------------------------------------------------------------


def open_set_text(values: Mapping[str, Any]) -> str:
    """The same for people."""
    lines = [
        f"{values['cases']} cases: {values['present']} present, {values['absent']} absent; "
        f"{values['twinned']} with somebody in the same clothes",
        f"found at 5 % false alarms: {_told(values['tpir_at_fpir_0.05'])}",
        f"absent, with a strong candidate: {_told(values['absent_with_strong'])}",
        f"absent, candidates expected_false <= 1: {_told(values['absent_expected_false_1'])}",
    ]
    one = values["evidence"]
    if one:
        lines.append(f"Cllr {_told(one['cllr'])}, least possible {one['cllr_min']}; mean LR of "
                     f"strangers {one['mean_lr_of_strangers']}")  # fmt: skip
    lines += rank_lines(values["rank_k"])
    for name in ("route", "route_after_one_confirmed"):
        one = values[name]
        lines.append(
            f"{name}: {one['printed']} stops printed, precision {one['precision']}, recall "
            f"{one['recall']}; of {one['at_least_0.8']['stops']} at >= .8 right "
            f"{_told(one['at_least_0.8'])}, with a twin {_told(one['at_least_0.8_twinned'])}; "
            f"absent cases with one {_told(one['absent_with_one_at_0.8'])}"
        )
    for word, one in values["words"].items():
        lines.append(f"word {word:<12} said {one['said']:>6}, right {_told(one)}")
    for one in values.get("fit", {}).get("tried", [])[:8]:
        lines.append("  ".join(f"{key} {value}" for key, value in one.items()))
    return "\n".join(lines)


def _told(one: Mapping[str, Any]) -> str:
    return f"{one['value']} ({one['low']} to {one['high']}, {one['n']} cases)"
