"""Where to look first, what time and place forbid, and how a case stands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from visits import red_photo

from core import casework, reach
from core.casebook import Casebook
from core.standing import Since, since, standing
from core.types import (
    Camera,
    LastSeen,
    Photo,
    Ranking,
    Recorder,
    Searched,
    Sighting,
    Verdict,
    Want,
)
from core.workspace import Workspace

T = 1777593600.0
KM = 1 / 111.195  # degrees of latitude
CAMERAS = {
    "near": Camera("near", "", "near", 37.5 + 0.5 * KM, 127.0),
    "town": Camera("town", "", "town", 37.5 + 5 * KM, 127.0),
    "far": Camera("far", "", "far", 37.5 + 40 * KM, 127.0),
    "bus": Camera("bus", "", "bus", kind="vehicle"),
}
RECORDERS = {name: Recorder(name, 0.0, 2.0, T, "photo") for name in CAMERAS}
SEEN = LastSeen(T - 600, T + 600, 37.5, 127.0, 100.0)


def test_cameras_are_suggested_by_speed_and_time_nearest_first() -> None:
    found = reach.reachable(SEEN, CAMERAS, RECORDERS)
    assert found.cameras == ("near", "town", "bus")  # no place: it cannot be left out
    assert found.between == (T - 600, T + 600 + 7200)
    assert found.far_m == pytest.approx(1.25 * 7200 / 1.3)
    assert "3 of 4 cameras" in str(found.why)
    slow = reach.reachable(SEEN, CAMERAS, RECORDERS, band="dementia", hours=1)
    assert slow.cameras == ("near", "bus")
    longer = reach.reachable(SEEN, CAMERAS, RECORDERS, hours=12)
    assert longer.cameras == ("near", "town", "far", "bus")


def test_a_clock_in_doubt_keeps_a_camera_in() -> None:
    doubtful = RECORDERS | {"far": Recorder("far", 0.0, 86_400.0)}
    assert "far" in reach.reachable(SEEN, CAMERAS, doubtful).cameras


@pytest.mark.parametrize(
    ("category", "age", "band"),
    [
        ("dementia", "child", "dementia"),
        ("minor", "child", "7-12"),
        ("adult", "elderly", "60-79"),
        ("adult", None, "unknown"),
    ],
)
def test_the_speed_follows_category_and_age(category, age, band) -> None:
    assert reach.speed_band_of(category, {"age": Want(age)} if age else {}) == band


def ranking(camera: str, enter_s: float) -> Ranking:
    one = np.array([1.0])
    return Ranking(
        (f"{camera}/k/1",), (camera,), np.array([enter_s]), np.array([enter_s + 5]), one,
        {"face": one, "body": one, "attributes": one}, np.array([0]), None, one, ("weak",), ((),),
        Searched(1, (camera,), (camera,), 1.0, 0.0), "",
    )  # fmt: skip


def confirmed(camera: str, at_s: float) -> Sighting:
    return Sighting("cctv", at_s, at_s + 5, camera, f"{camera}/x/1", verdict="confirmed")


def test_who_would_have_to_fly_is_doubted_in_words() -> None:
    fixed = [confirmed("near", T)]
    found = reach.doubts(ranking("far", T + 60), fixed, CAMERAS, RECORDERS)
    assert "near" in str(found["far/k/1"])
    assert "39500 m" in str(found["far/k/1"])
    assert "55 s" in str(found["far/k/1"])
    assert reach.doubts(ranking("far", T + 9000), fixed, CAMERAS, RECORDERS) == {}
    assert "far/k/1" in reach.doubts(ranking("far", T - 60), fixed, CAMERAS, RECORDERS)
    assert reach.doubts(ranking("bus", T), fixed, CAMERAS, RECORDERS) == {}
    assert reach.doubts(ranking("near", T + 60), fixed, CAMERAS, RECORDERS) == {}
    possible = [Sighting("cctv", T, T, "near", "near/x/1", verdict="possible")]
    assert reach.doubts(ranking("far", T), possible, CAMERAS, RECORDERS) == {}


def test_a_case_says_what_to_do_next(tmp_path: Path) -> None:
    with Casebook.open(tmp_path / "c.sqlite", now=lambda: T) as book:
        book.save_camera(Camera("c1", "", "c1"))
        case = book.new_case("a", "b", last_seen=SEEN)
        assert standing(book, case).next == "show"
        book.add_photo(case, Photo("a" * 64, "a.jpg"))
        assert standing(book, case).next == "search"
        found = {"leads": ["c1/k/1", "c1/k/2"]}
        book.log_search(case, reason="b", query={}, n_candidates=9, receipt=found)
        assert (standing(book, case).next, standing(book, case).candidates) == ("review", 2)
        for n, verdict in ((1, "rejected"), (2, "cannot_tell")):
            book.judge(case, f"c1/k/{n}", verdict, by="kim", enter_s=T, leave_s=T)
        assert standing(book, case).next == "widen"
        book.judge(case, "c1/k/2", "confirmed", by="kim", enter_s=T, leave_s=T)
        assert (standing(book, case).next, standing(book, case).confirmed) == ("follow", 1)


def test_casework_on_a_real_workspace(tiny_workspace: Path, red_box) -> None:
    ws = Workspace.open(tiny_workspace)
    case = ws.new_case("red", reason="test", same_clothes=True)
    assert casework.clothes_from(ws, case) == "none"  # there is no picture of the person
    ws.add_photo(case, ("red.png", red_photo()))
    assert casework.clothes_from(ws, case) == "ticked"
    assert casework.reachable(ws, case) is None
    ws.draw_box(case, *red_box, by="kim")
    assert casework.clothes_from(ws, case) == "footage"
    found = ws.search(case)
    assert casework.standing(ws, case).next == "review"
    best = found.tracklet_id[0]
    assert casework.person_size(ws, best) == (24, 64)
    assert casework.clip_span(ws, best) == (T + 240, T + 246)
    assert casework.doubts(ws, case, found) == {}
    assert casework.has_footage(ws, "c1", T, T + 1)
    assert not casework.has_footage(ws, "c1", T + 100, T + 200)
    ws.close()


def test_the_clock_of_a_case_counts_from_what_is_last_known(tmp_path: Path) -> None:
    with Casebook.open(tmp_path / "c.sqlite", now=lambda: T) as book:
        bare = book.case(book.new_case("a", "b"))
        case = book.new_case("a", "b", last_seen=SEEN)
        middle = (SEEN.from_s + SEEN.to_s) / 2
        assert since(bare, []) == Since("opened", T)
        seen = Since("last_seen", middle, SEEN.to_s - middle)
        assert since(book.case(case), []) == standing(book, case).since == seen
        book.save_camera(Camera("c1", "", "c1"))

        def judge(n: int, at_s: float, verdict: Verdict) -> None:
            book.judge(case, f"c1/k/{n}", verdict, by="kim", enter_s=at_s, leave_s=at_s)

        judge(1, middle - 900, "confirmed")  # earlier than the person was seen last
        assert standing(book, case).since == seen
        judge(2, middle + 899, "confirmed")
        judge(3, middle + 900, "confirmed")
        judge(4, middle + 901, "possible")
        assert standing(book, case).since == Since("confirmed", middle + 900)
