"""Checked values in, rows of the casebook's tables out, and back.

Everything a user types is checked here once: control characters go, lengths are limited, numbers
are finite, ids and hashes have their form. Text is otherwise kept as it is, scripts included; who
shows it must escape it.
"""

from __future__ import annotations

import json
import math
import re
import secrets
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa

from core.errors import BadInput, DongseonError, NotFound
from core.types import (
    VERDICTS,
    FootageBox,
    LastSeen,
    Note,
    Photo,
    Sighting,
    Source,
    Sureness,
    Want,
    check_attributes,
    check_place,
    safe_id,
)

Category = Literal["unspecified", "minor", "disability", "dementia", "adult", "crime"]
Export = Literal["map", "geojson", "kml", "csv", "svg", "card", "letter", "cameras"]
State = Literal[
    "not_requested", "requested", "refused", "overwritten",
    "received", "searched", "looked", "gap", "too_poor",
]  # fmt: skip

KST = timedelta(hours=9)  # ids carry the Korean date; Korea has no summer time
ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # sorts as it counts; no i, l, o, u to misread
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # reorder the text around them
LAYOUT = "\n\t"  # control characters that longer text may hold
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _table(name: str, columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns.split()))


RECORDERS = _table(
    "recorders",
    "id clock_offset_s clock_sigma_s checked_at how retention_days owner owner_kind contact",
)
CAMERAS = _table("cameras", "id name recorder_id lat lon heading_deg view_range_m kind")
CASES = _table(
    "cases",
    "id title reason category basis actor wanted last_seen same_clothes opened_s closed_s"
    " clothes height_cm",
)
PHOTOS = _table("photos", "n case_id sha256 name taken_s removed_s box face")
BOXES = _table("boxes", "n case_id clip_sha256 path at_s box true_s removed_s")
SIGHTINGS = _table(
    "sightings",
    "n case_id source verdict tracklet_id camera_id enter_s leave_s"
    " lat lon radius_m sigma_s evidence why actor at_s undoes",
)
SEARCHES = _table("searches", "n id case_id actor reason query n_candidates receipt at_s")
JOBS = _table(
    "jobs",
    "n id camera_id path start_s fps from_s to_s stamp actor place added_s state owner lease_s"
    " started_s ended_s done_s total_s tracklets speed attempts not_before_s asked why kind",
)
WATCHED = _table("watched", "n path actor added_s scanned_s why files")
COVERAGE = _table("coverage", "n camera_id from_s to_s state actor at_s case_id removed_s")
REQUESTS = _table(
    "requests",
    "n case_id camera_id place owner_kind owner contact lat lon from_s to_s probability"
    " actor at_s removed_s",
)
REQUEST_STATES = _table(
    "request_states", "n request_n state asked_from_s asked_to_s actor at_s removed_s"
)
CAMERA_CHANGES = _table(
    "camera_changes", "n batch camera_id recorder_id before after actor at_s removed_s"
)
TABLES = (RECORDERS, CAMERAS, CASES, PHOTOS, BOXES, SIGHTINGS, SEARCHES, COVERAGE, JOBS, WATCHED,
          REQUESTS, REQUEST_STATES, CAMERA_CHANGES)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A missing person's case. opened_s, closed_s: true time; closed_s None = open.

    clothes    what the ticks cannot say, in the teller's words;  height_cm: None = not known
    """

    id: str
    title: str
    reason: str
    category: Category
    opened_s: float
    closed_s: float | None
    by: str
    wanted: Mapping[str, Want]
    last_seen: LastSeen | None
    same_clothes: bool
    basis: str = ""
    clothes: str = ""
    height_cm: float | None = None


@dataclass(frozen=True)
class Entry:
    """One row of a case's history: a sighting that somebody entered, or an undo.

    undoes  number of the row taken back; sighting is None then
    undone  a later row took this one back
    """

    n: int
    by: str
    at_s: float
    sighting: Sighting | None
    undoes: int | None
    undone: bool


@dataclass(frozen=True)
class Search:
    """One search that was made. query: what was asked; receipt: all it was computed with."""

    id: str
    case_id: str
    by: str
    reason: str
    query: Mapping[str, Any]
    n_candidates: int
    receipt: Mapping[str, Any]
    at_s: float


@dataclass(frozen=True)
class Coverage:
    """What is known about the footage of one camera from from_s to to_s (true time)."""

    camera_id: str
    from_s: float
    to_s: float
    state: State
    by: str
    at_s: float


# what users give


def text(what: str, value: str, *, least: int = 0, most: int = 200, layout: bool = False) -> str:
    """The text without control characters; BadInput if it is too short or too long.

    what    the word for it in the error;  layout: keep line breaks and tabs
    """
    kept = LAYOUT if layout else ""
    clean = "".join(c for c in value if c in kept or _printable(c))
    if len(clean.strip()) < least:
        raise BadInput("the {what} is empty: write what is to be kept", what=what)
    if len(clean) > most:
        raise BadInput(
            "the {what} has {n} characters: shorten it to {most}",
            what=what,
            n=len(clean),
            most=most,
        )
    return clean


def _printable(character: str) -> bool:
    category = unicodedata.category(character)  # Cs: half a character, which no database keeps
    return category not in ("Cc", "Cs", "Zl", "Zp") and character not in BIDI


def reason(value: str) -> str:
    """1-2000 characters; no search and no case without one."""
    clean = text("reason", value, most=2000, layout=True)
    if not clean.strip():
        raise BadInput("a reason is needed: say in a sentence why this person is looked for")
    return clean


def actor(by: str) -> str | None:
    """Who acts, up to 64 characters; None if nobody was named."""
    return text("name of who acts", by, most=64).strip() or None


def decider(by: str) -> str:
    """Who decides; BadInput if nobody was named."""
    named = actor(by)
    if named is None:
        raise BadInput("nobody is named as deciding: give your name or number")
    return named


def one_of(what: str, value: str, choices: Collection[str]) -> None:
    """BadInput unless value is one of the choices."""
    if value not in choices:
        raise BadInput(
            "{value!r} is no {what}: use one of {choices}",
            value=str(value)[:40],
            what=what,
            choices=", ".join(choices),
        )


def number(what: str, value: float | None) -> float | None:
    """A finite number or None; BadInput otherwise."""
    if value is not None and not math.isfinite(value):
        raise BadInput("the {what} must be a number", what=what)
    return value


def window(from_s: float, to_s: float) -> None:
    """BadInput unless both are times and the first is not after the second."""
    number("beginning", from_s)
    number("end", to_s)
    if to_s < from_s:
        raise BadInput("the end lies before the beginning: exchange the two times")


def sha256(value: str) -> str:
    """64 small hex digits, fit for a file name; BadInput otherwise."""
    if not _SHA256.fullmatch(value):
        raise BadInput("{value!r} is no SHA-256: 64 digits 0-9 a-f are needed", value=value[:70])
    return value


def path(value: str) -> str:
    """A path that a database keeps exactly; BadInput otherwise."""
    if text("path", value, least=1, most=4096) != value:
        raise BadInput("the file name holds characters that cannot be kept: rename the file")
    return value


def known_id(what: str, value: str) -> str:
    """An id that can exist; NotFound otherwise, since what cannot exist is not there."""
    try:
        return safe_id(value, what)
    except BadInput:
        raise not_found(what, value) from None


def not_found(what: str, value: str) -> NotFound:
    return NotFound("{what} {value!r} is not known: check the id", what=what, value=value[:40])


def tracklet_camera(tracklet_id: str) -> str:
    """The camera in a tracklet's id "camera/clip/n"; BadInput if it has another form."""
    parts = tracklet_id.split("/")
    if len(parts) != 3:
        raise BadInput("{value!r} is no tracklet: write camera/clip/n", value=tracklet_id[:80])
    camera, _, _ = (safe_id(part, "tracklet id") for part in parts)
    return camera


