"""Tracklets in, pairs out that are certainly two people: strangers found without labels.

They measure how high strangers score at a site (`core.rank.Strangers`). Pure arrays, no files.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from core.types import Float32, Float64, Int

Track = tuple[Float64, Float32]  # (T,) times s, (T,4) boxes px


def certain_strangers(
    camera: Int,
    enter_s: Float64,
    leave_s: Float64,
    *,
    distance_m: Float64,
    view_range_m: Float64,
    sigma_s: Float64,
    clip: Int | None = None,
    recorder: Int | None = None,
    track: Callable[[int], Track] | None = None,
    at_most: int = 20_000,
) -> Int:
    """Pairs of tracklets that cannot be one person, found without labels: (M,2) indices, i < j.

    camera (N,) index into distance_m (C,C) straight lines in m, NaN = no position, and
    view_range_m (C,); enter_s, leave_s (N,) true time; sigma_s (N,) of the recorder's clock.
    clip (N,) index: which tracklets share one view and one clock, None = no such pairs.
    recorder (C,) index: cameras of one recorder share their clock error, None = none do.
    track(i) gives the (T,) times and (T,4) boxes of tracklet i; needed for pairs of one view.

    Two rules. (1) In one view at once: of one clip, together for 0.4 s, and `clearly_two` all that
    time, because a tracker may put two tracklets on one person; without clip or track this rule
    is off. Reflections in glass remain a risk. (2) Too far: D > 15 (|dt| + 3 sigma) with D the
    distance less both view ranges and dt the time between them; NaN distances prove nothing.
    At most `at_most` pairs, half of each rule when both have enough, drawn with a seed made of the
    times: the same tracklets in any order give the same pairs.
    """
    order = np.lexsort((leave_s, enter_s, camera))
    place, start, end = camera[order], enter_s[order], leave_s[order]
    rng = np.random.default_rng(zlib.crc32(start.tobytes() + end.tobytes()))
    apart = _too_far(place, start, end, distance_m, view_range_m, sigma_s[order], recorder, rng)
    apart = rng.permutation(apart)[:at_most]
    together = np.empty((0, 2), dtype=np.int64)
    if clip is not None and track is not None:
        room = max(at_most - at_most // 2, at_most - len(apart))
        found = rng.permutation(_together(clip[order], start, end))
        together = _clear(order[found], track, room)
    apart = order[apart[: at_most - len(together)]]
    pairs = np.sort(np.concatenate([together, apart]), axis=1)  # (M,2)
    return np.unique(pairs, axis=0)


def clearly_two(a: Track, b: Track, *, margin: float = 0.1, least: int = 3) -> bool:
    """True if two tracklets of one clip are two people and not two boxes on one.

    At every frame that shows both (at least 3) the boxes, each grown by a tenth of its size on
    every side, must not touch: that also refuses a torso and its legs, a head inside a body, and
    people who cross, where a tracker swaps identities.
    """
    t_a, t_b = (np.round(track[0] * 1000).astype(np.int64) for track in (a, b))  # ms
    _, i, j = np.intersect1d(t_a, t_b, return_indices=True)  # frames that show both
    if len(i) < least:
        return False
    p, q = np.asarray(a[1], np.float64)[i], np.asarray(b[1], np.float64)[j]  # (T,4) each
    gap = np.maximum(p[:, :2], q[:, :2]) - np.minimum(p[:, 2:], q[:, 2:])  # (T,2) per axis
    size = (p[:, 2:] - p[:, :2]) + (q[:, 2:] - q[:, :2])
    return bool(np.all(np.any(gap > margin * size, axis=1)))


def _together(clip: Int, enter: Float64, leave: Float64, overlap_s: float = 0.4) -> Int:
    """(K,2) pairs of one clip that share at least overlap_s; a sweep, so work grows with pairs."""
    overlap_s -= 1e-3  # 0.4 s is two steps at 5 fps: rounding must not decide
    order = np.lexsort((enter, clip))
    i, lag, out = np.arange(len(clip) - 1), 1, [np.empty((0, 2), dtype=np.int64)]
    while len(i):
        a, b = order[i], order[i + lag]
        open_ = (clip[a] == clip[b]) & (leave[a] - enter[b] >= overlap_s)
        i, a, b = i[open_], a[open_], b[open_]
        out.append(np.stack([a, b], axis=1)[leave[b] - enter[b] >= overlap_s])
        lag += 1
        i = i[i + lag < len(clip)]
    return np.concatenate(out)


def _clear(pairs: Int, track: Callable[[int], Track], at_most: int) -> Int:
    """The first at_most of the pairs that are `clearly_two`."""
    kept: list[Int] = []
    for pair in pairs:
        if len(kept) >= at_most:
            break
        if clearly_two(track(int(pair[0])), track(int(pair[1]))):
            kept.append(pair)
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def _too_far(
    camera: Int,
    enter: Float64,
    leave: Float64,
    distance_m: Float64,
    view_range_m: Float64,
    sigma_s: Float64,
    recorder: Int | None,
    rng: np.random.Generator,
    tracklets: int = 2_000,
) -> Int:
    """(K,2) pairs that even a car could not join; all pairs of a sample of the tracklets."""
    n = len(camera)
    some = np.arange(n) if n <= tracklets else np.sort(rng.choice(n, tracklets, replace=False))
    i, j = (some[k] for k in np.triu_indices(len(some), 1))
    at, to = camera[i], camera[j]
    distance = distance_m[at, to] - view_range_m[at] - view_range_m[to]
    dt = np.maximum(np.maximum(enter[i], enter[j]) - np.minimum(leave[i], leave[j]), 0)
    sigma = np.sqrt(sigma_s[i] ** 2 + sigma_s[j] ** 2 + 25)
    if recorder is not None:
        sigma = np.where(recorder[at] == recorder[to], 5.0, sigma)
    far = distance > 15 * (dt + 3 * sigma)
    return np.stack([i[far], j[far]], axis=1)
