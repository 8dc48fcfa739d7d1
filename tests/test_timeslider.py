"""The time slider: what it is told, and what a browser shows at each moment."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import pytest
from mapped import EMPTY, HOSTILE, ROUTE, SEEN, START, layers, leg, open_map, page, stop, town

from core import routemap
from core.route import KAPPA, pace_of
from core.routemap import Facts
from core.routemap.timeline import end_s, timeline
from core.types import Leg, Route, note

FOOT = Facts(pace=pace_of("dementia"))


def test_the_slider_runs_from_last_seen_to_a_while_after_the_end() -> None:
    told = timeline(ROUTE, town(), SEEN, FOOT, "Asia/Seoul")
    assert told is not None
    last = ROUTE.stops[-1].leave_s
    assert told["from"] == SEEN.from_s
    assert 300 <= told["to"] - last <= 1800
    assert told["stops"][0] == [START + 180, START + 210]
    json.dumps(told, allow_nan=False)


def test_a_fresh_trail_is_followed_until_now_and_an_old_one_is_not() -> None:
    last = ROUTE.stops[-1].leave_s
    assert end_s(ROUTE, last + 3600) == last + 3600
    assert end_s(ROUTE, last + 10 * 86400) == end_s(ROUTE, None)
    assert end_s(ROUTE, last - 60) == end_s(ROUTE, None)


def test_reach_is_the_speed_of_the_person() -> None:
    told = timeline(ROUTE, town(), None, FOOT, "Asia/Seoul")
    assert told is not None
    assert told["after"]["speeds"] == pytest.approx((0.85 / KAPPA, 2.5))
    assert [leg["feasible"] for leg in told["legs"]] == [True, True, False]
    ride = replace(ROUTE, legs=(Leg(1, 2, 700, True, True, note("x")), *ROUTE.legs[1:]))
    moved = timeline(ride, town(), None, FOOT, "Asia/Seoul")
    assert moved is not None
    assert moved["legs"][0]["speeds"][1] == 15.0


def test_one_recorder_has_one_clock() -> None:
    shaky = tuple(replace(s, sigma_s=60.0) for s in ROUTE.stops)
    told = timeline(replace(ROUTE, stops=shaky), town(), None, FOOT, "UTC")
    assert told is not None
    assert told["legs"][0]["slack"] == pytest.approx(10)  # town() hangs on one recorder
    apart = {k: replace(c, recorder_id=k) for k, c in town().items()}
    told = timeline(replace(ROUTE, stops=shaky), apart, None, FOOT, "UTC")
    assert told is not None
    assert told["legs"][0]["slack"] > 160


def test_there_is_no_slider_without_a_place() -> None:
    assert timeline(EMPTY, town(), SEEN, FOOT, "UTC") is None
    assert timeline(ROUTE, {}, SEEN, FOOT, "UTC") is None
    assert "ds-slider" not in json.dumps(layers(routemap.route_map(EMPTY, town())))


def test_everything_of_the_route_says_from_when_it_is_there() -> None:
    drawn = [f["properties"] for f in layers(routemap.route_map(ROUTE, town(), last_seen=SEEN))]
    stops = {p["stop"]: p["at"] for p in drawn if "stop" in p}
    assert stops == {n: [s.enter_s] for n, s in enumerate(ROUTE.stops, start=1)}
    legs = {p["leg"]: p["at"] for p in drawn if "leg" in p}
    assert legs[1] == [START + 210, START + 620]
    assert all(p["at"] == [ROUTE.stops[-1].leave_s] for p in drawn if "next" in p)


# --- in a browser


def slide(visit: Any, at_s: float) -> None:
    visit.page.locator(".ds-slider").evaluate(
        "(e, t) => { e.value = t; e.dispatchEvent(new Event('input', {bubbles: true})); }", at_s
    )


def shown(visit: Any, selector: str) -> int:
    return sum(e.is_visible() for e in visit.page.locator(selector).all())


def test_dragging_the_slider_makes_stops_appear(browser: Any, tmp_path: FilePath) -> None:
    visit = open_map(browser, tmp_path, page(last_seen=SEEN))
    visit.page.wait_for_selector(".ds-stop")
    assert shown(visit, ".ds-stop") == 4
    slider = visit.page.locator(".ds-slider")
    box = slider.bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2, steps=6)
    assert shown(visit, ".ds-stop") == 0
    assert "before the first stop" in visit.page.locator(".ds-said").inner_text()
    seen = [0]
    for share in (0.4, 0.62, 0.8, 0.98):
        x = box["x"] + box["width"] * share
        visit.page.mouse.move(x, box["y"] + box["height"] / 2, steps=4)
        seen.append(shown(visit, ".ds-stop"))
    visit.page.mouse.up()
    assert seen == sorted(seen)
    assert seen[-1] == 4
    assert len(set(seen)) >= 4
    assert len(visit.asked) == 1
    assert not visit.complaints


def test_between_two_stops_the_area_within_reach_is_shaded(browser: Any, tmp_path) -> None:
    visit = open_map(browser, tmp_path, page(last_seen=SEEN))
    visit.page.wait_for_selector(".ds-stop")
    slide(visit, START + 400)
    said = visit.page.locator(".ds-said").inner_text()
    assert said.startswith("between stop 1 and 2")
    assert visit.count("path.ds-reach") >= 1
    assert visit.count("path.ds-doing") >= 1
    assert visit.page.locator(".ds-clock").inner_text() == "09:06:40"
    assert visit.page.locator(".ds-slider").get_attribute("aria-valuetext").startswith("09:06:40")
    slide(visit, START + 1060)
    assert "not possible in this time" in visit.page.locator(".ds-said").inner_text()
    assert visit.count("path.ds-reach") == 0
    slide(visit, ROUTE.stops[-1].leave_s + 120)
    assert re.search(
        r"2 min after .* usual pace \d+ m", visit.page.locator(".ds-said").inner_text()
    )


def test_a_second_visit_adds_its_number_when_it_comes(browser: Any, tmp_path: FilePath) -> None:
    route = Route((stop("c01", 0), stop("c02", 600), stop("c01", 1200)), (leg(), leg()), 0.0)
    visit = open_map(browser, tmp_path, page(route))
    visit.page.wait_for_selector(".ds-stop")
    numbers = visit.page.locator(".ds-stop")
    assert [e.inner_text() for e in numbers.all()] == ["1·3", "2"]
    slide(visit, START + 700)
    assert [e.inner_text() for e in numbers.all()] == ["1", "2"]


def test_keys_move_the_slider_and_not_the_map(browser: Any, tmp_path: FilePath) -> None:
    visit = open_map(browser, tmp_path, page(last_seen=SEEN))
    visit.page.wait_for_selector(".ds-stop")
    pane = visit.page.locator(".leaflet-map-pane")
    before = pane.get_attribute("style")
    visit.page.locator(".ds-slider").focus()
    visit.page.keyboard.press("Home")
    assert shown(visit, ".ds-stop") == 0
    for _ in range(3):
        visit.page.keyboard.press("ArrowRight")
    assert visit.page.locator(".ds-clock").inner_text() == "08:50:03"
    assert pane.get_attribute("style") == before
    assert visit.page.get_by_role("slider", name="Time on the map").count() == 1


def test_playing_goes_through_the_case_and_can_be_stopped(browser: Any, tmp_path: FilePath) -> None:
    visit = open_map(browser, tmp_path, page(last_seen=SEEN))
    visit.page.wait_for_selector(".ds-stop")
    visit.page.get_by_role("button", name="Play").click()
    first = visit.page.locator(".ds-stop").first
    first.wait_for(state="hidden")
    first.wait_for(state="visible")
    visit.page.get_by_role("button", name="Pause").click()
    at = visit.page.locator(".ds-clock").inner_text()
    visit.page.wait_for_timeout(300)
    assert visit.page.locator(".ds-clock").inner_text() == at


def test_hostile_words_stay_text_beside_the_slider(browser: Any, tmp_path: FilePath) -> None:
    html = page(translate=lambda n: f"{n.msgid}{HOSTILE[4]}", cameras=town(HOSTILE[1:]))
    visit = open_map(browser, tmp_path, html)
    visit.page.wait_for_selector(".ds-stop")
    slide(visit, START + 400)
    assert "<img" in visit.page.locator(".ds-said").inner_text()
    assert visit.page.evaluate("typeof window.pwned") == "undefined"
    assert visit.count("img") == 0
