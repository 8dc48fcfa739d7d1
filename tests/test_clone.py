"""A clone whose data/models holds our weights works from the first command, with nothing named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import tinycity

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code in another place, with a tiny `builtin` pack (no faces) where our weights lie."""
    folder = tmp_path_factory.mktemp("clone")
    left = shutil.ignore_patterns("__pycache__", "citizens", "recipes")
    shutil.copytree(ROOT / "core", folder / "core", ignore=left, symlinks=True)
    tiny.make_pack(folder / "data" / "models", "builtin", faces=False)
    return folder


def dongseon(clone: Path, *words: str) -> dict:
    """Run a verb of that clone in an empty home, no folder of weights named anywhere."""
    here = {k: v for k, v in os.environ.items() if not k.startswith(("DONGSEON", "XDG"))}
    done = subprocess.run(
        [sys.executable, "-m", "core.cli", *words, "--json"],
        cwd=clone, env={**here, "HOME": str(clone)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_demo_and_doctor_need_no_folder_of_weights(clone, tiny_films, tmp_path):
    town = tinycity.write(tmp_path / "town", tiny_films)
    said = dongseon(clone, "demo", "--no-serve", "--data", str(town))
    assert said["pack"] == "builtin"
    assert said["score"]["visits_in_top_20"] == 2
    found = dongseon(clone, "doctor", "--workspace", "var/demo")["findings"]
    assert not [one for one in found if one["level"] == "error"]
    assert any("does not look at faces" in one["text"] for one in found)


def test_init_takes_the_weights_that_come_along_and_says_where_they_lie(clone):
    (files,) = [
        pack["files"]
        for name, pack in dongseon(clone, "models", "list")["packs"].items()
        if name == "builtin"
    ]
    assert all(one["here"] for one in files)
    dongseon(clone, "init", "ws")
    settings = (clone / "ws" / "workspace.toml").read_text()
    assert 'pack = "builtin"' in settings
    assert "directories = []" in settings


def test_a_folder_named_in_the_environment_is_remembered(tiny_pack, tmp_path, monkeypatch):
    from core.workspace import Workspace

    monkeypatch.chdir(tiny_pack.parent)
    monkeypatch.setenv("DONGSEON_MODELS", tiny_pack.name)  # a page runs in another folder
    Workspace.create(tmp_path / "ws").close()
    monkeypatch.delenv("DONGSEON_MODELS")
    monkeypatch.chdir(tmp_path)
    opened = Workspace.open(tmp_path / "ws")
    assert opened.pack == "tiny"
    assert opened.load("body_embedding").name == "tiny_body"
    opened.close()
