"""The person detector that comes with Dongseon: what its row says, what it finds in the demo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core import footage, zoo
from core.detect import PersonDetector
from core.metrics.detection import detection
from core.types import Float32, Image

ROOT = Path(__file__).parents[1]
DEMO, SHIPPED = ROOT / "data" / "demo", ROOT / "data" / "models"
NAME = "mobilenet_v2_person"
WIDE = f"{NAME}_640x384"
FPS = 8  # of the demo's films
FRAMES = tuple((f"c{camera:02d}", number) for camera in range(1, 12) for number in (40, 200))
CLEAR = 0.6, 60.0  # share of a body that shows, and its height in px of 720
LEAST = {NAME: 0.65, WIDE: 0.82}  # share of those who clearly show, found at a score of .3


@pytest.fixture(scope="session")
def scenes() -> list[tuple[Image, Float32, Float32]]:
    """Frames of the demo, the boxes (M,4) of who clearly shows, and of everybody."""
    table = pq.read_table(DEMO / "truth" / "boxes.parquet").to_pandas()
    found = []
    for camera, number in FRAMES:
        mine = table[(table.camera == camera) & (table.frame == number)]
        clear = mine[(mine.visible >= CLEAR[0]) & (mine.y2 - mine.y1 >= CLEAR[1])]
        image = footage.frame_at(DEMO / "clips" / f"{camera}.mp4", number / FPS).image
        sides = ["x1", "y1", "x2", "y2"]
        found.append((image, clear[sides].to_numpy(np.float32), mine[sides].to_numpy(np.float32)))
    return found


def test_every_size_is_the_same_file_and_the_file_is_what_was_measured():
    rows = {name: row for name, row in zoo.rows().items() if row.file == f"{NAME}.onnx"}
    assert {NAME, WIDE} <= rows.keys()
    for row in rows.values():
        assert (row.task, row.batch, row.input["color"]) == ("person", "n", "RGB")
        assert zoo.find(row, [SHIPPED]) == SHIPPED / row.file
        zoo.verify(row, SHIPPED / row.file)  # bytes and sha256
    assert len({(row.sha256, row.bytes) for row in rows.values()}) == 1
    assert len({row.size for row in rows.values()}) == len(rows)
    assert (SHIPPED / f"{NAME}.onnx").stat().st_size <= 4_200_000
    card = (SHIPPED / f"{NAME}.md").read_text("utf-8")
    assert rows[NAME].sha256 in card


@pytest.mark.parametrize("name", [NAME, WIDE])
def test_most_people_who_clearly_show_in_the_demo_are_found(scenes, name):
    detector = PersonDetector(zoo.load(name, [SHIPPED]), min_score=0.3)
    people = [detector([image])[0] for image, _, _ in scenes]
    found = [(one.box, one.score) for one in people]
    result = detection(found, [clear for _, clear, _ in scenes])
    assert result.n_boxes >= 30
    recall = hits(found, [clear for _, clear, _ in scenes])
    assert recall >= LEAST[name]
    right = hits([(every, np.ones(len(every), np.float32)) for _, _, every in scenes],
                 [box for box, _ in found])  # fmt: skip
    assert right >= 0.55  # of what it found is somebody


def hits(found: list[tuple[Float32, Float32]], true: list[Float32]) -> float:
    """Share of true boxes that are found."""
    from core.metrics.detection import recall

    told = np.concatenate(recall(found, true, 0.0))
    return float(told.mean())


def test_a_batch_of_two_is_two_pictures_alone(scenes):
    model = zoo.load(NAME, [SHIPPED])
    detector = PersonDetector(model)
    images = [image for image, _, _ in scenes[:2]]
    together = detector(images)
    for one, image in zip(together, images, strict=True):
        alone = detector([image])[0]
        assert len(alone) == len(one) > 0
        assert np.abs(alone.box - one.box).max() < 0.1
        assert np.abs(alone.score - one.score).max() < 1e-4
