"""A place, lengths and directions in; rings of WGS84 points out."""

from __future__ import annotations

import math

from core.routemap.scene import METERS_PER_DEGREE, Point

OPENING_DEG = 60.0  # of a camera's view as it is drawn; the true one is not known


def away(point: Point, bearing_deg: float, distance_m: float) -> Point:
    """The place that far away in that direction, for distances of a town."""
    lat, lon = point
    turn = math.radians(bearing_deg)
    dlat = distance_m * math.cos(turn) / METERS_PER_DEGREE
    per_lon = METERS_PER_DEGREE * max(math.cos(math.radians(lat)), 0.01)
    return lat + dlat, lon + distance_m * math.sin(turn) / per_lon


def circle(point: Point, radius_m: float, corners: int = 48) -> list[Point]:
    """A closed ring around a place."""
    ring = [away(point, 360 * k / corners, radius_m) for k in range(corners)]
    return [*ring, ring[0]]


def sector(point: Point, heading_deg: float, radius_m: float) -> list[Point]:
    """A closed ring around what a camera sees that looks in one direction."""
    turns = [heading_deg + OPENING_DEG * (k / 12 - 0.5) for k in range(13)]
    return [point, *(away(point, turn, radius_m) for turn in turns), point]
