"""Similarities in, evidence and words out: pooling, calibration, fusion, gallery size, bands.

Evidence `e` is a log10 likelihood ratio: "this tracklet shows the probe's person" against "another
person of this scope". Pure arrays, no files. Missing evidence is NaN, never 0. Where no source is
named, the constant is our own choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ModelError
from core.types import Band, Float32, Float64, Int, Kind

WIDTH_BINS = (16, 24, 40, 80)  # face box width, native px
HEIGHT_BINS = (64, 128)  # person box height, native px
CAPS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {"face": (0.5, 1.0, 2.0, 3.0, 4.0), "body": (2.0, 2.0, 2.0)}
)
ATTRIBUTE_CAP = 1.0
UNVALIDATED_CAP = 1.0  # upper limit in a bin without a validation on real data
STD_FLOOR = 0.02
DOUBT: Mapping[str, float] = MappingProxyType({"video": 0.02, "sure": 0.10, "unsure": 0.25})
ENOUGH_STRANGERS = 2_000
EMPIRICAL_FROM = 10  # fewer strangers than this above e: the tail is fitted instead of counted

ClothesSource = Literal["footage", "ticked", "photo"]


# --- one vector per signal ------------------------------------------------------------------------


def pool(rows: Float32, quality: Float32) -> Float32:
    """The one vector of a tracklet (or probe): unit(sum q_k b_k), whatever the order of the rows.

    rows     (n,D) finite unit rows;  quality (n,) 0-1, NaN counts as 0
    returns  (D,) unit row. All qualities 0: plain mean. Rows that cancel: the best single row.
    Raises ValueError if n is 0, or if the shapes do not fit, or if a row is not finite.
    """
    rows64 = np.asarray(rows, dtype=np.float64)
    if rows64.ndim != 2 or not len(rows64) or not rows64.shape[1]:
        raise ValueError(f"pool needs at least one row, got shape {rows64.shape}")
    if np.shape(quality) != (len(rows64),) or not np.isfinite(rows64).all():
        raise ValueError("pool needs finite rows and one quality per row")
    weight = np.clip(np.nan_to_num(np.asarray(quality, dtype=np.float64)), 0.0, 1.0)
    weight = weight / weight.max() if weight.any() else np.ones(len(rows64))
    total = weight @ rows64  # (D,)
    if np.linalg.norm(total) < 1e-6 * weight.sum():  # direction would be rounding noise
        total = rows64[max(range(len(rows64)), key=lambda k: (weight[k], tuple(rows64[k])))]
    norm = np.linalg.norm(total)
    if norm == 0:
        raise ValueError("pool needs unit rows, got a zero row")
    return (total / norm).astype(np.float32)


def size_bins(kind: Kind, px: ArrayLike) -> Int:
    """Size bin of each picture: (N,) native px -> (N,) bin, -1 where px is NaN.

    px  face box width for kind "face", person box height for kind "body"
    """
    size = np.asarray(px, dtype=np.float64)
    bins = np.searchsorted(_edges(kind), size, side="right")
    return np.where(np.isnan(size), -1, bins).astype(np.int64)


def size_bin(kind: Kind, px: float) -> int:
    """Size bin of one picture, -1 if px is NaN."""
    return int(size_bins(kind, px))


def bin_label(kind: Kind, size: int) -> str:
    """The bin in pixels, for instance "16-23 px"; ValueError if there is no such bin."""
    edges = _edges(kind)
    if not 0 <= size <= len(edges):
        raise ValueError(f"{kind} has bins 0 to {len(edges)}, got {size}")
    if size == 0:
        return f"< {edges[0]} px"
    if size == len(edges):
        return f">= {edges[-1]} px"
    return f"{edges[size - 1]}-{edges[size] - 1} px"


def _edges(kind: Kind) -> tuple[int, ...]:
    return WIDTH_BINS if kind == "face" else HEIGHT_BINS


# --- normalisation against a cohort of certain strangers ------------------------------------------


def cohort_stats(vectors: Float32, cohort: Float32) -> tuple[Float64, Float64]:
    """Mean and standard deviation (floor .02) of each vector's cosines with a frozen cohort.

    vectors (N,D) and cohort (C,D) unit rows -> (mean (N,), std (N,)).
    Raises ValueError if the cohort is empty.
    Source: [matejka2017]
    """
    if not len(cohort):
        raise ValueError("cohort_stats needs at least one stranger")
    mean, std = np.empty(len(vectors)), np.empty(len(vectors))
    for start in range(0, len(vectors), 65_536):  # (65536, 200) at a time: memory stays flat
        part = slice(start, start + 65_536)
        cosine = np.asarray(vectors[part] @ cohort.T, dtype=np.float64)  # (n,C)
        mean[part], std[part] = cosine.mean(axis=1), cosine.std(axis=1)
    return mean, np.maximum(std, STD_FLOOR)


def normalise(
    s: ArrayLike, m_p: ArrayLike, d_p: ArrayLike, m_g: ArrayLike, d_g: ArrayLike
) -> Float64:
    """Symmetric normalisation: z = [(s - m_p)/d_p + (s - m_g)/d_g] / 2.

    s (N,) cosines; m_p, d_p mean and std of the probe against the cohort, m_g, d_g (N,) those of
    the gallery rows (`cohort_stats`). A std below .02 counts as .02.
    Source: [matejka2017]
    """
    s64 = np.asarray(s, dtype=np.float64)
    by_probe = (s64 - np.asarray(m_p)) / np.maximum(d_p, STD_FLOOR)
    by_row = (s64 - np.asarray(m_g)) / np.maximum(d_g, STD_FLOOR)
    return np.asarray((by_probe + by_row) / 2, dtype=np.float64)


# --- calibration ----------------------------------------------------------------------------------


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

    def __post_init__(self) -> None:
        per_bin = (self.a, self.c, self.n_genuine_ids, self.n_impostor_ids, self.cap)
        sound = (
            len(self.a) > 0
            and {len(value) for value in per_bin} == {len(self.real_validation)}
            and bool(np.isfinite([*self.a, *self.c, *self.cap, self.m, self.d]).all())
            and min(*self.c, *self.cap, *self.n_genuine_ids, *self.n_impostor_ids) >= 0
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
             (default `CAPS`, never above it) and made_from. All but m, d and made_from take one
             value, or a list with one per size bin (faces 5, bodies 3).
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
        full = {"cap": list(CAPS[kind]), "made_from": "", **row}
        for key in known:
            if key not in full:
                raise ModelError("the calibration lacks the key {key!r}: add it", key=key)
        n = len(CAPS[kind])
        read: dict[str, Any] = {"made_from": str(full["made_from"])}
        for key in ("m", "d"):
            read[key] = _values(key, full[key], 1, float)[0]
        for key in ("a", "c", "cap"):
            read[key] = _values(key, full[key], n, float)
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
    ) -> Self:
        """Fit every size bin. pairs: per bin (cosines of genuine pairs, of impostor pairs).

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


