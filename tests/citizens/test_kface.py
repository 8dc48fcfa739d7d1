"""The K-Face look-alike: the same people in every cell, only what was asked for, exact truth."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest

from core import facesets
from core.citizens import datasets, kface
from core.citizens.kface import KFaces, angles, chosen, light, wearing
from core.citizens.people import citizen
from core.errors import BadInput
from core.types.kface import REGISTERED, TABLE_3, Cell


def test_the_words_name_the_cells_of_the_paper_and_of_the_grid():
    assert len(chosen("kisa")) == 1 + sum(map(len, TABLE_3.values())) == 18
    grid = chosen("kface")
    assert len(set(grid)) == 20 * 30 * 3 * 6
    assert all(cell.in_kface for cell in grid)
    assert chosen("S001/L1/E01/C7, S002/L3/E02/C1,S001/L1/E01/C7") == [REGISTERED, Cell(2, 3, 2, 1)]


def test_cameras_are_mirrored_and_those_of_table_3_stand_where_it_says():
    turns = [angles(n)[0] for n in range(1, 14)]
    assert turns == [-yaw for yaw in reversed(turns)] == list(np.arange(-90, 91, 15))
    assert [angles(n) for n in (14, 17, 20)] == [(-45, 25), (0, 25), (45, 25)]
    assert [angles(cell.camera)[0] for cell in TABLE_3["pose"]] == [-22.5, 22.5, -45]


def test_lights_differ_and_dim_within_a_direction():
    lights = [light(n) for n in range(1, 39)]
    assert len(set(lights)) == 38
    for first, n in ((1, 7), (8, 4), (12, 4), (16, 3), (19, 3), (22, 3), (25, 3), (28, 3)):
        group = lights[first - 1 : first - 1 + n]
        assert len({one.sun_dir for one in group}) == 1
        level = [one.sun_rgb[0] for one in group]
        assert level == sorted(level, reverse=True)
    ring = np.array([one.sun_dir for one in lights[30:]])
    assert np.allclose(np.linalg.norm(ring, axis=1), 1)
    assert np.allclose(ring[:4] + ring[4:], [0, 2 * ring[0, 1], 0])  # opposite lamps
    assert ring[0, 2] > 0.8  # 0 deg is above
    assert ring[2, 0] < -0.8  # 90 deg is on the picture's right: the person looks north


@pytest.mark.parametrize("accessory", range(1, 8))
def test_a_person_always_wears_the_same_thing_of_a_kind_and_nothing_else(accessory):
    who = citizen(3, "test")
    worn = wearing(who, accessory)
    assert worn == wearing(who, accessory)
    assert worn.outfit.mask is None
    hat, glasses = worn.outfit.hat, worn.outfit.glasses
    assert (hat is not None) == (accessory in (5, 6, 7))
    assert (glasses is not None) == (accessory in (2, 3, 4, 6))
    assert (worn.outfit.upper, worn.face) == (who.outfit.upper, who.face)
    if accessory == 7:
        assert hat.form == "band"


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (KFaces(0), "count must be 1"),
        (KFaces(1, size="huge"), "high, middle, low, kisa"),
        (KFaces(1, split="x"), "train or test"),
        (KFaces(1, cells="S008/L1/E01/C7"), "codes go up to"),
        (KFaces(1, cells="S001"), "no cell of K-Face"),
    ],
)
def test_what_cannot_be_drawn_is_said(plan, says):
    with pytest.raises(BadInput, match=says):
        plan.check()


CELLS = "S001/L1/E01/C7,S007/L35/E02/C4,S004/L7/E05/C20"


def test_a_set_is_read_back_as_kface_and_is_the_same_twice(renderer, makehuman, tmp_path):
    plan = KFaces(2, CELLS, "low")
    manifest = datasets.make(plan, tmp_path / "a", makehuman, workers=1)
    found = facesets.kface(tmp_path / "a")
    assert found.people == ("00000000", "00000001")
    assert found.complete({"all": chosen(CELLS)}) == found.people
    rows = list(csv.DictReader(manifest.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 6
    for row in rows:
        image = cv2.imread(str(tmp_path / "a" / row["path"]))
        assert image.shape == (115, 173, 3)
        eyes = (float(row["eye_right_x"]) + float(row["eye_left_x"])) / 2
        assert 50 < eyes < 123
        assert 30 < float(row["eye_left_y"]) < float(row["mouth_left_y"]) < 90
    bright = cv2.imread(str(tmp_path / "a" / rows[0]["path"])).mean()
    dim = cv2.imread(str(tmp_path / "a" / rows[2]["path"])).mean()
    assert dim < 0.6 * bright
    again = datasets.make(KFaces(1, CELLS, "low"), tmp_path / "b", makehuman, workers=1)
    mine = sorted((tmp_path / "b").rglob("*.jpg"))
    for path in mine:
        assert path.read_bytes() == (tmp_path / "a" / path.relative_to(tmp_path / "b")).read_bytes()
    assert again.read_text().splitlines() == manifest.read_text().splitlines()[:4]


def test_left_is_left(renderer):
    who = citizen(1, "test")
    size = (173, 115)
    turned = {}
    for cell in (Cell(camera=4), Cell(camera=10)):
        truth = kface.draw(renderer, who, cell, size, 0)[1]
        eyes = (truth["eye_right_x"] + truth["eye_left_x"]) / 2
        turned[cell.camera] = truth["nose_x"] - eyes
    assert turned[4] > 2  # seen from the person's right, the nose points to the picture's right
    assert turned[10] < -2
