"""A pack with an attribute model: people are judged in footage and searched by ticks."""

from __future__ import annotations

from pathlib import Path

import judge as drawn_judge
import numpy as np
import pytest

from core import study, ticks, zoo
from core.cli import main
from core.describe import Shot, judge
from core.errors import ModelError
from core.types import ATTRIBUTES, Camera, Recorder
from core.workspace import Workspace

RED = ATTRIBUTES["upper_color"].index("red")


@pytest.fixture(scope="session")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_judge.make(tmp_path_factory.mktemp("judge"))


@pytest.fixture
def seen(judging, tiny_pack, tiny_films, tmp_path) -> Workspace:
    """A workspace of the pack with an attribute model: red, green and teal people under c1, c2."""
    ws = Workspace.create(tmp_path / "ws", "judging", [judging, tiny_pack])
    for n, (camera, film) in enumerate(tiny_films.items()):
        place = Camera(camera, camera, camera, 37.5665, 126.9780 + n * 0.002)
        ws.add_camera(place, Recorder(camera, 0.0, 2.0, 1777593600.0, "photo"))
        for _ in ws.ingest(film, camera=camera, start=f"2026-05-01T09:0{n * 4}:00+09:00"):
            pass
    return ws


def shot(color: tuple[int, int, int], quality: float = 1.0) -> Shot:
    image = np.full((64, 32, 3), color, np.uint8)
    return Shot(image, np.array([0, 0, 32, 64], np.float32), quality)


def test_an_optional_model_counts_only_where_a_pack_names_one(judging, tiny_pack):
    folders = [judging, tiny_pack]
    assert zoo.pack("judging", folders).tasks["attributes"] == "tiny_judge"
    assert "attributes" not in zoo.pack("tiny", folders).tasks
    assert zoo.missing("judging", folders) == []


def test_several_pictures_are_one_judgement_by_their_quality(judging):
    model = zoo.load("tiny_judge", [judging])
    red, black = (judge(model, [shot(c)])["upper_color"] for c in ((230, 20, 20), (10, 10, 10)))
    assert red[RED] > 0.9 > 0.1 > black[RED]
    assert red.sum() == pytest.approx(1, abs=1e-5)
    mixed = judge(model, [shot((230, 20, 20), 0.9), shot((10, 10, 10), 0.1)])["upper_color"]
    assert mixed == pytest.approx(0.9 * red + 0.1 * black, abs=1e-4)


def test_what_footage_shows_is_judged_and_stored(seen):
    rows = seen.gallery.select(kind="attributes", columns=("tracklet_id", "attributes"))
    told = {r["tracklet_id"]: dict(r["attributes"]) for r in rows.to_pylist()}
    assert len(told) == 4
    assert all(set(said) == {"upper_color", "bag"} for said in told.values())
    assert sum(said["upper_color"][RED] > 0.5 for said in told.values()) == 2


def test_a_tick_the_model_judges_no_better_than_guessing_gives_no_evidence(seen):
    everybody = seen.gallery.scores("tiny_body", np.eye(1, 12, dtype=np.float32))
    priors = ticks.believed(zoo.rows(seen._models._settings.directories)["tiny_judge"].calibration)
    assert set(priors) == {"upper_color"}

    def of(priors, **wanted):
        from core.types import Want

        asked = {name: Want(value) for name, value in wanted.items()}
        return ticks.evidence(seen.gallery, asked, everybody, seen.cameras(), priors)

    assert np.isnan(of(priors, bag="backpack")).all()
    assert np.isfinite(of(None, bag="backpack")).all()
    assert np.isfinite(of(priors, upper_color="red")).all()
    assert np.array_equal(of(priors, upper_color="red", bag="none"), of(priors, upper_color="red"))
    assert dict(seen._site().priors or {}).keys() == {"upper_color"}


def test_an_attribute_nobody_measured_is_not_believed():
    assert ticks.believed({"prior": {"hat": [0.5, 0.3, 0.2]}}) == {}
    assert ticks.believed({}) == {}


def test_eval_attributes_takes_a_model_or_a_pack(judging, tiny_pack, tmp_path, capsys):
    import drawn

    manifest = drawn.make(tmp_path / "set", people=6, crops=2)
    figures = study.attributes(manifest, directories=[judging], model="tiny_judge")
    assert figures["model"] == "tiny_judge"
    assert figures["by_name"]["bag"] == {"accuracy": 0.5, "n": 24}
    words = ["eval", "attributes", "--manifest", str(manifest), "--models", str(judging)]
    assert main([*words, "--model", "tiny_judge"]) == 0
    assert "upper_color" in capsys.readouterr().out
    assert main([*words, "--models", str(tiny_pack), "--pack", "judging"]) == 0
    assert main([*words, "--models", str(tiny_pack), "--model", "tiny_body"]) == 2
    assert "is not an attribute model" in capsys.readouterr().err
    with pytest.raises(ModelError, match="no model of the pack tiny judges attributes"):
        study.attributes(manifest, "tiny", [tiny_pack])
