"""Cases in, what an officer sees of them out: the list, the head of a page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from app import i18n
from app.i18n import N_, _
from app.widgets.elapsed import SINCE_WORDS, elapsed
from app.widgets.words import clock, icon, inert, passed, plain
from core.casebook import Case
from core.standing import Next, Standing

NEXT_WORDS: Mapping[Next, str] = {
    "show": N_("Add a photo, or point at the person in footage"),
    "search": N_("Search the footage"),
    "review": N_("Review the candidates"),
    "widen": N_("Look at more cameras or times"),
    "follow": N_("Go on to the next camera"),
}


def swatches(keys: object) -> None:
    """Colour the ticks of colour fields: a patch beside each word. keys: of the fields."""
    rules = []
    for key in keys:  # type: ignore[attr-defined]
        for n, color in enumerate(i18n.COLOR_CODES.values(), start=2):  # the first is "not known"
            rules.append(
                f".st-key-{key} button:nth-of-type({n})::before {{content: '';"
                f" display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem;"
                f" border-radius: 3px;"
                f" border: 1px solid #66717d; background: {color}; flex: none}}"
            )
    st.html(f"<style>{' '.join(rules)}</style>")


def counts(standing: Standing) -> str:
    """Confirmed sightings and open candidates, in a line."""
    return _(
        "confirmed {n} · candidates to review {m}", n=standing.confirmed, m=standing.candidates
    )


def case_card(standing: Standing, picture: bytes | None) -> bool:
    """One case of the list -> True when it is to be opened."""
    case = standing.case
    with st.container(border=True, key=f"case-card-{case.id}"):
        face, words, what, ask = st.columns([1, 6, 5, 2], vertical_alignment="center", gap="small")
        with face:
            if picture is not None:
                st.image(picture, alt=_("the person looked for"))
            else:
                st.markdown(icon("person"))
        with words:
            st.markdown(f"**{inert(case.title)}**")
            length, by = passed(time.time() - standing.since.at_s), inert(case.by) or "–"
            event = _(SINCE_WORDS[standing.since.event])
            st.caption(_("{time} since {event} · opened by {by}", time=length, event=event, by=by))
        with what:
            st.text(_(NEXT_WORDS[standing.next]))
            st.caption(counts(standing))
        return ask.button(
            _("Open"), type="primary", key=f"open-{case.id}", width="stretch", help=case.id
        )


def case_head(standing: Standing, picture: bytes | None, clothes_from: str) -> None:
    """Who is looked for, since when, and what is compared, at the top of a page.

    clothes_from  where the clothes compared come from, in words
    """
    case = standing.case
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="case-head"):
        if picture is not None:
            st.image(picture, alt=_("the person looked for"))
        with st.container(gap=None):
            st.subheader(inert(case.title), anchor=False)
            st.caption(known_looks(case))
            st.caption(" · ".join([clothes_from, counts(standing)]))
        with st.container(width="content"):
            elapsed(standing.since, case.closed_s)


def known_looks(case: Case) -> str:
    """What was ticked and written of the person, in a line."""
    said = [i18n.trait(name, want.value) for name, want in case.wanted.items()]
    if case.height_cm is not None:
        said.append(_("{cm} cm tall", cm=round(case.height_cm)))
    if case.clothes:
        said.append(inert(case.clothes))
    return " · ".join(said) or _("nothing is known of looks and clothes")


def case_facts(case: Case, kind: str) -> None:
    """Why and by whom the case was opened, in the words that were written."""
    opened = _("opened {when} by {by}", when=clock(case.opened_s), by=inert(case.by) or "–")
    st.caption(" · ".join(filter(None, [kind, inert(case.basis), opened])))
    st.text(_("Reason: {reason}", reason=plain(case.reason)))


def closed(cases: Sequence[Case]) -> None:
    """The cases that are closed, by name."""
    if cases:
        with st.expander(_("{n} closed cases", n=len(cases))):
            for case in cases:
                st.text(f"{plain(case.title)}  ·  {case.id}")
