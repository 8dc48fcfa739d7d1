"""What was decided in; the bar that takes it back, the strip of those settled, the history, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.i18n import _
from app.widgets.candidates import SAID_WORDS
from app.widgets.frame import table
from app.widgets.words import camera_name, clock, hours, icon, inert, plain, span
from core.casebook import Entry
from core.types import Camera, NextCamera, Sighting


def said(sighting: Sighting, cameras: Mapping[str, Camera]) -> str:
    """A verdict in a line: what, where, when."""
    word = _(SAID_WORDS[sighting.verdict]) if sighting.verdict else _("Sighting")
    where = camera_name(sighting.camera_id, cameras)
    return " · ".join(filter(None, [word, where, span(sighting.enter_s, sighting.leave_s)]))


def undo_bar(sighting: Sighting, cameras: Mapping[str, Camera], onward: str | None) -> str | None:
    """The last verdict, at the foot of the page -> "undo", "next" or None; keys U and N do it too.

    onward  name of the camera to ask next, None if there is none
    """
    answer = None
    with (
        st.container(key="undo-bar", width="content"),
        st.container(horizontal=True, vertical_alignment="center", gap="medium"),
    ):
        st.markdown(f"{icon('check')} {inert(said(sighting, cameras))}", width="content")
        if st.button(_("Take back"), icon=":material/undo:", shortcut="U", key="undo"):
            answer = "undo"
        if onward is not None and st.button(
            _("Next: {camera}", camera=inert(onward)),
            icon=":material/arrow_forward:",
            shortcut="N",
            key="onward",
        ):
            answer = "next"
    return answer


def settled(
    sightings: Sequence[Sighting], crops: Mapping[str, bytes], cameras: Mapping[str, Camera]
) -> str | None:
    """Sightings with their pictures in a row -> the id of the one to take back."""
    asked = None
    with st.container(horizontal=True, gap="small"):
        for one in sightings:
            tracklet = one.tracklet_id or ""
            with st.container(width=150, gap=None, border=True):
                where = camera_name(one.camera_id, cameras)
                if tracklet in crops:
                    st.image(crops[tracklet], width=64, alt=f"{plain(where)} {clock(one.enter_s)}")
                st.text(where)
                st.caption(clock(one.enter_s)[5:])
                if st.button(_("Take back"), type="tertiary", key=f"back:{tracklet}"):
                    asked = tracklet
    return asked


def next_camera(number: int, asked: NextCamera, name: str, footage: bool) -> str | None:
    """One camera to ask next -> "search", "not_here", or None."""
    answer = None
    with st.container(border=True, gap="small", key=f"next-{number}"):
        with st.container(gap=None):
            st.markdown(f"**{inert(name)}**")
            st.text(hours(asked.from_s, asked.to_s))
            if asked.deadline_s is not None:
                st.caption(_("footage kept until {when}", when=clock(asked.deadline_s)[:16]))
        if not footage:
            st.caption(f"{icon('videocam_off')} {_('No footage of this time: ask for it.')}")
            return None
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            if st.button(_("Search here"), type="primary", key=f"next-search-{number}"):
                answer = "search"
            if st.button(_("Did not pass here"), type="tertiary", key=f"next-not-{number}"):
                answer = "not_here"
    return answer


def history(entries: Sequence[Entry], cameras: Mapping[str, Camera]) -> None:
    """Who said what, newest first; what was taken back stays readable."""
    if not entries:
        st.caption(_("No verdict yet."))
        return
    by_number = {entry.n: entry for entry in entries}
    rows = []
    for entry in reversed(entries):
        undoes = by_number.get(entry.undoes or -1)
        about = entry.sighting or (undoes.sighting if undoes else None)
        what = "" if about is None else said(about, cameras)
        if entry.sighting is None:
            what = _("taken back: {what}", what=what)
        rows.append(
            {
                _("When"): clock(entry.at_s),
                _("Who"): entry.by,
                _("What"): what,
                _("Why"): plain(about.why) if about and entry.sighting else "",
                _("State"): _("taken back") if entry.undone else "",
            }
        )
    table(rows, alt=_("verdicts, newest first"), height=360)
