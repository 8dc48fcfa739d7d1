"""A crop camera by name, and what it does to a picture: light, color cast, blur, noise, JPEG.

A crop camera is a preset with a place, a light, a sensor and a street behind the people. The hash
of its name says on which side of the split it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens.chance import generator, pick, presets
from core.citizens.stage import RGB, Light

Image = NDArray[np.uint8]

CAMERAS = 240
STREETS = 240
SKIES = ("sunny", "cloudy", "shade", "dusk", "indoor", "lamps", "infrared")


@dataclass(frozen=True)
class CropCamera:
    """One camera preset; every number is drawn from its name.

    height_m, away_m  (low, high) how high it hangs and how far people walk from it
    gain, gamma, saturation, contrast  its color
    blur_px, noise, quality  its sensor and codec
    native_px  (low, high) height of a person in its picture;  toward  share of frontal people
    """

    name: str
    sky: str
    light: Light
    height_m: float
    away_m: tuple[float, float]
    gain: RGB
    gamma: float
    saturation: float
    contrast: float
    blur_px: float
    noise: float
    quality: tuple[int, int]
    native_px: tuple[int, int]
    streets: tuple[str, ...]
    toward: float


def _light(rng: np.random.Generator, sky: str) -> Light:
    """The light under one kind of sky."""
    a, up = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 1.4)
    sun = (float(np.cos(a)), float(np.sin(a)), float(up))
    warm = rng.uniform(-0.04, 0.04)
    if sky == "sunny":
        k = rng.uniform(0.75, 1.05)
        return Light(sun, (0.80 * k + warm, 0.76 * k, 0.70 * k - warm), (0.30, 0.34, 0.40),
                     (0.17, 0.16, 0.15))  # fmt: skip
    if sky == "cloudy":
        k = rng.uniform(0.5, 0.8)
        faint = (0.12, 0.12, 0.12)
        return Light(sun, faint, (k, k * 1.02, k * 1.05), (0.26 * k,) * 3, shadows=False)
    if sky == "shade":
        k = rng.uniform(0.35, 0.55)
        return Light(sun, (0.0, 0.0, 0.0), (k * 0.92, k, k * 1.12), (0.3 * k,) * 3)
    if sky == "dusk":
        low = (0.07, 0.07, 0.07)
        return Light(sun, (0.22, 0.15, 0.09), (0.16, 0.17, 0.23), low, backdrop=(0.3, 0.3, 0.42))
    if sky == "indoor":
        k = rng.uniform(0.45, 0.7)
        return Light((0.1, 0.1, 1.0), (0.22 * k, 0.21 * k, 0.19 * k),
                     (k, k * (0.97 + warm), k * (0.9 + 2 * warm)), (0.34 * k,) * 3,
                     shadows=False, backdrop=(0.5, 0.5, 0.48))  # fmt: skip
    if sky == "lamps":
        return Light((0.3 * sun[0], 0.3 * sun[1], 1.0), (0.42, 0.33, 0.20), (0.05, 0.05, 0.07),
                     (0.05, 0.045, 0.035),
                     backdrop=(0.03, 0.03, 0.05))  # fmt: skip
    return Light(infrared=True)


def _white_balance(rng: np.random.Generator, light: Light) -> RGB:
    """Gains of a camera that nearly finds the color of the light."""
    rgb = _mean_light(light).sum(0)
    gain = (rgb.mean() / np.maximum(rgb, 1e-6)) ** 0.92 * np.exp(rng.normal(0, 0.018, 3))
    r, g, b = (float(x) for x in gain)
    return r, g, b


def _mean_light(light: Light) -> NDArray[np.float64]:
    """(3,3) what sky, ground and sun add to an upright surface, linear RGB."""
    parts = np.array((light.sky_rgb, light.ground_rgb, light.sun_rgb), np.float64)
    return parts * ((0.6,), (0.4,), (0.45,))


def _exposed(rng: np.random.Generator, light: Light) -> Light:
    """The light seen by a camera that exposes for it, a little too long or too short."""
    target = float(rng.uniform(0.86, 1.06))
    if light.infrared:
        return replace(light, exposure=target)
    level = float(_mean_light(light).sum(0) @ (0.3, 0.59, 0.11))
    return replace(light, exposure=min(target * 0.62 / level, 4.0))


@lru_cache(maxsize=256)
def crop_camera(name: str, split: str, night: bool = True) -> CropCamera:
    """The camera of this name; night: it may see by lamps or by infrared."""
    rng = generator("crop camera", name)
    share = (5, 4, 3, 1.2, 4, 0.9, 0.7) if night else (5, 4, 2, 0.5, 4, 0, 0)
    sky = pick(rng, SKIES, share)
    light = _exposed(rng, _light(rng, sky))
    native = int(np.exp(rng.uniform(np.log(60), np.log(160))))
    near = float(rng.uniform(4.0, 8.0))
    names = presets("street", STREETS, split)
    return CropCamera(
        name, sky, light, float(rng.uniform(2.4, 5.0)),
        (near, near * 1.9),
        _white_balance(rng, light),
        float(np.exp(rng.normal(0, 0.04))), float(np.clip(rng.normal(0.97, 0.07), 0.6, 1.25)),
        float(np.clip(rng.normal(1.15, 0.05), 0.95, 1.35)), float(rng.uniform(0.5, 1.1)),
        float(rng.uniform(1.5, 6.0)), (int(rng.integers(38, 60)), int(rng.integers(72, 92))),
        (native * 2 // 3, native * 4 // 3),
        tuple(names[int(i)] for i in rng.choice(len(names), 4, replace=False)),
        float(pick(rng, (0.12, 0.88))),
    )  # fmt: skip


def develop(
    image: Image, camera: CropCamera, native: int, rng: np.random.Generator
) -> tuple[Image, int]:
    """What the camera makes of a drawn picture (H,W,3), and the JPEG quality to store it with.

    native  px: the height at which the camera sees it
    """
    h, w = image.shape[:2]
    small = cv2.resize(
        image, (max(round(w * native / h), 24), native), interpolation=cv2.INTER_AREA
    )
    c = (small.astype(np.float32) / 255) ** (2.2 * camera.gamma)
    c = c * np.array(camera.gain, np.float32) * float(np.exp(rng.normal(0, 0.05)))
    c = np.where(c > 0.7, 0.7 + 0.3 * np.tanh((c - 0.7) / 0.3), c)
    c = np.clip(c, 0, 1) ** (1 / 2.2)
    gray = c @ np.array((0.3, 0.59, 0.11), np.float32)
    saturation = 0.0 if camera.light.infrared else camera.saturation
    c = gray[..., None] + (c - gray[..., None]) * saturation
    c = (c - 0.5) * camera.contrast + 0.5
    sigma = camera.blur_px * float(rng.uniform(0.5, 1.3))
    c = np.asarray(cv2.GaussianBlur(c, (0, 0), sigma))
    if rng.uniform() < 0.3:
        n = int(rng.integers(2, 6))
        kernel = np.full((1, n), 1 / n, np.float32)
        c = np.asarray(cv2.filter2D(c, -1, kernel))
    c = c * 255 + rng.normal(0, camera.noise, c.shape)
    return np.clip(np.round(c), 0, 255).astype(np.uint8), int(rng.integers(*camera.quality))
