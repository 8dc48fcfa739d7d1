"""A crop in; the same person as another camera might have shown them, out. Seeded, byte for byte.

What is drawn here is what real cameras differ in: framing, exposure, white balance, focus,
resolution, noise, compression, and what stands before the person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.geometry import resize
from core.types import Image


@dataclass(frozen=True)
class Hardness:
    """How far each property is changed, and how often.

    shift  share of the size the frame moves or grows by;  narrow: of its width that is cut from a
    side at most, because detectors' boxes are narrower than drawn crops
    light, contrast, saturation, gamma, balance: +- shares;  blur, shrink, noise, jpeg, erase:
    probabilities
    """

    flip: float = 0.5
    shift: float = 0.08
    narrow: float = 0.25
    light: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.3
    gamma: float = 0.35
    balance: float = 0.12
    blur: float = 0.3
    shrink: float = 0.4
    noise: float = 0.3
    jpeg: float = 0.4
    erase: float = 0.5


HARD = Hardness()
COLOUR_TRUE = Hardness(light=0.2, contrast=0.2, saturation=0.15, gamma=0.2, balance=0.05, erase=0.2)
"""For attributes: a red coat must stay red, and what is asked for must stay in the picture."""
NONE = Hardness(*(13 * [0.0]))


def randomise(
    image: Image, size: tuple[int, int], rng: np.random.Generator, how: Hardness = HARD
) -> Image:
    """The crop (H,W,3) uint8 RGB, changed, at (width, height)."""
    image = _framed(image, rng, how)
    if rng.uniform() < how.shrink:
        image = _shrunk(image, rng)
    image = resize(image, size)
    if rng.uniform() < how.flip:
        image = np.ascontiguousarray(image[:, ::-1])
    image = developed(image, rng, how)
    if rng.uniform() < how.jpeg:
        image = compressed(image, int(rng.integers(15, 70)))
    if rng.uniform() < how.erase:
        image = _erased(image, rng)
    return image


def _framed(image: Image, rng: np.random.Generator, how: Hardness) -> Image:
    """Another frame around the person: cut on some sides, the edge repeated on others."""
    import cv2

    height, width = image.shape[:2]
    x1, x2 = np.round(rng.uniform(-how.shift, max(how.shift, how.narrow), 2) * width).astype(int)
    y1, y2 = np.round(rng.uniform(-how.shift, how.shift, 2) * height).astype(int)
    if width - abs(x1) - abs(x2) < 4 or height - abs(y1) - abs(y2) < 4:
        return image
    top, bottom, left, right = (max(0, -int(v)) for v in (y1, y2, x1, x2))
    cut = image[max(0, y1) : height - max(0, y2), max(0, x1) : width - max(0, x2)]
    wide = cv2.copyMakeBorder(cut, top, bottom, left, right, cv2.BORDER_REPLICATE)
    return np.asarray(wide, dtype=np.uint8)


def _shrunk(image: Image, rng: np.random.Generator) -> Image:
    """As from farther away: fewer pixels, which the network's input size then enlarges again."""
    height, width = image.shape[:2]
    share = float(rng.uniform(0.2, 0.7))
    return resize(image, (max(8, round(width * share)), max(16, round(height * share))))


def developed(image: Image, rng: np.random.Generator, how: Hardness) -> Image:
    """Another exposure, white balance, focus and noise."""
    import cv2

    x = image.astype(np.float32) / 255  # (H,W,3)
    x = x ** float(np.exp(rng.uniform(-how.gamma, how.gamma)))
    x *= (1 + rng.uniform(-how.balance, how.balance, 3)).astype(np.float32)
    gray = x.mean(axis=2, keepdims=True)
    x = gray + (x - gray) * float(1 + rng.uniform(-how.saturation, how.saturation))
    x = (x - x.mean()) * float(1 + rng.uniform(-how.contrast, how.contrast)) + x.mean()
    x *= float(1 + rng.uniform(-how.light, how.light))
    if rng.uniform() < how.blur:
        x = np.asarray(cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.4, 1.8))), np.float32)
    if rng.uniform() < how.noise:
        x = x + rng.normal(0, rng.uniform(0.01, 0.06), x.shape).astype(np.float32)
    return np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)


def compressed(image: Image, quality: int) -> Image:
    import cv2

    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(decoded[:, :, ::-1])


def _erased(image: Image, rng: np.random.Generator) -> Image:
    """A rectangle of noise over 2 to 25 % of the picture.  Source: [zhong2020erasing]"""
    height, width = image.shape[:2]
    area, shape = rng.uniform(0.02, 0.25) * height * width, np.exp(rng.uniform(-1.2, 1.2))
    h = int(np.clip(np.sqrt(area * shape), 1, height))
    w = int(np.clip(np.sqrt(area / shape), 1, width))
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    image = image.copy()
    image[y : y + h, x : x + w] = rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
    return image
