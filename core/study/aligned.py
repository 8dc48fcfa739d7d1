"""Pictures of a face data set in; the face of each, found, aligned and embedded, out.

A histogram of colours of the same aligned faces goes with it: the yardstick that needs no learning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from core import photo
from core.describe import Describer, Faces, align, unit
from core.errors import BadInput
from core.facesets import Face
from core.geometry import resize
from core.study.manifest import shown
from core.study.routetest import STRIPES, stripes
from core.types import Float32, Float64, Image, Int

SIDE_PX = 112
AT_ONCE = 16


@dataclass(frozen=True)
class Embedded:
    """Faces of N pictures: vectors (N,D) unit rows and histograms (N,H); NaN where none was found.

    width_px (N,) of the face found, NaN where none was; in aligned pictures that of the picture
    """

    vectors: Float32
    histograms: Float32
    width_px: Float64

    @property
    def found(self) -> Any:
        """(N,) whether there is a face."""
        return ~np.isnan(self.width_px)

    def pairs(self, a: Int, b: Int) -> tuple[Float64, Float64]:
        """(cosines, histogram intersections) (M,) of pictures a and b (M,); -inf without a face."""
        cosine = np.einsum("md,md->m", self.vectors[a], self.vectors[b]).astype(np.float64)
        shared = np.minimum(self.histograms[a], self.histograms[b]).sum(1) / STRIPES
        return _missing(cosine), _missing(shared.astype(np.float64))

    def grid(self, rows: Int, columns: Int) -> tuple[Float64, Float64]:
        """The same for all pairs: (R,C) each."""
        cosine = (self.vectors[rows] @ self.vectors[columns].T).astype(np.float64)
        shared = np.stack([
            np.minimum(one, self.histograms[columns]).sum(1) / STRIPES
            for one in self.histograms[rows]
        ])  # fmt: skip
        return _missing(cosine), _missing(shared.astype(np.float64))


def _missing(score: Float64) -> Float64:
    return np.where(np.isnan(score), -np.inf, score)


def embedded(
    faces: Sequence[Face],
    describer: Describer,
    *,
    aligned: bool = False,
    flip: bool = False,
    progress: IO[str] | None = None,
) -> Embedded:
    """Embed one face of each picture. aligned: pictures are faces already, nothing is looked for.

    flip  the vector is that of the picture plus that of its mirror image, as many published figures
          are computed
    Raises NotFound, BadInput for a picture that cannot be read.
    """
    vectors: list[Float32 | None] = []
    histograms: list[Float32 | None] = []
    width: list[float] = []
    for start in shown(range(0, len(faces), AT_ONCE), progress):
        images = [picture(face) for face in faces[start : start + AT_ONCE]]
        cut = [_whole(one) for one in images] if aligned else _cut(images, describer)
        there = [one for one, _ in cut if one is not None]
        rows = iter(_rows(there, describer, flip) if there else ())
        for one, px in cut:
            width.append(px)
            vectors.append(None if one is None else next(rows))
            histograms.append(None if one is None else stripes(one))
    return Embedded(_filled(vectors), _filled(histograms), np.array(width))


def picture(face: Face) -> Image:
    """The upright picture (H,W,3) uint8 RGB. Raises NotFound, BadInput."""
    return photo.read(face.content(), face.name).image


def _cut(images: Sequence[Image], describer: Describer) -> list[tuple[Image | None, float]]:
    """(aligned face or None, width px) of each picture."""
    found: list[tuple[Image | None, float]] = []
    for image, faces in zip(images, describer.find_faces(images), strict=True):
        best = meant(faces, image)
        if best is None:
            found.append((None, float("nan")))
            continue
        width = float(faces.box[best, 2] - faces.box[best, 0])
        found.append((align(image, faces.landmarks[best]), width))
    return found


def meant(faces: Faces, image: Image) -> int | None:
    """Which face a picture of one person is about: one around its middle, else the largest."""
    if not len(faces):
        return None
    width = faces.box[:, 2] - faces.box[:, 0]
    middle = np.array(image.shape[1::-1]) / 2
    around = np.all((faces.box[:, :2] <= middle) & (middle <= faces.box[:, 2:]), axis=1)
    return int(np.where(around, width + width.max(), width).argmax())


def _whole(image: Image) -> tuple[Image | None, float]:
    """A picture that is an aligned face, at the size of the template."""
    height, width = image.shape[:2]
    if height != width:
        raise BadInput("an aligned face must be square, not {w} x {h} px", w=width, h=height)
    return resize(image, (SIDE_PX, SIDE_PX)) if width != SIDE_PX else image, float(width)


def _rows(faces: Sequence[Image], describer: Describer, flip: bool) -> Float32:
    """(n,D) unit rows."""
    embed = describer.face_embedding
    assert embed is not None  # of a face model's describer: see core.study.pictures.embedding
    stack = np.stack(faces)
    (rows,) = embed(stack)
    if flip:
        (mirrored,) = embed(np.ascontiguousarray(stack[:, :, ::-1]))
        rows = rows + mirrored
    return unit(rows)


def _filled(rows: Sequence[Float32 | None]) -> Float32:
    """(N,D), NaN rows for None."""
    size = next((len(row) for row in rows if row is not None), 1)
    empty = np.full(size, np.nan, np.float32)
    return np.stack([empty if row is None else row for row in rows])
