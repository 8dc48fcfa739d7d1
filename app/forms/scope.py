"""Where to look: cameras and times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app import session, widgets
from app.i18n import _, say
from core.errors import BadInput
from core.reach import Reach
from core.types import Camera
from core.workspace import Window

BEGIN, END = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - of a date field
BEGIN_S, END_S = widgets.unix(BEGIN) or 0.0, widgets.unix(END) or 0.0


@dataclass(frozen=True)
class Scope:
    """Where to look: camera ids or None for all; true time (from, to) or None for always."""

    cameras: list[str] | None = None
    between: Window | None = None


def scope_of(reach: Reach | None) -> Scope:
    """The scope suggested from where last seen; everything where that is not known."""
    return Scope() if reach is None else Scope(list(reach.cameras), reach.between)


def window(cameras: Sequence[str], from_at: datetime | None, to_at: datetime | None) -> Scope:
    """What the fields of "where to look" say; an empty field leaves that end open."""
    from_s, to_s = widgets.unix(from_at), widgets.unix(to_at)
    if from_s is not None and to_s is not None and to_s <= from_s:
        raise BadInput("where to look: the end lies before the beginning")
    whole = from_s is None and to_s is None
    return Scope(list(cameras) or None, None if whole else (from_s, to_s))


def linked(asked: Mapping[str, str], cameras: Mapping[str, Camera]) -> Scope:
    """The scope that a link names: ``camera``, and ``from`` and ``to`` in Unix seconds.

    Raises BadInput if a stranger wrote something into the link that is not to be had here.
    """
    camera, times = asked.get("camera"), [asked.get(end) for end in ("from", "to")]
    known = camera is None or camera in cameras
    if not known or any(at is not None and not re.fullmatch(r"\d{1,11}", at, re.A) for at in times):
        raise BadInput("the link names a camera or a time that is not known here")
    low, high = (None if at is None else float(at) for at in times)
    if any(at is not None and not BEGIN_S <= at <= END_S for at in (low, high)):
        raise BadInput("the link names a camera or a time that is not known here")
    if low is not None and high is not None and high <= low:
        raise BadInput("where to look: the end lies before the beginning")
    whole = low is None and high is None
    return Scope(None if camera is None else [camera], None if whole else (low, high))


def scope_form(
    cameras: Mapping[str, Camera],
    reach: Reach | None,
    *,
    again: bool,
    key: str,
    asked: Mapping[str, str] | None = None,
) -> Scope | None:
    """Where to look, filled in with what is suggested -> the scope once asked. Raises BadInput.

    reach  the suggestion, None where nothing is known of where last seen;  key: of the fields
    asked  what a link asks for (see `linked`); it takes the place of what was filled in
    """
    label = _("Search again") if again else _("Search")
    if asked:
        with widgets.guarded():
            _put(key, linked(asked, cameras))
            session.put(f"{key}-linked", True)
    unfolded = not again or bool(session.remembered(f"{key}-linked"))
    with st.expander(_("Where to look"), expanded=unfolded, icon=":material/tune:"):
        if reach is not None:
            st.caption(f"{widgets.icon('directions_walk')} {widgets.inert(say(reach.why))}")
        _fill(key, scope_of(reach))
        chosen = st.multiselect(
            _("Cameras"),
            list(cameras),
            format_func=lambda camera: widgets.camera_name(camera, cameras),
            placeholder=_("all cameras"),
            key=f"{key}-cameras",
        )
        first, last = st.columns(2)
        from_at, to_at = (
            place.datetime_input(name, step=300, min_value=BEGIN, max_value=END, key=f"{key}-{end}")
            for place, name, end in (
                (first, _("From (Korea)"), "from"),
                (last, _("To (Korea)"), "to"),
            )
        )
        with st.container(horizontal=True, gap="small"):
            sent = st.button(label, type="primary", icon=":material/search:", key=f"{key}-ask")
            st.button(
                _("All cameras, all times"),
                icon=":material/select_all:",
                disabled=not chosen and from_at is None and to_at is None,
                on_click=_put,
                args=(key, Scope()),
                key=f"{key}-all",
            )
            if reach is not None:
                st.button(
                    _("As suggested"),
                    icon=":material/directions_walk:",
                    on_click=_put,
                    args=(key, scope_of(reach)),
                    key=f"{key}-near",
                )
    if not sent:
        return None
    session.forget(f"{key}-linked")
    return window(chosen, from_at, to_at)


def _values(scope: Scope) -> dict[str, object]:
    low, high = scope.between or (None, None)
    return {
        "cameras": scope.cameras or [],
        "from": widgets.local(low),
        "to": widgets.local(high, up=True),
    }


def _fill(key: str, scope: Scope) -> None:
    for name, value in _values(scope).items():
        session.begin(f"{key}-{name}", value)


def _put(key: str, scope: Scope) -> None:
    for name, value in _values(scope).items():
        session.put(f"{key}-{name}", value)
