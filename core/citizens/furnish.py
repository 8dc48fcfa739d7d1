"""A town and a piece of it in, its street furniture put into a model; what shades the ground, out.

What stands where follows from the town's seed and the place alone, so two cameras that look at one
corner see the same things. Nothing stands where people walk (`walkways.LANE_M`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.citizens import furniture
from core.citizens.chance import generator
from core.citizens.ground import ZEBRA_M
from core.citizens.solids import Model
from core.citizens.town import FOOTWAY_M, ROAD_M, Box, Street, Town

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Caster:
    """Something that throws a shadow: outline (N,2) on the ground, low_m to high_m above it."""

    outline: Float64
    high_m: float
    low_m: float = 0.0
    leafy: bool = False


@dataclass(frozen=True)
class Furnished:
    """What stands in a region: what shades the ground, and where lamps hang (x, y, z)."""

    casters: list[Caster]
    lamps: list[tuple[float, float, float]]


def furnish(model: Model, town: Town, region: Box, clear: Float64) -> Furnished:
    """Add the furniture of a region. clear (N,3): x, y, radius where nothing may stand."""
    placer = _Placer(model, town, region, clear)
    for n, street in enumerate(town.streets):
        placer.street(n, street)
    placer.corners()
    placer.stops()
    placer.park()
    placer.market()
    return Furnished(placer.casters, placer.lamps)


class _Placer:
    def __init__(self, model: Model, town: Town, region: Box, clear: Float64) -> None:
        self.model, self.town, self.region, self.clear = model, town, region, clear
        self.casters: list[Caster] = []
        self.lamps: list[tuple[float, float, float]] = []

    def _free(self, x: float, y: float) -> bool:
        if not self.region.holds(x, y):
            return False
        far = np.hypot(self.clear[:, 0] - x, self.clear[:, 1] - y)
        return bool(np.all(far > self.clear[:, 2]))

    def _add(
        self, outline: Float64, high_m: float, low_m: float = 0.0, leafy: bool = False
    ) -> None:
        self.casters.append(Caster(outline, high_m, low_m, leafy))

    # --- along a street ---

    def _stations(self, street: Street, step_m: float, gap_m: float) -> Iterator[float]:
        """Places along a street away from its crossings."""
        across = [s for s in self.town.streets if s.axis != street.axis]
        keep = [(s.at_m, s.half_m + gap_m) for s in across]
        for at in np.arange(street.from_m + step_m / 2, street.to_m, step_m):
            if all(abs(at - where) > gap for where, gap in keep):
                yield float(at)

    def _at(self, street: Street, along: float, across: float) -> tuple[float, float]:
        flip = street.axis == "x"
        return (street.at_m + across, along) if flip else (along, street.at_m + across)

    def street(self, n: int, street: Street) -> None:
        road, half = ROAD_M[street.kind] / 2, street.half_m
        self._trees(n, street, road)
        self._poles(n, street, road)
        self._cars(n, street, road)
        self._along_walls(n, street, half)

    def _trees(self, n: int, street: Street, road: float) -> None:
        if street.kind != "main":
            return
        for at in self._stations(street, 9.0, 9.0):
            for side in (-1, 1):
                rng = generator(self.town.seed, "tree", n, round(at), side)
                x, y = self._at(street, at + rng.uniform(-1, 1), side * (road + 0.75))
                near = np.hypot(*(self.town.bus_stops - (x, y)).T).min() < 7
                if rng.random() < 0.8 and self._free(x, y) and not near:
                    crown = furniture.tree(self.model, rng, x, y, float(rng.uniform(5.5, 8)))
                    self._add(crown, 6.5, 3.5, leafy=True)

    def _poles(self, n: int, street: Street, road: float) -> None:
        """Power poles and wires on one side, lamps on the other."""
        side = 1 if generator(self.town.seed, "pole side", n).random() < 0.5 else -1
        wall = road - 0.25 if street.kind == "alley" else road + 0.35
        before = None
        for at in self._stations(street, 24.0 if street.kind == "main" else 19.0, 3.0):
            rng = generator(self.town.seed, "pole", n, round(at))
            x, y = self._at(street, at, side * wall)
            if street.kind != "main" and self._free(x, y):
                self._add(furniture.pole(self.model, rng, x, y), 9.5)
                if before is not None and np.hypot(before[0] - x, before[1] - y) < 45:
                    furniture.wires(self.model, rng, before, (x, y))
                before = (x, y)
            x, y = self._at(street, at + 8, -side * wall)
            toward = (float(side), 0.0) if street.axis == "x" else (0.0, float(side))
            if street.kind != "alley" and self._free(x, y):
                self._add(furniture.lamp(self.model, x, y, toward), 6.3)
                self.lamps.append((x + 1.5 * toward[0], y + 1.5 * toward[1], 6.1))

    def _cars(self, n: int, street: Street, road: float) -> None:
        sides: tuple[int, ...]
        if street.kind == "main":
            share, off, sides, gap = 0.22, road - 1.15, (-1, 1), 13.0
        elif street.kind == "side":
            share, off, sides, gap = 0.5, road - 1.1, (-1, 1), 9.0
        else:
            share, off, sides, gap = 0.35, road - 1.0, (1,), 5.0
        for at in self._stations(street, 6.2, gap):
            for side in sides:
                rng = generator(self.town.seed, "car", n, round(at), side)
                x, y = self._at(street, at + rng.uniform(-0.4, 0.4), side * off)
                if street.kind == "side" and side < 0 and n % 2:
                    continue
                if rng.random() < share and self._free(x, y):
                    heading = (0.0 if street.axis == "x" else 90.0) + (180 if side < 0 else 0)
                    heading += rng.normal(0, 1.5)
                    self._add(furniture.car(self.model, rng, x, y, heading), 1.4, 0.25)

    def _along_walls(self, n: int, street: Street, half: float) -> None:
        """What shopkeepers and residents put in front of their houses."""
        for at in self._stations(street, 4.6, 2.5):
            for side in (-1, 1):
                rng = generator(self.town.seed, "wall", n, round(at), side)
                x, y = self._at(street, at, side * (half - 0.42))
                if rng.random() > 0.42 or not self._free(x, y):
                    continue
                facing = {("x", 1): 270.0, ("x", -1): 90.0, ("y", 1): 180.0, ("y", -1): 0.0}
                self._thing(rng, x, y, facing[street.axis, side], street)

    def _thing(
        self, rng: np.random.Generator, x: float, y: float, heading: float, street: Street
    ) -> None:
        kind = rng.random()
        if kind < 0.16 and street.kind != "alley":
            self._add(furniture.vending(self.model, rng, x, y, heading), 1.8)
        elif kind < 0.45:
            self._add(furniture.bags(self.model, rng, x, y), 0.4)
        elif kind < 0.72 and street.kind != "alley":
            self._add(furniture.sign_stand(self.model, rng, x, y, heading + 90), 0.9)
        else:
            tone = (120, 84, 62)
            self.model.tube((x, y, 0), (x, y, 0.4), (0.2, 0.25), tone, 10)
            self.model.leaves(rng, (x, y, 0.75), (0.32, 0.32, 0.4), (78, 108, 60), 240, 0.07)
            self._add(furniture.disc(x, y, 0.3), 0.9)

    # --- places ---

    def corners(self) -> None:
        """Bollards and signals where streets cross."""
        for a in (s for s in self.town.streets if s.axis == "x"):
            for b in (s for s in self.town.streets if s.axis == "y"):
                if "main" in (a.kind, b.kind) and "alley" not in (a.kind, b.kind):
                    self._corner(a, b)

    def _corner(self, a: Street, b: Street) -> None:
        for sx in (-1, 1):
            for sy in (-1, 1):
                x = a.at_m + sx * (ROAD_M[a.kind] / 2 + 0.55)
                y = b.at_m + sy * (ROAD_M[b.kind] / 2 + 0.55)
                for dx, dy in ((0.0, 0.0), (1.1, 0.0), (0.0, 1.1)):
                    if FOOTWAY_M[a.kind] > 3 and self._free(x + sx * dx, y + sy * dy):
                        spot = (x + sx * dx, y + sy * dy)
                        self._add(furniture.bollard(self.model, *spot), 0.85)
                px, py = x - sx * 0.1, y + sy * (ZEBRA_M + 1.0)
                if sx * sy > 0 and self._free(px, py) and "side" not in (a.kind, b.kind):
                    self._add(furniture.signal(self.model, px, py, (-float(sx), 0.0)), 6.0)

    def stops(self) -> None:
        """Bus shelters: their back to the houses, open to the road."""
        middle = next(s for s in self.town.streets if s.kind == "main" and s.axis == "y")
        for n, (x, y) in enumerate(self.town.bus_stops):
            side = 1 if y > middle.at_m else -1
            y = middle.at_m + side * (ROAD_M["main"] / 2 + 0.85)
            if not self.region.holds(x, y):
                continue
            name = f"{middle.name} {n + 1}"
            heading = 180.0 if side > 0 else 0.0
            self._add(furniture.shelter(self.model, x, y, heading, name), 2.4, 2.2)
            for off in (-7.5, -4.5, 4.5, 7.5):
                ends = ((x + off - 1.4, y - side * 0.6), (x + off + 1.4, y - side * 0.6))
                furniture.railing(self.model, *ends)

    def park(self) -> None:
        box = self.town.block("park").box
        rng = generator(self.town.seed, "park")
        cx, cy = box.middle
        for _ in range(26):
            x, y = rng.uniform(box.x0 + 2, box.x1 - 2), rng.uniform(box.y0 + 2, box.y1 - 2)
            own = generator(self.town.seed, "park tree", round(x, 2))
            off_path = abs(x - cx) > 3.4 and abs(y - cy) > 3.4 and np.hypot(x - cx, y - cy) > 8
            if off_path and self._free(x, y):
                crown = furniture.tree(self.model, own, x, y, float(own.uniform(5, 8.5)))
                self._add(crown, 6.5, 3.0, leafy=True)
        for k in range(8):
            along = rng.uniform(6.5, box.size[1] / 2 - 3) * (1 if k % 2 else -1)
            side = 1 if k % 4 < 2 else -1
            x, y = cx + side * 2.3, cy + along
            if self._free(x, y):
                self._add(furniture.bench(self.model, x, y, -90.0 * side), 0.5)
        spot = (cx + 7.5, cy + 7.5)
        if self._free(*spot):
            self._add(furniture.pavilion(self.model, *spot), 3.2, 2.7)
        for x0, x1 in ((box.x0, cx - 2.2), (cx + 2.2, box.x1)):
            for y in (box.y0, box.y1):
                if self.region.holds((x0 + x1) / 2, y):
                    furniture.railing(self.model, (x0, y), (x1, y))

    def market(self) -> None:
        """Stalls along both walls, a roof over the passage, lamps under it, banners."""
        box = self.town.block("market").box
        x = box.middle[0]
        if not (self.region.holds(x, box.y0) or self.region.holds(x, box.y1)
                or self.region.holds(x, box.middle[1])):  # fmt: skip
            return
        for at in np.arange(box.y0 + 2.2, box.y1 - 1.5, 3.1):
            for side in (-1, 1):
                rng = generator(self.town.seed, "stall", round(at), side)
                spot = (x + side * 2.3, float(at))
                if rng.random() < 0.85 and self._free(*spot):
                    self._add(furniture.stall(self.model, rng, *spot, -90.0 * side), 0.9)
        for at in np.arange(box.y0, box.y1 + 0.1, 4.0):
            self.model.box((x - 3, at - 0.08, 4.9), (x + 3, at + 0.08, 5.1), (150, 156, 160))
            self.lamps.append((x, float(at) + 2.0, 4.4))
            self.model.box((x - 0.5, at + 1.9, 4.5), (x + 0.5, at + 2.1, 4.56), (250, 250, 244))
        self.model.box((x - 3.1, box.y0, 5.1), (x + 3.1, box.y1, 5.16), (176, 186, 190))
        rng = generator(self.town.seed, "market banner")
        for at in (box.y0 + 0.3, box.middle[1]):
            furniture.banner(self.model, rng, (x - 2.6, at), (x + 2.6, at), 3.9)
