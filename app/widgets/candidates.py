"""Candidates in, cards with picture, evidence and verdict buttons out."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from app.i18n import N_, _, say
from app.widgets.words import inert, minutes, span
from core.draw import PART_WORDS
from core.playback import Excerpt
from core.rank import ClothesSource
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
SAID_WORDS: Mapping[Verdict, str] = {**VERDICT_WORDS, "not_here": N_("Did not pass here")}
CLOTHES_WORDS: Mapping[ClothesSource, str] = {
    "footage": N_("Clothes compared with: confirmed footage"),
    "ticked": N_("Clothes compared with: the photo, same day"),
    "photo": N_("Clothes are not compared: they may differ from the photo"),
    "none": N_("No picture: compared by what was ticked"),
}
SPEAKS, AGAINST = 0.3, -0.5  # evidence from which a signal is said to speak for or against


def clothes_words(source: ClothesSource) -> str:
    """Where the clothes that are compared come from."""
    return _(CLOTHES_WORDS[source])


def searched(what: Searched, *, found: bool, confirmed: int = 0) -> None:
    """What was looked at, always; and, when nothing speaks for the person, that too."""
    share = _(
        "{n} of {m} cameras, gaps {gaps}",
        n=len(what.cameras),
        m=len(what.cameras_asked),
        gaps=minutes(what.gaps_s),
    )
    if not found and confirmed:
        st.info(
            _("**Not found again in what was searched** ({share}).", share=share),
            icon=":material/search_off:",
        )
    elif not found:
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
    """One lead as it is shown. picture: JPEG, probe beside crop; bars: SVG.

    beside  whether the probe is in the picture: of some people there is none
    parts   evidence of face, body and ticks, NaN = not used;  size_px: of the person in the footage
    doubt   why it cannot be the person, by time and place, or None
    """

    tracklet_id: str
    camera: str
    enter_s: float
    leave_s: float
    band: Band
    expected_false: float
    picture: bytes
    bars: str
    reasons: Sequence[Note]
    parts: Mapping[str, float]
    size_px: tuple[int, int]
    doubt: Note | None = None
    beside: bool = True


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


def signs(lead: Candidate) -> None:
    """What speaks for and what against, side by side and equally large; the bars say the rest."""
    with st.container(horizontal=True, gap="small"):
        for name, value in lead.parts.items():
            word = say(PART_WORDS[name])
            if value >= SPEAKS:
                st.badge(_("▲ {what} speaks for", what=word), color="blue")
            elif value <= AGAINST:
                st.badge(_("▼ {what} speaks against", what=word), color="orange")
        if lead.doubt is not None:
            st.badge(_("▼ time and place speak against"), color="orange")


def facts(rank: int, lead: Candidate) -> None:
    """Rank, word, place and time of a candidate."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{rank}**", width="content")
        band(lead.band)
    with st.container(gap=None):
        st.text(lead.camera)
        st.text(span(lead.enter_s, lead.leave_s))
        st.caption(strangers(lead.expected_false))


def pair(rank: int, lead: Candidate) -> None:
    """The person looked for beside the candidate, equally high, and how large it really is."""
    both = _("left: the person looked for, right: candidate {rank}", rank=rank)
    alone = _("candidate {rank}", rank=rank)
    st.image(lead.picture, width="stretch", alt=both if lead.beside else alone)
    width, height = lead.size_px
    st.caption(_("person in the footage: {w} × {h} px", w=width, h=height))


def film(excerpt: Excerpt) -> None:
    """A film that plays by itself, sent inside the page.

    A film that the server hands out is deleted there as soon as a run of the page is broken off
    before it draws the film again: a browser still loading it then keeps a broken one.
    """
    inside = f"data:video/mp4;base64,{base64.b64encode(excerpt.film).decode()}"
    st.video(
        inside,
        autoplay=True,
        muted=True,
        loop=True,
        alt=_("the footage around the sighting, the person framed"),
    )
    if not excerpt.whole:
        st.caption(_("A part of a longer stay, around the best picture."))


def evidence(lead: Candidate) -> None:
    """Three separate bars, what speaks for and against, and the reasons in words."""
    signs(lead)
    st.image(lead.bars, width="stretch", alt=_("evidence of face, body and clothing"))
    said = [*([lead.doubt] if lead.doubt else []), *lead.reasons]
    st.caption("\n".join(f"- {inert(say(reason))}" for reason in said))


def verdict_buttons(
    tracklet_id: str, verdict: Verdict | None, *, keys: bool = False
) -> Verdict | None:
    """Four answers; the one given is marked, and giving it again says nothing new.

    keys  answer by the keys 1 to 4 too
    """
    answer: Verdict | None = None
    with st.container(horizontal=True, gap="small"):
        for n, (name, word) in enumerate(VERDICT_WORDS.items(), start=1):
            given = name == verdict
            pressed = st.button(
                f"✓ {_(word)}" if given else _(word),
                key=f"{name}:{tracklet_id}",
                type="primary" if given else "secondary",
                shortcut=str(n) if keys else None,
            )
            answer = name if pressed and not given else answer
    return answer


def page_of(total: int, *, key: str) -> range:
    """The places to show of a list: buttons for pages when it holds more than ten."""
    pages = -(-total // PER_PAGE)
    first = PER_PAGE * (st.pagination(pages, key=key) - 1) if pages > 1 else 0
    return range(first, min(first + PER_PAGE, total))


def parted(order: Iterable[int], bands: Sequence[Band]) -> tuple[list[int], list[int]]:
    """The candidates worth a look, and those who speak against being the person."""
    everybody = list(order)
    leads = [at for at in everybody if bands[at] != "against"]
    others = [at for at in everybody if bands[at] == "against"]
    return leads, others


def search_anew() -> bool:
    """One quiet line after something new is known of the person -> True to search with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("More is known of the person than at the last search."), width="content")
        return st.button(_("Search again with what was confirmed"), icon=":material/restart_alt:")
