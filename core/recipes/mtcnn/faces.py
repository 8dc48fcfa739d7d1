"""CSV tables of pictures with faces in; faces with their points, and who judges, out.

Columns: path,x1,y1,x2,y2 and the five points (`eye_right_x` and so on), a row without a box for a
picture without a face. Three more count where they are there: `score` of a teacher's face,
`visible` and `facing` of a drawn one; `person_id` keeps a person's pictures on one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.recipes.options import shown
from core.study.facefinding import clear, points_of
from core.study.finding import SIDES, box_of
from core.study.manifest import rows
from core.types import Float32, Int

NEEDED = ("path", *SIDES)
LEAST_PX = 10.0  # of a face's width: a smaller one shows nothing that could be learned


@dataclass(frozen=True)
class Faces:
    """N pictures and the faces in them.

    path (N,);  box per picture (M,4) xyxy px;  points per picture (M,5,2) px, NaN = not known;
    sure per picture (M,): False = teaches neither way;  table (N,) which table it is of
    judges (N,) True = kept apart
    """

    path: tuple[Path, ...]
    box: tuple[Float32, ...]
    points: tuple[Float32, ...]
    sure: tuple[NDArray[np.bool_], ...]
    table: Int
    judges: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.path)

    def known(self, at: Int) -> list[tuple[int, int]]:
        """(picture, face) of every sure face of these pictures."""
        return [(i, k) for i in at.tolist() for k in np.flatnonzero(self.sure[i]).tolist()]


def read(manifests: Sequence[str | Path], held_out: float, seed: int) -> Faces:
    """All pictures of all tables. Raises NotFound, BadInput; a table's pictures must be there."""
    found: dict[Path, list[tuple[list[float], Float32, bool]]] = {}
    table: dict[Path, int] = {}
    whose: dict[Path, str] = {}
    for n, manifest in enumerate(Path(m) for m in manifests):
        for row in rows(manifest, NEEDED):
            path = manifest.parent / row["path"]
            if path not in found and not path.is_file():
                raise BadInput("there is no picture at {path}", path=path)
            table.setdefault(path, n)
            whose.setdefault(path, f"{n}/{row.get('person_id') or row['path']}")
            box = box_of(row)
            large = box is not None and box[2] - box[0] >= LEAST_PX
            one = [] if box is None else [(box, points_of(row), large and clear(row))]
            found.setdefault(path, []).extend(one)
    if not any(face[2] for some in found.values() for face in some):
        raise BadInput("no picture of the tables shows a face: nothing can be learned")
    people = np.unique([whose[path] for path in found], return_inverse=True)[1]
    order = np.random.default_rng([seed, 1]).permutation(int(people.max()) + 1)
    apart = np.isin(people, order[: round(held_out * len(order))])
    return Faces(
        tuple(found),
        tuple(np.array([f[0] for f in some], np.float32).reshape(-1, 4) for some in found.values()),
        tuple(np.array([f[1] for f in some], np.float32).reshape(-1, 5, 2)
              for some in found.values()),
        tuple(np.array([f[2] for f in some], bool) for some in found.values()),
        np.array([table[path] for path in found], dtype=np.int64),
        apart,
    )  # fmt: skip


def told(manifests: Sequence[str | Path], faces: Faces) -> list[dict[str, Any]]:
    """What a card says of each table."""
    found = []
    for n, manifest in enumerate(manifests):
        mine = np.flatnonzero(faces.table == n).tolist()
        columns = set(rows(Path(manifest), NEEDED)[0])
        drawn = bool({"facing", "yaw_deg"} & columns)
        found.append({
            "table": shown(manifest),
            "pictures": len(mine),
            "boxes": int(sum(faces.sure[i].sum() for i in mine)),
            "unsure": int(sum((~faces.sure[i]).sum() for i in mine)),
            "by": "drawn" if drawn else "a teacher" if "score" in columns else "",
            "drawn": {} if drawn else None,
        })  # fmt: skip
    return found
