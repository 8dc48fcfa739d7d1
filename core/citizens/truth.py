"""A filmed city in, its truth out: cases, visits, clocks and routes as JSON and Parquet.

What was planned (`city.json`) follows from the seed alone, byte for byte. What was seen
(`boxes.parquet`, `visits.json`) is counted in the drawn frames.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.citizens.city import SPLIT_S, Camera, Case, City, Visit, Walker, stretches
from core.citizens.sensors import KOREA

SEEN_SHARE = 0.25  # of the body
SEEN_PX = 40.0  # of the body's height, at 540 rows
ROUGH_M = 100.0  # how well a last-seen place is known


def iso(at_s: float) -> str:
    """ISO 8601 in Korean time, to the thousandth of a second."""
    return datetime.fromtimestamp(round(at_s, 3), KOREA).isoformat(timespec="milliseconds")


def dumps(value: object) -> str:
    """JSON as it is written everywhere here: the same value, the same bytes."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dumps(value), encoding="utf-8")


def plan(city: City) -> dict[str, Any]:
    """All that the seed decides."""
    sizes = city.sizes
    drawn = {"quick": True} if sizes.quick else {}
    return drawn | {
        "seed": city.seed,
        "town": city.town.name,
        "split": sizes.split,
        "hour": sizes.hour,
        "weather": sizes.weather,
        "fps": sizes.fps,
        "size": list(sizes.size),
        "cameras": [camera(city, one) for one in city.cameras],
        "walkers": [_walker(city, one) for one in city.walkers],
        "cases": [_case(city, one) for one in city.cases],
    }


def camera(city: City, one: Camera) -> dict[str, Any]:
    """A camera with its true clock and what is known of it."""
    lat, lon = place(city, one.site.eye[:2])
    return {
        "id": one.id,
        "name": one.site.name,
        "kind": one.site.kind,
        "lat": lat,
        "lon": lon,
        "heading_deg": round(city.town.compass_deg(one.site.heading_deg), 1),
        "view_range_m": one.site.view_range_m,
        "recorder": one.recorder.id,
        "clock_offset_s": one.recorder.offset_s,
        "told_offset_s": one.recorder.told_offset_s,
        "told_sigma_s": one.recorder.told_sigma_s,
        "from": iso(one.from_s),
        "to": iso(one.to_s),
        "shown_from": iso(one.shown_s(one.from_s)),
        "light": one.light,
        "sensor": one.sensor,
        "infrared": one.infrared,
        "eye_m": list(one.site.eye),
        "target_m": list(one.site.target),
        "fov_deg": one.site.fov_deg,
        "k1": one.site.k1,
    }


def place(city: City, xy: Sequence[float]) -> tuple[float, float]:
    """Metres of the town -> latitude, longitude to about 10 cm."""
    lat, lon = city.town.wgs84(np.asarray(xy, dtype=np.float64))
    return round(float(lat), 6), round(float(lon), 6)


def _walker(city: City, one: Walker) -> dict[str, Any]:
    return {
        "id": one.id,
        "role": one.role,
        "of_case": one.of_case or None,
        "looks": [
            {"since": iso(since), "citizen": who.name, "attributes": who.attributes()}
            for since, who in one.looks
        ],
        "gait": one.gait,
        "from": iso(float(one.trip.t_s[0])),
        "to": iso(float(one.trip.t_s[-1])),
        "foreseen": [_visit(visit) for visit in city.visits[one.id]],
        "route": _route(city, one),
    }


def _visit(visit: Visit) -> dict[str, Any]:
    return {"camera": visit.camera, "enter": iso(visit.enter_s), "leave": iso(visit.leave_s)}


def _route(city: City, one: Walker) -> list[list[Any]] | None:
    """Latitude, longitude and time every 10 s, of those who matter."""
    if one.role not in ("missing", "look_alike"):
        return None
    at = np.arange(one.trip.t_s[0], one.trip.t_s[-1], 10.0)
    xy = one.trip.at(at)[0]
    return [[*place(city, p), iso(float(t))] for p, t in zip(xy, at, strict=True)]


