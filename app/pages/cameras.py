"""Cameras: where they hang, what they see, whose recorder and how wrong its clock is."""

from __future__ import annotations

import streamlit as st

from app import cameradesk, session, widgets
from app.i18n import _
from core.routemap import ground_here
from core.workspace import Workspace


def head(workspace: Workspace) -> None:
    """What there is and what is missing; the last change can be taken back."""
    change = workspace.casebook.last_change()
    if widgets.camera_head(workspace.cameras(), workspace.recorders(), change) and change:
        with widgets.guarded():
            workspace.casebook.undo_change(change.batch, by=session.officer())
            st.rerun()


def page(workspace: Workspace) -> None:
    cameras, recorders = workspace.cameras(), workspace.recorders()
    seen = next((case.last_seen for case in workspace.cases() if case.last_seen), None)
    head(workspace)
    with widgets.stacked("cameras-desk"):
        left, right = st.columns([6, 5], gap="medium")
    with right:
        camera = cameradesk.chosen(cameras)
        one, clock, many = st.tabs([_("Camera"), _("Clock check"), _("Table (CSV)")])
        with one:
            draft = cameradesk.fields(workspace, camera, recorders)
        with clock, widgets.guarded():
            cameradesk.clock_check(workspace, camera, draft)
        with many, widgets.guarded():
            cameradesk.table_in_and_out(workspace)
    with left:
        with widgets.guarded():
            here = ground_here(workspace.path, cameras.values(), seen)
            cameradesk.map_of(cameras, draft, seen, here)
        widgets.camera_gaps(cameras, recorders)
    widgets.camera_table(cameras, recorders, workspace.counts())


session.enter(page)
