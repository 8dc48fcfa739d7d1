"""Citizens as numbers: one seed is one person, all attributes occur, and no split leaks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from core.citizens import wardrobe
from core.citizens.chance import SPLITS, split_of
from core.citizens.people import citizen, names_of
from core.errors import BadInput
from core.types import ATTRIBUTES, COLORS

CROWD = 500


@pytest.fixture(scope="module")
def crowd():
    return {split: [citizen(seed, split) for seed in range(CROWD)] for split in SPLITS}


def test_one_seed_is_the_same_person_in_another_process():
    code = "from core.citizens.people import citizen; print([citizen(s, 'test') for s in range(5)])"
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    ).stdout
    assert told.strip() == repr([citizen(s, "test") for s in range(5)])


def test_two_seeds_are_two_people(crowd):
    for people in crowd.values():
        assert len({person.face for person in people}) == CROWD
        assert len({person.morphs for person in people}) == CROWD


def test_changing_clothes_keeps_the_person():
    before = citizen(3)
    after = [before.dressed(k) for k in range(8)]
    assert all((p.face, p.hair, p.height_m) == (before.face, before.hair, before.height_m)
               for p in after)  # fmt: skip
    assert len({p.outfit.clothes() for p in after}) > 3
    assert all(split_of(name) == "train" for p in after for name in names_of(p).values())


@pytest.mark.parametrize("name", [n for n in ATTRIBUTES if n not in ("direction",)])
def test_every_value_of_an_attribute_can_be_worn(crowd, name):
    seen = {person.attributes()[name] for people in crowd.values() for person in people}
    if name.endswith("color"):
        slot = {"upper_color": "upper", "lower_color": "lower", "shoe_color": "shoes"}[name]
        seen |= {wardrobe.garment(item).cloth.color
                 for split in SPLITS for item in wardrobe.catalogue(slot, split)}  # fmt: skip
    assert seen == set(ATTRIBUTES[name])


def test_nothing_a_test_person_is_made_of_was_trained_on(crowd):
    used = {
        split: {name for person in people for name in names_of(person).values()}
        for split, people in crowd.items()
    }
    assert not used["train"] & used["test"]
    for split, names in used.items():
        assert {split_of(name) for name in names} == {split}


@pytest.mark.parametrize("split", SPLITS)
def test_one_pair_of_a_hundred_is_dressed_alike(crowd, split):
    worn = Counter(person.outfit.clothes() for person in crowd[split])
    pairs = sum(n * (n - 1) for n in worn.values()) / (CROWD * (CROWD - 1))
    assert 0.01 <= pairs <= 0.06


def test_a_korean_street_is_mostly_muted(crowd):
    colors = Counter(p.outfit.upper.cloth.color for people in crowd.values() for p in people)
    muted = sum(colors[c] for c in ("black", "white", "gray", "navy", "beige"))
    assert muted / (2 * CROWD) > 0.6


def test_children_are_small_and_dresses_are_for_women(crowd):
    for people in crowd.values():
        assert max(p.height_m for p in people if p.age == "child") < 1.62
        assert all(p.sex == "female" for p in people if p.outfit.upper.kind == "dress")


def test_the_named_colors_are_those_of_the_attributes():
    assert set(wardrobe.SHADES) == set(COLORS)


def test_another_split_is_refused_in_one_sentence():
    with pytest.raises(BadInput, match="train or test"):
        citizen(0, "validation")
