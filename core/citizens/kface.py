"""How many citizens and which cells in; a folder like K-Face's out, with exact truth.

`High_Resolution/00000007/S001/L1/E01/C7.jpg`: 20 cameras x 30 lights x 3 expressions x 6
accessories at three sizes, and the cells of table 3 of papers/002 that K-Face lacks. Only the cells
asked for are drawn. What a code shows is ours (below): of K-Face only the grid is known.

Cameras C1-C13 stand from 90 deg at the person's right (C1) over the front (C7) to 90 at the left,
C14-C20 from 45 to 45, 25 higher; C21 and C22 at 22.5 right and left. L1-L7: lamps all around, ever
dimmer; L8-L30: one lamp in each of seven directions, dimmer and dimmer; L31-L38: one lamp in eight
directions around the line of sight, clockwise from above. E01 neutral, E02 smile, E03 pursed lips,
E04 angry, E05 eyes closed, E06 surprised. S001 nothing, S002 round and S003 square glasses, S004
sunglasses, S005 cap, S006 cap and glasses, S007 hair band.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import wardrobe
from core.citizens.chance import SPLITS, generator, pick
from core.citizens.datasets import face_view, write_jpeg
from core.citizens.people import Citizen, citizen
from core.citizens.stage import FACE_POINTS, Light, Placed, View
from core.citizens.wardrobe import Extra
from core.errors import BadInput
from core.types.kface import (
    ACCESSORIES,
    CAMERAS,
    EXPRESSIONS,
    LIGHTS,
    REGISTERED,
    TABLE_3,
    Cell,
)

if TYPE_CHECKING:
    from core.citizens.render import Renderer

Image = NDArray[np.uint8]
Row = dict[str, Any]

SIZES: Mapping[str, tuple[str, tuple[int, int]]] = {
    "high": ("High_Resolution", (864, 576)),
    "middle": ("Middle_Resolution", (346, 230)),
    "low": ("Low_Resolution", (173, 115)),
    "kisa": ("High_Resolution", (640, 480)),
}
"""Folder and (width, height) px; "kisa" is the size that papers/002 names for that test."""

COLUMNS = ("path", "person_id", "accessory", "light", "expression", "camera", "yaw_deg",
           "pitch_deg", *(f"{p}_{axis}" for p in FACE_POINTS for axis in "xy"))  # fmt: skip
SPAN_M = 0.46  # what the picture's height shows at the distance of the face
AWAY_M = 1.8
QUALITY = 92
LUX = (1000, 400, 200, 150, 100, 60, 40)  # of L1-L7
ASIDE = ((0, 8, 4), (-90, 12, 4), (-45, 16, 3), (45, 19, 3), (90, 22, 3), (-135, 25, 3),
         (135, 28, 3))  # fmt: skip
"""(azimuth deg from the front to the picture's right, first L, how many) of L8-L30."""
RING_DEG = 55.0  # how far off the line of sight the lamps of L31-L38 are
FACES: Mapping[int, tuple[str, float]] = {
    1: ("neutral", 0.0),
    2: ("smile", 0.0),
    3: ("pursed", 0.0),
    4: ("frown", 0.0),
    5: ("neutral", 1.0),
    6: ("surprise", 0.0),
}
"""(expression, blink) of E01-E06."""


@dataclass(frozen=True)
class KFaces:
    """A K-Face look-alike. cells: codes with commas, "kisa" (table 3) or "kface" (all of its)."""

    count: int
    cells: str = "kisa"
    size: str = "kisa"
    split: str = "test"
    seed: int = 0

    columns = COLUMNS

    def check(self) -> None:
        """Raise BadInput unless it can be drawn."""
        if self.split not in SPLITS:
            raise BadInput("the split is train or test, not {split!r}", split=self.split[:40])
        if self.size not in SIZES:
            raise BadInput("the size is one of {sizes}", sizes=", ".join(SIZES))
        if self.count < 1:
            raise BadInput("count must be 1 or more")
        for cell in chosen(self.cells):
            _shown(cell)

    def rows(self, renderer: Renderer, index: int, out: Path) -> list[Row]:
        """Draw all cells of one citizen; the rows of the manifest."""
        who = citizen(self.seed * 1_000_000 + index, self.split)
        folder, size = SIZES[self.size]
        rows = []
        for cell in chosen(self.cells):
            image, truth = draw(renderer, who, cell, size, self.seed)
            path = f"{folder}/{index:08d}/{cell.path}"
            write_jpeg(out / path, image, QUALITY)
            rows.append({"path": path, "person_id": f"{index:08d}", **truth})
        return rows


def chosen(cells: str) -> list[Cell]:
    """The cells that the word or the codes name, without repetition. Raises BadInput."""
    if cells == "kisa":
        return [REGISTERED, *(cell for some in TABLE_3.values() for cell in some)]
    if cells == "kface":
        return [
            Cell(s, light, e, c)
            for s in range(1, ACCESSORIES + 1)
            for light in range(1, LIGHTS + 1)
            for e in range(1, EXPRESSIONS + 1)
            for c in range(1, CAMERAS + 1)
        ]
    return list(dict.fromkeys(Cell.parse(code.strip()) for code in cells.split(",")))


def _shown(cell: Cell) -> None:
    """Raise BadInput if a code of the cell means nothing here."""
    if cell.accessory > 7 or cell.light > 38 or cell.expression > 6 or cell.camera > 22:
        raise BadInput("{cell} cannot be drawn: codes go up to S007/L38/E06/C22", cell=cell.code)


def draw(
    renderer: Renderer, who: Citizen, cell: Cell, size: tuple[int, int], seed: int
) -> tuple[Image, Row]:
    """The picture (H,W,3) of a citizen in a cell, and its truth."""
    expression, blink = FACES[cell.expression]
    dressed = wearing(who, cell.accessory)
    placed = Placed(dressed, (0.0, 0.0, 0.0), 0.0, "stand", 0.0, 0.0, (0.0, 0.0), expression, blink)
    yaw, pitch = angles(cell.camera)
    frame = renderer.draw(
        _view(renderer, placed, yaw, pitch, size), light(cell.light), (), [placed]
    )
    rng = generator("kface", seed, who.split, who.seed, cell.code)
    image = cv2.GaussianBlur(frame.image.astype(np.float32), (0, 0), size[1] / 900)
    noisy = np.asarray(image) + rng.normal(0, 1.2, (*frame.image.shape[:2], 1))
    row: Row = {"accessory": cell.accessory, "light": cell.light, "expression": cell.expression,
                "camera": cell.camera, "yaw_deg": yaw, "pitch_deg": pitch}  # fmt: skip
    for name, (x, y) in zip(FACE_POINTS, frame.landmarks[0], strict=True):
        row[f"{name}_x"], row[f"{name}_y"] = round(float(x), 1), round(float(y), 1)
    return np.clip(noisy, 0, 255).astype(np.uint8), row


def angles(camera: int) -> tuple[float, float]:
    """(yaw, pitch) deg of where a camera stands: yaw to the person's left, pitch above the face."""
    if camera <= 13:
        return 15.0 * (camera - 7), 0.0
    if camera <= 20:
        return 15.0 * (camera - 17), 25.0
    return -22.5 if camera == 21 else 22.5, 0.0


def _view(
    renderer: Renderer, placed: Placed, yaw: float, pitch: float, size: tuple[int, int]
) -> View:
    fov = math.degrees(2 * math.atan(SPAN_M / 2 / AWAY_M))
    return replace(face_view(renderer, placed, yaw, pitch, size[1]), size=size, fov_deg=fov)


def light(number: int) -> Light:
    """L1-L38; the person looks north."""
    if number <= len(LUX):
        gain = _dimmed(LUX[number - 1])
        return Light((0.0, 0.9, 0.5), _times((0.42, 0.41, 0.39), gain),
                     _times((0.46, 0.47, 0.49), gain), _times((0.3, 0.29, 0.28), gain),
                     backdrop=_times((0.45, 0.46, 0.48), gain))  # fmt: skip
    if number <= LIGHTS:
        azimuth, first, _ = next(one for one in ASIDE if one[1] <= number < one[1] + one[2])
        a = math.radians(azimuth)
        towards = (-math.sin(a), math.cos(a), 0.45)
        return _one_lamp(towards, _dimmed(LUX[1 + number - first]))
    turn, off = math.radians(45.0 * (number - 31)), math.radians(RING_DEG)
    towards = (-math.sin(turn) * math.sin(off), math.cos(off), math.cos(turn) * math.sin(off))
    return _one_lamp(towards, 1.0)


def _one_lamp(towards: tuple[float, float, float], gain: float) -> Light:
    faint = _times((0.12, 0.12, 0.13), gain)
    return Light(towards, _times((0.95, 0.92, 0.86), gain), faint, _times(faint, 0.7),
                 backdrop=_times((0.28, 0.28, 0.3), gain))  # fmt: skip


def _dimmed(lux: float) -> float:
    """How bright a picture is at so much light: a camera makes up for part of what is lacking."""
    return float((lux / LUX[0]) ** 0.6)


def _times(rgb: Sequence[float], gain: float) -> tuple[float, float, float]:
    r, g, b = (gain * x for x in rgb)
    return r, g, b


def wearing(who: Citizen, accessory: int) -> Citizen:
    """The citizen with nothing on the head but this accessory: always the same of each kind."""
    forms = {2: ("round",), 3: ("square",), 4: ("sunglasses",), 6: ("round",)}.get(accessory)
    glasses = None if forms is None else _item(who, "glasses", forms)
    hat = _item(who, "hat", ("cap",)) if accessory in (5, 6) else None
    if accessory == 7:
        hat = replace(_item(who, "hat", ("cap",)), form="band")
    bare = replace(who.outfit, hat=hat, glasses=glasses, mask=None)
    return replace(who, outfit=bare)


def _item(who: Citizen, slot: str, forms: Sequence[str]) -> Extra:
    names = [n for n in wardrobe.catalogue(slot, who.split) if wardrobe.extra(n).form in forms]
    return wardrobe.extra(pick(generator("kface", slot, forms, who.split, who.seed), names))
