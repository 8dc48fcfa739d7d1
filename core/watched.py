"""A folder of recordings in; whose each is and when it begins, by its name or a table, out.

Two ways to say it, in one folder:

- the name: ``CAMERA_START`` and any ending, START being ``2026-05-01T090000+0900``; with or without
  signs between the digits, and without a zone that of the workspace. Anything may follow after
  another ``_``: ``c01_20260501-090000_export2.mp4``.
- a table ``recordings.csv`` with the columns file, camera, start, for names that cannot be changed.

Nothing is left out silently: what cannot be read is named, with a sentence.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from core import footage
from core.casebook import Casebook, NewJob
from core.errors import BadInput, DongseonError, FootageError, NotFound
from core.types import Note, note

TABLE = "recordings.csv"
SETTLE_S = 10.0  # a file that did not change for so long is whole
COPYING = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
NOBODYS = ("thumbs.db", "desktop.ini", TABLE)

_NAME = re.compile(
    r"(?P<camera>.+?)_(?P<day>\d{4}-?\d\d-?\d\d)[T_ -]?"
    r"(?P<time>\d\d[:.-]?\d\d[:.-]?\d\d)(?P<zone>Z|[+-]\d\d:?\d\d)?(?:[_ .].*)?"
)


@dataclass(frozen=True)
class Named:
    """A recording in a folder: whose it is and when it begins (camera clock), None = not said.

    why  what is wrong with what its name or the table says, or None
    """

    path: Path
    camera_id: str | None = None
    start_s: float | None = None
    why: Note | None = None


def read_name(name: str, zone: str) -> tuple[str, float]:
    """(camera, start) of a recording's name without its ending. Raises BadInput."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise BadInput(
            "{name} does not say camera and start: name it like c01_2026-05-01T090000+0900.mp4, "
            "or add a line to recordings.csv",
            name=name,
        )
    day, clock = (re.sub(r"\D", "", found[part]) for part in ("day", "time"))
    try:
        moment = datetime.strptime(day + clock, "%Y%m%d%H%M%S")  # noqa: DTZ007 (zone follows)
    except ValueError:
        raise BadInput(
            "{name} does not hold a time that exists: check its date and time", name=name
        ) from None
    return found["camera"], _zoned(moment, found["zone"], zone).timestamp()


def recordings(folder: str | Path, zone: str) -> list[Named]:
    """What lies in a folder, by name. Raises FootageError, BadInput if it cannot be read."""
    place = footage.existing(folder)
    if not place.is_dir():
        raise FootageError("{path} is no folder: name the folder of the files", path=str(folder))
    table = _table(place / TABLE, zone)
    names = sorted(p.name for p in place.iterdir() if not p.name.startswith("."))
    found = [_named(place / name, table, zone) for name in names if name.lower() not in NOBODYS]
    lost = [name for name in table if name not in names]
    return found + [
        Named(place / name, why=note("{name} is in recordings.csv, but not here", name=name))
        for name in lost
    ]


def named(path: str | Path, zone: str) -> Named:
    """One recording, by its name and the table beside it. Raises BadInput."""
    place = Path(path)
    return _named(place, _table(place.parent / TABLE, zone), zone)


class Watcher:
    """Looks into folders again and again, and queues what is new, known and whole."""

    def __init__(self, casebook: Casebook, zone: str, now: Callable[[], float] = time.time) -> None:
        self._casebook = casebook
        self._zone = zone
        self._now = now
        self._seen: dict[Path, tuple[str, float]] = {}

    def look(self) -> int:
        """Look into every watched folder once; returns how many recordings were queued."""
        queued = 0
        for folder in self._casebook.folders.watched():
            try:
                found = recordings(folder.path, self._zone)
            except DongseonError as error:
                self._casebook.folders.scanned(folder.path, {}, Note(error.msgid, error.fields))
                continue
            files: dict[str, Note] = {}
            for one in found:
                files[one.path.name], new = self._look_at(one)
                queued += new
            self._casebook.folders.scanned(folder.path, files)
        return queued

    def _look_at(self, one: Named) -> tuple[Note, bool]:
        """What becomes of a file, and whether it was queued now."""
        if one.path.suffix.lower() in COPYING:
            return note("is being copied: waits until it has its name"), False
        if one.why is not None or one.camera_id is None or one.start_s is None:
            return one.why or note("is not understood"), False
        if one.camera_id not in self._casebook.cameras():
            return note(
                "camera {camera!r} is not known: add it on the camera page",
                camera=one.camera_id[:40],
            ), False
        try:
            stamp = footage.state(one.path)
            if self._casebook.jobs.known(str(one.path.resolve()), stamp):
                return note("is in the list of jobs"), False
            if not self._settled(one.path, stamp):
                return note("is still growing: waits until nothing more comes"), False
            new = NewJob(one.camera_id, str(one.path.resolve()), one.start_s, stamp=stamp)
            self._casebook.jobs.add(new, by="watched-folder")
        except DongseonError as error:
            return Note(error.msgid, error.fields), False
        return note("is in the list of jobs"), True

    def _settled(self, path: Path, stamp: str) -> bool:
        """Whether the file is as it was some seconds ago."""
        before, since = self._seen.get(path, ("", 0.0))
        if before != stamp:
            self._seen[path] = (stamp, self._now())
            return False
        return self._now() - since >= SETTLE_S


def _named(path: Path, table: Mapping[str, tuple[str, float]], zone: str) -> Named:
    if path.name in table:
        return Named(path, *table[path.name])
    if path.suffix.lower() in COPYING:
        return Named(path)
    try:
        return Named(path, *read_name(path.stem if path.is_file() else path.name, zone))
    except BadInput as error:
        return Named(path, why=Note(error.msgid, error.fields))


def _zoned(moment: datetime, written: str | None, zone: str) -> datetime:
    if written is None:
        return moment.replace(tzinfo=ZoneInfo(zone))
    offset = datetime.strptime(written.replace("Z", "+0000"), "%z").tzinfo
    return moment.replace(tzinfo=offset)


def _table(path: Path, zone: str) -> dict[str, tuple[str, float]]:
    """{file: (camera, start)} of the table; empty if there is none. Raises BadInput."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput("{path} cannot be read: {why}", path=path, why=error.strerror) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp949", errors="replace")
    said: dict[str, tuple[str, float]] = {}
    for n, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=2):
        try:
            start = datetime.fromisoformat(row["start"].strip())
            said[row["file"].strip()] = row["camera"].strip(), _begin(start, zone).timestamp()
        except (KeyError, AttributeError, ValueError):
            raise BadInput(
                "{path}, line {line}: the columns are file,camera,start, and a start looks like "
                "2026-05-01 09:00:00",
                path=path,
                line=n,
            ) from None
    return said


def _begin(start: datetime, zone: str) -> datetime:
    return start if start.tzinfo else start.replace(tzinfo=ZoneInfo(zone))


def queue_of(
    named: Named, cameras: Mapping[str, object], between: tuple[float | None, float | None]
) -> NewJob:
    """The job for a recording whose camera and start are said. Raises BadInput, FootageError."""
    if named.camera_id is None or named.start_s is None:
        raise BadInput("{name}: say camera and start", name=named.path.name)
    if named.camera_id not in cameras:
        raise NotFound("camera {camera!r} is not known: add it first", camera=named.camera_id[:40])
    stamp = footage.state(named.path)
    return NewJob(
        named.camera_id, str(named.path.resolve()), named.start_s, between=between, stamp=stamp
    )
