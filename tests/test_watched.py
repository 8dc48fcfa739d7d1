"""Facts about watched folders: names say camera and start, nothing is dropped or read too early."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core import watched
from core.casebook import Casebook
from core.errors import BadInput, FootageError
from core.types import Camera, parse_time

ZONE = "Asia/Seoul"
NINE = parse_time("2026-05-01T09:00:00+09:00")


@pytest.mark.parametrize(
    "name",
    [
        "c01_2026-05-01T090000+0900",
        "c01_2026-05-01T09:00:00+09:00",
        "c01_2026-05-01T000000Z",
        "c01_20260501_090000",
        "c01_20260501090000_export 2",
        "c01_2026-05-01 09.00.00.cut",
    ],
)
def test_a_name_says_camera_and_start(name):
    assert watched.read_name(name, ZONE) == ("c01", NINE)


def test_a_camera_may_hold_the_sign_between():
    assert watched.read_name("gate_2_north_20260501_090000", ZONE) == ("gate_2_north", NINE)


@pytest.mark.parametrize("name", ["c01", "memo", "2026-05-01T090000", "c01_0900", "c01_2026-05-01"])
def test_a_name_that_says_nothing_is_named(name):
    with pytest.raises(BadInput, match="does not say camera and start"):
        watched.read_name(name, ZONE)


def test_a_time_that_does_not_exist_is_named():
    with pytest.raises(BadInput, match="a time that exists"):
        watched.read_name("c01_2026-02-30T090000", ZONE)


class Clock:
    now_s = NINE

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def book(tmp_path):
    with Casebook.open(tmp_path / "casebook.sqlite") as opened:
        for camera in ("c1", "c2"):
            opened.save_camera(Camera(camera, camera, camera))
        yield opened


@pytest.fixture
def folder(tmp_path) -> Path:
    place = tmp_path / "in"
    place.mkdir()
    return place


def look(book: Casebook, clock: Clock, watcher: watched.Watcher) -> dict[str, str]:
    watcher.look()
    clock.now_s += watched.SETTLE_S
    watcher.look()
    (found,) = book.folders.watched()
    return {name: str(why) for name, why in found.files.items()}


def test_new_recordings_are_queued_once_and_everything_else_is_listed(
    book, folder, tiny_films, tmp_path
):
    shutil.copy(tiny_films["c1"], folder / "c1_20260501_090000.mp4")
    shutil.copy(tiny_films["c2"], folder / "CAM 07 export.mp4")
    shutil.copy(tiny_films["c2"], folder / "c2_20260501_090000.mp4.part")
    shutil.copy(tiny_films["c2"], folder / "c9_20260501_090000.mp4")
    (folder / "<img src=x onerror=alert(1)>.mp4").write_bytes(b"x")
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / ".hidden").write_bytes(b"x")
    (folder / "recordings.csv").write_text(
        "file,camera,start\nCAM 07 export.mp4,c2,2026-05-01 10:00:00\nlost.mp4,c1,2026-05-01\n",
        "utf-8",
    )
    clock = Clock()
    watcher = watched.Watcher(book, ZONE, clock)
    book.folders.watch(str(folder))
    files = look(book, clock, watcher)
    assert {(job.camera_id, Path(job.path).name, job.start_s) for job in book.jobs.all()} == {
        ("c1", "c1_20260501_090000.mp4", NINE),
        ("c2", "CAM 07 export.mp4", NINE + 3600),
    }
    assert "copied" in files["c2_20260501_090000.mp4.part"]
    assert "camera 'c9' is not known" in files["c9_20260501_090000.mp4"]
    assert "does not say" in files["<img src=x onerror=alert(1)>.mp4"]
    assert "not here" in files["lost.mp4"]
    assert len(files) == 6

    for job in book.jobs.ready():
        book.jobs.claim("w", only=[job.id])
        book.jobs.settle(job.id, "w", "done")
    watched.Watcher(book, ZONE, clock).look()
    look(book, clock, watched.Watcher(book, ZONE, clock))
    assert len(book.jobs.all()) == 2  # a new worker does not queue them again
    book.save_camera(Camera("c9", "c9", "c9"))
    look(book, clock, watcher)
    assert len(book.jobs.all()) == 3


def test_a_file_that_grows_is_waited_for(book, folder, tiny_films):
    content = tiny_films["c1"].read_bytes()
    growing = folder / "c1_20260501_090000.mp4"
    clock = Clock()
    watcher = watched.Watcher(book, ZONE, clock)
    book.folders.watch(str(folder))
    for part in range(1, 5):
        growing.write_bytes(content[: part * len(content) // 4])
        watcher.look()
        clock.now_s += watched.SETTLE_S
        assert book.jobs.all() == []
        assert "growing" in str(book.folders.watched()[0].files[growing.name])
    watcher.look()
    assert len(book.jobs.all()) == 1


def test_a_folder_that_went_away_or_a_bad_table_is_said(book, folder):
    clock = Clock()
    watcher = watched.Watcher(book, ZONE, clock)
    book.folders.watch(str(folder))
    (folder / "recordings.csv").write_text("file;camera\nx;y\n", "utf-8")
    watcher.look()
    assert "line 2: the columns are" in str(book.folders.watched()[0].why)
    shutil.rmtree(folder)
    watcher.look()
    assert "does not exist" in str(book.folders.watched()[0].why)
    folder.mkdir()
    watcher.look()
    assert book.folders.watched()[0].why is None


def test_a_file_is_no_folder(tiny_films):
    with pytest.raises(FootageError, match="is no folder"):
        watched.recordings(tiny_films["c1"], ZONE)


def test_a_table_of_korean_excel_is_read(folder, tiny_films):
    shutil.copy(tiny_films["c1"], folder / "정문.mp4")
    (folder / "recordings.csv").write_bytes(
        "file,camera,start\r\n정문.mp4,c1,2026-05-01T09:00:00+09:00\r\n".encode("cp949")
    )
    (one,) = watched.recordings(folder, ZONE)
    assert (one.camera_id, one.start_s, one.why) == ("c1", NINE, None)
    assert watched.named(folder / "정문.mp4", ZONE) == one
