"""A plan and tables of faces in; P-, R- and O-Net as ONNX, measured, with their card, out."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from core import cascade, zoo
from core.errors import BadInput
from core.recipes import card, export, loop, networks, order, run, samples
from core.recipes.checkpoint import State
from core.recipes.export import Exported
from core.recipes.mtcnn import cut, faces, losses, mining, teacher
from core.recipes.mtcnn.cut import Crops, Mined
from core.recipes.mtcnn.faces import Faces
from core.recipes.mtcnn.network import Product, build
from core.recipes.mtcnn.plan import NETS, Plan
from core.recipes.options import shown
from core.recipes.run import Trained
from core.study import facefinding

LIMITS = (
    card.LIMITS[0],
    "A face it does not find is compared with nobody: measure on your cameras.",
)
IN_USE = (640, 640)  # px that a picture is fitted into
EXAMPLE = ((64, 48), (24, 24), (48, 48))  # px of the pictures that the files are checked with
JUDGED = 20  # groups of crops of the people kept apart


def train(plan: Plan, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Train (or go on), export, measure, write the card; returns it."""
    trained, apart = fit(plan, progress)
    out = Path(plan.out)
    models = product(trained)
    run.write_table(out, models)
    results: dict[str, Any] = {"crops of people kept apart": apart}
    if plan.nets == len(NETS):
        for table in plan.eval:
            found = facefinding.truth(Path(table), plan.name, [out], progress)
            results.setdefault("eval face-detection", {})[shown(table)] = _figures(found)
    return run.write_card(trained, models, results, LIMITS)


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    """What `dongseon eval face-detection` prints, as a card tells it, without times."""
    names = ("ap50", "precision", "recall", "score", "points_error", "n_faces", "n_pictures")
    return {name: found[name] for name in names}


def fit(
    plan: Plan, progress: IO[str] | None = sys.stderr
) -> tuple[Trained, dict[str, dict[str, float]]]:
    """Read, check and train net by net; and how each judges people kept apart.

    The history has a line for each epoch with the sums over all nets.

    Raises BadInput, NotFound, DongseonError.
    """
    for name in plan.names:
        if name in zoo.rows():
            raise BadInput("{name} is a model of this product: give --name another", name=name)
    for manifest in plan.eval:
        facefinding.check(Path(manifest))  # said now, not after hours of training
    if plan.teacher is not None:
        teacher.read(plan.teacher)
    known = faces.read(plan.manifest, plan.held_out, plan.seed)
    bar = partial(tqdm, desc="sha256", unit="picture", file=progress, leave=False, delay=0.5,
                  disable=progress is None)  # fmt: skip
    data = samples.sha256(plan.manifest, bar)
    taught_by = None if plan.teacher is None else teacher.sha256(plan.teacher)
    identity = plan.identity(data, taught_by)
    nets: list[nn.Module] = []
    whole, apart, logs = State(), {}, []
    for stage in range(plan.nets):
        net, state, identity, mined = _one(plan, stage, nets, known, identity, progress)
        nets.append(net)
        apart[cascade.STAGES[stage]] = judged(plan, stage, net, known, mined)
        logs.append(state.history)
        whole.seconds += state.seconds
    whole.history = [
        {"epoch": k + 1, "loss": round(sum(one["loss"] for one in lines), 5),
         "batches": sum(one["batches"] for one in lines)}
        for k, lines in enumerate(zip(*logs, strict=True))
    ]  # fmt: skip
    told = faces.told(plan.manifest, known)
    taught = None
    if plan.teacher is not None and taught_by is not None:
        taught = {"folder": Path(plan.teacher).name, "sha256": taught_by}
    return Trained(plan, nn.ModuleList(nets), whole, data, told, teacher=taught), apart


def _one(
    plan: Plan, stage: int, before: Sequence[nn.Module], known: Faces, identity: str,
    progress: IO[str] | None,
) -> tuple[nn.Module, State, str, Mined | None]:  # fmt: skip
    """Train one net; and the identity of what the next one builds on: these weights."""
    mine = plan.of(stage)
    where = loop.device(plan)
    identity = json.dumps([NETS[stage], plan.crops(stage), identity])
    mined = None
    if before:
        mined = mining.kept(Path(mine.out), identity)
        if mined is None:
            mined = mining.mine(before, known, plan.least_px, where, progress)
            mining.keep(Path(mine.out), identity, mined)
    torch.manual_seed(plan.seed + stage)
    net = build(stage, plan.activation).to(where, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.decay)
    taught = Crops(known, np.flatnonzero(~known.judges), plan, stage, mined)
    state = loop.train(mine, _Task(mine, stage, net, taught), optimiser, identity, progress)
    digest = hashlib.sha256()
    for value in net.state_dict().values():
        digest.update(value.float().cpu().numpy().tobytes())
    return net, state, json.dumps([identity, digest.hexdigest()]), mined


