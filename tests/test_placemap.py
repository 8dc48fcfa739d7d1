"""The map on which a place is clicked: cameras as text, nothing in the way of a click."""

from __future__ import annotations

import re

from core.routemap import place_map, place_mark
from core.types import Camera, LastSeen


def test_the_map_for_choosing_a_place_shows_cameras_and_lets_clicks_through() -> None:
    evil = "`${alert(1)}` <script>window.pwned=1</script> {{7*7}}"
    cameras = {"c1": Camera("c1", evil, "c1", 37.5, 127.0), "c2": Camera("c2", "", "c2")}
    drawn = place_map(cameras)
    html = drawn.get_root().render()
    assert not re.search(r"window\.pwned=1</script>|`\$\{alert", html)
    assert "{{" not in html
    assert "Click where the person was last seen" in html
    assert '"popup": ""' in html  # nothing that would take the click for itself
    assert "cdn" not in html
    seen = LastSeen(0.0, 0.0, 37.5, 127.0, 250.0)
    timed, bare = (_features(place_mark(seen, timed=timed)) for timed in (True, False))
    assert [f["properties"].get("radius_m") for f in bare] == [250.0, None]
    assert "09:00" in str(timed)  # the beginning of Unix time, in Korea
    assert "09:00" not in str(bare)  # a time that nobody gave is not shown
    assert list(place_mark(None)._children) == []


def _features(layer) -> list[dict]:
    (child,) = layer._children.values()
    return child.data["features"]
