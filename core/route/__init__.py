"""Sightings, cameras and clocks in; the most plausible route, its doubts and rivals out."""

from core.route.chain import Settings
from core.route.nodes import Crowd, Streets, has_place
from core.route.route import Posterior, infer, posterior, word
from core.route.transit import KAPPA, Pace, band_of, clock_sigma_s, pace_of

__all__ = [
    "KAPPA",
    "Crowd",
    "Pace",
    "Posterior",
    "Settings",
    "Streets",
    "band_of",
    "clock_sigma_s",
    "has_place",
    "infer",
    "pace_of",
    "posterior",
    "word",
]
