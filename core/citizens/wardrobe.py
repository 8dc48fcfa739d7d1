"""A street's wardrobe: named colors, garments of a finite catalogue with Zipf popularity, outfits.

A garment is an item of a catalogue, not of a person: many people wear the same black padded coat.
The hash of an item's name says on which side of the split it lies, so a test never shows a garment
that was trained on. Cuts are what `body` can sew; lengths are paint coordinates (see `assets`):
`arm` 0 shoulder to 1 wrist, `hem` the height in decimetres on the unmorphed body (crotch -0.2,
knee -3.7, ankle -7.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.citizens.chance import generator, pick, split_of

RGB8 = tuple[int, int, int]
INFINITE = 99.0

# sRGB of the named colors: anchor values, first the usual one.
SHADES: Mapping[str, tuple[RGB8, ...]] = {
    "black": ((26, 26, 28), (20, 21, 24), (36, 35, 36)),
    "white": ((232, 231, 226), (240, 240, 238), (222, 220, 214)),
    "gray": ((126, 127, 130), (92, 94, 98), (160, 160, 162)),
    "navy": ((30, 38, 70), (25, 31, 56), (38, 46, 84)),
    "blue": ((58, 84, 136), (66, 94, 130), (44, 72, 148)),
    "sky": ((150, 190, 222), (166, 200, 226), (130, 174, 214)),
    "red": ((176, 36, 40), (150, 28, 38), (200, 48, 44)),
    "pink": ((226, 158, 172), (236, 184, 190), (214, 126, 150)),
    "orange": ((216, 112, 40), (226, 132, 58), (196, 94, 32)),
    "yellow": ((226, 194, 74), (236, 212, 110), (208, 172, 48)),
    "beige": ((204, 186, 156), (214, 200, 174), (190, 168, 136)),
    "brown": ((96, 66, 46), (78, 54, 40), (122, 84, 56)),
    "khaki": ((102, 102, 66), (88, 90, 62), (122, 118, 82)),
    "green": ((46, 104, 66), (34, 84, 58), (72, 134, 84)),
    "purple": ((98, 66, 130), (80, 50, 104), (126, 92, 156)),
}

UPPER_SHARE = {"black": 26, "white": 15, "gray": 14, "navy": 11, "beige": 9, "sky": 4, "blue": 4,
               "khaki": 4, "brown": 4, "pink": 3, "red": 2.4, "green": 2, "yellow": 1.3,
               "purple": 1.2, "orange": 1}  # fmt: skip
LOWER_SHARE = {"black": 37, "blue": 15, "navy": 13, "gray": 12, "beige": 8, "white": 3.5,
               "khaki": 4, "brown": 3.5, "sky": 2.5, "pink": 1, "red": 1, "green": 1,
               "purple": 0.8, "orange": 0.8, "yellow": 0.8}  # fmt: skip
SHOE_SHARE = {"black": 42, "white": 28, "gray": 9, "brown": 7, "beige": 5, "navy": 4, "red": 1.2,
              "blue": 1.2, "pink": 1, "khaki": 1, "green": 1, "yellow": 2.5,
              "orange": 1, "sky": 1, "purple": 1}  # fmt: skip


@dataclass(frozen=True)
class Cloth:
    """What a garment is made of. rgb, second sRGB;  color the name of rgb (types.COLORS).

    pattern  plain, stripes, pinstripes, checks, two_tone, print;  scale of the pattern in dm
    fabric   cotton, knit, denim, padded, wool, leather
    """

    color: str
    rgb: RGB8
    pattern: str = "plain"
    second: RGB8 = (0, 0, 0)
    scale: float = 0.6
    fabric: str = "cotton"


@dataclass(frozen=True)
class Garment:
    """An item of the catalogue. kind: its value in types.ATTRIBUTES (upper_type or lower_type).

    cut  a name of CUTS, LOWER_CUTS or a shoe;  arm, hem where sleeve and garment end
    flare  how much wider than the body's own cut, dm;  opening half width of an open front, dm
    """

    name: str
    cut: str
    kind: str
    cloth: Cloth
    arm: float = INFINITE
    hem: float = -INFINITE
    flare: float = 0.0
    opening: float = 0.0


@dataclass(frozen=True)
class Cut:
    """How an upper garment is sewn.

    mesh   the part of `assets` it is made of;  kind its attribute value;  sexes who wears it
    share  how usual;  arm, hem, flare, opening as in Garment;  skirt: continued below the waist
    fabrics, patterns  what it is made of (more often named = more usual)
    """

    mesh: str
    kind: str
    share: float
    sexes: str = "mf"
    arm: float = INFINITE
    hem: float = -INFINITE
    flare: float = 0.0
    opening: float = 0.0
    skirt: bool = False
    fabrics: tuple[str, ...] = ("cotton",)
    patterns: tuple[str, ...] = ("plain", "plain", "plain", "stripes", "print", "two_tone")


CUTS: Mapping[str, Cut] = {
    "tee": Cut("tee", "short_sleeve", 6, "m"),
    "tee_loose": Cut("tee_loose", "short_sleeve", 7, "mf", flare=0.06),
    "tee_slim": Cut("tee_slim", "short_sleeve", 6, "f"),
    "polo_short": Cut("polo", "short_sleeve", 5, "m", arm=0.40,
                      patterns=("plain", "plain", "stripes", "checks", "two_tone")),
    "shirt_short": Cut("blouse", "short_sleeve", 3, "f", arm=0.38,
                       patterns=("plain", "print", "checks", "stripes")),
    "vest_top": Cut("tee_slim", "sleeveless", 2.5, "f", arm=0.035,
                    patterns=("plain", "plain", "stripes", "print")),
    "tank": Cut("tee", "sleeveless", 2.5, "m", arm=0.035, patterns=("plain", "plain", "two_tone")),
    "sweatshirt": Cut("sweater", "long_sleeve", 9, "mf", flare=0.10, fabrics=("cotton", "knit"),
                      patterns=("plain", "plain", "plain", "print", "two_tone", "stripes")),
    "knit": Cut("sweater", "long_sleeve", 5, "mf", flare=0.04, fabrics=("knit", "knit", "wool"),
                patterns=("plain", "plain", "stripes", "two_tone")),
    "shirt": Cut("polo", "long_sleeve", 7, "m",
                 patterns=("plain", "plain", "plain", "pinstripes", "checks", "checks")),
    "blouse": Cut("blouse", "long_sleeve", 8, "f",
                  patterns=("plain", "plain", "plain", "print", "pinstripes", "checks")),
    "long_tee": Cut("tee_loose", "short_sleeve", 2, "mf", flare=0.12),
    "jacket": Cut("field_jacket", "outerwear", 7, "mf", opening=0.5,
                  fabrics=("cotton", "denim", "leather"), patterns=("plain",)),
    "blazer": Cut("blazer", "outerwear", 6, "mf", fabrics=("wool",),
                  patterns=("plain", "plain", "plain", "checks", "pinstripes")),
    "cardigan": Cut("sweater", "outerwear", 4, "mf", flare=0.12, opening=0.34,
                    fabrics=("knit",), patterns=("plain", "plain", "stripes")),
    "windbreaker": Cut("sweater", "outerwear", 6, "mf", flare=0.20, fabrics=("cotton", "padded"),
                       patterns=("plain", "plain", "two_tone")),
    "padded": Cut("sweater", "outerwear", 7, "mf", flare=0.30, fabrics=("padded",),
                  patterns=("plain", "plain", "plain", "two_tone")),
    "long_padded": Cut("sweater", "outerwear", 7, "mf", flare=0.30, hem=-3.3, skirt=True,
                       fabrics=("padded",), patterns=("plain",)),
    "coat": Cut("blazer", "outerwear", 6, "mf", flare=0.08, hem=-3.6, skirt=True,
                fabrics=("wool",), patterns=("plain", "plain", "plain", "checks")),
    "dress": Cut("tee_slim", "dress", 6, "f", hem=-3.2, skirt=True,
                 patterns=("plain", "plain", "print", "stripes", "checks")),
    "long_dress": Cut("blouse", "dress", 5, "f", hem=-5.2, skirt=True,
                      patterns=("plain", "plain", "print", "print", "checks")),
}  # fmt: skip


@dataclass(frozen=True)
class LowerCut:
    """How trousers or a skirt are sewn; as `Cut`."""

    mesh: str
    kind: str
    share: float
    sexes: str = "mf"
    hem: float = -INFINITE
    flare: float = 0.0
    fabrics: tuple[str, ...] = ("cotton", "denim")
    patterns: tuple[str, ...] = ("plain",)


LOWER_CUTS: Mapping[str, LowerCut] = {
    "slim": LowerCut("slim", "long_trousers", 14, "f", fabrics=("denim", "cotton")),
    "straight": LowerCut("straight", "long_trousers", 22, "mf"),
    "wide": LowerCut("straight", "long_trousers", 14, "mf", flare=0.28),
    "slacks": LowerCut("suit_trousers", "long_trousers", 12, "m", fabrics=("wool", "cotton")),
    "tapered": LowerCut("straight", "long_trousers", 9, "mf", hem=-6.85, fabrics=("cotton",),
                        patterns=("plain", "plain", "two_tone")),
    "shorts": LowerCut("straight", "short_trousers", 8, "mf", hem=-3.15, flare=0.14),
    "short_shorts": LowerCut("straight", "short_trousers", 3, "f", hem=-1.6, flare=0.10),
    "pencil": LowerCut("pencil_skirt", "skirt", 4, "f", patterns=("plain", "plain", "checks")),
    "mini": LowerCut("skirt", "skirt", 3, "f", hem=-2.0, patterns=("plain", "checks")),
    "midi": LowerCut("skirt", "skirt", 4, "f", hem=-4.4, patterns=("plain", "print", "checks")),
    "long_skirt": LowerCut("skirt", "skirt", 4, "f", hem=-6.0,
                           patterns=("plain", "plain", "print")),
}  # fmt: skip

SHOES = ("shoes01", "shoes02", "shoes03", "shoes04", "shoes05", "shoes06")
CATALOGUE = {"upper": 900, "lower": 520, "shoes": 320, "inner": 60, "look": 200, "hat": 80,
             "bag": 80, "glasses": 32, "mask": 12}  # fmt: skip
LOOK_SHARE = 0.60  # how many people wear a complete look that others wear too
HATS = ("cap", "cap", "cap", "bucket", "bucket", "beanie", "brimmed")


@dataclass(frozen=True)
class Extra:
    """A hat, bag, mask or pair of glasses: an item of the catalogue; form is what it looks like."""

    name: str
    form: str
    color: str
    rgb: RGB8
    second: RGB8 = (20, 20, 20)


@dataclass(frozen=True)
class Outfit:
    """What somebody wears. upper is the outermost; lower is None under a dress.

    inner is seen where an outer garment is open; legs: color of tights or None for bare skin
    """

    upper: Garment
    inner: Garment | None
    lower: Garment | None
    shoes: Garment
    hat: Extra | None = None
    glasses: Extra | None = None
    mask: Extra | None = None
    bag: Extra | None = None
    tights: RGB8 | None = None

    def clothes(self) -> tuple[str, str, str]:
        """The names of upper, lower and shoes: what two people share who are dressed alike."""
        return self.upper.name, self.lower.name if self.lower else "", self.shoes.name


def shade(rng: np.random.Generator, color: str) -> RGB8:
    """One sRGB value of a named color."""
    anchor = np.array(pick(rng, SHADES[color], (5, 3, 2)), np.float64)
    tone = anchor * rng.uniform(0.92, 1.08) + rng.normal(0, 2.0, 3)
    r, g, b = (int(x) for x in np.clip(np.round(tone), 8, 246))
    return r, g, b


def _color(rng: np.random.Generator, share: Mapping[str, float]) -> str:
    return pick(rng, tuple(share), tuple(share.values()))


def _cloth(
    rng: np.random.Generator,
    share: Mapping[str, float],
    fabrics: Sequence[str],
    patterns: Sequence[str],
) -> Cloth:
    """Draw a cloth; a pattern's second color is another everyday color, told apart from it."""
    fabric, pattern = pick(rng, fabrics), pick(rng, patterns)
    if fabric == "denim":
        share = {"blue": 5, "navy": 3, "black": 3, "sky": 1.5, "gray": 1}
    elif fabric == "leather":
        share = {"black": 6, "brown": 3, "beige": 1}
    color = _color(rng, share)
    flesh = ("beige", "orange", "pink") if pattern in ("print", "two_tone") else ()
    others = {k: v for k, v in UPPER_SHARE.items() if k != color and k not in flesh}
    second = shade(rng, _color(rng, others))
    scale = float({"checks": rng.uniform(0.5, 1.4), "stripes": rng.uniform(0.25, 0.8),
                   "pinstripes": rng.uniform(0.12, 0.22), "print": rng.uniform(0.4, 1.2)}.get(
                       pattern, 0.6))  # fmt: skip
    rgb = shade(rng, color)
    if fabric == "denim" and color in ("blue", "sky", "navy"):
        gray = sum(rgb) / 3
        r, g, b = (round(0.62 * x + 0.38 * gray) for x in rgb)
        rgb = (r, g, b)
    return Cloth(color, rgb, pattern, second, scale, fabric)


