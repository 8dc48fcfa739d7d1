"""How many citizens in, face crops in number out: what a face recogniser learns from.

Everybody on several days (`looks`), from every side, near and far, in any light, before anything.
A crop shows little more than the face, only head and shoulders are sewn, and what stands behind is
painted, not drawn: twice as many a second as `datasets.Faces`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import facetruth, looks, motion, texture
from core.citizens.chance import SPLITS, generator, pick, presets
from core.citizens.datasets import FACE_COLUMNS, Row, face_view, write_jpeg
from core.citizens.people import Citizen, citizen
from core.citizens.render import Renderer
from core.citizens.stage import Light, Placed, View
from core.errors import BadInput

Image = NDArray[np.uint8]
RGB = tuple[float, float, float]

PX = 112
SPAN_M = 0.215  # what the height of a crop shows at the distance of an adult's face
COLUMNS = (*FACE_COLUMNS[:2], "camera_id", *FACE_COLUMNS[2:])
SHADOWED = 0.3  # share of crops in whose light the face throws shadows on itself
BEHIND_PX = 168


@dataclass(frozen=True)
class VariedFaces:
    """Face crops of citizens on several days, `faces/PERSON/SHOT.jpg`; camera_id is the day.

    yaw_deg, pitch_deg  the largest turns;  world: see `looks.near`;  masks: share of days with one
    """

    count: int
    shots: int = 8
    days: int = 3
    split: str = "train"
    seed: int = 0
    yaw_deg: float = 50.0
    pitch_deg: float = 18.0
    world: float = 0.5
    masks: float = 0.0

    columns = COLUMNS

    def check(self) -> None:
        """Raise BadInput unless it can be drawn."""
        if self.split not in SPLITS:
            raise BadInput("the split is train or test, not {split!r}", split=self.split[:40])
        if min(self.count, self.shots, self.days) < 1:
            raise BadInput("count, shots and days must be 1 or more")
        if not (0 <= self.world <= 1 and 0 <= self.masks <= 1):
            raise BadInput("world and masks are shares from 0 to 1")

    def rows(self, renderer: Renderer, index: int, out: Path) -> list[Row]:
        """Draw all crops of one citizen; the rows of the manifest."""
        who = looks.near(citizen(self.seed * 1_000_000 + index, self.split), self.world)
        rows = []
        for k in range(self.shots):
            rng = generator("varied face", self.seed, self.split, index, k)
            day = k * self.days // self.shots
            image, row = draw(renderer, looks.on_day(who, day, self.masks), self, rng, day)
            path = f"faces/{index:06d}/{k:02d}.jpg"
            write_jpeg(out / path, image, int(rng.integers(70, 96)))
            rows.append({"path": path, "person_id": f"{index:06d}", "camera_id": f"day-{day}",
                         **row})  # fmt: skip
        return rows


def draw(
    renderer: Renderer, who: Citizen, plan: VariedFaces, rng: np.random.Generator, day: int
) -> tuple[Image, Row]:
    """One crop (PX square) of a citizen as they are on a day, and its truth."""
    mood = generator("mood", who.split, who.seed, day)  # one for each day: sewn once
    expression = pick(mood, tuple(motion.EXPRESSIONS), (6, 4, 2, 1, 1, 1, 1))
    blink = pick(mood, (0.0, 0.2, 0.4), (5, 2, 1))
    yaw = float(np.clip(rng.normal(0, plan.yaw_deg / 2.2), -plan.yaw_deg, plan.yaw_deg))
    pitch = float(np.clip(rng.normal(0, plan.pitch_deg / 1.8), -plan.pitch_deg, plan.pitch_deg))
    kind, shine = light(rng)
    placed = Placed(who, (0.0, 0.0, 0.0), 0.0, "stand", 0.0, 0.0, (0.0, 0.0), expression, blink)
    frame = renderer.draw(_view(renderer, placed, yaw, pitch, rng), shine, (), [placed])
    picture = np.where((frame.ids == 0)[..., None], behind(rng, plan.split), frame.image)
    shown = who.attributes()
    row: Row = {"yaw_deg": round(yaw, 1), "pitch_deg": round(pitch, 1), "light": kind,
                "expression": expression, "glasses": shown["glasses"],
                "mask": shown["mask"]}  # fmt: skip
    row |= facetruth.told(frame.landmarks[0])
    return developed(picture, rng), row


def _view(
    renderer: Renderer, placed: Placed, yaw: float, pitch: float, rng: np.random.Generator
) -> View:
    """A view from near (a telephone) or far (a camera on a pole), a little askew."""
    seen = face_view(renderer, placed, yaw, pitch, PX)
    nearer = math.exp(rng.uniform(math.log(0.35), math.log(3.0)))
    eye = np.array(seen.target) + nearer * np.subtract(seen.eye, seen.target)
    away = float(np.linalg.norm(eye - seen.target))
    span = SPAN_M * placed.citizen.height_m / 1.65 if placed.citizen.age != "child" else 0.20
    fov = math.degrees(2 * math.atan(span * float(rng.uniform(0.92, 1.1)) / 2 / away))
    roll = math.radians(float(np.clip(rng.normal(0, 7), -25, 25)))
    right = seen.axes()[0]
    up = np.array((0.0, 0.0, 1.0)) * math.cos(roll) + right * math.sin(roll)
    return replace(seen, eye=(float(eye[0]), float(eye[1]), float(eye[2])), fov_deg=fov,
                   up=(float(up[0]), float(up[1]), float(up[2])))  # fmt: skip


def light(rng: np.random.Generator) -> tuple[str, Light]:
    """Any light: its kind, and the light itself. The person looks north."""
    kind = pick(rng, ("lamp", "soft", "dim", "infrared"), (10, 6, 3, 1))
    if kind == "infrared":
        return kind, Light(infrared=True, exposure=float(rng.uniform(0.4, 0.8)))
    a, up = rng.uniform(-2.2, 2.2), rng.uniform(-0.1, 1.3)
    way = (math.sin(a) * math.cos(up), math.cos(a) * math.cos(up), math.sin(up))
    warm = rng.normal(0, 0.10)
    tint = np.array((1 + warm, 1.0, 1 - warm))
    hard = 0.0 if kind == "soft" else float(rng.uniform(0.25, 0.95))
    soft = (1.0 - hard) * float(rng.uniform(0.6, 0.95)) + 0.12
    gain = float(rng.uniform(0.25, 0.5)) if kind == "dim" else float(rng.uniform(0.75, 1.2))
    ground = soft * float(rng.uniform(0.3, 0.8))
    return kind, Light(way, _rgb(hard * gain * tint), _rgb(soft * gain * tint[::-1]),
                       _rgb(ground * gain * tint), exposure=1 / math.sqrt(gain),
                       shadows=bool(rng.uniform() < SHADOWED))  # fmt: skip


def _rgb(color: NDArray[np.float64]) -> RGB:
    r, g, b = (max(0.0, float(x)) for x in color)
    return r, g, b


@lru_cache(maxsize=32)
def _surface(name: str) -> Image:
    """(BEHIND_PX,BEHIND_PX,3) a wall from a few metres away."""
    wall = texture.wall(name, generator("behind", name), 2 * BEHIND_PX, 2 * BEHIND_PX, 60.0)
    small = cv2.resize(wall, (BEHIND_PX, BEHIND_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def behind(rng: np.random.Generator, split: str) -> Image:
    """(PX,PX,3) what is seen around a head: a wall, or things out of focus."""
    if rng.uniform() < 0.5:
        small = rng.uniform(0, 255, (int(rng.integers(2, 7)), int(rng.integers(2, 7)), 1))
        small = small * 0.7 + rng.uniform(0, 255, (*small.shape[:2], 3)) * 0.3
        how = cv2.INTER_CUBIC if rng.uniform() < 0.6 else cv2.INTER_NEAREST
        image = np.asarray(cv2.resize(small.astype(np.float32), (PX, PX), interpolation=how))
    else:
        y, x = rng.integers(0, BEHIND_PX - PX + 1, 2)
        wall = _surface(pick(rng, presets("wall", texture.WALLS, split)))
        image = wall[y : y + PX, x : x + PX].astype(np.float32)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.5, 5))))
    shown = np.clip(image * float(rng.uniform(0.4, 1.2)), 0, 255)
    return np.asarray(shown, np.uint8)


def developed(picture: Image, rng: np.random.Generator) -> Image:
    """A little of what a camera does; the rest is done anew each time a picture is learned from."""
    image = picture.astype(np.float32) * float(rng.uniform(0.85, 1.15))
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 0.8))), np.float32)
    image += rng.normal(0, rng.uniform(0.5, 3), image.shape).astype(np.float32)
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def sheet(renderer: Renderer, plan: VariedFaces, columns: int = 12, rows: int = 4) -> Image:
    """A contact sheet: a column is a citizen, a row a crop."""
    out = []
    for index in range(columns):
        who = looks.near(citizen(plan.seed * 1_000_000 + index, plan.split), plan.world)
        column = []
        for k in range(rows):
            rng = generator("varied face", plan.seed, plan.split, index, k)
            day = k * plan.days // rows
            column.append(draw(renderer, looks.on_day(who, day, plan.masks), plan, rng, day)[0])
        out.append(np.vstack(column))
    return np.hstack(out)
