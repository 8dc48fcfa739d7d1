"""Candidates in, cards with picture, evidence and verdict buttons out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from app import i18n
from app.i18n import N_, _, say
from app.widgets.words import clock, inert, minutes, span
from core.casebook import Case
from core.types import (
    Band,
    Note,
    Searched,
    Verdict,
)

PER_PAGE = 10
Color = Literal["green", "blue", "gray", "orange"]
BAND_LOOKS: Mapping[Band, tuple[str, str, Color]] = {  # shape, word, colour: never colour alone
    "strong": ("●●●", N_("strong"), "green"),
    "moderate": ("●●○", N_("moderate"), "blue"),
    "weak": ("●○○", N_("weak"), "gray"),
    "insufficient": ("?", N_("insufficient"), "gray"),
    "against": ("✕", N_("speaks against"), "orange"),
}
VERDICT_WORDS: Mapping[Verdict, str] = {
    "confirmed": N_("Right"),
    "possible": N_("Possible"),
    "rejected": N_("Not this person"),
    "cannot_tell": N_("Cannot tell"),
}


def searched(what: Searched, *, found: bool) -> None:
    """What was looked at, always; and, when nothing speaks for the person, that too."""
    share = _(
        "{n} of {m} cameras, gaps {gaps}",
        n=len(what.cameras),
        m=len(what.cameras_asked),
        gaps=minutes(what.gaps_s),
    )
    if not found:
        st.warning(
            _(
                "**Not found in what was searched** ({share}). Below are only weak leads.",
                share=share,
            ),
            icon=":material/search_off:",
        )
    st.caption(
        _(
            "Searched: {share} · {footage} of footage · {tracklets} appearances of people",
            share=share,
            footage=minutes(what.footage_s),
            tracklets=f"{what.tracklets:,}",
        )
    )


@dataclass(frozen=True)
class Candidate:
    """One lead as it is shown. picture: JPEG, probe beside crop; bars: SVG."""

    tracklet_id: str
    camera: str
    enter_s: float
    leave_s: float
    band: Band
    expected_false: float
    picture: bytes
    bars: str
    reasons: Sequence[Note]


def band(word: Band) -> None:
    """A band as shape and word."""
    shape, text, color = BAND_LOOKS[word]
    st.badge(f"{shape} {_(text)}", color=color)


def strangers(expected: float) -> str:
    """How many others would look as similar, as a sentence."""
    if not math.isfinite(expected):
        return _("How many strangers would look as similar is not known here.")
    if expected < 0.1:
        return _("Strangers expected to look as similar in this footage: fewer than 0.1")
    count = f"{expected:.1f}" if expected < 10 else f"{expected:,.0f}"
    return _("Strangers expected to look as similar in this footage: about {count}", count=count)


def candidate(rank: int, lead: Candidate, verdict: Verdict | None) -> Verdict | None:
    """One candidate with its evidence -> the verdict just given, or None."""
    with st.container(border=True):
        picture, words, bars = st.columns([4, 5, 6], gap="medium")
        picture.image(
            lead.picture,
            width="stretch",
            alt=_("left: the person looked for, right: candidate {rank}", rank=rank),
        )
        with words:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{rank}**", width="content")
                band(lead.band)
            with st.container(gap=None):
                st.text(lead.camera)
                st.text(span(lead.enter_s, lead.leave_s))
                st.caption(strangers(lead.expected_false))
            answer = _verdict_buttons(lead.tracklet_id, verdict)
        with bars:
            st.image(lead.bars, width="stretch", alt=_("evidence of face, body and clothing"))
            st.caption("\n".join(f"- {inert(say(reason))}" for reason in lead.reasons))
    return answer


def _verdict_buttons(tracklet_id: str, verdict: Verdict | None) -> Verdict | None:
    """Four answers; the one given is marked, and giving it again says nothing new."""
    answer: Verdict | None = None
    with st.container(horizontal=True, gap="small"):
        for name, word in VERDICT_WORDS.items():
            given = name == verdict
            pressed = st.button(
                f"✓ {_(word)}" if given else _(word),
                key=f"{name}:{tracklet_id}",
                type="primary" if given else "secondary",
            )
            answer = name if pressed and not given else answer
    return answer


def page_of(total: int, *, key: str) -> range:
    """The places to show of a list: buttons for pages when it holds more than ten."""
    pages = -(-total // PER_PAGE)
    first = PER_PAGE * (st.pagination(pages, key=key) - 1) if pages > 1 else 0
    return range(first, min(first + PER_PAGE, total))


def leads_first(order: Iterable[int], bands: Sequence[Band]) -> list[int]:
    """The candidates worth a look; those who speak against being the person only if asked for."""
    everybody = list(order)
    leads = [at for at in everybody if bands[at] != "against"]
    others = [at for at in everybody if bands[at] == "against"]
    asked = others and st.toggle(_("Also show {n} who look like somebody else", n=len(others)))
    return leads + others if asked else leads


def case_head(case: Case, picture: bytes | None) -> None:
    """Who is looked for and why, in the words of who opened the case."""
    known = [
        f"{i18n.attribute_word(name)}: {i18n.value_word(name, want.value)}"
        for name, want in case.wanted.items()
    ]
    opened = _("opened {when} by {by}", when=clock(case.opened_s), by=inert(case.by))
    with st.container(horizontal=True, vertical_alignment="center"):
        if picture:
            st.image(picture, width=56, alt=_("the person looked for"))
        with st.container(gap=None):
            st.text(_("Reason: {reason}", reason=case.reason))
            st.caption(" · ".join([opened, *known]))


def search_anew() -> bool:
    """One quiet line after something new is known of the person -> True to search with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("More is known of the person than at the last search."), width="content")
        return st.button(_("Search again with what was confirmed"), icon=":material/restart_alt:")
