"""Cities with truth in; pairs of their tracklets, of one person and of two, out.

What a calibration is fitted on should be what it is used on: tracklets that the detector and the
tracker made of films, not crops cut by hand. Films of drawn people have that, and their truth.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core import rank
from core.errors import BadInput
from core.study import delivered
from core.study.routetest import people, world
from core.study.scored import Pairs, joined
from core.types import Float32, Float64
from core.workspace import Workspace

STRANGERS = 40_000  # pairs of two people that are taken of each city


@dataclass(frozen=True)
class _Seen:
    """Tracklets: vectors (N,D), heights px and cameras (N,), and whom they show, "" = not known."""

    vectors: Float32
    px: Float64
    camera: NDArray[np.str_]
    person: NDArray[np.str_]


def of_cities(
    cities: Sequence[Path],
    model: str,
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    workspaces: Path | None = None,
) -> dict[str, Pairs]:
    """Pairs of tracklets of two cameras of one city, as they are and as the site compares them.

    pack        that reads the films, its body model the one asked for; None = the usual one
    workspaces  where the ingested cities are kept for the next run; None = nowhere
    Raises NotFound, BadInput, ModelError.
    """
    known: dict[str, list[Pairs]] = {"calibration": [], "whitened": []}
    first = 0
    with tempfile.TemporaryDirectory(prefix="dongseon-cities-") as folder:
        for path in cities:
            city = delivered.read(path)
            ws = world(city, (workspaces or Path(folder)) / path.name, pack, directories, progress)
            used = ws.vectors()["body"].name
            if used != model:
                raise BadInput("the pack {pack} compares bodies by {used}, not by {model}",
                               pack=ws.pack, used=used, model=model)  # fmt: skip
            seen = _seen(ws, model, people(city, ws))
            if not (seen.person != "").any():
                raise BadInput("nobody of {city} was followed in its films", city=path.name)
            ws.close()
            site = rank.Whitening.fit(seen.vectors, seen.camera)
            changed = site.mixed(seen.vectors, seen.camera)
            for name, vectors in (("calibration", seen.vectors), ("whitened", changed)):
                known[name].append(_pairs(vectors, seen, first))
            first += len(np.unique(seen.person))
    return {name: joined(pieces) for name, pieces in known.items()}


def _seen(ws: Workspace, model: str, who: dict[str, str | None]) -> _Seen:
    parts = list(ws.gallery.matrix(model))
    if not parts:
        return _Seen(np.empty((0, 1), np.float32), np.empty(0), *(2 * [np.empty(0, np.str_)]))
    ids = [one for part in parts for one in part.tracklet_id.astype(np.str_).tolist()]
    return _Seen(
        np.concatenate([np.asarray(part.matrix) for part in parts]),
        np.concatenate([part.pooled_px for part in parts]).astype(np.float64),
        np.array([part.camera_id for part in parts for _ in range(len(part))], np.str_),
        np.array([who.get(one) or "" for one in ids], np.str_),
    )


def _pairs(vectors: Float32, seen: _Seen, first: int) -> Pairs:
    """All pairs of one person under two cameras, and `STRANGERS` of two; people from `first` on."""
    rng = np.random.default_rng(first)
    names, person = np.unique(seen.person, return_inverse=True)
    told = np.flatnonzero(names[person] != "")
    i, j = (told[side] for side in np.triu_indices(len(told), 1))
    apart = seen.camera[i] != seen.camera[j]
    i, j = i[apart], j[apart]
    same = person[i] == person[j]
    other = np.flatnonzero(~same)
    kept = np.sort(np.r_[np.flatnonzero(same), rng.permutation(other)[:STRANGERS]])
    i, j = i[kept], j[kept]
    return Pairs(
        np.einsum("nd,nd->n", vectors[i], vectors[j]).astype(np.float64),
        rank.size_bins("body", np.minimum(seen.px[i], seen.px[j])),
        same[kept],
        np.stack([person[i], person[j]], axis=1).astype(np.int64) + first,
        np.full(len(kept), np.nan),
    )
