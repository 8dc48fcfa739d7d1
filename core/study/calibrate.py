"""Labelled pictures in, calibrations and their measured quality out.

`calibrate` fits score -> evidence for one embedding model through the very code that describes
probe and gallery, and prints the table for models.toml. Layouts read: crops of people under two
cameras (`core.study.bodysets`) for bodies, LFW (``pairsDevTrain.txt`` and
``images/NAME/NAME_0001.jpg``) for faces.

Source: [brummer2006], [li2014cuhk03], [huang2007lfw]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import rank
from core.describe import Describer
from core.errors import BadInput
from core.facesets import lfw
from core.metrics.calibration import cllr, cllr_min
from core.study import bodysets
from core.study.pictures import embedding, read, reduced, whole
from core.types import Float32, Float64, Int, Kind

FOLDS = 5
FACE_WIDTHS_PX = (None, 60.0, 32.0, 20.0, 13.0)  # None = as it is; one inside each width bin
BODY_HEIGHTS_PX = (None, 96.0, 48.0)
COHORT = 200
LFW_FACE_SHARE = 0.36  # of the picture's width: only to choose how far to reduce it


@dataclass(frozen=True)
class Result:
    """values for --json;  text: the TOML table, then the measured quality."""

    values: dict[str, Any]
    text: str


@dataclass(frozen=True)
class _Pairs:
    """Scored pairs: cosine (N,), size bin (N,), same (N,) bool, persons (N,2) as numbers.

    z (N,) normalised against a cohort of other people; NaN where the two are not of one half
    """

    s: Float64
    bins: Int
    same: Any
    person: Int
    z: Float64

    def side(self, same: bool, size: int) -> Float64:
        return np.asarray(self.s[(self.same == same) & (self.bins == size)], dtype=np.float64)

    def normalised(self, same: bool, size: int) -> Float64:
        z = self.z[(self.same == same) & (self.bins == size)]
        return np.asarray(z[~np.isnan(z)], dtype=np.float64)

    def take(self, rows: Any) -> _Pairs:
        return _Pairs(*(getattr(self, name)[rows] for name in _COLUMNS))


Picture = tuple[str, int]  # a name of LFW and the number of the picture
_Known = tuple[Float32, float] | None  # vector (D,) and face width in px

_COLUMNS = ("s", "bins", "same", "person", "z")


def calibrate(
    model: str,
    source: Path,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    *,
    check: Path | None = None,
    weaken: float = 1.0,
) -> Result:
    """Fit the calibration of an embedding model on labelled pictures; see the module's head.

    model   name in models.toml;  source: the labelled pictures;  directories: of weight files
    check   pictures of real people that take no part in the fit: quality is measured there, and
            evidence reaches as far as their number allows. Without it, `source` is taken for real
            people, and quality is measured on those left out (5 folds by person)
    weaken  all evidence times this (0-1): drawn people are more alike under two cameras than real
            ones, so what was learned from them says too much (ours; chosen on development data)

    Raises BadInput, ModelError.
    """
    if not 0 < weaken <= 1:
        raise BadInput("--weaken must be above 0 and at most 1, not {value:g}", value=weaken)
    row, kind, describer = embedding(model, directories)
    pairs_of = _face_pairs if kind == "face" else _body_pairs
    pairs = pairs_of(source, describer, row.name, progress)
    made_from = f"{_called(source)}: {len(pairs.s)} pairs; `dongseon calibrate --model {model}`"
    fitted = _fit(pairs, kind, made_from)
    if check is None:
        fitted, quality = _weakened(fitted, weaken), _quality(pairs, kind, weaken)
    else:
        real = pairs_of(check, describer, row.name, progress)
        fitted = _checked(_weakened(fitted, weaken), real, kind, _called(check), weaken)
        quality = _quality_of(real, kind, fitted)
        if not _cohort_helps(quality):
            fitted = replace(fitted, cohort_a=(), cohort_c=())
    values = {"model": model, "calibration": table_of(fitted), "quality": quality}
    return Result(values, _text(model, fitted, quality))


def _cohort_helps(quality: Sequence[Mapping[str, Any]]) -> bool:
    """Whether scores against a cohort cost less, over all sizes, than plain ones."""
    both = [(one["half_cllr"], one["half_cllr_cohort"]) for one in quality]
    known = [(a, b) for a, b in both if a is not None and b is not None]
    return bool(known) and sum(b for _, b in known) <= sum(a for a, _ in known)


def _called(source: Path) -> str:
    """A folder by its name, a manifest by its folder's."""
    return source.parent.name if source.suffix == ".csv" else source.name


