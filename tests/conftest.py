"""Fixtures that several test files share."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import films
import pytest
import tiny
from hypothesis import settings

from core.cli import main
from core.types import Camera, LastSeen, Recorder
from core.workspace import Workspace

# In CI the same examples every time: a new counterexample is found by people, not by a red build.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")

MakeFilm = Callable[..., Path]
Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """Streamlit's test driver leaves its script as `__main__`: spawned processes would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def make_film() -> MakeFilm:
    """Write a small film whose frames have exactly the presentation times given."""
    return films.write_film


@pytest.fixture(scope="session")
def tiny_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the model pack `tiny` (see tests/support/tiny.py)."""
    return tiny.make_pack(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def faceless_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the pack `faceless`: the tiny models, but for those that look at faces."""
    return tiny.make_pack(tmp_path_factory.mktemp("models"), "faceless", faces=False)


@pytest.fixture(scope="session")
def tiny_films(tmp_path_factory: pytest.TempPathFactory, make_film: MakeFilm) -> dict[str, Path]:
    """Two films of drawn people: red crosses c1 and then c2, green only c1, teal only c2."""
    folder = tmp_path_factory.mktemp("films")
    times = [i / 10 for i in range(60)]
    first = [(tiny.RED, tiny.walk(10, 40)), (tiny.GREEN, tiny.walk(280, -45, 10))]
    second = [(tiny.RED, tiny.walk(270, -40)), (tiny.TEAL, tiny.walk(20, 45, 10))]
    return {
        name: make_film(folder / f"{name}.mp4", times, tiny.FRAME, tiny.figures(people))
        for name, people in (("c1", first), ("c2", second))
    }


@pytest.fixture(scope="session")
def _made_workspace(
    tmp_path_factory: pytest.TempPathFactory, tiny_pack: Path, tiny_films: dict[str, Path]
) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "workspace"
    ws = Workspace.create(path, "tiny", [tiny_pack])
    for n, (camera, film) in enumerate(tiny_films.items()):
        place = Camera(camera, f"카메라 {n + 1}", camera, 37.5665, 126.9780 + n * 0.002)
        ws.add_camera(place, Recorder(camera, 0.0, 2.0, 1777593600.0, "photo"))
        start = f"2026-05-01T09:0{n * 4}:00+09:00"
        for _ in ws.ingest(film, camera=camera, start=start):
            pass
    ws.close()
    return path


@pytest.fixture
def tiny_workspace(_made_workspace: Path, tmp_path: Path) -> Path:
    """A copy of a workspace with two cameras, two ingested clips and no case."""
    return Path(shutil.copytree(_made_workspace, tmp_path / "workspace"))


@pytest.fixture
def ws(tiny_workspace: Path) -> Iterator[Workspace]:
    """That workspace, open."""
    opened = Workspace.open(tiny_workspace)
    yield opened
    opened.close()


@pytest.fixture
def case(ws: Workspace) -> str:
    """A case in it, the person last seen in the five minutes before the first film."""
    seen = LastSeen(tiny.NINE - 300, tiny.NINE, 37.5665, 126.978)
    return ws.new_case("실종 2026-0412", reason="test", last_seen=seen, by="kim")


@pytest.fixture
def run(tiny_workspace: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb on it: run(*words) -> (exit code, JSON answer or None, stderr)."""

    def call(*words: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = main([*words, "--workspace", str(tiny_workspace), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return call


@pytest.fixture
def red_box(tiny_films: dict[str, Path]) -> tuple[Path, float, tuple[float, ...]]:
    """(film, seconds, box): the red figure of c1."""
    return tiny_films["c1"], 2.0, (90.0, 118.0, 114.0, 182.0)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    with sync_api.sync_playwright() as play:
        path = found or play.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("NO BROWSER: chromium is not installed, so no map was drawn and looked at")
        opened = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()
