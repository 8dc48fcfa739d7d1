"""Two ways to do one thing in; how their times compare, and the memory of ours, out.

Both ways run in turns in one process, so that a busy machine slows both; the fastest run of each
counts. A benchmark never fails a build: it prints a ratio.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")  # Linux; elsewhere no memory is printed


@dataclass(frozen=True)
class Way:
    """One way to do it: what it is called, what runs, and what runs before without being timed."""

    name: str
    run: Callable[[], object]
    before: Callable[[], object] = lambda: None


def compared(
    ours: Way, reference: Way, *, rounds: int = 5, peers: tuple[Way, ...] = (), most_s: float = 120
) -> dict[str, Any]:
    """The figures every benchmark prints: ratio = ours / reference, speedup its inverse.

    rounds  turns; fewer once most_s have passed;  peers: others, timed in the same turns
    """
    ways = (ours, reference, *peers)
    peak_mb = peak_of(ours.run, ours.before)
    times: dict[str, list[float]] = {way.name: [] for way in ways}
    begun = time.perf_counter()
    for turn in range(rounds):
        if turn and time.perf_counter() - begun > most_s:
            break
        for way in ways:
            way.before()
            start = time.perf_counter()
            way.run()
            times[way.name].append(time.perf_counter() - start)
    best = {name: min(found) for name, found in times.items()}
    ratio = best[ours.name] / best[reference.name]
    return {
        "ratio": round(ratio, 4),
        "speedup": round(1 / ratio, 2),
        "reference": reference.name,
        "seconds": round(best[ours.name], 5),
        "reference_seconds": round(best[reference.name], 5),
        "peak_mb": peak_mb,
        "rounds": len(times[ours.name]),
        **({"peers": _peers(best, peers)} if peers else {}),
    }


def _peers(best: Mapping[str, float], peers: tuple[Way, ...]) -> dict[str, float]:
    return {way.name: round(best[way.name], 5) for way in peers}


def peak_of(run: Callable[[], object], before: Callable[[], object] = lambda: None) -> float | None:
    """MB of memory that a run adds at its peak, mapped files not counted; None where not known."""
    before()
    start = _anonymous_mb()
    if start is None:
        run()
        return None
    peak, ended = [start], threading.Event()

    def watch() -> None:
        while not ended.wait(0.002):
            peak[0] = max(peak[0], _anonymous_mb() or 0.0)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        held = run()
        peak[0] = max(peak[0], _anonymous_mb() or 0.0)
        del held
    finally:
        ended.set()
        watcher.join()
    return round(peak[0] - start, 1)


def _anonymous_mb() -> float | None:
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("RssAnon:")]
    return int(found[0]) / 1024 if found else None
