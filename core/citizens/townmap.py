"""A town in, its own GeoJSON out: the offline base map of the app, in kinds it can draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.citizens.town import Box, Town

_ROAD = {"main": "main_road", "side": "road", "alley": "path"}


def geojson(town: Town) -> dict[str, Any]:
    """WGS84 GeoJSON FeatureCollection: water, green, building, main_road, road, path, boundary."""
    features = [_area(town, town.river, "water", town.river_name)]
    for block in town.blocks:
        if block.use == "park":
            features.append(_area(town, block.box.corners, "green", "공원"))
    features += [_area(town, b.box.corners, "building") for b in town.buildings]
    for street in town.streets:
        features.append(_line(town, street.ends, _ROAD[street.kind], street.name))
    box = town.extent
    rails = np.array([(box.x0, town.rail_y), (box.x1, town.rail_y)])
    features.append(_line(town, rails, "boundary", "철도"))
    features += [_line(town, way, "path") for way in _footpaths(town)]
    return {"type": "FeatureCollection", "name": town.name, "features": features}


def _footpaths(town: Town) -> list[NDArray[np.float64]]:
    """The market passage and the two paths of the park: (N,2) each."""
    market, park = town.block("market").box, town.block("park").box
    through = _across(market)[:1]
    return [*through, *_across(park)]


def _across(box: Box) -> list[NDArray[np.float64]]:
    x, y = box.middle
    return [np.array([(x, box.y0), (x, box.y1)]), np.array([(box.x0, y), (box.x1, y)])]


def _positions(town: Town, xy: NDArray[np.float64]) -> list[list[float]]:
    """(N,2) metres -> longitude, latitude to about 10 cm."""
    return [[round(float(lon), 6), round(float(lat), 6)] for lat, lon in town.wgs84(xy)]


def _area(town: Town, ring: NDArray[np.float64], kind: str, name: str = "") -> dict[str, Any]:
    line = _positions(town, np.concatenate([ring, ring[:1]]))
    return _feature("Polygon", [line], kind, name)


def _line(town: Town, xy: NDArray[np.float64], kind: str, name: str = "") -> dict[str, Any]:
    return _feature("LineString", _positions(town, xy), kind, name)


def _feature(shape: str, at: list[Any], kind: str, name: str) -> dict[str, Any]:
    properties = {"kind": kind, **({"name": name} if name else {})}
    geometry = {"type": shape, "coordinates": at}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
