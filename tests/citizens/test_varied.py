"""Faces in number: a skin of one's own, days that differ, a person who stays the same."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from core.citizens import datasets, facetruth, looks
from core.citizens.chance import generator, split_of
from core.citizens.people import Detail, citizen, names_of
from core.citizens.stage import FACE_POINTS, Light, Placed
from core.citizens.varied import PX, VariedFaces, draw
from core.errors import BadInput


def test_a_day_changes_what_days_change_and_nothing_else():
    who = looks.near(citizen(3), 0.5)
    days = [looks.on_day(who, n) for n in range(12)]
    for day in days:
        assert (day.morphs, day.skin, day.brows, day.name) == (
            who.morphs, who.skin, who.brows, who.name)  # fmt: skip
        assert day.detail is not None
        assert who.detail is not None
        assert (day.detail.moles, day.detail.where) == (who.detail.moles, who.detail.where)
    assert len({day.outfit.upper.name for day in days}) > 6
    assert len({day.hair.name for day in days}) > 1
    assert days[4] == looks.on_day(who, 4)


@pytest.mark.parametrize("split", ["train", "test"])
def test_what_is_worn_and_grown_stays_on_its_side(split):
    for seed in range(30):
        day = looks.on_day(looks.near(citizen(seed, split)), seed, masks=0.5)
        named = {slot: n for slot, n in names_of(day).items() if slot not in ("face",)}
        assert {split_of(name) for name in named.values()} == {split}


def test_faces_lie_farther_apart_and_the_street_looks_as_before():
    plain = [citizen(seed) for seed in range(40)]
    assert all(one.detail is None for one in plain)
    near = [looks.near(one) for one in plain]
    means = [np.mean([dict(one.morphs).get("nose/nose-hump-incr", 0.0) for one in some])
             for some in (plain, near)]  # fmt: skip
    assert means[1] > 1.2 * means[0]
    assert [one.ancestry for one in near] == [one.ancestry for one in plain]
    world = [looks.near(one, 1.0).ancestry for one in plain]
    assert np.mean([share[0] < 0.5 for share in world]) > 0.4


def test_each_detail_of_the_skin_is_seen(renderer):
    who = replace(citizen(5), detail=None)
    placed = Placed(who, gait="stand", speed=0.0)
    view = datasets.face_view(renderer, placed, 0.0, 0.0, PX)
    light = Light((0.0, 0.9, 0.5), (0.5, 0.5, 0.5), (0.4, 0.4, 0.4), (0.3, 0.3, 0.3))

    def shown(detail: Detail | None) -> np.ndarray:
        one = replace(placed, citizen=replace(who, detail=detail))
        return renderer.draw(view, light, (), [one]).image.astype(np.int64)

    none = Detail(0.3)
    assert np.array_equal(shown(None), shown(none))  # a detail of nothing is no detail
    for one in ("freckles", "wrinkles", "lids", "bags", "uneven"):
        apart = np.abs(shown(replace(none, **{one: 1.0})) - shown(none)).max(axis=2)
        assert 0.002 < (apart > 8).mean() < 0.5, one
    moles = np.abs(shown(replace(none, moles=5)) - shown(none)).max(axis=2)
    assert 4 < (moles > 10).sum() < 400


def test_a_crop_shows_the_face_with_its_points(renderer):
    plan = VariedFaces(1, yaw_deg=15.0)
    who = looks.on_day(looks.near(citizen(5)), 0)
    for k in range(4):
        image, row = draw(renderer, who, plan, generator("t", k), 0)
        assert image.shape == (PX, PX, 3)
        assert image.std() > 10
        points = np.array([[row[f"{p}_x"], row[f"{p}_y"]] for p in FACE_POINTS])
        assert (points > 10).all()
        assert (points < PX - 10).all()
        assert 0.15 * PX < points[1, 0] - points[0, 0] < 0.45 * PX


def test_a_set_is_the_same_twice_and_names_its_days(renderer, makehuman, tmp_path):
    plan = VariedFaces(2, 3, 2, seed=4)
    first, second = (datasets.make(plan, tmp_path / n, makehuman, workers=1) for n in "ab")
    rows = list(csv.DictReader(first.read_text(encoding="utf-8").splitlines()))
    assert first.read_bytes() == second.read_bytes()
    assert [row["camera_id"] for row in rows[:3]] == ["day-0", "day-0", "day-1"]
    assert len({row["person_id"] for row in rows}) == 2
    for row in rows:
        assert (first.parent / row["path"]).read_bytes() == (
            second.parent / row["path"]).read_bytes()  # fmt: skip
        eye, mouth = ([float(row[f"{point}_{axis}"]) for axis in "xy"]
                      for point in ("eye_left", "mouth_left"))  # fmt: skip
        x1, y1, x2, y2 = (float(row[side]) for side in facetruth.BOX)
        assert x1 < eye[0] < x2 < PX + 20
        assert y1 < eye[1] < mouth[1] < y2


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (VariedFaces(0), "1 or more"),
        (VariedFaces(1, split="x"), "train or test"),
        (VariedFaces(1, world=1.5), "shares from 0 to 1"),
    ],
)
def test_what_cannot_be_drawn_is_said(plan, says):
    with pytest.raises(BadInput, match=says):
        plan.check()
