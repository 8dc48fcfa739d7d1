"""A town, a camera's place and a light in, everything that stands still in its view out.

Ground near by is painted fine, ground far off coarsely; houses within reach get their four walls,
furniture its place; behind it all stand flats, hills and a sky.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.citizens import facade, ground, texture
from core.citizens.chance import generator
from core.citizens.furnish import Caster, furnish
from core.citizens.ground import Shadow
from core.citizens.solids import Model
from core.citizens.stage import Mesh
from core.citizens.town import Box, Building, Town

Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]

NEAR_M = 26.0  # the fine ground reaches this far around the middle of the view
REACH_M = 75.0  # houses and furniture up to here
FINE, COARSE = 56.0, 9.0  # px per m of the ground
SKY_M = 380.0


@dataclass(frozen=True)
class Scenery:
    """What stands still: meshes, and where lamps hang, the nearest to what is looked at first."""

    meshes: list[Mesh]
    lamps: list[tuple[float, float, float]]


def still(
    town: Town,
    eye: tuple[float, float, float],
    toward: tuple[float, float],
    split: str,
    brightness: float = 1.0,
    detail: float = 1.0,
    clear: Float64 | None = None,
) -> Scenery:
    """All that does not move around a camera.

    eye     metres;  toward: where on the ground it looks (x, y)
    brightness of the sky, 0-1;  detail: finer or coarser pictures on everything
    clear   (N,3) x, y, radius of places to keep free of furniture, besides the camera's own
    """
    model = Model()
    at, aim = np.array(eye[:2]), np.array(toward)
    ahead = (aim - at) / max(1e-6, float(np.linalg.norm(aim - at)))
    region = _around(at + ahead * 0.45 * REACH_M, REACH_M)
    keep = [(eye[0] + ahead[0] * d, eye[1] + ahead[1] * d, r)
            for d, r in ((0, 1.5), (1.5, 1.7), (3.0, 1.7), (5.0, 1.5), (7.0, 1.2))]  # fmt: skip
    free = np.array(keep + ([] if clear is None else clear.tolist()))
    placed = furnish(model, town, region, free)
    houses = [b for b in town.buildings if b.use == "tower" or _near(b.box, region)]
    for house in houses:
        distance = float(np.hypot(*(np.array(house.box.middle) - at)))
        fine = detail * (44.0 if distance < 22 else 22.0 if distance < 50 else 8.0)
        facade.build(model, town.seed, house, split, 3.0 if house.use == "tower" else fine)
    near = _around(at + ahead * 0.62 * NEAR_M, NEAR_M)
    shadows = [*_house_shadows(houses), *_thing_shadows(placed.casters)]
    for box, fine, z in ((near, FINE * detail, 0.0), (_around(at, 170.0), COARSE * detail, -0.03)):
        sheet = ground.paint(town, box, fine, split)
        ground.shade(sheet, shadows)
        model.picture(_flat(box, z), sheet.image)
    for solid in backdrop(town, at, brightness):
        model.mesh(solid)
    lamps = sorted(placed.lamps, key=lambda p: float(np.hypot(p[0] - aim[0], p[1] - aim[1])))
    return Scenery(model.solids, lamps)


def _around(middle: Float64, half_m: float) -> Box:
    x, y = (round(float(v)) for v in middle)
    return Box(x - half_m, y - half_m, x + half_m, y + half_m)


def _near(box: Box, region: Box) -> bool:
    return not (
        box.x1 < region.x0 or box.x0 > region.x1 or box.y1 < region.y0 or box.y0 > region.y1
    )


def _flat(box: Box, z: float) -> Float64:
    return np.array([(box.x0, box.y1, z), (box.x1, box.y1, z), (box.x1, box.y0, z),
                     (box.x0, box.y0, z)])  # fmt: skip


def _house_shadows(houses: list[Building]) -> list[Shadow]:
    return [Shadow(b.box.corners, 0.3, 0.55) for b in houses if b.use != "tower"]


def _thing_shadows(casters: list[Caster]) -> list[Shadow]:
    """The dark right under things, and the soft shade under crowns; the sun's shadows are drawn."""
    shadows = []
    for one in casters:
        if one.leafy:
            shadows.append(Shadow(one.outline, 0.18, 0.4))
        elif one.high_m < 5 and one.low_m < 2:
            shadows.append(Shadow(one.outline, 0.4, 0.12))
    return shadows


def backdrop(town: Town, at: Float64, brightness: float) -> list[Mesh]:
    """Hills and sky far away: a drum around the camera, its picture lit by nothing but itself."""
    rng = generator(town.seed, "backdrop")
    h, w = 512, 2048
    picture = (sky(rng, h, w) * brightness).astype(np.uint8)
    angle = np.linspace(0, 2 * np.pi, 49)
    ring = np.stack([at[0] + SKY_M * np.cos(angle), at[1] + SKY_M * np.sin(angle)], 1)
    top = np.concatenate([ring, np.full((49, 1), 230.0)], 1)
    foot = np.concatenate([ring, np.full((49, 1), -14.0)], 1)
    vertices = np.concatenate([top, foot]).astype(np.float32)
    i = np.arange(48)
    inward = np.concatenate([np.stack([i, i + 49, i + 1], 1), np.stack([i + 1, i + 49, i + 50], 1)])
    u = np.linspace(0, 1, 49)
    uv = np.concatenate([np.stack([u, np.zeros(49)], 1), np.stack([u, np.ones(49)], 1)])
    up = np.tile(np.array([(0, 0, 1)], np.float32), (98, 1))
    return [Mesh(vertices, inward.astype(np.int32), up, uv.astype(np.float32), picture, 1.0)]


def sky(rng: np.random.Generator, h: int, w: int) -> Image:
    """Haze, clouds and two ridges of wooded hills: RGB (h,w,3), its lower edge the horizon."""
    up = np.linspace(1, 0, h)[:, None, None]
    blue, haze = np.array([150, 176, 206]), np.array([214, 218, 220])
    air = haze + (blue - haze) * np.clip(up * 1.6, 0, 1)
    clouds = np.clip(texture.cloud(rng, h, w, 260, 6), 0, 1.5)[..., None] / 1.5
    picture = air * (1 - 0.7 * clouds) + 232 * 0.7 * clouds
    for height, tone, mix in ((0.3, (128, 142, 154), 0.75), (0.2, (94, 112, 104), 0.9)):
        ridge = h * (1 - height) + h * 0.045 * texture.cloud(rng, 1, w, 300, 5)[0]
        ridge = ridge * np.ones(w) + h * 0.03 * np.sin(np.arange(w) / w * 2 * np.pi * 3)
        inside = np.arange(h)[:, None] > ridge[None, :]
        wood = np.asarray(tone) * (1 + 0.05 * texture.cloud(rng, h, w, 12, 3)[..., None])
        picture = np.where(inside[..., None], mix * wood + (1 - mix) * picture, picture)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)
