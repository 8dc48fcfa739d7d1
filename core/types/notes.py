"""A sentence and its fields in, what can be said in any language out; how far long work is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """One translatable sentence: an English format string (the gettext id) and its fields."""

    msgid: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid.format(**self.fields)


def note(msgid: str, /, **fields: object) -> Note:
    """A `Note` written like a call: ``note("face {px} px", px=18)``."""
    return Note(msgid, fields)


@dataclass(frozen=True)
class Progress:
    """One step of long work: done of total (0 = not known) units, and a sentence."""

    done: float
    total: float
    text: Note
    tracklets: int = 0
