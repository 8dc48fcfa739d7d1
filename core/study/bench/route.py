"""A number of sightings and cameras in; how the inferred route compares with plain algebra, out."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from core import route as routing
from core.geometry import haversine_m
from core.route import transit
from core.study.bench import made
from core.study.bench.measure import Way, compared
from core.types import Camera, Float64, Recorder, Sighting

BUDGET_S = 0.050


def route(n: int = 200, cameras: int = 50, *, rounds: int = 5) -> dict[str, Any]:
    """`route.infer` over n sightings against the posterior alone by solving one linear system."""
    found, known, clocks = made.scene(n, cameras)
    result = compared(
        Way("route", lambda: routing.infer(found, known, clocks)),
        Way("linear system, scipy densities", lambda: solved(found, known, clocks)),
        rounds=rounds,
    )
    ours, theirs = routing.posterior(found, known, clocks), solved(found, known, clocks)
    return {
        **result,
        "sightings": n,
        "cameras": cameras,
        "stops": len(routing.infer(found, known, clocks).stops),
        "budget_seconds": BUDGET_S,
        "within_budget": result["seconds"] <= BUDGET_S,
        "largest_difference": float(np.abs(ours.stop - theirs).max()),
    }


def solved(
    found: list[Sighting], cameras: dict[str, Camera], clocks: dict[str, Recorder]
) -> Float64:
    """Probability (N,) of every stop: a = L T0 + L' T^T a and b = rho + T L' b, solved as they are.

    Densities are scipy's; without a last-seen place and without verdicts.
    """
    settings = routing.Settings()
    order = sorted(range(len(found)), key=lambda i: found[i].enter_s)
    one = [found[i] for i in order]
    n = len(one)
    arc = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            arc[i, j] = _weight(one[i], one[j], cameras, clocks, settings)
    total = arc.sum(axis=1, keepdims=True)
    rho = np.where(total[:, 0] > 0, settings.rho, 1.0)
    step = (1 - rho)[:, None] * np.divide(arc, total, out=np.zeros_like(arc), where=total > 0)
    e = np.array([s.evidence for s in one])
    later = 10 ** (settings.g * e)
    into = step * later[None, :]
    forward = np.linalg.solve(np.eye(n) - into.T, settings.p_in * 10**e / n)
    backward = np.linalg.solve(np.eye(n) - into, rho)
    z = (1 - settings.p_in) + forward @ rho
    stop = np.empty(n)
    stop[order] = forward * backward / z
    return stop


def _weight(
    a: Sighting, b: Sighting, cameras: dict[str, Camera], clocks: dict[str, Recorder],
    settings: routing.Settings,
) -> float:  # fmt: skip
    """H of one passage: density times the pull of nearness, 0 if it is not possible."""
    assert a.camera_id is not None
    assert b.camera_id is not None
    p, q = cameras[a.camera_id], cameras[b.camera_id]
    same, tau = p.id == q.id, b.enter_s - a.leave_s
    apart = float(haversine_m(p.lat or 0.0, p.lon or 0.0, q.lat or 0.0, q.lon or 0.0))
    d = 0.0 if same else max(0.0, apart - p.view_range_m - q.view_range_m)
    sigma = [clocks[c.recorder_id].clock_sigma_s for c in (p, q)]
    s = (
        5.0
        if p.recorder_id == q.recorder_id
        else float(np.sqrt(sigma[0] ** 2 + sigma[1] ** 2 + 25))
    )
    on_foot, by_vehicle = transit.reach(d, tau, s, settings.pace.v_max_mps)
    if not (tau > 0 if same else bool(on_foot | by_vehicle)):
        return 0.0
    return float(np.exp(-d / settings.scale_m) * _density(tau, d, s, settings.pace))


def _density(tau: float, d: float, s: float, pace: transit.Pace) -> float:
    """f of one passage by scipy's own distributions."""
    tau = max(tau, 0.0) if d == 0 else tau
    quantile = (np.arange(15) + 0.5) / 15
    sd = float(np.sqrt(np.log1p((pace.v_sd_mps / pace.v_mean_mps) ** 2)))
    walk = (
        transit.KAPPA
        * d
        / stats.lognorm.ppf(quantile, sd, scale=pace.v_mean_mps * np.exp(-sd * sd / 2))
    )
    f = 0.7 * stats.norm.pdf(tau, walk, s) + 0.3 * stats.exponnorm.pdf(tau, 900 / s, walk, s)
    if d <= transit.VEHICLE_FROM_M:
        return float(f.mean())
    ride = transit.KAPPA * d / stats.lognorm.ppf(quantile, 0.5, scale=6.0)
    ridden = stats.exponnorm.pdf(tau, 420 / s, ride, s).mean()
    return float((1 - pace.vehicle_share) * f.mean() + pace.vehicle_share * ridden)
