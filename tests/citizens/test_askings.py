"""Many missing persons put to one city: who they are, who wears the same, where last seen."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pytest

from core.citizens import askings, cast, truth
from core.citizens.city import Sizes
from core.citizens.people import citizen
from core.errors import BadInput, NotFound

SMALL = Sizes(cameras=4, minutes=4.0, walkers=6, cases=3, absent=1)


@pytest.fixture(scope="module")
def city():
    return cast.build(11, SMALL)


@pytest.fixture(scope="module")
def planned(city):
    """The plan of a city and the visits that geometry foresees, as the truth writes them."""
    visits = [
        {"person": name, "camera": v.camera, "enter": truth.iso(v.enter_s)}
        for name, seen in city.visits.items()
        for v in seen
    ]
    return json.loads(truth.dumps(truth.plan(city))), visits


def test_people_and_clothes_are_those_who_walk_there(city, planned):
    asked = askings.chosen(*planned, present=9, absent=3)
    walkers = {one.id: one.looks[0][1] for one in city.walkers}
    present = [one for one in asked if one.person is not None]
    assert len(present) == 9
    assert all(one.who == walkers[one.person] for one in present)
    twinned = [one for one in present if one.twins]
    assert 1 <= len(twinned) <= 3
    for one in twinned:
        assert one.who.outfit == walkers[one.twins[0]].outfit
        assert one.who != walkers[one.twins[0]]
    assert len({one.person for one in present}) == 9


def test_the_absent_never_were_there(city, planned):
    asked = [one for one in askings.chosen(*planned, present=2, absent=5) if one.person is None]
    walkers = {who for one in city.walkers for _, who in one.looks}
    assert not {one.who for one in asked} & walkers
    own = [one for one in asked if one.twins]
    assert [one.who.name for one in own] == [c.person.name for c in city.cases if not c.walker]
    assert len({one.who.name for one in asked}) == 5


def test_where_last_seen_is_near_and_before_the_first_visit(planned):
    plan, visits = planned
    cameras = {one["id"]: one for one in plan["cameras"]}
    first = {}
    for one in sorted(visits, key=lambda v: v["enter"]):
        first.setdefault(one["person"], one)
    for one in askings.chosen(plan, visits, 8, 2):
        said = askings.told(one, cameras, 0)
        at_s = datetime.fromisoformat(said["last_seen"]["at"]).timestamp()
        assert at_s < one.seen[1]
        near = cameras[one.seen[0]]
        off = np.hypot(
            (said["last_seen"]["lat"] - near["lat"]) * 111_320,
            (said["last_seen"]["lon"] - near["lon"]) * 111_320 * np.cos(np.radians(near["lat"])),
        )
        assert askings.AWAY_M[0] - 1 <= off <= askings.AWAY_M[1] + 1
        if one.person is not None:
            assert one.seen[0] == first[one.person]["camera"]
    again = askings.chosen(plan, visits, 8, 2)
    assert again == askings.chosen(plan, visits, 8, 2)
    assert again != askings.chosen(plan, visits, 8, 2, seed=1)


def test_more_than_walk_there_cannot_be_asked_for(planned, tmp_path):
    with pytest.raises(BadInput, match="people are filmed"):
        askings.chosen(*planned, present=999, absent=0)
    with pytest.raises(NotFound, match=r"city\.json"):
        list(askings.make(tmp_path, tmp_path / "out", 1, 1))


def test_a_photo_shows_somebody(renderer):
    one = askings.Asked("in001", citizen(3, "test"), "p0001", (), ("c01", 0.0))
    drawn = askings.photo(renderer, one, "test", 0)
    assert drawn.shape == (400, 300, 3)
    assert drawn.std() > 10
    other = askings.photo(renderer, askings.Asked("in001", citizen(4, "test"), "p", (), ("c", 0.0)),
                          "test", 0)  # fmt: skip
    assert np.abs(drawn.astype(int) - other).mean() > 1
