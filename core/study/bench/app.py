"""A workspace in; how long its first page and a search take, beside an empty page, out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from core.errors import DongseonError
from core.workspace import Workspace

BUDGET_PAGE_S, BUDGET_SEARCH_S = 2.0, 1.0
PAGE = Path(__file__).parents[3] / "app" / "main.py"
SCRIPT = """
import json, sys, time
start = time.perf_counter()
from streamlit.testing.v1 import AppTest
app = AppTest.from_string(sys.argv[1], default_timeout=120)
app.run()
first = time.perf_counter() - start
start = time.perf_counter()
app.run()
again = time.perf_counter() - start
print(json.dumps({"first": first, "again": again, "faults": [str(e.value) for e in app.exception]}))
"""
EMPTY = "import streamlit as st\nst.title('empty')\n"


def app(workspace: Path, *, rounds: int = 3) -> dict[str, Any]:
    """Drawing the first page in a fresh process, imports included, and one search of a case.

    A browser's own time is not in it. The reference is a page that holds one title.
    """
    ours, empty = [], []
    for _ in range(rounds):
        ours.append(_page("from app.main import draw\ndraw()\n", workspace))
        empty.append(_page(EMPTY, workspace))
    best, reference = (min(one["first"] for one in found) for found in (ours, empty))
    searched = _search(workspace)
    return {
        "ratio": round(best / reference, 3),
        "speedup": round(reference / best, 3),
        "reference": "a page with one title",
        "seconds": round(best, 3),
        "reference_seconds": round(reference, 3),
        "again_seconds": round(min(one["again"] for one in ours), 3),
        "search_seconds": searched,
        "peak_mb": None,
        "rounds": rounds,
        "budget": {"page_seconds": BUDGET_PAGE_S, "search_seconds": BUDGET_SEARCH_S},
        "within_budget": best < BUDGET_PAGE_S and (searched or 0) < BUDGET_SEARCH_S,
    }


def _page(script: str, workspace: Path) -> dict[str, Any]:
    """One page drawn by Streamlit's own driver in a process of its own."""
    settings = {**os.environ, "DONGSEON_WORKSPACE": str(workspace.resolve())}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, script],
        env=settings, cwd=PAGE.parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise DongseonError("the page could not be drawn: {why}", why=done.stderr[-300:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    if found["faults"]:
        raise DongseonError("the page could not be drawn: {why}", why=found["faults"][0][:300])
    return found


def _search(workspace: Path) -> float | None:
    """Seconds of the second of two searches; None without a case."""
    ws = Workspace.open(workspace)
    cases, seconds = ws.cases(), None
    for _ in range(2 if cases else 0):
        start = time.perf_counter()
        ws.search(cases[0].id, by="bench")
        seconds = round(time.perf_counter() - start, 3)
    ws.close()
    return seconds
