"""Actions in, a chain of hashes out: rows that can be added but not changed or taken away unseen.

Every row holds the hash of the row before it. The chain shows a changed, missing or inserted row;
somebody who rewrites all of it to the end, or cuts off its end, is seen by comparing with a head
remembered elsewhere. Only ids, numbers and hashes go in: the audit outlives the purge of a case.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.errors import BadInput
from core.types import Note, note

GENESIS = "0" * 64  # the hash before the first row
COLUMNS = ("n", "at_s", "actor", "action", "subject", "detail", "prev_hash", "hash")
AUDIT = sa.table("audit", *map(sa.column, COLUMNS))

_ACTION = re.compile(r"[a-z][a-z_]{0,31}")
_PSEUDONYM = re.compile(r"[A-Za-z0-9_./:+-]{0,160}")  # no spaces, no letters a name is written in


class Head(NamedTuple):
    """The newest row's number (0 = no row yet) and hash: worth keeping outside the database."""

    n: int
    hash: str


@dataclass(frozen=True)
class Row:
    """One action. at_s true time; actor None = not given; detail numbers, ids and hashes."""

    n: int
    at_s: float
    actor: str | None
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class Broken:
    """The first row that does not fit, and why. n is the row's place in the chain, from 1."""

    n: int
    why: Note


def canonical(value: object) -> str:
    """JSON with one spelling: keys sorted, no spaces, ASCII; numbers that are not finite are null.

    Raises TypeError for what JSON does not know.
    """
    return json.dumps(_finite(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def append(
    connection: Connection,
    *,
    at_s: float,
    actor: str | None,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> int:
    """Add one row inside a write transaction; returns its number.

    The transaction holds the write lock since it began, so nobody can add a row between reading
    the head and writing; `unique(prev_hash)` holds that against any other program.

    Raises BadInput if the subject or the detail holds anything but ids, numbers and hashes.
    """
    if not _ACTION.fullmatch(action):
        raise BadInput("{action!r} is no action: use small letters and '_'", action=action[:40])
    _check_pseudonymous([subject, detail])
    before = head(connection)
    row: dict[str, object] = {
        "n": before.n + 1,
        "at_s": float(at_s),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": canonical(detail),
        "prev_hash": before.hash,
    }
    connection.execute(sa.insert(AUDIT).values(**row, hash=digest(row)))
    return before.n + 1


def head(connection: Connection) -> Head:
    """Number and hash of the newest row; (0, GENESIS) before the first."""
    newest = connection.execute(
        sa.select(AUDIT.c.n, AUDIT.c.hash).order_by(AUDIT.c.n.desc()).limit(1)
    ).first()
    return Head(newest.n, newest.hash) if newest else Head(0, GENESIS)


def verify(connection: Connection, remembered: Head | None = None) -> Broken | None:
    """The first row that breaks the chain, or None if all of it holds.

    remembered  an earlier `head`: also finds a chain that was cut off or rewritten since
    """
    n, prev_hash = 0, GENESIS
    rows = connection.execute(
        sa.select(AUDIT).order_by(AUDIT.c.n), execution_options={"yield_per": 1000}
    )
    for row in rows.mappings():
        n += 1
        if why := _wrong(dict(row), n, prev_hash):
            return Broken(n, why)
        prev_hash = row["hash"]
        if remembered and n == remembered.n and prev_hash != remembered.hash:
            return Broken(n, note("audit row {n} is not the row that was seen before", n=n))
    if remembered and n < remembered.n:
        why = note("the audit ends before row {n}: {cut} rows are gone", n=n + 1,
                   cut=remembered.n - n)  # fmt: skip
        return Broken(n + 1, why)
    return None


def rows(connection: Connection, *, subject: str | None = None, limit: int = 1000) -> list[Row]:
    """The newest rows first, all or those about one subject."""
    query = sa.select(AUDIT).order_by(AUDIT.c.n.desc()).limit(limit)
    if subject is not None:
        query = query.where(AUDIT.c.subject == subject)
    return [
        Row(r.n, r.at_s, r.actor, r.action, r.subject, _detail(r.detail), r.hash)
        for r in connection.execute(query)
    ]


def _wrong(row: dict[str, Any], n: int, prev_hash: str) -> Note | None:
    if row["n"] != n:
        return note("audit row {n} is missing", n=n)
    if row["prev_hash"] != prev_hash:
        return note("audit row {n} does not follow the row before it", n=n)
    stored = row.pop("hash")
    if any(isinstance(value, bytes) for value in row.values()) or digest(row) != stored:
        return note("audit row {n} was changed after it was written", n=n)
    return None


def _detail(text: str) -> Mapping[str, Any]:
    """A row somebody damaged is still listed, without its detail: `verify` is what names it."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None  # false for NaN too
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def _check_pseudonymous(value: object) -> None:
    if isinstance(value, str) and not _PSEUDONYM.fullmatch(value):
        raise BadInput(
            "the audit keeps ids, numbers and hashes, no text: {value!r} cannot go in",
            value=value[:40],
        )
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            _check_pseudonymous(item)
