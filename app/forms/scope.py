"""Where to look: cameras and times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app import widgets
from app.i18n import _
from core.errors import BadInput
from core.types import (
    Camera,
)
from core.workspace import Window

ScopeFields = tuple[list[str], datetime | None, datetime | None]


@dataclass(frozen=True)
class Scope:
    """Where to look: camera ids or None for all; true time (from, to) or None for always."""

    cameras: list[str] | None = None
    between: Window | None = None


def scope_fields(cameras: Mapping[str, Camera]) -> ScopeFields:
    """Cameras and times to look at, inside somebody\'s form -> what `window` reads."""
    chosen = st.multiselect(
        _("Cameras"),
        list(cameras),
        format_func=lambda camera: widgets.camera_name(camera, cameras),
        placeholder=_("all cameras"),
    )
    first, last = st.columns(2)
    from_at = first.datetime_input(_("From (Korea)"), None, step=300)
    to_at = last.datetime_input(_("To (Korea)"), None, step=300)
    return chosen, from_at, to_at


def window(cameras: list[str], from_at: datetime | None, to_at: datetime | None) -> Scope:
    """What the fields of "where to look" say; an empty field leaves that end open."""
    from_s, to_s = widgets.unix(from_at), widgets.unix(to_at)
    if from_s is not None and to_s is not None and to_s <= from_s:
        raise BadInput("where to look: the end lies before the beginning")
    return Scope(cameras or None, (from_s, to_s))


def scope_form(cameras: Mapping[str, Camera], *, again: bool) -> Scope | None:
    """Search an existing case -> where to look, once asked. Raises BadInput."""
    label = _("Search again") if again else _("Search")
    with st.expander(label, expanded=not again), st.form("scope", border=False):
        fields = scope_fields(cameras)
        if st.form_submit_button(label, type="primary", icon=":material/search:"):
            return window(*fields)
    return None
