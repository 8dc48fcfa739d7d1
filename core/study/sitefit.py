"""A workspace in; a calibration that fits its site, and what would change, out.

Two kinds of pairs need no labels beyond what people did anyway: certain strangers, and the
sightings of one person that somebody confirmed, in other cameras and ten minutes apart at least.
Nothing is used before somebody says so, and the last calibration can be taken back.

Source: [brummer2006]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from core import rank, sitecheck
from core.errors import BadInput
from core.gallery import pool
from core.metrics.calibration import cllr, cllr_min
from core.metrics.reliability import stranger_shares
from core.sitelens import SiteLens
from core.study.calibrate import Result, table_of
from core.types import Float64, Int, Kind
from core.workspace import Workspace
from core.zoo import Row

APART_S = 600.0  # confirmed sightings nearer in time share light, pose and picture
ENOUGH_PEOPLE = 20  # confirmed people for a slope of the site's own; below, only the level moves
ENOUGH_PAIRS = 200


@dataclass(frozen=True)
class _Scores:
    """Cosines (N,), size bins (N,) and identities behind them (N,)."""

    s: Float64
    bins: Int
    person: Int

    def of(self, size: int) -> Float64:
        return np.asarray(self.s[self.bins == size], dtype=np.float64)


def fit_site(ws: Workspace, *, write: bool = False, by: str = "") -> Result:
    """Fit both models to this site and say what would change; write: put it in use.

    With 20 confirmed people the line is fitted anew; with fewer only the strangers' mean and
    deviation are the site's and the line stays the model's. Raises BadInput if there are too few
    certain strangers, or nothing to start from.
    """
    said: dict[str, Any] = {"written": False, "models": {}}
    chosen: dict[str, Any] = {}
    lines = []
    site = ws.site()
    for kind, row in site.rows(ws.vectors()).items():
        lens = site.lenses.get(kind, SiteLens())
        strangers = _strangers(ws, row, kind, lens)
        genuine = _confirmed(ws, row, kind, lens)
        fitted, how = _fit(row, kind, genuine, strangers)
        about: dict[str, Any] = {"how": how, "strangers": len(strangers.s),
                                 "confirmed_people": len(np.unique(genuine.person))}  # fmt: skip
        if fitted is not None:
            before = rank.Calibration.from_row(row.calibration, kind)
            about |= {
                "before": _quality(before, kind, genuine, strangers),
                "after": _quality(fitted, kind, genuine, strangers),
                "calibration": table_of(fitted),
            }
            chosen[row.name] = {"sha256": row.sha256, "calibration": table_of(fitted),
                                "whitened": lens.whitening is not None}  # fmt: skip
        said["models"][row.name] = about
        lines.append(_line(row.name, about))
    if write and not chosen:
        raise BadInput("nothing could be fitted here: {why}", why="; ".join(lines))
    if write:
        ws.calibrate(chosen, by=by)
        said["written"] = True
        lines.append("in use from now on; `dongseon calibrate --undo` takes it back")
    elif chosen:
        lines.append("nothing was changed: add --write to use it")
    return Result(said, "\n".join(lines))


def undo_site(ws: Workspace, *, by: str = "") -> Result:
    """Go back to the calibration before. Raises BadInput if there is none of this site."""
    last = ws.undo_calibration(by=by)
    names = ", ".join(last["models"])
    return Result({"taken_back": sorted(last["models"])}, f"taken back: {names}")


def _fit(
    row: Row, kind: Kind, genuine: _Scores, strangers: _Scores
) -> tuple[rank.Calibration | None, str]:
    """The calibration for this site, None if there is too little; and how it was made."""
    if len(strangers.s) < ENOUGH_PAIRS:
        return None, f"{len(strangers.s)} pairs of certain strangers are too few: {ENOUGH_PAIRS}"
    people, bins = len(np.unique(genuine.person)), range(len(rank.CAPS[kind]))
    if people >= ENOUGH_PEOPLE:
        ids = [
            [len(np.unique(of.person[of.bins == b])) for b in bins] for of in (genuine, strangers)
        ]
        fitted = rank.Calibration.fit(
            kind,
            [(genuine.of(b), strangers.of(b)) for b in bins],
            n_genuine_ids=ids[0],
            n_impostor_ids=ids[1],
            real_validation=[n > 0 for n in ids[0]],
            made_from=f"this site: {people} confirmed people, {len(strangers.s)} stranger pairs",
        )
        return fitted, "line and level of this site"
    known = rank.Calibration.from_row(row.calibration, kind)
    if known is None:
        return (
            None,
            f"{people} confirmed people are too few: {ENOUGH_PEOPLE}, and the model has none",
        )
    level = {
        "m": float(strangers.s.mean()),
        "d": max(float(strangers.s.std()), 0.02),
        "made_from": f"{known.made_from}; level of this site: {len(strangers.s)} stranger pairs",
    }
    return rank.Calibration(**{**vars(known), **level}), "level of this site, line of the model"


def _quality(
    fitted: rank.Calibration | None, kind: Kind, genuine: _Scores, strangers: _Scores
) -> dict[str, Any]:
    """How high strangers score, and Cllr where people were confirmed; on the pairs fitted with."""
    e, g = (rank.evidence(of.s, of.bins, fitted, kind) for of in (strangers, genuine))
    e, g = e[~np.isnan(e)], g[~np.isnan(g)]
    both = bool(len(e) and len(g))
    return {
        "strangers": stranger_shares(e, (1.0, 2.0)) if len(e) else [],
        "cllr": round(cllr(g, e), 3) if both else None,
        "cllr_min": round(cllr_min(g, e), 3) if both else None,
    }


def _line(name: str, about: Mapping[str, Any]) -> str:
    text = f"{name}: {about['how']} ({about['confirmed_people']} confirmed people)"
    for when in ("before", "after"):
        if about.get(when):
            shares = ", ".join(
                f"{x['strangers']} at e >= {x['e']:g}" for x in about[when]["strangers"]
            )
            text += f"\n  {when}: strangers {shares}; Cllr {about[when]['cllr']}"
    return text


def _strangers(ws: Workspace, row: Row, kind: Kind, lens: SiteLens) -> _Scores:
    """Pairs of tracklets that are certainly two people."""
    found = sitecheck.stranger_scores(ws.gallery, ws.cameras(), ws.recorders(), row, kind, lens)
    return _Scores(found.cosine, found.bins, found.pairs[:, 0])


def _confirmed(ws: Workspace, row: Row, kind: Kind, lens: SiteLens) -> _Scores:
    """Pairs of sightings of one case that people confirmed, in other cameras and at other times."""
    s, px, person = [], [], []
    for number, case in enumerate(ws.cases()):
        seen = [x for x in ws.casebook.sightings(case.id)
                if x.verdict == "confirmed" and x.tracklet_id is not None]  # fmt: skip
        about = ws.gallery.descriptions([x.tracklet_id or "" for x in seen])
        for (a, one), (b, other) in combinations(zip(seen, about, strict=True), 2):
            apart = max(a.enter_s, b.enter_s) - min(a.leave_s, b.leave_s)
            vectors = [d.vectors.get(row.name) for d in (one, other)]
            if a.camera_id == b.camera_id or apart < APART_S or None in vectors:
                continue
            p, q = (pool(v) for v in vectors if v is not None)
            u, v = (lens.rows(of.vector[None], str(x.camera_id))[0] for x, of in ((a, p), (b, q)))
            s.append(float(u @ v))
            px.append(min(p.px, q.px))
            person.append(number)
    bins = rank.size_bins(kind, np.array(px, dtype=np.float64))
    return _Scores(np.array(s, np.float64), bins, np.array(person, np.int64))
