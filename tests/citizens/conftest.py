"""Synthetic people need the MakeHuman assets, pictures of them an OpenGL: else skipped, loudly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.citizens import assets as store
from core.citizens.assets import Assets
from core.errors import DongseonError

BESIDE = Path(__file__).parents[3] / "shared" / "makehuman"


@pytest.fixture(scope="session")
def makehuman() -> Path:
    """The MakeHuman data folder."""
    path = Path(os.environ.get("DONGSEON_MAKEHUMAN") or BESIDE)
    if not (path / "3dobjs" / "base.obj").is_file():
        pytest.skip(f"no MakeHuman assets in {path}: set DONGSEON_MAKEHUMAN to test the people")
    return path


@pytest.fixture(scope="session")
def assets(makehuman: Path, tmp_path_factory: pytest.TempPathFactory) -> Assets:
    """The prepared assets (nine seconds, once: also tests the preparing)."""
    return store.load(str(makehuman), tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="session")
def renderer(assets: Assets) -> Iterator[object]:
    """One renderer for all tests."""
    pytest.importorskip("moderngl", reason="the extra `synth` is not installed: no people drawn")
    from core.citizens.render import Renderer

    try:
        made = Renderer(assets, supersample=1)
    except DongseonError as error:
        pytest.skip(f"no people drawn: {error}")
    yield made
    made.close()
