"""Evidence and gallery size in, words out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.types import Band


def bands(
    e: ArrayLike,
    expected_false: ArrayLike,
    face_e: ArrayLike,
    *,
    site_calibrated: bool = True,
    has_calibration: bool = True,
) -> tuple[Band, ...]:
    """The word for each candidate, from evidence and gallery size.

    e, expected_false, face_e  (N,) each, NaN = none
    site_calibrated  False where `miscalibrated`: no word above weak
    has_calibration  False: insufficient everywhere
    strong: e >= 2, at most .05 strangers expected and face >= 1 (so never clothing alone).
    moderate: e >= 1 and at most 1 stranger expected. weak: e >= .3. against: e <= -.5.
    """
    e, ef, face = (
        np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in (e, expected_false, face_e)
    )
    moderate = site_calibrated & (e >= 1) & (ef <= 1)
    strong = moderate & (e >= 2) & (ef <= 0.05) & (face >= 1)
    rules = [np.isnan(e) | (not has_calibration), strong, moderate, e >= 0.3, e <= -0.5]
    words: list[Band] = ["insufficient", "strong", "moderate", "weak", "against"]
    # the first rule that holds; with none (-.5 < e < .3) the appended True means insufficient
    first = np.argmax(np.stack([*rules, np.ones(e.shape, dtype=bool)]), axis=0)  # (N,)
    return tuple([*words, words[0]][k] for k in first)


def band(
    e: float,
    expected_false: float,
    face_e: float,
    *,
    site_calibrated: bool = True,
    has_calibration: bool = True,
) -> Band:
    """The word for one candidate; see `bands`."""
    return bands(
        e,
        expected_false,
        face_e,
        site_calibrated=site_calibrated,
        has_calibration=has_calibration,
    )[0]