def _weakened(fitted: rank.Calibration, by: float) -> rank.Calibration:
    """The calibration with all its evidence times `by`."""

    def times(line: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(by * x for x in line)

    return replace(
        fitted,
        a=times(fitted.a),
        c=times(fitted.c),
        cohort_a=times(fitted.cohort_a),
        cohort_c=times(fitted.cohort_c),
    )


def _checked(
    fitted: rank.Calibration, real: _Pairs, kind: Kind, name: str, weaken: float
) -> rank.Calibration:
    """The calibration with the limits that real people support, in the bins they were seen in."""
    bins = range(len(rank.CAPS[kind]))
    people = [len(np.unique(real.person[real.bins == b])) for b in bins]
    known = zip(people, fitted.n_impostor_ids, strict=True)
    how = "" if weaken == 1 else f", evidence x {weaken:g}"
    return replace(
        fitted,
        n_impostor_ids=tuple(n or drawn for n, drawn in known),
        real_validation=tuple(n > 0 for n in people),
        made_from=f"{fitted.made_from}{how}; checked on {name}",
    )


def _fit(pairs: _Pairs, kind: Kind, made_from: str) -> rank.Calibration:
    bins = range(len(rank.CAPS[kind]))
    people = [
        [len(np.unique(pairs.person[(pairs.same == same) & (pairs.bins == b)])) for b in bins]
        for same in (True, False)
    ]
    return rank.Calibration.fit(
        kind,
        [(pairs.side(True, b), pairs.side(False, b)) for b in bins],
        n_genuine_ids=people[0],
        n_impostor_ids=people[1],
        real_validation=[n > 0 for n in people[0]],
        made_from=made_from,
        normalised=[(pairs.normalised(True, b), pairs.normalised(False, b)) for b in bins],
    )


def _quality_of(pairs: _Pairs, kind: Kind, fitted: rank.Calibration) -> list[dict[str, Any]]:
    """Per size bin the quality of a calibration on people it knows nothing of."""
    halves = ~np.isnan(pairs.z)
    e = rank.evidence(pairs.s, pairs.bins, fitted, kind)
    own = np.where(halves, rank.evidence(pairs.s, pairs.bins, fitted, kind, pairs.z), np.nan)
    return _rows(pairs, kind, e, np.where(halves, e, np.nan), own)


def _quality(pairs: _Pairs, kind: Kind, weaken: float) -> list[dict[str, Any]]:
    """Per size bin: Cllr and its minimum over people left out of the fit.

    Two columns are over the same pairs, those of one half: without and with a cohort.
    """
    fold = pairs.person % FOLDS  # (N,2)
    e, own, plain = (np.full(len(pairs.s), np.nan) for _ in range(3))
    halves = ~np.isnan(pairs.z)
    for k in range(FOLDS):
        out, left = np.all(fold != k, axis=1), np.all(fold == k, axis=1)
        fitted = _weakened(_fit(pairs.take(out), kind, ""), weaken)
        like = _weakened(_fit(pairs.take(out & halves), kind, ""), weaken)
        s, bins, z = pairs.s[left], pairs.bins[left], pairs.z[left]
        e[left] = rank.evidence(s, bins, fitted, kind)
        both = left & halves
        own[both] = rank.evidence(s, bins, like, kind, z)[halves[left]]
        plain[both] = rank.evidence(s, bins, like, kind)[halves[left]]
    return _rows(pairs, kind, e, plain, own)


def _rows(
    pairs: _Pairs, kind: Kind, e: Float64, plain: Float64, own: Float64
) -> list[dict[str, Any]]:
    """Per size bin the figures of evidence (N,): of all, of one half without and with a cohort."""
    rows = []
    for size in range(len(rank.CAPS[kind])):
        here = (pairs.bins == size) & ~np.isnan(e)
        genuine, impostor = e[here & pairs.same], e[here & ~pairs.same]
        if len(genuine) and len(impostor):
            rows.append(
                {
                    "size": rank.bin_label(kind, size),
                    "genuine": len(genuine),
                    "impostor": len(impostor),
                    "cllr": round(cllr(genuine, impostor), 3),
                    "cllr_min": round(cllr_min(genuine, impostor), 3),
                    "strangers_at_1": round(float(np.mean(impostor >= 1)), 4),
                    "genuine_at_1": round(float(np.mean(genuine >= 1)), 4),
                    "half_cllr": _cllr(plain, pairs, here),
                    "half_cllr_cohort": _cllr(own, pairs, here),
                }
            )
    return rows


def _cllr(e: Float64, pairs: _Pairs, here: Any) -> float | None:
    """Cllr of the pairs that have evidence, None if a side has none."""
    known = here & ~np.isnan(e)
    genuine, impostor = e[known & pairs.same], e[known & ~pairs.same]
    return round(cllr(genuine, impostor), 3) if len(genuine) and len(impostor) else None


def table_of(fitted: rank.Calibration) -> dict[str, Any]:
    """A calibration as the table of models.toml."""

    def plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return [plain(one) for one in value]
        return round(value, 4) if isinstance(value, float) else value

    names = ("a", "c", "m", "d", "n_genuine_ids", "n_impostor_ids", "real_validation", "made_from",
             "cohort_a", "cohort_c")  # fmt: skip
    return {name: plain(getattr(fitted, name)) for name in names}


def _text(model: str, fitted: rank.Calibration, quality: Sequence[Mapping[str, Any]]) -> str:
    def toml(value: Any) -> str:
        if isinstance(value, list):
            return "[" + ", ".join(toml(one) for one in value) + "]"
        if isinstance(value, bool):
            return str(value).lower()
        return f'"{value}"' if isinstance(value, str) else str(value)

    lines = [f"[models.{model}.calibration]"]
    lines += [f"{key} = {toml(value)}" for key, value in table_of(fitted).items()]
    lines += ["", "people left out of the fit:"]
    lines.append("size         genuine impostor   Cllr  min  strangers e>=1  genuine e>=1"
                 "  Cllr of one half  with a cohort")  # fmt: skip
    for one in quality:
        lines.append(
            f"{one['size']:<12} {one['genuine']:>7} {one['impostor']:>8}  {one['cllr']:.3f}"
            f"  {one['cllr_min']:.3f}  {one['strangers_at_1']:.4f}  {one['genuine_at_1']:.4f}"
            f"  {one['half_cllr']}  {one['half_cllr_cohort']}"
        )
    return "\n".join(lines)


# --- pictures -> pairs ----------------------------------------------------------------------------


def _body_pairs(source: Path, describer: Describer, model: str, progress: IO[str] | None) -> _Pairs:
    """Every person under camera A against everybody under camera B, B reduced to each height."""
    first, second = bodysets.groups(source)
    pieces = []
    probes = _bodies(describer, model, first, None)
    for height in _shown(BODY_HEIGHTS_PX, progress):
        rows = _bodies(describer, model, second, height)
        cosine = probes[0] @ rows[0].T  # (P,P)
        size = np.minimum(probes[1][:, None], rows[1][None, :])
        bins = rank.size_bins("body", size.ravel())
        pieces.append(_grid(cosine, bins, _halved(probes[0], rows[0], cosine)))
    return _concatenated(pieces)


def _bodies(
    describer: Describer, model: str, groups: Sequence[Sequence[Path]], height: float | None
) -> tuple[Float32, Float64]:
    """Pooled body vectors (P,D) and mean heights (P,) of groups of whole crops."""
    rows, sizes = [], []
    for group in groups:
        images = [read(path) for path in group]
        if height is not None:
            images = [reduced(image, height / len(image)) for image in images]
        shots = [whole(image) for image in images]
        vectors = describer.shots("study", shots, ("body",)).vectors[model]
        rows.append(rank.pool(vectors.rows, vectors.quality))
        sizes.append(float(vectors.size_px.mean()))
    return np.stack(rows), np.array(sizes)


def _halved(probes: Float32, rows: Float32, cosine: Float32) -> Float64:
    """Scores (P,P) normalised for pairs within the even or the odd people, NaN across.

    The cohort of either half is everybody of the other, under both cameras: strangers for certain.
    """
    z = np.full(cosine.shape, np.nan)
    everybody = np.arange(len(probes))
    for half in (0, 1):
        own = everybody[everybody % 2 == half]
        other = everybody[everybody % 2 != half]
        cohort = np.concatenate([probes[other], rows[other]])
        if len(cohort) and len(own):
            p, g = (rank.cohort_stats(side[own], cohort) for side in (probes, rows))
            grid = np.ix_(own, own)
            z[grid] = rank.normalise(cosine[grid], p[0][:, None], p[1][:, None], g[0], g[1])
    return z


def _grid(cosine: Float32, bins: Int, z: Float64) -> _Pairs:
    n = len(cosine)
    i, j = np.divmod(np.arange(n * n), n)
    scores = cosine.ravel().astype(np.float64)
    return _Pairs(scores, bins, i == j, np.stack([i, j], axis=1), z.ravel())


def _face_pairs(folder: Path, describer: Describer, model: str, progress: IO[str] | None) -> _Pairs:
    """The pairs of pairsDevTrain.txt, the second face reduced to each width."""
    listed, _ = lfw.listed(folder / "pairsDevTrain.txt")
    names = sorted({one[0] for pair in listed for one in pair})
    number = {name: i for i, name in enumerate(names)}
    first = {one: _face(describer, model, folder, one, None) for one in {a for a, _ in listed}}
    pieces = []
    for width in _shown(FACE_WIDTHS_PX, progress):
        second = {
            one: _face(describer, model, folder, one, width) for one in {b for _, b in listed}
        }
        pieces.append(_of_width(listed, first, second, number))
    return _concatenated(pieces)


def _of_width(
    listed: Sequence[tuple[Picture, Picture]],
    first: Mapping[Picture, _Known],
    second: Mapping[Picture, _Known],
    number: Mapping[str, int],
) -> _Pairs:
    """The pairs in which both faces were found."""
    rows, vectors = [], []
    for a, b in listed:
        one, other = first[a], second[b]
        if one is not None and other is not None:
            rows.append((float(one[0] @ other[0]), min(one[1], other[1]),
                         number[a[0]], number[b[0]]))  # fmt: skip
            vectors.append((one[0], other[0]))
    s, px, p, q = (np.array(column) for column in zip(*rows, strict=True))
    person = np.stack([p, q], axis=1).astype(np.int64)
    z = np.full(len(s), np.nan)
    both = np.array(vectors)  # (N,2,D)
    for half in (0, 1):
        own = np.flatnonzero(np.all(person % 2 == half, axis=1))
        other_half = np.flatnonzero(person[:, 0] % 2 != half)
        _, one_each = np.unique(person[other_half, 0], return_index=True)
        cohort = both[other_half[one_each[:COHORT]], 0]
        if len(cohort) and len(own):
            left, right = (rank.cohort_stats(both[own, k], cohort) for k in (0, 1))
            z[own] = rank.normalise(s[own], *left, *right)
    return _Pairs(s, rank.size_bins("face", px), p == q, person, z)


def _face(
    describer: Describer, model: str, folder: Path, who: Picture, width: float | None
) -> _Known:
    """One picture's face vector (D,) and width in px; None where no usable face was found."""
    path = folder / "images" / who[0] / f"{who[0]}_{who[1]:04d}.jpg"
    image = read(path)
    share = None if width is None else width / (LFW_FACE_SHARE * image.shape[1])
    image = reduced(image, share)
    shot = whole(image)
    vectors = describer.shots("study", [shot], ("face",)).vectors.get(model)
    return None if vectors is None else (vectors.rows[0], float(vectors.size_px[0]))


def _concatenated(pieces: Sequence[_Pairs]) -> _Pairs:
    whole = (np.concatenate([getattr(one, name) for one in pieces]) for name in _COLUMNS)
    return _Pairs(*whole)


def _shown(sizes: Sequence[float | None], progress: IO[str] | None) -> Any:
    from tqdm import tqdm

    return tqdm(sizes, desc="sizes", file=progress, leave=False) if progress else iter(sizes)
