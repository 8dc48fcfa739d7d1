"""What of training needs no PyTorch: recipe, manifests, batches, schedule, randomising, figures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import drawn
import numpy as np
import pytest

from core.cli import main, training
from core.errors import BadInput, NotFound
from core.recipes import card, order, reliability, samples
from core.recipes.__main__ import main as wing
from core.recipes.randomise import COLOUR_TRUE, HARD, NONE, randomise
from core.recipes.recipe import Recipe, from_options
from core.recipes.schedule import FLOOR, rate
from core.types import ATTRIBUTES


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn.make(tmp_path_factory.mktemp("drawn") / "set", people=8, crops=3)


def edited(manifest: Path, tmp_path: Path, old: str, new: str) -> Path:
    """A copy of the set with another text in its table."""
    copy = Path(shutil.copytree(manifest.parent, tmp_path / "copy")) / manifest.name
    copy.write_bytes(copy.read_bytes().replace(old.encode(), new.encode()))
    return copy


# The recipe.


def yes(value):
    """Who says yes to one of two values."""
    return value[:, None] == np.arange(2)


def test_options_make_a_recipe_and_what_is_not_given_is_the_default():
    recipe = from_options({"kind": "reid", "manifest": ["a/m.csv"], "out": "o", "lr": None})
    assert recipe == Recipe("reid", ("a/m.csv",), "o")
    assert recipe.name == "osnet_x0_25_reid"
    assert recipe.rate > from_options({"kind": "reid", "manifest": ["m"], "out": "o",
                                       "start": "w.pt"}).rate  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"backbone": "vit"}, "use one of osnet_x0_25"),
        ({"pooling": "max"}, "use one of gem, avg"),
        ({"device": "tpu"}, "use one of auto, cpu, cuda"),
        ({"epochs": 0}, "--epochs must be between 1"),
        ({"triplet_from": 0}, "--triplet-from must be between 1"),
        ({"held_out": 0.9}, "--held-out must be between"),
        ({"lr": float("nan")}, "--lr must be between"),
        ({"size": [8, 8]}, "--size is WIDTHxHEIGHT"),
        ({"name": "../x"}, "cannot be used"),
        ({"kind": "faces"}, "use one of reid, attributes"),
        ({"epoch": 3}, "epoch is no option"),
    ],
)
def test_a_wrong_option_is_said_in_one_sentence(wrong, said):
    with pytest.raises(BadInput) as error:
        from_options({"kind": "reid", "manifest": ["m.csv"], "out": "o", **wrong})
    assert said in str(error.value)


def test_a_run_is_the_same_run_wherever_it_is_done_but_not_with_another_seed():
    one = Recipe("reid", ("/a/m.csv",), "/x/o", device="cpu", minutes=1.0)
    assert one.identity("d", None) == Recipe("reid", ("/b/m.csv",), "y").identity("d", None)
    assert one.identity("d", None) != one.identity("e", None)
    assert one.identity("d", None) != one.identity("d", "s")
    other = Recipe("reid", ("/a/m.csv",), "/x/o", seed=1)
    assert one.identity("d", None) != other.identity("d", None)


def test_the_command_line_names_no_folder_of_the_machine():
    recipe = Recipe("reid", ("/home/lee/sets/people/manifest.csv",), "/home/lee/out", epochs=3,
                    start="/home/lee/w.pt", eval=("/home/lee/real/m.csv",))  # fmt: skip
    assert recipe.command() == (
        "dongseon train reid --manifest people/manifest.csv --out out --start w.pt --epochs 3 "
        "--eval real/m.csv"
    )


def test_the_help_tells_the_defaults_that_hold():
    recipe = Recipe("reid", ("m",), "o")
    for name, (_, text) in training.OPTIONS.items():
        said = re.search(r"default ([.\d]+)\b(?!x)", text)
        if said and name != "lr":
            assert float(said[1]) == float(getattr(recipe, name.replace("-", "_"))), name
    assert f"{recipe.size[0]}x{recipe.size[1]}" in training.OPTIONS["size"][1]
    assert float(re.findall(r"\.\d+", training.OPTIONS["lr"][1])[0]) == recipe.rate


# Manifests.


def test_a_manifest_becomes_samples(manifest):
    found = samples.read([manifest], identities=True, attributes=True)
    assert (len(found), found.people) == (48, 8)
    assert list(found.code) == ["upper_color", "lower_color", "bag"]  # gender: nobody labelled it
    red = ATTRIBUTES["upper_color"].index("red")
    assert found.code["upper_color"][0] == red
    assert all(abs(float(share.sum()) - 1) < 1e-9 for share in found.priors().values())
    assert min(found.priors()["bag"]) > 0


def test_people_of_two_tables_are_different_people(manifest):
    both = samples.read([manifest, manifest], identities=True, attributes=False)
    assert both.people == 16


def test_an_unlabelled_cell_is_masked_and_unknown_is_unlabelled(manifest, tmp_path):
    table = edited(manifest, tmp_path, "backpack", "unknown")
    with_none = samples.read([table], identities=True, attributes=True)
    assert "bag" not in with_none.code  # one value alone teaches nothing
    table.write_text(table.read_text("utf-8").replace("none", "", 3), "utf-8")
    assert len(samples.read([table], True, True)) == 48


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("person_id", "person", "must name the columns path, person_id, camera_id"),
        ("000_0_0.png", "nowhere.png", "there is no picture at"),
        ("red", "crimson", "'crimson' is not a value of upper_color"),
    ],
)
def test_a_wrong_manifest_is_said_in_one_sentence(manifest, tmp_path, old, new, said):
    with pytest.raises(BadInput, match=said):
        samples.read([edited(manifest, tmp_path, old, new)], True, True)


def test_what_cannot_be_learned_is_said(manifest, tmp_path):
    with pytest.raises(NotFound):
        samples.read([tmp_path / "none.csv"], True, True)
    lonely = drawn.make(tmp_path / "one", people=1)
    with pytest.raises(BadInput, match="one person only"):
        samples.read([lonely], True, False)
    bare = tmp_path / "bare.csv"
    bare.write_text("path,person_id,camera_id\none/000_0_0.png,a,c\n", "utf-8")
    with pytest.raises(BadInput, match="labels no attribute"):
        samples.read([bare], False, True)
    with pytest.raises(BadInput, match="too few to keep some apart"):
        samples.split(samples.read([lonely], False, False), 0.1, 0)


def test_a_table_to_measure_on_needs_no_people(tmp_path):
    drawn.make(tmp_path / "set", people=2, crops=1)
    table = tmp_path / "set" / "t.csv"
    table.write_text("path,bag\n000_0_0.png,none\n001_0_0.png,\n", "utf-8")
    found = samples.labelled(table, ["bag", "hat"])
    assert found.people == 2
    assert found.code["bag"].tolist() == [0, -1]
    assert found.code["hat"].tolist() == [-1, -1]


def test_a_table_that_cannot_be_measured_on_is_said(manifest, tmp_path):
    samples.check_eval(manifest, identities=True)
    table = edited(manifest, tmp_path, "role", "part")
    samples.check_eval(table, identities=False)
    with pytest.raises(BadInput, match="must name the columns path, person_id, camera_id, role"):
        samples.check_eval(table, identities=True)
    (table.parent / "001_0_0.png").unlink()
    with pytest.raises(BadInput, match="there is no picture at"):
        samples.check_eval(table, identities=False)


def test_people_kept_apart_are_in_one_part_only(manifest):
    every = samples.read([manifest], True, True)
    parts = samples.split(every, 0.5, seed=3)
    names = [{path.name[:3] for path in part.path} for part in parts]
    assert [part.people for part in parts] == [4, 2, 2]
    assert len(set.union(*names)) == 8
    again = samples.split(every, 0.5, seed=3)
    assert [p.path for p in parts] == [p.path for p in again]


def test_the_hash_knows_every_byte_of_pictures_and_tables(manifest, tmp_path):
    before = samples.sha256([manifest])
    copy = edited(manifest, tmp_path, "nothing", "")
    assert samples.sha256([copy]) == before
    picture = copy.parent / "003_1_2.png"
    picture.write_bytes(picture.read_bytes() + b"\0")
    assert samples.sha256([copy]) != before


# Batches.


@pytest.fixture(scope="module")
def crowd() -> tuple[np.ndarray, np.ndarray]:
    """(person (N,), camera (N,)): 11 people with 3 to 13 crops under 2 cameras."""
    person = np.concatenate([np.full(3 + i, i) for i in range(11)])
    return person, np.arange(len(person)) % 2


def test_a_batch_is_p_people_with_k_crops_each(crowd):
    person, camera = crowd
    for batch in order.identities(person, camera, 4, 4, seed=1, epoch=0):
        who = person[[index for _, index, _ in batch]]
        assert len(batch) == 16
        assert sorted(np.bincount(who)[np.unique(who)]) == [4] * 4
        assert len(set(batch)) == 16  # a crop that comes twice is drawn differently
        for one in np.unique(who):  # both cameras, so that a positive pair crosses them
            assert len({camera[i] for _, i, _ in batch if person[i] == one}) == 2


def test_batches_are_the_same_for_a_seed_and_others_in_each_epoch(crowd):
    first = order.identities(*crowd, 4, 4, seed=1, epoch=0)
    assert first == order.identities(*crowd, 4, 4, seed=1, epoch=0)
    assert {k[1:] for b in first for k in b} != {
        k[1:] for b in order.identities(*crowd, 4, 4, seed=1, epoch=1) for k in b
    }
    lengths = {len(order.identities(*crowd, 4, 4, seed=1, epoch=e)) for e in range(5)}
    assert len(lengths) == 1  # the schedule counts on it


def test_nearly_every_crop_is_seen_in_an_epoch(crowd):
    seen = {i for e in range(3) for b in order.identities(*crowd, 4, 4, 1, e) for _, i, _ in b}
    assert len(seen) == len(crowd[0])
    with pytest.raises(BadInput, match="lower --people"):
        order.identities(*crowd, 12, 4, 1, 0)


def test_plain_batches_have_every_crop_once_and_never_a_single_one():
    batches = order.plain(33, 8, seed=0, epoch=2)
    assert sorted(i for b in batches for _, i, _ in b) == sorted({i for b in batches
                                                                  for _, i, _ in b})  # fmt: skip
    assert [len(b) for b in batches] == [8, 8, 8, 8]
    assert [len(b) for b in order.plain(34, 8, 0, 2)] == [8, 8, 8, 8, 2]


def test_the_rate_warms_up_and_falls_to_nearly_nothing():
    rates = [rate(step, 100, 10, 0.01) for step in range(100)]
    assert rates[0] == pytest.approx(0.001)
    assert max(rates) == rates[10] == rates[9] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.01 * FLOOR)
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert rate(0, 1, 0, 0.01) == pytest.approx(0.01)


# Randomising.


def test_a_crop_is_changed_the_same_way_for_the_same_seed():
    image = drawn.crop(0, 0, 0)
    one, two, other = (randomise(image, (32, 64), np.random.default_rng(s)) for s in (1, 1, 2))
    assert one.shape == (64, 32, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert np.array_equal(image, drawn.crop(0, 0, 0))  # what is given stays as it is


def test_nothing_is_changed_where_nothing_is_asked_for():
    image = drawn.crop(3, 0, 0)
    same = randomise(image, (32, 64), np.random.default_rng(0), NONE)
    assert np.abs(same.astype(int) - image).max() <= 1


def test_hard_changes_more_than_what_keeps_colours_true():
    image = drawn.crop(0, 0, 0)

    def change(how) -> float:
        made = [randomise(image, (32, 64), np.random.default_rng(s), how) for s in range(40)]
        return float(np.mean([np.abs(m.mean((0, 1)) - image.mean((0, 1))).mean() for m in made]))

    assert 0 < change(COLOUR_TRUE) < change(HARD)


def test_drawn_crops_are_cut_narrower_as_detectors_boxes_are():
    image = np.zeros((120, 60, 3), np.uint8)
    image[:, 20:40] = 255  # a third of the width
    how = replace(NONE, narrow=0.25)
    made = [randomise(image, (60, 120), np.random.default_rng(s), how) for s in range(60)]
    shares = [one.mean() / 255 for one in made]
    assert 0.33 < min(shares) < 0.36  # hardly anything cut
    assert max(shares) > 0.5
    assert all(np.ptp(one[:, 30].astype(int)) == 0 for one in made)  # the whole height stays


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (600, 40)])
def test_a_picture_of_any_shape_can_be_randomised(size):
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    for seed in range(20):
        assert randomise(image, (16, 32), np.random.default_rng(seed)).shape == (32, 16, 3)


# Calibration and reliability.


def test_a_known_temperature_is_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    label = np.array([rng.choice(3, p=row) for row in p])
    assert reliability.temperature(logits, label) == pytest.approx(1, abs=0.08)
    assert reliability.temperature(logits * 3, label) == pytest.approx(3, abs=0.25)
    assert reliability.temperature(logits[:5], label[:5]) == 1  # too few to say
    label[::2] = -1
    assert reliability.temperature(logits * 3, label) == pytest.approx(3, abs=0.4)


def test_balanced_accuracy_of_known_cases():
    label = np.repeat([0, 1], [80, 20])
    person = np.arange(100) // 4
    assert reliability.balanced(yes(label), label, person).value == 1
    always = reliability.balanced(yes(np.zeros(100, int)), label, person)
    assert always.value == 0.5  # though 80 % are right
    assert always.high == 0.5
    hit = np.where(np.arange(100) < 80, 0, np.arange(100) % 2)  # half of the rare ones
    assert reliability.balanced(yes(hit), label, person).value == pytest.approx(0.75)


def test_too_few_pictures_of_a_value_say_nothing():
    label = np.repeat([0, 1, -1], [30, 14, 56])
    found = reliability.balanced(yes(label), label, np.arange(100))
    assert np.isnan(found.value)
    assert np.isnan(reliability.balanced(yes(label[:0]), label[:0], label[:0]).value)


# The card.


def facts(**changed):
    return {
        "name": "tiny", "files": [{"file": "tiny.onnx", "bytes": 12, "sha256": "ab",
                                   "difference": 1e-7}],
        "recipe": {}, "command": "dongseon train reid --manifest s/m.csv --out o",
        "data": [{"table": "s/m.csv", "sha256": "cd", "people": 8, "cameras": 2, "crops": 48,
                  "drawn": None}],
        "data_sha256": "ef", "start": None, "epochs": 3, "batches": 7, "seconds": 7200.0,
        "device": "x86_64 CPU", "software": "PyTorch", "loss": 1.5, "licence": "a | b <i>",
        "results": None, **changed,
    }  # fmt: skip


def test_a_card_says_what_was_not_measured():
    text = card.markdown(card.made(facts()))
    assert "Not measured." in text
    assert "began from | random weights" in text
    assert "2.00 h" in text
    assert "a \\| b &lt;i>" in text
    assert "drawn people" not in text


def test_a_card_states_start_weights_results_and_that_people_were_drawn():
    start = {"file": "w.pt", "sha256": "99", "tensors": 260, "note": "ImageNet"}
    data = [{**facts()["data"][0], "drawn": {"split": "train", "seed": 4}}]
    judged = {
        "bag": {"value": None, "low": None, "high": None, "n": 3},
        "hat": {"value": 0.7, "low": 0.6, "high": 0.8, "n": 90},
    }
    measured = {"real/m.csv": {"map": 0.25, "reranked": {"map": None}}}
    results = {"eval reid": measured, "apart": {"held_out": judged}}
    made = card.made(facts(start=start, data=data, results=results))
    text = card.markdown(made)
    for said in ("`w.pt` (sha256 `99`, 260 tensors; ImageNet)", "split train, seed 4", "map: 0.25",
                 "reranked map: -", "hat: 0.7 (0.6 to 0.8, 90 people)", "too few pictures",
                 "Trained on drawn people"):  # fmt: skip
        assert said in text
    json.dumps(made, allow_nan=False)


def test_rows_are_toml_whatever_text_they_hold():
    row = {"licence": 'a "b" \\ 한 \n x', "bytes": 3, "ok": True}
    row |= {"input": {"size": [1, 2], "scale": 255.0}, "calibration": {"prior": {"bag": [0.5]}}}
    assert tomllib.loads(card.toml({"m": row})) == {"models": {"m": row}}


# The command line.


def test_without_pytorch_one_sentence_says_what_to_install(manifest, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training, "NEEDED", ("torch_that_is_not_there",))
    words = ["train", "reid", "--manifest", str(manifest), "--out", str(tmp_path / "o")]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "requirements/train.txt" in said


def test_a_wrong_size_is_said(manifest, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training, "NEEDED", ())
    words = ["train", "reid", "--manifest", str(manifest), "--out", str(tmp_path / "o")]
    assert main([*words, "--size", "big"]) == 2
    assert "WIDTHxHEIGHT" in capsys.readouterr().err


def test_the_verb_hands_its_options_to_the_wing(manifest, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(training, "NEEDED", ())
    words = ["train", "attributes", "--manifest", str(manifest), "--out", str(tmp_path / "o"),
             "--epochs", "0"]  # fmt: skip
    assert main(words) == 2
    assert capfd.readouterr().err == "dongseon: --epochs must be between 1 and 10000\n"


def test_the_wing_says_a_wrong_option_in_one_sentence(capsys):
    options = {"kind": "reid", "manifest": ["m.csv"], "out": "o", "backbone": "vit"}
    assert wing([json.dumps(options)]) == 2
    assert capsys.readouterr().err.startswith("dongseon: 'vit' is no backbone")


def test_the_command_line_and_the_plan_of_a_run_load_no_pytorch():
    code = (
        "import sys; from core.cli import parser; parser(); import core.recipes.samples, "
        "core.recipes.order, core.recipes.randomise, core.recipes.reliability, core.recipes.card; "
        "print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