def evidence(s: ArrayLike, bins: ArrayLike, calibration: Calibration | None, kind: Kind) -> Float64:
    """Scores -> (N,) log10 likelihood ratio, clipped to what the validation supports.

    s (N,) cosines, NaN = no signal;  bins (N,) from `size_bins`, -1 = unknown.
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
    a, c, cap, genuine, impostor = (
        np.asarray(values, dtype=np.float64)[at]
        for values in (
            calibration.a,
            calibration.c,
            calibration.cap,
            calibration.n_genuine_ids,
            calibration.n_impostor_ids,
        )
    )
    real = np.asarray(calibration.real_validation)[at]
    support = np.where(real, np.log10(np.maximum(impostor, 1)), UNVALIDATED_CAP)
    raw = (a + c * (score - calibration.m) / calibration.d) / np.log(10)
    e = np.clip(raw, -np.log10(np.maximum(genuine, 1)), np.minimum(cap, support))
    return np.where((at >= 0) & (genuine > 0), e, np.nan)


# --- attributes and clothes -----------------------------------------------------------------------


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
             clothes, same day" ticked; "photo": any other photo
    apart_s  (N,) time between that picture and each tracklet, NaN = not known
    .98 footage within 6 h, .9 ticked, .5 footage of the same day (24 h) or of an unknown time,
    0 otherwise: the body is not used then.
    """
    apart = np.abs(np.asarray(apart_s, dtype=np.float64))
    if source == "ticked":
        return np.full(apart.shape, 0.9)
    if source == "photo":
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


# --- fusion ---------------------------------------------------------------------------------------


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


def overlap_keep(face: ArrayLike, cloth: ArrayLike, *, least: float = 0.5) -> NDArray[np.bool_]:
    """(N,) True where face and clothing both speak for the person (overlap mode)."""
    return np.asarray((np.asarray(face) >= least) & (np.asarray(cloth) >= least))


# --- gallery size ---------------------------------------------------------------------------------


