"""Options of `dongseon train faces` in; one checked plan out: everything that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import BadInput
from core.recipes.options import Options, choice, given

BACKBONES = ("mobilenet_v2_96", "mobilenet_v2", "mobilefacenet", "resnet50")
LOSSES = ("arcface", "cosface", "softmax")
MARGIN: Mapping[str, float] = {"arcface": 0.5, "cosface": 0.35, "softmax": 0.0}
SIDE = 112  # px of an aligned face: the template of ArcFace


@dataclass(frozen=True)
class Plan(Options):
    """One training run; what `Options` has too means the same.

    manifest  CSV tables with path, person_id and five points (as `citizens faces` writes them), or
              folders with a folder of aligned, square faces for each person
    identities  only the first people of the tables; None = all
    loss      arcface, cosface or softmax over the identities;  margin: None = by the loss
    scale     of the cosines (arcface, cosface)
    ramp      epochs over which the margin grows from 0: at once, it stalls a short run
    temperature  more than 0: a supervised contrastive loss beside it
    steps     batches in an epoch; None = each crop about once
    freeze    first blocks of a started backbone that stay as they began;  slow: learning rate of
              its others, as a share
    jitter    how far each of the five points is moved, as a share of the distance of the eyes
    mirrored  the model that is written looks at each face and its mirror picture
    face      the model that finds faces in the pack that is written beside the weights
    """

    RATES = 2e-3, 1e-3  # of AdamW
    LIMITS = (
        ("steps", 1, 10**7), ("embedding", 8, 4096), ("identities", 2, 10**7), ("people", 2, 1024),
        ("crops", 1, 64), ("margin", 0, 1.5), ("scale", 1, 256), ("ramp", 0, 1000),
        ("temperature", 0, 10), ("smoothing", 0, 0.9), ("freeze", 0, 18), ("slow", 0, 1),
        ("jitter", 0, 0.5),
    )  # fmt: skip

    kind: Literal["faces"]
    backbone: str = "mobilenet_v2_96"
    identities: int | None = None
    loss: str = "arcface"
    margin: float | None = None
    scale: float = 32.0
    ramp: float = 0.0
    temperature: float = 0.0
    smoothing: float = 0.0
    epochs: int = 20
    steps: int | None = None
    embedding: int = 256
    people: int = 16
    crops: int = 4
    freeze: int = 0
    slow: float = 0.5
    jitter: float = 0.04
    warmup: float = 1.0
    decay: float = 0.01
    clip: float = 5.0
    mirrored: bool = False
    face: str = "yunet_2023mar"

    def __post_init__(self) -> None:
        choice("backbone", self.backbone, BACKBONES)
        choice("loss", self.loss, LOSSES)
        super().__post_init__()
        if self.loss == "softmax" and self.margin:
            raise BadInput("--margin goes with arcface or cosface: softmax has none")

    @property
    def usual_name(self) -> str:
        """What the model is called where nothing is said."""
        return f"{self.backbone}_{self.loss}"

    @property
    def margin_used(self) -> float:
        """The margin at the end of its ramp."""
        return MARGIN[self.loss] if self.margin is None else self.margin


def from_options(options: Mapping[str, Any]) -> Plan:
    """A plan of options as the command line gives them; None = not given. Raises BadInput."""
    plan = Plan(**given(options, Plan))
    if plan.temperature and plan.crops < 2:
        raise BadInput("--temperature compares crops of one person: give --crops 2 or more")
    return plan
