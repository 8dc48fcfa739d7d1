"""Search: a new case or an open one, and where to look; the candidates and a person's verdicts."""

from __future__ import annotations

import streamlit as st

from app import forms, intake, session, widgets
from app.i18n import _, say
from core.draw import evidence_bars, side_by_side
from core.errors import NotFound
from core.types import PARTS, Ranking
from core.workspace import Workspace


def find(workspace: Workspace, case: str, scope: forms.Scope) -> None:
    """Search and keep the ranking, so that a refresh shows it without searching again."""
    with st.status(_("Searching the footage …")) as status:
        found = workspace.search(
            case, cameras=scope.cameras, between=scope.between, by=session.officer()
        )
        status.update(label=_("Search done"), state="complete")
    session.keep_search(workspace, case, found, scope)
    st.rerun()


def lead(workspace: Workspace, case: str, ranking: Ranking, at: int) -> widgets.Candidate:
    """Candidate number `at` of the ranking as it is shown."""
    tracklet, (probe, missing) = ranking.tracklet_id[at], session.probe(workspace, case)
    crop = workspace.best_crop(tracklet)
    parts = (float(ranking.parts[name][at]) for name in PARTS)
    unseen = workspace.gallery.description(tracklet).missing
    return widgets.Candidate(
        tracklet_id=tracklet,
        camera=widgets.camera_name(ranking.camera_id[at], workspace.cameras()),
        enter_s=float(ranking.enter_s[at]),
        leave_s=float(ranking.leave_s[at]),
        band=ranking.band[at],
        expected_false=float(ranking.expected_false[at]),
        picture=side_by_side(probe, crop) if probe else crop,
        bars=evidence_bars(*parts, missing={**unseen, **missing}, translate=say),
        reasons=ranking.reasons[at],
    )


def show(workspace: Workspace, case: str, ranking: Ranking) -> None:
    """What was searched, then the candidates, ten at a time, with their verdict buttons."""
    widgets.searched(ranking.searched, found=bool({"strong", "moderate"} & set(ranking.band)))
    widgets.warn(ranking.warnings)
    order = ranking.order_evidence if ranking.order_reranked is None else ranking.order_reranked
    verdicts = workspace.verdicts(case)
    if verdicts and st.button(_("Take back the last verdict"), icon=":material/undo:"):
        workspace.undo(case, by=session.officer())
        st.rerun()
    order = widgets.leads_first(order, ranking.band)
    for place in widgets.page_of(len(order), key=f"page-{case}"):
        shown = lead(workspace, case, ranking, int(order[place]))
        if verdict := widgets.candidate(place + 1, shown, verdicts.get(shown.tracklet_id)):
            workspace.judge(case, shown.tracklet_id, verdict, by=session.officer())
            st.rerun()


def page(workspace: Workspace) -> None:
    titles = {case.id: case.title for case in workspace.cases()}
    case = session.case_id()
    chosen = forms.case_picker(titles, case, _("New case"))
    if case and case not in titles:
        widgets.failed(NotFound("case {case} is not in this workspace: choose another", case=case))
    if chosen != case:
        session.open_case(chosen)
    if chosen is None:
        intake.new_case(workspace, find)
        return
    last = session.last_search(chosen)
    widgets.case_head(workspace.case(chosen), session.probe(workspace, chosen)[0])
    intake.more(workspace, chosen)
    if scope := forms.scope_form(workspace.cameras(), again=last is not None):
        find(workspace, chosen, scope)
    if last is None:
        return
    if set(session.given(workspace, chosen)) - set(last.given) and widgets.search_anew():
        find(workspace, chosen, last.scope)
    show(workspace, chosen, last.ranking)


session.enter(page)
