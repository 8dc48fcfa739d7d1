"""Labelled pictures in, calibrations and their measured quality out.

`calibrate` fits score -> evidence for one embedding model through the very code that describes
probe and gallery, and prints the tables for models.toml: of vectors as they are, and for bodies of
vectors as a site compares them that has learned what its people have in common. Pictures are read
by `core.study.scored`, films of made-up cities by `core.study.citypairs`.

Source: [brummer2006]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import rank
from core.errors import BadInput
from core.metrics.calibration import cllr, cllr_min
from core.study import scored
from core.study.citypairs import of_cities
from core.study.pictures import embedding
from core.study.scored import Pairs
from core.types import Float64, Kind

FOLDS = 5
FEW = 30  # people: a size that fewer were seen in twice is fitted together with the one below it


@dataclass(frozen=True)
class Result:
    """values for --json;  text: the TOML table, then the measured quality."""

    values: dict[str, Any]
    text: str


def calibrate(
    model: str,
    source: Path | Sequence[Path],
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    *,
    check: Path | None = None,
    pack: str | None = None,
    workspaces: Path | None = None,
    weaken: float = 1.0,
) -> Result:
    """Fit the calibration of an embedding model on labelled pictures; see the module's head.

    model   name in models.toml;  directories: of weight files
    source  the labelled pictures; or cities (`core.study.delivered`), for a body model: their films
            are read by the weights of `pack` (None = the usual one), its tracklets compared
    workspaces  where ingested cities are kept for the next run; None = nowhere
    check   pictures of real people that take no part in the fit: quality is measured there, and
            evidence reaches as far as their number allows. Without it, quality is measured on
            those left out (5 folds by person); pictures are taken for real people, cities are not
    weaken  all evidence times this (0-1): drawn people are more alike under two cameras than real
            ones, so what was learned from them says too much (ours; chosen on development data)

    Raises BadInput, ModelError.
    """
    if not 0 < weaken <= 1:
        raise BadInput("--weaken must be above 0 and at most 1, not {value:g}", value=weaken)
    row, kind, describer = embedding(model, directories)
    pairs_of = scored.of_faces if kind == "face" else scored.of_bodies
    if isinstance(source, Path):
        known, called = pairs_of(source, describer, row.name, progress), _called(source)
    elif kind == "face":
        raise BadInput("cities calibrate body models: give pictures of faces")
    else:
        known = of_cities(source, row.name, pack, directories, progress, workspaces)
        called = ", ".join(path.name for path in source)
    real = None if check is None else pairs_of(check, describer, row.name, progress)
    values: dict[str, Any] = {"model": model}
    text = []
    for name, pairs in known.items():
        if not pairs.of_both:
            raise BadInput("{called} has no pairs of one person and of two: it is too small",
                           called=called)  # fmt: skip
        made_from = f"{called}: {len(pairs.s)} pairs; `dongseon calibrate --model {model}`"
        fitted = _weakened(_fit(pairs, kind, made_from), weaken)
        if not isinstance(source, Path):  # people of cities are drawn
            fitted = replace(fitted, real_validation=(False,) * len(fitted.a))
        if real is None or check is None:
            quality = _quality(pairs, kind, weaken)
        else:
            fitted = _checked(fitted, real[name], kind, _called(check), weaken)
            quality = _quality_of(real[name], kind, fitted)
            if not _cohort_helps(quality):
                fitted = replace(fitted, cohort_a=(), cohort_c=())
        values |= {name: table_of(fitted), _QUALITY[name]: quality}
        text.append(_text(model, name, fitted, quality))
    return Result(values, "\n\n".join(text))


_QUALITY = {"calibration": "quality", "whitened": "whitened_quality"}


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
    fitted: rank.Calibration, real: Pairs, kind: Kind, name: str, weaken: float
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


def _fit(pairs: Pairs, kind: Kind, made_from: str) -> rank.Calibration:
    bins = range(len(rank.CAPS[kind]))
    alone = [pairs.people(True, [b]) for b in bins]
    sets = [[b - 1, b] if b and 0 < alone[b] < FEW else [b] for b in bins]
    cohort = [(pairs.normalised(True, of), pairs.normalised(False, of)) for of in sets]
    return rank.Calibration.fit(
        kind,
        [(pairs.side(True, of), pairs.side(False, of)) for of in sets],
        n_genuine_ids=[pairs.people(True, of) for of in sets],
        n_impostor_ids=[pairs.people(False, of) for of in sets],
        real_validation=[n > 0 for n in alone],
        made_from=made_from,
        normalised=cohort if any(len(genuine) for genuine, _ in cohort) else (),
    )


def _quality_of(pairs: Pairs, kind: Kind, fitted: rank.Calibration) -> list[dict[str, Any]]:
    """Per size bin the quality of a calibration on people it knows nothing of."""
    halves = ~np.isnan(pairs.z)
    e = rank.evidence(pairs.s, pairs.bins, fitted, kind)
    own = np.where(halves, rank.evidence(pairs.s, pairs.bins, fitted, kind, pairs.z), np.nan)
    return _rows(pairs, kind, e, np.where(halves, e, np.nan), own)


def _quality(pairs: Pairs, kind: Kind, weaken: float) -> list[dict[str, Any]]:
    """Per size bin: Cllr and its minimum over people left out of the fit.

    Two columns are over the same pairs, those of one half: without and with a cohort.
    """
    fold = pairs.person % FOLDS  # (N,2)
    e, own, plain = (np.full(len(pairs.s), np.nan) for _ in range(3))
    halves = ~np.isnan(pairs.z)
    for k in range(FOLDS):
        out, left = np.all(fold != k, axis=1), np.all(fold == k, axis=1)
        if not pairs.take(out).of_both:
            continue
        fitted = _weakened(_fit(pairs.take(out), kind, ""), weaken)
        s, bins, z = pairs.s[left], pairs.bins[left], pairs.z[left]
        e[left] = rank.evidence(s, bins, fitted, kind)
        both = left & halves
        if not pairs.take(out & halves).of_both:
            continue
        like = _weakened(_fit(pairs.take(out & halves), kind, ""), weaken)
        own[both] = rank.evidence(s, bins, like, kind, z)[halves[left]]
        plain[both] = rank.evidence(s, bins, like, kind)[halves[left]]
    return _rows(pairs, kind, e, plain, own)


def _rows(
    pairs: Pairs, kind: Kind, e: Float64, plain: Float64, own: Float64
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


def _cllr(e: Float64, pairs: Pairs, here: Any) -> float | None:
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


def _text(
    model: str, name: str, fitted: rank.Calibration, quality: Sequence[Mapping[str, Any]]
) -> str:
    def toml(value: Any) -> str:
        if isinstance(value, list):
            return "[" + ", ".join(toml(one) for one in value) + "]"
        if isinstance(value, bool):
            return str(value).lower()
        return f'"{value}"' if isinstance(value, str) else str(value)

    lines = [f"[models.{model}.{name}]"]
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