def _case(city: City, one: Case) -> dict[str, Any]:
    lat, lon = place(city, one.seen_at)
    return {
        "id": one.id,
        "person": one.walker,
        "citizen": one.person.name,
        "attributes": one.person.attributes(),
        "change": one.change,
        "same_clothes": one.same_clothes,
        "last_seen": {"at": iso(one.seen_s), "lat": lat, "lon": lon, "radius_m": ROUGH_M},
        "look_alikes": list(one.look_alikes),
    }


# --- what was seen --------------------------------------------------------------------------------


def gather(city: City, folder: Path) -> pa.Table:
    """The boxes of all cameras in one table."""
    tables = [pq.read_table(folder / f"{one.id}.parquet") for one in city.cameras]
    return pa.concat_tables(tables)


def seen(city: City, boxes: pa.Table) -> list[dict[str, Any]]:
    """Visits as they show in the films: person, camera, enter and leave, true and shown time.

    A moment counts when a quarter of the body shows and it is at least 40 px tall (of 540).
    """
    least = SEEN_PX * city.sizes.size[1] / 540
    tall = pc.greater_equal(pc.subtract(boxes["full_y2"], boxes["full_y1"]), least)
    clear = pc.greater_equal(boxes["visible"], SEEN_SHARE)
    good = boxes.filter(pc.and_(tall, clear)).select(["camera", "person", "true_s"])
    frame = good.to_pandas().sort_values(["camera", "person", "true_s"])
    clocks = {one.id: one for one in city.cameras}
    visits = []
    for (of, person), rows in frame.groupby(["camera", "person"]):
        for low, high in stretches(rows["true_s"].to_numpy(), SPLIT_S):
            visits.append({
                "person": person, "camera": of, "enter": iso(low), "leave": iso(high),
                "shown_enter": iso(clocks[of].shown_s(low)),
                "shown_leave": iso(clocks[of].shown_s(high)),
            })  # fmt: skip
    return sorted(visits, key=lambda v: (v["person"], v["enter"], v["camera"]))


def crop_of(city: City, boxes: pa.Table, person: str, camera: str | None = None
            ) -> dict[str, Any] | None:  # fmt: skip
    """The moment that shows a person best: camera, seconds into its film, box xyxy px."""
    rows = boxes.filter(pc.equal(boxes["person"], person))
    if camera is not None:
        rows = rows.filter(pc.equal(rows["camera"], camera))
    if not rows.num_rows:
        return None
    w, h = city.sizes.size
    x1, y1, x2, y2 = (
        rows[name].to_numpy() for name in ("full_x1", "full_y1", "full_x2", "full_y2")
    )
    whole = (x1 > 2) & (y1 > 2) & (x2 < w - 2) & (y2 < h - 2)
    score = (y2 - y1) * rows["visible"].to_numpy() ** 2 * np.where(whole, 1, 0.2)
    best = int(np.argmax(np.nan_to_num(score)))
    box = [round(float(rows[name][best].as_py()), 1) for name in ("x1", "y1", "x2", "y2")]
    at_s = rows["frame"][best].as_py() / city.sizes.fps
    return {"camera": rows["camera"][best].as_py(), "at_s": round(at_s, 3), "box": box}


def problems(city: City, boxes: pa.Table, visits: Sequence[Mapping[str, Any]],
             photos: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:  # fmt: skip
    """The cases as they are put to the system: photos, attributes, last seen, one crop."""
    made = []
    for case in city.cases:
        told = _case(city, case)
        own = [v for v in visits if v["person"] == case.walker]
        first = own[0]["camera"] if own else None
        crop = crop_of(city, boxes, case.walker, first) if case.walker else None
        made.append({
            "id": case.id,
            "photos": list(photos.get(case.id, ())),
            "attributes": told["attributes"],
            "last_seen": told["last_seen"],
            "same_clothes": case.same_clothes,
            "crop": crop,
        })  # fmt: skip
    return made


def answers(city: City, visits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Who the missing persons are and where they really were seen."""
    return [
        {
            **_case(city, case),
            "visits": [v for v in visits if v["person"] == case.walker],
        }
        for case in city.cases
    ]
