"""Scores of probes against known people in; how often the right one comes first, out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import DongseonError


def identified(
    score: ArrayLike, probe: ArrayLike, gallery: ArrayLike, ranks: Sequence[int] = (1, 5)
) -> dict[int, float]:
    """{rank: share of probes whose person is among the first so many *people*}, closed set.

    score (P,G), -inf where nothing could be compared;  probe (P,), gallery (G,) who it is. A person
    counts with the best of their pictures; equal scores rank strangers first. Every probe's person
    must be in the gallery. Source: [iso19795-1]
    Raises DongseonError if one is not.
    """
    s = np.asarray(score, dtype=np.float64)
    people, at = np.unique(np.asarray(gallery), return_inverse=True)
    best = np.full((len(s), len(people)), -np.inf)
    for k in range(len(people)):
        best[:, k] = s[:, at == k].max(axis=1)
    own = _column(people, np.asarray(probe))
    mine = best[np.arange(len(s)), own]
    before = np.sum(best >= mine[:, None], axis=1) - 1  # (P,) strangers at least as near
    found = np.where(mine > -np.inf, before, len(people))
    return {rank: float(np.mean(found < rank)) for rank in ranks}


def _column(people: NDArray[np.str_], probe: NDArray[np.str_]) -> NDArray[np.int64]:
    """Where each probe's person is among the people (P,)."""
    own = np.searchsorted(people, probe)
    if not len(probe) or np.any(own >= len(people)) or np.any(people[own] != probe):
        raise DongseonError("every probe's person must be among the known people")
    return own.astype(np.int64)
