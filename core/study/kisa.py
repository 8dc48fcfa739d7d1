"""A K-Face folder in; error rates after the form of KISA's performance test (papers/002) out.

One registration picture of each person; every picture of a category is compared with all of them.
It is the form of the test, not the test: that is KISA's own, on pictures nobody else has.

Source: [chang-jetson], [iso19795-1]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import facesets
from core.errors import BadInput
from core.facesets import KFace
from core.metrics.errorrates import (
    Det,
    det,
    eer_threshold,
    false_matches,
    false_non_matches,
    upper_bound,
)
from core.metrics.verification import eer
from core.study.aligned import embedded
from core.study.detplot import picture
from core.study.facetest import face_describer, thresholds
from core.study.manifest import plain
from core.types import Float64
from core.types.kface import NEAREST, REGISTERED, TABLE_3, Cell, Cells

HEADING = "KISA 형식 재현, 합성 얼굴, 인증 아님"
HEADING_REAL = "KISA 형식 재현, 인증 아님"
PEOPLE = 500
LIMITS: Mapping[str, float] = {"light": 0.01, "expression": 0.02, "pose": 0.02, "accessory": 0.015}
"""Of the equal error rate, in table 1 of papers/002."""
SYNTHETIC = "plan.json"  # what the synthetic people's folders hold and real ones do not


@dataclass(frozen=True)
class Kisa:
    """values for --json;  text for people;  det: the picture as SVG."""

    values: dict[str, Any]
    text: str
    det: str


@dataclass(frozen=True)
class _Scores:
    """Of one category: (P,K,P) score of person p's picture k against everybody's registration."""

    score: Float64

    def genuine(self, people: Any) -> Float64:
        """(n,K) scores of these people's pictures with their own registration."""
        return np.asarray(self.score[people, :, people], dtype=np.float64)

    def impostor(self, people: Any) -> Float64:
        """(n,K,n-1) scores of these people's pictures with the others' registrations."""
        part = self.score[people][:, :, people]
        n, k, _ = part.shape
        off = ~np.eye(n, dtype=bool)
        return np.asarray(part.transpose(0, 2, 1)[off].reshape(n, n - 1, k).transpose(0, 2, 1))


def kisa(
    root: Path,
    models: Sequence[str],
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    *,
    people: int = PEOPLE,
    cells: Cells | None = None,
) -> Kisa:
    """The test of each face model on the first `people` of a K-Face folder.

    cells  other pictures for some categories; None: those of table 3 where the folder has them,
    else the nearest that K-Face has. Only people of whom every picture is there take part.
    Raises NotFound, BadInput, ModelError.
    """
    found = facesets.kface(root)
    used, form = _cells(found, cells or {})
    complete = found.complete({**used, "registered": (REGISTERED,)})[:people]
    if len(complete) < 4:
        raise BadInput(
            "{root} holds {n} people with all pictures this test asks for: it needs 4 or more",
            root=root,
            n=len(complete),
        )
    synthetic = (root / SYNTHETIC).is_file() or (found.root.parent / SYNTHETIC).is_file()
    values: dict[str, Any] = {
        "eval": "kisa",
        "heading": HEADING if synthetic else HEADING_REAL,
        "set": root.name,
        "n_people": len(complete),
        "n_people_asked": people,
        "form": form,
        "cells": {name: [cell.code for cell in some] for name, some in used.items()},
        "models": {},
    }
    curves: dict[tuple[str, str], Det] = {}
    for model in models:
        scores, lost = _compared(found, complete, used, model, directories, progress)
        told, own = _figures(scores)
        told["n_face_not_found"] = lost
        values["models"][model] = told
        curves |= {(model, name): curve for name, curve in own.items()}
    return Kisa(values, _text(values), picture(curves, values["heading"]))


def _cells(found: KFace, given: Cells) -> tuple[dict[str, tuple[Cell, ...]], str]:
    """The cells of each category, and which form they follow."""
    unknown = [name for name in given if name not in TABLE_3]
    if unknown:
        raise BadInput(
            "{name!r} is no category of this test: use {names}",
            name=unknown[0][:40],
            names=", ".join(TABLE_3),
        )
    exact = bool(found.complete(TABLE_3))
    form = "table 3 of papers/002" if exact else "the nearest cells that K-Face has"
    used = {**(TABLE_3 if exact else NEAREST), **given}
    return used, f"{form}, changed: {', '.join(given)}" if given else form


def _compared(
    found: KFace, people: Sequence[str], cells: Cells, model: str,
    directories: Sequence[str | Path], progress: IO[str] | None,
) -> tuple[dict[str, _Scores], int]:  # fmt: skip
    """({category: scores}, pictures in which no face was found)."""
    describer = face_describer(model, directories)
    registered = [found.face(person, REGISTERED) for person in people]
    known = embedded(registered, describer, progress=progress)
    lost = int((~known.found).sum())
    scores = {}
    for name, some in cells.items():
        faces = [found.face(person, cell) for person in people for cell in some]
        asked = embedded(faces, describer, progress=progress)
        lost += int((~asked.found).sum())
        grid = (asked.vectors @ known.vectors.T).astype(np.float64)  # (P*K,P)
        grid = np.where(np.isnan(grid), -np.inf, grid)
        scores[name] = _Scores(grid.reshape(len(people), len(some), len(people)))
    return scores, lost


