"""A camera table is read whole, in the encodings Excel writes, or its wrong line is named."""

from __future__ import annotations

import csv
import time

import pytest

from core import cameralist
from core.errors import BadInput, NotFound
from core.types import Camera, Recorder

HEADER = "id,name,lat,lon,recorder,clock_offset_s,clock_sigma_s,owner\n"


@pytest.fixture
def read(tmp_path):
    """Read a table from its text or bytes."""

    def one(content):
        path = tmp_path / "cameras.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return cameralist.read(path)

    return one


def test_every_column_arrives(read):
    table = (
        "id,name,lat,lon,recorder,clock_offset_s,clock_sigma_s,heading_deg,view_range_m,kind,"
        "retention_days,owner\nc1,정문,37.5,127.0,nvr1,-12.5,3,90,45,ptz,30,관리실\n"
    )
    ((camera, recorder),) = read(table)
    assert vars(camera) == {
        "id": "c1", "name": "정문", "recorder_id": "nvr1", "lat": 37.5, "lon": 127.0,
        "heading_deg": 90.0, "view_range_m": 45.0, "kind": "ptz",
    }  # fmt: skip
    assert (recorder.id, recorder.clock_offset_s, recorder.clock_sigma_s) == ("nvr1", -12.5, 3.0)
    assert (recorder.how, recorder.retention_days, recorder.owner) == ("told", 30.0, "관리실")
    assert recorder.checked_at == pytest.approx(time.time(), abs=60)


def test_a_clock_nobody_spoke_of_is_unchecked_and_wide(read):
    (bare, told) = read(HEADER + "c1,a,,,,,,\nc2,b,,,,0,,\n")
    assert bare[0].lat is None
    assert bare[0].recorder_id == bare[1].id == "c1"
    assert (bare[1].how, bare[1].clock_sigma_s, bare[1].checked_at) == ("unchecked", 600.0, None)
    assert (told[1].how, told[1].clock_sigma_s) == ("told", 30.0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_of_excel(read, encoding, end):
    text = "id,name\nc1,똠방각하 어린이집\nc2,뒷문\n".replace("\n", end)
    assert [c.name for c, _ in read(text.encode(encoding))] == ["똠방각하 어린이집", "뒷문"]


def test_formula_like_names_and_quoted_commas_stay_verbatim(read):
    names = ['=HYPERLINK("http://x")', "+82-2-123", "@SUM(A1)", "-1", "a, b", "<b>x</b>"]
    quoted = [name.replace('"', '""') for name in names]
    table = "id,name\n" + "".join(f'c{n},"{name}"\n' for n, name in enumerate(quoted))
    assert [c.name for c, _ in read(table)] == names


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("c2,b,127.0,37.5,,,,", "swapped"),
        ("c2,b,abc,127.0,,,,", "lat 'abc' is not a number"),
        ("c2,b,\"37,5\",127.0,,,,", "lat '37,5' is not a number"),
        ("c2,b,37.5,,,,,", "both latitude and longitude"),
        ("c2,b,nan,127,,,,", "not a place on Earth"),
        ("c2,b,,,,1e999,,", "clock offset"),
        ("c2,b,,,,0,-3,", "clock sigma"),
        ("../c2,b,,,,,,", "camera id"),
        ("c2,b,,,a/b,,,", "recorder id"),
        (",b,,,,,,", "camera id"),
    ],
)  # fmt: skip
def test_the_wrong_line_is_named(read, row, said):
    with pytest.raises(BadInput, match=said) as caught:
        read(HEADER + "c1,a,37.5,127.0,,,,\n" + row + "\n")
    assert str(caught.value).startswith("line 3: ")


def test_the_line_is_the_one_an_editor_shows(read):
    with pytest.raises(BadInput, match=r"^line 6: lat"):
        read(HEADER + 'c1,"two\nlines",,,,,,\n\n\nc2,b,x,127,,,,\n')


def test_a_view_range_of_nothing_is_refused_not_replaced(read):
    table = "id,name,view_range_m\n"
    assert read(table + "c1,a,\n")[0][0].view_range_m == 30.0
    with pytest.raises(BadInput, match="view range"):
        read(table + "c1,a,0\n")


@pytest.mark.parametrize(
    "table",
    ["", "c1,a\n", "id\nc1\n", "name\na\n", "id,name,colour\nc1,a,red\n", "ID;Name\nc1;a\n"],
)
def test_a_missing_or_unknown_column_is_said(read, table):
    with pytest.raises(BadInput, match=r"first line.*id and name are needed"):
        read(table)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfei\x00d\x00", b"\x89PNG\r\n\x1a\n\xff\xff", b"id,name\nc1," + b"x" * 200_000],
    ids=["utf-16", "picture", "endless cell"],
)
def test_what_is_no_table_is_refused(read, content):
    with pytest.raises(BadInput, match="not a text table"):
        read(content)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(NotFound, match="no camera table"):
        cameralist.read(tmp_path / "none.csv")
    with pytest.raises(NotFound, match="no camera table"):
        cameralist.read(tmp_path)


