"""The last change of cameras is taken back whole, or not at all where something was built on it."""

from __future__ import annotations

import pytest

from core.casebook import Casebook, Wish, migrations
from core.casebook.database import Database
from core.errors import BadInput
from core.types import Camera, Recorder

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def book(tmp_path):
    with Casebook.open(tmp_path / "casebook.sqlite", now=lambda: 1777593600.0) as opened:
        yield opened


def undo(book: Casebook) -> None:
    change = book.last_change()
    assert change is not None
    book.undo_change(change.batch, by="lee")


def test_names_owners_clocks_and_places_come_back(book):
    first = Camera("c1", EVIL, "n1", 37.5, 127.0, 90.0, 45.0, "ptz")
    clock = Recorder("n1", -12.0, 2.0, 1.0, "photo", 30.0, EVIL, "private", "02-000")
    book.save_camera(first, clock, by="kim")
    book.save_camera(Camera("c1", "other", "n1"), Recorder("n1", 5.0, 30.0), by="kim")
    assert book.last_change().camera_ids == ("c1",)
    undo(book)
    assert book.cameras() == {"c1": first}
    assert book.recorders() == {"n1": clock}
    assert book.verify() is None
    assert EVIL not in str(book.trail())


def test_an_added_camera_goes_with_its_recorder(book):
    book.save_camera(Camera("c1", "a", "n1"), by="kim")
    book.save_camera(Camera("c2", "b", "n2"), by="kim")
    undo(book)
    assert list(book.cameras()) == ["c1"]
    assert list(book.recorders()) == ["n1"]
    undo(book)
    assert (book.cameras(), book.recorders(), book.last_change()) == ({}, {}, None)


def test_a_table_is_taken_back_as_one(book):
    book.save_camera(Camera("c1", "a", "n1"), Recorder("n1", 5.0, 30.0), by="kim")
    book.save_cameras(
        [
            (Camera("c1", "new", "n1"), Recorder("n1", 7.0, 30.0)),
            (Camera("c2", "b", "n1"), Recorder("n1", 7.0, 30.0)),
            (Camera("c3", "c", "n3"), None),
        ],
        by="kim",
    )
    assert book.last_change().camera_ids == ("c1", "c2", "c3")
    undo(book)
    assert {c.name for c in book.cameras().values()} == {"a"}
    assert book.recorders() == {"n1": Recorder("n1", 5.0, 30.0)}


def test_a_camera_that_moves_to_another_recorder_moves_back(book):
    book.save_camera(Camera("c1", "a", "n1"), by="kim")
    book.save_camera(Camera("c1", "a", "n2"), Recorder("n2", 3.0, 2.0), by="kim")
    undo(book)
    assert book.cameras()["c1"].recorder_id == "n1"
    assert list(book.recorders()) == ["n1"]


def test_saving_the_same_again_is_no_change(book):
    for _ in range(2):
        book.save_camera(Camera("c1", "a", "n1"), Recorder("n1", 5.0, 30.0), by="kim")
    undo(book)
    assert book.cameras() == {}


def test_a_camera_with_footage_or_requests_is_not_taken_out(book):
    case = book.new_case("t", "reason")
    book.save_camera(Camera("c1", "a", "n1"), by="kim")
    book.set_coverage("c1", 0.0, 60.0, "searched", by="kim")
    with pytest.raises(BadInput, match="in use already"):
        undo(book)
    book.save_camera(Camera("c2", "b", "n2"), by="kim")
    book.ledger.ask(case, Wish(0.0, 60.0, "c2"), by="kim")
    with pytest.raises(BadInput, match="in use already"):
        undo(book)
    assert list(book.cameras()) == ["c1", "c2"]
    assert book.verify() is None


def test_two_editors_the_older_change_is_not_taken_back_over_the_newer(book):
    book.save_camera(Camera("c1", "a", "n1"), by="kim")
    seen = book.last_change()
    book.save_camera(Camera("c1", "b", "n1"), by="lee")
    with pytest.raises(BadInput, match="not the newest"):
        book.undo_change(seen.batch, by="kim")
    assert book.cameras()["c1"].name == "b"


def test_a_row_changed_behind_the_log_is_left_alone(book):
    book.save_camera(Camera("c1", "a", "n1"), by="kim")
    book.save_camera(Camera("c1", "b", "n1"), by="kim")
    with book._database.write() as c:
        c.exec_driver_sql("UPDATE cameras SET name = 'elsewhere'")
    with pytest.raises(BadInput, match="changed again since"):
        undo(book)
    assert book.cameras()["c1"].name == "elsewhere"


def test_a_casebook_from_before_keeps_its_recorders_and_coverage(tmp_path):
    database = Database(tmp_path / "old.sqlite")
    with database.write() as c:
        migrations.migrate(c, "old", migrations.STEPS[:1])
        c.exec_driver_sql("INSERT INTO recorders VALUES ('n1', 5.0, 2.0, 1.0, 'photo', 7, 'x', '')")
        c.exec_driver_sql(
            "INSERT INTO cameras VALUES ('c1', 'a', 'n1', NULL, NULL, NULL, 30, 'ptz')"
        )
        c.exec_driver_sql("INSERT INTO coverage VALUES (1, 'c1', 0, 60, 'searched', 'kim', 1)")
    database.close()
    with Casebook.open(tmp_path / "old.sqlite") as book:
        assert book.recorders()["n1"] == Recorder("n1", 5.0, 2.0, 1.0, "photo", 7, "x")
        assert [(c.state, c.from_s) for c in book.coverage()] == [("searched", 5.0)]
        assert book.last_change() is None
