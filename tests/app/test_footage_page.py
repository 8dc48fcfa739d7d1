"""The footage page: recordings are queued, watched, paused, tried again, and shown to everybody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from visits import EVIL, PAGE, field, press, words

from app import widgets
from core.casebook import NewJob
from core.types import Camera, note
from core.worker import Worker
from core.workspace import Workspace

PATH = "이 컴퓨터의 파일 또는 폴더"
START = "첫 장면 시각(녹화기 시계, 한국 시간)"


@pytest.fixture
def folder(tmp_path: Path, tiny_films) -> Path:
    """A folder with a file whose name says all, one whose name says nothing, and one unknown."""
    place = tmp_path / "usb"
    place.mkdir()
    shutil.copy(tiny_films["c1"], place / "c1_2026-05-02T100000.mp4")
    shutil.copy(tiny_films["c2"], place / "내보내기 1.mp4")
    shutil.copy(tiny_films["c2"], place / "c77_2026-05-02T100000.mp4")
    return place


def fields(app, kind: str, label: str) -> list:
    return [one for one in getattr(app, kind) if one.label == label]


def queued(workspace: Path) -> list:
    opened = Workspace.open(workspace)
    found = opened.jobs.all()
    opened.close()
    return found


def test_a_folder_fills_the_form_in_and_goes_into_the_queue(visit, tiny_workspace, folder) -> None:
    app = visit(tiny_workspace, PAGE["footage"])
    field(app, "text_input", PATH).set_value(str(folder)).run()
    assert not app.exception
    cameras = fields(app, "selectbox", "카메라")
    assert [one.value for one in cameras] == ["c1", None, None]  # sorted by name
    assert "c77" in words(app)
    cameras[2].set_value("c2")
    fields(app, "text_input", START)[2].set_value("2026-05-02 11:00:00")
    app = press(app, "대기열에 추가")
    assert not app.exception
    assert not app.error
    jobs = queued(tiny_workspace)
    assert {(job.camera_id, Path(job.path).name) for job in jobs} == {
        ("c1", "c1_2026-05-02T100000.mp4"),
        ("c2", "내보내기 1.mp4"),
    }
    assert {job.start_s for job in jobs} == {1777683600.0, 1777687200.0}
    assert field(app, "text_input", PATH).value == ""


def test_what_is_wrong_is_one_sentence(visit, tiny_workspace, folder) -> None:
    app = visit(tiny_workspace, PAGE["footage"])
    field(app, "text_input", PATH).set_value("/nowhere.mp4").run()
    assert "nowhere" in app.error[0].value
    field(app, "text_input", PATH).set_value(str(folder / "내보내기 1.mp4")).run()
    app = press(app, "대기열에 추가")
    assert len(app.error) == 1
    field(app, "selectbox", "카메라").set_value("c1")
    field(app, "text_input", START).set_value("어제")
    app = press(app, "대기열에 추가")
    assert len(app.error) == 1
    assert queued(tiny_workspace) == []


def test_a_job_is_paused_resumed_moved_and_cancelled(visit, tiny_workspace, tiny_films) -> None:
    opened = Workspace.open(tiny_workspace)
    opened.add_camera(Camera("c3", EVIL, "c3"))
    opened.jobs.add(NewJob("c1", str(tiny_films["c1"]), 0.0), by="kim")
    second = opened.jobs.add(NewJob("c3", str(tiny_films["c2"]), 0.0), by=EVIL[:60])
    app = visit(tiny_workspace, PAGE["footage"])
    assert not app.exception
    assert widgets.inert(EVIL) in words(app)
    app = press(app, "일시정지")
    assert [job.state for job in opened.jobs.all()] == ["paused", "queued"]
    app = press(app, "계속")
    assert [job.state for job in opened.jobs.all()] == ["queued", "queued"]
    next(b for b in app.main.button if b.key == f"to_front-{second}").click().run()
    assert opened.jobs.all()[0].id == second
    app = visit(tiny_workspace, PAGE["footage"])  # another browser sees the same
    next(b for b in app.main.button if b.key == f"cancel-{second}").click().run()
    assert opened.jobs.get(second).state == "cancelled"
    opened.close()


def test_a_failed_job_says_why_and_is_tried_again(visit, tiny_workspace, tiny_films) -> None:
    opened = Workspace.open(tiny_workspace)
    job = opened.jobs.add(NewJob("c1", str(tiny_films["c1"]), 0.0), by="kim")
    opened.jobs.claim("w")
    opened.jobs.settle(job, "w", "failed", note("face {px} px", px=1))
    app = visit(tiny_workspace, PAGE["footage"])
    assert len(app.error) == 1
    press(app, "다시 시도")
    assert opened.jobs.get(job).state == "queued"
    opened.close()


def test_recordings_in_pieces_are_one_line_and_a_watched_folder_says_what_it_holds(
    visit, empty_workspace, folder, tiny_films
) -> None:
    text = (empty_workspace / "workspace.toml").read_text("utf-8")
    (empty_workspace / "workspace.toml").write_text(f"piece_s = 2\n{text}", "utf-8")
    opened = Workspace.open(empty_workspace)
    opened.add_camera(Camera("c1", "골목", "c1"))
    opened.jobs.add(NewJob("c1", str(tiny_films["c1"]), 1777593600.0), by="kim")
    app = visit(empty_workspace, PAGE["footage"])
    field(app, "text_input", "이 컴퓨터의 폴더").set_value(str(folder))
    app = press(app, "감시")
    assert not app.error
    Worker(opened).run(once=True)
    assert len(opened.clips()) == 3
    app = visit(empty_workspace, PAGE["footage"])
    shown = [table.value for table in app.table]
    assert any("c77" in str(value.iloc[:, 1].tolist()) for value in shown)
    assert len(shown[-1]) == 1
    app = press(app, f"{widgets.inert(str(folder))} 감시 중지")
    assert opened.casebook.folders.watched() == []
    opened.close()
