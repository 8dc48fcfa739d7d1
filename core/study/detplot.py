"""Error rates over all thresholds in; a DET picture (SVG) out, on axes of normal deviates.

Text is untrusted and escaped. A rate of 0 lies on the picture's edge: so rare it could not be seen.
"""

from __future__ import annotations

import html
from collections.abc import Mapping

import numpy as np

from core.metrics.errorrates import Det
from core.types import Float64

SIDE, LEFT, TOP, LEGEND_PX = 420, 70, 64, 20
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
LOWEST, HIGHEST = 0.0005, 0.5
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""For colour-blind readers. Source: [okabe2008]"""
DASHES = ("", "6 3", "2 3", "8 3 2 3")


def picture(curves: Mapping[tuple[str, str], Det], title: str) -> str:
    """One line for each (model, category): models differ in dashes, categories in colour.

    Source: [martin1997det]
    """
    models = list(dict.fromkeys(model for model, _ in curves))
    names = list(dict.fromkeys(name for _, name in curves))
    height = TOP + SIDE + 64 + LEGEND_PX * len(curves)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + SIDE + 40} {height}" '
        f'width="{LEFT + SIDE + 40}" height="{height}" role="img" '
        f"font-family=\"system-ui,'Noto Sans KR','Malgun Gothic',sans-serif\" font-size=\"13\">",
        f"<title>{html.escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="32" font-size="16" font-weight="650">{html.escape(title)}</text>',
        *_axes(),
    ]
    for k, ((model, name), curve) in enumerate(curves.items()):
        color = COLORS[names.index(name) % len(COLORS)]
        dash = DASHES[models.index(model) % len(DASHES)]
        style = f'fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"'
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _way(curve))
        parts.append(f'<polyline points="{points}" {style}/>')
        y = TOP + SIDE + 64 + LEGEND_PX * k
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + 36}" y1="{y}" y2="{y}" {style}/>')
        parts.append(f'<text x="{LEFT + 46}" y="{y + 4}">{html.escape(f"{model}: {name}")}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes() -> list[str]:
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" '
             'stroke="#66717d"/>']  # fmt: skip
    for rate, at in zip(RATES, _place(np.array(RATES)), strict=True):
        x, y = LEFT + at, TOP + SIDE - at
        label = f"{100 * rate:g}"
        parts += [
            f'<path d="M{x:.1f} {TOP}V{TOP + SIDE}M{LEFT} {y:.1f}H{LEFT + SIDE}" '
            'stroke="#dfe3e7" fill="none"/>',
            f'<text x="{x:.1f}" y="{TOP + SIDE + 17}" text-anchor="middle">{label}</text>',
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>',
        ]
    middle = LEFT + SIDE / 2
    return [
        *parts,
        f'<text x="{middle}" y="{TOP + SIDE + 38}" text-anchor="middle">'
        "false match rate (FMR), %</text>",
        f'<text transform="translate(18 {TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">'
        "false non-match rate (FNMR), %</text>",
    ]


def _way(curve: Det) -> Float64:
    """(T,2) px of the points of a curve."""
    return np.stack([LEFT + _place(curve.fmr), TOP + SIDE - _place(curve.fnmr)], axis=1)


def _place(rate: Float64) -> Float64:
    """Where rates (T,) lie on an axis, px from its low end."""
    from scipy.special import ndtri

    low, high = ndtri(LOWEST), ndtri(HIGHEST)
    at = ndtri(np.clip(rate, LOWEST, HIGHEST))
    return np.asarray((at - low) / (high - low) * SIDE, dtype=np.float64)
