"""Every page, run by Streamlit's own test driver: empty, without a workspace, and with people."""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from pathlib import Path

import pytest
import tiny
from streamlit.testing.v1 import AppTest
from visits import EVIL, MAIN, PAGE, field, photo, press, red_photo, words

from app import forms, guard, i18n, widgets
from core.errors import BadInput
from core.types import Camera
from core.workspace import Workspace

FORBIDDEN = ("일치", "범인", "동일인", "match", "suspect")


def fill(app: AppTest, *, reason: str = "실종 신고", pictures=()) -> AppTest:
    field(app, "text_input", "사건명 또는 사건번호").set_value("2026-0412")
    field(app, "text_input", "검색 사유(필수)").set_value(reason)
    for n, picture in enumerate(pictures):
        app.file_uploader[0].upload(f"p{n}.jpg", picture, "image/jpeg")
    return press(app, "사건 열고 검색")


@pytest.mark.parametrize("page", sorted(PAGE))
def test_without_workspace_one_sentence_says_what_to_do(visit, tmp_path: Path, page: str) -> None:
    app = visit(tmp_path / "none", PAGE[page])
    assert not app.exception
    assert "작업공간이 없습니다" in words(app)
    assert app.main.button[0].label == "여기에 작업공간 만들기"


@pytest.mark.parametrize("page", sorted(PAGE))
@pytest.mark.parametrize("language", ["ko", "en"])
def test_page_opens_on_an_empty_workspace(visit, empty_workspace, page: str, language: str) -> None:
    app = visit(empty_workspace, PAGE[page], lang=language)
    assert not app.exception
    assert not app.error
    assert i18n.language() in ("ko", "en")
    assert not any(word in words(app) for word in FORBIDDEN)


def test_korean_is_spoken_unless_the_switch_says_english(visit, empty_workspace: Path) -> None:
    app = visit(empty_workspace)
    assert app.main.button[0].label == "사건 열고 검색"
    app.segmented_control(key="language-ko").set_value("en").run()
    assert app.main.button[0].label == "Open case and search"
    assert app.query_params["lang"] in ("en", ["en"])


def test_language_and_case_stay_in_the_url_when_the_page_changes(visit, empty_workspace) -> None:
    app = visit(empty_workspace, PAGE["system"], lang="en")
    assert app.tabs[0].label == "State and models"
    assert app.query_params["lang"] in ("en", ["en"])


def test_search_without_photo_is_refused_in_one_sentence(visit, empty_workspace: Path) -> None:
    app = fill(visit(empty_workspace))
    assert len(app.error) == 1
    assert "사진이 없습니다" in app.error[0].value


def test_search_without_reason_opens_no_case(visit, empty_workspace: Path) -> None:
    app = fill(visit(empty_workspace), reason=" ", pictures=[photo()])
    assert len(app.error) == 1
    assert not app.exception
    assert len(app.selectbox[0].options) == 1


def test_a_case_that_is_not_here_is_said_to_be_missing(visit, empty_workspace: Path) -> None:
    app = visit(empty_workspace, case="2026-0412-nowhere1")
    assert "2026" in app.error[0].value
    assert "case" not in app.query_params


def test_search_shows_candidates_with_words_shapes_and_what_was_searched(
    visit, tiny_workspace: Path, red_case: str
) -> None:
    app = press(visit(tiny_workspace, case=red_case), "검색")
    assert not app.exception
    said = words(app)
    assert "●●○ 보통" in said
    assert "✕ 다른 사람 쪽" not in said  # shown only when asked for
    assert "✕ 다른 사람 쪽" in words(app.toggle[0].set_value(True).run())
    assert "검색 범위: 카메라" in said
    assert "다른 사람:" in said
    assert not any(word in said.replace(EVIL, "") for word in FORBIDDEN)


def test_refresh_keeps_case_and_candidates_without_another_search(
    visit, tiny_workspace: Path, red_case: str
) -> None:
    press(visit(tiny_workspace, case=red_case), "검색")
    again = visit(tiny_workspace, case=red_case)
    assert "●●○ 보통" in words(again)
    opened = Workspace.open(tiny_workspace)
    assert len(opened.casebook.searches(red_case)) == 1
    opened.close()