def new_id(now_s: float) -> str:
    """An id like 2026-0412-k3f9x7qd: Korean date, time to 0.1 s, four random letters; it sorts."""
    moment = datetime.fromtimestamp(now_s, UTC) + KST
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    tenths = int((moment - midnight).total_seconds() * 10)  # < 864,000 < 32^4
    clock = "".join(ID_LETTERS[tenths >> shift & 31] for shift in (15, 10, 5, 0))
    return f"{moment:%Y-%m%d}-{clock}" + "".join(secrets.choice(ID_LETTERS) for _ in range(4))


# values to columns, columns to values


def wanted_json(wanted: Mapping[str, Want]) -> str:
    """Checked attributes as JSON; BadInput for a name, value or sureness that is not known."""
    check_attributes(wanted)
    for want in wanted.values():
        one_of("sureness", want.sureness, get_args(Sureness))
    return json.dumps({name: asdict(want) for name, want in wanted.items()})


def last_seen_json(last_seen: LastSeen | None) -> str | None:
    """Checked place and time as JSON, None = not known; BadInput for what is no number."""
    if last_seen is None:
        return None
    window(last_seen.from_s, last_seen.to_s)
    if not 0 < last_seen.radius_m < math.inf:
        raise BadInput("last seen: the radius must be above 0 m")
    return json.dumps(astuple(last_seen))


