"""A CSV manifest in, its rows out, checked; figures in, JSON numbers out."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from core.errors import BadInput, NotFound


def rows(manifest: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV table that must have these columns. Raises NotFound, BadInput."""
    if not manifest.is_file():
        raise NotFound("there is no manifest at {path}", path=manifest)
    try:
        text = manifest.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("{path} is not a text table (CSV)", path=manifest) from None
    table = csv.DictReader(io.StringIO(text))
    absent = [name for name in needed if name not in (table.fieldnames or ())]
    if absent:
        raise BadInput(
            "{path}: the first line must name the columns {needed}",
            path=manifest,
            needed=", ".join(needed),
        )
    found = list(table)
    if not found:
        raise BadInput("{path} lists no picture", path=manifest)
    return found


def named(manifest: Path) -> str:
    """How an answer names its data: its folder and its file name, nothing of the machine."""
    folder = manifest.parent.name
    return f"{folder}/{manifest.name}" if folder else manifest.name


def number(row: Mapping[str, str], name: str) -> float:
    """A row's value as a number. Raises BadInput."""
    try:
        return float(row[name] or "")
    except ValueError:
        raise BadInput(
            "{name} {text!r} is not a number", name=name, text=(row[name] or "")[:40]
        ) from None


def shown(items: Sequence[Any], progress: IO[str] | None) -> Any:
    """The items, with a progress bar if there is somewhere to draw it."""
    from tqdm import tqdm

    return tqdm(items, unit="", file=progress, leave=False, delay=0.5) if progress else items


def plain(value: float) -> float | None:
    """A figure for JSON: four digits, None for NaN."""
    return None if math.isnan(value) else round(float(value), 4)
