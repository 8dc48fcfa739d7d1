"""The fictional city as numbers: town, ways, clocks, cast, splits. Nothing is drawn here."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from core.citizens import cast, facade, texture, townmap, truth, walkways
from core.citizens import sites as sites_of
from core.citizens import town as town_of
from core.citizens.chance import generator, presets, split_of
from core.citizens.city import STOPS, Sizes
from core.citizens.people import names_of
from core.errors import BadInput
from core.routemap.basemap import STYLES, base_lines

SMALL = Sizes(cameras=4, minutes=4.0, walkers=6, cases=3, absent=1)


@pytest.fixture(scope="module")
def city():
    return cast.build(11, SMALL)


# --- the town -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_everywhere_can_be_reached_from_everywhere(seed):
    ways = walkways.graph(town_of.build(seed))
    assert connected_components(ways.matrix(ways.length_m), directed=False)[0] == 1
    assert ways.length_m.min() > 5


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_house_stands_on_a_street_or_in_another(seed):
    town = town_of.build(seed)
    boxes = np.array([(b.box.x0, b.box.y0, b.box.x1, b.box.y1) for b in town.buildings])
    assert np.all(boxes[:, 2:] > boxes[:, :2])
    houses = boxes[[b.use in ("shop", "home") for b in town.buildings]]
    for street in town.streets:
        low, high = (0, 2) if street.axis == "x" else (1, 3)
        gap = np.maximum(houses[:, low] - street.at_m, street.at_m - houses[:, high])
        assert np.all(gap >= street.half_m - 1e-6)
    width = np.minimum(houses[:, None, 2:], houses[None, :, 2:])
    width = width - np.maximum(houses[:, None, :2], houses[None, :, :2])
    overlap = np.prod(np.clip(width, 0, None), axis=2)
    assert np.all(overlap[~np.eye(len(houses), dtype=bool)] < 1e-6)


def test_the_base_map_is_one_the_app_can_draw(city):
    base = townmap.geojson(city.town)
    kinds = {feature["properties"]["kind"] for feature in base["features"]}
    assert kinds <= set(STYLES)
    assert {"water", "green", "building", "main_road", "road"} <= kinds
    assert len(base_lines(base)) == len(base["features"])
    points = np.array([p for _, _, line in base_lines(base) for p in line])
    for camera in city.cameras:
        lat, lon = truth.place(city, camera.site.eye[:2])
        assert points[:, 0].min() < lat < points[:, 0].max()
        assert points[:, 1].min() < lon < points[:, 1].max()


def test_metres_and_degrees_agree_and_headings_turn_with_the_town(city):
    town = city.town
    a, b = np.array([10.0, -40.0]), np.array([130.0, 77.0])
    (lat_a, lon_a), (lat_b, lon_b) = town.wgs84(a), town.wgs84(b)
    north = math.radians(lat_b - lat_a) * 6_378_137
    east = math.radians(lon_b - lon_a) * 6_378_137 * math.cos(math.radians(lat_a))
    assert math.hypot(north, east) == pytest.approx(np.linalg.norm(b - a), rel=2e-3)
    told = town.compass_deg(math.degrees(math.atan2(*(b - a))))
    assert told == pytest.approx(math.degrees(math.atan2(east, north)) % 360, abs=0.2)


# --- who walks where ------------------------------------------------------------------------------


def test_people_walk_at_speeds_people_walk_at_and_never_jump(city):
    for walker in city.walkers:
        trip = walker.trip
        t = np.arange(trip.t_s[0], trip.t_s[-1], 0.2)
        xy, heading, speed, _ = trip.at(t)
        step = np.linalg.norm(np.diff(xy, axis=0), axis=1) / 0.2
        assert step.max() < 1.35 * cast.MOST_SPEED
        moving = speed[speed > 0.3]
        assert cast.LEAST_SPEED * 0.8 < np.median(moving) < cast.MOST_SPEED
        assert np.all((heading >= 0) & (heading < 360))
        assert np.isnan(trip.at(np.array([trip.t_s[0] - 1, trip.t_s[-1] + 1]))[0]).all()


def test_people_walk_around_houses_not_through_them(city):
    houses = [b.box for b in city.town.buildings if b.use != "station"]
    for walker in city.walkers:
        way = walker.trip.way_m
        inside = np.zeros(len(way), dtype=bool)
        x, y = walker.trip.xy.T
        for box in houses:
            inside |= (x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)
        deep = inside & (way > 4) & (way < way[-1] - 4)  # doors are at the ends
        assert not deep.any(), walker.id


def test_a_pause_stops_the_walker_where_it_was_asked():
    ways = walkways.graph(town_of.build(5))
    places = walkways.shortest(ways, 0, len(ways.xy) - 1)
    given = {"start_s": 100.0, "speed_m_s": 1.25, "side": 1, "lane": 0.5}
    plain = walkways.trip(ways, places, **given)
    paused = walkways.trip(ways, places, pauses=(walkways.Pause(60.0, 12.0),), **given)
    assert paused.t_s[-1] - plain.t_s[-1] == pytest.approx(12.0)
    at_s = 100 + 60 / 1.25
    xy = paused.at(np.array([at_s + 2, at_s + 10]))[0]
    assert np.linalg.norm(xy[1] - xy[0]) < 1e-6


def test_a_house_hides_what_a_ray_through_it_cannot_reach(city):
    rng = generator("hidden test")
    site = city.cameras[0].site
    points = np.column_stack([rng.uniform(-60, 60, (60, 2)) + site.eye[:2], rng.uniform(0, 2, 60)])
    told = sites_of.hidden(city.town, site.eye, points)
    along = np.linspace(0.002, 0.998, 3000)[:, None]
    for point, said in zip(points, told, strict=True):
        ray = np.array(site.eye) + along * (point - site.eye)
        blocked = any(
            np.any((ray[:, 0] > b.box.x0) & (ray[:, 0] < b.box.x1) & (ray[:, 1] > b.box.y0)
                   & (ray[:, 1] < b.box.y1) & (ray[:, 2] < b.height_m))
            for b in city.town.buildings
        )  # fmt: skip
        grazing = said != blocked
        assert not grazing or np.linalg.norm(point[:2] - site.eye[:2]) > 1


def test_missing_persons_pass_three_to_seven_cameras_and_absent_ones_none():
    whole = cast.build(7, Sizes(walkers=4, cases=6, absent=2))
    for case in whole.cases:
        if case.walker is None:
            names = {who.name for walker in whole.walkers for _, who in walker.looks}
            assert case.person.name not in names
            continue
        stops = {visit.camera for visit in whole.visits[case.walker]}
        assert STOPS[0] <= len(stops) <= STOPS[1]
    assert [case.walker is None for case in whole.cases] == [False] * 4 + [True] * 2


def test_look_alikes_wear_the_same_but_are_others(city):
    walkers = {walker.id: walker for walker in city.walkers}
    for case in city.cases:
        assert len(case.look_alikes) >= 3
        first = walkers[case.look_alikes[0]].looks[0][1]
        assert first.outfit == case.person.outfit
        for name in case.look_alikes:
            other = walkers[name].looks[0][1]
            assert (other.sex, other.age) == (case.person.sex, case.person.age)
            assert other.name != case.person.name
            assert other.face != case.person.face


def test_a_change_happens_between_two_visits():
    whole = cast.build(7, Sizes(walkers=4, cases=8))
    changed = [c for c in whole.cases if c.change != "none"]
    assert changed
    walkers = {walker.id: walker for walker in whole.walkers}
    for case in changed:
        walker = walkers[case.walker]
        (_, before), (since, after) = walker.looks
        assert before.outfit != after.outfit
        assert (before.name, before.face) == (after.name, after.face)
        visits = whole.visits[walker.id]
        assert visits[0].leave_s < since < visits[-1].enter_s
        assert not any(v.enter_s < since < v.leave_s for v in visits)
        assert walker.citizen(since - 1) == before
        assert walker.citizen(since + 1) == after


def test_every_camera_sees_as_many_people_as_asked_for(city):
    seen = {camera.id: 0 for camera in city.cameras}
    for visits in city.visits.values():
        for visit in visits:
            seen[visit.camera] += 1
    assert min(seen.values()) >= SMALL.walkers


# --- clocks and repeatability ---------------------------------------------------------------------


def test_a_camera_shows_true_time_minus_its_offset(city):
    for camera in city.cameras:
        told = truth.camera(city, camera)
        shown = camera.shown_s(camera.from_s)
        assert shown + told["clock_offset_s"] == pytest.approx(camera.from_s)
        assert told["shown_from"] == truth.iso(shown)


def test_recorders_are_shared_wrong_and_only_partly_known():
    whole = cast.build(7, Sizes(walkers=1, cases=0))
    clocks = {camera.recorder.id: camera.recorder for camera in whole.cameras}
    assert 1 < len(clocks) < len(whole.cameras)
    assert any(abs(clock.offset_s) > 30 for clock in clocks.values())
    told = [clock for clock in clocks.values() if clock.told_offset_s is not None]
    assert 0 < len(told) < len(clocks)
    for clock in told:
        assert abs(clock.told_offset_s - clock.offset_s) < 5 * clock.told_sigma_s


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(city):
    again = truth.dumps(truth.plan(cast.build(11, SMALL)))
    assert truth.dumps(truth.plan(city)) == again
    assert json.loads(again)["cameras"]
    assert again != truth.dumps(truth.plan(cast.build(12, SMALL)))
    assert "quick" not in again
    quick = truth.plan(replace(city, sizes=replace(SMALL, quick=True)))
    assert truth.dumps({k: v for k, v in quick.items() if k != "quick"}) == again
    assert quick["quick"] is True


def test_sizes_that_make_no_sense_are_refused():
    for wrong in ({"cameras": 0}, {"hour": "noon"}, {"cases": 1, "absent": 2}, {"split": "demo"}):
        with pytest.raises(BadInput):
            Sizes(**wrong)


# --- splits ---------------------------------------------------------------------------------------


def test_training_and_test_cities_share_no_named_asset():
    cities = {split: cast.build(3, Sizes(cameras=4, minutes=1.0, walkers=4, cases=1, split=split))
              for split in ("train", "test")}  # fmt: skip
    used = {}
    for split, one in cities.items():
        names = {c.light for c in one.cameras} | {c.sensor for c in one.cameras}
        names |= {facade.wall_name(3, house, split) for house in one.town.buildings}
        for walker in one.walkers:
            for _, who in walker.looks:
                names |= set(names_of(who).values())
        assert {split_of(name) for name in names} == {split}
        used[split] = names
    assert not used["train"] & used["test"]


@pytest.mark.parametrize(
    ("kind", "n"),
    [("wall", texture.WALLS), ("paving", texture.PAVINGS), ("asphalt", texture.ASPHALTS),
     ("light", texture.LIGHTS), ("codec", texture.CODECS)],
)  # fmt: skip
def test_both_sides_of_the_split_have_something_to_draw_with(kind, n):
    train, test = presets(kind, n, "train"), presets(kind, n, "test")
    assert len(train) + len(test) == n
    assert len(test) >= 2
    assert not set(train) & set(test)
