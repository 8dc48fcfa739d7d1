"""A walk through a town in, a camera at a shop door beside it out: low and near, faces large.

The cameras of streets see people from above and from afar. One beside a door hangs hardly
higher than a head and looks along the wall, so that whoever comes towards it shows the face.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.citizens.sites import Site, hidden, site
from core.citizens.town import ROAD_M, Street, Town
from core.citizens.walkways import Trip

Float64 = NDArray[np.float64]

HIGH_M = 1.8
FROM_WALL_M = 0.3
AHEAD_M, AIM_M = 4.5, 1.0  # it looks at this height so far away
FOV_DEG = 30.0
COMES_M = 10.0  # the walk leads straight towards it for so long
STRAIGHT_DEG = 5.0
APART_M = 14.0  # from other cameras, as `sites.choose`


def beside(
    town: Town, trip: Trip, between_s: tuple[float, float], others: Sequence[Site]
) -> tuple[Site, float] | None:
    """A door's camera that somebody walks up to between two moments, and when they are there.

    Of all such doors the one nearest the middle of the time. None if there is none.
    """
    low, high = between_s
    moments = np.arange(low, high, 0.5)
    for at_s in sorted(moments.tolist(), key=lambda t: abs(t - (low + high) / 2)):
        hung = _hung(town, trip, float(at_s))
        if hung is not None and all(
            math.dist(hung.eye[:2], other.eye[:2]) > APART_M for other in others
        ):
            return hung, float(at_s)
    return None


def _hung(town: Town, trip: Trip, at_s: float) -> Site | None:
    """The camera on the wall beside where a walker is, looking at where they came from."""
    way = float(np.interp(at_s, trip.t_s, trip.way_m))
    path = _path(trip, way - COMES_M, way)
    step = np.diff(path, axis=0)
    heading = np.degrees(np.arctan2(step[:, 0], step[:, 1]))
    turned = (heading - heading[-1] + 180) % 360 - 180
    if np.abs(turned).max() > STRAIGHT_DEG:
        return None
    x, y = (float(v) for v in path[-1])
    for street in town.streets:
        across, along = (x - street.at_m, y) if street.axis == "x" else (y - street.at_m, x)
        straight = abs((heading[-1] if street.axis == "x" else heading[-1] - 90) % 180)
        if min(straight, 180 - straight) > STRAIGHT_DEG or not _on_footway(street, across, along):
            continue
        back = -math.copysign(1.0, float(step[-1][1 if street.axis == "x" else 0]))
        wall = math.copysign(street.half_m - FROM_WALL_M, across)
        eye = (*_at(street, wall, along), HIGH_M)
        target = (*_at(street, across, along + back * AHEAD_M), AIM_M)
        if hidden(town, eye, np.column_stack([path[:-2], np.full(len(path) - 2, 1.6)])).any():
            return None
        return site("door", f"{street.name} 상점 문 앞", eye, target, FOV_DEG, -0.05)
    return None


def _path(trip: Trip, from_m: float, to_m: float) -> Float64:
    """(N,2) where a walk leads between two of its metres, each half metre."""
    way = np.arange(max(0.0, from_m), to_m + 0.01, 0.5)
    return np.stack([np.interp(way, trip.way_m, trip.xy[:, k]) for k in (0, 1)], 1)


def _on_footway(street: Street, across: float, along: float) -> bool:
    kerb = ROAD_M[street.kind] / 2
    inside = street.from_m + 5 < along < street.to_m - 5
    return inside and kerb < abs(across) < street.half_m - FROM_WALL_M


def _at(street: Street, across: float, along: float) -> tuple[float, float]:
    x = street.at_m + across
    return (x, along) if street.axis == "x" else (along, x)
