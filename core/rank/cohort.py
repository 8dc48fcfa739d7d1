"""Vectors and certain strangers in; scores normalised against those strangers out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.types import Float32, Float64

STD_FLOOR = 0.02
ITSELF = 1 - 1e-5  # cosine of a vector with its own copy


def cohort_stats(vectors: Float32, cohort: Float32) -> tuple[Float64, Float64]:
    """Mean and standard deviation (floor .02) of each vector's cosines with a frozen cohort.

    vectors (N,D) and cohort (C,D) unit rows -> (mean (N,), std (N,)). A vector that is in the
    cohort is no stranger to itself: that one cosine is left out, unless it is the only one.
    Raises ValueError if the cohort is empty.
    Source: [matejka2017]
    """
    if not len(cohort):
        raise ValueError("cohort_stats needs at least one stranger")
    mean, std = np.empty(len(vectors)), np.empty(len(vectors))
    for start in range(0, len(vectors), 65_536):  # (65536, 200) at a time: memory stays flat
        part = slice(start, start + 65_536)
        cosine = np.asarray(vectors[part] @ cohort.T, dtype=np.float64)  # (n,C)
        other = cosine < ITSELF
        other |= ~other.any(axis=1, keepdims=True)
        mean[part] = cosine.mean(axis=1, where=other)
        std[part] = cosine.std(axis=1, where=other)
    return mean, np.maximum(std, STD_FLOOR)


def normalise(
    s: ArrayLike, m_p: ArrayLike, d_p: ArrayLike, m_g: ArrayLike, d_g: ArrayLike
) -> Float64:
    """Symmetric normalisation: z = [(s - m_p)/d_p + (s - m_g)/d_g] / 2.

    s (N,) cosines; m_p, d_p mean and std of the probe against the cohort, m_g, d_g (N,) those of
    the gallery rows (`cohort_stats`). A std below .02 counts as .02.
    Source: [matejka2017]
    """
    s64 = np.asarray(s, dtype=np.float64)
    by_probe = (s64 - np.asarray(m_p)) / np.maximum(d_p, STD_FLOOR)
    by_row = (s64 - np.asarray(m_g)) / np.maximum(d_g, STD_FLOOR)
    return np.asarray((by_probe + by_row) / 2, dtype=np.float64)
