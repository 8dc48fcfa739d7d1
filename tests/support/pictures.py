"""Make the pictures in docs/pictures: `python tests/support/pictures.py` (needs Chromium).

A made-up street of four cameras where drawn figures walk; no real person, no real place.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import films
import tiny
from PIL import Image

from core.types import Camera, Recorder
from core.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
PAGES = ("", "search", "route", "securing", "cameras", "footage", "system")
WITH_MAP = ("route", "cameras")
OUT = Path(__file__).parents[2] / "docs" / "pictures"
PLACES = {
    "c1": ("역 앞", 37.5665, 126.9780),
    "c2": ("시장 입구", 37.5672, 126.9801),
    "c3": ("공원", 37.5655, 126.9808),
    "c4": ("버스 정류장", 37.5669, 126.9826),
}
WHO = {
    "c1": [(tiny.RED, tiny.walk(10, 40)), (tiny.GREEN, tiny.walk(280, -45, 10))],
    "c2": [(tiny.RED, tiny.walk(270, -40)), (tiny.TEAL, tiny.walk(20, 45, 10))],
    "c3": [(tiny.GREEN, tiny.walk(15, 42)), (tiny.TEAL, tiny.walk(260, -35, 10))],
    "c4": [(tiny.RED, tiny.walk(30, 35)), (tiny.GREEN, tiny.walk(250, -40, 10))],
}
START = "2026-05-01T09:{minute:02d}:00+09:00"


def world(folder: Path) -> tuple[Path, str]:
    """A workspace with a case: its path and the case's id."""
    ws = Workspace.create(folder / "ws", "tiny", [tiny.make_pack(folder / "models")])
    for n, (camera, (name, lat, lon)) in enumerate(PLACES.items()):
        film = films.write_film(
            folder / f"{camera}.mp4", [i / 10 for i in range(60)], tiny.FRAME,
            tiny.figures(WHO[camera]),
        )  # fmt: skip
        clock = Recorder(camera, 0.0, 2.0, 1777593600.0, "photo")
        ws.add_camera(Camera(camera, name, camera, lat, lon), clock)
        for _ in ws.ingest(film, camera=camera, start=START.format(minute=5 * n)):
            pass
    photo = folder / "photo.png"
    Image.fromarray(tiny.figures([(tiny.RED, lambda t: (148.0, 58.0))])(0, 0.0)).save(photo)
    case = ws.new_case("연습 2026-01", photos=[photo], reason="화면 설명", same_clothes=True,
                       attributes={"upper_color": "red", "lower_color": "blue"})  # fmt: skip
    first = next(t for t in ws.search(case).tracklet_id if t.startswith("c1/"))
    ws.judge(case, first, "confirmed", by="김 경위")
    ws.close()
    return folder / "ws", case


def photograph(page: Page, address: str, case: str, folder: Path) -> None:
    """Every page in both languages, as an officer sees it on a small screen."""
    page.goto(f"{address}/search?case={case}")
    page.get_by_role("button", name="검색", exact=True).last.click()
    page.get_by_role("button", name="맞음").first.wait_for()
    for language in ("ko", "en"):
        for name in PAGES:
            page.goto(f"{address}/{name}?case={case}&lang={language}")
            if name in WITH_MAP:
                page.frame_locator("iframe").first.locator(".leaflet-container").wait_for()
            page.wait_for_timeout(6000)
            page.screenshot(path=folder / f"{name or 'case'}-{language}.png")


def keep(shot: Path, width: int) -> None:
    """A screenshot as a small palette PNG."""
    picture = Image.open(shot).convert("RGB")
    size = (width, round(picture.height * width / picture.width))
    small = picture.resize(size, Image.Resampling.LANCZOS)
    small.quantize(128).save(OUT / shot.name, optimize=True)


def main() -> None:
    from playwright.sync_api import sync_playwright

    folder = Path(tempfile.mkdtemp())
    workspace, case = world(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "core.cli", "serve", "--headless", "--port", str(port)]
    server = subprocess.Popen([*command, "--workspace", str(workspace)], start_new_session=True)
    time.sleep(8)
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(90_000)
        photograph(page, f"http://127.0.0.1:{port}", case, folder)
        browser.close()
    os.killpg(server.pid, 15)
    for shot in sorted(folder.glob("*-??.png")):
        keep(shot, 1024)
    left, right = (Image.open(folder / f"{name}-ko.png") for name in ("search", "route"))
    both = Image.new("RGB", (left.width + right.width + 24, left.height), "white")
    both.paste(left, (0, 0))
    both.paste(right, (left.width + 24, 0))
    both.resize((both.width // 2, both.height // 2), Image.Resampling.LANCZOS).save(
        OUT / "first-light.png", optimize=True
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
