"""A confirmed sighting in; the cameras worth asking next, each a search away, out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import forms, session, widgets
from app.i18n import _
from app.review import not_here
from app.searching import find
from core import casework
from core.types import NextCamera
from core.workspace import Workspace

MOST = 4


def next_cameras(workspace: Workspace, case: str) -> None:
    """After a confirmation: where the person would pass next, and when."""
    if "confirmed" not in workspace.verdicts(case).values():
        return
    route = session.route(workspace, case)
    asked = _usable_first(workspace, route.next_cameras)[:MOST]
    if not asked:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Next camera"), anchor=False, width="stretch")
        if st.button(_("Route on the map"), icon=":material/route:"):
            session.go("route")
    for number, (column, one) in enumerate(
        zip(st.columns(MOST, gap="small"), asked, strict=False), start=1
    ):
        with column:
            _tile(workspace, case, number, one)


def _usable_first(workspace: Workspace, asked: Sequence[NextCamera]) -> list[NextCamera]:
    """Cameras whose footage is here before those whose footage has to be asked for."""
    return sorted(asked, key=lambda one: not _here(workspace, one))


def _here(workspace: Workspace, one: NextCamera) -> bool:
    return casework.has_footage(workspace, one.camera_id, one.from_s, one.to_s)


def _tile(workspace: Workspace, case: str, number: int, one: NextCamera) -> None:
    name = widgets.camera_name(one.camera_id, workspace.cameras())
    footage = _here(workspace, one)
    answer = widgets.next_camera(number, one, name, footage)
    if answer == "search":
        with widgets.guarded():
            find(workspace, case, forms.Scope([one.camera_id], (one.from_s, one.to_s)))
    if answer == "not_here":
        not_here(workspace, case, one.camera_id, one.from_s, one.to_s)
