"""Folders to be watched in; which they are, and what workers found there, out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from core.casebook import records
from core.casebook.logged import Logged
from core.casebook.records import WATCHED
from core.types import Note

MOST_SEEN = 500  # files of a folder that are remembered


@dataclass(frozen=True)
class Watched:
    """A folder whose new recordings are read by themselves.

    scanned_s  when a worker last looked, None = never;  why: what was wrong with the folder then
    files      {file name: what became of it}
    """

    path: str
    by: str
    added_s: float
    scanned_s: float | None
    why: Note | None
    files: dict[str, Note]


class Folders(Logged):
    """The watched folders of a casebook. The audit does not name them: they may name people."""

    def watch(self, path: str, *, by: str = "") -> None:
        """Watch a folder from now on."""
        with self._database.write() as c:
            if c.execute(sa.select(WATCHED).where(WATCHED.c.path == path)).first() is None:
                n = self._log(c, by, "watch_folder", "folder")
                values = {"n": n, "path": records.path(path), "actor": records.actor(by)}
                c.execute(sa.insert(WATCHED).values(added_s=self._now(), files="{}", **values))

    def unwatch(self, path: str, *, by: str = "") -> None:
        """Stop watching a folder; what was queued stays queued."""
        with self._database.write() as c:
            if c.execute(sa.delete(WATCHED).where(WATCHED.c.path == path)).rowcount:
                self._log(c, by, "unwatch_folder", "folder")

    def watched(self) -> list[Watched]:
        """The folders that are watched, and what was found in them."""
        with self._database.read() as c:
            rows = c.execute(sa.select(WATCHED).order_by(WATCHED.c.n)).all()
        return [
            Watched(
                row.path,
                row.actor or "",
                row.added_s,
                row.scanned_s,
                None if row.why is None else records.note_of(row.why),
                {name: records.note_of(one) for name, one in records.parsed(row.files).items()},
            )
            for row in rows
        ]

    def scanned(self, path: str, files: Mapping[str, Note], why: Note | None = None) -> None:
        """Keep what a look into a folder found."""
        kept = dict(list(files.items())[:MOST_SEEN])
        values = {
            "scanned_s": self._now(),
            "files": json.dumps({name: records.note_json(one) for name, one in kept.items()}),
            "why": None if why is None else records.note_json(why),
        }
        with self._database.write() as c:
            c.execute(sa.update(WATCHED).where(WATCHED.c.path == path).values(**values))
