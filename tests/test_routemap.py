"""The route map says what the route says, needs nobody else's server, and runs nobody's names."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
import tomllib
from pathlib import Path as FilePath
from typing import Any
from xml.etree import ElementTree

import folium
import pytest
import streamlit_folium
from hypothesis import given
from hypothesis import strategies as st
from mapped import EMPTY, HOSTILE, ROUTE, SEEN, START, TOWN, layers, leg, page, stop, town

from core import routemap
from core.errors import BadInput
from core.routemap import vendor
from core.routemap.basemap import base_lines, grid
from core.routemap.scene import METERS_PER_DEGREE, bounds, span
from core.types import Camera, Leg, Route, Sighting, note, parse_time

FOLDER = vendor.FOLDER


# --- the shipped scripts


def test_every_vendored_file_is_recorded_with_its_hash_and_licence() -> None:
    rows = {
        row["path"]: row
        for row in tomllib.loads((FOLDER / "VENDOR.toml").read_text(encoding="utf-8"))["file"]
    }
    there = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if p.is_file()}
    assert there - {"README.md", "VENDOR.toml"} == set(rows)
    for path, row in rows.items():
        data = (FOLDER / path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["sha256"], path
        assert len(data) == row["bytes"], path
        assert row["licence_file"] in rows, path
        assert row["licence"] in ("BSD-2-Clause", "MIT"), path


def test_the_self_check_is_silent_about_sound_files_and_names_a_damaged_one(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert routemap.problems() == ()
    copy = tmp_path / "vendor"
    shutil.copytree(FOLDER, copy)
    (copy / "leaflet" / "leaflet.css").write_text("")
    (copy / "jquery" / "jquery.min.js").unlink()
    monkeypatch.setattr(vendor, "FOLDER", copy)
    said = " ".join(map(str, routemap.problems()))
    assert "leaflet/leaflet.css is damaged" in said
    assert "jquery/jquery.min.js is missing" in said


def test_every_folium_map_loads_its_scripts_from_the_app_alone() -> None:
    drawn = routemap.route_map(ROUTE, town(), last_seen=SEEN)
    for made in (folium.Map(tiles=None), drawn):
        links = [url for _, url in (*made.default_js, *made.default_css)]
        assert links
        assert all(url.startswith("/app/static/vendor/") for url in links)
        for url in links:
            assert (FOLDER / url.removeprefix("/app/static/vendor/")).is_file()
    assert not outside(drawn.get_root().render())


def test_a_base_path_goes_before_every_link() -> None:
    scripts, styles = vendor.links("/dongseon/")
    assert {url.split("/app/")[0] for _, url in scripts + styles} == {"/dongseon"}


def outside(text: str) -> set[str]:
    """Hosts named in a text, other than XML namespaces and the authors' own sites."""
    hosts = set(re.findall(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", text))
    return hosts - {"www.w3.org", "leafletjs.com", "bugzilla.mozilla.org"}


def test_the_exported_page_names_no_other_host_and_loads_nothing() -> None:
    html = page(last_seen=SEEN, assets="inline")
    assert not outside(html)
    assert not re.search(r"<script[^>]+src=|<link\b|@import|sourceMappingURL", html)
    assert set(re.findall(r"url\((.{5})", html)) <= {"data:", "#defa"}


def anonymous(html: str) -> str:
    """A page without the names folium makes up for each map, and what follows from them."""
    return re.sub(r"sha256-[^']+|[0-9a-f]{32}", "", html)


def test_the_same_page_comes_from_an_app_map_and_an_inline_map() -> None:
    assert anonymous(page(assets="app")) == anonymous(page(assets="inline"))


def test_a_map_can_be_exported_before_and_after_the_app_has_shown_it() -> None:
    drawn = routemap.route_map(ROUTE, town())
    before = anonymous(routemap.map_html(drawn))
    assert drawn.default_js
    shown = streamlit_folium.generate_leaflet_string(drawn)  # renames every part of the map
    assert "ds-stop" in shown
    assert anonymous(routemap.map_html(drawn)) == before


# --- what the map says


def test_stops_are_numbered_in_order_and_carry_their_camera() -> None:
    marks = [f["properties"] for f in layers(routemap.route_map(ROUTE, town()))]
    stops = [p for p in marks if "stop" in p]
    assert [(p["stop"], p["camera"]) for p in stops] == [
        (1, "c01"),
        (2, "c02"),
        (3, "c03"),
        (4, "c04"),
    ]
    assert {p["camera"] for p in marks if "camera" in p} == set(TOWN)


def test_legs_differ_in_form_colour_and_words() -> None:
    drawn = layers(routemap.route_map(ROUTE, town()))
    legs = {p["leg"]: p for f in drawn if "leg" in (p := f["properties"])}
    assert [legs[k]["status"] for k in (1, 2, 3)] == ["confirmed", "inferred", "infeasible"]
    dashes = [legs[k]["style"].get("dashArray") for k in (1, 2, 3)]
    assert dashes[0] is None
    assert len(set(dashes)) == 3
    assert legs[3]["style"]["color"] != legs[2]["style"]["color"]
    assert "needs 5.9 m/s" in legs[3]["popup"]
    assert any("not possible in this time" in f["properties"].get("html", "") for f in drawn)


def test_two_visits_to_one_camera_share_a_mark() -> None:
    route = Route(
        stops=(stop("c01", 0), stop("c02", 600), stop("c01", 1200)), legs=(leg(), leg()), p_never=0
    )
    marks = [f["properties"] for f in layers(routemap.route_map(route, town()))]
    shown = [re.sub(r"<[^>]+>", "", p["html"]) for p in marks if "stop" in p]
    assert shown == ["1·3", "2"]


def test_next_cameras_get_letters_in_order() -> None:
    marks = [f["properties"] for f in layers(routemap.route_map(ROUTE, town()))]
    assert [(p["next"], p["camera"]) for p in marks if "next" in p] == [("A", "c06"), ("B", "c05")]


def test_rejected_candidates_are_not_shown_and_open_ones_are_counted() -> None:
    def seen(verdict: Any, camera: str = "c05") -> Sighting:
        return Sighting("cctv", START, START + 5, camera, f"{camera}/k/1", verdict=verdict)

    witness = Sighting("witness", START, START, lat=37.5725, lon=126.9862)
    drawn = routemap.route_map(
        EMPTY, town(), candidates=(seen(None), seen("possible"), seen("rejected"), witness)
    )
    text = json.dumps(layers(drawn))
    assert "candidates to review: 2" in text
    assert "witness" in text


def test_a_camera_without_a_position_leaves_the_rest_of_the_map() -> None:
    cameras = {**town(), "c02": Camera("c02", "no place", "r1")}
    drawn = layers(routemap.route_map(ROUTE, cameras))
    assert [p["stop"] for f in drawn if "stop" in (p := f["properties"])] == [1, 3, 4]
    assert [p["leg"] for f in drawn if "leg" in (p := f["properties"])] == [3]
    assert routemap.route_rows(ROUTE, cameras)[1]["place"] == "no place"


@pytest.mark.parametrize(
    ("route", "cameras", "sentence"),
    [
        (EMPTY, town(), "nobody is sure enough to be drawn"),
        (EMPTY, {}, "no camera has a position"),
        (ROUTE, {"c01": Camera("c01", "x", "r1")}, "no camera has a position"),
    ],
)
def test_a_map_with_nothing_to_show_says_so(
    route: Route, cameras: dict[str, Camera], sentence: str
) -> None:
    assert sentence in page(route, cameras)


def test_words_go_through_the_translation() -> None:
    html = page(translate=lambda n: f"말[{n}]", last_seen=SEEN)
    for word in ("confirmed", "moderate", "last seen", "ask next", "Legend", "The same route"):
        assert f"[{word}" in html


def test_an_unknown_time_zone_or_base_is_refused_with_a_sentence() -> None:
    with pytest.raises(BadInput, match="time zone"):
        page(tz="Mars/Olympus")
    with pytest.raises(BadInput, match="assets"):
        page(assets="cdn")
    for wrong in (
        {"type": "Topology"},
        {"type": "LineString", "coordinates": [["<", 1], [2, 3]]},
        {"type": "LineString", "coordinates": [[200_000.0, 550_000.0], [200_001.0, 550_001.0]]},
        {"type": "LineString", "coordinates": [[math.nan, 1], [2, 3]]},
        {"type": "FeatureCollection", "features": [3]},
    ):
        with pytest.raises(BadInput, match="base map"):
            page(base=wrong)


def test_a_base_map_keeps_its_geometry_and_none_of_its_words() -> None:
    base = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": HOSTILE[4], "kind": "main_road"},
                "geometry": {
                    "type": "LineString",
                    "coordinates": [[126.97, 37.57], [126.99, 37.58]],
                },
            },
            {
                "type": "Feature",
                "properties": {"kind": HOSTILE[3]},
                "geometry": {
                    "type": "MultiPolygon",
                    "coordinates": [[[[126.97, 37.57], [126.98, 37.57], [126.98, 37.58]]]],
                },
            },
        ],
    }
    assert [(kind, closed) for kind, closed, _ in base_lines(base)] == [
        ("area", True),
        ("main_road", False),
    ]
    html = page(base=base)
    assert "pwned" not in html


