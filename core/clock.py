"""Unix seconds in; the same moment as people and JSON write it out."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def iso_time(seconds: float, zone: str) -> str:
    """Unix seconds -> ISO 8601 with the zone's offset, to the tenth of a second."""
    moment = datetime.fromtimestamp(round(seconds, 1), ZoneInfo(zone))
    return moment.isoformat(timespec="milliseconds")
