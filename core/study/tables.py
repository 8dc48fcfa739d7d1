"""What data there is in; the tables of papers/001 with our figures beside them, as Markdown, out.

A table has three columns of figures: what the paper printed, ours, and on which data ours is. Where
no data was given the cell says so: a paper's data set that cannot be had is never guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core import zoo
from core.errors import ModelError
from core.study.calibrate import Result
from core.study.evaluate import reid
from core.study.finding import detection
from core.study.judging import attributes
from core.study.routetest import route_test
from core.types import UNKNOWN

NONE = "-"
REID = ("mAP", "Rank-1", "Rank-5", "Rank-10", "Rank-20")
PAPER_REID: Mapping[str, Sequence[float]] = {
    "ResNet-50, re-ranked": (85.7, 96.7, 98.8, 99.3, 99.7),
    "OSNet": (80.8, 93.3, 97.7, 98.5, 99.0),
    "OSNet, re-ranked": (94.7, 99.1, 99.8, 99.9, 99.9),
}
PAPER_ATTRIBUTES: Mapping[str, float] = {
    "instance accuracy": 92.5,
    "precision": 95.8,
    "recall": 95.9,
    "F1": 95.8,
    "label-based mean accuracy": 89.6,
}
PAPER_ROUTE = (81.9, 84.4, 84.4, 84.4, 84.4)
PAPER_DETECTION = 90.12


@dataclass(frozen=True)
class Data:
    """Manifests and cities at hand; None or () = none."""

    reid: Path | None = None
    detection: Path | None = None
    attributes: Path | None = None
    cities: tuple[Path, ...] = ()


def tables(
    data: Data,
    model: str | None = None,
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
) -> Result:
    """The tables as far as data is given; raises like the figures' own functions."""
    chosen = zoo.pack(pack or zoo.default_pack(directories), directories)
    values: dict[str, Any] = {"pack": chosen.name}
    parts = []
    if data.reid is not None:
        name = model or chosen.body_embedding
        values["reid"] = reid(data.reid, name, directories, progress)
    parts.append(_reid(values.get("reid"), data.reid))
    if data.detection is not None:
        values["detection"] = detection(data.detection, chosen.person, directories, progress)
    parts.append(_detection(values.get("detection"), data.detection))
    if data.attributes is not None:
        try:
            values["attributes"] = attributes(data.attributes, chosen.name, directories, progress)
        except ModelError as error:
            values["attributes"] = {"why": str(error)}
    parts.append(_attributes(values.get("attributes"), data.attributes))
    if data.cities:
        values["route"] = route_test(data.cities, chosen.name, directories, progress=progress)
    parts.append(_route(values.get("route"), data.cities))
    return Result(values, "\n\n".join(parts))


def _markdown(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    text = NONE if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{100 * value:.1f}"


def _where(path: Path | None) -> str:
    return "no data given" if path is None else f"{path.parent.name}/{path.name}"


def _reid(found: Mapping[str, Any] | None, path: Path | None) -> str:
    """Tables 4 and 5: before and after re-ranking."""
    keys = ("map", "rank1", "rank5", "rank10", "rank20")
    ours: dict[str, Mapping[str, Any] | None] = {
        "ResNet-50, re-ranked": None,
        "OSNet": found,
        "OSNet, re-ranked": found["reranked"] if found else None,
    }
    rows: list[Sequence[object]] = []
    for name, paper in PAPER_REID.items():
        mine = ours[name]
        data = _where(path) + (f" ({found['model']})" if found else "")
        for i, (label, key) in enumerate(zip(REID, keys, strict=True)):
            figure = _percent(mine[key]) if mine else None
            rows.append((name, label, paper[i], figure, data if mine else "no such model here"
                         if found else "no data given"))  # fmt: skip
    return _markdown("Tables 4 and 5: re-identification, %",
                     ("model", "figure", "paper", "ours", "on which data"), rows)  # fmt: skip


def _detection(found: Mapping[str, Any] | None, path: Path | None) -> str:
    ours = _percent(found["ap50"]) if found else None
    data = _where(path) + (f" ({found['model']})" if found else "")
    return _markdown("Detection of people, average precision at IoU .5, %",
                     ("figure", "paper", "ours", "on which data"),
                     [("YOLOv4 in the paper", PAPER_DETECTION, ours, data)])  # fmt: skip


def _attributes(found: Mapping[str, Any] | None, path: Path | None) -> str:
    keys = ("accuracy", "precision", "recall", "f1", "mean_accuracy")
    why = found.get("why") if found else None
    rows = [
        (name, paper, _percent(found[key]) if found and not why else None, why or _where(path))
        for (name, paper), key in zip(PAPER_ATTRIBUTES.items(), keys, strict=True)
    ]
    text = _markdown("Table 3: attributes, %", ("figure", "paper", "ours", "on which data"), rows)
    by_name = (found or {}).get("by_name") or {}
    if not by_name:
        return text
    each = [
        (n, NONE, _percent(one["accuracy"]), f"{one['n']} labels") for n, one in by_name.items()
    ]
    return f"{text}\n\n" + _markdown(
        f"Table 6: each attribute, % right ({UNKNOWN} left out)",
        ("attribute", "paper", "ours", "on which data"), each,
    )  # fmt: skip


def _route(found: Mapping[str, Any] | None, cities: Sequence[Path]) -> str:
    head = ("ranked by", "list", *(f"Rank-{k}" for k in range(1, 6)), "on which data")
    rows: list[Sequence[object]] = [("paper", "inside the camera", *PAPER_ROUTE, "the paper's own")]
    if found is None:
        rows.append(("ours", NONE, *[None] * 5, "no data given"))
        return _markdown("Table 7: the route test, %", head, rows)
    data = f"{found['problems']} problems, {found['appearances']} appearances in " + ", ".join(
        path.name for path in cities
    )
    for method, one in found["rank_k"].items():
        for key, name in (("inside_camera", "inside the camera"), ("all_cameras", "all cameras")):
            rows.append((method, name, *one[key].values(), f"{data} ({found['pack']})"))
    return _markdown("Table 7: the route test, %", head, rows)
