"""A case in; which footage to ask for, on each recorder's own clock and until when, out.

The person may pass in true time; an owner looks for it by the recorder's clock, so the window is
moved by the clock's offset and widened by its doubt. The deadline is when the recorder begins to
overwrite it: by what its owner said, else by what such owners usually keep.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.casebook import Asked, Request, Wish
from core.coverage import SEEN, timeline, whole_minutes
from core.errors import NotFound
from core.route.transit import DAY_S, clock_sigma_s
from core.types import Camera, NextCamera, Note, Recorder, note
from core.workspace import Workspace, iso_time

MINUTE_S = 60.0
OPEN: frozenset[Asked] = frozenset({"to_ask", "asked"})
UNKNOWN_DAYS = 3.0  # private cameras and dash cams nobody has entered: some hold no longer
KEPT_DAYS: Mapping[str, float] = {
    "road": 30.0,
    "subway": 30.0,
    "bus": 15.0,
    "large_shop": 10.0,
    "private": 7.0,
    "dashcam": 7.0,
}
"""Days that such owners usually keep footage, by kind of owner."""

OWNER_WORDS: Mapping[str, Note] = {
    "road": note("road or crime prevention (public)"),
    "subway": note("subway or station"),
    "bus": note("bus"),
    "large_shop": note("large shop"),
    "private": note("private camera"),
    "dashcam": note("dash cam"),
}
ASKED_WORDS: Mapping[Asked, Note] = {
    "to_ask": note("to ask"),
    "asked": note("asked"),
    "received": note("received"),
    "refused": note("refused"),
    "overwritten": note("overwritten"),
    "not_needed": note("no longer needed"),
}


@dataclass(frozen=True)
class Item:
    """One line of the securing list.

    window      (from, to) on the recorder's clock, whole minutes outside it
    deadline_s  true time at which the recorder begins to overwrite it
    days        it keeps footage; days_by: who says so
    clock       the recorder, whose offset and doubt are in the window; sigma_s: that doubt
    moved_s     how far the window has moved since it was asked for, 0 if it was not
    """

    request: Request
    name: str
    owner_kind: str
    owner: str
    contact: str
    window: tuple[float, float]
    deadline_s: float
    days: float
    days_by: Literal["owner", "kind", "unknown"]
    clock: Recorder
    sigma_s: float
    probability: float | None
    moved_s: float = 0.0


def securing(
    ws: Workspace, case: str, asked: Sequence[NextCamera] = (), *, now_s: float
) -> list[Item]:
    """The list of a case: what is open and still kept first, by deadline, then by probability.

    asked  cameras to ask next of the case's route: probabilities after the newest verdicts

    Raises NotFound.
    """
    cameras, recorders = ws.cameras(), ws.recorders()
    newest = {one.camera_id: one.probability for one in asked}
    items = [_item(one, cameras, recorders, newest) for one in ws.casebook.ledger.requests(case)]
    return sorted(items, key=lambda item: _pressing(item, now_s))


def wishes(ws: Workspace, case: str, asked: Sequence[NextCamera], *, now_s: float) -> list[Wish]:
    """What of the cameras to ask next is neither on the list nor looked through already."""
    if not asked:
        return []
    listed = [one.wish for one in ws.casebook.ledger.requests(case) if one.state != "not_needed"]
    span = min(one.from_s for one in asked), max(one.to_s + MINUTE_S for one in asked)
    known = timeline(ws, case, span, now_s=now_s)
    rows = {row.camera_id: row for row in known.rows} if known else {}
    found = []
    for one in asked:
        low, high = whole_minutes((one.from_s, max(one.to_s, one.from_s + 1)))
        seen_s = sum(
            max(0.0, min(s.to_s, high) - max(s.from_s, low))
            for s in (rows[one.camera_id].stretches if one.camera_id in rows else ())
            if s.state in SEEN
        )
        same = any(
            w.camera_id == one.camera_id and w.from_s < high and w.to_s > low for w in listed
        )
        if not same and seen_s < high - low:
            found.append(Wish(low, high, one.camera_id, probability=one.probability))
    return found


def answer(ws: Workspace, case: str, request: int, state: Asked, *, by: str) -> None:
    """Say how far a request has come; asking keeps the window as the recorder's clock has it now.

    Raises NotFound, BadInput.
    """
    items = {item.request.n: item for item in securing(ws, case, now_s=0.0)}
    if request not in items:
        raise NotFound("request {n} is not on the list of this case", n=request)
    window = items[request].window if state == "asked" else None
    ws.casebook.ledger.answer(case, request, state, by=by, asked=window)


def days_kept(
    recorder: Recorder | None, owner_kind: str
) -> tuple[float, Literal["owner", "kind", "unknown"]]:
    """For how many days footage is kept, and how that is known.

    A camera nobody has entered (no recorder) counts as the shortest unless its kind keeps longer.
    """
    if recorder is not None and recorder.retention_days is not None:
        return recorder.retention_days, "owner"
    if owner_kind not in KEPT_DAYS or (recorder is None and owner_kind in ("private", "dashcam")):
        return UNKNOWN_DAYS, "unknown"
    return KEPT_DAYS[owner_kind], "kind"


def securing_json(case: str, items: Sequence[Item], zone: str) -> dict[str, Any]:
    """The JSON of `securing`; keys are a contract."""

    return {
        "case": case,
        "requests": [
            {
                "request": item.request.n,
                "camera_id": item.request.wish.camera_id,
                "name": item.name,
                "state": item.request.state,
                "recorder_from": recorder_time(item.window[0], zone),
                "recorder_to": recorder_time(item.window[1], zone),
                "from": iso_time(item.request.wish.from_s, zone),
                "to": iso_time(item.request.wish.to_s, zone),
                "clock_offset_s": item.clock.clock_offset_s,
                "clock_sigma_s": round(item.sigma_s, 1),
                "clock": item.clock.how,
                "deadline": iso_time(item.deadline_s, zone),
                "recorder_deadline": recorder_time(
                    item.deadline_s - item.clock.clock_offset_s, zone
                ),
                "days_kept": item.days,
                "days_by": item.days_by,
                "probability": item.probability,
                "owner_kind": item.owner_kind,
                "owner": item.owner,
                "contact": item.contact,
            }
            for item in items
        ],
    }


def securing_text(values: Mapping[str, Any]) -> str:
    """The same for people."""
    lines = [
        f"{one['request']:>4}  {ASKED_WORDS[one['state']]!s:<18} {one['name']}: "
        f"{one['recorder_from'][:16].replace('T', ' ')} - {one['recorder_to'][11:16]} by its "
        f"clock, kept until {one['deadline'][:16].replace('T', ' ')}"
        for one in values["requests"]
    ]
    return "\n".join(lines) or "nothing to ask for yet"


def recorder_time(at_s: float, zone: str) -> str:
    """What a recorder's screen shows: local time without a zone, as it has none of its own."""
    return iso_time(at_s, zone)[:19]


