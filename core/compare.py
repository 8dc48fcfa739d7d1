"""A probe's description and a gallery in, a ranking out: similarity -> evidence -> words, reasons.

The science is in `core.rank`; here its pieces meet the gallery: which pictures speak for the body,
whose clock is off by how much, what was really searched, and why each word was chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core import rank, ticks
from core.describe import NO_FACES
from core.gallery import Gallery, Scores, pool
from core.rank.shortlist import second_order
from core.sitecheck import Cohort, Site
from core.types import (
    Band,
    Camera,
    Clip,
    Description,
    Float32,
    Float64,
    Int,
    Kind,
    Note,
    Ranking,
    Recorder,
    Searched,
    Sighting,
    Want,
    note,
)
from core.zoo import Row

Mode = Literal["fused", "overlap"]
MODES: tuple[Mode, ...] = ("fused", "overlap")
ALWAYS = (-math.inf, math.inf)
KINDS: tuple[Kind, ...] = ("face", "body")
SHORTLIST = 1_000  # crops that are re-ranked
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
    clothes      where its body picture comes from (`rank.ClothesSource`)
    seen_s       true times of the footage it was taken from, () if none
    leave_out    stretches not searched: around the boxes that were drawn
    judged       sightings a person has spoken on: confirmed and rejected ones, and those at a
                 camera while it was said not to be passed, are compared but not listed again
    wanted       what was ticked of the person
    """

    description: Description
    clothes: rank.ClothesSource
    seen_s: tuple[float, ...] = ()
    leave_out: Stretches = field(default_factory=dict)
    judged: tuple[Sighting, ...] = ()
    wanted: Mapping[str, Want] = field(default_factory=dict)


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
class _Signal:
    """One kind of evidence for N tracklets; cosine, px and e are NaN where there is none."""

    kind: Kind
    model: str  # "": this pack has none, nothing of the kind is looked at
    probe_px: float  # NaN: the probe has no such vector
    cosine: Float64
    px: Float64
    e: Float64


@dataclass(frozen=True)
class _Field:
    """Everybody compared: N tracklets with their three signals and what follows from them.

    same (N,) probability that the clothes are those of the probe's picture
    unticked (N,) evidence without what ticked attributes add: how many strangers to expect was
    measured without ticks, so ticks that agree must not make candidates rarer than they are
    """

    found: Scores
    face: _Signal
    body: _Signal
    same: Float64
    attributes: Float64
    e: Float64
    cloth: Float64
    unticked: Float64

    def order(self) -> Int:
        """Best first: by evidence; where nothing is calibrated, by plain similarity."""
        plain = np.where(np.isnan(self.body.cosine), self.face.cosine, self.body.cosine)
        plain = np.nan_to_num(plain, nan=-1.0)
        known = np.where(np.isnan(self.e), -np.inf, self.e)
        return np.lexsort((self.found.key, -plain, -known)).astype(np.int64)


def search(
    gallery: Gallery,
    query: Query,
    scope: Scope,
    models: Mapping[Kind, Row],
    site: Site,
    *,
    top: int = 50,
    mode: Mode = "fused",
) -> Ranking:
    """Compare a probe with every tracklet in scope.

    models  the gallery's body model, and face model unless the pack has none, with calibrations
    site    how high certain strangers score here
    top     how many candidates at most;  mode "overlap": only where face and clothing both speak
            for the person (papers/000)

    Returns candidates with evidence, best first; "none of them" is a normal answer. Raises
    ModelError if the gallery was made by other models.
    """
    field = _compare(gallery, query, scope, models, site)
    n = len(field.found)
    expected = site.expected_false(field.unticked, field.face.e, field.cloth, n)
    calibrated = {kind for kind, row in models.items() if row.calibration}
    words = rank.bands(
        field.e,
        expected,
        field.face.e,
        site_calibrated=site.calibrated,
        has_calibration=bool(calibrated),
    )
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
            _reasons(field, int(i), words[i], float(expected[i]), description, query)
            for i, description in zip(order, about, strict=True)
        ),
        searched=searched(gallery.clips(), scope, n, query.leave_out),
        method=_method(models, mode, n, site),
        warnings=_warnings(query, scope, models, site, words, len(gallery.damaged()), left_out),
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


