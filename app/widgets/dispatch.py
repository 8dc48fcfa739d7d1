"""A dispatch card and a route's files in, what is shown and taken along out."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st

from app import i18n
from app.i18n import _, say
from app.widgets.words import inert
from core.routemap import (
    Card,
    Story,
    Way,
    card_html,
    card_text,
    map_html,
    route_geojson,
    route_kml,
    route_rows,
    route_svg,
    stops_csv,
)
from core.routemap.page import ROUTE_COLUMNS

Log = Callable[..., None]
"""What notes that something was taken along: (what, content, which)."""


def card(shown: Card, log: Log) -> None:
    """Place, time, direction, clothes, picture and doubts; to print, to send, to copy."""
    words, picture = st.columns([5, 3])
    with words:
        for what, text in shown.lines:
            with st.container(gap=None):
                st.caption(inert(say(what)))
                st.markdown(f"**{inert(text)}**")
    if shown.crop is not None:
        picture.image(shown.crop, alt=_("the person as seen there"))
    if shown.doubts:
        st.warning("\n".join(f"- {inert(say(doubt))}" for doubt in shown.doubts))
    st.code(card_text(shown, say=say), language=None, wrap_lines=True)
    page = card_html(shown, say=say, lang=i18n.language())
    st.download_button(
        _("Card to print (HTML)"),
        page,
        f"{shown.case}-card.html",
        "text/html",
        on_click=log,
        args=("card", page),
        icon=":material/print:",
    )


def files(story: Story, way: Way, log: Log) -> None:
    """What can be taken along, each made from the way that is shown."""
    route, cameras, zone = way.route, story.cameras, story.zone
    drawn = story.draw(way, translate=say, assets="inline", tiles=False)
    rows = route_rows(route, cameras, zone, translate=say)
    shapes = route_geojson(route, cameras, zone, last_seen=story.last_seen)
    heads = {key: say(text) for key, text in ROUTE_COLUMNS.items()}
    kml = route_kml(
        route, cameras, title=story.title, last_seen=story.last_seen, tz=zone, translate=say
    )
    made = (
        (_("Map as a web page"), map_html(drawn, title=story.title, lang=i18n.language()), "html"),
        (_("Map data (GeoJSON)"), json.dumps(shapes, ensure_ascii=False), "geojson"),
        (_("For other maps (KML)"), kml, "kml"),
        (_("Stops as a table (CSV)"), stops_csv(rows, heads), "csv"),
        (
            _("Still picture (SVG)"),
            route_svg(route, cameras, translate=say, **story.options()),
            "svg",
        ),
    )
    mime = {
        "html": "text/html",
        "geojson": "application/geo+json",
        "kml": "application/vnd.google-earth.kml+xml",
        "csv": "text/csv",
        "svg": "image/svg+xml",
    }
    with st.container(horizontal=True):
        for label, text, ending in made:
            st.download_button(
                label,
                text,
                f"{story.case}.{ending}",
                mime[ending],
                on_click=log,
                args=("map" if ending == "html" else ending, text),
                kwargs={"way": way.key},
                icon=":material/download:",
            )


def still(story: Story, way: Way) -> None:
    """The same as a picture, for where the map stays blank."""
    with st.expander(_("If the map stays blank: the same as a still picture")):
        st.image(
            route_svg(way.route, story.cameras, translate=say, **story.options()),
            width="stretch",
            alt=_("map of the route; the tables below say the same"),
        )
