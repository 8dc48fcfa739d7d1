"""Tracklets and the true boxes of everybody, out of one camera; how well people are followed, out.

A frame is a moment of the truth. Between two boxes of a tracklet that lie no further apart than the
tracker looks, the person is on the straight line between them, so the truth may be denser than the
samples. A box hits the person whose true box it overlaps most, from IoU .5 on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.geometry import iou
from core.types import Float32, Float64

SAME_IOU = 0.5
SAME_S = 0.02  # two clocks that name the same frame
MOSTLY = 0.5

Track = tuple[Float64, Float32]  # t_s (T,), box (T,4)
Stay = tuple[str, float, float]  # person, enter_s, leave_s


@dataclass(frozen=True)
class Tracking:
    """Figures over all cameras; NaN where there is nothing to divide by.

    visits      people's stays in a camera's view in which they show at all
    followed    share of visits with a tracklet that is mostly theirs: half of its boxes or more hit
                that person, and these hits cover half of the visit's moments or more
    shown       share of visits with a tracklet, however short, half of whose boxes hit that person
    covered     share of visits half of whose moments are hit by any tracklets: what the detector
                leaves to a perfect tracker
    fragments   tracklets that are mostly theirs, per visit that is shown
    mixed       tracklets whose boxes mostly hit people, but no one of them half of the time
    nobody      tracklets less than half of whose boxes hit anybody
    purity      of boxes that hit anybody, how many hit the one their tracklet hits most
    switches    of CLEAR MOT; idf1, hota, assa (its part for association) as published
    """

    visits: int
    followed: float
    shown: float
    covered: float
    fragments: float
    tracklets: int
    mixed: int
    nobody: int
    purity: float
    switches: int
    idf1: float
    hota: float
    assa: float


@dataclass(frozen=True)
class Counts:
    """One camera's share of the figures; `library` holds what the trackers package counted."""

    visits: int
    followed: int
    shown: int
    covered: int
    pieces: int
    tracklets: int
    mixed: int
    nobody: int
    right: int
    hit: int
    library: Mapping[str, Any]


@dataclass(frozen=True)
class _Frames:
    """One camera frame by frame: numbers of persons (M,) and tracklets (N,), their IoU (M,N)."""

    person: tuple[NDArray[np.int64], ...]
    track: tuple[NDArray[np.int64], ...]
    overlap: tuple[Float64, ...]


def tracking(parts: Sequence[Counts]) -> Tracking:
    """Figures over cameras: shares of sums, as the benchmarks of the field combine sequences.

    Source: [ristani2016idf1], [bernardin2008clear], [luiten2021hota]
    """
    from trackers import eval as published

    def total(name: str) -> int:
        return sum(getattr(one, name) for one in parts)

    hota, clear, identity = (
        together([one.library[name] for one in parts if one.library])
        for name, together in (
            ("hota", published.aggregate_hota_metrics),
            ("clear", published.aggregate_clear_metrics),
            ("identity", published.aggregate_identity_metrics),
        )
    )
    known = any(one.library for one in parts)
    return Tracking(
        visits=total("visits"),
        followed=_share(total("followed"), total("visits")),
        shown=_share(total("shown"), total("visits")),
        covered=_share(total("covered"), total("visits")),
        fragments=_share(total("pieces"), total("shown")),
        tracklets=total("tracklets"),
        mixed=total("mixed"),
        nobody=total("nobody"),
        purity=_share(total("right"), total("hit")),
        switches=int(clear["IDSW"]) if known else 0,
        idf1=float(identity["IDF1"]) if known else math.nan,
        hota=float(hota["HOTA"]) if known else math.nan,
        assa=float(hota["AssA"]) if known else math.nan,
    )


def count(
    t_s: Float64,
    person: Sequence[str],
    box: Float32,
    tracks: Sequence[Track],
    stays: Sequence[Stay],
) -> Counts:
    """One camera: truth as times (N,), persons (N,), boxes (N,4) xyxy; tracklets; visits."""
    names = {name: k for k, name in enumerate(sorted(set(person)))}
    number = np.array([names[one] for one in person], np.int64)
    moments, frames = _frames(t_s, number, box, tracks)
    held = np.zeros(len(tracks), np.int64)  # frames each tracklet is in
    votes = np.zeros((len(tracks), len(names)), np.int64)
    hits: list[tuple[int, int, int]] = []  # frame, person, track
    for k, (who, track, overlap) in enumerate(
        zip(frames.person, frames.track, frames.overlap, strict=True)
    ):
        held[track] += 1
        if len(who) and len(track):
            best = overlap.argmax(axis=0)  # (N,)
            for column in np.flatnonzero(overlap.max(axis=0) >= SAME_IOU):
                hits.append((k, int(who[best[column]]), int(track[column])))
    for _, one, track_ in hits:
        votes[track_, one] += 1
    right = votes.max(axis=1, initial=0)
    most = votes.argmax(axis=1) if names else np.full(len(tracks), -1)
    of = np.where(right >= MOSTLY * np.maximum(held, 1), most, -1)
    some = votes.sum(axis=1) >= MOSTLY * np.maximum(held, 1)
    seen = _visits(moments, t_s, number, names, hits, of, stays)
    return Counts(
        *seen,
        tracklets=len(tracks),
        mixed=int(np.sum(some & (of < 0))),
        nobody=int(np.sum(~some)),
        right=int(right.sum()),
        hit=int(votes.sum()),
        library=_published(frames),
    )


