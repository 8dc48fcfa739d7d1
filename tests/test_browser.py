"""A photo, or a person pointed at, to map in a real browser, every other host out of reach."""

from __future__ import annotations

import os
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
    from playwright.sync_api import sync_playwright

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
        browser.close()
    assert outside == []
    assert [said for said in wrong if "404" not in said] == []  # Streamlit feels for its base path


def open_case(page: Page, title: str) -> None:
    """Fill in title and reason, search, and wait for the candidates."""
    from playwright.sync_api import expect

    page.get_by_role("textbox", name="사건명 또는 사건번호").fill(title)
    page.get_by_role("textbox", name="검색 사유(필수)").fill("어머니 신고")
    page.get_by_role("button", name="사건 열고 검색").click()
    expect(page.get_by_role("button", name="맞음").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("보통").first).to_be_visible()  # clothing alone is never strong
    assert "강함" not in page.inner_text("section.main, [data-testid=stMain]")


def open_map(page: Page) -> FrameLocator:
    """The route page, once its map is drawn."""
    from playwright.sync_api import expect

    page.get_by_role("link", name="동선").click()
    drawn = page.frame_locator("iframe").first
    expect(drawn.locator(".leaflet-container")).to_be_visible(timeout=60_000)
    expect(drawn.get_by_text("1", exact=True).first).to_be_visible()
    expect(page.get_by_text("확인됨").first).to_be_visible()
    return drawn


def test_one_photo_from_upload_to_map(page, tmp_path):
    from playwright.sync_api import expect

    photo = tmp_path / "red.png"
    Image.fromarray(tiny.figures([(tiny.RED, lambda t: (130.0, 58.0))])(0, 0.0)).save(photo)
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_text("red.png")).to_be_visible()
    page.get_by_text("같은 옷, 같은 날").click()
    open_case(page, "<img src=x onerror=window.pwned=1>")
    page.get_by_role("button", name="맞음").first.click()
    expect(page.get_by_role("button", name="마지막 판정 취소")).to_be_visible()
    open_map(page)
    assert page.evaluate("window.pwned") is None
    page.screenshot(path=tmp_path / "end.png")


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
    drawn = open_map(page)
    expect(drawn.get_by_text("2", exact=True).first).to_be_visible()
    page.screenshot(path=tmp_path / "end.png")


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
