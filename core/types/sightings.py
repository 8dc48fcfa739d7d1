"""What a search found and what people say of it: ranking, verdicts, sightings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.types.checks import Float64, Int, frozen_array, need
from core.types.notes import Note

Verdict = Literal["confirmed", "possible", "rejected", "cannot_tell", "not_here"]
Band = Literal["strong", "moderate", "weak", "insufficient", "against"]
Source = Literal["cctv", "witness", "card", "device", "patrol"]

VERDICTS: tuple[Verdict, ...] = ("confirmed", "possible", "rejected", "cannot_tell", "not_here")
BANDS: tuple[Band, ...] = ("strong", "moderate", "weak", "insufficient", "against")
PARTS = ("face", "body", "attributes")


@dataclass(frozen=True)
class Searched:
    """What a search really looked at. gaps_s: seconds inside the window without footage."""

    tracklets: int
    cameras: tuple[str, ...]
    cameras_asked: tuple[str, ...]
    footage_s: float
    gaps_s: float


@dataclass(frozen=True)
class Ranking:
    """Candidates of one search, in evidence order unless order_reranked says otherwise.

    tracklet_id, camera_id  N strings;  enter_s, leave_s (N,) true time
    evidence       (N,) log10 likelihood ratio
    parts          {"face", "body", "attributes"}: (N,), NaN = no evidence
    order_evidence (N,) permutation;  order_reranked (N,) permutation by `core.rank.shortlist`, or
                   None where that was not shown to help
    expected_false (N,) strangers expected to score as high in the gallery searched
    band           N words;  reasons: for each candidate why, most important first
    warnings       about the whole search, for instance "not calibrated here"
    """

    tracklet_id: tuple[str, ...]
    camera_id: tuple[str, ...]
    enter_s: Float64
    leave_s: Float64
    evidence: Float64
    parts: Mapping[str, Float64]
    order_evidence: Int
    order_reranked: Int | None
    expected_false: Float64
    band: tuple[Band, ...]
    reasons: tuple[tuple[Note, ...], ...]
    searched: Searched
    method: str
    warnings: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.tracklet_id)
        for name in ("enter_s", "leave_s", "evidence", "expected_false"):
            frozen_array(self, name, np.float64, (n,))
        frozen_array(self, "order_evidence", np.int64, (n,))
        if self.order_reranked is not None:
            frozen_array(self, "order_reranked", np.int64, (n,))
        need(set(self.parts) == set(PARTS), "Ranking.parts needs", PARTS)
        for part in PARTS:
            need(np.shape(self.parts[part]) == (n,), f"Ranking.parts[{part}] needs {n}", part)
        lengths = {len(self.camera_id), len(self.band), len(self.reasons), n}
        need(len(lengths) == 1, "Ranking: one camera, band and reasons per candidate", lengths)

    def __len__(self) -> int:
        return len(self.tracklet_id)

    @property
    def leads(self) -> list[str]:
        """Ids of the candidates that speak for the person, weakly at least."""
        words = zip(self.tracklet_id, self.band, strict=True)
        return [tracklet for tracklet, band in words if band in ("strong", "moderate", "weak")]


@dataclass(frozen=True)
class Sighting:
    """The person, perhaps, at one place for a while, in true time.

    tracklet_id and camera_id for source "cctv"; otherwise lat, lon, radius_m, sigma_s.
    evidence  log10 likelihood ratio, NaN = none
    verdict   of a person, or None; "not_here" says that camera did not see the person then
    """

    source: Source
    enter_s: float
    leave_s: float
    camera_id: str | None = None
    tracklet_id: str | None = None
    lat: float | None = None
    lon: float | None = None
    radius_m: float = 30.0
    sigma_s: float = 0.0
    evidence: float = math.nan
    verdict: Verdict | None = None
    by: str = ""
    at_s: float | None = None
    why: str = ""

    def __post_init__(self) -> None:
        need(self.leave_s >= self.enter_s, "Sighting leaves before it enters", self.enter_s)
        need(
            self.camera_id is not None or (self.lat is not None and self.lon is not None),
            "Sighting needs a camera or a place",
            self.source,
        )