def _item(
    one: Request,
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    newest: Mapping[str, float],
) -> Item:
    wish = one.wish
    camera = cameras.get(wish.camera_id or "")
    recorder = recorders[camera.recorder_id] if camera else None
    clock = recorder or Recorder("unknown")
    sigma_s = clock_sigma_s(clock, (wish.from_s + wish.to_s) / 2)
    low, high = wish.from_s - sigma_s, wish.to_s + sigma_s
    window = (
        math.floor((low - clock.clock_offset_s) / MINUTE_S) * MINUTE_S,
        math.ceil((high - clock.clock_offset_s) / MINUTE_S) * MINUTE_S,
    )
    kind = wish.owner_kind or clock.owner_kind
    days, days_by = days_kept(recorder, kind)
    moved_s = max(abs(a - b) for a, b in zip(one.asked, window, strict=True)) if one.asked else 0.0
    return Item(
        request=one,
        name=(camera.name or camera.id) if camera else wish.place,
        owner_kind=kind,
        owner=wish.owner or clock.owner,
        contact=wish.contact or clock.contact,
        window=window,
        deadline_s=low + days * DAY_S,
        days=days,
        days_by=days_by,
        clock=clock,
        sigma_s=sigma_s,
        probability=newest.get(wish.camera_id or "", wish.probability),
        moved_s=moved_s if one.state == "asked" else 0.0,
    )


def gone_s(item: Item) -> float:
    """True time at which the recorder has overwritten all of what is asked for."""
    wish = item.request.wish
    return wish.to_s + item.sigma_s + item.days * DAY_S


def _pressing(item: Item, now_s: float) -> tuple[bool, bool, float, float, int]:
    """Sort key: open, still kept, soonest overwritten, most probable."""
    return (
        item.request.state not in OPEN,
        gone_s(item) < now_s,
        item.deadline_s,
        -(item.probability or 0.0),
        item.request.n,
    )