@lru_cache(maxsize=8192)
def garment(name: str) -> Garment:
    """The item of this name ("upper-017"), the same for ever."""
    slot = name.split("-")[0]
    rng = generator("garment", name)
    if slot == "shoes":
        cut = pick(rng, SHOES)
        cloth = _cloth(rng, SHOE_SHARE, ("cotton", "leather"), ("plain", "plain", "two_tone"))
        if cloth.fabric == "leather":
            cloth = Cloth(cloth.color, cloth.rgb, fabric="leather")
        return Garment(name, cut, "shoes", cloth)
    if slot == "inner":
        share = {"white": 5, "black": 4, "gray": 3, "beige": 2, "navy": 1, "sky": 1, "blue": 0.5}
        cloth = _cloth(rng, share, ("cotton", "knit"), ("plain", "plain", "plain", "stripes"))
        return Garment(name, "inner", "long_sleeve", cloth)
    if slot == "lower":
        cuts = LOWER_CUTS
        cut = pick(rng, tuple(cuts), tuple(c.share for c in cuts.values()))
        low = cuts[cut]
        cloth = _cloth(rng, LOWER_SHARE, low.fabrics, low.patterns)
        return Garment(name, cut, low.kind, cloth, hem=low.hem, flare=low.flare)
    cut = pick(rng, tuple(CUTS), tuple(c.share for c in CUTS.values()))
    up = CUTS[cut]
    cloth = _cloth(rng, UPPER_SHARE, up.fabrics, up.patterns)
    return Garment(name, cut, up.kind, cloth, up.arm, up.hem, up.flare, up.opening)


