"""A probe's description and a gallery in, a ranking out: similarity -> evidence -> words, reasons.

The science is in `core.rank`; here its pieces meet the gallery: which pictures speak for the body,
whose clock is off by how much, what was really searched, and why each word was chosen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core import rank, reasons, ticks
from core.evidence import Field, Mode, Query, Scope, Signal, Stretches, in_stretch
from core.gallery import Gallery, Scores, pool
from core.rank.shortlist import second_order
from core.sitecheck import Site
from core.sitelens import SiteLens
from core.types import (
    Band,
    Clip,
    Description,
    Float32,
    Float64,
    Int,
    Kind,
    Ranking,
    Searched,
    Sighting,
)
from core.zoo import Row

KINDS: tuple[Kind, ...] = ("face", "body")
AS_WELL = 0.1  # evidence of ticks nearer than this is one and the same
SHORTLIST = 1_000  # crops that are re-ranked


def search(
    gallery: Gallery,
    query: Query,
    scope: Scope,
    models: Mapping[Kind, Row],
    site: Site,
    *,
    judge: ticks.Judge | None = None,
    top: int = 50,
    mode: Mode = "fused",
) -> Ranking:
    """Compare a probe with every tracklet in scope.

    models  the gallery's body model, and face model unless the pack has none, with calibrations
    site    how high certain strangers score here
    judge   the attribute model in use; without one, ticks are not compared
    top     how many candidates at most
    mode    "overlap": only where face and clothing both speak for the person (papers/000);
            "clothing": faces are not compared

    Returns candidates with evidence, best first; "none of them" is a normal answer. Raises
    ModelError if the gallery was made by other models.
    """
    models = site.rows(models)
    if mode == "clothing" and "face" in models:
        query = query.faceless(models["face"].name)
    field = _compare(gallery, query, scope, models, site, judge)
    n = len(field.found)
    expected = _expected(field, site)
    words = _words(field, expected, site, models)
    order = field.order()
    if mode == "overlap":
        order = order[rank.overlap_keep(field.face.e, field.cloth)[order]]
    order = order[_comparable(field)[order]]
    fresh = _fresh(field.found, query.judged, scope)[order]
    left_out, order = int(np.sum(~fresh)), order[fresh][:top]
    chosen = field.found.take(order)
    cameras = tuple(str(c) for c in chosen.camera_id)
    offset = scope.offset_s(cameras)
    about = gallery.descriptions([str(t) for t in chosen.tracklet_id])
    return Ranking(
        tracklet_id=tuple(str(t) for t in chosen.tracklet_id),
        camera_id=cameras,
        enter_s=chosen.enter_s + offset,
        leave_s=chosen.leave_s + offset,
        evidence=field.e[order],
        parts={
            "face": field.face.e[order],
            "body": field.body.e[order],
            "attributes": field.attributes[order],
        },
        order_evidence=np.arange(len(order)),
        order_reranked=_second_order(about, query, models["body"]),
        expected_false=expected[order],
        band=tuple(words[i] for i in order),
        reasons=tuple(
            reasons.reasons(field, int(i), words[i], float(expected[i]), description, query)
            for i, description in zip(order, about, strict=True)
        ),
        searched=searched(gallery.clips(), scope, n, query.leave_out),
        method=reasons.method(models, mode, n, site, judge if query.wanted else None),
        warnings=(
            *reasons.probe_warnings(query, field, models, site),
            *reasons.tick_warnings(query, field, judge),
            *reasons.list_warnings(scope, words, len(gallery.damaged()), left_out),
        ),
    )


def _expected(field: Field, site: Site) -> Float64:
    """Strangers (N,) expected to score as high: as everybody compared here does, ticks included.

    Where ticks are all there is, they are counted: everybody compared who fits as well, give or
    take `AS_WELL`, the candidate included: in a red jacket one is one of many in red jackets.
    """
    by_site = site.expected_false(field.unticked, field.face.e, field.cloth, len(field.found))
    expected = rank.expected_here(field.e, by_site)
    alone, told = field.by_ticks_alone, np.sort(field.attributes[~np.isnan(field.attributes)])
    as_well = len(told) - np.searchsorted(told, field.attributes[alone] - AS_WELL, side="left")
    expected[alone] = as_well
    return expected


def _words(
    field: Field, expected: Float64, site: Site, models: Mapping[Kind, Row]
) -> tuple[Band, ...]:
    """The word for each of the N; ticks have a calibration of their own, whatever the pictures'."""
    flags = {
        "site_calibrated": site.calibrated,
        "has_calibration": any(row.calibration for row in models.values()),
    }
    pictured = rank.bands(field.e, expected, field.face.e, **flags)
    ticked = rank.bands(field.e, expected, np.full(len(expected), np.nan))
    return tuple(
        ticked[i] if alone else pictured[i] for i, alone in enumerate(field.by_ticks_alone)
    )


