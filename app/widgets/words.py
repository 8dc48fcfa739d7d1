"""Values in, words as people read them out: times, lengths, names made harmless."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from app.i18n import _
from core.types import (
    Camera,
)

ZONE = ZoneInfo("Asia/Seoul")


def inert(text: object) -> str:
    """Text in which Markdown and HTML read nothing, for labels, messages and table cells.

    Addresses become links even from escaped text, so an invisible space (U+200B) breaks them.
    """
    broken = re.sub(r"(?i)(:)(?=//)|(www)(?=\.)|(@)", "\\g<0>\u200b", str(text))
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", broken)


def clock(at_s: float) -> str:
    """Unix seconds -> local time to the second."""
    return datetime.fromtimestamp(at_s, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def span(from_s: float, to_s: float) -> str:
    """From and to, the date once when both lie on one day."""
    first, last = clock(from_s), clock(to_s)
    return f"{first} ~ {last[11:] if first[:10] == last[:10] else last}"


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


def unix(moment: datetime | None) -> float | None:
    """What a date field gave, read as local time -> Unix seconds."""
    return None if moment is None else moment.replace(tzinfo=ZONE).timestamp()


def camera_name(camera_id: str | None, cameras: Mapping[str, Camera]) -> str:
    """The name people know a camera by."""
    camera = cameras.get(camera_id or "")
    return camera.name or camera.id if camera else camera_id or ""


def local(at_s: float) -> datetime:
    """Unix seconds -> what a date field shows: local time without its zone."""
    return datetime.fromtimestamp(at_s, ZONE).replace(tzinfo=None)
