"""An activation's name in; P-, R- and O-Net as published, out.

Every one takes pictures (B,3,H,W) and gives, for each of its windows, a logit for "a face", four
shifts of the box and five points: (B,V,NUMBERS), V = 1 but for P-Net, which takes any even H and W
and has a window every two pixels, row by row.

Source: [zhang2016mtcnn]
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from core.cascade import NUMBERS

Act = Callable[[int], nn.Module]
SLOPE = 0.1  # of a leaky rectifier below 0


def activation(name: str) -> Act:
    """What follows a layer of so many channels."""
    if name == "prelu":
        return lambda channels: nn.PReLU(channels)
    if name == "leaky_relu":
        return lambda _: nn.LeakyReLU(SLOPE, inplace=True)
    return lambda _: nn.ReLU(inplace=True)


def build(stage: int, act: str) -> nn.Module:
    """P-Net (0), R-Net (1) or O-Net (2), its weights from torch's generator."""
    made = (_proposal, _refine, _output)[stage](activation(act))
    for module in made.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, a=0.25, nonlinearity="leaky_relu")
            nn.init.zeros_(module.bias)
    head = made[-2] if stage == 0 else made[-1]
    nn.init.normal_(head.weight, std=0.01)
    return made


class Rows(nn.Module):
    """A map (B,NUMBERS,h,w) as rows (B,h*w,NUMBERS)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(2).transpose(1, 2)


class One(nn.Module):
    """(B,C,h,w) -> (B,1,C*h*w): the one window of R- and O-Net."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)[:, None]


def _proposal(act: Act) -> nn.Sequential:
    """12x12 -> 10 -> 5 -> 3 -> 1; the pooling ends with the picture, whatever its even size."""
    return nn.Sequential(
        nn.Conv2d(3, 10, 3), act(10), nn.MaxPool2d(2),
        nn.Conv2d(10, 16, 3), act(16),
        nn.Conv2d(16, 32, 3), act(32),
        nn.Conv2d(32, NUMBERS, 1), Rows(),
    )  # fmt: skip


def _refine(act: Act) -> nn.Sequential:
    """24x24 -> 22 -> 11 -> 9 -> 4 -> 3."""
    return nn.Sequential(
        nn.Conv2d(3, 28, 3), act(28), nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(28, 48, 3), act(48), nn.MaxPool2d(3, 2),
        nn.Conv2d(48, 64, 2), act(64),
        One(), nn.Linear(576, 128), _Flat(act(128)), nn.Linear(128, NUMBERS),
    )  # fmt: skip


def _output(act: Act) -> nn.Sequential:
    """48x48 -> 46 -> 23 -> 21 -> 10 -> 8 -> 4 -> 3."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3), act(32), nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 64, 3), act(64), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 64, 3), act(64), nn.MaxPool2d(2, 2),
        nn.Conv2d(64, 128, 2), act(128),
        One(), nn.Linear(1152, 256), _Flat(act(256)), nn.Linear(256, NUMBERS),
    )  # fmt: skip


class _Flat(nn.Module):
    """An activation over rows (B,1,C), whose channels come last."""

    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.act = act

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(x.transpose(1, 2)).transpose(1, 2)


class Product(nn.Module):
    """What goes into the product: probabilities instead of logits."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        said = self.net(x)
        return torch.cat([torch.sigmoid(said[..., :1]), said[..., 1:]], dim=2)
