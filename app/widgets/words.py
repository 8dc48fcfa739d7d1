"""Values in, words as people read them out: times, lengths, names made harmless."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.i18n import _
from core.types import (
    Camera,
)

ZONE = ZoneInfo("Asia/Seoul")
OLDEST = date(1950, 1, 1)  # of a photo


HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # unseen, or turning the text around them


def plain(text: object) -> str:
    """Text without characters that are not seen or that turn the text around; line ends stay."""
    kept = (c for c in str(text) if c == "\n" or unicodedata.category(c) not in HIDDEN)
    return "".join(kept)


def inert(text: object) -> str:
    """Text in which Markdown and HTML read nothing, for labels, messages and table cells.

    Addresses become links even from escaped text, so an invisible space (U+200B) breaks them.
    """
    broken = re.sub(r"(?i)(:)(?=//)|(www)(?=\.)|(@)", "\\g<0>\u200b", plain(text))
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", broken)


def icon(name: str) -> str:
    """A sign of the icon font that comes with the app, as its labels write it."""
    return f":material/{name}:"


def clock(at_s: float) -> str:
    """Unix seconds -> local time to the second."""
    return datetime.fromtimestamp(at_s, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def span(from_s: float, to_s: float) -> str:
    """From and to, the date once when both lie on one day."""
    first, last = clock(from_s), clock(to_s)
    return f"{first} ~ {last[11:] if first[:10] == last[:10] else last}"


def hours(from_s: float, to_s: float) -> str:
    """From and to as month, day and time to the minute, the day once when both lie on one."""
    first, last = clock(from_s)[5:16], clock(to_s)[5:16]
    return f"{first} ~ {last[6:] if first[:5] == last[:5] else last}"


def minutes(seconds: float) -> str:
    """A length of time in words, to the minute above one."""
    if seconds < 60:
        return _("{n} s", n=round(seconds))
    whole = round(seconds / 60)
    if whole < 60:
        return _("{n} min", n=whole)
    return _("{h} h {m} min", h=whole // 60, m=whole % 60)


def exact(seconds: float) -> str:
    """A length of time in words, to the second below an hour, to the minute above."""
    whole = round(abs(seconds))
    if whole < 60:
        return _("{n} s", n=whole)
    if whole < 3600:
        m, s = divmod(whole, 60)
        return _("{m} min {s} s", m=m, s=s) if s else _("{n} min", n=m)
    if whole < 86_400:
        return _("{h} h {m} min", h=whole // 3600, m=whole % 3600 // 60)
    return _("{d} d {h} h", d=whole // 86_400, h=whole % 86_400 // 3600)


def passed(seconds: float) -> str:
    """How long ago, in words; never a word on what that means."""
    whole = max(0, int(seconds // 60))
    days, hours, left = whole // 1440, whole // 60 % 24, whole % 60
    if days:
        return _("{d} d {h} h {m} min", d=days, h=hours, m=left)
    if hours:
        return _("{h} h {m} min", h=hours, m=left)
    return _("{n} min", n=left)


def local(at_s: float | None, *, up: bool = False) -> datetime | None:
    """Unix seconds -> what a date field shows, whole minutes. up: to the next one, for an end."""
    if at_s is None:
        return None
    whole = 60 * (math.ceil(at_s / 60) if up else math.floor(at_s / 60))
    return datetime.fromtimestamp(whole, ZONE).replace(tzinfo=None)


def noon(day: date | None) -> float | None:
    """A day of the calendar -> Unix seconds of its noon here."""
    return (
        None if day is None else datetime(day.year, day.month, day.day, 12, tzinfo=ZONE).timestamp()
    )


def unix(moment: datetime | None) -> float | None:
    """What a date field gave, read as local time -> Unix seconds."""
    return None if moment is None else moment.replace(tzinfo=ZONE).timestamp()


def camera_name(camera_id: str | None, cameras: Mapping[str, Camera]) -> str:
    """The name people know a camera by."""
    camera = cameras.get(camera_id or "")
    return camera.name or camera.id if camera else camera_id or ""
