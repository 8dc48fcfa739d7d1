"""The casebook: what was decided stays, the newest counts, several processes share it."""

from __future__ import annotations

import hashlib
import math
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.casebook import Casebook, audit, migrations, records
from core.casebook.database import Database
from core.errors import BadInput, Busy, DongseonError, NotFound
from core.types import Camera, FootageBox, LastSeen, Photo, Recorder, Sighting, Want

ROOT = Path(__file__).parents[1]
SCRIPT = "<script>alert(1)</script>`${7*7}` '; DROP TABLE cases; --"
PHOTO = Photo("a" * 64, "a.jpg", 1_700_000_000.0)
BOX = FootageBox("b" * 64, "/footage/c1.mp4", 12.5, (1.0, 2.0, 30.0, 80.25), 1_700_000_500.0)
T = 1_760_000_000.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "casebook.db"


@pytest.fixture
def book(file: Path) -> Iterator[Casebook]:
    with Casebook.open(file) as opened:
        yield opened


@pytest.fixture
def case(book: Casebook) -> str:
    book.save_camera(Camera("c1", "Gate", "r1", 37.5, 127.0))
    book.save_camera(Camera("c2", "Bridge", "r2"))
    return book.new_case("2026-0412", "mother asked for help")


def confirm(book: Casebook, case: str, tracklet: str, by: str = "lee", verdict="confirmed") -> None:
    book.judge(case, tracklet, verdict, by=by, enter_s=T, leave_s=T + 5)


def states(book: Casebook, case: str) -> list[tuple[str | None, str | None]]:
    return [(s.tracklet_id, s.verdict) for s in book.sightings(case)]


def fill(book: Casebook) -> None:
    for _ in range(100):
        book.new_case("Title", "x" * 2000)


# cameras and clocks


def test_a_camera_without_a_recorder_gets_an_unchecked_one(book: Casebook) -> None:
    book.save_camera(Camera("c1", "Gate", "c1"))
    assert book.recorders() == {"c1": Recorder("c1")}
    assert book.recorders()["c1"].clock_sigma_s == 600


def test_saving_a_camera_alone_keeps_its_recorder(book: Casebook) -> None:
    recorder = Recorder("r1", 61.5, 2.0, T, "photo", 14.0, "City Hall", "public")
    book.save_camera(Camera("c1", "Gate", "r1"), recorder)
    book.save_camera(Camera("c1", "Gate 2", "r1", 37.5, 127.0, 90.0, 25.0, "ptz"))
    assert book.recorders() == {"r1": recorder}
    assert book.cameras() == {"c1": Camera("c1", "Gate 2", "r1", 37.5, 127.0, 90.0, 25.0, "ptz")}


def test_a_recorder_the_camera_does_not_name_is_refused(book: Casebook) -> None:
    with pytest.raises(BadInput, match="belongs to recorder r1"):
        book.save_camera(Camera("c1", "Gate", "r1"), Recorder("r2"))


def test_many_cameras_are_saved_all_or_none(book: Casebook) -> None:
    with pytest.raises(BadInput):
        book.save_cameras(
            [(Camera("c1", "Gate", "r1"), None), (Camera("c2", "x" * 201, "r1"), None)]
        )
    assert book.cameras() == {}
    assert book.head().n == 0


def test_correcting_a_clock_leaves_old_and_new_in_the_audit(book: Casebook) -> None:
    book.save_camera(Camera("c1", "Gate", "r1"), Recorder("r1", 0.0, 600.0))
    book.save_camera(Camera("c1", "Gate", "r1"), Recorder("r1", 61.5, 2.0, T, "photo"), by="lee")
    newest = book.trail("c1")[0]
    assert newest.actor == "lee"
    assert newest.detail["recorder"]["clock_offset_s"] == [0.0, 61.5]
    assert newest.detail["recorder"]["how"] == ["unchecked", "photo"]
    assert newest.detail["camera"] == {}


