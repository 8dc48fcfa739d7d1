"""A folder with the three published networks in; the same as nets of this recipe, to learn from.

The files are PyTorch state dicts of tensors alone, with the names that `facenet-pytorch` gives to
their layers: pnet.pt, rnet.pt, onet.pt. They saw pictures as (value - 127.5) / 128, flattened maps
from left to right first, and gave a score for "none" beside that for "a face": all of it is turned
into our own layers' form, so that a crop gives the same numbers.

Source: [zhang2016mtcnn]
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.cascade import NUMBERS
from core.errors import BadInput, NotFound
from core.recipes.mtcnn.network import build
from core.recipes.mtcnn.plan import NETS
from core.recipes.networks import MEAN, STD

Weights = dict[str, torch.Tensor]
# Names of a file's layers, first to last, and of those that say: score, box, points.
BODY = (
    ("conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3"),
    ("conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3", "dense4", "prelu4"),
    ("conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3", "conv4", "prelu4", "dense5",
     "prelu5"),
)  # fmt: skip
HEADS = (
    ("conv4_1", "conv4_2"),
    ("dense5_1", "dense5_2"),
    ("dense6_1", "dense6_2", "dense6_3"),
)
CHANNELS = (64, 128)  # of the map that R- and O-Net flatten, 3x3


def files(folder: str | Path) -> list[Path]:
    """The three files. Raises NotFound."""
    found = [Path(folder) / f"{net}net.pt" for net in NETS]
    for path in found:
        if not path.is_file():
            raise NotFound("there is no teacher at {path}", path=path)
    return found


def sha256(folder: str | Path) -> str:
    """Of the three files, one after the other. Raises NotFound."""
    digest = hashlib.sha256()
    for path in files(folder):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read(folder: str | Path) -> list[nn.Module]:
    """The three networks, ready to be asked: (B,3,H,W) as our own see it -> (B,V,NUMBERS).

    P- and R-Net say nothing of points: 0. Raises NotFound, BadInput.
    """
    return [_net(stage, path) for stage, path in enumerate(files(folder))]


def _net(stage: int, path: Path) -> nn.Module:
    import pickle

    net = build(stage, "prelu")
    try:
        known: Any = torch.load(path, map_location="cpu", weights_only=True)
        net.load_state_dict(dict(zip(net.state_dict(), _layers(stage, known), strict=True)))
    except (OSError, RuntimeError, ValueError, EOFError, LookupError, TypeError, AttributeError,
            pickle.UnpicklingError):  # fmt: skip
        raise BadInput(
            "{path} is not the published {net}-Net (a PyTorch state dict of facenet-pytorch)",
            path=path,
            net=NETS[stage].upper(),
        ) from None
    return net.eval().requires_grad_(False)


def _layers(stage: int, known: Weights) -> list[torch.Tensor]:
    """The published tensors in the order and form of our own."""
    found: list[torch.Tensor] = []
    for name in BODY[stage]:
        weight = known[f"{name}.weight"]
        if name == "conv1":
            found += _seen_as_ours(weight, known["conv1.bias"])
            continue
        if name.startswith("dense"):  # (out, x, y, channel) -> (out, channel, y, x)
            split = weight.reshape(len(weight), 3, 3, CHANNELS[stage - 1])
            weight = split.permute(0, 3, 2, 1).reshape(len(weight), -1)
        found += [weight] if name.startswith("prelu") else [weight, known[f"{name}.bias"]]
    return [*found, *_said_as_ours(stage, known)]


def _seen_as_ours(weight: torch.Tensor, bias: torch.Tensor) -> list[torch.Tensor]:
    """The first layer (C,3,3,3) for pictures that are standardised as ours are."""
    mean, std = (torch.tensor(one)[None, :, None, None] for one in (MEAN, STD))
    shift = (weight * (255 * mean - 127.5) / 128).sum(dim=(1, 2, 3))
    return [weight * 255 * std / 128, bias + shift]


def _said_as_ours(stage: int, known: Weights) -> list[torch.Tensor]:
    """What is said, as the rows of `core.cascade`: one logit, the box, points as x, y pairs."""
    made = []
    for part in ("weight", "bias"):
        score, box, *points = (known[f"{name}.{part}"] for name in HEADS[stage])
        rows = torch.zeros(NUMBERS, *score.shape[1:])
        rows[0], rows[1:5] = score[1] - score[0], box
        if points:  # five x, then five y
            rows[5::2], rows[6::2] = points[0][:5], points[0][5:]
        made.append(rows)
    return made
