"""A photo, or a person pointed at, to map in a real browser, every other host out of reach."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tiny
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
BROKEN = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="NOT TESTED in a browser: no Chromium (set CHROMIUM to its path)"
    ),
]


@pytest.fixture
def served(tiny_workspace: Path) -> Iterator[str]:
    """The address of the app on a workspace of two cameras."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "core.cli", "serve", "--headless", "--port", str(port)]
    command += ["--workspace", str(tiny_workspace)]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=20)


@pytest.fixture
def page(served: str) -> Iterator[Page]:
    """The app in a browser that reaches nothing else; at the end nothing else was asked for."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)
    outside: list[str] = []
    wrong: list[str] = []

    def only_here(route):
        if route.request.url.startswith((served, "data:", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(30_000)
        page.route("**/*", only_here)
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(served)
        yield page
        broken = page.evaluate(BROKEN)
        browser.close()
    assert outside == []
    assert broken == []
    # Streamlit feels for its base path, and asks for a picture it replaces at the same moment:
    # what counts is that none is missing on the page.
    harmless = ("404", "Image source error")
    assert [said for said in wrong if not any(one in said for one in harmless)] == []


def open_case(page: Page, title: str) -> None:
    """Fill in title and reason, search, and wait for the candidates."""
    from playwright.sync_api import expect

    page.get_by_role("textbox", name="사건명 또는 사건번호").fill(title)
    page.get_by_role("textbox", name="검색 사유(필수)").fill("어머니 신고")
    page.get_by_role("button", name="사건 열고 검색").click()
    expect(page.get_by_role("button", name="맞음").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("보통").first).to_be_visible()  # clothing alone is never strong
    assert "강함" not in page.inner_text("section.main, [data-testid=stMain]")


def map_drawn(page: Page) -> FrameLocator:
    """The route page, once its map is drawn."""
    from playwright.sync_api import expect

    drawn = page.frame_locator("iframe").first
    expect(drawn.locator(".leaflet-container")).to_be_visible(timeout=60_000)
    expect(drawn.get_by_text("1", exact=True).first).to_be_visible()
    expect(page.get_by_text("확인됨").first).to_be_visible()
    return drawn


@pytest.fixture
def red_photo(tmp_path: Path) -> Path:
    """A photo of the red figure, in a file."""
    photo = tmp_path / "red.png"
    Image.fromarray(tiny.figures([(tiny.RED, lambda t: (130.0, 58.0))])(0, 0.0)).save(photo)
    return photo


def test_five_clicks_from_a_photo_to_the_map(page, red_photo, tmp_path):
    from playwright.sync_api import expect

    page.locator("input[type=file]").set_input_files(red_photo)
    expect(page.get_by_text("red.png")).to_be_visible()
    expect(page.get_by_text("이 모습을 비교합니다")).to_be_visible()
    page.get_by_text("같은 옷, 같은 날").click()  # 1
    open_case(page, "<img src=x onerror=window.pwned=1>")  # 2
    page.get_by_role("button", name="맞음").first.click()  # 3
    onward = page.get_by_role("button", name="다음: 카메라")
    expect(onward).to_be_visible()
    onward.click()  # 4: the next camera, in the minutes the person would pass it
    expect(page.get_by_text("검색 범위: 카메라 1/1")).to_be_visible(timeout=60_000)
    onto_the_map = page.get_by_role("button", name="지도에서 동선 보기")
    expect(onto_the_map).to_have_count(1)  # the page before is gone
    onto_the_map.click()  # 5
    map_drawn(page)
    assert page.evaluate("window.pwned") is None
    page.screenshot(path=tmp_path / "end.png")


def test_a_place_is_clicked_on_the_map_and_a_draft_outlives_a_refresh(page, red_photo):
    from playwright.sync_api import expect

    page.locator("input[type=file]").set_input_files(red_photo)
    expect(page.get_by_text("red.png")).to_be_visible()
    page.get_by_role("textbox", name="사건명 또는 사건번호").fill("밤")
    drawn = page.frame_locator("iframe").first.locator(".leaflet-container")
    drawn.click(position={"x": 150, "y": 90})
    expect(page.frame_locator("iframe").first.get_by_text("마지막 목격").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("red.png")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("textbox", name="사건명 또는 사건번호")).to_have_value("밤")
    page.get_by_text("좌표 직접 입력").click()
    expect(page.get_by_label("위도")).not_to_have_value("")


def test_the_case_page_is_found_by_its_name_too(page, served):
    from playwright.sync_api import expect

    page.goto(f"{served}/case?lang=en")
    expect(page.get_by_role("textbox", name="Title or case number")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(served) + r"/\?.*lang=en"))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_candidates_are_answered_with_the_keyboard(page, red_photo):
    from playwright.sync_api import expect

    page.locator("input[type=file]").set_input_files(red_photo)
    expect(page.get_by_text("red.png")).to_be_visible()
    page.get_by_text("같은 옷, 같은 날").click()
    open_case(page, "자판")
    page.get_by_role("button", name="하나씩").click()
    film = page.locator("video")
    expect(film).to_have_count(1, timeout=60_000)  # for a moment the page before is still there
    expect(film).to_have_js_property("readyState", 4)
    assert film.evaluate("(film) => [film.videoWidth, film.error]") == [320, None]
    page.keyboard.press("3")
    bar = page.locator(".st-key-undo-bar")
    expect(bar.get_by_text("아님 · 카메라")).to_be_visible()
    expect(page.get_by_text("2 / 2")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="✓ 아님")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="✓ 아님")).to_have_count(0)
    expect(bar).to_have_count(0)
    for turn, key, place in 3 * [("다음", "ArrowRight", "2 / 2"), ("이전", "ArrowLeft", "1 / 2")]:
        expect(page.get_by_role("button", name=turn)).to_be_enabled()
        page.keyboard.press(key)  # before the film, which is drawn last, is there
        expect(page.get_by_text(place)).to_be_visible()
    expect(film).to_have_count(1)
    expect(film).to_have_js_property("readyState", 4)


def test_a_person_pointed_at_in_footage_is_found_and_mapped(page, tmp_path):
    from playwright.sync_api import expect

    page.get_by_text("영상에서", exact=True).click()
    picture = page.get_by_alt_text("그 시각의 장면, 번호를 붙인 사람 2명")
    expect(picture).to_be_visible()
    page.get_by_role("button", name="+1초").click()
    expect(page.get_by_text("파일 시작 후 2.0초")).to_be_visible()
    page.get_by_role("radio", name="1", exact=True).click()  # red, left of green
    expect(page.get_by_alt_text("지정한 사람")).to_be_visible()
    page.screenshot(path=tmp_path / "pointed.png")
    open_case(page, "빨간 옷")
    page.get_by_role("link", name="동선").click()
    drawn = map_drawn(page)
    expect(drawn.get_by_text("2", exact=True).first).to_be_visible()
    page.screenshot(path=tmp_path / "end.png")


def test_the_slider_moves_in_the_app_and_a_click_on_the_map_places_what_was_told(page, tmp_path):
    from playwright.sync_api import expect

    page.get_by_text("영상에서", exact=True).click()
    page.get_by_role("button", name="+1초").click()
    expect(page.get_by_text("파일 시작 후 2.0초")).to_be_visible()  # the new scene's numbers
    number = page.get_by_role("radio", name="1", exact=True)
    number.click()
    expect(number).to_be_checked()
    open_case(page, "빨간 옷")
    page.get_by_role("link", name="동선").click()
    drawn = map_drawn(page)
    stops = drawn.locator(".ds-stop")
    expect(stops).to_have_count(2)
    frame = page.locator("iframe").first.bounding_box()  # all without scrolling, at 1366 x 768
    first = page.get_by_text("1 · 카메라 1").first.bounding_box()
    assert frame["height"] >= 420
    assert max(frame["y"] + frame["height"], first["y"] + first["height"]) <= 768
    slider = drawn.locator(".ds-slider")
    box = slider.bounding_box()
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, height)
    page.mouse.down()
    page.mouse.move(box["x"] + 10, height, steps=8)
    expect(stops.nth(0)).to_be_visible()
    expect(stops.nth(1)).to_be_hidden()
    page.mouse.move(box["x"] + box["width"] * 0.9, height, steps=8)
    page.mouse.up()
    expect(stops.nth(1)).to_be_visible()

    page.get_by_role("tab", name="제보 추가").click()
    page.locator("iframe").first.scroll_into_view_if_needed()
    drawn.locator(".leaflet-container").click(position={"x": 200, "y": 120})
    latitude = page.get_by_role("spinbutton", name="위도")
    expect(latitude).to_have_value(re.compile(r"^37\.56|^37\.57"))
    expect(stops.nth(1)).to_be_visible()  # the map was not drawn anew
    page.get_by_role("button", name="동선에 추가").click()
    expect(page.get_by_text("언제 보았는지 적으십시오")).to_be_visible()
    page.screenshot(path=tmp_path / "told.png")

    page.get_by_role("tab", name="다음 카메라").click()
    page.get_by_role("link", name="A 이 시간 검색").click()
    expect(page.get_by_test_id("stMultiSelect")).to_contain_text(re.compile(r"카메라 \d"))
    for end in ("시작", "끝"):
        hour = page.get_by_role("spinbutton", name=f"hour, {end}(한국 시간)")
        expect(hour).to_have_text(re.compile(r"^\d+$"))
    expect(page).not_to_have_url(re.compile("camera="))  # read once, then forgotten


def test_a_click_on_the_map_gives_a_camera_its_place_and_a_mark_chooses_one(page, tmp_path):
    from playwright.sync_api import expect

    page.get_by_role("link", name="카메라").click()
    drawn = page.frame_locator("iframe").first
    expect(drawn.locator(".leaflet-container")).to_be_visible(timeout=60_000)
    expect(drawn.get_by_text("카메라 2").first).to_be_visible()
    latitude = page.get_by_role("spinbutton", name="위도")
    expect(latitude).to_have_value("")
    drawn.locator(".leaflet-container").click(position={"x": 120, "y": 330})
    expect(latitude).to_have_value(re.compile(r"37\.5\d+"))
    expect(drawn.locator("path[stroke='#0072b2']").first).to_be_attached()  # what it would see
    page.screenshot(path=tmp_path / "place.png")
    page.get_by_role("textbox", name="카메라 ID").fill("c3")
    page.get_by_role("textbox", name="카메라 이름").fill("<img src=x onerror=window.pwned=1>`${1}")
    page.get_by_role("button", name="카메라 추가").click()
    expect(page.get_by_text("카메라 3대")).to_be_visible()
    mark = drawn.locator(".ds-pin.ds-dot").first
    expect(mark).to_be_visible()
    mark.click()
    expect(page.get_by_role("textbox", name="카메라 이름")).to_have_value("카메라 1")
    assert page.evaluate("window.pwned") is None
    assert drawn.locator("body").evaluate("() => window.pwned") is None


def test_a_recording_is_read_while_every_browser_shows_how_far_it_is(page, tmp_path, make_film):
    from playwright.sync_api import expect

    people = tiny.figures([(tiny.RED, tiny.walk(10, 30))])
    film = make_film(
        tmp_path / "c1_2026-05-03T090000.mp4", [i / 10 for i in range(80)], tiny.FRAME, people
    )
    page.get_by_role("link", name="영상 수집").click()
    page.get_by_text("영상 추가", exact=True).first.wait_for()
    path = page.get_by_role("textbox", name="이 컴퓨터의 파일 또는 폴더")
    path.fill(str(film))
    path.press("Enter")
    page.get_by_role("button", name="대기열에 추가").click()
    other = page.context.browser.new_context().new_page()  # it knows only the address
    other.goto(page.url)
    for one in (page, other):
        expect(one.get_by_text("끝난 작업 1건")).to_be_visible(timeout=90_000)
        expect(one.get_by_text("2026-05-03 09:00:00 ~ 09:00:08")).to_be_visible()
    page.screenshot(path=tmp_path / "end.png")
