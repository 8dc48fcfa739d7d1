"""A case's rows in; how it stands and what to do next, out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.casebook import Case, Casebook

Next = Literal["show", "search", "review", "widen", "follow"]
"""What to do: show the person, search, review open candidates, look elsewhere, go on from there."""


@dataclass(frozen=True)
class Standing:
    """How a case stands. since_s: true time since when the person is missing, as far as known.

    confirmed   sightings a person confirmed;  candidates: of the newest search, not yet judged
    searched_s  when it was last searched, None = never
    """

    case: Case
    since_s: float
    confirmed: int
    candidates: int
    searched_s: float | None
    next: Next


def standing(casebook: Casebook, case: str) -> Standing:
    """How one case stands. Raises NotFound."""
    about = casebook.case(case)
    sightings, searches = casebook.sightings(case), casebook.searches(case)
    judged = {s.tracklet_id for s in sightings if s.tracklet_id is not None}
    confirmed = sum(s.verdict == "confirmed" for s in sightings)
    newest = searches[0] if searches else None
    leads = newest.receipt.get("leads", []) if newest else []
    still = sum(lead not in judged for lead in leads)
    shown = bool(confirmed or casebook.photos(case) or casebook.boxes(case))
    return Standing(
        about,
        about.last_seen.to_s if about.last_seen else about.opened_s,
        confirmed,
        still,
        newest.at_s if newest else None,
        _next(shown, newest is not None, still, confirmed),
    )


def _next(shown: bool, searched: bool, candidates: int, confirmed: int) -> Next:
    if not shown:
        return "show"
    if not searched:
        return "search"
    if candidates:
        return "review"
    return "follow" if confirmed else "widen"
