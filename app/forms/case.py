"""Who is looked for: photos, looks and clothes, where last seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import i18n, widgets
from app.forms.scope import Scope, scope_fields, window
from app.i18n import _
from core.errors import BadInput
from core.types import (
    ATTRIBUTES,
    UNKNOWN,
    Camera,
    LastSeen,
    Sureness,
    Want,
)

PHOTO_TYPES = ["jpg", "jpeg", "png", "heic", "heif", "webp"]
FIRST_ATTRIBUTES = ("gender", "age", "upper_type", "upper_color", "lower_type", "lower_color")
SURE: tuple[Sureness, ...] = ("video", "sure", "unsure")
MORE_ATTRIBUTES = ("bag", "hat", "hair", "glasses", "mask", "shoe_color")
LastSeenFields = tuple[datetime | None, int, float | None, float | None, int]


def case_picker(titles: Mapping[str, str], current: str | None, new: str | None) -> str | None:
    """Choose among cases {id: title} -> id; None for `new`, the label of "no case"."""
    options = ([None] if new else []) + list(titles)
    return st.selectbox(
        _("Case"),
        options,
        index=options.index(current) if current in options else 0,
        format_func=lambda case: f"{titles[case]}  ·  {case}" if case else new or "",
        key=f"case-{current}",  # another case opened elsewhere makes a fresh field
    )


@dataclass(frozen=True)
class CaseForm:
    """What a filled-in new case says. below: a place under the button, to say what comes of it."""

    below: DeltaGenerator
    title: str
    reason: str
    photos: list[tuple[str, bytes]] = field(default_factory=list)
    same_clothes: bool = False
    attributes: dict[str, Want] = field(default_factory=dict)
    last_seen: LastSeen | None = None
    scope: Scope = field(default_factory=Scope)


def case_form(cameras: Mapping[str, Camera]) -> CaseForm | None:
    """The one form of a new case -> its values once it is sent and makes sense."""
    with st.form("new-case", border=False):
        left, right = st.columns([5, 6], gap="large")
        with left:
            title, reason = _title_and_reason()
            photos = st.file_uploader(
                _("Photos of the person"), PHOTO_TYPES, accept_multiple_files=True
            )
            same = st.checkbox(
                _("Same clothes, same day"),
                help=_("Tick only if the photo shows what the person wore when last seen."),
            )
            seen = _last_seen_fields()
            with st.expander(_("Where to look")):
                scope = scope_fields(cameras)
            sent = st.form_submit_button(
                _("Open case and search"), type="primary", icon=":material/search:"
            )
            below = st.container()
        with right:
            wanted = _attribute_fields()
    if not sent:
        return None
    with below, widgets.guarded():
        if not photos:
            raise BadInput("no photo yet: add at least one photo of the person")
        return CaseForm(
            below=below,
            title=title,
            reason=reason,
            photos=[(photo.name, photo.getvalue()) for photo in photos],
            same_clothes=same,
            attributes=wanted,
            last_seen=last_seen(*seen),
            scope=window(*scope),
        )
    return None


def _title_and_reason() -> tuple[str, str]:
    title = st.text_input(_("Title or case number"), max_chars=120)
    reason = st.text_input(
        _("Reason for the search (required)"),
        max_chars=300,
        help=_("Kept in the audit log with your name."),
    )
    return title.strip(), reason.strip()


def pointed_case_form(cameras: Mapping[str, Camera]) -> CaseForm | None:
    """A new case whose person is pointed at in footage -> its values once it is sent."""
    with st.form("new-case-pointed", border=False):
        title, reason = _title_and_reason()
        with st.expander(_("Where to look")):
            scope = scope_fields(cameras)
        sent = st.form_submit_button(
            _("Open case and search"), type="primary", icon=":material/search:"
        )
        below = st.container()
    if not sent:
        return None
    with below, widgets.guarded():
        return CaseForm(below=below, title=title, reason=reason, scope=window(*scope))
    return None


def photo_form() -> tuple[str, bytes] | None:
    """One more photo for an open case -> (name, bytes) once sent. Raises BadInput."""
    with st.form("more-photo", border=False):
        given = st.file_uploader(_("Photo of the person"), PHOTO_TYPES)
        if not st.form_submit_button(_("Add photo"), type="primary", icon=":material/add:"):
            return None
    if given is None:
        raise BadInput("no photo yet: add at least one photo of the person")
    return given.name, given.getvalue()


def _attribute_fields() -> dict[str, Want]:
    """Ticks for looks and clothes -> only what is known."""
    sure = st.segmented_control(
        _("How are looks and clothes known?"),
        SURE,
        default="sure",
        required=True,
        format_func={
            "video": _("seen on video"),
            "sure": _("told, sure"),
            "unsure": _("told, unsure"),
        }.__getitem__,
    )
    ticked = {name: _attribute_field(name) for name in FIRST_ATTRIBUTES}
    with st.expander(_("More: bag, headwear, hair, glasses, mask, shoes")):
        ticked |= {name: _attribute_field(name) for name in MORE_ATTRIBUTES}
    return {name: Want(value, sure) for name, value in ticked.items() if value != UNKNOWN}


def _attribute_field(name: str) -> str:
    """One row of ticks; "not known" first."""
    return st.pills(
        i18n.attribute_word(name),
        [UNKNOWN, *ATTRIBUTES[name]],
        default=UNKNOWN,
        required=True,
        format_func=lambda value: i18n.value_word(name, value),
        wrap=True,
        key=f"attribute-{name}",
    )


def _last_seen_fields() -> LastSeenFields:
    with st.expander(_("Last seen")):
        at, within = st.columns(2)
        when = at.datetime_input(_("Time (Korea)"), None, step=300)
        sigma = within.number_input(_("give or take, minutes"), 0, 1440, 10, 5)
        north, east, around = st.columns(3)
        lat = north.number_input(_("Latitude"), value=None, format="%.6f", placeholder="37.5665")
        lon = east.number_input(_("Longitude"), value=None, format="%.6f", placeholder="126.9780")
        radius = around.number_input(_("within, m"), 10, 50_000, 100, 50)
    return when, sigma, lat, lon, radius


def last_seen(
    when: datetime | None, sigma: int, lat: float | None, lon: float | None, radius: int
) -> LastSeen | None:
    """Where and when somebody was last seen, or None if nothing was filled in. Raises BadInput."""
    if when is None and lat is None and lon is None:
        return None
    at_s = widgets.unix(when)
    if at_s is None or lat is None or lon is None:
        raise BadInput("last seen: fill in time, latitude and longitude, or none of them")
    return LastSeen(at_s - 60 * sigma, at_s + 60 * sigma, lat, lon, float(radius))
