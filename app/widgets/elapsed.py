"""A case in; how long ago the person was last seen, out: a clock that goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from app import i18n
from app.i18n import _
from app.widgets.words import clock, exact
from core.casebook import Case
from core.types import Sighting

EVERY_S = 30
Since = tuple[str, float, float]  # what happened, when, give or take seconds


def elapsed(case: Case, sightings: Sequence[Sighting] = ()) -> None:
    """The elapsed-time clock of a case, for its header; it stands still once the case is closed.

    sightings  that stand; the newest one a person confirmed gets a clock of its own
    """
    since: list[Since] = []
    if case.last_seen is not None:
        low, high = case.last_seen.from_s, case.last_seen.to_s
        since.append((_("last seen"), (low + high) / 2, (high - low) / 2))
    confirmed = [s.leave_s for s in sightings if s.verdict == "confirmed"]
    if confirmed and (not since or max(confirmed) > since[0][1]):
        since.append((_("last confirmed sighting"), max(confirmed), 0.0))
    if not since:
        since.append((_("case opened"), case.opened_s, 0.0))
    _ticking(i18n.language(), tuple(since), case.closed_s)


@st.fragment(run_every=EVERY_S)
def _ticking(language: str, since: tuple[Since, ...], until_s: float | None) -> None:
    """Drawn again by itself, without the page around it; it reads nothing but the time."""
    i18n.use(language)  # a fragment runs alone, and nobody else says which language
    now_s = time.time() if until_s is None else until_s
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for name, at_s, doubt_s in since:
            length = exact(60 * (max(now_s - at_s, 0.0) // 60))
            st.badge(_("Elapsed: {length}", length=length), icon=":material/timer:", color="blue")
            doubt = f" ±{exact(doubt_s)}" if doubt_s >= 60 else ""
            st.caption(f"{name} {clock(at_s)[:16]}{doubt}", width="content")
