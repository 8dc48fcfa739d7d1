"""The demonstration on a city of two drawn films: built, searched, routed, held against truth."""

from __future__ import annotations

import json

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
