"""A scene with its solution in; the cameras worth asking next, when and until when, out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.errors import BadInput
from core.geometry import haversine_m
from core.route import transit
from core.route.chain import Solution
from core.route.nodes import has_place, last_seen_sigma_s, recorder_of
from core.route.scene import Scene
from core.types import Camera, Float64, NextCamera, Sighting

SEEN_BY_MACHINE, SEEN_BY_HUMAN = 0.7, 0.9  # a person in view is found that often
ASKED = 0.01  # a camera less probable than this is not proposed
URGENT = 0.05  # before footage that is about to be overwritten goes first


@dataclass(frozen=True)
class _Targets:
    """Cameras with a place, as arrays (K,); missed: chance that a search overlooked somebody."""

    cameras: tuple[Camera, ...]
    lat: Float64
    lon: Float64
    radius_m: Float64
    missed: Float64

    def gap_m(self, lat: Float64, lon: Float64, radius_m: Float64) -> Float64:
        """Distances (S,K) from places (S,) to the edge of every camera's view."""
        apart = haversine_m(lat[:, None], lon[:, None], self.lat, self.lon)
        return transit.gap_m(apart, radius_m[:, None], self.radius_m)


def _targets(cameras: Mapping[str, Camera], looked: Mapping[str, float]) -> _Targets:
    placed = tuple(c for c in cameras.values() if has_place(c))
    parts = np.array([looked.get(c.id, 0.0) for c in placed], float)  # (K,)
    if np.any(~((parts >= 0) & (parts <= 1))):
        raise BadInput("the part of a camera's footage already searched must lie from 0 to 1")
    place = np.array([(c.lat, c.lon, c.view_range_m) for c in placed], float).reshape(-1, 3)
    return _Targets(placed, place[:, 0], place[:, 1], place[:, 2], 1 - SEEN_BY_MACHINE * parts)


def _overlooked(of: _Targets, window: Float64, statements: Iterable[Sighting]) -> Float64:
    """(K,) chance that the person passed although people looked at part of window (K,2)."""
    t = window[:, :1] + (window[:, 1:] - window[:, :1]) * np.linspace(0, 1, 101)  # (K,101)
    seen = np.zeros(t.shape, bool)
    for s in statements:
        here = np.array([c.id == s.camera_id for c in of.cameras], bool)[:, None]
        seen |= here & (t >= s.enter_s) & (t <= s.leave_s)
    return np.asarray(1 - SEEN_BY_HUMAN * seen.mean(axis=1))


def _shares(near: Float64) -> Float64:
    """Transition to each camera (S,K) when one may also lead to none of them."""
    return np.asarray(near / (1 + near.sum(axis=1, keepdims=True)))


def _after_last(scene: Scene, solution: Solution, to: _Targets) -> tuple[Float64, Float64]:
    """Probability (K,) that the person passes each camera next, and when (K,2).

    From every possible last stop, and from where last seen if no sighting is the person; the
    time is counted from the one that leads there most.
    """
    of, seen, settings = scene.of, scene.last_seen, scene.settings
    rows = [of.lat, of.lon, of.radius_m, of.sigma_s, of.leave_s, solution.last]
    clock = of.recorder  # (S,)
    if seen is not None:
        middle, sigma_s = (seen.from_s + seen.to_s) / 2, last_seen_sigma_s(seen)
        place = (seen.lat, seen.lon, seen.radius_m, sigma_s, middle, solution.never)
        rows = [np.append(row, x) for row, x in zip(rows, place, strict=True)]
        clock = np.append(clock, "")
    placed = ~np.isnan(rows[0])
    lat, lon, radius, sigma, leave, weight = np.array(rows)[:, placed]  # each (S,)
    if not placed.any():
        return np.zeros(len(to.cameras)), np.zeros((len(to.cameras), 2))
    d = to.gap_m(lat, lon, radius)  # (S,K)
    near = np.exp(-d / settings.scale_m) * to.missed
    main = np.argmax(weight[:, None] * near, axis=0)  # (K,)
    one_clock = clock[placed][main] == [c.recorder_id for c in to.cameras]
    own = [
        transit.clock_sigma_s(recorder_of(c, scene.recorders), at)
        for c, at in zip(to.cameras, leave[main].tolist(), strict=True)
    ]
    sigma = transit.passage_sigma_s(sigma[main], own, one_clock)
    nearest = d[main, np.arange(len(main))]
    window = transit.passage_quantiles_s(nearest, sigma, settings.pace, settings.kappa)
    window += leave[main][:, None]  # (K,2)
    near = near * _overlooked(to, window, scene.statements)
    return np.asarray(weight @ _shares(near)), window


