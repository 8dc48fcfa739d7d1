"""Forms: fields drawn, and what was filled in returned as plain values once they are sent.

What others typed (names, titles) is shown only where Streamlit reads it as plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import i18n, widgets
from app.i18n import _
from core.errors import BadInput
from core.types import ATTRIBUTES, UNKNOWN, Camera, LastSeen, Sureness, Want
from core.workspace import Window

PHOTO_TYPES = ["jpg", "jpeg", "png", "heic", "heif", "webp"]
FIRST_ATTRIBUTES = ("gender", "age", "upper_type", "upper_color", "lower_type", "lower_color")
SURE: tuple[Sureness, ...] = ("video", "sure", "unsure")
MORE_ATTRIBUTES = ("bag", "hat", "hair", "glasses", "mask", "shoe_color")


def desk(language: str, officer: str) -> tuple[str, str]:
    """The foot of the sidebar: language and who works here -> (language, officer)."""
    name = st.text_input(
        _("Officer"), officer, max_chars=60, help=_("Signs cases and verdicts."), key="officer_name"
    )
    chosen = st.segmented_control(
        "한국어 / English",
        list(i18n.LANGUAGES),
        default=language,
        required=True,
        format_func=i18n.LANGUAGES.__getitem__,
        label_visibility="collapsed",
        key=f"language-{language}",
    )
    st.caption(_("A candidate is a lead, not proof. A person decides."))
    return chosen or language, name


def no_workspace(path: str) -> bool:
    """Nothing here yet -> True when the reader wants a workspace made."""
    st.header(_("No workspace yet"))
    st.write(_("Cases, cameras and footage live in a workspace folder. There is none at:"))
    st.code(path, language=None)
    st.write(_("Make one here, or start the app with DONGSEON_WORKSPACE set to another folder."))
    return st.button(
        _("Make a workspace here"), type="primary", icon=":material/create_new_folder:"
    )


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
class Scope:
    """Where to look: camera ids or None for all; true time (from, to) or None for always."""

    cameras: list[str] | None = None
    between: Window | None = None


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
                scope = _scope_fields(cameras)
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
            scope = _scope_fields(cameras)
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


LastSeenFields = tuple[datetime | None, int, float | None, float | None, int]


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


ScopeFields = tuple[list[str], datetime | None, datetime | None]


def _scope_fields(cameras: Mapping[str, Camera]) -> ScopeFields:
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
        fields = _scope_fields(cameras)
        if st.form_submit_button(label, type="primary", icon=":material/search:"):
            return window(*fields)
    return None


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


@dataclass(frozen=True)
class FootageForm:
    """Footage to read: a file or folder, whose it is, and its first moment with its zone."""

    path: str
    camera: str
    start: str


def footage_form(cameras: Mapping[str, Camera]) -> FootageForm | None:
    """Read footage -> its values once sent. Raises BadInput."""
    with st.form("footage"):
        st.subheader(_("Read footage"), anchor=False)
        which, where, when = st.columns([3, 6, 4])
        camera = which.selectbox(
            _("Camera"), list(cameras), format_func=lambda c: widgets.camera_name(c, cameras)
        )
        path = where.text_input(
            _("File or folder of pictures on this computer"), placeholder="/media/usb/01.mp4"
        )
        start = when.text_input(
            _("First moment, by the recorder's clock (Korea)"), placeholder="2026-05-01 09:00:00"
        )
        if not st.form_submit_button(_("Read footage"), icon=":material/movie:"):
            return None
    return FootageForm(path.strip(), camera or "", with_zone(start.strip()))


def with_zone(text: str) -> str:
    """A time as people write it -> ISO 8601; Korean time where no zone is written. BadInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "{text!r} is not a time: write it like 2026-05-01 09:00:00", text=text[:40]
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=widgets.ZONE)).isoformat()
