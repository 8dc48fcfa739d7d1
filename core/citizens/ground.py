"""A town and a piece of it in, the painted ground out: a picture seen from straight above.

Asphalt, lane and crossing stripes, kerbs, paved footways with tactile strips, lawns, yards, dirt in
the corners; and the soft dark that houses and things throw, so that nothing seems to float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import texture
from core.citizens.chance import generator, pick, presets
from core.citizens.town import FOOTWAY_M, ROAD_M, Box, Street, Town

Image = NDArray[np.uint8]
Float32 = NDArray[np.float32]
WHITE = (214, 214, 208)
YELLOW = (208, 164, 50)
KERB = (162, 160, 154)
ZEBRA_M = 4.0


@dataclass(frozen=True)
class Sheet:
    """A picture of the ground: row 0 is the north edge of box, column 0 its west edge."""

    box: Box
    px_per_m: float
    image: Image

    def piece(self, box: Box) -> Image:
        """A view into the picture, to be painted on."""
        s, h = self.px_per_m, self.image.shape[0]
        x0, x1 = (round((x - self.box.x0) * s) for x in (box.x0, box.x1))
        y0, y1 = (h - round((y - self.box.y0) * s) for y in (box.y1, box.y0))
        return self.image[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]

    def px(self, xy: object) -> NDArray[np.int32]:
        """Metres (N,2) -> pixels (N,2), 4 fractional bits, for cv2."""
        at = np.asarray(xy, dtype=np.float64)
        x = (at[:, 0] - self.box.x0) * self.px_per_m
        y = self.image.shape[0] - (at[:, 1] - self.box.y0) * self.px_per_m
        return np.round(np.stack([x, y], 1) * 16).astype(np.int32)


@dataclass(frozen=True)
class Shadow:
    """Where the sky is hidden: outline (N,2) metres, how dark it gets 0-1, how softly in m."""

    outline: NDArray[np.float64]
    dark: float
    soft_m: float


def paint(town: Town, box: Box, px_per_m: float, split: str) -> Sheet:
    """The ground of a piece of town, without shadows."""
    rng = generator(town.seed, "ground", round(box.x0), round(box.y0), px_per_m)
    h, w = round(box.size[1] * px_per_m), round(box.size[0] * px_per_m)
    sheet = Sheet(box, px_per_m, np.zeros((h, w, 3), np.uint8))
    names = generator(town.seed, "ground names")
    asphalt = pick(names, presets("asphalt", texture.ASPHALTS, split))
    paving = pick(names, presets("paving", texture.PAVINGS, split))
    light = 0.05 * texture.cloud(rng, h, w, 3 * px_per_m) + texture.grain(rng, h, w, 0.03)
    sheet.image[:] = texture.shaded((138, 134, 126), light)
    road = texture.asphalt(asphalt, rng, h, w, px_per_m)
    foot = texture.paving(paving, rng, h, w, px_per_m)
    _outside(town, sheet, rng)
    _footways(town, sheet, foot)
    _roads(town, sheet, road)
    _park(town, sheet, rng, foot)
    _passage(town, sheet, rng)
    for street in town.streets:
        _stripes(town, sheet, street)
    _crossings(town, sheet)
    _litter(sheet, rng)
    sheet.image[:] = texture.shaded(sheet.image, 0.03 * texture.cloud(rng, h, w, 1.2 * px_per_m, 3))
    return sheet


def _copy(sheet: Sheet, box: Box, source: Image) -> None:
    whole = Sheet(sheet.box, sheet.px_per_m, source)
    piece = sheet.piece(box)
    piece[:] = whole.piece(box)[: piece.shape[0], : piece.shape[1]]


def band(street: Street, low: float, high: float, near: float, far: float) -> Box:
    """A strip beside a street: low..high along it, near..far across from its middle."""
    if street.axis == "x":
        return Box(street.at_m + near, low, street.at_m + far, high)
    return Box(low, street.at_m + near, high, street.at_m + far)


def _outside(town: Town, sheet: Sheet, rng: np.random.Generator) -> None:
    """Grass and water around the town."""
    e = 6.2  # the footways of the outermost streets
    for box in (
        Box(-999, -999, town.xs[0] - e, 999), Box(town.xs[-1] + e, -999, 999, 999),
        Box(-999, -999, 999, town.ys[0] - e), Box(-999, town.ys[-1] + e, 999, 999),
    ):  # fmt: skip
        _sow(sheet, box, rng)
    cv2.fillPoly(sheet.image, [sheet.px(town.river)], (86, 104, 108), cv2.LINE_AA, 4)


def _sow(sheet: Sheet, box: Box, rng: np.random.Generator) -> None:
    piece = sheet.piece(box)
    if piece.size:
        height, width = piece.shape[:2]
        piece[:] = texture.grass(rng, height, width, sheet.px_per_m)


def _footways(town: Town, sheet: Sheet, foot: Image) -> None:
    for street in town.streets:
        half, road = street.half_m, ROAD_M[street.kind] / 2
        _copy(sheet, band(street, street.from_m - 4, street.to_m + 4, -half, half), foot)
        for sign in (-1, 1):
            if street.kind == "main":  # a tactile strip for the blind
                near, far = sorted((sign * (road + 2.5), sign * (road + 2.8)))
                strip = sheet.piece(band(street, street.from_m, street.to_m, near, far))
                strip[:] = (0.35 * strip + 0.65 * np.array([196, 152, 62])).astype(np.uint8)


def _roads(town: Town, sheet: Sheet, road: Image) -> None:
    """Kerbs first, then asphalt over them, so that crossings stay open."""
    for street in town.streets:
        if FOOTWAY_M[street.kind]:
            half = ROAD_M[street.kind] / 2 + 0.18
            sheet.piece(band(street, street.from_m - 4, street.to_m + 4, -half, half))[:] = KERB
    for street in town.streets:
        half = ROAD_M[street.kind] / 2
        _copy(sheet, band(street, street.from_m - half, street.to_m + half, -half, half), road)


def _park(town: Town, sheet: Sheet, rng: np.random.Generator, foot: Image) -> None:
    box = town.block("park").box
    _sow(sheet, box, rng)
    x, y = box.middle
    for way in (Box(x - 1.7, box.y0 - 1, x + 1.7, box.y1 + 1),
                Box(box.x0 - 1, y - 1.7, box.x1 + 1, y + 1.7)):  # fmt: skip
        edge = Box(way.x0 - 0.12, way.y0 - 0.12, way.x1 + 0.12, way.y1 + 0.12)
        sheet.piece(edge)[:] = KERB
    for way in (Box(x - 1.7, box.y0 - 1, x + 1.7, box.y1 + 1),
                Box(box.x0 - 1, y - 1.7, box.x1 + 1, y + 1.7)):  # fmt: skip
        _copy(sheet, way, foot)
    cv2.circle(sheet.image, tuple(sheet.px([(x, y)])[0].tolist()), round(5.5 * sheet.px_per_m * 16),
               (150, 140, 122), -1, cv2.LINE_AA, 4)  # fmt: skip


def _passage(town: Town, sheet: Sheet, rng: np.random.Generator) -> None:
    """The covered market: worn grey tiles."""
    box = town.block("market").box
    x = box.middle[0]
    lane = Box(x - 3.0, box.y0 - 0.5, x + 3.0, box.y1 + 0.5)
    piece = sheet.piece(lane)
    h, w = piece.shape[:2]
    if h and w:
        tiles = texture.paving("market-tiles", rng, h, w, sheet.px_per_m)
        grey = tiles.mean(axis=2, keepdims=True) * np.array([1.0, 0.98, 0.95]) * 0.95
        piece[:] = grey.astype(np.uint8)


def _stripes(town: Town, sheet: Sheet, street: Street) -> None:
    """Middle and edge lines between the crossings."""
    if street.kind == "alley":
        return
    across = [s for s in town.streets if s.axis != street.axis]
    stations = sorted((s.at_m, s.half_m + ZEBRA_M + 1.5) for s in across)
    lows = [street.from_m, *(at + gap for at, gap in stations)]
    highs = [*(at - gap for at, gap in stations), street.to_m]
    road = ROAD_M[street.kind] / 2
    for low, high in zip(lows, highs, strict=True):
        if high - low < 3:
            continue
        if street.kind == "main":
            for near in (-0.22, 0.1):
                sheet.piece(band(street, low, high, near, near + 0.12))[:] = YELLOW
            for near in (-road / 2, road / 2):
                for at in np.arange(low, high - 3, 8.0):
                    sheet.piece(band(street, at, at + 3, near - 0.07, near + 0.07))[:] = WHITE
        else:
            for at in np.arange(low, high - 3, 6.0):
                sheet.piece(band(street, at, at + 3, -0.07, 0.07))[:] = YELLOW
        for near in (-road + 0.25, road - 0.37):
            sheet.piece(band(street, low, high, near, near + 0.12))[:] = YELLOW


def _crossings(town: Town, sheet: Sheet) -> None:
    """Zebra stripes over every arm of a crossing where a main street takes part."""
    for a in (s for s in town.streets if s.axis == "x"):
        for b in (s for s in town.streets if s.axis == "y"):
            if "main" not in (a.kind, b.kind):
                continue
            for street, other in ((a, b), (b, a)):
                for sign in (-1, 1):
                    _zebra(sheet, street, other, sign)


def _zebra(sheet: Sheet, street: Street, other: Street, sign: int) -> None:
    """Stripes across one arm; people cross in line with the footways of the other street."""
    if street.kind == "alley" or not street.from_m <= other.at_m <= street.to_m:
        return
    middle = ROAD_M[other.kind] / 2 + (FOOTWAY_M[other.kind] or 1.4) * 0.62
    low, high = sorted(other.at_m + sign * v for v in (middle - ZEBRA_M / 2, middle + ZEBRA_M / 2))
    if not street.from_m - 6 <= (low + high) / 2 <= street.to_m + 6:
        return
    road = ROAD_M[street.kind] / 2
    for near in np.arange(-road + 0.4, road - 0.5, 1.0):
        stripe = sheet.piece(band(street, low, high, near, near + 0.5))
        stripe[:] = (0.12 * stripe + 0.88 * np.array(WHITE)).astype(np.uint8)
    stop = other.at_m + sign * (middle + ZEBRA_M / 2 + 1.2)
    low, high = sorted((stop, stop + sign * 0.35))
    near, far = (
        (0.15, road - 0.2) if sign * (1 if street.axis == "x" else -1) < 0 else (-road + 0.2, -0.15)
    )
    sheet.piece(band(street, low, high, near, far))[:] = WHITE
    for side in (-1, 1):  # tactile plates where the zebra meets the footway
        near, far = sorted((side * (road + 0.35), side * (road + 0.95)))
        at = other.at_m + sign * middle
        plate = sheet.piece(band(street, at - 1.5, at + 1.5, near, far))
        if FOOTWAY_M[street.kind]:
            plate[:] = (0.3 * plate + 0.7 * np.array([204, 160, 60])).astype(np.uint8)


def _litter(sheet: Sheet, rng: np.random.Generator) -> None:
    """Manholes, leaves, spots of chewing gum."""
    h, w = sheet.image.shape[:2]
    s = sheet.px_per_m
    area = h * w / s**2
    for _ in range(int(area / 160)):
        at = (int(rng.uniform(0, w)), int(rng.uniform(0, h)))
        tone = int(rng.integers(66, 92))
        cv2.circle(sheet.image, at, round(0.33 * s), (tone + 22,) * 3, -1, cv2.LINE_AA)
        cv2.circle(sheet.image, at, round(0.28 * s), (tone,) * 3, -1, cv2.LINE_AA)
    if s < 20:
        return
    for _ in range(int(area * 0.5)):
        at = (int(rng.uniform(0, w)), int(rng.uniform(0, h)))
        leaf = pick(rng, [(126, 92, 40), (150, 128, 60), (84, 82, 78), (104, 76, 44)])
        size = (max(1, round(rng.uniform(0.02, 0.05) * s)), max(1, round(0.02 * s)))
        cv2.ellipse(sheet.image, at, size, float(rng.uniform(0, 180)), 0, 360, leaf, -1)


def shade(sheet: Sheet, shadows: Sequence[Shadow]) -> None:
    """Darken the picture in place."""
    light = np.ones(sheet.image.shape[:2], np.float32)
    for soft in sorted({shadow.soft_m for shadow in shadows}):
        layer = np.zeros(light.shape, np.uint8)
        for shadow in sorted((s for s in shadows if s.soft_m == soft), key=lambda s: s.dark):
            outline = sheet.px(shadow.outline)
            cv2.fillPoly(layer, [outline], round(255 * shadow.dark), cv2.LINE_AA, 4)
        dark = layer.astype(np.float32) / 255
        if soft > 0:
            blurred = cv2.GaussianBlur(dark, (0, 0), max(0.5, soft * sheet.px_per_m))
            dark = np.asarray(blurred, np.float32)
        light *= 1 - dark
    sheet.image[:] = texture.shaded(sheet.image, light - 1)
