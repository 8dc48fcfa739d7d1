"""The face detector that comes with Dongseon: what its rows say, what it finds of drawn faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import photo, zoo
from core.cascade import SIDES
from core.describe import FaceDetector, align, lower_face
from core.settings import Models, Settings
from core.study.pictures import embedding
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


def test_a_judge_of_bare_faces_with_its_card_is_what_a_builtin_workspace_asks(tmp_path):
    row = zoo.rows()[zoo.pack("builtin").face_bareness]
    assert zoo.verify(row, SHIPPED / row.file)
    assert row.sha256 in (SHIPPED / f"{row.name}.md").read_text(encoding="utf-8")
    settings = Settings.of_pack("builtin", [])
    assert Models(settings).describer.bareness.row == row
    assert embedding("face_2026nov_mtcnn", [])[2].bareness.row == row
    assert Models(Settings.of_pack("builtin-clothing", [])).describer.bareness is None


def test_drawn_faces_are_bare_until_something_covers_their_mouths(sheet):
    detect, judge = FaceDetector(zoo.load(NAME)), zoo.load("bareness_2026nov")
    side = sheet.shape[1] // 10
    bare, covered = [], []
    for y in range(0, sheet.shape[0] - side + 1, side):
        for x in range(0, sheet.shape[1] - side + 1, side):
            shot = np.ascontiguousarray(sheet[y : y + side, x : x + side])
            (found,) = detect([shot])
            if not len(found):
                continue
            face = align(shot, found.landmarks[0])
            bare.append(lower_face(face, 0.5, judge) == "bare")
            for colour in ((150, 200, 222), (28, 28, 30), (235, 235, 232), (214, 178, 150)):
                face[64:] = colour
                covered.append(lower_face(face, 0.5, judge) == "bare")
    assert np.mean(bare) >= 0.3  # a quarter wear masks, others turn away
    assert not any(covered)