def test_correcting_a_clock_moves_what_was_seen_in_its_footage(book: Casebook, case: str) -> None:
    confirm(book, case, "c1/clip/0")
    book.not_here(case, "c1", T, T + 60, by="lee")
    book.add_sighting(case, Sighting("patrol", T, T, camera_id="c1", by="kim"))
    book.set_coverage("c1", T, T + 600, "received")
    book.save_camera(Camera("c1", "Gate", "r1"), Recorder("r1", -120.0, 2.0))
    patrol, *footage = sorted(book.sightings(case), key=lambda s: -s.enter_s)
    assert [s.enter_s for s in footage] == [T - 120, T - 120]
    assert patrol.enter_s == T  # somebody's own watch, not the recorder's
    (covered,) = book.coverage()
    assert (covered.from_s, covered.to_s) == (T - 120, T + 480)
    assert book.coverage(between=(T + 490, T + 500)) == []


# cases


def test_a_case_comes_back_as_it_was_given(book: Casebook) -> None:
    wanted = {"upper_color": Want("red", "video"), "hat": Want("unknown")}
    seen = LastSeen(T, T + 600, 37.5, 127.0, 250.0)
    case_id = book.new_case(
        "Case", "Reason\nsecond line", category="dementia", basis="Act 7-2", by="lee",
        wanted=wanted, last_seen=seen, same_clothes=True,
    )  # fmt: skip
    case = book.case(case_id)
    assert (case.title, case.reason, case.category) == ("Case", "Reason\nsecond line", "dementia")
    assert (case.basis, case.by, case.same_clothes, case.closed_s) == ("Act 7-2", "lee", True, None)
    assert case.wanted == wanted
    assert case.last_seen == seen


def test_script_in_names_is_kept_to_the_letter(book: Casebook, case: str) -> None:
    other = book.new_case(SCRIPT, SCRIPT, by="lee")
    book.add_photo(other, Photo("c" * 64, SCRIPT))
    book.save_camera(Camera("c9", SCRIPT, "c9"))
    assert book.case(other).title == book.case(other).reason == SCRIPT
    assert book.photos(other)[0].name == SCRIPT
    assert book.cameras()["c9"].name == SCRIPT
    assert len(book.cases()) == 2


def test_control_characters_are_taken_out_of_text(book: Casebook) -> None:
    case_id = book.new_case("a\0b\x1b[31m\nc\u202ed\ud800e 홍길동 👨‍👩‍👧", "one\r\n\ttwo\x07")
    assert book.case(case_id).title == "ab[31mcde 홍길동 👨‍👩‍👧"
    assert book.case(case_id).reason == "one\n\ttwo"


@pytest.mark.parametrize("reason", ["", "  ", "\n", "\0\x07", "\u202e"])
def test_a_case_or_search_without_a_reason_is_refused(book: Casebook, case: str, reason) -> None:
    with pytest.raises(BadInput, match="reason is needed"):
        book.new_case("Title", reason)
    with pytest.raises(BadInput, match="reason is needed"):
        book.log_search(case, reason=reason, query={}, n_candidates=0, receipt={})
    assert book.searches(case) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": ""}, "title is empty"),
        ({"title": "x" * 201}, "201 characters: shorten it to 200"),
        ({"reason": "x" * 2001}, "2001 characters"),
        ({"category": "curious"}, "'curious' is no category"),
        ({"wanted": {"upper_color": Want("mauve")}}, "'mauve' is not a value"),
        ({"wanted": {"upper_color": Want("red", "maybe")}}, "'maybe' is no sureness"),  # type: ignore[arg-type]
        ({"last_seen": LastSeen(math.nan, T, 37.5, 127.0)}, "must be a number"),
        ({"last_seen": LastSeen(T, T, 37.5, 127.0, -1.0)}, "radius must be above 0"),
        ({"by": "x" * 65}, "65 characters"),
    ],
)
def test_bad_input_is_said_and_nothing_is_kept(book: Casebook, change, sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        book.new_case(**{"title": "Title", "reason": "Reason", **change})
    assert book.cases() == []
    assert book.head().n == 0


def test_cases_come_newest_first_and_their_ids_sort_by_time(file: Path) -> None:
    clock = iter(T + 0.11 * i for i in range(1000))
    with Casebook.open(file, now=lambda: next(clock)) as book:
        ids = [book.new_case(str(i), "reason") for i in range(8)]
        assert [case.id for case in book.cases()] == ids[::-1]
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"2025-1009-[0-9a-z]{8}", case_id) for case_id in ids)


