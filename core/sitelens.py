"""A gallery in; how its people are best looked at, learned from them without a label, out.

Every site has a light, angles and a crowd of its own. What its cameras make of everybody is taken
out of the vectors (`core.rank.Whitening`), and scores are measured against a cohort of its own
strangers, where the model has a calibration for that. Both are kept, so that more footage does not
change yesterday's numbers, and named by their hashes in every receipt.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from core import rank
from core.gallery import Gallery
from core.settings import write_whole
from core.types import Float32, Float64, Vectors
from core.zoo import Row

LEAST = 200  # tracklets, below which a site teaches nothing of itself
FOR_EACH = 50  # of each camera on average: what few people have in common is what they are
OF_CAMERA = 1_000  # tracklets of one camera that are looked at; hashes of their ids decide which
GROWN = 2.0  # learned anew when so many times as many tracklets are there, or a camera is new


@dataclass(frozen=True)
class Cohort:
    """Certain strangers of this site, frozen: vectors (C,D), and the hash that receipts print."""

    vectors: Float32
    sha256: str

    @classmethod
    def of(cls, vectors: Float32) -> Cohort:
        return cls(vectors, sha256(vectors.tobytes()).hexdigest())


@dataclass(frozen=True)
class SiteLens:
    """What the gallery's rows of one model are looked at through; either part may be missing.

    The numbers (n,K) of a row: its length once changed, and where there is a cohort its mean and
    deviation against it. Implements `core.gallery.Lens`.
    """

    whitening: rank.Whitening | None = None
    cohort: Cohort | None = None

    @property
    def name(self) -> str:
        """What numbers stored beside a matrix are named by."""
        parts = [part.sha256[:12] for part in (self.whitening, self.cohort) if part is not None]
        return "-".join(parts)

    def rows(self, vectors: Float32, camera_id: str) -> Float32:
        """Vectors (N,D) of one camera as (N,D) unit rows that compare across cameras."""
        return vectors if self.whitening is None else self.whitening.rows(vectors, camera_id)

    def numbers(self, rows: Float32, camera_id: str) -> Float64:
        """Numbers (n,K) of rows (n,D) of one camera."""
        length = np.ones(len(rows))
        if self.whitening is not None:
            length = self.whitening.lengths(rows, camera_id)
        if self.cohort is None:
            return length[:, None]
        against = rank.cohort_stats(self.rows(rows, camera_id), self.cohort.vectors)
        return np.stack([length, *against], axis=1)

    def toward(self, vectors: Float32, camera_id: str) -> tuple[Float32, Float32]:
        """Changed probes (P,D) as what the camera's own rows meet, and offsets (P,)."""
        if self.whitening is None:
            return vectors, np.zeros(len(vectors), np.float32)
        return self.whitening.toward(vectors, camera_id)

    def probe(self, vectors: Vectors, cameras: Sequence[str] = ()) -> Float32:
        """The one vector (D,) that stands for pictures of several cameras.

        cameras (n,) of each row, `rank.ANYWHERE` = none of the site; () = that for all. Those of
        one camera are pooled as the gallery pools a tracklet, then changed, then pooled.
        """
        of = np.array(cameras or [rank.ANYWHERE] * len(vectors.rows), np.str_)
        quality = np.nan_to_num(vectors.quality)
        changed, weight = [], []
        for camera in np.unique(of).tolist():
            own = of == camera
            pooled = rank.pool(vectors.rows[own], quality[own])
            changed.append(self.rows(pooled[None], camera)[0])
            weight.append(max(float(quality[own].sum()), 1e-6))
        return rank.pool(np.stack(changed), np.array(weight, np.float32) / max(weight))


def learned(gallery: Gallery, row: Row, keep: Path | None) -> rank.Whitening | None:
    """The whitening of one model's vectors at this site: the kept one, or learned anew.

    keep  folder of what was learned; one file for each time. None where the model's card has no
    calibration for it, and until there are `LEAST` tracklets, and `FOR_EACH` for each camera.
    """
    if not row.whitened:
        return None
    parts = [(part.camera_id, len(part)) for part in gallery.matrix(row.name)]
    of: dict[str, int] = {}
    for camera, length in parts:
        of[camera] = of.get(camera, 0) + length
    n = sum(of.values())
    enough, kept = n >= max(LEAST, FOR_EACH * len(of)), _newest(keep, row)
    if kept is not None:
        new = [camera for camera, m in of.items() if m >= LEAST and camera not in kept.it.cameras]
        if not enough or (n < GROWN * kept.n_there and not new):
            return kept.it
    if not enough:
        return None
    vectors, cameras = _sample(gallery, row)
    found = rank.Whitening.fit(vectors, cameras)
    if keep is not None:
        _store(keep, row, found, n)
    return found


def _sample(gallery: Gallery, row: Row) -> tuple[Float32, list[str]]:
    """Up to `OF_CAMERA` vectors of each camera, (N,D), and their cameras."""
    chosen: dict[str, list[tuple[int, Float32]]] = {}
    for part in gallery.matrix(row.name):
        first = np.argsort(part.key)[:OF_CAMERA]
        pairs = zip(part.key[first].tolist(), np.asarray(part.matrix[first]), strict=True)
        known = chosen.get(part.camera_id, [])
        chosen[part.camera_id] = sorted([*known, *pairs], key=lambda one: one[0])[:OF_CAMERA]
    cameras = [camera for camera, rows in sorted(chosen.items()) for _ in rows]
    return np.stack([v for _, rows in sorted(chosen.items()) for _, v in rows]), cameras


@dataclass(frozen=True)
class _Kept:
    """A stored whitening and how many tracklets there were."""

    it: rank.Whitening
    n_there: int


def _files(keep: Path, row: Row) -> Iterable[tuple[int, Path]]:
    for path in keep.glob(f"{row.sha256[:16]}-*.npz"):
        number = path.stem.rpartition("-")[2]
        if number.isdecimal():
            yield int(number), path


def _newest(keep: Path | None, row: Row) -> _Kept | None:
    """What was learned last and can be read."""
    for n, path in sorted(_files(keep, row), reverse=True) if keep is not None else ():
        with suppress(OSError, ValueError, KeyError, EOFError, BadZipFile), np.load(path) as said:
            found = rank.Whitening(
                tuple(said["cameras"].tolist()),
                np.asarray(said["mean"], np.float32),
                np.asarray(said["axes"], np.float32),
                np.asarray(said["gain"], np.float32),
                int(said["n"]),
            )
            if found.mean.shape == (len(found.cameras), row.output["dim"]):
                return _Kept(found, n)
    return None


def _store(keep: Path, row: Row, found: rank.Whitening, n: int) -> None:
    content = io.BytesIO()
    np.savez(
        content,
        allow_pickle=False,
        cameras=np.array(found.cameras, np.str_),
        mean=found.mean,
        axes=found.axes,
        gain=found.gain,
        n=np.array(found.n),
    )
    with suppress(OSError):  # a full or read-only disk: learned again next time
        write_whole(keep / f"{row.sha256[:16]}-{n}.npz", content.getvalue())
