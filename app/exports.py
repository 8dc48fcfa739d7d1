"""A case in; what writes into the log that something of it was taken along, out."""

from __future__ import annotations

from app import session, widgets
from core.casebook import Export
from core.workspace import Workspace


def log(workspace: Workspace, case: str | None) -> widgets.Log:
    """For `on_click` of a button that hands something out: (what, content, which) -> one row."""

    def took(what: Export, content: str | bytes, **which: object) -> None:
        with widgets.guarded():
            workspace.casebook.log_export(case, what, content, by=session.officer(), **which)

    return took
