"""Figures: pure arrays in, numbers out. One module per kind of figure; none reads a file."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.errors import DongseonError
from core.types import Float64


def two_sides(genuine: ArrayLike, impostor: ArrayLike) -> tuple[Float64, Float64]:
    """Scores of genuine (G,) and impostor (I,) pairs as float64; -inf is allowed, NaN is not.

    Raises DongseonError if a side is empty, ValueError on NaN.
    """
    g = np.asarray(genuine, dtype=np.float64).ravel()
    i = np.asarray(impostor, dtype=np.float64).ravel()
    if not (len(g) and len(i)):
        raise DongseonError(
            "this figure needs pairs of the same person and pairs of two people: "
            "there are {same} and {different}",
            same=len(g),
            different=len(i),
        )
    if np.isnan(g).any() or np.isnan(i).any():
        raise ValueError("scores must not be NaN: decide first what a missing score means")
    return g, i
