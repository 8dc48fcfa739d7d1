"""Logits of people kept apart in; each attribute's temperature and how far it can be believed out.

Balanced accuracy of an attribute is the mean over its values of (true positive rate + true negative
rate) / 2, so that 0.5 is guessing however many values there are; its interval draws whole people.
A judgement says yes to a value where it is likelier than its share in training: there, and only
there, a search counts it for the person (`core.ticks`). A picture may speak for two, or for none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.metrics.bootstrap import Interval, over_cases
from core.types import Float64, Int

LEAST = 15  # pictures of a value below which nothing is said of it


def temperature(logits: Float64, label: Int) -> float:
    """The temperature that makes softmax(logits / T) most likely; 1 for fewer than LEAST labels.

    logits (N,V);  label (N,) index, -1 = not labelled.  Source: [guo2017calibration]
    """
    from scipy.optimize import minimize_scalar

    there = label >= 0
    if int(there.sum()) < LEAST:
        return 1.0
    x, y = logits[there], label[there]
    found = minimize_scalar(lambda t: nll(x / np.exp(t), y), bounds=(-2.5, 2.5), method="bounded")
    return float(np.exp(found.x))


def nll(logits: Float64, label: Int) -> float:
    """Mean negative log likelihood of labels (N,), all 0 or more, under softmax(logits (N,V))."""
    top = logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
    return float(np.mean(log_sum - logits[np.arange(len(label)), label]))


def balanced(said_yes: NDArray[np.bool_], label: Int, person: Int, least: int = LEAST) -> Interval:
    """Balanced accuracy with its 95 % interval over people; NaN where no value has enough pictures.

    said_yes (N,V);  label (N,) index of a value, -1 = not labelled;  person (N,)
    """
    there = label >= 0
    said, true = said_yes[there], label[there]
    values = said.shape[1]
    _, who = np.unique(person[there], return_inverse=True)
    n = int(who.max()) + 1 if len(who) else 0
    count = np.bincount(true, minlength=values)
    kept = np.flatnonzero((count >= least) & (count <= len(true) - least))
    if not len(kept):
        return Interval(np.nan, np.nan, np.nan, n)
    yes, is_so = said[:, kept], true[:, None] == kept  # (N,K)
    cells = [is_so & yes, is_so, ~is_so & ~yes, ~is_so]
    sums = np.zeros((4, n, len(kept)))
    for k, cell in enumerate(cells):
        np.add.at(sums[k], who, cell)

    def figure(drawn: Int) -> float:
        hit, of, spared, rest = sums[:, drawn].sum(axis=1)  # (K,) each
        if not (of.all() and rest.all()):
            return float("nan")
        return float(np.mean((hit / of + spared / rest) / 2))

    return over_cases(n, figure)
