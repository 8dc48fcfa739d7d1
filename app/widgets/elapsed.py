"""What is last known of a person in; how long ago that is, out: a clock that goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping

import streamlit as st

from app import i18n
from app.i18n import N_, _
from app.widgets.words import clock, exact, passed
from core.standing import Event, Since

EVERY_S = 30
SINCE_WORDS: Mapping[Event, str] = {
    "confirmed": N_("last confirmed sighting"),
    "last_seen": N_("last seen"),
    "opened": N_("case opened"),
}


def elapsed(since: Since, until_s: float | None) -> None:
    """The elapsed-time clock of a case, and what it counts from. until_s: None = it goes on."""
    _ticking(i18n.language(), since, until_s)


@st.fragment(run_every=EVERY_S)
def _ticking(language: str, since: Since, until_s: float | None) -> None:
    """Drawn again by itself, without the page around it; it reads nothing but the time."""
    i18n.use(language)  # a fragment runs alone, and nobody else says which language
    now_s = time.time() if until_s is None else until_s
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        length = passed(now_s - since.at_s)
        st.badge(_("Elapsed: {length}", length=length), icon=":material/timer:", color="blue")
        doubt = f" ±{exact(since.doubt_s)}" if since.doubt_s >= 60 else ""
        named = f"{_(SINCE_WORDS[since.event])} {clock(since.at_s)[:16]}{doubt}"
        st.caption(named, width="content")
