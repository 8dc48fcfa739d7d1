"""Options of `dongseon train bareness` in; one checked plan out: everything that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import BadInput
from core.recipes.options import Options, choice, given

BACKBONE = "bareness"
GROUP = 64  # crops that are cut together


@dataclass(frozen=True)
class Plan(Options):
    """One training run; what `Options` has too means the same.

    manifest  CSV tables of faces as `citizens faces --varied` writes them: path, person_id, mask,
              x1, x2, five points
    samples   crops in an epoch;  batch: crops in a step, a multiple of 64
    held_out  share of the people that judge and do not teach
    least     how sure the judge has to be that a lower face is bare, in use
    jitter    how far each of the five points is moved, as a share of the face's width
    """

    RATES = 2e-3, 2e-3
    LATER = ("least",)
    LIMITS = (
        ("samples", GROUP, 10**8), ("batch", GROUP, 65_536), ("held_out", 0.02, 0.5),
        ("least", 0.5, 0.99999), ("jitter", 0, 0.2),
    )  # fmt: skip

    kind: Literal["bareness"]
    backbone: str = BACKBONE
    epochs: int = 10
    samples: int = 50_048
    batch: int = 128
    held_out: float = 0.1
    least: float = 0.9997
    jitter: float = 0.02
    warmup: float = 0.5
    decay: float = 0.02
    clip: float = 5.0
    workers: int = 1

    def __post_init__(self) -> None:
        choice("backbone", self.backbone, (BACKBONE,))
        super().__post_init__()
        if self.start is not None:
            raise BadInput("the judge begins from random weights: leave --start out")
        if self.batch % GROUP:
            raise BadInput("--batch is a multiple of {group}", group=GROUP)

    @property
    def usual_name(self) -> str:
        """What the model is called where nothing is said."""
        return BACKBONE


def from_options(options: Mapping[str, Any]) -> Plan:
    """A plan of options as the command line gives them; None = not given. Raises BadInput."""
    return Plan(**given(options, Plan))
