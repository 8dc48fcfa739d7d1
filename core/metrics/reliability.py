"""What was claimed and whether it was right in; how far claims can be believed, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.bootstrap import Interval, over_cases
from core.types import Float64, Int

EDGES = (0.0, 0.2, 0.5, 0.8, 1.0)  # the words' limits for stops


def above(
    claimed: ArrayLike, right: ArrayLike, case: ArrayLike, least: float = 0.8, *, seed: int = 0
) -> Interval:
    """Of claims of `least` or more, the share that is right, with its interval over cases.

    claimed, right, case (N,): probability, whether it held, and which case it belongs to. n is
    the number of cases that claim so much at all.
    """
    p, ok, of = (np.asarray(v) for v in (claimed, right, case))
    keep = p.astype(np.float64) >= least
    return grouped(ok[keep].astype(np.float64), of[keep], seed=seed)


def grouped(value: Float64, case: ArrayLike, *, seed: int = 0) -> Interval:
    """Mean of values (N,), with an interval that draws whole cases (N,)."""
    names, at = np.unique(np.asarray(case), return_inverse=True)
    total = np.bincount(at, value, minlength=len(names))  # (C,)
    count = np.bincount(at, minlength=len(names))

    def mean(drawn: Int) -> float:
        return float(total[drawn].sum() / count[drawn].sum())

    return over_cases(len(names), mean, seed=seed)


def table(
    claimed: ArrayLike,
    right: ArrayLike,
    case: ArrayLike | None = None,
    edges: Sequence[float] = EDGES,
) -> list[dict[str, Any]]:
    """Per stretch of claims: how many, their mean, and the share that was right (None if none).

    case  (N,) which case each claim belongs to: then also the share's interval, over whole cases
    """
    p, ok = np.asarray(claimed, np.float64), np.asarray(right, bool)
    of = None if case is None else np.asarray(case)
    rows = []
    for low, high in pairwise(edges):
        here = (p >= low) & ((p < high) | (high == edges[-1]))
        n = int(here.sum())
        rows.append({
            "from": low, "to": high, "n": n,
            "claimed": round(float(p[here].mean()), 4) if n else None,
            "right": round(float(ok[here].mean()), 4) if n else None,
            **({} if of is None else _interval(ok[here], of[here])),
        })  # fmt: skip
    return rows


def _interval(right: NDArray[np.bool_], case: NDArray[Any]) -> dict[str, Any]:
    """Low and high of the share that was right, None if it cannot be said."""
    if not len(right):
        return {"low": None, "high": None, "cases": 0}
    said = grouped(right.astype(np.float64), case).json()
    return {"low": said["low"], "high": said["high"], "cases": said["n"]}


def words(word: Sequence[str], right: ArrayLike, case: ArrayLike) -> dict[str, Any]:
    """{word: share of candidates with it that are right, with its interval over cases}."""
    said, ok, of = np.array(word, dtype=np.str_), np.asarray(right, np.float64), np.asarray(case)
    return {
        str(one): {
            **grouped(ok[said == one], of[said == one]).json(),
            "said": int((said == one).sum()),
        }
        for one in np.unique(said)
    }


def stranger_shares(
    impostor: ArrayLike, at: Sequence[float] = (0.5, 1.0, 1.5, 2.0, 3.0)
) -> list[Mapping[str, float | int]]:
    """S0(e), the share of impostor evidence (I,) at or above e, beside the 10^-e an LR obeys."""
    e = np.asarray(impostor, dtype=np.float64)
    return [
        {"e": x, "strangers": round(float(np.mean(e >= x)), 5) if len(e) else float("nan"),
         "bound": round(10.0**-x, 5), "n": len(e)}
        for x in at
    ]  # fmt: skip
