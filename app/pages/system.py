"""System: the models in use, where the workspace lies, and what a check of it all says."""

from __future__ import annotations

from app import jobdesk, session, widgets
from core.workspace import Workspace


def page(workspace: Workspace) -> None:
    widgets.models(workspace.models().values())
    widgets.ticks(workspace.tick_states())
    outdated = jobdesk.describing(workspace)
    widgets.place(workspace.path, workspace.pack)
    widgets.findings(session.findings(str(workspace.path), outdated))


session.enter(page)
