"""The map of the camera page: what each camera sees, marks that carry its id, names as text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.geometry import haversine_m
from core.routemap import camera_map, chosen_place, view_geometry
from core.types import Camera

HERE = (37.5665, 126.978)
EVIL = "<img src=x onerror=alert(1)>`${alert(2)}{{3}}</script><script>alert(4)</script>"


def ring(heading_deg: float | None, range_m: float = 50.0):
    """(lat, lon) arrays of what a camera here sees."""
    (line,) = view_geometry(HERE, heading_deg, range_m)["coordinates"]
    assert line[0] == line[-1]  # closed, as GeoJSON wants it
    lon, lat = np.array(line).T
    return lat, lon


def test_without_heading_a_camera_sees_a_circle():
    lat, lon = ring(None)
    assert haversine_m(*HERE, lat, lon) == pytest.approx(np.full(len(lat), 50), rel=0.01)


@pytest.mark.parametrize(("heading", "north", "east"), [(0, 1, 0), (90, 0, 1), (200, -1, -1)])
def test_a_cone_begins_at_the_camera_and_looks_where_it_looks(heading, north, east):
    lat, lon = ring(heading)
    apart = haversine_m(*HERE, lat, lon)
    assert apart[0] == pytest.approx(0, abs=0.01)
    assert apart[1:-1] == pytest.approx(np.full(len(lat) - 2, 50), rel=0.01)
    middle = (lat[1:-1].mean() - HERE[0], lon[1:-1].mean() - HERE[1])
    assert [np.sign(round(d * 1e5)) for d in middle] == [
        np.sign(round(math.cos(math.radians(heading)), 3)) if north else 0,
        np.sign(round(math.sin(math.radians(heading)), 3)) if east else 0,
    ]


def test_marks_carry_the_id_and_names_run_nowhere():
    cameras = {
        "c1": Camera("c1", EVIL, "c1", *HERE, 90.0),
        "c2": Camera("c2", "no place", "c2"),
    }
    page = camera_map(cameras).get_root().render()
    assert '"camera": "c1"' in page
    assert '"camera": "c2"' not in page
    assert "<img src" not in page
    assert "onerror=alert" in page  # there, as text
    assert "${alert" not in page
    assert page.count("<script>alert") == 0
    assert "https://" not in page.replace("https://leafletjs.com", "")


@pytest.mark.parametrize("center", [None, HERE])
def test_without_a_place_the_map_says_what_to_do(center):
    page = camera_map({"c2": Camera("c2", "x", "c2")}, center=center).get_root().render()
    assert ("Click on the map to give a camera its place." in page) == (center is None)


def test_the_place_being_chosen_is_a_group_of_its_own():
    assert not chosen_place(None, None, 30.0)._children
    group = chosen_place(HERE, 45.0, 30.0)
    (layer,) = group._children.values()
    kinds = [feature["geometry"]["type"] for feature in layer.data["features"]]
    assert kinds == ["Polygon", "Point"]
    assert layer.options["interactive"] is False  # clicks go through to the map
