"""Footage: recordings are queued here, and what is read, waits, failed and is there is shown."""

from __future__ import annotations

import streamlit as st

from app import forms, jobdesk, session, widgets
from app.i18n import _
from core.watched import queue_of
from core.workspace import Workspace

REFRESH_S = 2.0


def add(workspace: Workspace) -> None:
    """One recording, or a folder of them, into the queue."""
    turn = session.turn("footage")
    form = forms.footage_form(workspace.cameras(), workspace.zone, turn)
    if form is None:
        return
    jobs = [queue_of(one, workspace.cameras(), form.between) for one in form.recordings]
    for job in jobs:
        workspace.jobs.add(job, by=session.officer(), first=form.first)
    session.next_turn("footage")
    st.rerun()


def watch(workspace: Workspace) -> None:
    """Begin to watch a folder, or stop."""
    asked = forms.watch_form(workspace.casebook.folders.watched())
    if asked is None:
        return
    path, on = asked
    if on:
        workspace.casebook.folders.watch(forms.folder(path), by=session.officer())
    else:
        workspace.casebook.folders.unwatch(path, by=session.officer())
    st.rerun()


@st.fragment(run_every=REFRESH_S)
def queue(workspace: Workspace) -> None:
    """The queue as it is now: any browser, also one just opened, sees the same."""
    session.settle()
    with widgets.guarded():
        asked = widgets.jobs(workspace.jobs.all(), workspace.cameras())
        if asked is not None:
            jobdesk.obey(workspace, asked)
            st.rerun()
        if session.differs("clips", len(workspace.clips())):
            st.rerun()


@st.fragment(run_every=REFRESH_S)
def seen(workspace: Workspace) -> None:
    """What the workers found in watched folders, as it is now."""
    session.settle()
    with widgets.guarded():
        for folder in workspace.casebook.folders.watched():
            widgets.watched(folder)


def page(workspace: Workspace) -> None:
    st.header(_("Collect footage"), anchor=False)
    new = not workspace.jobs.all()
    if not workspace.cameras():
        widgets.no_camera()
    with st.expander(_("Add recordings"), icon=":material/add:", expanded=new), widgets.guarded():
        add(workspace)
    queue(workspace)
    st.subheader(_("Watched folders"), anchor=False)
    seen(workspace)
    with widgets.guarded():
        watch(workspace)
    widgets.clips(workspace.clips(), workspace.cameras(), workspace.recorders())


session.enter(page)
