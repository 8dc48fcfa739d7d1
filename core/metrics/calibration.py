"""Log10 likelihood ratios in, the cost of trusting them out (Cllr), and what was avoidable."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.metrics import two_sides


def cllr(genuine: ArrayLike, impostor: ArrayLike) -> float:
    """Log-likelihood-ratio cost in bits: 0 perfect, 1 as good as saying nothing, more is harm.

    genuine (G,), impostor (I,) log10 likelihood ratios.
    Source: [brummer2006]
    """
    g, i = two_sides(genuine, impostor)
    miss = np.logaddexp(0, -g * np.log(10)).mean()
    false = np.logaddexp(0, i * np.log(10)).mean()
    return float((miss + false) / (2 * np.log(2)))


def cllr_min(genuine: ArrayLike, impostor: ArrayLike) -> float:
    """Cllr after the best monotone recalibration (pool adjacent violators), in bits, 0-1.

    genuine (G,), impostor (I,) scores on any increasing scale. Cllr - Cllr_min is what calibration
    costs.
    Source: [brummer2006]
    """
    from scipy.optimize import isotonic_regression

    g, i = two_sides(genuine, impostor)
    level, at = np.unique(np.concatenate([g, i]), return_inverse=True)
    g_mass = np.bincount(at[: len(g)], minlength=len(level)) / len(g)  # (L,) sums to 1
    i_mass = np.bincount(at[len(g) :], minlength=len(level)) / len(i)
    mass = g_mass + i_mass  # both classes weigh the same; tied scores stay together
    p = np.clip(isotonic_regression(g_mass / mass, weights=mass).x, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        miss, false = -np.log2(p), -np.log2(1 - p)
    bits = np.where(g_mass > 0, g_mass, 0) @ np.where(g_mass > 0, miss, 0)
    bits += np.where(i_mass > 0, i_mass, 0) @ np.where(i_mass > 0, false, 0)
    return float(bits / 2)
