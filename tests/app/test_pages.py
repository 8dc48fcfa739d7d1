"""Every page, run by Streamlit's own test driver: empty, without a workspace, and with people."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visits import EVIL, MAIN, PAGE, words

from app import forms, guard, i18n, lost, widgets
from core.errors import BadInput
from core.workspace import Workspace

FORBIDDEN = ("일치", "범인", "동일인", "match", "suspect")


@pytest.mark.parametrize("page", sorted(PAGE))
def test_without_workspace_one_sentence_says_what_to_do(visit, tmp_path: Path, page: str) -> None:
    app = visit(tmp_path / "none", PAGE[page])
    assert not app.exception
    assert "작업공간이 없습니다" in words(app)
    assert app.main.button[0].label == "여기에 작업공간 만들기"


@pytest.mark.parametrize("page", sorted(PAGE))
@pytest.mark.parametrize("language", ["ko", "en"])
def test_page_opens_on_an_empty_workspace(visit, empty_workspace, page: str, language: str) -> None:
    app = visit(empty_workspace, PAGE[page], lang=language)
    assert not app.exception
    assert not app.error
    assert i18n.language() in ("ko", "en")
    assert not any(word in words(app) for word in FORBIDDEN)


def test_korean_is_spoken_unless_the_switch_says_english(visit, empty_workspace: Path) -> None:
    app = visit(empty_workspace)
    assert app.main.button[-1].label == "사건 열고 검색"
    app.segmented_control(key="language-ko").set_value("en").run()
    assert app.main.button[-1].label == "Open case and search"
    assert app.query_params["lang"] in ("en", ["en"])


def test_language_and_case_stay_in_the_url_when_the_page_changes(visit, empty_workspace) -> None:
    app = visit(empty_workspace, PAGE["system"], lang="en")
    assert app.subheader[0].value == "Models"
    assert app.query_params["lang"] in ("en", ["en"])


def test_a_route_without_stops_says_what_to_do(visit, tiny_workspace, tiny_films) -> None:
    opened = Workspace.open(tiny_workspace)
    case = opened.new_case("green", reason="test", by="kim")
    opened.draw_box(case, tiny_films["c1"], 2.0, (190, 10, 214, 74), by="kim")
    opened.undo(case, by="kim")
    route = opened.route(case)
    opened.close()
    app = visit(tiny_workspace, PAGE["route"], case=case)
    assert not app.exception
    assert not route.stops
    assert route.p_never > 0.01
    assert "동선을 그릴 만한 근거가 없습니다" in app.info[0].value
    assert "아예 없을 가능성" in words(app)


def test_system_lists_models(visit, tiny_workspace: Path) -> None:
    app = visit(tiny_workspace, PAGE["system"])
    assert not app.exception
    assert not app.error
    assert [len(table.value) for table in app.table] == [4, 1]


def test_pages_stand_alone_when_the_frame_has_not_run(
    monkeypatch: pytest.MonkeyPatch, tiny_workspace: Path
) -> None:
    monkeypatch.setenv("DONGSEON_WORKSPACE", str(tiny_workspace))
    for page in (MAIN, *PAGE.values()):
        app = AppTest.from_file(page, default_timeout=30).run()
        assert not app.exception


def test_escaped_text_holds_nothing_that_markdown_reads() -> None:
    shown = widgets.inert(EVIL)
    assert shown.replace("\\", "").replace("\u200b", "") == EVIL
    assert "://" not in shown
    for mark in "<*![`:$_#|~":
        assert shown.count(mark) == shown.count(f"\\{mark}")


def test_a_time_without_zone_is_korean_time() -> None:
    assert forms.with_zone("2026-05-01 09:00:00") == "2026-05-01T09:00:00+09:00"
    assert forms.with_zone("2026-05-01T09:00:00+00:00") == "2026-05-01T09:00:00+00:00"
    with pytest.raises(BadInput, match="not a time"):
        forms.with_zone("yesterday")


def test_last_seen_is_all_or_nothing() -> None:
    assert forms.last_seen(None, 10, None, None, 100) is None
    with pytest.raises(BadInput, match="last seen"):
        forms.last_seen(None, 10, 37.5, None, 100)


def headers_of(path: str) -> dict[str, str]:
    """What the guard adds to an answer for this path."""
    sent: list[dict] = []

    async def inner(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def keep(message) -> None:
        sent.append(message)

    asyncio.run(guard.Guard(inner)({"type": "http", "path": path}, None, keep))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_server_tells_the_browser_to_load_nothing_from_elsewhere() -> None:
    headers = headers_of("/")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "http" not in policy
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "no-referrer"


def test_only_the_map_frame_may_run_what_it_was_sent() -> None:
    assert "unsafe-eval" in headers_of("/component/streamlit_folium.st_folium/index.html").get(
        "content-security-policy", ""
    )
    assert "unsafe-eval" not in headers_of("/app/static/x.js")["content-security-policy"]


def asked(path: str, *, accept: str = "text/html", query: str = "", root: str = "") -> str | None:
    """The page that an address without a page is answered with; None: Streamlit answers."""
    through: list[str] = []
    sent: list[dict] = []

    async def inner(scope, receive, send) -> None:
        through.append(scope["path"])

    async def keep(message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode()}
    scope["headers"] = [(b"accept", accept.encode())]
    asyncio.run(lost.Lost(inner, PAGE, root)(scope, None, keep))
    if through:
        assert not sent
        return None
    assert sent[0]["status"] == 404
    return sent[1]["body"].decode()


def test_an_address_without_a_page_is_answered_in_the_readers_language() -> None:
    korean, english = asked("/nothing"), asked("/search/deeper", query="lang=en")
    assert "이 주소에는 화면이 없습니다" in korean
    assert '<html lang="ko">' in korean
    assert 'href="/"' in korean
    assert "There is no page at this address" in english
    assert 'href="/?lang=en"' in english
    assert "script" not in asked("/<script>alert(1)", query="lang=<script>")
    assert i18n.language() == "ko"
    assert 'href="/dongseon/"' in asked("/dongseon/nothing", root="dongseon")


@pytest.mark.parametrize(
    "path",
    ["/", *(f"/{name}" for name in sorted(PAGE)), "/search/", "/_stcore/health", "/media/a/b",
     "/component/streamlit_folium.st_folium/index.html", "/static/js/x", "/app/static/vendor/x",
     "/favicon.png"],
)  # fmt: skip
def test_what_is_there_is_answered_by_streamlit(path: str) -> None:
    assert asked(path) is None
    assert asked("/nothing", accept="application/json") is None
    assert asked(f"/dongseon{path}", root="dongseon") is None


def test_settings_keep_the_app_on_this_computer() -> None:
    settings = tomllib.loads((i18n.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["client"] == {
        "showErrorDetails": "none",
        "showErrorLinks": False,
        "toolbarMode": "viewer",
    }
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["logger"]["hideWelcomeMessage"] is True  # nor offers anything to developers
    beside = MAIN.parent / ".streamlit" / "config.toml"  # read when started from another folder
    assert tomllib.loads(beside.read_text("utf-8")) == settings
