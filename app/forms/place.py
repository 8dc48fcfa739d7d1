"""Where and when somebody was last seen: a time, and a camera or a click on the map."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import streamlit as st

from app import session, widgets
from app.i18n import _, say
from core.errors import BadInput
from core.routemap import Ground, place_map, seen_mark
from core.types import Camera, LastSeen

MAP_PX = 280


def last_seen_fields(
    prefix: str,
    cameras: Mapping[str, Camera],
    known: LastSeen | None = None,
    *,
    ground: Ground,
) -> LastSeen | None:
    """Time and place last seen, filled in as known -> what they say, None if nothing is filled in.

    ground  what the map is drawn on

    Raises BadInput while only a part is filled in.
    """
    _begin(prefix, known)
    at, within, around = st.columns([4, 2, 2])
    when = at.datetime_input(_("Time (Korea)"), step=300, key=f"{prefix}when")
    sigma = within.number_input(_("± minutes"), 0, 1440, step=5, key=f"{prefix}sigma")
    radius = around.number_input(_("Within, m"), 10, 50_000, step=50, key=f"{prefix}radius")
    placed = [camera for camera in cameras.values() if camera.lat is not None]
    if placed:
        st.selectbox(
            _("At a camera"),
            [camera.id for camera in placed],
            index=None,
            format_func=lambda camera: widgets.camera_name(camera, cameras),
            placeholder=_("At a camera, or click the map"),
            label_visibility="collapsed",
            key=f"{prefix}camera",
            on_change=_at_camera,
            args=(prefix, cameras),
        )
    spot = _spot(prefix, when, sigma, radius)
    _map(prefix, cameras, spot, known, ground, timed=when is not None)
    with st.expander(_("Coordinates")):
        north, east = st.columns(2)
        lat = north.number_input(_("Latitude"), format="%.6f", key=f"{prefix}lat")
        lon = east.number_input(_("Longitude"), format="%.6f", key=f"{prefix}lon")
    return last_seen(when, sigma, lat, lon, radius)


def _begin(prefix: str, known: LastSeen | None) -> None:
    """What the fields show before anybody touches them."""
    middle = None if known is None else (known.from_s + known.to_s) / 2
    started = {
        "when": None
        if middle is None
        else datetime.fromtimestamp(middle, widgets.ZONE).replace(tzinfo=None),
        "sigma": 10 if known is None else round((known.to_s - known.from_s) / 120),
        "radius": 100 if known is None else round(known.radius_m),
        "lat": None if known is None else known.lat,
        "lon": None if known is None else known.lon,
        "camera": None,
    }
    for name, value in started.items():
        session.begin(f"{prefix}{name}", value)


def _at_camera(prefix: str, cameras: Mapping[str, Camera]) -> None:
    camera = cameras.get(str(session.remembered(f"{prefix}camera")))
    if camera is not None:
        session.put(f"{prefix}lat", round(camera.lat or 0.0, 6))
        session.put(f"{prefix}lon", round(camera.lon or 0.0, 6))


def _clicked(prefix: str, key: str) -> None:
    """Take the place that was clicked on the map."""
    said = session.remembered(key)
    at = said.get("last_clicked") if isinstance(said, Mapping) else None
    if at:
        session.put(f"{prefix}lat", round(at["lat"], 6))
        session.put(f"{prefix}lon", round(at["lng"], 6))
        session.put(f"{prefix}camera", None)


def _map(
    prefix: str,
    cameras: Mapping[str, Camera],
    spot: LastSeen | None,
    known: LastSeen | None,
    ground: Ground,
    *,
    timed: bool,
) -> None:
    from streamlit_folium import st_folium  # it must be met by a running server, not before

    key = f"{prefix}map"
    st_folium(
        place_map(cameras, "last_seen", seen=known, translate=say, ground=ground),
        key=key,
        height=MAP_PX,
        use_container_width=True,
        returned_objects=["last_clicked"],
        feature_group_to_add=seen_mark(spot, timed=timed, translate=say),
        on_change=lambda: _clicked(prefix, key),
    )


def _spot(prefix: str, when: datetime | None, sigma: int, radius: int) -> LastSeen | None:
    """The place as it is drawn, even before a time is given."""
    lat, lon = (session.remembered(f"{prefix}{name}") for name in ("lat", "lon"))
    if not isinstance(lat, float) or not isinstance(lon, float):
        return None
    with widgets.guarded():
        at_s = widgets.unix(when) or 0.0
        return LastSeen(at_s - 60 * sigma, at_s + 60 * sigma, lat, lon, float(radius))
    return None


def last_seen(
    when: datetime | None, sigma: int, lat: float | None, lon: float | None, radius: int
) -> LastSeen | None:
    """Where and when somebody was last seen, or None if nothing was filled in. Raises BadInput."""
    if when is None and lat is None and lon is None:
        return None
    at_s = widgets.unix(when)
    if at_s is None:
        raise BadInput("last seen: the time is missing")
    if lat is None or lon is None:
        raise BadInput("last seen: the place is missing: click the map or choose a camera")
    return LastSeen(at_s - 60 * sigma, at_s + 60 * sigma, lat, lon, float(radius))