def test_the_grid_is_metric_round_and_covers_the_view() -> None:
    corners = bounds([(37.57, 126.978), (37.575, 126.989)])
    assert corners is not None
    step, mesh = grid(corners)
    assert step == 200
    gap_m = (mesh[1][0][0] - mesh[0][0][0]) * METERS_PER_DEGREE
    assert gap_m == pytest.approx(step)
    lats = [line[0][0] for line in mesh[: len(mesh) // 2]]
    assert min(lats) < corners[0][0] < corners[1][0] < max(lats)


# --- the twins


def test_rows_say_stop_place_time_word_and_travel() -> None:
    rows = routemap.route_rows(ROUTE, town())
    assert [row["stop"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["from"] == "2026-05-01 09:03:00"
    assert rows[0]["travel"] is None
    assert [row["word"] for row in rows] == [
        "confirmed",
        "confirmed",
        "moderate",
        "weak · unstable",
    ]
    assert rows[1]["travel"] == "4 to 8 min, 345 m, both ends confirmed: walkable in this time"
    assert str(rows[3]["travel"]).endswith("not possible in this time: needs 5.9 m/s")
    assert all(row.keys() == rows[0].keys() for row in rows)
    assert routemap.route_rows(ROUTE, town(), "UTC")[0]["from"] == "2026-05-01 00:03:00"


def test_rows_of_next_cameras_follow_the_letters() -> None:
    rows = routemap.ask_rows(ROUTE, town())
    assert [(row["letter"], row["camera"]) for row in rows] == [("A", "c06"), ("B", "c05")]
    assert rows[0]["deadline"] == "2026-05-02 09:00"
    assert rows[1]["deadline"] is None


def test_the_page_holds_every_row_of_the_tables() -> None:
    html = page()
    for row in (*routemap.route_rows(ROUTE, town()), *routemap.ask_rows(ROUTE, town())):
        for value in row.values():
            if isinstance(value, str):
                assert f"<td>{value}</td>" in html


def test_geojson_is_longitude_first_and_has_null_for_missing() -> None:
    unknown = Leg(math.nan, math.inf, math.nan, True, False, note("clock not checked"))
    route = Route(
        stops=(stop("c01", 0, probability=math.nan), stop("c02", 600)), legs=(unknown,), p_never=0
    )
    data = json.loads(json.dumps(routemap.route_geojson(route, town()), allow_nan=False))
    by = {kind: [f for f in data["features"] if f["properties"]["kind"] == kind] for kind in
          ("camera", "stop", "leg", "next")}  # fmt: skip
    assert [len(by[k]) for k in ("camera", "stop", "leg", "next")] == [6, 2, 1, 0]
    assert by["stop"][0]["geometry"] == {"type": "Point", "coordinates": [126.978, 37.57]}
    assert by["stop"][0]["properties"]["probability"] is None
    assert by["stop"][0]["properties"]["enter"] == "2026-05-01T09:00:00+09:00"
    assert by["leg"][0]["properties"]["low_s"] is None
    assert by["leg"][0]["properties"]["status"] == "inferred"


def test_the_still_picture_shows_every_stop_and_speaks() -> None:
    svg = ElementTree.fromstring(routemap.route_svg(ROUTE, town(), last_seen=SEEN))
    texts = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"1", "2", "3", "4", "A", "B", "✕", "last seen"} <= set(texts)
    assert "4 stops" in svg.attrib["aria-label"]
    assert "시장 입구" in svg.attrib["aria-label"]


def test_times_over_midnight_say_the_day() -> None:
    zone = routemap.scene.clock("Asia/Seoul")
    late = parse_time("2026-05-01T23:58:00+09:00")
    assert span(late, late + 20, zone) == "23:58"
    assert span(late, late + 300, zone) == "23:58\u201300:03 +1"


# --- names are other people's text


@pytest.mark.parametrize("text", HOSTILE)
def test_safe_text_leaves_nothing_that_html_script_or_jinja_could_take_up(text: str) -> None:
    safe = routemap.safe_text(text)
    assert not set(safe) & set("`\\<>\"'{}\n\r\u2028\u2029\u202e\x00")
    assert "${" not in safe


@given(st.text(max_size=200))
def test_safe_text_is_inert_and_one_line_for_any_text(text: str) -> None:
    safe = routemap.safe_text(text)
    assert not set(safe) & set("`\\<>\"'{}")
    assert len(safe.splitlines()) <= 1
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;|#x27;|#123;|#125;)", safe)


@given(st.text("가힣abc XYZ019-·()", max_size=60))
def test_safe_text_leaves_honest_names_alone(text: str) -> None:
    assert routemap.safe_text(text) == " ".join(text.split())


def test_hostile_names_never_reach_a_script_or_a_tag() -> None:
    html = page(cameras=town(HOSTILE), last_seen=SEEN, translate=lambda n: f"{n}{HOSTILE[4]}")
    assert "49" not in re.findall(r"<td>([^<]*)</td>", html)
    assert not re.search(r"<img\b|<svg[^>]+onload|window\.pwned=1</script>", html)
    for script in re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL):
        assert "{window.pwned" not in script
    assert html.count("<script>") == html.count("</script>") == 5


def test_hostile_names_leave_the_still_picture_well_formed() -> None:
    svg = ElementTree.fromstring(routemap.route_svg(ROUTE, town(HOSTILE)))
    names = {e.tag.rpartition("}")[2] for e in svg.iter()}
    assert names <= {"svg", "title", "style", "rect", "path", "circle", "text"}


def test_our_own_script_and_style_survive_branca_reading_them_as_a_template() -> None:
    for name in ("route.js", "route.css"):
        text = (FilePath(routemap.__file__).parent / name).read_text(encoding="utf-8")
        assert not re.search(r"\{\{|\{%|\{#|`|\$\{", text), name
