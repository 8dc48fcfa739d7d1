"""Labelled pictures in; scored pairs of them, of one person and of two, out.

Layouts read: crops of people under two cameras (`core.study.bodysets`) for bodies, LFW
(``pairsDevTrain.txt`` and ``images/NAME/NAME_0001.jpg``) for faces. Body vectors are also compared
as a site does that has learned what its people have in common (`core.rank.Whitening`).

Source: [li2014cuhk03], [huang2007lfw]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import rank
from core.describe import Describer
from core.facesets import lfw
from core.study import bodysets
from core.study.pictures import read, reduced, whole
from core.types import Float32, Float64, Int

FACE_WIDTHS_PX = (None, 60.0, 32.0, 20.0, 13.0)  # None = as it is; one inside each width bin
BODY_HEIGHTS_PX = (None, 96.0, 48.0)
COHORT = 200
LFW_FACE_SHARE = 0.36  # of the picture's width: only to choose how far to reduce it


@dataclass(frozen=True)
class Pairs:
    """Scored pairs: cosine (N,), size bin (N,), same (N,) bool, persons (N,2) as numbers.

    z (N,) normalised against a cohort of other people; NaN where the two are not of one half
    """

    s: Float64
    bins: Int
    same: Any
    person: Int
    z: Float64

    @property
    def of_both(self) -> bool:
        """Whether there are pairs of one person, and of two."""
        return bool(self.same.any()) and not bool(self.same.all())

    def side(self, same: bool, sizes: Sequence[int]) -> Float64:
        """Cosines of the pairs of one person, or of two, in these size bins."""
        return np.asarray(self.s[self._of(same, sizes)], dtype=np.float64)

    def normalised(self, same: bool, sizes: Sequence[int]) -> Float64:
        """The same against a cohort, where there is one."""
        z = self.z[self._of(same, sizes)]
        return np.asarray(z[~np.isnan(z)], dtype=np.float64)

    def people(self, same: bool, sizes: Sequence[int]) -> int:
        """How many people these pairs are of."""
        return len(np.unique(self.person[self._of(same, sizes)]))

    def _of(self, same: bool, sizes: Sequence[int]) -> Any:
        return (self.same == same) & np.isin(self.bins, sizes)

    def take(self, rows: Any) -> Pairs:
        return Pairs(*(getattr(self, name)[rows] for name in COLUMNS))


Picture = tuple[str, int]  # a name of LFW and the number of the picture
_Known = tuple[Float32, float] | None  # vector (D,) and face width in px

COLUMNS = ("s", "bins", "same", "person", "z")


def of_bodies(
    source: Path, describer: Describer, model: str, progress: IO[str] | None
) -> dict[str, Pairs]:
    """Every person under camera A against everybody under camera B, B reduced to each height.

    As the vectors are, and changed by what everybody under the same camera has in common.
    """
    first, second = bodysets.groups(source)
    probes = _bodies(describer, model, first, None)
    sides = [_bodies(describer, model, second, h) for h in _shown(BODY_HEIGHTS_PX, progress)]
    of = [[group.camera for group in side] for side in (first, second)]
    cameras = [*of[0], *(len(sides) * of[1])]
    site = rank.Whitening.fit(np.concatenate([probes[0], *(rows for rows, _ in sides)]), cameras)
    changed = (site.mixed(probes[0], of[0]), probes[1])
    others = [(site.mixed(rows, of[1]), px) for rows, px in sides]
    return {"calibration": _all_pairs(probes, sides), "whitened": _all_pairs(changed, others)}


_Bodies = tuple[Float32, Float64]  # vectors (P,D) and heights (P,) px


def _all_pairs(probes: _Bodies, sides: Sequence[_Bodies]) -> Pairs:
    """Everybody of one side against everybody of each other."""
    pieces = []
    for rows in sides:
        cosine = probes[0] @ rows[0].T  # (P,P)
        size = np.minimum(probes[1][:, None], rows[1][None, :])
        bins = rank.size_bins("body", size.ravel())
        pieces.append(_grid(cosine, bins, _halved(probes[0], rows[0], cosine)))
    return joined(pieces)


def _bodies(
    describer: Describer, model: str, groups: Sequence[bodysets.Group], height: float | None
) -> _Bodies:
    """Pooled body vectors (P,D) and mean heights (P,) of groups of whole crops."""
    rows, sizes = [], []
    for group in groups:
        images = [read(path) for path in group.paths]
        if height is not None:
            images = [reduced(image, height / len(image)) for image in images]
        shots = [whole(image) for image in images]
        vectors = describer.shots("study", shots, ("body",)).vectors[model]
        rows.append(rank.pool(vectors.rows, vectors.quality))
        sizes.append(float(vectors.size_px.mean()))
    return np.stack(rows), np.array(sizes)


def _halved(probes: Float32, rows: Float32, cosine: Float32) -> Float64:
    """Scores (P,P) normalised for pairs within the even or the odd people, NaN across.

    The cohort of either half is everybody of the other, under both cameras: strangers for certain.
    """
    z = np.full(cosine.shape, np.nan)
    everybody = np.arange(len(probes))
    for half in (0, 1):
        own = everybody[everybody % 2 == half]
        other = everybody[everybody % 2 != half]
        cohort = np.concatenate([probes[other], rows[other]])
        if len(cohort) and len(own):
            p, g = (rank.cohort_stats(side[own], cohort) for side in (probes, rows))
            grid = np.ix_(own, own)
            z[grid] = rank.normalise(cosine[grid], p[0][:, None], p[1][:, None], g[0], g[1])
    return z


def _grid(cosine: Float32, bins: Int, z: Float64) -> Pairs:
    n = len(cosine)
    i, j = np.divmod(np.arange(n * n), n)
    scores = cosine.ravel().astype(np.float64)
    return Pairs(scores, bins, i == j, np.stack([i, j], axis=1), z.ravel())


def of_faces(
    folder: Path, describer: Describer, model: str, progress: IO[str] | None
) -> dict[str, Pairs]:
    """The pairs of pairsDevTrain.txt, the second face reduced to each width."""
    listed, _ = lfw.listed(folder / "pairsDevTrain.txt")
    names = sorted({one[0] for pair in listed for one in pair})
    number = {name: i for i, name in enumerate(names)}
    first = {one: _face(describer, model, folder, one, None) for one in {a for a, _ in listed}}
    pieces = []
    for width in _shown(FACE_WIDTHS_PX, progress):
        second = {
            one: _face(describer, model, folder, one, width) for one in {b for _, b in listed}
        }
        pieces.append(_of_width(listed, first, second, number))
    return {"calibration": joined(pieces)}


def _of_width(
    listed: Sequence[tuple[Picture, Picture]],
    first: Mapping[Picture, _Known],
    second: Mapping[Picture, _Known],
    number: Mapping[str, int],
) -> Pairs:
    """The pairs in which both faces were found."""
    rows, vectors = [], []
    for a, b in listed:
        one, other = first[a], second[b]
        if one is not None and other is not None:
            rows.append((float(one[0] @ other[0]), min(one[1], other[1]),
                         number[a[0]], number[b[0]]))  # fmt: skip
            vectors.append((one[0], other[0]))
    s, px, p, q = (np.array(column) for column in zip(*rows, strict=True))
    person = np.stack([p, q], axis=1).astype(np.int64)
    z = np.full(len(s), np.nan)
    both = np.array(vectors)  # (N,2,D)
    for half in (0, 1):
        own = np.flatnonzero(np.all(person % 2 == half, axis=1))
        other_half = np.flatnonzero(person[:, 0] % 2 != half)
        _, one_each = np.unique(person[other_half, 0], return_index=True)
        cohort = both[other_half[one_each[:COHORT]], 0]
        if len(cohort) and len(own):
            left, right = (rank.cohort_stats(both[own, k], cohort) for k in (0, 1))
            z[own] = rank.normalise(s[own], *left, *right)
    return Pairs(s, rank.size_bins("face", px), p == q, person, z)


def _face(
    describer: Describer, model: str, folder: Path, who: Picture, width: float | None
) -> _Known:
    """One picture's face vector (D,) and width in px; None where no usable face was found."""
    path = folder / "images" / who[0] / f"{who[0]}_{who[1]:04d}.jpg"
    image = read(path)
    share = None if width is None else width / (LFW_FACE_SHARE * image.shape[1])
    image = reduced(image, share)
    shot = whole(image)
    vectors = describer.shots("study", [shot], ("face",)).vectors.get(model)
    return None if vectors is None else (vectors.rows[0], float(vectors.size_px[0]))


def joined(pieces: Sequence[Pairs]) -> Pairs:
    whole = (np.concatenate([getattr(one, name) for one in pieces]) for name in COLUMNS)
    return Pairs(*whole)


def _shown(sizes: Sequence[float | None], progress: IO[str] | None) -> Any:
    from tqdm import tqdm

    return tqdm(sizes, desc="sizes", file=progress, leave=False) if progress else iter(sizes)
