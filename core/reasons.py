"""Everybody compared in; why a candidate got its word, and what to know of the search, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from core import rank, ticks
from core.describe import NO_FACES, NO_JUDGE
from core.evidence import Field, Mode, Query, Scope, Signal
from core.sitecheck import Site
from core.types import Band, Description, Kind, Note, Traits, note
from core.zoo import Row

CLEAR_TICK = 0.1  # log10 likelihood ratio from which one tick is said to agree or to differ


def reasons(
    field: Field, i: int, word: Band, expected: float, about: Description, query: Query
) -> tuple[Note, ...]:
    """Why candidate i got its word, the most important first."""
    n = len(field.found)
    said = [_signal_reason(field, s, i, about, query) for s in (field.face, field.body)]
    e = field.e[i]
    if np.isnan(e):
        said.insert(0, note("no calibrated evidence: the order is by similarity only"))
        return tuple(said)
    if field.by_ticks_alone[i]:
        first = note(
            "evidence {e:+.1f} by ticks alone; {fit:.0f} of {n} people here fit them as well, this "
            "one included",
            e=float(e),
            fit=expected,
            n=n,
        )
    else:
        first = note(
            "evidence {e:+.1f}; about {expected:.2g} strangers among {n} would score as high",
            e=float(e),
            expected=expected,
            n=n,
        )
    said.insert(0, first)
    said += _tick_reasons(field, i, query)
    face = field.face.e[i]
    if e >= 2 and word != "strong" and not face >= 1:
        alone = np.isnan(face)
        said.append(
            note("clothing alone is never called strong")
            if alone
            else note("clothing beside a face that says little is never called strong")
        )
    if e >= 1 and word == "weak" and expected > 1:
        said.append(note("weak because too many strangers would score as high"))
    return tuple(said)


def _tick_reasons(field: Field, i: int, query: Query) -> Iterator[Note]:
    """What the ticks say of candidate i, and which of them agree with the footage.

    Only ticks that give evidence: what is reference only is no reason.
    """
    told = field.attributes[i]
    if np.isnan(told):
        return
    yield note("what was ticked: evidence {e:+.1f}", e=float(told))
    lr = {name: float(each[i]) for name, each in field.told.each.items()}
    agree = tuple((n, query.wanted[n].value) for n, e in lr.items() if e >= CLEAR_TICK)
    differ = tuple((n, query.wanted[n].value) for n, e in lr.items() if e <= -CLEAR_TICK)
    if agree:
        yield note("looks as ticked: {ticks}", ticks=Traits(agree))
    if differ:
        yield note("does not look as ticked: {ticks}", ticks=Traits(differ))


def _signal_reason(field: Field, signal: Signal, i: int, about: Description, query: Query) -> Note:
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


def method(
    models: Mapping[Kind, Row], mode: Mode, n: int, site: Site, judge: ticks.Judge | None
) -> str:
    parts = [f"{kind} {row.name} {row.sha256[:8]}" for kind, row in models.items()]
    parts += [] if judge is None else [f"attributes {judge.model} {judge.sha256[:8]}"]
    for kind, lens in site.lenses.items():
        if lens.whitening is not None:
            learned = f"of {lens.whitening.n} tracklets {lens.whitening.sha256[:8]}"
            parts.append(f"{kind} whitened by what is common {learned}")
        if lens.cohort is not None:
            parts.append(f"{kind} cohort {lens.cohort.sha256[:8]}")
    fitted = {str(row.calibration.get("made_from", "none")) for row in models.values()}
    return f"{mode}; {'; '.join(parts)}; calibration: {'; '.join(sorted(fitted))}; n={n}"


def probe_warnings(
    query: Query, field: Field, models: Mapping[Kind, Row], site: Site
) -> Iterator[Note]:
    """What the reader must know of how the pictures were compared."""
    if query.clothes == "none":
        yield note(
            "no picture of the person: only what was ticked is compared, and many people look like "
            "that; whoever is confirmed is compared by picture from then on"
        )
        return
    if not site.calibrated:
        yield note("not calibrated here: strangers score too high at this site, nothing above weak")
    bare = sorted(row.name for row in models.values() if not row.calibration)
    if bare:
        yield note(
            "not calibrated: {models}; the order shows similarity only", models=", ".join(bare)
        )
    if "face" not in models:
        yield NO_FACES
    if query.clothes == "photo" and not np.isnan(field.face.cosine).all():
        yield note("clothes may differ from the photo: only the face is compared")
    elif query.clothes == "photo":
        yield note(
            "clothes may differ from the photo, so it is not compared: say that they are the "
            "same, or point at the person in footage"
        )
    face = query.description.missing.get("face")
    if face is not None and "face" in models:
        yield note("face of the person looked for not used: {why}", why=face)


def tick_warnings(query: Query, field: Field, judge: ticks.Judge | None) -> Iterator[Note]:
    """Which ticks were not compared, and with whom."""
    if judge is None:
        if query.wanted:
            yield NO_JUDGE
        return
    asked = judge.asked(query.wanted)
    idle = tuple((n, w.value) for n, w in query.wanted.items() if n not in asked)
    if idle:
        yield note("reference only, not compared: {ticks}", ticks=Traits(idle))
    if field.told.unjudged:
        yield note(
            "{n} of {m} people were judged by another attribute model, or by none: their ticks are "
            "not compared; `dongseon reindex` judges them with {model}",
            n=field.told.unjudged,
            m=len(field.found),
            model=judge.model,
        )


def list_warnings(
    scope: Scope, words: Sequence[Band], damaged: int, left_out: int
) -> Iterator[Note]:
    """What the reader must know of where was looked and of who is listed."""
    unchecked = sorted(
        c for c in scope.cameras if scope.recorder(c).how == "unchecked" and scope.between
    )
    if unchecked:
        yield note(
            "clocks of {cameras} were not checked: the time window was widened for them",
            cameras=", ".join(unchecked),
        )
    if left_out:
        yield note("{n} judged already, by a person, are not listed again", n=left_out)
    if damaged:
        yield note("{n} damaged clip files were left out: ingest them again", n=damaged)
    if not any(word in ("strong", "moderate") for word in words):
        yield note("nobody in what was searched reaches moderate evidence")