def test_a_table_with_a_header_only_has_no_camera(read):
    assert read(HEADER) == []


# what a table would change, and the table of what there is

KNOWN = {"c1": Camera("c1", "정문", "nvr1", 37.5, 127.0, 90.0, 45.0, "ptz")}
CLOCKS = {
    "nvr1": Recorder("nvr1", -12.5, 2.0, 1777593600.0, "photo", 30.0, "관리실", "private", "02-1")
}


def plan(text: str, cameras=KNOWN, recorders=CLOCKS):
    return cameralist.plan(text.encode(), cameras, recorders)


def test_an_empty_cell_keeps_place_clock_and_owner():
    (line,) = plan("id,name,lat,lon,clock_offset_s,owner\nc1,후문,,,,\n")
    assert (line.kind, line.changes) == ("changed", (("name", "정문", "후문"),))
    assert line.recorder == CLOCKS["nvr1"]
    assert line.camera.lat == 37.5


def test_a_table_without_clocks_does_not_forget_them(read, tmp_path):
    path = tmp_path / "again.csv"
    path.write_text("id,name\nc1,후문\n")
    ((_, recorder),) = cameralist.read(path, KNOWN, CLOCKS)
    assert (recorder.how, recorder.clock_offset_s) == ("photo", -12.5)


def test_a_new_clock_in_a_table_is_told_not_photographed():
    (line,) = plan("id,name,clock_offset_s\nc1,정문,30\n")
    assert (line.recorder.clock_offset_s, line.recorder.clock_sigma_s) == (30, 30)
    assert line.recorder.how == "told"


def test_wrong_lines_are_named_and_the_others_still_planned():
    lines = plan("id,name,lat,lon\nc1,정문,37.5,127\nc2,a,127.0,37.5\nc3,b,37.5,\nc4,c,,\nc4,d,,\n")
    assert [(line.number, line.kind) for line in lines] == [
        (2, "same"), (3, "wrong"), (4, "wrong"), (5, "new"), (6, "wrong"),
    ]  # fmt: skip
    assert "swapped" in str(lines[1].why)
    assert "both latitude and longitude" in str(lines[2].why)
    assert "line 5 already" in str(lines[4].why)


def test_one_recorder_has_one_clock_also_in_a_table():
    lines = plan(
        "id,name,recorder,clock_offset_s\na,a,n2,5\nb,b,n2,\nc,c,n2,9\n", cameras={}, recorders={}
    )
    assert [line.kind for line in lines] == ["new", "new", "wrong"]
    assert lines[1].recorder.clock_offset_s == 5
    assert "another clock in line 3" in str(lines[2].why)


NAMES = ["=1+1", "+82-2", "-1", "@x", "'=1", "''+x", "'quoted", "a, b", '"x"', "<b>x</b>", "정문"]


def test_what_is_written_out_is_read_back_unchanged_and_runs_nowhere():
    cameras = {
        f"c{n}": Camera(f"c{n}", name, f"r{n}", 37.5, 126.9, None, 30.0, "fixed")
        for n, name in enumerate(NAMES)
    }
    recorders = {
        f"r{n}": Recorder(f"r{n}", -3.25, 2.0, 1.0, "photo", None, name, "private", name)
        for n, name in enumerate(NAMES)
    }
    written = cameralist.table(cameras, recorders)
    for row in csv.DictReader(written.decode("utf-8-sig").splitlines()):
        assert not any(row[key].startswith(cameralist.FORMULA) for key in cameralist.TEXTS)
    lines = cameralist.plan(written, cameras, recorders)
    assert [line.kind for line in lines] == ["same"] * len(NAMES)
    fresh = cameralist.plan(written, {}, {})
    assert [line.camera.name for line in fresh] == NAMES
    assert [line.recorder.contact for line in fresh] == NAMES
    assert {line.recorder.clock_offset_s for line in fresh} == {-3.25}


def test_a_clock_nobody_checked_is_written_as_an_empty_cell():
    cameras, recorders = {"c1": Camera("c1", "a", "c1")}, {"c1": Recorder("c1")}
    (line,) = cameralist.plan(cameralist.table(cameras, recorders), {}, {})
    assert line.recorder == Recorder("c1")
