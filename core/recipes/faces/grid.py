"""Backbones and losses in; one equal, small training run for each pair, and their figures, out.

The counterpart of table 5 of papers/002: every cell sees the same faces in the same order for the
same number of steps. Each cell's figures are written as `eval faces --json` prints them, so that
`dongseon eval tables OUT/answers/*.json` sets them beside the paper's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from core.errors import BadInput
from core.recipes import loop
from core.recipes.faces import training
from core.recipes.faces.plan import BACKBONES, LOSSES, Plan
from core.recipes.options import choice, given, shown

PAPER = ("resnet50", "mobilenet_v2")  # the backbones of table 5


@dataclass(frozen=True)
class Grid:
    """Cells of equal size; what `faces.plan.Plan` has too means the same.

    backbone, loss  those of the cells;  identities: first people of the tables that are learned
    eval            sets that every cell is measured on, as `train faces --eval`
    """

    kind: Literal["face-grid"]
    manifest: tuple[str, ...]
    out: str
    eval: tuple[str, ...]
    backbone: tuple[str, ...] = PAPER
    loss: tuple[str, ...] = LOSSES
    identities: int | None = 200
    epochs: int = 10
    steps: int = 12
    people: int = 16
    crops: int = 2
    embedding: int = 256
    scale: float = 32.0
    ramp: float = 5.0
    lr: float | None = None
    warmup: float = 1.0
    face: str = "yunet_2023mar"
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    workers: int = 1

    def __post_init__(self) -> None:
        for name in self.backbone:
            choice("backbone", name, BACKBONES)
        for name in self.loss:
            choice("loss", name, LOSSES)
        if not self.eval:
            raise BadInput("name at least one set to measure on with --eval")

    def cells(self) -> list[Plan]:
        """One run for each backbone and loss."""
        same = {k: v for k, v in vars(self).items()
                if k not in ("kind", "out", "eval", "backbone", "loss")}  # fmt: skip
        return [
            Plan("faces", out=str(Path(self.out) / f"{backbone}_{loss}"), backbone=backbone,
                 loss=loss, **same)
            for backbone in self.backbone for loss in self.loss
        ]  # fmt: skip


def from_options(options: Mapping[str, Any]) -> Grid:
    """A grid of options as the command line gives them. Raises BadInput."""
    return Grid(**given({"eval": [], **options}, Grid))


def train(grid: Grid, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Train every cell that is not trained yet, measure each on every set, write the answers.

    Raises like `faces.training.train`.
    """
    answers = Path(grid.out) / "answers"
    answers.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, Any]] = {}
    for plan in grid.cells():
        if progress is not None:
            progress.write(f"{plan.name}\n")
        card = training.train(plan, progress)
        size = (f"{card['recipe']['identities'] or 'all'} people, {card['epochs']} x "
                f"{card['batches']} batches of {grid.people * grid.crops}")  # fmt: skip
        found[plan.name] = {"loss": card["loss"], "seconds": card["seconds"], "trained_on": size}
        for k, name in enumerate(grid.eval):
            figures = training.measured(Path(name), plan.name, [Path(plan.out)], progress)
            figures["data"] = f"{figures['data']}; learned from {size}"
            found[plan.name][shown(name)] = figures
            loop.whole(answers / f"{plan.name}-{k}.json", json.dumps(figures, ensure_ascii=False))
    return {"cells": found}


def text(found: Mapping[str, Any]) -> str:
    """The cells for people: what each reached on each set."""
    lines = []
    for name, cell in found["cells"].items():
        told = [f"{data}: " + ", ".join(f"{k} {one[k]}" for k in ("accuracy", "rank1", "eer")
                                        if k in one)
                for data, one in cell.items() if isinstance(one, dict)]  # fmt: skip
        lines.append(f"{name:<28} loss {cell['loss']}  {cell['seconds']} s  {'; '.join(told)}")
    return "\n".join([*lines, "the answers are in answers/: `dongseon eval tables answers/*.json`"])
