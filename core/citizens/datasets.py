"""How many citizens in, folders of labelled crops out: re-ID, attributes and faces.

Every crop is drawn from its own named generator, so the truth does not depend on the number of
processes or on where a run was interrupted; a citizen whose rows are written is not drawn again.
"""

from __future__ import annotations

import csv
import json
import math
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import assets, backdrop, facetruth, motion
from core.citizens.boutique import in_own_clothes
from core.citizens.chance import SPLITS, generator, pick, presets
from core.citizens.people import Citizen, citizen
from core.citizens.render import Renderer, world_bones
from core.citizens.snapshot import CAMERAS, CropCamera, crop_camera, develop
from core.citizens.stage import Frame, Light, Mesh, Placed, View
from core.errors import BadInput
from core.types import ATTRIBUTES

Image = NDArray[np.uint8]
Row = dict[str, Any]


class Plan(Protocol):
    """What a set is to hold: a frozen dataclass whose fields are noted beside the pictures."""

    @property
    def count(self) -> int:
        """How many citizens."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the manifest."""

    def check(self) -> None:
        """Raise BadInput unless it can be drawn."""

    def rows(self, renderer: Renderer, index: int, out: Path) -> list[Row]:
        """Draw all pictures of one citizen; the rows of the manifest."""


CROP_PX = (96, 128, 160, 192, 224, 256)  # heights drawn, before the camera makes its picture
FINER = 1.5  # a crop is drawn so much larger than the camera resolves it
PEOPLE_COLUMNS = ("path", "person_id", "camera_id", "role", *ATTRIBUTES)
FACE_COLUMNS = ("path", "person_id", "yaw_deg", "pitch_deg", "light", "expression", "glasses",
                "mask", *facetruth.POINTS, *facetruth.BOX)  # fmt: skip
FACE_PX = 160
PASSERS = 8  # passers-by a camera knows


@dataclass(frozen=True)
class People:
    """A set of whole-body crops. crops per camera and citizen; empty: nobody is drawn (leak probe).

    A citizen is seen by `cameras` cameras: one of `pairs` groups, so that a figure measured on the
    set does not hang on the luck of two cameras.
    infrared, lamps only where night is True;  occluded, crowded: share of crops with something
    before, somebody beside the person
    own  share of citizens in clothes of their own instead of a catalogue's: see `boutique`
    near  how many times as tall as otherwise people are in the cameras' pictures
    """

    count: int
    crops: int = 5
    cameras: int = 2
    pairs: int = 5
    split: str = "train"
    seed: int = 0
    night: bool = True
    occluded: float = 0.30
    crowded: float = 0.30
    empty: bool = False
    own: float = 0.0
    near: float = 1.0

    def check(self) -> None:
        """Raise BadInput unless it can be drawn."""
        _check_split(self.split)
        if not 0 <= self.own <= 1:
            raise BadInput("--own is the share of citizens in clothes of their own: 0 to 1")
        if not 0.5 <= self.near <= 4:
            raise BadInput("--near is how many times as tall people are: 0.5 to 4")
        if min(self.count, self.crops, self.cameras, self.pairs) < 1:
            raise BadInput("count, crops, cameras and pairs must be 1 or more")

    columns = PEOPLE_COLUMNS

    def rows(self, renderer: Renderer, index: int, out: Path) -> list[Row]:
        """Draw all crops of one citizen; the rows of the manifest."""
        return _people_rows(renderer, self, index, out)

    def camera_names(self, index: int) -> list[str]:
        """The cameras that see the citizen of this index."""
        names = presets("camera", CAMERAS, self.split)
        order = generator("cameras", self.seed, self.split).permutation(len(names))
        first = index % self.pairs * self.cameras
        return [names[int(order[(first + k) % len(names)])] for k in range(self.cameras)]


@dataclass(frozen=True)
class Faces:
    """A set of face crops: shots per citizen; yaw and pitch within the limits, degrees."""

    count: int
    shots: int = 10
    split: str = "train"
    seed: int = 0
    yaw_deg: float = 50.0
    pitch_deg: float = 15.0
    masks: bool = True

    def check(self) -> None:
        """Raise BadInput unless it can be drawn."""
        _check_split(self.split)
        if min(self.count, self.shots) < 1:
            raise BadInput("count and shots must be 1 or more")

    columns = FACE_COLUMNS

    def rows(self, renderer: Renderer, index: int, out: Path) -> list[Row]:
        """Draw all shots of one citizen; the rows of the manifest."""
        return _face_rows(renderer, self, index, out)


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise BadInput("the split is train or test, not {split!r}", split=split[:40])


