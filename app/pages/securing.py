"""Securing list: which footage to ask for until when, and how far each camera's has come."""

from __future__ import annotations

import time

import streamlit as st

from app import forms, securingdesk, session, widgets
from app.i18n import _
from core import casework
from core.coverage import timeline
from core.workspace import Workspace


def show(workspace: Workspace, case: str) -> None:
    """The clock and the figures, then the list, then the footage."""
    about, now_s = workspace.case(case), time.time()
    widgets.elapsed(casework.standing(workspace, case).since, about.closed_s)
    fields = f"window-{case}"
    found = timeline(workspace, case, session.between(fields), now_s=now_s)
    if found is not None:
        widgets.coverage_figures(found)
    ask, footage = st.tabs([_("What to ask for"), _("Coverage by time")])
    with ask, widgets.guarded():
        asked = session.next_cameras(workspace, case)
        securingdesk.asking(workspace, about, asked, now_s)
    with footage, widgets.guarded():
        securingdesk.footage(workspace, about, found, fields)


def page(workspace: Workspace) -> None:
    titles = {case.id: case.title for case in workspace.cases()}
    if not titles:
        st.info(_("No case yet. Open one on the search page."))
        return
    chosen = forms.case_picker(titles, session.case_id(), None)
    if chosen is not None:
        session.open_case(chosen)
        show(workspace, chosen)


session.enter(page)