def test_ids_made_in_one_instant_differ_and_carry_the_korean_date() -> None:
    before_midnight_utc = 1_760_018_400.0 + 0.05  # 2025-10-09T14:00Z = 23:00 in Seoul
    assert records.new_id(before_midnight_utc).startswith("2025-1009-")
    assert records.new_id(before_midnight_utc + 3600).startswith("2025-1010-")
    assert len({records.new_id(T) for _ in range(20)}) > 15


def test_attributes_last_seen_and_closing_change_the_case(book: Casebook, case: str) -> None:
    book.set_attributes(case, {"bag": Want("backpack", "unsure")}, by="lee")
    book.set_last_seen(case, LastSeen(T, T, 37.5, 127.0))
    book.close_case(case, by="kim")
    changed = book.case(case)
    assert changed.wanted == {"bag": Want("backpack", "unsure")}
    assert changed.last_seen == LastSeen(T, T, 37.5, 127.0)
    assert changed.closed_s is not None
    book.set_last_seen(case, None)
    assert book.case(case).last_seen is None


@pytest.mark.parametrize("unknown", ["2026-0101-aaaaaaaa", "", "../etc", "x' OR '1'='1", "\ud800"])
def test_an_unknown_case_is_not_found(book: Casebook, case: str, unknown: str) -> None:
    with pytest.raises(NotFound, match="is not known"):
        book.case(unknown)
    with pytest.raises(NotFound):
        confirm(book, unknown, "c1/clip/0")
    with pytest.raises(NotFound):
        book.add_photo(unknown, PHOTO)


# photos and boxes


def test_a_removed_photo_is_gone_until_it_is_added_again(book: Casebook, case: str) -> None:
    other = Photo("d" * 64, "d.jpg")
    book.add_photo(case, PHOTO)
    book.add_photo(case, other)
    book.add_photo(case, PHOTO)
    assert book.photos(case) == [PHOTO, other]
    book.remove_photo(case, PHOTO.sha256)
    assert book.photos(case) == [other]
    with pytest.raises(NotFound):
        book.remove_photo(case, PHOTO.sha256)
    book.add_photo(case, PHOTO)
    assert book.photos(case) == [PHOTO, other]


def test_a_removed_box_is_gone_until_it_is_added_again(book: Casebook, case: str) -> None:
    book.add_box(case, BOX)
    book.add_box(case, BOX)
    assert book.boxes(case) == [BOX]
    book.remove_box(case, BOX)
    assert book.boxes(case) == []
    book.add_box(case, BOX)
    assert book.boxes(case) == [BOX]


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 64 + "\n"])
def test_a_hash_that_is_no_hash_is_refused(book: Casebook, case: str, digest: str) -> None:
    with pytest.raises(BadInput, match="SHA-256"):
        book.add_photo(case, Photo(digest, "a.jpg"))


@pytest.mark.parametrize(
    "box",
    [
        FootageBox("b" * 64, "c1.mp4", 0.0, (5, 5, 5, 9)),
        FootageBox("b" * 64, "c1.mp4", 0.0, (5, 5, math.nan, 9)),
        FootageBox("b" * 64, "c1.mp4", math.inf, (1, 1, 2, 2)),
        FootageBox("b" * 64, "c\ud8001.mp4", 0.0, (1, 1, 2, 2)),
    ],
)
def test_a_box_that_is_no_box_is_refused(book: Casebook, case: str, box: FootageBox) -> None:
    with pytest.raises(BadInput):
        book.add_box(case, box)


# verdicts


