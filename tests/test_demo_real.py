"""The shipped demonstration city, searched with public weights: what an officer sees first."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.cli import main

BESIDE = Path(__file__).parents[2] / "shared"
MODELS = Path(os.environ.get("DONGSEON_MODELS") or BESIDE / "models")
pytestmark = pytest.mark.skipif(
    not (MODELS / "yolox_nano.onnx").exists(),
    reason=f"NOT TESTED, the demo with real weights: none in {MODELS} (set DONGSEON_MODELS)",
)


def test_the_demo_finds_most_of_what_there_is_and_nobody_who_is_not_there(tmp_path, capsys):
    words = ["demo", "--no-serve", "--json", "--models", str(MODELS), "--pack", "reference"]
    words += ["--workspace", str(tmp_path / "ws")]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    score = found["score"]
    assert score["visits"] >= 3
    assert score["visits_in_top_20"] >= 0.6 * score["visits"]
    assert found["candidates"][0]["band"] in ("weak", "moderate")  # clothes alone are not strong
    assert len(found["route"]["stops"]) >= 2
    assert main([*words, "--case", "case04"]) == 0  # nowhere in the footage
    absent = json.loads(capsys.readouterr().out)
    assert absent["score"]["visits"] == 0
    assert {one["band"] for one in absent["candidates"]} <= {"weak", "insufficient", "against"}
    assert all(stop["probability"] < 0.8 for stop in absent["route"]["stops"])
