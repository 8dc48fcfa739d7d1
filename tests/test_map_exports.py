"""KML, CSV, GeoJSON and the dispatch card say what the map says, and run nobody's names."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from mapped import EMPTY, HOSTILE, ROUTE, SEEN, START, layers, leg, page, stop, town

from core import routemap
from core.direction import Leaving
from core.errors import BadInput
from core.reach import speed_band
from core.route import infer
from core.routemap import Facts
from core.routemap.ways import ways
from core.types import Leg, Path, Recorder, Route, Sighting, Stop, note
from core.workspace import Workspace

KML = {"k": "http://www.opengis.net/kml/2.2"}
HEADS = {key: key for key in ("stop", "camera", "place", "from", "to", "word", "travel")}
FORMULAS = ["=1+1", "+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", " =1", "\t=1", "＝1+1"]


def kml(
    route: Route = ROUTE, names: list[str] | None = None, **more: object
) -> ElementTree.Element:
    return ElementTree.fromstring(routemap.route_kml(route, town(names), **more))


# --- KML


def test_kml_has_every_stop_and_leg_with_its_time() -> None:
    root = kml(last_seen=SEEN, title="2026-0412")
    marks = root.findall(".//k:Placemark", KML)
    named = {m.findtext("k:name", "", KML): m for m in marks}
    assert {"1 · Station exit 1", "2 · 시장 입구", "1 → 2", "A · Park east gate"} <= set(named)
    span = named["2 · 시장 입구"].find("k:TimeSpan", KML)
    assert span is not None
    assert span.findtext("k:begin", "", KML) == "2026-05-01T09:10:20+09:00"
    assert span.findtext("k:end", "", KML) == "2026-05-01T09:10:50+09:00"
    leg_span = named["1 → 2"].find("k:TimeSpan", KML)
    assert leg_span is not None
    assert leg_span.findtext("k:begin", "", KML) == "2026-05-01T09:03:30+09:00"
    assert root.findtext("k:Document/k:name", "", KML) == "2026-0412"


def test_kml_is_longitude_first_in_rings_that_close_counter_clockwise() -> None:
    root = kml(last_seen=SEEN)
    point = root.find(".//k:Placemark/k:Point/k:coordinates", KML)
    assert point is not None
    assert point.text == "126.9780000,37.5700000,0"
    for ring in root.findall(".//k:LinearRing/k:coordinates", KML):
        at = [tuple(map(float, p.split(",")[:2])) for p in (ring.text or "").split()]
        assert at[0] == at[-1]
        pairs = pairwise(at)
        assert sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in pairs) < 0


def test_every_style_of_kml_is_defined_and_legs_differ() -> None:
    root = kml()
    defined = {f"#{style.attrib['id']}" for style in root.findall(".//k:Style", KML)}
    used = {u.text for u in root.findall(".//k:styleUrl", KML)}
    assert used <= defined
    assert {"#leg_confirmed", "#leg_inferred", "#leg_infeasible", "#stop_inferred"} <= used


def test_the_elements_of_a_placemark_stand_in_the_order_of_the_schema() -> None:
    order = ["name", "description", "TimeSpan", "styleUrl", "Point", "LineString", "Polygon"]
    for mark in kml(last_seen=SEEN).findall(".//k:Placemark", KML):
        tags = [order.index(child.tag.rpartition("}")[2]) for child in mark]
        assert tags == sorted(tags)


def test_hostile_names_are_text_in_kml() -> None:
    text = routemap.route_kml(ROUTE, town([*HOSTILE, "\x0b\ufffe\ud800x"]), title=HOSTILE[4])
    root = ElementTree.fromstring(text)
    tags = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert not tags & {"img", "script", "svg"}
    for said in root.findall(".//k:description", KML):  # viewers read it as HTML
        assert not re.search(r"<(?!br>)", said.text or "")


def test_kml_of_a_route_without_stops_is_still_a_document() -> None:
    assert len(kml(EMPTY).findall(".//k:Folder", KML)) == 4


# --- CSV and GeoJSON


def test_csv_has_a_row_for_each_stop_and_opens_as_utf8() -> None:
    text = routemap.stops_csv(routemap.route_rows(ROUTE, town()), HEADS)
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    assert [row["place"] for row in rows][:2] == ["Station exit 1", "시장 입구"]
    assert rows[0]["travel"] == ""


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_of_the_csv_is_a_formula(name: str) -> None:
    text = routemap.stops_csv(routemap.route_rows(ROUTE, town([name])), HEADS)
    for row in csv.reader(io.StringIO(text[1:])):
        assert not any(cell[:1] in tuple("=+-@＝＋－＠") for cell in row)


def test_geojson_keeps_source_place_and_hostile_names_as_data() -> None:
    told = Stop(None, None, START, START, 37.57, 126.98, 0.5, "moderate", source="witness")
    route = Route((told,), (), 0.1)
    data = json.loads(json.dumps(routemap.route_geojson(route, town(HOSTILE), last_seen=SEEN)))
    by = {f["properties"]["kind"]: f["properties"] for f in data["features"]}
    assert (by["stop"]["source"], by["stop"]["radius_m"]) == ("witness", 30.0)
    assert by["last_seen"]["radius_m"] == 120
    names = {f["properties"].get("name") for f in data["features"]}
    assert HOSTILE[4] in names


def test_a_picture_in_a_pop_up_is_inside_the_page() -> None:
    drawn = routemap.route_map(ROUTE, town(), facts=Facts(crops={"c01/k1/1": b"\xff\xd8small"}))
    (first,) = [f["properties"] for f in layers(drawn) if f["properties"].get("stop") == 1]
    assert 'src="data:image/jpeg;base64,/9hzbWFsbA=="' in first["popup"]
    assert 'alt="the person at stop 1"' in first["popup"]


# --- ways


def path(*stops: Stop, p: float) -> Path:
    ids = tuple(s.tracklet_id for s in stops), tuple(s.camera_id for s in stops)
    return Path(*ids, p, stops, tuple(leg() for _ in stops[1:]))


def test_ways_are_named_with_their_chance_in_words() -> None:
    one, two, three = stop("c01", 0), stop("c02", 600), stop("c05", 600)
    route = Route(
        (one, replace(two, unstable=True)), (leg(),), 0.1,
        alternatives=(path(one, two, p=0.6), path(one, three, p=0.21)),
        rival=path(three, p=0.04),
        steady=path(one, p=float("nan")),
    )  # fmt: skip
    found = ways(route)
    assert [way.key for way in found] == ["best", "other2", "rival", "steady"]
    assert [str(way.word) for way in found] == ["likely", "possible", "very unlikely", "None"]
    assert [s.camera_id for s in found[1].route.stops] == ["c01", "c05"]
    rows = routemap.route_rows(found[1].route, town())
    assert [row["camera"] for row in rows] == ["c01", "c05"]
    assert not found[3].route.stops[0].unstable


def test_ways_that_draw_the_same_are_one() -> None:
    one = stop("c01", 0)
    route = Route((one,), (), 0.1, alternatives=(path(one, p=0.5), path(one, p=0.1)))
    assert [way.key for way in ways(route)] == ["best"]
    assert [way.key for way in ways(EMPTY)] == ["best"]


def test_beside_a_route_without_a_stop_no_way_is_offered() -> None:
    one, two = stop("c01", 0), stop("c02", 600)
    route = Route((), (), 0.9, alternatives=(path(one, p=0.02), path(one, two, p=0.01)))
    (only,) = ways(route)
    assert (only.key, only.word) == ("best", None)


def test_inferred_alternatives_can_be_drawn() -> None:
    cameras = {k: replace(c, recorder_id=k) for k, c in town().items()}
    clocks = {k: Recorder(k, 0.0, 2.0, START, "photo") for k in cameras}

    def seen(camera: str, at: float, evidence: float) -> Sighting:
        return Sighting("cctv", START + at, START + at + 20, camera, f"{camera}/k/1",
                        evidence=evidence)  # fmt: skip

    told = Sighting("witness", START + 900, START + 900, lat=37.5716, lon=126.988, radius_m=50,
                    sigma_s=60, verdict="confirmed")  # fmt: skip
    route = infer([seen("c01", 0, 2), seen("c02", 400, 1.2), seen("c05", 420, 1), told],
                  cameras, clocks)  # fmt: skip
    for one in route.alternatives:
        assert len(one.stops) == len(one.tracklet_id) == len(one.legs) + 1
    last = route.stops[-1]
    assert (last.source, last.radius_m, last.sigma_s) == ("witness", 50, 60)
    found = ways(route)
    assert len(found) >= 2
    assert all(routemap.map_html(routemap.route_map(way.route, cameras)) for way in found)


# --- vehicle legs, last direction, told stops on the map


def test_a_leg_by_vehicle_is_marked_where_it_was_boarded_and_left() -> None:
    ride = Leg(100, 300, 700, True, True, note("only by vehicle"))
    text = page(replace(ROUTE, legs=(ride, *ROUTE.legs[1:])))
    for word in ("probably got on a vehicle", "probably got off a vehicle", "ds-ride"):
        assert word in text
    assert "ds-ride" not in page().split("</style>")[-1]


def test_the_last_direction_is_drawn_only_when_it_is_known() -> None:
    known = Facts(leaving=("c04/k1/1", Leaving("right", 100.0)))
    assert "last going east" in page(facts=known)
    unknown = Facts(leaving=("c04/k1/1", Leaving("right", None, note("not known"))))
    assert "last going" not in page(facts=unknown)


def test_cameras_say_in_form_and_word_whether_they_were_searched() -> None:
    text = page(facts=Facts(states={"c05": "not_searched", "c06": "partly", "c01": "searched"}))
    for word in ("camera, not searched yet", "camera, searched in part"):
        assert word in text


# --- the dispatch card


@pytest.fixture
def red(tiny_workspace, red_box) -> tuple[Workspace, str]:
    ws = Workspace.open(tiny_workspace)
    case = ws.new_case(HOSTILE[4], reason="test", attributes={"upper_color": "red"}, by="kim")
    ws.draw_box(case, *red_box, by="kim")
    yield ws, case
    ws.close()


def test_the_card_is_of_the_last_confirmed_stop_and_names_the_lead_after_it(red) -> None:
    ws, case = red
    story = routemap.tell(ws, case, ws.route(case))
    card = routemap.dispatch_card(ws, story)
    text = routemap.card_text(card)
    assert card.stop.confirmed
    assert card.crop is not None
    assert "Last place: 카메라 1 (37.56650, 126.97800)" in text
    assert "upper color: red" in text
    assert "Later lead: 2 · 카메라 2" in text
    assert "towards the right of the picture" in text  # red walks to the right in c1
    assert "it is not known which way the camera looks" in text


def test_the_card_as_a_page_runs_nothing_and_fetches_nothing(red) -> None:
    ws, case = red
    html = routemap.card_html(routemap.dispatch_card(ws, routemap.tell(ws, case, ws.route(case))))
    assert not re.search(r"<script|<link|<img src=x|https?://", html)
    assert "&lt;img src=x" in html
    assert "data:image/jpeg;base64," in html


def test_with_a_heading_the_card_gives_a_compass_direction(red) -> None:
    ws, case = red
    ws.add_camera(replace(ws.cameras()["c1"], heading_deg=0.0), by="kim")
    story = routemap.tell(ws, case, ws.route(case), now_s=START + 7300)
    card = routemap.dispatch_card(ws, story)
    assert "east (towards the right of the picture)" in routemap.card_text(card)
    assert "this was 2 h ago" in routemap.card_text(card)


def test_a_told_stop_takes_picture_and_direction_from_the_camera_before(red) -> None:
    ws, case = red
    end = ws.route(case).stops[-1].leave_s
    tap = Sighting("card", end + 900, end + 900, lat=37.567, lon=126.983, verdict="confirmed")
    ws.casebook.add_sighting(case, tap, by="kim")
    text = routemap.card_text(routemap.dispatch_card(ws, routemap.tell(ws, case, ws.route(case))))
    assert "Last place: card tap · 37.5670, 126.9830" in text
    assert "Picture and direction from" in text
    assert "told, not seen in footage" in text


def test_without_a_stop_there_is_no_card(red) -> None:
    ws, case = red
    story = replace(routemap.tell(ws, case, ws.route(case)), route=EMPTY)
    with pytest.raises(BadInput, match="confirm a sighting first"):
        routemap.dispatch_card(ws, story)


def test_the_story_knows_crops_states_and_the_pace(red) -> None:
    ws, case = red
    story = routemap.tell(ws, case, ws.route(case))
    stops = story.route.stops
    assert {s.tracklet_id for s in stops} <= set(story.facts.crops)
    assert all(len(crop) < 12_000 for crop in story.facts.crops.values())
    assert set(story.facts.states) == {"c1", "c2"}
    assert set(story.facts.states.values()) <= {"searched", "partly"}
    idle = replace(ws.cameras()["c2"], id="c3", recorder_id="c3")
    ws.add_camera(idle, by="kim")
    assert routemap.tell(ws, case, ws.route(case)).facts.states["c3"] == "not_searched"
    old = ws.new_case("old", reason="test", attributes={"age": "elderly"}, by="kim")
    unsure = ws.new_case("unsure", reason="test", attributes={"age": "elderly?"}, by="kim")
    bands = [speed_band(ws.case(case)) for case in (old, unsure)]
    assert bands == ["60-79", "unknown"]
