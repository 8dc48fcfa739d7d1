"""A connection and an id in, the row it names out, or a sentence that there is none."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.casebook import records
from core.casebook.records import CAMERAS, CASES, RECORDERS, Case


def row(c: Connection, table: sa.TableClause, row_id: str) -> Any:
    """The row of a table with this id, or None."""
    return c.execute(sa.select(table).where(table.c.id == row_id)).first()


def need_case(c: Connection, case: str) -> Case:
    """One case; NotFound if there is none with this id."""
    found = row(c, CASES, records.known_id("case", case))
    if found is None:
        raise records.not_found("case", case)
    return records.case_of(found)


def clock_offset_s(c: Connection, camera_id: str) -> float:
    """Seconds to add to the camera's clock; NotFound for an unknown camera."""
    camera = row(c, CAMERAS, records.known_id("camera", camera_id))
    if camera is None:
        raise records.not_found("camera", camera_id)
    return float(row(c, RECORDERS, camera.recorder_id).clock_offset_s)


def with_clock(table: sa.TableClause) -> sa.Select[Any]:
    """Rows of a table with the clock_offset_s of their camera's recorder, None without camera."""
    return (
        sa.select(table, RECORDERS.c.clock_offset_s)
        .outerjoin_from(table, CAMERAS, CAMERAS.c.id == table.c.camera_id)
        .outerjoin(RECORDERS, RECORDERS.c.id == CAMERAS.c.recorder_id)
    )