def _comparable(field: _Field) -> NDArray[np.bool_]:
    return ~(np.isnan(field.face.cosine) & np.isnan(field.body.cosine))


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
    gallery: Gallery, query: Query, scope: Scope, models: Mapping[Kind, Row], site: Site
) -> _Field:
    """Both similarities for everybody in scope, joined by tracklet, as evidence."""
    windows = scope.windows()
    scores: dict[Kind, Scores] = {}
    probe_px: dict[Kind, float] = {}
    z: dict[Kind, Float64 | None] = {}
    for kind, row in models.items():
        vector, probe_px[kind] = _probe_vector(query, row)
        found = gallery.scores(row.name, vector[None], list(scope.cameras), windows, row.sha256)
        scores[kind] = _without(found, query.leave_out)
        z[kind] = _normalised(gallery, row, vector, scores[kind], site.cohorts.get(kind), scope)
    everybody = scores["body"]  # each tracklet keeps a picture, so it has a body vector
    face, body = (
        _signal(kind, scores[kind], everybody, probe_px[kind], models[kind], z[kind])
        if kind in models
        else _unseen(kind, len(everybody))
        for kind in KINDS
    )
    same = _same_clothes(query, everybody, scope)
    body = _Signal(**{**vars(body), "e": rank.clothes_discount(body.e, same)})
    attributes = ticks.evidence(gallery, query.wanted, everybody, scope.cameras, site.priors)
    e, cloth = rank.fuse(face.e, body.e, attributes)
    unticked, _ = rank.fuse(face.e, body.e, np.minimum(attributes, 0.0))
    return _Field(everybody, face, body, same, attributes, e, cloth, unticked)


def _normalised(
    gallery: Gallery, row: Row, probe: Float32, found: Scores, cohort: Cohort | None, scope: Scope
) -> Float64 | None:
    """The scores (N,) against the site's cohort; None where there is none."""
    if cohort is None or not len(found):
        return None
    key, numbers = gallery.numbers(
        row.name, cohort.sha256[:16], cohort.numbers, list(scope.cameras)
    )
    if not np.array_equal(key, found.key):  # a window, or clips left out: look each one up
        order = np.argsort(key)
        numbers = numbers[order[np.searchsorted(key[order], found.key)]]
    of_probe = rank.cohort_stats(probe[None], cohort.vectors)
    return rank.normalise(found.cosine[0], *of_probe, numbers[:, 0], numbers[:, 1])


def _without(found: Scores, left_out: Stretches) -> Scores:
    """The scores less those of the stretches named."""
    if not left_out:
        return found
    rows = zip(found.tracklet_id, found.enter_s, found.leave_s, strict=True)
    other = [not in_stretch(str(name), low, high, left_out) for name, low, high in rows]
    return found.take(np.flatnonzero(other))


def _probe_vector(query: Query, row: Row) -> tuple[Float32, float]:
    """The probe's pooled vector (D,) and its size in px; zeros and NaN if it has none."""
    vectors = query.description.vectors.get(row.name)
    pooled = None if vectors is None else pool(vectors)
    if pooled is None:
        return np.zeros(row.output["dim"], dtype=np.float32), np.nan
    return pooled.vector, pooled.px


def _signal(
    kind: Kind,
    found: Scores,
    everybody: Scores,
    probe_px: float,
    row: Row,
    normalised: Float64 | None,
) -> _Signal:
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
    return _Signal(kind, row.name, probe_px, cosine, px, np.where(np.isnan(cosine), np.nan, e))


def _unseen(kind: Kind, n: int) -> _Signal:
    """The signal of N tracklets that no model of this pack looks at."""
    none = np.full(n, np.nan)
    return _Signal(kind, "", math.nan, none, none, none)


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


