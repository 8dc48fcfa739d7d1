"""Options of `dongseon train` in; one checked recipe out: everything that decides the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import BadInput
from core.recipes import options as shared
from core.recipes.options import Limits, choice

KINDS = ("reid", "attributes")
OSNETS = ("osnet_x0_25", "osnet_x0_5", "osnet_x1_0", "osnet_ibn_x1_0", "osnet_ain_x0_25",
          "osnet_ain_x0_5", "osnet_ain_x1_0")  # fmt: skip
MOBILENETS = ("mobilenet_v2", "mobilenet_v2_in")
BACKBONES = (*OSNETS, *MOBILENETS, "resnet50")
POOLINGS = ("gem", "avg")
LR_SCRATCH = 1.5e-3  # OSNet's from random weights
LR_STARTED = 3.5e-4  # of the bag of tricks, from weights that know pictures


@dataclass(frozen=True)
class Recipe:
    """One training run.

    manifest    CSV tables of labelled crops;  out: folder of the run;  name: of the model
    start       file of weights to begin from, or None for random ones;  start_note: what they are
    frozen      the backbone keeps the weights of `start`: only what stands on it learns
    colors      a palette (histograms of colors by height) stands beside the backbone
    size        (width, height) px of the input;  embedding: numbers in a body vector
    people, crops  P identities x K crops in a batch
    lr          highest learning rate; None = by `start`;  warmup: epochs until it is reached
    scale       0 = a linear softmax over identities; more = by the angle alone, times this
    temperature  0 = none; more = of a supervised contrastive loss within the batch, beside it
    triplet_from  first epoch (from 1) with the batch-hard triplet loss: from the first step on it
                collapses an embedding that knows nothing yet
    attributes  weight of attribute heads beside re-identification; 0 = none
    held_out    share of the people kept apart for calibrating and judging attributes
    minutes     between checkpoints within an epoch;  workers: processes that read pictures
    """

    kind: Literal["reid", "attributes"]
    manifest: tuple[str, ...]
    out: str
    name: str = ""
    backbone: str = "osnet_x0_25"
    start: str | None = None
    frozen: bool = False
    colors: bool = False
    epochs: int = 60
    size: tuple[int, int] = (128, 256)
    embedding: int = 512
    pooling: str = "gem"
    people: int = 16
    crops: int = 4
    lr: float | None = None
    warmup: float = 2.0
    decay: float = 5e-4
    smoothing: float = 0.1
    scale: float = 0.0
    temperature: float = 0.0
    triplet_from: int = 5
    margin: float = 0.3
    clip: float = 5.0
    attributes: float = 0.0
    held_out: float = 0.1
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    minutes: float = 5.0
    workers: int = 2
    eval: tuple[str, ...] = ()
    licence: str = "not stated"
    training_data: str = ""
    start_note: str = ""

    def __post_init__(self) -> None:
        choice("backbone", self.backbone, BACKBONES)
        choice("pooling", self.pooling, POOLINGS)
        if not self.name:
            object.__setattr__(self, "name", f"{self.backbone}_{self.kind}")
        shared.check(self, _LIMITS)
        if self.frozen and self.start is None:
            raise BadInput("--frozen keeps a backbone as it is: name its weights with --start")
        if min(self.size) < 16 or max(self.size) > 1024:
            raise BadInput("--size is WIDTHxHEIGHT of 16 to 1024 px, for instance 128x256")
        if self.colors and self.size[1] % 8:
            raise BadInput("--colors looks at eight stripes: take a height that 8 divides")

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        if self.lr is not None:
            return self.lr
        return LR_SCRATCH if self.start is None else LR_STARTED

    @property
    def identifies(self) -> bool:
        """Whether identities are learned."""
        return self.kind == "reid"

    @property
    def judges(self) -> bool:
        """Whether attributes are learned."""
        return self.kind == "attributes" or self.attributes > 0

    def identity(self, data_sha256: str, start_sha256: str | None) -> str:
        """What must be the same for a run to go on with another's checkpoint, as JSON."""
        return shared.identity(self, data_sha256, start_sha256)

    def command(self) -> str:
        """The command line, with the names of files but not their folders."""
        return shared.command(self, f"{self.backbone}_{self.kind}")


_LIMITS: Limits = (
    ("epochs", 1, 10_000), ("embedding", 8, 4096), ("people", 2, 1024), ("crops", 2, 64),
    ("lr", 1e-7, 1.0), ("warmup", 0, 100), ("decay", 0, 1), ("smoothing", 0, 0.9),
    ("scale", 0, 256), ("temperature", 0, 10), ("triplet_from", 1, 100_000), ("margin", 0, 10),
    ("clip", 1e-3, 1e6), ("attributes", 0, 100),
    ("held_out", 0.02, 0.5), ("seed", 0, 2**31), ("minutes", 0, 1440), ("workers", 0, 64),
)  # fmt: skip


def from_options(options: Mapping[str, Any]) -> Recipe:
    """A recipe of options as the command line gives them; None = not given. Raises BadInput."""
    found = shared.given(options, Recipe)
    choice("kind", found.get("kind", ""), KINDS)
    return Recipe(**found)
