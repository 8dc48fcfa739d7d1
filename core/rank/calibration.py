"""Normalised scores in, log10 likelihood ratios out, clipped to what a validation supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from core.errors import ModelError
from core.rank.cohort import STD_FLOOR
from core.types import Float64, Int, Kind

CAPS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {"face": (0.5, 1.0, 2.0, 3.0, 4.0), "body": (2.0, 2.0, 2.0)}
)
UNVALIDATED_CAP = 1.0  # upper limit in a bin without a validation on real data


@dataclass(frozen=True)
class Calibration:
    """How a score becomes a likelihood ratio: e = (a + c z)/ln 10 with z = (s - m)/d, per size bin.

    m, d             the pack's frozen impostor mean and std. The first version normalises by these
                     two numbers; a calibration fitted on `normalise`d scores has m = 0 and d = 1
    a, c             one per bin, c >= 0
    n_genuine_ids    identities behind the genuine pairs, per bin; 0 = this bin is not calibrated
    n_impostor_ids   identities behind the impostor pairs of the validation, per bin
    real_validation  per bin: was it validated on real data?
    cap              upper limit of e, per bin
    made_from        the data and the command, for the receipt
    cohort_a, cohort_c  the same line for scores `normalise`d against a cohort of the site's own
                     strangers; () = not fitted, then m and d are used
    Raises ModelError on numbers that cannot be a calibration.
    """

    a: tuple[float, ...]
    c: tuple[float, ...]
    m: float
    d: float
    n_genuine_ids: tuple[int, ...]
    n_impostor_ids: tuple[int, ...]
    real_validation: tuple[bool, ...]
    cap: tuple[float, ...]
    made_from: str = ""
    cohort_a: tuple[float, ...] = ()
    cohort_c: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        per_bin = (self.a, self.c, self.n_genuine_ids, self.n_impostor_ids, self.cap)
        lines = (*self.a, *self.c, *self.cohort_a, *self.cohort_c)
        sound = (
            len(self.a) > 0
            and {len(value) for value in per_bin} == {len(self.real_validation)}
            and len(self.cohort_a) == len(self.cohort_c)
            and len(self.cohort_a) in (0, len(self.a))
            and bool(np.isfinite([*lines, *self.cap, self.m, self.d]).all())
            and min(*self.c, *self.cohort_c, *self.cap) >= 0
            and min(*self.n_genuine_ids, *self.n_impostor_ids) >= 0
            and self.d > 0
        )
        if not sound:
            raise ModelError(
                "the calibration of this model cannot be used: it needs finite numbers, c, cap "
                "and the counts 0 or more, and d above 0, for every size bin"
            )

    @classmethod
    def from_row(cls, row: Mapping[str, object], kind: Kind) -> Calibration | None:
        """Read a model row's calibration table; None if it is empty (not calibrated).

        row  keys a, c, m, d, n_genuine_ids, n_impostor_ids, real_validation and, if wanted, cap
             (default `CAPS`, never above it), made_from, cohort_a and cohort_c. All but m, d and
             made_from take one value, or a list with one per size bin (faces 5, bodies 3).
        Raises ModelError on an unknown or missing key, or a value of the wrong kind.
        """
        if not row:
            return None
        known = [f.name for f in fields(cls)]
        for key in row:
            if key not in known:
                raise ModelError(
                    "the calibration key {key!r} is not known: use {keys}",
                    key=key,
                    keys=", ".join(known),
                )
        full = {"cap": list(CAPS[kind]), "made_from": "", "cohort_a": [], "cohort_c": [], **row}
        for key in known:
            if key not in full:
                raise ModelError("the calibration lacks the key {key!r}: add it", key=key)
        n = len(CAPS[kind])
        read: dict[str, Any] = {"made_from": str(full["made_from"])}
        for key in ("m", "d"):
            read[key] = _values(key, full[key], 1, float)[0]
        for key in ("a", "c", "cap"):
            read[key] = _values(key, full[key], n, float)
        for key in ("cohort_a", "cohort_c"):
            read[key] = _values(key, full[key], n, float) if full[key] != [] else ()
        for key in ("n_genuine_ids", "n_impostor_ids"):
            read[key] = _values(key, full[key], n, int)
        read["real_validation"] = _values("real_validation", full["real_validation"], n, bool)
        if any(cap > most for cap, most in zip(read["cap"], CAPS[kind], strict=True)):
            raise ModelError(
                "the calibration's cap is above what is allowed: use at most {caps}",
                caps=", ".join(f"{most:g}" for most in CAPS[kind]),
            )
        return cls(**read)

    @classmethod
    def fit(
        cls,
        kind: Kind,
        pairs: Sequence[tuple[ArrayLike, ArrayLike]],
        *,
        n_genuine_ids: Sequence[int],
        n_impostor_ids: Sequence[int],
        real_validation: Sequence[bool],
        made_from: str = "",
        normalised: Sequence[tuple[ArrayLike, ArrayLike]] = (),
    ) -> Self:
        """Fit every size bin. pairs: per bin (cosines of genuine pairs, of impostor pairs).

        normalised  the same scores against a cohort (`normalise`), () = do not fit that line

        A bin without genuine or without impostor pairs stays uncalibrated (n_genuine_ids 0).
        Raises ValueError if the number of bins is wrong or there is no impostor at all.
        Source: [brummer2006]
        """
        sides = [(np.asarray(g, np.float64), np.asarray(i, np.float64)) for g, i in pairs]
        if len(sides) != len(CAPS[kind]):
            raise ValueError(f"{kind} has {len(CAPS[kind])} size bins, got {len(sides)}")
        strangers = np.concatenate([i for _, i in sides])
        if not len(strangers):
            raise ValueError("a calibration needs impostor pairs")
        m, d = float(strangers.mean()), max(float(strangers.std()), STD_FLOOR)
        full = [len(g) > 0 and len(i) > 0 for g, i in sides]
        lines = [
            fit((g - m) / d, (i - m) / d) if ok else (0.0, 0.0)
            for (g, i), ok in zip(sides, full, strict=True)
        ]
        cohort = [
            fit(g, i) if len(np.ravel(g)) and len(np.ravel(i)) else line
            for (g, i), line in zip(normalised, lines, strict=True)
        ] if normalised else []  # fmt: skip
        return cls(
            a=tuple(a for a, _ in lines),
            c=tuple(c for _, c in lines),
            m=m,
            d=d,
            n_genuine_ids=tuple(n * ok for n, ok in zip(n_genuine_ids, full, strict=True)),
            n_impostor_ids=tuple(n_impostor_ids),
            real_validation=tuple(real_validation),
            cap=CAPS[kind],
            made_from=made_from,
            cohort_a=tuple(a for a, _ in cohort),
            cohort_c=tuple(c for _, c in cohort),
        )


def _values(key: str, value: object, n: int, kind: type) -> tuple[Any, ...]:
    """One value or a list of n -> n values of that kind; ModelError otherwise."""
    items = list(value) if isinstance(value, list | tuple) else [value] * n
    allowed = (int, float) if kind is float else kind
    fits = all(
        isinstance(item, allowed) and isinstance(item, bool) == (kind is bool) for item in items
    )
    if len(items) != n or not fits:
        raise ModelError(
            "the calibration key {key!r} cannot be {value!r}: give one value, "
            "or a list of {n}, of the kind {kind}",
            key=key,
            value=value,
            n=n,
            kind=kind.__name__,
        )
    return tuple(kind(item) for item in items)


def fit(genuine: ArrayLike, impostor: ArrayLike) -> tuple[float, float]:
    """Class-balanced logistic regression: scores of both kinds of pairs -> (a, c), c >= 0.

    genuine (G,), impostor (I,) normalised scores z; a + c z is the natural log likelihood ratio.
    The targets are (n+1)/(n+2) instead of 1, so that separated scores give a finite c.
    Raises ValueError if a side is empty or not finite.
    Source: [brummer2006] [platt1999]
    """
    from scipy.optimize import minimize

    z_g, z_i = np.asarray(genuine, np.float64), np.asarray(impostor, np.float64)
    if not (len(z_g) and len(z_i) and np.isfinite(z_g).all() and np.isfinite(z_i).all()):
        raise ValueError("fit needs finite scores of genuine and of impostor pairs")
    z = np.concatenate([z_g, z_i])
    target = np.repeat([(len(z_g) + 1) / (len(z_g) + 2), 1 / (len(z_i) + 2)], [len(z_g), len(z_i)])
    weight = np.repeat([0.5 / len(z_g), 0.5 / len(z_i)], [len(z_g), len(z_i)])

    def loss(line: Float64) -> tuple[float, Float64]:
        x = line[0] + line[1] * z
        error = weight * (1 / (1 + np.exp(-np.clip(x, -500, 500))) - target)
        value = weight @ (np.logaddexp(0, x) - target * x)
        return float(value), np.array([error.sum(), error @ z])

    found = minimize(
        loss,
        np.array([0.0, 1.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), (0, None)],
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500},
    )
    return float(found.x[0]), float(found.x[1])


def evidence(
    s: ArrayLike,
    bins: ArrayLike,
    calibration: Calibration | None,
    kind: Kind,
    z: ArrayLike | None = None,
) -> Float64:
    """Scores -> (N,) log10 likelihood ratio, clipped to what the validation supports.

    s (N,) cosines, NaN = no signal;  bins (N,) from `size_bins`, -1 = unknown.
    z (N,) the same scores against the site's cohort (`normalise`), NaN or None = there is none: the
      calibration's frozen mean and deviation are used, and so they are if it was not fitted on z
    -log10(n_genuine_ids) <= e <= min(cap, log10(n_impostor_ids)); without a validation on real
    data in that bin the upper limit is min(cap, 1). No calibration: NaN everywhere.
    Raises ValueError if the calibration is one of another kind.
    Source: [brummer2006] [vergeer2016]
    """
    score = np.asarray(s, dtype=np.float64)
    if calibration is None:
        return np.full(score.shape, np.nan)
    k = len(CAPS[kind])
    if len(calibration.a) != k:
        raise ValueError(f"{kind} has {k} size bins, its calibration {len(calibration.a)}")
    at = np.asarray(bins, dtype=np.int64)
    raw = _per_bin(calibration.a, at) + _per_bin(calibration.c, at) * (
        (score - calibration.m) / calibration.d
    )
    if z is not None and calibration.cohort_a:
        own = np.asarray(z, dtype=np.float64)
        line = _per_bin(calibration.cohort_a, at) + _per_bin(calibration.cohort_c, at) * own
        raw = np.where(np.isnan(own), raw, line)
    real = np.asarray(calibration.real_validation)[at]
    genuine = _per_bin(calibration.n_genuine_ids, at)
    impostor = _per_bin(calibration.n_impostor_ids, at)
    support = np.where(real, np.log10(np.maximum(impostor, 1)), UNVALIDATED_CAP)
    most = np.minimum(_per_bin(calibration.cap, at), support)
    e = np.clip(raw / np.log(10), -np.log10(np.maximum(genuine, 1)), most)
    return np.where((at >= 0) & (genuine > 0), e, np.nan)


def _per_bin(values: Sequence[float], at: Int) -> Float64:
    """The value of each one's bin, (N,)."""
    return np.asarray(values, dtype=np.float64)[at]
