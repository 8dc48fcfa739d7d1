"""Pictures of people near the camera: boxes are what the masks say, and the seed decides all."""

from __future__ import annotations

import csv
import json

import cv2
import numpy as np
import pytest

from core.citizens.__main__ import main
from core.citizens.facetruth import face_box
from core.citizens.stage import FACE_POINTS

COUNT = 6


def make(out, makehuman, *more: str) -> list[dict[str, str]]:
    words = ["frames", str(out), "--near", "--count", str(COUNT), "--assets", str(makehuman),
             "--workers", "1", "--json", *more]  # fmt: skip
    assert main(words) == 0
    return list(csv.DictReader((out / "frames.csv").read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def near(renderer, makehuman, tmp_path_factory):
    out = tmp_path_factory.mktemp("near")
    return out, make(out, makehuman)


def test_every_picture_is_there_and_a_box_is_what_its_mask_says(near, capsys):
    out, rows = near
    assert len({row["path"] for row in rows}) == COUNT
    people = [row for row in rows if row["x1"]]
    assert len(people) >= COUNT // 2
    for row in people:
        ids = cv2.imread(str(out / row["mask"]), cv2.IMREAD_GRAYSCALE)
        image = cv2.imread(str(out / row["path"]))
        assert ids.shape == image.shape[:2]
        y, x = np.nonzero(ids == int(row["person"]))
        seen = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        assert [float(row[k]) for k in ("x1", "y1", "x2", "y2")] == seen
        assert 0.15 <= float(row["visible"]) <= 1.05


def test_the_same_seed_draws_the_same_and_another_others(near, makehuman, tmp_path, capsys):
    out, rows = near
    again = make(tmp_path / "again", makehuman)
    assert json.loads(capsys.readouterr().out)["pictures"] == COUNT
    assert again == rows
    for name in ("frames/000002.jpg", "masks/000002.png"):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()
    assert make(tmp_path / "other", makehuman, "--seed", "3") != rows


def test_faces_are_listed_with_their_points_and_pictures_without_one_too(near):
    out, _ = near
    faces = list(csv.DictReader((out / "faces.csv").read_text("utf-8").splitlines()))
    assert len({row["path"] for row in faces}) == COUNT
    seen = [row for row in faces if row["x1"]]
    assert seen
    for row in seen:
        x1, y1, x2, y2 = (float(row[k]) for k in ("x1", "y1", "x2", "y2"))
        points = np.array([[float(row[f"{p}_{a}"]) for a in "xy"] for p in FACE_POINTS])
        assert (points[:, 1] > y1).all()
        assert (points[:, 1] < y2).all()
        assert points[3:, 1].mean() > points[:2, 1].mean()  # the mouth is below the eyes
        assert x1 - (x2 - x1) / 2 < points[:, 0].mean() < x2 + (x2 - x1) / 2
        assert 0 < float(row["visible"]) <= 1
        assert 0.2 <= float(row["facing"]) <= 1


def test_a_turned_face_has_its_box_behind_the_nose():
    frontal = np.array([[40, 40], [60, 40], [50, 52], [43, 62], [57, 62]], np.float32)
    box = face_box(frontal)
    assert (box[0] + box[2]) / 2 == pytest.approx(50, abs=0.01)
    assert box[1] < 40 < 62 < box[3]
    turned = frontal + np.array([[0, 0], [0, 0], [6, 0], [0, 0], [0, 0]], np.float32)
    assert (face_box(turned)[0] + face_box(turned)[2]) / 2 < 45
    assert face_box(frontal * 2) == pytest.approx(box * 2, abs=0.01)
