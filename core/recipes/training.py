"""A recipe, a network and samples in; the trained network and its history out.

Everything random comes from (seed, epoch, crop), the learning rate from the step's number, so a run
that was killed goes on from its last checkpoint as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from core.errors import BadInput, DongseonError
from core.geometry import resize
from core.recipes import checkpoint, losses, networks, order
from core.recipes.checkpoint import PART, State
from core.recipes.randomise import COLOUR_TRUE, HARD, Hardness, randomise
from core.recipes.recipe import Recipe
from core.recipes.samples import Samples
from core.recipes.schedule import rate
from core.study.pictures import read
from core.types import Float64


class Stopped(DongseonError):
    """The run was asked to stop; its checkpoint is kept."""


class Crops(Dataset):
    """Crops by key (epoch, index, draw) -> (picture (H,W,3) uint8, person, codes (A,)).

    how  None = as they are, only brought to size
    """

    def __init__(self, samples: Samples, recipe: Recipe, how: Hardness | None) -> None:
        self.samples, self.size, self.seed, self.how = samples, recipe.size, recipe.seed, how
        n = len(samples)
        codes = [*samples.code.values()]
        self.code = np.stack(codes, axis=1) if codes else np.empty((n, 0), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: order.Key) -> tuple[Any, int, Any]:
        epoch, index, draw = key
        image = read(self.samples.path[index])
        if self.how is None:
            image = resize(image, self.size)
        else:
            rng = np.random.default_rng([self.seed, 3, epoch, index, draw])
            image = randomise(image, self.size, rng, self.how)
        return image, int(self.samples.person[index]), self.code[index]


def _quiet(_: int) -> None:
    import cv2

    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trainer stops its readers itself


def batches(crops: Crops, keys: Sequence[Sequence[order.Key]], workers: int) -> DataLoader:
    """The batches of these keys, read by other processes where workers > 0."""
    return DataLoader(crops, batch_sampler=keys, num_workers=workers,
                      worker_init_fn=_quiet, generator=torch.Generator())  # fmt: skip


def device(recipe: Recipe) -> str:
    """cpu or cuda. Raises BadInput if cuda is asked for and not there."""
    there = torch.cuda.is_available()
    if recipe.device == "cuda" and not there:
        raise BadInput("there is no CUDA device that PyTorch can use: take --device cpu")
    return "cuda" if there and recipe.device != "cpu" else "cpu"


def precision(recipe: Recipe, where: str) -> str:
    """bf16 or fp32: auto takes bf16 on a GPU, and on a CPU that computes in it."""
    if recipe.precision != "auto":
        return recipe.precision
    if where == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    info = Path("/proc/cpuinfo")
    flags = info.read_text("utf-8", errors="replace") if info.is_file() else ""
    return "bf16" if "avx512_bf16" in flags or "amx_bf16" in flags else "fp32"


def build(recipe: Recipe, samples: Samples) -> networks.Net:
    """The network of a recipe, from its seed and its start weights."""
    from core.types import ATTRIBUTES

    torch.manual_seed(recipe.seed)
    net = networks.Net(
        recipe.backbone, recipe.pooling, recipe.embedding,
        samples.people if recipe.identifies else 0,
        {name: len(ATTRIBUTES[name]) for name in samples.code},
        recipe.scale, recipe.frozen,
    )  # fmt: skip
    if recipe.start is not None:
        networks.start(net, recipe.start)
    return net


def train(
    recipe: Recipe,
    net: networks.Net,
    samples: Samples,
    identity: str,
    progress: IO[str] | None = sys.stderr,
) -> State:
    """Train to the last epoch, or go on where a run of the same identity stopped.

    Writes checkpoint.pt each epoch and each `minutes`, and log.jsonl each epoch.
    Raises Stopped after SIGINT or SIGTERM; DongseonError if the loss is no number.
    """
    where, out = device(recipe), Path(recipe.out)
    for cut_short in out.glob(f"{PART}*"):  # of a run that was killed while it wrote
        cut_short.unlink()
    net.to(where)
    optimiser = torch.optim.Adam(
        [p for p in net.parameters() if p.requires_grad],
        lr=recipe.rate,
        weight_decay=recipe.decay,
    )
    state = checkpoint.read(out, identity, net, optimiser, where)
    how = COLOUR_TRUE if recipe.judges else HARD
    run = _Run(recipe, net, Crops(samples, recipe, how), optimiser, where, identity, out)
    with _asked_to_stop() as asked:
        for epoch in range(state.epoch, recipe.epochs):
            run.epoch(state, epoch, asked, progress)
    return state


class _Run:
    """One training run's unchanging parts."""

    def __init__(
        self, recipe: Recipe, net: networks.Net, crops: Crops, optimiser: Any, where: str,
        identity: str, out: Path,
    ) -> None:  # fmt: skip
        self.recipe, self.net, self.crops, self.optimiser = recipe, net, crops, optimiser
        self.where, self.identity, self.out = where, identity, out
        self.bf16 = precision(recipe, where) == "bf16"
        self.per_epoch = len(self.keys(0))  # the same in every epoch

    def keys(self, epoch: int) -> list[list[order.Key]]:
        """The batches of an epoch."""
        r, s = self.recipe, self.crops.samples
        if r.identifies:
            found = order.identities(s.person, s.camera, r.people, r.crops, r.seed, epoch)
        else:
            found = order.plain(len(s), r.people * r.crops, r.seed, epoch)
        return found

    def epoch(
        self, state: State, epoch: int, asked: Callable[[], bool], progress: IO[str] | None
    ) -> None:
        """Do what is left of an epoch; the state is kept on the way and at its end."""
        keys = self.keys(epoch)
        self.net.train()
        saved = began = time.monotonic()
        label = f"epoch {epoch + 1}/{self.recipe.epochs}"
        shown = {"file": progress or sys.stderr, "leave": False, "disable": progress is None}
        with tqdm(total=len(keys), initial=state.step, desc=label, unit="batch", **shown) as bar:
            for batch in batches(self.crops, keys[state.step :], self.recipe.workers):
                self._step(state, epoch, batch)
                bar.set_postfix_str(_said(_means(state.sums)), refresh=False)
                bar.update()
                now = time.monotonic()
                stop = asked()
                if stop or (now - saved >= 60 * self.recipe.minutes and state.step < len(keys)):
                    state.seconds, began, saved = state.seconds + now - began, now, now
                    self._keep(state)
                if stop:
                    raise Stopped("stopped at epoch {epoch}: the same command goes on from here",
                                  epoch=epoch + 1)  # fmt: skip
        state.seconds += time.monotonic() - began
        state.history.append({
            "epoch": epoch + 1, **_means(state.sums),
            "lr": round(self._rate(epoch, len(keys) - 1), 8), "batches": len(keys),
            "seconds": round(state.seconds, 1),
        })  # fmt: skip
        state.epoch, state.step, state.sums = epoch + 1, 0, {}
        self._keep(state)
        whole(self.out / "log.jsonl", "".join(json.dumps(one) + "\n" for one in state.history))

    def _rate(self, epoch: int, step: int) -> float:
        n, recipe = self.per_epoch, self.recipe
        return rate(epoch * n + step, recipe.epochs * n, round(recipe.warmup * n), recipe.rate)

    def _step(self, state: State, epoch: int, batch: Sequence[Any]) -> None:
        images, who, code = batch
        who, code = who.to(self.where), code.to(self.where)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate(epoch, state.step)
        with torch.autocast(self.where, torch.bfloat16, enabled=self.bf16):
            seen = self.net(networks.pictures(images, self.where))
        parts = losses.of(seen, who, code, self.recipe, epoch)
        loss = torch.stack(list(parts.values())).sum()
        if not math.isfinite(loss.item()):
            raise DongseonError(
                "the loss is no number any more in epoch {epoch}: begin anew with a lower --lr",
                epoch=epoch + 1,
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip)
        self.optimiser.step()
        state.step += 1
        told = {"loss": loss.item(), **{name: part.item() for name, part in parts.items()}}
        if seen.who is not None:
            told["right"] = (seen.who.argmax(dim=1) == who).float().mean().item()
        told["n"] = 1.0
        for name, value in told.items():
            state.sums[name] = state.sums.get(name, 0.0) + value

    def _keep(self, state: State) -> None:
        checkpoint.write(self.out, self.identity, state, self.net, self.optimiser)