def _visits(
    moments: Float64,
    t_s: Float64,
    number: NDArray[np.int64],
    names: Mapping[str, int],
    hits: Sequence[tuple[int, int, int]],
    of: NDArray[np.int64],
    stays: Sequence[Stay],
) -> tuple[int, int, int, int, int]:
    """Visits with any true box, followed, shown, covered, and the tracklets of those shown."""
    hit = np.array(hits, np.int64).reshape(-1, 3)
    hit_s = moments[hit[:, 0]]
    result = np.zeros(5, np.int64)
    for name, enter_s, leave_s in stays:
        who = names.get(name, -1)
        inside = (t_s >= enter_s - SAME_S) & (t_s <= leave_s + SAME_S)
        n = len(np.unique(t_s[inside & (number == who)]))
        if not n:
            continue
        during = (hit_s >= enter_s - SAME_S) & (hit_s <= leave_s + SAME_S)
        own = hit[during & (hit[:, 1] == who)]
        mine = own[of[own[:, 2]] == who]
        pieces, length = np.unique(mine[:, 2], return_counts=True)
        result += (
            1,
            length.max(initial=0) >= MOSTLY * n,
            len(pieces) > 0,
            len(np.unique(own[:, 0])) >= MOSTLY * n,
            len(pieces),
        )
    visits, followed, shown, covered, of_them = (int(v) for v in result)
    return visits, followed, shown, covered, of_them


def _frames(
    t_s: Float64, number: NDArray[np.int64], box: Float32, tracks: Sequence[Track]
) -> tuple[Float64, _Frames]:
    """Moments (F,), and who is where in each: the truth's, and those of tracklets outside them."""
    moments = np.unique(t_s)
    steps = np.concatenate([np.empty(0), *(np.diff(t) for t, _ in tracks)])
    step_s = float(np.median(steps)) if len(steps) else 0.0
    lonely = [t for times, _ in tracks for t in times.tolist() if not _near(moments, t)]
    moments = np.union1d(moments, np.round(lonely, 3))
    at: list[list[tuple[int, Float32]]] = [[] for _ in moments]
    for n, (times, boxes) in enumerate(tracks):
        for k, row in _laid(moments, times, boxes, step_s):
            at[k].append((n, row))
    low, high = np.searchsorted(t_s, [moments - 1e-6, moments + 1e-6])
    who, found, overlap = [], [], []
    for k, rows in enumerate(at):
        who.append(number[low[k] : high[k]])
        found.append(np.array([n for n, _ in rows], np.int64))
        shape = np.array([row for _, row in rows], np.float32).reshape(-1, 4)
        overlap.append(iou(box[low[k] : high[k]], shape).astype(np.float64))
    return moments, _Frames(tuple(who), tuple(found), tuple(overlap))


def _near(moments: Float64, at_s: float) -> bool:
    k = int(np.searchsorted(moments, at_s))
    return any(abs(float(m) - at_s) <= SAME_S for m in moments[max(0, k - 1) : k + 1])


def _laid(
    moments: Float64, times: Float64, boxes: Float32, step_s: float
) -> list[tuple[int, Float32]]:
    """[(frame, box)] of one tracklet, in between on the straight line, but not over a pause."""
    low, high = np.searchsorted(moments, [times[0] - SAME_S, times[-1] + SAME_S])
    inside = moments[low:high]
    after = np.clip(np.searchsorted(times, inside - SAME_S), 0, len(times) - 1)
    before = np.maximum(after - (times[after] > inside + SAME_S), 0)
    whole = times[after] - times[before] <= 1.5 * step_s + SAME_S
    sides = [np.interp(inside, times, boxes[:, k]) for k in range(4)]
    place = np.stack(sides, axis=1).astype(np.float32)
    return [(int(low + k), place[k]) for k in np.flatnonzero(whole)]


def _published(frames: _Frames) -> Mapping[str, Any]:
    """The field's own counts of one sequence; none of a sequence in which nothing is."""
    from trackers import eval as published

    if not sum(map(len, frames.person)) + sum(map(len, frames.track)):
        return {}
    rows = list(frames.person), list(frames.track), list(frames.overlap)
    return {
        "hota": published.compute_hota_metrics(*rows),
        "clear": published.compute_clear_metrics(*rows),
        "identity": published.compute_identity_metrics(*rows),
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
