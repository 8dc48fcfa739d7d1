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
from core.types import Camera, Float64, Int, Recorder, Sighting

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
    i, j = np.triu_indices(n, 1)
    arc = np.zeros((n, n))
    arc[i, j] = _weights(one, i, j, cameras, clocks, settings)
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


def _weights(
    one: list[Sighting],
    i: Int,
    j: Int,
    cameras: dict[str, Camera],
    clocks: dict[str, Recorder],
    settings: routing.Settings,
) -> Float64:
    """H (P,) of passages from sightings i to j: density times the pull of nearness, 0 if not."""
    at = [cameras[s.camera_id or ""] for s in one]
    lat, lon, radius, sigma = np.array([
        (c.lat, c.lon, c.view_range_m, clocks[c.recorder_id].clock_sigma_s) for c in at
    ], dtype=np.float64).T  # fmt: skip
    name, recorder = (np.array([getattr(c, key) for c in at]) for key in ("id", "recorder_id"))
    tau = np.array([s.enter_s for s in one])[j] - np.array([s.leave_s for s in one])[i]
    same = name[i] == name[j]
    d = np.maximum(0, haversine_m(lat[i], lon[i], lat[j], lon[j]) - radius[i] - radius[j])
    d = np.where(same, 0.0, d)
    s = np.sqrt(np.where(recorder[i] == recorder[j], 0, sigma[i] ** 2 + sigma[j] ** 2) + 25)
    ok = np.where(same, tau > 0, np.any(transit.reach(d, tau, s, settings.pace.v_max_mps), axis=0))
    return np.where(ok, np.exp(-d / settings.scale_m) * _densities(tau, d, s, settings.pace), 0.0)


def _densities(tau: Float64, d: Float64, s: Float64, pace: transit.Pace) -> Float64:
    """f (P,) of passages by scipy's own distributions."""
    tau = np.where(d == 0, np.maximum(tau, 0), tau)[:, None]
    d, s = d[:, None], s[:, None]
    quantile = (np.arange(15) + 0.5) / 15
    sd = float(np.sqrt(np.log1p((pace.v_sd_mps / pace.v_mean_mps) ** 2)))
    middle = pace.v_mean_mps * np.exp(-sd * sd / 2)
    walk = transit.KAPPA * d / stats.lognorm.ppf(quantile, sd, scale=middle)  # (P,15)
    f = 0.7 * stats.norm.pdf(tau, walk, s) + 0.3 * stats.exponnorm.pdf(tau, 900 / s, walk, s)
    ride = transit.KAPPA * d / stats.lognorm.ppf(quantile, 0.5, scale=6.0)
    ridden = stats.exponnorm.pdf(tau, 420 / s, ride, s).mean(axis=1)
    share = np.where(d[:, 0] > transit.VEHICLE_FROM_M, pace.vehicle_share, 0.0)
    return np.asarray((1 - share) * f.mean(axis=1) + share * ridden)
