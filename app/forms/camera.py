"""One camera and its recorder, the check of a recorder's clock, a table of many cameras."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app import widgets
from app.forms.footage import with_zone
from app.i18n import _, say
from app.widgets.cameras import KIND_WORDS
from core import photo
from core.clockcheck import How, clock_of
from core.errors import BadInput
from core.securing import OWNER_WORDS
from core.types import Camera, Recorder, parse_time


@dataclass(frozen=True)
class Draft:
    """A camera as its fields have it, saved or not. keys: their name; save: it was asked for."""

    keys: str
    values: Mapping[str, Any]
    save: bool

    @property
    def place(self) -> tuple[float, float] | None:
        """(lat, lon), None while it is not known or no place on Earth."""
        lat, lon = self.values["lat"], self.values["lon"]
        known = lat is not None and lon is not None and abs(lat) <= 90 and abs(lon) <= 180
        return (lat, lon) if known else None

    @property
    def heading_deg(self) -> float | None:
        return self.values["heading"]

    @property
    def view_range_m(self) -> float:
        return float(self.values["range"] or 0)


def camera_picker(cameras: Mapping[str, Camera], *, key: str) -> Camera | None:
    """Which camera to work on; None = a new one."""
    chosen = st.selectbox(
        _("Camera"),
        ["", *cameras],
        format_func=lambda c: widgets.camera_name(c, cameras) if c else _("+ New camera"),
        key=key,
    )
    return cameras.get(chosen)


def beginning(camera: Camera | None, recorder: Recorder | None) -> dict[str, Any]:
    """What the fields of a camera show before anybody touches them."""
    one = camera or Camera("new", "", "new")
    clock = recorder or Recorder("new")
    return {
        "id": "",
        "name": one.name,
        "kind": one.kind,
        "lat": one.lat,
        "lon": one.lon,
        "heading": one.heading_deg,
        "range": one.view_range_m,
        "recorder": one.recorder_id if camera else "",
        "days": clock.retention_days,
        "owner_kind": clock.owner_kind,
        "owner": clock.owner,
        "contact": clock.contact,
    }


def camera_fields(keys: str, *, new: bool, recorders: list[str]) -> Draft:
    """The fields of a camera and its recorder; their values begin as `beginning` says."""
    named: dict[str, Any] = {}
    if new:
        first, second = st.columns([2, 3])
        named["id"] = first.text_input(_("Camera id"), max_chars=32, key=f"{keys}-id")
        place = second
    else:
        named["id"], place = "", st.container()
    named["name"] = place.text_input(_("Camera name"), max_chars=120, key=f"{keys}-name")
    north, east = st.columns(2)
    named["lat"] = north.number_input(
        _("Latitude"), format="%.6f", placeholder="37.5665", key=f"{keys}-lat"
    )
    named["lon"] = east.number_input(
        _("Longitude"), format="%.6f", placeholder="126.9780", key=f"{keys}-lon"
    )
    kind, turn, far = st.columns([3, 3, 3])
    named["kind"] = kind.selectbox(
        _("Kind"), list(KIND_WORDS), format_func=lambda k: _(KIND_WORDS[k]), key=f"{keys}-kind"
    )
    named["heading"] = turn.number_input(
        _("Looks towards (°)"), 0.0, 360.0, step=15.0, format="%.0f", key=f"{keys}-heading",
        placeholder="–", help=_("0 north, 90 east, 180 south, 270 west"),
    )  # fmt: skip
    named["range"] = far.number_input(
        _("Sees (m)"), 1.0, 2000.0, step=5.0, format="%.0f", key=f"{keys}-range"
    )
    named |= _recorder_fields(keys, recorders)
    label = _("Add camera") if new else _("Save changes")
    save = st.button(label, type="primary", icon=":material/save:", key=f"{keys}-save")
    return Draft(keys, named, save)


def _recorder_fields(keys: str, recorders: list[str]) -> dict[str, Any]:
    """Which recorder, how long it keeps footage, and whom to call about it."""
    named: dict[str, Any] = {}
    which, kept = st.columns([3, 3])
    named["recorder"] = which.selectbox(
        _("Recorder"),
        ["", *recorders],
        format_func=lambda known: known or _("a recorder of its own"),
        key=f"{keys}-recorder",
    )
    named["days"] = kept.number_input(
        _("Keeps footage (days)"), 0.5, 3650.0, step=1.0, format="%g", key=f"{keys}-days",
        placeholder=_("not known"),
    )  # fmt: skip
    kind, owner, contact = st.columns([3, 3, 3])
    named["owner_kind"] = owner_kind_field(kind, key=f"{keys}-owner_kind")
    named["owner"] = owner.text_input(_("Owner"), max_chars=120, key=f"{keys}-owner")
    named["contact"] = contact.text_input(_("Contact"), max_chars=120, key=f"{keys}-contact")
    return named


def owner_kind_field(where: Any, *, key: str) -> str:
    """Whose camera it is, which says how long such owners keep footage."""
    return str(
        where.selectbox(
            _("Kind of owner"),
            ["", *OWNER_WORDS],
            format_func=lambda kind: say(OWNER_WORDS[kind]) if kind else _("not known"),
            key=key,
        )
    )


def checked(
    draft: Draft, camera: Camera | None, recorders: Mapping[str, Recorder]
) -> tuple[Camera, Recorder]:
    """The camera and its recorder that the fields describe. Raises BadInput."""
    said = draft.values
    own_id = camera.id if camera else said["id"].strip()
    if camera is None and not own_id:
        raise BadInput("the camera has no id: give it a short one, for instance c01")
    recorder_id = said["recorder"] or own_id
    known = recorders.get(recorder_id) or Recorder(recorder_id)
    moved = camera is not None and camera.recorder_id != recorder_id
    new_to_it = camera is None and recorder_id in recorders
    clock = replace(
        known,
        retention_days=said["days"] if said["days"] is not None else known.retention_days,
        owner_kind=said["owner_kind"] or known.owner_kind,
        owner=said["owner"].strip() or known.owner,
        contact=said["contact"].strip() or known.contact,
    ) if moved or new_to_it else replace(
        known,
        retention_days=said["days"],
        owner_kind=said["owner_kind"],
        owner=said["owner"].strip(),
        contact=said["contact"].strip(),
    )  # fmt: skip
    saved = Camera(
        own_id,
        said["name"].strip() or own_id,
        recorder_id,
        said["lat"],
        said["lon"],
        said["heading"],
        said["range"] if said["range"] is not None else math.nan,
        said["kind"],
    )
    return saved, clock


@dataclass(frozen=True)
class ClockForm:
    """What the recorder's screen and a right clock showed at one moment, Unix seconds."""

    showed_s: float
    true_s: float
    how: How


