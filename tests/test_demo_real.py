"""The shipped demonstration city, searched with our weights and with public ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core import demo, ticks, zoo
from core.cli import main
from core.study import delivered
from core.study.routetest import people
from core.workspace import Workspace

ROOT = Path(__file__).parents[1]
BESIDE = Path(__file__).parents[2] / "shared"
MODELS = Path(os.environ.get("DONGSEON_MODELS") or BESIDE / "models")
public = pytest.mark.skipif(
    not (MODELS / "yolox_nano.onnx").exists(),
    reason=f"NOT TESTED, the demo with real weights: none in {MODELS} (set DONGSEON_MODELS)",
)


def test_a_clone_finds_people_with_nothing_but_its_own_weights(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("DONGSEON_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    words = ["demo", "--no-serve", "--json", "--workspace", str(tmp_path / "ws")]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pack"] == "builtin"
    assert found["score"]["visits_in_top_20"] >= 0.5 * found["score"]["visits"]
    assert {one["band"] for one in found["candidates"]} <= {"weak", "moderate", "insufficient",
                                                            "against"}  # fmt: skip
    door = [one for one in found["candidates"][:20] if one["camera_id"] == "c11"]
    assert any(one["face"] is not None for one in door)  # seen well enough to be compared
    assert main([*words, "--case", "case04"]) == 0  # nowhere in the footage
    absent = json.loads(capsys.readouterr().out)
    assert all(stop["probability"] < 0.8 for stop in absent["route"]["stops"])


def test_our_weights_are_what_their_cards_say_and_small():
    shipped = ROOT / "data" / "models"
    table = zoo.rows()
    for name in ("person_2026nov", "person_2026nov_attributes"):
        row = table[name]
        zoo.verify(row, shipped / row.file)
        assert row.sha256 in (shipped / "person_2026nov.md").read_text("utf-8")
    counting = ticks.believed(table["person_2026nov_attributes"].calibration)
    assert "upper_color" in counting
    assert "glasses" not in counting  # it always says "none"
    assert sum(file.stat().st_size for file in shipped.glob("*.onnx")) <= 20_000_000


@public
def test_the_demo_finds_most_of_what_there_is_and_nobody_who_is_not_there(tmp_path, capsys):
    words = ["demo", "--no-serve", "--json", "--models", str(MODELS), "--pack", "reference"]
    words += ["--workspace", str(tmp_path / "ws")]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    score = found["score"]
    assert score["visits"] >= 3
    assert score["visits_in_top_20"] >= 0.6 * score["visits"]
    assert found["candidates"][0]["band"] in ("weak", "moderate")  # clothes alone are not strong
    assert len(found["route"]["stops"]) >= 1  # nobody confirmed anything: little can be said
    assert main([*words, "--case", "case04"]) == 0  # nowhere in the footage
    absent = json.loads(capsys.readouterr().out)
    assert absent["score"]["visits"] == 0
    ws, city = Workspace.open(tmp_path / "ws"), delivered.read(demo.DATA)
    shown = people(city, ws)
    ws.close()
    answers = json.loads((demo.DATA / "truth" / "answers.json").read_text("utf-8"))
    same_clothes = answers[3]["look_alikes"][0]  # whose outfit is the missing person's own
    for one in absent["candidates"]:
        calm = one["band"] in ("weak", "insufficient", "against")
        assert calm or (one["band"], shown[one["tracklet_id"]]) == ("moderate", same_clothes)
    assert all(stop["probability"] < 0.8 for stop in absent["route"]["stops"])
