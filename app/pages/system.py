"""System: the workspace's models, cameras and footage in tables; cameras and footage are added."""

from __future__ import annotations

import streamlit as st

from app import forms, session, widgets
from app.i18n import _, say
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
    state, cameras, footage = st.tabs([_("State and models"), _("Cameras"), _("Footage")])
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
    with footage:
        shown = st.container()
        with widgets.guarded():
            add_footage(workspace)
        with shown:
            widgets.clips(workspace.clips(), workspace.cameras(), workspace.recorders())


session.enter(page)
