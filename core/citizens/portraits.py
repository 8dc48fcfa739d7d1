"""A city's missing persons in, photos that their families gave out: taken earlier, elsewhere.

Two pictures each: one of the whole body and one from nearer by, by hand, at eye height, on another
day: other pose, other light and, unless the case says "same clothes", other clothes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import assets, scenes, texture
from core.citizens.chance import generator, pick, presets
from core.citizens.city import Case, City
from core.citizens.daylight import light
from core.citizens.people import Citizen
from core.citizens.render import Renderer
from core.citizens.stage import Light, Mesh, Placed, View

Image = NDArray[np.uint8]
Float64 = NDArray[np.float64]

SIZE = (720, 960)
QUALITY = 90
OFTEN = ("neutral", "smile", "smile", "laugh")


def take_all(city: City, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """(case, file names) of every missing person; photos that are there are not taken again."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {case.id: [f"{case.id}-{k}.jpg" for k in (1, 2)] for case in city.cases}
    if any(not (folder / name).exists() for many in names.values() for name in many):
        studio = _Studio(city)
        for case in city.cases:
            for name, picture in zip(names[case.id], studio.photos(case), strict=True):
                part = folder / f"{name}.part"
                part.write_bytes(_jpeg(picture))
                os.replace(part, folder / name)
        studio.close()
    yield from names.items()


def _jpeg(picture: Image) -> bytes:
    done, content = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError("a photo could not be compressed")
    return bytes(content)


class _Studio:
    """A spot in the park with a renderer."""

    def __init__(self, city: City) -> None:
        self.city = city
        box = city.town.block("park").box
        self.spot = np.array([box.middle[0], box.middle[1] + 2.0])
        eye = (float(self.spot[0]), float(self.spot[1]) - 6.0, 1.6)
        clear = np.array([[*self.spot, 5.0]])
        still = scenes.still(city.town, eye, (eye[0], eye[1] + 6), city.sizes.split, clear=clear)
        self.meshes: list[Mesh] = still.meshes
        self.renderer = Renderer(assets.load())

    def close(self) -> None:
        self.renderer.close()

    def photos(self, case: Case) -> Iterator[Image]:
        """The whole person, then head and shoulders."""
        rng = generator(self.city.seed, "photos", case.id)
        who = case.person if case.same_clothes else case.person.dressed(1)
        who = replace(who, outfit=replace(who.outfit, mask=None))
        names = presets("light", texture.LIGHTS, self.city.sizes.split)
        for near in (False, True):
            shine = light(pick(rng, names), "day", "dry", ())
            yield self._photo(rng, who, shine, near)

    def _photo(self, rng: np.random.Generator, who: Citizen, shine: Light, near: bool) -> Image:
        away = float(rng.uniform(1.3, 1.7)) if near else float(rng.uniform(2.9, 3.6))
        angle = float(rng.uniform(-0.9, 0.9))
        at = self.spot
        eye = at - away * np.array([np.sin(angle), np.cos(angle)])
        height = who.height_m * (0.86 if near else 0.52)
        view = View(
            (float(eye[0]), float(eye[1]), who.height_m * float(rng.uniform(0.85, 1.0))),
            (float(at[0]), float(at[1]), height),
            float(rng.uniform(34, 40)) if near else 46.0,
            0.0,
            SIZE,
        )
        turn = float(rng.uniform(-22, 22)) if near else float(rng.uniform(-35, 35))
        person = Placed(
            who,
            (float(at[0]), float(at[1]), 0.0),
            (np.degrees(angle) + 180 + turn) % 360,
            "stand",
            float(rng.uniform(0, 1)),
            0.0,
            (-turn * 0.8, 2.0),
            pick(rng, OFTEN),
        )
        image = self.renderer.draw(view, shine, self.meshes, [person]).image
        soft = cv2.GaussianBlur(image, (0, 0), 0.5)
        grain = rng.normal(0, 1.6, (*soft.shape[:2], 1))
        return np.asarray(np.clip(soft + grain, 0, 255), dtype=np.uint8)
