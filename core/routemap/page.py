"""A route map in, one HTML file out that opens anywhere: no server, no network, no other file.

The still picture is there from the start and shows where scripts are off or fail; the table below
says the same in words. A content security policy names the few scripts by their hash and forbids
everything else, so even a hole in the escaping would neither run nor call out.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.routemap import vendor
from core.routemap.leaflet import RouteMap
from core.routemap.records import Row
from core.routemap.scene import NO_ROUTE, Translate, safe_text
from core.types import Note, note

_CSS = Path(__file__).with_name("page.css")

_EARLY = 'document.documentElement.classList.add("ds-js");'
_LATE = """setTimeout(function () {
  const panes = document.querySelectorAll(".leaflet-map-pane .leaflet-pane *");
  if (!window.dongseonDrawn || !panes.length) {
    document.documentElement.classList.add("ds-failed");
  }
}, 3000);"""

ROUTE_COLUMNS: Mapping[str, Note] = {
    "stop": note("stop"),
    "camera": note("camera"),
    "place": note("place"),
    "from": note("from"),
    "to": note("to"),
    "word": note("how sure"),
    "travel": note("from the stop before"),
}
ASK_COLUMNS: Mapping[str, Note] = {
    "letter": note("order"),
    "camera": note("camera"),
    "place": note("place"),
    "from": note("from"),
    "to": note("to"),
    "deadline": note("footage kept until"),
}


def _table(rows: Sequence[Row], columns: Mapping[str, Note], caption: Note, say: Translate) -> str:
    head = "".join(f'<th scope="col">{safe_text(say(text))}</th>' for text in columns.values())
    body = "".join(
        "<tr>"
        + "".join(
            f"<td>{safe_text('' if row[key] is None else str(row[key]))}</td>" for key in columns
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="ds-table"><table><caption>{safe_text(say(caption))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def rows_html(rows: Sequence[Row], asks: Sequence[Row] = (), *, say: Translate = str) -> str:
    """The table twins as HTML, every cell escaped.

    rows, asks  from `route_rows` and `ask_rows`
    """
    if rows:
        text = _table(rows, ROUTE_COLUMNS, note("The same route as a table"), say)
    else:
        text = f"<p>{safe_text(say(NO_ROUTE))}</p>"
    return text + (_table(asks, ASK_COLUMNS, note("Cameras to ask next"), say) if asks else "")


def _without_links(header: str) -> str:
    """The header without the scripts and styles that would be fetched."""
    header = re.sub(r'<script src="[^"]*"></script>', "", header)
    return re.sub(r'<link rel="stylesheet" href="[^"]*"/>', "", header)


def _policy(page: str) -> str:
    """A content security policy that allows exactly the inline scripts of this page."""
    digests = (
        base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        for body in re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    )
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def map_html(drawn: RouteMap, *, title: str = "", lang: str = "en") -> str:
    """The map as one self-contained HTML page, with its still picture and its table.

    title  heading of the page, untrusted text; by default "Route"
    lang   language of the page, for readers and fonts

    Raises NotFound if the shipped map script is missing.
    """
    drawn = drawn.again()
    say = drawn.say
    figure = drawn.figure
    figure.render()
    heading = safe_text(title) or safe_text(say(note("Route")))
    lead = note("Dashed legs are inferred; only filled numbers were confirmed by a person.")
    still = note("The map could not be drawn here; this picture shows the same.")
    warnings = "".join(f"<li>{safe_text(say(warning))}</li>" for warning in drawn.notes)
    page = "\n".join(
        (
            f"<script>{_EARLY}</script>",
            f"<script>{vendor.inline_script()}</script>",
            f"<style>{vendor.inline_style()}</style>",
            _without_links(_header(drawn)),
            f"<style>{_CSS.read_text(encoding='utf-8')}</style>",
            f"</head>\n<body>\n<h1>{heading}</h1>",
            f'<p class="lead">{safe_text(say(lead))}</p>',
            f'<div class="ds-frame">{figure.html.render()}</div>',
            f'<figure class="ds-still">{drawn.svg}',
            f"<figcaption>{safe_text(say(still))}</figcaption></figure>",
            f'<ul class="ds-warn">{warnings}</ul>' if warnings else "",
            rows_html(drawn.rows, drawn.asks, say=say),
            f"<script>{_LATE}</script>",
            f"<script>{figure.script.render()}</script>",
            "</body>\n</html>\n",
        )
    ).replace("\r\n", "\n")
    return (
        f'<!DOCTYPE html>\n<html lang="{safe_text(lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(page)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n{page}"
    )


def _header(drawn: RouteMap) -> str:
    """The map's own header lines, without the scripts that the page brings itself."""
    header = drawn.figure.header
    own = {"leaflet", "leaflet_css", "meta_http"}
    return "\n".join(
        element.render() for name, element in header._children.items() if name not in own
    )
