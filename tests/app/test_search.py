"""The search page: where to look, candidates and verdicts in a list or one by one, what is next."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tiny import NINE
from visits import EVIL, PAGE, field, press, words

from core.types import Camera, LastSeen, Recorder
from core.workspace import Workspace

FORBIDDEN = ("일치", "범인", "동일인", "match", "suspect")


@pytest.fixture
def search(visit):
    """Open the search page of a case and search."""

    def of(folder: Path, case: str, **query: str):
        return press(visit(folder, PAGE["search"], case=case, **query), "검색")

    return of


def one_by_one(app):
    return press(app, "하나씩")


def verdicts(folder: Path, case: str) -> dict[str, str]:
    opened = Workspace.open(folder)
    try:
        return opened.verdicts(case)
    finally:
        opened.close()


def green_case(folder: Path, film: Path) -> str:
    """A case whose person is only in the clip the box was drawn in."""
    opened = Workspace.open(folder)
    case = opened.new_case("green", reason="test", by="kim")
    opened.draw_box(case, film, 2.0, (190, 10, 214, 74), by="kim")
    opened.close()
    return case


def test_without_a_case_the_page_says_where_to_begin(visit, tiny_workspace: Path) -> None:
    app = visit(tiny_workspace, PAGE["search"])
    assert "진행 중인 사건이 없습니다" in app.info[0].value
    assert press(app, "새 사건").subheader[0].value == "새 사건"


def test_search_shows_candidates_with_words_shapes_and_what_was_searched(
    search, tiny_workspace: Path, red_case: str
) -> None:
    app = search(tiny_workspace, red_case)
    assert not app.exception
    said = words(app)
    assert "●●○ 보통" in said
    assert "▲ 전신·옷차림: 본인 쪽" in said
    assert "영상 속 실제 크기 24 × 64px" in said
    assert "✕ 다른 사람 쪽" not in said  # shown only when asked for
    said = words(press(app, "다른 사람으로 보이는 1건도 보기"))
    assert "✕ 다른 사람 쪽" in said
    assert "▼ 전신·옷차림: 다른 사람 쪽" in said
    assert "검색 범위: 카메라" in said
    assert "다른 사람:" in said
    assert not any(word in said.replace(EVIL, "") for word in FORBIDDEN)


def test_refresh_keeps_case_and_candidates_without_another_search(
    visit, search, tiny_workspace: Path, red_case: str
) -> None:
    search(tiny_workspace, red_case)
    again = visit(tiny_workspace, PAGE["search"], case=red_case)
    assert "●●○ 보통" in words(again)
    opened = Workspace.open(tiny_workspace)
    assert len(opened.casebook.searches(red_case)) == 1
    opened.close()


def test_verdict_is_kept_marked_and_taken_back(search, tiny_workspace, red_case: str) -> None:
    app = press(search(tiny_workspace, red_case), "아님")
    assert not app.exception
    assert "rejected" in verdicts(tiny_workspace, red_case).values()
    assert any(button.label == "✓ 아님" for button in app.button)
    app = app.button(key="undo").click().run()
    assert not app.exception
    assert "rejected" not in verdicts(tiny_workspace, red_case).values()
    assert not any(button.label == "✓ 아님" for button in app.button)
    assert [t.value for t in app.toast] == ["되돌렸습니다."]
    opened = Workspace.open(tiny_workspace)
    assert [e.undone for e in opened.casebook.history(red_case)][-2:] == [True, False]
    opened.close()


def test_a_verdict_keeps_the_reason_that_was_written(search, tiny_workspace, red_case) -> None:
    app = press(search(tiny_workspace, red_case), "영상과 사진 더 보기")
    field(app, "text_input", "이유(선택)").set_value(EVIL)
    app = press(app, "가능")
    assert not app.exception
    opened = Workspace.open(tiny_workspace)
    (said,) = [s for s in opened.casebook.sightings(red_case) if s.verdict == "possible"]
    assert said.why == EVIL
    opened.close()


def test_one_by_one_answers_by_keys_and_goes_on(search, tiny_workspace, red_case) -> None:
    app = one_by_one(search(tiny_workspace, red_case))
    app = press(app, "다른 사람으로 보이는 1건도 보기")
    assert "**1** / 2" in words(app)
    keys = {b.proto.shortcut for b in app.button if b.proto.shortcut}
    assert keys == {"1", "2", "3", "4", "left", "right"}
    app = press(app, "맞음")
    assert "**2** / 2" in words(app)
    assert "u" in {b.proto.shortcut for b in app.button}
    assert "confirmed" in verdicts(tiny_workspace, red_case).values()
    app = press(app, "이전")
    assert any(button.label == "✓ 맞음" for button in app.button)


def test_the_film_of_a_sighting_is_shown_or_said_to_be_moved(
    visit, tiny_pack: Path, tiny_films, tmp_path: Path
) -> None:
    folder, films = tmp_path / "moved", {}
    opened = Workspace.create(folder, "tiny", [tiny_pack])
    for n, name in enumerate(tiny_films):
        films[name] = Path(shutil.copy(tiny_films[name], tmp_path / f"{name}.mp4"))
        opened.add_camera(Camera(name, name, name, 37.5665, 126.978 + n * 0.002))
        list(opened.ingest(films[name], camera=name, start=f"2026-05-01T09:0{4 * n}:00+09:00"))
    case = opened.new_case("red", reason="test", by="kim")
    opened.draw_box(case, films["c1"], 2.0, (90, 118, 114, 182), by="kim")
    opened.close()
    app = press(visit(folder, PAGE["search"], case=case), "검색")
    shown = press(app, "영상과 사진 더 보기")
    assert not shown.error
    assert len(list((folder / "cache" / "playback").glob("*.mp4"))) == 1
    shutil.rmtree(folder / "cache")
    films["c2"].unlink()
    app = press(press(shown, "접기"), "영상과 사진 더 보기")
    assert not app.exception
    assert len(app.error) == 1
    assert "되돌려 놓으세요" in app.error[0].value


def test_a_camera_that_was_not_passed_is_not_searched_again(
    search, tiny_workspace, red_case: str
) -> None:
    app = press(search(tiny_workspace, red_case), "영상과 사진 더 보기")
    app = next(b for b in app.main.button if (b.key or "").startswith("not-")).click().run()
    assert not app.exception
    opened = Workspace.open(tiny_workspace)
    (said,) = [s for s in opened.casebook.sightings(red_case) if s.verdict == "not_here"]
    assert said.camera_id == "c2"
    assert (said.enter_s, said.leave_s) == (NINE + 240, NINE + 300)
    assert opened.search(red_case).tracklet_id == ()
    opened.close()


def test_who_was_rejected_is_left_out_of_the_next_search_and_can_be_taken_back(
    search, tiny_workspace, red_case: str
) -> None:
    app = press(search(tiny_workspace, red_case), "아님")
    app = press(app, "다시 검색")
    assert not app.exception
    said = words(app)
    assert "아님 1(다음 검색에서 제외)" in said
    assert "이미 판정한 1건은 목록에서 뺐습니다" in said
    assert "●●○ 보통" not in said
    (rejected,) = [t for t, v in verdicts(tiny_workspace, red_case).items() if v == "rejected"]
    app = app.button(key=f"back:{rejected}").click().run()
    assert not app.exception
    assert "●●○ 보통" in words(press(app, "다시 검색"))


def test_somebody_elses_verdict_is_not_taken_back_silently(
    search, tiny_workspace, red_case: str
) -> None:
    app = search(tiny_workspace, red_case)
    (own,) = verdicts(tiny_workspace, red_case)  # confirmed by "kim", who drew the box
    app = app.button(key=f"back:{own}").click().run()
    assert len(app.error) == 1
    assert verdicts(tiny_workspace, red_case)[own] == "confirmed"


def test_a_confirmed_candidate_is_compared_next_and_leads_to_the_next_camera(
    search, tiny_workspace, red_case: str
) -> None:
    opened = Workspace.open(tiny_workspace)
    place = Camera("c3", "공원", "c3", 37.5665, 126.9845)
    opened.add_camera(place, Recorder("c3", 0.0, 2.0, NINE, "photo"))
    app = press(search(tiny_workspace, red_case), "맞음")
    assert "의류 기준: 확인된 영상" in words(app)
    assert "다음 카메라" in [s.value for s in app.subheader]
    assert "공원" in words(app)
    assert "이 시간대 영상 없음" in words(app)
    before = len(opened.casebook.searches(red_case))
    app = press(app, "확인한 모습으로 다시 검색")
    assert not app.exception
    assert "확인한 모습으로" not in words(app)
    assert len(opened.casebook.searches(red_case)) == before + 1
    opened.close()


def test_a_button_searches_the_next_camera_in_its_window(
    search, tiny_workspace, red_case: str
) -> None:
    opened = Workspace.open(tiny_workspace)
    asked = {one.camera_id: one for one in opened.route(red_case).next_cameras}
    app = search(tiny_workspace, red_case)  # confirmed at c1 by the box that was drawn
    app = next(b for b in app.main.button if b.label == "여기서 찾기").click().run()
    assert not app.exception
    query = opened.casebook.searches(red_case)[0].query
    assert query["cameras"] == ["c2"]
    assert query["between"] == pytest.approx([asked["c2"].from_s, asked["c2"].to_s])
    assert "검색 범위: 카메라 1/1" in words(app)
    opened.close()


def test_where_to_look_is_filled_in_from_where_last_seen(visit, tiny_workspace, red_case) -> None:
    opened = Workspace.open(tiny_workspace)
    opened.add_camera(Camera("far", "부산", "far", 35.1796, 129.0756))
    seen = LastSeen(NINE, NINE, 37.5665, 126.978, 50)
    opened.casebook.set_last_seen(red_case, seen, by="kim")
    app = visit(tiny_workspace, PAGE["search"], case=red_case)
    assert field(app, "multiselect", "카메라").value == ["c1", "c2"]
    assert "걸어갈 수 있는 카메라 2\\/3대" in words(app)
    app = press(app, "전체 카메라·전체 시간")
    assert field(app, "multiselect", "카메라").value == []
    app = press(app, "제안대로")
    assert field(app, "multiselect", "카메라").value == ["c1", "c2"]
    press(app, "검색")
    query = opened.casebook.searches(red_case)[0].query
    assert query["cameras"] == ["c1", "c2"]
    assert query["between"] == [NINE, NINE + 7200]
    opened.close()


def test_person_who_is_not_there_is_said_to_be_not_found(
    search, tiny_workspace: Path, tiny_films
) -> None:
    case = green_case(tiny_workspace, tiny_films["c1"])
    app = search(tiny_workspace, case)
    assert "검색한 범위에서 더 찾지 못함" in words(app)
    opened = Workspace.open(tiny_workspace)
    opened.undo(case, by="kim")
    opened.close()
    said = words(press(app, "다시 검색"))
    assert "**찾지 못함** (카메라 1/2, 공백 0초)" in said


def test_more_than_a_page_of_candidates_is_paged(
    search, tiny_workspace, red_case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.widgets.candidates.PER_PAGE", 1)
    app = search(tiny_workspace, red_case)
    assert "●●○ 보통" in words(app)
    assert "✕ 다른 사람 쪽" not in words(app)
    app = press(app, "다른 사람으로 보이는 1건도 보기")
    app.pagination[0].set_value(2).run()
    assert "✕ 다른 사람 쪽" in words(app)


def test_time_and_place_that_cannot_be_are_said_as_loudly_as_likeness(
    search, tiny_workspace, red_case: str
) -> None:
    opened = Workspace.open(tiny_workspace)
    opened.add_camera(Camera("c2", "부산", "c2", 35.1796, 129.0756))
    opened.close()
    said = words(search(tiny_workspace, red_case))
    assert "▼ 시간·장소: 다른 사람 쪽" in said
    assert "초에 갈 수 없습니다" in said


def scope_fields(app) -> tuple[list[str], list[str | None]]:
    """(cameras, from and to) as the fields of "where to look" show them."""
    times = [
        field(app, "datetime_input", name).value for name in ("시작(한국 시간)", "끝(한국 시간)")
    ]
    return app.multiselect[0].value, [None if at is None else f"{at:%H:%M}" for at in times]


def test_a_link_of_the_route_page_fills_in_where_to_look_once(
    visit, search, tiny_workspace: Path, red_case
) -> None:
    search(tiny_workspace, red_case)
    link = {"camera": "c2", "from": f"{NINE + 240:.0f}", "to": f"{NINE + 301:.0f}"}
    app = visit(tiny_workspace, PAGE["search"], case=red_case, **link)
    assert not app.exception
    assert scope_fields(app) == (["c2"], ["09:04", "09:06"])
    assert not {"camera", "from", "to"} & set(app.query_params)
    app.multiselect[0].set_value([])
    app = app.run()
    assert scope_fields(app) == ([], ["09:04", "09:06"])  # the link binds nobody
    app.multiselect[0].set_value(["c2"])
    app = press(app, "다시 검색")
    assert not app.exception
    assert "카메라 1/1" in words(app)


@pytest.mark.parametrize(
    "link",
    [
        {"camera": EVIL},
        {"camera": "c9", "from": f"{NINE:.0f}"},
        {"camera": "c1", "from": "now"},
        {"camera": "c1", "from": "99999999999"},
        {"camera": "c1", "to": "-1"},
        {"camera": "c1", "from": "1e9", "to": "nan"},
        {"camera": "c1", "from": f"{NINE:.0f}", "to": f"{NINE:.0f}"},
    ],
)
def test_a_link_with_nonsense_fills_in_nothing_and_says_so(
    visit, tiny_workspace: Path, red_case, link
) -> None:
    app = visit(tiny_workspace, PAGE["search"], case=red_case, **link)
    assert not app.exception
    assert scope_fields(app) == ([], [None, None])
    assert len(app.error) == 1
    assert not app.run().error
