"""How K-Face names a picture, and which of its cells a test of KISA's form asks for.

A picture lies at `PERSON/S001/L1/E01/C7.jpg`: accessory S, light L, expression E, camera C. Public
descriptions tell the codes, that S001 is without accessory, L1 the full light, E01 the neutral
face and C7 the frontal camera, not what each other code shows.

Codes above K-Face's own (S007, L31-L38, E04-E06, C21-C22) are ours: what table 3 of papers/002
asks for and K-Face lacks. Only synthetic sets have them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from core.errors import BadInput

ACCESSORIES, LIGHTS, EXPRESSIONS, CAMERAS = 6, 30, 3, 20  # K-Face's own grid
_CODE = re.compile(r"S(\d{3})/L(\d{1,2})/E(\d{2})/C(\d{1,2})")


@dataclass(frozen=True, order=True)
class Cell:
    """One way in which every person was photographed; numbers from 1 as in the file names."""

    accessory: int = 1
    light: int = 1
    expression: int = 1
    camera: int = 7

    @classmethod
    def parse(cls, text: str) -> Cell:
        """The cell of "S001/L1/E01/C7". Raises BadInput."""
        found = _CODE.fullmatch(text.removesuffix(".jpg"))
        if found is None or not all(map(int, found.groups())):
            raise BadInput(
                "{text!r} is no cell of K-Face: write it as S001/L1/E01/C7", text=text[:40]
            )
        return cls(*map(int, found.groups()))

    @property
    def code(self) -> str:
        """For instance "S001/L1/E01/C7"."""
        return f"S{self.accessory:03d}/L{self.light}/E{self.expression:02d}/C{self.camera}"

    @property
    def path(self) -> str:
        """Of the picture, inside a person's folder."""
        return f"{self.code}.jpg"

    @property
    def in_kface(self) -> bool:
        """Whether K-Face itself has it."""
        limits = (ACCESSORIES, LIGHTS, EXPRESSIONS, CAMERAS)
        own = (self.accessory, self.light, self.expression, self.camera)
        return all(1 <= n <= most for n, most in zip(own, limits, strict=True))


Cells = Mapping[str, tuple[Cell, ...]]

REGISTERED = Cell()
"""The one registration picture of each person: frontal, neutral, full light, nothing worn."""

TABLE_3: Cells = MappingProxyType(
    {
        "light": tuple(replace(REGISTERED, light=31 + k) for k in range(8)),
        "expression": tuple(replace(REGISTERED, expression=n) for n in (2, 4, 5, 6)),
        "pose": tuple(replace(REGISTERED, camera=n) for n in (21, 22, 4)),
        "accessory": tuple(replace(REGISTERED, accessory=n) for n in (7, 2)),
    }
)
"""Table 3 of papers/002: 8 light directions (0, 45, ... 315 deg), 4 expressions (smiling, angry,
eyes closed, surprised), 3 poses (22.5 deg left and right, 45 left), 2 accessories (hair band,
glasses). Source: [chang-jetson]"""

NEAREST: Cells = MappingProxyType(
    {
        "light": tuple(replace(REGISTERED, light=n) for n in (2, 8, 12, 16, 19, 22, 25, 28)),
        "expression": tuple(replace(REGISTERED, expression=n) for n in (2, 3)),
        "pose": tuple(replace(REGISTERED, camera=n) for n in (5, 9, 4)),
        "accessory": tuple(replace(REGISTERED, accessory=n) for n in (2, 3)),
    }
)
"""The same with what K-Face has: 8 of its lights, its 2 other expressions, 3 of its 7 middle
cameras (15 deg apart, so 30 for 22.5), the first 2 accessories. A choice, not a published one."""
