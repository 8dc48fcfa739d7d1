"""A pack with an attribute model: people are judged in footage and searched by ticks."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import judge as drawn_judge
import numpy as np
import pytest
import tiny
from PIL import Image

from core import study, ticks, zoo
from core.cli import main
from core.describe import NO_JUDGE, Shot, judge
from core.doctor import examine
from core.errors import BadInput, ModelError
from core.types import ATTRIBUTES, Camera, Recorder, wants
from core.worker import Worker
from core.workspace import Workspace

RED = ATTRIBUTES["upper_color"].index("red")


@pytest.fixture(scope="session")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_judge.make(tmp_path_factory.mktemp("judge"))


@pytest.fixture
def seen(judging, tiny_pack, tiny_films, tmp_path) -> Workspace:
    """A workspace of the pack with an attribute model: red, green and teal people under c1, c2."""
    ws = Workspace.create(tmp_path / "ws", "judging", [judging, tiny_pack])
    for n, (camera, film) in enumerate(tiny_films.items()):
        place = Camera(camera, camera, camera, 37.5665, 126.9780 + n * 0.002)
        ws.add_camera(place, Recorder(camera, 0.0, 2.0, 1777593600.0, "photo"))
        for _ in ws.ingest(film, camera=camera, start=f"2026-05-01T09:0{n * 4}:00+09:00"):
            pass
    return ws


def shot(color: tuple[int, int, int], quality: float = 1.0) -> Shot:
    image = np.full((64, 32, 3), color, np.uint8)
    return Shot(image, np.array([0, 0, 32, 64], np.float32), quality)


def test_an_optional_model_counts_only_where_a_pack_names_one(judging, tiny_pack):
    folders = [judging, tiny_pack]
    assert zoo.pack("judging", folders).tasks["attributes"] == "tiny_judge"
    assert "attributes" not in zoo.pack("tiny", folders).tasks
    assert zoo.missing("judging", folders) == []


def test_several_pictures_are_one_judgement_by_their_quality(judging):
    model = zoo.load("tiny_judge", [judging])
    red, black = (judge(model, [shot(c)])["upper_color"] for c in ((230, 20, 20), (10, 10, 10)))
    assert red[RED] > 0.9 > 0.1 > black[RED]
    assert red.sum() == pytest.approx(1, abs=1e-5)
    mixed = judge(model, [shot((230, 20, 20), 0.9), shot((10, 10, 10), 0.1)])["upper_color"]
    assert mixed == pytest.approx(0.9 * red + 0.1 * black, abs=1e-4)


def test_what_footage_shows_is_judged_and_stored(seen):
    rows = seen.gallery.select(kind="attributes", columns=("tracklet_id", "attributes"))
    told = {r["tracklet_id"]: dict(r["attributes"]) for r in rows.to_pylist()}
    assert len(told) == 4
    assert all(set(said) == {"upper_color", "bag"} for said in told.values())
    assert sum(said["upper_color"][RED] > 0.5 for said in told.values()) == 2
    about = seen.gallery.descriptions(list(told))
    assert {one.judge for one in about} == {"tiny_judge"}
    row = seen.models()["attributes"]
    made = seen.gallery.clip_models().values()
    assert [one["tiny_judge"] for one in made] == [row.sha256] * 2


def test_a_tick_the_model_judges_no_better_than_guessing_gives_no_evidence(seen):
    everybody = seen.gallery.scores("tiny_body", np.eye(1, 12, dtype=np.float32))
    judge = ticks.Judge.of(seen.models()["attributes"])
    assert set(judge.priors) == {"upper_color"}
    credulous = replace(judge, priors={**judge.priors, "bag": np.full(4, 0.25)})

    def of(judge, **wanted):
        return ticks.evidence(seen.gallery, wants(wanted), everybody, seen.cameras(), judge).e

    assert np.isnan(of(judge, bag="backpack")).all()
    assert np.isfinite(of(credulous, bag="backpack")).all()
    assert np.isfinite(of(judge, upper_color="red")).all()
    assert np.array_equal(of(judge, upper_color="red", bag="none"), of(judge, upper_color="red"))


def test_a_value_that_training_never_saw_gives_no_evidence(seen):
    judge = ticks.Judge.of(seen.models()["attributes"])
    share = judge.priors["upper_color"].copy()
    share[RED] = 0
    judge = replace(judge, priors={"upper_color": share})
    assert judge.asked(wants({"upper_color": "red"})) == {}
    assert set(judge.asked(wants({"upper_color": "blue"}))) == {"upper_color"}


def test_every_tick_says_whether_it_counts_and_on_what_that_was_measured(seen, judging):
    told = seen.tick_states()
    assert list(told) == list(ATTRIBUTES)
    assert [name for name, one in told.items() if one.counts] == ["upper_color"]
    said = {name: str(one.why) for name, one in told.items()}
    assert said["upper_color"] == "balanced accuracy 0.90 (0.80 to 0.97) on none: made by hand"
    assert said["bag"].startswith("judged hardly better than guessing: balanced accuracy 0.52 (0.4")
    assert said["hat"] == "the attribute model does not judge this"
    assert "walks by" in said["direction"]
    row = zoo.rows([judging])["tiny_judge"]
    bare = ticks.states(replace(row, calibration={"prior": row.calibration["prior"]}))
    assert "not measured" in str(bare["bag"].why)
    worst = {**row.calibration, "worst_on": {"bag": "real/attributes.csv"}}
    assert "on real/attributes.csv" in str(ticks.states(replace(row, calibration=worst))["bag"].why)
    assert all(one.why == NO_JUDGE for one in ticks.states(None).values())


def told_of(ranking, i) -> str:
    return "\n".join(str(reason) for reason in ranking.reasons[i])


def test_ticks_alone_find_who_wears_that_and_never_strongly(seen):
    case = seen.new_case("red top", attributes={"upper_color": "red"}, reason="no photo")
    found = seen.search(case)
    assert sorted(found.camera_id[:2]) == ["c1", "c2"]  # the red figure, once in each film
    assert len(found) == 4
    assert np.isnan(found.parts["face"]).all()
    assert np.isnan(found.parts["body"]).all()
    assert found.evidence == pytest.approx(found.parts["attributes"])
    assert (found.evidence[:2] > 0.3).all()
    assert (found.evidence[2:] < 0).all()
    assert found.expected_false == pytest.approx([2, 2, 4, 4])  # two wear red: each is one of them
    assert set(found.band[:2]) == {"weak"}
    first = told_of(found, 0)
    assert "by ticks alone; 2 of 4 people here fit them as well" in first
    assert "looks as ticked: upper_color red" in first
    assert "does not look as ticked: upper_color red" in told_of(found, 3)
    assert any("no picture of the person" in str(w) for w in found.warnings)
    assert not any("not calibrated" in str(w) for w in found.warnings)
    assert "attributes tiny_judge" in found.method


def test_an_attribute_for_reference_only_is_no_reason_and_is_said_to_be_none(seen):
    case = seen.new_case(
        "x", attributes={"upper_color": "red", "bag": "none", "hat": "hat"}, reason="no photo"
    )
    found = seen.search(case)
    alone = seen.search(seen.new_case("y", attributes={"upper_color": "red"}, reason="no photo"))
    assert np.array_equal(found.evidence, alone.evidence)
    assert not any("bag" in told_of(found, i) for i in range(len(found)))
    (said,) = [str(w) for w in found.warnings if "reference only" in str(w)]
    assert said == "reference only, not compared: bag none, hat hat"


def test_ticks_alone_that_cannot_be_searched_by_are_refused_with_what_can(
    seen, tiny_workspace, tiny_pack
):
    case = seen.new_case("x", attributes={"bag": "backpack"}, reason="no photo")
    with pytest.raises(BadInput, match="tick one of upper_color, or add a photo"):
        seen.search(case)
    plain = Workspace.open(tiny_workspace)
    case = plain.new_case("x", attributes={"upper_color": "red"}, reason="no photo")
    with pytest.raises(BadInput, match="no attribute model, so nobody can be searched by ticks"):
        plain.search(case)
    with pytest.raises(BadInput, match="no picture to compare"):
        plain.search(plain.new_case("nothing", reason="no photo"))
    assert not plain.tells(wants({"upper_color": "red"}))
    assert seen.tells(wants({"upper_color": "red"}))
    plain.close()


def test_a_candidate_of_ticks_that_is_confirmed_makes_a_route_by_its_picture(seen):
    case = seen.new_case("red top", attributes={"upper_color": "red"}, reason="no photo")
    with pytest.raises(BadInput, match="ticks alone make no route"):
        seen.route(case)
    found = seen.search(case)
    seen.judge(case, found.tracklet_id[0], "confirmed", by="kim")
    again = seen.search(case)
    assert again.band[0] == "moderate"
    assert np.isfinite(again.parts["body"][0])
    assert {stop.camera_id for stop in seen.route(case).stops} == {"c1", "c2"}


def test_a_photo_of_other_clothes_and_ticks_list_whom_only_the_ticks_can_find(seen, tmp_path):
    other = tiny.figures([(tiny.GREEN, lambda t: (130.0, 58.0))])(0, 0.0)
    Image.fromarray(other).save(tmp_path / "old.png")
    case = seen.new_case(
        "x", photos=[tmp_path / "old.png"], attributes={"upper_color": "red"}, reason="old photo"
    )
    found = seen.search(case)
    assert sorted(found.camera_id[:2]) == ["c1", "c2"]
    assert np.isnan(found.parts["body"]).all()
    assert found.band[0] == "weak"
    assert seen.route(case).stops == ()  # ticks find whom to look at, and make no stop of a route


def test_a_gallery_of_another_attribute_model_is_judged_anew_from_its_pictures(
    seen, judging, tiny_pack, tmp_path, capsys
):
    """The same model trained again: its file has another hash, and nothing is mixed meanwhile."""
    case = seen.new_case("red top", attributes={"upper_color": "red"}, reason="no photo")
    before = seen.search(case)
    drawn_judge.retrained(judging, tmp_path / "again", seen.path)
    seen.close()
    again = Workspace.open(seen.path)
    found = again.search(case)
    assert found.tracklet_id == ()
    assert any("4 of 4 people were judged by another" in str(w) for w in found.warnings)
    assert any("`dongseon reindex`" in str(f.text) for f in examine(seen.path))
    films = again.clips()
    more, models = replace(films[0], id="f" * 16), again.recordings._models.describer.models
    with pytest.raises(ModelError, match="another version of the model tiny_judge"):
        again.gallery.write(more, [], [], models)
    steps = again.recordings.reindex(by="kim")
    assert [next(steps).done, next(steps).done] == [0, 1]
    steps.close()  # cut off after the first clip: that it was begun is in the log
    assert [row.action for row in again.casebook.trail("gallery")].count("reindex") == 1
    assert len(again.recordings.outdated()) == 1
    again.close()
    assert main(["reindex", "--workspace", str(seen.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"clips": 1, "people": 2}
    again = Workspace.open(seen.path)
    assert again.clips() == films
    assert again.recordings.outdated() == []
    assert not any("reindex" in str(f.text) for f in examine(seen.path))
    found = again.search(case)
    assert found.tracklet_id == before.tracklet_id
    assert found.evidence == pytest.approx(before.evidence)
    assert again.canary() == pytest.approx(0, abs=1e-6)
    again.close()
    assert main(["reindex", "--workspace", str(seen.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"clips": 0, "people": 0}


def test_workers_describe_a_gallery_anew_camera_by_camera(seen, judging, tmp_path):
    """Queued once; a worker that is told to stop leaves the clip in hand as it was."""
    drawn_judge.retrained(judging, tmp_path / "again", seen.path)
    seen.close()
    ws = Workspace.open(seen.path)
    assert len(ws.recordings.outdated()) == 2
    ids = ws.recordings.queue_reindex(by="kim")
    assert ids == ws.recordings.queue_reindex(by="lee")  # while they are open
    assert [job.camera_id for job in ws.jobs.all()] == ["c1", "c2"]
    logged = [row.actor for row in ws.casebook.trail("gallery") if row.action == "reindex"]
    assert logged == ["lee", "kim"]
    ws.jobs.cancel(ids[1], by="kim")
    stop = threading.Event()
    stop.set()
    told = Worker(ws, stop=stop)
    assert told.run(once=True) == 0
    assert Worker(ws).run(once=True) == 1
    first = ws.jobs.get(ids[0])
    assert (first.state, first.tracklets) == ("done", 2)
    assert first.done_s == first.total_s == pytest.approx(ws.clips()[0].duration_s)
    assert [clip.camera_id for clip in ws.recordings.outdated()] == ["c2"]
    ws.jobs.resume(ids[1], by="kim")
    before = {clip.id: ws.gallery.clip_models()[clip.id] for clip in ws.recordings.outdated()}
    describing = ws.recordings.anew(ws.recordings.outdated()[0])
    assert next(describing) == 2
    describing.close()
    assert {clip: ws.gallery.clip_models()[clip] for clip in before} == before
    assert Worker(ws).run(once=True) == 1
    assert ws.recordings.outdated() == []
    ws.close()


def test_the_command_line_searches_by_ticks_alone(seen, capsys):
    where = ["--workspace", str(seen.path), "--json"]
    assert main(["search", "--attr", "upper_color=red", "bag=none", "--reason", "r", *where]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["attributes"] > 0 for one in said["candidates"]] == [True, True, False, False]
    assert said["candidates"][0]["face"] is None
    assert said["candidates"][0]["band"] == "weak"
    assert seen.case(said["case"]).title == "search with upper_color=red, bag=none"
    before = len(seen.cases())
    assert main(["search", "--attr", "bag=none", "--reason", "r", *where]) == 2
    assert "tick one of upper_color" in capsys.readouterr().err
    assert main(["search", "--reason", "r", *where]) == 2
    assert "or --attr alone" in capsys.readouterr().err
    assert len(seen.cases()) == before  # nothing is opened for a search that cannot be done


def test_an_attribute_nobody_measured_is_not_believed():
    assert ticks.believed({"prior": {"hat": [0.5, 0.3, 0.2]}}) == {}
    assert ticks.believed({}) == {}


def test_eval_attributes_takes_a_model_or_a_pack(judging, tiny_pack, tmp_path, capsys):
    import drawn

    manifest = drawn.make(tmp_path / "set", people=6, crops=2)
    figures = study.attributes(manifest, directories=[judging], model="tiny_judge")
    assert figures["model"] == "tiny_judge"
    assert figures["by_name"]["bag"] == {"accuracy": 0.5, "n": 24}
    words = ["eval", "attributes", "--manifest", str(manifest), "--models", str(judging)]
    assert main([*words, "--model", "tiny_judge"]) == 0
    assert "upper_color" in capsys.readouterr().out
    assert main([*words, "--models", str(tiny_pack), "--pack", "judging"]) == 0
    assert main([*words, "--models", str(tiny_pack), "--model", "tiny_body"]) == 2
    assert "is not an attribute model" in capsys.readouterr().err
    with pytest.raises(ModelError, match="no model of the pack tiny judges attributes"):
        study.attributes(manifest, "tiny", [tiny_pack])
