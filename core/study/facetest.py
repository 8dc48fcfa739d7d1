"""A public face data set in; verification as LFW prescribes it, and identification, out.

One face of each picture is found and aligned; where none is found nothing matches. The same figures
stand beside for a histogram of colours, which has learnt nothing. On unit vectors the Euclidean
distance is sqrt(2 - 2 cosine), so both give the same figures and only the threshold is said twice.

Source: [huang2007lfw], [iso19795-1]
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import facesets
from core.describe import Describer
from core.errors import BadInput
from core.facesets import Face, Pairs
from core.metrics.identification import identified
from core.metrics.verification import best_threshold, eer, fold_accuracy, tar_at_far
from core.study.aligned import embedded
from core.study.manifest import plain
from core.study.pictures import embedding
from core.types import Float64
from core.types.kface import REGISTERED

FARS = (0.01, 0.001)
EACH = 20
Bools = facesets.values.Bools


def pairs_test(
    pairs: Pairs,
    model: str,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    *,
    flip: bool = False,
) -> dict[str, Any]:
    """Figures on listed pairs (LFW, `.bin` files); the folds are those of the list's order.

    Raises NotFound, BadInput, ModelError.
    """
    describer = face_describer(model, directories)
    faces = embedded(pairs.faces, describer, aligned=pairs.aligned, flip=flip, progress=progress)
    cosine, shared = faces.pairs(pairs.a, pairs.b)
    lost = ~(faces.found[pairs.a] & faces.found[pairs.b])
    return {
        "eval": "faces",
        "data": pairs.name,
        "set": pairs.name,
        **verified(cosine, pairs.same),
        "n_pairs": len(pairs.same),
        "n_pictures": len(pairs.faces),
        "n_face_not_found": int(lost.sum()),
        "flip": flip,
        "model": model,
        "histogram": verified(shared, pairs.same),
    }


def verified(score: Float64, same: Bools) -> dict[str, Any]:
    """Figures of scored pairs: score (N,) cosine or alike, -inf = nothing to compare; same (N,)."""
    genuine, impostor = score[same], score[~same]
    accuracy, spread = fold_accuracy(score, same)
    threshold = best_threshold(score, same)
    return {
        "accuracy": plain(accuracy),
        "accuracy_std": plain(spread),
        "eer": plain(eer(genuine, impostor)),
        **{f"tar_at_far_{far:g}": plain(tar_at_far(genuine, impostor, far)) for far in FARS},
        **thresholds(threshold),
    }


def thresholds(cosine: float) -> dict[str, float | None]:
    """One threshold as a cosine and as a Euclidean distance of unit vectors; None = no limit."""
    if not -1 <= cosine <= 1:
        return {"threshold_cosine": None, "threshold_euclidean": None}
    return {
        "threshold_cosine": plain(cosine),
        "threshold_euclidean": plain(math.sqrt(2 - 2 * cosine)),
    }


def people_test(
    named: Iterable[tuple[str, Face]],
    name: str,
    model: str,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    *,
    aligned: bool = False,
    most: int | None = None,
    each: int = EACH,
) -> dict[str, Any]:
    """Figures on pictures of known people: the first of each is registered, the others are asked.

    named  (person, picture), person by person;  most people, and of each so many pictures spread
    evenly over theirs. Every asked picture meets every registered one. Raises like `pairs_test`.
    """
    describer = face_describer(model, directories)
    who, faces, first = _chosen(named, most, each)
    found = embedded(faces, describer, aligned=aligned, progress=progress)
    known, asked = np.flatnonzero(first), np.flatnonzero(~first)
    same = who[asked][:, None] == who[known][None, :]
    cosine, shared = found.grid(asked, known)
    return {
        "eval": "faces",
        "data": name,
        "set": name,
        **_people(cosine, same, who[asked], who[known]),
        "n_people": len(known),
        "n_asked": len(asked),
        "n_face_not_found": int((~found.found).sum()),
        "model": model,
        "histogram": _people(shared, same, who[asked], who[known]),
    }


def _people(score: Float64, same: Bools, asked: Any, known: Any) -> dict[str, Any]:
    genuine, impostor = score[same], score[~same]
    ranks = identified(score, asked, known)
    return {
        **{f"rank{rank}": plain(share) for rank, share in ranks.items()},
        "eer": plain(eer(genuine, impostor)),
        **{f"tar_at_far_{far:g}": plain(tar_at_far(genuine, impostor, far)) for far in FARS},
    }


def _chosen(
    named: Iterable[tuple[str, Face]], most: int | None, each: int
) -> tuple[Any, list[Face], Bools]:
    """(who (N,), pictures, whether registered (N,)); people with one picture are left out."""
    who: list[str] = []
    faces: list[Face] = []
    first: list[bool] = []
    people = 0
    for person, group in groupby(named, key=lambda one: one[0]):
        if most is not None and people >= most:
            break
        own = [face for _, face in group]
        if len(own) < 2:
            continue
        people += 1
        at = np.unique(np.linspace(0, len(own) - 1, min(each, len(own))).round().astype(int))
        for k in at:
            who.append(person)
            faces.append(own[k])
            first.append(k == 0)
    if people < 2:
        raise BadInput("this needs two people with two pictures each")
    return np.array(who), faces, np.array(first)


def kface_people(root: Path) -> Iterable[tuple[str, Face]]:
    """(person, picture) of a K-Face folder, the registration picture first."""
    found = facesets.kface(root)
    for person in found.people:
        own = found.root / person
        if not found.has(person, REGISTERED):
            continue
        yield person, found.face(person, REGISTERED)
        for path in sorted(own.glob("S*/L*/E*/C*.jpg")):
            if path != own / REGISTERED.path:
                yield person, Face(f"{person}/{path.relative_to(own).as_posix()}", path)


def face_describer(model: str, directories: Sequence[str | Path]) -> Describer:
    """A describer that uses this face model. Raises BadInput if it compares bodies."""
    _, kind, describer = embedding(model, directories)
    if kind != "face":
        raise BadInput("{model} compares bodies: use `eval reid`", model=model)
    return describer