@lru_cache(maxsize=64)
def catalogue(slot: str, split: str) -> tuple[str, ...]:
    """Names of a slot's items on one side of the split, the most popular first."""
    names = [f"{slot}-{i:03d}" for i in range(CATALOGUE[slot])]
    return tuple(name for name in names if split_of(name) == split)


def sexes_of(item: Garment) -> str:
    """Who wears it: "m", "f" or "mf"."""
    if item.cut in CUTS:
        return CUTS[item.cut].sexes
    return LOWER_CUTS[item.cut].sexes if item.cut in LOWER_CUTS else "mf"


@lru_cache(maxsize=64)
def _worn(slot: str, split: str, sex: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Items this sex wears, everyday colors first, and their Zipf popularity."""
    names = [n for n in catalogue(slot, split) if sex in sexes_of(garment(n))]
    share = {"lower": LOWER_SHARE, "shoes": SHOE_SHARE}.get(slot, UPPER_SHARE)
    luck = {n: float(generator("popularity", n).gumbel()) for n in names}
    names.sort(key=lambda n: -np.log(share[garment(n).cloth.color]) - 0.8 * luck[n])
    return tuple(names), tuple(1 / (rank + 4.0) ** 0.8 for rank in range(len(names)))


def _lower_for(rng: np.random.Generator, upper: Garment, split: str, sex: str) -> Garment | None:
    if upper.kind == "dress":
        return None
    names, share = _worn("lower", split, sex)
    return garment(pick(rng, names, share))


@lru_cache(maxsize=1024)
def look(name: str, split: str, sex: str) -> tuple[Garment, Garment | None, Garment]:
    """Upper, lower and shoes of a complete look that many people wear."""
    rng = generator("look", name, split, sex)
    upper = garment(pick(rng, *_worn("upper", split, sex)))
    return (
        upper,
        _lower_for(rng, upper, split, sex),
        garment(pick(rng, *_worn("shoes", split, sex))),
    )


def _extra(rng: np.random.Generator, slot: str, split: str, forms: Sequence[str]) -> Extra:
    """An item of a small catalogue: hat, bag, glasses or mask."""
    names = [n for n in catalogue(slot, split) if extra(n).form in forms]
    if not names:
        raise ValueError(f"no {slot} of {forms} in the {split} catalogue")
    return extra(pick(rng, names, tuple(1 / (rank + 2) for rank in range(len(names)))))


@lru_cache(maxsize=1024)
def extra(name: str) -> Extra:
    """The hat, bag, glasses or mask of this name, the same for ever."""
    slot = name.split("-")[0]
    rng = generator("extra", name)
    shares: dict[str, dict[str, float]] = {
        "hat": {"black": 6, "navy": 3, "white": 2, "beige": 3, "gray": 2, "khaki": 1, "red": 0.5,
                "blue": 1, "pink": 0.5},
        "bag": {"black": 8, "gray": 2, "navy": 2, "brown": 2, "beige": 2, "red": 0.4, "pink": 0.5,
                "khaki": 0.6, "white": 0.8, "blue": 0.6},
        "glasses": {"black": 7, "brown": 2, "gray": 2},
        "mask": {"white": 6, "black": 4, "gray": 0.5, "sky": 0.5},
    }  # fmt: skip
    number = int(name.split("-")[1])
    if slot == "hat":
        form = "helmet" if number % 5 == 4 else pick(rng, HATS)
    elif slot == "bag":
        form = ("backpack", "crossbody", "handbag")[number % 3]
    elif slot == "glasses":
        form = ("round", "square", "sunglasses")[number % 3]
    else:
        form = pick(rng, ("pleated", "folded"))
    color = _color(rng, shares[slot])
    return Extra(name, form, color, shade(rng, color), shade(rng, _color(rng, UPPER_SHARE)))


def outfit(rng: np.random.Generator, split: str, sex: str, age: str) -> Outfit:
    """Dress somebody of this sex ("male", "female") and age band from one side's catalogue."""
    s = sex[0]
    if rng.uniform() < LOOK_SHARE:
        names = catalogue("look", split)
        name = pick(rng, names, tuple(1 / (rank + 1) ** 1.25 for rank in range(len(names))))
        upper, lower, shoes = look(name, split, s)
    else:
        upper = garment(pick(rng, *_worn("upper", split, s)))
        lower = _lower_for(rng, upper, split, s)
        shoes = garment(pick(rng, *_worn("shoes", split, s)))
    inner = None
    if upper.kind == "outerwear":
        names, share = _worn("inner", split, s)
        inner = garment(pick(rng, names, share))
    bare_legs = lower is None or lower.kind != "long_trousers"
    tights = None
    if s == "f" and bare_legs and rng.uniform() < 0.35:
        tights = (24, 24, 27)
    hats = ("cap", "bucket", "beanie", "brimmed")
    old = age in ("middle_aged", "elderly")
    hat = None
    draw = rng.uniform()
    if draw < 0.035:
        hat = _extra(rng, "hat", split, ("helmet",))
    elif draw < (0.30 if old else 0.17):
        hat = _extra(rng, "hat", split, hats)
    glasses = None
    draw = rng.uniform()
    if draw < 0.06:
        glasses = _extra(rng, "glasses", split, ("sunglasses",))
    elif draw < 0.36:
        glasses = _extra(rng, "glasses", split, ("round", "square"))
    mask = _extra(rng, "mask", split, ("pleated", "folded")) if rng.uniform() < 0.18 else None
    draw = rng.uniform()
    bag = None
    if draw < 0.20 or (age in ("child", "teenager") and draw < 0.5):
        bag = _extra(rng, "bag", split, ("backpack",))
    elif 0.5 < draw < 0.66:
        bag = _extra(rng, "bag", split, ("crossbody",))
    elif 0.66 < draw < (0.86 if s == "f" else 0.72):
        bag = _extra(rng, "bag", split, ("handbag",))
    return Outfit(upper, inner, lower, shoes, hat, glasses, mask, bag, tights)
