"""Facts about ingest: flat memory, whole or not at all whatever happens, many processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from crowd import FPS, PEOPLE, TURNS, crowd_film
from everything import contents

from core.errors import DongseonError
from core.footage import ahead
from core.gallery import Gallery
from core.types import Camera
from core.workspace import Workspace

START = "2026-05-01T09:00:00+09:00"

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and limits")

CHILD = """
import os, signal, sys
from pathlib import Path
import core.track
from core.casebook.ledger import Ledger
from core.workspace import Workspace

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

path, camera, start, fps, moment, *films = sys.argv[1:]
if len(films) > 1:
    core.track.JPEG_QUALITY = 100  # heavy pictures: who keeps them is seen
ws = Workspace.open(path)
if moment == "before the rename":
    os.replace = die
if moment == "after the rename":
    Ledger.cover_footage = die
for film in films:
    for step in ws.ingest(film, camera=camera, start=start, fps=float(fps)):
        if moment.isdigit() and step.tracklets >= int(moment):
            die()
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would begin with the memory of whoever started this process
        print(next(line.split()[1] for line in status.read_text().splitlines() if "VmHWM" in line))
ws.close()
"""


@pytest.fixture(scope="module")
def crowds(tmp_path_factory, make_film) -> dict[str, Path]:
    """Less than a minute at c1, and another at c2."""
    folder = tmp_path_factory.mktemp("crowds")
    return {
        f"c{n + 1}": crowd_film(folder / f"c{n + 1}.mp4", make_film, TURNS, seed=n)
        for n in range(2)
    }


def new_workspace(path: Path, pack: Path) -> Path:
    """A workspace with cameras c1 and c2 and no footage."""
    ws = Workspace.create(path, "tiny", [pack])
    for camera in ("c1", "c2"):
        ws.add_camera(Camera(camera, camera, camera, 37.5, 127.0))
    ws.close()
    return path


@pytest.fixture
def empty(tmp_path, tiny_pack) -> Path:
    return new_workspace(tmp_path / "workspace", tiny_pack)


def ingest(workspace: Path, film: Path, camera: str = "c1") -> None:
    ws = Workspace.open(workspace)
    try:
        list(ws.ingest(film, camera=camera, start=START, fps=FPS))
    finally:
        ws.close()


def child(
    workspace: Path, films: list[Path], camera: str = "c1", moment: str = ""
) -> subprocess.Popen:
    """A process of its own that ingests; moment: when it is killed, "" = never.

    It prints its peak memory in KiB after each film.
    """
    words = [str(workspace), camera, START, str(FPS), moment, *map(str, films)]
    command = [sys.executable, "-c", CHILD, *words]
    where = Path(__file__).parents[1]
    settings = {**os.environ, "MALLOC_ARENA_MAX": "1"}  # else its peak depends on thread timing
    return subprocess.Popen(command, cwd=where, stdout=subprocess.PIPE, text=True, env=settings)


def temporaries(workspace: Path) -> list[Path]:
    return sorted((workspace / "gallery").rglob("*.tmp"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_pack, crowds) -> dict[str, object]:
    """What a workspace holds after both clips were ingested, one after the other."""
    path = new_workspace(tmp_path_factory.mktemp("undisturbed") / "workspace", tiny_pack)
    ingest(path, crowds["c1"], "c1")
    ingest(path, crowds["c2"], "c2")
    said = contents(path)
    assert len(said["tracklets"]) == 2 * PEOPLE  # more than one row group in each clip
    return said


def of_camera(said: dict[str, object], camera: str) -> dict[str, object]:
    """The part of `contents` that is about one camera."""
    return {
        "clips": [clip for clip in said["clips"] if clip.camera_id == camera],
        **{
            name: [row for row in said[name] if row[0].split("/")[0] == camera]
            for name in ("tracklets", "vectors", "coverage")
        },
    }


# Memory.


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to see the peak")
def test_ten_times_the_footage_takes_the_same_memory(empty, tmp_path, make_film):
    films = [
        crowd_film(tmp_path / f"{n}.mp4", make_film, turns, seed=n % 2, scale=3)
        for n, turns in enumerate((TURNS, TURNS, 10 * TURNS))
    ]
    with child(empty, films) as process:  # the first only warms up: libraries, decoded frames
        peak_mb = [int(line) / 1024 for line in process.stdout][1:]
    assert process.returncode == 0
    print(f"peak memory: {peak_mb[0]:.0f} MiB for a clip, {peak_mb[1]:.0f} for ten times as long")
    gallery = Gallery(empty / "gallery")
    crops = gallery.select(kind="track", columns=("crops",)).column(0).to_pylist()
    pictures_mb = sum(len(jpeg) for one in crops for jpeg in one) / 1e6
    assert len(crops) == 12 * PEOPLE
    assert pictures_mb > 0.2 * peak_mb[0]  # held in memory, they would show
    assert peak_mb[1] < 1.12 * peak_mb[0]


# Whole or not at all.


@posix
@pytest.mark.parametrize("moment", ["0", "36", "before the rename", "after the rename"])
def test_a_killed_ingest_is_as_if_it_had_never_been(empty, crowds, undisturbed, moment):
    with child(empty, [crowds["c1"]], moment=moment) as process:
        pass
    assert process.returncode == -9
    ws = Workspace.open(empty)
    assert len(ws.clips()) == (moment == "after the rename")
    ws.close()
    ingest(empty, crowds["c1"])
    ingest(empty, crowds["c1"])
    assert of_camera(contents(empty), "c1") == of_camera(undisturbed, "c1")

    left = temporaries(empty)
    assert len(left) == (moment != "after the rename")
    for path in left:
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    Gallery(empty / "gallery").clean()
    assert temporaries(empty) == []


@posix
@pytest.mark.parametrize("room", [200_000, 1_500_000])
def test_a_full_disk_is_one_sentence_and_loses_no_other_clip(empty, crowds, undisturbed, room):
    import resource

    ingest(empty, crowds["c2"], "c2")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, old[1]))
    try:
        with pytest.raises(DongseonError, match="the disk is full: make room") as caught:
            ingest(empty, crowds["c1"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert "\n" not in str(caught.value)
    assert temporaries(empty) == []
    assert of_camera(contents(empty), "c2") == of_camera(undisturbed, "c2")
    assert of_camera(contents(empty), "c1")["clips"] == []
    ingest(empty, crowds["c1"])
    assert contents(empty) == undisturbed


def test_an_ingest_that_is_closed_early_leaves_nothing(empty, crowds):
    ws = Workspace.open(empty)
    steps = ws.ingest(crowds["c1"], camera="c1", start=START, fps=FPS)
    next(steps)
    assert len(temporaries(empty)) == 1
    assert running()
    steps.close()
    assert temporaries(empty) == []
    assert not running()
    assert ws.clips() == []
    ws.close()


# Several processes.


def test_two_processes_ingest_at_once_while_others_read(empty, crowds, undisturbed):
    reader = Gallery(empty / "gallery")
    seen: set[tuple[int, ...]] = set()
    with child(empty, [crowds["c1"]], "c1") as one, child(empty, [crowds["c2"]], "c2") as two:
        while one.poll() is None or two.poll() is None:
            for camera in ("c1", "c2"):
                rows = reader.select([camera], columns=("tracklet_id",)).column(0).to_pylist()
                scored = reader.scores("tiny_body", np.eye(12)[:1], [camera]).tracklet_id
                assert len(set(rows)) == len(rows) in (0, PEOPLE)
                assert len(set(scored)) == len(scored) in (0, PEOPLE)
            assert reader.damaged() == []
            seen.add(tuple(reader.count([camera]) for camera in ("c1", "c2")))
            time.sleep(0.02)
    assert (one.returncode, two.returncode) == (0, 0)
    assert (0, 0) in seen  # it did read while they wrote
    assert contents(empty) == undisturbed
    assert temporaries(empty) == []


# Ahead.


def running() -> list[str]:
    """Threads that still make items."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]


