"""CSV tables of pictures with boxes in; scenes, and people to cut out, out.

The columns are those of `dongseon eval detection`: path,x1,y1,x2,y2, a row without a box for a
picture with nobody. Three more are used where they are there: `score` of a teacher's box, `visible`
of a drawn person, `mask` and `person`: the picture that says which pixels are whose, and the value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.recipes.options import shown
from core.study.finding import box_of
from core.study.manifest import number, rows
from core.types import Float32, Int

FILES = ("path", "mask")  # columns that name a file
NEEDED = ("path", "x1", "y1", "x2", "y2")
SURE = 0.45  # a teacher's box below this is neither a person nor none
SEEN = 0.3  # a body that shows less is neither, too
WHOLE, TALL_PX = 0.97, 64.0  # what of a body must show, and how tall, to be cut out and used again


@dataclass(frozen=True)
class Cutout:
    """A drawn person who is wholly seen: scene it stands in, its mask and the value in it."""

    scene: int
    mask: Path
    value: int
    box: Float32  # (4,) xyxy px


@dataclass(frozen=True)
class Scenes:
    """N pictures.

    path (N,);  box per picture (M,4) xyxy px;  sure per picture (M,): False = teaches neither way;
    table (N,) which table it is of;  cutouts: people to put into other pictures
    """

    path: tuple[Path, ...]
    box: tuple[Float32, ...]
    sure: tuple[NDArray[np.bool_], ...]
    table: Int
    cutouts: tuple[Cutout, ...]

    def __len__(self) -> int:
        return len(self.path)


def read(manifests: Sequence[str | Path]) -> Scenes:
    """All pictures of all tables. Raises NotFound, BadInput; a table's pictures must be there."""
    found: dict[Path, list[tuple[list[float], bool]]] = {}
    table: dict[Path, int] = {}
    cut: list[tuple[Path, Mapping[str, str], list[float]]] = []
    for n, manifest in enumerate(Path(m) for m in manifests):
        for row in rows(manifest, NEEDED):
            path = manifest.parent / row["path"]
            if path not in found and not path.is_file():
                raise BadInput("there is no picture at {path}", path=path)
            table.setdefault(path, n)
            box = box_of(row)
            found.setdefault(path, []).extend([(box, _sure(row))] if box else [])
            if box and row.get("mask") and _whole(row, box):
                cut.append((manifest.parent, row, box))
    if not any(found.values()):
        raise BadInput("no picture of the tables shows anybody: nothing can be learned")
    paths = tuple(found)
    at = {path: i for i, path in enumerate(paths)}
    return Scenes(
        paths,
        tuple(np.array([b for b, _ in one], np.float32).reshape(-1, 4) for one in found.values()),
        tuple(np.array([sure for _, sure in one], bool) for one in found.values()),
        np.array([table[path] for path in paths], dtype=np.int64),
        tuple(
            Cutout(at[folder / row["path"]], folder / row["mask"], int(number(row, "person")),
                   np.array(box, np.float32))
            for folder, row, box in cut
        ),
    )  # fmt: skip


def _sure(row: Mapping[str, str]) -> bool:
    return all(
        number(row, name) >= least
        for name, least in (("score", SURE), ("visible", SEEN))
        if (row.get(name) or "").strip()
    )


def _whole(row: Mapping[str, str], box: Sequence[float]) -> bool:
    visible = number(row, "visible") if (row.get("visible") or "").strip() else 0.0
    return visible >= WHOLE and box[3] - box[1] >= TALL_PX


def check_eval(manifest: str | Path) -> None:
    """Raise NotFound or BadInput unless the table can be measured on."""
    for row in rows(Path(manifest), NEEDED):
        box_of(row)
        path = Path(manifest).parent / row["path"]
        if not Path(str(path).partition("#t=")[0]).is_file():
            raise BadInput("there is no picture at {path}", path=path)


def told(manifests: Sequence[str | Path], scenes: Scenes) -> list[dict[str, Any]]:
    """What a card says of each table."""
    found = []
    for n, manifest in enumerate(manifests):
        mine = np.flatnonzero(scenes.table == n).tolist()
        columns = set(rows(Path(manifest), NEEDED)[0])
        found.append({
            "table": shown(manifest),
            "pictures": len(mine),
            "boxes": int(sum(scenes.sure[i].sum() for i in mine)),
            "unsure": int(sum((~scenes.sure[i]).sum() for i in mine)),
            "by": "drawn" if "visible" in columns else "a teacher" if "score" in columns else "",
            "drawn": {} if "visible" in columns else None,
        })  # fmt: skip
    return found