def _reasons(
    field: _Field, i: int, word: Band, expected: float, about: Description, query: Query
) -> tuple[Note, ...]:
    """Why candidate i got its word, the most important first."""
    n = len(field.found)
    reasons = [_signal_reason(field, s, i, about, query) for s in (field.face, field.body)]
    e = field.e[i]
    if np.isnan(e):
        reasons.insert(0, note("no calibrated evidence: the order is by similarity only"))
        return tuple(reasons)
    reasons.insert(
        0,
        note(
            "evidence {e:+.1f}; about {expected:.2g} strangers among {n} would score as high",
            e=float(e),
            expected=expected,
            n=n,
        ),
    )
    told = field.attributes[i]
    if not np.isnan(told):
        reasons.append(note("what was ticked: evidence {e:+.1f}", e=float(told)))
    face = field.face.e[i]
    if e >= 2 and word != "strong" and not face >= 1:
        reasons.append(note("clothing alone is never called strong"))
    if e >= 1 and word == "weak" and expected > 1:
        reasons.append(note("weak because too many strangers would score as high"))
    return tuple(reasons)


def _signal_reason(
    field: _Field, signal: _Signal, i: int, about: Description, query: Query
) -> Note:
    """One line on one kind of evidence for candidate i."""
    face = signal.kind == "face"
    if not signal.model:
        return NO_FACES
    if np.isnan(signal.probe_px):
        why = query.description.missing.get(signal.kind, note("no picture of it"))
        return (
            note("face not used: of the person looked for, {why}", why=why)
            if face
            else note("body not used: of the person looked for, {why}", why=why)
        )
    if np.isnan(signal.cosine[i]):
        why = about.missing.get(signal.kind, note("no picture of it"))
        return (
            note("face not used: {why}", why=why) if face else note("body not used: {why}", why=why)
        )
    values = {
        "s": float(signal.cosine[i]),
        "e": float(signal.e[i]),
        "size": rank.bin_label(signal.kind, rank.size_bin(signal.kind, float(signal.px[i]))),
    }
    if np.isnan(signal.e[i]):
        if not face and query.clothes == "photo":
            return note("body not used: clothes may differ from those in the photo")
        if not face and field.same[i] == 0:
            return note("body not used: the clothes may have been changed since")
        return note("similarity {s:.2f}, not calibrated for {size}", **values)
    if face:
        return note("face: similarity {s:.2f}, evidence {e:+.1f} (face {size})", **values)
    return note("body: similarity {s:.2f}, evidence {e:+.1f} (person {size})", **values)


def _method(models: Mapping[Kind, Row], mode: Mode, n: int, site: Site) -> str:
    parts = [f"{kind} {row.name} {row.sha256[:8]}" for kind, row in models.items()]
    parts += [f"{kind} cohort {one.sha256[:8]}" for kind, one in site.cohorts.items()]
    fitted = {str(row.calibration.get("made_from", "none")) for row in models.values()}
    return f"{mode}; {'; '.join(parts)}; calibration: {'; '.join(sorted(fitted))}; n={n}"


def _warnings(
    query: Query,
    scope: Scope,
    models: Mapping[Kind, Row],
    site: Site,
    words: Sequence[Band],
    damaged: int,
    left_out: int,
) -> tuple[Note, ...]:
    """What the reader must know about the whole search."""
    said = []
    if not site.calibrated:
        said.append(
            note("not calibrated here: strangers score too high at this site, nothing above weak")
        )
    bare = sorted(row.name for row in models.values() if not row.calibration)
    if bare:
        said.append(
            note(
                "not calibrated: {models}; the order shows similarity only", models=", ".join(bare)
            )
        )
    if "face" not in models:
        said.append(NO_FACES)
    if query.clothes == "photo" and "face" in models:
        said.append(note("clothes may differ from the photo: only the face is compared"))
    elif query.clothes == "photo":
        said.append(
            note(
                "clothes may differ from the photo, so it is not compared: say that they are the "
                "same, or point at the person in footage"
            )
        )
    face = query.description.missing.get("face")
    if face is not None and "face" in models:
        said.append(note("face of the person looked for not used: {why}", why=face))
    unchecked = sorted(
        c for c in scope.cameras if scope.recorder(c).how == "unchecked" and scope.between
    )
    if unchecked:
        said.append(
            note(
                "clocks of {cameras} were not checked: the time window was widened for them",
                cameras=", ".join(unchecked),
            )
        )
    if left_out:
        said.append(note("{n} judged already, by a person, are not listed again", n=left_out))
    if damaged:
        said.append(note("{n} damaged clip files were left out: ingest them again", n=damaged))
    if not any(word in ("strong", "moderate") for word in words):
        said.append(note("nobody in what was searched reaches moderate evidence"))
    return tuple(said)
