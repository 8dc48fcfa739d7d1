"""Tables of faces in; groups of aligned faces, bare and covered, as cameras show them, out.

Half of a group are bare faces; a quarter wear a drawn mask; over a quarter something is drawn
(`cloth`). Each is reduced to the width of a face that somebody passes a camera with, stored as
JPEG, aligned as the product aligns it by points that are a little off, and developed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from insightface.utils.face_align import arcface_dst
from numpy.typing import NDArray
from torch.utils.data import Dataset

from core.describe import MIN_FRONTAL, align, frontalness
from core.errors import BadInput
from core.geometry import resize
from core.recipes.bareness.cloth import covered
from core.recipes.bareness.plan import GROUP, Plan
from core.recipes.faces.crops import COLUMNS
from core.recipes.mtcnn.cut import developed
from core.recipes.order import Key
from core.recipes.randomise import compressed
from core.study.manifest import number, rows
from core.study.pictures import read as picture
from core.types import Float32, Image, Int

NEEDED = ("path", "person_id", "mask", "x1", "x2", *COLUMNS)
NONE = "none"  # what a row says of a face without a mask
BARE, WORN, DRAWN = range(3)  # kinds of crops: bare, with a drawn person's mask, drawn over
SHARES = (2, 1, 1)  # of these kinds
NARROW, WIDE = 9.0, 110.0  # px of a face
SEEN = 64  # px: what the judge sees
FACE_PX = 84.0  # width of a face's box in the aligned picture


@dataclass(frozen=True)
class Faces:
    """N pictures of one face each.

    path (N,);  points (N,5,2) px;  width (N,) px of the face;  masked (N,)
    judges (N,) True = of people kept apart
    """

    path: tuple[Path, ...]
    points: Float32
    width: Float32
    masked: NDArray[np.bool_]
    judges: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.path)


def read(tables: Sequence[str], held_out: float = 0.0, seed: int = 0) -> Faces:
    """All faces that are not seen from the side; held_out: share of the people kept apart.

    Raises NotFound, BadInput.
    """
    path, points, width, masked, who = [], [], [], [], []
    for n, table in enumerate(Path(t) for t in tables):
        for row in rows(table, NEEDED):
            at = np.array([number(row, name) for name in COLUMNS], np.float32).reshape(5, 2)
            if frontalness(at) < MIN_FRONTAL:
                continue
            path.append(table.parent / row["path"])
            if not path[-1].is_file():
                raise BadInput("there is no picture at {path}", path=path[-1])
            points.append(at)
            width.append(number(row, "x2") - number(row, "x1"))
            masked.append(row["mask"].strip() != NONE)
            who.append(f"{n}/{row['person_id']}")
    people = np.unique(who, return_inverse=True)[1]
    order = np.random.default_rng([seed, 1]).permutation(int(people.max(initial=-1)) + 1)
    apart = np.isin(people, order[: round(held_out * len(order))])
    found = Faces(tuple(path), np.array(points, np.float32).reshape(-1, 5, 2),
                  np.array(width, np.float32), np.array(masked, bool), apart)  # fmt: skip
    for side in (apart, ~apart) if held_out else (~apart,):
        if len(set(found.masked[side].tolist())) < 2:
            raise BadInput("the tables must show several people with a mask and several without")
    return found


class Crops(Dataset):
    """Groups of crops by key (epoch, index, 0): pictures (GROUP,64,64,3) uint8, kinds (GROUP,)."""

    def __init__(self, faces: Faces, at: Int, plan: Plan) -> None:
        self.faces, self.plan = faces, plan
        self.bare, self.worn = at[~faces.masked[at]], at[faces.masked[at]]
        self.picture = lru_cache(maxsize=8192)(picture)

    def __len__(self) -> int:
        return self.plan.samples // GROUP

    def __getitem__(self, key: Key) -> tuple[Image, Int]:
        rng = np.random.default_rng([self.plan.seed, 5, *key[:2]])
        kinds = rng.choice(len(SHARES), GROUP, p=np.array(SHARES) / sum(SHARES))
        images = np.stack([self._crop(kind, rng) for kind in kinds.tolist()])
        return developed(images, rng), kinds.astype(np.int64)

    def _crop(self, kind: int, rng: np.random.Generator) -> Image:
        face = int(rng.choice(self.worn if kind == WORN else self.bare))
        image, points = self.picture(self.faces.path[face]), self.faces.points[face]
        width = float(self.faces.width[face])
        made = _seen(image, points, width, self.plan.jitter, kind == DRAWN, rng)
        return resize(made[:, ::-1] if rng.uniform() < 0.5 else made, (SEEN, SEEN))


def _seen(
    image: Image, points: Float32, width: float, jitter: float, over: bool,
    rng: np.random.Generator,
) -> Image:  # fmt: skip
    """A face as a camera far or near shows it, aligned (112,112,3); over: something covers it."""
    if over:
        image = covered(align(image, points), rng)
        points, width = arcface_dst, FACE_PX
    target = float(np.exp(rng.uniform(np.log(NARROW), np.log(WIDE))))
    share = min(1.0, target / max(width, 1.0))
    size = (max(8, round(image.shape[1] * share)), max(8, round(image.shape[0] * share)))
    small = resize(image, size)
    if rng.uniform() < 0.8:
        small = compressed(small, int(rng.integers(40, 96)))
    scale = np.array(size, np.float32) / (image.shape[1], image.shape[0])
    off = rng.normal(0, jitter * min(width, target), (5, 2))
    return align(small, ((points + 0.5) * scale - 0.5 + off).astype(np.float32))
