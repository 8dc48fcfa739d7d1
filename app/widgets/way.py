"""A route in, its words and tables out: stops, other ways, the cameras to ask next."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.i18n import _, say
from app.widgets.frame import table
from app.widgets.words import ZONE, camera_name
from core.routemap import ask_rows, route_rows
from core.types import (
    Camera,
    Path,
    Route,
)


def never(route: Route) -> None:
    """How likely it is that the person is in none of this footage, as a sentence with its doubt."""
    if route.p_never <= 0.01:
        return
    percent = min(max(round(100 * route.p_never), 1), 99)
    text = _("Estimate: a {percent} % chance that the person is nowhere in this footage.")
    st.text(text.format(percent=percent))


def no_stops() -> None:
    """A route without stops, and what to do next."""
    st.info(
        _(
            "**Nothing supports a route yet.** On the search page, answer Right to a candidate or "
            "point at the person in footage; if nobody is found, read footage of more cameras."
        ),
        icon=":material/route:",
    )


def stops(route: Route, cameras: Mapping[str, Camera]) -> None:
    """The table twin of the map."""
    if not route.stops:
        return
    st.subheader(_("Stops"), anchor=False)
    rows = [
        {
            _("No."): row["stop"],
            _("Place"): row["place"],
            _("From"): row["from"],
            _("To"): row["to"],
            _("How sure"): row["word"],
            _("From the stop before"): row["travel"],
        }
        for row in route_rows(route, cameras, ZONE.key, translate=say)
    ]
    table(rows, alt=_("stops of the route in order"))


def way(path: Path, cameras: Mapping[str, Camera]) -> str:
    """One alternative in words."""
    names = " → ".join(camera_name(camera, cameras) for camera in path.camera_id)
    return _("{way} (estimate {percent} %)", way=names, percent=round(100 * path.probability))


def other_ways(route: Route, cameras: Mapping[str, Camera]) -> None:
    """The other plausible routes, and the best one that shares no stop with the one shown."""
    if not (route.alternatives or route.rival):
        return
    with st.expander(_("Other possible routes")):
        for path in route.alternatives:
            st.text(way(path, cameras))
        if route.rival:
            st.caption(_("The best route that shares no stop with the one shown:"))
            st.text(way(route.rival, cameras))


def next_cameras(route: Route, cameras: Mapping[str, Camera]) -> None:
    """Which cameras to ask next, lettered as on the map, and which minutes of them."""
    asked = ask_rows(route, cameras, ZONE.key, translate=say)
    if not asked:
        return
    st.subheader(_("Cameras to ask next"), anchor=False)
    rows = [
        {
            _("On the map"): row["letter"],
            _("Camera"): row["place"],
            _("Look from"): row["from"],
            _("Look until"): row["to"],
            _("Chance (estimate)"): f"{round(100 * camera.probability)} %",
            _("Footage kept until"): row["deadline"],
        }
        for row, camera in zip(asked, route.next_cameras, strict=False)
    ]
    table(rows, alt=_("cameras to ask next"))