def direction(view: View, placed: Placed) -> str:
    """Whether the camera sees the front, the side or the back of a person."""
    a = math.radians(placed.heading_deg)
    to = np.subtract(view.eye, placed.position)[:2]
    cosine = float(np.array((math.sin(a), math.cos(a))) @ to / np.linalg.norm(to))
    return "front" if cosine > math.cos(math.radians(50)) else (
        "back" if cosine < -math.cos(math.radians(50)) else "side")  # fmt: skip


# --- whole bodies --------------------------------------------------------------------------------


def _crop_size(native_px: int) -> tuple[int, int]:
    """(width, height) px at which a crop that is to be native_px tall is drawn."""
    tall = next((px for px in CROP_PX if px >= FINER * native_px), CROP_PX[-1])
    return tall // 2, tall


def crop_scene(
    who: Citizen,
    camera: CropCamera,
    plan: People,
    rng: np.random.Generator,
    size: tuple[int, int] = (128, 256),
) -> tuple[View, Light, list[Mesh], list[Placed]]:
    """Where the person of one crop walks, what stands around, and the view that frames the crop."""
    a = rng.uniform(0, 2 * math.pi)
    spot = np.array((*rng.uniform(-2.2, 2.2, 2), 0.0))
    away = rng.uniform(*camera.away_m)
    eye = np.array((math.cos(a) * away, math.sin(a) * away, camera.height_m)) + spot
    to_camera = math.degrees(math.atan2(eye[0] - spot[0], eye[1] - spot[1]))
    facing = 0.0 if rng.uniform() < camera.toward else 180.0
    heading = to_camera + facing + rng.normal(0, 38)
    gait = pick(rng, ("walk", "stand", "look", "phone", "slow", "run"), (12, 3, 1, 1.2, 1, 0.6))
    if who.age == "elderly" and gait in ("run", "phone"):
        gait = "slow"
    placed = Placed(who, (spot[0], spot[1], 0.0), heading, gait, float(rng.uniform()),
                    float(rng.uniform(0.9, 1.5)) if gait != "run" else 2.8,
                    (float(rng.normal(0, 14)), float(rng.normal(0, 6))))  # fmt: skip
    static = backdrop.facing(backdrop.street(pick(rng, camera.streets)), eye)
    if rng.uniform() < plan.occluded:
        static.append(backdrop.occluder(rng, spot, eye))
    people = [] if plan.empty else [placed]
    if rng.uniform() < plan.crowded:
        other = citizen(
            10**9 + int(rng.integers(PASSERS)) + 100 * int(camera.name[-3:]), plan.split
        )
        b = a + rng.uniform(0.33, 1.67) * math.pi  # beside or behind: whose crop it is, is seen
        away_m = rng.uniform(0.55, 1.1)
        beside = (spot[0] + math.cos(b) * away_m, spot[1] + math.sin(b) * away_m, 0.0)
        people.append(Placed(other, beside, float(rng.uniform(0, 360)), "walk",
                             float(rng.uniform()), 1.3))  # fmt: skip
    height = who.height_m
    target = spot + np.array((*rng.normal(0, 0.07, 2), height * rng.uniform(0.45, 0.55)))
    span = height * rng.uniform(0.98, 1.26)
    distance = float(np.linalg.norm(eye - target))
    fov = math.degrees(2 * math.atan(span / 2 / distance))
    view = View((eye[0], eye[1], eye[2]), (target[0], target[1], target[2]), fov, size=size)
    return view, camera.light, static, people


def draw_crop(
    renderer: Renderer, who: Citizen, camera: CropCamera, plan: People, rng: np.random.Generator
) -> tuple[Image, int, str, Frame]:
    """One crop: picture, JPEG quality, direction and the frame it came from."""
    native = min(round(int(rng.integers(*camera.native_px)) * plan.near), CROP_PX[-1])
    view, light, static, people = crop_scene(who, camera, plan, rng, _crop_size(native))
    placed = people[0] if people else Placed(who)
    frame = renderer.draw(view, light, static, people)
    image, quality = develop(frame.image, camera, native, rng)
    return image, quality, direction(view, placed) if not plan.empty else "", frame


