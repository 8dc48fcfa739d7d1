"""What a detector says of a picture and who is in it, in; which cell answers for whom, out.

Source: [ge2021yolox]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch

from core.recipes.detection.plan import STRIDES

NEAR = 2.5  # strides around a middle in which a cell may answer
MOST = 10  # cells that vote on how many answer for one person
APART_COST = 3.0
OUTSIDE = 1e5


@lru_cache(maxsize=8)
def cells(size: tuple[int, int]) -> torch.Tensor:
    """Every cell of an input (width, height): corner x, y in px and stride (A,3)."""
    found = []
    for stride in STRIDES:
        y, x = torch.meshgrid(
            torch.arange(size[1] // stride), torch.arange(size[0] // stride), indexing="ij"
        )
        whole = torch.full((x.numel(),), stride)
        found.append(torch.stack([x.flatten() * stride, y.flatten() * stride, whole], dim=1))
    return torch.cat(found).float()


def boxes(said: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Boxes (...,A,4) xyxy px of raw offsets and log sizes (...,A,4+) at cells (A,3)."""
    centre = said[..., :2] * at[:, 2:] + at[:, :2]
    half = said[..., 2:4].clamp(max=6).exp() * at[:, 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)


def iou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Intersection over union (N,M) of boxes (N,4) and (M,4)."""
    low, high = torch.max(a[:, None, :2], b[:, :2]), torch.min(a[:, None, 2:], b[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=2)
    area = [(x[:, 2:] - x[:, :2]).clamp(min=0).prod(dim=1) for x in (a, b)]
    return shared / (area[0][:, None] + area[1] - shared).clamp(min=1e-6)


@dataclass(frozen=True)
class Answers:
    """cell (K,) indices that answer;  person (K,) for whom;  fit (K,) IoU of what they say."""

    cell: torch.Tensor
    person: torch.Tensor
    fit: torch.Tensor


def assign(
    said: torch.Tensor, found: torch.Tensor, people: torch.Tensor, at: torch.Tensor
) -> Answers:
    """SimOTA: the cells that would pay least to answer, as many as their boxes already fit.

    said (A,6) raw, found (A,4) boxes of it, both detached;  people (M,4) xyxy px;  at (A,3) cells
    """
    middle = at[:, :2] + at[:, 2:] / 2  # (A,2)
    inside = ((middle[:, None] > people[:, :2]) & (middle[:, None] < people[:, 2:])).all(dim=2)
    centre = (people[:, :2] + people[:, 2:]) / 2
    near = ((middle[:, None] - centre).abs() < NEAR * at[:, None, 2:]).all(dim=2)  # (A,M)
    some = torch.nonzero((inside | near).any(dim=1)).flatten()  # (C,)
    fit = iou(found[some], people)  # (C,M)
    sure = (said[some, 4].sigmoid() * said[some, 5].sigmoid()).sqrt()  # (C,)
    cost = -sure.clamp(min=1e-6).log()[:, None] - APART_COST * fit.clamp(min=1e-8).log()
    cost = cost + OUTSIDE * ~(inside[some] & near[some])
    count = fit.topk(min(MOST, len(some)), dim=0).values.sum(dim=0).int().clamp(min=1)  # (M,)
    chosen = torch.zeros_like(cost, dtype=torch.bool)
    order = cost.argsort(dim=0)
    for person, n in enumerate(count.tolist()):
        chosen[order[:n, person], person] = True
    twice = chosen.sum(dim=1) > 1
    if twice.any():
        cheapest = cost[twice].argmin(dim=1)
        chosen[twice] = False
        chosen[torch.nonzero(twice).flatten(), cheapest] = True
    row, person = torch.nonzero(chosen, as_tuple=True)
    return Answers(some[row], person, fit[row, person])
