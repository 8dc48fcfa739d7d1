"""What was ticked of a person and a gallery's judged attributes in; evidence for each tracklet out.

A tick says little where everybody looks like it: the share of each value is that of the camera, by
day and by night apart, because light changes colours and who is about. Nothing is said of a
tracklet on which no ticked attribute was judged, nor of an attribute that the model does not judge
clearly better than guessing. What another model judged is never compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core import rank
from core.describe import NO_JUDGE
from core.errors import BadInput
from core.gallery import Gallery, Scores
from core.types import ATTRIBUTES, UNKNOWN, Camera, Float64, Int, Note, Traits, Want, note
from core.zoo import Row

POSE = "direction"  # how somebody walks by says nothing about who it is
DAY_H = (6.0, 18.0)  # by the sun, roughly
KOREA_LON = 127.0  # for cameras without a position
BELIEVED = 0.55  # balanced accuracy that an attribute's lower bound must exceed; .5 is guessing
COLUMNS = ("tracklet_id", "camera_id", "clip_id", "enter_s", "attributes")


@dataclass(frozen=True)
class Judge:
    """The attribute model in use: its name and sha256, as the gallery keeps them with what it said.

    priors  {attribute: share (V,) of each value in training} of those that give evidence
            (`believed`)
    """

    model: str
    sha256: str
    priors: Mapping[str, Float64]

    @classmethod
    def of(cls, row: Row | None) -> Judge | None:
        """The judge that a row of models.toml describes; None for none."""
        return None if row is None else cls(row.name, row.sha256, believed(row.calibration))

    def asked(self, wanted: Mapping[str, Want]) -> dict[str, Want]:
        """The ticks that give evidence; none for a value that training never saw."""
        return {n: w for n, w in wanted.items() if self._hears(n, w)}

    def _hears(self, name: str, want: Want) -> bool:
        if name not in self.priors or name == POSE or want.value == UNKNOWN:
            return False
        share = float(self.priors[name][ATTRIBUTES[name].index(want.value)])
        return 0 < share < 1


def need(wanted: Mapping[str, Want], judge: Judge | None) -> None:
    """Raise BadInput, with what to do, unless these ticks can be searched by without a picture."""
    if judge is None:
        raise BadInput(
            "this model pack has no attribute model, so nobody can be searched by ticks alone: add "
            "a photo, or point at the person in footage"
        )
    if not judge.asked(wanted):
        raise BadInput(
            "nothing was ticked that can be searched by alone: tick one of {ticks}, or add a photo",
            ticks=Traits(tuple((n, "") for n in ATTRIBUTES if n in judge.priors and n != POSE)),
        )


@dataclass(frozen=True)
class Told:
    """What ticks say of N tracklets.

    e         (N,) evidence of all ticks together, NaN where none was judged
    each      {attribute: (N,) log10 likelihood ratio of this tick alone}, NaN = not judged
    unjudged  how many of them this judge has not seen: another model judged them, or none
    """

    e: Float64
    each: Mapping[str, Float64] = field(default_factory=dict)
    unjudged: int = 0


@dataclass(frozen=True)
class Tick:
    """What a tick of one attribute is good for: whether it gives evidence, and why or why not."""

    counts: bool
    why: Note


def evidence(
    gallery: Gallery,
    wanted: Mapping[str, Want],
    everybody: Scores,
    cameras: Mapping[str, Camera],
    judge: Judge | None,
) -> Told:
    """What the ticks say of each tracklet; nothing without a judge."""
    none = Told(np.full(len(everybody), np.nan))
    asked = {} if judge is None else judge.asked(wanted)
    if judge is None or not asked or not len(everybody):
        return none
    rows = _judged(gallery, cameras, judge)
    ids = [str(one) for one in everybody.tracklet_id]
    at = {row["tracklet_id"]: i for i, row in enumerate(rows)}
    here = np.array([at.get(one, -1) for one in ids], dtype=np.int64)
    unjudged = int(np.sum(here < 0))
    if not rows:
        return Told(none.e, {}, unjudged)
    light = _lights(rows, cameras)
    lr = np.stack([
        _likelihood(rows, name, want, light, judge.priors[name]) for name, want in asked.items()
    ], axis=1)  # fmt: skip
    every = rank.attribute_evidence(lr)
    each = {name: np.where(here < 0, np.nan, np.log10(lr[here, i])) for i, name in enumerate(asked)}
    return Told(np.where(here < 0, np.nan, every[here]), each, unjudged)


def believed(calibration: Mapping[str, Any]) -> dict[str, Float64]:
    """{attribute: share (V,) of each value in training} of those whose judgement can be believed.

    calibration  of an attribute model: prior, and balanced_accuracy {name: [value, low, high]}
    """
    measured = calibration.get("balanced_accuracy", {})
    return {
        name: np.asarray(share, dtype=np.float64)
        for name, share in calibration.get("prior", {}).items()
        if name in measured and measured[name][1] > BELIEVED
    }


def states(row: Row | None) -> dict[str, Tick]:
    """{attribute: what a tick of it is good for} with this attribute model, None = none."""
    return {name: _state(name, row) for name in ATTRIBUTES}


def _state(name: str, row: Row | None) -> Tick:
    if row is None:
        return Tick(False, NO_JUDGE)
    if name == POSE:
        return Tick(False, note("how somebody walks by says nothing of who it is"))
    if name not in row.output["heads"]:
        return Tick(False, note("the attribute model does not judge this"))
    measured = row.calibration.get("balanced_accuracy", {}).get(name)
    if measured is None or name not in row.calibration.get("prior", {}):
        return Tick(False, note("how well this is judged was not measured on enough pictures"))
    value, low, high = (float(x) for x in measured)
    figures = {
        "value": value, "low": low, "high": high,
        "on": str(row.calibration.get("worst_on", {}).get(name) or row.training_data),
    }  # fmt: skip
    if low > BELIEVED:
        return Tick(
            True, note("balanced accuracy {value:.2f} ({low:.2f} to {high:.2f}) on {on}", **figures)
        )
    return Tick(
        False,
        note(
            "judged hardly better than guessing: balanced accuracy {value:.2f} ({low:.2f} to "
            "{high:.2f}, .50 is guessing) on {on}",
            **figures,
        ),
    )


def _judged(gallery: Gallery, cameras: Mapping[str, Camera], judge: Judge) -> list[dict[str, Any]]:
    """The gallery's rows that this very model judged."""
    made = gallery.clip_models()
    rows = gallery.select(
        list(cameras), kind="attributes", columns=COLUMNS, model=judge.model
    ).to_pylist()
    return [row for row in rows if made[row["clip_id"]].get(judge.model) == judge.sha256]


