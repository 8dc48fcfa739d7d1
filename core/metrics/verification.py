"""Scores of same and different pairs in, error rates out: EER, TAR at FAR, 10-fold accuracy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import DongseonError
from core.metrics import two_sides
from core.types import Float64


def eer(genuine: ArrayLike, impostor: ArrayLike) -> float:
    """Equal error rate: where false matches and false non-matches are equally frequent, 0-1.

    genuine (G,), impostor (I,) scores; a pair matches if its score is at or above the threshold.
    Between two thresholds both rates are taken as straight lines.
    Source: [iso19795-1]
    """
    g, i = two_sides(genuine, impostor)
    g, i = np.sort(g), np.sort(i)
    at = np.unique(np.concatenate([g, i]))  # (L,) thresholds; one above all of them follows
    fnmr = np.append(np.searchsorted(g, at, side="left") / len(g), 1.0)  # (L+1,)
    fmr = np.append(1 - np.searchsorted(i, at, side="left") / len(i), 0.0)
    k = int(np.argmax(fnmr >= fmr))  # >= 1: the lowest threshold lets everything through
    before, after = fmr[k - 1] - fnmr[k - 1], fnmr[k] - fmr[k]
    share = before / (before + after)
    return float(fnmr[k - 1] + share * (fnmr[k] - fnmr[k - 1]))


def tar_at_far(genuine: ArrayLike, impostor: ArrayLike, far: float = 0.01) -> float:
    """Share of genuine pairs accepted at the lowest threshold with a false match rate <= far.

    With fewer than 1/far impostor pairs no false match is allowed at all.
    Raises ValueError if far is not in [0, 1].
    Source: [iso19795-1]
    """
    if not 0 <= far <= 1:
        raise ValueError(f"far must be inside [0, 1], got {far}")
    g, i = two_sides(genuine, impostor)
    allowed = int(far * len(i) + 1e-9)  # .29 * 100 is 28.999...
    if allowed >= len(i):
        return 1.0
    return float(np.mean(g > np.sort(i)[::-1][allowed]))  # the first impostor that must not pass


def fold_accuracy(score: ArrayLike, same: ArrayLike, folds: int = 10) -> tuple[float, float]:
    """Accuracy with the threshold chosen on the other folds: (mean, standard deviation) over folds.

    score (N,), -inf = counts as different;  same (N,) bool. Both kinds of pairs are split in the
    order given, so a list in the order of LFW's folds keeps them. With fewer than `folds` pairs of
    a kind there are as many folds as pairs.
    Raises DongseonError with fewer than two pairs of a kind.
    Source: [huang2007lfw]
    """
    s, y = np.asarray(score, dtype=np.float64), np.asarray(same, dtype=bool)
    two_sides(s[y], s[~y])
    folds = min(folds, int(y.sum()), int((~y).sum()))
    if folds < 2:
        raise DongseonError(
            "the accuracy needs two pairs of the same person and two of different people"
        )
    fold = np.empty(len(s), dtype=np.int64)  # (N,) which fold each pair belongs to
    for kind in (y, ~y):
        fold[kind] = np.arange(kind.sum()) * folds // kind.sum()
    right = [
        np.mean((s[fold == k] >= best_threshold(s[fold != k], y[fold != k])) == y[fold == k])
        for k in range(folds)
    ]
    return float(np.mean(right)), float(np.std(right))


def best_threshold(score: Float64, same: NDArray[np.bool_]) -> float:
    """Threshold with the most pairs right (same if score >= threshold), midway between two scores.

    score (N,), same (N,). Of several equally good ones the middle one. A score of -inf is below
    every threshold.
    """
    level, at = np.unique(score, return_inverse=True)
    n_same = np.bincount(at[same], minlength=len(level))  # (L,)
    n_other = np.bincount(at[~same], minlength=len(level))
    below = np.append(0, np.cumsum(n_other))  # (L+1,) rejected rightly below each threshold
    above = n_same.sum() - np.append(0, np.cumsum(n_same))  # (L+1,) accepted rightly
    first = int(level[0] == -np.inf)  # accepting -inf is no choice
    right = (below + above)[first:]
    best = np.flatnonzero(right == right.max()) + first
    k = int(best[len(best) // 2])
    if k == len(level):
        return float("inf")
    if k == 0 or level[k - 1] == -np.inf:
        return float(np.finfo(np.float64).min)
    return float((level[k - 1] + level[k]) / 2)
