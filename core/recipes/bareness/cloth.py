"""An aligned face in; the same with its mouth and chin covered, out. Seeded.

Masks, scarves, collars, hands and things held before a mouth, of any colour, the skin's own too,
plain, pleated, patterned: drawn people wear surgical masks only, and a judge has to know what else
there is.
"""

from __future__ import annotations

import numpy as np

from core.types import Float32, Image

SIDE = 112  # px of an aligned face: eyes at y 52, nose tip 72, mouth 92
FORMS = ("mask", "mask", "scarf", "thing")
PATTERNS = ("plain", "pleats", "clouds", "blots", "stripes")
OWN, PLAIN = 0.25, 0.6  # share of coverings of the skin's own colour; up to which without a hue
_Y, _X = (axis.astype(np.float32) for axis in np.mgrid[:SIDE, :SIDE])


def covered(face: Image, rng: np.random.Generator) -> Image:
    """The face (112,112,3) uint8 RGB with something drawn over nose and mouth, or mouth alone."""
    import cv2

    shape = np.zeros((SIDE, SIDE), np.float32)
    outline = np.round(_outline(str(rng.choice(FORMS)), rng)).astype(np.int32)
    cv2.fillPoly(shape, [outline], 1.0, cv2.LINE_AA)
    part = cv2.GaussianBlur(shape, (0, 0), float(rng.uniform(0.4, 1.6)))[..., None]
    layer = _cloth(_colour(face, rng), rng)
    if rng.uniform() < 0.7:  # the light that falls on the face falls on what covers it
        grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32)
        soft = cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(8, 18)))
        layer = layer * np.clip(soft / max(20.0, float(soft[60].mean())), 0.45, 1.6)[..., None]
    return np.clip(face * (1 - part) + layer * part, 0, 255).astype(np.uint8)


def _outline(form: str, rng: np.random.Generator) -> Float32:
    """Corners (N,2) px of what covers, in the aligned face."""
    top = rng.uniform(58, 83)
    if form == "mask":
        side, low = top + rng.uniform(-4, 12), rng.uniform(104, 124)
        left, right = rng.uniform(14, 24), rng.uniform(88, 98)
        corners = [
            *((56, top), (36, side - 1), (left, side + 4), (20, 96), (36, low)),
            *((56, low + 5), (76, low), (92, 96), (right, side + 4), (76, side - 1)),
        ]
    elif form == "scarf":
        side = top + rng.uniform(-3, 8)
        ends = side + rng.uniform(-5, 15, 2)
        corners = [(0, ends[0]), (30, top), (56, top + rng.uniform(-3, 6)), (82, top),
                   (SIDE, ends[1]), (SIDE, 125), (0, 125)]  # fmt: skip
    else:
        around, turn = np.linspace(0, 2 * np.pi, 14), rng.uniform(0, 2 * np.pi)
        rough = 1 + rng.uniform(-0.15, 0.15, len(around))
        x = rng.uniform(20, 36) * rough * np.cos(around)
        y = rng.uniform(16, 30) * rough * np.sin(around)
        middle = 56 + rng.uniform(-14, 14), rng.uniform(86, 98)
        across = middle[0] + x * np.cos(turn) - y * np.sin(turn)
        down = middle[1] + x * np.sin(turn) + y * np.cos(turn)
        corners = list(zip(across, down, strict=True))
    return np.array(corners, np.float32)


def _colour(face: Image, rng: np.random.Generator) -> Float32:
    """RGB (3,) 0-255 of a covering."""
    kind = rng.uniform()
    if kind < OWN:
        skin = np.median(face[58:68, 30:80].reshape(-1, 3), axis=0)
        colour = skin * rng.uniform(0.75, 1.15) + rng.normal(0, 8, 3)
    elif kind < PLAIN:
        colour = rng.uniform(0, 255) + rng.normal(0, 10, 3)
    else:
        colour = rng.uniform(0, 255, 3)
    return np.asarray(colour, np.float32)


def _cloth(colour: Float32, rng: np.random.Generator) -> Float32:
    """A surface (112,112,3) of that colour: folded, mottled, patterned, rounded."""
    import cv2

    cloth = np.ones((SIDE, SIDE, 3), np.float32) * colour
    pattern = str(rng.choice(PATTERNS))
    if pattern == "pleats":
        for _ in range(int(rng.integers(1, 5))):
            bent = rng.uniform(-8, 8) * np.sin(_X / 40 + rng.uniform(0, 6))
            off = (_Y - rng.uniform(60, SIDE) - bent) / rng.uniform(0.8, 3)
            cloth *= (1 - rng.uniform(0.03, 0.35) * np.exp(-(off**2)))[..., None]
    elif pattern in ("clouds", "blots"):
        few = int(rng.integers(4, 36))
        noise = rng.normal(0, 1, (few, few)).astype(np.float32)
        noise = np.asarray(cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))
        if pattern == "clouds":
            cloth *= (1 + rng.uniform(0.02, 0.15) * noise)[..., None]
        else:
            other = rng.uniform(10, 245, 3).astype(np.float32)
            cloth = np.where((noise > rng.uniform(-0.3, 1))[..., None], other, cloth)
    elif pattern == "stripes":
        turn = rng.uniform(0, np.pi)
        wave = np.sin((_X * np.cos(turn) + _Y * np.sin(turn)) / rng.uniform(1.5, 8))
        cloth *= (1 + rng.uniform(0.05, 0.3) * wave)[..., None]
    round_ = 1.1 - rng.uniform(0, 0.4) * ((_X - 56 - rng.uniform(-10, 10)) / 50) ** 2
    low = 1 - rng.uniform(-0.2, 0.3) * (_Y - 85) / 40
    return np.asarray(cloth * (round_ * low)[..., None], np.float32)
