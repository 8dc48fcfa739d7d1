"""Many cases put to a city with truth: what is claimed, how often it is right, and its pictures."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import tiny
import twocameras
from twocameras import WALKS, box, write

from core.cli import main
from core.errors import BadInput
from core.metrics.reliability import table
from core.route import Settings
from core.study.bodysets import Group, groups
from core.study.claimplot import stops_picture, words_picture
from core.study.openset import GRID, open_set
from core.study.routetest import in_first


@pytest.fixture
def town(tmp_path, tiny_films):
    """Two cameras: red walks by both, green only c1, teal only c2."""
    folder = twocameras.make(tmp_path / "town", tiny_films)
    write(folder / "problems.csv", "person_id,path,at_s,x1,y1,x2,y2",
          [("red", "c1.mp4", 2.0, *box(WALKS["c1"]["red"], 2.0))])  # fmt: skip
    return folder


@pytest.fixture
def asked(tmp_path):
    """Red is looked for and was there; so is somebody in another outfit who was not."""
    from PIL import Image

    folder = tmp_path / "asked"
    (folder / "photos").mkdir(parents=True)
    (folder / "truth").mkdir()
    for name, outfit in (("in001", tiny.RED), ("out001", ((30, 30, 90), (90, 90, 30)))):
        picture = tiny.figures([(outfit, lambda t: (100.0, 60.0))])(0, 0.0)
        Image.fromarray(picture).save(folder / "photos" / f"{name}.png")
    seen = {"at": "2026-05-01T08:59:00+09:00", "lat": 37.5665, "lon": 126.978, "radius_m": 100.0}
    cases = [
        {"id": name, "photos": [f"photos/{name}.png"], "attributes": {}, "last_seen": seen,
         "same_clothes": True, "crop": None}
        for name in ("in001", "out001")
    ]  # fmt: skip
    answers = [{"id": "in001", "person": "red", "twins": ["green"]},
               {"id": "out001", "person": None, "twins": []}]  # fmt: skip
    (folder / "cases.json").write_text(json.dumps(cases))
    (folder / "truth" / "answers.json").write_text(json.dumps(answers))
    return folder


def test_who_is_among_the_first_is_counted_by_appearance_and_drawn_by_case():
    found = in_first([1, 20, 21, math.inf, 3], [0, 0, 1, 1, 2])
    assert (found.value, found.n) == (0.6, 3)
    assert found.low <= 0.2  # the appearances of a case stay together
    assert found.high == 1.0
    assert in_first([], []).n == 0


def test_a_present_and_an_absent_case_are_counted_and_drawn(
    town, asked, tiny_pack, tmp_path, capsys
):
    words = ["eval", "openset", "--city", str(town), "--cases", str(asked), "--pack", "tiny",
             "--models", str(tiny_pack), "--pictures", str(tmp_path / "p"), "--fit"]  # fmt: skip
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["cases"], found["present"], found["absent"], found["twinned"]) == (2, 1, 1, 1)
    assert found["rank_k"]["body"]["all_cameras"]["rank1"] == 50.0  # of its two visits
    assert found["rank_k"]["body"]["inside_camera"]["rank1"] == 100.0
    assert found["rank_k"]["body"]["in_first_20"]["value"] == 1.0
    assert found["evidence"]["genuine"] == 2
    assert found["evidence"]["strangers"] == 6  # green, teal; and everybody for who is absent
    assert found["route_after_one_confirmed"]["cases"] == 1
    assert found["route_after_one_confirmed"]["recall"] == 1.0
    assert found["absent_with_strong"]["value"] == 0.0
    tried = found["fit"]["tried"]
    assert len(tried) == math.prod(len(values) for values in GRID.values())
    assert [one["loss"] for one in tried] == sorted(one["loss"] for one in tried)
    assert found["fit"]["routes"] == 3  # two without, one after a confirmation
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == [
        "stops-after.svg", "stops.svg", "words.svg"
    ]  # fmt: skip
    assert main(words) == 0
    assert "2 cases: 1 present, 1 absent; 1 with somebody" in capsys.readouterr().out


def test_what_is_wrong_with_cases_is_said(town, asked, tiny_pack, capsys):
    words = ["eval", "openset", "--city", str(town), "--pack", "tiny", "--models", str(tiny_pack)]
    assert main([*words, "--cases", str(asked), "--cases", str(asked)]) == 2
    assert "one --cases folder for each --city" in capsys.readouterr().err
    (asked / "truth" / "answers.json").write_text("[]")
    with pytest.raises(BadInput, match="asked is damaged"):
        open_set([(town, asked)], "tiny", [tiny_pack])


def test_the_default_constants_of_the_route_are_among_those_tried():
    chosen = Settings()
    assert (chosen.p_in in GRID["p_in"], chosen.rho in GRID["rho"], chosen.g in GRID["g"]) == (
        True, True, True
    )  # fmt: skip
    assert "chosen on" in str(chosen)
    assert "set by hand" in str(Settings(g=0.123))


def test_a_stretch_of_claims_has_an_interval_over_cases():
    plain = table([0.9, 0.9, 0.1], [True, False, False])
    known = table([0.9, 0.9, 0.1], [True, False, False], [1, 2, 2])
    assert [one["right"] for one in plain] == [one["right"] for one in known]
    assert (known[3]["low"], known[3]["high"], known[3]["cases"]) == (0.0, 1.0, 2)
    assert (known[1]["low"], known[1]["cases"]) == (None, 0)
    assert "low" not in plain[3]


def test_pictures_of_claims_escape_and_show_every_stretch():
    rows = table([0.9, 0.85, 0.3], [True, False, False], [1, 2, 3])
    drawn = stops_picture({"reliability": rows}, "<b>")
    assert drawn.count("<circle") == 2
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    word = {"weak": {"value": 0.2, "low": 0.1, "high": 0.4, "said": 9, "n": 3}}
    assert words_picture(word, "w").count("<circle") == 1
    assert "n = 9" in words_picture(word, "w")


def test_crops_of_people_are_read_from_a_folder_and_from_a_manifest(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("7_00", "7_01", "7_05", "8_00"):
        (tmp_path / "images" / f"{name}.jpg").touch()
    first, second = groups(tmp_path)
    assert [[p.name for p in one.paths] for one in first] == [["7_00.jpg", "7_01.jpg"]]
    assert [[p.name for p in one.paths] for one in second] == [["7_05.jpg"]]
    assert [one.camera for one in first + second] == ["A", "B"]
    write(tmp_path / "m.csv", "path,person_id,camera_id,role",
          [("a", "1", "x", "query"), ("b", "1", "y", "gallery"), ("c", "1", "z", "gallery"),
           ("d", "2", "x", "query")])  # fmt: skip
    first, second = groups(tmp_path / "m.csv")
    assert first == [Group("x", (tmp_path / "a",))]
    assert second == [Group("y", (tmp_path / "b",))]
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="nobody under two cameras"):
        groups(tmp_path / "empty")


def test_a_calibration_of_drawn_people_is_checked_on_real_ones(tiny_pack, tmp_path, capsys):
    from PIL import Image

    rng = np.random.default_rng(0)
    rows = []
    (tmp_path / "images").mkdir()
    for person in range(10):
        color = rng.integers(0, 255, 3)
        for k in (0, 5):
            image = np.clip(color + rng.integers(-9, 9, (128, 64, 3)), 0, 255).astype(np.uint8)
            name = f"images/{person}_0{k}.jpg"
            Image.fromarray(image).save(tmp_path / name)
            rows.append((name, person, f"c{k}", "gallery" if k else "query"))
    write(tmp_path / "m.csv", "path,person_id,camera_id,role", rows)
    words = ["calibrate", "--model", "tiny_body", "--models", str(tiny_pack), "--json",
             "--pictures", str(tmp_path / "m.csv")]  # fmt: skip
    assert main([*words, "--check", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    whole = said["calibration"]
    assert said["whitened"]["n_genuine_ids"] == [10, 10, 10]
    assert [len(said[name]) for name in ("quality", "whitened_quality")] == [3, 3]
    assert whole["n_genuine_ids"] == whole["n_impostor_ids"] == [10, 10, 10]
    assert whole["real_validation"] == [True, True, True]
    assert f"checked on {tmp_path.name}" in whole["made_from"]
    assert main([*words, "--check", str(tmp_path), "--weaken", "0.5"]) == 0
    half = json.loads(capsys.readouterr().out)["calibration"]
    np.testing.assert_allclose(half["a"], np.array(whole["a"]) / 2, atol=1e-4)
    np.testing.assert_allclose(half["c"], np.array(whole["c"]) / 2, atol=1e-4)
    assert "evidence x 0.5" in half["made_from"]
    assert main([*words, "--weaken", "2"]) == 2
