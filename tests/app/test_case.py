"""The case page: open cases, a new one by photo or in footage, and correcting an open one."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import tiny
from visits import EVIL, PAGE, field, fill, give, photo, press, red_photo, words

from core.types import Camera, LastSeen
from core.workspace import Workspace

NINE = datetime.fromisoformat("2026-05-01T09:00")  # as a field of the form says it


def test_search_without_photo_is_refused_in_one_sentence(visit, empty_workspace: Path) -> None:
    app = fill(visit(empty_workspace))
    assert [error.value for error in app.error] == [app.error[0].value]
    assert "사진이 없습니다" in app.error[0].value


def test_search_without_reason_opens_no_case(visit, tiny_workspace: Path) -> None:
    app = fill(visit(tiny_workspace), reason=" ", pictures=[photo()])
    assert len(app.error) == 1
    assert not app.exception
    opened = Workspace.open(tiny_workspace)
    assert opened.cases() == []
    opened.close()


def test_a_case_that_is_not_here_is_said_to_be_missing(visit, empty_workspace: Path) -> None:
    app = visit(empty_workspace, case="2026-0412-nowhere1")
    assert "2026" in app.error[0].value
    assert "case" not in app.query_params


def test_the_law_is_named_as_soon_as_the_kind_of_case_is_chosen(visit, empty_workspace) -> None:
    app = visit(empty_workspace)
    assert "적용되는 법이 다릅니다" in words(app)
    app.pills(key="new-category").set_value("minor").run()
    assert "영장 없이" in words(app)
    assert not [f for f in app.text_input if f.label == "법적 근거"]
    app.pills(key="new-category").set_value("adult").run()
    assert "감독자 동의" in words(app)
    assert field(app, "text_input", "법적 근거").value == ""


def test_new_case_with_a_photo_is_opened_and_searched(visit, tiny_workspace: Path) -> None:
    app = visit(tiny_workspace)
    app.pills(key="new-category").set_value("dementia")
    app.checkbox(key="new-same").check()
    app.pills(key="new-upper_color").set_value("red")
    app.pills(key="new-direction").set_value("front")
    app.number_input(key="new-height").set_value(158.0)
    app.text_area(key="new-clothes").set_value("줄무늬 우산")
    app = fill(app, pictures=[red_photo()])
    assert not app.exception
    assert not app.error
    assert "검색 범위: 카메라 2/2" in words(app)
    assert "의류 기준: 당일 사진" in words(app)
    opened = Workspace.open(tiny_workspace)
    (case,) = opened.cases()
    assert {name: want.value for name, want in case.wanted.items()} == {
        "upper_color": "red",
        "direction": "front",
    }
    assert (case.category, case.height_cm, case.clothes) == ("dementia", 158.0, "줄무늬 우산")
    assert "실종아동등" in case.basis
    assert case.same_clothes
    assert app.query_params["case"] in (case.id, [case.id])
    opened.close()


def test_last_seen_without_a_place_is_said_only_when_the_case_is_sent(visit, tiny_workspace):
    app = visit(tiny_workspace)
    assert not app.error
    app = app.datetime_input(key="new-when").set_value(NINE).run()
    assert not app.error
    app = fill(app, pictures=[red_photo()])
    assert "장소가 없습니다" in app.error[0].value
    app.selectbox(key="new-camera").set_value("c1").run()
    assert app.number_input(key="new-lat").value == pytest.approx(37.5665)
    assert "걸어갈 수 있는 카메라 2\\/2대" in words(app)
    app = press(app, "사건 열고 검색")
    assert not app.error
    opened = Workspace.open(tiny_workspace)
    (case,) = opened.cases()
    seen = case.last_seen
    assert (seen.lat, seen.lon, seen.radius_m) == (37.5665, 126.978, 100)
    assert (seen.from_s, seen.to_s) == (1777593600 - 600, 1777593600 + 600)
    query = opened.casebook.searches(case.id)[0].query
    assert query["between"] == [seen.from_s, seen.to_s + 7200]
    opened.close()


def test_a_draft_outlives_a_refresh(visit, empty_workspace: Path) -> None:
    app = visit(empty_workspace)
    field(app, "text_input", "사건명 또는 사건번호").set_value("밤의 사건").run()
    app.pills(key="new-upper_color").set_value("sky").run()
    app = give(app, {"p.png": red_photo()})
    draft = app.query_params["draft"]
    again = visit(empty_workspace, draft=draft[0] if isinstance(draft, list) else draft)
    assert field(again, "text_input", "사건명 또는 사건번호").value == "밤의 사건"
    assert again.pills(key="new-upper_color").value == "sky"
    assert "p.png" in words(again)


def test_a_photo_of_a_draft_is_taken_out_and_back(visit, empty_workspace: Path) -> None:
    app = give(visit(empty_workspace), {"p.png": red_photo()})
    app = press(app, "빼기")
    assert "p\\.png 뺌" in words(app)
    app = press(app, "되돌리기")
    assert [b.label for b in app.main.button].count("빼기") == 1


def test_the_list_says_what_to_do_next_in_every_case(visit, tiny_workspace, red_case) -> None:
    app = visit(tiny_workspace)
    said = words(app)
    assert "진행 중인 사건" in said
    assert "확인 1 · 검토할 후보 0" in said
    assert "영상 검색" in said
    assert "마지막 확인 후" in said
    app = press(app, "열기")
    assert not app.exception
    assert "경과 시간" in words(app)
    assert "의류 기준: 확인된 영상" in words(app)
    assert app.query_params["case"] in (red_case, [red_case])
    app = press(app, "모든 사건")
    assert "진행 중인 사건" in words(app)


def test_text_of_others_is_never_markup_on_the_case_page(visit, tiny_workspace, red_case) -> None:
    from app import widgets

    for query in ({}, {"case": red_case}):
        app = visit(tiny_workspace, **query)
        marked = [str(m.value) for m in [*app.markdown, *app.caption, *app.subheader]]
        shown = [text for text in marked if "script" in text]
        assert shown
        assert all(widgets.inert(EVIL) in text for text in shown)


def test_looks_last_seen_and_photos_of_an_open_case_are_corrected(
    visit, tiny_workspace: Path
) -> None:
    opened = Workspace.open(tiny_workspace)
    case = opened.new_case("어제", photos=[("p.png", red_photo())], reason="신고", by="kim")
    app = visit(tiny_workspace, case=case)
    app.pills(key=f"edit-{case}-hat").set_value("helmet")
    press(app, "인상착의 저장")
    assert opened.case(case).wanted["hat"].value == "helmet"
    app.datetime_input(key=f"edit-{case}-when").set_value(NINE)
    app.selectbox(key=f"edit-{case}-camera").set_value("c2").run()
    app = press(app, "시간·장소 저장")
    assert opened.case(case).last_seen == LastSeen(
        1777593000.0, 1777594200.0, 37.5665, 126.98, 100.0
    )
    app = press(app, "빼기")
    assert opened.casebook.photos(case) == []
    app = press(app, "되돌리기")
    (kept,) = opened.casebook.photos(case)
    assert kept.name == "p.png"
    app.date_input[0].set_value(date(2020, 2, 3))
    app.run()
    assert opened.casebook.photos(case)[0].taken_s == 1580698800.0  # noon in Korea
    opened.close()


def test_a_closed_case_leaves_the_list_and_nothing_is_lost(visit, tiny_workspace, red_case):
    app = press(visit(tiny_workspace, case=red_case), "지금 종결")
    assert not app.exception
    assert "종결된 사건 1건" in words(app) or "새 사건" in words(app)
    opened = Workspace.open(tiny_workspace)
    assert opened.case(red_case).closed_s is not None
    assert len(opened.casebook.boxes(red_case)) == 1
    opened.close()


def pointing(app):
    return app.segmented_control(key="new-way").set_value("footage").run()


def test_a_person_pointed_at_in_footage_opens_a_case_and_starts_its_route(
    visit, tiny_workspace: Path
) -> None:
    app = pointing(visit(tiny_workspace))
    assert not app.exception
    assert field(app, "selectbox", "영상").options[0] == "카메라 1  ·  2026-05-01 09:00:00  ·  6초"
    who = field(app, "button_group", "찾는 사람 번호")
    assert who.options == ["1", "2", "직접 표시"]
    assert who.value is None
    who.set_value(1).run()  # red, left of green
    app = fill(app)
    assert not app.exception
    assert not app.error
    assert "●●○ 보통" in words(app)
    opened = Workspace.open(tiny_workspace)
    (case,) = opened.cases()
    assert opened.casebook.boxes(case.id)[0].at_s == 1.0
    assert list(opened.verdicts(case.id).values()) == ["confirmed"]
    first = opened.route(case.id).stops[0]
    assert (first.camera_id, first.confirmed) == ("c1", True)
    opened.close()


def test_nobody_chosen_opens_no_case(visit, tiny_workspace: Path) -> None:
    app = fill(pointing(visit(tiny_workspace)))
    assert "고른 사람이 없습니다" in app.error[0].value
    opened = Workspace.open(tiny_workspace)
    assert opened.cases() == []
    opened.close()


def test_the_moment_moves_by_seconds_and_from_person_to_person(visit, tiny_workspace) -> None:
    app = pointing(visit(tiny_workspace))
    assert "파일 시작 후 1.0초" in words(app)
    app = press(app, "+1초")
    assert "파일 시작 후 2.0초" in words(app)
    app = press(press(app, "−1초"), "−1초")
    assert "파일 시작 후 0.0초" in words(app)
    assert next(b for b in app.button if b.label == "이전 사람").disabled
    assert "파일 시작 후 1.0초" in words(press(app, "다음 사람"))


def test_a_picture_without_people_is_said_and_the_person_framed_by_hand(
    visit, tiny_pack: Path, make_film, tmp_path: Path
) -> None:
    film = make_film(tmp_path / "e.mp4", [0, 0.2, 0.4], tiny.FRAME, tiny.figures([]))
    folder = tmp_path / "quiet"
    opened = Workspace.create(folder, "tiny", [tiny_pack])
    opened.add_camera(Camera("c1", "골목", "c1"))
    list(opened.ingest(film, camera="c1", start="2026-05-01T09:00:00+09:00"))
    app = pointing(visit(folder))
    assert not app.exception
    assert "사람을 찾지 못했습니다" in app.info[0].value
    field(app, "slider", "왼쪽·오른쪽 끝").set_value((100, 102)).run()
    assert "너무 작습니다" in fill(app).error[0].value
    field(app, "slider", "왼쪽·오른쪽 끝").set_value((100, 130)).run()
    app = press(app, "사건 열고 검색")
    assert not app.exception
    (case,) = opened.cases()
    assert opened.casebook.boxes(case.id)[0].box[::2] == (100, 130)
    opened.close()


def test_footage_that_was_moved_away_is_said_in_one_sentence(
    visit, tiny_pack: Path, tiny_films, tmp_path: Path
) -> None:
    import shutil

    film = Path(shutil.copy(tiny_films["c1"], tmp_path / "away.mp4"))
    folder = tmp_path / "moved"
    opened = Workspace.create(folder, "tiny", [tiny_pack])
    opened.add_camera(Camera("c1", "골목", "c1"))
    list(opened.ingest(film, camera="c1", start="2026-05-01T09:00:00+09:00"))
    app = pointing(visit(folder))
    field(app, "button_group", "찾는 사람 번호").set_value(1).run()
    film.unlink()
    assert "되돌려 놓으세요" in fill(app).error[0].value  # before a case is opened
    assert "되돌려 놓으세요" in press(app, "+1초").error[0].value
    assert not app.exception
    assert opened.cases() == []
    opened.close()


def test_more_of_the_person_is_shown_in_an_open_case(visit, tiny_workspace, red_case) -> None:
    def more(app, way: str):
        return field(app, "button_group", "이 사람을 더 지정").set_value(way).run()

    app = more(visit(tiny_workspace, case=red_case), "footage")
    app = field(app, "selectbox", "영상").select_index(1).run()
    field(app, "button_group", "찾는 사람 번호").set_value(2).run()  # red, right of teal
    app = press(app, "이 사람으로 지정")
    assert not app.exception
    opened = Workspace.open(tiny_workspace)
    assert len(opened.casebook.boxes(red_case)) == 2
    assert list(opened.verdicts(red_case).values()) == ["confirmed", "confirmed"]
    app = give(more(app, "photo"), {"p.png": red_photo()})
    app = press(app, "사건에 추가")
    assert not app.exception
    assert [one.name for one in opened.casebook.photos(red_case)] == ["p.png"]
    opened.close()


def test_pages_open_from_the_case(visit, tiny_workspace: Path, red_case: str) -> None:
    app = press(visit(tiny_workspace, case=red_case), "영상 검색")
    assert not app.exception
    assert field(app, "multiselect", "카메라").value == []
    app = press(visit(tiny_workspace, PAGE["case"], case=red_case), "동선")
    assert not app.exception
    assert "출동 카드" in [b.label for b in app.button]
