"""The face recipe: faces of known people in; an embedder, measured as the product measures, out.

ArcFace, CosFace or a plain softmax over the identities, batches of P people x K crops, warm-up and
cosine, the margin grown from nothing where `ramp` says so; a supervised contrastive loss beside it
where `temperature` gives one. papers/002 trains ResNet-50 and MobileNetV2 so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch
from torch.nn import functional
from tqdm import tqdm

from core import facesets, study, zoo
from core.errors import BadInput, NotFound
from core.recipes import card, export, loop, losses, networks, order, run
from core.recipes.export import Exported
from core.recipes.faces import crops, margins, network
from core.recipes.faces.crops import Crops, Faces
from core.recipes.faces.network import FaceNet
from core.recipes.faces.plan import SIDE, Plan
from core.recipes.options import shown
from core.recipes.run import Trained
from core.study import facetest

LIMITS = (
    card.LIMITS[0],
    "A face that a model finds alike is no proof of identity: a person looks at it and decides.",
    "People unlike those it learned from (of other looks or age, or in worse light) are told apart "
    "worse: measure on faces like yours.",
)
AROUND = {"person": "mobilenet_v2_person_640x384", "body_embedding": "person_2026nov"}
"""The other models of the pack that is written beside the weights, so that `eval` can use them."""


def train(plan: Plan, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Train (or go on), export, measure on every `eval` set, write the card; returns it."""
    trained = fit(plan, progress)
    out = Path(plan.out)
    model = product(trained)
    write_table(out, plan, model)
    results = {"eval faces": {
        shown(name): measured(Path(name), plan.name, [out], progress) for name in plan.eval
    }}  # fmt: skip
    return run.write_card(trained, [model], results if plan.eval else None, LIMITS)


def fit(plan: Plan, progress: IO[str] | None = sys.stderr) -> Trained:
    """Read, check and train. Raises BadInput, NotFound, DongseonError."""
    if plan.name in zoo.rows():
        raise BadInput("{name} is a model of this product: give --name another", name=plan.name)
    for name in plan.eval:
        if not Path(name).exists():
            raise NotFound("there is nothing to measure on at {path}", path=name)
    faces = crops.read(plan.manifest, plan.identities)
    net = network.build(plan, faces.people)
    bar = partial(tqdm, desc="sha256", unit="face", file=progress, leave=False, delay=0.5,
                  disable=progress is None)  # fmt: skip
    data = crops.sha256(plan.manifest, bar)
    identity = plan.identity(data, run.start_sha256(plan))
    net.to(loop.device(plan), memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(loop.groups(net, net.backbone, plan, plan.slow), lr=plan.rate)
    state = loop.train(plan, _Faces(plan, net, faces), optimiser, identity, progress)
    return Trained(plan, net, state, data, crops.told(plan.manifest))


class _Faces:
    """Faces of people, and what is learned from them."""

    def __init__(self, plan: Plan, net: FaceNet, faces: Faces) -> None:
        self.plan, self.net, self.where = plan, net, loop.device(plan)
        self.crops = Crops(faces, plan)
        self.bf16 = loop.precision(plan, self.where) == "bf16"

    def keys(self, epoch: int) -> list[list[order.Key]]:
        """The batches of an epoch, `steps` of them where that is said."""
        p, faces = self.plan, self.crops.faces
        if p.crops > 1:
            every = order.identities(faces.person, faces.day, p.people, p.crops, p.seed, epoch)
        else:
            every = order.plain(len(faces), p.people, p.seed, epoch)
        if p.steps is None:
            return every
        return [every[i % len(every)] for i in range(p.steps)]

    def batches(self, keys: Sequence[Sequence[order.Key]]) -> Iterable[Any]:
        """(faces (B,112,112,3) uint8, people (B,)) of these keys."""
        return loop.batches(self.crops, keys, self.plan.workers)

    def losses(
        self, batch: Sequence[Any], epoch: int
    ) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
        """The parts of the loss, and the share of faces recognised without any margin."""
        plan, (images, who) = self.plan, batch
        who = who.to(self.where)
        x = networks.pictures(images, self.where).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.where, torch.bfloat16, enabled=self.bf16):
            vector = self.net(x)
        vector, people = vector.float(), self.net.people.float()
        said = margins.logits(vector, people, who, plan.loss, self.margin(epoch), plan.scale)
        parts = {plan.loss: functional.cross_entropy(said, who, label_smoothing=plan.smoothing)}
        if plan.temperature:
            parts["contrast"] = losses.contrast(vector, who, plan.temperature)
        with torch.no_grad():
            right = (margins.cosines(vector, people).argmax(dim=1) == who).float().mean().item()
        return parts, {"right": right}

    def margin(self, epoch: int) -> float:
        """The margin in an epoch: grown from 0 over `ramp` epochs, one step an epoch."""
        ramp = self.plan.ramp
        return self.plan.margin_used * (min(1.0, epoch / ramp) if ramp else 1.0)

    def stepped(self) -> None:
        """Nothing follows a step."""


def product(trained: Trained) -> Exported:
    """Write NAME.onnx and its row."""
    plan = trained.recipe
    assert isinstance(plan, Plan)
    path = Path(plan.out) / f"{plan.name}.onnx"
    part = network.Embedder(trained.net, plan.mirrored)
    apart = export.export(part, path, (SIDE, SIDE), ["embedding"], plan.embedding)
    output = {"decoder": "embedding", "dim": plan.embedding}
    row = export.row(path, "face_embedding", (SIDE, SIDE), output, run.about(trained))
    return Exported(plan.name, path.name, row, apart)


def write_table(out: Path, plan: Plan, model: Exported) -> None:
    """Write models.toml with the row, and a pack around it: a face has to be found first."""
    pack = {"title": f"{plan.name} beside other models", "notice": "Written by a training run.",
            **AROUND, "face": plan.face, "face_embedding": plan.name}  # fmt: skip
    loop.whole(out / "models.toml", card.toml({model.name: model.row}, {plan.name: pack}))


def measured(
    data: Path, model: str, directories: Sequence[str | Path], progress: IO[str] | None
) -> dict[str, Any]:
    """What `dongseon eval faces` prints of a set: pairs as CSV, a .bin file, LFW, K-Face, folders.

    Raises NotFound, BadInput, ModelError.
    """
    if data.suffix == ".csv":
        return study.faces(data, model, directories, progress)
    if data.suffix == ".bin":
        return facetest.pairs_test(facesets.bin_pairs(data), model, directories, progress)
    if data.is_dir() and any(data.glob("pairs*.txt")):
        return facetest.pairs_test(facesets.lfw_pairs(data), model, directories, progress)
    named = facesets.casia(data)
    if any(data.glob("*/S001")) or any(data.glob("*/*/S001")):
        named = iter(facetest.kface_people(data))
    return facetest.people_test(named, data.name, model, directories, progress)
