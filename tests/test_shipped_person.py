"""The person detector that comes with Dongseon: what its row says, what it finds in the demo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core import footage, zoo
from core.detect import PersonDetector
from core.metrics.detection import detection, recall

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "data" / "demo"
SHIPPED = ROOT / "data" / "models"
NAME = "mobilenet_v2_person"
FRAMES = (("c01", 40), ("c03", 120), ("c05", 200), ("c08", 260))
CLEAR = 0.5, 48.0  # share of a body that shows, and its height in px of 720


@pytest.fixture(scope="session")
def names() -> list[str]:
    return [name for name, row in zoo.rows().items() if row.file == f"{NAME}.onnx"]


def seen(camera: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    """A frame of the demo and the boxes (M,4) of everybody who clearly shows in it."""
    table = pq.read_table(DEMO / "truth" / "boxes.parquet").to_pandas()
    mine = table[(table.camera == camera) & (table.frame == number)]
    started = table[table.camera == camera]
    at_s = float(mine.camera_s.iloc[0] - (started.camera_s - (started.frame / FPS)).median())
    clear = mine[(mine.visible >= CLEAR[0]) & (mine.y2 - mine.y1 >= CLEAR[1])]
    image = footage.frame_at(DEMO / "clips" / f"{camera}.mp4", at_s).image
    return image, clear[["x1", "y1", "x2", "y2"]].to_numpy(np.float32)


FPS = 8


def test_every_size_is_the_same_file_and_the_file_is_what_was_measured(names):
    assert NAME in names
    assert len(names) >= 2
    for name in names:
        row = zoo.rows()[name]
        assert row.task == "person"
        assert row.batch == "n"
        assert row.input["color"] == "RGB"
        assert zoo.find(row, [SHIPPED]) == SHIPPED / row.file
        zoo.verify(row, SHIPPED / row.file)  # bytes and sha256
    assert (SHIPPED / f"{NAME}.md").is_file()
    assert (SHIPPED / f"{NAME}.onnx").stat().st_size <= 4_200_000
