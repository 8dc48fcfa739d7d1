"""Films whose people weigh something: what holds them in memory or on a disk is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tiny

FPS = 2.0
TURN_S, STAY_S = 7.0, 4.0  # six people stand there for 4 s of every 7
TURNS = 6
PEOPLE = 6 * TURNS


def crowd_film(path: Path, make_film, turns: int, seed: int = 0, scale: int = 2) -> Path:
    """A film of people in noisy clothes, so that their pictures weigh something."""
    width, height = (n * scale for n in tiny.FRAME)
    noise = np.random.default_rng(seed).integers(-25, 26, (height, width, 3))
    outfits = (tiny.RED, tiny.GREEN, tiny.TEAL)
    places = [(x + 8 * seed, y) for y in (10, 118) for x in (30, 142, 250)]
    people = [(outfits[(n + seed) % 3], lambda _, at=at: at) for n, at in enumerate(places)]

    def frame(people: list) -> np.ndarray:
        image = tiny.figures(people)(0, 0.0).repeat(scale, axis=0).repeat(scale, axis=1)
        return np.clip(image + noise, 0, 255).astype(np.uint8)

    there, gone = frame(people), frame([])
    times = [i / FPS for i in range(int(turns * TURN_S * FPS))]
    draw = lambda _, t: there if t % TURN_S < STAY_S else gone  # noqa: E731
    return make_film(path, times, (width, height), draw, gop=1000)