class Source:
    """Yields 0, 1, 2..., notes what it made, and can fail."""

    def __init__(self, fails_at: int = 1000) -> None:
        self.made, self.fails_at = threading.Semaphore(0), fails_at
        self.count = 0
        self.threads: set[int] = set()
        self.closed_by = 0

    def __call__(self) -> Iterator[int]:
        try:
            while True:
                self.threads.add(threading.get_ident())
                if self.count == self.fails_at:
                    raise DongseonError("the film tore")
                self.count += 1
                self.made.release()
                yield self.count - 1
        finally:
            self.closed_by = threading.get_ident()


@pytest.mark.parametrize("size", [1, 3, 50])
def test_ahead_gives_the_same_items(size):
    assert list(ahead(iter(range(20)), size)) == list(range(20))
    assert list(ahead(iter(()), size)) == []
    assert not running()


def test_the_next_items_are_made_while_this_one_is_used_but_no_more():
    source = Source()
    items = ahead(source(), 3)
    assert source.count == 0  # nothing happens before the first is asked for
    assert next(items) == 0
    for _ in range(4):  # the one in use, and three more without being asked
        assert source.made.acquire(timeout=10)
    assert not source.made.acquire(timeout=0.2)
    assert source.threads != {threading.get_ident()}
    items.close()
    assert source.count == 4


def test_an_error_comes_out_after_the_items_before_it():
    source = Source(fails_at=5)
    items, found = ahead(source(), 3), []
    with pytest.raises(DongseonError, match="tore"):
        found.extend(items)
    assert not running()


def test_closing_early_ends_the_thread_and_closes_the_source_there():
    source = Source()
    items = ahead(source(), 3)
    next(items)
    items.close()
    assert not running()
    assert {source.closed_by} == source.threads
    untouched = Source()
    ahead(untouched(), 3).close()
    assert untouched.count == 0
    assert not running()


def test_an_error_of_the_user_ends_the_thread():
    def use() -> None:
        for item in ahead(Source()(), 2):
            if item == 3:
                raise KeyError(item)

    with pytest.raises(KeyError):
        use()
    deadline = time.time() + 10
    while running() and time.time() < deadline:
        time.sleep(0.01)
    assert not running()
