"""What a map shows in, its legend as HTML out; every line has a sample, a form and a word."""

from __future__ import annotations

from core.routemap.basemap import ACCENT, ALARM, GREY, INK, START
from core.routemap.scene import Translate, safe_text
from core.types import Note, note

_DOT = f'<circle cx="18" cy="9" r="7.5" fill="{{fill}}" stroke="{ACCENT}" stroke-width="2"/>'
_TEXT = '<text x="18" y="13" text-anchor="middle" font-size="10" font-weight="700"'
_LINE = '<path d="M1 9 H35" stroke="{color}" stroke-width="4" stroke-dasharray="{dash}"/>'

ENTRIES: dict[str, tuple[str, Note]] = {
    "confirmed_stop": (
        _DOT.format(fill=ACCENT) + f'{_TEXT} fill="#fff">1</text>',
        note("stop, confirmed by a person"),
    ),
    "open_stop": (
        _DOT.format(fill="#fff") + f'{_TEXT} fill="#005a8d">2</text>',
        note("stop, proposed by the computer"),
    ),
    "told_stop": (
        f'<rect x="10" y="1.5" width="16" height="15" rx="4" fill="#fff" stroke="{ACCENT}"'
        f' stroke-width="2"/>{_TEXT} fill="#005a8d">3</text>',
        note("told by somebody or a device, not by a camera"),
    ),
    "unstable": (
        f'<circle cx="18" cy="9" r="7.5" fill="#fff" stroke="{ACCENT}" stroke-width="2.5"'
        f' stroke-dasharray="1 3"/>{_TEXT} fill="#005a8d">4</text>',
        note("unstable: changes when the assumptions change"),
    ),
    "confirmed": (_LINE.format(color=ACCENT, dash="none"), note("both ends confirmed")),
    "inferred": (_LINE.format(color=ACCENT, dash="4 5"), note("inferred leg")),
    "infeasible": (
        _LINE.format(color=ALARM, dash="9 3 2 3")
        + f'<circle cx="18" cy="9" r="6.5" fill="{ALARM}"/>{_TEXT} fill="#fff">✕</text>',
        note("not possible in this time"),
    ),
    "ride": (
        f'<path d="M1 9 H35" stroke="{INK}" stroke-width="8"/><path d="M1 9 H35" stroke="#fff"'
        f' stroke-width="6"/><path d="M1 9 H35" stroke="{ACCENT}" stroke-width="3"'
        ' stroke-dasharray="3 6"/>',
        note("only by vehicle"),
    ),
    "reach": (
        f'<circle cx="18" cy="9" r="8" fill="{ACCENT}" fill-opacity=".14" stroke="{ACCENT}"'
        ' stroke-width="1.5" stroke-dasharray="2 3"/>',
        note("within reach at the time shown"),
    ),
    "next": (
        f'<circle cx="18" cy="9" r="7.5" fill="#fff" stroke="{INK}" stroke-width="1.5"'
        f' stroke-dasharray="3 2"/>{_TEXT} fill="{INK}">A</text>',
        note("camera to ask next"),
    ),
    "last_seen": (
        f'<circle cx="18" cy="9" r="7.5" fill="{START}" fill-opacity=".25" stroke="#b57d00"'
        ' stroke-width="1.5" stroke-dasharray="3 2"/>',
        note("last seen"),
    ),
    "camera": (
        f'<circle cx="18" cy="9" r="5" fill="{GREY}"/><circle cx="18" cy="9" r="1.7" fill="#fff"/>',
        note("camera and what it sees"),
    ),
    "searched": (
        f'<circle cx="18" cy="9" r="6.5" fill="{GREY}"/><path d="M15 9.2 l2.2 2.3 l4 -4.6"'
        ' fill="none" stroke="#fff" stroke-width="1.8"/>',
        note("camera, searched at that time"),
    ),
    "partly": (
        f'<circle cx="18" cy="9" r="6.5" fill="#fff" stroke="{GREY}" stroke-width="2"/>'
        f'<path d="M18 2.5 a6.5 6.5 0 0 0 0 13 z" fill="{GREY}"/>',
        note("camera, searched in part"),
    ),
    "not_searched": (
        f'<circle cx="18" cy="9" r="6.5" fill="#fff" stroke="{GREY}" stroke-width="2"'
        ' stroke-dasharray="3 2.5"/>',
        note("camera, not searched yet"),
    ),
    "other": (
        f'<path d="M1 9 H35" stroke="{INK}" stroke-width="2" stroke-dasharray="1 4"'
        ' stroke-linecap="round"/>',
        note("another possible route"),
    ),
}


def legend_html(shown: set[str], grid_m: float | None, translate: Translate) -> str:
    """The legend with only the entries shown, and the mesh width if there is a grid."""
    items = [
        f'<li><svg width="36" height="18" aria-hidden="true">{sample}</svg>'
        f"<span>{safe_text(translate(text))}</span></li>"
        for key, (sample, text) in ENTRIES.items()
        if key in shown
    ]
    if grid_m is not None:
        mesh = f"{grid_m / 1000:g} km" if grid_m >= 1000 else f"{grid_m:g} m"
        mesh_text = safe_text(translate(note("one square is {size}", size=mesh)))
        frame = '<path d="M10 1 H26 V17 H10 Z" fill="none" stroke="#c3c9cf"/>'
        items.append(f'<li><svg width="36" height="18">{frame}</svg><span>{mesh_text}</span></li>')
    title = safe_text(translate(note("Legend")))
    return f"<summary>{title}</summary><ul>{''.join(items)}</ul>"
