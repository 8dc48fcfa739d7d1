"""A city with truth in a folder: two cameras, three figures, who is looked for as the test says."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tiny

STARTS = {"c1": "2026-05-01T09:00:00+09:00", "c2": "2026-05-01T09:04:00+09:00"}
WALKS = {  # as in conftest's films
    "c1": {"red": tiny.walk(10, 40), "green": tiny.walk(280, -45, 10)},
    "c2": {"red": tiny.walk(270, -40), "teal": tiny.walk(20, 45, 10)},
}
BOX = "x1,y1,x2,y2"


def write(path: Path, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    """Write a table; columns with commas between."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns.split(","))
        table.writerows(rows)


def box(walk: Any, t: float) -> tuple[float, float, float, float]:
    """Where a figure is at t seconds, xyxy px."""
    x, y = walk(t)
    return x, y, x + tiny.FIGURE[0], y + tiny.FIGURE[1]


def make(folder: Path, films: Mapping[str, Path], true_offset_s: float = 0.0) -> Path:
    """Red walks by both cameras, green only by c1, teal only by c2; nobody is looked for yet."""
    folder.mkdir()
    for name, film in films.items():
        shutil.copy(film, folder / f"{name}.mp4")
    write(folder / "cameras.csv", "id,name,lat,lon,recorder,clock_offset_s,clock_sigma_s",
          [("c1", "하나", 37.5665, 126.978, "r1", 0, 2),
           ("c2", "둘", 37.5665, 126.98, "r2", 0, 2)])  # fmt: skip
    write(folder / "clips.csv", "path,camera_id,start,true_offset_s",
          [(f"{c}.mp4", c, start, true_offset_s) for c, start in STARTS.items()])  # fmt: skip
    write(folder / "truth.csv", f"path,person_id,t_s,{BOX}",
          [(f"{c}.mp4", who, i / 10, *box(walk, i / 10)) for c, people in WALKS.items()
           for who, walk in people.items() for i in range(60)])  # fmt: skip
    return folder
