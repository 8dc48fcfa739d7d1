"""A seed in, a fictional Korean town out: streets, blocks, buildings, river, park, station.

Coordinates are metres in the town's own frame, which is turned against north by `turn_deg`; only
`Town.wgs84` and `Town.compass_deg` know of the world. Streets are the lines of an uneven grid, each
of one kind from end to end; people walk along them on `core.citizens.walkways`. The town lies at a
place where there is none, under a name nobody bears.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.citizens.chance import generator, pick

Float64 = NDArray[np.float64]
StreetKind = Literal["main", "side", "alley"]
Use = Literal["shops", "homes", "park", "station", "market"]
Side = Literal["south", "north", "west", "east"]

ORIGIN = (36.5925, 127.8575)  # WGS84 degrees of the town's (0, 0): a hillside, no settlement
METERS_PER_DEGREE = 111_320.0
FLOOR_M = 3.3
ROAD_M: dict[str, float] = {"main": 13.0, "side": 7.0, "alley": 5.6}  # kerb to kerb
FOOTWAY_M: dict[str, float] = {"main": 4.2, "side": 2.4, "alley": 0.0}  # each side

TOWNS = ("미르내읍", "온누비읍", "다온골읍", "새솔마루읍", "하늬벌읍", "늘봄재읍", "윤슬내읍")
RIVERS = ("너울내", "미리내천", "은비늘내", "두루내")
ROADS = ("가온", "도담", "윤슬", "다솜", "라온", "아라", "마루", "한울", "새암", "이든", "나래",
         "온새", "햇귀", "여우별")  # fmt: skip
SIDES: tuple[Side, ...] = ("south", "north", "west", "east")


@dataclass(frozen=True)
class Box:
    """A rectangle along the town's axes, metres."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def size(self) -> tuple[float, float]:
        return self.x1 - self.x0, self.y1 - self.y0

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def corners(self) -> Float64:
        """(4,2), counter-clockwise from the south-west."""
        return np.array(
            [(self.x0, self.y0), (self.x1, self.y0), (self.x1, self.y1), (self.x0, self.y1)]
        )

    def shrunk(self, by_m: float) -> Box:
        return Box(self.x0 + by_m, self.y0 + by_m, self.x1 - by_m, self.y1 - by_m)

    def holds(self, x: float, y: float) -> bool:
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1


@dataclass(frozen=True)
class Street:
    """One line of the grid. at_m: its x (running north, axis "x") or y (running east, axis "y")."""

    name: str
    kind: StreetKind
    axis: Literal["x", "y"]
    at_m: float
    from_m: float
    to_m: float

    @property
    def half_m(self) -> float:
        """From the middle to the outer edge of the footway."""
        return ROAD_M[self.kind] / 2 + FOOTWAY_M[self.kind]

    @property
    def ends(self) -> Float64:
        """(2,2) the two ends of its middle line."""
        a, b = (self.at_m, self.from_m), (self.at_m, self.to_m)
        return np.array([a, b] if self.axis == "x" else [a[::-1], b[::-1]])


@dataclass(frozen=True)
class Block:
    """What lies between four streets."""

    column: int
    row: int
    box: Box
    use: Use


@dataclass(frozen=True)
class Building:
    """A house: a box of some floors whose front faces a street."""

    id: int
    box: Box
    floors: int
    front: Side
    use: Literal["shop", "home", "tower", "station"]

    @property
    def height_m(self) -> float:
        return self.floors * FLOOR_M + 0.9


@dataclass(frozen=True)
class Town:
    """The whole town. buildings etc. in metres of the town's frame; see the module."""

    seed: int
    name: str
    turn_deg: float
    xs: Float64  # (C,) where the streets running north lie
    ys: Float64  # (R,) where the streets running east lie
    streets: tuple[Street, ...]
    blocks: tuple[Block, ...]
    buildings: tuple[Building, ...]
    river: Float64  # (N,2) outline
    river_name: str
    bus_stops: Float64  # (S,2) on the footway
    rail_y: float

    @property
    def extent(self) -> Box:
        return Box(self.xs[0] - 60, self.ys[0] - 95, self.xs[-1] + 60, self.rail_y + 30)

    def wgs84(self, xy: Any) -> Float64:
        """(..., 2) metres -> (..., 2) latitude, longitude."""
        xy = np.asarray(xy, dtype=np.float64)
        turn = math.radians(self.turn_deg)
        east = xy[..., 0] * math.cos(turn) + xy[..., 1] * math.sin(turn)
        north = -xy[..., 0] * math.sin(turn) + xy[..., 1] * math.cos(turn)
        per_lon = METERS_PER_DEGREE * math.cos(math.radians(ORIGIN[0]))
        return np.stack([ORIGIN[0] + north / METERS_PER_DEGREE, ORIGIN[1] + east / per_lon], -1)

    def compass_deg(self, heading_deg: float) -> float:
        """A heading in the town's frame (0 = along +y, clockwise) -> degrees from true north."""
        return (heading_deg + self.turn_deg) % 360

    def street(self, axis: str, index: int) -> Street:
        """The index-th street running north ("x") or east ("y")."""
        return next(
            s
            for s in self.streets
            if s.axis == axis and s.at_m == (self.xs if axis == "x" else self.ys)[index]
        )

    def block(self, use: Use) -> Block:
        """The first block of a use."""
        return next(block for block in self.blocks if block.use == use)


