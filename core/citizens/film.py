"""A city in, one film for each camera out, with what it shows: boxes, ids, visibility, faces.

Every camera is filmed on its own (several processes share the work) and is there whole or not at
all, so a killed run goes on where it stopped. The still scene is drawn once; only moments at which
somebody may be in view are drawn again.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.citizens import assets, scenes, sensors
from core.citizens.chance import generator
from core.citizens.city import Camera, City, Walker
from core.citizens.daylight import light
from core.citizens.onset import OnSet
from core.citizens.people import Citizen
from core.citizens.sites import in_view
from core.citizens.stage import Frame, Light, Mesh, Placed, View

Image = NDArray[np.uint8]
Float64 = NDArray[np.float64]

LEAST_PX = 24  # visible pixels from which a person is written down
MOST_PEOPLE = 250

COLUMNS = pa.schema(
    [("camera", pa.string()), ("frame", pa.int32()), ("true_s", pa.float64()),
     ("camera_s", pa.float64()), ("person", pa.string())]
    + [(name, pa.float32()) for name in ("x1", "y1", "x2", "y2", "full_x1", "full_y1", "full_x2",
                                         "full_y2", "visible", "facing")]
    + [("landmarks", pa.list_(pa.float32(), 10))]
)  # fmt: skip


@dataclass(frozen=True)
class Set:
    """A camera ready to film: view, light, scenery and the eye behind it."""

    camera: Camera
    view: View
    light: Light
    meshes: list[Mesh]
    eye: sensors.Eye


def prepare(city: City, camera: Camera, detail: float = 1.0) -> Set:
    """Build the scenery of a camera and set its light. detail below 1: coarser and sooner done."""
    sizes, site = city.sizes, camera.site
    sky = {"day": 1.0, "dusk": 0.5, "night": 0.12}[sizes.hour]
    scenery = scenes.still(city.town, site.eye, site.target[:2], sizes.split, sky, detail)
    shine = light(
        camera.light,
        sizes.hour,
        sizes.weather,
        scenery.lamps,
        infrared=camera.infrared,
        roofed=site.kind == "market",
    )
    dark = {"day": 0.0, "dusk": 0.5, "night": 1.0}[sizes.hour]
    eye = sensors.Eye(
        sensors.sensor(camera.sensor),
        sizes.size,
        f"{site.id.upper()} {site.name}",
        dark=dark,
        infrared=camera.infrared,
        rain=sizes.weather == "rain" and site.kind != "market",
        quick=sizes.quick,
    )
    return Set(camera, site.view(sizes.size), shine, scenery.meshes, eye)


# --- acting ---------------------------------------------------------------------------------------


def stride_m(who: Citizen, gait: str, speed_m_s: float) -> float:
    """Metres of one stride (two steps), as `motion` swings the legs at that speed."""
    reach = float(np.clip(11 + 10.5 * speed_m_s, 10, 30))
    reach *= 0.72 if gait == "slow" else 0.85 if who.age == "elderly" else 1.0
    return 4 * 0.47 * who.height_m * math.sin(math.radians(0.95 * reach))


def placed(walker: Walker, at_s: float) -> Placed | None:
    """A walker at a true time; None before and after the way."""
    xy, heading, speed, way = walker.trip.at(np.array([at_s]))
    if not np.isfinite(xy[0, 0]):
        return None
    who = walker.citizen(at_s)
    rng = generator(walker.id, who.name)
    offset, turn = float(rng.uniform(0, 1)), float(rng.uniform(0, 6.28))
    usual = float(walker.trip.way_m[-1] / max(1.0, walker.trip.t_s[-1] - walker.trip.t_s[0]))
    gait, phase = walker.gait, offset + float(way[0]) / stride_m(who, walker.gait, max(usual, 0.6))
    if speed[0] < 0.25:
        gait, phase = ("stand", "look", "phone")[int(offset * 3)], at_s * 0.11 % 1
    look = (14 * math.sin(0.31 * at_s + turn) + 9 * math.sin(0.83 * at_s + 2 * turn), -4.0)
    return Placed(who, (float(xy[0, 0]), float(xy[0, 1]), 0.0), float(heading[0]), gait,
                  phase, max(float(speed[0]), 0.5), look)  # fmt: skip


@dataclass(frozen=True)
class Call:
    """Who may be in view when: walkers, and for each the moments (T,) as a mask."""

    walkers: list[Walker]
    on: NDArray[np.bool_]  # (W,T)


def call(city: City, camera: Camera, times_s: Float64) -> Call:
    """Everybody who may be in a camera's view at these times."""
    chosen, masks = [], []
    view = camera.site.view(city.sizes.size)
    for walker in city.walkers:
        if walker.trip.t_s[-1] < times_s[0] or walker.trip.t_s[0] > times_s[-1]:
            continue
        mask = in_view(city.town, view, walker.trip.at(times_s)[0])
        if mask.any():
            chosen.append(walker)
            masks.append(mask)
    return Call(chosen, np.array(masks, dtype=bool).reshape(len(chosen), len(times_s)))


