"""What a net says of crops and what they are in; the parts of the loss out.

Source: [zhang2016mtcnn]
"""

from __future__ import annotations

import torch
from torch.nn import functional

from core.recipes.mtcnn.cut import ANY, MARKED, NO, PARTLY, YES

BOX, POINTS = 0.5, (0.5, 0.5, 1.0)  # weights beside the first part; of the points by net
SURE = 8.0  # logit above which a teacher is not followed any further
WORD = 0.1  # weight of a teacher's logits, which are large numbers, beside a cross-entropy


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


def follow(
    said: torch.Tensor, told: torch.Tensor, kind: torch.Tensor, stage: int
) -> dict[str, torch.Tensor]:
    """said, told by a teacher (B,NUMBERS), kind (B,) -> parts of the loss.

    word         how far the logits are apart; where the teacher is wrong about what is known, its
                 word does not count
    word_box     of crops that it takes for a face and of which nothing is known: the shifts
    word_points  the same of the points, which its last net (stage 2) alone tells
    """
    face = told[:, 0] > 0
    none, some = kind == NO, (kind == YES) | (kind == MARKED)
    believed = ~((none & face) | (some & ~face))
    apart = functional.smooth_l1_loss(
        said[believed, 0], told[believed, 0].clamp(-SURE, SURE), reduction="sum"
    )
    placed = (kind == ANY) & face
    parts = {
        "word": WORD * apart / max(1, int(believed.sum())),
        "word_box": BOX * _squares(said[placed, 1:5], told[placed, 1:5]),
    }
    if stage == 2:
        parts["word_points"] = _squares(said[placed, 5:], told[placed, 5:])
    return parts


def _squares(said: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Mean over crops of the squared distance; 0 for none."""
    return ((said - truth) ** 2).sum(dim=1).sum() / max(1, len(said))
