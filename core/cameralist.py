"""A table of cameras (CSV) in, cameras and their recorders out, and back; wrong lines are named.

An empty cell leaves what is known of a camera as it is, so that a table of names does not forget
the clocks that somebody checked.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.errors import BadInput, NotFound
from core.types import Camera, Recorder

SIGMA_PHOTO_S = 2.0  # recorder and phone in one picture
SIGMA_TOLD_S = 30.0  # clock offset told by the owner
SIGMA_UNCHECKED_S = 600.0
NEEDED = ("id", "name")
KNOWN = (*NEEDED, "lat", "lon", "recorder", "clock_offset_s", "clock_sigma_s", "heading_deg",
         "view_range_m", "kind", "retention_days", "owner", "owner_kind", "contact")  # fmt: skip
TEXTS = ("name", "owner", "owner_kind", "contact")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run by Excel
Kind = Literal["new", "changed", "same", "wrong"]


@dataclass(frozen=True)
class Line:
    """What one line of a table would do. number: as an editor counts; changes: (column, old, new).

    camera and recorder are None, and why says what is wrong, where the line cannot be used.
    """

    number: int
    kind: Kind
    camera: Camera | None = None
    recorder: Recorder | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    why: BadInput | None = None


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


def read(
    path: str | Path,
    cameras: Mapping[str, Camera] | None = None,
    recorders: Mapping[str, Recorder] | None = None,
) -> list[tuple[Camera, Recorder]]:
    """Cameras of a CSV file with a header line; columns `KNOWN`, of which id and name are needed.

    cameras, recorders  what is known already and stays where a cell is empty

    UTF-8 or the CP949 that Korean Excel writes. Raises NotFound, BadInput naming the line.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFound("there is no camera table at {path}", path=path)
    pairs = []
    for line in plan(path.read_bytes(), cameras or {}, recorders or {}, name=str(path)):
        if line.camera is None or line.recorder is None:
            raise BadInput("line {line}: {why}", line=line.number, why=line.why)
        pairs.append((line.camera, line.recorder))
    return pairs


def plan(
    content: bytes,
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    *,
    name: str = "the table",
) -> list[Line]:
    """What every line of a CSV table would do to the cameras there are; nothing is written.

    Raises BadInput if it is no such table at all.
    """
    told: dict[str, tuple[int, Recorder]] = {}  # by an earlier line of this table
    seen: dict[str, int] = {}
    lines = []
    for number, row in _rows(content, name):
        known = {**recorders, **{key: clock for key, (_, clock) in told.items()}}
        try:
            camera, clock = _camera(row, cameras, known)
            if camera.id in seen:
                raise BadInput(
                    "camera {camera} is in line {first} already", camera=camera.id,
                    first=seen[camera.id],
                )  # fmt: skip
            if clock.id in told and _clock(told[clock.id][1]) != _clock(clock):
                raise BadInput(
                    "recorder {recorder} has another clock in line {first}: give one for both",
                    recorder=clock.id, first=told[clock.id][0],
                )  # fmt: skip
        except BadInput as error:
            lines.append(Line(number, "wrong", why=error))
            continue
        seen[camera.id], told[clock.id] = number, (number, clock)
        old = cameras.get(camera.id)
        changes = _changes(old, recorders.get(clock.id), camera, clock)
        kind: Kind = "new" if old is None else ("changed" if changes else "same")
        lines.append(Line(number, kind, camera, clock, changes))
    return lines


def table(cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder]) -> bytes:
    """All cameras as the CSV table that `read` takes, for Excel: UTF-8 with its mark.

    A text that Excel would run as a formula gets an apostrophe in front; reading takes it away.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(KNOWN)
    for camera in cameras.values():
        cells = _cells(camera, recorders[camera.recorder_id])
        writer.writerow([_guarded(cells[key]) if key in TEXTS else cells[key] for key in KNOWN])
    return text.getvalue().encode("utf-8-sig")


def _guarded(text: str) -> str:
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def _unguarded(text: str) -> str:
    if text.startswith("'") and text.lstrip("'").startswith(FORMULA):
        return text[1:]
    return text


def _rows(content: bytes, name: str) -> Iterator[tuple[int, Mapping[str, str | None]]]:
    """(line number, cells) of a table; BadInput if it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp949")
        except UnicodeDecodeError:
            raise BadInput("{path} is not a text table (CSV)", path=name) from None
    rows = csv.DictReader(io.StringIO(text, newline=None))
    try:
        fields = rows.fieldnames or ()
        if any(field not in KNOWN for field in fields) or any(n not in fields for n in NEEDED):
            raise BadInput(
                "{path}: the first line must name columns out of {known} (id and name are needed)",
                path=name,
                known=", ".join(KNOWN),
            )
        for row in rows:
            yield rows.line_num, row
    except csv.Error:
        raise BadInput("{path} is not a text table (CSV)", path=name) from None


