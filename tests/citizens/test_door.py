"""A camera at a door: a missing person comes towards it; other films stay as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.citizens import cast, doors, film, truth
from core.citizens.__main__ import main
from core.citizens.city import City, Sizes, in_films
from core.citizens.cityverbs import DEMO, DEMO_SEED
from core.errors import BadInput

PLAIN = replace(DEMO, door=False)


@pytest.fixture(scope="module")
def both() -> tuple[City, City]:
    return cast.build(DEMO_SEED, PLAIN), cast.build(DEMO_SEED, replace(DEMO, door=True))


def test_all_but_the_door_and_who_passes_it_stays(both):
    plain, door = (truth.plan(city) for city in both)
    n = len(plain["walkers"])
    assert door["cameras"][:-1] == plain["cameras"]
    assert door["walkers"][1:n] == plain["walkers"][1:]
    assert door["cases"][1:] == plain["cases"][1:]
    told = [{k: v for k, v in w["walkers"][0].items() if k != "foreseen"} for w in (plain, door)]
    assert told[0] == told[1]
    city = both[1]
    for camera in city.cameras[:-1]:  # nobody new is drawn there, not even far away
        called = film.call(city, camera, film.times(city, camera)).walkers
        assert {w.id for w in called} <= {w.id for w in both[0].walkers}


def test_the_missing_person_comes_near_and_shows_the_face(both):
    city = both[1]
    camera, walker = city.cameras[-1], city.walkers[0]
    assert camera.site.kind == "door"
    (visit,) = [v for v in city.visits[walker.id] if v.camera == camera.id]
    t = np.arange(visit.enter_s, visit.leave_s, 0.25)
    xy, heading, _, _ = walker.trip.at(t)
    away = np.hypot(*(xy - camera.site.eye[:2]).T)
    assert away.min() < 3.5
    towards = np.cos(np.radians(heading - camera.site.heading_deg))
    assert (towards[away < 6] < -0.85).all()
    assert 1.5 < camera.site.eye[2] < 2.5


def test_somebody_in_the_same_clothes_comes_by_too(both):
    city = both[1]
    case = city.cases[0]
    other = next(w for w in city.walkers if w.id == case.look_alikes[-1])
    assert (other.role, other.of_case) == ("look_alike", case.id)
    assert other.looks[0][1].outfit == case.person.outfit
    assert other.looks[0][1].name != case.person.name
    seen = [w for w in city.walkers if any(v.camera == "c11" for v in city.visits[w.id])]
    assert other in seen
    assert len(seen) >= DEMO.walkers - 1
    assert not in_films(city.town, city.cameras[:-1], other.trip)
    assert in_films(city.town, city.cameras[-1:], other.trip)


def test_a_door_that_nobody_walks_up_to_is_refused(monkeypatch):
    few = Sizes(cameras=3, minutes=0.5, walkers=2, cases=1, story=True, door=True)
    monkeypatch.setattr(doors, "beside", lambda *_: None)
    with pytest.raises(BadInput, match="another --seed"):
        cast.build(3, few)


@pytest.mark.parametrize("words", [("--cases", "0"), ("--cases", "2", "--absent", "2")])
def test_a_door_for_nobody_is_refused_in_one_sentence(words, makehuman, tmp_path, capsys):
    small = ("--cameras", "1", "--minutes", ".2", "--walkers", "1", "--door")
    out = tmp_path / "city"
    assert main(["city", str(out), "--assets", str(makehuman), *small, *words]) == 2
    assert "missing person" in capsys.readouterr().err
    assert not out.exists()
