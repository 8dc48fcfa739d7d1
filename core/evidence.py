"""The values of a search: what is compared, where, and everybody compared with their evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core import rank, ticks
from core.gallery import Scores
from core.types import Camera, Description, Float64, Int, Kind, Recorder, Sighting, Want, note

Mode = Literal["fused", "overlap", "clothing"]
MODES: tuple[Mode, ...] = ("fused", "overlap", "clothing")
CLOTHING_ONLY = note("only clothing is compared in this search")
ALWAYS = (-math.inf, math.inf)
CLOCK_SIGMAS = 2.0  # a time window is widened by so many standard deviations of the clock


Stretches = dict[str, tuple[tuple[float, float], ...]]
"""{clip id: windows in its camera's clock}."""


def in_stretch(tracklet_id: str, enter_s: float, leave_s: float, stretches: Stretches) -> bool:
    """Whether a tracklet, times camera clock, is seen in one of these stretches of its clip."""
    windows = stretches.get(tracklet_id.split("/")[1], ())
    return any(enter_s <= high and leave_s >= low for low, high in windows)


@dataclass(frozen=True)
class Query:
    """What is compared with the gallery.

    description  of the probe, by the gallery's models
    clothes      where its body picture comes from (`rank.ClothesSource`); "none": of the person
                 there is no picture at all, only what was ticked is compared
    seen_s       true times of the footage it was taken from, () if none
    leave_out    stretches not searched: around the boxes that were drawn
    judged       sightings a person has spoken on: confirmed and rejected ones, and those at a
                 camera while it was said not to be passed, are compared but not listed again
    wanted       what was ticked of the person
    body_from    camera of each row of the body's vectors, `rank.ANYWHERE` = none of the site's;
                 () = that for all
    """

    description: Description
    clothes: rank.ClothesSource
    seen_s: tuple[float, ...] = ()
    leave_out: Stretches = field(default_factory=dict)
    judged: tuple[Sighting, ...] = ()
    wanted: Mapping[str, Want] = field(default_factory=dict)
    body_from: tuple[str, ...] = ()

    def faceless(self, model: str) -> Query:
        """The same without the face, as a face model described it: clothing alone speaks."""
        about = self.description
        vectors = {name: rows for name, rows in about.vectors.items() if name != model}
        missing = {**about.missing, "face": CLOTHING_ONLY}
        about = replace(about, vectors=vectors, missing=missing)
        return replace(self, description=about)


@dataclass(frozen=True)
class Scope:
    """Where to look: cameras with their recorders, and true time or None for always."""

    cameras: Mapping[str, Camera]
    recorders: Mapping[str, Recorder]
    between: tuple[float, float] | None = None

    def recorder(self, camera_id: str) -> Recorder:
        return self.recorders[self.cameras[camera_id].recorder_id]

    def offset_s(self, camera_ids: Iterable[str]) -> Float64:
        """Seconds to add to each camera's clock to reach true time, (N,)."""
        return np.array([self.recorder(c).clock_offset_s for c in camera_ids], dtype=np.float64)

    def windows(self) -> dict[str, tuple[float, float]] | None:
        """Per camera the window in its own clock, widened by the doubt about that clock."""
        if self.between is None:
            return None
        windows = {}
        for camera_id in self.cameras:
            recorder = self.recorder(camera_id)
            slack = CLOCK_SIGMAS * recorder.clock_sigma_s
            low, high = (t - recorder.clock_offset_s for t in self.between)
            windows[camera_id] = (low - slack, high + slack)
        return windows


@dataclass(frozen=True)
class Signal:
    """One kind of evidence for N tracklets; cosine, px and e are NaN where there is none."""

    kind: Kind
    model: str  # "": this pack has none, nothing of the kind is looked at
    probe_px: float  # NaN: the probe has no such vector
    cosine: Float64
    px: Float64
    e: Float64


@dataclass(frozen=True)
class Field:
    """Everybody compared: N tracklets with their three signals and what follows from them.

    same (N,) probability that the clothes are those of the probe's picture
    told     what the ticks say of each
    unticked (N,) evidence without what ticked attributes add: how many strangers to expect was
    measured without ticks, so ticks that agree must not make candidates rarer than they are
    """

    found: Scores
    face: Signal
    body: Signal
    same: Float64
    told: ticks.Told
    e: Float64
    cloth: Float64
    unticked: Float64

    @property
    def attributes(self) -> Float64:
        """Evidence (N,) of all ticks together."""
        return self.told.e

    @property
    def by_ticks_alone(self) -> NDArray[np.bool_]:
        """(N,) True where ticks are all the evidence there is."""
        pictured = ~np.isnan(self.face.e) | ~np.isnan(self.body.e)
        return ~pictured & ~np.isnan(self.attributes)

    def order(self) -> Int:
        """Best first: by evidence; where nothing is calibrated, by plain similarity."""
        plain = np.where(np.isnan(self.body.cosine), self.face.cosine, self.body.cosine)
        plain = np.nan_to_num(plain, nan=-1.0)
        known = np.where(np.isnan(self.e), -np.inf, self.e)
        return np.lexsort((self.found.key, -plain, -known)).astype(np.int64)
