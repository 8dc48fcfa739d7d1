"""A response in, the same response with security headers out: the server's middleware.

The browser is told to load nothing from elsewhere, to run no script that was written into a page,
and to let no other site put the app into a frame. The map component's own frame is the exception:
folium's maps arrive as text and are run there.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.session import workspace_path
from core.errors import DongseonError
from core.routemap.ground import tiles_of


def inline_hashes(html: str) -> str:
    """The scripts written into a page, named as a security policy names them."""
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


INDEX = Path(st.__file__).with_name("static") / "index.html"
POLICY = {
    "default-src": "'none'",
    "script-src": f"'self' {inline_hashes(INDEX.read_text('utf-8'))}",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
MAP_POLICY: dict[str, str] = POLICY | {"script-src": "'self' 'unsafe-inline' 'unsafe-eval'"}
MAP_PATH = "/component/streamlit_folium"


def map_policy() -> dict[str, str]:
    """The policy of the map's frame: pictures from the agency's map server too, if one is set."""
    try:
        tiles = tiles_of(workspace_path())
    except DongseonError:
        tiles = None  # a damaged setting is said on the page
    if tiles is None:
        return MAP_POLICY
    return MAP_POLICY | {"img-src": f"{MAP_POLICY['img-src']} {tiles.origin}"}


class Guard:
    """ASGI middleware that adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        policy = map_policy() if scope.get("path", "").startswith(MAP_PATH) else POLICY

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = "; ".join(map(" ".join, policy.items()))
                headers["X-Frame-Options"] = "SAMEORIGIN"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self.app(scope, receive, guarded)
