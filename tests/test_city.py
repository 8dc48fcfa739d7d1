"""A city with truth: who each tracklet is, the route test, tables, detection, attributes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import tiny
import twocameras
from PIL import Image
from twocameras import WALKS, box, write

from core import study
from core.cli import main
from core.errors import BadInput, ModelError, NotFound
from core.metrics.detection import recall as detection_recall
from core.metrics.routes import rank_k
from core.photo import Upload
from core.study import delivered, judging, routetest
from core.study.city import Problem
from core.study.routetest import stripes
from core.types import ATTRIBUTES, Description, Tracklet


@pytest.fixture
def town(tmp_path, tiny_films):
    """Two cameras: red walks by both, green only c1, teal only c2; red and teal are looked for."""
    folder = twocameras.make(tmp_path / "town", tiny_films, true_offset_s=1.5)
    write(folder / "problems.csv", "person_id,path,at_s,x1,y1,x2,y2,upper_color",
          [("red", "c1.mp4", 2.0, *box(WALKS["c1"]["red"], 2.0), "red"),
           ("teal", "c2.mp4", 2.0, *box(WALKS["c2"]["teal"], 2.0), "unknown")])  # fmt: skip
    return folder


def test_a_city_is_read_and_its_visits_follow_from_the_truth(town):
    read = delivered.read(town)
    assert [(v.person, v.camera_id) for v in read.visits] == [
        ("green", "c1"), ("red", "c1"), ("red", "c2"), ("teal", "c2")
    ]  # fmt: skip
    red, teal = read.problems
    assert [v.camera_id for v in read.appearances(red, red.crop)] == ["c2"]
    assert read.appearances(teal, teal.crop) == []
    assert (red.wanted, teal.wanted) == ({"upper_color": "red"}, {})


def test_a_tracklet_is_the_person_most_of_its_boxes_lie_on(town):
    read = delivered.read(town)
    t = read.truth["c1"][0][0] + np.arange(10) / 10

    def made(walk):
        boxes = np.array([box(walk, i / 10) for i in range(10)], np.float32)
        return Tracklet("c1/x/1", t, boxes, np.ones(10), [], np.empty((0, 4)), ())

    assert read.who(made(WALKS["c1"]["green"])) == "green"
    assert read.who(made(lambda s: (200.0, 0.0))) is None


def test_of_a_photo_of_several_the_largest_is_asked_for(ws, tmp_path, monkeypatch):
    figures = [(tiny.RED, lambda t: (60.0, 58.0)), (tiny.GREEN, lambda t: (220.0, 58.0))]
    picture = Image.fromarray(tiny.figures(figures)(0, 0.0))
    picture.save(tmp_path / "two.png")
    problem = Problem("p1", "red", None, {}, photos=(tmp_path / "two.png",))
    with pytest.raises(BadInput, match="choose"):
        ws.new_case("x", photos=[tmp_path / "two.png"], reason="test")
    seen = ws.photo_group(Upload("two.png", (tmp_path / "two.png").read_bytes()))
    left, right = seen.people
    x1, y1, x2, y2 = right.box
    larger = replace(seen, people=(left, replace(right, box=(x1, y1, x2 + 2, y2))))
    monkeypatch.setattr(ws, "photo_group", lambda _: larger)
    case = routetest.put(ws, problem, "photos")
    assert ws.casebook.photos(case)[0].box == larger.people[1].box


def test_wrong_cities_are_named(town):
    with pytest.raises(NotFound, match=r"clips\.csv"):
        delivered.read(town / "none")
    write(town / "problems.csv", "person_id,path,at_s,x1,y1,x2,y2",
          [("red", "c9.mp4", 1, 0, 0, 9, 9)])  # fmt: skip
    with pytest.raises(BadInput, match=r"c9\.mp4"):
        delivered.read(town)
    write(town / "problems.csv", "person_id,path,at_s,x1,y1,x2,y2",
          [("red", "c1.mp4", "soon", 0, 0, 9, 9)])  # fmt: skip
    with pytest.raises(BadInput, match="not a number"):
        delivered.read(town)


def test_the_route_test_finds_red_again_and_teal_nowhere_else(town, tiny_pack, capsys):
    words = ["eval", "route", "--city", str(town), "--pack", "tiny", "--models", str(tiny_pack)]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["problems"], found["appearances"]) == (2, 1)
    for method in ("hsv", "body", "fused", "fused+route"):
        assert found["rank_k"][method]["inside_camera"]["rank1"] == 100.0
        assert found["rank_k"][method]["all_cameras"]["rank1"] == 100.0
    assert found["rank_k"]["face"]["inside_camera"]["rank5"] == 0.0  # drawn figures have none
    assert found["stops"]["printed"] >= 1
    assert found["stops"]["precision"] == 1.0
    assert found["stops"]["recall"] == 1.0
    assert found["stops"]["time_error_s"] == pytest.approx(1.5, abs=0.5)  # the clock was not told
    assert (found["open_set"]["absent"], found["open_set"]["present"]) == (1, 1)


def test_a_calibration_is_fitted_on_what_the_tracker_made_of_films(
    town, tiny_pack, tmp_path, capsys
):
    words = ["calibrate", "--model", "tiny_body", "--models", str(tiny_pack), "--pack", "tiny",
             "--cities", str(town), "--keep", str(tmp_path / "kept"), "--json"]  # fmt: skip
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    for name, quality in (("calibration", "quality"), ("whitened", "whitened_quality")):
        assert sum(said[name]["n_genuine_ids"]) >= 1
        assert said[name]["made_from"].startswith("town: ")
        assert said[name]["cohort_a"] == []
        assert not any(said[name]["real_validation"])  # drawn people prove nothing of real ones
        assert isinstance(said[quality], list)
    assert (tmp_path / "kept" / "town" / "workspace.toml").is_file()
    assert main([*words, "--pictures", str(town)]) == 2
    assert main([*words[:1], "--model", "tiny_face_embedding", *words[3:]]) == 2
    assert "cities calibrate body models" in capsys.readouterr().err
    assert main([*words[:1], "--model", "osnet_x0_25_msmt17", *words[3:]]) == 2


def test_a_rare_value_counts_where_it_is_likelier_than_in_training():
    """Hats, one in ten in training: .3 is not the most probable value, and speaks for one."""
    p = {"hat": np.array([0.7, 0.3, 0.0]), "none": np.array([0.95, 0.05, 0.0])}
    about = [Description(str(i), {}, {"hat": p[who]}) for i, who in enumerate(("hat", "none"))]
    table = [{"hat": "hat"}, {"hat": "none"}]
    with_prior = judging.judged(about, table, {"hat": [0.9, 0.1, 0.0]})
    without = judging.judged(about, table, {"hat": [0.5, 0.5, 0.0]})
    assert with_prior["mean_accuracy"] == 1.0
    assert without["mean_accuracy"] == 0.5
    assert with_prior["accuracy"] == without["accuracy"] == 0.5  # the most probable values
    assert judging.judged([Description("x")] * 2, table)["mean_accuracy"] == 0.5  # not judged: no


def test_tables_have_the_papers_figure_ours_and_the_data(town, tiny_pack, capsys):
    words = ["eval", "tables", "--city", str(town), "--pack", "tiny", "--models", str(tiny_pack)]
    assert main(words) == 0
    said = capsys.readouterr().out
    paper = "| fused | inside camera | 81.9 / 84.4 / 84.4 / 84.4 / 84.4 | 100.0 / 100.0 / "
    assert paper in said
    assert "appearances in town (tiny) |" in said
    assert "| hsv | all cameras | - | " in said  # a line of ours
    assert "| after | mAP | 94.7 | - | - |" in said
    assert "Rank-1 | 93.3 | - | - |" in said
    assert "| direction | side | 94.7 / 96.8 / 71.7 / 99.0 / 57.2 | - | - |" in said
    assert "upper_color" not in said  # neither the paper nor anybody measured it


def test_tables_are_filled_from_answers_as_often_as_something_was_measured(tmp_path, capsys):
    def kept(name, **said):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(said))
        return str(path)

    ranks = {"rank1": 0.5, "rank5": 0.6, "rank10": 0.7, "rank20": None}
    after = {"reranked": {"map": 0.4567, **ranks}, "map": 0.3, **ranks}
    ours = kept("a", eval="reid", data="drawn/m.csv", model="osnet_x0_25_reid", **after)
    real = kept("b", eval="reid", data="real/m.csv", model="osnet_x0_25_reid", **after)
    resnet = kept("c", eval="reid", data="real/m.csv", model="resnet50_reid", **after)
    found = kept("d", eval="detection", data="f/m.csv", model="person", ap50=0.647)
    told = kept(
        "e", eval="attributes", data="p/m.csv", model="judge", f1=0.7,
        without_colors={"f1": 0.8, "mean_accuracy": None},
        by_name={"upper_color": {"accuracy": 0.9, "n": 4}},
        by_rank={"bag": [0.9, 0.8, 0.7, None, None], "hat": [1, 1, 1, 1, 1]},
    )  # fmt: skip
    assert main(["eval", "tables", ours, real, resnet, found, told]) == 0
    said = capsys.readouterr().out.splitlines()
    for line in (
        "| after | mAP | 94.7 | 45.7 | drawn/m.csv (osnet_x0_25_reid) |",
        "| after | mAP | 94.7 | 45.7 | real/m.csv (osnet_x0_25_reid) |",
        "| before; ours: any but ResNet-50 | mAP | 80.8 | 30.0 | real/m.csv (osnet_x0_25_reid) |",
        "| ResNet-50 | mAP | 85.7 | 45.7 | real/m.csv (resnet50_reid) |",
        "| ResNet-50 | Rank-20 | 99.7 | - | - |",
        "| average precision | 90.12 | 64.70 | f/m.csv (person) |",
        "| instance-based F1 | 95.8 | 80.0 | p/m.csv (judge) |",
        "| instance-based F1, with colours | - | 70.0 | p/m.csv (judge) |",
        "| label-based mean accuracy | 89.6 | - | - |",
        "| bag | none | 97.3 / 88.4 / 36.7 / 73.7 / 89.8 | 90.0 / 80.0 / 70.0 / - / - | "
        "p/m.csv (judge) |",
        "| hat | - | - | 100.0 / 100.0 / 100.0 / 100.0 / 100.0 | p/m.csv (judge) |",
        "| upper_color | - | 90.0 | p/m.csv (judge) |",
    ):
        assert line in said
    assert not any("resnet50_reid" in line for line in said if line.startswith("| after"))
    for wrong in (kept("w", f1=1.0), str(tmp_path / "m.csv"), str(tmp_path / "none.json")):
        (tmp_path / "m.csv").write_text("path,x1\n")
        assert main(["eval", "tables", wrong]) == 2
        assert "answer of" in capsys.readouterr().err
    assert main(["eval", "tables", "--reid", found]) == 2
    assert "`dongseon eval reid --json`" in capsys.readouterr().err


def test_tables_take_what_eval_prints(town, tiny_pack, tmp_path, capsys):
    from PIL import Image

    rows = [(f"{n}.png", n % 2, n // 2, ("query", "gallery")[n // 2]) for n in range(4)]
    write(tmp_path / "m.csv", "path,person_id,camera_id,role", rows)
    for n, color in enumerate(2 * [(220, 30, 30), (20, 170, 40)]):
        Image.new("RGB", (32, 64), color).save(tmp_path / f"{n}.png")
    words = ["--pack", "tiny", "--models", str(tiny_pack)]
    assert main(["eval", "reid", "--manifest", str(tmp_path / "m.csv"), *words, "--json"]) == 0
    (tmp_path / "said.json").write_text(capsys.readouterr().out)
    assert main(["eval", "tables", str(tmp_path / "said.json")]) == 0
    read = capsys.readouterr().out
    assert main(["eval", "tables", "--reid", str(tmp_path / "m.csv"), *words]) == 0
    assert capsys.readouterr().out == read
    assert f"| 100.0 | {tmp_path.name}/m.csv (tiny_body) |" in read


def test_the_candidates_of_asked_attributes_are_looked_up_rank_by_rank():
    def one(hat, top):
        p = np.full(len(ATTRIBUTES["upper_color"]), (1 - top) / 14, np.float32)
        p[ATTRIBUTES["upper_color"].index("red")] = top
        return Description("x", {}, {"hat": np.array([1 - hat, hat, 0], np.float32),
                                     "upper_color": p})  # fmt: skip

    about = [one(0.9, 0.8), one(0.7, 0.9), one(0.1, 0.1), Description("unjudged")]
    table = [{"hat": "hat", "upper_color": "red"}, {"bag": "none"}, {"hat": ""}, {}]
    found = judging.by_rank(about, table)  # the first asks, never for itself
    assert found["hat"] == [0.7, 0.1, 0.0, None, None]
    assert found["upper_color"] == [0.9, 0.1, 0.0, None, None]
    assert set(found) == {"hat", "upper_color"}


def test_six_stripes_tell_colours_apart():
    def figure(outfit):
        return stripes(tiny.figures([(outfit, lambda t: (100.0, 60.0))])(0, 0.0)[60:124, 100:124])

    red, green = figure(tiny.RED), figure(tiny.GREEN)
    assert red.shape == (6 * 64,)
    assert np.minimum(red, red).sum() == pytest.approx(6, abs=1e-4)
    assert np.minimum(red, green).sum() < 3


def test_detection_on_drawn_people(town, tiny_pack, tmp_path, capsys):
    from PIL import Image

    where = [(100.0, 60.0), (200.0, 80.0)]
    people = [(tiny.RED, lambda t: where[0]), (tiny.TEAL, lambda t: where[1])]
    Image.fromarray(tiny.figures(people)(0, 0.0)).save(tmp_path / "two.png")
    Image.fromarray(tiny.figures([])(0, 0.0)).save(tmp_path / "none.png")
    rows = [("two.png", x, y, x + 24, y + 64) for x, y in where]
    write(tmp_path / "m.csv", "path,x1,y1,x2,y2", [*rows, ("none.png", "", "", "", "")])
    words = ["eval", "detection", "--json", "--model", "tiny_person", "--models", str(tiny_pack)]
    assert main([*words, "--manifest", str(tmp_path / "m.csv")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n_boxes"], found["n_pictures"]) == (2, 2)
    assert found["ap50"] == 1.0
    assert (found["precision"], found["recall"]) == (1.0, 1.0)
    write(tmp_path / "bad.csv", "path,x1,y1,x2,y2", [("two.png", 5, 5, 1, 9)])
    assert main([*words, "--manifest", str(tmp_path / "bad.csv")]) == 2
    with pytest.raises(BadInput, match="not a person detector"):
        study.detection(tmp_path / "m.csv", "tiny_body", [tiny_pack])


def test_detection_on_frames_of_a_film_beside_a_second_model(tiny_films, tiny_pack, tmp_path,
                                                             capsys):  # fmt: skip
    rows = [(f"c1.mp4#t={t}", *box(WALKS["c1"][who], t)) for t in (1.0, 2.5) for who in WALKS["c1"]]
    write(tmp_path / "m.csv", "path,x1,y1,x2,y2", rows)
    words = ["eval", "detection", "--model", "tiny_person", "--beside", "tiny_person", "--models",
             str(tiny_pack), "--manifest", str(tmp_path / "m.csv"), "--pictures",
             str(tiny_films["c1"].parent)]  # fmt: skip
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n_boxes"], found["n_pictures"], found["ap50"]) == (4, 2, 1.0)
    assert found["recall_by_height"] == {"64-128": {"recall": 1.0, "n": 4}}
    assert found["beside"]["ap50"] == 1.0
    assert found["seconds"] > 0
    assert found["ratio"] == pytest.approx(found["seconds"] / found["beside"]["seconds"], rel=0.05)
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "AP50 1.0" in said
    assert "64-128 px 1.0 (4)" in said
    assert "x tiny_person" in said
    write(tmp_path / "m.csv", "path,x1,y1,x2,y2", [("c1.mp4#t=soon", 0, 0, 9, 9)])
    assert main(words) == 2
    assert "'soon' is no moment of a film" in capsys.readouterr().err
    assert main(words[:-2]) == 2  # no film beside the table
    assert "there is no picture at" in capsys.readouterr().err


def test_people_of_each_height_are_counted_apart():
    true = [np.array([[0, 0, 10, 30], [20, 0, 60, 100]], np.float32), np.empty((0, 4), np.float32)]
    found = [(np.array([[20, 0, 60, 98]], np.float32), np.array([0.9])),
             (np.array([[0, 0, 10, 30]], np.float32), np.array([0.2]))]  # fmt: skip
    hits = detection_recall(found, true, 0.5)
    assert [one.tolist() for one in hits] == [[False, True], []]
    assert [one.tolist() for one in detection_recall(found, true, 0.95)] == [[False, False], []]


def test_attributes_need_a_model_that_judges_them(town, tiny_pack, tmp_path):
    from PIL import Image

    Image.fromarray(tiny.figures([])(0, 0.0)).save(tmp_path / "a.png")
    write(tmp_path / "m.csv", "path,upper_color", [("a.png", "red")])
    with pytest.raises(ModelError, match="judges attributes"):
        study.attributes(tmp_path / "m.csv", "tiny", [tiny_pack])
    write(tmp_path / "m.csv", "path,upper_color", [("a.png", "crimson")])
    with pytest.raises(BadInput, match="crimson"):
        study.attributes(tmp_path / "m.csv", "tiny", [tiny_pack])


def test_judged_attributes_by_hand():
    def one(**values):
        return Description("x", {}, {
            name: np.eye(len(ATTRIBUTES[name]), dtype=np.float32)[ATTRIBUTES[name].index(v)]
            for name, v in values.items()
        })  # fmt: skip

    about = [one(hat="hat", upper_color="red"), one(hat="none"), one()]
    table = [{"hat": "hat", "upper_color": "blue"}, {"hat": "none"}, {"hat": "hat"}]
    found = judging.judged(about, table)
    assert found["by_name"]["hat"] == {"accuracy": pytest.approx(2 / 3, abs=1e-4), "n": 3}
    assert found["by_name"]["upper_color"] == {"accuracy": 0.0, "n": 1}
    assert found["without_colors"]["recall"] == pytest.approx((1 + 1 + 0) / 3, abs=1e-4)
    assert found["recall"] == pytest.approx((1 / 2 + 1 + 0) / 3, abs=1e-4)
    with pytest.raises(BadInput, match="labels no attribute"):
        judging.judged(about, [{}] * 3)


def test_the_papers_formula_is_used_as_it_is():
    assert rank_k([1, 2, 3, 9]) == {1: 25.0, 2: 50.0, 3: 75.0, 4: 75.0, 5: 75.0}


def test_everybody_drawn_is_followed(town, tiny_pack, tmp_path, capsys):
    pack = ["--pack", "tiny", "--models", str(tiny_pack)]
    assert main(["eval", "tracking", "--city", str(town), *pack, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["visits"], found["tracklets"], found["nobody"], found["mixed"]) == (4, 4, 0, 0)
    assert (found["followed"], found["fragments"], found["purity"]) == (1.0, 1.0, 1.0)
    assert found["idf1"] > 0.8
    kept = tmp_path / "kept"
    assert main(["eval", "route", "--city", str(town), "--keep", str(kept), *pack, "--json"]) == 0
    routed = json.loads(capsys.readouterr().out)["tracking"]
    assert routed == {"visits": 4, "followed": 1.0}
    assert main(["eval", "tracking", "--city", str(town), "--kept", str(kept), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found
    assert main(["eval", "tracking", "--city", str(town), "--kept", str(tmp_path / "no")]) == 2
    assert "no workspace" in capsys.readouterr().err
