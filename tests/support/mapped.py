"""A drawn town with a route through it, hostile names, and a browser that reaches nothing."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Any

import folium

from core import routemap
from core.types import Camera, LastSeen, Leg, NextCamera, Note, Path, Route, Stop, note, parse_time

START = parse_time("2026-05-01T09:00:00+09:00")

HOSTILE = [
    "`",
    "a`b${alert(1)}",
    "$`{window.pwned=1}",
    "${window.pwned=1}",
    "<img src=x onerror=window.pwned=1>",
    "</script><script>window.pwned=1</script>",
    "'\"><svg onload=window.pwned=1>",
    "a\\\nb\r\u2028c\u2029d",
    "{{ 7*7 }}{% raw %}{# x",
    "\u202egnp.exe\x00",
]

TOWN = {
    "c01": ("Station exit 1", 37.5700, 126.9780, 90.0),
    "c02": ("시장 입구", 37.5716, 126.9812, 45.0),
    "c03": ("Library", 37.5731, 126.9836, None),
    "c04": ("Bridge north", 37.5698, 126.9858, None),
    "c05": ("Bus stop 12-114", 37.5742, 126.9794, 270.0),
    "c06": ("Park east gate", 37.5716, 126.9885, 0.0),
}


def town(names: list[str] | None = None) -> dict[str, Camera]:
    return {
        key: Camera(key, names[k % len(names)] if names else name, "r1", lat, lon, heading)
        for k, (key, (name, lat, lon, heading)) in enumerate(TOWN.items())
    }


def stop(camera: str, at: float, *, confirmed: bool = False, **more: Any) -> Stop:
    fields = {"probability": 0.8, "band": "moderate", "lat": None, "lon": None, **more}
    return Stop(
        camera, f"{camera}/k1/1", START + at, START + at + 30, confirmed=confirmed, **fields
    )


def leg(feasible: bool = True, why: Note | None = None) -> Leg:
    return Leg(240, 480, 345, feasible, False, why or note("walkable in this time"))


TOO_FAST = note("needs {speed} m/s", speed=5.9)
ROUTE = Route(
    stops=(
        stop("c01", 180, confirmed=True),
        stop("c02", 620, confirmed=True),
        stop("c03", 1010),
        stop("c04", 1100, band="weak", unstable=True),
    ),
    legs=(leg(), leg(), leg(False, TOO_FAST)),
    p_never=0.1,
    alternatives=(Path(("c01/k1/1", None), ("c01", "c05"), 0.1),),
    next_cameras=(
        NextCamera("c06", 0.4, START + 1300, START + 2100, START + 86400),
        NextCamera("c05", 0.2, START + 1200, START + 1900),
    ),
    warnings=(note("not calibrated here"),),
)
SEEN = LastSeen(START - 600, START - 300, 37.5695, 126.9765, 120)
EMPTY = Route(stops=(), legs=(), p_never=0.9)


def page(route: Route = ROUTE, cameras: dict[str, Camera] | None = None, **more: Any) -> str:
    return routemap.map_html(
        routemap.route_map(route, town() if cameras is None else cameras, **more)
    )


def layers(drawn: folium.Map) -> list[dict[str, Any]]:
    """Every GeoJSON feature of a map."""
    found = (c for c in drawn._children.values() if isinstance(c, folium.GeoJson))
    return [feature for layer in found for feature in layer.data["features"]]


class Visit:
    """One page opened from a file, with what it asked for and complained about."""

    def __init__(self, browser: Any, file: FilePath, **context: Any) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        viewport = {"width": 1240, "height": 900}
        self.page = browser.new_context(viewport=viewport, **context).new_page()
        self.page.route(re.compile(r"^(?!file:|data:)"), lambda route: route.abort())
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        self.page.goto(file.as_uri())

    def count(self, selector: str) -> int:
        return int(self.page.locator(selector).count())


def open_map(browser: Any, tmp_path: FilePath, html: str, **context: Any) -> Visit:
    file = tmp_path / "map.html"
    file.write_text(html, encoding="utf-8")
    return Visit(browser, file, **context)
