"""Case: the open cases and what to do next in each; a new case; one case with all it holds."""

from __future__ import annotations

import streamlit as st

from app import casefile, intake, session, widgets
from app.i18n import _
from core import casework
from core.errors import NotFound
from core.workspace import Workspace


def overview(workspace: Workspace) -> None:
    """The open cases, newest first, and the way to a new one."""
    cases = workspace.cases()
    still_open = [case for case in cases if case.closed_s is None]
    if not still_open or session.remembered("new-case"):
        if still_open and st.button(_("All cases"), icon=":material/arrow_back:", type="tertiary"):
            session.forget("new-case")
            st.rerun()
        st.subheader(_("New case"), anchor=False)
        intake.new_case(workspace)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Open cases"), anchor=False, width="stretch")
        st.button(
            _("New case"),
            type="primary",
            icon=":material/add:",
            on_click=session.put,
            args=("new-case", True),
        )
    for case in still_open:
        if widgets.case_card(
            casework.standing(workspace, case.id), session.thumb(workspace, case.id)
        ):
            session.open_case(case.id)
            st.rerun()
    widgets.closed([case for case in cases if case.closed_s is not None])


def one(workspace: Workspace, case: str) -> None:
    """One case: who, since when, what next; below, everything that can be corrected."""
    if st.button(_("All cases"), icon=":material/arrow_back:", type="tertiary"):
        session.open_case(None)
        session.forget("new-case")
        st.rerun()
    standing = casework.standing(workspace, case)
    picture, clothes = session.thumb(workspace, case), casework.clothes_from(workspace, case)
    widgets.case_head(standing, picture, widgets.clothes_words(clothes))
    with st.container(horizontal=True, gap="small"):
        if st.button(
            _(widgets.NEXT_WORDS[standing.next]),
            type="primary",
            icon=":material/arrow_forward:",
            disabled=standing.next == "show",
        ):
            session.go("search")
        if standing.confirmed and st.button(_("Route"), icon=":material/route:"):
            session.go("route")
    casefile.tabs(workspace, case)


def page(workspace: Workspace) -> None:
    case = session.case_id()
    known = {one.id for one in workspace.cases()}
    if case and case not in known:
        widgets.failed(NotFound("case {case} is not in this workspace: choose another", case=case))
        session.open_case(None)
        case = None
    if case is None:
        overview(workspace)
    else:
        one(workspace, case)


session.enter(page)
