"""Every camera and moment has exactly one state, in true time, and the strongest claim counts."""

from __future__ import annotations

import json
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import NINE

from core.clockcheck import check_clock
from core.coverage import (
    CODE,
    STATES,
    Claim,
    Row,
    minutes,
    resolve,
    timeline,
    timeline_json,
    timeline_text,
    whole_minutes,
)
from core.errors import BadInput, NotFound
from core.types import Camera, Clip, Recorder
from core.workspace import Workspace

HOUR, DAY = 3600.0, 86_400.0
EVIL = "<script>alert(1)</script>"


def clip(from_s: float, to_s: float, gaps: tuple[tuple[float, float], ...] = ()) -> Clip:
    return Clip("k1", "c1", "/x.mp4", "0" * 64, from_s, to_s - from_s, (64, 48), gaps)


def states(found) -> list[tuple[float, float, str]]:
    """Stretches in minutes after nine."""
    return [((s.from_s - NINE) / 60, (s.to_s - NINE) / 60, s.state) for s in found]


def claim(low: float, high: float, state: str, at_s: float = 1.0) -> Claim:
    return Claim(NINE + 60 * low, NINE + 60 * high, state, at_s)


# the resolution


times = st.integers(-30, 90)
claims = st.lists(
    st.builds(
        lambda a, b, state, at: claim(min(a, b), max(a, b), state, at),
        times,
        times,
        st.sampled_from(STATES),
        st.integers(0, 5),
    ),
    max_size=12,
)
clips = st.lists(
    st.builds(
        lambda a, n, g: (
            clip(NINE + 60 * a, NINE + 60 * (a + n), ((NINE + 60 * a, NINE + 60 * (a + g)),)),
            0.0,
        ),
        times,
        st.integers(1, 40),
        st.integers(0, 1),
    ),
    max_size=4,
)


@given(claims, clips, st.one_of(st.just(-float("inf")), times.map(lambda m: NINE + 60.0 * m)))
def test_the_timeline_partitions_time(found, filmed, kept_from):
    window = (NINE, NINE + HOUR)
    stretches = resolve(found, filmed, window, kept_from)
    assert stretches[0].from_s == window[0]
    assert stretches[-1].to_s == window[1]
    for before, after in pairwise(stretches):
        assert before.to_s == after.from_s
        assert before.state != after.state
    assert all(s.to_s > s.from_s and s.state in STATES for s in stretches)
    each = minutes(Row("c1", "c1", 0.0, stretches))
    assert len(each) == 60
    for m, state in enumerate(each):  # whole minutes in, so the state of a minute is exact
        middle = NINE + 60 * m + 30
        assert [s.state for s in stretches if s.from_s <= middle < s.to_s] == [state]


def test_what_nobody_asked_for_is_said_to_be_so():
    assert states(resolve([], [], (NINE, NINE + HOUR))) == [(0, 60, "not_requested")]


def test_the_later_statement_counts_where_two_overlap():
    found = resolve(
        [claim(0, 30, "requested", 1), claim(20, 40, "refused", 2)], [], (NINE, NINE + HOUR)
    )
    assert states(found) == [
        (0, 20, "requested"),
        (20, 40, "refused"),
        (40, 60, "not_requested"),
    ]


def test_what_a_person_saw_outlasts_later_requests_and_the_machine():
    said = [claim(0, 30, "looked", 1), claim(10, 50, "requested", 2), claim(10, 20, "searched", 3)]
    found = resolve(said, [(clip(NINE, NINE + 1200), 0.0)], (NINE, NINE + HOUR))
    assert states(found)[0] == (0, 30, "looked")
    later = resolve([*said, claim(5, 10, "too_poor", 9)], [], (NINE, NINE + HOUR))
    assert (5, 10, "too_poor") in states(later)


