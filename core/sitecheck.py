"""A gallery in, how high certain strangers score at this site out: the alarm nobody has to label.

Two people in one view at once, and two sightings too far apart even for a car, are not one person.
How they score tells how many strangers to expect at any evidence, and whether the calibration,
which was learned elsewhere, holds here.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core import rank, strangers
from core.gallery import Gallery
from core.geometry import haversine_m
from core.route import clock_sigma_s
from core.settings import write_whole
from core.sitelens import Cohort, SiteLens, learned
from core.types import Camera, Float32, Float64, Int, Kind, Recorder
from core.zoo import Row

Pattern = Literal["face", "body", "both"]
COHORT = 200  # certain strangers that scores are normalised with
SAMPLE, CLIPS = 2_000, 40  # tracklets and clips looked at; which ones, a hash of the id decides
COLUMNS = ("tracklet_id", "camera_id", "clip_id", "enter_s", "leave_s", "t_s", "box")
SAME_CLOTHES = 0.98  # strangers are compared as a sighting in footage would be


@dataclass(frozen=True)
class Site:
    """What is known of a site: how strangers score, and how its vectors are looked at.

    by_pattern  strangers by presence pattern: which kinds of evidence both sides of a pair have
    lenses      {kind: what its vectors are looked at through}; absent where the site is too small
    """

    by_pattern: Mapping[Pattern, rank.Strangers]
    lenses: Mapping[Kind, SiteLens] = field(default_factory=dict)

    @property
    def calibrated(self) -> bool:
        """False if strangers score higher here than a likelihood ratio allows."""
        return not any(rank.miscalibrated(one) for one in self.by_pattern.values())

    def rows(self, models: Mapping[Kind, Row]) -> dict[Kind, Row]:
        """The models with the calibration of what is compared here: of changed vectors, or not."""
        return {
            kind: replace(row, calibration=row.whitened) if self._changes(kind) else row
            for kind, row in models.items()
        }

    def _changes(self, kind: Kind) -> bool:
        lens = self.lenses.get(kind)
        return lens is not None and lens.whitening is not None

    def expected_false(self, e: Float64, face: Float64, cloth: Float64, n: int) -> Float64:
        """Strangers expected to score as high among n tracklets, (N,), each by its own pattern."""
        has_face, has_cloth = ~np.isnan(face), ~np.isnan(cloth)
        expected = rank.expected_false(e, n)
        masks: dict[Pattern, np.ndarray] = {
            "face": has_face & ~has_cloth,
            "body": has_cloth & ~has_face,
            "both": has_face & has_cloth,
        }
        for pattern, here in masks.items():
            if pattern in self.by_pattern:
                expected[here] = rank.expected_false(e[here], n, self.by_pattern[pattern])
        return expected


@dataclass(frozen=True)
class _Tracks:
    """N sampled tracklets: ids, index arrays into cameras and clips, true times, boxes."""

    ids: list[str]
    camera: Int
    clip: Int
    enter_s: Float64
    leave_s: Float64
    sigma_s: Float64
    boxes: list[strangers.Track]  # camera clock


def measure(
    gallery: Gallery,
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    models: Mapping[Kind, Row],
    keep: Path | None = None,
) -> Site:
    """How certain strangers of this gallery score. Without enough of them: the bound of an LR.

    keep  folder where what was learned is kept, so that more footage does not change old numbers
    """
    tracks = _sample(gallery, cameras, recorders)
    if len(tracks.ids) < 2:
        return Site({})
    pairs = _pairs(tracks, list(cameras.values()))
    rows: dict[Kind, _Rows] = {}
    lenses: dict[Kind, SiteLens] = {}
    for kind, row in models.items():
        whitening = learned(gallery, row, keep)
        rows[kind] = _rows_of(gallery, row, tracks.ids, SiteLens(whitening))
        used = row.calibration if whitening is None else row.whitened
        cohort = _cohort(row, rows[kind], pairs, keep, whitening) if used.get("cohort_a") else None
        if whitening is not None or cohort is not None:
            lenses[kind] = SiteLens(whitening, cohort)
    site = Site({}, lenses)
    used_rows = site.rows(models)
    e = {k: _evidence(rows[k], row, k, pairs, lenses.get(k)) for k, row in used_rows.items()}
    body = rank.clothes_discount(e["body"], SAME_CLOTHES)
    by_pattern: dict[Pattern, rank.Strangers] = {}
    patterns: dict[Pattern, Float64] = {"body": body}
    if "face" in e:
        patterns |= {"face": e["face"], "both": e["face"] + body}
    for pattern, scores in patterns.items():
        known = rank.Strangers(scores[~np.isnan(scores)])
        if known.measured:
            by_pattern[pattern] = known
    return replace(site, by_pattern=by_pattern)


@dataclass(frozen=True)
class StrangerScores:
    """pairs (M,2) numbers of tracklets that are two people, their cosines and size bins (M,)."""

    pairs: Int
    cosine: Float64
    bins: Int


def stranger_scores(
    gallery: Gallery,
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    row: Row,
    kind: Kind,
    lens: SiteLens,
) -> StrangerScores:
    """How alike certain strangers of this site look to one model, through the site's lens."""
    tracks = _sample(gallery, cameras, recorders)
    none = np.empty(0)
    if len(tracks.ids) < 2:
        return StrangerScores(np.empty((0, 2), np.int64), none, none.astype(np.int64))
    pairs = _pairs(tracks, list(cameras.values()))
    cosine, bins = _alike(_rows_of(gallery, row, tracks.ids, lens), pairs, kind)
    known = bins >= 0
    return StrangerScores(pairs[known], cosine[known], bins[known])


