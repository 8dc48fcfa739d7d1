"""Make the pictures in docs/pictures: `python tests/support/pictures.py [WORKSPACE]`.

The demonstration city is ingested into WORKSPACE (what is there already is passed over), searched
with the models at hand (`DONGSEON_MODELS`), and every page is photographed in Chromium.
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

from PIL import Image

from core import demo
from core.study import delivered
from core.study.routetest import people

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
PAGES = ("", "search", "route", "securing", "cameras", "footage", "system")
WITH_MAP = ("route", "cameras")
OUT = Path(__file__).parents[2] / "docs" / "pictures"


def world(folder: Path) -> str:
    """The demo workspace in a folder; the id of the first case.

    The best true sightings of two cameras are confirmed: before, clothing alone makes no route.
    """
    ws = demo.build(folder, [])
    for _, steps in demo.ingest(ws):
        for _ in steps:
            pass
    case = demo.open_case(ws, delivered.problems(demo.DATA)[0])
    city = delivered.read(demo.DATA)
    who, person = people(city, ws), city.problems[0].person
    ranking = ws.search(case, by="김 경위")
    true = [i for i in ranking.order_evidence if who[ranking.tracklet_id[i]] == person]
    first = {ranking.camera_id[i]: ranking.tracklet_id[i] for i in reversed(true)}
    by_camera = [first[camera] for camera in dict.fromkeys(ranking.camera_id[i] for i in true)]
    for tracklet in by_camera[:2]:
        ws.judge(case, tracklet, "confirmed", by="김 경위")
    ws.close()
    return case


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

    os.environ["LOGNAME"] = "officer"  # whoever is at work, not the machine's user
    folder = Path(tempfile.mkdtemp())
    workspace = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "ws"
    case = world(workspace)
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
        OUT / "search-and-route.jpg", quality=85, optimize=True
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
