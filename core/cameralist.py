"""A table of cameras (CSV) in, cameras and their recorders out; every wrong line is named."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from core.errors import BadInput, NotFound
from core.types import Camera, Recorder

SIGMA_PHOTO_S = 2.0  # recorder and phone in one picture
SIGMA_TOLD_S = 30.0  # clock offset told by the owner
SIGMA_UNCHECKED_S = 600.0
NEEDED = ("id", "name")
KNOWN = (*NEEDED, "lat", "lon", "recorder", "clock_offset_s", "clock_sigma_s", "heading_deg",
         "view_range_m", "kind", "retention_days", "owner")  # fmt: skip


def recorder(
    recorder_id: str,
    offset_s: float | None,
    sigma_s: float | None,
    *,
    retention_days: float | None = None,
    owner: str = "",
) -> Recorder:
    """A recorder from what is known of its clock: nothing, an offset, or one with its doubt."""
    how: Literal["told", "unchecked"] = "unchecked" if offset_s is None else "told"
    default = SIGMA_UNCHECKED_S if offset_s is None else SIGMA_TOLD_S
    return Recorder(
        recorder_id,
        offset_s or 0.0,
        default if sigma_s is None else sigma_s,
        None if offset_s is None else time.time(),
        how,
        retention_days,
        owner,
    )


def read(path: str | Path) -> list[tuple[Camera, Recorder]]:
    """Cameras of a CSV file with a header line; columns `KNOWN`, of which id and name are needed.

    UTF-8 or the CP949 that Korean Excel writes. Raises NotFound, BadInput naming the line.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFound("there is no camera table at {path}", path=path)
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp949")
        except UnicodeDecodeError:
            raise BadInput("{path} is not a text table (CSV)", path=path) from None
    rows = csv.DictReader(io.StringIO(text, newline=None))
    unknown = [name for name in rows.fieldnames or () if name not in KNOWN]
    if unknown or any(name not in (rows.fieldnames or ()) for name in NEEDED):
        raise BadInput(
            "{path}: the first line must name columns out of {known} (id and name are needed)",
            path=path,
            known=", ".join(KNOWN),
        )
    try:
        return [_camera(row, rows.line_num) for row in rows]
    except csv.Error:
        raise BadInput("{path} is not a text table (CSV)", path=path) from None


def _camera(row: Mapping[str, str | None], line: int) -> tuple[Camera, Recorder]:
    def number(name: str) -> float | None:
        text = (row.get(name) or "").strip()
        try:
            return float(text) if text else None
        except ValueError:
            raise BadInput(
                "line {line}: {name} {text!r} is not a number", line=line, name=name, text=text[:40]
            ) from None

    own_id = (row.get("id") or "").strip()
    kind = (row.get("kind") or "fixed").strip()
    recorder_id = (row.get("recorder") or own_id).strip()
    view_range_m = number("view_range_m")
    try:
        camera = Camera(
            own_id,
            (row.get("name") or own_id).strip(),
            recorder_id,
            number("lat"),
            number("lon"),
            number("heading_deg"),
            30.0 if view_range_m is None else view_range_m,
            kind,  # type: ignore[arg-type]  # checked at birth
        )
        return camera, recorder(
            recorder_id,
            number("clock_offset_s"),
            number("clock_sigma_s"),
            retention_days=number("retention_days"),
            owner=(row.get("owner") or "").strip(),
        )
    except BadInput as error:
        if "line" in error.fields:
            raise
        raise BadInput("line {line}: {why}", line=line, why=error) from None
