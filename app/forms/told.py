"""A sighting that is not video: who or what says so, when, where, how exactly, how sure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import streamlit as st

from app import widgets
from app.i18n import N_, _
from core.errors import BadInput
from core.types import Camera, Sighting, Source

Sure = Literal["certain", "probable", "open"]

SOURCES: Mapping[Source, str] = {
    "witness": N_("Witness"),
    "card": N_("Card tap"),
    "device": N_("Device signal"),
    "patrol": N_("Patrol"),
}
SURE: Mapping[Sure, str] = {
    "certain": N_("certainly this person"),
    "probable": N_("probably"),
    "open": N_("cannot be said"),
}
EVIDENCE: Mapping[Sure, float] = {"certain": math.nan, "probable": 1.0, "open": math.nan}
LAT, LON = "told-lat", "told-lon"  # fields that a click on the map fills


@dataclass(frozen=True)
class Told:
    """What the form holds before it is checked."""

    source: Source
    at: datetime | None
    within_min: float
    camera: str | None
    lat: float | None
    lon: float | None
    radius_m: float
    sure: Sure
    remark: str


def told_form(cameras: Mapping[str, Camera]) -> Sighting | None:
    """Fields of a sighting -> the sighting once it is sent. Raises BadInput."""
    with st.form("told", border=False):
        one, two, three, four = st.columns([3, 4, 2, 4])
        source = one.selectbox(
            _("Source"), list(SOURCES), format_func=lambda source: _(SOURCES[source])
        )
        at = two.datetime_input(_("Time (Korea)"), None, step=60)
        within = three.number_input(_("± minutes"), 0.0, 720.0, 5.0, 1.0)
        camera = four.selectbox(
            _("Place"),
            [None, *cameras],
            format_func=lambda c: widgets.camera_name(c, cameras) if c else _("clicked on the map"),
        )
        one, two, three, four = st.columns([3, 3, 3, 4])
        lat = one.number_input(_("Latitude"), value=None, format="%.6f", key=LAT)
        lon = two.number_input(_("Longitude"), value=None, format="%.6f", key=LON)
        radius = three.number_input(_("within metres"), 1, 20_000, 50, 10)
        sure = four.selectbox(_("This person?"), list(SURE), 1, format_func=lambda s: _(SURE[s]))
        remark = st.text_input(_("Remark"), max_chars=500)
        if not st.form_submit_button(_("Add to the route"), icon=":material/add_location:"):
            return None
    return sighting(Told(source, at, within, camera, lat, lon, float(radius), sure, remark))


def sighting(told: Told) -> Sighting:
    """What the fields say, as a sighting. Raises BadInput where a time or a place is missing."""
    at_s = widgets.unix(told.at)
    if at_s is None:
        raise BadInput("say when the person was seen")
    if told.camera is None and (told.lat is None or told.lon is None):
        raise BadInput("say where the person was seen: click on the map or choose a camera")
    place = (None, None) if told.camera else (told.lat, told.lon)
    return Sighting(
        told.source,
        at_s,
        at_s,
        told.camera,
        lat=place[0],
        lon=place[1],
        radius_m=told.radius_m,
        sigma_s=60.0 * told.within_min,
        evidence=EVIDENCE[told.sure],
        verdict="confirmed" if told.sure == "certain" else "possible",
        why=told.remark.strip(),
    )
