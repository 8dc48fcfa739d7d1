"""Similarities in, evidence and words out: pooling, calibration, fusion, gallery size, bands.

Evidence `e` is a log10 likelihood ratio: "this tracklet shows the probe's person" against "another
person of this scope". Pure arrays, no files. Missing evidence is NaN, never 0. Where no source is
named, the constant is our own choice. `core.rank.reciprocal` orders a shortlist a second time; it
never touches evidence.
"""

from core.rank.calibration import CAPS, Calibration, evidence, fit
from core.rank.cohort import cohort_stats, normalise
from core.rank.fusion import (
    DOUBT,
    ClothesSource,
    attribute_evidence,
    attribute_lr,
    clothes_discount,
    clothes_probability,
    fit_fusion,
    fuse,
    overlap_keep,
    site_share,
)
from core.rank.pooling import bin_label, pool, size_bin, size_bins
from core.rank.population import (
    ENOUGH_STRANGERS,
    Strangers,
    expected_false,
    expected_here,
    miscalibrated,
)
from core.rank.whitening import ANYWHERE, Whitening
from core.rank.words import band, bands

__all__ = [
    "ANYWHERE",
    "CAPS",
    "DOUBT",
    "ENOUGH_STRANGERS",
    "Calibration",
    "ClothesSource",
    "Strangers",
    "Whitening",
    "attribute_evidence",
    "attribute_lr",
    "band",
    "bands",
    "bin_label",
    "clothes_discount",
    "clothes_probability",
    "cohort_stats",
    "evidence",
    "expected_false",
    "expected_here",
    "fit",
    "fit_fusion",
    "fuse",
    "miscalibrated",
    "normalise",
    "overlap_keep",
    "pool",
    "site_share",
    "size_bin",
    "size_bins",
]
