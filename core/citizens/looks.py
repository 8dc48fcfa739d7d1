"""A citizen in, the same one as a near camera would see them on some day, out.

For faces in number: a skin of one's own (freckles, moles, lines of age, shadows under the eyes), a
face further from the average, people from elsewhere, and what changes from day to day: hair,
make-up, stubble, glasses, a hat, a mask. Nobody of the other sets and cities looks like this: there
the face is a few pixels wide.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.citizens import wardrobe
from core.citizens.chance import generator, pick
from core.citizens.people import Citizen, Detail, hair_of, skin_of
from core.citizens.wardrobe import RGB8, Extra

FARTHER = 1.35  # how much farther from the average every part of a face is
FARTHEST = 1.15  # weight of a shape
MORE: tuple[tuple[str, str, str, float], ...] = (
    ("eyes/{s}-eye-eyefold", "down", "up", 0.40), ("eyes/{s}-eye-bag", "in", "out", 0.40),
    ("eyes/{s}-eye-bag-height", "decr", "incr", 0.35), ("chin/chin-cleft", "decr", "incr", 0.40),
    ("ears/{s}-ear-scale-vert", "decr", "incr", 0.35), ("ears/{s}-ear-flap", "decr", "incr", 0.40),
    ("nose/nose-nostrils-width", "decr", "incr", 0.40),
    ("nose/nose-septumangle", "decr", "incr", 0.40), ("mouth/mouth-dimples", "in", "out", 0.35),
    ("mouth/mouth-cupidsbow-width", "decr", "incr", 0.40),
    ("mouth/mouth-upperlip-middle", "down", "up", 0.35),
    ("mouth/mouth-lowerlip-middle", "down", "up", 0.35),
)  # fmt: skip
"""Shapes beside `people.SLIDERS`: (folder/name, low suffix, high suffix, sigma)."""
LINES = {"child": 0.0, "teenager": 0.02, "young_adult": 0.12, "middle_aged": 0.55, "elderly": 1.0}
FAIR_HAIR: tuple[RGB8, ...] = ((176, 142, 92), (142, 108, 68), (98, 66, 42), (74, 52, 38),
                               (128, 66, 40), (34, 28, 25))  # fmt: skip
FAIR_IRIS: tuple[RGB8, ...] = ((70, 96, 120), (74, 92, 66), (96, 74, 44), (52, 34, 24))
WEARS_GLASSES, WEARS_HAT, OTHER_HAIR = 0.35, 0.08, 0.35


def near(who: Citizen, world: float = 0.0) -> Citizen:
    """The citizen with a skin and a face to be told by from near.

    world  chance of ancestors from anywhere, and not as on a Korean street
    """
    rng = generator("looks", who.split, who.seed)
    if rng.uniform() < world:
        who = _from_anywhere(rng, who)
    fair = who.ancestry[1]
    return replace(who, bust=True, morphs=_farther(rng, who), detail=Detail(
        where=round(float(rng.uniform()), 4),
        freckles=round(float(rng.beta(0.5, 3.5 if fair < 0.5 else 1.6)), 3),
        wrinkles=round(float(np.clip(LINES[who.age] * rng.uniform(0.5, 1.3), 0, 1)), 3),
        moles=int(min(rng.poisson(1.3), 5)),
        bags=round(float(rng.uniform(0, 0.3) + 0.4 * LINES[who.age]), 3),
        uneven=round(float(rng.uniform(0.2, 1.0)), 3),
    ))  # fmt: skip


def _from_anywhere(rng: np.random.Generator, who: Citizen) -> Citizen:
    """The same seed with any ancestors, and the colours that go with them."""
    share = rng.dirichlet((0.5, 0.7, 0.35))
    ancestry = (round(float(share[0]), 4), round(float(share[1]), 4), round(float(share[2]), 4))
    who = replace(who, ancestry=ancestry, skin=skin_of(rng, ancestry, who.sex))
    lips = np.array(who.skin) * (0.92, 0.72, 0.72)
    who = replace(who, lips=(int(lips[0]), int(lips[1]), int(lips[2])))
    if ancestry[1] < 0.5 or who.age == "elderly":
        return who
    hair = pick(rng, FAIR_HAIR)
    brow = np.array(hair) * 0.8
    return replace(who, hair_rgb=hair, iris=pick(rng, FAIR_IRIS),
                   brow_rgb=(int(brow[0]), int(brow[1]), int(brow[2])))  # fmt: skip


def _farther(rng: np.random.Generator, who: Citizen) -> tuple[tuple[str, float], ...]:
    body = ("torso/", "hip/", "neck/")
    kept = [(name, weight if name.startswith(body) else
             round(min(FARTHER * weight, FARTHEST), 4)) for name, weight in who.morphs]  # fmt: skip
    for slider, low, high, sigma in MORE:
        value = float(np.clip(rng.normal(0, sigma), -0.9, 0.9))
        target = f"{slider}-{high if value > 0 else low}"
        sides = ("l", "r") if "{s}" in slider else ("",)
        kept += [(target.format(s=side), round(abs(value), 4)) for side in sides]
    return tuple(kept)


def on_day(who: Citizen, number: int, masks: float = 0.0) -> Citizen:
    """The citizen on a day of this number: other clothes, hair, glasses, make-up, stubble.

    masks  chance of one over mouth and nose
    """
    rng = generator("day", who.split, who.seed, number)
    who = who.dressed(number + 1)
    owns = generator("glasses", who.split, who.seed).uniform() < WEARS_GLASSES
    glasses = _item(rng, who, "glasses", ("round", "square")) if owns else None
    if rng.uniform() < 0.06:
        glasses = _item(rng, who, "glasses", ("sunglasses",))
    elif rng.uniform() < 0.3:
        glasses = None
    forms = ("cap", "bucket", "beanie", "brimmed")
    hat = _item(rng, who, "hat", forms) if rng.uniform() < WEARS_HAT else None
    mask = _item(rng, who, "mask", ("pleated", "folded")) if rng.uniform() < masks else None
    who = replace(who, outfit=replace(who.outfit, glasses=glasses, hat=hat, mask=mask, bag=None))
    if number and rng.uniform() < OTHER_HAIR:
        who = replace(who, hair=hair_of(rng, who.split, who.sex, who.age))
    return _made_up(rng, who)


def _made_up(rng: np.random.Generator, who: Citizen) -> Citizen:
    """Lips and lids as somebody paints them on a day; a man's stubble as it has grown."""
    if who.detail is None or who.age == "child":
        return who
    if who.sex == "male":
        grown = 0.0 if who.age == "teenager" else float(np.clip(rng.normal(who.stubble, 0.2), 0, 1))
        return replace(who, stubble=round(grown, 3))
    if rng.uniform() > 0.55:
        return who
    red = np.array(pick(rng, ((176, 52, 58), (190, 84, 84), (150, 60, 66), (200, 96, 110))))
    much = rng.uniform(0.2, 0.7)
    lips = np.array(who.lips) * (1 - much) + red * much
    detail = replace(who.detail, lids=round(float(rng.uniform(0.1, 0.8)), 3),
                     uneven=round(0.5 * who.detail.uneven, 3))  # fmt: skip
    return replace(who, detail=detail, lips=(int(lips[0]), int(lips[1]), int(lips[2])),
                   blush=round(float(rng.uniform(0.1, 0.6)), 3))  # fmt: skip


def _item(rng: np.random.Generator, who: Citizen, slot: str, forms: tuple[str, ...]) -> Extra:
    names = [n for n in wardrobe.catalogue(slot, who.split) if wardrobe.extra(n).form in forms]
    return wardrobe.extra(pick(rng, names))
