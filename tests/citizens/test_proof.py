"""How hard a set is: the figures see a person, the probes see a background that tells on one."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest

from core.citizens import proof
from core.errors import BadInput, NotFound

PEOPLE = 12
HSV = np.array([[(h, 200, v) for v in (80, 144, 240) for h in range(11, 180, 22)]], np.uint8)
COLORS = [tuple(int(c) for c in color) for color in cv2.cvtColor(HSV, cv2.COLOR_HSV2BGR)[0]]


def a_set(folder, color):
    """Pictures of one color each, told by color(person, camera); its manifest."""
    folder.mkdir()
    rows = []
    for person in range(PEOPLE):
        for camera, role in enumerate(("query", "gallery")):
            name = f"{person}_{camera}.png"
            cv2.imwrite(str(folder / name), np.full((40, 20, 3), color(person, camera), np.uint8))
            rows.append({"path": name, "person_id": person, "camera_id": camera, "role": role})
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    return folder / "manifest.csv"


@pytest.fixture
def dressed(tmp_path):
    """Everybody has a color of their own, the same before both cameras."""
    return a_set(tmp_path / "set", lambda person, camera: COLORS[person])


def test_people_who_differ_are_told_apart_and_shuffled_names_are_not(dressed):
    told = proof.hardness(dressed)
    assert told["chance"] == pytest.approx(1 / PEOPLE)
    assert told["histogram_rank1"] == 1.0
    assert told["histogram_shuffled_rank1"] < 2 * told["chance"]


def test_a_background_of_a_camera_tells_nothing(dressed, tmp_path):
    walls = a_set(tmp_path / "bare", lambda person, camera: COLORS[PEOPLE + camera])
    told = proof.hardness(dressed, empty=walls)
    assert told["histogram_empty_rank1"] <= 2 * told["chance"]


def test_a_background_that_goes_with_a_person_is_found_out(dressed, tmp_path):
    walls = a_set(tmp_path / "bare", lambda person, camera: COLORS[PEOPLE + person])
    assert proof.hardness(dressed, empty=walls)["histogram_empty_rank1"] == 1.0


def test_sets_that_do_not_belong_together_are_refused(dressed, tmp_path):
    with pytest.raises(NotFound, match="make a set first"):
        proof.hardness(dressed, empty=tmp_path / "nothing.csv")
    other = a_set(tmp_path / "bare", lambda person, camera: COLORS[0])
    lines = other.read_text(encoding="utf-8").splitlines()
    other.write_text("\n".join(lines[:-2]) + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match="--empty"):
        proof.hardness(dressed, empty=other)
