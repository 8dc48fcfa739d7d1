"""Docstrings and core/SOURCES.md name the same sources."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def named_in_code() -> dict[str, set[str]]:
    """{key: files} of every `Source:` line in core."""
    named: dict[str, set[str]] = {}
    for path in (ROOT / "core").rglob("*.py"):
        for line in re.findall(r"Source: (.*)", path.read_text(encoding="utf-8")):
            for key in re.findall(r"\[([a-z0-9-]+)\]", line):
                named.setdefault(key, set()).add(str(path.relative_to(ROOT)))
    return named


def test_every_source_has_a_row_and_every_row_is_used():
    table = (ROOT / "core" / "SOURCES.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) \|[^|]*\| ([^|]*) \|", table, re.M))
    rows.pop("key")
    listed = {key: set(files.strip().split(", ")) for key, files in rows.items()}
    assert listed == named_in_code()
