"""A case and where to look in; candidates on the search page out."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from app import forms, session
from app.i18n import _
from core.workspace import Workspace


def find(workspace: Workspace, case: str, scope: forms.Scope) -> NoReturn:
    """Search, keep the ranking, so that a refresh does not search again, and show it."""
    with st.spinner(_("Searching the footage …")):
        found = workspace.search(
            case, cameras=scope.cameras, between=scope.between, by=session.officer()
        )
    session.keep_search(workspace, case, found, scope)
    session.open_case(case)
    session.go("search")
