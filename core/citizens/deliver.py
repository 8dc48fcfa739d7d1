"""A seed and sizes in, a folder out: films, cameras, base map, photos, cases and the truth.

    cameras.csv    as `dongseon camera import` takes it: what the police know of every camera
    clips.csv      path, camera_id, start as its clock showed it
    clips/         a film for each camera
    photos/        pictures of the missing persons, taken earlier
    town.geojson   the base map
    cases.json     what is asked: photos, attributes, last seen, one crop
    truth/         city.json (all that was planned), visits.json, answers.json, boxes.parquet

A run that was stopped goes on where it stopped.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from core.citizens import cast, film, portraits, townmap, truth
from core.citizens.city import City, Sizes
from core.errors import BadInput

CAMERA_COLUMNS = ("id", "name", "lat", "lon", "recorder", "clock_offset_s", "clock_sigma_s",
                  "heading_deg", "view_range_m", "kind", "retention_days", "owner")  # fmt: skip
WORK = "work"


def make(seed: int, sizes: Sizes, folder: Path, processes: int = 2) -> Iterator[str]:
    """Make a city in a folder; yields what was done. Raises BadInput if another city lies there."""
    city = cast.build(seed, sizes)
    planned = truth.dumps(truth.plan(city))
    file = folder / "truth" / "city.json"
    if file.exists() and file.read_text(encoding="utf-8") != planned:
        raise BadInput("{folder} holds another city: name an empty folder", folder=folder)
    truth.write(file, truth.plan(city))
    write_tables(city, folder)
    yield f"{city.town.name}: {len(city.cameras)} cameras, {len(city.walkers)} people"
    for camera, boxes in film.shoot_all(city, folder / WORK, processes):
        yield f"{camera}: {boxes} boxes"
    photos = {}
    for case, names in portraits.take_all(city, folder / "photos"):
        photos[case] = [f"photos/{name}" for name in names]
        yield f"{case}: {len(names)} photos"
    finish(city, folder, photos)
    yield f"{folder}: done"


def finish(city: City, folder: Path, photos: dict[str, list[str]]) -> None:
    """Put films in their place and write down what they show."""
    work = folder / WORK
    boxes = truth.gather(city, work)
    visits = truth.seen(city, boxes)
    pq.write_table(boxes, folder / "truth" / "boxes.parquet", compression="zstd",
                   compression_level=15)  # fmt: skip
    truth.write(folder / "truth" / "visits.json", visits)
    truth.write(folder / "truth" / "answers.json", truth.answers(city, visits))
    truth.write(folder / "cases.json", truth.problems(city, boxes, visits, photos))
    (folder / "clips").mkdir(exist_ok=True)
    for camera in city.cameras:
        shutil.copyfile(work / f"{camera.id}.mp4", folder / "clips" / f"{camera.id}.mp4")
    shutil.rmtree(work)


def write_tables(city: City, folder: Path) -> None:
    """Cameras, clips and the base map."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for one in city.cameras:
        told = truth.camera(city, one)
        offset, sigma = told["told_offset_s"], told["told_sigma_s"]
        rows.append(
            [
                one.id,
                one.site.name,
                told["lat"],
                told["lon"],
                one.recorder.id,
                "" if offset is None else offset,
                "" if sigma is None else sigma,
                told["heading_deg"],
                told["view_range_m"],
                "fixed",
                30,
                city.town.name,
            ]
        )
    _csv(folder / "cameras.csv", CAMERA_COLUMNS, rows)
    clips = [[f"clips/{one.id}.mp4", one.id, truth.iso(one.shown_s(one.from_s))]
             for one in city.cameras]  # fmt: skip
    _csv(folder / "clips.csv", ("path", "camera_id", "start"), clips)
    truth.write(folder / "town.geojson", townmap.geojson(city.town))


def _csv(path: Path, columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