def test_a_hole_in_the_file_is_a_gap_whatever_was_said():
    film = clip(NINE, NINE + 1800, ((NINE + 600, NINE + 1200),))
    found = resolve([claim(0, 60, "looked")], [(film, 0.0)], (NINE, NINE + HOUR))
    assert states(found) == [(0, 10, "looked"), (10, 20, "gap"), (20, 60, "looked")]


def test_another_clip_fills_the_hole_of_the_first():
    first = clip(NINE, NINE + 1800, ((NINE + 600, NINE + 1200),))
    found = resolve([], [(first, 0.0), (clip(NINE + 300, NINE + 900), 0.0)], (NINE, NINE + 1800))
    assert states(found) == [(0, 15, "searched"), (15, 20, "gap"), (20, 30, "searched")]


def test_footage_in_hand_beats_what_the_owner_said_before():
    said = [claim(0, 60, "refused", 5), claim(0, 60, "gap", 6)]
    found = resolve(said, [(clip(NINE, NINE + 600), 0.0)], (NINE, NINE + HOUR))
    assert states(found) == [(0, 10, "searched"), (10, 60, "gap")]


def test_what_was_searched_stays_searched_when_its_clip_is_gone():
    said = [claim(0, 30, "searched", 1), claim(10, 20, "gap", 2)]
    found = resolve(said, [], (NINE, NINE + 1800))
    assert states(found) == [(0, 10, "searched"), (10, 20, "gap"), (20, 30, "searched")]


def test_past_its_time_only_what_nobody_asked_for_is_overwritten():
    found = resolve([claim(0, 20, "requested")], [], (NINE, NINE + HOUR), NINE + 2400)
    assert states(found) == [
        (0, 20, "requested"),
        (20, 40, "overwritten"),
        (40, 60, "not_requested"),
    ]


def test_a_minute_has_the_state_that_holds_longest_in_it_and_claims_less_in_doubt():
    halves = resolve([claim(0, 0.5, "looked"), claim(1.2, 2, "looked")], [], (NINE, NINE + 120))
    assert minutes(Row("c1", "c1", 0.0, halves)) == ["not_requested", "looked"]
    assert CODE["not_requested"] < CODE["looked"]


# the timeline of a case


def test_a_case_shows_around_last_seen_what_was_searched(ws, case):
    found = timeline(ws, case, now_s=NINE + DAY)
    assert (found.from_s, found.to_s) == (NINE - 2100, NINE + 3 * HOUR)
    assert [row.camera_id for row in found.rows] == ["c1", "c2"]
    assert found.rows[0].seconds({"searched"}) == pytest.approx(6, abs=0.2)
    figures = found.figures
    assert (figures.cameras, figures.cameras_seen, figures.unchecked_clocks) == (2, 2, 0)
    whole = 2 * (found.to_s - found.from_s)
    assert figures.gaps_s == pytest.approx(whole - figures.seen_s)


def test_a_corrected_clock_moves_footage_and_statements_together(ws, case):
    ws.casebook.ledger.cover("c1", NINE + 600, NINE + 1200, "looked", by="kim", case=case)
    check_clock(ws, "c1", NINE, NINE + 90, now_s=NINE + DAY, by="kim")
    row = timeline(ws, case, now_s=NINE + DAY).rows[0]
    known = [s for s in row.stretches if s.state != "not_requested"]
    assert [(s.state, s.from_s - NINE) for s in known] == [("searched", 90), ("looked", 690)]
    assert row.clock_sigma_s == pytest.approx(2, abs=0.5)


def test_did_not_pass_here_is_a_person_who_looked(ws, case):
    ws.casebook.not_here(case, "c2", NINE, NINE + 600, by="kim")
    row = timeline(ws, case, now_s=NINE + DAY).rows[1]
    assert row.seconds({"looked"}) == 600


