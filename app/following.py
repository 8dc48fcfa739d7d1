"""A verdict in; the way back, and the cameras worth asking next, each a search away, out."""

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


def asked_next(workspace: Workspace, case: str) -> list[NextCamera]:
    """Cameras to ask next once a sighting is confirmed, those whose footage is here first.

    The camera of the last confirmed sighting comes last: mostly the person went on.
    """
    if "confirmed" not in workspace.verdicts(case).values():
        return []
    route, sightings = session.route(workspace, case), workspace.casebook.sightings(case)
    last = [one.camera_id for one in sightings if one.verdict == "confirmed"][-1]
    return sorted(
        route.next_cameras, key=lambda one: (one.camera_id == last, not _here(workspace, one))
    )[:MOST]


def next_cameras(workspace: Workspace, case: str, asked: Sequence[NextCamera]) -> None:
    """Where the person would pass next, and when, side by side."""
    if not asked:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Next camera"), anchor=False, width="stretch")
        if st.button(_("Route on the map"), icon=":material/route:"):
            session.go("route")
    with st.container(key="parts-next"):
        tiles = zip(st.columns(MOST, gap="small"), asked, strict=False)
    for number, (column, one) in enumerate(tiles, start=1):
        with column:
            _tile(workspace, case, number, one)


def _tile(workspace: Workspace, case: str, number: int, one: NextCamera) -> None:
    name = widgets.camera_name(one.camera_id, workspace.cameras())
    answer = widgets.next_camera(number, one, name, _here(workspace, one))
    if answer == "search":
        search(workspace, case, one)
    if answer == "not_here":
        not_here(workspace, case, one.camera_id, one.from_s, one.to_s)


def search(workspace: Workspace, case: str, one: NextCamera) -> None:
    """Search one camera in the time the person would pass it."""
    with widgets.guarded():
        session.forget(f"said-{case}")
        find(workspace, case, forms.Scope([one.camera_id], (one.from_s, one.to_s)))


def _here(workspace: Workspace, one: NextCamera) -> bool:
    return casework.has_footage(workspace, one.camera_id, one.from_s, one.to_s)


def undo_bar(workspace: Workspace, case: str, asked: Sequence[NextCamera]) -> None:
    """What was said last, the way back, and after a confirmation the way on."""
    own = [
        entry.sighting
        for entry in workspace.casebook.history(case)
        if entry.sighting and not entry.undone and entry.by == session.officer()
    ]
    if not own or not session.remembered(f"said-{case}"):
        return
    cameras = workspace.cameras()
    usable = [one for one in asked if _here(workspace, one)]
    first = usable[0] if usable and own[-1].verdict == "confirmed" else None
    onward = None if first is None else widgets.camera_name(first.camera_id, cameras)
    answer = widgets.undo_bar(own[-1], cameras, onward)
    if answer == "next" and first is not None:
        search(workspace, case, first)
    if answer == "undo":
        with widgets.guarded():
            workspace.undo(case, by=session.officer())
            st.toast(_("Taken back."), icon=":material/undo:")
            session.forget(f"said-{case}")
            st.rerun()