def _inside_gap(
    scene: Scene, solution: Solution, to: _Targets, i: int, j: int
) -> tuple[Float64, Float64]:
    """Probability (K,) that the person passes each camera between nodes i and j, and when (K,2).

    The cameras that fit into the time share the passage by their detour.
    """
    of, v_max = scene.of, scene.settings.pace.v_max_mps
    both = np.array([i, j])
    d = to.gap_m(of.lat[both], of.lon[both], of.radius_m[both])  # (2,K)
    ends = {of.sightings[i].camera_id, of.sightings[j].camera_id}
    fits = d.sum(axis=0) <= v_max * (of.enter_s[j] - of.leave_s[i])
    fits &= np.array([c.id not in ends for c in to.cameras], bool)
    window = np.stack([of.leave_s[i] + d[0] / v_max, of.enter_s[j] - d[1] / v_max], axis=1)
    detour = np.maximum(0.0, d.sum(axis=0) - scene.way.distance_m[i, j])
    near = np.exp(-detour / scene.settings.scale_m) * to.missed
    near = np.where(fits, near * _overlooked(to, window, scene.statements), 0.0)
    arc = solution.forward[i] + solution.chain.arc[i, j] + solution.backward[j] - solution.log_z
    return math.exp(arc) * _shares(near[None])[0], window


def next_cameras(
    scene: Scene,
    solution: Solution,
    shown: Sequence[int],
    looked: Mapping[str, float],
    now_s: float | None,
) -> tuple[NextCamera, ...]:
    """Cameras worth asking: after the last stop and inside the gaps, most pressing first.

    Footage that is already overwritten is not proposed.
    """
    to = _targets(scene.cameras, looked)
    if not to.cameras:
        return ()
    chances = [_after_last(scene, solution, to)]
    for i, j in pairwise(shown):
        if not np.isnan(scene.way.distance_m[i, j]) and scene.of.enter_s[j] > scene.of.leave_s[i]:
            chances.append(_inside_gap(scene, solution, to, i, j))
    asked = []
    for p, window in chances:
        for k in np.flatnonzero(p >= ASKED).tolist():
            camera, (low, high) = to.cameras[k], window[k].tolist()
            days = recorder_of(camera, scene.recorders).retention_days
            kept_s = math.inf if days is None else days * transit.DAY_S
            if now_s is None or high + kept_s >= now_s:
                deadline = None if days is None else low + kept_s
                asked.append(NextCamera(camera.id, float(p[k]), low, high, deadline))
    once: dict[str, NextCamera] = {}  # a camera is asked for its most probable window
    for one in sorted(asked, key=lambda c: -c.probability):
        once.setdefault(one.camera_id, one)
    return tuple(sorted(once.values(), key=lambda c: _pressing(c, now_s)))


def _pressing(camera: NextCamera, now_s: float | None) -> tuple[bool, float, float, str]:
    """Sort key: soon overwritten and not improbable first, then the most probable."""
    soon = (
        now_s is not None
        and camera.deadline_s is not None
        and camera.deadline_s - now_s < transit.DAY_S
        and camera.probability >= URGENT
    )
    return (not soon, -camera.probability, camera.from_s, camera.camera_id)
