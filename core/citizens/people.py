"""A seed in, a frozen citizen out: body, face, hair and clothes as pure numbers.

Nothing here draws and nothing reads the assets, so the same seed and split give the same citizen on
every machine. Faces, hair and garments lie on the train or the test side by the hash of their name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from core.citizens import wardrobe
from core.citizens.chance import SPLITS, generator, pick, split_of
from core.citizens.wardrobe import RGB8, Outfit
from core.errors import BadInput
from core.types import ATTRIBUTES

AGE_SHARE = {"child": 9, "teenager": 11, "young_adult": 32, "middle_aged": 28, "elderly": 20}
# age band -> weights of the child, young and old shapes
AGE_SHAPE = {"child": (1.0, 0.0, 0.0), "teenager": (0.35, 0.65, 0.0),
             "young_adult": (0.0, 1.0, 0.0), "middle_aged": (0.0, 0.72, 0.28),
             "elderly": (0.0, 0.35, 0.65)}  # fmt: skip
# mean and sigma of body height in metres, roughly as surveyed in Korea
HEIGHT = {
    "male": {"child": (1.32, 0.10), "teenager": (1.68, 0.07), "young_adult": (1.744, 0.056),
             "middle_aged": (1.715, 0.056), "elderly": (1.655, 0.055)},
    "female": {"child": (1.30, 0.10), "teenager": (1.595, 0.055), "young_adult": (1.615, 0.052),
               "middle_aged": (1.59, 0.052), "elderly": (1.53, 0.052)},
}  # fmt: skip

# (folder/name, low suffix, high suffix, sigma); {s} stands for both sides
SLIDERS: tuple[tuple[str, str, str, float], ...] = (
    ("head/head-scale-horiz", "decr", "incr", 0.45), ("head/head-scale-vert", "decr", "incr", 0.40),
    ("head/head-scale-depth", "decr", "incr", 0.30), ("head/head-fat", "decr", "incr", 0.40),
    ("head/head-back-scale-depth", "decr", "incr", 0.3),
    ("forehead/forehead-scale-vert", "decr", "incr", 0.45),
    ("forehead/forehead-nubian", "decr", "incr", 0.35),
    ("forehead/forehead-temple", "decr", "incr", 0.40),
    ("forehead/forehead-trans", "backward", "forward", 0.3),
    ("eyebrows/eyebrows-trans", "down", "up", 0.0), ("eyes/{s}-eye-scale", "decr", "incr", 0.40),
    ("eyes/{s}-eye-height1", "decr", "incr", 0.30), ("eyes/{s}-eye-height2", "decr", "incr", 0.40),
    ("eyes/{s}-eye-height3", "decr", "incr", 0.35), ("eyes/{s}-eye-corner1", "down", "up", 0.35),
    ("eyes/{s}-eye-corner2", "down", "up", 0.45), ("eyes/{s}-eye-epicanthus", "in", "out", 0.40),
    ("eyes/{s}-eye-eyefold-angle", "down", "up", 0.35), ("eyes/{s}-eye-bag", "decr", "incr", 0.40),
    ("eyes/{s}-eye-eyefold", "concave", "convex", 0.40),
    ("nose/nose-scale-horiz", "decr", "incr", 0.45), ("nose/nose-scale-vert", "decr", "incr", 0.45),
    ("nose/nose-scale-depth", "decr", "incr", 0.40), ("nose/nose-width1", "decr", "incr", 0.40),
    ("nose/nose-width2", "decr", "incr", 0.40), ("nose/nose-width3", "decr", "incr", 0.45),
    ("nose/nose-curve", "concave", "convex", 0.40), ("nose/nose-hump", "decr", "incr", 0.35),
    ("nose/nose-point", "down", "up", 0.40), ("nose/nose-point-width", "decr", "incr", 0.40),
    ("nose/nose-flaring", "decr", "incr", 0.35), ("nose/nose-volume", "decr", "incr", 0.35),
    ("nose/nose-greek", "decr", "incr", 0.25), ("nose/nose-base", "down", "up", 0.35),
    ("nose/nose-trans", "down", "up", 0.30), ("mouth/mouth-scale-horiz", "decr", "incr", 0.45),
    ("mouth/mouth-scale-vert", "decr", "incr", 0.35), ("mouth/mouth-trans", "down", "up", 0.35),
    ("mouth/mouth-upperlip-volume", "decr", "incr", 0.45),
    ("mouth/mouth-lowerlip-volume", "decr", "incr", 0.45),
    ("mouth/mouth-upperlip-height", "decr", "incr", 0.40),
    ("mouth/mouth-lowerlip-height", "decr", "incr", 0.40),
    ("mouth/mouth-cupidsbow", "decr", "incr", 0.40), ("mouth/mouth-angles", "down", "up", 0.40),
    ("mouth/mouth-philtrum-volume", "decr", "incr", 0.35),
    ("mouth/mouth-laugh-lines", "in", "out", 0.35), ("chin/chin-width", "decr", "incr", 0.45),
    ("chin/chin-height", "decr", "incr", 0.45), ("chin/chin-prominent", "decr", "incr", 0.40),
    ("chin/chin-prognathism", "decr", "incr", 0.30), ("chin/chin-bones", "decr", "incr", 0.40),
    ("chin/chin-jaw-drop", "decr", "incr", 0.35), ("cheek/{s}-cheek-bones", "decr", "incr", 0.45),
    ("cheek/{s}-cheek-volume", "decr", "incr", 0.45),
    ("cheek/{s}-cheek-inner", "decr", "incr", 0.35),
    ("cheek/{s}-cheek-trans", "down", "up", 0.35), ("ears/{s}-ear-scale", "decr", "incr", 0.40),
    ("ears/{s}-ear-rot", "backward", "forward", 0.35), ("ears/{s}-ear-lobe", "decr", "incr", 0.4),
)  # fmt: skip
HEAD_FORMS = ("oval", "round", "square", "rectangular", "triangular", "invertedtriangular",
              "diamond")  # fmt: skip
BROWS = tuple(f"eyebrow{i:03d}" for i in range(1, 13))


@dataclass(frozen=True)
class HairCut:
    """A hair preset: mesh of the assets or "none"; kind = the attribute value.

    length  where it is cut, dm on the unmorphed head (chin 6.2, shoulder 5.6; low = not cut)
    mirror  parted on the other side;  volume  dm it stands off;  fringe  lowest point over the brow
    """

    name: str
    mesh: str
    kind: str
    sexes: str
    length: float = -99.0
    mirror: bool = False
    volume: float = 0.0


# mesh, attribute value, sexes, share, (lowest, highest) cut
STYLES: tuple[tuple[str, str, str, float, tuple[float, float]], ...] = (
    ("short01", "short", "m", 5, (-99, -99)), ("short02", "short", "mf", 8, (-99, -99)),
    ("short03", "short", "mf", 7, (-99, -99)), ("short04", "short", "m", 7, (-99, -99)),
    ("afro01", "short", "mf", 3, (-99, -99)), ("bob01", "bob", "f", 4, (-99, -99)),
    ("bob02", "bob", "f", 5, (-99, -99)), ("long01", "long", "f", 8, (1.0, 4.4)),
    ("long01", "bob", "f", 4, (5.6, 6.1)), ("ponytail01", "long", "f", 6, (-99, -99)),
    ("braid01", "long", "f", 1.5, (-99, -99)), ("none", "none", "m", 2.0, (-99, -99)),
)  # fmt: skip
HAIR_PRESETS = 200


@dataclass(frozen=True)
class Detail:
    """What tells two skins apart near by; all 0-1 but moles, a number up to 5.

    where  which of all patterns is this one's;  lids painted;  bags under the eyes
    """

    where: float
    freckles: float = 0.0
    wrinkles: float = 0.0
    moles: int = 0
    lids: float = 0.0
    bags: float = 0.0
    uneven: float = 0.0


@dataclass(frozen=True)
class Citizen:
    """Somebody who does not exist; every value has a name or a unit.

    ancestry  weights of asian, caucasian, african;  muscle, weight -1..1
    morphs    (target, weight) of the face and body;  asymmetry of left and right, small
    skin, lips, iris, hair_rgb sRGB;  brows a mesh;  stubble, blush 0-1
    detail  of the skin; None = smooth, as everybody of `citizen` is (see `looks`)
    bust  only head and shoulders are sewn, for pictures of nothing else
    """

    seed: int
    split: str
    sex: str
    age: str
    height_m: float
    muscle: float
    weight: float
    ancestry: tuple[float, float, float]
    face: str
    morphs: tuple[tuple[str, float], ...]
    skin: RGB8
    lips: RGB8
    iris: RGB8
    brows: str
    brow_rgb: RGB8
    brow_fill: float
    stubble: float
    blush: float
    hair: HairCut
    hair_rgb: RGB8
    outfit: Outfit
    arm_swing: float
    stoop_deg: float
    detail: Detail | None = None
    bust: bool = False

    @property
    def name(self) -> str:
        """Identity within a split: two citizens of the same name are the same person."""
        return f"{self.split}-{self.seed}"

    def attributes(self) -> dict[str, str]:
        """Every value of types.ATTRIBUTES but direction, which the camera decides."""
        o = self.outfit
        lower_kind = o.lower.kind if o.lower else "skirt"
        lower_color = o.lower.cloth.color if o.lower else o.upper.cloth.color
        values = {
            "gender": self.sex, "age": self.age, "upper_type": o.upper.kind,
            "upper_color": o.upper.cloth.color, "lower_type": lower_kind,
            "lower_color": lower_color, "shoe_color": o.shoes.cloth.color, "hair": self.hair.kind,
            "hat": "none" if o.hat is None else "helmet" if o.hat.form == "helmet" else "hat",
            "glasses": "none" if o.glasses is None
            else "sunglasses" if o.glasses.form == "sunglasses" else "glasses",
            "bag": o.bag.form if o.bag else "none", "mask": "mask" if o.mask else "none",
        }  # fmt: skip
        assert all(value in ATTRIBUTES[name] for name, value in values.items())
        return values

    def dressed(self, seed: int) -> Citizen:
        """The same person on another day: other clothes, bag, hat and mask of the same side."""
        rng = generator("dress", self.split, self.seed, seed)
        return replace(self, outfit=wardrobe.outfit(rng, self.split, self.sex, self.age))


@lru_cache(maxsize=1024)
def haircut(name: str) -> HairCut:
    """The hair preset of this name ("hair-017"), the same for ever."""
    rng = generator("haircut", name)
    mesh, kind, sexes, _, (low, high) = pick(rng, STYLES, tuple(s[3] for s in STYLES))
    length = float(rng.uniform(low, high)) if low > -90 else -99.0
    mirror, volume = bool(rng.uniform() < 0.5), float(rng.uniform(0.0, 0.10))
    return HairCut(name, mesh, kind, sexes, length, mirror, volume)


@lru_cache(maxsize=16)
def _haircuts(split: str, sex: str) -> tuple[str, ...]:
    names = [f"hair-{i:03d}" for i in range(HAIR_PRESETS)]
    return tuple(n for n in names if split_of(n) == split and sex in haircut(n).sexes)


def face_of(rng: np.random.Generator, split: str) -> str:
    """The name of a face on this side of the split; there are four thousand million faces."""
    while True:
        name = f"face-{int(rng.integers(2**32)):08x}"
        if split_of(name) == split:
            return name


def face_morphs(name: str, age: str) -> tuple[tuple[str, float], ...]:
    """Target weights of a face: dozens of sliders, both sides nearly alike."""
    rng = generator("face", name)
    damp = 0.7 if age == "child" else 1.0
    out: list[tuple[str, float]] = []
    for slider, low, high, sigma in SLIDERS:
        value = float(np.clip(rng.normal(0, 0.95 * sigma), -0.9, 0.9)) * damp
        for side in ("l", "r") if "{s}" in slider else ("",):
            weight = value + (float(rng.normal(0, 0.05)) if side else 0.0)
            target = f"{slider.format(s=side)}-{high if weight > 0 else low}"
            out.append((target, round(abs(weight), 4)))
    form = pick(rng, HEAD_FORMS)
    out.append((f"head/head-{form}", round(float(rng.uniform(0.15, 0.75)), 4)))
    return tuple(out)


def _ancestry(rng: np.random.Generator) -> tuple[float, float, float]:
    """Mostly Korean-looking, some mixed, a few others."""
    draw = rng.uniform()
    if draw < 0.90:
        caucasian, african = rng.uniform(0.0, 0.18), rng.uniform(0.0, 0.08)
    elif draw < 0.97:
        caucasian, african = rng.uniform(0.6, 1.0), 0.0
    else:
        caucasian, african = rng.uniform(0.0, 0.2), rng.uniform(0.6, 0.8)
    return (
        round(float(1 - caucasian - african), 4),
        round(float(caucasian), 4),
        round(float(african), 4),
    )


def skin_of(rng: np.random.Generator, ancestry: tuple[float, float, float], sex: str) -> RGB8:
    """sRGB skin: three ancestral means, a common spread of darkness and redness."""
    means = np.array([[229, 192, 165], [232, 194, 172], [116, 80, 62]], np.float64)
    mean = np.array(ancestry) @ means * (1.02 if sex == "female" else 0.97)
    tone = mean * rng.normal(1.0, 0.055) + rng.normal(0, 1, 3) * (3.0, 2.5, 4.0)
    r, g, b = (int(x) for x in np.clip(np.round(tone), 30, 240))
    return r, g, b


def _hair_rgb(rng: np.random.Generator, age: str, sex: str) -> RGB8:
    """sRGB hair: black to brown, some dyed, grey with age."""
    dark: tuple[RGB8, ...] = ((24, 20, 19), (32, 25, 22), (44, 32, 26))
    dyed: tuple[RGB8, ...] = ((66, 46, 34), (82, 58, 40), (104, 74, 50), (74, 42, 34))
    grey: tuple[RGB8, ...] = ((92, 90, 90), (138, 136, 134), (182, 180, 176), (58, 55, 54))
    grey_share = {"middle_aged": 0.12, "elderly": 0.66}.get(age, 0.0)
    dyed_share = {"child": 0.02, "elderly": 0.08}.get(age, 0.20 if sex == "female" else 0.08)
    draw = rng.uniform()
    base = pick(rng, grey if draw < grey_share else dyed if draw > 1 - dyed_share else dark)
    r, g, b = (int(x) for x in np.clip(np.array(base) * rng.uniform(0.85, 1.15), 10, 235))
    return r, g, b


def hair_of(rng: np.random.Generator, split: str, sex: str, age: str) -> HairCut:
    """A haircut that fits: baldness is for older men, perms for older women."""
    cuts = [haircut(n) for n in _haircuts(split, sex[0])]
    weight = [1.0] * len(cuts)
    for i, cut in enumerate(cuts):
        if cut.kind == "none":
            weight[i] = {"elderly": 2.0, "middle_aged": 0.8}.get(age, 0.05)
        elif cut.mesh == "afro01":
            weight[i] = 5.0 if (sex, age) == ("female", "elderly") else 0.04
        elif (sex, age) == ("female", "elderly"):
            weight[i] = {"short": 1.6, "bob": 0.6, "long": 0.1}[cut.kind]
        elif sex == "female" and cut.kind == "short":
            weight[i] = 0.5 if age == "middle_aged" else 0.12
    return pick(rng, cuts, weight)


def citizen(seed: int, split: str = "train") -> Citizen:
    """The citizen of this seed on one side of the split. Raises BadInput for another side."""
    if split not in SPLITS:
        raise BadInput("the split is train or test, not {split!r}", split=split[:40])
    rng = generator("citizen", split, seed)
    sex = "female" if rng.uniform() < 0.5 else "male"
    age = pick(rng, tuple(AGE_SHARE), tuple(AGE_SHARE.values()))
    mean, sigma = HEIGHT[sex][age]
    height = float(np.clip(rng.normal(mean, sigma), mean - 2.4 * sigma, mean + 2.4 * sigma))
    ancestry = _ancestry(rng)
    face = face_of(rng, split)
    skin = skin_of(rng, ancestry, sex)
    hair_rgb = _hair_rgb(rng, age, sex)
    painted = sex == "female" and age not in ("child",) and rng.uniform() < 0.7
    red = rng.uniform(0.2, 0.55) if painted else rng.uniform(0.0, 0.08)
    lip_base = np.array(skin) * (0.90, 0.76, 0.75)
    stick = np.array(pick(rng, ((176, 52, 58), (190, 84, 84), (150, 60, 66))))
    lips = lip_base * (1 - red) + stick * red
    iris = np.array((46, 30, 22)) * rng.uniform(0.7, 1.5)
    if ancestry[1] > 0.5 and rng.uniform() < 0.5:
        iris = np.array(pick(rng, ((70, 96, 120), (74, 92, 66), (96, 74, 44))), np.float64)
    brow = np.array(hair_rgb) * 0.9 if max(hair_rgb) < 110 else np.array(hair_rgb) * 0.7
    muscle = float(np.clip(rng.normal(0.1 if sex == "male" else -0.15, 0.4), -1, 1))
    heavy = float(np.clip(rng.normal(0.0 if sex == "male" else -0.15, 0.42), -1, 1))
    body = tuple(
        (f"{name}-{high if (w := float(rng.normal(0, 0.3))) > 0 else low}", round(abs(w), 4))
        for name, low, high in (("torso/torso-scale-horiz", "decr", "incr"),
                                ("torso/torso-scale-depth", "decr", "incr"),
                                ("hip/hip-scale-horiz", "decr", "incr"),
                                ("neck/neck-scale-vert", "decr", "incr"),
                                ("neck/neck-scale-horiz", "decr", "incr"))
    )  # fmt: skip
    return Citizen(
        seed, split, sex, age, round(height, 4), round(muscle, 4), round(heavy, 4), ancestry, face,
        face_morphs(face, age) + body, skin, _rgb8(lips), _rgb8(iris), pick(rng, BROWS),
        _rgb8(brow), round(float(rng.uniform(0.55, 0.95)), 3),
        round(float(rng.uniform(0, 0.5)), 3) if sex == "male" and age not in ("child", "teenager")
        else 0.0,
        round(float(rng.uniform(0, 0.35)), 3), hair_of(rng, split, sex, age), hair_rgb,
        wardrobe.outfit(rng, split, sex, age), round(float(rng.uniform(0.6, 1.2)), 3),
        round(float(rng.uniform(6, 22)) if age == "elderly" else float(rng.uniform(0, 4)), 2),
    )  # fmt: skip


def _rgb8(rgb: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> RGB8:
    r, g, b = (int(x) for x in np.clip(np.round(rgb), 0, 255))
    return r, g, b


def names_of(person: Citizen) -> Mapping[str, str]:
    """{what: name} of every asset a citizen is made of: what must not cross the split."""
    o = person.outfit
    worn = {"upper": o.upper, "inner": o.inner, "lower": o.lower, "shoes": o.shoes, "hat": o.hat,
            "glasses": o.glasses, "mask": o.mask, "bag": o.bag}  # fmt: skip
    return {"face": person.face, "hair": person.hair.name} | {
        slot: item.name for slot, item in worn.items() if item is not None
    }
