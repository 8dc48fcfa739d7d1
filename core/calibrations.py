"""A workspace's folder in; the calibrations fitted for this site, newest first to go, out.

``calibration.json`` holds every version that was written, so that the last can be taken back. A
calibration counts only for the very model file it was fitted for.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import DongseonError

FILE = "calibration.json"


def versions(folder: Path) -> list[dict[str, Any]]:
    """Everything that was written and not taken back, oldest first.

    Each: at_s, by, and models {name: {"sha256": of the file, "calibration": its table}}.
    Raises DongseonError if the file is damaged.
    """
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    try:
        said = json.loads(text)
        for one in said:
            for model in one["models"].values():
                str(model["sha256"]), dict(model["calibration"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DongseonError(
            "{path} is damaged ({why}): delete it to go back to the models' own calibration",
            path=folder / FILE,
            why=type(error).__name__,
        ) from None
    return list(said)


def current(folder: Path) -> dict[str, dict[str, Any]]:
    """{model: sha256 and calibration table} in use for this site; empty = the models' own."""
    known = versions(folder)
    return dict(known[-1]["models"]) if known else {}


def write(folder: Path, models: Mapping[str, Mapping[str, Any]], *, by: str, at_s: float) -> None:
    """Put a calibration in use; those before stay for `undo`."""
    said = [*versions(folder), {"at_s": at_s, "by": by, "models": dict(models)}]
    _store(folder, said)


def undo(folder: Path) -> dict[str, Any] | None:
    """Take the newest calibration back; returns it, None if there was none."""
    said = versions(folder)
    if not said:
        return None
    _store(folder, said[:-1])
    return said[-1]


def _store(folder: Path, said: Sequence[Mapping[str, Any]]) -> None:
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as partial:
        json.dump(list(said), partial, ensure_ascii=False, indent=1)
        partial.flush()
        os.fsync(partial.fileno())
    os.replace(partial.name, folder / FILE)