class Strangers:
    """Evidence of pairs that are certainly two people at this site, one presence pattern.

    scores   (M,) evidence of the pairs, sorted, read-only
    measured True with at least 2,000 pairs; otherwise the site is not measured and `s0` is the
             bound that any calibrated likelihood ratio obeys
    Raises ValueError on NaN.
    """

    def __init__(self, scores: ArrayLike) -> None:
        self.scores: Float64 = np.sort(np.asarray(scores, dtype=np.float64).ravel())
        if np.isnan(self.scores).any():
            raise ValueError("Strangers needs pairs with evidence, got NaN")
        self.scores.setflags(write=False)
        self.measured = len(self.scores) >= ENOUGH_STRANGERS
        if self.measured:
            self._u = float(np.quantile(self.scores, 0.95))
            above = self.scores[self.scores > self._u] - self._u
            self._excess = float(above.mean()) if len(above) else 0.0

    def s0(self, e: ArrayLike) -> Float64:
        """Share of strangers that reach e: (N,) -> (N,), never rising with e, NaN for NaN.

        (k+1)/(M+1) with k pairs at or above e while k >= 10; above that the exponential tail
        .05 exp(-(e-u)/mean excess), u the 95th percentile. The tail never exceeds the last counted
        value, because a share of strangers cannot rise with e. Without any excess (all tied at a
        clip limit) it is 1/(M+1). Not measured: 10^-max(e, 0).
        """
        e = np.asarray(e, dtype=np.float64)
        if not self.measured:
            return _bound(e)
        m = len(self.scores)
        tail = np.full(e.shape, 1 / (m + 1))
        if self._excess > 0:
            tail = 0.05 * np.exp(-np.maximum(e - self._u, 0) / self._excess)
        k, last = self._reach(e), self._reach(self.scores[-EMPIRICAL_FROM])
        share = np.where(
            k >= EMPIRICAL_FROM, (k + 1) / (m + 1), np.minimum(tail, (last + 1) / (m + 1))
        )
        return np.where(np.isnan(e), np.nan, share)

    def _reach(self, e: ArrayLike) -> Int:
        """Number of pairs at or above e."""
        below = np.searchsorted(self.scores, np.asarray(e), side="left")
        return np.asarray(len(self.scores) - below, dtype=np.int64)


def _bound(e: Float64) -> Float64:
    return np.asarray(10.0 ** -np.maximum(e, 0), dtype=np.float64)


def expected_false(e: ArrayLike, n: int, strangers: Strangers | None = None) -> Float64:
    """Strangers expected to score as high among n tracklets compared: n * S0(e), (N,), NaN for NaN.

    strangers  those of the same presence pattern; None = site not measured, S0 = 10^-max(e, 0)
    """
    e = np.asarray(e, dtype=np.float64)
    return n * (_bound(e) if strangers is None else strangers.s0(e))


def miscalibrated(strangers: Strangers) -> bool:
    """True if strangers score too high here: S0(1) > .2 or S0(2) > .02, twice what an LR allows."""
    at_one, at_two = strangers.s0([1.0, 2.0])
    return bool(at_one > 0.2 or at_two > 0.02)


# --- words ----------------------------------------------------------------------------------------


def bands(
    e: ArrayLike,
    expected_false: ArrayLike,
    face_e: ArrayLike,
    *,
    site_calibrated: bool = True,
    has_calibration: bool = True,
) -> tuple[Band, ...]:
    """The word for each candidate, from evidence and gallery size.

    e, expected_false, face_e  (N,) each, NaN = none
    site_calibrated  False where `miscalibrated`: no word above weak
    has_calibration  False: insufficient everywhere
    strong: e >= 2, at most .05 strangers expected and face >= 1 (so never clothing alone).
    moderate: e >= 1 and at most 1 stranger expected. weak: e >= .3. against: e <= -.5.
    """
    e, ef, face = (
        np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in (e, expected_false, face_e)
    )
    moderate = site_calibrated & (e >= 1) & (ef <= 1)
    strong = moderate & (e >= 2) & (ef <= 0.05) & (face >= 1)
    rules = [np.isnan(e) | (not has_calibration), strong, moderate, e >= 0.3, e <= -0.5]
    words: list[Band] = ["insufficient", "strong", "moderate", "weak", "against"]
    # the first rule that holds; with none (-.5 < e < .3) the appended True means insufficient
    first = np.argmax(np.stack([*rules, np.ones(e.shape, dtype=bool)]), axis=0)  # (N,)
    return tuple([*words, words[0]][k] for k in first)


def band(
    e: float,
    expected_false: float,
    face_e: float,
    *,
    site_calibrated: bool = True,
    has_calibration: bool = True,
) -> Band:
    """The word for one candidate; see `bands`."""
    return bands(
        e,
        expected_false,
        face_e,
        site_calibrated=site_calibrated,
        has_calibration=has_calibration,
    )[0]
