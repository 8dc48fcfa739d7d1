"""What two labellers said of the same things in; how far they agree out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """Agreement of two labellers, 0-1, and Cohen's kappa, at most 1; NaN where undefined.

    n  things that both labelled
    """

    raw: float
    kappa: float
    n: int


def agreement(first: Sequence[str], second: Sequence[str]) -> Agreement:
    """first, second (N,) labels of the same things, one for each thing by each labeller.

    kappa = (raw - chance) / (1 - chance), chance = agreement of two who label as often as these
    did, blindly. It is undefined where both gave everything one and the same label: chance is 1.
    Source: [cohen1960]
    """
    n = len(first)
    same = sum(a == b for a, b in zip(first, second, strict=True))
    if n == 0:
        return Agreement(float("nan"), float("nan"), 0)
    often, as_often = Counter(first), Counter(second)
    by_chance = sum(often[label] * as_often[label] for label in often)  # of n * n pairs
    below = n * n - by_chance
    kappa = (n * same - by_chance) / below if below else float("nan")
    return Agreement(same / n, kappa, n)
