"""A city of two drawn films, written down as a made-up city delivers itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import tiny
from PIL import Image

from core.clock import iso_time
from core.types import parse_time

STARTS = {"c1": "2026-05-01T09:00:00+09:00", "c2": "2026-05-01T09:04:00+09:00"}
WALKS = {  # as in conftest's films
    "c1": {"red": tiny.walk(10, 40), "green": tiny.walk(280, -45, 10)},
    "c2": {"red": tiny.walk(270, -40), "teal": tiny.walk(20, 45, 10)},
}
ZONE = "Asia/Seoul"
OFFSET_S = 1.5  # what the clocks are truly behind, and nobody was told
LAST_SEEN = {"at": "2026-05-01T08:58:00+09:00", "lat": 37.5665, "lon": 126.978, "radius_m": 80}


def box(walk, t: float) -> tuple[float, float, float, float]:
    """Where a figure is after t seconds, xyxy px."""
    x, y = walk(t)
    return x, y, x + tiny.FIGURE[0], y + tiny.FIGURE[1]


def write(folder: Path, films: dict[str, Path]) -> Path:
    """Red walks by both cameras, green only by c1, teal only by c2; red and somebody absent are
    looked for."""
    for name in ("clips", "photos", "truth"):
        (folder / name).mkdir(parents=True)
    for name, film in films.items():
        shutil.copy(film, folder / "clips" / f"{name}.mp4")
    (folder / "cameras.csv").write_text(
        "id,name,lat,lon,recorder,clock_offset_s,clock_sigma_s\n"
        "c1,하나,37.5665,126.978,r1,0,2\nc2,둘,37.5665,126.98,r2,,\n", "utf-8")  # fmt: skip
    rows = "".join(f"clips/{c}.mp4,{c},{start}\n" for c, start in STARTS.items())
    (folder / "clips.csv").write_text(f"path,camera_id,start\n{rows}", "utf-8")
    street = {"type": "LineString", "coordinates": [[126.977, 37.5665], [126.981, 37.5665]]}
    feature = {"type": "Feature", "properties": {"highway": "residential"}, "geometry": street}
    _json(folder / "town.geojson", {"type": "FeatureCollection", "features": [feature]})
    for name, outfit in (("red", tiny.RED), ("nobody", tiny.GREEN)):
        picture = tiny.figures([(outfit, lambda _: (130.0, 58.0))])(0, 0.0)
        Image.fromarray(picture).save(folder / "photos" / f"{name}.png")
    _truth(folder)
    return folder


def _truth(folder: Path) -> None:
    cases = [_case("case01", "red", {"camera": "c1", "at_s": 2.0,
                                     "box": box(WALKS["c1"]["red"], 2.0)}),
             _case("case02", "nobody", None)]  # fmt: skip
    _json(folder / "cases.json", cases)
    truth = folder / "truth"
    _json(truth / "city.json", {"cameras": [{"id": c, "clock_offset_s": OFFSET_S} for c in STARTS]})
    who = {"case01": "red", "case02": None}
    _json(truth / "answers.json", [{"id": case, "person": one} for case, one in who.items()])
    visits, rows = [], []
    for camera, walkers in WALKS.items():
        start_s = parse_time(STARTS[camera])
        for who, walk in walkers.items():
            span = (iso_time(start_s, ZONE), iso_time(start_s + 5.9, ZONE))
            visits.append({"person": who, "camera": camera, "shown_enter": span[0],
                           "shown_leave": span[1]})  # fmt: skip
            rows += [(camera, who, start_s + i / 10, *box(walk, i / 10)) for i in range(60)]
    _json(truth / "visits.json", visits)
    names = ("camera", "person", "camera_s", "x1", "y1", "x2", "y2")
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    pq.write_table(table, truth / "boxes.parquet")


def _case(name: str, photo: str, crop: dict | None) -> dict:
    return {"id": name, "photos": [f"photos/{photo}.png"], "attributes": {"upper_color": "red"},
            "last_seen": LAST_SEEN, "same_clothes": True, "crop": crop}  # fmt: skip


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), "utf-8")
