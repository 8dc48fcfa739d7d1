"""A made-up city's folder in (`python -m core.citizens city`), the city with its truth out.

- ``cases.json``           list of {id, photos, attributes, last_seen, same_clothes, crop or null}
- ``truth/city.json``      its clocks: cameras [{id, clock_offset_s}]
- ``truth/answers.json``   list of {id, person or null for somebody in no film}
- ``truth/visits.json``    list of {person, camera, shown_enter, shown_leave}: in view, camera clock
- ``truth/boxes.parquet``  camera, person, camera_s, x1, y1, x2, y2: what shows of whom, px
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import BadInput, NotFound
from core.study.city import City, Crop, Film, Problem, Visit, films_of, read_tables, told
from core.types import Float32, Float64, LastSeen, parse_time

ASKED = {"id", "photos", "attributes", "last_seen", "same_clothes", "crop"}  # of each case


def read(folder: Path) -> City:
    """Read a city, delivered or labelled by hand. Raises NotFound, BadInput."""
    if not (folder / "truth").is_dir():
        return read_tables(folder)
    try:
        return _delivered(folder)
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise _damaged(folder, error) from None


def problems(folder: Path) -> list[dict[str, Any]]:
    """The missing persons as they are put: photos, attributes, last seen.

    Raises NotFound, BadInput.
    """
    try:
        found: list[dict[str, Any]] = _json(folder / "cases.json")
        whole = all(one.keys() >= ASKED for one in found)
    except (AttributeError, TypeError, ValueError) as error:
        raise _damaged(folder, error) from None
    if not whole:
        raise _damaged(folder, "cases.json")
    return found


def _damaged(folder: Path, why: object) -> BadInput:
    return BadInput("the truth of {folder} is damaged ({why})", folder=folder.name,
                    why=str(why)[:120])  # fmt: skip


def last_seen(told_of: Mapping[str, Any]) -> LastSeen:
    """Where and when a case says the person was seen last."""
    at_s = parse_time(told_of["at"])
    return LastSeen(at_s, at_s, told_of["lat"], told_of["lon"], told_of["radius_m"])


def _delivered(folder: Path) -> City:
    clocks = {
        c["id"]: c["clock_offset_s"] for c in _json(folder / "truth" / "city.json")["cameras"]
    }
    films = {
        film.camera_id: replace(film, offset_s=float(clocks[film.camera_id]))
        for film in films_of(folder).values()
    }
    who = {one["id"]: one["person"] for one in _json(folder / "truth" / "answers.json")}
    return City(
        folder,
        tuple(films.values()),
        tuple(_problem(folder, films, one, who[one["id"]]) for one in problems(folder)),
        tuple(_visit(films, one) for one in _json(folder / "truth" / "visits.json")),
        _boxes(folder / "truth" / "boxes.parquet", list(films)),
    )


def _json(file: Path) -> Any:
    if not file.is_file():
        raise NotFound("there is no {name} in {folder}", name=file.name, folder=file.parent)
    return json.loads(file.read_text(encoding="utf-8"))


def _problem(
    folder: Path, films: Mapping[str, Film], one: Mapping[str, Any], person: str | None
) -> Problem:
    crop = one["crop"]
    x1, y1, x2, y2 = crop["box"] if crop else (0.0,) * 4
    return Problem(
        one["id"],
        person or f"absent {one['id']}",
        Crop(films[crop["camera"]].path, crop["at_s"], (x1, y1, x2, y2)) if crop else None,
        told(one["attributes"]),
        tuple(folder / name for name in one["photos"]),
        last_seen(one["last_seen"]),
        one["same_clothes"],
    )


def _visit(films: Mapping[str, Film], one: Mapping[str, Any]) -> Visit:
    enter_s, leave_s = parse_time(one["shown_enter"]), parse_time(one["shown_leave"])
    return Visit(one["person"], one["camera"], enter_s, leave_s, films[one["camera"]].path)


def _boxes(file: Path, cameras: list[str]) -> dict[str, tuple[Float64, list[str], Float32]]:
    if not file.is_file():
        raise NotFound("there is no {name} in {folder}", name=file.name, folder=file.parent)
    sides = ["x1", "y1", "x2", "y2"]
    table = pq.read_table(file, columns=["camera", "person", "camera_s", *sides])
    table = table.sort_by([("camera_s", "ascending"), ("person", "ascending")])
    truth = {}
    for camera in cameras:
        own = table.filter(pc.equal(table["camera"], camera))
        boxes = np.stack([own[side].to_numpy() for side in sides], 1).astype(np.float32)
        truth[camera] = (own["camera_s"].to_numpy(), own["person"].to_pylist(), boxes)
    return truth


def asked(folder: Path, city: City) -> list[tuple[Problem, tuple[str, ...]]]:
    """Cases put to a city by `python -m core.citizens cases`, and who there wears the same.

    Raises NotFound, BadInput.
    """
    try:
        answers = {one["id"]: one for one in _json(folder / "truth" / "answers.json")}
        films = {film.camera_id: film for film in city.films}
        return [
            (_problem(folder, films, one, answers[one["id"]]["person"]),
             tuple(answers[one["id"]]["twins"]))
            for one in problems(folder)
        ]  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, error) from None
