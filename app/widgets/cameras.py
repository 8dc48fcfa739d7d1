"""Cameras and recorders in, their table, what is missing, and what a table would change out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.i18n import N_, _, say
from app.widgets.frame import table
from app.widgets.words import camera_name, clock, exact, inert
from core.cameralist import Kind, Line
from core.casebook import Change
from core.securing import OWNER_WORDS
from core.types import Camera, Recorder

KIND_WORDS = {"fixed": N_("fixed"), "ptz": N_("turns (PTZ)"), "vehicle": N_("in a vehicle")}
LINE_LOOKS: Mapping[Kind, tuple[str, str]] = {
    "new": ("+", N_("new")),
    "changed": ("≠", N_("changed")),
    "same": ("=", N_("as it is")),
    "wrong": ("✕", N_("wrong")),
}
NAMES_SHOWN = 5


def camera_head(
    cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder], change: Change | None
) -> bool:
    """How many cameras there are and what they lack -> True to take the last change back."""
    with st.container(horizontal=True, vertical_alignment="center"):
        lost = [camera_name(c.id, cameras) for c in cameras.values() if c.lat is None]
        open_ = sorted({r.id for c in cameras.values()
                        if (r := recorders[c.recorder_id]).how == "unchecked"})  # fmt: skip
        st.badge(_("{n} cameras", n=len(cameras)), icon=":material/videocam:", color="blue")
        for found, icon, text in (
            (lost, ":material/wrong_location:", N_("without a place: {n}")),
            (open_, ":material/schedule:", N_("clock not checked: {n}")),
        ):
            if found:
                st.badge(_(text, n=len(found)), icon=icon, color="orange")
        if change is None:
            return False
        names = ", ".join(camera_name(one, cameras) for one in change.camera_ids[:2])
        more = len(change.camera_ids) - 2
        names += " " + _("and {n} more", n=more) if more > 0 else ""
        said = filter(None, (inert(names), inert(change.by), clock(change.at_s)[5:16]))
        st.caption(_("Last change: {what}", what=" · ".join(said)))
        return st.button(_("Take it back"), icon=":material/undo:")


def stacked(key: str) -> DeltaGenerator:
    """A place whose columns lie under each other on a tablet."""
    row = f'.st-key-{key} > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"]'
    rules = f'{row} {{flex-wrap: wrap}} {row} > [data-testid="stColumn"] {{min-width: 100%}}'
    st.html(f"<style>@media (max-width: 1000px) {{{rules}}}</style>")
    return st.container(key=key)


def camera_gaps(cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder]) -> None:
    """What a route lacks because of cameras, in one sentence each."""
    lost = [camera_name(c.id, cameras) for c in cameras.values() if c.lat is None]
    open_ = sorted({c.recorder_id for c in cameras.values()
                    if recorders[c.recorder_id].how == "unchecked"})  # fmt: skip
    if lost:
        st.caption(
            "⚠ " + _("Not on the map and in no route until they have a place: {names}",
                     names=_names(lost))
        )  # fmt: skip
    if open_:
        st.caption(
            "⚠ " + _("Taken to be up to 10 minutes wrong until somebody checks the clock: {names}",
                     names=_names(open_))
        )  # fmt: skip


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(inert(name) for name in names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return shown + (" " + _("and {n} more", n=more) if more > 0 else "")


def camera_table(
    cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder], counts: Mapping[str, int]
) -> None:
    """The table twin of the map: cameras with their recorders, clocks and owners."""
    if not cameras:
        st.info(
            _("No camera yet. Fill in the first one above, or read a table (CSV) of many."),
            icon=":material/add_a_photo:",
        )
        return
    rows = [_camera_row(c, recorders[c.recorder_id], counts) for c in cameras.values()]
    table(rows, alt=_("cameras"), height=420)


def _camera_row(camera: Camera, recorder: Recorder, counts: Mapping[str, int]) -> dict[str, object]:
    turn = "" if camera.heading_deg is None else f"{camera.heading_deg:.0f}° · "
    kept = recorder.retention_days
    keeps = "" if kept is None else _("keeps {n} days", n=f"{kept:g}")
    owner = (owner_kind(recorder.owner_kind), recorder.owner, recorder.contact)
    return {
        _("Camera"): f"{camera.name} ({camera.id})" if camera.name != camera.id else camera.id,
        _("Place"): _("not known")
        if camera.lat is None
        else f"{camera.lat:.5f}, {camera.lon:.5f}",
        _("Sees"): f"{turn}{camera.view_range_m:.0f} m · {_(KIND_WORDS[camera.kind])}",
        _("Clock"): clock_state(recorder),
        _("Recorder and owner"): " · ".join(filter(None, (recorder.id, *owner, keeps))),
        _("Appearances"): f"{counts.get(camera.id, 0):,}",
    }  # fmt: skip


def owner_kind(kind: str) -> str:
    """The kind of an owner in words; what a table said that is no known kind stays as it is."""
    return say(OWNER_WORDS[kind]) if kind in OWNER_WORDS else kind


def clock_state(recorder: Recorder) -> str:
    """How wrong a recorder's clock is, how sure that is, and how and when it was checked."""
    doubt = f"±{exact(recorder.clock_sigma_s)}"
    if recorder.how == "unchecked":
        return _("not checked ({doubt})", doubt=doubt)
    how = {"photo": _("photo"), "told": _("told")}[recorder.how]
    when = "" if recorder.checked_at is None else f" {clock(recorder.checked_at)[5:16]}"
    return f"{clock_error(recorder.clock_offset_s)} {doubt} · {how}{when}"


def clock_error(offset_s: float) -> str:
    """A clock's offset as people say it: slow, fast or right."""
    if abs(offset_s) < 1:
        return _("right")
    length = exact(offset_s)
    return _("{length} slow", length=length) if offset_s > 0 else _("{length} fast", length=length)


def plan_table(lines: Sequence[Line]) -> None:
    """What a table of cameras would do, line by line, the wrong ones first."""
    kinds = Counter(line.kind for line in lines)
    st.text(" · ".join(f"{LINE_LOOKS[k][0]} {_(LINE_LOOKS[k][1])} {kinds[k]}" for k in LINE_LOOKS))
    told = [line for line in lines if line.kind != "same"]
    rows = [
        {
            _("Line"): line.number,
            _("What"): f"{LINE_LOOKS[line.kind][0]} {_(LINE_LOOKS[line.kind][1])}",
            _("Changes"): say(line.why) if line.why else _told(line),
        }
        for line in sorted(told, key=lambda line: (line.kind != "wrong", line.number))
    ]
    if rows:
        table(rows, alt=_("what the table would change"), height=300)


def _told(line: Line) -> str:
    """A line's changes by the table's own column names."""
    told = [f"{key}: {old} → {new}" if old else f"{key}: {new}"
            for key, old, new in line.changes if key != "id"]  # fmt: skip
    return f"{line.camera.id if line.camera else ''} · {', '.join(told)}"
