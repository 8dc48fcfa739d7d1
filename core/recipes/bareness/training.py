"""A plan and tables of faces in; the judge of bare lower faces as ONNX, with its card, out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from core import zoo
from core.errors import BadInput
from core.recipes import card, export, loop, networks, order, run, samples
from core.recipes.bareness.crops import BARE, DRAWN, SEEN, WORN, Crops, Faces, read
from core.recipes.bareness.network import build
from core.recipes.bareness.plan import GROUP, Plan
from core.recipes.export import Exported
from core.recipes.options import shown
from core.recipes.run import Trained

LIMITS = (
    card.LIMITS[0],
    "What covers a face in ways it never saw may pass: measure on your cameras.",
)
JUDGED = 40  # groups of crops of people kept apart


def train(plan: Plan, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Train (or go on), export, measure, write the card; returns it."""
    trained, faces = fit(plan, progress)
    name = "people kept apart"
    results = {name: {"crops": judged(plan, trained.net, faces, np.flatnonzero(faces.judges))}}
    for table in plan.eval:
        known = read([table])
        figures = judged(plan, trained.net, known, np.arange(len(known)))
        results.setdefault("faces of the table", {})[shown(table)] = figures
    model = product(trained)
    run.write_table(Path(plan.out), [model])
    return run.write_card(trained, [model], results, LIMITS)


def fit(plan: Plan, progress: IO[str] | None = sys.stderr) -> tuple[Trained, Faces]:
    """Read, check and train. Raises BadInput, NotFound, DongseonError."""
    if plan.name in zoo.rows():
        raise BadInput("{name} is a model of this product: give --name another", name=plan.name)
    for table in plan.eval:
        read([table])  # said now, not after minutes of training
    faces = read(plan.manifest, plan.held_out, plan.seed)
    bar = partial(tqdm, desc="sha256", unit="picture", file=progress, leave=False, delay=0.5,
                  disable=progress is None)  # fmt: skip
    data = samples.sha256(plan.manifest, bar)
    torch.manual_seed(plan.seed)
    where = loop.device(plan)
    net = build().to(where, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.decay)
    task = _Task(plan, net, Crops(faces, np.flatnonzero(~faces.judges), plan))
    state = loop.train(plan, task, optimiser, plan.identity(data, None), progress)
    return Trained(plan, net, state, data, samples.told(plan.manifest)), faces


class _Task:
    """Crops for the judge, and what is learned from them."""

    def __init__(self, plan: Plan, net: nn.Module, crops: Crops) -> None:
        self.plan, self.net, self.crops = plan, net, crops
        self.where = loop.device(plan)
        self.bf16 = loop.precision(plan, self.where) == "bf16"

    def keys(self, epoch: int) -> list[list[order.Key]]:
        """The batches of an epoch: which crops go in is drawn when a group is cut."""
        each = self.plan.batch // GROUP
        groups = max(each, len(self.crops) - len(self.crops) % each)
        return [[(epoch, i, 0) for i in range(at, at + each)] for at in range(0, groups, each)]

    def batches(self, keys: Sequence[Sequence[order.Key]]) -> Iterable[Any]:
        """Groups of crops of these keys: see `Crops`, one axis more in front."""
        return loop.batches(self.crops, keys, self.plan.workers)

    def losses(
        self, batch: Sequence[Any], epoch: int
    ) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
        """Cross-entropy of "bare" against "covered", and the share told apart."""
        images, kind = (part.flatten(0, 1) for part in batch)
        x = networks.pictures(images, self.where).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.where, torch.bfloat16, enabled=self.bf16):
            said = self.net(x)[:, 0].float()
        bare = (kind == BARE).float().to(self.where)
        loss = functional.binary_cross_entropy_with_logits(said, bare)
        right = ((said > 0) == (bare > 0)).float().mean().item()
        return {"bare": loss}, {"right": right}

    def stepped(self) -> None:
        """Nothing follows a step."""


def judged(plan: Plan, net: nn.Module, faces: Faces, at: Any) -> dict[str, float]:
    """The share of crops of each kind that the judge lets pass for bare, as in use."""
    crops = Crops(faces, at, plan)
    where = loop.device(plan)
    net.to(where).eval()
    sure, kinds = [], []
    for i in range(JUDGED):
        images, kind = crops[(10**6, i, 0)]
        with torch.no_grad():
            sure.append(net(networks.pictures(torch.from_numpy(images), where))[:, 0].sigmoid())
        kinds.append(kind)
    passes, kind = torch.cat(sure).cpu().numpy() >= plan.least, np.concatenate(kinds)
    names = {BARE: "bare", WORN: "masks of drawn people", DRAWN: "drawn over"}
    return {f"{name}: passes": round(float(passes[kind == k].mean()), 4)
            for k, name in names.items()} | {"n": len(kind)}  # fmt: skip


def product(trained: Trained) -> Exported:
    """Write NAME.onnx; it says how sure it is, 0-1."""
    plan = trained.recipe
    assert isinstance(plan, Plan)
    path = Path(plan.out) / f"{plan.name}.onnx"
    size = (SEEN, SEEN)
    apart = export.export(nn.Sequential(trained.net, nn.Sigmoid()), path, size, ["bare"], 0)
    output = {"decoder": "bareness", "least": plan.least}
    row = export.row(path, zoo.BARENESS, size, output, run.about(trained))
    return Exported(plan.name, path.name, row, apart)