def test_the_newest_verdict_on_a_tracklet_counts(book: Casebook, case: str) -> None:
    confirm(book, case, "c1/clip/0")
    confirm(book, case, "c1/clip/1")
    confirm(book, case, "c1/clip/0", by="kim", verdict="rejected")
    assert sorted(states(book, case)) == [("c1/clip/0", "rejected"), ("c1/clip/1", "confirmed")]
    assert [entry.by for entry in book.history(case)] == ["lee", "lee", "kim"]


def test_a_verdict_comes_back_whole(book: Casebook, case: str) -> None:
    book.judge(case, "c1/clip/0", "possible", by="lee", enter_s=T, leave_s=T + 4, why=SCRIPT,
               camera_id="c1", evidence=1.25)  # fmt: skip
    confirm(book, case, "c2/clip/0")
    first, second = book.sightings(case)
    assert (first.source, first.camera_id, first.verdict) == ("cctv", "c1", "possible")
    assert (first.enter_s, first.leave_s, first.evidence) == (T, T + 4, 1.25)
    assert (first.by, first.why) == ("lee", SCRIPT)
    assert math.isnan(second.evidence)


def test_undo_takes_back_ones_own_newest_and_leaves_a_row(book: Casebook, case: str) -> None:
    confirm(book, case, "c1/clip/0")
    confirm(book, case, "c1/clip/0", verdict="cannot_tell")
    confirm(book, case, "c2/clip/7", by="kim")
    assert book.undo_last(case, by="lee").verdict == "cannot_tell"
    assert sorted(states(book, case)) == [("c1/clip/0", "confirmed"), ("c2/clip/7", "confirmed")]
    book.undo_last(case, by="lee")
    assert states(book, case) == [("c2/clip/7", "confirmed")]
    with pytest.raises(BadInput, match="lee has entered nothing"):
        book.undo_last(case, by="lee")
    history = book.history(case)
    assert [entry.undone for entry in history] == [True, True, False, False, False]
    assert [entry.undoes for entry in history[3:]] == [history[1].n, history[0].n]


def test_a_rejudged_tracklet_after_undo_counts_again(book: Casebook, case: str) -> None:
    confirm(book, case, "c1/clip/0")
    book.undo_last(case, by="lee")
    confirm(book, case, "c1/clip/0", verdict="rejected")
    assert states(book, case) == [("c1/clip/0", "rejected")]


def test_cases_do_not_see_each_others_verdicts(book: Casebook, case: str) -> None:
    other = book.new_case("Other", "reason")
    confirm(book, case, "c1/clip/0")
    assert book.sightings(other) == []
    with pytest.raises(BadInput):
        book.undo_last(other, by="lee")


def test_not_here_and_outside_sightings_each_stand(book: Casebook, case: str) -> None:
    witness = Sighting(
        "witness", T + 9, T + 60, lat=37.5, lon=127.0, radius_m=80.0, sigma_s=300.0,
        evidence=0.5, by="kim", why="saw a red coat",
    )  # fmt: skip
    book.not_here(case, "c1", T, T + 60, by="lee")
    book.not_here(case, "c1", T + 5, T + 120, by="lee")
    book.add_sighting(case, witness)
    first, second, third = book.sightings(case)
    assert [s.verdict for s in (first, second, third)] == ["not_here", "not_here", None]
    assert (second.camera_id, second.tracklet_id, second.leave_s) == ("c1", None, T + 120)
    assert third.at_s is not None
    assert (third.lat, third.radius_m, third.sigma_s, third.evidence) == (37.5, 80.0, 300.0, 0.5)
    assert (third.by, third.why) == ("kim", "saw a red coat")


@pytest.mark.parametrize("by", ["", "  ", "\0"])
def test_a_decision_without_a_name_is_refused(book: Casebook, case: str, by: str) -> None:
    for decide in (
        lambda: confirm(book, case, "c1/clip/0", by=by),
        lambda: book.not_here(case, "c1", T, T, by=by),
        lambda: book.add_sighting(case, Sighting("card", T, T, camera_id="c1"), by=by),
        lambda: book.undo_last(case, by=by),
    ):
        with pytest.raises(BadInput, match="nobody is named"):
            decide()
    assert book.history(case) == []


