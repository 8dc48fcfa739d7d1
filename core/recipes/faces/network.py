"""The name of a backbone in; a network from an aligned face (B,3,112,112) to its vector (B,D) out.

Every backbone ends in a map of 7x7 or 4x4 cells, and every cell has weights of its own in the neck
(a global depthwise convolution): in an aligned face a place in the map is a place in the face.

Source: [chen2018mobilefacenets], [sandler2018mobilenetv2], [he2016resnet]
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from core.recipes.faces.plan import SIDE, Plan
from core.recipes.networks import start

# MobileFaceNet's bottlenecks: (expansion, channels, how many, stride of the first).
BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
CUT = 14  # blocks of MobileNetV2 up to its stage of 96 channels


def _conv(ins: int, outs: int, kernel: int, stride: int = 1, groups: int = 1,
          bends: bool = True) -> nn.Sequential:  # fmt: skip
    parts: list[nn.Module] = [
        nn.Conv2d(ins, outs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outs),
    ]
    return nn.Sequential(*parts, *([nn.PReLU(outs)] if bends else []))


class Bottleneck(nn.Module):
    """MobileFaceNet's: widen, a depthwise 3x3, narrow; added to its input where the shapes agree.

    Source: [chen2018mobilefacenets]
    """

    def __init__(self, ins: int, outs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = ins * expansion
        self.adds = stride == 1 and ins == outs
        self.body = nn.Sequential(_conv(ins, wide, 1), _conv(wide, wide, 3, stride, wide),
                                  _conv(wide, outs, 1, bends=False))  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x) if self.adds else self.body(x)


def mobilefacenet() -> nn.Sequential:
    """MobileFaceNet up to its last 1x1 convolution: (B,3,112,112) -> (B,512,7,7).

    Source: [chen2018mobilefacenets]
    """
    parts: list[nn.Module] = [_conv(3, 64, 3, 2), _conv(64, 64, 3, groups=64)]
    channels = 64
    for expansion, outs, n, stride in BOTTLENECKS:
        for k in range(n):
            parts.append(Bottleneck(channels, outs, stride if k == 0 else 1, expansion))
            channels = outs
    return nn.Sequential(*parts, _conv(channels, 512, 1))


class Backbone(nn.Module):
    """Face (B,3,112,112) -> map (B,C,h,w). Names of weights are the publishers' where there are."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.net: Any
        if name == "mobilefacenet":
            self.net = mobilefacenet()
        elif name == "resnet50":
            from torchvision.models import resnet50

            net = resnet50(weights=None)
            net.layer4[0].conv2.stride = net.layer4[0].downsample[0].stride = (1, 1)
            self.net = nn.Sequential(OrderedDict(
                (n, part) for n, part in net.named_children() if n not in ("avgpool", "fc")
            ))  # fmt: skip
        else:
            from torchvision.models import mobilenet_v2

            self.net = nn.Module()
            features = mobilenet_v2(weights=None).features
            self.net.features = features[:CUT] if name == "mobilenet_v2_96" else features
        self.instance = nn.ModuleDict()  # none: `networks.start` asks

    def settle(self) -> None:
        """Nothing follows from weights from elsewhere."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = (self.net.features if hasattr(self.net, "features") else self.net)(x)
        return found

    def blocks(self) -> list[nn.Module]:
        """Its parts, from the picture on."""
        return list(getattr(self.net, "features", self.net).children())


class FaceNet(nn.Module):
    """A backbone, the neck, and the directions of `people` identities that the loss compares with.

    freeze  first blocks that stay as they are, their running means, too
    """

    def __init__(self, backbone: str, embedding: int, people: int, freeze: int = 0) -> None:
        super().__init__()
        self.backbone = Backbone(backbone)
        with torch.no_grad():
            self.backbone.eval()
            _, c, h, w = self.backbone(torch.zeros(1, 3, SIDE, SIDE)).shape
        self.neck = nn.Sequential(
            nn.Conv2d(c, c, (h, w), groups=c, bias=False), nn.BatchNorm2d(c), nn.Flatten(),
            nn.Linear(c, embedding, bias=False), nn.BatchNorm1d(embedding),
        )  # fmt: skip
        self.people = nn.Parameter(0.05 * torch.randn(people, embedding))
        self.frozen = self.backbone.blocks()[:freeze]
        for block in self.frozen:
            block.requires_grad_(False)

    def train(self, mode: bool = True) -> FaceNet:
        """As PyTorch's, but for what is frozen."""
        super().train(mode)
        for block in self.frozen:
            block.eval()
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Vectors (B,D), not of length 1: the product scales them."""
        found: torch.Tensor = self.neck(self.backbone(x))
        return found


class Embedder(nn.Module):
    """The part of a network that goes into the product: (B,3,112,112) -> (B,D).

    mirrored  each face is seen as it is and mirrored, which costs twice as much: the sum of both
    directions
    """

    def __init__(self, net: FaceNet, mirrored: bool = False) -> None:
        super().__init__()
        self.net, self.mirrored = net, mirrored

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.net(x)
        if self.mirrored:
            other = self.net(x.flip(3))
            return functional.normalize(found) + functional.normalize(other)
        return found


def build(plan: Plan, people: int) -> FaceNet:
    """The network of a plan, from its seed and its start weights."""
    torch.manual_seed(plan.seed)
    net = FaceNet(plan.backbone, plan.embedding, people, plan.freeze)
    if plan.start is not None:
        start(net, plan.start)
    return net
