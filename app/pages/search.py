"""Search: a case and where to look in; candidates, a person's verdicts and the next camera out."""

from __future__ import annotations

import streamlit as st

from app import following, forms, review, session, widgets
from app.i18n import _
from app.searching import find
from core import casework
from core.workspace import Workspace


def choose(workspace: Workspace) -> str | None:
    """The case to search in: the open one, else the newest that is still open."""
    titles = {case.id: case.title for case in workspace.cases() if case.closed_s is None}
    case = session.case_id()
    if not titles:
        st.info(_("No open case yet."), icon=":material/person_search:")
        if st.button(_("New case"), type="primary", icon=":material/add:"):
            session.go("case")
        return None
    chosen = forms.case_picker(titles, case) if len(titles) > 1 else next(iter(titles))
    session.open_case(chosen)
    return chosen


def page(workspace: Workspace) -> None:
    case = choose(workspace)
    if case is None:
        return
    last, standing = session.last_search(case), casework.standing(workspace, case)
    picture = session.thumb(workspace, case)
    clothes = widgets.clothes_words(casework.clothes_from(workspace, case))
    widgets.case_head(standing, picture, clothes)
    if standing.next == "show":
        st.info(_("No picture of the person yet."), icon=":material/add_a_photo:")
        with widgets.guarded():
            if standing.case.wanted:
                workspace.need_ticks(standing.case.wanted)
        if st.button(_("Add a picture"), type="primary"):
            session.go("case")
        return
    near = casework.reachable(workspace, case)
    scope = forms.scope_form(
        workspace.cameras(),
        near,
        again=last is not None,
        key=f"scope-{case}",
        asked=session.taken("camera", "from", "to"),
    )
    if scope is not None:
        find(workspace, case, scope)
    if last is None:
        return
    if set(session.given(workspace, case)) - set(last.given) and widgets.search_anew():
        find(workspace, case, last.scope)
    found, asked = last.ranking, following.asked_next(workspace, case)
    one_at_a_time = bool(session.remembered(review.ONE))
    if not one_at_a_time:
        following.next_cameras(workspace, case, asked)
    widgets.searched(
        found.searched,
        found=bool({"strong", "moderate"} & set(found.band)),
        confirmed=standing.confirmed,
    )
    review.show(workspace, case, found)
    widgets.warn(found.warnings)
    review.settled(workspace, case)
    if one_at_a_time:
        following.next_cameras(workspace, case, asked)
    following.undo_bar(workspace, case, asked)


session.enter(page)