def _lights(rows: list[dict[str, Any]], cameras: Mapping[str, Camera]) -> Int:
    """One number (R,) for each camera by day and each by night."""
    order = {name: i for i, name in enumerate(cameras)}
    lon = {name: KOREA_LON if c.lon is None else c.lon for name, c in cameras.items()}
    hour = np.array([row["enter_s"] / 3600 + lon[row["camera_id"]] / 15 for row in rows]) % 24
    day = (hour >= DAY_H[0]) & (hour < DAY_H[1])
    return 2 * np.array([order[row["camera_id"]] for row in rows], dtype=np.int64) + day


def _likelihood(
    rows: list[dict[str, Any]], name: str, want: Want, light: Int, prior: Float64
) -> Float64:
    """Likelihood ratio (R,) of one tick, NaN where the attribute was not judged."""
    value = ATTRIBUTES[name].index(want.value)
    judged = [dict(row["attributes"] or ()).get(name) for row in rows]
    p = np.array([np.nan if one is None else one[value] for one in judged], dtype=np.float64)
    t = float(prior[value])
    there = ~np.isnan(p)
    n = np.bincount(light[there], minlength=light.max() + 1)
    n_v = np.bincount(light[there], np.clip(p[there], 0, 1), minlength=light.max() + 1)
    pi = np.clip(rank.site_share(n_v, n, np.full(len(n), t)), 1e-3, 1 - 1e-3)[light]
    return rank.attribute_lr(np.clip(p, 0, 1), t, pi, rank.DOUBT[want.sureness])
