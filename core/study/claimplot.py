"""What was claimed and how often it held in; pictures (SVG) of how far claims can be believed, out.

Text is untrusted and escaped.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import BadInput

SIDE, LEFT, TOP = 360, 64, 56
INK, LINE, MARK = "#1a1d21", "#66717d", "#0072b2"
FONT = "system-ui,'Noto Sans KR','Malgun Gothic',sans-serif"
WORD_ORDER = ("strong", "moderate", "weak", "insufficient")


def claims_pictures(values: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write pictures of an answer of `eval openset`: stops, stops after a confirmation, words.

    Raises BadInput if the folder cannot be written.
    """
    made = {
        "stops.svg": stops_picture(values["route"], "Stops, nobody confirmed yet"),
        "stops-after.svg": stops_picture(
            values["route_after_one_confirmed"], "Stops, after one sighting was confirmed"
        ),
        "words.svg": words_picture(values["words"], "Words of the candidates"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in made.items():
            (folder / name).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise BadInput("{path} cannot be written: {why}", path=folder, why=error.strerror) from None
    return [folder / name for name in made]


def stops_picture(route: Mapping[str, Any], title: str) -> str:
    """Claimed probability against the share that was right, with intervals over cases."""
    marks = [
        (row["claimed"], row["right"], row.get("low"), row.get("high"), f"{row['n']}")
        for row in route["reliability"]
        if row["n"]
    ]
    parts = [f'<path d="M{LEFT} {TOP + SIDE}L{LEFT + SIDE} {TOP}" stroke="{LINE}" '
             'stroke-dasharray="4 4"/>']  # fmt: skip
    for claimed, right, low, high, n in marks:
        parts += _mark(LEFT + SIDE * claimed, right, low, high, n)
    return _framed(title, parts, "claimed", [(x / 5, f"{x / 5:g}") for x in range(6)])


def words_picture(words: Mapping[str, Mapping[str, Any]], title: str) -> str:
    """For each word the share of candidates that were right, with intervals over cases."""
    said = [one for one in WORD_ORDER if one in words]
    parts: list[str] = []
    for k, word in enumerate(said):
        one, x = words[word], LEFT + SIDE * (k + 0.5) / len(said)
        parts += _mark(x, one["value"], one["low"], one["high"], f"{one['said']}")
    return _framed(title, parts, "", [((k + 0.5) / len(said), w) for k, w in enumerate(said)])


def _mark(
    x: float, right: float | None, low: float | None, high: float | None, n: str
) -> list[str]:
    """A point, its interval, and how many it stands for."""
    if right is None:
        return []
    y = TOP + SIDE * (1 - right)
    parts = []
    if low is not None and high is not None:
        a, b = TOP + SIDE * (1 - low), TOP + SIDE * (1 - high)
        parts.append(f'<path d="M{x:.1f} {a:.1f}V{b:.1f}" stroke="{MARK}" stroke-width="2"/>')
    parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{MARK}"/>')
    parts.append(f'<text x="{x + 9:.1f}" y="{y - 7:.1f}" fill="{INK}">n = {html.escape(n)}</text>')
    return parts


def _framed(
    title: str, parts: Sequence[str], across: str, ticks: Sequence[tuple[float, str]]
) -> str:
    """A picture with its axes: shares from 0 to 1 upwards."""
    width, height = LEFT + SIDE + 96, TOP + SIDE + 64
    axes = [f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" '
            f'stroke="{LINE}"/>']  # fmt: skip
    for share, text in ticks:
        axes.append(f'<text x="{LEFT + SIDE * share:.1f}" y="{TOP + SIDE + 20}" '
                    f'text-anchor="middle" fill="{INK}">{html.escape(text)}</text>')  # fmt: skip
    for k in range(6):
        axes.append(f'<text x="{LEFT - 8}" y="{TOP + SIDE * (1 - k / 5) + 4:.1f}" '
                    f'text-anchor="end" fill="{INK}">{k / 5:g}</text>')  # fmt: skip
    middle = LEFT + SIDE / 2
    axes.append(f'<text x="{middle:.1f}" y="{TOP + SIDE + 44}" text-anchor="middle" '
                f'fill="{INK}">{html.escape(across)}</text>')  # fmt: skip
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" font-family="{FONT}" font-size="13">',
        f"<title>{html.escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="16" font-weight="650" fill="{INK}">'
        f"{html.escape(title)}</text>",
        f'<text x="{LEFT}" y="46" fill="{INK}">share that was right</text>',
        *axes, *parts, "</svg>",
    ]) + "\n"  # fmt: skip
