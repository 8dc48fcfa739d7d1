"""What a net says of crops and what they are in; the three parts of the loss out.

Source: [zhang2016mtcnn]
"""

from __future__ import annotations

import torch
from torch.nn import functional

from core.recipes.mtcnn.cut import MARKED, NO, PARTLY, YES

BOX, POINTS = 0.5, (0.5, 0.5, 1.0)  # weights beside the first part; of the points by net


def of(
    said: torch.Tensor, kind: torch.Tensor, box: torch.Tensor, points: torch.Tensor,
    stage: int, hard: float,
) -> tuple[dict[str, torch.Tensor], dict[str, float]]:  # fmt: skip
    """said (B,NUMBERS), kind (B,), box (B,4), points (B,10) -> parts of the loss, and shares.

    face   cross-entropy of "a face" against "none": only the `hard` share with the highest loss
    box    squared distance of the shifts of faces and parts;  points: of the five points
    right  share of faces and others that are told apart
    """
    judged = (kind == NO) | (kind == YES)
    logit, truth = said[judged, 0], (kind[judged] == YES).float()
    each = functional.binary_cross_entropy_with_logits(logit, truth, reduction="none")
    harder = each.topk(max(1, round(hard * len(each)))).values if len(each) else each
    placed, marked = (kind == YES) | (kind == PARTLY), kind == MARKED
    parts = {
        "face": harder.mean() if len(harder) else said.sum() * 0,
        "box": BOX * _squares(said[placed, 1:5], box[placed]),
        "points": POINTS[stage] * _squares(said[marked, 5:], points[marked]),
    }
    right = ((logit > 0) == (truth > 0)).float().mean().item() if len(logit) else 0.0
    return parts, {"right": right}


def _squares(said: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Mean over crops of the squared distance; 0 for none."""
    return ((said - truth) ** 2).sum(dim=1).sum() / max(1, len(said))
