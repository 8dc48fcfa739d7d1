"""Vectors, the directions of identities and who is who, in; what to lower, out. All in float32.

Source: [deng2019arcface], [wang2018cosface], [wang2017normface]
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional


def cosines(vector: torch.Tensor, people: torch.Tensor) -> torch.Tensor:
    """(B,P) cosines of vectors (B,D) with the directions of identities (P,D)."""
    return functional.linear(functional.normalize(vector), functional.normalize(people))


def arcface(cosine: torch.Tensor, who: torch.Tensor, margin: float) -> torch.Tensor:
    """The cosines with their own identity's angle larger by `margin` radians: cos(angle + margin).

    Beyond pi - margin, where that would rise again, a line goes on falling.
    cosine (B,P), who (B,).  Source: [deng2019arcface]
    """
    own = cosine.gather(1, who[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
    sine = torch.sqrt(1 - own**2)
    harder = own * math.cos(margin) - sine * math.sin(margin)
    beyond = own <= math.cos(math.pi - margin)
    harder = torch.where(beyond, own - margin * math.sin(margin), harder)
    return cosine.scatter(1, who[:, None], harder)


def cosface(cosine: torch.Tensor, who: torch.Tensor, margin: float) -> torch.Tensor:
    """The cosines with their own identity's smaller by `margin`.

    cosine (B,P), who (B,).  Source: [wang2018cosface]
    """
    own = cosine.gather(1, who[:, None])
    return cosine.scatter(1, who[:, None], own - margin)


def logits(
    vector: torch.Tensor, people: torch.Tensor, who: torch.Tensor, loss: str, margin: float,
    scale: float,
) -> torch.Tensor:  # fmt: skip
    """What the cross-entropy is taken of: (B,P); for softmax plain inner products."""
    if loss == "softmax":
        return functional.linear(vector, people)
    harder = arcface if loss == "arcface" else cosface
    return scale * harder(cosines(vector, people), who, margin)
