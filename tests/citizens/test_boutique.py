"""Clothes of one's own: nobody else's, the same for ever, still called by their color's name."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.citizens import boutique, paint
from core.citizens.datasets import People
from core.citizens.people import citizen
from core.citizens.stage import Light, Placed, View
from core.citizens.wardrobe import SHADES
from core.errors import BadInput
from core.types import ATTRIBUTES


def test_the_same_citizen_gets_the_same_clothes_and_another_seed_others():
    who = citizen(5)
    once, again = boutique.in_own_clothes(who, 1), boutique.in_own_clothes(who, 1)
    assert once == again
    assert boutique.in_own_clothes(who, 2).outfit != once.outfit
    assert (once.face, once.hair, once.height_m) == (who.face, who.hair, who.height_m)


def test_no_two_people_share_a_cloth_and_the_cut_stays():
    people = [citizen(seed) for seed in range(60)]
    own = [boutique.in_own_clothes(who, 0) for who in people]
    assert len({who.outfit.upper.cloth.rgb for who in own}) > 55
    assert {who.outfit.upper.cloth.pattern for who in own} > {"plain", "graphic", "panels"}
    for before, after in zip(people, own, strict=True):
        assert after.outfit.upper.cut == before.outfit.upper.cut
        assert after.outfit.upper.name == f"{before.outfit.upper.name}/own"
        told = after.attributes()
        assert told["upper_type"] == before.attributes()["upper_type"]
        assert all(told[name] in ATTRIBUTES[name] for name in told)


@pytest.mark.parametrize("name", SHADES)
def test_a_color_is_nearest_to_its_own_shades_and_not_always_the_same(name):
    rng = np.random.default_rng(3)
    drawn = [boutique.color(rng, name) for _ in range(20)]
    assert {boutique.named(np.array(rgb, float)) for rgb in drawn} == {name}
    assert len(set(drawn)) > 10


@pytest.mark.parametrize("pattern", ["blotches", "graphic", "panels"])
def test_each_pattern_shows_a_second_color_on_the_cloth(renderer, pattern):
    """Three people in red with green in it: the plain picture has no green."""
    from dataclasses import replace

    def green(pattern):
        share = []
        for seed in range(8):
            who = citizen(seed, "test")
            cloth = replace(who.outfit.upper.cloth, rgb=(190 - seed, 40, 40), second=(30, 170, 40),
                            pattern=pattern, fabric="cotton", scale=0.8)  # fmt: skip
            outfit = replace(who.outfit, bag=None, upper=replace(who.outfit.upper, cloth=cloth))
            view = View((0.0, 4.0, 1.3), (0.0, 0.0, 1.1), 30.0, size=(96, 192))
            light = Light((0.0, 0.9, 0.5), (0.5, 0.48, 0.45), (0.42, 0.44, 0.47), (0.2, 0.2, 0.2))
            picture = renderer.draw(view, light, (), [Placed(replace(who, outfit=outfit))])
            hsv = cv2.cvtColor(picture.image, cv2.COLOR_RGB2HSV)[picture.ids > 0]
            share.append(np.mean((hsv[:, 0] > 45) & (hsv[:, 0] < 80) & (hsv[:, 1] > 90)))
        return np.array(share)

    plain, drawn = green("plain"), green(pattern)
    assert plain.max() < 0.01
    assert (drawn > 0.01).sum() >= 3
    assert pattern in paint.PATTERNS


def test_a_share_of_a_set_wears_its_own_and_the_rest_is_as_before(renderer, tmp_path):
    with pytest.raises(BadInput, match="0 to 1"):
        People(2, own=1.5).check()
    plans = [People(1, 1, 1, own=own, split="test") for own in (0.0, 1.0)]
    rows = [plan.rows(renderer, 0, tmp_path / str(k)) for k, plan in enumerate(plans)]
    pictures = [(tmp_path / str(k) / r[0]["path"]).read_bytes() for k, r in enumerate(rows)]
    assert pictures[0] != pictures[1]
    assert rows[0][0]["hair"] == rows[1][0]["hair"]
