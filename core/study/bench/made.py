"""A number in; vectors, a gallery on disk, or a scene of sightings of that size, made up, out.

Everything follows from a seed. The gallery is written as Parquet in whole tables, because a
million tracklets one after the other would take longer than anything that is measured on them.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.gallery import Gallery, clipfile
from core.types import Camera, Clip, Float32, Float64, Int, Recorder, Sighting

MODEL = "made_up"
SHA256 = "0" * 64
START_S = 1777593600.0  # 2026-05-01T09:00:00+09:00
DAY_S = 86_400.0
DEGREE_M = 111_195.0  # metres in a degree of latitude


def people(n: int, dim: int, seed: int = 0, per_person: int = 13, spread: float = 2.2) -> Float32:
    """(n,dim) unit rows: about per_person pictures of each person, in no order."""
    return labelled(n, dim, seed, per_person, spread)[0]


def labelled(
    n: int, dim: int, seed: int = 0, per_person: int = 13, spread: float = 2.2
) -> tuple[Float32, Int]:
    """The rows of `people`, and whose picture each is (n,)."""
    rng = np.random.default_rng(seed)
    persons = max(1, n // per_person)
    middle = rng.standard_normal((persons, dim), dtype=np.float32)
    person = rng.integers(0, persons, n)
    rows = middle[person]
    rows += spread * rng.standard_normal((n, dim), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows, person


def noise(n: int, dim: int, seed: int = 0) -> Float32:
    """(n,dim) unit rows without any structure."""
    rows = np.random.default_rng(seed).standard_normal((n, dim), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def gallery(root: Path, n: int, dim: int = 512, cameras: int = 50, days: int = 4) -> Gallery:
    """A gallery of about n tracklets, one clip for each camera and day."""
    made = Gallery(root)
    each = max(1, n // (cameras * days))
    for c in range(cameras):
        for d in range(days):
            vectors = noise(each, dim, seed=c * days + d)
            start_s = START_S + d * DAY_S
            clip = Clip(f"k{c:03d}-{d}", f"cam{c:03d}", "made-up.mp4", SHA256, start_s, 3600.0,
                        (1920, 1080))  # fmt: skip
            _write(made, clip, vectors)
    return made


def _write(made: Gallery, clip: Clip, vectors: Float32) -> None:
    """One clip's Parquet file: a track row and a body row for each vector."""
    n, dim = vectors.shape
    enter = clip.start_s + np.linspace(0, clip.duration_s - 10, n)
    who = {
        "tracklet_id": [f"{clip.camera_id}/{clip.id}/{i}" for i in range(n)],
        "camera_id": [clip.camera_id] * n,
        "clip_id": [clip.id] * n,
        "enter_s": enter,
        "leave_s": enter + 10,
    }
    flat = pa.ListArray.from_arrays(
        np.arange(0, n * dim + 1, dim, dtype=np.int32), pa.array(vectors.ravel())
    )
    body = {"kind": ["body"] * n, "model": [MODEL] * n, "dim": np.full(n, dim, np.int32),
            "pooled": flat, "pooled_px": np.full(n, 128, np.float32),
            "pooled_quality": np.ones(n, np.float32), **who}  # fmt: skip
    track = {"kind": ["track"] * n, "model": [""] * n, **who}
    day = clip_day(clip.start_s)
    path = made.root / f"camera={clip.camera_id}" / f"day={day}" / f"{clip.id}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, clipfile.SCHEMA, compression="none") as writer:
        for columns in (track, body):
            writer.write_table(_table(columns, n), n)
        writer.add_key_value_metadata(_metadata(clip, enter, n))


def _table(columns: dict[str, object], n: int) -> pa.Table:
    arrays = [
        pa.array(columns[f.name], f.type) if f.name in columns else pa.nulls(n, f.type)
        for f in clipfile.SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=clipfile.SCHEMA)


def _metadata(clip: Clip, enter: Float64, n: int) -> dict[str, str]:
    counts = {"tracklets": n, "enter_s": float(enter[0]), "leave_s": float(enter[-1]) + 10,
              "groups": [["track", "", n], ["body", MODEL, n]]}  # fmt: skip
    return {
        "dongseon.schema": str(clipfile.VERSION),
        "dongseon.clip": json.dumps(asdict(clip)),
        "dongseon.models": json.dumps({MODEL: SHA256}),
        "dongseon.counts": json.dumps(counts),
    }


def clip_day(start_s: float) -> str:
    """The folder day of a clip that starts then: its UTC date."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(start_s, UTC).date().isoformat()


def scene(
    sightings: int, cameras: int, seed: int = 0, true: int = 8
) -> tuple[list[Sighting], dict[str, Camera], dict[str, Recorder]]:
    """Sightings at cameras spread over 3 km, each with its recorder; `true` of them one walker's.

    The walker goes from camera to camera in a line; the others are strangers at random.
    """
    rng = np.random.default_rng(seed)
    place = rng.uniform(-1500, 1500, (cameras, 2))  # m east, north
    known = {
        f"c{k}": Camera(f"c{k}", f"c{k}", f"r{k}", 37.5 + north / DEGREE_M,
                        127.0 + east / DEGREE_M / np.cos(np.radians(37.5)))
        for k, (east, north) in enumerate(place.tolist())
    }  # fmt: skip
    sigma = rng.choice([2.0, 30.0], cameras).tolist()
    clocks = {f"r{k}": Recorder(f"r{k}", 0.0, sigma[k]) for k in range(cameras)}
    line = np.argsort(place[:, 0])[:: max(1, cameras // true)][:true]
    steps = np.hypot(*np.diff(place[line], axis=0).T) * 1.3 / 1.25
    at = np.concatenate([line, rng.integers(0, cameras, sightings - len(line))])
    arrive = np.concatenate([[300.0], 300.0 + np.cumsum(steps + 10)])
    enter = START_S + np.concatenate([arrive, rng.uniform(0, 7200, sightings - len(line))])
    evidence = rng.normal(-0.5, 1.0, sightings)
    evidence[: len(line)] = 1.5
    found = [
        Sighting("cctv", t, t + 8, f"c{k}", f"c{k}/clip/{i}", evidence=e)
        for i, (k, t, e) in enumerate(
            zip(at.tolist(), enter.tolist(), evidence.tolist(), strict=True)
        )
    ]
    return found, known, clocks
