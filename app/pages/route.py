"""Route: a case in; the inferred route on a map and in a table, its doubts, the next cameras."""

from __future__ import annotations

import json

import streamlit as st
from streamlit_folium import st_folium

from app import forms, i18n, session, widgets
from app.i18n import _, say
from core.routemap import map_html, route_geojson, route_map, route_svg
from core.types import Route
from core.workspace import Workspace


def picture(workspace: Workspace, case: str, route: Route) -> None:
    """The map, a still picture in case it stays blank, and what can be taken along."""
    about, cameras = workspace.case(case), workspace.cameras()
    drawn = route_map(route, cameras, last_seen=about.last_seen, translate=say)
    html = map_html(drawn, title=about.title, lang=i18n.language())
    st_folium(drawn, key="route", height=440, use_container_width=True, returned_objects=[])
    with st.container(horizontal=True):
        st.download_button(
            _("Map as a web page"),
            html,
            f"{case}.html",
            "text/html",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            _("Map data (GeoJSON)"),
            json.dumps(route_geojson(route, cameras), ensure_ascii=False),
            f"{case}.geojson",
            "application/geo+json",
            on_click="ignore",
            icon=":material/download:",
        )
    with st.expander(_("If the map stays blank: the same as a still picture")):
        st.image(
            route_svg(route, cameras, last_seen=about.last_seen, translate=say),
            width="stretch",
            alt=_("map of the route; the tables below say the same"),
        )


def show(workspace: Workspace, case: str) -> None:
    """Doubts first, then the route, then what to ask next."""
    route, cameras = workspace.route(case, by=session.officer()), workspace.cameras()
    widgets.warn(route.warnings)
    widgets.never(route)
    if not route.stops:
        widgets.no_stops()
    picture(workspace, case, route)
    widgets.stops(route, cameras)
    widgets.next_cameras(route, cameras)
    widgets.other_ways(route, cameras)


def page(workspace: Workspace) -> None:
    titles = {case.id: case.title for case in workspace.cases()}
    if not titles:
        st.info(_("No case yet. Open one on the search page."))
        return
    chosen = forms.case_picker(titles, session.case_id(), None)
    if chosen is not None:
        session.open_case(chosen)
        show(workspace, chosen)


session.enter(page)
