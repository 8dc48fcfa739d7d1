"""The address of an agency's own map server in, checked; a folium layer that asks it out.

No server is asked unless an agency wrote its address down; there is no default, and an exported
page never asks one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import folium

from core.errors import BadInput

LONGEST_URL = 500


@dataclass(frozen=True)
class Tiles:
    """An agency's map server: XYZ tiles, or WMS where layers are named.

    url  http or https; with {z}, {x} and {y} for XYZ;  attribution: whose map it is

    Raises BadInput.
    """

    url: str
    layers: str = ""
    attribution: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url) if len(self.url) <= LONGEST_URL else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput("the address of a map server begins with http:// or https://")
        if parts.username or parts.password:
            raise BadInput("the address of a map server must not hold a name or a password")
        if not re.fullmatch(r"[A-Za-z0-9._~:/?#\[\]@!&()+,;=%{}-]+", self.url):
            raise BadInput("the address of a map server holds characters that no address has")
        if not re.fullmatch(r"[\w:,.-]{0,200}", self.layers):
            raise BadInput("WMS layers are names joined by commas, without spaces")
        bare = re.sub(r"\{[xyzs]\}", "", self.url)
        if "{" in bare or "}" in bare or (self.layers and bare != self.url):
            raise BadInput("braces in the address of a map server are only for XYZ tiles")
        if not self.layers and not all(f"{{{key}}}" in self.url for key in "xyz"):
            needed = "{z}, {x}, {y}"
            raise BadInput("an XYZ address needs {needed}; for WMS name the layers", needed=needed)

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a security policy must allow pictures from."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def layer(self, attribution: str) -> folium.MacroElement:
        """The layer for a map; attribution is safe HTML."""
        if self.layers:
            return folium.WmsTileLayer(
                self.url, self.layers, fmt="image/png", attr=attribution or " ", control=False
            )
        return folium.TileLayer(self.url, attr=attribution or " ", max_zoom=20, control=False)
