"""The securing list asks in recorder time, by deadline; its letter holds nothing but text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from tiny import NINE

from core.casebook import Wish
from core.clockcheck import check_clock
from core.coverage import timeline
from core.errors import BadInput, NotFound
from core.letter import BASIS, KINDS, NO_BASIS, letter, letter_html, letter_text
from core.securing import (
    KEPT_DAYS,
    OWNER_WORDS,
    answer,
    days_kept,
    securing,
    securing_json,
    securing_text,
    wishes,
)
from core.types import Camera, NextCamera, Recorder

HOUR, DAY = 3600.0, 86_400.0
EVIL = "<script>alert(1)</script>`${x}{{y}}"


def listed(ws, case, asked=()):
    return securing(ws, case, asked, now_s=NINE + HOUR)


def ask(ws, case, camera="c1", low=NINE, high=NINE + 1800, **more) -> int:
    return ws.casebook.ledger.ask(case, Wish(low, high, camera, **more), by="kim")


# the window on the recorder's clock


def test_a_slow_recorder_is_asked_for_an_earlier_time_widened_by_its_doubt(ws, case):
    ask(ws, case)
    check_clock(ws, "c1", NINE - 192, NINE, now_s=NINE, by="kim")
    (item,) = listed(ws, case)
    assert item.clock.clock_offset_s == 192
    assert item.window == (NINE - 240, NINE + 1800 - 180)  # 08:56:46 and 09:26:50, outwards
    assert item.request.wish.from_s == NINE  # true time stays


def test_an_unchecked_clock_widens_by_ten_minutes(ws, case):
    ws.add_camera(Camera("c9", "뒷문", "c9"), by="kim")
    ask(ws, case, "c9")
    (item,) = listed(ws, case)
    assert item.window == (NINE - 600, NINE + 1800 + 600)


def test_a_clock_corrected_after_asking_is_noticed(ws, case):
    n = ask(ws, case)
    answer(ws, case, n, "asked", by="kim")
    before = listed(ws, case)[0]
    assert before.request.asked == before.window
    assert before.moved_s == 0
    check_clock(ws, "c1", NINE, NINE + 600, now_s=NINE, by="kim")
    after = listed(ws, case)[0]
    assert after.window == (before.window[0] - 600, before.window[1] - 600)
    assert after.moved_s == 600


def test_a_window_over_midnight_says_both_days(ws, case):
    late = NINE + 14.75 * HOUR  # 23:45
    ask(ws, case, low=late, high=late + HOUR)
    one = securing_json(case, listed(ws, case), "Asia/Seoul")["requests"][0]
    assert one["recorder_from"] == "2026-05-01T23:44:00"
    assert one["recorder_to"] == "2026-05-02T00:46:00"
    assert one["from"].endswith("+09:00")


# deadlines


@pytest.mark.parametrize(
    ("kind", "entered", "days", "by"),
    [
        ("private", True, 7, "kind"),
        ("dashcam", True, 7, "kind"),
        ("large_shop", True, 10, "kind"),
        ("bus", True, 15, "kind"),
        ("road", True, 30, "kind"),
        ("subway", True, 30, "kind"),
        ("", True, 3, "unknown"),
        ("something else", True, 3, "unknown"),
        ("private", False, 3, "unknown"),
        ("dashcam", False, 3, "unknown"),
        ("bus", False, 15, "kind"),
    ],
)
def test_how_long_owners_keep_footage(kind, entered, days, by):
    recorder = Recorder("r", owner_kind=kind) if entered else None
    assert days_kept(recorder, kind) == (days, by)


def test_what_an_owner_said_counts_before_what_is_usual():
    assert days_kept(Recorder("r", retention_days=5.0), "road") == (5.0, "owner")
    assert set(KEPT_DAYS) == set(OWNER_WORDS) == set(KINDS)


def test_the_deadline_is_when_the_first_of_it_is_overwritten(ws, case):
    ws.add_camera(Camera("c9", "뒷문", "c9"), Recorder("c9", retention_days=2.0), by="kim")
    ask(ws, case, "c9")
    (item,) = listed(ws, case)
    assert item.deadline_s == NINE - 600 + 2 * DAY


def test_the_next_deadline_is_on_top_then_the_chance_and_what_is_done_below(ws, case):
    ledger = ws.casebook.ledger
    done = ledger.ask(case, Wish(NINE - DAY, NINE - DAY + 60, place="차고"), by="kim")
    likely = ledger.ask(case, Wish(NINE, NINE + 60, place="빵집", probability=0.4), by="kim")
    unlikely = ledger.ask(case, Wish(NINE, NINE + 60, place="약국", probability=0.1), by="kim")
    public = ledger.ask(case, Wish(NINE, NINE + 60, place="길", owner_kind="road"), by="kim")
    lost = ledger.ask(case, Wish(NINE - 9 * DAY, NINE - 8 * DAY, place="옛날"), by="kim")
    answer(ws, case, done, "received", by="kim")
    order = [item.request.n for item in listed(ws, case)]
    assert order == [likely, unlikely, public, lost, done]


# states, undo, the coverage ledger


def test_answers_show_in_the_coverage_and_undo_takes_them_back(ws, case):
    n = ask(ws, case, low=NINE + 600, high=NINE + 1800)

    def seen() -> set[str]:
        row = timeline(ws, case, now_s=NINE + HOUR).rows[0]
        return {s.state for s in row.stretches} - {"searched", "not_requested"}

    assert seen() == set()
    for state, shown in (("asked", "requested"), ("refused", "refused"), ("received", "received")):
        answer(ws, case, n, state, by="kim")
        assert seen() == {shown}
    ledger = ws.casebook.ledger
    with pytest.raises(BadInput, match="lee has entered nothing"):
        ledger.unask(case, by="lee")
    for shown in ({"refused"}, {"requested"}, set()):
        ledger.unask(case, by="kim")
        assert seen() == shown
    assert [item.request.state for item in listed(ws, case)] == ["to_ask"]
    ledger.unask(case, by="kim")
    assert listed(ws, case) == []
    actions = [row.action for row in ws.casebook.trail(case)]
    assert (actions.count("ask"), actions.count("answer"), actions.count("undo")) == (1, 3, 4)
    assert ws.casebook.verify() is None


def test_a_request_somebody_else_answered_is_not_taken_back(ws, case):
    n = ask(ws, case)
    answer(ws, case, n, "received", by="lee")
    with pytest.raises(BadInput, match="somebody else has answered"):
        ws.casebook.ledger.unask(case, by="kim")
    assert [item.request.state for item in listed(ws, case)] == ["received"]


def test_footage_asked_for_stays_where_it_was_on_the_recorder(ws, case):
    n = ask(ws, case, low=NINE + 600, high=NINE + 1200)
    answer(ws, case, n, "asked", by="kim")
    check_clock(ws, "c1", NINE, NINE + 300, now_s=NINE, by="kim")
    row = timeline(ws, case, now_s=NINE + HOUR).rows[0]
    (asked,) = (s for s in row.stretches if s.state == "requested")
    assert asked.from_s == NINE + 540 + 300  # 09:09 on the recorder, five minutes slow


def test_a_place_nobody_entered_has_a_row_of_its_own(ws, case):
    ledger = ws.casebook.ledger
    n = ledger.ask(case, Wish(NINE, NINE + HOUR, place=EVIL, owner_kind="dashcam"), by="kim")
    answer(ws, case, n, "refused", by="kim")
    found = timeline(ws, case, now_s=NINE + HOUR)
    assert found.rows[-1].camera_id is None
    assert found.rows[-1].name == EVIL
    assert found.rows[-1].seconds({"refused"}) == HOUR
    assert found.figures.cameras == 2  # it is not a camera of the workspace


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(NINE, NINE + 60), "place is empty"),
        (Wish(NINE + 60, NINE, "c1"), "end lies before"),
        (Wish(NINE, float("nan"), "c1"), "must be a number"),
        (Wish(NINE, NINE + 60, "c99"), "not known"),
        (Wish(NINE, NINE + 60, place="x", lat=127.0, lon=37.0), "swapped"),
        (Wish(NINE, NINE + 60, place="x", lat=37.0), "both latitude and longitude"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(ws, case, wish, said):
    with pytest.raises(BadInput, match=said):
        ws.casebook.ledger.ask(case, wish, by="kim")


def test_a_request_of_another_case_cannot_be_answered(ws, case):
    n = ask(ws, case)
    other = ws.new_case("other", reason="test", by="kim")
    with pytest.raises(NotFound, match="not on the list"):
        answer(ws, other, n, "asked", by="kim")
    with pytest.raises(BadInput, match="nobody is named"):
        answer(ws, case, n, "asked", by="")


# cameras to ask next


def test_next_cameras_are_offered_once_and_not_where_all_was_seen(ws, case):
    asked = (
        NextCamera("c1", 0.4, NINE + 600, NINE + 900),
        NextCamera("c2", 0.2, NINE + 600, NINE + 900),
    )
    offered = wishes(ws, case, asked, now_s=NINE + HOUR)
    assert [(w.camera_id, w.probability) for w in offered] == [("c1", 0.4), ("c2", 0.2)]
    ws.casebook.ledger.ask(case, offered[0], by="kim")
    ws.casebook.ledger.cover("c2", NINE, NINE + HOUR, "looked", by="kim", case=case)
    assert wishes(ws, case, asked, now_s=NINE + HOUR) == []
    newer = (NextCamera("c1", 0.7, NINE + 600, NINE + 900),)
    assert listed(ws, case, newer)[0].probability == 0.7
    assert wishes(ws, case, (), now_s=NINE) == []


def test_the_list_as_text_and_json(ws, case):
    assert securing_text(securing_json(case, [], "Asia/Seoul")) == "nothing to ask for yet"
    ask(ws, case)
    values = securing_json(case, listed(ws, case), "Asia/Seoul")
    assert "카메라 1: 2026-05-01 08:59 - 09:31 by its clock" in securing_text(values)
    assert values["requests"][0]["days_kept"] == 3


# clock checks


def test_a_clock_check_in_the_future_or_of_no_recorder_is_refused(ws):
    with pytest.raises(BadInput, match="future"):
        check_clock(ws, "c1", NINE, NINE + 3 * DAY, now_s=NINE)
    with pytest.raises(NotFound, match="'c99' is not known"):
        check_clock(ws, "c99", NINE, NINE, now_s=NINE)


def test_a_clock_told_by_the_owner_is_less_sure_than_a_photo(ws):
    told = check_clock(ws, "c1", NINE, NINE - 60, now_s=NINE, how="told", by="kim")
    assert (told.clock_offset_s, told.clock_sigma_s, told.how) == (-60, 30, "told")
    photo = check_clock(ws, "c1", NINE, NINE - 61, now_s=NINE, by="kim")
    assert (photo.clock_sigma_s, photo.how, photo.checked_at) == (2, "photo", NINE - 61)
    assert ws.recorders()["c1"] == photo


# the letter


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]


def test_the_letter_asks_in_recorder_time_with_the_note_on_its_clock(ws, case):
    check_clock(ws, "c1", NINE - 192, NINE, now_s=NINE, by="kim")
    ask(ws, case)
    (item,) = listed(ws, case)
    text = letter_text(letter(item, ws.case(case), by="김 경위", now_s=NINE))
    assert "2026-05-01 (금) 08:56 ~ 09:27\n" in text
    assert "실제보다 3분 12초 느림" in text
    assert "실종 2026-0412" in text
    assert case in text
    assert NO_BASIS in text


@pytest.mark.parametrize("category", sorted(BASIS))
def test_the_legal_basis_follows_the_category(ws, category):
    case = ws.casebook.new_case("t", "reason", category=category, by="kim")
    ask(ws, case)
    (item,) = listed(ws, case)
    text = letter_text(letter(item, ws.case(case), by="kim", now_s=NINE))
    assert BASIS[category] in text
    assert ("실종아동" in text) == (category in ("minor", "disability", "dementia"))


def test_a_basis_an_officer_wrote_counts_before_ours(ws):
    case = ws.casebook.new_case("t", "reason", category="minor", basis="영장 2026-1", by="kim")
    ask(ws, case)
    text = letter_text(letter(listed(ws, case)[0], ws.case(case), by="kim", now_s=NINE))
    assert "영장 2026-1" in text
    assert BASIS["minor"] not in text


def test_script_in_names_stays_text_in_the_letter(ws):
    case = ws.new_case(EVIL, reason="test", by="kim")
    wish = Wish(NINE, NINE + 60, place=EVIL, owner=EVIL, contact=EVIL, owner_kind="dashcam")
    ws.casebook.ledger.ask(case, wish, by="kim")
    page = letter_html(letter(listed(ws, case)[0], ws.case(case), by=EVIL, now_s=NINE))
    tags = Tags()
    tags.feed(page)
    assert not {"script", "img", "iframe", "link", "a"} & tags.seen
    assert "default-src 'none'" in page
    assert page.count("&lt;script&gt;") == 5
