"""Where to look: cameras and times."""

from __future__ import annotations

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


def scope_form(
    cameras: Mapping[str, Camera], reach: Reach | None, *, again: bool, key: str
) -> Scope | None:
    """Where to look, filled in with what is suggested -> the scope once asked. Raises BadInput.

    reach  the suggestion, None where nothing is known of where last seen;  key: of the fields
    """
    label = _("Search again") if again else _("Search")
    with st.expander(_("Where to look"), expanded=not again, icon=":material/tune:"):
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
        from_at = first.datetime_input(_("From (Korea)"), step=300, key=f"{key}-from")
        to_at = last.datetime_input(_("To (Korea)"), step=300, key=f"{key}-to")
        with st.container(horizontal=True, gap="small"):
            asked = st.button(label, type="primary", icon=":material/search:", key=f"{key}-ask")
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
    return window(chosen, from_at, to_at) if asked else None


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