def _second_order(about: Sequence[Description], query: Query, row: Row) -> Int | None:
    """Candidates (N,) by their crops' k-reciprocal distance; None where the card shows no gain.

    Those beyond SHORTLIST crops, or without a body picture, keep their places behind. Evidence,
    words and how many strangers to expect stay what they are.
    """
    probe, px = _probe_vector(query, row)
    if not row.rerank or np.isnan(px) or query.clothes == "photo":
        return None
    crops, starts, chosen, n = [], [], [], 0
    for i, one in enumerate(about):
        vectors = one.vectors.get(row.name)
        if vectors is not None and len(vectors) and n + len(vectors) <= SHORTLIST:
            starts.append(n)
            chosen.append(i)
            crops.append(vectors.rows)
            n += len(vectors)
    if not chosen:
        return None
    distance = second_order(probe, np.concatenate(crops), np.array(starts, np.int64))
    ahead = np.array(chosen, np.int64)[np.argsort(distance, kind="stable")]
    return np.concatenate([ahead, np.setdiff1d(np.arange(len(about)), ahead)])


def _comparable(field: Field) -> NDArray[np.bool_]:
    nothing = np.isnan(field.face.cosine) & np.isnan(field.body.cosine)
    return ~(nothing & np.isnan(field.attributes))


def _fresh(found: Scores, judged: Sequence[Sighting], scope: Scope) -> NDArray[np.bool_]:
    """(N,) True for whom nobody has called right or wrong, nor been said not to have passed."""
    settled = {s.tracklet_id for s in judged if s.verdict in ("confirmed", "rejected")}
    fresh = np.array([str(t) not in settled for t in found.tracklet_id], dtype=bool)
    cameras = np.array([str(c) for c in found.camera_id])
    offset = scope.offset_s(cameras)
    for one in judged:
        if one.verdict == "not_here":
            before = found.leave_s + offset < one.enter_s
            after = found.enter_s + offset > one.leave_s
            fresh &= (cameras != one.camera_id) | before | after
    return fresh


def _compare(
    gallery: Gallery,
    query: Query,
    scope: Scope,
    models: Mapping[Kind, Row],
    site: Site,
    judge: ticks.Judge | None,
) -> Field:
    """Both similarities for everybody in scope, joined by tracklet, as evidence."""
    windows = scope.windows()
    scores: dict[Kind, Scores] = {}
    probe_px: dict[Kind, float] = {}
    z: dict[Kind, Float64 | None] = {}
    for kind, row in models.items():
        lens = site.lenses.get(kind)
        vector, probe_px[kind] = _probe_vector(query, row, lens)
        asked = vector[None], list(scope.cameras), windows
        found = gallery.scores(row.name, *asked, row.sha256, lens)
        scores[kind] = _without(found, query.leave_out)
        z[kind] = _normalised(vector, scores[kind], lens)
    everybody = scores["body"]  # each tracklet keeps a picture, so it has a body vector
    face, body = (
        _signal(kind, scores[kind], everybody, probe_px[kind], models[kind], z[kind])
        if kind in models
        else _unseen(kind, len(everybody))
        for kind in KINDS
    )
    same = _same_clothes(query, everybody, scope)
    body = Signal(**{**vars(body), "e": rank.clothes_discount(body.e, same)})
    told = ticks.evidence(gallery, query.wanted, everybody, scope.cameras, judge)
    e, cloth = rank.fuse(face.e, body.e, told.e)
    unticked, _ = rank.fuse(face.e, body.e, np.minimum(told.e, 0.0))
    return Field(everybody, face, body, same, told, e, cloth, unticked)


def similar(
    gallery: Gallery, query: Query, row: Row, site: Site, kind: Kind, cameras: Sequence[str]
) -> Scores:
    """Cosines of the probe with everybody, as a search compares them by one model."""
    lens = site.lenses.get(kind)
    vector, _ = _probe_vector(query, row, lens)
    return gallery.scores(row.name, vector[None], cameras, None, row.sha256, lens)


def _normalised(probe: Float32, found: Scores, lens: SiteLens | None) -> Float64 | None:
    """The scores (N,) against the site's cohort; None where there is none."""
    if lens is None or lens.cohort is None or found.numbers is None:
        return None
    of_probe = rank.cohort_stats(probe[None], lens.cohort.vectors)
    return rank.normalise(found.cosine[0], *of_probe, found.numbers[:, 1], found.numbers[:, 2])


