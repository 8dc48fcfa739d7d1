"""A database and a clock in; what every part of a casebook stands on, out: no write unlogged."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.engine import Connection

from core.casebook import audit, records
from core.casebook.database import Database


class Logged:
    """A part of a casebook. now: the clock, true time."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def _log(
        self,
        c: Connection,
        by: str,
        action: str,
        subject: str,
        detail: Mapping[str, object] | None = None,
    ) -> int:
        """Add a row to the audit inside a write transaction; returns its number."""
        return audit.append(
            c,
            at_s=self._now(),
            actor=records.actor(by),
            action=action,
            subject=subject,
            detail=detail or {},
        )
