"""System: the workspace's models and footage in tables; footage is added."""

from __future__ import annotations

import streamlit as st

from app import forms, session, widgets
from app.i18n import _, say
from core.workspace import Workspace


def add_footage(workspace: Workspace) -> None:
    """Read footage from its own folder, with a bar that moves."""
    form = forms.footage_form(workspace.cameras())
    if form is None:
        return
    bar, people = st.progress(0.0), 0
    for step in workspace.ingest(
        form.path, camera=form.camera, start=form.start, by=session.officer()
    ):
        share = min(step.done / step.total, 1.0) if step.total else 0.0
        bar.progress(share, f"{widgets.inert(say(step.text))} · {share:.0%}")
        people = step.tracklets
    st.success(_("Footage read: {n} appearances of people.", n=people))


def page(workspace: Workspace) -> None:
    state, footage = st.tabs([_("State and models"), _("Footage")])
    with state:
        widgets.models(workspace.models().values())
        widgets.place(workspace.path, workspace.pack)
        widgets.findings(session.findings(str(workspace.path)))
    with footage:
        shown = st.container()
        with widgets.guarded():
            add_footage(workspace)
        with shown:
            widgets.clips(workspace.clips(), workspace.cameras(), workspace.recorders())


session.enter(page)
