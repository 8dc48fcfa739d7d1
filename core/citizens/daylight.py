"""An hour and the name of a light in, the light of a scene out: sun, sky, lamps, fog, infrared.

Names are "light-000"...; what a name looks like follows from its hash, and the hash of the name
says whether it may be trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from core.citizens.chance import generator
from core.citizens.stage import Lamp, Light

Hour = Literal["day", "dusk", "night"]
Weather = Literal["dry", "rain", "fog"]
HOURS: tuple[Hour, ...] = ("day", "dusk", "night")
WEATHERS: tuple[Weather, ...] = ("dry", "rain", "fog")
MOST_LAMPS = 6


def light(
    name: str,
    hour: Hour,
    weather: Weather,
    lamps: Sequence[tuple[float, float, float]],
    *,
    infrared: bool = False,
    roofed: bool = False,
) -> Light:
    """The light of a scene. lamps: places of street lamps, nearest first; roofed: a passage."""
    rng = generator(name, hour)
    warm = float(rng.uniform(-1, 1))
    if roofed:
        return _roofed(rng, lamps, hour)
    if hour == "day":
        return _day(rng, weather, warm)
    return _evening(rng, hour, weather, lamps, infrared)


def _fog(rng: np.random.Generator, weather: Weather) -> float:
    return {"dry": float(rng.uniform(0.0003, 0.001)), "rain": 0.008, "fog": 0.025}[weather]


def _day(rng: np.random.Generator, weather: Weather, warm: float) -> Light:
    azimuth, height = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(28, 60))
    sun = (float(np.cos(height) * np.sin(azimuth)), float(np.cos(height) * np.cos(azimuth)),
           float(np.sin(height)))  # fmt: skip
    clear = weather == "dry" and rng.random() < 0.6
    strength = float(rng.uniform(0.7, 0.95)) if clear else float(rng.uniform(0, 0.06))
    sky = float(rng.uniform(0.3, 0.4)) if clear else float(rng.uniform(0.5, 0.62))
    return Light(
        sun_dir=sun,
        sun_rgb=(strength * (1 + 0.05 * warm), strength * 0.96, strength * (0.88 - 0.06 * warm)),
        sky_rgb=(sky * 0.92, sky * 0.98, sky * 1.08),
        ground_rgb=(sky * 0.52, sky * 0.5, sky * 0.48),
        fog=_fog(rng, weather),
        fog_rgb=(0.66, 0.69, 0.72),
        exposure=float(rng.uniform(1.0, 1.25)),
        shadows=clear,
    )


def _evening(
    rng: np.random.Generator,
    hour: Hour,
    weather: Weather,
    places: Sequence[tuple[float, float, float]],
    infrared: bool,
) -> Light:
    """Dusk or night: a little sky, the nearest lamps, or the camera's own infrared."""
    sky = float(rng.uniform(0.1, 0.18)) if hour == "dusk" else float(rng.uniform(0.012, 0.03))
    tone = (9.0, 7.2, 4.8) if rng.random() < 0.5 else (7.6, 7.8, 7.6)
    power = 1.0 if hour == "dusk" else 1.5
    lit = tuple(
        Lamp(place, (tone[0] * power, tone[1] * power, tone[2] * power), 17.0)
        for place in places[:MOST_LAMPS]
    )
    return Light(
        sun_dir=(0.2, 0.3, 0.9),
        sun_rgb=(0.0, 0.0, 0.0),
        sky_rgb=(sky * 0.85, sky * 0.95, sky * 1.2),
        ground_rgb=(sky * 0.4, sky * 0.4, sky * 0.42),
        lamps=() if infrared else lit,
        infrared=infrared,
        fog=_fog(rng, weather) * 0.6,
        fog_rgb=(sky, sky, sky * 1.1),
        backdrop=(sky * 0.8, sky * 0.9, sky * 1.2),
        exposure=float(rng.uniform(1.3, 1.7)) if hour == "dusk" else float(rng.uniform(1.4, 1.9)),
        shadows=False,
    )


def _roofed(
    rng: np.random.Generator, places: Sequence[tuple[float, float, float]], hour: Hour
) -> Light:
    """Under a translucent roof: soft light from above and a row of lamps."""
    sky = {"day": 0.42, "dusk": 0.14, "night": 0.05}[hour] * float(rng.uniform(0.85, 1.1))
    lit = tuple(Lamp(place, (4.4, 4.3, 4.0), 11.0) for place in places[:MOST_LAMPS])
    return Light(
        sun_dir=(0.1, 0.2, 0.97),
        sun_rgb=(0.0, 0.0, 0.0),
        sky_rgb=(sky, sky * 1.01, sky * 0.98),
        ground_rgb=(sky * 0.6, sky * 0.58, sky * 0.55),
        lamps=lit,
        exposure=float(rng.uniform(1.0, 1.2)),
        shadows=False,
    )
