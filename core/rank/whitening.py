"""Body vectors of a site's own people in; vectors without what all of them have in common, out.

A camera's light, angle and background pull the vectors of everybody it sees one way, and in what
a site's crowd varies most (pose, framing, how much is hidden) says little of who somebody is. Both
are learned from the people a gallery holds, without a label: from each camera's vectors its mean is
taken away, and the directions in which they vary most are damped.

Source: [zhuang2020], [jegou2012]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from core.types import Float32, Float64

ANYWHERE = ""  # the camera of a picture that no camera of the site took
SHRINKAGE = 0.9  # share of "varies alike in all directions" in the covariance (development sets)
AXES = 64  # directions that are damped
MEAN_OF = 20.0  # tracklets that the whole site's mean counts as beside a camera's own (ours)
SPREAD_OF = 50.0  # and its covariance


@dataclass(frozen=True)
class Whitening:
    """What is taken out of the vectors of each of C cameras; the last stands for anywhere else.

    cameras (C,) the last is `ANYWHERE`;  mean (C,D);  axes (C,K,D) orthonormal rows
    gain (C,K) -1 to 0: how much of what lies along an axis is added;  n: tracklets learned from
    A vector x of camera c becomes unit(y + A^T (gain * (A y))), y = x - mean.
    """

    cameras: tuple[str, ...]
    mean: Float32
    axes: Float32
    gain: Float32
    n: int

    @classmethod
    def fit(cls, vectors: Float32, cameras: Sequence[str] | NDArray[np.str_]) -> Whitening:
        """Learn from unit rows (N,D) of tracklets and the camera (N,) of each.

        A camera with few tracklets is drawn to the whole site: its mean as if `MEAN_OF` more were
        there, its covariance as if `SPREAD_OF` more. Raises ValueError if there is no row.
        """
        if not len(vectors):
            raise ValueError("a whitening needs vectors to learn from")
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # thousands of small steps: threads would wait at each of them
            return cls._fit(np.asarray(vectors, np.float64), np.asarray(cameras, np.str_))

    @classmethod
    def _fit(cls, rows: Float64, of: NDArray[np.str_]) -> Whitening:
        names = sorted(set(of.tolist()) - {ANYWHERE})
        site = rows.mean(axis=0)
        mean = [(rows[of == c].sum(axis=0) + MEAN_OF * site) / (np.sum(of == c) + MEAN_OF)
                for c in names]  # fmt: skip
        left = [rows[of == c] - m for c, m in zip(names, mean, strict=True)]
        spread = [part.T @ part for part in left]
        whole = np.sum(spread, axis=0) / max(1, sum(len(part) for part in left))  # (D,D)
        damped = [
            _damped((own + SPREAD_OF * whole) / (len(part) + SPREAD_OF))
            for own, part in zip(spread, left, strict=True)
        ]
        axes, gain = zip(*damped, _damped(whole), strict=True)
        return cls(
            (*names, ANYWHERE),
            np.stack([*mean, site]).astype(np.float32),
            np.stack(axes).astype(np.float32),
            np.stack(gain).astype(np.float32),
            len(rows),
        )

    @cached_property
    def sha256(self) -> str:
        """Hash of all numbers, for receipts."""
        parts = ("\n".join(self.cameras).encode(), self.mean, self.axes, self.gain)
        return sha256(
            b"".join(p if isinstance(p, bytes) else p.tobytes() for p in parts)
        ).hexdigest()

    def rows(self, vectors: Float32, camera_id: str) -> Float32:
        """Vectors (N,D) of one camera -> (N,D) unit rows that compare across cameras."""
        c = self._at(camera_id)
        changed = self._turned(np.asarray(vectors, np.float32) - self.mean[c], c)
        length = np.linalg.norm(changed, axis=1, keepdims=True)
        return np.asarray(changed / np.maximum(length, _TINY), np.float32)

    def mixed(self, vectors: Float32, cameras: Sequence[str] | NDArray[np.str_]) -> Float32:
        """The same of vectors (N,D) each of its own camera (N,)."""
        of = np.asarray(cameras, np.str_)
        found = np.empty(vectors.shape, np.float32)
        for camera in np.unique(of).tolist():
            found[of == camera] = self.rows(vectors[of == camera], camera)
        return found

    def toward(self, vectors: Float32, camera_id: str) -> tuple[Float32, Float32]:
        """Changed probes (P,D) -> what one camera's own rows meet: (P,D) directions, (P,) offsets.

        For a row g of the camera (g @ direction - offset) / length is the cosine of probe and
        changed row: a gallery is searched without changing it.
        """
        c, z = self._at(camera_id), np.asarray(vectors, np.float32)
        along = np.vecdot(self.axes[c], z[:, None]) * self.gain[c]  # (P,K)
        direction = z + np.einsum("pk,kd->pd", along, self.axes[c])  # few: no threads to wait for
        return direction, np.vecdot(direction, self.mean[c])

    def lengths(self, vectors: Float32, camera_id: str) -> Float64:
        """(N,) lengths of one camera's vectors (N,D) after the change, before they are unit."""
        c, found = self._at(camera_id), np.empty(len(vectors))
        for start in range(0, len(vectors), 65_536):  # memory stays flat
            part = slice(start, start + 65_536)
            found[part] = np.linalg.norm(self._turned(vectors[part] - self.mean[c], c), axis=1)
        return np.maximum(found, _TINY)

    def _at(self, camera_id: str) -> int:
        return self.cameras.index(camera_id if camera_id in self.cameras else ANYWHERE)

    def _turned(self, y: Float32, c: int) -> Float32:
        """(N,D) -> (N,D) with the camera's axes damped; the same matrix from either side."""
        return np.asarray(y + ((y @ self.axes[c].T) * self.gain[c]) @ self.axes[c], np.float32)


_TINY = 1e-6


def _damped(covariance: Float64) -> tuple[Float64, Float64]:
    """The K axes of most variance (K,D) and their gains (K,), of a shrunken inverse square root."""
    from scipy.linalg import eigh

    d = len(covariance)
    value, axis = eigh(covariance, subset_by_index=[max(0, d - AXES), d - 1])
    level = SHRINKAGE * max(float(np.trace(covariance)) / d, _TINY**2)
    return axis.T, np.sqrt(level / ((1 - SHRINKAGE) * np.maximum(value, 0) + level)) - 1
