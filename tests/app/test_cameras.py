"""The camera page: fields, clock check, table in and out, and what is taken back."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from visits import EVIL, PAGE, field, press, words

from app import session, widgets
from core import cameralist
from core.types import Camera, Recorder
from core.workspace import Workspace

PAGE_OF = PAGE["cameras"]


def opened(folder: Path):
    """(cameras, recorders) as they are kept."""
    ws = Workspace.open(folder)
    both = ws.cameras(), ws.recorders()
    ws.close()
    return both


def choose(app: AppTest, camera: str) -> AppTest:
    return app.selectbox(key="camera-chosen").set_value(camera).run()


def add(app: AppTest, **values) -> AppTest:
    labels = {"id": "카메라 ID", "name": "카메라 이름", "lat": "위도", "lon": "경도"}
    for name, value in values.items():
        kind = "number_input" if name in ("lat", "lon") else "text_input"
        field(app, kind, labels[name]).set_value(value)
    return press(app, "카메라 추가")


def test_a_camera_is_added_listed_as_text_and_taken_back(visit, empty_workspace) -> None:
    app = add(visit(empty_workspace, PAGE_OF), id="c01", name=EVIL, lat=37.5665, lon=126.978)
    assert not app.exception
    assert not app.error
    assert app.table[0].value.iloc[0, 0] == widgets.inert(f"{EVIL} (c01)")
    assert app.selectbox(key="camera-chosen").value == "c01"
    assert opened(empty_workspace)[0]["c01"].lat == 37.5665
    app = press(app, "되돌리기")
    assert not app.exception
    assert opened(empty_workspace) == ({}, {})
    assert "아직 카메라가 없습니다" in app.info[-1].value


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"id": "c01", "lat": 126.978, "lon": 37.5665}, "바뀐 것 같습니다"),
        ({"id": "c01", "lat": 37.5665}, "모두"),
        ({"name": "정문"}, "ID가 없습니다"),
        ({"id": "../c"}, "../c"),
    ],
)
def test_a_camera_that_cannot_be_is_refused_in_one_sentence(
    visit, empty_workspace, values, said
) -> None:
    app = add(visit(empty_workspace, PAGE_OF), **values)
    assert len(app.error) == 1
    assert said in app.error[0].value.replace("\\", "")
    assert opened(empty_workspace) == ({}, {})


def test_fields_show_the_camera_chosen_and_save_its_recorder(visit, tiny_workspace) -> None:
    app = choose(visit(tiny_workspace, PAGE_OF), "c2")
    assert field(app, "text_input", "카메라 이름").value == "카메라 2"
    field(app, "number_input", "보는 방향(°)").set_value(90.0)
    field(app, "number_input", "보관 일수").set_value(7.0)
    field(app, "selectbox", "소유자 종류").set_value("private")
    field(app, "text_input", "연락처").set_value("02-000-0000")
    app = press(app, "변경 저장")
    assert not app.error
    cameras, recorders = opened(tiny_workspace)
    assert cameras["c2"].heading_deg == 90
    clock = recorders["c2"]
    assert (clock.retention_days, clock.owner_kind, clock.contact) == (7, "private", "02-000-0000")
    assert (clock.how, clock.clock_sigma_s) == ("photo", 2)  # the clock was checked and stays so
    assert "02-000-0000" in app.table[0].value.iloc[1, 4].replace("\\", "")


def test_a_new_camera_of_a_known_recorder_keeps_its_owner_and_clock(visit, tiny_workspace) -> None:
    app = visit(tiny_workspace, PAGE_OF)
    field(app, "selectbox", "녹화기").set_value("c1")
    app = add(app, id="c3", name="옆문")
    assert not app.error
    cameras, recorders = opened(tiny_workspace)
    assert cameras["c3"].recorder_id == "c1"
    assert recorders["c1"].how == "photo"


def test_a_clock_check_says_what_follows_and_saves_it(visit, tiny_workspace) -> None:
    app = choose(visit(tiny_workspace, PAGE_OF), "c1")
    field(app, "text_input", "녹화기 화면 시각").set_value("2026-05-02 14:03:12")
    app = (
        field(app, "text_input", "휴대전화 시각(정확한 시각)")
        .set_value("2026-05-02 14:06:24")
        .run()
    )
    assert "3분 12초 느림" in app.info[0].value
    assert "+3분 12초" in app.info[0].value
    app = press(app, "시계 저장")
    assert not app.error
    clock = opened(tiny_workspace)[1]["c1"]
    assert (clock.clock_offset_s, clock.clock_sigma_s, clock.how) == (192, 2, "photo")
    assert "3분 12초 느림" in app.table[0].value.iloc[0, 3].replace("\\", "")
    app = press(app, "되돌리기")
    assert opened(tiny_workspace)[1]["c1"].clock_offset_s == 0


def test_a_clock_check_that_is_no_time_is_refused(visit, tiny_workspace) -> None:
    app = choose(visit(tiny_workspace, PAGE_OF), "c1")
    field(app, "text_input", "녹화기 화면 시각").set_value("어제")
    app = field(app, "text_input", "휴대전화 시각(정확한 시각)").set_value("2026-05-02").run()
    assert len(app.error) == 1
    assert not app.exception


def test_a_table_says_what_it_changes_before_it_does(visit, tiny_workspace) -> None:
    app = visit(tiny_workspace, PAGE_OF)
    table = f'id,name,lat,lon\nc1,{EVIL},,\nc2,카메라 2,,\nc3,새,126.9,37.5\nc4,"=1+1",,\n'
    app.file_uploader(key="cameras-csv").upload("c.csv", table.encode("cp949"), "text/csv").run()
    assert not app.exception
    said = words(app)
    assert "+ 새로 1 · ≠ 바뀜 1 · = 그대로 1 · ✕ 잘못됨 1" in said
    plan = app.table[0].value
    assert list(plan.iloc[:, 0]) == ["4", "2", "5"]  # the wrong line first
    assert "바뀐 것 같습니다" in plan.iloc[0, 2].replace("\\", "")
    assert widgets.inert(EVIL) in plan.iloc[1, 2]
    app = press(app, "카메라 2대 저장")
    cameras, recorders = opened(tiny_workspace)
    assert [c.name for c in cameras.values()] == [EVIL, "카메라 2", "=1+1"]
    assert recorders["c1"].how == "photo"
    written = cameralist.table(cameras, recorders)
    assert b"'=1+1" in written
    app = press(app, "되돌리기")
    assert list(opened(tiny_workspace)[0]) == ["c1", "c2"]


def test_what_is_no_table_is_refused_in_one_sentence(visit, tiny_workspace) -> None:
    app = visit(tiny_workspace, PAGE_OF)
    app.file_uploader(key="cameras-csv").upload("c.csv", b"\x89PNG\xff", "text/csv").run()
    assert len(app.error) == 1
    assert not app.exception


def test_what_is_missing_is_said(visit, tiny_workspace) -> None:
    ws = Workspace.open(tiny_workspace)
    ws.add_camera(Camera("c9", EVIL, "c9"), Recorder("c9"), by="kim")
    ws.close()
    said = words(visit(tiny_workspace, PAGE_OF))
    assert "지도와 동선에 나오지 않습니다: " + widgets.inert(EVIL) in said
    assert "시계 미확인 1" in said


def test_a_click_gives_a_place_or_chooses_a_camera(monkeypatch) -> None:
    state: dict = {}
    monkeypatch.setattr(session.st, "session_state", state)
    assert session.map_click("m") == (None, None)
    state["m"] = {"last_clicked": {"lat": 37.51234567, "lng": 127.0}, "last_active_drawing": None}
    assert session.map_click("m") == ((37.512346, 127.0), None)
    assert session.map_click("m") == (None, None)
    mark = {"properties": {"camera": "c2"}}
    state["m"] = {**state["m"], "last_active_drawing": mark}
    assert session.map_click("m") == (None, "c2")
    state["m"] = {"last_clicked": {"lat": 1.0, "lng": 2.0}, "last_active_drawing": mark}
    assert session.map_click("m") == ((1.0, 2.0), None)


def test_the_photo_of_the_check_fills_in_when_the_phone_took_it(visit, tiny_workspace) -> None:
    picture, exif = Image.new("RGB", (64, 48)), Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:05:02 14:06:24"
    content = io.BytesIO()
    picture.save(content, "JPEG", exif=exif)
    app = choose(visit(tiny_workspace, PAGE_OF), "c1")
    given = field(app, "file_uploader", "녹화기와 휴대전화 사진(읽기용, 저장하지 않음)")
    app = given.upload("clock.jpg", content.getvalue(), "image/jpeg").run()
    assert not app.exception
    assert field(app, "text_input", "휴대전화 시각(정확한 시각)").value == "2026-05-02 14:06:24"
    given = field(app, "file_uploader", "녹화기와 휴대전화 사진(읽기용, 저장하지 않음)")
    app = given.upload("clock.jpg", b"no picture", "image/jpeg").run()
    assert "clock" in app.error[0].value
    assert not app.exception


def test_the_table_taken_along_is_in_the_log(visit, tiny_workspace) -> None:
    app = visit(tiny_workspace, PAGE["cameras"])
    app = app.download_button[0].click().run()
    assert not app.exception
    with closing(Workspace.open(tiny_workspace)) as ws:
        (row,) = [row for row in ws.casebook.trail("site") if row.action == "export"]
        assert row.detail["what"] == "cameras"
        assert ws.casebook.verify() is None
