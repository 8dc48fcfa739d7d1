"""Ticked attributes, clothes and faces in; one evidence out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.types import Float64

ATTRIBUTE_CAP = 1.0
DOUBT: Mapping[str, float] = MappingProxyType({"video": 0.02, "sure": 0.10, "unsure": 0.25})

ClothesSource = Literal["footage", "ticked", "photo", "none"]


def site_share(n_v: ArrayLike, n: ArrayLike, t: ArrayLike) -> Float64:
    """Share of a value in this camera and light: (n_v + 5t)/(n + 5), t the training prior."""
    prior = np.asarray(t, dtype=np.float64)
    return np.asarray((np.asarray(n_v) + 5 * prior) / (np.asarray(n) + 5), dtype=np.float64)


def attribute_lr(p: ArrayLike, t: ArrayLike, pi: ArrayLike, eps: ArrayLike) -> Float64:
    """Likelihood ratio of one ticked attribute value v.

    p    (N,) calibrated probability of v for each tracklet, NaN = not judged (gives NaN)
    t    share of v in training, pi share of v at this site (`site_share`), both inside (0, 1)
    eps  chance that the teller is wrong, inside (0, 1): `DOUBT[sureness]`
    LR = ((1-eps) l + eps) / (pi l + 1 - pi) with l = p/(1-p) (1-t)/t, written without the division
    so that p = 0 and p = 1 are fine. eps counts as at most 1 - pi, where LR is 1: an unsure "no
    hat" where nearly nobody wears one would otherwise speak for people with hats.
    Raises ValueError outside those ranges.
    """
    p, t, pi, eps = (np.asarray(value, dtype=np.float64) for value in (p, t, pi, eps))
    if not all(np.all((value > 0) & (value < 1)) for value in (t, pi, eps)):
        raise ValueError("attribute_lr needs t, pi and eps inside (0, 1)")
    if np.any((p < 0) | (p > 1)):
        raise ValueError("attribute_lr needs p inside [0, 1]")
    eps = np.minimum(eps, 1 - pi)
    yes, no = p * (1 - t), (1 - p) * t
    return np.asarray(((1 - eps) * yes + eps * no) / (pi * yes + (1 - pi) * no))


def attribute_evidence(lr: ArrayLike, *, eta: float = 0.5) -> Float64:
    """All ticks together: eta * sum log10 LR over the judged ones, (N,A) -> (N,).

    lr   (N,A) from `attribute_lr`, NaN = not judged; a row without any judged tick gives NaN
    eta  0-1, less than 1 because attributes repeat each other; .5 until it is fitted
    Clipped to -1..1; the lower limit stands in until validated identities are counted.
    """
    log = np.log10(np.asarray(lr, dtype=np.float64))  # (N,A)
    e = eta * np.nansum(log, axis=1)
    return np.where(np.isnan(log).all(axis=1), np.nan, np.clip(e, -ATTRIBUTE_CAP, ATTRIBUTE_CAP))


def clothes_probability(
    source: ClothesSource,
    apart_s: ArrayLike,
    *,
    within_s: float = 6 * 3600.0,
    day_s: float = 24 * 3600.0,
) -> Float64:
    """Probability k that the person wears the same clothes as in the probe's body picture.

    source   "footage": a confirmed sighting or a box drawn in footage; "ticked": a photo with "same
             clothes, same day" ticked; "photo": any other photo; "none": no picture at all
    apart_s  (N,) time between that picture and each tracklet, NaN = not known
    .98 footage within 6 h, .9 ticked, .5 footage of the same day (24 h) or of an unknown time,
    0 otherwise: the body is not used then.
    """
    apart = np.abs(np.asarray(apart_s, dtype=np.float64))
    if source == "ticked":
        return np.full(apart.shape, 0.9)
    if source in ("photo", "none"):
        return np.zeros(apart.shape)
    return np.where(apart <= within_s, 0.98, np.where(apart > day_s, 0.0, 0.5))


def clothes_discount(e_body: ArrayLike, k: ArrayLike) -> Float64:
    """Body evidence when clothes may differ: log10(k 10^e + 1 - k), NaN where k is 0.

    e_body (N,), k scalar or (N,) from `clothes_probability`; ValueError if k is not in [0, 1].
    """
    e, k = np.asarray(e_body, dtype=np.float64), np.asarray(k, dtype=np.float64)
    if not np.all((k >= 0) & (k <= 1)):
        raise ValueError("clothes_discount needs k inside [0, 1]")
    with np.errstate(divide="ignore", invalid="ignore"):  # log(0) = -inf is the right summand
        e = np.logaddexp(e * np.log(10) + np.log(k), np.log1p(-k)) / np.log(10)
    return np.where(k > 0, e, np.nan)


def fuse(
    face: ArrayLike,
    body: ArrayLike,
    attributes: ArrayLike,
    *,
    b0: float = 0.0,
    b1: float = 1.0,
    b2: float = 0.5,
) -> tuple[Float64, Float64]:
    """Three kinds of evidence -> (e (N,), cloth (N,)); NaN only where all terms are absent.

    face, body (already discounted), attributes (N,) each, NaN = absent.
    cloth = b0 + b1 body + b2 attributes where both are there, the one that is there otherwise;
    e = face + cloth. The defaults 0, 1, .5 are not fitted yet: both look at the same clothes, so
    attributes count half beside a body.
    Raises ValueError on a negative b1 or b2.
    """
    if b1 < 0 or b2 < 0:
        raise ValueError(f"fuse needs b1 and b2 of 0 or more, got {b1} and {b2}")
    e_face, e_body, e_attr = (np.asarray(v, dtype=np.float64) for v in (face, body, attributes))
    one = np.where(np.isnan(e_body), e_attr, e_body)
    both = b0 + b1 * e_body + b2 * e_attr
    cloth = np.where(np.isnan(both), one, both)
    e = np.nan_to_num(e_face) + np.nan_to_num(cloth)
    return np.where(np.isnan(e_face) & np.isnan(cloth), np.nan, e), cloth


def fit_fusion(
    body: ArrayLike, attributes: ArrayLike, same: ArrayLike
) -> tuple[float, float, float]:
    """b0, b1, b2 of `fuse` for pairs that have both signals: class-balanced logistic regression.

    body, attributes (N,) evidence;  same (N,) bool;  b1 and b2 come out 0 or more. They are in
    log10, so a signal that is calibrated and says everything alone gets 0, 1, 0.
    Raises ValueError if a side is empty or evidence is missing: one signal alone is not fused.
    Source: [brummer2006]
    """
    from scipy.optimize import minimize

    x = np.stack([np.asarray(body, np.float64), np.asarray(attributes, np.float64)], axis=1)
    y = np.asarray(same, dtype=bool)
    if not np.isfinite(x).all() or not y.any() or y.all():
        raise ValueError("fit_fusion needs finite evidence of genuine and of impostor pairs")
    weight = np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum())
    sign = np.where(y, 1.0, -1.0)

    def loss(b: Float64) -> tuple[float, Float64]:
        score = np.log(10) * (b[0] + x @ b[1:])
        slope = -weight * sign / (1 + np.exp(np.clip(sign * score, -500, 500))) * np.log(10)
        value = weight @ np.logaddexp(0, -sign * score)
        return float(value), np.concatenate([[slope.sum()], slope @ x])

    bounds = [(-10, 10), (0, 10), (0, 10)]
    found = minimize(loss, np.array([0.0, 1.0, 0.5]), jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.x[0]), float(found.x[1]), float(found.x[2])


def overlap_keep(face: ArrayLike, cloth: ArrayLike, *, least: float = 0.5) -> NDArray[np.bool_]:
    """(N,) True where face and clothing both speak for the person (overlap mode)."""
    return np.asarray((np.asarray(face) >= least) & (np.asarray(cloth) >= least))
