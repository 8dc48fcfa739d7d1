"""The route page: doubts, ways, answers at a stop, what was told, the dispatch card, files."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visits import EVIL, PAGE, field, press, words

from app import forms, guard
from app.forms.told import Told
from core import routemap
from core.errors import BadInput
from core.types import Sighting
from core.workspace import Workspace

AT = datetime.fromisoformat("2026-05-01T09:20:00")  # a field's value has no zone
TABS = ["다음 카메라", "표로 보기", "제보 추가", "내려받기"]


@pytest.fixture
def route_page(visit, tiny_workspace: Path, red_case: str) -> AppTest:
    return visit(tiny_workspace, PAGE["route"], case=red_case)


def opened(folder: Path) -> Workspace:
    return Workspace.open(folder)


def test_the_page_has_ways_stops_tabs_and_files(route_page: AppTest) -> None:
    assert not route_page.exception
    assert [tab.label for tab in route_page.tabs] == TABS
    assert list(route_page.table[0].value.iloc[:, 1]) == ["카메라 1", "카메라 2"]
    assert [b.label for b in route_page.download_button] == [
        "지도 저장(HTML)",
        "지도 자료(GeoJSON)",
        "다른 지도용(KML)",
        "지점 표(CSV)",
        "그림(SVG)",
    ]
    said = words(route_page)
    assert "● 1 · 카메라 1" in said
    assert "○ 2 · 카메라 2" in said
    assert "최적 동선" in said


def test_every_word_is_spoken_in_english_too(visit, tiny_workspace, red_case: str) -> None:
    app = visit(tiny_workspace, PAGE["route"], case=red_case, lang="en")
    assert not app.exception
    assert app.tabs[0].label == "Next cameras"
    said = words(app).replace("카메라 1", "").replace("카메라 2", "").replace("한국어", "")
    assert not any("가" <= c <= "힣" for c in said)


def test_a_stop_is_confirmed_and_the_entry_taken_back(
    route_page: AppTest, tiny_workspace: Path, red_case: str
) -> None:
    field(route_page.sidebar, "text_input", "담당자").set_value("lee").run()
    app = press(route_page, "맞음")
    assert not app.exception
    assert "● 2 · 카메라 2" in words(app)
    assert sorted(opened(tiny_workspace).verdicts(red_case).values()) == ["confirmed", "confirmed"]
    app = press(app, "내 마지막 입력 취소")
    assert "○ 2 · 카메라 2" in words(app)


def test_a_stop_said_not_to_be_the_person_leaves_the_route(route_page: AppTest) -> None:
    no = [b for b in route_page.main.button if b.label == "아님"]
    app = no[-1].click().run()
    assert not app.exception
    assert "2 · 카메라 2" not in words(app)


def test_what_was_told_joins_the_route_and_can_be_taken_back(
    route_page: AppTest, tiny_workspace: Path, red_case: str
) -> None:
    field(route_page, "selectbox", "출처").set_value("patrol")
    field(route_page, "datetime_input", "시각(한국 시간)").set_value(AT)
    field(route_page, "number_input", "위도").set_value(37.5670)
    field(route_page, "number_input", "경도").set_value(126.9830)
    field(route_page, "selectbox", "이 사람인가").set_value("certain")
    field(route_page, "text_input", "메모").set_value(EVIL)
    app = press(route_page, "동선에 추가")
    assert not app.exception
    assert "● 3 · 순찰 · 37\\.5670\\, 126\\.9830" in words(app)
    (told,) = [s for s in opened(tiny_workspace).casebook.sightings(red_case) if s.source != "cctv"]
    assert (told.source, told.verdict, told.sigma_s, told.why) == ("patrol", "confirmed", 300, EVIL)
    assert told.by
    assert "3 · 순찰" not in words(press(app, "내 마지막 입력 취소"))


def test_what_was_told_without_time_or_place_is_refused(route_page: AppTest) -> None:
    app = press(route_page, "동선에 추가")
    assert "언제 보았는지" in app.error[0].value
    field(app, "datetime_input", "시각(한국 시간)").set_value(AT)
    assert "어디서 보았는지" in press(app, "동선에 추가").error[0].value


def test_a_told_sighting_counts_as_sure_as_it_was_said() -> None:
    sure = forms.sighting(Told("card", AT, 1, "c1", 1.0, 2.0, 50, "certain", " x "))
    assert isinstance(sure, Sighting)
    assert (sure.verdict, sure.camera_id, sure.lat, sure.why) == ("confirmed", "c1", None, "x")
    likely = forms.sighting(Told("witness", AT, 10, None, 37.5, 127.0, 50, "probable", ""))
    assert (likely.verdict, likely.evidence, likely.sigma_s) == ("possible", 1.0, 600)
    with pytest.raises(BadInput):
        forms.sighting(Told("witness", None, 10, None, 37.5, 127.0, 50, "open", ""))


def test_the_dispatch_card_opens_with_one_tap(route_page: AppTest) -> None:
    app = press(route_page, "출동 카드")
    assert not app.exception
    said = "\n".join(str(getattr(node, "value", "")) for node in app._tree)
    for word in ("마지막 장소", "카메라 1", "방향", "화면 오른쪽으로", "이후 단서"):
        assert word in said, word
    assert app.code[0].value.startswith("[출동 카드] ")
    assert any(b.label == "카드 인쇄(HTML)" for b in app.download_button)


def test_every_file_taken_along_is_in_the_log(
    route_page: AppTest, tiny_workspace: Path, red_case: str
) -> None:
    app = route_page.text_input(key="officer_name").set_value("lee").run()
    for label in ("다른 지도용(KML)", "지점 표(CSV)"):
        app = next(b for b in app.download_button if b.label == label).click().run()
        assert not app.exception
    ws = opened(tiny_workspace)
    rows = [row for row in ws.casebook.trail(red_case) if row.action == "export"]
    assert [(row.actor, row.detail["what"], row.detail["way"]) for row in rows] == [
        ("lee", "csv", "best"),
        ("lee", "kml", "best"),
    ]
    assert ws.casebook.verify() is None
    ws.close()


def test_the_card_taken_along_is_in_the_log(
    route_page: AppTest, tiny_workspace: Path, red_case: str
) -> None:
    app = press(route_page, "출동 카드")
    app = next(b for b in app.download_button if b.label == "카드 인쇄(HTML)").click().run()
    assert not app.exception
    ws = opened(tiny_workspace)
    assert [r.detail["what"] for r in ws.casebook.trail(red_case) if r.action == "export"] == [
        "card"
    ]
    ws.close()


def test_the_card_cannot_be_sent_without_a_stop(visit, tiny_workspace, tiny_films) -> None:
    ws = opened(tiny_workspace)
    case = ws.new_case("green", reason="test", by="kim")
    ws.draw_box(case, tiny_films["c1"], 2.0, (190, 10, 214, 74), by="kim")
    ws.undo(case, by="kim")
    app = visit(tiny_workspace, PAGE["route"], case=case)
    (card,) = [b for b in app.main.button if b.label == "출동 카드"]
    assert card.disabled
    assert "최적 동선" not in words(app)  # no way is offered where none can be drawn
    assert not app.exception


def test_a_hostile_base_map_and_title_leave_the_page_whole(
    visit, tiny_workspace: Path, red_case: str
) -> None:
    line = {"type": "LineString", "coordinates": [[126.97, 37.566], [126.99, 37.566]]}
    named = {
        "type": "Feature",
        "properties": {"name": EVIL, "highway": "primary"},
        "geometry": line,
    }
    routemap.import_base(tiny_workspace, json.dumps(named).encode())
    app = visit(tiny_workspace, PAGE["route"], case=red_case)
    assert not app.exception
    assert not app.error


def test_a_damaged_base_map_is_said_in_one_sentence(visit, tiny_workspace, red_case) -> None:
    (tiny_workspace / "basemap").mkdir()
    (tiny_workspace / "basemap" / "streets.geojson").write_text("{")
    app = visit(tiny_workspace, PAGE["route"], case=red_case)
    assert not app.exception
    assert "바탕지도를 다시 가져오십시오" in app.error[0].value


def test_only_the_map_frame_may_ask_the_map_server_an_agency_set(
    tiny_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DONGSEON_WORKSPACE", str(tiny_workspace))
    assert guard.map_policy() == guard.MAP_POLICY
    tiles = routemap.Tiles("http://10.0.0.5:8080/{z}/{x}/{y}.png")
    routemap.set_tiles(tiny_workspace, tiles)
    assert guard.map_policy()["img-src"].endswith(" http://10.0.0.5:8080")
    assert guard.map_policy()["script-src"] == guard.MAP_POLICY["script-src"]
    assert "10.0.0.5" not in str(guard.POLICY)
    (tiny_workspace / "basemap" / "server.json").write_text("[]")
    assert guard.map_policy() == guard.MAP_POLICY
