"""The audit: rows are only added; whoever changes one is found, even after dropping the guards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.casebook import Casebook, audit
from core.errors import BadInput

GUARDS = ("audit_no_update", "audit_no_delete", "audit_chain")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "casebook.db"
    with Casebook.open(path) as book:
        for n in range(1, 7):
            book.record("lee", "view", f"c1/clip/{n}", {"k": n})
    return path


@pytest.fixture
def raw(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(file, isolation_level=None)
    yield connection
    connection.close()


def attack(raw: sqlite3.Connection, *statements: str) -> None:
    """What somebody with the file and sqlite3 can do."""
    for guard in GUARDS:
        raw.execute(f"DROP TRIGGER {guard}")
    for statement in statements:
        raw.execute(statement)


def broken(file: Path, remembered: audit.Head | None = None) -> audit.Broken | None:
    with Casebook.open(file) as book:
        return book.verify(remembered)


def test_an_untouched_chain_holds(file: Path) -> None:
    assert broken(file) is None


def test_an_empty_chain_holds_and_has_the_genesis_head(tmp_path: Path) -> None:
    with Casebook.open(tmp_path / "new.db") as book:
        assert book.head() == (0, audit.GENESIS)
        assert book.verify() is None
        assert book.verify(book.head()) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'kim' WHERE n = 3",
        "DELETE FROM audit WHERE n = 6",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT n, at_s, 'kim', action, subject, detail, prev_hash,"
        " hash FROM audit WHERE n = 3",
        "INSERT OR REPLACE INTO audit SELECT 7, at_s, 'kim', action, subject, detail, prev_hash,"
        " 'x' FROM audit WHERE n = 6",
        "INSERT INTO audit SELECT 9, at_s, actor, action, subject, detail, hash, 'x'"
        " FROM audit WHERE n = 6",
    ],
)
def test_the_database_itself_refuses_to_change_the_past(raw, file: Path, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(statement)
    assert broken(file) is None


def test_the_database_refuses_to_change_a_verdict(file: Path, raw: sqlite3.Connection) -> None:
    raw.execute(
        "INSERT INTO cases (id, title, reason, category, basis, wanted, same_clothes, opened_s)"
        " VALUES ('x', 't', 'r', 'adult', '', '{}', 0, 0)"
    )
    raw.execute(
        "INSERT INTO sightings (n, case_id, source, why, actor, at_s)"
        " VALUES (1, 'x', 'card', '', 'l', 0)"
    )
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE sightings SET verdict = 'confirmed'")


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE audit SET actor = 'kim' WHERE n = 3", 3),
        ("UPDATE audit SET actor = NULL WHERE n = 3", 3),
        ("UPDATE audit SET at_s = at_s + 1e-6 WHERE n = 3", 3),
        ("UPDATE audit SET detail = '{\"k\": 3}' WHERE n = 3", 3),
        ("UPDATE audit SET detail = x'7b7d' WHERE n = 3", 3),
        ("UPDATE audit SET subject = 'c2' WHERE n = 1", 1),
        ("UPDATE audit SET hash = 'x' || substr(hash, 2) WHERE n = 6", 6),
        ("DELETE FROM audit WHERE n = 1", 1),
        ("DELETE FROM audit WHERE n = 4", 4),
        ("UPDATE audit SET n = 40 WHERE n = 4", 4),
        ("INSERT INTO audit SELECT 7, at_s, actor, action, subject, detail, 'y', 'x' FROM audit"
         " WHERE n = 6", 7),
    ],
)  # fmt: skip
def test_tampering_is_found_and_the_row_is_named(raw, file: Path, statement: str, row: int) -> None:
    attack(raw, statement)
    found = broken(file)
    assert found is not None
    assert found.n == row
    assert f"row {row} " in str(found.why)


def test_a_row_changed_together_with_its_hash_breaks_the_next_row(raw, file: Path) -> None:
    columns = ", ".join(audit.COLUMNS[:-1])
    values = raw.execute(f"SELECT {columns} FROM audit WHERE n = 3").fetchone()
    row = dict(zip(audit.COLUMNS, values, strict=False)) | {"actor": "kim"}
    attack(raw, f"UPDATE audit SET actor = 'kim', hash = '{audit.digest(row)}' WHERE n = 3")
    found = broken(file)
    assert found is not None
    assert found.n == 4
    assert "does not follow" in str(found.why)


def test_deleting_and_renumbering_is_found(raw: sqlite3.Connection, file: Path) -> None:
    attack(raw, "DELETE FROM audit WHERE n = 4", "UPDATE audit SET n = n - 1 WHERE n > 4")
    found = broken(file)
    assert found is not None
    assert found.n == 4


def test_rows_cut_off_at_the_end_are_found_by_a_remembered_head(raw, file: Path) -> None:
    with Casebook.open(file) as book:
        remembered = book.head()
    attack(raw, "DELETE FROM audit WHERE n > 4")
    assert broken(file) is None  # nothing inside the chain can show it
    found = broken(file, remembered)
    assert found is not None
    assert found.n == 5
    assert "2 rows are gone" in str(found.why)


def test_a_chain_rewritten_to_its_end_is_found_by_a_remembered_head(raw, file: Path) -> None:
    with Casebook.open(file) as book:
        remembered = book.head()
    attack(raw, "DELETE FROM audit WHERE n > 2")
    with Casebook.open(file) as book:
        for n in range(3, 9):
            book.record("lee", "view", f"c9/clip/{n}")
        assert book.verify() is None
        found = book.verify(remembered)
    assert found is not None
    assert found.n == remembered.n


def test_a_remembered_head_still_holds_after_more_rows(file: Path) -> None:
    with Casebook.open(file) as book:
        remembered = book.head()
        book.record("lee", "export", "c1")
        assert book.verify(remembered) is None


def test_a_damaged_detail_is_still_listed(raw: sqlite3.Connection, file: Path) -> None:
    attack(raw, "UPDATE audit SET detail = 'not json' WHERE n = 6")
    with Casebook.open(file) as book:
        assert [row.n for row in book.trail(limit=2)] == [6, 5]
        assert book.trail(limit=1)[0].detail == {}


@pytest.mark.parametrize(
    "call",
    [
        lambda book: book.record("lee", "view", "홍길동"),
        lambda book: book.record("lee", "view", "two words"),
        lambda book: book.record("lee", "view", "c1", {"why": "she ran"}),
        lambda book: book.record("lee", "view", "c1", {"deep": [{"a b": 1}]}),
        lambda book: book.record("lee", "View it", "c1"),
    ],
)
def test_text_does_not_get_in(file: Path, call: Callable[[Casebook], None]) -> None:
    with Casebook.open(file) as book:
        with pytest.raises(BadInput):
            call(book)
        assert book.head().n == 6


@given(JSON)
def test_equal_values_have_one_spelling_and_one_hash(value: object) -> None:
    def turned(item: object) -> object:
        if isinstance(item, dict):
            return {key: turned(item[key]) for key in reversed(item)}
        return tuple(map(turned, item)) if isinstance(item, list) else item

    assert audit.canonical(value) == audit.canonical(turned(value))
    assert audit.digest(value) == audit.digest(turned(value))


def test_numbers_that_are_none_are_null() -> None:
    nothing = [float("nan"), float("inf"), -float("inf"), 0.5]
    assert audit.canonical({"b": nothing, "a": "é"}) == '{"a":"\\u00e9","b":[null,null,null,0.5]}'
