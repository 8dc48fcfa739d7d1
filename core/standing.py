"""A case's rows in; how it stands and what to do next, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.casebook import Case, Casebook
from core.types import Sighting

Next = Literal["show", "search", "review", "widen", "follow"]
"""What to do: show the person, search, review open candidates, look elsewhere, go on from there."""

Event = Literal["confirmed", "last_seen", "opened"]
"""What the clock of a case counts from: a confirmed sighting, where last seen, its opening."""


@dataclass(frozen=True)
class Since:
    """What is last known of a person, and when: true time, give or take doubt_s."""

    event: Event
    at_s: float
    doubt_s: float = 0.0


@dataclass(frozen=True)
class Standing:
    """How a case stands. since: what the clock of the case counts from.

    confirmed   sightings a person confirmed;  candidates: of the newest search, not yet judged
    searched_s  when it was last searched, None = never
    """

    case: Case
    since: Since
    confirmed: int
    candidates: int
    searched_s: float | None
    next: Next


def standing(casebook: Casebook, case: str, *, told: bool = False) -> Standing:
    """How one case stands. told: its ticks can be searched by without a picture. NotFound."""
    about = casebook.case(case)
    sightings, searches = casebook.sightings(case), casebook.searches(case)
    judged = {s.tracklet_id for s in sightings if s.tracklet_id is not None}
    confirmed = sum(s.verdict == "confirmed" for s in sightings)
    newest = searches[0] if searches else None
    leads = newest.receipt.get("leads", []) if newest else []
    still = sum(lead not in judged for lead in leads)
    shown = bool(told or confirmed or casebook.photos(case) or casebook.boxes(case))
    return Standing(
        about,
        since(about, sightings),
        confirmed,
        still,
        newest.at_s if newest else None,
        _next(shown, newest is not None, still, confirmed),
    )


def since(case: Case, sightings: Sequence[Sighting]) -> Since:
    """From what the clock of a case counts, on every page alike.

    The newer of the end of the last sighting that a person confirmed and of when last seen;
    without either, when the case was opened.
    """
    known = [Since("confirmed", one.leave_s) for one in sightings if one.verdict == "confirmed"]
    if case.last_seen is not None:
        low, high = case.last_seen.from_s, case.last_seen.to_s
        known.append(Since("last_seen", (low + high) / 2, (high - low) / 2))
    return max(known, key=lambda one: one.at_s, default=Since("opened", case.opened_s))


def _next(shown: bool, searched: bool, candidates: int, confirmed: int) -> Next:
    if not shown:
        return "show"
    if not searched:
        return "search"
    if candidates:
        return "review"
    return "follow" if confirmed else "widen"
