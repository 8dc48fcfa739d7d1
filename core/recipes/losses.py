"""What a network said and the truth in; what to lower, out. All in float32."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional

from core.recipes.networks import Seen
from core.recipes.recipe import Recipe


def batch_hard(feature: torch.Tensor, who: torch.Tensor, margin: float) -> torch.Tensor:
    """Triplet loss of the farthest crop of the same person and the nearest of another, per crop.

    feature (B,D), who (B,).  Source: [hermans2017]
    """
    distance = torch.cdist(feature, feature, compute_mode="donot_use_mm_for_euclid_dist")  # (B,B)
    same = who[:, None] == who[None, :]
    hardest = torch.where(same, distance, torch.zeros_like(distance)).amax(dim=1)
    nearest = torch.where(same, torch.full_like(distance, torch.inf), distance).amin(dim=1)
    return functional.relu(hardest - nearest + margin).mean()


def contrast(vector: torch.Tensor, who: torch.Tensor, temperature: float) -> torch.Tensor:
    """Each crop must find those of the same person among all others of the batch, by angle.

    vector (B,D), who (B,): every person at least twice.  Source: [khosla2020supcon]
    """
    unit = functional.normalize(vector)
    itself = torch.eye(len(who), dtype=torch.bool, device=who.device)
    near = (unit @ unit.T / temperature).masked_fill(itself, -torch.inf)  # (B,B)
    told = (near - near.logsumexp(dim=1, keepdim=True)).masked_fill(itself, 0.0)
    same = (who[:, None] == who[None, :]) & ~itself
    return -((told * same).sum(dim=1) / same.sum(dim=1)).mean()


def attributes(heads: Mapping[str, torch.Tensor], code: torch.Tensor) -> torch.Tensor:
    """Mean over attributes of the cross-entropy of those labelled; code (B,A), -1 = not labelled.

    Not weighted by how rare a value is: the probabilities must keep the shares of training.
    """
    parts = [
        functional.cross_entropy(logits.float(), code[:, a], ignore_index=-1)
        for a, logits in enumerate(heads.values())
        if bool((code[:, a] >= 0).any())
    ]
    return torch.stack(parts).mean() if parts else sum_of(heads) * 0.0


def sum_of(heads: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """All logits added up: keeps every head in the graph of a batch without any label."""
    return torch.stack([logits.float().sum() for logits in heads.values()]).sum()


def of(
    seen: Seen, who: torch.Tensor, code: torch.Tensor, recipe: Recipe, epoch: int
) -> dict[str, torch.Tensor]:
    """{part: loss}, the parts to be added. who (B,), code (B,A); epoch from 0.

    Source: [luo2019bag]
    """
    parts: dict[str, torch.Tensor] = {}
    if seen.who is not None and seen.feature is not None:
        parts["identity"] = functional.cross_entropy(
            seen.who.float(), who, label_smoothing=recipe.smoothing
        )
        if recipe.temperature and seen.vector is not None:
            parts["contrast"] = contrast(seen.vector.float(), who, recipe.temperature)
        if epoch + 1 >= recipe.triplet_from:
            parts["triplet"] = batch_hard(seen.feature.float(), who, recipe.margin)
    if seen.heads:
        weight = recipe.attributes if recipe.identifies else 1.0
        parts["attributes"] = weight * attributes(seen.heads, code)
    return parts