def build(seed: int) -> Town:
    """The town of a seed."""
    rng = generator(seed, "town")
    kinds_x = _kinds(rng, 7)
    kinds_y = _kinds(rng, 6)
    xs, ys = _lines(rng, kinds_x), _lines(rng, kinds_y)
    rail_y = ys[-1] + 46.0
    streets = _streets(rng, xs, ys, kinds_x, kinds_y, rail_y)
    blocks = _blocks(rng, xs, ys, kinds_x, kinds_y)
    main_x = xs[kinds_x.index("main")]
    station = Building(0, Box(main_x - 24, rail_y - 16, main_x + 24, rail_y - 4), 3, "south",
                       "station")  # fmt: skip
    return Town(
        seed=seed,
        name=pick(rng, TOWNS),
        turn_deg=float(rng.uniform(-24, 24)),
        xs=xs,
        ys=ys,
        streets=tuple(streets),
        blocks=tuple(blocks),
        buildings=(station, *_buildings(seed, blocks, xs, ys, kinds_x, kinds_y)),
        river=_river(rng, xs, ys),
        river_name=pick(rng, RIVERS),
        bus_stops=_bus_stops(rng, xs, ys, kinds_y),
        rail_y=float(rail_y),
    )


def _kinds(rng: np.random.Generator, n: int) -> list[StreetKind]:
    """Kinds of n parallel streets: one main street near the middle, no two alleys side by side."""
    kinds: list[StreetKind] = ["side"] * n
    kinds[n // 2] = "main"
    for i in range(1, n - 1):
        around = kinds[i - 1 : i + 2]
        if kinds[i] == "side" and "alley" not in around and rng.random() < 0.6:
            kinds[i] = "alley"
    return kinds


def _lines(rng: np.random.Generator, kinds: list[StreetKind]) -> Float64:
    """Positions of parallel streets, uneven, the main one at about 0."""
    half = [ROAD_M[k] / 2 + FOOTWAY_M[k] for k in kinds]
    at = [0.0]
    for a, b in pairwise(half):
        at.append(at[-1] + a + b + float(rng.uniform(34, 58)))
    line = np.array(at)
    return np.asarray(np.round(line - line[kinds.index("main")], 1))


def _streets(
    rng: np.random.Generator,
    xs: Float64,
    ys: Float64,
    kinds_x: list[StreetKind],
    kinds_y: list[StreetKind],
    rail_y: float,
) -> list[Street]:
    names = iter(rng.permutation(len(ROADS)))
    made = []
    for axis, at, kinds, across in (("x", xs, kinds_x, ys), ("y", ys, kinds_y, xs)):
        for where, kind in zip(at, kinds, strict=True):
            base = ROADS[int(next(names))]
            low, high = float(across[0]), float(across[-1])
            if kind == "main":  # over the bridge, to the station square, out of town
                low, high = (low - 95, rail_y - 20) if axis == "x" else (low - 60, high + 60)
            end = "대로" if kind == "main" else "로" if kind == "side" else "길"
            made.append(Street(base + end, kind, axis, float(where), low, high))  # type: ignore[arg-type]
    return made


def _blocks(
    rng: np.random.Generator,
    xs: Float64,
    ys: Float64,
    kinds_x: list[StreetKind],
    kinds_y: list[StreetKind],
) -> list[Block]:
    def half(kind: StreetKind) -> float:
        return ROAD_M[kind] / 2 + FOOTWAY_M[kind]

    columns, rows = len(xs) - 1, len(ys) - 1
    main = kinds_x.index("main")
    park = (main - 1 if rng.random() < 0.5 else main, 0)
    market = (int(rng.integers(1, columns - 1)), rows // 2)
    blocks = []
    for i in range(columns):
        for j in range(rows):
            box = Box(
                float(xs[i] + half(kinds_x[i])),
                float(ys[j] + half(kinds_y[j])),
                float(xs[i + 1] - half(kinds_x[i + 1])),
                float(ys[j + 1] - half(kinds_y[j + 1])),
            )
            near_main = i in (main - 1, main) or j in (rows // 2, rows // 2 - 1)
            use: Use = "shops" if near_main or rng.random() < 0.35 else "homes"
            use = "park" if (i, j) == park else "market" if (i, j) == market else use
            blocks.append(Block(i, j, box, use))
    return blocks


def _buildings(
    seed: int,
    blocks: list[Block],
    xs: Float64,
    ys: Float64,
    kinds_x: list[StreetKind],
    kinds_y: list[StreetKind],
) -> list[Building]:
    """Rows of houses along the four edges of every block that is built up."""
    made: list[Building] = []
    for block in blocks:
        if block.use == "park":
            continue
        rng = generator(seed, "block", block.column, block.row)
        for side, box in _lots(rng, block):
            made.append(_house(rng, len(made) + 1, side, box, block.use))
    rng = generator(seed, "towers")
    for x in np.arange(xs[0] - 30, xs[-1] + 31, 46.0):  # flats behind the railway and the river
        for y in (ys[-1] + 95.0, ys[0] - 125.0):
            wide = Box(float(x), y, float(x) + 30, y + 12)
            made.append(Building(len(made) + 1, wide, int(rng.integers(12, 21)), "south", "tower"))
    return made


def _lots(rng: np.random.Generator, block: Block) -> list[tuple[Side, Box]]:
    """Lots of a block: its south and north rows, then west and east between them.

    A market block is split by a covered passage running north through its middle.
    """
    box = block.box
    width, depth = box.size
    row_m = min(depth / 2 - 0.8, float(rng.uniform(10, 14)))
    lots: list[tuple[Side, Box]] = []
    spans = [(box.x0, box.x1)]
    if block.use == "market":
        middle = box.middle[0]
        spans = [(box.x0, middle - 3.0), (middle + 3.0, box.x1)]
        row_m = depth / 2 - 0.4
    for low, high in spans:
        for a, b in _cuts(rng, low, high):
            lots.append(("south", Box(a, box.y0, b, box.y0 + row_m)))
        for a, b in _cuts(rng, low, high):
            lots.append(("north", Box(a, box.y1 - row_m, b, box.y1)))
    if block.use != "market" and depth - 2 * row_m > 12:
        column_m = min(width / 2 - 1.5, row_m)
        for a, b in _cuts(rng, box.y0 + row_m + 0.8, box.y1 - row_m - 0.8):
            lots.append(("west", Box(box.x0, a, box.x0 + column_m, b)))
        for a, b in _cuts(rng, box.y0 + row_m + 0.8, box.y1 - row_m - 0.8):
            lots.append(("east", Box(box.x1 - column_m, a, box.x1, b)))
    return lots


def _cuts(rng: np.random.Generator, low: float, high: float) -> list[tuple[float, float]]:
    """A stretch of street cut into lots 8 to 15 m wide."""
    n = max(1, round((high - low) / float(rng.uniform(9, 14))))
    inner = np.linspace(low, high, n + 1)[1:-1] + rng.uniform(-1.5, 1.5, n - 1)
    at = [low, *inner.tolist(), high]
    return list(pairwise(at))


def _house(rng: np.random.Generator, n: int, side: Side, box: Box, use: Use) -> Building:
    back_m = float(rng.choice([0.0, 0.0, 0.4, 0.8])) if use != "market" else 0.0
    box = {
        "south": Box(box.x0, box.y0 + back_m, box.x1 - 0.3, box.y1),
        "north": Box(box.x0, box.y0, box.x1 - 0.3, box.y1 - back_m),
        "west": Box(box.x0 + back_m, box.y0, box.x1, box.y1 - 0.3),
        "east": Box(box.x0, box.y0, box.x1 - back_m, box.y1 - 0.3),
    }[side]
    floors = {"shops": (2, 6), "market": (1, 3), "homes": (2, 5)}[use]
    kind: Literal["shop", "home"] = "home" if use == "homes" and rng.random() < 0.75 else "shop"
    return Building(n, box, int(rng.integers(*floors)), side, kind)


def _river(rng: np.random.Generator, xs: Float64, ys: Float64) -> Float64:
    """A band south of the town that bends a little: (N,2) outline."""
    x = np.linspace(xs[0] - 160, xs[-1] + 160, 40)
    phase, swing = rng.uniform(0, 2 * np.pi), rng.uniform(5, 11)
    middle = ys[0] - 55 + swing * np.sin(x / rng.uniform(60, 90) + phase)
    bank = rng.uniform(13, 18)
    upper = np.stack([x, middle + bank], 1)
    lower = np.stack([x, middle - bank], 1)[::-1]
    return np.concatenate([upper, lower])


def _bus_stops(
    rng: np.random.Generator, xs: Float64, ys: Float64, kinds_y: list[StreetKind]
) -> Float64:
    """Stops along the main street running east, on its footways: (S,2)."""
    y = ys[kinds_y.index("main")]
    off = ROAD_M["main"] / 2 + 1.1
    between = rng.permutation(len(xs) - 1)[:3]
    stops = [((xs[i] + xs[i + 1]) / 2, y + (off if n % 2 else -off)) for n, i in enumerate(between)]
    return np.array(stops, dtype=np.float64)
