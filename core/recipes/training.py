"""Labelled crops and a recipe in; a trained body network out.

What every kind of training shares is in `loop`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any

import numpy as np
import torch
from torch.utils.data import Dataset

from core.geometry import resize
from core.recipes import loop, losses, networks, order
from core.recipes.checkpoint import State
from core.recipes.loop import Stopped, batches, device, precision, whole
from core.recipes.randomise import COLOUR_TRUE, HARD, Hardness, randomise
from core.recipes.recipe import Recipe
from core.recipes.samples import Samples
from core.study.pictures import read
from core.types import Float64

__all__ = ["Crops", "Stopped", "batches", "build", "device", "logits", "precision", "train",
           "whole"]  # fmt: skip


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


def build(recipe: Recipe, samples: Samples) -> networks.Net:
    """The network of a recipe, from its seed and its start weights."""
    from core.types import ATTRIBUTES

    torch.manual_seed(recipe.seed)
    net = networks.Net(
        recipe.backbone, recipe.pooling, recipe.embedding,
        samples.people if recipe.identifies else 0,
        {name: len(ATTRIBUTES[name]) for name in samples.code},
        recipe.scale, recipe.frozen, recipe.colors, recipe.fine,
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
    """Train to the last epoch, or go on where a run of the same identity stopped: see `loop`."""
    net.to(device(recipe))
    optimiser = torch.optim.Adam(
        [p for p in net.parameters() if p.requires_grad],
        lr=recipe.rate,
        weight_decay=recipe.decay,
    )
    return loop.train(recipe, _Bodies(recipe, net, samples), optimiser, identity, progress)


class _Bodies:
    """Crops of people, and what is learned from them."""

    def __init__(self, recipe: Recipe, net: networks.Net, samples: Samples) -> None:
        self.recipe, self.net, self.where = recipe, net, device(recipe)
        self.crops = Crops(samples, recipe, COLOUR_TRUE if recipe.judges else HARD)
        self.bf16 = precision(recipe, self.where) == "bf16"

    def keys(self, epoch: int) -> list[list[order.Key]]:
        """The batches of an epoch."""
        r, s = self.recipe, self.crops.samples
        if r.identifies:
            return order.identities(s.person, s.camera, r.people, r.crops, r.seed, epoch)
        return order.plain(len(s), r.people * r.crops, r.seed, epoch)

    def batches(self, keys: Sequence[Sequence[order.Key]]) -> Iterable[Any]:
        """(pictures (B,H,W,3) uint8, people (B,), codes (B,A)) of these keys."""
        return batches(self.crops, keys, self.recipe.workers)

    def losses(
        self, batch: Sequence[Any], epoch: int
    ) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
        """The parts of the loss, and the share of crops recognised."""
        images, who, code = batch
        who, code = who.to(self.where), code.to(self.where)
        with torch.autocast(self.where, torch.bfloat16, enabled=self.bf16):
            seen = self.net(networks.pictures(images, self.where))
        parts = losses.of(seen, who, code, self.recipe, epoch)
        if seen.who is None:
            return parts, {}
        return parts, {"right": (seen.who.argmax(dim=1) == who).float().mean().item()}

    def stepped(self) -> None:
        """Nothing follows a step."""


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