def test_verdicts_that_make_no_sense_are_refused(book: Casebook, case: str) -> None:
    with pytest.raises(BadInput, match="is no verdict"):
        confirm(book, case, "c1/clip/0", verdict="match")
    with pytest.raises(BadInput, match="is no verdict"):
        confirm(book, case, "c1/clip/0", verdict="not_here")
    with pytest.raises(BadInput, match="no tracklet"):
        confirm(book, case, "c1")
    with pytest.raises(BadInput, match="tracklet id"):
        confirm(book, case, "c1/../0")
    with pytest.raises(NotFound, match="camera 'c7' is not known"):
        confirm(book, case, "c7/clip/0")
    with pytest.raises(BadInput, match="is not of camera c2"):
        book.judge(case, "c1/clip/0", "confirmed", by="lee", enter_s=T, leave_s=T, camera_id="c2")
    with pytest.raises(BadInput, match="end lies before"):
        book.judge(case, "c1/clip/0", "confirmed", by="lee", enter_s=T, leave_s=T - 1)
    with pytest.raises(BadInput, match="judge the tracklet"):
        book.add_sighting(case, Sighting("cctv", T, T, camera_id="c1"), by="lee")
    assert book.history(case) == []


# searches and coverage


def test_a_search_keeps_its_query_and_receipt(book: Casebook, case: str) -> None:
    receipt = {"models": {"body": "f" * 64}, "k": [20, 6, 0.3], "worst": math.nan}
    first = book.log_search(
        case, by="lee", reason="asked by the mother", query={"cameras": None, "top": 50},
        n_candidates=12, receipt=receipt,
    )  # fmt: skip
    second = book.log_search(case, reason="again", query={}, n_candidates=0, receipt={})
    newest, oldest = book.searches(case)
    assert (newest.id, oldest.id) == (second, first)
    assert oldest.query == {"cameras": None, "top": 50}
    assert oldest.receipt == {**receipt, "worst": None}
    assert (oldest.by, oldest.reason, oldest.n_candidates) == ("lee", "asked by the mother", 12)
    expected = audit.digest([{"cameras": None, "top": 50}, receipt])
    assert book.trail(case)[1].detail["sha256"] == expected


def test_coverage_is_found_by_camera_and_time(book: Casebook, case: str) -> None:
    book.set_coverage("c1", T, T + 600, "requested", by="lee")
    book.set_coverage("c1", T, T + 300, "received")
    book.set_coverage("c2", T + 600, T + 900, "overwritten")
    assert [row.state for row in book.coverage(["c1"])] == ["requested", "received"]
    assert [row.state for row in book.coverage(between=(T + 300, T + 600))] == ["requested"]
    assert [row.state for row in book.coverage([], (T, T + 900))] == []
    assert [row.by for row in book.coverage()] == ["lee", "", ""]
    with pytest.raises(BadInput, match="is no state"):
        book.set_coverage("c1", T, T, "seen")  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        book.set_coverage("c7", T, T, "gap")


# the audit of what is done here


def test_every_write_leaves_one_row_and_a_view_can_too(book: Casebook, case: str) -> None:
    before = book.head().n
    book.add_photo(case, PHOTO, by="lee")
    confirm(book, case, "c1/clip/0")
    book.undo_last(case, by="lee")
    book.record("lee", "view", "c1/clip/0", {"case": case})
    book.close_case(case)
    rows = book.trail()[: book.head().n - before]
    actions = ["add_photo", "judge", "undo", "view", "close_case"]
    assert [row.action for row in reversed(rows)] == actions
    assert [row.n for row in rows] == list(range(before + 5, before, -1))
    assert rows[0].actor is None
    assert rows[3].detail["verdict"] == "confirmed"
    assert book.verify() is None


def test_a_write_that_fails_leaves_no_audit_row(book: Casebook, case: str) -> None:
    before = book.head()
    with pytest.raises(NotFound):
        book.remove_photo(case, PHOTO.sha256)
    assert book.head() == before


