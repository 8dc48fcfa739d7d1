"""Route: a case in; its route on a map with a time slider, in words, and what to do next."""

from __future__ import annotations

import streamlit as st

from app import exports, forms, i18n, session, trail, widgets
from app.i18n import _, say
from core.routemap import Story, dispatch_card, tell
from core.workspace import Workspace


@st.dialog(_("Dispatch card"), width="large")
def dispatch(workspace: Workspace, story: Story) -> None:
    session.settle()
    with widgets.guarded():
        shown = dispatch_card(workspace, story, say=say, words=i18n.both_words)
        widgets.card(shown, exports.log(workspace, story.case))


@st.fragment
def body(workspace: Workspace, story: Story) -> None:
    """Everything that a click on the map or another way changes; the route itself stays."""
    session.settle()
    with widgets.guarded():
        way = story.way(widgets.way_switch(story.ways, story.case))
        with st.container(key="map-and-stops"):
            left, right = st.columns([7, 4], gap="small")
        with left:
            trail.picture(story, way)
        with right, st.container(height=trail.MAP_PX):
            trail.beside(workspace, story, way)
        trail.below(workspace, story, way)


def page(workspace: Workspace) -> None:
    titles = {case.id: case.title for case in workspace.cases()}
    if not titles:
        st.info(_("No case yet. Open one on the search page."))
        return
    widgets.use_width()
    pick, send = st.columns([5, 2], vertical_alignment="bottom")
    with pick:
        chosen = forms.case_picker(titles, session.case_id(), None)
    if chosen is None:
        return
    session.open_case(chosen)
    with st.spinner(_("Working out the route …")):
        route = workspace.route(chosen, by=session.officer())
        story = tell(workspace, chosen, route, now_s=session.now_s())
    label = _("Dispatch card")
    if send.button(label, icon=":material/badge:", type="primary", disabled=not route.stops):
        dispatch(workspace, story)
    body(workspace, story)


session.enter(page)
