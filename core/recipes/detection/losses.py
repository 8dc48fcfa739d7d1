"""What a detector says of a batch and the boxes in it, in; the parts of the loss out.

Source: [ge2021yolox], [rezatofighi2019giou]
"""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from core.recipes.detection.assign import assign, boxes, cells
from core.recipes.detection.compose import NEITHER, PERSON

BOX_WEIGHT = 5.0


def giou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Generalised IoU (K,) of boxes (K,4) and (K,4), -1 to 1.  Source: [rezatofighi2019giou]"""
    shared = (torch.min(a[:, 2:], b[:, 2:]) - torch.max(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    hull = (torch.max(a[:, 2:], b[:, 2:]) - torch.min(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    area = [(x[:, 2:] - x[:, :2]).clamp(min=0).prod(1) for x in (a, b)]
    union = (area[0] + area[1] - shared).clamp(min=1e-6)
    return shared / union - (hull - union) / hull.clamp(min=1e-6)


def of(
    said: torch.Tensor, table: torch.Tensor, size: tuple[int, int]
) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """Parts of the loss of a batch, and what to tell: mean IoU of the cells that answer.

    said (B,A,6) raw;  table (B,M,5) boxes as `compose` gives them;  size (width, height)
    """
    said, at = said.float(), cells(size).to(said.device)
    found = boxes(said, at)  # (B,A,4)
    middle = at[:, :2] + at[:, 2:] / 2
    wanted = torch.zeros_like(said[..., 4])
    weight = torch.ones_like(wanted)
    person, box, fits = [], [], []
    for b in range(len(said)):
        people = table[b, table[b, :, 4] == PERSON, :4]
        for one in table[b, table[b, :, 4] == NEITHER, :4]:
            weight[b][((middle > one[:2]) & (middle < one[2:])).all(dim=1)] = 0.0
        if not len(people):
            continue
        answers = assign(said[b].detach(), found[b].detach(), people, at)
        wanted[b, answers.cell], weight[b, answers.cell] = 1.0, 1.0
        person.append(cross_entropy(said[b, answers.cell, 5], answers.fit, reduction="sum"))
        box.append((1 - giou(found[b, answers.cell], people[answers.person])).sum())
        fits.append(answers.fit)
    n = max(1, sum(len(fit) for fit in fits))
    object_ = cross_entropy(said[..., 4], wanted, weight, reduction="sum")
    none = said.sum() * 0
    parts = {
        "box": BOX_WEIGHT * sum(box, none) / n,
        "object": object_ / n,
        "person": sum(person, none) / n,
    }
    return parts, {"iou": float(torch.cat(fits).mean()) if fits else 0.0}