def _means(sums: dict[str, float]) -> dict[str, float]:
    n = sums.get("n", 1.0)
    return {name: round(value / n, 5) for name, value in sums.items() if name != "n"}


def _said(means: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in means.items())


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """A question that answers True once SIGINT or SIGTERM came: then the step under way is last."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {s: signal.signal(s, lambda *_: asked.set()) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def whole(path: Path, content: str | bytes) -> None:
    """Write a file completely or not at all."""
    data = content.encode() if isinstance(content, str) else content
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PART, delete=False) as partial:
        partial.write(data)
    Path(partial.name).chmod(0o644)
    os.replace(partial.name, path)


def logits(net: networks.Net, samples: Samples, recipe: Recipe) -> dict[str, Float64]:
    """{attribute: (N,V) logits} of crops as they are, in the samples' order."""
    where = device(recipe)
    net.to(where).eval()
    crops = Crops(samples, recipe, None)
    keys = [[(0, i, 0) for i in range(at, min(at + 64, len(samples)))]
            for at in range(0, len(samples), 64)]  # fmt: skip
    rows: dict[str, list[Any]] = {name: [] for name in samples.code}
    with torch.no_grad():
        for images, _, _ in batches(crops, keys, recipe.workers):
            seen = net(networks.pictures(images, where))
            for name, values in seen.heads.items():
                rows[name].append(values.double().cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in rows.items()}