def _sample(
    gallery: Gallery, cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder]
) -> _Tracks:
    """Up to SAMPLE tracklets of CLIPS clips, chosen by hash: more footage keeps most of them."""
    every = [row for row in _rows(gallery) if row["camera_id"] in cameras]
    chosen = sorted(every, key=lambda row: _hash(row["tracklet_id"]))[:SAMPLE]
    rows = {name: [row[name] for row in chosen] for name in COLUMNS}
    order = list(cameras)
    clocks = [recorders[cameras[c].recorder_id] for c in rows["camera_id"]]
    offset = np.array([clock.clock_offset_s for clock in clocks])
    enter = np.array(rows["enter_s"], dtype=np.float64) + offset
    sigma = [clock_sigma_s(clock, at) for clock, at in zip(clocks, enter, strict=True)]
    _, clip = np.unique(np.array(rows["clip_id"], dtype=np.str_), return_inverse=True)
    return _Tracks(
        rows["tracklet_id"],
        np.array([order.index(c) for c in rows["camera_id"]], dtype=np.int64),
        clip.astype(np.int64),
        enter,
        np.array(rows["leave_s"], dtype=np.float64) + offset,
        np.array(sigma, dtype=np.float64),
        [
            (np.array(t_s, np.float64), np.array(box, np.float32).reshape(-1, 4))
            for t_s, box in zip(rows["t_s"], rows["box"], strict=True)
        ],
    )


def _rows(gallery: Gallery) -> list[dict[str, Any]]:
    """Tracklets of at most CLIPS clips, as rows of COLUMNS."""
    clips = sorted(gallery.clips(), key=lambda clip: _hash(clip.id))
    if len(clips) <= CLIPS:
        return list(gallery.select(columns=COLUMNS).to_pylist())
    rows = []
    for clip in clips[:CLIPS]:
        window = {clip.camera_id: (clip.start_s, clip.end_s)}
        near = gallery.select([clip.camera_id], window, columns=COLUMNS).to_pylist()
        rows += [row for row in near if row["clip_id"] == clip.id]
    return rows


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def _pairs(tracks: _Tracks, cameras: list[Camera]) -> Int:
    """(M,2) pairs of sampled tracklets that are certainly two people."""
    lat, lon = (
        np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        for values in ([c.lat for c in cameras], [c.lon for c in cameras])
    )
    recorder = np.unique([c.recorder_id for c in cameras], return_inverse=True)[1]
    return strangers.certain_strangers(
        tracks.camera,
        tracks.enter_s,
        tracks.leave_s,
        distance_m=haversine_m(lat[:, None], lon[:, None], lat[None, :], lon[None, :]),
        view_range_m=np.array([c.view_range_m for c in cameras]),
        sigma_s=tracks.sigma_s,
        clip=tracks.clip,
        recorder=recorder.astype(np.int64),
        track=lambda i: tracks.boxes[i],
    )


