"""A camera table is read whole, in the encodings Excel writes, or its wrong line is named."""

from __future__ import annotations

import time

import pytest

from core import cameralist
from core.errors import BadInput, NotFound

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