# --- filming --------------------------------------------------------------------------------------


def times(city: City, camera: Camera) -> Float64:
    """(F,) true times of the frames."""
    n = round((camera.to_s - camera.from_s) * city.sizes.fps)
    return camera.from_s + np.arange(n) / city.sizes.fps


def shoot(city: City, camera: Camera, folder: Path) -> int:
    """Film one camera into folder: ID.mp4 and ID.parquet; returns how many boxes were written."""
    ready = prepare(city, camera)
    at = times(city, camera)
    cast = call(city, camera, at)
    scene = OnSet(assets.load(), ready.view, ready.light, ready.meshes,
                  quick=city.sizes.quick)  # fmt: skip
    rows: list[tuple[object, ...]] = []
    film, table = folder / f"{camera.id}.mp4.part", folder / f"{camera.id}.parquet"
    with sensors.Film(film, ready.eye.of, city.sizes.size, city.sizes.fps) as out:
        for n, true_s in enumerate(at):
            who = [cast.walkers[i] for i in np.flatnonzero(cast.on[:, n])][:MOST_PEOPLE]
            people = [one for one in (placed(walker, float(true_s)) for walker in who) if one]
            clean = scene.still
            if people:
                frame = scene.frame(people)
                clean = frame.image
                rows += _rows(camera, n, float(true_s), [w.id for w in who], frame)
            rng = generator(city.seed, "grain", camera.id, n)
            out.add(ready.eye.develop(clean, camera.shown_s(float(true_s)), rng))
    scene.close()
    _write(table, rows)
    os.replace(film, folder / f"{camera.id}.mp4")
    return len(rows)


def _rows(camera: Camera, n: int, true_s: float, ids: list[str], frame: Frame
          ) -> list[tuple[object, ...]]:  # fmt: skip
    """What a frame shows, a row for each person."""
    rows: list[tuple[object, ...]] = []
    counts = np.bincount(frame.ids.ravel(), minlength=len(ids) + 1)
    for k, person in enumerate(ids):
        box = frame.box(k) if counts[k + 1] >= LEAST_PX else None
        if box is None:
            continue
        rows.append((
            camera.id, n, true_s, camera.shown_s(true_s), person,
            *(round(float(v), 1) for v in box), *(round(float(v), 1) for v in frame.full_box[k]),
            round(frame.visible(k), 3), round(float(frame.facing[k]), 3),
            [round(float(v), 2) for v in frame.landmarks[k].ravel()],
        ))  # fmt: skip
    return rows


def _write(path: Path, rows: list[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    arrays = [pa.array(list(c), f.type) for c, f in zip(columns, COLUMNS, strict=True)]
    part = path.with_suffix(".part")
    pq.write_table(pa.Table.from_arrays(arrays, schema=COLUMNS), part, compression="zstd")
    os.replace(part, path)


def end_with_parent() -> None:
    """Started in a worker process: end when the process that started it ends, however it ends."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def shoot_all(city: City, folder: Path, processes: int) -> Iterator[tuple[str, int]]:
    """Film every camera that is not filmed yet; yields (camera, boxes) as they are done."""
    folder.mkdir(parents=True, exist_ok=True)
    left = [c for c in city.cameras if not (folder / f"{c.id}.mp4").exists()]
    if processes <= 1:
        for camera in left:
            yield camera.id, shoot(city, camera, folder)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), end_with_parent) as pool:
        jobs = {pool.submit(shoot, city, camera, folder): camera.id for camera in left}
        for job in as_completed(jobs):
            yield jobs[job], job.result()
