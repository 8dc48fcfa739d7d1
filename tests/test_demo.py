"""The demonstration on a city of two drawn films: built, searched, routed, held against truth."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest
import tiny
import tinycity

from core import demo
from core.cli import main
from core.errors import BadInput, NotFound
from core.study import delivered


@pytest.fixture
def town(tmp_path, tiny_films):
    return tinycity.write(tmp_path / "town", tiny_films)


def words(town, tmp_path, tiny_pack, *more):
    return ["demo", "--data", str(town), "--workspace", str(tmp_path / "ws"), "--no-serve",
            "--models", str(tiny_pack), "--pack", "tiny", *more]  # fmt: skip


def test_the_person_is_found_routed_and_the_truth_told(town, tmp_path, tiny_pack, capsys):
    assert main([*words(town, tmp_path, tiny_pack), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["candidates"][0]["camera_id"] in ("c1", "c2")
    assert found["score"]["visits"] == 2
    assert found["score"]["visits_in_top_20"] == 2
    assert {stop["camera_id"] for stop in found["route"]["stops"]} == {"c1", "c2"}
    assert any("nobody in it exists" in one for one in found["notices"])
    again = main(words(town, tmp_path, tiny_pack))  # all is there: nothing is read twice
    assert again == 0
    said = capsys.readouterr().out
    assert "truth: in view 2 times, 2 of them in the first 20 candidates" in said


def test_a_stranger_in_view_at_the_same_time_is_not_a_hit(town, tmp_path, tiny_pack):
    ws = demo.build(tmp_path / "ws", [str(tiny_pack)], "tiny", town)
    for _, steps in demo.ingest(ws, town):
        for _ in steps:
            pass
    asked = demo.open_case(ws, delivered.problems(town)[0], town)
    ranking, route = ws.search(asked), ws.route(asked)
    right = demo.score(ws, "case01", ranking, route, town)
    assert (right.visits, right.found) == (2, 2)
    file = town / "truth" / "boxes.parquet"
    _swap(file, {"red": "green", "green": "red"})  # c1's green walks past at the same time
    wrong = demo.score(ws, "case01", ranking, route, town)
    assert wrong.stops == right.stops
    assert wrong.right < right.right
    ws.close()


def _swap(file, names):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    people = [names.get(who, who) for who in table["person"].to_pylist()]
    at = table.schema.get_field_index("person")
    pq.write_table(table.set_column(at, "person", pa.array(people)), file)


def test_somebody_absent_has_no_visits(town, tmp_path, tiny_pack, capsys):
    assert main([*words(town, tmp_path, tiny_pack, "--case", "case02"), "--json"]) == 0
    score = json.loads(capsys.readouterr().out)["score"]
    assert (score["visits"], score["stop_recall"]) == (0, None)


def test_wrong_demands_get_a_sentence(town, tmp_path, tiny_pack, capsys):
    assert main(words(town, tmp_path, tiny_pack, "--case", "case09")) == 2
    assert "take one of case01, case02" in capsys.readouterr().err
    assert not (tmp_path / "ws").exists()  # said before anything was read
    for wrong in ("[{}]", "[1]", "{", '{"id": "case01"}'):
        (town / "cases.json").write_text(wrong, "utf-8")
        assert main(words(town, tmp_path, tiny_pack)) == 2
        assert "is damaged" in capsys.readouterr().err
    (town / "truth" / "answers.json").write_text("[{}]", "utf-8")
    with pytest.raises(BadInput, match="damaged"):
        delivered.read(town)
    with pytest.raises(NotFound, match="no demo city"):
        demo.build(tmp_path / "other", [str(tiny_pack)], "tiny", tmp_path / "nowhere")


def test_a_delivered_city_tells_who_is_seen_where(town):
    city = delivered.read(town)
    assert {film.offset_s for film in city.films} == {tinycity.OFFSET_S}
    first, second = city.problems
    assert [v.camera_id for v in city.appearances(first)] == ["c1", "c2"]
    assert [v.camera_id for v in city.appearances(first, first.crop)] == ["c2"]
    assert second.crop is None
    assert city.appearances(second) == []
    times, people, boxes = city.truth["c1"]
    assert len(times) == len(people) == len(boxes) == 120
    assert boxes.shape[1] == 4
    assert tiny.FIGURE[1] == boxes[0, 3] - boxes[0, 1]


def test_the_route_test_can_ask_by_photos(town, tiny_pack, capsys):
    asked = ["eval", "route", "--city", str(town), "--pack", "tiny", "--models", str(tiny_pack)]
    assert main([*asked, "--probe", "photos", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["probe"], found["problems"], found["appearances"]) == ("photos", 2, 2)
    assert (found["open_set"]["absent"], found["open_set"]["present"]) == (1, 1)
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["probe"], found["problems"]) == ("crop", 1)


# --- the city that ships --------------------------------------------------------------------------


def test_the_shipped_city_is_whole_and_small():
    city = delivered.read(demo.DATA)
    assert len(city.films) == 11
    for film in city.films:
        with av.open(str(film.path)) as opened:
            stream = opened.streams.video[0]
            assert (stream.width, stream.height) == (1280, 720)
            assert float(stream.duration * stream.time_base) == pytest.approx(60.0, abs=0.2)
    files = [path for path in demo.DATA.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 25e6
    assert {path.suffix for path in files} == {
        ".csv",
        ".geojson",
        ".jpg",
        ".json",
        ".mp4",
        ".parquet",
    }
    assert all(photo.is_file() for problem in city.problems for photo in problem.photos)


def test_the_first_missing_person_passes_several_cameras_and_the_last_is_nowhere():
    city = delivered.read(demo.DATA)
    seen = {one.id: {v.camera_id for v in city.appearances(one)} for one in city.problems}
    assert len(seen["case01"]) >= 3
    assert seen["case04"] == set()
    for camera, (times, people, boxes) in city.truth.items():
        assert len(times) == len(people) == len(boxes) > 0, camera
        assert (np.diff(times) >= 0).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_the_truth_is_that_of_its_seed():
    from core.citizens import cast, truth
    from core.citizens.cityverbs import DEMO, DEMO_SEED

    planned = truth.dumps(truth.plan(cast.build(DEMO_SEED, DEMO)))
    assert (demo.DATA / "truth" / "city.json").read_text("utf-8") == planned