class _Task:
    """Crops for one net, and what is learned from them."""

    def __init__(self, plan: Plan, stage: int, net: nn.Module, crops: Crops) -> None:
        self.plan, self.stage, self.net, self.crops = plan, stage, net, crops
        self.where = loop.device(plan)
        self.teacher = None
        if plan.teacher is not None:
            self.teacher = teacher.read(plan.teacher)[stage].to(self.where)
        self.bf16 = loop.precision(plan, self.where) == "bf16"

    def keys(self, epoch: int) -> list[list[order.Key]]:
        """The batches of an epoch."""
        return cut.keys(self.plan, self.stage, epoch)

    def batches(self, keys: Sequence[Sequence[order.Key]]) -> Iterable[Any]:
        """Groups of crops of these keys: see `cut.Crops`, one axis more in front."""
        return loop.batches(self.crops, keys, self.plan.workers)

    def losses(
        self, batch: Sequence[Any], epoch: int
    ) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
        """The parts of the loss, and the share of faces and others told apart."""
        images, kind, box, points = (part.flatten(0, 1) for part in batch)
        x = networks.pictures(images, self.where).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.where, torch.bfloat16, enabled=self.bf16):
            said = self.net(x)[:, 0]
        kind, box, points = (part.to(self.where) for part in (kind, box, points))
        parts, shares = losses.of(said.float(), kind, box, points, self.stage, self.plan.hard)
        if self.teacher is not None:
            with torch.no_grad():
                told = self.teacher(x)[:, 0]
            word = losses.follow(said.float(), told, kind, self.stage)
            parts |= {name: self.plan.follow * part for name, part in word.items()}
        return parts, shares

    def stepped(self) -> None:
        """Nothing follows a step."""


def judged(
    plan: Plan, stage: int, net: nn.Module, known: Faces, mined: Mined | None
) -> dict[str, float]:
    """How a net does on crops of people kept apart: accuracy, and the parts of the loss, all of
    whose crops count."""
    at = np.flatnonzero(known.judges)
    if not known.known(at):
        return {}
    crops = Crops(known, at, plan, stage, mined, plain=True)
    where = loop.device(plan)
    net.to(where).eval()
    rows = []
    for i in range(JUDGED):
        images, kind, box, points = (torch.from_numpy(part) for part in crops[(0, i, 0)])
        with torch.no_grad():
            said = net(networks.pictures(images, where))[:, 0].float().cpu()
        parts, shares = losses.of(said, kind, box, points, stage, 1.0)
        rows.append([shares["right"], *(part.item() for part in parts.values())])
    names = ("accuracy", "face_loss", "box_loss", "points_loss")
    return {k: round(float(v), 4) for k, v in zip(names, np.mean(rows, axis=0), strict=True)}


def product(trained: Trained) -> list[Exported]:
    """Write a file for each net; the first one's row names the others."""
    plan = trained.recipe
    assert isinstance(plan, Plan)
    found = []
    for stage, (name, net) in enumerate(zip(plan.names, trained.net, strict=True)):
        path = Path(plan.out) / f"{name}.onnx"
        apart = export.export(Product(net), path, EXAMPLE[stage], ["faces"], 0, sides=stage == 0)
        whole = plan.nets == len(NETS) and stage == 0
        task = "face" if whole else zoo.PART
        row = export.row(path, task, EXAMPLE[stage], {"decoder": zoo.PART}, run.about(trained))
        if whole:
            row["input"] |= {"size": list(IN_USE), "fill": 0}
            row["output"] = {"decoder": "mtcnn", "least_px": plan.least_px,
                             "least": list(plan.least), "score": plan.score}  # fmt: skip
            row["parts"] = list(plan.names[1:])
        found.append(Exported(name, path.name, row, apart))
    return found
