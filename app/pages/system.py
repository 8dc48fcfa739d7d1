"""System: the workspace's models and cameras in tables; cameras are added."""

from __future__ import annotations

import streamlit as st

from app import forms, session, widgets
from app.i18n import _
from core.types import Camera, Recorder
from core.workspace import Workspace


def add_camera(workspace: Workspace) -> None:
    """One camera with its own recorder, or with one that is known."""
    form = forms.camera_form(list(workspace.recorders()))
    if form is None:
        return
    recorder = Recorder(
        form.id,
        clock_offset_s=form.clock_offset_s,
        clock_sigma_s=form.clock_sigma_s,
        how="told" if form.clock_known else "unchecked",
    )
    camera = Camera(form.id, form.name, form.recorder or form.id, form.lat, form.lon)
    workspace.add_camera(camera, None if form.recorder else recorder, by=session.officer())
    st.success(_("Camera saved."))


def page(workspace: Workspace) -> None:
    state, cameras = st.tabs([_("State and models"), _("Cameras")])
    with state:
        widgets.models(workspace.models().values())
        widgets.place(workspace.path, workspace.pack)
        widgets.findings(session.findings(str(workspace.path)))
    with cameras:
        shown = st.container()
        with widgets.guarded():
            add_camera(workspace)
        with shown:  # after the form, so that a camera just added is in it
            widgets.camera_table(workspace.cameras(), workspace.recorders(), workspace.counts())


session.enter(page)
