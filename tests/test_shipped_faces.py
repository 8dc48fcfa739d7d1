"""The face detector that comes with Dongseon: what its rows say, what it finds of drawn faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import photo, zoo
from core.cascade import SIDES
from core.describe import FaceDetector
from core.types import Image

ROOT = Path(__file__).parents[1]
SHIPPED, SHEET = ROOT / "data" / "models", ROOT / "docs" / "pictures" / "citizens-faces.jpg"
NAME = "mtcnn_2026nov"
MOST_BYTES = 2_500_000


@pytest.fixture(scope="module")
def sheet() -> Image:
    """Forty shots of thirty drawn people of the test side, in rows of ten."""
    return photo.read(SHEET.read_bytes(), SHEET.name).image


def test_three_small_files_with_one_card():
    row = zoo.rows()[NAME]
    rows = [row, *(zoo.rows()[part] for part in row.parts)]
    assert [one.task for one in rows] == ["face", zoo.PART, zoo.PART]
    assert [one.size[0] for one in rows[1:]] == list(SIDES[1:])
    assert sum(one.bytes for one in rows) < MOST_BYTES
    card = (SHIPPED / f"{NAME}.md").read_text(encoding="utf-8")
    for one in rows:
        assert zoo.verify(one, SHIPPED / one.file)
        assert one.sha256 in card
        assert (one.batch, one.licence) == ("n", "Apache-2.0")


def test_drawn_faces_of_the_test_side_are_found_with_their_eyes_above_their_mouths(sheet):
    detect = FaceDetector(zoo.load(NAME))
    side = sheet.shape[1] // 10
    shots = [np.ascontiguousarray(sheet[y : y + side, x : x + side])
             for y in range(0, sheet.shape[0] - side + 1, side)
             for x in range(0, sheet.shape[1] - side + 1, side)]  # fmt: skip
    found = detect(shots)
    assert sum(len(one) > 0 for one in found) >= 0.6 * len(shots)  # a quarter wear masks
    for one in found:
        if len(one):
            points = one.landmarks[0]
            assert points[:2, 1].mean() < points[2, 1] < points[3:, 1].mean()
            assert points[0, 0] < points[1, 0]


def test_nobody_is_found_in_noise_or_in_nothing():
    detect = FaceDetector(zoo.load(NAME))
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (360, 640, 3), dtype=np.uint8)
    assert [len(one) for one in detect([noise, np.full_like(noise, 128)])] == [0, 0]
