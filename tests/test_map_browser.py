"""The exported map in a real browser, with every other host shut off."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from mapped import HOSTILE, SEEN, START, open_map, page, town

from core.routemap import vendor
from core.types import Sighting


def test_the_exported_page_draws_from_a_file_without_asking_anybody(
    browser: Any, tmp_path: FilePath
) -> None:
    visit = open_map(browser, tmp_path, page(last_seen=SEEN))
    visit.page.wait_for_selector(".leaflet-container .ds-stop")
    visit.page.wait_for_timeout(200)
    assert visit.count(".ds-stop") == 4
    assert visit.count(".leaflet-overlay-pane path") > 10
    shown = [e.inner_text() for e in visit.page.locator(".ds-label:visible").all()]
    assert any("not possible in this time" in text for text in shown)
    assert sum("confirmed" in text or "moderate" in text for text in shown) >= 3
    assert visit.page.locator(".ds-still").is_hidden()
    box = visit.page.locator(".leaflet-container").bounding_box()
    for mark in visit.page.locator(".ds-stop").all():
        at = mark.bounding_box()
        assert box["x"] < at["x"] < box["x"] + box["width"] - at["width"]
        assert box["y"] < at["y"] < box["y"] + box["height"] - at["height"]
    visit.page.screenshot(path=str(tmp_path / "map.png"), full_page=True)
    visit.page.locator(".ds-bad").click()
    visit.page.wait_for_selector(".leaflet-popup")
    assert "needs 5.9 m/s" in visit.page.locator(".leaflet-popup").inner_text()
    assert len(visit.asked) == 1  # the page itself
    assert not visit.complaints


def test_labels_do_not_cover_each_other_or_a_mark(browser: Any, tmp_path: FilePath) -> None:
    visit = open_map(browser, tmp_path, page(last_seen=SEEN))
    visit.page.wait_for_selector(".ds-stop")
    visit.page.wait_for_timeout(200)
    covered = visit.page.evaluate(
        """() => {
            const boxes = [...document.querySelectorAll(".ds-label, .ds-pin")]
                .filter((e) => getComputedStyle(e).visibility === "visible")
                .map((e) => [e.className.includes("ds-pin"), e.getBoundingClientRect()]);
            let n = 0;
            boxes.forEach(([pinA, a], i) => boxes.slice(i + 1).forEach(([pinB, b]) => {
                if (pinA && pinB) { return; }
                if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) {
                    n += 1;
                }
            }));
            return n;
        }"""
    )
    assert covered == 0


def test_labels_appear_when_the_style_sheet_comes_late(browser: Any, tmp_path: FilePath) -> None:
    bare = page().replace(vendor.inline_style(), "")
    visit = open_map(browser, tmp_path, bare)
    visit.page.wait_for_selector(".ds-stop", state="attached")
    visit.page.wait_for_timeout(200)
    visit.page.add_style_tag(content=vendor.inline_style())
    visit.page.wait_for_selector(".ds-label:visible", timeout=2000)
    visit.page.wait_for_timeout(100)
    assert visit.count(".ds-label:visible") >= 6


def test_hostile_names_are_text_in_the_browser(browser: Any, tmp_path: FilePath) -> None:
    names = HOSTILE[1:]
    html = page(
        cameras=town(names),
        last_seen=SEEN,
        candidates=(Sighting("cctv", START, START, "c05", "c05/k/1"),),
    )
    visit = open_map(browser, tmp_path, html)
    visit.page.wait_for_selector(".ds-stop")
    for mark in visit.page.locator(".ds-stop, .ds-next").all():
        mark.click(force=True)
        visit.page.wait_for_timeout(60)
    assert visit.page.evaluate("typeof window.pwned") == "undefined"
    assert visit.count(".ds-stop") == 4
    assert visit.count("img, iframe, object") == 0
    assert len(visit.asked) == 1
    assert not visit.complaints
    assert "<img src=x onerror=window.pwned=1>" in visit.page.locator("table").first.inner_text()


def test_even_script_that_slipped_in_could_not_run(browser: Any, tmp_path: FilePath) -> None:
    planted = "<h1><script>window.pwned=1</script><img src=x onerror='window.pwned=1'>"
    visit = open_map(browser, tmp_path, page().replace("<h1>", planted))
    visit.page.wait_for_selector(".ds-stop")
    assert visit.page.evaluate("typeof window.pwned") == "undefined"
    assert any("Content Security Policy" in text for text in visit.complaints)


def test_the_still_picture_stands_in_where_scripts_are_off(
    browser: Any, tmp_path: FilePath
) -> None:
    visit = open_map(browser, tmp_path, page(), java_script_enabled=False)
    assert visit.page.locator(".ds-still svg").is_visible()
    assert visit.page.locator("table").first.is_visible()


def test_the_still_picture_stands_in_when_leaflet_does_not_draw(
    browser: Any, tmp_path: FilePath
) -> None:
    broken = page().replace('t.version="1.9.3"', "t.version=notThere")
    visit = open_map(browser, tmp_path, broken)
    assert visit.page.locator(".ds-still").is_hidden()
    visit.page.wait_for_selector(".ds-still svg", state="visible", timeout=5000)


def test_every_mark_is_reached_and_opened_by_keyboard(browser: Any, tmp_path: FilePath) -> None:
    visit = open_map(browser, tmp_path, page(last_seen=SEEN))
    visit.page.wait_for_selector(".ds-stop")
    mark = visit.page.get_by_role("button", name="2 · 시장 입구")
    mark.focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector(".leaflet-popup")
    assert "confirmed" in visit.page.locator(".leaflet-popup").inner_text()
    names = [
        e.get_attribute("aria-label") for e in visit.page.locator(".ds-pin[role=button]").all()
    ]
    assert all(names)
