"""A workspace with people and one without, opened page by page."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visits import EVIL, FRAME, PAGE

from app import i18n
from core.workspace import Workspace


@pytest.fixture
def empty_workspace(tmp_path: Path, tiny_pack: Path) -> Path:
    """A workspace without cameras, footage or cases."""
    folder = tmp_path / "empty"
    Workspace.create(folder, "tiny", [tiny_pack]).close()
    return folder


@pytest.fixture
def red_case(tiny_workspace: Path, red_box) -> str:
    """A case in the tiny workspace whose probe is the red figure, drawn in camera c1."""
    opened = Workspace.open(tiny_workspace)
    case = opened.new_case(EVIL, reason=EVIL, by="kim")
    opened.draw_box(case, *red_box, by="kim")
    opened.close()
    return case


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch):
    """Open the app on a workspace folder, at a page."""

    def at(folder: Path, page: str = PAGE["case"], **query: str) -> AppTest:
        monkeypatch.setenv("DONGSEON_WORKSPACE", str(folder))
        app = AppTest.from_string(FRAME, default_timeout=30)
        app.query_params.update(query)
        app.run()
        return app if page == PAGE["case"] else app.switch_page(page).run()

    yield at
    i18n.use("ko")