def _figures(scores: Mapping[str, _Scores]) -> tuple[dict[str, Any], dict[str, Det]]:
    """Of one model: figures of each category, and its curve."""
    n = next(iter(scores.values())).score.shape[0]
    everybody = np.arange(n)
    halves = everybody[::2], everybody[1::2]
    at = [_threshold(scores, half) for half in halves]
    categories, curves = {}, {}
    for name, one in scores.items():
        genuine, impostor = one.genuine(everybody), one.impostor(everybody)
        curves[name] = det(genuine, impostor).thinned()
        categories[name] = {
            **_equal(eer(genuine, impostor), LIMITS[name], n),
            **_crossed(one, halves, at),
            "n_genuine": genuine.size,
            "n_impostor": impostor.size,
            "det": {"fmr": _rounded(curves[name].fmr), "fnmr": _rounded(curves[name].fnmr)},
        }
    return {"thresholds": [thresholds(one) for one in at], "category": categories}, curves


def _threshold(scores: Mapping[str, _Scores], people: Any) -> float:
    """Where both rates of all categories together are nearest, among these people."""
    genuine = np.concatenate([one.genuine(people).ravel() for one in scores.values()])
    impostor = np.concatenate([one.impostor(people).ravel() for one in scores.values()])
    return eer_threshold(genuine, impostor)


def _equal(rate: float, limit: float, people: int) -> dict[str, Any]:
    """The equal error rate beside the paper's limit; without an error, what it stays below."""
    return {
        "eer": plain(rate),
        "eer_limit_in_paper": limit,
        "eer_at_most_limit": rate <= limit,
        "eer_below_with_95_percent": plain(upper_bound(0, people)) if rate == 0 else None,
    }


def _crossed(one: _Scores, halves: Sequence[Any], at: Sequence[float]) -> dict[str, Any]:
    """Errors of either half of the people at the threshold chosen on the other half."""
    rejected = accepted = n_genuine = n_impostor = rejected_people = accepted_people = 0
    for half, threshold in zip(halves, reversed(at), strict=True):
        genuine, impostor = one.genuine(half), one.impostor(half)
        rejected += false_non_matches(genuine, threshold)
        accepted += false_matches(impostor, threshold)
        n_genuine, n_impostor = n_genuine + genuine.size, n_impostor + impostor.size
        rejected_people += sum(false_non_matches(own, threshold) > 0 for own in genuine)
        accepted_people += sum(false_matches(own, threshold) > 0 for own in impostor)
    people = sum(len(half) for half in halves)
    return {
        "fnmr": plain(rejected / n_genuine),
        "fmr": plain(accepted / n_impostor),
        "false_non_matches": rejected,
        "false_matches": accepted,
        "n_genuine_at_threshold": n_genuine,
        "n_impostor_at_threshold": n_impostor,
        "below_with_95_percent": {
            "fnmr": plain(upper_bound(rejected, n_genuine)),
            "fmr": plain(upper_bound(accepted, n_impostor)),
            "people_not_matched": plain(upper_bound(rejected_people, people)),
            "people_matched_falsely": plain(upper_bound(accepted_people, people)),
        },
    }


def _rounded(rates: Float64) -> list[float]:
    return [round(float(rate), 6) for rate in rates]


def _text(values: Mapping[str, Any]) -> str:
    lines = [values["heading"], f"{values['n_people']} people of {values['set']}; {values['form']}"]
    if values["n_people"] < values["n_people_asked"]:
        lines.append(f"asked for {values['n_people_asked']} people")
    for model, one in values["models"].items():
        lines.append(f"{model} ({one['n_face_not_found']} faces not found)")
        lines.append("  category    EER %  95 % below  limit %  at most  FMR %   95 % below  "
                     "FNMR %  95 % below")  # fmt: skip
        for name, row in one["category"].items():
            bound = row["below_with_95_percent"]
            cells = (_percent(row["eer"]), _percent(row["eer_below_with_95_percent"]),
                     _percent(row["eer_limit_in_paper"]),
                     "yes" if row["eer_at_most_limit"] else "no",
                     _percent(row["fmr"]), _percent(bound["fmr"]), _percent(row["fnmr"]),
                     _percent(bound["fnmr"]))  # fmt: skip
            wide = (5, 10, 7, 7, 6, 10, 6, 10)
            lines.append(f"  {name:<10}  " + "  ".join(
                f"{cell:>{w}}" for cell, w in zip(cells, wide, strict=True)))  # fmt: skip
    lines.append("FMR and FNMR at the threshold chosen on the other half of the people; the bounds")
    lines.append("count comparisons as independent, the EER's counts people")
    return "\n".join(lines)


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.2f}"
