"""The map on which a place is clicked: of a camera, or of where somebody was last seen."""

from __future__ import annotations

import json
import math
import re
import sys

import numpy as np
import pytest

from core.geometry import haversine_m
from core.routemap import Ground, camera_mark, ground_here, import_base, place_map, seen_mark
from core.types import Camera, LastSeen

ground_module = sys.modules["core.routemap.ground"]  # the package has a function of that name

HERE = (37.5665, 126.978)
SEEN = LastSeen(0.0, 0.0, *HERE, 250.0)
EVIL = "<img src=x onerror=alert(1)>`${alert(2)}{{3}}</script><script>alert(4)</script>"
CAMERAS = {"c1": Camera("c1", EVIL, "c1", *HERE, 90.0), "c2": Camera("c2", "no place", "c2")}
NOWHERE = {"c2": Camera("c2", "x", "c2")}


def page(cameras, sought, **given) -> str:
    return place_map(cameras, sought, **given).get_root().render()


def features(group) -> list[dict]:
    (layer,) = group._children.values()
    return layer.data["features"]


def cone(heading_deg: float, range_m: float = 50.0):
    """(lat, lon) arrays of what a camera here sees."""
    (line,) = features(camera_mark(HERE, heading_deg, range_m))[0]["geometry"]["coordinates"]
    assert line[0] == line[-1]  # closed, as GeoJSON wants it
    lon, lat = np.array(line).T
    return lat, lon


@pytest.mark.parametrize("sought", ["camera", "last_seen"])
def test_names_run_nowhere_and_nothing_comes_from_elsewhere(sought):
    drawn = page(CAMERAS, sought)
    assert "<img src" not in drawn
    assert "onerror=alert" in drawn  # there, as text
    assert "${alert" not in drawn
    assert "{{" not in drawn
    assert drawn.count("<script>alert") == 0
    assert "https://" not in drawn.replace("https://leafletjs.com", "")


def test_a_mark_can_choose_its_camera_and_what_a_camera_sees_lets_a_click_through():
    drawn = place_map(CAMERAS, "camera")
    html = drawn.get_root().render()
    assert '"camera": "c1"' in html
    assert '"camera": "c2"' not in html
    assert "camera and what it sees" in html
    layers = [one for one in drawn._children.values() if hasattr(one, "data")]
    (views,) = [one for one in layers if one.data["features"][0]["geometry"]["type"] == "Polygon"]
    (marks,) = [one for one in layers if one.data["features"][0]["properties"].get("popup")]
    assert views.options["interactive"] is False
    assert marks.options["interactive"] is True


def test_where_last_seen_is_clicked_nothing_is_in_the_way():
    html = page(CAMERAS, "last_seen")
    assert '"popup": ""' in html
    assert not re.search(r'"popup": "[^"]', html)


@pytest.mark.parametrize(
    ("sought", "cameras", "seen", "hint"),
    [
        ("camera", NOWHERE, None, True),
        ("camera", NOWHERE, SEEN, False),
        ("camera", CAMERAS, None, False),
        ("last_seen", CAMERAS, None, True),
        ("last_seen", CAMERAS, SEEN, False),
    ],
)
def test_the_map_says_what_to_do_while_there_is_no_place(sought, cameras, seen, hint):
    words = "Click where" if sought == "last_seen" else "Click on the map to give a camera"
    assert (words in page(cameras, sought, seen=seen)) == hint


def test_where_last_seen_is_a_layer_of_its_own_and_a_time_nobody_gave_is_not_shown():
    timed, bare = (features(seen_mark(SEEN, timed=timed)) for timed in (True, False))
    assert [one["properties"].get("radius_m") for one in bare] == [250.0, None]
    assert "09:00" in str(timed)  # the beginning of Unix time, in Korea
    assert "09:00" not in str(bare)
    assert list(seen_mark(None)._children) == []


def test_the_place_of_a_camera_is_a_layer_of_its_own():
    assert not camera_mark(None, None, 30.0)._children
    group = camera_mark(HERE, 45.0, 30.0)
    assert [one["geometry"]["type"] for one in features(group)] == ["Polygon", "Point"]
    (layer,) = group._children.values()
    assert layer.options["interactive"] is False  # clicks go through to the map


def streets(name: str = "동선로") -> dict:
    lat, lon = HERE
    line = {"type": "LineString", "coordinates": [[lon - 0.002, lat], [lon + 0.002, lat]]}
    far = {"type": "LineString", "coordinates": [[lon + 1, lat], [lon + 1.01, lat]]}
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"highway": "primary", "name": name}, "geometry": line},
        {"type": "Feature", "properties": {"highway": "primary", "name": "먼길"}, "geometry": far},
    ]}  # fmt: skip


@pytest.mark.parametrize("sought", ["camera", "last_seen"])
def test_a_place_is_clicked_on_the_streets_that_were_imported(tmp_path, sought):
    import_base(tmp_path, json.dumps(streets(EVIL)).encode())
    here = ground_here(tmp_path, CAMERAS.values())
    assert [f["properties"]["kind"] for f in here.base["features"]] == ["main_road"]  # not the far
    drawn = place_map(CAMERAS, sought, ground=here)
    layers = [one for one in drawn._children.values() if hasattr(one, "data")]
    below = layers[0]
    assert below.options["interactive"] is False  # a click goes through it
    kinds = {one["geometry"]["type"] for one in below.data["features"]}
    assert kinds == {"MultiLineString", "Point"}  # streets and their names
    html = drawn.get_root().render()
    assert "<img src" not in html
    assert "${alert" not in html


def test_without_any_place_a_small_base_map_is_shown_whole(tmp_path, monkeypatch):
    assert ground_here(tmp_path, []) == Ground()
    import_base(tmp_path, json.dumps(streets()).encode())
    here = ground_here(tmp_path, NOWHERE.values())
    assert len(here.base["features"]) == 2
    html = page(NOWHERE, "camera", ground=here)
    assert "127.978" in html  # the view reaches the far street
    around = ground_here(tmp_path, [], SEEN)
    assert len(around.base["features"]) == 1
    monkeypatch.setattr(ground_module, "MOST_DRAWN", 10)
    assert ground_here(tmp_path, []).base is None


def test_without_heading_a_camera_sees_a_circle():
    view, _pin = features(camera_mark(HERE, None, 50.0))
    assert view["properties"]["radius_m"] == 50.0
    assert view["geometry"]["type"] == "Point"


@pytest.mark.parametrize(("heading", "north", "east"), [(0, 1, 0), (90, 0, 1), (200, -1, -1)])
def test_a_cone_begins_at_the_camera_and_looks_where_it_looks(heading, north, east):
    lat, lon = cone(heading)
    apart = haversine_m(*HERE, lat, lon)
    assert apart[0] == pytest.approx(0, abs=0.01)
    assert apart[1:-1] == pytest.approx(np.full(len(lat) - 2, 50), rel=0.01)
    middle = (lat[1:-1].mean() - HERE[0], lon[1:-1].mean() - HERE[1])
    assert [np.sign(round(d * 1e5)) for d in middle] == [
        np.sign(round(math.cos(math.radians(heading)), 3)) if north else 0,
        np.sign(round(math.sin(math.radians(heading)), 3)) if east else 0,
    ]
