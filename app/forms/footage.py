"""Recordings to read: which files, whose each is and when it begins; folders to watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import streamlit as st

from app import widgets
from app.forms.scope import window
from app.i18n import _
from core import footage
from core.casebook import Watched
from core.errors import BadInput
from core.types import Camera, parse_time
from core.watched import Named, named, recordings
from core.workspace import Window

MOST_ROWS = 20
EXAMPLE = "/media/usb"


@dataclass(frozen=True)
class FootageForm:
    """Recordings to read, the true time that is wanted of them, and whether before all others."""

    recordings: list[Named]
    between: Window
    first: bool


def footage_form(cameras: Mapping[str, Camera], zone: str, turn: int) -> FootageForm | None:
    """Recordings to read -> what was said of them, once sent. Raises BadInput, FootageError.

    turn  another number empties the fields
    """
    path = st.text_input(
        _("File or folder on this computer"),
        placeholder=EXAMPLE,
        key=f"footage-path-{turn}",
        help=_("A video, a folder of pictures, or a folder with several recordings."),
    )
    if not path.strip():
        st.caption(
            _(
                "Files named like c01_2026-05-01T090000.mp4 (camera, start) are filled in by "
                "themselves. Footage is read where it lies and never copied."
            )
        )
        return None
    found = _found(path.strip(), zone)
    if not found:
        st.info(_("There is nothing in this folder."))
        return None
    if len(found) > MOST_ROWS:
        text = _("{n} files: the first {most} are shown. Watch the folder to read all of them.")
        st.warning(text.format(n=len(found), most=MOST_ROWS))
    with st.form(f"footage-{turn}-{path}"):
        rows = [_row(one, cameras, n) for n, one in enumerate(found[:MOST_ROWS])]
        with st.expander(_("Only part of the time")):
            st.caption(_("True time. Parts that show none of it can be read later."))
            begin, end = st.columns(2)
            fields = (
                begin.datetime_input(_("From (Korea)"), None, step=300),
                end.datetime_input(_("To (Korea)"), None, step=300),
            )
        with st.container(horizontal=True, vertical_alignment="center"):
            sent = st.form_submit_button(
                _("Add to the queue"), type="primary", icon=":material/playlist_add:"
            )
            first = st.checkbox(_("before all others"))
        if not sent:
            return None
    wanted = [_said(one, camera, start) for one, camera, start in rows if camera]
    if not wanted:
        raise BadInput("choose the camera of at least one recording")
    between = window([], *fields).between or (None, None)
    return FootageForm(wanted, between, first)


def _found(path: str, zone: str) -> list[Named]:
    """The recordings at a path: itself, or what lies in it."""
    place = footage.existing(path)
    if place.is_dir() and not footage.has_pictures(place):
        return recordings(place, zone)
    return [named(place, zone)]


def _row(one: Named, cameras: Mapping[str, Camera], n: int) -> tuple[Named, str | None, str]:
    """One recording: its name, camera and start; without a camera it is left out."""
    name, which, when = st.columns([4, 3, 4], vertical_alignment="bottom")
    shown: Literal["visible", "collapsed"] = "visible" if n == 0 else "collapsed"
    ids = list(cameras)
    with name:
        st.text(one.path.name)
        if one.camera_id is not None and one.camera_id not in ids:
            text = _("The name says camera {camera}, which is not known here.")
            st.caption(text.format(camera=widgets.inert(one.camera_id)))
    camera = which.selectbox(
        _("Camera"),
        ids,
        index=ids.index(one.camera_id) if one.camera_id in ids else None,
        format_func=lambda c: widgets.camera_name(c, cameras),
        placeholder=_("not read"),
        label_visibility=shown,
        key=f"camera-{n}-{one.path}",
    )
    begin = "" if one.start_s is None else widgets.clock(one.start_s)
    start = when.text_input(
        _("First moment, by the recorder's clock (Korea)"),
        begin,
        placeholder="2026-05-01 09:00:00",
        label_visibility=shown,
        key=f"start-{n}-{one.path}",
    )
    return one, camera, start.strip()


def _said(one: Named, camera: str | None, start: str) -> Named:
    return replace(one, camera_id=camera, start_s=parse_time(with_zone(start)), why=None)


def watch_form(watched: Sequence[Watched]) -> tuple[str, bool] | None:
    """Begin to watch a folder or stop -> (folder, watch it or not), once asked."""
    with st.form("watch", clear_on_submit=True, border=False):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        path = row.text_input(
            _("Folder on this computer"),
            placeholder=EXAMPLE,
            help=_("New recordings that appear there are read by themselves."),
        )
        if row.form_submit_button(_("Watch"), icon=":material/visibility:"):
            return path.strip(), True
    for one in watched:
        label = _("Stop watching {path}", path=widgets.inert(one.path))
        if st.button(label, icon=":material/visibility_off:", key=f"unwatch-{one.path}"):
            return one.path, False
    return None


def folder(path: str) -> str:
    """A folder as it is kept. Raises FootageError if it is none."""
    recordings(path, "UTC")
    return str(Path(path).resolve())


def with_zone(text: str) -> str:
    """A time as people write it -> ISO 8601; Korean time where no zone is written. BadInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "{text!r} is not a time: write it like 2026-05-01 09:00:00", text=text[:40]
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=widgets.ZONE)).isoformat()