def clock_form(recorder: Recorder, cameras: int, *, keys: str) -> ClockForm | None:
    """A clock check -> its values once sent. Raises BadInput."""
    st.text(_("Recorder {id}: {state}", id=recorder.id, state=widgets.clock_state(recorder)))
    how: How = st.segmented_control(
        _("How was it checked?"),
        ["photo", "told"],
        default="photo",
        required=True,
        format_func={
            "photo": _("Photo beside a phone (±2 s)"),
            "told": _("Told by the owner (±30 s)"),
        }.__getitem__,
        key=f"{keys}-how",
    )
    taken_s = _photo(keys) if how == "photo" else None
    left, right = st.columns(2)
    showed = left.text_input(
        _("The recorder showed"), placeholder="2026-05-01 14:03:12", key=f"{keys}-showed"
    )
    told = right.text_input(
        _("The phone showed (right time)"),
        widgets.clock(taken_s) if taken_s is not None else "",
        placeholder="2026-05-01 14:06:24",
        key=f"{keys}-true-{taken_s}",
        help=_("Date and seconds, Korean time."),
    )
    if not (showed.strip() and told.strip()):
        st.caption(_("Photograph the recorder's screen and a phone in one picture, to the second."))
        return None
    form = ClockForm(
        parse_time(with_zone(showed.strip())), parse_time(with_zone(told.strip())), how
    )
    new = clock_of(recorder, form.showed_s, form.true_s, how)
    change_s = new.clock_offset_s - recorder.clock_offset_s
    st.info(
        _(
            "The recorder is **{error}** (±{doubt}). All footage of its {n} cameras moves by "
            "{change} in true time; nothing is read again.",
            error=widgets.clock_error(new.clock_offset_s),
            doubt=widgets.exact(new.clock_sigma_s),
            n=cameras,
            change=f"{'+' if change_s >= 0 else '−'}{widgets.exact(change_s)}",
        ),
        icon=":material/schedule:",
    )
    if abs(new.clock_offset_s) > 86_400:
        st.warning(_("That is more than a day: look at both dates again."))
    sent = st.button(
        _("Save the clock"), type="primary", icon=":material/save:", key=f"{keys}-clock"
    )
    return form if sent else None


def _photo(keys: str) -> float | None:
    """A photo to read the two clocks from -> when it was taken by the phone, if it says so."""
    given = st.file_uploader(
        _("Photo of recorder and phone (to read from, not kept)"),
        ["jpg", "jpeg", "png", "heic", "webp"],
        key=f"{keys}-photo",
    )
    if given is None:
        return None
    picture = photo.read(given.getvalue(), given.name)
    st.image(picture.image, width="stretch", alt=_("the recorder's screen beside a phone"))
    return picture.taken_s


def csv_given(whole: bytes, columns: Collection[str], log: widgets.Log) -> tuple[str, bytes] | None:
    """Cameras as a table to take along -> a table to read, (name, content)."""
    st.download_button(
        _("All cameras as a table (CSV)"),
        whole,
        "cameras.csv",
        "text/csv",
        on_click=log,
        args=("cameras", whole),
        icon=":material/download:",
    )
    given = st.file_uploader(_("Read a table of cameras (CSV)"), ["csv"], key="cameras-csv")
    if given is None:
        st.caption(_("First line: column names. Needed: id, name. An empty cell changes nothing."))
        st.code(",".join(columns), language=None, wrap_lines=True)
        return None
    return given.name, given.getvalue()


def csv_save(pairs: int, *, wrong: int) -> bool:
    """Take over what a table changes -> True once asked."""
    if not pairs:
        st.caption(_("Nothing to save."))
        return False
    if wrong:
        st.caption(_("Lines that are wrong are left out; correct them and read the table again."))
    return st.button(
        _("Save {n} cameras", n=pairs), type="primary", icon=":material/save:", key="cameras-save"
    )
