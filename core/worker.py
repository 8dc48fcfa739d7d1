"""The queue of a workspace in; recordings read, one after the other, until told to stop.

The most probable footage of the open cases comes first, piece by piece, unless a person has said
what is to be read first. Any number of workers may share a queue. A worker that is killed loses the
piece in hand and nothing else.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

from core.casebook import Job, JobState, Order
from core.casebook.jobs import LEASE_S
from core.errors import Busy, DiskFull, DongseonError, Unfinished
from core.foresight import Foresight, foresee
from core.pieces import Piece
from core.recordings import Plan
from core.types import Note, note
from core.watched import Watcher
from core.workspace import Workspace

LOG = logging.getLogger("dongseon.worker")
BEAT_S = 2.0
POLL_S = 1.0
SCAN_S = 5.0
WAIT_S = 15.0  # before the second attempt; twice as long before each further one
LONGEST_WAIT_S = 600.0
SPEED_S = 60.0  # the speed shown is that of the last minute


@dataclass
class _Hold:
    """A job in hand: a thread says that it is alive, and hears what is to be done with it."""

    ws: Workspace
    job: Job
    owner: str
    lease_s: float
    done_s: float = 0.0
    total_s: float = math.nan
    people: int = 0
    order: Order = "go"
    _ended: threading.Event = field(default_factory=threading.Event)
    _marks: deque[tuple[float, float]] = field(default_factory=deque)
    _thread: threading.Thread | None = None

    def __enter__(self) -> _Hold:
        self.done_s, self.total_s = self.job.done_s, self.job.total_s
        self.people = self.job.tracklets
        self._thread = threading.Thread(target=self._beats, name="heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def at(self, done_s: float, people: int) -> None:
        """So far by now."""
        self.done_s, self.people = done_s, people
        now = time.monotonic()
        self._marks.append((now, done_s))
        while len(self._marks) > 2 and now - self._marks[0][0] > SPEED_S:
            self._marks.popleft()

    def beat(self, piece_done: bool = False) -> None:
        """Extend the lease, tell how far it is, and hear what is to be done."""
        with suppress(DongseonError):  # the next beat may get through
            self.order = self.ws.jobs.beat(
                self.job.id,
                self.owner,
                done_s=self.done_s,
                total_s=self.total_s,
                tracklets=self.people,
                speed=self._speed(),
                piece_done=piece_done,
                lease_s=self.lease_s,
            )

    def _speed(self) -> float:
        if len(self._marks) < 2 or self._marks[-1][0] - self._marks[0][0] < 1.0:
            return math.nan
        (from_s, done), (to_s, more) = self._marks[0], self._marks[-1]
        return max(0.0, more - done) / (to_s - from_s)

    def _beats(self) -> None:
        while not self._ended.wait(min(BEAT_S, self.lease_s / 4)):
            self.beat()


class Worker:
    """Reads what is queued. stop: set it and the worker puts its job back and ends in a moment."""

    def __init__(
        self,
        ws: Workspace,
        *,
        stop: threading.Event | None = None,
        lease_s: float = LEASE_S,
        owner: str | None = None,
    ) -> None:
        self.ws = ws
        self.stop = stop or threading.Event()
        self.owner = owner or f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        self._lease_s = lease_s
        self._watcher = Watcher(ws.casebook, ws.zone)
        self._scanned_s = -math.inf
        self._plans: dict[str, Plan] = {}

    def run(self, once: bool = False) -> int:
        """Work until stopped; once: until nothing waits. Returns how many turns were taken."""
        turns = 0
        while not self.stop.is_set():
            try:
                self._scan()
                if self._turn():
                    turns += 1
                    continue
                waits_s = self.ws.jobs.next_s()
            except (Busy, DiskFull) as error:  # the casebook itself cannot be written
                LOG.warning("%s", error)
                waits_s = WAIT_S
            if once and waits_s is None:
                break
            self.stop.wait(POLL_S)
        return turns

    def _scan(self) -> None:
        if time.monotonic() - self._scanned_s >= SCAN_S:
            self._scanned_s = time.monotonic()
            try:
                self._watcher.look()
            except DongseonError as error:  # the recording in hand goes on; the next look may work
                LOG.warning("%s", error)

    def _turn(self) -> bool:
        """Read from the job that comes first, while it does; False if none waits."""
        ready = self.ws.jobs.ready()
        if not ready:
            return False
        first = self._first(ready, foresee(self.ws.casebook))
        job = self.ws.jobs.claim(self.owner, lease_s=self._lease_s, only=[first.id])
        if job is not None:
            self._read(job)
        return True

    def _first(self, jobs: Sequence[Job], ahead: Foresight) -> Job:
        """What a person put first, else what is most probable, else what was queued first."""

        def rank(job: Job) -> tuple[bool, float, float]:
            by_person = job.place < 0
            chance = 0.0 if by_person else self._chance(job, ahead)
            return not by_person, -chance, job.place

        return min(jobs, key=rank)

    def _chance(self, job: Job, ahead: Foresight) -> float:
        """Of its most probable piece that is left; if it was not opened yet, the most it can be."""
        plan = self._plans.get(job.id)
        if plan is None:
            return ahead.chance(job.camera_id, job.start_s, math.inf)
        return max((_chance(p, ahead) for p in self.ws.recordings.left(plan)), default=0.0)

    def _read(self, job: Job) -> None:
        """A job to its end, or until another comes first; every fault ends as a sentence."""
        why: DongseonError | Note | None = None
        state: JobState = "failed"
        wait_s = 0.0
        with _Hold(self.ws, job, self.owner, self._lease_s) as hold:
            try:
                state = self._anew(hold) if job.kind == "reindex" else self._pieces(hold)
            except (Unfinished, Busy) as error:
                wait_s = min(LONGEST_WAIT_S, WAIT_S * 2.0 ** (job.attempts - 1))
                state, why = "queued", error
            except DiskFull as error:
                state, why = "paused", error
            except DongseonError as error:
                why = error
            except OSError as error:
                why = note(
                    "{path} could not be read ({why}): check the disk it lies on",
                    path=job.path,
                    why=error.strerror or type(error).__name__,
                )
            except Exception as error:
                LOG.exception("job %s", job.id)
                why = note(
                    "the program made a mistake while it read this ({fault}): have the log read",
                    fault=type(error).__name__,
                )
            hold.beat()  # how far it came, in the row that stays
        if state != "queued" or why is not None:
            self._plans.pop(job.id, None)
        with suppress(Busy, DiskFull):  # if even that cannot be written, its lease will end
            self.ws.jobs.settle(job.id, self.owner, state, why, wait_s=wait_s)

    def _pieces(self, hold: _Hold) -> JobState:
        """Look at the pieces that are left, the most probable first -> what becomes of the job."""
        plan = self._plan(hold.job)
        hold.total_s = plan.total_s
        while left := self.ws.recordings.left(plan):
            ahead = foresee(self.ws.casebook)
            piece = max(left, key=lambda one: _chance(one, ahead))  # of equals the earliest
            hold.at(plan.total_s - _length_s(left), self.ws.recordings.people(plan))
            hold.beat(piece_done=len(left) < len(plan.wanted))
            if self._another_first(hold.job, ahead):
                return "queued"
            state = self._look(hold, plan, piece)
            if state is not None:
                return state
        self.ws.recordings.note_done(plan)
        hold.at(plan.total_s, self.ws.recordings.people(plan))
        return "done"

    def _anew(self, hold: _Hold) -> JobState:
        """Describe anew what a camera showed, clip by clip -> what becomes of the job."""
        left = self.ws.recordings.outdated(hold.job.camera_id)
        hold.done_s, hold.people = 0.0, 0
        hold.total_s = sum(clip.duration_s for clip in left)
        hold.beat()
        for clip in left:
            with closing(self.ws.recordings.anew(clip)) as describing:
                for n in describing:
                    hold.people += n
                    self._scan()
                    if (state := self._told(hold)) is not None:
                        return state
            hold.at(hold.done_s + clip.duration_s, hold.people)
            hold.beat(piece_done=True)
        return "done"

    def _told(self, hold: _Hold) -> JobState | None:
        """What becomes of a job that is not to go on; None: it goes on."""
        if self.stop.is_set():
            return "queued"
        if hold.order != "go":
            return "paused" if hold.order == "pause" else "cancelled"
        return None

    def _look(self, hold: _Hold, plan: Plan, piece: Piece) -> JobState | None:
        """Look at one piece -> None when it is kept, else what becomes of the job."""
        before_s, people = hold.done_s, hold.people
        looking = self.ws.recordings.look(plan, piece)
        with closing(looking):
            for step in looking:
                hold.at(before_s + step.done, people + step.tracklets)
                self._scan()
                if (state := self._told(hold)) is not None:
                    return state
        return None

    def _plan(self, job: Job) -> Plan:
        if job.id not in self._plans:
            self._plans[job.id] = self.ws.recordings.plan(
                job.path,
                camera=job.camera_id,
                start_s=job.start_s,
                fps=job.fps,
                between=job.between,
                by=job.by,
            )
        return self._plans[job.id]

    def _another_first(self, job: Job, ahead: Foresight) -> bool:
        """Whether a job that waits comes before the one in hand."""
        waiting = self.ws.jobs.ready()
        return bool(waiting) and self._first([job, *waiting], ahead).id != job.id


def _chance(piece: Piece, ahead: Foresight) -> float:
    clip = piece.clip
    return ahead.chance(clip.camera_id, clip.start_s, clip.end_s)


def _length_s(pieces: Sequence[Piece]) -> float:
    return sum(piece.clip.duration_s for piece in pieces)
