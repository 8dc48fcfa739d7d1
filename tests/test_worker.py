"""Facts about workers: they share a queue, survive a bad day, read the most probable first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import tiny
from crowd import TURNS, crowd_film
from everything import contents

from core.casebook import NewJob
from core.errors import DongseonError
from core.types import Camera, LastSeen, Recorder
from core.worker import Worker
from core.workspace import Workspace

START_S = 1777593600.0
PIECE_S = 8.0
ROOT = Path(__file__).parents[1]
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and limits")


@pytest.fixture(scope="module")
def film(tmp_path_factory, make_film) -> Path:
    """Half a minute: four pieces."""
    people = [(tiny.RED, lambda t: (10 + 35 * (t % 8), 118.0))]
    times = [i / 5 for i in range(160)]
    path = tmp_path_factory.mktemp("films") / "long.mp4"
    return make_film(path, times, tiny.FRAME, tiny.figures(people))


@pytest.fixture(scope="module")
def other_film(tmp_path_factory, make_film) -> Path:
    people = [(tiny.TEAL, lambda t: (10 + 35 * (t % 8), 118.0))]
    times = [i / 5 for i in range(160)]
    path = tmp_path_factory.mktemp("films") / "other.mp4"
    return make_film(path, times, tiny.FRAME, tiny.figures(people))


def made(path: Path, pack: Path) -> Path:
    ws = Workspace.create(path, "tiny", [pack], piece_s=PIECE_S)
    clock = Recorder("r", 0.0, 1.0, START_S, "photo")
    for n, camera in enumerate(("c1", "c2")):
        ws.add_camera(Camera(camera, camera, "r", 37.5665, 126.978 + 0.02 * n), clock)
    ws.close()
    return path


@pytest.fixture
def place(tmp_path, tiny_pack) -> Path:
    return made(tmp_path / "ws", tiny_pack)


@pytest.fixture
def ws(place):
    with closing(Workspace.open(place)) as opened:
        yield opened


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_pack, film) -> dict[str, object]:
    path = made(tmp_path_factory.mktemp("undisturbed") / "ws", tiny_pack)
    with closing(Workspace.open(path)) as opened:
        list(opened.ingest(film, camera="c1", start="2026-05-01T09:00:00+09:00"))
    return contents(path)


def job(film: Path, camera: str = "c1", **more) -> NewJob:
    return NewJob(camera, str(film), START_S, **more)


def process(place: Path, *options: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "core.cli", "worker", "--workspace", str(place), *options]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def until(true, seconds: float = 60.0) -> None:
    end = time.time() + seconds
    while not true():
        assert time.time() < end, "waited in vain"
        time.sleep(0.02)


def test_a_worker_reads_the_queue_and_says_how_far_it_is(ws, film, undisturbed):
    job_id = ws.jobs.add(job(film), by="kim")
    assert Worker(ws).run(once=True) == 1
    done = ws.jobs.get(job_id)
    assert (done.state, done.owner, done.why) == ("done", None, None)
    assert (done.done_s, done.total_s) == (pytest.approx(32.0), pytest.approx(32.0))
    assert done.tracklets == ws.gallery.count()
    assert done.speed > 0
    assert contents(ws.path) == undisturbed


@posix
def test_a_killed_worker_is_followed_by_another(place, film, undisturbed):
    with closing(Workspace.open(place)) as ws:
        job_id = ws.jobs.add(job(film))
        first = process(place, "--lease", "2")
        until(lambda: ws.clips())
        first.kill()
        first.wait()
        first.stdin.close()
        assert ws.jobs.get(job_id).state == "running"  # nobody knows yet
        second = Worker(ws, lease_s=2.0)
        until(lambda: second.run(once=True) and ws.jobs.get(job_id).state == "done")
    assert contents(place) == undisturbed


def test_two_workers_share_one_queue(place, film, other_film):
    with closing(Workspace.open(place)) as one, closing(Workspace.open(place)) as two:
        ids = [one.jobs.add(job(film)), one.jobs.add(job(other_film, "c2"))]
        again = one.jobs.add(job(film, between=(START_S, START_S + 5)))
        workers = [
            threading.Thread(target=Worker(ws).run, kwargs={"once": True}) for ws in (one, two)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [one.jobs.get(one_id).state for one_id in (*ids, again)] == ["done"] * 3
        assert len(one.clips()) == 8
        assert len(one.casebook.coverage()) == 8
        started = [r.subject for r in one.casebook.trail() if r.action == "job_started"]
        assert sorted(started) == sorted([*ids, again])


def test_a_job_that_fails_says_why_and_the_next_is_read(ws, film, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film" * 100)
    gone = tmp_path / "gone.mp4"
    bad = [ws.jobs.add(job(broken)), ws.jobs.add(job(gone))]
    good = ws.jobs.add(job(film))
    Worker(ws).run(once=True)
    assert [ws.jobs.get(one).state for one in (*bad, good)] == ["failed", "failed", "done"]
    assert "is not a video" in str(ws.jobs.get(bad[0]).why)
    assert "does not exist" in str(ws.jobs.get(bad[1]).why)


def test_a_mistake_of_the_program_is_said_and_the_next_is_read(
    ws, film, other_film, monkeypatch, caplog
):
    real = Workspace.open(ws.path).recordings.__class__.look

    def look(self, plan, piece):
        if plan.path.name == film.name:
            raise ZeroDivisionError
        return real(self, plan, piece)

    monkeypatch.setattr(type(ws.recordings), "look", look)
    bad, good = ws.jobs.add(job(film)), ws.jobs.add(job(other_film, "c2"))
    Worker(ws).run(once=True)
    assert ws.jobs.get(bad).state == "failed"
    assert "ZeroDivisionError" in str(ws.jobs.get(bad).why)
    assert ws.jobs.get(good).state == "done"


@posix
def test_a_full_disk_pauses_the_job_and_loses_nothing(ws, film, tmp_path, make_film):
    import resource

    heavy = crowd_film(tmp_path / "heavy.mp4", make_film, TURNS)
    first, second = ws.jobs.add(job(film)), ws.jobs.add(job(heavy, "c2"))
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, old[1]))  # one piece of heavy is larger
    try:
        Worker(ws).run(once=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    paused = ws.jobs.get(second)
    assert (ws.jobs.get(first).state, paused.state) == ("done", "paused")
    assert "the disk is full" in str(paused.why)
    kept = len(ws.clips())
    ws.jobs.resume(second)
    Worker(ws).run(once=True)
    assert ws.jobs.get(second).state == "done"
    assert len(ws.clips()) > kept
    assert list(ws.path.rglob("*.tmp")) == []


def test_pause_stops_a_worker_at_once_and_resume_goes_on(place, film, undisturbed):
    with closing(Workspace.open(place)) as ws, closing(Workspace.open(place)) as hand:
        job_id = ws.jobs.add(job(film, fps=5.0))
        worker = threading.Thread(target=Worker(ws, lease_s=1.0).run, kwargs={"once": True})
        worker.start()
        until(lambda: hand.clips())
        hand.jobs.pause(job_id, by="kim")
        worker.join()
        state = hand.jobs.get(job_id).state
        assert state in ("paused", "done")
        if state == "paused":
            hand.jobs.resume(job_id, by="kim")
            Worker(hand).run(once=True)
    assert contents(place) == undisturbed


def test_a_file_that_is_still_written_waits_and_is_read_later(ws, film, tmp_path, monkeypatch):
    growing = tmp_path / "growing.mp4"
    growing.write_bytes(film.read_bytes())
    job_id = ws.jobs.add(job(growing))
    real = type(ws.recordings).look

    def look(self, plan, piece):
        with growing.open("ab") as file:
            file.write(b"\0")
        return real(self, plan, piece)

    with monkeypatch.context() as patch:
        patch.setattr(type(ws.recordings), "look", look)
        Worker(ws)._turn()
    waiting = ws.jobs.get(job_id)
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert "changed while it was read" in str(waiting.why)
    assert waiting.not_before_s > time.time() + 5
    ws.jobs.to_front(job_id)  # a person need not wait
    Worker(ws).run(once=True)
    assert ws.jobs.get(job_id).state == "done"


def test_where_the_missing_person_would_pass_is_read_first(ws, film, other_film):
    """Seen at c2 ten seconds into its film: what shows c2 from then on is first."""
    seen = LastSeen(START_S + 10, START_S + 11, 37.5665, 126.998, 20.0)
    ws.new_case("실종", reason="test", last_seen=seen)
    ws.jobs.add(job(film, "c1"))
    second = ws.jobs.add(job(other_film, "c2"))
    worker = Worker(ws)
    order: list[tuple[str, float]] = []
    real = worker.ws.recordings.look
    worker.ws.recordings.look = lambda plan, piece: (
        order.append((piece.clip.camera_id, piece.clip.from_s)) or real(plan, piece)
    )
    worker.run(once=True)
    assert sorted(order[:3]) == [("c2", 8.0), ("c2", 16.0), ("c2", 24.0)]
    assert [camera for camera, _ in order[3:7]] == ["c1"] * 4  # then the order of the queue
    assert len(order) == len(set(order)) == 8
    assert ws.jobs.get(second).state == "done"


def test_what_a_person_puts_first_is_read_before_what_is_probable(ws, film, other_film):
    ws.new_case("실종", reason="t", last_seen=LastSeen(START_S, START_S, 37.5665, 126.998, 20.0))
    first = ws.jobs.add(job(film, "c1"))
    ws.jobs.add(job(other_film, "c2"))
    ws.jobs.to_front(first)
    Worker(ws)._turn()
    assert {clip.camera_id for clip in ws.clips()} == {"c1"}


@posix
@pytest.mark.parametrize("how", ["parent gone", "SIGTERM"])
def test_a_worker_ends_with_its_parent_or_when_told_and_puts_its_job_back(place, film, how):
    with closing(Workspace.open(place)) as ws:
        job_id = ws.jobs.add(job(film, fps=5.0))
        worker = process(place, "--attached")
        until(lambda: ws.jobs.get(job_id).state == "running")
        if how == "SIGTERM":
            worker.terminate()
        worker.stdin.close()
        assert worker.wait(timeout=60) == 0
        assert ws.jobs.get(job_id).state in ("queued", "done")
        assert ws.jobs.get(job_id).attempts <= 1


@posix
def test_serve_starts_one_worker_and_takes_it_down_even_when_it_is_killed(place, film):
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "core.cli", "serve", "--headless", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--workspace", str(place)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with closing(Workspace.open(place)) as ws:
        try:
            job_id = ws.jobs.add(job(film))
            until(lambda: ws.jobs.get(job_id).state == "done", 120)
            server.kill()  # the worker sees that nobody holds its standard input any more
            server.wait()
            again = ws.jobs.add(job(film, between=(START_S, START_S + 5)))
            time.sleep(3)
            assert ws.jobs.get(again).state == "queued"
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def test_an_unknown_camera_or_folder_is_said(ws, film):
    with pytest.raises(DongseonError, match="camera 'c9' is not known"):
        ws.jobs.add(job(film, "c9"))