def test_verdict_is_kept_marked_and_taken_back(visit, tiny_workspace, red_case: str) -> None:
    app = press(visit(tiny_workspace, case=red_case), "검색")
    app = press(app, "아님")
    assert not app.exception
    opened = Workspace.open(tiny_workspace)
    assert "rejected" in opened.verdicts(red_case).values()
    assert any(button.label == "✓ 아님" for button in app.button)
    app = press(app, "마지막 판정 취소")
    assert "rejected" not in opened.verdicts(red_case).values()
    assert not any(button.label == "✓ 아님" for button in app.button)
    opened.close()


def test_person_who_is_not_there_is_said_to_be_not_found(
    visit, tiny_workspace: Path, tiny_films
) -> None:
    opened = Workspace.open(tiny_workspace)
    case = opened.new_case("green", reason="test", by="kim")
    opened.draw_box(case, tiny_films["c1"], 2.0, (190, 10, 214, 74), by="kim")
    opened.close()
    app = press(visit(tiny_workspace, case=case), "검색")
    assert "찾지 못함" in words(app)


def test_new_case_with_a_photo_is_opened_and_searched(visit, tiny_workspace: Path) -> None:
    app = visit(tiny_workspace)
    app.checkbox[0].check()
    app.pills(key="attribute-upper_color").set_value("red")
    app = fill(app, pictures=[red_photo()])
    assert not app.exception
    assert not app.error
    assert "검색 범위: 카메라 2/2" in words(app)
    opened = Workspace.open(tiny_workspace)
    (case,) = opened.cases()
    assert case.wanted["upper_color"].value == "red"
    assert case.same_clothes
    assert app.query_params["case"] in (case.id, [case.id])
    opened.close()


