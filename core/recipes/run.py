"""What all recipes share: a checked recipe in; data read, a network trained, a card written."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch
from tqdm import tqdm

from core import zoo
from core.errors import BadInput
from core.recipes import card, export, networks, samples, training
from core.recipes.checkpoint import State
from core.recipes.export import Exported
from core.recipes.options import Options
from core.recipes.recipe import Recipe
from core.recipes.samples import Samples

FILES = ("manifest", "out", "start", "eval", "teacher")  # where they lie is nobody's business


@dataclass(frozen=True)
class Trained:
    """A finished run: the network, its history, and what a card says of each table.

    teacher: {folder, sha256} of the networks that it learned from besides, or None
    """

    recipe: Options
    net: Any
    state: State
    data_sha256: str
    data: Sequence[Mapping[str, Any]]
    teacher: Mapping[str, str] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Bodies(Trained):
    """A network of bodies, what it learned from and what was kept apart (or None)."""

    recipe: Recipe
    net: networks.Net
    learned: Samples
    apart: tuple[Samples, Samples] | None


def train(recipe: Recipe, progress: IO[str] | None = sys.stderr) -> Bodies:
    """Read, check and train. Raises BadInput, NotFound, DongseonError."""
    if recipe.name in zoo.rows():
        raise BadInput("{name} is a model of this product: give --name another", name=recipe.name)
    for manifest in recipe.eval:
        samples.check_eval(manifest, recipe.identifies)  # said now, not after hours of training
    every = samples.read(recipe.manifest, recipe.identifies, recipe.judges)
    apart = None
    learned = every
    if recipe.judges:
        learned, *rest = samples.split(every, recipe.held_out, recipe.seed)
        apart = (rest[0], rest[1])
    net = training.build(recipe, learned)
    bar = partial(tqdm, desc="sha256", unit="crop", file=progress, leave=False, delay=0.5,
                  disable=progress is None)  # fmt: skip
    data = samples.sha256(recipe.manifest, bar)
    identity = recipe.identity(data, start_sha256(recipe))
    state = training.train(recipe, net, learned, identity, progress)
    if recipe.blend and recipe.start is not None:
        networks.blend(net, recipe.start, recipe.blend)
    return Bodies(recipe, net, state, data, samples.told(recipe.manifest), learned, apart)


def start_sha256(options: Options) -> str | None:
    """The hash of the weights a run begins from, None for random ones."""
    if options.start is None:
        return None
    return hashlib.sha256(Path(options.start).read_bytes()).hexdigest()


def about(trained: Trained) -> dict[str, str]:
    """What a row of models.toml says of licence, data and origin."""
    recipe = trained.recipe
    start = "" if recipe.start is None else f", begun from {Path(recipe.start).name}"
    teacher = trained.teacher
    taught = "" if teacher is None else f"; what the networks of {teacher['folder']} say of crops"
    return {
        "licence": recipe.licence,
        "training_data": recipe.training_data or card.brief(trained.data) + taught,
        "origin": f"dongseon train {recipe.kind}: {recipe.backbone}{start}",
    }


def body_model(trained: Bodies) -> Exported:
    """Write NAME.onnx, the body vectors."""
    recipe = trained.recipe
    path = Path(recipe.out) / f"{recipe.name}.onnx"
    part = networks.Embedding(trained.net, recipe.mirrored)
    apart = export.export(part, path, recipe.size, ["embedding"], recipe.embedding)
    output = {"decoder": "embedding", "dim": recipe.embedding}
    row = export.row(path, "body_embedding", recipe.size, output, about(trained))
    return Exported(recipe.name, path.name, row, apart)


def write_table(out: Path, models: Sequence[Exported]) -> None:
    """Write models.toml, so that `--models OUT` finds the files."""
    training.whole(out / "models.toml", card.toml({one.name: one.row for one in models}))


def write_card(
    trained: Trained, models: Sequence[Exported], results: Mapping[str, Any] | None,
    limits: Sequence[str] = card.LIMITS,
) -> dict[str, Any]:  # fmt: skip
    """Write NAME.json and NAME.md; returns the card."""
    recipe, out = trained.recipe, Path(trained.recipe.out)
    where = training.device(recipe)
    history = trained.state.history
    start = None
    if recipe.start is not None:
        tensors = sum(v.dim() > 0 for v in trained.net.backbone.net.state_dict().values())
        start = {"file": Path(recipe.start).name, "sha256": start_sha256(recipe),
                 "tensors": tensors, "note": recipe.start_note}  # fmt: skip
    facts = card.made({
        "name": recipe.name,
        "files": [{"file": m.file, "bytes": m.row["bytes"], "sha256": m.row["sha256"],
                   "difference": m.difference}
                  for m in {m.file: m for m in reversed(models)}.values()][::-1],
        "recipe": {k: v for k, v in vars(recipe).items() if k not in FILES} | {"lr": recipe.rate},
        "command": recipe.command(),
        "data": trained.data,
        "data_sha256": trained.data_sha256,
        "start": start,
        "teacher": trained.teacher,
        "epochs": len(history),
        "batches": history[-1]["batches"],
        "seconds": round(trained.state.seconds, 1),
        "device": _device(where, training.precision(recipe, where)),
        "software": f"PyTorch {torch.__version__}, Python {platform.python_version()}",
        "loss": history[-1]["loss"],
        "licence": recipe.licence,
        "results": results or None,
    }, limits)  # fmt: skip
    training.whole(
        out / f"{recipe.name}.json",
        json.dumps(facts, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
    )
    training.whole(out / f"{recipe.name}.md", card.markdown(facts))
    return facts


def _device(where: str, precision: str) -> str:
    if where == "cuda":
        return f"{torch.cuda.get_device_name()}, {precision}"
    threads = torch.get_num_threads()
    return f"{platform.machine()} CPU, {threads} thread{'s' if threads > 1 else ''}, {precision}"
