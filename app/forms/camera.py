"""One camera and its recorder."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.i18n import _


@dataclass(frozen=True)
class CameraForm:
    """A new camera; recorder is a known recorder's id, or None for one of its own."""

    id: str
    name: str
    lat: float | None
    lon: float | None
    recorder: str | None
    clock_offset_s: float
    clock_sigma_s: float
    clock_known: bool


def camera_form(recorders: list[str]) -> CameraForm | None:
    """Add a camera -> its values once sent."""
    with st.form("new-camera"):
        st.subheader(_("Add a camera"), anchor=False)
        first, second, north, east = st.columns([2, 4, 3, 3])
        camera = first.text_input(_("Camera id"), max_chars=32, placeholder="c01")
        name = second.text_input(_("Camera name"), max_chars=120)
        lat = north.number_input(_("Latitude"), value=None, format="%.6f", placeholder="37.5665")
        lon = east.number_input(_("Longitude"), value=None, format="%.6f", placeholder="126.9780")
        which, clock, doubt = st.columns([4, 5, 3])
        recorder = which.selectbox(
            _("Recorder"),
            [None, *recorders],
            format_func=lambda known: known or _("a recorder of its own"),
        )
        offset = clock.number_input(
            _("Clock: seconds to add to reach true time"),
            value=None,
            step=1,
            placeholder=_("not checked"),
            help=_("Only for a recorder of its own."),
        )
        sigma = doubt.number_input(_("give or take, seconds"), 0, 86_400, 600, 10)
        if not st.form_submit_button(_("Add camera"), icon=":material/add:"):
            return None
    return CameraForm(
        id=camera.strip(),
        name=name.strip(),
        lat=lat,
        lon=lon,
        recorder=recorder,
        clock_offset_s=float(offset or 0),
        clock_sigma_s=float(sigma),
        clock_known=offset is not None,
    )
