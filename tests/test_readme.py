"""README's commands are run as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import tinycity

from core.cli import parser

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(marker: str) -> str:
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.+?)\n```", README, re.S)
    assert found, marker
    return found[1]


def test_the_run_command_runs_as_it_stands_but_for_the_install(tmp_path, tiny_pack, tiny_films):
    install, _, verb = block("run-command").rpartition(" && ")
    assert "--require-hashes requirements/run.txt" in install
    words = shlex.split(verb)
    assert words == [".venv/bin/dongseon", "demo"]  # with our own weights: tests/test_demo_real.py
    town = tinycity.write(tmp_path / "town", tiny_films)  # data/demo has a test of its own
    words = [sys.executable, "-m", "core.cli", *words[1:], "--data", str(town)]
    words += ["--workspace", str(tmp_path / "ws"), "--models", str(tiny_pack), "--no-serve"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "truth: in view 2 times, 2 of them in the first 20 candidates" in done.stdout


def test_the_test_command_is_what_ci_runs():
    assert block("test-command").endswith(".venv/bin/python tests/check.py")
    assert "test-command" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("line", re.findall(r"^dongseon (.+?)(?:\s+#.*)?$", README, re.M))
def test_every_command_shown_is_understood(line):
    parser().parse_args(shlex.split(line))


def test_no_requirements_file_names_an_address():
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path
        assert "--hash=sha256:" in text, path
        runtimes = re.findall(r"^onnxruntime(?:-gpu)?==", text, re.M)
        assert len(runtimes) == 1, path
        plain = re.search(r"^opencv-python==.*", text, re.M)
        assert plain is None or "sys_platform == 'never'" in plain[0], path