def _people_rows(renderer: Renderer, plan: People, index: int, out: Path) -> list[Row]:
    """Draw all crops of one citizen; the rows of the manifest."""
    who = citizen(plan.seed * 1_000_000 + index, plan.split)
    if generator("own", plan.seed, plan.split, index).uniform() < plan.own:
        who = in_own_clothes(who, plan.seed)
    rows = []
    for number, name in enumerate(plan.camera_names(index)):
        camera = crop_camera(name, plan.split, plan.night)
        for k in range(plan.crops):
            rng = generator("crop", plan.seed, plan.split, index, name, k)
            image, quality, way, _ = draw_crop(renderer, who, camera, plan, rng)
            path = f"crops/{index // 1000:03d}/{index:06d}_{number}_{k:02d}.jpg"
            write_jpeg(out / path, image, quality)
            values = {} if plan.empty else {**who.attributes(), "direction": way}
            role = "query" if number == 0 else "gallery"
            rows.append({"path": path, "person_id": f"{index:06d}", "camera_id": name,
                         "role": role, **values})  # fmt: skip
    return rows


# --- faces ---------------------------------------------------------------------------------------

FACE_LIGHTS: dict[str, Light] = {
    "front": Light((0.0, 0.9, 0.5), (0.5, 0.48, 0.45), (0.42, 0.44, 0.47), (0.26, 0.25, 0.23)),
    "left": Light((0.9, 0.4, 0.4), (0.75, 0.72, 0.66), (0.24, 0.25, 0.27), (0.14, 0.13, 0.12)),
    "right": Light((-0.9, 0.4, 0.4), (0.75, 0.72, 0.66), (0.24, 0.25, 0.27), (0.14, 0.13, 0.12)),
    "top": Light((0.1, 0.3, 1.0), (0.8, 0.77, 0.7), (0.26, 0.28, 0.31), (0.16, 0.15, 0.14)),
    "soft": Light((0.0, 0.5, 0.8), (0.0, 0.0, 0.0), (0.72, 0.74, 0.78), (0.4, 0.39, 0.37)),
    "dim": Light((0.3, 0.6, 0.7), (0.18, 0.15, 0.11), (0.13, 0.13, 0.15), (0.06, 0.06, 0.06),
                 exposure=1.3),
    "infrared": Light(infrared=True, exposure=0.5),
}  # fmt: skip


def face_view(
    renderer: Renderer, placed: Placed, yaw_deg: float, pitch_deg: float, px: int
) -> View:
    """The view that frames a face: the camera stands yaw to the face's left, pitch above it."""
    figure = renderer.figure(placed.citizen, placed.expression, placed.blink)
    head = world_bones(figure, placed)[figure.skeleton.index("head")].astype(np.float64)
    face = figure.face @ head[:3, :3].T + head[:3, 3]
    middle = face.mean(0) + head[:3, 1] * 0.012
    y, p = math.radians(yaw_deg), math.radians(pitch_deg)
    way = head[:3, 0] * math.sin(y) * math.cos(p) + head[:3, 2] * math.cos(y) * math.cos(p)
    eye = middle + (way + head[:3, 1] * math.sin(p)) * 1.8
    size = 0.29 * placed.citizen.height_m / 1.65 if placed.citizen.age != "child" else 0.27
    fov = math.degrees(2 * math.atan(size / 2 / 1.8))
    a, b = tuple(float(x) for x in eye), tuple(float(x) for x in middle)
    return View((a[0], a[1], a[2]), (b[0], b[1], b[2]), fov, size=(px, px))


def draw_face(
    renderer: Renderer, who: Citizen, plan: Faces, rng: np.random.Generator
) -> tuple[Image, Row]:
    """One face shot (FACE_PX square) and its truth."""
    yaw = float(np.clip(rng.normal(0, plan.yaw_deg / 2), -plan.yaw_deg, plan.yaw_deg))
    pitch = float(rng.uniform(-plan.pitch_deg, plan.pitch_deg))
    light = pick(rng, tuple(FACE_LIGHTS), (4, 2, 2, 3, 4, 1, 1))
    expression = pick(rng, tuple(motion.EXPRESSIONS), (6, 3, 1, 1, 1, 1, 1))
    placed = Placed(who, (0.0, 0.0, 0.0), 0.0, "stand", 0.0, 0.0, expression=expression)
    view = face_view(renderer, placed, yaw, pitch, FACE_PX)
    names = presets("street", 240, plan.split)
    static = backdrop.street(pick(rng, names[:12]))
    frame = renderer.draw(view, FACE_LIGHTS[light], static, [placed])
    image = frame.image.astype(np.float32) * rng.uniform(0.85, 1.15)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.0))), np.float32)
    image += rng.normal(0, rng.uniform(0.5, 4), image.shape)
    row: Row = {"yaw_deg": round(yaw, 1), "pitch_deg": round(pitch, 1), "light": light,
                "expression": expression, "glasses": who.attributes()["glasses"],
                "mask": who.attributes()["mask"]}  # fmt: skip
    row |= facetruth.told(frame.landmarks[0])
    return np.clip(image, 0, 255).astype(np.uint8), row


