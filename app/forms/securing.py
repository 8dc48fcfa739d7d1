"""Footage to ask for, how far a request has come, and what is known about footage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app import widgets
from app.forms.camera import owner_kind_field
from app.i18n import _, say
from core.casebook import Asked, State, Wish
from core.coverage import STATE_WORDS
from core.errors import BadInput
from core.securing import ASKED_WORDS
from core.types import Camera

SAID: tuple[State, ...] = ("looked", "requested", "received", "refused", "overwritten", "gap",
                           "too_poor")  # fmt: skip
Times = tuple[float, float]


def state_field(request: int, state: Asked) -> Asked | None:
    """How far a request has come -> the state just chosen, None while it stays as it is."""
    chosen: Asked | None = st.segmented_control(
        _("State of the request"),
        list(ASKED_WORDS),
        default=state,
        required=True,
        format_func=lambda one: say(ASKED_WORDS[one]),
        key=f"request-{request}-{state}",
        label_visibility="collapsed",
    )
    return chosen if chosen != state else None


def wish_form(cameras: Mapping[str, Camera], around: Times | None) -> Wish | None:
    """Footage to ask for, of a camera or of a place nobody entered -> once sent. BadInput."""
    with st.form("wish", border=False, clear_on_submit=True):
        which, place, kind = st.columns([3, 4, 3])
        camera = which.selectbox(
            _("Camera"),
            [None, *cameras],
            format_func=lambda c: widgets.camera_name(c, cameras) if c else _("not entered yet"),
        )
        where = place.text_input(
            _("Place, if the camera is not entered"),
            max_chars=120,
            placeholder=_("car parked before the bakery"),
        )
        owner_kind = owner_kind_field(kind, key="wish-owner-kind")
        owner, contact = st.columns(2)
        who = owner.text_input(_("Owner"), max_chars=120)
        call = contact.text_input(_("Contact"), max_chars=120)
        from_at, to_at = _window(around)
        if not st.form_submit_button(_("Put on the list"), icon=":material/add:"):
            return None
    low, high = _times(from_at, to_at)
    if camera is None and not where.strip():
        raise BadInput("choose a camera, or write the place of one that is not entered yet")
    return Wish(low, high, camera, "" if camera else where, owner_kind, who, call)


@dataclass(frozen=True)
class CoverForm:
    """What a person says about footage: of a camera between two true times."""

    camera: str
    from_s: float
    to_s: float
    state: State


def cover_form(cameras: Mapping[str, Camera], around: Times | None) -> CoverForm | None:
    """What is known about footage -> once sent. Raises BadInput."""
    with st.form("cover", border=False):
        which, what = st.columns(2)
        camera = which.selectbox(
            _("Camera"), list(cameras), format_func=lambda c: widgets.camera_name(c, cameras)
        )
        state = what.selectbox(_("State"), SAID, format_func=lambda s: say(STATE_WORDS[s]))
        from_at, to_at = _window(around)
        if not st.form_submit_button(_("Enter"), icon=":material/check:"):
            return None
    low, high = _times(from_at, to_at)
    return CoverForm(camera, low, high, state) if camera else None


def window_fields(key: str) -> None:
    """Which time to show; the page reads the fields, whose values begin as it says."""
    with st.container(horizontal=True):
        st.datetime_input(_("From (true time, Korea)"), step=60, key=f"{key}-from", width=230)
        st.datetime_input(_("To (true time, Korea)"), step=60, key=f"{key}-to", width=230)


def _window(around: Times | None) -> tuple[datetime | None, datetime | None]:
    """The fields of a window in true time, filled with the one given."""
    first, last = st.columns(2)
    low, high = (None, None) if around is None else map(widgets.local, around)
    return (
        first.datetime_input(_("From (true time, Korea)"), low, step=60),
        last.datetime_input(_("To (true time, Korea)"), high, step=60),
    )


def _times(from_at: datetime | None, to_at: datetime | None) -> Times:
    low, high = widgets.unix(from_at), widgets.unix(to_at)
    if low is None or high is None:
        raise BadInput("fill in from when and until when")
    if high <= low:
        raise BadInput("the time window ends before it begins")
    return low, high
