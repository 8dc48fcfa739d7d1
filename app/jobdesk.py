"""A workspace in; its jobs as they are now, and what was pressed on them done, out."""

from __future__ import annotations

import streamlit as st

from app import session, widgets
from app.i18n import _
from core.casebook import OPEN, Job
from core.workspace import Workspace

REFRESH_S = 2.0


def obey(workspace: Workspace, asked: widgets.Asked) -> None:
    """Do what was pressed on a job."""
    deeds = {
        "pause": workspace.jobs.pause,
        "resume": workspace.jobs.resume,
        "to_front": workspace.jobs.to_front,
        "cancel": workspace.jobs.cancel,
    }
    deeds[asked.deed](asked.job_id, by=session.officer())


def describing(workspace: Workspace) -> int:
    """Offer to describe anew what other models described, or say how far that is -> clips left."""
    clips = 0
    with widgets.guarded():
        clips = len(workspace.recordings.outdated()) if workspace.clips() else 0
        if _open(workspace):
            st.subheader(_("Described anew"), anchor=False)
            _progress(workspace)
        elif clips and widgets.outdated(clips):
            workspace.recordings.queue_reindex(by=session.officer())
            st.rerun()
    return clips


@st.fragment(run_every=REFRESH_S)
def _progress(workspace: Workspace) -> None:
    session.settle()
    with widgets.guarded():
        found = _open(workspace)
        if not found:
            st.rerun()
        asked = widgets.job_cards(found, workspace.cameras())
        if asked is not None:
            obey(workspace, asked)
            st.rerun()


def _open(workspace: Workspace) -> list[Job]:
    return [job for job in workspace.jobs.all() if job.kind == "reindex" and job.state in OPEN]
