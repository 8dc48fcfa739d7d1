"""What people decide goes in, the state of every case comes out; each write leaves one audit row.

Cases, photos, verdicts, searches, cameras and coverage, in SQLite or PostgreSQL, shared by several
processes. Times given and returned are true time; what belongs to a camera's footage is stored in
camera-clock time and corrected on reading. The newest verdict on a tracklet counts; undo is a new
row, never a deletion. A row's number is the number of its audit row, so numbers never come back.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.casebook import audit, cameralog, migrations, records
from core.casebook.cameralog import Change
from core.casebook.database import Database
from core.casebook.folders import Folders
from core.casebook.jobs import Jobs
from core.casebook.ledger import Ledger
from core.casebook.logged import Logged
from core.casebook.records import (
    BOXES,
    CAMERAS,
    CASES,
    PHOTOS,
    RECORDERS,
    SEARCHES,
    SIGHTINGS,
    Case,
    Category,
    Coverage,
    Entry,
    Export,
    Search,
    State,
)
from core.casebook.rows import clock_offset_s as _clock_offset_s
from core.casebook.rows import need_case as _need_case
from core.casebook.rows import row as _row
from core.casebook.rows import with_clock as _with_clock
from core.errors import BadInput, DongseonError, NotFound
from core.types import (
    VERDICTS,
    Camera,
    FootageBox,
    LastSeen,
    Photo,
    Recorder,
    Sighting,
    Verdict,
    Want,
)


class Casebook(Logged):
    """The casebook of a workspace. Safe to use from threads; each process opens its own.

    Every method raises Busy when another process holds the database too long, and DongseonError
    when the database is full or damaged. `by` is the acting person's id; it goes into the audit.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        super().__init__(database, now)
        self.jobs = Jobs(database, now)
        self.ledger = Ledger(database, now)
        self.folders = Folders(database, now)

    @classmethod
    def open(
        cls, where: str | Path, *, timeout_s: float = 30.0, now: Callable[[], float] = time.time
    ) -> Casebook:
        """Open, create or migrate the casebook at a file path or a ``postgresql://`` url.

        timeout_s  how long a write waits for another process;  now: the clock, true time

        Raises DongseonError if it is no casebook, damaged, or written by a newer version.
        """
        database = Database(where, timeout_s)
        try:
            with database.write() as connection:
                migrations.migrate(connection, database.where)
        except DongseonError:
            database.close()
            raise
        return cls(database, now)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Casebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # cameras

    def save_camera(
        self, camera: Camera, recorder: Recorder | None = None, *, by: str = ""
    ) -> None:
        """Add or change one camera; see `save_cameras`."""
        self.save_cameras([(camera, recorder)], by=by)

    def save_cameras(
        self, pairs: Iterable[tuple[Camera, Recorder | None]], *, by: str = ""
    ) -> None:
        """Add or change cameras and their recorders, all or none.

        Without a recorder, the one the camera names is kept, or made with an unchecked clock. Old
        and new clocks and positions stay readable in the audit. Raises BadInput.
        """
        with self._database.write() as c:
            batch = audit.head(c).n + 1
            for camera, recorder in pairs:
                before = cameralog.state(c, camera.id, camera.recorder_id)
                n = self._save_camera(c, camera, recorder, by)
                cameralog.keep(c, n, batch, camera, before, by, self._now())

    def last_change(self) -> Change | None:
        """The newest change of cameras that can be taken back."""
        with self._database.read() as c:
            return cameralog.last(c)

    def undo_change(self, batch: int, *, by: str) -> None:
        """Take back that change of cameras; BadInput if it is not the newest, or was built on."""
        with self._database.write() as c:
            newest = cameralog.last(c)
            if newest is None or newest.batch != batch:
                raise BadInput("this change is not the newest any more: look at the cameras again")
            self._log(c, by, "undo_camera", newest.camera_ids[0], {"undoes": batch})
            cameralog.undo(c, batch, self._now())

    def cameras(self) -> dict[str, Camera]:
        """All cameras by id."""
        with self._database.read() as c:
            rows = c.execute(sa.select(CAMERAS).order_by(CAMERAS.c.id)).mappings()
            return {row["id"]: Camera(**row) for row in rows}

    def recorders(self) -> dict[str, Recorder]:
        """All recorders by id."""
        with self._database.read() as c:
            rows = c.execute(sa.select(RECORDERS).order_by(RECORDERS.c.id)).mappings()
            return {row["id"]: Recorder(**row) for row in rows}

    def _save_camera(
        self, c: Connection, camera: Camera, recorder: Recorder | None, by: str
    ) -> int:
        if recorder is not None and recorder.id != camera.recorder_id:
            raise BadInput(
                "camera {camera} belongs to recorder {named}, but recorder {given} was given",
                camera=camera.id, named=camera.recorder_id, given=recorder.id,
            )  # fmt: skip
        detail: dict[str, object] = {}
        if recorder is None and _row(c, RECORDERS, camera.recorder_id) is None:
            recorder = Recorder(camera.recorder_id)
        if recorder is not None:
            records.one_of("way to check a clock", recorder.how, ("photo", "told", "unchecked"))
            owner = records.text("owner", recorder.owner)
            kind = records.text("kind of owner", recorder.owner_kind)
            contact = records.text("contact", recorder.contact)
            clean = replace(recorder, owner=owner, owner_kind=kind, contact=contact)
            detail["recorder"] = {"recorder_id": recorder.id, **_upsert(c, RECORDERS, clean)}
        named = replace(camera, name=records.text("name of the camera", camera.name))
        detail["camera"] = _upsert(c, CAMERAS, named)
        return self._log(c, by, "save_camera", camera.id, detail)

    # cases

    def new_case(
        self,
        title: str,
        reason: str,
        *,
        category: Category = "unspecified",
        basis: str = "",
        by: str = "",
        wanted: Mapping[str, Want] | None = None,
        last_seen: LastSeen | None = None,
        same_clothes: bool = False,
        clothes: str = "",
        height_cm: float | None = None,
    ) -> str:
        """Open a case and return its id, for instance ``2026-0412-k3f9x7qd``.

        title 1-200 characters;  reason 1-2000, mandatory;  basis: the legal basis, up to 500
        clothes: what the attributes cannot say, up to 500

        Text is kept as it is, except that control characters are taken out. Raises BadInput.
        """
        records.one_of("category", category, get_args(Category))
        values: dict[str, object] = {
            "title": records.text("title", title, least=1),
            "reason": records.reason(reason),
            "category": category,
            "basis": records.text("legal basis", basis, most=500, layout=True),
            "actor": records.actor(by),
            "wanted": records.wanted_json(wanted or {}),
            "last_seen": records.last_seen_json(last_seen),
            "same_clothes": int(same_clothes),
            "clothes": records.text("remark on clothes", clothes, most=500, layout=True),
            "height_cm": records.height(height_cm),
            "opened_s": self._now(),
        }
        with self._database.write() as c:
            case_id = self._new_id(c, CASES)
            self._log(c, by, "new_case", case_id, {"category": category})
            c.execute(sa.insert(CASES).values(id=case_id, **values))
        return case_id

    def close_case(self, case: str, *, by: str = "") -> None:
        """Mark a case as closed; nothing is deleted."""
        self._change_case(case, by, "close_case", closed_s=self._now())

    def set_attributes(
        self,
        case: str,
        wanted: Mapping[str, Want],
        *,
        clothes: str | None = None,
        height_cm: float | None = None,
        by: str = "",
    ) -> None:
        """Replace what the person is said to wear and look like; clothes None = as it was."""
        values: dict[str, object] = {"wanted": records.wanted_json(wanted)}
        if clothes is not None:
            values["clothes"] = records.text("remark on clothes", clothes, most=500, layout=True)
            values["height_cm"] = records.height(height_cm)
        self._change_case(case, by, "set_attributes", **values)

    def set_last_seen(self, case: str, last_seen: LastSeen | None, *, by: str = "") -> None:
        """Replace where and when the person was last seen; None = not known."""
        self._change_case(case, by, "set_last_seen", last_seen=records.last_seen_json(last_seen))

    def cases(self) -> list[Case]:
        """All cases, open and closed, newest first."""
        newest = sa.select(CASES).order_by(CASES.c.opened_s.desc(), CASES.c.id.desc())
        with self._database.read() as c:
            return [records.case_of(row) for row in c.execute(newest)]

    def case(self, case: str) -> Case:
        """One case; NotFound if there is none with this id."""
        with self._database.read() as c:
            return _need_case(c, case)

    def _change_case(self, case: str, by: str, action: str, **values: object) -> None:
        with self._database.write() as c:
            _need_case(c, case)
            self._log(c, by, action, case)
            c.execute(sa.update(CASES).where(CASES.c.id == case).values(**values))

    # photos and boxes of the person

    def add_photo(self, case: str, photo: Photo, *, by: str = "") -> None:
        """Keep what is known of a photo; adding it again corrects it, or brings it back."""
        rest = records.photo_columns(photo)
        key = {"sha256": records.sha256(photo.sha256)}
        self._put(PHOTOS, case, key, rest, by, "add_photo", photo.sha256)

    def remove_photo(self, case: str, sha256: str, *, by: str = "") -> None:
        """Take a photo out of the search; `add_photo` undoes it. NotFound if it is not there."""
        key = {"sha256": records.sha256(sha256)}
        self._take_out(PHOTOS, case, key, by, "remove_photo", sha256)

    def photos(self, case: str) -> list[Photo]:
        """Photos in use, in the order they were added."""
        return [records.photo_of(row) for row in self._in_use(PHOTOS, case)]

    def add_box(self, case: str, box: FootageBox, *, by: str = "") -> None:
        """Keep a box drawn in footage; adding a removed box again brings it back."""
        rest: dict[str, object] = {
            "path": records.path(box.path),
            "true_s": records.number("time", box.true_s),
        }
        self._put(BOXES, case, records.box_columns(box), rest, by, "add_box", box.clip_sha256)

    def remove_box(self, case: str, box: FootageBox, *, by: str = "") -> None:
        """Take a box out of the search; `add_box` undoes it. NotFound if it is not there."""
        key = records.box_columns(box)
        self._take_out(BOXES, case, key, by, "remove_box", box.clip_sha256)

    def boxes(self, case: str) -> list[FootageBox]:
        """Boxes in use, in the order they were added."""
        return [records.box_of(row) for row in self._in_use(BOXES, case)]

    def _put(
        self, table: sa.TableClause, case: str, key: Mapping[str, object],
        rest: Mapping[str, object], by: str, action: str, sha256: str,
    ) -> None:  # fmt: skip
        """Insert, or bring back, the row that `key` names."""
        with self._database.write() as c:
            _need_case(c, case)
            n = self._log(c, by, action, case, {"sha256": sha256})
            again = sa.update(table).where(*_equal(table, case, key))
            if not c.execute(again.values(removed_s=None, **rest)).rowcount:
                c.execute(sa.insert(table).values(n=n, case_id=case, **key, **rest))

    def _take_out(
        self, table: sa.TableClause, case: str, key: Mapping[str, object],
        by: str, action: str, sha256: str,
    ) -> None:  # fmt: skip
        with self._database.write() as c:
            _need_case(c, case)
            self._log(c, by, action, case, {"sha256": sha256})
            there = sa.update(table).where(*_equal(table, case, key), table.c.removed_s.is_(None))
            if not c.execute(there.values(removed_s=self._now())).rowcount:
                raise NotFound("case {case} has no such photo or box in use", case=case)

    def _in_use(self, table: sa.TableClause, case: str) -> Sequence[Any]:
        mine = sa.select(table).where(table.c.case_id == case, table.c.removed_s.is_(None))
        with self._database.read() as c:
            _need_case(c, case)
            return c.execute(mine.order_by(table.c.n)).all()

    # verdicts and sightings

    def judge(
        self,
        case: str,
        tracklet_id: str,
        verdict: Verdict,
        *,
        by: str,
        enter_s: float,
        leave_s: float,
        why: str = "",
        camera_id: str | None = None,
        evidence: float = math.nan,
    ) -> None:
        """Say of a tracklet: confirmed, possible, rejected or cannot_tell.

        enter_s, leave_s  true time;  camera_id: None = the one in the tracklet's id;
        evidence  log10 likelihood ratio the machine gave, NaN = none;  by: mandatory

        Raises BadInput; NotFound for an unknown case or camera.
        """
        records.one_of("verdict", verdict, [v for v in VERDICTS if v != "not_here"])
        records.window(enter_s, leave_s)
        camera = records.tracklet_camera(tracklet_id)
        if camera_id not in (None, camera):
            raise BadInput(
                "tracklet {tracklet} is not of camera {camera}",
                tracklet=tracklet_id, camera=camera_id,
            )  # fmt: skip
        sighting = Sighting(
            "cctv", enter_s, leave_s, camera_id=camera, tracklet_id=tracklet_id,
            evidence=evidence, verdict=verdict, why=why,
        )  # fmt: skip
        self._enter(case, "judge", by, sighting)

    def not_here(
        self, case: str, camera_id: str, from_s: float, to_s: float, *, by: str, why: str = ""
    ) -> None:
        """Say that the person did not pass a camera between two true times; by is mandatory."""
        records.window(from_s, to_s)
        sighting = Sighting("cctv", from_s, to_s, camera_id, verdict="not_here", why=why)
        self._enter(case, "not_here", by, sighting)

    def add_sighting(self, case: str, sighting: Sighting, *, by: str = "") -> None:
        """Add what a witness, card, device or patrol says; by, here or in it, is mandatory."""
        if sighting.source == "cctv" or sighting.tracklet_id is not None:
            raise BadInput("a sighting in footage needs a verdict: judge the tracklet instead")
        self._enter(case, "add_sighting", by or sighting.by, sighting)

    def undo_last(self, case: str, *, by: str, tracklet_id: str | None = None) -> Sighting:
        """Take back the newest entry that `by` made and has not taken back; returns it.

        tracklet_id  only entries about this one;  somebody else's entries stay

        Raises BadInput if there is nothing to take back.
        """
        actor = records.decider(by)
        with self._database.write() as c:
            own = [
                (entry.n, entry.sighting)
                for entry in _history(c, case)
                if entry.by == actor and entry.sighting is not None and not entry.undone
                and tracklet_id in (None, entry.sighting.tracklet_id)
            ]  # fmt: skip
            if not own:
                raise BadInput("{by} has entered nothing here that could be undone", by=actor)
            undoes, sighting = own[-1]
            n = self._log(c, by, "undo", case, {"undoes": undoes})
            row = {"n": n, "case_id": case, "actor": actor, "at_s": self._now(), "why": ""}
            c.execute(sa.insert(SIGHTINGS).values(undoes=undoes, **row))
        return sighting

    def sightings(self, case: str) -> list[Sighting]:
        """What stands now, by time: per tracklet the newest verdict, and all else not undone."""
        standing: dict[str | int, Sighting] = {}
        for entry in self.history(case):
            if entry.sighting is not None and not entry.undone:
                standing[entry.sighting.tracklet_id or entry.n] = entry.sighting
        return sorted(standing.values(), key=lambda sighting: sighting.enter_s)

    def history(self, case: str) -> list[Entry]:
        """Every entry and every undo, oldest first."""
        with self._database.read() as c:
            return _history(c, case)

    def _enter(self, case: str, action: str, by: str, sighting: Sighting) -> None:
        actor = records.decider(by)
        records.check_sighting(sighting)
        with self._database.write() as c:
            _need_case(c, case)
            offset_s = 0.0 if sighting.camera_id is None else _clock_offset_s(c, sighting.camera_id)
            footage = sighting.source == "cctv"
            columns = records.sighting_columns(sighting, offset_s if footage else 0.0)
            told = ("source", "verdict", "tracklet_id", "camera_id")
            n = self._log(c, by, action, case, {name: columns[name] for name in told})
            row = {"n": n, "case_id": case, "actor": actor, "at_s": self._now()}
            c.execute(sa.insert(SIGHTINGS).values(**row, **columns))

    # searches, coverage

    def log_search(
        self,
        case: str,
        *,
        reason: str,
        query: Mapping[str, Any],
        n_candidates: int,
        receipt: Mapping[str, Any],
        by: str = "",
    ) -> str:
        """Keep a search with its reason, query and receipt (JSON-able); returns the search's id.

        The audit gets the SHA-256 of query and receipt. Raises BadInput without a reason.
        """
        values: dict[str, object] = {
            "reason": records.reason(reason),
            "query": audit.canonical(query),
            "n_candidates": n_candidates,
            "receipt": audit.canonical(receipt),
            "at_s": self._now(),
        }
        detail = {"n_candidates": n_candidates, "sha256": audit.digest([query, receipt])}
        with self._database.write() as c:
            _need_case(c, case)
            search = self._new_id(c, SEARCHES)
            n = self._log(c, by, "search", case, {"search_id": search, **detail})
            row = {"n": n, "id": search, "case_id": case, "actor": records.actor(by)}
            c.execute(sa.insert(SEARCHES).values(**row, **values))
        return search

    def searches(self, case: str) -> list[Search]:
        """The searches of a case, newest first."""
        mine = sa.select(SEARCHES).where(SEARCHES.c.case_id == case).order_by(SEARCHES.c.n.desc())
        with self._database.read() as c:
            _need_case(c, case)
            return [records.search_of(row) for row in c.execute(mine)]

    def set_coverage(
        self, camera_id: str, from_s: float, to_s: float, state: State, *, by: str = ""
    ) -> None:
        """Say how far the footage of a camera between two true times has come: `Ledger.cover`."""
        self.ledger.cover(camera_id, from_s, to_s, state, by=by)

    def coverage(
        self,
        camera_ids: Iterable[str] | None = None,
        between: tuple[float, float] | None = None,
    ) -> list[Coverage]:
        """What was said about footage, for whichever case: `Ledger.covered`."""
        return self.ledger.covered(camera_ids, between)

    # audit

    def log_export(
        self, case: str | None, what: Export, content: str | bytes, *, by: str = "", **more: object
    ) -> None:
        """Put into the audit that something was taken along, by whom, and its SHA-256.

        case  None = it is of no case;  more: ids and numbers that say which

        Raises BadInput, NotFound.
        """
        records.one_of("kind of export", what, get_args(Export))
        body = content.encode() if isinstance(content, str) else content
        detail = {"what": what, "sha256": hashlib.sha256(body).hexdigest(), **more}
        with self._database.write() as c:
            if case is not None:
                _need_case(c, case)
            self._log(c, by, "export", case or "site", detail)

    def record(
        self, by: str, action: str, subject: str, detail: Mapping[str, object] | None = None
    ) -> None:
        """Put a view or another action that writes nothing else into the audit.

        action  small letters and '_';  subject and detail: ids, numbers and hashes, no text
        """
        with self._database.write() as c:
            self._log(c, by, action, subject, detail)

    def trail(self, subject: str | None = None, *, limit: int = 1000) -> list[audit.Row]:
        """The audit, newest first: all of it or one subject's."""
        with self._database.read() as c:
            return audit.rows(c, subject=subject, limit=limit)

    def head(self) -> audit.Head:
        """The audit's newest row (n, hash), to be remembered elsewhere and given to `verify`."""
        with self._database.read() as c:
            return audit.head(c)

    def verify(self, remembered: audit.Head | None = None) -> audit.Broken | None:
        """The first audit row that does not fit, or None; see `audit.verify`."""
        with self._database.read() as c:
            return audit.verify(c, remembered)

    def _new_id(self, c: Connection, table: sa.TableClause) -> str:
        while True:
            fresh = records.new_id(self._now())
            if _row(c, table, fresh) is None:
                return fresh


def _history(c: Connection, case: str) -> list[Entry]:
    _need_case(c, case)
    query = _with_clock(SIGHTINGS).where(SIGHTINGS.c.case_id == case).order_by(SIGHTINGS.c.n)
    rows = c.execute(query).all()
    undone = {row.undoes for row in rows}
    return [records.entry_of(row, row.n in undone) for row in rows]


def _upsert(c: Connection, table: sa.TableClause, value: Camera | Recorder) -> dict[str, object]:
    """Write the row of a value whose fields are the columns; returns what changed."""
    new = asdict(value)
    old = c.execute(sa.select(table).where(table.c.id == value.id)).mappings().first()
    if old is None:
        c.execute(sa.insert(table).values(**new))
    else:
        c.execute(sa.update(table).where(table.c.id == value.id).values(**new))
    return records.changes(dict(old) if old else {}, new)


def _equal(
    table: sa.TableClause, case: str, key: Mapping[str, object]
) -> list[sa.ColumnElement[bool]]:
    return [table.c.case_id == case, *(table.c[name] == value for name, value in key.items())]
