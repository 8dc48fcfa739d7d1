"""Recordings to be read go in; who reads which, how far it is, and what went wrong come out.

A job is the ingest of one recording, or describing anew what one camera showed. A worker claims one
and holds it by a lease, which its heartbeats extend; when a worker dies, its lease ends and another
takes the job over, from the pieces that are finished. Every change of state is one transaction and
one row of the audit; a heartbeat is none, for it decides nothing.

queued -> running -> done, failed, or queued again (later, or by another worker);
queued or running <-> paused; anything unfinished -> cancelled; failed or cancelled -> queued.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.casebook import records
from core.casebook.logged import Logged
from core.casebook.records import CAMERAS, JOBS
from core.errors import BadInput, DongseonError, NotFound
from core.types import Note, note

JobState = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
JobKind = Literal["ingest", "reindex"]
Order = Literal["go", "pause", "cancel", "lost"]

OPEN: tuple[JobState, ...] = ("queued", "running", "paused")
LEASE_S = 60.0
MOST_ATTEMPTS = 5  # without a piece finished in between


@dataclass(frozen=True)
class NewJob:
    """A recording to be read.

    start_s camera clock;  between: true time (from, to), None = open;  stamp: `footage.state` of
    the file when it was added, "" if nobody looked
    kind    "reindex": path is the camera's folder of the gallery, start_s that of its first clip
    """

    camera_id: str
    path: str
    start_s: float
    fps: float = 5.0
    between: tuple[float | None, float | None] = (None, None)
    stamp: str = ""
    kind: JobKind = "ingest"


@dataclass(frozen=True)
class Job(NewJob):
    """A recording that is to be, is being or was read.

    place      where it stands in the queue: lower is earlier; below 0 a person put it there
    done_s     of total_s seconds of footage that are wanted, NaN = not known yet
    speed      seconds of footage read in a second, NaN = not known yet
    attempts   to read it since the last piece was finished
    not_before_s  it waits until then;  why: why it failed, waits or was paused, or None
    """

    id: str = ""
    state: JobState = "queued"
    by: str = ""
    place: float = 0.0
    added_s: float = 0.0
    started_s: float | None = None
    ended_s: float | None = None
    owner: str | None = None
    lease_s: float | None = None
    done_s: float = 0.0
    total_s: float = math.nan
    tracklets: int = 0
    speed: float = math.nan
    attempts: int = 0
    not_before_s: float = 0.0
    asked: str = ""
    why: Note | None = None

    @property
    def left_s(self) -> float:
        """Seconds until it is done at its present speed; NaN = not known."""
        return (self.total_s - self.done_s) / self.speed if self.speed > 0 else math.nan


class Jobs(Logged):
    """The queue of a casebook. Safe to use from threads and from several processes."""

    # what people ask for

    def add(self, new: NewJob, *, by: str = "", first: bool = False) -> str:
        """Queue a recording; returns the job's id, of the one that is open if it is there already.

        first  before all others

        Raises BadInput; NotFound if the camera is not known.
        """
        with self._database.write() as c:
            camera = sa.select(CAMERAS.c.id).where(CAMERAS.c.id == new.camera_id)
            if c.execute(camera).first() is None:
                raise NotFound(
                    "camera {camera!r} is not known: add it on the camera page",
                    camera=new.camera_id[:40],
                )
            same = sa.select(JOBS.c.id).where(JOBS.c.state.in_(OPEN), *_same(new))
            there = c.execute(same).scalar()
            if there is not None:
                return str(there)
            job_id = records.new_id(self._now())
            n = self._log(c, by, "job_queued", job_id, {"camera_id": new.camera_id})
            c.execute(
                sa.insert(JOBS).values(
                    n=n,
                    id=job_id,
                    state="queued",
                    actor=records.actor(by),
                    place=self._front(c) if first else float(n),
                    added_s=self._now(),
                    **_columns(new),
                )
            )
        return job_id

    def pause(self, job_id: str, *, by: str = "") -> None:
        """Stop a job for now: at once if it waits, in a moment if it is being read. BadInput."""
        self._ask(job_id, by, "pause", "paused", ("queued",))

    def cancel(self, job_id: str, *, by: str = "") -> None:
        """Give a job up; what is finished of it stays in the gallery. Raises BadInput."""
        self._ask(job_id, by, "cancel", "cancelled", ("queued", "paused", "failed"))

    def resume(self, job_id: str, *, by: str = "") -> None:
        """Put a paused, failed or cancelled job back into the queue. Raises BadInput."""
        with self._database.write() as c:
            row = _need(c, job_id)
            if row.state == "running" and row.asked == "pause":
                self._set(c, by, job_id, "job_resumed", asked="")
                return
            _must_be(row, ("paused", "failed", "cancelled"))
            again = {"state": "queued", "attempts": 0, "not_before_s": 0.0, "why": None}
            self._set(c, by, job_id, "job_resumed", asked="", ended_s=None, **again)

    def to_front(self, job_id: str, *, by: str = "") -> None:
        """Read this one next. Raises BadInput if it does not wait."""
        with self._database.write() as c:
            _must_be(_need(c, job_id), ("queued", "paused"))
            self._set(c, by, job_id, "job_to_front", place=self._front(c), not_before_s=0.0)

    def all(self) -> list[Job]:
        """Running first, then in the order of the queue, then what ended, the newest first."""
        with self._database.read() as c:
            jobs = [_job(row) for row in c.execute(sa.select(JOBS).order_by(JOBS.c.n))]
        rank = {"running": 0, "queued": 1, "paused": 1}
        ended = [job for job in jobs if job.state not in rank]
        waiting = [job for job in jobs if job.state in rank]
        waiting.sort(key=lambda job: (rank[job.state], job.place))
        return waiting + sorted(ended, key=lambda job: -(job.ended_s or 0.0))

    def get(self, job_id: str) -> Job:
        """One job. Raises NotFound."""
        with self._database.read() as c:
            return _job(_need(c, job_id))

    def known(self, path: str, stamp: str) -> bool:
        """Whether a file, in this state, was ever queued."""
        there = sa.select(JOBS.c.id).where(JOBS.c.path == path, JOBS.c.stamp == stamp).limit(1)
        with self._database.read() as c:
            return c.execute(there).first() is not None

    # what workers do

    def ready(self) -> list[Job]:
        """The jobs that a worker may claim now, in the order of the queue."""
        with self._database.read() as c:
            return [_job(row) for row in self._claimable(c)]

    def claim(
        self, owner: str, *, lease_s: float = LEASE_S, only: Sequence[str] | None = None
    ) -> Job | None:
        """Take the first job that waits, or None; two workers never get one job.

        owner  names the worker;  only: ids, one of which is wanted
        """
        with self._database.write() as c:
            self._take_back(c)
            rows = [row for row in self._claimable(c) if only is None or row.id in only]
            if not rows:
                return None
            job_id, now = rows[0].id, self._now()
            values: dict[str, object] = {
                "state": "running",
                "owner": owner,
                "lease_s": now + lease_s,
                "started_s": rows[0].started_s or now,
                "attempts": rows[0].attempts + 1,
                "asked": "",
                "why": None,
            }
            self._set(c, "", job_id, "job_started", **values)
            return _job(_need(c, job_id))

    def beat(
        self,
        job_id: str,
        owner: str,
        *,
        done_s: float,
        total_s: float,
        tracklets: int,
        speed: float = math.nan,
        piece_done: bool = False,
        lease_s: float = LEASE_S,
    ) -> Order:
        """Say that a worker is alive and how far it is; returns what it is to do.

        "lost": the job is no longer this worker's, which must stop and keep nothing.
        """
        values: dict[str, object] = {
            "lease_s": self._now() + lease_s,
            "done_s": float(done_s),
            "total_s": float(total_s),
            "tracklets": int(tracklets),
            "speed": None if math.isnan(speed) else float(speed),
        }
        if piece_done:
            values["attempts"] = 1
        with self._database.write() as c:
            row = _need(c, job_id)
            if row.state != "running" or row.owner != owner:
                return "lost"
            c.execute(sa.update(JOBS).where(JOBS.c.id == job_id).values(**values))
            order: Order = row.asked if row.asked in ("pause", "cancel") else "go"
            return order

    def settle(
        self,
        job_id: str,
        owner: str,
        state: JobState,
        why: DongseonError | Note | None = None,
        *,
        wait_s: float = 0.0,
    ) -> bool:
        """End a worker's turn: done, failed, paused, cancelled, or queued again after wait_s.

        Returns False, and changes nothing, if the job is no longer this worker's.
        """
        records.one_of("state of a job", state, get_args(JobState))
        with self._database.write() as c:
            row = _need(c, job_id)
            if row.state != "running" or row.owner != owner:
                return False
            said = None if why is None else _sentence(why)
            given_up = state == "queued" and wait_s > 0 and row.attempts >= MOST_ATTEMPTS
            self._end(c, row, "failed" if given_up else state, said, wait_s)
            return True

    def next_s(self) -> float | None:
        """Seconds until a job that waits for its time may be claimed; None = none waits."""
        soonest = sa.select(sa.func.min(JOBS.c.not_before_s)).where(JOBS.c.state == "queued")
        with self._database.read() as c:
            at_s = c.execute(soonest).scalar()
        return None if at_s is None else max(0.0, float(at_s) - self._now())

    # inside

    def _ask(
        self, job_id: str, by: str, order: Order, state: JobState, at_once: Sequence[JobState]
    ) -> None:
        """Bring a job that nobody reads into a state; ask the worker of one that is being read."""
        with self._database.write() as c:
            self._take_back(c)
            row = _need(c, job_id)
            _must_be(row, (*at_once, "running"))
            action = f"job_{state}" if row.state in at_once else f"job_{order}_asked"
            if row.state in at_once:
                ended_s = self._now() if state == "cancelled" else None
                self._set(c, by, job_id, action, state=state, ended_s=ended_s, why=None)
            else:
                self._set(c, by, job_id, action, asked=order)

    def _claimable(self, c: Connection) -> Sequence[Any]:
        """Rows of jobs that wait and may begin; none of a file that is being read already."""
        now = self._now()
        alive = sa.and_(JOBS.c.state == "running", JOBS.c.lease_s > now)
        expired = sa.and_(JOBS.c.state == "running", JOBS.c.lease_s <= now)
        waits = sa.and_(JOBS.c.state == "queued", JOBS.c.not_before_s <= now)
        being_read = set(c.execute(sa.select(JOBS.c.path).where(alive)).scalars())
        rows = c.execute(sa.select(JOBS).where(sa.or_(waits, expired)).order_by(JOBS.c.place))
        return [row for row in rows if row.path not in being_read]

    def _take_back(self, c: Connection) -> None:
        """Jobs whose worker died wait again; what kills its worker every time is given up."""
        dead = sa.select(JOBS).where(JOBS.c.state == "running", JOBS.c.lease_s <= self._now())
        for row in c.execute(dead).all():
            if row.attempts >= MOST_ATTEMPTS:
                why = note(
                    "the program ended {n} times while it read this: export the recording again, "
                    "or leave it out",
                    n=row.attempts,
                )
                self._end(c, row, "failed", why, 0.0)
            elif row.asked == "cancel":
                self._end(c, row, "cancelled", None, 0.0)
            else:
                self._end(c, row, "paused" if row.asked == "pause" else "queued", None, 0.0)

    def _end(
        self, c: Connection, row: Any, state: JobState, why: Note | None, wait_s: float
    ) -> None:
        """Take a running job from its worker."""
        ended_s = self._now() if state in ("done", "failed", "cancelled") else None
        values: dict[str, object] = {
            "state": state,
            "owner": None,
            "lease_s": None,
            "asked": "",
            "ended_s": ended_s,
            "not_before_s": self._now() + wait_s if wait_s else 0.0,
            "why": None if why is None else records.note_json(why),
        }
        if state == "queued" and not wait_s and why is None and row.lease_s > self._now():
            values["attempts"] = max(0, row.attempts - 1)  # stopped on purpose: no attempt failed
        self._set(c, "", row.id, f"job_{state}", **values)

    def _set(self, c: Connection, by: str, job_id: str, action: str, **values: object) -> None:
        """Change a job, and say so in the audit."""
        self._log(c, by, action, job_id)
        c.execute(sa.update(JOBS).where(JOBS.c.id == job_id).values(**values))

    def _front(self, c: Connection) -> float:
        """A place before all jobs that are open."""
        lowest = sa.select(sa.func.min(JOBS.c.place)).where(JOBS.c.state.in_(OPEN))
        return min(0.0, float(c.execute(lowest).scalar() or 0.0)) - 1.0


def _columns(new: NewJob) -> dict[str, object]:
    """The columns of what was asked for, checked."""
    low, high = new.between
    if low is not None and high is not None:
        records.window(low, high)
    records.one_of("kind of job", new.kind, get_args(JobKind))
    return {
        "camera_id": records.known_id("camera", new.camera_id),
        "path": records.path(new.path),
        "start_s": records.number("start", new.start_s),
        "fps": records.number("analysis rate", new.fps),
        "from_s": records.number("beginning", low),
        "to_s": records.number("end", high),
        "stamp": new.stamp,
        "kind": new.kind,
        "done_s": 0.0,
        "tracklets": 0,
        "attempts": 0,
        "not_before_s": 0.0,
        "asked": "",
    }


def _same(new: NewJob) -> list[sa.ColumnElement[bool]]:
    """Conditions of a job that asks for the same."""
    asked = _columns(new)
    names = ("kind", "camera_id", "path", "start_s", "fps", "from_s", "to_s")
    return [JOBS.c[name].is_not_distinct_from(asked[name]) for name in names]


def _job(row: Any) -> Job:
    return Job(
        camera_id=row.camera_id,
        path=row.path,
        start_s=row.start_s,
        fps=row.fps,
        between=(row.from_s, row.to_s),
        stamp=row.stamp,
        kind=row.kind,
        id=row.id,
        state=row.state,
        by=row.actor or "",
        total_s=math.nan if row.total_s is None else row.total_s,
        speed=math.nan if row.speed is None else row.speed,
        why=None if row.why is None else records.note_of(row.why),
        **{name: getattr(row, name) for name in ("place", "added_s", "started_s", "ended_s",
           "owner", "lease_s", "done_s", "tracklets", "attempts", "not_before_s", "asked")},
    )  # fmt: skip


def _need(c: Connection, job_id: str) -> Any:
    """The row of a job; NotFound if there is none."""
    known = records.known_id("job", job_id)
    row = c.execute(sa.select(JOBS).where(JOBS.c.id == known)).first()
    if row is None:
        raise records.not_found("job", job_id)
    return row


STATE_WORDS: dict[str, Note] = {
    "queued": note("it waits in the queue"),
    "running": note("it is being read"),
    "paused": note("it is paused"),
    "done": note("it is done"),
    "failed": note("it failed"),
    "cancelled": note("it was cancelled"),
}


def _must_be(row: Any, states: Sequence[JobState]) -> None:
    if row.state not in states:
        raise BadInput("that cannot be done with this job: {state}", state=STATE_WORDS[row.state])


def _sentence(why: DongseonError | Note) -> Note:
    return why if isinstance(why, Note) else Note(why.msgid, why.fields)