def _face_rows(renderer: Renderer, plan: Faces, index: int, out: Path) -> list[Row]:
    who = citizen(plan.seed * 1_000_000 + index, plan.split)
    if not plan.masks:
        who = replace(who, outfit=replace(who.outfit, mask=None))
    rows = []
    for k in range(plan.shots):
        rng = generator("face shot", plan.seed, plan.split, index, k)
        image, row = draw_face(renderer, who, plan, rng)
        path = f"faces/{index // 1000:03d}/{index:06d}_{k:02d}.jpg"
        write_jpeg(out / path, image, int(rng.integers(60, 95)))
        rows.append({"path": path, "person_id": f"{index:06d}", **row})
    return rows


# --- many processes ------------------------------------------------------------------------------

_RENDERER: Renderer | None = None


def _start(folder: str) -> None:
    """One renderer per process, drawing on one thread."""
    global _RENDERER
    os.environ["LP_NUM_THREADS"] = "1"
    cv2.setNumThreads(1)
    _RENDERER = Renderer(assets.load(folder), supersample=1)


def _job(plan: Plan, index: int, out: str) -> int:
    """Draw one citizen and write its rows last, so that rows mean all its pictures are there."""
    assert _RENDERER is not None
    folder = Path(out)
    rows = plan.rows(_RENDERER, index, folder)
    done = folder / "rows" / f"{index:06d}.json"
    part = done.with_suffix(".part")
    part.write_text(json.dumps(rows), encoding="utf-8")
    part.replace(done)
    return len(rows)


def make(
    plan: Plan,
    out: Path,
    assets_folder: str | Path | None = None,
    workers: int = 2,
    progress: Callable[[Iterator[int], int], Iterator[int]] | None = None,
) -> Path:
    """Draw a set into a folder and write its manifest; what is there already is kept.

    progress  wraps the iterator of finished citizens (for instance tqdm);  returns the manifest
    Raises BadInput, NotFound, DongseonError.
    """
    plan.check()
    source = str(assets.folder(assets_folder))
    assets.load(source)
    (out / "rows").mkdir(parents=True, exist_ok=True)
    _same_plan(plan, out)
    todo = [i for i in range(plan.count) if not (out / "rows" / f"{i:06d}.json").is_file()]
    if isinstance(plan, People):  # those whom the same cameras see, so that little is sewn twice
        todo.sort(key=lambda index: (index % plan.pairs, index))
    done = _run(plan, out, source, todo, workers)
    for _ in progress(done, len(todo)) if progress else done:
        pass
    manifest = out / "manifest.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        _write_rows(file, plan.columns, out, plan.count)
    return manifest


def _run(plan: Plan, out: Path, source: str, todo: Sequence[int], workers: int) -> Iterator[int]:
    if workers <= 1:
        _start(source)
        for index in todo:
            yield _job(plan, index, str(out))
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _start, (source,)) as pool:
        jobs = [pool.submit(_job, plan, index, str(out)) for index in todo]
        for job in jobs:
            yield job.result()


def _same_plan(plan: Plan, out: Path) -> None:
    """Raise BadInput if the folder holds another set; otherwise note the plan in it."""
    told = {"kind": type(plan).__name__, **vars(plan)}
    note = out / "plan.json"
    if note.is_file():
        before = json.loads(note.read_text(encoding="utf-8"))
        if {**before, "count": 0} != {**told, "count": 0}:
            raise BadInput("{out} holds another set: take an empty folder", out=str(out))
    note.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _write_rows(file: IO[str], columns: Sequence[str], out: Path, count: int) -> None:
    table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
    table.writeheader()
    for index in range(count):
        table.writerows(json.loads((out / "rows" / f"{index:06d}.json").read_text("utf-8")))


def write_jpeg(path: Path, image: Image, quality: int) -> None:
    """Write a picture and the folders it needs. Raises BadInput."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise BadInput("{path} cannot be written as JPEG", path=str(path))
    path.write_bytes(data.tobytes())