def case_of(row: Any) -> Case:
    wanted = {name: Want(**want) for name, want in parsed(row.wanted).items()}
    last_seen = LastSeen(*parsed(row.last_seen)) if row.last_seen is not None else None
    return Case(
        row.id, row.title, row.reason, row.category, row.opened_s, row.closed_s, row.actor or "",
        wanted, last_seen, bool(row.same_clothes), row.basis, row.clothes, row.height_cm,
    )  # fmt: skip


def photo_columns(photo: Photo) -> dict[str, object]:
    """The columns of a photo but its hash; BadInput for a date or box that is none."""
    boxes = {"box": photo.box, "face": photo.face}
    return {
        "name": text("file name", photo.name, most=255),
        "taken_s": number("photo's time", photo.taken_s),
        **{name: None if box is None else _box_json(box) for name, box in boxes.items()},
    }


def photo_of(row: Any) -> Photo:
    box, face = (None if c is None else tuple(parsed(c)) for c in (row.box, row.face))
    return Photo(row.sha256, row.name, row.taken_s, box, face)


def _box_json(box: Sequence[float]) -> str:
    """xyxy px as JSON; BadInput if it is empty or no numbers."""
    x1, y1, x2, y2 = (float(side) for side in box)
    if not (x1 < x2 and y1 < y2 and math.isfinite(x1 + y1 + x2 + y2)):
        raise BadInput("the box is empty: draw it from its upper left to its lower right corner")
    return json.dumps([x1, y1, x2, y2])


def height(value: float | None) -> float | None:
    """A person's height in cm; BadInput for one that nobody has."""
    if value is not None and not 30 <= value <= 250:
        raise BadInput("the height must lie between 30 and 250 cm")
    return value


def box_columns(box: FootageBox) -> dict[str, object]:
    """The columns that make a box the same box; BadInput if it is empty or no numbers."""
    number("time of the box", box.at_s)
    place = _box_json(box.box)
    return {"clip_sha256": sha256(box.clip_sha256), "at_s": float(box.at_s), "box": place}


def box_of(row: Any) -> FootageBox:
    x1, y1, x2, y2 = parsed(row.box)
    return FootageBox(row.clip_sha256, row.path, row.at_s, (x1, y1, x2, y2), row.true_s)