def test_no_text_about_a_person_reaches_the_audit(book: Casebook, file: Path) -> None:
    secret = "홍길동 Gil-dong"
    seen = LastSeen(T, T, 37.123456, 127.654321)
    book.save_camera(Camera("c1", secret, "r1"), Recorder("r1", owner=secret, owner_kind=secret))
    case = book.new_case(secret, secret, basis=secret, wanted={"hair": Want("bob")}, last_seen=seen)
    book.add_photo(case, Photo("a" * 64, secret))
    book.add_box(case, FootageBox("b" * 64, f"/{secret}.mp4", 0.0, (0, 0, 1, 1)))
    book.judge(case, "c1/x/0", "confirmed", by="lee", enter_s=T, leave_s=T, why=secret)
    place = {"lat": 37.123456, "lon": 127.654321}
    book.add_sighting(case, Sighting("witness", T, T, **place, by="lee", why=secret))
    book.log_search(case, reason=secret, query={"q": secret}, n_candidates=1, receipt={"r": secret})
    with pytest.raises(BadInput, match="the audit keeps ids"):
        book.record("lee", "view", case, {"title": secret})
    with sqlite3.connect(file) as raw:
        rows = str(raw.execute("SELECT * FROM audit").fetchall())
    raw.close()
    for word in ("홍길동", "\\ud64d", "Gil-dong", "37.123456", "bob"):
        assert word not in rows


# files, processes, faults


def test_reopening_keeps_everything(file: Path) -> None:
    with Casebook.open(file) as book:
        book.save_camera(Camera("c1", "Gate", "r1", 37.5, 127.0), Recorder("r1", 3.5, 2.0, T))
        case = book.new_case("Title", "reason", wanted={"hat": Want("hat")})
        book.add_photo(case, PHOTO)
        book.add_box(case, BOX)
        confirm(book, case, "c1/clip/0")
        book.undo_last(case, by="lee")
        confirm(book, case, "c1/clip/1")
        book.log_search(case, reason="r", query={"a": 1}, n_candidates=1, receipt={"b": [2.5]})
        book.set_coverage("c1", T, T + 60, "looked")
        reads = ("cameras", "recorders", "cases", "coverage", "head", "trail")
        of_case = ("case", "photos", "boxes", "sightings", "history", "searches")
        before = [getattr(book, name)() for name in reads]
        before += [repr(getattr(book, name)(case)) for name in of_case]
    with Casebook.open(str(file)) as book:
        after = [getattr(book, name)() for name in reads]
        after += [repr(getattr(book, name)(case)) for name in of_case]
        assert after == before
        assert book.verify(before[4]) is None


WRITER = """
import sys
from core.casebook import Casebook
file, name = sys.argv[1:]
with Casebook.open(file) as book:
    cases = [book.new_case(f"{name} {i}", "reason", by=name) for i in range(20)]
print(len(cases))
"""


def test_three_processes_open_a_new_file_and_write_at_once(file: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WRITER, str(file)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    running = [subprocess.Popen([*command, name], **pipes) for name in ("lee", "kim", "park")]
    ended = [process.communicate(timeout=60) for process in running]
    assert ended == [("20\n", "")] * 3
    with Casebook.open(file) as book:
        assert len({case.id for case in book.cases()}) == 60
        assert book.head().n == 60
        assert book.verify() is None


def test_threads_share_one_casebook(book: Casebook, case: str) -> None:
    def work(name: str) -> None:
        for i in range(10):
            confirm(book, case, f"c1/{name}/{i}", by=name)
            book.sightings(case)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("lee", "kim", "park")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.sightings(case)) == 30
    assert book.verify() is None


def test_a_writer_does_not_block_a_reader_and_a_second_writer_is_told(file: Path) -> None:
    with Casebook.open(file, timeout_s=0.2) as book:
        case = book.new_case("Title", "reason")
        other = Database(file, 0.2)
        with other.write():
            assert book.case(case).title == "Title"
            with pytest.raises(Busy, match="is in use: try again"):
                book.new_case("Second", "reason")
        other.close()
        assert len(book.cases()) == 1


