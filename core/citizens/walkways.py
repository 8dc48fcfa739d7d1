"""A town in, ways to walk through it out: a connected street graph and trips with times.

The graph runs along the middle of the streets, through the park and the covered market; a trip
follows it on the footway of one side, crosses where the streets cross, begins and ends behind a
front door, and knows where its walker is at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from core.citizens.town import FOOTWAY_M, ROAD_M, Box, Street, Town

Float64 = NDArray[np.float64]
Int = NDArray[np.int64]

STEP_M = 0.25  # spacing of the points of a trip
ROUND_M = 1.2  # how widely corners are rounded
INSIDE_M = 1.2  # how far behind the front a door is stepped through
NOWHERE = -9999

LANE_M: dict[str, tuple[float, float]] = {
    "main": (ROAD_M["main"] / 2 + 1.7, ROAD_M["main"] / 2 + 3.5),
    "side": (ROAD_M["side"] / 2 + 0.9, ROAD_M["side"] / 2 + 1.9),
    "alley": (0.3, 1.1),
    "path": (0.3, 1.2),
    "passage": (0.3, 1.3),
}
"""From the middle of a way to where people walk: nearest, farthest. Kerb, trees, poles stay out."""
DOOR_M: dict[str, float] = {
    kind: ROAD_M[kind] / 2 + FOOTWAY_M[kind] + INSIDE_M for kind in ("main", "side", "alley")
}


@dataclass(frozen=True)
class Graph:
    """Places and the ways between them.

    xy    (N,2) metres;  ends (E,2) indices into N;  kind E words (keys of LANE_M)
    street  E street names, "" for paths
    """

    xy: Float64
    ends: Int
    kind: tuple[str, ...]
    street: tuple[str, ...]

    @property
    def length_m(self) -> Float64:
        """(E,)"""
        a, b = self.xy[self.ends[:, 0]], self.xy[self.ends[:, 1]]
        return np.asarray(np.linalg.norm(b - a, axis=1))

    def between(self, a: int, b: int) -> int:
        """The edge between two neighbouring places."""
        hit = np.flatnonzero(np.all(np.sort(self.ends, 1) == sorted((a, b)), axis=1))
        return int(hit[0])

    def matrix(self, weight: Float64) -> csr_matrix:
        n, (a, b) = len(self.xy), self.ends.T
        both = (np.concatenate([weight, weight]), (np.r_[a, b], np.r_[b, a]))
        return csr_matrix(both, shape=(n, n))


@dataclass(frozen=True)
class Trip:
    """Somebody's way in space and time.

    xy (N,2) metres;  t_s (N,) true time, not decreasing;  way_m (N,) metres walked so far
    """

    xy: Float64
    t_s: Float64
    way_m: Float64

    def at(self, t_s: Float64) -> tuple[Float64, Float64, Float64, Float64]:
        """(T,) times -> xy (T,2), heading_deg (T,) clockwise from +y, speed (T,), way_m (T,).

        NaN before it began and after it ended.
        """
        t = np.asarray(t_s, dtype=np.float64)
        there = (t >= self.t_s[0]) & (t <= self.t_s[-1])
        way = np.interp(t, self.t_s, self.way_m)
        xy = np.stack([np.interp(way, self.way_m, self.xy[:, k]) for k in (0, 1)], -1)
        ahead = np.stack([np.interp(way + 0.3, self.way_m, self.xy[:, k]) for k in (0, 1)], -1)
        behind = np.stack([np.interp(way - 0.3, self.way_m, self.xy[:, k]) for k in (0, 1)], -1)
        dx, dy = (ahead - behind).T
        speed = (np.interp(t + 0.2, self.t_s, self.way_m)
                 - np.interp(t - 0.2, self.t_s, self.way_m)) / 0.4  # fmt: skip
        out = [np.where(there, v, np.nan) for v in (np.degrees(np.arctan2(dx, dy)), speed, way)]
        xy[~there] = np.nan
        return xy, out[0] % 360, out[1], out[2]


@dataclass(frozen=True)
class Pause:
    """Standing still for a while, so many metres into the trip."""

    at_m: float
    for_s: float


def graph(town: Town) -> Graph:
    """The ways of a town; every place can be reached from every other."""
    places: dict[tuple[float, float], int] = {}
    edges: list[tuple[int, int, str, str]] = []

    def place(x: float, y: float) -> int:
        return places.setdefault((round(x, 2), round(y, 2)), len(places))

    market, park = town.block("market").box, town.block("park").box
    gates = [*_gates(town, market, ("x",)), *_gates(town, park, ("x", "y"))]
    for street in town.streets:
        others = town.ys if street.axis == "x" else town.xs
        on = [g for axis, at, g in gates if axis == street.axis and at == street.at_m]
        stations = sorted({float(v) for v in others} | set(on))
        ids = [place(*_point(street, v)) for v in stations]
        edges += [(a, b, street.kind, street.name) for a, b in pairwise(ids)]
    edges += _through(town, market, place, "passage", ("x",))
    edges += _through(town, park, place, "path", ("x", "y"))
    ends = np.array([(a, b) for a, b, _, _ in edges])
    xy = np.array(list(places), dtype=np.float64)
    return Graph(xy, ends, tuple(e[2] for e in edges), tuple(e[3] for e in edges))


def _point(street: Street, along: float) -> tuple[float, float]:
    return (street.at_m, along) if street.axis == "x" else (along, street.at_m)


def _around(town: Town, box: Box) -> tuple[float, float, float, float]:
    """The streets around a block: x west, x east, y south, y north."""
    x, y = box.middle
    i, j = int(np.searchsorted(town.xs, x)), int(np.searchsorted(town.ys, y))
    return float(town.xs[i - 1]), float(town.xs[i]), float(town.ys[j - 1]), float(town.ys[j])


def _gates(town: Town, box: Box, through: tuple[str, ...]) -> list[tuple[str, float, float]]:
    """Where ways through a block meet the streets: (axis of the street, its place, where on it)."""
    west, east, south, north = _around(town, box)
    x, y = box.middle
    gates = [("y", south, x), ("y", north, x)] if "x" in through else []
    return gates + ([("x", west, y), ("x", east, y)] if "y" in through else [])


def _through(
    town: Town, box: Box, place: object, kind: str, through: tuple[str, ...]
) -> list[tuple[int, int, str, str]]:
    west, east, south, north = _around(town, box)
    x, y = box.middle
    assert callable(place)
    a, b = place(x, south), place(x, north)
    if "y" not in through:
        return [(a, b, kind, "")]
    middle = place(x, y)
    return [(v, middle, kind, "") for v in (a, b, place(west, y), place(east, y))]


def shortest(
    ways: Graph, a: int, b: int, rng: np.random.Generator | None = None, whim: float = 0.0
) -> list[int]:
    """Places on the way from a to b. whim: how freely people choose (log-normal on lengths)."""
    weight = ways.length_m
    if rng is not None and whim > 0:
        weight = weight * np.exp(rng.normal(0, whim, len(weight)))
    before = dijkstra(ways.matrix(weight), indices=a, return_predecessors=True)[1]
    way = [b]
    while way[-1] != a:
        way.append(int(before[way[-1]]))
        if way[-1] == NOWHERE:
            raise ValueError(f"no way from {a} to {b}")
    return way[::-1]


def trip(
    ways: Graph,
    places: list[int],
    *,
    start_s: float,
    speed_m_s: float,
    side: int,
    lane: float,
    doors: tuple[float, float] | None = None,
    pauses: tuple[Pause, ...] = (),
) -> Trip:
    """Walk along places of the graph.

    side   +1 right, -1 left footway;  lane  0 nearest to the road .. 1 farthest
    doors  how far along the first and the last edge the front doors are, 0-1; None = end to end
    """
    line = footway(ways, places, side=side, lane=lane, doors=doors)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    t = start_s + way / speed_m_s
    for pause in sorted(pauses, key=lambda p: p.at_m):
        n = int(np.searchsorted(way, min(pause.at_m, way[-1])))
        n = min(max(n, 1), len(way) - 1)
        line = np.insert(line, n, line[n], axis=0)
        way = np.insert(way, n, way[n])
        t = np.insert(t, n, t[n])
        t[n + 1 :] += pause.for_s
    return Trip(line, t, way)


def footway(
    ways: Graph, places: list[int], *, side: int, lane: float, doors: tuple[float, float] | None
) -> Float64:
    """The line walked, a point every STEP_M, corners rounded: (N,2)."""
    kinds = [ways.kind[ways.between(a, b)] for a, b in pairwise(places)]
    off = np.array([side * np.interp(lane, [0, 1], LANE_M[kind]) for kind in kinds])
    xy = ways.xy[places].copy()
    ahead = np.diff(xy, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    right = np.stack([ahead[:, 1], -ahead[:, 0]], 1)
    if doors is not None:
        xy[0] += doors[0] * (xy[1] - xy[0])
        xy[-1] += (1 - doors[1]) * (xy[-2] - xy[-1])
    corners = [xy[0] + off[0] * right[0]]
    for k in range(1, len(places) - 1):
        corners += _corner(xy[k], ahead[k - 1 : k + 1], right[k - 1 : k + 1], off[k - 1 : k + 1])
    corners.append(xy[-1] + off[-1] * right[-1])
    if doors is not None:
        corners = _through_doors(corners, right, kinds, side, xy)
    return _rounded(_dense(np.array(corners)))


def _corner(at: Float64, ahead: Float64, right: Float64, off: Float64) -> list[Float64]:
    """Where two footways meet: their crossing, or a step aside where the way goes straight on."""
    turn = float(ahead[0, 0] * ahead[1, 1] - ahead[0, 1] * ahead[1, 0])
    if abs(turn) < 0.2:
        return [at + off[0] * right[0] - ahead[0], at + off[1] * right[1] + ahead[1]]
    both = np.array([ahead[0], -ahead[1]]).T
    gap = (at + off[1] * right[1]) - (at + off[0] * right[0])
    along = np.linalg.solve(both, gap)[0]
    return [at + off[0] * right[0] + along * ahead[0]]


def _through_doors(
    corners: list[Float64], right: Float64, kinds: list[str], side: int, xy: Float64
) -> list[Float64]:
    """Begin and end behind the fronts, if the first and last edge have any."""
    if kinds[0] in DOOR_M:
        corners = [xy[0] + side * DOOR_M[kinds[0]] * right[0], *corners]
    if kinds[-1] in DOOR_M:
        corners = [*corners, xy[-1] + side * DOOR_M[kinds[-1]] * right[-1]]
    return corners


def _dense(line: Float64) -> Float64:
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    keep = np.concatenate([[True], np.diff(way) > 1e-6])
    at = np.linspace(0, way[-1], max(2, round(way[-1] / STEP_M) + 1))
    return np.stack([np.interp(at, way[keep], line[keep, k]) for k in (0, 1)], 1)


def _rounded(line: Float64) -> Float64:
    """A running mean over ROUND_M; both ends stay."""
    n = round(ROUND_M / STEP_M) // 2
    if len(line) < 4 * n:
        return line
    padded = np.concatenate([line[:1].repeat(n, 0), line, line[-1:].repeat(n, 0)])
    kernel = np.ones(2 * n + 1) / (2 * n + 1)
    smooth = np.stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)], 1)
    smooth[0], smooth[-1] = line[0], line[-1]
    return smooth