def check_sighting(sighting: Sighting) -> None:
    """BadInput for a source, verdict, time or place that is none."""
    one_of("source", sighting.source, get_args(Source))
    if sighting.verdict is not None:
        one_of("verdict", sighting.verdict, VERDICTS)
    window(sighting.enter_s, sighting.leave_s)
    if sighting.lat is not None and sighting.lon is not None:
        check_place(sighting.lat, sighting.lon)
    for what, value in (("radius", sighting.radius_m), ("time error", sighting.sigma_s)):
        if not 0 <= value < math.inf:
            raise BadInput("the {what} must be 0 or more", what=what)


def sighting_columns(sighting: Sighting, offset_s: float) -> dict[str, object]:
    """Columns of a sighting. offset_s: of the camera's clock, 0 if it is not about footage."""
    evidence = None if math.isnan(sighting.evidence) else float(sighting.evidence)
    return {
        **{name: getattr(sighting, name) for name in ("source", "verdict", "tracklet_id",
           "camera_id", "lat", "lon", "radius_m", "sigma_s")},
        "enter_s": sighting.enter_s - offset_s,
        "leave_s": sighting.leave_s - offset_s,
        "evidence": evidence,
        "why": text("remark", sighting.why, most=2000, layout=True),
    }  # fmt: skip


def entry_of(row: Any, undone: bool) -> Entry:
    """History entry from a row of SIGHTINGS joined with the camera's clock_offset_s."""
    if row.undoes is not None:
        return Entry(row.n, row.actor, row.at_s, None, row.undoes, undone)
    offset_s = row.clock_offset_s if row.source == "cctv" else 0.0
    sighting = Sighting(
        source=row.source,
        enter_s=row.enter_s + offset_s,
        leave_s=row.leave_s + offset_s,
        evidence=math.nan if row.evidence is None else row.evidence,
        by=row.actor,
        at_s=row.at_s,
        **{name: getattr(row, name) for name in ("camera_id", "tracklet_id", "lat", "lon",
           "radius_m", "sigma_s", "verdict", "why")},
    )  # fmt: skip
    return Entry(row.n, row.actor, row.at_s, sighting, None, undone)


def search_of(row: Any) -> Search:
    return Search(
        row.id, row.case_id, row.actor or "", row.reason, parsed(row.query), row.n_candidates,
        parsed(row.receipt), row.at_s,
    )  # fmt: skip


def coverage_of(row: Any) -> Coverage:
    """Coverage from a row of COVERAGE joined with the camera's clock_offset_s."""
    from_s, to_s = row.from_s + row.clock_offset_s, row.to_s + row.clock_offset_s
    return Coverage(row.camera_id, from_s, to_s, row.state, row.actor or "", row.at_s)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, object]:
    """What differs, for the audit: {field: [old, new]}, of text only that it changed."""
    private = ("name", "owner", "owner_kind", "contact")
    return {
        field: True if field in private else [old.get(field), value]
        for field, value in new.items()
        if old.get(field) != value
    }


def parsed(column: str) -> Any:
    """JSON of a column; DongseonError if somebody damaged it."""
    try:
        return json.loads(column)
    except ValueError:
        raise DongseonError("a row of the casebook is damaged: restore a backup") from None


def note_json(one: Note) -> str:
    """A sentence as JSON; its fields as numbers, text or sentences."""
    return json.dumps(_note_dict(one))


def note_of(column: str) -> Note:
    """The sentence that `note_json` wrote."""
    return _note(parsed(column))


def _note_dict(one: Note) -> dict[str, object]:
    fields = {
        name: {"note": _note_dict(value)} if isinstance(value, Note) else
        value if isinstance(value, int | float | str) else str(value)
        for name, value in one.fields.items()
    }  # fmt: skip
    return {"msgid": one.msgid, "fields": fields}


def _note(said: Mapping[str, Any]) -> Note:
    fields = {
        name: _note(value["note"]) if isinstance(value, dict) else value
        for name, value in said["fields"].items()
    }
    return Note(said["msgid"], fields)
