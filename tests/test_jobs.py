"""Facts about the queue: one worker for a job, leases that end, orders that are followed."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import pytest

from core.casebook import Casebook, NewJob
from core.casebook.jobs import MOST_ATTEMPTS
from core.errors import BadInput, DiskFull, NotFound
from core.types import Camera, note


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1777593600.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(tmp_path: Path, clock: Clock):
    with Casebook.open(tmp_path / "casebook.sqlite", now=clock) as opened:
        for camera in ("c1", "c2"):
            opened.save_camera(Camera(camera, camera, camera))
        yield opened


def new(name: str = "a.mp4", camera: str = "c1", **more) -> NewJob:
    return NewJob(camera, f"/footage/{name}", 1777593600.0, **more)


def actions(book: Casebook) -> list[str]:
    return [row.action for row in reversed(book.trail())]


def test_a_job_comes_back_as_it_was_asked_for(book):
    job_id = book.jobs.add(new(between=(5.0, None), stamp="ab", fps=2.0), by="kim")
    (job,) = book.jobs.all()
    assert (job.id, job.state, job.by, job.fps) == (job_id, "queued", "kim", 2.0)
    assert (job.path, job.between, job.stamp) == ("/footage/a.mp4", (5.0, None), "ab")
    assert math.isnan(job.total_s)
    assert math.isnan(job.left_s)
    assert book.jobs.known("/footage/a.mp4", "ab")
    assert not book.jobs.known("/footage/a.mp4", "cd")


def test_the_same_is_not_queued_twice_while_it_is_open(book):
    first = book.jobs.add(new())
    assert book.jobs.add(new()) == first
    assert book.jobs.add(new(between=(1.0, 2.0))) != first
    job = book.jobs.claim("w")
    book.jobs.settle(job.id, "w", "done")
    assert book.jobs.add(new()) != first


def test_what_cannot_be_read_is_refused(book):
    with pytest.raises(NotFound, match="camera 'c9'"):
        book.jobs.add(new(camera="c9"))
    with pytest.raises(BadInput, match="end lies before"):
        book.jobs.add(new(between=(2.0, 1.0)))
    with pytest.raises(NotFound):
        book.jobs.pause("2026-0412-nowhere1")
    assert book.jobs.all() == []


def test_many_workers_at_once_get_each_job_once(book):
    ids = {book.jobs.add(new(f"{n}.mp4")) for n in range(12)}
    got: list[str] = []

    def work(name: str) -> None:
        while (job := book.jobs.claim(name)) is not None:
            got.append(job.id)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 12
    assert set(got) == ids


def test_one_file_is_read_by_one_worker_only(book):
    book.jobs.add(new(between=(0.0, 1.0)))
    book.jobs.add(new(between=(5.0, 6.0)))
    assert book.jobs.claim("one") is not None
    assert book.jobs.claim("two") is None


def test_a_dead_workers_job_is_taken_over_when_its_lease_ends(book, clock):
    job_id = book.jobs.add(new())
    book.jobs.claim("dead", lease_s=60)
    clock.now_s += 59
    assert book.jobs.claim("next") is None
    beat = {"done_s": 3.0, "total_s": 9.0, "tracklets": 2}
    assert book.jobs.beat(job_id, "dead", **beat, lease_s=60) == "go"
    clock.now_s += 59
    assert book.jobs.claim("next") is None
    clock.now_s += 2
    job = book.jobs.claim("next")
    assert (job.id, job.owner, job.attempts, job.done_s) == (job_id, "next", 2, 3.0)
    assert book.jobs.beat(job_id, "dead", **beat) == "lost"
    assert not book.jobs.settle(job_id, "dead", "done")
    assert book.jobs.settle(job_id, "next", "done")
    assert book.jobs.get(job_id).state == "done"


def test_what_kills_every_worker_is_given_up_and_the_next_is_read(book, clock):
    killer = book.jobs.add(new("killer.mp4"))
    for _ in range(MOST_ATTEMPTS):
        assert book.jobs.claim("w", lease_s=60).id == killer
        clock.now_s += 61
    book.jobs.add(new("fine.mp4"))
    assert book.jobs.claim("w").path.endswith("fine.mp4")
    job = book.jobs.get(killer)
    assert job.state == "failed"
    assert "ended 5 times" in str(job.why)
    book.jobs.resume(killer)
    assert book.jobs.get(killer).attempts == 0


def test_a_finished_piece_counts_as_getting_on(book, clock):
    job_id = book.jobs.add(new())
    for _ in range(3 * MOST_ATTEMPTS):
        assert book.jobs.claim("w", lease_s=60).id == job_id
        book.jobs.beat(
            job_id, "w", done_s=1.0, total_s=9.0, tracklets=0, piece_done=True, lease_s=60
        )
        clock.now_s += 61
    assert book.jobs.get(job_id).state == "running"


def test_a_worker_hears_what_it_is_to_do(book):
    job_id = book.jobs.add(new())
    book.jobs.claim("w")
    beat = {"done_s": 1.0, "total_s": 2.0, "tracklets": 0, "speed": 4.0}
    assert book.jobs.beat(job_id, "w", **beat) == "go"
    assert book.jobs.get(job_id).left_s == 0.25
    book.jobs.pause(job_id, by="kim")
    assert book.jobs.beat(job_id, "w", **beat) == "pause"
    book.jobs.settle(job_id, "w", "paused")
    assert book.jobs.claim("w") is None
    book.jobs.resume(job_id, by="kim")
    assert book.jobs.claim("w").id == job_id
    book.jobs.cancel(job_id, by="kim")
    assert book.jobs.beat(job_id, "w", **beat) == "cancel"


def test_an_order_outlives_the_worker_that_was_to_follow_it(book, clock):
    paused, cancelled = book.jobs.add(new("a.mp4")), book.jobs.add(new("b.mp4"))
    for _ in range(2):
        book.jobs.claim("dead", lease_s=60)
    book.jobs.pause(paused)
    book.jobs.cancel(cancelled)
    clock.now_s += 61
    assert book.jobs.claim("next") is None
    assert {job.id: job.state for job in book.jobs.all()} == {
        paused: "paused",
        cancelled: "cancelled",
    }


def test_the_queue_is_read_in_its_order_and_a_person_may_change_it(book):
    ids = [book.jobs.add(new(f"{n}.mp4")) for n in range(3)]
    front = book.jobs.add(new("urgent.mp4"), first=True)
    book.jobs.to_front(ids[2])
    assert [job.id for job in book.jobs.all()] == [ids[2], front, ids[0], ids[1]]
    assert [job.id for job in book.jobs.ready()] == [ids[2], front, ids[0], ids[1]]
    assert [book.jobs.claim("w").id for _ in range(4)] == [ids[2], front, ids[0], ids[1]]


def test_what_may_work_later_waits_longer_each_time_and_then_fails(book, clock):
    job_id = book.jobs.add(new())
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert book.jobs.claim("w").attempts == attempt
        book.jobs.settle(job_id, "w", "queued", note("face {px} px", px=1), wait_s=30)
        if attempt < MOST_ATTEMPTS:
            assert book.jobs.claim("w") is None
            assert book.jobs.next_s() == 30
            clock.now_s += 31
    assert book.jobs.get(job_id).state == "failed"
    assert book.jobs.next_s() is None


def test_a_worker_that_is_stopped_puts_the_job_back_without_a_failed_attempt(book):
    job_id = book.jobs.add(new())
    for _ in range(3 * MOST_ATTEMPTS):
        book.jobs.claim("w")
        book.jobs.settle(job_id, "w", "queued")
    assert book.jobs.get(job_id).attempts == 0


def test_errors_come_back_as_sentences_with_their_fields(book):
    job_id = book.jobs.add(new())
    book.jobs.claim("w")
    inner = note("face {px:.0f} px wide: too small to compare", px=18.4)
    book.jobs.settle(
        job_id, "w", "paused", DiskFull("{a} and {b}: {why}", a=Path("/x"), b=2, why=inner)
    )
    why = book.jobs.get(job_id).why
    assert why.msgid == "{a} and {b}: {why}"
    assert str(why) == f"/x and 2: {inner}"


@pytest.mark.parametrize(
    ("state", "deed"),
    [("done", "pause"), ("done", "cancel"), ("done", "resume"), ("running", "to_front")],
)
def test_what_makes_no_sense_is_refused(book, state, deed):
    job_id = book.jobs.add(new())
    book.jobs.claim("w")
    if state == "done":
        book.jobs.settle(job_id, "w", "done")
    with pytest.raises(BadInput, match="cannot be done with this job"):
        getattr(book.jobs, deed)(job_id)


def test_every_change_is_in_the_audit_and_a_heartbeat_is_not(book):
    before = len(actions(book))
    job_id = book.jobs.add(new(), by="kim")
    book.jobs.claim("w")
    for _ in range(5):
        book.jobs.beat(job_id, "w", done_s=1.0, total_s=2.0, tracklets=0)
    book.jobs.pause(job_id, by="kim")
    book.jobs.settle(job_id, "w", "paused")
    book.jobs.resume(job_id, by="kim")
    book.jobs.to_front(job_id, by="kim")
    book.jobs.cancel(job_id, by="kim")
    assert actions(book)[before:] == [
        "job_queued",
        "job_started",
        "job_pause_asked",
        "job_paused",
        "job_resumed",
        "job_to_front",
        "job_cancelled",
    ]
    assert book.verify() is None
    assert all("footage" not in str(row.detail) for row in book.trail())  # names may name people


def test_watched_folders_and_what_was_found_there_are_kept(book):
    book.folders.watch("/in", by="kim")
    book.folders.watch("/in", by="lee")
    (one,) = book.folders.watched()
    assert (one.path, one.by, one.scanned_s, one.files) == ("/in", "kim", None, {})
    book.folders.scanned("/in", {"<b>.mp4": note("face {px} px", px=1)})
    assert str(book.folders.watched()[0].files["<b>.mp4"]) == "face 1 px"
    book.folders.unwatch("/in", by="kim")
    assert book.folders.watched() == []
