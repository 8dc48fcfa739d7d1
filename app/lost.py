"""A request for an address that is no page in, a page of our own that says so out: middleware.

Streamlit answers every address with the app, which then says in English alone that there is no
such page.
"""

from __future__ import annotations

from collections.abc import Collection
from contextvars import copy_context
from html import escape
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import get_option

from app import i18n
from app.i18n import _

SERVED = ("_stcore", "app", "auth", "component", "media", "oauth2callback", "static")
"""What Streamlit's server itself answers, by the first part of the path."""
PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{name}</title><style>
body {{font: 1.05rem/1.6 system-ui, sans-serif; color: #1f2933; background: #fff; margin: 18vh auto;
max-width: 34rem; padding: 0 1.5rem; word-break: keep-all}} h1 {{font-size: 1.5rem}}
a {{color: #0072b2}}</style></head>
<body><main><h1>{title}</h1><p>{text}</p><p><a href="{home}">{way}</a></p></main></body></html>"""


def page(language: str, home: str = "/") -> str:
    """The page in a language. home: the address of the first page, without its query."""
    i18n.use(language)
    return PAGE.format(
        lang=i18n.language(),
        name=escape(_("Dongseon")),
        title=escape(_("There is no page at this address")),
        text=escape(_("It was mistyped, or the page has moved. What you were working on is kept.")),
        way=escape(_("To the first page")),
        home=escape(home if i18n.language() == "ko" else f"{home}?lang=en"),
    )


def pages_in(folder: Path) -> list[str]:
    """The names of the pages in a folder, as addresses have them."""
    return [path.stem for path in folder.glob("[a-z]*.py")]


def root() -> str:
    """The path under which the app is served, "" for the whole host."""
    return str(get_option("server.baseUrlPath") or "")


class Lost:
    """ASGI middleware. pages: names of the pages;  root: path under which the app is served."""

    def __init__(self, app: ASGIApp, pages: Collection[str], root: str = "") -> None:
        self.app, self.pages, self.root = app, frozenset(pages), root.strip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._lost(scope):
            await self.app(scope, receive, send)
            return
        language = Request(scope).query_params.get("lang", "ko")
        home = f"/{self.root}/" if self.root else "/"
        text = copy_context().run(page, language, home)
        await HTMLResponse(text, status_code=404)(scope, receive, send)

    def _lost(self, scope: Scope) -> bool:
        """Whether a person's browser asks for a page that is not there."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return False
        if "text/html" not in Headers(scope=scope).get("accept", ""):
            return False
        path = scope["path"].strip("/").removeprefix(self.root).strip("/")
        first, *more = path.split("/")
        if first in SERVED or "." in path.rpartition("/")[2]:
            return False
        return bool(more) or first not in ("", *self.pages)
