"""Runs of P-Net that differ in their activation in; their figures and curves out.

The experiment of papers/000, figure 2: ReLU, LeakyReLU and PReLU by accuracy, classification loss
and box loss. The runs are those of `dongseon train mtcnn --nets 1 --activation NAME`; they can be
compared only where everything else was the same, and that is looked at.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInput, NotFound
from core.study.manifest import plain

ORDER = ("relu", "leaky_relu", "prelu")
CURVES = {"right": "accuracy", "face": "classification loss", "box": "box loss"}  # in the log
JUDGED = {"accuracy": "accuracy", "face_loss": "classification loss", "box_loss": "box loss"}
OTHER = ("activation", "name", "device", "precision", "minutes", "workers", "licence",
         "training_data", "start_note", "seed")  # fmt: skip
COLORS = ("#0072b2", "#d55e00", "#009e73")
"""For colour-blind readers. Source: [okabe2008]"""
WIDE, HIGH, LEFT, TOP, GAP = 260, 200, 56, 70, 66


@dataclass(frozen=True)
class Run:
    """A finished run: its activation, its card, and its log, a line for each epoch."""

    activation: str
    card: Mapping[str, Any]
    log: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class Compared:
    """What was found: values as JSON, and the curves as a picture (SVG)."""

    values: dict[str, Any]
    curves: str


def activations(folders: Sequence[Path]) -> Compared:
    """Figures on people kept apart, and curves by epoch, of runs that differ in nothing else.

    Runs of one activation with several seeds are averaged. Raises NotFound, BadInput.
    """
    runs = [_read(folder) for folder in folders]
    names = [name for name in ORDER if any(run.activation == name for run in runs)]
    if len(names) < 2:
        raise BadInput("name runs of two activations or more: there is nothing to compare")
    first = _settings(runs[0])
    for run in runs[1:]:
        if _settings(run) != first:
            raise BadInput("the runs differ in more than the activation: train them alike")
    of = {name: [run for run in runs if run.activation == name] for name in names}
    values = {
        "by_activation": {
            name: {**_judged(some), "runs": len(some), "curves": _curves(some)}
            for name, some in of.items()
        },
        "crops": len(runs[0].log) * first["samples"][0],
        "eval": "activations",
        "model": "P-Net",
        "data": " + ".join(one["table"] for one in runs[0].card["data"]),
    }
    return Compared(values, picture(values["by_activation"]))


def _read(folder: Path) -> Run:
    cards = sorted(folder.glob("*.json"))
    log = folder / "p" / "log.jsonl"
    if not cards or not log.is_file():
        raise NotFound("{folder} holds no finished run of `dongseon train mtcnn`", folder=folder)
    try:
        card = json.loads(cards[0].read_text(encoding="utf-8"))
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        return Run(card["recipe"]["activation"], card, lines)
    except (ValueError, KeyError, TypeError):
        raise BadInput("{path} is no card of `dongseon train mtcnn`", path=cards[0]) from None


def _settings(run: Run) -> dict[str, Any]:
    """All that must be the same, as JSON has it."""
    recipe = {k: v for k, v in run.card["recipe"].items() if k not in OTHER}
    return {**recipe, "data": run.card["data_sha256"]}


def _judged(runs: Sequence[Run]) -> dict[str, float | None]:
    """Means over runs of the figures on people kept apart."""
    told = [run.card["results"]["crops of people kept apart"]["P-Net"] for run in runs]
    return {name: plain(sum(one[name] for one in told) / len(told)) for name in JUDGED}


def _curves(runs: Sequence[Run]) -> dict[str, list[float]]:
    """Means over runs, epoch by epoch, of what was learned from."""
    n = min(len(run.log) for run in runs)
    return {
        name: [round(sum(run.log[k][name] for run in runs) / len(runs), 5) for k in range(n)]
        for name in CURVES
    }


def picture(by: Mapping[str, Mapping[str, Any]]) -> str:
    """Three panels side by side, a line for each activation: SVG."""
    width = LEFT + len(CURVES) * (WIDE + GAP)
    height = TOP + HIGH + 46
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" '
        "font-family=\"system-ui,'Noto Sans KR','Malgun Gothic',sans-serif\" font-size=\"13\">",
        "<title>P-Net by activation</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for k, name in enumerate(by):
        x = LEFT + 130 * k
        parts.append(f'<path d="M{x} 24h30" stroke="{COLORS[k]}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 38}" y="28">{html.escape(name)}</text>')
    for k, (key, title) in enumerate(CURVES.items()):
        left = LEFT + k * (WIDE + GAP)
        parts += _panel(left, title, [one["curves"][key] for one in by.values()])
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(left: int, title: str, lines: Sequence[Sequence[float]]) -> list[str]:
    every = [value for line in lines for value in line]
    low, high = min(every), max(every)
    high = high if high > low else low + 1e-6
    n = max(2, *(len(line) for line in lines))
    parts = [
        f'<text x="{left}" y="{TOP - 10}" font-weight="650">{title}</text>',
        f'<rect x="{left}" y="{TOP}" width="{WIDE}" height="{HIGH}" fill="none" stroke="#66717d"/>',
        f'<text x="{left + WIDE / 2}" y="{TOP + HIGH + 34}" text-anchor="middle">epoch</text>',
    ]
    for share in (0.0, 0.5, 1.0):
        y, value = TOP + HIGH * (1 - share), low + share * (high - low)
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    for at in sorted({1, (n + 1) // 2, n}):
        x = left + WIDE * (at - 1) / (n - 1)
        parts.append(f'<text x="{x:.1f}" y="{TOP + HIGH + 17}" text-anchor="middle">{at}</text>')
    for color, line in zip(COLORS, lines, strict=False):
        points = " ".join(
            f"{left + WIDE * k / (n - 1):.1f},{TOP + HIGH * (high - v) / (high - low):.1f}"
            for k, v in enumerate(line)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
    return parts
