"""Options of `dongseon train` in; one checked recipe out: everything that decides the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import BadInput
from core.recipes.options import Options, choice, given

KINDS = ("reid", "attributes")
OSNETS = ("osnet_x0_25", "osnet_x0_5", "osnet_x1_0", "osnet_ibn_x1_0", "osnet_ain_x0_25",
          "osnet_ain_x0_5", "osnet_ain_x1_0")  # fmt: skip
MOBILENETS = ("mobilenet_v2", "mobilenet_v2_in")
BACKBONES = (*OSNETS, *MOBILENETS, "resnet50")
POOLINGS = ("gem", "avg")


@dataclass(frozen=True)
class Recipe(Options):
    """One training run.

    manifest    CSV tables of labelled crops
    frozen      the backbone keeps the weights of `start`: only what stands on it learns
    fine        a MobileNet's last stage looks at four times as many places, as ResNet-50's always
                does here
    colors      a palette (histograms of colors by height) stands beside the backbone
    mirrored    the body model that is written looks at each crop and its mirror picture
    blend       share of the start's weights in what is written: less of what holds for drawn people
                only, where the start knew other pictures
    size        (width, height) px of the input;  embedding: numbers in a body vector
    people, crops  P identities x K crops in a batch
    scale       0 = a linear softmax over identities; more = by the angle alone, times this
    temperature  0 = none; more = of a supervised contrastive loss within the batch, beside it
    triplet_from  first epoch (from 1) with the batch-hard triplet loss: from the first step on it
                collapses an embedding that knows nothing yet
    attributes  weight of attribute heads beside re-identification; 0 = none
    held_out    share of the people kept apart for calibrating and judging attributes
    """

    RATES = 1.5e-3, 3.5e-4  # OSNet's; the bag of tricks', from weights that know pictures
    LIMITS = (
        ("embedding", 8, 4096), ("people", 2, 1024), ("crops", 2, 64), ("smoothing", 0, 0.9),
        ("scale", 0, 256), ("temperature", 0, 10), ("triplet_from", 1, 100_000), ("margin", 0, 10),
        ("attributes", 0, 100), ("held_out", 0.02, 0.5), ("blend", 0, 0.9),
    )  # fmt: skip

    kind: Literal["reid", "attributes"]
    backbone: str = "osnet_x0_25"
    frozen: bool = False
    fine: bool = False
    colors: bool = False
    mirrored: bool = False
    blend: float = 0.0
    epochs: int = 60
    size: tuple[int, int] = (128, 256)
    embedding: int = 512
    pooling: str = "gem"
    people: int = 16
    crops: int = 4
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

    def __post_init__(self) -> None:
        choice("backbone", self.backbone, BACKBONES)
        choice("pooling", self.pooling, POOLINGS)
        super().__post_init__()
        if self.frozen and self.start is None:
            raise BadInput("--frozen keeps a backbone as it is: name its weights with --start")
        if self.blend and self.start is None:
            raise BadInput(
                "--blend mixes with the weights a run began from: name them with --start"
            )
        if self.fine and self.backbone not in MOBILENETS:
            raise BadInput("--fine is for {names}", names=", ".join(MOBILENETS))
        if min(self.size) < 16 or max(self.size) > 1024:
            raise BadInput("--size is WIDTHxHEIGHT of 16 to 1024 px, for instance 128x256")
        if self.colors and self.size[1] % 8:
            raise BadInput("--colors looks at eight stripes: take a height that 8 divides")

    @property
    def identifies(self) -> bool:
        """Whether identities are learned."""
        return self.kind == "reid"

    @property
    def judges(self) -> bool:
        """Whether attributes are learned."""
        return self.kind == "attributes" or self.attributes > 0


def from_options(options: Mapping[str, Any]) -> Recipe:
    """A recipe of options as the command line gives them; None = not given. Raises BadInput."""
    found = given(options, Recipe)
    choice("kind", found.get("kind", ""), KINDS)
    return Recipe(**found)