def test_a_full_disk_is_said_and_the_casebook_lives_on(file: Path) -> None:
    with Casebook.open(file) as book:
        with book._database.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        with pytest.raises(DongseonError, match="is full: free some space"):
            fill(book)
        assert book.verify() is None
        assert len(book.cases()) == book.head().n


@pytest.mark.parametrize("content", [b"hello world " * 400, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_said(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(DongseonError, match="is damaged or is no casebook"):
        Casebook.open(file)
    assert file.read_bytes() == content


def test_a_place_that_cannot_hold_a_casebook_is_said(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing" / "casebook.db"):
        with pytest.raises(DongseonError, match="cannot be opened for writing"):
            Casebook.open(place)


def test_another_programs_database_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as raw:
        raw.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(DongseonError, match="of another program"):
        Casebook.open(file)
    assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]
    raw.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://localhost/x", "not in mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("nonsense://x", "not in nonsense"),
        ("postgresql://host:port/x", "cannot be read"),
        ("postgresql+nodriver://lee:secret@localhost/x", "driver for postgresql"),
    ],
)
def test_a_url_that_cannot_be_used_is_said(url: str, sentence: str) -> None:
    with pytest.raises(DongseonError, match=re.escape(sentence)) as error:
        Casebook.open(url)
    assert "secret" not in str(error.value)


def test_a_file_name_with_url_signs_is_a_file_name(tmp_path: Path) -> None:
    file = tmp_path / "a?b#c%20 d.db"
    with Casebook.open(file) as book:
        book.new_case("Title", "reason")
    assert file.exists()
    with Casebook.open(f"sqlite:///{tmp_path}/url.db") as book:
        book.new_case("Title", "reason")
    assert (tmp_path / "url.db").exists()


# migrations


def test_a_newer_schema_is_refused_and_left_alone(file: Path) -> None:
    Casebook.open(file).close()
    with sqlite3.connect(file) as raw:
        raw.execute("INSERT INTO schema_version VALUES (99, 0)")
    raw.close()
    with pytest.raises(DongseonError, match=r"newer Dongseon \(schema 99"):
        Casebook.open(file)


def test_opening_twice_migrates_once(file: Path) -> None:
    for _ in range(2):
        Casebook.open(file).close()
    with sqlite3.connect(file) as raw:
        versions = raw.execute("SELECT version FROM schema_version").fetchall()
    raw.close()
    assert versions == [(n,) for n in range(1, len(migrations.STEPS) + 1)]


def test_a_new_step_runs_once_and_keeps_what_is_there(file: Path) -> None:
    with Casebook.open(file) as book:
        case = book.new_case("Title", "reason")
    steps = (*migrations.STEPS, lambda _: ("ALTER TABLE cases ADD COLUMN outcome TEXT",))
    database = Database(file)
    for ran in (1, 0):
        with database.write() as connection:
            assert migrations.migrate(connection, file, steps) == ran
    with database.read() as connection:
        row = connection.exec_driver_sql("SELECT id, outcome FROM cases").one()
    database.close()
    assert tuple(row) == (case, None)


def test_a_step_that_fails_leaves_the_schema_as_it_was(file: Path) -> None:
    Casebook.open(file).close()
    bad = (*migrations.STEPS, lambda _: ("CREATE TABLE half (x TEXT)", "CREATE NONSENSE"))
    database = Database(file)
    with pytest.raises(DongseonError, match="could not be used"), database.write() as connection:
        migrations.migrate(connection, file, bad)
    with database.read() as connection:
        assert "half" not in sa.inspect(connection).get_table_names()
    database.close()
    Casebook.open(file).close()


def test_the_tables_in_the_code_are_the_tables_in_the_file(file: Path, book: Casebook) -> None:
    with book._database.read() as connection:
        inspector = sa.inspect(connection)
        stored = {
            table: [column["name"] for column in inspector.get_columns(table)]
            for table in inspector.get_table_names()
        }
    coded = {table.name: list(table.c.keys()) for table in (*records.TABLES, audit.AUDIT)}
    assert stored == {**coded, "schema_version": ["version", "at_s"]}


def test_every_dialect_gets_the_same_tables() -> None:
    for step in migrations.STEPS:
        tables = [
            [sql for sql in step(dialect) if sql.startswith("CREATE TABLE")]
            for dialect in ("sqlite", "postgresql")
        ]
        assert tables[0] == tables[1]


# who is meant in a photo, and what no tick says


def test_the_person_meant_is_kept_with_the_photo_and_corrected(book: Casebook, case: str) -> None:
    meant = Photo("e" * 64, "two.jpg", 5.0, (1.0, 2.0, 30.0, 80.0), (5.0, 4.0, 20.0, 22.0))
    book.add_photo(case, meant)
    assert book.photos(case) == [meant]
    book.add_photo(case, replace(meant, box=None, face=None, taken_s=None))
    assert book.photos(case) == [Photo("e" * 64, "two.jpg")]
    with pytest.raises(BadInput, match="box is empty"):
        book.add_photo(case, replace(meant, face=(5.0, 4.0, 5.0, 22.0)))


def test_clothes_in_words_and_height_are_kept_and_checked(book: Casebook) -> None:
    case = book.new_case("a", "b", clothes="줄무늬\n우산", height_cm=158.0)
    assert (book.case(case).clothes, book.case(case).height_cm) == ("줄무늬\n우산", 158.0)
    book.set_attributes(case, {}, clothes="", height_cm=None)
    assert (book.case(case).clothes, book.case(case).height_cm) == ("", None)
    book.set_attributes(case, {"hat": Want("hat")})  # words stay as they were
    for height in (5.0, 300.0, math.nan):
        with pytest.raises(BadInput, match="height"):
            book.new_case("a", "b", height_cm=height)
    with pytest.raises(BadInput, match="501 characters"):
        book.new_case("a", "b", clothes="x" * 501)


def test_one_tracklet_s_verdict_is_taken_back_and_the_others_stay(
    book: Casebook, case: str
) -> None:
    for n in (0, 1):
        confirm(book, case, f"c1/clip/{n}")
    taken = book.undo_last(case, by="lee", tracklet_id="c1/clip/0")
    assert taken.tracklet_id == "c1/clip/0"
    assert [s.tracklet_id for s in book.sightings(case)] == ["c1/clip/1"]
    with pytest.raises(BadInput, match="nothing here"):
        book.undo_last(case, by="lee", tracklet_id="c1/clip/0")


def test_a_casebook_of_the_first_schema_is_brought_up_to_date(file: Path) -> None:
    old = Database(file)
    with old.write() as connection:
        migrations.migrate(connection, file, migrations.STEPS[:1])
        connection.exec_driver_sql(
            "INSERT INTO cases VALUES ('2026-0101-aaaaaaaa', 't', 'r', 'minor', '', NULL, '{}',"
            " NULL, 0, 1.0, NULL)"
        )
        connection.exec_driver_sql(
            f"INSERT INTO photos VALUES (1, '2026-0101-aaaaaaaa', '{'a' * 64}', 'a.jpg', 3.0, NULL)"
        )
    old.close()
    with Casebook.open(file) as book:
        (case,) = book.cases()
        assert (case.clothes, case.height_cm) == ("", None)
        assert book.photos(case.id) == [Photo("a" * 64, "a.jpg", 3.0)]


def test_what_is_taken_along_is_in_the_log_by_its_hash(book: Casebook, case: str) -> None:
    book.log_export(case, "kml", "<kml/>", by="lee", way="best")
    book.log_export(None, "cameras", b"id,name", by="")
    site, route = book.trail(limit=2)
    assert (route.actor, route.action, route.subject) == ("lee", "export", case)
    digest = hashlib.sha256(b"<kml/>").hexdigest()
    assert route.detail == {"what": "kml", "sha256": digest, "way": "best"}
    assert (site.actor, site.subject) == (None, "site")
    with pytest.raises(NotFound):
        book.log_export("20260101-aaaaaa", "kml", "", by="lee")
    with pytest.raises(BadInput):
        book.log_export(case, "everything", "", by="lee")
    assert book.head().n == site.n
    assert book.verify() is None
