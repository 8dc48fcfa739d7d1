"""What is known about footage and what owners were asked in; both, as they stand now, out.

Statements about footage and the moments of asking are kept in camera-clock time, so a corrected
clock moves them with their footage; the window in which a person may have passed is true time.
Nothing is overwritten: a later row counts, and taking back marks a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.casebook import records
from core.casebook.logged import Logged
from core.casebook.records import COVERAGE, RECORDERS, REQUEST_STATES, REQUESTS, Coverage, State
from core.casebook.rows import clock_offset_s, need_case, with_clock
from core.errors import BadInput
from core.types import check_place, safe_id

Asked = Literal["to_ask", "asked", "received", "refused", "overwritten", "not_needed"]
OF_ONE_CASE = ("not_requested", "requested", "refused", "looked")
"""States that say something about one case only; the others are facts about the footage."""

SAME_SPAN_S = 0.5


@dataclass(frozen=True)
class Wish:
    """Footage to ask an owner for: of a known camera, or of a place nobody has entered yet.

    from_s, to_s  true time in which the person may have passed;  probability of that, or None
    """

    from_s: float
    to_s: float
    camera_id: str | None = None
    place: str = ""
    owner_kind: str = ""
    owner: str = ""
    contact: str = ""
    lat: float | None = None
    lon: float | None = None
    probability: float | None = None


@dataclass(frozen=True)
class Request:
    """A wish, how far it has come, and who said so when.

    asked  (from, to) on the recorder's clock as it was asked for, or None
    """

    n: int
    case_id: str
    wish: Wish
    state: Asked
    by: str
    at_s: float
    asked: tuple[float, float] | None = None


class Ledger(Logged):
    """The coverage and the requests of a casebook; `Casebook.ledger`.

    Methods raise as those of Casebook do.
    """

    # footage

    def cover(
        self,
        camera_id: str,
        from_s: float,
        to_s: float,
        state: State,
        *,
        by: str = "",
        case: str | None = None,
    ) -> None:
        """Say how far the footage of a camera between two true times has come.

        case  what a person says on a case's page; None = the machine, about the footage itself
        """
        records.one_of("state of footage", state, get_args(State))
        records.window(from_s, to_s)
        with self._database.write() as c:
            if case is not None:
                need_case(c, case)
            offset_s = clock_offset_s(c, camera_id)
            span = {"from_s": from_s - offset_s, "to_s": to_s - offset_s}
            n = self._log(c, by, "set_coverage", camera_id, {"state": state, **span})
            row = {"n": n, "camera_id": camera_id, "state": state, "at_s": self._now(), **span}
            c.execute(sa.insert(COVERAGE).values(actor=records.actor(by), case_id=case, **row))

    def cover_footage(
        self, camera_id: str, spans: Sequence[tuple[State, float, float]], *, by: str = ""
    ) -> None:
        """Say of footage that was looked at, once: (state, from, to) true time, all or none.

        Nothing happens if the first of the spans was said before, so two processes that finish
        the same footage, or one that was killed and did it again, say it once.
        """
        with self._database.write() as c:
            offset_s = clock_offset_s(c, camera_id)
            for n_said, (state, low, high) in enumerate(spans):
                records.one_of("state of footage", state, get_args(State))
                records.window(low, high)
                span = {"from_s": low - offset_s, "to_s": high - offset_s}
                if not n_said and _said(c, camera_id, state, **span):
                    return
                if high > low:
                    n = self._log(c, by, "set_coverage", camera_id, {"state": state, **span})
                    row = {"n": n, "camera_id": camera_id, "state": state, "at_s": self._now()}
                    c.execute(sa.insert(COVERAGE).values(actor=records.actor(by), **row, **span))

    def covered(
        self,
        camera_ids: Iterable[str] | None = None,
        between: tuple[float, float] | None = None,
        *,
        case: str | None = None,
    ) -> list[Coverage]:
        """What was said about footage, oldest first: where two overlap, the later one counts.

        camera_ids  None = all;  between: true (from, to), None = always
        case        leave out what was said for other cases only; None = everything
        """
        offset_s = RECORDERS.c.clock_offset_s
        query = with_clock(COVERAGE).where(COVERAGE.c.removed_s.is_(None)).order_by(COVERAGE.c.n)
        if camera_ids is not None:
            asked = [safe_id(camera_id, "camera id") for camera_id in camera_ids]
            query = query.where(COVERAGE.c.camera_id.in_(asked))
        if between is not None:
            query = query.where(COVERAGE.c.from_s + offset_s < between[1])
            query = query.where(COVERAGE.c.to_s + offset_s > between[0])
        if case is not None:
            mine = COVERAGE.c.case_id.is_(None) | (COVERAGE.c.case_id == case)
            query = query.where(mine | COVERAGE.c.state.not_in(OF_ONE_CASE))
        with self._database.read() as c:
            return [records.coverage_of(row) for row in c.execute(query)]

    def uncover(self, case: str, *, by: str) -> None:
        """Take back the newest statement about footage that `by` made in this case."""
        actor = records.decider(by)
        with self._database.write() as c:
            need_case(c, case)
            n = _newest(c, COVERAGE, COVERAGE.c.case_id == case, COVERAGE.c.actor == actor)
            if n == 0:
                raise _nothing(actor)
            self._take_back(c, COVERAGE, n, case, by)

    # requests

    def ask(self, case: str, wish: Wish, *, by: str) -> int:
        """Put footage on the list of what to ask for; returns the request's number.

        Raises BadInput for a window that is none or a wish without camera and place.
        """
        records.window(wish.from_s, wish.to_s)
        if wish.lat is not None and wish.lon is not None:
            check_place(wish.lat, wish.lon)
        elif wish.lat is not None or wish.lon is not None:
            raise BadInput("the place: give both latitude and longitude, or neither")
        values = {
            "place": records.text("place", wish.place, least=0 if wish.camera_id else 1).strip(),
            "owner": records.text("owner", wish.owner),
            "contact": records.text("contact", wish.contact),
            "owner_kind": records.text("kind of owner", wish.owner_kind),
            "probability": records.number("chance", wish.probability),
        }
        plain = {
            name: getattr(wish, name) for name in ("camera_id", "from_s", "to_s", "lat", "lon")
        }
        actor = records.decider(by)
        with self._database.write() as c:
            need_case(c, case)
            if wish.camera_id is not None:
                clock_offset_s(c, wish.camera_id)  # the camera must be known
            told = {name: plain[name] for name in ("camera_id", "from_s", "to_s")}
            n = self._log(c, by, "ask", case, told)
            row = {"n": n, "case_id": case, "actor": actor, "at_s": self._now()}
            c.execute(sa.insert(REQUESTS).values(**row, **plain, **values))
        return n

    def answer(
        self,
        case: str,
        request: int,
        state: Asked,
        *,
        by: str,
        asked: tuple[float, float] | None = None,
    ) -> None:
        """Say how far a request has come. asked: (from, to) on the recorder's clock.

        Raises BadInput; NotFound for a request that is not one of this case.
        """
        records.one_of("state of a request", state, get_args(Asked))
        if asked is not None:
            records.window(*asked)
        actor = records.decider(by)
        mine = sa.select(REQUESTS.c.n).where(REQUESTS.c.n == request, REQUESTS.c.case_id == case)
        with self._database.write() as c:
            need_case(c, case)
            if c.execute(mine.where(REQUESTS.c.removed_s.is_(None))).first() is None:
                raise records.not_found("request", str(request))
            n = self._log(c, by, "answer", case, {"request": request, "state": state})
            low, high = asked or (None, None)
            row = {"n": n, "request_n": request, "state": state, "actor": actor}
            times = {"asked_from_s": low, "asked_to_s": high, "at_s": self._now()}
            c.execute(sa.insert(REQUEST_STATES).values(**row, **times))

    def unask(self, case: str, *, by: str) -> None:
        """Take back the newest request or answer that `by` entered in this case."""
        actor = records.decider(by)
        own = sa.select(REQUESTS.c.n).where(REQUESTS.c.case_id == case)
        with self._database.write() as c:
            need_case(c, case)
            asked = _newest(c, REQUESTS, REQUESTS.c.case_id == case, REQUESTS.c.actor == actor)
            answers = (REQUEST_STATES.c.request_n.in_(own), REQUEST_STATES.c.actor == actor)
            answered = _newest(c, REQUEST_STATES, *answers)
            if not max(asked, answered):
                raise _nothing(actor)
            table = REQUESTS if asked > answered else REQUEST_STATES
            if asked > answered and _newest(c, REQUEST_STATES, REQUEST_STATES.c.request_n == asked):
                raise BadInput("somebody else has answered this request: it stays on the list")
            self._take_back(c, table, max(asked, answered), case, by)

    def requests(self, case: str) -> list[Request]:
        """The requests of a case with their newest answer, in the order they were entered."""
        mine = REQUESTS.c.case_id == case
        asked = sa.select(REQUESTS).where(mine, REQUESTS.c.removed_s.is_(None))
        said = sa.select(REQUEST_STATES).where(
            REQUEST_STATES.c.removed_s.is_(None),
            REQUEST_STATES.c.request_n.in_(sa.select(REQUESTS.c.n).where(mine)),
        )
        with self._database.read() as c:
            need_case(c, case)
            answers: dict[int, list[Any]] = {}
            for row in c.execute(said.order_by(REQUEST_STATES.c.n)):
                answers.setdefault(row.request_n, []).append(row)
            found = c.execute(asked.order_by(REQUESTS.c.n)).mappings()
            return [_request(row, answers.get(row["n"], [])) for row in found]

    def _take_back(self, c: Connection, table: sa.TableClause, n: int, case: str, by: str) -> None:
        self._log(c, by, "undo", case, {"undoes": n})
        c.execute(sa.update(table).where(table.c.n == n).values(removed_s=self._now()))


def _said(c: Connection, camera_id: str, state: State, from_s: float, to_s: float) -> bool:
    """Whether the ledger has this state from and to these camera-clock times already."""
    apart_s = sa.func.abs(COVERAGE.c.from_s - from_s) + sa.func.abs(COVERAGE.c.to_s - to_s)
    same = sa.select(COVERAGE.c.n).where(
        COVERAGE.c.camera_id == camera_id, COVERAGE.c.state == state, apart_s < SAME_SPAN_S
    )
    return c.execute(same.limit(1)).first() is not None


def _newest(c: Connection, table: sa.TableClause, *where: sa.ColumnElement[bool]) -> int:
    """Number of the newest row that stands, 0 if there is none."""
    newest = sa.select(sa.func.max(table.c.n)).where(table.c.removed_s.is_(None), *where)
    return c.execute(newest).scalar() or 0


def _nothing(actor: str) -> BadInput:
    return BadInput("{by} has entered nothing here that could be undone", by=actor)


def _request(row: Any, answers: list[Any]) -> Request:
    wish = Wish(**{name: row[name] for name in Wish.__dataclass_fields__})
    if not answers:
        return Request(row["n"], row["case_id"], wish, "to_ask", row["actor"], row["at_s"])
    last = answers[-1]
    times = [(a.asked_from_s, a.asked_to_s) for a in answers if a.asked_from_s is not None]
    asked = times[-1] if times else None
    return Request(row["n"], row["case_id"], wish, last.state, last.actor, last.at_s, asked)