def test_more_than_a_page_of_candidates_is_paged(
    visit, tiny_workspace, red_case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.widgets.candidates.PER_PAGE", 1)
    app = press(visit(tiny_workspace, case=red_case), "검색")
    assert "●●○ 보통" in words(app)
    assert "✕ 다른 사람 쪽" not in words(app)
    app.toggle[0].set_value(True).run()
    app.pagination[0].set_value(2).run()
    assert "✕ 다른 사람 쪽" in words(app)


def pointing(app: AppTest) -> AppTest:
    return app.segmented_control(key="way-in").set_value("footage").run()


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
    assert len(app.selectbox[0].options) == 1


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
    app = fill(app)
    assert not app.exception
    (case,) = opened.cases()
    assert opened.casebook.boxes(case.id)[0].box[::2] == (100, 130)
    opened.close()


def test_footage_that_was_moved_away_is_said_in_one_sentence(
    visit, tiny_pack: Path, tiny_films, tmp_path: Path
) -> None:
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


def more(app: AppTest, way: str) -> AppTest:
    return field(app, "button_group", "이 사람을 더 지정").set_value(way).run()


def test_more_of_the_person_is_added_and_the_next_search_uses_it(
    visit, tiny_workspace: Path, red_case: str
) -> None:
    app = press(visit(tiny_workspace, case=red_case), "검색")
    again = "확인한 모습으로 다시 검색"
    assert again not in words(app)
    app = more(app, "footage")
    app = field(app, "selectbox", "영상").select_index(1).run()
    field(app, "button_group", "찾는 사람 번호").set_value(2).run()  # red, right of teal
    app = press(app, "이 사람으로 지정")
    assert not app.exception
    opened = Workspace.open(tiny_workspace)
    assert len(opened.casebook.boxes(red_case)) == 2
    assert list(opened.verdicts(red_case).values()) == ["confirmed", "confirmed"]
    app = press(app, again)
    assert again not in words(app)
    assert len(opened.casebook.searches(red_case)) == 2
    app = more(app, "photo")
    assert "사진이 없습니다" in press(app, "사진 추가").error[0].value
    app.file_uploader[0].upload("p.png", red_photo(), "image/png")
    app = press(app, "사진 추가")
    assert not app.exception
    assert [one.name for one in opened.casebook.photos(red_case)] == ["p.png"]
    assert again in words(app)
    opened.close()


def test_a_candidate_said_to_be_right_offers_another_search(
    visit, tiny_workspace, red_case
) -> None:
    app = press(visit(tiny_workspace, case=red_case), "검색")
    app = press(app, "맞음")
    app = press(app, "확인한 모습으로 다시 검색")
    assert not app.exception
    assert "확인한 모습으로" not in words(app)
    assert "확인한 모습으로" not in words(press(app, "마지막 판정 취소"))


def test_a_route_without_stops_says_what_to_do(visit, tiny_workspace, tiny_films) -> None:
    opened = Workspace.open(tiny_workspace)
    case = opened.new_case("green", reason="test", by="kim")
    opened.draw_box(case, tiny_films["c1"], 2.0, (190, 10, 214, 74), by="kim")
    opened.undo(case, by="kim")
    route = opened.route(case)
    opened.close()
    app = visit(tiny_workspace, PAGE["route"], case=case)
    assert not app.exception
    assert not route.stops
    assert route.p_never > 0.01
    assert "동선을 그릴 만한 근거가 없습니다" in app.info[0].value
    assert "아예 없을 가능성" in words(app)


def test_system_lists_models(visit, tiny_workspace: Path) -> None:
    app = visit(tiny_workspace, PAGE["system"])
    assert not app.exception
    assert not app.error
    assert [len(table.value) for table in app.table] == [4, 1]


def test_pages_stand_alone_when_the_frame_has_not_run(
    monkeypatch: pytest.MonkeyPatch, tiny_workspace: Path
) -> None:
    monkeypatch.setenv("DONGSEON_WORKSPACE", str(tiny_workspace))
    for page in (MAIN, *PAGE.values()):
        app = AppTest.from_file(page, default_timeout=30).run()
        assert not app.exception


def test_escaped_text_holds_nothing_that_markdown_reads() -> None:
    shown = widgets.inert(EVIL)
    assert shown.replace("\\", "").replace("\u200b", "") == EVIL
    assert "://" not in shown
    for mark in "<*![`:$_#|~":
        assert shown.count(mark) == shown.count(f"\\{mark}")


def test_a_time_without_zone_is_korean_time() -> None:
    assert forms.with_zone("2026-05-01 09:00:00") == "2026-05-01T09:00:00+09:00"
    assert forms.with_zone("2026-05-01T09:00:00+00:00") == "2026-05-01T09:00:00+00:00"
    with pytest.raises(BadInput, match="not a time"):
        forms.with_zone("yesterday")


def test_last_seen_is_all_or_nothing() -> None:
    assert forms.last_seen(None, 10, None, None, 100) is None
    with pytest.raises(BadInput, match="last seen"):
        forms.last_seen(None, 10, 37.5, None, 100)


def headers_of(path: str) -> dict[str, str]:
    """What the guard adds to an answer for this path."""
    sent: list[dict] = []

    async def inner(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def keep(message) -> None:
        sent.append(message)

    asyncio.run(guard.Guard(inner)({"type": "http", "path": path}, None, keep))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_server_tells_the_browser_to_load_nothing_from_elsewhere() -> None:
    headers = headers_of("/")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "http" not in policy
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "no-referrer"


def test_only_the_map_frame_may_run_what_it_was_sent() -> None:
    assert "unsafe-eval" in headers_of("/component/streamlit_folium.st_folium/index.html").get(
        "content-security-policy", ""
    )
    assert "unsafe-eval" not in headers_of("/app/static/x.js")["content-security-policy"]


def test_settings_keep_the_app_on_this_computer() -> None:
    settings = tomllib.loads((i18n.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["client"] == {
        "showErrorDetails": "none",
        "showErrorLinks": False,
        "toolbarMode": "viewer",
    }
    assert settings["browser"]["gatherUsageStats"] is False
    beside = MAIN.parent / ".streamlit" / "config.toml"  # read when started from another folder
    assert tomllib.loads(beside.read_text("utf-8")) == settings
