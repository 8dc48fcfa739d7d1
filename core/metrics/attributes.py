"""Judged and labelled attributes in; the figures of papers/001 table 3 out.

An attribute with several values counts as that many yes-or-no ones, as pedestrian sets do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.types import Float64


@dataclass(frozen=True)
class Attributes:
    """Instance-based accuracy, precision, recall, F1 and label-based mean accuracy, 0-1 or NaN."""

    accuracy: float
    precision: float
    recall: float
    f1: float
    mean_accuracy: float
    n: int


def attributes(
    judged: ArrayLike, labelled: ArrayLike, known: ArrayLike | None = None
) -> Attributes:
    """judged, labelled (N,A) bool, known (N,A) where a label exists (None = everywhere).

    Instance-based: for each picture the yes-labels both judged and labelled, over those either
    (accuracy), judged (precision), labelled (recall); means over pictures that have such a label.
    Label-based: mean over attributes of (true positive rate + true negative rate) / 2.
    Source: [li2016peta]
    """
    p, y = np.asarray(judged, bool), np.asarray(labelled, bool)
    k = np.ones(y.shape, bool) if known is None else np.asarray(known, bool)
    p, y = p & k, y & k
    both = (p & y).sum(axis=1).astype(np.float64)
    accuracy = _mean(both, (p | y).sum(axis=1))
    precision, recall = _mean(both, p.sum(axis=1)), _mean(both, y.sum(axis=1))
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else np.nan
    positive = _rate((p & y).sum(axis=0), y.sum(axis=0))
    negative = _rate((~p & ~y & k).sum(axis=0), (~y & k).sum(axis=0))
    each = (positive + negative) / 2
    mean = float(np.nanmean(each)) if np.isfinite(each).any() else np.nan
    return Attributes(accuracy, precision, recall, float(f1), mean, len(y))


def _mean(part: Float64, whole: ArrayLike) -> float:
    of = np.asarray(whole, dtype=np.float64)
    return float(np.mean(part[of > 0] / of[of > 0])) if (of > 0).any() else float("nan")


def _rate(part: ArrayLike, whole: ArrayLike) -> Float64:
    """part / whole (A,), NaN where whole is 0."""
    a, b = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.asarray(np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 0))
