"""A manifest of labelled pictures in, the field's figures for one embedding model out.

Manifests are CSV with a header; paths are relative to the manifest's folder. Every query stands
alone against the whole gallery; pictures are whole crops (bodies) or whole photos (faces).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core import rank, zoo
from core.describe import Describer, bodies
from core.errors import BadInput
from core.metrics.retrieval import Retrieval, retrieval
from core.metrics.verification import eer, fold_accuracy, tar_at_far
from core.rank import reciprocal
from core.rank.shortlist import second_order
from core.study.manifest import named, plain, shown
from core.study.manifest import rows as table_rows
from core.study.pictures import embedding, embedding_row, read, reduced, whole
from core.types import Float32, Float64

Words = NDArray[np.str_]
Bools = NDArray[np.bool_]
RANKS = (1, 5, 10, 20)
TRUE_WORDS, FALSE_WORDS = ("1", "true", "same", "yes"), ("0", "false", "different", "no")
FAR = 0.01


def reid(
    manifest: Path,
    model: str,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
) -> dict[str, Any]:
    """mAP and CMC of a body model. manifest: path,person_id,camera_id,role (query or gallery).

    Same-camera pictures of the query's person are left out; a query whose person is not in the
    gallery counts in n_absent. Raises NotFound, BadInput, ModelError.
    Source: [zheng2015market]
    """
    rows = table_rows(manifest, ("path", "person_id", "camera_id", "role"))
    row = embedding_row(model, directories)
    if row.task != "body_embedding":
        raise BadInput("{model} compares faces: use `eval faces`", model=model)
    wrong = next((r["role"] for r in rows if r["role"] not in ("query", "gallery")), None)
    if wrong is not None:
        raise BadInput("role must be query or gallery, not {role!r}", role=wrong[:40])
    body = zoo.load(model, directories)
    vectors = np.stack([_body(body, path) for path in _paths(manifest, rows, progress)])
    person = np.array([r["person_id"] for r in rows])
    camera = np.array([r["camera_id"] for r in rows])
    query = np.array([r["role"] == "query" for r in rows])
    if query.all() or not query.any():
        raise BadInput("the manifest needs pictures of both roles, query and gallery")
    changed = rank.Whitening.fit(vectors, camera).mixed(vectors, camera)
    return {
        **_reid(vectors, person, camera, query),
        "whitened": {
            **_reid(changed, person, camera, query),
            "of_other_people": _learned_of_others(vectors, person, camera, query),
        },
        "n_gallery": int((~query).sum()),
        "model": model,
        "eval": "reid",
        "data": named(manifest),
    }


def _reid(vectors: Float32, person: Words, camera: Words, query: Bools) -> dict[str, Any]:
    """The figures by cosine, re-ranked as the batch protocol does, and tracklet by tracklet."""
    probe, gallery = vectors[query], vectors[~query]
    who = (person[query], person[~query], camera[query], camera[~query])
    before = retrieval(probe @ gallery.T, *who)
    after = retrieval(-reciprocal.rerank(probe, gallery), *who)
    return {
        **_figures(before),
        "reranked": _figures(after),
        "tracklets": _tracklets(vectors, person, camera, query),
        "n_query": before.n_query,
        "n_absent": before.n_absent,
    }


def _learned_of_others(
    vectors: Float32, person: Words, camera: Words, query: Bools
) -> dict[str, float | None]:
    """Means over two halves of the people: as they are, and changed by what the other half taught.

    None where a half has nobody in both roles.
    """
    known = np.unique(person)
    told: dict[str, list[float]] = {}
    for half in (0, 1):
        own = np.isin(person, known[half::2])
        if not (own & query).any() or not (own & ~query).any() or own.all():
            return {}
        site = rank.Whitening.fit(vectors[~own], camera[~own])
        for name, rows in (("plain", vectors), ("whitened", site.mixed(vectors, camera))):
            probe, gallery = rows[own & query], rows[own & ~query]
            who = [of[own & side] for of in (person, camera) for side in (query, ~query)]
            found = retrieval(probe @ gallery.T, *who)
            told.setdefault(f"{name}_map", []).append(found.map)
            told.setdefault(f"{name}_rank1", []).append(found.rank(1))
    return {name: plain(float(np.mean(values))) for name, values in told.items()}


def _figures(found: Retrieval) -> dict[str, float | None]:
    return {"map": plain(found.map), **{f"rank{r}": plain(found.rank(r)) for r in RANKS}}


def _tracklets(vectors: Float32, person: Words, camera: Words, query: Bools) -> dict[str, Any]:
    """As search compares: crops of one person under one camera are one tracklet, one vector each.

    reranked  each probe alone with all gallery crops; a tracklet takes its best crop. gain: whether
    that beats the pooled order in both mAP and rank-1, which is what the models' table may claim
    """
    probes, groups = _pooled(vectors, person, camera, query), _groups(person, camera, ~query)
    rows = _pooled(vectors, person, camera, ~query)
    names = np.array(list(probes)), np.array(list(groups))
    who = (names[0][:, 0], names[1][:, 0], names[0][:, 1], names[1][:, 1])
    probe, gallery = np.stack(list(probes.values())), np.stack(list(rows.values()))
    before = retrieval(probe @ gallery.T, *who)
    crops = np.concatenate([vectors[at] for at in groups.values()])
    starts = np.cumsum([0, *(len(at) for at in groups.values())][:-1])
    again = [second_order(one, crops, starts) for one in probe]
    after = retrieval(-np.stack(again), *who)
    gain = after.map > before.map and after.rank(1) > before.rank(1)
    return {
        **_figures(before),
        "reranked": _figures(after),
        "gain": bool(gain),
        "n_query": before.n_query,
        "n_gallery": len(rows),
    }


def _groups(person: Words, camera: Words, use: Bools) -> dict[tuple[str, str], list[int]]:
    """{(person, camera): rows}."""
    found: dict[tuple[str, str], list[int]] = {}
    for i in np.flatnonzero(use).tolist():
        found.setdefault((str(person[i]), str(camera[i])), []).append(i)
    return found


def _pooled(
    vectors: Float32, person: Words, camera: Words, use: Bools
) -> dict[tuple[str, str], Float32]:
    return {
        name: rank.pool(vectors[at], np.ones(len(at), np.float32))
        for name, at in _groups(person, camera, use).items()
    }


def faces(
    manifest: Path,
    model: str,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
) -> dict[str, Any]:
    """Verification figures of a face model. manifest: path_a,path_b,same[,width_b].

    width_b: the second face is first reduced to that many px. The face is found and aligned here;
    covered faces are compared, too, because the model is what is measured. A pair with a face not
    found counts as "different". Raises NotFound, BadInput, ModelError.
    Source: [iso19795-1], [huang2007lfw]
    """
    rows = table_rows(manifest, ("path_a", "path_b", "same"))
    _, kind, describer = embedding(model, directories)
    if kind != "face":
        raise BadInput("{model} compares bodies: use `eval reid`", model=model)
    known: dict[tuple[Path, float | None], Float32 | None] = {}
    score, same, width = [], [], []
    for row, path_b in zip(rows, _paths(manifest, rows, progress, "path_b"), strict=True):
        reduce_to = _width(row)
        pair = [(manifest.parent / row["path_a"], None), (path_b, reduce_to)]
        for path, px in pair:
            if (path, px) not in known:
                known[path, px] = _face(describer, model, path, px)
        a, b = (known[one] for one in pair)
        score.append(-math.inf if a is None or b is None else float(a @ b))
        same.append(_same(row["same"]))
        width.append(reduce_to)
    told = _verification(np.array(score), np.array(same), width)
    return {**told, "eval": "faces", "data": named(manifest), "model": model}


def _verification(
    score: Float64, same: np.ndarray, width: Sequence[float | None]
) -> dict[str, Any]:
    """Figures over all pairs, and per width_b where there are several."""
    if same.all() or not same.any():
        raise BadInput("the manifest needs pairs of the same and of different people")
    genuine, impostor = score[same], score[~same]
    accuracy, spread = fold_accuracy(score, same)
    sizes = sorted({w for w in width if w is not None})
    by_width = {}
    for size in sizes:
        here = np.array([w == size for w in width])
        if min(same[here].sum(), (~same[here]).sum()) >= 2:  # two of a kind for two folds
            by_width[f"{size:g}"] = plain(fold_accuracy(score[here], same[here])[0])
    return {
        "accuracy": plain(accuracy),
        "accuracy_std": plain(spread),
        "eer": plain(eer(genuine, impostor)),
        "tar_at_far_0.01": plain(tar_at_far(genuine, impostor, FAR)),
        "by_width": by_width,
        "n_pairs": len(score),
        "n_face_not_found": int(np.isneginf(score).sum()),
    }


def _paths(
    manifest: Path, rows: Sequence[Mapping[str, str]], progress: IO[str] | None, name: str = "path"
) -> Any:
    return shown([manifest.parent / row[name] for row in rows], progress)


def _body(model: zoo.Model, path: Path) -> Float32:
    return np.asarray(bodies(model, [whole(read(path))]).rows[0], dtype=np.float32)


def _face(describer: Describer, model: str, path: Path, width: float | None) -> Float32 | None:
    """A photo's face vector (D,), or None; first reduced so that the face is `width` px wide."""
    image = read(path)
    vectors = describer.shots("eval", [whole(image, 0.0)], ("face",)).vectors.get(model)
    if vectors is not None and width is not None:
        smaller = reduced(image, width / float(vectors.size_px[0]))
        vectors = describer.shots("eval", [whole(smaller, 0.0)], ("face",)).vectors.get(model)
    return None if vectors is None else np.asarray(vectors.rows[0], dtype=np.float32)


def _width(row: Mapping[str, str]) -> float | None:
    text = (row.get("width_b") or "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise BadInput("width_b {text!r} is not a number of pixels", text=text[:40]) from None


def _same(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE_WORDS + FALSE_WORDS:
        raise BadInput("same must be 1 or 0, not {text!r}", text=text[:40])
    return word in TRUE_WORDS
