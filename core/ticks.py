"""What was ticked of a person and a gallery's judged attributes in; evidence for each tracklet out.

A tick says little where everybody looks like it: the share of each value is that of the camera, by
day and by night apart, because light changes colours and who is about. Nothing is said of a
tracklet on which no ticked attribute was judged, nor of an attribute that the model does not judge
clearly better than guessing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core import rank
from core.gallery import Gallery, Scores
from core.types import ATTRIBUTES, UNKNOWN, Camera, Float64, Int, Want

POSE = "direction"  # how somebody walks by says nothing about who it is
DAY_H = (6.0, 18.0)  # by the sun, roughly
KOREA_LON = 127.0  # for cameras without a position
BELIEVED = 0.55  # balanced accuracy that an attribute's lower bound must exceed; .5 is guessing
COLUMNS = ("tracklet_id", "camera_id", "enter_s", "attributes")


def evidence(
    gallery: Gallery,
    wanted: Mapping[str, Want],
    everybody: Scores,
    cameras: Mapping[str, Camera],
    priors: Mapping[str, Float64] | None = None,
) -> Float64:
    """Evidence (N,) of the ticks together for each tracklet, NaN where none was judged.

    priors  {attribute: share (V,) of each value in training} of those that give evidence
            (`believed`); None = all give some, all values alike
    """
    asked = {n: w for n, w in wanted.items() if n != POSE and w.value != UNKNOWN}
    if priors is not None:
        asked = {name: want for name, want in asked.items() if name in priors}
    none = np.full(len(everybody), np.nan)
    if not asked or not len(everybody):
        return none
    rows = gallery.select(list(cameras), kind="attributes", columns=COLUMNS).to_pylist()
    if not rows:
        return none
    light = _lights(rows, cameras)
    lr = np.stack([
        _likelihood(rows, name, want, light, (priors or {}).get(name))
        for name, want in asked.items()
    ], axis=1)  # fmt: skip
    known = dict(
        zip((row["tracklet_id"] for row in rows), rank.attribute_evidence(lr), strict=True)
    )
    return np.array([known.get(str(t), np.nan) for t in everybody.tracklet_id], dtype=np.float64)


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


def _lights(rows: list[dict[str, Any]], cameras: Mapping[str, Camera]) -> Int:
    """One number (R,) for each camera by day and each by night."""
    order = {name: i for i, name in enumerate(cameras)}
    lon = {name: KOREA_LON if c.lon is None else c.lon for name, c in cameras.items()}
    hour = np.array([row["enter_s"] / 3600 + lon[row["camera_id"]] / 15 for row in rows]) % 24
    day = (hour >= DAY_H[0]) & (hour < DAY_H[1])
    return 2 * np.array([order[row["camera_id"]] for row in rows], dtype=np.int64) + day


def _likelihood(
    rows: list[dict[str, Any]], name: str, want: Want, light: Int, prior: Float64 | None
) -> Float64:
    """Likelihood ratio (R,) of one tick, NaN where the attribute was not judged."""
    value = ATTRIBUTES[name].index(want.value)
    judged = [dict(row["attributes"] or ()).get(name) for row in rows]
    p = np.array([np.nan if one is None else one[value] for one in judged], dtype=np.float64)
    t = 1 / len(ATTRIBUTES[name]) if prior is None else float(prior[value])
    there = ~np.isnan(p)
    n = np.bincount(light[there], minlength=light.max() + 1)
    n_v = np.bincount(light[there], np.clip(p[there], 0, 1), minlength=light.max() + 1)
    pi = np.clip(rank.site_share(n_v, n, np.full(len(n), t)), 1e-3, 1 - 1e-3)[light]
    return rank.attribute_lr(np.clip(p, 0, 1), t, pi, rank.DOUBT[want.sureness])
