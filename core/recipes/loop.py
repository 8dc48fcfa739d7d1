"""A task with batches and losses in; the trained network and its history out: what all recipes do.

The learning rate comes from the step's number and everything random from (seed, epoch, item), so a
run that was killed goes on from its last checkpoint as if nothing had happened.
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from core.errors import BadInput, DongseonError
from core.recipes import checkpoint
from core.recipes.checkpoint import PART, State
from core.recipes.options import Options
from core.recipes.order import Key
from core.recipes.schedule import rate


class Stopped(DongseonError):
    """The run was asked to stop; its checkpoint is kept."""


class Task(Protocol):
    """What one kind of training does with its pictures.

    net      all that a checkpoint keeps
    keys     the batches of an epoch, as many in every epoch
    losses   the parts of the loss, and shares or numbers to tell of
    stepped  called after each step of the optimiser
    """

    @property
    def net(self) -> torch.nn.Module: ...
    def keys(self, epoch: int) -> list[list[Key]]: ...
    def batches(self, keys: Sequence[Sequence[Key]]) -> Iterable[Any]: ...
    def losses(
        self, batch: Any, epoch: int
    ) -> tuple[dict[str, torch.Tensor], dict[str, float]]: ...
    def stepped(self) -> None: ...


def _quiet(_: int) -> None:
    import cv2

    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trainer stops its readers itself


def batches(pictures: Dataset[Any], keys: Sequence[Sequence[Key]], workers: int) -> DataLoader[Any]:
    """The batches of these keys, read by other processes where workers > 0."""
    return DataLoader(pictures, batch_sampler=keys, num_workers=workers,
                      worker_init_fn=_quiet, generator=torch.Generator())  # fmt: skip


def device(options: Options) -> str:
    """cpu or cuda. Raises BadInput if cuda is asked for and not there."""
    there = torch.cuda.is_available()
    if options.device == "cuda" and not there:
        raise BadInput("there is no CUDA device that PyTorch can use: take --device cpu")
    return "cuda" if there and options.device != "cpu" else "cpu"


def groups(net: Any, backbone: Any, options: Options, slow: float) -> list[dict[str, Any]]:
    """Weights decay, what shifts or scales does not; a started backbone learns at its own rate.

    slow  learning rate of a backbone that began with weights, as a share
    """
    known = {id(p) for p in backbone.parameters()}
    learns = [p for p in net.parameters() if p.requires_grad]
    found = []
    for share, old in ((1.0, False), (slow if options.start is not None else 1.0, True)):
        mine = [p for p in learns if (id(p) in known) == old]
        found += [
            {"params": [p for p in mine if p.dim() > 1], "weight_decay": options.decay,
             "share": share},
            {"params": [p for p in mine if p.dim() <= 1], "weight_decay": 0.0, "share": share},
        ]  # fmt: skip
    return [group for group in found if group["params"]]


def precision(options: Options, where: str) -> str:
    """bf16 or fp32: auto takes bf16 on a GPU, and on a CPU that computes in it."""
    if options.precision != "auto":
        return options.precision
    if where == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    info = Path("/proc/cpuinfo")
    flags = info.read_text("utf-8", errors="replace") if info.is_file() else ""
    return "bf16" if "avx512_bf16" in flags or "amx_bf16" in flags else "fp32"


def train(
    options: Options,
    task: Task,
    optimiser: torch.optim.Optimizer,
    identity: str,
    progress: IO[str] | None = sys.stderr,
) -> State:
    """Train to the last epoch, or go on where a run of the same identity stopped.

    Writes checkpoint.pt each epoch and each `minutes`, and log.jsonl each epoch.
    Raises Stopped after SIGINT or SIGTERM; DongseonError if the loss is no number.
    """
    where, out = device(options), Path(options.out)
    for cut_short in out.glob(f"{PART}*"):  # of a run that was killed while it wrote
        cut_short.unlink()
    state = checkpoint.read(out, identity, task.net, optimiser, where)
    run = _Run(options, task, optimiser, identity)
    with _asked_to_stop() as asked:
        for epoch in range(state.epoch, options.epochs):
            run.epoch(state, epoch, asked, progress)
    return state


class _Run:
    """One training run's unchanging parts."""

    def __init__(self, options: Options, task: Task, optimiser: Any, identity: str) -> None:
        self.options, self.task, self.optimiser = options, task, optimiser
        self.identity, self.out = identity, Path(options.out)
        self.per_epoch = len(task.keys(0))  # the same in every epoch

    def epoch(
        self, state: State, epoch: int, asked: Callable[[], bool], progress: IO[str] | None
    ) -> None:
        """Do what is left of an epoch; the state is kept on the way and at its end."""
        keys = self.task.keys(epoch)
        self.task.net.train()
        saved = began = time.monotonic()
        label = f"epoch {epoch + 1}/{self.options.epochs}"
        shown = {"file": progress or sys.stderr, "leave": False, "disable": progress is None}
        with tqdm(total=len(keys), initial=state.step, desc=label, unit="batch", **shown) as bar:
            for batch in self.task.batches(keys[state.step :]):
                self._step(state, epoch, batch)
                bar.set_postfix_str(_said(_means(state.sums)), refresh=False)
                bar.update()
                now = time.monotonic()
                stop = asked()
                if stop or (now - saved >= 60 * self.options.minutes and state.step < len(keys)):
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
        n, of = self.per_epoch, self.options
        return rate(epoch * n + step, of.epochs * n, round(of.warmup * n), of.rate)

    def _step(self, state: State, epoch: int, batch: Any) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate(epoch, state.step) * group.get("share", 1.0)
        parts, shares = self.task.losses(batch, epoch)
        loss = torch.stack(list(parts.values())).sum()
        if not math.isfinite(loss.item()):
            raise DongseonError(
                "the loss is no number any more in epoch {epoch}: begin anew with a lower --lr",
                epoch=epoch + 1,
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.task.net.parameters(), self.options.clip)
        self.optimiser.step()
        self.task.stepped()
        state.step += 1
        told = {"loss": loss.item(), **{name: part.item() for name, part in parts.items()}}
        for name, value in {**told, **shares, "n": 1.0}.items():
            state.sums[name] = state.sums.get(name, 0.0) + value

    def _keep(self, state: State) -> None:
        checkpoint.write(self.out, self.identity, state, self.task.net, self.optimiser)


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
