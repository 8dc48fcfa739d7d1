"""The browser scripts shipped with the app in, links or inline text for a map out.

folium and streamlit-folium load Leaflet, jQuery, Bootstrap and web fonts from other people's
servers; on a network without internet that leaves a blank box and no message. Importing
`core.routemap` therefore points every folium map at the copies under ``app/static/vendor``.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from pathlib import Path

import folium

from core.errors import NotFound
from core.types import Note, note

FOLDER = Path(__file__).resolve().parents[2] / "app" / "static" / "vendor"
URL = "/app/static/vendor"  # where Streamlit serves FOLDER

_LEAFLET_JS, _LEAFLET_CSS = (
    ("leaflet", "leaflet/leaflet.js"),
    ("leaflet_css", "leaflet/leaflet.css"),
)
_JQUERY = ("jquery", "jquery/jquery.min.js")


def links(base_path: str = "") -> tuple[list[tuple[str, str]], ...]:
    """(scripts, style sheets) as folium wants them: [(name, url)]."""
    at = f"/{base_path.strip('/')}{URL}" if base_path.strip("/") else URL
    return [(name, f"{at}/{path}") for name, path in (_LEAFLET_JS, _JQUERY)], [
        (name, f"{at}/{path}") for name, path in (_LEAFLET_CSS,)
    ]


def use_vendored(base_path: str = "") -> None:
    """Make every folium map load its scripts from this app and from nowhere else.

    base_path  Streamlit's ``server.baseUrlPath``. Bootstrap, Font Awesome and the web fonts behind
    `folium.Icon` are left out: draw markers with `DivIcon` or circles.
    """
    folium.Map.default_js, folium.Map.default_css = links(base_path)


def text(path: str) -> str:
    """A vendored text file; NotFound if it is not there."""
    try:
        return (FOLDER / path).read_text(encoding="utf-8")
    except OSError:
        raise NotFound(
            "the map script {file} is missing: install Dongseon again", file=path
        ) from None


def inline_script() -> str:
    """Leaflet itself, fit to stand inside a script element of a page that loads nothing else."""
    return re.sub(r"//# sourceMappingURL=\S+\s*$", "", text("leaflet/leaflet.js"))


def inline_style() -> str:
    """Leaflet's style sheet with its pictures inside."""

    def picture(found: re.Match[str]) -> str:
        path = FOLDER / "leaflet" / found[1]
        return f"url(data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()})"

    return re.sub(r"url\((images/[a-z0-9-]+\.png)\)", picture, text("leaflet/leaflet.css"))


def problems() -> tuple[Note, ...]:
    """What is wrong with the vendored files, for the self-check: empty if all are as recorded."""
    found = []
    for row in tomllib.loads(text("VENDOR.toml"))["file"]:
        path = FOLDER / row["path"]
        if not path.is_file():
            found.append(note("the map file {file} is missing", file=row["path"]))
        elif hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
            found.append(note("the map file {file} is damaged", file=row["path"]))
    return tuple(found)
