"""The securing list: what to ask for, its letters, and the coverage by time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tiny import NINE
from visits import EVIL, PAGE, field, press, words

from app import i18n, widgets
from core.casebook import Wish
from core.coverage import timeline
from core.securing import securing
from core.types import LastSeen, Sighting
from core.workspace import Workspace

PAGE_OF = PAGE["securing"]
DAY = 86_400.0
NEVER_SAID = ("희망", "골든타임", "생존", "늦었", "포기", "hope", "too late", "golden")


@pytest.fixture
def case(tiny_workspace: Path, red_case: str) -> str:
    ws = Workspace.open(tiny_workspace)
    seen = LastSeen(NINE - 600, NINE, 37.5665, 126.978)
    ws.casebook.set_last_seen(red_case, seen, by="kim")
    ws.close()
    return red_case


def kept(folder: Path, case: str):
    ws = Workspace.open(folder)
    items = securing(ws, case, now_s=NINE)
    ws.close()
    return items


def enter(app: AppTest, officer: str = "kim") -> AppTest:
    return app.text_input(key="officer_name").set_value(officer).run()


def test_without_a_case_one_sentence_says_what_to_do(visit, tiny_workspace) -> None:
    app = visit(tiny_workspace, PAGE_OF)
    assert "사건이 없습니다" in app.info[0].value


def test_a_camera_to_ask_next_is_listed_with_one_click_asked_and_undone(
    visit, tiny_workspace, case
) -> None:
    app = enter(visit(tiny_workspace, PAGE_OF, case=case))
    assert "아직 요청할 영상이 없습니다" in app.info[0].value
    app = press(app, "추가")
    assert not app.exception
    (item,) = kept(tiny_workspace, case)
    assert (item.request.state, item.request.by) == ("to_ask", "kim")
    assert item.probability is not None
    choice = next(f for f in app.button_group if f.key == f"request-{item.request.n}-to_ask")
    app = choice.set_value("asked").run()
    assert kept(tiny_workspace, case)[0].request.state == "asked"
    assert any(f.key == f"request-{item.request.n}-asked" for f in app.button_group)
    app = press(press(app, "마지막 입력 취소"), "마지막 입력 취소")
    assert kept(tiny_workspace, case) == []
    assert not app.exception


def test_a_place_nobody_entered_is_listed_as_text_with_its_letter(
    visit, tiny_workspace, case
) -> None:
    app = enter(visit(tiny_workspace, PAGE_OF, case=case))
    field(app, "text_input", "장소(등록되지 않은 카메라)").set_value(EVIL)
    app = press(app, "목록에 추가")
    assert not app.exception
    assert not app.error
    (item,) = kept(tiny_workspace, case)
    assert item.name == EVIL
    assert item.days == 3
    assert any(node.value == EVIL for node in app.text)  # st.text reads nothing in it
    letter = next(code.value for code in app.code if "영상정보 제공 요청" in code.value)
    assert EVIL in letter
    assert [b.label for b in app.download_button] == [".html", ".txt"]
    app = app.download_button[1].click().run()
    assert not app.exception
    ws = Workspace.open(tiny_workspace)
    (row,) = [row for row in ws.casebook.trail(case) if row.action == "export"]
    assert (row.actor, row.detail["what"]) == ("kim", "letter")
    assert row.detail["request"] == item.request.n
    ws.close()
    assert not any(word in words(app) for word in NEVER_SAID)


def test_a_place_without_name_or_time_is_refused(visit, tiny_workspace, red_case) -> None:
    app = press(enter(visit(tiny_workspace, PAGE_OF, case=red_case)), "목록에 추가")
    assert "언제부터 언제까지" in app.error[0].value


def test_somebody_elses_entry_is_not_taken_back(visit, tiny_workspace, case) -> None:
    ws = Workspace.open(tiny_workspace)
    ws.casebook.ledger.ask(case, Wish(NINE, NINE + 60, "c1"), by="lee")
    ws.close()
    app = press(enter(visit(tiny_workspace, PAGE_OF, case=case)), "마지막 입력 취소")
    assert len(app.error) == 1
    assert len(kept(tiny_workspace, case)) == 1


def test_what_a_person_knows_of_footage_is_entered_and_taken_back(
    visit, tiny_workspace, case
) -> None:
    app = enter(visit(tiny_workspace, PAGE_OF, case=case))
    field(app, "selectbox", "상태").set_value("refused")
    app = press(app, "입력")
    assert not app.error

    def states() -> set[str]:
        ws = Workspace.open(tiny_workspace)
        found = timeline(ws, case, now_s=NINE)
        ws.close()
        return {s.state for s in found.rows[0].stretches}

    assert states() == {"refused", "searched", "not_requested"}
    twin = app.table[-1].value
    assert set(twin.iloc[:, 4]) == {"거절", "기계 검색", "요청 안 함"}
    undo = next(b for b in app.button if b.key == "undo-coverage")
    app = undo.click().run()
    assert states() == {"not_requested", "searched"}


def test_another_window_is_shown_as_asked(visit, tiny_workspace, case) -> None:
    app = visit(tiny_workspace, PAGE_OF, case=case)
    key = f"window-{case}"
    before = app.table[-1].value.iloc[0, 1]
    first = next(f for f in app.datetime_input if f.key == f"{key}-from")
    app = first.set_value(widgets.local(NINE - 3600)).run()
    assert not app.exception
    assert app.table[-1].value.iloc[0, 1] != before
    assert "08" in app.table[-1].value.iloc[0, 1]


def test_english_says_all_of_it_too(visit, tiny_workspace, case) -> None:
    app = visit(tiny_workspace, PAGE_OF, case=case, lang="en")
    said = words(app)
    assert "Cameras 2/2" in said
    assert "Elapsed: " in said
    assert app.tabs[0].label == "What to ask for"


# words


def item_of(tiny_workspace, case, left_s: float, length_s: float = 60.0):
    ws = Workspace.open(tiny_workspace)
    ws.casebook.ledger.ask(case, Wish(NINE, NINE + length_s, place="빵집"), by="kim")
    (item,) = securing(ws, case, now_s=NINE)
    ws.close()
    return item, item.deadline_s - left_s


@pytest.mark.parametrize(
    ("left_s", "said"),
    [
        (2 * DAY + 5 * 3600, "2일 5시간 남음"),
        (2 * DAY - 60, "47시간 59분 남음"),
        (59, "0시간 0분 남음"),
        (-600, "덮어쓰는 중, 마지막 부분은 05-04 09:11까지"),
        (-DAY, "통상 보관 기간이 지남. 더 남아 있는 경우가 많으니 요청하십시오"),
    ],
)
def test_the_countdown_is_exact_and_calm(tiny_workspace, case, left_s, said) -> None:
    i18n.use("ko")
    item, now_s = item_of(tiny_workspace, case, left_s)
    assert widgets.countdown(item, now_s) == said


def clock_page(case, language: str, sightings=()) -> None:
    from app import i18n, widgets
    from core.standing import since

    i18n.use(language)
    widgets.elapsed(since(case, sightings), case.closed_s)


def test_the_clock_says_from_what_it_counts(tiny_workspace, case) -> None:
    ws = Workspace.open(tiny_workspace)
    about = ws.case(case)
    ws.close()
    app = AppTest.from_function(clock_page, args=(about, "ko")).run()
    assert not app.exception
    assert "마지막 목격 2026-05-01 08:55 ±5분" in words(app)
    now = time.time()
    seen = Sighting("cctv", now - 7500, now - 7400, "c1", verdict="confirmed")
    said = words(AppTest.from_function(clock_page, args=(about, "ko", (seen,))).run())
    assert "경과 시간 2시간 3분" in said
    assert "마지막 확인" in said
    assert "마지막 목격" not in said  # one clock, one beginning
    assert not any(word in said for word in NEVER_SAID)


def test_every_page_counts_from_the_same_moment(visit, tiny_workspace, case) -> None:
    ws = Workspace.open(tiny_workspace)
    last = max(s.leave_s for s in ws.casebook.sightings(case) if s.verdict == "confirmed")
    ws.close()
    begin = f"마지막 확인 {widgets.clock(last)[:16]}"
    assert begin in words(visit(tiny_workspace, PAGE_OF, case=case))
    assert begin in words(visit(tiny_workspace, PAGE["search"], case=case))
    assert "마지막 확인 후" in words(visit(tiny_workspace))


def test_the_elapsed_clock_stands_still_when_the_case_is_closed(tiny_workspace, case) -> None:
    from dataclasses import replace

    ws = Workspace.open(tiny_workspace)
    about = replace(ws.case(case), closed_s=NINE + 3600 * 5)
    bare = replace(about, last_seen=None, opened_s=NINE)
    ws.close()
    app = AppTest.from_function(clock_page, args=(about, "en")).run()
    assert "Elapsed: 5 h 5 min" in words(app)
    app = AppTest.from_function(clock_page, args=(bare, "en")).run()
    assert "case opened 2026-05-01 09:00" in words(app)
    i18n.use("ko")
