"""Changes of cameras in, the newest of them taken back out.

The audit tells what changed in numbers only; names and owners must come back, too, so every change
keeps both states. What was saved together (a table of cameras) is taken back together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from core.casebook import records
from core.casebook.records import CAMERA_CHANGES, CAMERAS, COVERAGE, RECORDERS
from core.errors import BadInput
from core.types import Camera

State = dict[str, dict[str, Any] | None]  # {"camera": columns or None, "recorder": likewise}


@dataclass(frozen=True)
class Change:
    """The newest change of cameras that can be taken back: camera ids, by whom, when."""

    batch: int
    camera_ids: tuple[str, ...]
    by: str
    at_s: float


def state(c: Connection, camera_id: str, recorder_id: str) -> State:
    """A camera and a recorder as their rows stand."""
    return {
        "camera": _columns(c, CAMERAS, camera_id),
        "recorder": _columns(c, RECORDERS, recorder_id),
    }


def keep(
    c: Connection, n: int, batch: int, camera: Camera, before: State, by: str, at_s: float
) -> None:
    """Note one change, after it was written; nothing is noted where nothing changed."""
    after = state(c, camera.id, camera.recorder_id)
    if after == before:
        return
    row = {"n": n, "batch": batch, "camera_id": camera.id, "recorder_id": camera.recorder_id}
    both = {"before": json.dumps(before), "after": json.dumps(after)}
    c.execute(sa.insert(CAMERA_CHANGES).values(**row, **both, actor=records.actor(by), at_s=at_s))


def last(c: Connection) -> Change | None:
    """The newest change that was not taken back, by whomever; None if there is none."""
    open_ = CAMERA_CHANGES.c.removed_s.is_(None)
    batch = c.execute(sa.select(sa.func.max(CAMERA_CHANGES.c.batch)).where(open_)).scalar()
    if batch is None:
        return None
    rows = _rows(c, batch)
    return Change(batch, tuple(row.camera_id for row in rows), rows[0].actor or "", rows[0].at_s)


def undo(c: Connection, batch: int, at_s: float) -> None:
    """Put back what a batch changed, newest first.

    Raises BadInput if something was changed since, or footage of an added camera is known.
    """
    for row in reversed(_rows(c, batch)):
        before, after = records.parsed(row.before), records.parsed(row.after)
        if state(c, row.camera_id, row.recorder_id) != after:
            raise BadInput(
                "camera {camera} was changed again since: correct it by hand", camera=row.camera_id
            )
        _put_back(c, row.camera_id, row.recorder_id, before)
        done = sa.update(CAMERA_CHANGES).where(CAMERA_CHANGES.c.n == row.n)
        c.execute(done.values(removed_s=at_s))


def _put_back(c: Connection, camera_id: str, recorder_id: str, before: State) -> None:
    """The rows as they were. A recorder goes before its camera comes, and after it left."""
    if before["camera"] is None:
        _remove(c, CAMERAS, camera_id)
    if before["recorder"] is not None:
        _write(c, RECORDERS, recorder_id, before["recorder"])
    if before["camera"] is not None:
        _write(c, CAMERAS, camera_id, before["camera"])
    if before["recorder"] is None:
        _remove(c, RECORDERS, recorder_id)


def _write(c: Connection, table: sa.TableClause, row_id: str, values: Mapping[str, Any]) -> None:
    c.execute(sa.update(table).where(table.c.id == row_id).values(**values))


def _remove(c: Connection, table: sa.TableClause, row_id: str) -> None:
    """Delete a row that nothing refers to; BadInput otherwise."""
    known = sa.select(COVERAGE.c.n).where(COVERAGE.c.camera_id == row_id).limit(1)
    refused = table is CAMERAS and c.execute(known).first() is not None
    if not refused:
        try:
            with c.begin_nested():
                c.execute(sa.delete(table).where(table.c.id == row_id))
        except IntegrityError:
            refused = True
    if refused:
        raise BadInput(
            "{camera} is in use already and cannot be taken out: correct it instead", camera=row_id
        )


def _rows(c: Connection, batch: int) -> list[Any]:
    mine = sa.select(CAMERA_CHANGES).where(CAMERA_CHANGES.c.batch == batch)
    return list(c.execute(mine.order_by(CAMERA_CHANGES.c.n)))


def _columns(c: Connection, table: sa.TableClause, row_id: str) -> dict[str, Any] | None:
    row = c.execute(sa.select(table).where(table.c.id == row_id)).mappings().first()
    return dict(row) if row is not None else None