def _without(found: Scores, left_out: Stretches) -> Scores:
    """The scores less those of the stretches named."""
    if not left_out:
        return found
    rows = zip(found.tracklet_id, found.enter_s, found.leave_s, strict=True)
    other = [not in_stretch(str(name), low, high, left_out) for name, low, high in rows]
    return found.take(np.flatnonzero(other))


def _probe_vector(query: Query, row: Row, lens: SiteLens | None = None) -> tuple[Float32, float]:
    """The probe's one vector (D,) and its size in px; zeros and NaN if it has none."""
    vectors = query.description.vectors.get(row.name)
    pooled = None if vectors is None else pool(vectors)
    if vectors is None or pooled is None:
        return np.zeros(row.output["dim"], dtype=np.float32), np.nan
    if lens is not None and lens.whitening is not None:
        return lens.probe(vectors, query.body_from), pooled.px
    return pooled.vector, pooled.px


def _signal(
    kind: Kind,
    found: Scores,
    everybody: Scores,
    probe_px: float,
    row: Row,
    normalised: Float64 | None,
) -> Signal:
    """Scores of one model, spread over everybody; the smaller picture decides the size bin."""
    cosine, px, z = (np.full(len(everybody), np.nan) for _ in range(3))
    if len(found) and not np.isnan(probe_px):
        order = np.argsort(found.key)
        at = np.searchsorted(found.key[order], everybody.key)
        rows = order[np.minimum(at, len(found) - 1)]
        same = found.key[rows] == everybody.key
        cosine[same] = found.cosine[0, rows[same]]
        px[same] = np.minimum(found.pooled_px[rows[same]], probe_px)
        if normalised is not None:
            z[same] = normalised[rows[same]]
    calibration = rank.Calibration.from_row(row.calibration, kind)
    e = rank.evidence(cosine, rank.size_bins(kind, px), calibration, kind, z)
    return Signal(kind, row.name, probe_px, cosine, px, np.where(np.isnan(cosine), np.nan, e))


def _unseen(kind: Kind, n: int) -> Signal:
    """The signal of N tracklets that no model of this pack looks at."""
    none = np.full(n, np.nan)
    return Signal(kind, "", math.nan, none, none, none)


def _same_clothes(query: Query, found: Scores, scope: Scope) -> Float64:
    """Probability (N,) that the person wore the same clothes there as in the probe's picture."""
    apart = np.full(len(found), np.nan)
    if query.seen_s and len(found):
        true_s = found.enter_s + scope.offset_s(str(c) for c in found.camera_id)
        seen = np.array(query.seen_s)
        apart = np.abs(true_s[:, None] - seen[None, :]).min(axis=1)
    return rank.clothes_probability(query.clothes, apart)


def searched(
    clips: Sequence[Clip], scope: Scope, tracklets: int, leave_out: Stretches | None = None
) -> Searched:
    """What there was to look at: footage and gaps inside the window, in seconds.

    Without a window, a camera's window is from the start of its first clip to the end of its last.
    """
    footage = gaps = 0.0
    with_footage = []
    for camera_id in scope.cameras:
        own = [clip for clip in clips if clip.camera_id == camera_id]
        spans = _footage_spans(own, leave_out or {})
        window = (scope.windows() or {}).get(camera_id)
        if scope.between is not None and window is not None:
            offset = scope.recorder(camera_id).clock_offset_s
            low, high = (t - offset for t in scope.between)
            spans = [(max(a, low), min(b, high)) for a, b in spans if b > low and a < high]
            whole = high - low
        else:
            whole = max((b for _, b in spans), default=0) - min((a for a, _ in spans), default=0)
        seen = sum(b - a for a, b in spans)
        footage += seen
        gaps += max(0.0, whole - seen)
        if spans:
            with_footage.append(camera_id)
    return Searched(tracklets, tuple(with_footage), tuple(scope.cameras), footage, gaps)


def _footage_spans(clips: Sequence[Clip], left_out: Stretches) -> list[tuple[float, float]]:
    """Stretches of camera-clock time with footage: clips less their gaps, overlaps joined.

    left_out  what is not searched counts as no footage
    """
    pieces = []
    for clip in clips:
        start = clip.start_s
        for low, high in sorted([*clip.gaps, *left_out.get(clip.id, ())]):
            pieces.append((start, min(low, clip.end_s)))
            start = max(start, high)
        pieces.append((start, clip.end_s))
    spans: list[tuple[float, float]] = []
    for low, high in sorted(piece for piece in pieces if piece[1] > piece[0]):
        if spans and low <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], high))
        else:
            spans.append((low, high))
    return spans
