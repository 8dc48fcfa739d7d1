"""The name of a backbone in; a one-stage, anchor-free person detector out.

Three maps of the backbone (strides 8, 16, 32) are mixed from coarse to fine and back by depthwise
separable convolutions, and two small branches on each say how sure and where. What it gives is what
`core.detect.decode_yolox` reads, for any input whose sides are multiples of 32.

Source: [ge2021yolox], [liu2018pan], [sandler2018mobilenetv2]
"""

from __future__ import annotations

import copy
import math

import torch
from torch import nn
from torch.nn import functional

from core.recipes import networks

TAPS = {"mobilenet_v2": (6, 13, 17)}  # blocks whose maps have strides 8, 16, 32
RARE = 0.01  # how likely a person is anywhere before anything was learned


def separable(channels: int, out: int, stride: int = 1, side: int = 5) -> nn.Sequential:
    """A depthwise and a pointwise convolution, each normalised and rectified."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, side, stride, side // 2, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, out, 1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


class Neck(nn.Module):
    """Maps of three strides -> maps of `width` channels that know of each other.

    Source: [liu2018pan]
    """

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()
        self.side = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, width, 1, bias=False), nn.BatchNorm2d(width))
            for c in channels
        )
        self.finer = nn.ModuleList(separable(width, width) for _ in channels[1:])
        self.down = nn.ModuleList(separable(width, width, 2) for _ in channels[1:])
        self.coarser = nn.ModuleList(separable(width, width) for _ in channels[1:])

    def forward(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        fine, middle, coarse = (side(x) for side, x in zip(self.side, maps, strict=True))
        middle = self.finer[0](middle + functional.interpolate(coarse, scale_factor=2.0))
        fine = self.finer[1](fine + functional.interpolate(middle, scale_factor=2.0))
        middle = self.coarser[0](middle + self.down[0](fine))
        coarse = self.coarser[1](coarse + self.down[1](middle))
        return [fine, middle, coarse]


class Head(nn.Module):
    """One map (B,C,h,w) -> (B,6,h,w): centre offset, log size, and logits of objectness, class."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.who = nn.Sequential(separable(width, width), separable(width, width))
        self.where = nn.Sequential(separable(width, width), separable(width, width))
        self.person = nn.Conv2d(width, 1, 1)
        self.box = nn.Conv2d(width, 5, 1)
        nn.init.constant_(self.person.bias, 0.0)
        nn.init.zeros_(self.box.bias)
        nn.init.constant_(self.box.bias[4:], -math.log(1 / RARE - 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.box(self.where(x)), self.person(self.who(x))], dim=1)


class Detector(nn.Module):
    """Pictures (B,3,H,W) -> (B,A,6): centre offset and log size in strides, two logits.

    A = all cells of strides 8, 16, 32 in that order, row by row.
    """

    def __init__(self, backbone: str, width: int, freeze: int = 0) -> None:
        super().__init__()
        self.backbone = networks.Backbone(backbone)
        self.taps, self.freeze = TAPS[backbone], freeze
        self.backbone.eval()
        with torch.no_grad():
            channels = [x.shape[1] for x in self.maps(torch.zeros(1, 3, 64, 64))]
        self.neck = Neck(channels, width)
        self.heads = nn.ModuleList(Head(width) for _ in channels)

    def trim(self) -> None:
        """Forget the last blocks of the backbone, which nothing uses, and hold the first ones."""
        self.backbone.net.features = self.backbone.net.features[: self.taps[-1] + 1]
        for block in self.backbone.net.features[: self.freeze]:
            block.requires_grad_(False)

    def train(self, mode: bool = True) -> Detector:
        super().train(mode)
        for block in self.backbone.net.features[: self.freeze]:
            block.eval()
        return self

    def maps(self, x: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for i, block in enumerate(self.backbone.net.features[: self.taps[-1] + 1]):
            x = block(x)
            if i in self.taps:
                found.append(x)
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.neck(self.maps(x))
        said = [head(one).flatten(2) for head, one in zip(self.heads, maps, strict=True)]
        return torch.cat(said, dim=2).permute(0, 2, 1)  # (B,A,6)


class Product(nn.Module):
    """What goes into the product: as `Detector`, probabilities instead of logits."""

    def __init__(self, net: Detector) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        said = self.net(x)
        return torch.cat([said[..., :4], torch.sigmoid(said[..., 4:])], dim=2)


class Averaged(nn.Module):
    """A detector that learns (`live`) and the running mean of its weights (`mean`).

    memory  share of the mean that stays at each step, once it has seen enough steps
    """

    steps: torch.Tensor

    def __init__(self, live: Detector, memory: float) -> None:
        super().__init__()
        self.live, self.mean, self.memory = live, copy.deepcopy(live), memory
        self.mean.requires_grad_(False)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def train(self, mode: bool = True) -> Averaged:
        super().train(mode)
        self.mean.eval()
        return self

    def follow(self) -> None:
        """One more step was made: the mean moves towards what lives now."""
        self.steps += 1
        kept = min(self.memory, int(self.steps) / (int(self.steps) + 10))
        live = self.live.state_dict()  # detached
        for name, value in self.mean.state_dict().items():
            if value.is_floating_point():
                value.lerp_(live[name], 1 - kept)
            else:
                value.copy_(live[name])