def _camera(
    row: Mapping[str, str | None],
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
) -> tuple[Camera, Recorder]:
    """One line as a camera and its recorder; an empty cell keeps what is known. Raises BadInput."""

    def cell(name: str) -> str:
        return _unguarded((row.get(name) or "").strip())

    def number(name: str) -> float | None:
        text = cell(name)
        try:
            return float(text) if text else None
        except ValueError:
            raise BadInput("{name} {text!r} is not a number", name=name, text=text[:40]) from None

    own_id, kind = cell("id"), cell("kind")
    known = cameras.get(own_id) or Camera(own_id, own_id, cell("recorder") or own_id)
    lat, lon = number("lat"), number("lon")
    turn, reach = number("heading_deg"), number("view_range_m")
    camera = replace(
        known,
        name=cell("name") or known.name,
        recorder_id=cell("recorder") or known.recorder_id,
        lat=known.lat if lat is None and lon is None else lat,
        lon=known.lon if lat is None and lon is None else lon,
        heading_deg=known.heading_deg if turn is None else turn,
        view_range_m=known.view_range_m if reach is None else reach,
        kind=kind or known.kind,  # type: ignore[arg-type]  # checked at birth
    )
    old = recorders.get(camera.recorder_id) or recorder(camera.recorder_id, None, None)
    offset_s, sigma_s, days = (
        number(name) for name in ("clock_offset_s", "clock_sigma_s", "retention_days")
    )
    told = (offset_s, old.clock_sigma_s if sigma_s is None else sigma_s)
    new = old
    if offset_s is not None and (old.how == "unchecked" or told != _clock(old)):
        new = recorder(old.id, offset_s, sigma_s)
    elif sigma_s is not None:
        new = replace(old, clock_sigma_s=sigma_s)
    return camera, replace(
        new,
        retention_days=old.retention_days if days is None else days,
        owner=cell("owner") or old.owner,
        owner_kind=cell("owner_kind") or old.owner_kind,
        contact=cell("contact") or old.contact,
    )


def _clock(of: Recorder) -> tuple[float, float]:
    return of.clock_offset_s, of.clock_sigma_s


def _cells(camera: Camera, clock: Recorder) -> dict[str, str]:
    """The cells of a camera by column. A clock nobody checked is an empty cell."""

    def digits(value: float | None) -> str:
        return "" if value is None else repr(float(value)).removesuffix(".0")

    checked = clock.how != "unchecked"
    return {
        "id": camera.id,
        "name": camera.name,
        "lat": digits(camera.lat),
        "lon": digits(camera.lon),
        "recorder": camera.recorder_id,
        "clock_offset_s": digits(clock.clock_offset_s) if checked else "",
        "clock_sigma_s": digits(clock.clock_sigma_s) if checked else "",
        "heading_deg": digits(camera.heading_deg),
        "view_range_m": digits(camera.view_range_m),
        "kind": camera.kind,
        "retention_days": digits(clock.retention_days),
        "owner": clock.owner,
        "owner_kind": clock.owner_kind,
        "contact": clock.contact,
    }


def _changes(
    old: Camera | None, before: Recorder | None, camera: Camera, clock: Recorder
) -> tuple[tuple[str, str, str], ...]:
    """(column, old, new) of what differs; all that is filled in for a new camera."""
    new = _cells(camera, clock)
    was = dict.fromkeys(new, "")
    if old is not None:
        was = _cells(old, before or recorder(clock.id, None, None))
    return tuple((key, was[key], new[key]) for key in new if was[key] != new[key])
