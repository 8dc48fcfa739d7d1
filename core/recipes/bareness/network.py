"""A small convolutional net: an aligned face, 64 px, in; a logit for "mouth and chin are bare"."""

from __future__ import annotations

from torch import nn

WIDTHS = ((16, 2), (32, 2), (32, 1), (64, 2), (64, 1), (96, 2))  # channels and stride of a layer
HIDDEN = 64


def build() -> nn.Sequential:
    """(B,3,64,64) -> (B,1), its weights from torch's generator."""
    layers: list[nn.Module] = []
    before = 3
    for width, stride in WIDTHS:
        layers += [nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width),
                   nn.ReLU(inplace=True)]  # fmt: skip
        before = width
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Dropout(0.3),
        nn.Linear(before * 16, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, 1),
    )  # fmt: skip
