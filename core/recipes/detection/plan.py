"""Options of `dongseon train detection` in; one checked plan out: everything that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import BadInput
from core.recipes.options import Options, choice, given

BACKBONES = ("mobilenet_v2",)
STRIDES = (8, 16, 32)
SIDE = 32  # inputs are multiples of the largest stride


@dataclass(frozen=True)
class Plan(Options):
    """One training run; what `Options` has too means the same.

    manifest  CSV tables of pictures: path,x1,y1,x2,y2 and, where known, score (of a teacher),
              visible (share of a body that shows), mask and person (whose pixels are whose)
    size      (width, height) px of a training picture
    use       input sizes (width, height) the product may choose from; the first has the bare name
    width     channels of neck and head
    pictures  composed pictures in an epoch; None = as many as the tables list
    share     how often a picture is taken from each table; () = by its number of pictures
    mosaic    share of pictures put together from four;  paste: of those with drawn people put in
    freeze    first blocks of the backbone that stay as they began
    slow      learning rate of the rest of a backbone that began with weights, as a share: features
              that know real pictures are not to be lost on drawn ones
    average   memory of the running mean of the weights, which is what is exported
    """

    RATES = 2e-3, 1e-3  # of AdamW, batch 16
    LIMITS = (
        ("width", 16, 512), ("batch", 2, 1024), ("pictures", 2, 10**7), ("mosaic", 0, 1),
        ("paste", 0, 1), ("freeze", 0, 18), ("slow", 0, 1), ("average", 0, 0.99999),
    )  # fmt: skip

    kind: Literal["detection"]
    backbone: str = "mobilenet_v2"
    epochs: int = 30
    size: tuple[int, int] = (416, 416)
    use: tuple[tuple[int, int], ...] = ((416, 416), (640, 384))
    width: int = 64
    batch: int = 16
    pictures: int | None = None
    share: tuple[float, ...] = ()
    mosaic: float = 0.5
    paste: float = 0.5
    freeze: int = 0
    slow: float = 0.2
    warmup: float = 1.0
    decay: float = 0.02
    average: float = 0.998
    clip: float = 10.0

    def __post_init__(self) -> None:
        choice("backbone", self.backbone, BACKBONES)
        super().__post_init__()
        for size in (self.size, *self.use):
            if min(size) < 64 or max(size) > 1920 or size[0] % SIDE or size[1] % SIDE:
                raise BadInput("--size and --use are WIDTHxHEIGHT, multiples of 32 from 64 to 1920 "
                               "px, for instance 416x416")  # fmt: skip
        if not self.use:
            raise BadInput("name at least one input size with --use")
        if self.share and (len(self.share) != len(self.manifest) or min(self.share) <= 0):
            raise BadInput("give --share once for every --manifest, each above 0")

    @property
    def usual_name(self) -> str:
        """What the model is called where nothing is said."""
        return f"{self.backbone}_person"

    @property
    def models(self) -> dict[str, tuple[int, int]]:
        """{name of the model: its input size}; the same file behind all of them."""
        first, *rest = self.use
        return {self.name: first, **{f"{self.name}_{w}x{h}": (w, h) for w, h in rest}}


def from_options(options: Mapping[str, Any]) -> Plan:
    """A plan of options as the command line gives them; None = not given. Raises BadInput."""
    return Plan(**given(options, Plan))
