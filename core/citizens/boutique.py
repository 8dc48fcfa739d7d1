"""An outfit in, the same cuts in clothes of one's own out: colors and patterns nobody else wears.

In a town many wear the same items of one catalogue, and that is what makes it hard. What learns to
tell people apart must also see colors between the catalogue's and patterns it does not have, or
it learns a catalogue: people of random colors and textures carry over to real ones better.

Source: [wang2020randperson]
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.citizens.chance import generator, pick
from core.citizens.people import Citizen
from core.citizens.wardrobe import (
    LOWER_SHARE,
    RGB8,
    SHADES,
    SHOE_SHARE,
    UPPER_SHARE,
    Cloth,
    Extra,
    Garment,
)

Float64 = NDArray[np.float64]

MIXED = 0.55  # most that another color is mixed into one
TRIES = 30
# How often an upper garment has each pattern; below the waist and on coats plain is usual.
UPPER = {"plain": 5, "stripes": 1, "pinstripes": 0.4, "checks": 1, "two_tone": 1.4, "print": 1,
         "blotches": 1, "graphic": 2, "panels": 1.4}  # fmt: skip
LOWER = {"plain": 9, "checks": 0.7, "pinstripes": 0.4, "blotches": 0.9, "two_tone": 0.6}


def in_own_clothes(who: Citizen, seed: int) -> Citizen:
    """The citizen in garments of the same cuts that nobody else has; the names tell it."""
    rng = generator("boutique", who.split, who.seed, seed)
    o = who.outfit
    upper = _garment(rng, o.upper, UPPER_SHARE, UPPER)
    lower = _garment(rng, o.lower, LOWER_SHARE, LOWER) if o.lower else None
    inner = _garment(rng, o.inner, UPPER_SHARE, LOWER) if o.inner else None
    shoes = _garment(rng, o.shoes, SHOE_SHARE, {"plain": 2, "two_tone": 1})
    bag = _extra(rng, o.bag) if o.bag else None
    hat = _extra(rng, o.hat) if o.hat else None
    outfit = replace(o, upper=upper, lower=lower, inner=inner, shoes=shoes, bag=bag, hat=hat)
    return replace(who, outfit=outfit)


def color(rng: np.random.Generator, name: str) -> RGB8:
    """Some sRGB value that is still called `name`: between its shades and those of other colors."""
    anchor = np.array(pick(rng, SHADES[name]), np.float64)
    for _ in range(TRIES):
        other = np.array(pick(rng, SHADES[pick(rng, tuple(SHADES))]), np.float64)
        mixed = anchor + (other - anchor) * rng.uniform(0, MIXED)
        mixed = np.clip(mixed * rng.uniform(0.8, 1.2) + rng.normal(0, 5, 3), 8, 246)
        if named(mixed) == name:
            return _rgb8(mixed)
    return _rgb8(anchor)


def named(rgb: Float64) -> str:
    """The name of the nearest shade; sRGB 0-255 (3,)."""
    near = {n: min(float(((rgb - s) ** 2).sum()) for s in map(np.array, shades))
            for n, shades in SHADES.items()}  # fmt: skip
    return min(near, key=lambda n: near[n])


def _garment(
    rng: np.random.Generator,
    item: Garment,
    share: dict[str, float],
    patterns: dict[str, float],
) -> Garment:
    """The same cut in another cloth; leather stays plain."""
    usual = {n: s**0.5 for n, s in share.items()}  # rare colors less rarely
    name = pick(rng, tuple(usual), tuple(usual.values()))
    second = pick(rng, tuple(SHADES))
    pattern = pick(rng, tuple(patterns), tuple(patterns.values()))
    fabric = item.cloth.fabric
    if fabric == "leather":
        pattern = "plain"
    scale = float(np.exp(rng.uniform(np.log(0.3), np.log(1.6))))
    cloth = Cloth(name, color(rng, name), pattern, color(rng, second), scale, fabric)
    return replace(item, name=f"{item.name}/own", cloth=cloth)


def _extra(rng: np.random.Generator, item: Extra) -> Extra:
    """The same form in another color."""
    usual = {n: s**0.5 for n, s in UPPER_SHARE.items()}
    name = pick(rng, tuple(usual), tuple(usual.values()))
    second = color(rng, pick(rng, tuple(SHADES)))
    return replace(item, name=f"{item.name}/own", color=name, rgb=color(rng, name), second=second)


def _rgb8(rgb: Float64) -> RGB8:
    r, g, b = (int(x) for x in np.round(rgb))
    return r, g, b