@dataclass(frozen=True)
class _Rows:
    """Sampled tracklets by one model: vectors (N,D), zeros where there is none; px (N,), NaN."""

    vectors: Float32
    px: Float64


def _rows_of(gallery: Gallery, row: Row, ids: list[str], lens: SiteLens) -> _Rows:
    name = np.array([one.encode() for one in ids])
    order = np.argsort(name)
    matrix = np.zeros((len(ids), row.output["dim"]), dtype=np.float32)
    px = np.full(len(ids), np.nan)
    for part in gallery.matrix(row.name):
        at = order[np.minimum(np.searchsorted(name[order], part.tracklet_id), len(ids) - 1)]
        known = np.flatnonzero(name[at] == part.tracklet_id)
        rows = at[known]
        matrix[rows] = lens.rows(np.asarray(part.matrix[known]), part.camera_id)
        px[rows] = part.pooled_px[known]
    return _Rows(matrix, px)


def _alike(rows: _Rows, pairs: Int, kind: Kind) -> tuple[Float64, Int]:
    """Cosine and size bin (M,) of each pair; bin -1 where one of them has no vector."""
    i, j = pairs.T
    cosine = np.einsum("md,md->m", rows.vectors[i], rows.vectors[j]).astype(np.float64)
    smaller = np.minimum(rows.px[i], rows.px[j])  # NaN if either has none
    return cosine, rank.size_bins(kind, smaller)


def _evidence(rows: _Rows, row: Row, kind: Kind, pairs: Int, lens: SiteLens | None) -> Float64:
    """Evidence (M,) of each pair by one model; NaN where one of them has no vector."""
    cosine, bins = _alike(rows, pairs, kind)
    calibration = rank.Calibration.from_row(row.calibration, kind)
    z = None
    if lens is not None and lens.cohort is not None:
        of = np.stack(rank.cohort_stats(rows.vectors, lens.cohort.vectors), axis=1)  # (N,2)
        (m_i, d_i), (m_j, d_j) = of[pairs[:, 0]].T, of[pairs[:, 1]].T
        z = rank.normalise(cosine, m_i, d_i, m_j, d_j)
    return rank.evidence(cosine, bins, calibration, kind, z)


def _cohort(
    row: Row, rows: _Rows, pairs: Int, keep: Path | None, whitening: rank.Whitening | None
) -> Cohort | None:
    """The cohort of this site for one model: the kept one, or made of tracklets of the pairs."""
    seen_as = "" if whitening is None else f".{whitening.sha256[:12]}"
    path = None if keep is None else keep / f"{row.sha256[:16]}{seen_as}.npy"
    vectors = _kept(path)
    if vectors is None:
        certain = np.unique(pairs)
        certain = certain[~np.isnan(rows.px[certain])][:COHORT]  # in the order of their hashes
        if len(certain) < COHORT:
            return None
        vectors = rows.vectors[certain]
        if path is not None:
            content = io.BytesIO()
            np.save(content, vectors, allow_pickle=False)
            write_whole(path, content.getvalue())
    return Cohort.of(vectors)


def _kept(path: Path | None) -> Float32 | None:
    """A kept cohort; None if there is none that can be read."""
    if path is None:
        return None
    try:
        return np.asarray(np.load(path), dtype=np.float32)
    except (OSError, ValueError, EOFError):
        return None
