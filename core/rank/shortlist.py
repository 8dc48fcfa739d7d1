"""One probe and the crops of a shortlist of tracklets in; a second order of the tracklets out.

It orders; evidence, words and how many strangers to expect come from elsewhere and stay.
"""

from __future__ import annotations

import numpy as np

from core.rank.reciprocal import rerank
from core.types import Float32, Int


def second_order(probe: Float32, crops: Float32, starts: Int, *, k1: int = 20) -> Float32:
    """Re-ranked distance (T,) of tracklets to one probe: each takes its best crop.

    probe   (D,) unit row;  crops (C,D) unit rows, tracklet after tracklet
    starts  (T,) where each tracklet's crops begin; each has one at least

    k1 is limited to a tenth of the crops: a neighbourhood larger than the true crops of a person
    tells nothing. Other probes take no part, so the answer does not depend on them.
    Source: [zhong2017]
    """
    if not len(starts):
        return np.empty(0, np.float32)
    k1 = max(1, min(k1, len(crops) // 10))
    distance = rerank(probe[None], crops, k1=k1, k2=min(6, k1))[0]  # (C,)
    return np.minimum.reduceat(distance, starts)
