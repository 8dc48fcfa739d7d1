"""Options of `dongseon train mtcnn` in; one checked plan out: everything that decides the nets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from core.errors import BadInput
from core.recipes.options import Options, choice, given

NETS = ("p", "r", "o")
ACTIVATIONS = ("prelu", "relu", "leaky_relu")
BACKBONE = "mtcnn"
GROUP = 64  # crops that are cut together


@dataclass(frozen=True)
class Plan(Options):
    """One training run of three networks; what `Options` has too means the same.

    manifest    CSV tables of faces: path,x1,y1,x2,y2, the five points, and, where known, score (of
                a teacher), visible and facing (of a drawn face), person_id
    activation  after each layer: the published networks have prelu
    nets        1 = P-Net alone, 2 = and R-Net, 3 = all: only all of them are a detector
    epochs      of each network;  samples: crops in an epoch, one number for each network or for all
    batch       crops in a batch, a multiple of 64
    share       how often a face is taken from each table; () = by its number of faces
    hard        share of the crops that can be face or not whose loss counts, the hardest of a batch
    held_out    share of the people (pictures, where nobody is named) that judge and do not teach
    least_px    of the faces that are looked for, in hard examples and in use
    least       score that each network lets pass in use
    score       of a face in use, where whoever asks names none
    teacher     folder of published networks whose word on every crop is learned, too, or None
    follow      weight of what is learned from it
    """

    RATES = 3e-3, 3e-3
    LATER = ("nets", "samples", "least", "score")  # more nets, their crops, what passes in use
    LIMITS = (
        ("nets", 1, 3), ("batch", 64, 65_536), ("hard", 0.05, 1), ("held_out", 0.02, 0.5),
        ("least_px", 12, 500), ("score", 0.01, 0.99), ("follow", 0.01, 100),
    )  # fmt: skip

    kind: Literal["mtcnn"]
    backbone: str = BACKBONE
    activation: str = "prelu"
    nets: int = 3
    epochs: int = 8
    samples: tuple[int, ...] = (60_000, 40_000, 30_000)
    batch: int = 512
    share: tuple[float, ...] = ()
    hard: float = 0.7
    held_out: float = 0.1
    least_px: float = 20.0
    least: tuple[float, ...] = (0.6, 0.7, 0.3)
    score: float = 0.6
    teacher: str | None = None
    follow: float = 1.0
    warmup: float = 0.5
    decay: float = 1e-4
    clip: float = 10.0
    workers: int = 0

    def __post_init__(self) -> None:
        choice("activation", self.activation, ACTIVATIONS)
        choice("backbone", self.backbone, (BACKBONE,))
        super().__post_init__()
        if self.start is not None:
            raise BadInput("the three networks begin from random weights: leave --start out")
        if len(self.samples) not in (1, len(NETS)) or not all(
            64 <= n <= 10**8 for n in self.samples
        ):
            raise BadInput("give --samples once, or once for each of the three networks")
        if self.batch % GROUP:
            raise BadInput("--batch is a multiple of {group}", group=GROUP)
        if len(self.least) != len(NETS) or not all(0 < one < 1 for one in self.least):
            raise BadInput("give --least once for each of the three networks, between 0 and 1")
        if self.share and (len(self.share) != len(self.manifest) or min(self.share) <= 0):
            raise BadInput("give --share once for every --manifest, each above 0")
        if self.teacher is not None and self.activation != "prelu":
            raise BadInput("the published networks have prelu: leave --activation out")

    @property
    def usual_name(self) -> str:
        """What the model is called where nothing is said."""
        return BACKBONE

    @property
    def names(self) -> tuple[str, ...]:
        """The models, first to last: the first has the bare name, which is what a pack names."""
        return (self.name, *(f"{self.name}_{net}" for net in NETS[1:]))[: self.nets]

    def crops(self, stage: int) -> int:
        """Crops in an epoch of a network."""
        return self.samples[stage if len(self.samples) > 1 else 0]

    def of(self, stage: int) -> Plan:
        """The plan of one network: it has a folder of its own, with its checkpoint and log."""
        return replace(self, out=str(Path(self.out) / NETS[stage]))


def from_options(options: Mapping[str, Any]) -> Plan:
    """A plan of options as the command line gives them; None = not given. Raises BadInput."""
    return Plan(**given(options, Plan))
