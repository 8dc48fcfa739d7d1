"""A plan and tables of pictures in; a person detector as ONNX, measured, with its card, out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch
from tqdm import tqdm

from core import study, zoo
from core.errors import BadInput
from core.recipes import card, export, loop, networks, order, run, samples
from core.recipes.detection import losses, scenes
from core.recipes.detection.compose import FILL, Composer
from core.recipes.detection.network import Averaged, Detector, Product
from core.recipes.detection.plan import STRIDES, Plan
from core.recipes.detection.scenes import Scenes
from core.recipes.export import Exported
from core.recipes.options import shown
from core.recipes.run import Trained

LIMITS = (
    card.LIMITS[0],
    "Whoever it does not find is nowhere later: measure on your cameras, at the size used.",
)
STORED = 0.05  # strides, or share of a size: what weights of 16 bits may move a box by


def build(plan: Plan) -> Averaged:
    """The network of a plan, from its seed and its start weights."""
    torch.manual_seed(plan.seed)
    net = Detector(plan.backbone, plan.width, plan.freeze)
    net.trim()
    if plan.start is not None:
        networks.start(net, plan.start)
    return Averaged(net, plan.average)


def train(plan: Plan, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Train (or go on), export, measure on every `eval` table, write the card; returns it."""
    trained = fit(plan, progress)
    out = Path(plan.out)
    models = product(trained)
    run.write_table(out, models)
    results = {
        "eval detection": {
            f"{shown(table)} at {width}x{height}": _figures(
                study.detection(Path(table), name, [out], progress)
            )
            for table in plan.eval
            for name, (width, height) in plan.models.items()
        }
    }
    return run.write_card(trained, models, results if plan.eval else None, LIMITS)


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    """What `dongseon eval detection` prints, as a card tells it; no time: it is of one machine."""
    told = {name: found[name] for name in ("ap50", "precision", "recall", "score")}
    for px, of in found["recall_by_height"].items():
        told[f"recall of {of['n']} people of {px} px"] = of["recall"]
    return {**told, "pictures": found["n_pictures"], "boxes": found["n_boxes"]}


def fit(plan: Plan, progress: IO[str] | None = sys.stderr) -> Trained:
    """Read, check and train. Raises BadInput, NotFound, DongseonError."""
    for name in plan.models:
        if name in zoo.rows():
            raise BadInput("{name} is a model of this product: give --name another", name=name)
    for manifest in plan.eval:
        scenes.check_eval(manifest)  # said now, not after hours of training
    learned = scenes.read(plan.manifest)
    net = build(plan)
    bar = partial(tqdm, desc="sha256", unit="picture", file=progress, leave=False, delay=0.5,
                  disable=progress is None)  # fmt: skip
    data = samples.sha256(plan.manifest, bar, scenes.FILES)
    identity = plan.identity(data, run.start_sha256(plan))
    where = loop.device(plan)
    net.to(where, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        loop.groups(net.live, net.live.backbone, plan, plan.slow), lr=plan.rate
    )
    state = loop.train(plan, _Pictures(plan, net, learned), optimiser, identity, progress)
    told = scenes.told(plan.manifest, learned)
    return Trained(plan, net.mean, state, data, told)


class _Pictures:
    """Composed pictures, and what is learned from them."""

    def __init__(self, plan: Plan, net: Averaged, learned: Scenes) -> None:
        self.plan, self.net, self.where = plan, net, loop.device(plan)
        self.composer = Composer(learned, plan)
        self.bf16 = loop.precision(plan, self.where) == "bf16"

    def keys(self, epoch: int) -> list[list[order.Key]]:
        """The batches of an epoch: which pictures go in is drawn when one is composed."""
        n, size = self.plan.pictures or len(self.composer), self.plan.batch
        starts = range(0, max(size, n - n % size), size)
        return [[(epoch, i, 0) for i in range(at, at + size)] for at in starts]

    def batches(self, keys: Sequence[Sequence[order.Key]]) -> Iterable[Any]:
        """(pictures (B,H,W,3) uint8, boxes (B,M,5)) of these keys."""
        return loop.batches(self.composer, keys, self.plan.workers)

    def losses(
        self, batch: Sequence[Any], epoch: int
    ) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
        """The parts of the loss, and how well the cells that answer fit."""
        images, table = batch
        x = networks.pictures(images, self.where).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.where, torch.bfloat16, enabled=self.bf16):
            said = self.net.live(x)
        return losses.of(said, table.to(self.where), self.plan.size)

    def stepped(self) -> None:
        """The running mean follows."""
        self.net.follow()


def product(trained: Trained) -> list[Exported]:
    """Write NAME.onnx; a row for each input size, all of the same file."""
    plan = trained.recipe
    assert isinstance(plan, Plan)
    path = Path(plan.out) / f"{plan.name}.onnx"
    apart = export.export(Product(trained.net), path, plan.size, ["boxes"], 0, sides=True,
                          stored=STORED)  # fmt: skip
    output = {"decoder": "yolox", "strides": list(STRIDES), "person_class": 0}
    found = []
    for name, size in plan.models.items():
        row = export.row(path, "person", size, output, run.about(trained))
        row["input"]["fill"] = FILL
        found.append(Exported(name, path.name, row, apart))
    return found