def test_another_case_sees_facts_but_not_what_was_looked_at(ws, case):
    ledger, other = ws.casebook.ledger, ws.new_case("other", reason="test", by="lee")
    ledger.cover("c1", NINE + 600, NINE + 900, "looked", by="kim", case=case)
    ledger.cover("c1", NINE + 900, NINE + 1200, "overwritten", by="kim", case=case)
    row = timeline(ws, other, (NINE, NINE + HOUR), now_s=NINE + DAY).rows[0]
    assert {s.state for s in row.stretches} == {"searched", "overwritten", "not_requested"}


def test_a_statement_is_taken_back_by_who_made_it(ws, case):
    ledger = ws.casebook.ledger
    ledger.cover("c1", NINE + 600, NINE + 900, "refused", by="kim", case=case)
    with pytest.raises(BadInput, match="lee has entered nothing"):
        ledger.uncover(case, by="lee")
    ledger.uncover(case, by="kim")
    with pytest.raises(BadInput, match="kim has entered nothing"):
        ledger.uncover(case, by="kim")  # the machine's own rows stay
    row = timeline(ws, case, now_s=NINE + DAY).rows[0]
    assert {s.state for s in row.stretches} == {"searched", "not_requested"}
    assert ws.casebook.verify() is None


def test_a_window_over_midnight_in_korea_is_one_piece(ws, case):
    late = NINE + 14.5 * HOUR  # 23:30
    ws.casebook.ledger.cover("c1", late, late + HOUR, "looked", by="kim", case=case)
    found = timeline(ws, case, (late - 600, late + HOUR + 600), now_s=NINE + DAY)
    assert [s.state for s in found.rows[0].stretches] == [
        "not_requested",
        "looked",
        "not_requested",
    ]
    said = timeline_json(case, found, "Asia/Seoul")["cameras"][0]["stretches"][1]
    assert said["from"].startswith("2026-05-01T23:30:00")
    assert said["to"].startswith("2026-05-02T00:30:00")


def test_a_day_of_a_zone_without_summer_time_has_24_hours(ws, case):
    march = 1774710000.0  # 2026-03-29, when Europe changes its clocks
    found = timeline(ws, case, (march, march + DAY), now_s=NINE)
    assert len(minutes(found.rows[0])) == 24 * 60
    values = timeline_json(case, found, "Asia/Seoul")
    assert values["from"][19:] == values["to"][19:] == ".000+09:00"
    assert ZoneInfo(ws.zone).key == "Asia/Seoul"


def test_nothing_known_has_no_timeline(ws):
    bare = ws.new_case("bare", reason="test", by="kim")
    assert timeline(ws, bare, now_s=NINE) is not None  # there is footage
    with pytest.raises(NotFound):
        timeline(ws, "2026-0501-nowhere1", now_s=NINE)


def test_an_empty_workspace_has_no_timeline(tmp_path, tiny_pack):
    ws = Workspace.create(tmp_path / "w", "tiny", [tiny_pack])
    case = ws.new_case("bare", reason="test", by="kim")
    assert timeline(ws, case, now_s=NINE) is None
    assert timeline(ws, case, (NINE, NINE + HOUR), now_s=NINE) is None
    assert timeline_json(case, None, "Asia/Seoul") == {"case": case, "cameras": []}
    ws.add_camera(Camera("c1", EVIL, "c1"), Recorder("c1", retention_days=1.0))
    found = timeline(ws, case, (NINE, NINE + HOUR), now_s=NINE + 3 * DAY)
    assert [s.state for s in found.rows[0].stretches] == ["overwritten"]
    assert found.figures.unchecked_clocks == 1
    said = timeline_json(case, found, "Asia/Seoul")
    assert json.loads(json.dumps(said))["cameras"][0]["name"] == EVIL
    assert "overwritten" in timeline_text(said)
    ws.close()


@pytest.mark.parametrize("window", [(NINE, NINE), (NINE + 60, NINE), (NINE, NINE + 61 * DAY)])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(BadInput, match="time window"):
        whole_minutes(window)
