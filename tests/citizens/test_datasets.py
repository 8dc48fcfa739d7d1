"""Sets of crops: the same bytes however they were made, and manifests that the evaluation reads."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest

from core.citizens import datasets
from core.citizens.__main__ import main
from core.citizens.datasets import Faces, People
from core.citizens.snapshot import crop_camera
from core.errors import BadInput
from core.types import ATTRIBUTES


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes()
            for p in sorted(folder.rglob("*")) if p.suffix in (".jpg", ".csv")}  # fmt: skip


def table(manifest):
    return list(csv.DictReader(manifest.read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def made(renderer, makehuman, tmp_path_factory):
    out = tmp_path_factory.mktemp("set")
    datasets.make(People(3, 2, split="test"), out, makehuman, workers=1)
    return out


def test_the_manifest_has_what_the_evaluation_needs(made):
    rows = table(made / "manifest.csv")
    assert len(rows) == 3 * 2 * 2
    assert {row["role"] for row in rows} == {"query", "gallery"}
    for person in {row["person_id"] for row in rows}:
        mine = [row for row in rows if row["person_id"] == person]
        assert len({row["camera_id"] for row in mine}) == 2
        assert len({row["upper_color"] for row in mine}) == 1
    for row in rows:
        assert all(row[name] in values for name, values in ATTRIBUTES.items())
        image = cv2.imread(str(made / row["path"]))
        assert image.shape[0] > image.shape[1] > 20
        assert image.std() > 3


def test_two_processes_and_an_interruption_give_the_same_bytes(made, makehuman, tmp_path):
    plan = People(3, 2, split="test")
    datasets.make(People(1, 2, split="test"), tmp_path, makehuman, workers=1)  # stopped early
    datasets.make(plan, tmp_path, makehuman, workers=2)
    assert files(tmp_path) == files(made)


def test_another_plan_in_the_same_folder_is_refused(made, makehuman):
    with pytest.raises(BadInput, match="empty folder"):
        datasets.make(People(3, 1, split="test"), made, makehuman, workers=1)


def test_cameras_of_a_test_set_were_never_trained_on():
    names = {
        split: {n for i in range(40) for n in People(40, split=split).camera_names(i)}
        for split in ("train", "test")
    }
    assert not names["train"] & names["test"]
    streets = {
        split: {s for n in some for s in crop_camera(n, split).streets}
        for split, some in names.items()
    }
    assert not streets["train"] & streets["test"]


def test_an_empty_crop_shows_nobody(renderer):
    from core.citizens.chance import generator
    from core.citizens.people import citizen

    plan = People(1, empty=True, crowded=0.0)
    camera = crop_camera("camera-000", "train")
    args = (renderer, citizen(0), camera)
    frame = datasets.draw_crop(*args, plan, generator("t"))[3]
    full = datasets.draw_crop(*args, People(1, crowded=0.0), generator("t"))[3]
    assert (frame.ids == 0).all()
    assert (full.ids == 1).mean() > 0.05


def test_a_crop_is_drawn_finer_than_its_camera_sees_it():
    for native in range(40, 150):
        width, height = datasets._crop_size(native)
        assert (width, height) in [(px // 2, px) for px in datasets.CROP_PX]
        assert height >= datasets.FINER * native
    assert datasets._crop_size(400) == (128, 256)


def test_near_cameras_see_the_same_crop_taller(renderer):
    from core.citizens.chance import generator
    from core.citizens.people import citizen

    camera = crop_camera("camera-004", "train")
    tall = [
        datasets.draw_crop(renderer, citizen(0), camera, People(1, near=n), generator("t"))[0]
        for n in (1.0, 2.0, 4.0)
    ]
    low, high = camera.native_px
    assert low <= len(tall[0]) <= high
    most = datasets.CROP_PX[-1]
    assert [len(one) for one in tall[1:]] == [min(k * len(tall[0]), most) for k in (2, 4)]
    with pytest.raises(BadInput, match="how many times"):
        People(1, near=9).check()


def test_nobody_stands_before_the_person_of_a_crop():
    from core.citizens.chance import generator
    from core.citizens.people import citizen

    plan = People(1, crowded=1.0)
    for k in range(20):
        rng = generator("crowd", k)
        view, _, _, (who, other) = datasets.crop_scene(
            citizen(0), crop_camera(f"camera-{k:03d}", "train"), plan, rng
        )
        to_camera = np.subtract(view.eye, who.position)[:2]
        to_other = np.subtract(other.position, who.position)[:2]
        cosine = to_camera @ to_other / np.linalg.norm(to_camera) / np.linalg.norm(to_other)
        assert cosine < 0.52


def test_faces_have_landmarks_in_the_picture(renderer, makehuman, tmp_path):
    manifest = datasets.make(Faces(2, 3, yaw_deg=20.0), tmp_path, makehuman, workers=1)
    rows = table(manifest)
    assert len(rows) == 6
    for row in rows:
        right, left = float(row["eye_right_x"]), float(row["eye_left_x"])
        assert 0 < right < left < datasets.FACE_PX
        assert float(row["mouth_right_y"]) > float(row["nose_y"]) > float(row["eye_right_y"])
        assert cv2.imread(str(tmp_path / row["path"])).shape == (160, 160, 3)


@pytest.mark.parametrize("words", [
    ("people", "--near", "9"), ("faces", "--varied", "--masked", "2"),
    ("faces", "--varied", "--world", "-1"),
])  # fmt: skip
def test_what_no_set_can_have_is_refused_in_one_sentence(words, makehuman, tmp_path, capsys):
    verb, *options = words
    out = tmp_path / "set"
    assert main([verb, str(out), "--assets", str(makehuman), "--count", "1", *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said
    assert not out.exists()


def test_the_command_line_says_what_is_wrong_and_what_it_made(
    renderer, makehuman, tmp_path, monkeypatch, capsys
):
    monkeypatch.delenv("DONGSEON_MAKEHUMAN", raising=False)
    assert main(["people", str(tmp_path / "a"), "--count", "1"]) == 2
    assert "--assets" in capsys.readouterr().err
    sheet = tmp_path / "sheet.png"
    assert main(["sheet", str(sheet), "--kind", "faces", "--assets", str(makehuman), "--json"]) == 0
    assert '"sheet"' in capsys.readouterr().out
    assert np.asarray(cv2.imread(str(sheet))).shape[1] == 1280
