"""A step's number in; the learning rate out, so that a run that goes on needs to keep nothing."""

from __future__ import annotations

import math

FLOOR = 0.01  # of the highest rate, at the very end


def rate(step: int, steps: int, warmup: int, highest: float) -> float:
    """Linear warm-up over `warmup` steps, then half a cosine down to FLOOR at the last step.

    step 0..steps-1.  Source: [luo2019bag]
    """
    if step < warmup:
        return highest * (step + 1) / warmup
    share = (step - warmup) / max(1, steps - 1 - warmup)
    return highest * (FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * min(1.0, share))) / 2)
