"""A case's story in; its map, the stops beside it and what can be done below it, out."""

from __future__ import annotations

import folium
import streamlit as st
from streamlit_folium import st_folium

from app import exports, forms, session, widgets
from app.i18n import _, say
from core.routemap import Story, Way
from core.routemap.story import last_entry, told
from core.workspace import Workspace

MAP_PX = 470


def picture(story: Story, way: Way) -> None:
    """The map; a click on it fills in the place of a sighting that is told."""
    drawn = story.draw(way, translate=say)
    point = session.kept("told-point")
    there = folium.FeatureGroup("told")
    if point is not None:
        folium.CircleMarker(point, radius=9, color="#1f2933", fill=True).add_to(there)
    got = st_folium(
        drawn,
        key="route",
        height=MAP_PX,
        use_container_width=True,
        returned_objects=["last_clicked"],
        feature_group_to_add=there,
    )
    at = (got or {}).get("last_clicked")
    if at and session.changed("told-point", (at["lat"], at["lng"])):
        session.put(forms.LAT, at["lat"])
        session.put(forms.LON, at["lng"])
        st.rerun(scope="fragment")


def beside(workspace: Workspace, story: Story, way: Way) -> None:
    """Doubts, then every stop with its picture and the answers a person can give."""
    route = way.route
    widgets.warn(route.warnings)
    widgets.never(route)
    if not route.stops:
        widgets.no_stops()
    for n, stop in enumerate(route.stops, start=1):
        legs = [route.legs[k] if 0 <= k < len(route.legs) else None for k in (n - 2, n - 1)]
        answer = widgets.stop_item(n, stop, story, legs)
        if answer and stop.tracklet_id:
            workspace.judge(story.case, stop.tracklet_id, answer, by=session.officer())
            st.rerun()
    if last_entry(workspace, story.case, session.officer()) and st.button(
        _("Take back my last entry"), icon=":material/undo:"
    ):
        workspace.undo(story.case, by=session.officer())
        st.rerun()


def below(workspace: Workspace, story: Story, way: Way) -> None:
    """The twins of the map, what to do next, what was told, what can be taken along."""
    names = (_("Next cameras"), _("As a table"), _("Add what was told"), _("Take along"))
    ask, rows, tell_tab, files = st.tabs(names)
    with ask:
        widgets.next_cameras(story.case, way.route, story.cameras)
    with rows:
        widgets.stops(way.route, story.cameras)
        widgets.still(story, way)
    with tell_tab, widgets.guarded():
        widgets.told(told(workspace, story.case), story.cameras)
        if given := forms.told_form(story.cameras):
            workspace.casebook.add_sighting(story.case, given, by=session.officer())
            st.rerun()
    with files:
        widgets.files(story, way, exports.log(workspace, story.case))
