"""Labelled pictures in; calibrations, and the figures of the field, out."""

from core.study.calibrate import calibrate
from core.study.evaluate import faces, reid

__all__ = ["calibrate", "faces", "reid"]
