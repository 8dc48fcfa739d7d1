"""A crop in; which colors it has at which height, out: histograms that a network learns on top of.

Instance norms, which make a network read streets it never saw, take away much of what colors say.
Here it is again: hue, saturation and value in overlapping bins, over stripes of the crop, the
middle columns counting more, because there the person is. Nothing in it is learned but the mean
and the spread of each bin.

Source: [gray2008ela], [liao2015lomo]
"""

from __future__ import annotations

import torch
from torch import nn

STRIPES = 8
HUES, LEVELS = 16, 8
BINS = HUES + 2 * LEVELS
CENTRE = 0.25  # spread of the columns' weight, in widths


class Palette(nn.Module):
    """Pictures (B,3,H,W), normalised by mean and std (3,), H a multiple of 8 -> (B, 8 x 32)."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)
        self.norm = nn.BatchNorm1d(self.channels)
        self.norm.requires_grad_(False)  # ONNX knows no batch norm without them

    channels = STRIPES * BINS

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rgb = (x.float() * self.std + self.mean).clamp(0, 1)
        return self.norm(histograms(rgb))


def histograms(rgb: torch.Tensor) -> torch.Tensor:
    """sRGB 0-1 (B,3,H,W) -> square roots of shares (B, STRIPES * BINS), stripe by stripe."""
    hue, saturation, value = hsv(rgb)
    around = circular(hue * HUES) * saturation[:, None]
    parts = (around, binned(saturation), binned(value))
    width = rgb.shape[3]
    at = (torch.arange(width, device=rgb.device, dtype=rgb.dtype) + 0.5) / width - 0.5
    weight = torch.exp(-0.5 * (at / CENTRE) ** 2)  # (W,)
    found = []
    for bins in parts:
        rows = (bins * weight).mean(dim=3).transpose(1, 2)  # (B,H,K)
        mass = rows.unflatten(1, (STRIPES, -1)).mean(dim=2)  # (B,8,K)
        share = mass / mass.sum(dim=2, keepdim=True).clamp(min=1e-6)
        found.append((share + 1e-6).sqrt())
    return torch.cat(found, dim=2).flatten(1)


def hsv(rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(B,3,H,W) -> hue 0-1 (once around), saturation, value: (B,H,W) each."""
    red, green, blue = rgb.unbind(1)
    most, least = rgb.amax(dim=1), rgb.amin(dim=1)
    spread = most - least
    by = spread.clamp(min=1e-6)
    sixth = torch.where(
        most == red,
        (green - blue) / by,
        torch.where(most == green, (blue - red) / by + 2, (red - green) / by + 4),
    )
    hue = sixth / 6
    return hue - hue.floor(), spread / most.clamp(min=1e-6), most


def circular(at: torch.Tensor) -> torch.Tensor:
    """Where on a circle of HUES bins (B,H,W) -> how much of each (B,HUES,H,W), summing to 1."""
    bins = torch.arange(HUES, device=at.device, dtype=at.dtype).view(1, -1, 1, 1)
    apart = (at[:, None] - bins).abs()
    return (1 - torch.minimum(apart, HUES - apart)).clamp(min=0)


def binned(share: torch.Tensor) -> torch.Tensor:
    """0-1 (B,H,W) -> how much of each of LEVELS bins (B,LEVELS,H,W), summing to 1."""
    bins = torch.arange(LEVELS, device=share.device, dtype=share.dtype).view(1, -1, 1, 1)
    return (1 - (share[:, None] * (LEVELS - 1) - bins).abs()).clamp(min=0)
