"""Sightings, cameras and clocks in; the most plausible route, its doubts and rivals out."""

from core.route.chain import Settings
from core.route.nodes import Streets, has_place
from core.route.route import Posterior, infer, posterior, word
from core.route.transit import clock_sigma_s

__all__ = [
    "Posterior",
    "Settings",
    "Streets",
    "clock_sigma_s",
    "has_place",
    "infer",
    "posterior",
    "word",
]
