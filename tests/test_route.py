"""The route posterior equals the enumeration of all paths, and its doubts are printed."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from core import route
from core.errors import BadInput, NotFound
from core.route import transit
from core.route.nodes import BESIDE_S
from core.types import Camera, LastSeen, Recorder, Route, Sighting

DEFAULT = route.Settings()
DEGREE_M = math.pi / 180 * 6_371_008.8  # of latitude
FEW = settings(max_examples=60, deadline=None)


def camera(name: str, north_m: float | None = 0.0, recorder: str = "r", **more) -> Camera:
    lat = None if north_m is None else north_m / DEGREE_M
    return Camera(name, name, recorder, lat, None if lat is None else 127.0, **more)


def cameras(*list_: Camera) -> dict[str, Camera]:
    return {c.id: c for c in list_}


def seen(at: str, enter_s: float, n: int = 0, e: float = 0.0, stay_s: float = 0.0, **more):
    return Sighting(
        "cctv", enter_s, enter_s + stay_s, at, f"{at}/clip/{n}-{enter_s}", evidence=e, **more
    )


CHECKED = {"r": Recorder("r", clock_sigma_s=2.0), "q": Recorder("q", clock_sigma_s=2.0)}
LINE = cameras(*(camera(f"c{k}", 500.0 * k) for k in range(5)))


def probability(answer: Route, s: Sighting) -> float:
    return next((x.probability for x in answer.stops if x.tracklet_id == s.tracklet_id), 0.0)


# -- an independent reference: scipy's own densities, every path counted -------------------------


def reference_log_f(tau: float, d: float, s: float, kappa: float = 1.3) -> float:
    """Section 6's f for the band "unknown"."""
    q = (np.arange(15) + 0.5) / 15
    sd = math.sqrt(math.log(1 + (0.30 / 1.25) ** 2))
    t = kappa * d / stats.lognorm.ppf(q, sd, scale=1.25 * math.exp(-sd * sd / 2))
    tau = max(tau, 0.0) if d == 0 else tau
    w = 0.1 if d > 300 else 0.0
    parts = np.concatenate(
        [
            math.log(0.7 * (1 - w) / 15) + stats.norm.logpdf(tau, t, s),
            math.log(0.3 * (1 - w) / 15) + stats.exponnorm.logpdf(tau, 900 / s, t, s),
        ]
    )
    if w:
        t = kappa * d / stats.lognorm.ppf(q, 0.5, scale=6)
        late = math.log(w / 15) + stats.exponnorm.logpdf(tau, 420 / s, t, s)
        parts = np.concatenate([parts, late])
    return float(np.logaddexp.reduce(parts))


def reference_h(tau: float, d: float, s: float, one_camera: bool, kappa: float = 1.3) -> float:
    """log H, -inf if not allowed."""
    time = tau + 2 * s
    ok = tau > 0 if one_camera else d == 0 or 5 * time >= d or (d > 300 and 15 * time >= d)
    return reference_log_f(tau, d, s, kappa) - d / 1000 if ok else -math.inf


def reference_paths(found, where, clocks, last_seen, streets=None, crowd=None):
    """[(path, weight)] of every path in time order, the empty one too.

    crowd  {tracklet: how many people it stands for where a passage could have led}
    """
    said = [s for s in found if s.verdict == "not_here"]

    def contradicted(s):
        return s.source == "cctv" and any(
            t.camera_id == s.camera_id and s.enter_s <= t.leave_s and t.enter_s <= s.leave_s
            for t in said
        )

    found = [s for s in found if s.verdict not in ("rejected", "not_here")]
    found = [s for s in found if s.verdict == "confirmed" or not contradicted(s)]
    found.sort(key=lambda s: s.enter_s)
    n = len(found)

    def place(s):
        """Latitude, radius, recorder and camera; a sighting that is not video has its own."""
        if s.source != "cctv":
            return s.lat, s.radius_m, None, None
        c = where[s.camera_id]
        return c.lat, c.view_range_m, c.recorder_id, c.id

    def clock(s):
        if s.source != "cctv":
            return s.sigma_s**2
        r = clocks[where[s.camera_id].recorder_id]
        days = 0 if r.checked_at is None else abs(s.enter_s - r.checked_at) / 86_400
        return r.clock_sigma_s**2 + (2 * days) ** 2

    log_h = np.full((n, n), -math.inf)
    for i, j in itertools.combinations(range(n), 2):
        a, b = place(found[i]), place(found[j])
        street = (streets or {}).get((a[3], b[3]), (streets or {}).get((b[3], a[3])))
        apart = abs(a[0] - b[0]) * DEGREE_M if street is None else street
        d = max(0.0, apart - a[1] - b[1])
        one_camera = a[3] is not None and a[3] == b[3]
        d = 0.0 if one_camera else d
        same = a[2] is not None and a[2] == b[2]
        s = 5.0 if same else math.sqrt(clock(found[i]) + clock(found[j]) + 25)
        tau, kappa = found[j].enter_s - found[i].leave_s, 1.3 if street is None else 1.0
        log_h[i, j] = reference_h(tau, d, s, one_camera, kappa)
    first = np.zeros(n)
    if last_seen is not None:
        for j, x in enumerate(found):
            lat, radius, _, _ = place(x)
            apart = abs(lat - last_seen.lat) * DEGREE_M
            d = max(0.0, apart - radius - last_seen.radius_m)
            s = math.sqrt((last_seen.to_s - last_seen.from_s) ** 2 / 12 + clock(x) + 25)
            tau = x.enter_s - (last_seen.from_s + last_seen.to_s) / 2
            over = x.leave_s < last_seen.from_s - 2 * s
            first[j] = -math.inf if over else reference_h(tau, d, s, False)

    stands_for = np.log([(crowd or {}).get(s.tracklet_id, 1.0) for s in found])

    def rows(x):
        total = np.logaddexp.reduce(x + stands_for, axis=-1, keepdims=True)
        return np.where(np.isfinite(total), np.exp(x - np.where(np.isfinite(total), total, 0)), 0)

    rho = np.where(np.isfinite(log_h).any(axis=1), DEFAULT.rho, 1.0)
    step, begin = (1 - rho)[:, None] * rows(log_h), DEFAULT.p_in * rows(first)
    evidence = [
        0.0 if s.verdict == "confirmed" or math.isnan(s.evidence) else s.evidence for s in found
    ]
    must = {j for j in range(n) if found[j].verdict == "confirmed"}
    weighed = [((), 0.0 if must else 1 - DEFAULT.p_in)]
    for size in range(1, n + 1):
        for path in itertools.combinations(range(n), size):
            if must <= set(path):
                weight = begin[path[0]] * 10 ** evidence[path[0]] * rho[path[-1]]
                for i, j in itertools.pairwise(path):
                    weight *= step[i, j] * 10 ** (DEFAULT.g * evidence[j])
                weighed.append((tuple(found[j].tracklet_id for j in path), float(weight)))
    return weighed


@st.composite
def small_cases(draw, verdicts=(None, None, "possible", "rejected", "confirmed")):
    clocks = {
        name: Recorder(
            name,
            clock_sigma_s=draw(st.sampled_from([2.0, 30.0, 600.0])),
            checked_at=draw(st.sampled_from([None, 0.0, 9 * 86_400.0])),
        )
        for name in ("r", "q")
    }
    metres = st.integers(0, 3000)
    where = cameras(
        *(
            camera(f"c{k}", float(draw(metres)), draw(st.sampled_from("rq")))
            for k in range(draw(st.integers(1, 4)))
        )
    )
    times = draw(st.lists(st.integers(0, 4000), unique=True, max_size=6))
    found = [
        seen(
            draw(st.sampled_from(sorted(where))),
            float(t),
            e=draw(st.floats(-2, 3) | st.just(math.nan)),
            stay_s=draw(st.sampled_from([0.0, 20.0, 300.0])),
            verdict=draw(st.sampled_from(verdicts)),
        )
        for t in times
    ]
    place = LastSeen(-600.0, 600.0, float(draw(metres)) / DEGREE_M, 127.0)
    return found, where, clocks, draw(st.none() | st.just(place))


@FEW
@given(small_cases())
def test_the_posterior_equals_the_enumeration_of_all_paths(case):
    weighed = reference_paths(*case)
    z = sum(weight for _, weight in weighed)
    assume(z > 0)
    answer = route.posterior(*case)
    for s, p, last in zip(case[0], answer.stop, answer.last, strict=True):
        want = sum(weight for path, weight in weighed if s.tracklet_id in path) / z
        assert p == pytest.approx(want, rel=1e-6, abs=1e-12)
        want = sum(weight for path, weight in weighed if s.tracklet_id in path[-1:]) / z
        assert last == pytest.approx(want, rel=1e-6, abs=1e-12)
    assert answer.never == pytest.approx(weighed[0][1] / z, rel=1e-6)


@FEW
@given(small_cases(), st.lists(st.integers(-500, 5000), max_size=8), st.data())
def test_a_crowd_is_counted_with_the_nearest_of_its_camera_and_equals_the_enumeration(
    case, times, data
):
    """Every passage could have led to those too who were compared and found unlike."""
    found, where, *rest = case
    names = [data.draw(st.sampled_from([*sorted(where), "elsewhere"])) for _ in times]
    both = list(zip(times, names, strict=True))
    crowd = {n: np.array([float(t) for t, m in both if m == n]) for n in set(names)}
    real = sorted((s for s in found if s.verdict != "rejected"), key=lambda s: s.enter_s)
    count = {s.tracklet_id: 1.0 for s in real}
    for t, name in both:
        beside = [s for s in real if abs(s.enter_s - t) <= BESIDE_S]
        here = [s for s in beside if s.camera_id == name]
        nearest = min(here, key=lambda s: abs(s.enter_s - t), default=None)
        assume(not here or [abs(s.enter_s - t) for s in here].count(abs(nearest.enter_s - t)) == 1)
        for s in [nearest] if here else beside:
            count[s.tracklet_id] += 1 / (1 if here else len(beside))
    weighed = reference_paths(*case, crowd=count)
    z = sum(weight for _, weight in weighed)
    assume(z > 0)
    answer = route.posterior(found, where, *rest, crowd=crowd)
    for s, p in zip(found, answer.stop, strict=True):
        want = sum(weight for path, weight in weighed if s.tracklet_id in path) / z
        assert p == pytest.approx(want, rel=1e-6, abs=1e-12)


def test_the_larger_the_crowd_the_less_a_stop_is_believed():
    found = [seen("c0", 0.0, e=1.5), seen("c1", 500.0, e=1.5)]
    believed = [
        route.posterior(found, LINE, CHECKED, crowd={"c1": np.arange(n, dtype=float)}).stop[0]
        for n in (0, 5, 50)
    ]
    assert believed == sorted(believed, reverse=True)
    assert believed[2] < believed[0] / 2


def test_who_passed_on_another_day_is_no_crowd():
    found = [seen("c0", 0.0, e=1.5), seen("c1", 500.0, e=1.5)]
    fortnight = {c: 86_400.0 * (1 + np.arange(5000) % 14) for c in ("c0", "c1", "c2")}
    alone, among = (route.posterior(found, LINE, CHECKED, crowd=c) for c in (None, fortnight))
    assert np.array_equal(alone.stop, among.stop)


@st.composite
def told_cases(draw):
    """Small cases with witnesses, "not here" and streets besides."""
    found, where, clocks, place = draw(small_cases())
    for _ in range(draw(st.integers(0, 2))):
        t = draw(st.floats(0, 4000))
        found.append(
            Sighting(
                draw(st.sampled_from(["witness", "card"])), t,
                t + draw(st.sampled_from([0.0, 60.0])),
                None, f"told-{len(found)}", draw(st.integers(0, 3000)) / DEGREE_M, 127.0,
                draw(st.sampled_from([30.0, 200.0])), draw(st.sampled_from([0.0, 300.0])),
                draw(st.floats(0, 2)), draw(st.sampled_from([None, "confirmed"])),
            )
        )  # fmt: skip
    for _ in range(draw(st.integers(0, 2))):
        t = float(draw(st.integers(0, 4000)))
        at = draw(st.sampled_from(sorted(where)))
        found.append(Sighting("cctv", t, t + 500.0, at, verdict="not_here"))
    names = sorted(where)
    streets = {
        pair: float(draw(st.integers(100, 5000)))
        for pair in itertools.combinations(names, 2)
        if draw(st.booleans())
    }
    return found, where, clocks, place, streets


@FEW
@given(told_cases())
def test_witnesses_streets_and_not_here_equal_the_enumeration_too(case):
    *given_, streets = case
    times = [s.enter_s for s in given_[0] if s.verdict != "not_here"]
    assume(len(set(times)) == len(times))
    weighed = reference_paths(*given_, streets)
    z = sum(weight for _, weight in weighed)
    assume(z > 0)
    answer = route.posterior(*given_, streets=streets)
    for s, p in zip(given_[0], answer.stop, strict=True):
        of = {None} if s.verdict == "not_here" else {s.tracklet_id}
        want = sum(weight for path, weight in weighed if of & set(path)) / z
        assert p == pytest.approx(want, rel=1e-6, abs=1e-12)
    assert answer.never == pytest.approx(weighed[0][1] / z, rel=1e-6)


def test_a_street_is_longer_than_the_line_and_is_checked():
    found = [seen("c0", 0.0, e=2.0, verdict="confirmed"), seen("c1", 500.0, e=2.0)]
    line = route.infer(found, LINE, CHECKED)
    street = route.infer(found, LINE, CHECKED, streets={("c1", "c0"): 2_000.0})
    assert street.legs == () or street.legs[0].distance_m == pytest.approx(1_940.0)
    assert line.legs[0].distance_m == pytest.approx(440.0, abs=1)
    with pytest.raises(BadInput, match="0 m or more"):
        route.infer(found, LINE, CHECKED, streets={("c0", "c1"): -1.0})


@FEW
@given(small_cases())
def test_the_alternatives_are_the_three_best_paths_and_the_rival_shares_no_stop(case):
    weighed = reference_paths(*case)
    z = sum(weight for _, weight in weighed)
    assume(z > 0)
    answer = route.infer(*case)
    ranked = sorted((w / z for path, w in weighed if path and w > 0), reverse=True)
    assert [p.probability for p in answer.alternatives] == pytest.approx(ranked[:3], rel=1e-6)
    confirmed = {s.tracklet_id for s in case[0] if s.verdict == "confirmed"}
    best = set(answer.alternatives[0].tracklet_id) if answer.alternatives else set()
    apart = [
        w / z for path, w in weighed if w > 0 and set(path) & best <= confirmed and set(path) - best
    ]
    if apart:
        assert answer.rival is not None
        assert set(answer.rival.tracklet_id) & best <= confirmed
        assert answer.rival.probability == pytest.approx(max(apart), rel=1e-6)
    else:
        assert answer.rival is None


@FEW
@given(small_cases())
def test_every_probability_lies_between_0_and_1(case):
    answer, whole = route.infer(*case), route.posterior(*case)
    next_ = [c.probability for c in answer.next_cameras]
    stops = [x.probability for x in answer.stops]
    for p in (*whole.stop, *whole.last, whole.never, answer.p_never, *stops, *next_):
        assert 0 <= p <= 1 + 1e-12
    assert whole.never + whole.last.sum() == pytest.approx(1)


@FEW
@given(small_cases(), st.randoms())
def test_permuting_the_sightings_permutes_the_answer(case, random):
    found, *rest = case
    order = list(range(len(found)))
    random.shuffle(order)
    mixed = [found[i] for i in order]
    assert route.posterior(mixed, *rest).stop == pytest.approx(
        route.posterior(found, *rest).stop[order]
    )
    assert route.infer(mixed, *rest) == route.infer(found, *rest)


@FEW
@given(small_cases())
def test_a_rejected_sighting_changes_nothing(case):
    found, where, *rest = case
    where = where | cameras(camera("far", 80_000.0))
    before, stranger = route.posterior(found, where, *rest), seen("far", 10.0, e=4.0)
    rejected = dataclasses.replace(stranger, verdict="rejected")
    after = route.posterior([*found, rejected], where, *rest)
    assert np.array_equal(after.stop, [*before.stop, 0.0])
    assert after.never == before.never


# -- numbers worked out by hand ------------------------------------------------------------------


def test_two_sightings_on_one_camera_by_hand():
    """T0 = .25 each, T = .75, L = 10, L' = 10^.75 = 5.6234, rho = .25 and 1.

    a1 = 2.5; a2 = 2.5 + 5.6234*.75*2.5 = 13.0439; Z = .5 + 2.5*.25 + 13.0439 = 14.1689
    b1 = .25 + .75*5.6234 = 4.4676; P1 = 11.1689/Z; P2 = 13.0439/Z; never = .5/Z
    """
    found = [seen("c0", 0.0, e=1.0), seen("c0", 60.0, e=1.0)]
    by_hand = route.Settings(p_in=0.5, rho=0.25, g=0.75)
    answer = route.posterior(found, LINE, CHECKED, settings=by_hand)
    assert answer.stop == pytest.approx([0.788270, 0.920602], abs=2e-6)
    assert answer.last == pytest.approx([0.625 / 14.168859, 13.043859 / 14.168859], abs=1e-6)
    assert answer.never == pytest.approx(0.035289, abs=1e-6)


def test_the_density_where_views_overlap_by_hand():
    """.7/(5 sqrt(2 pi)) + .3/900 exp(25/(2*900^2)) Phi(-5/900) = .0558519 + .0001659."""
    pace = transit.pace_of("unknown")
    f = np.exp(transit.log_density([0.0, -99.0], [0.0, 0.0], [5.0, 5.0], pace))
    assert f == pytest.approx([0.0560178, 0.0560178], abs=1e-7)


@pytest.mark.parametrize("d", [40.0, 900.0])
def test_the_density_integrates_to_one_and_its_quantiles_hold_their_share(d):
    pace = transit.pace_of("18-59")
    low, high = transit.passage_quantiles_s([d], [8.0], pace)[0]

    def share(a: float, b: float) -> float:
        t = np.linspace(a, b, 40_001)
        return integrate.simpson(np.exp(transit.log_density(t, t * 0 + d, t * 0 + 8, pace)), x=t)

    assert share(-500, 20_000) == pytest.approx(1, abs=1e-6)
    assert share(low, high) == pytest.approx(0.9, abs=0.01)  # the quantiles are good to a second


def test_a_passage_of_three_weeks_still_has_an_order():
    late = np.array([20.0, 21.0]) * 86_400
    log_f = transit.log_density(late, [100.0, 100.0], [5.0, 5.0], transit.pace_of("80+"))
    assert np.isfinite(log_f).all()
    assert log_f[0] > log_f[1]


# -- what can be walked --------------------------------------------------------------------------


def test_one_camera_needs_the_second_to_begin_after_the_first_ends():
    sure = {"e": 3.0, "stay_s": 50.0, "verdict": "confirmed"}
    both = [seen("c0", 0.0, e=2.0, stay_s=50), seen("c0", 40.0, e=2.0, stay_s=50)]
    paths = route.infer(both, LINE, CHECKED).alternatives
    assert [len(p.tracklet_id) for p in paths] == [1, 1]
    touching = [both[0], seen("c0", 50.0, e=2.0)]
    assert len(route.infer(touching, LINE, CHECKED).alternatives[0].tracklet_id) == 1
    later = [both[0], seen("c0", 51.0, e=2.0)]
    assert len(route.infer(later, LINE, CHECKED).alternatives[0].tracklet_id) == 2
    split = route.infer([seen("c0", 0.0, **sure), seen("c0", 40.0, **sure)], LINE, CHECKED)
    assert str(split.legs[0].why) == "the same camera shows both at once"
    assert not split.legs[0].feasible
    assert any("do not fit together" in str(w) for w in split.warnings)


@given(st.floats(-1e5, 1e5), st.floats(5, 900))
def test_overlapping_views_are_always_allowed(tau, sigma):
    assert transit.feasible(0.0, tau, sigma).on_foot
    assert transit.speed_needed_mps(0.0, tau, sigma) == 0


def test_overlapping_views_join_sightings_at_the_same_time():
    where = cameras(camera("a"), camera("b", 55.0, "q"))
    found = [seen("a", 0.0, e=2.0, stay_s=300), seen("b", 20.0, e=2.0, stay_s=10)]
    answer = route.infer(found, where, CHECKED)
    assert len(answer.stops) == 2
    assert answer.legs[0].feasible
    assert answer.legs[0].distance_m == 0


@pytest.mark.parametrize(
    ("tau", "on_foot", "by_vehicle"),
    [(250.0, True, False), (100.0, False, True), (10.0, False, False)],
)
def test_a_kilometre_on_foot_by_vehicle_and_not_at_all(tau, on_foot, by_vehicle):
    passage = transit.feasible(1052.0, tau, 5.0)
    assert (passage.on_foot, passage.vehicle_only) == (on_foot, by_vehicle)
    assert passage.speed_mps == pytest.approx(1052 / (tau + 10))
    if not passage.possible:
        assert passage.clock_error_s == pytest.approx(1052 / 15 - tau)


@given(st.floats(1, 1e5), st.floats(-1e4, 1e4), st.floats(5, 900), st.sampled_from([2.5, 3.0, 5.0]))
def test_the_clock_error_named_would_make_it_possible(d, tau, sigma, v_max):
    passage = transit.feasible(d, tau, sigma, v_max_mps=v_max)
    assert (passage.clock_error_s == 0) == passage.possible
    if not passage.possible:
        assert passage.clock_error_s > 2 * sigma
        more = tau + passage.clock_error_s - 2 * sigma + 1e-6 * d
        assert transit.feasible(d, more, sigma, v_max_mps=v_max).possible


def test_an_impossible_speed_is_said_in_numbers():
    sure = {"verdict": "confirmed"}
    found = [seen("c0", 0.0, **sure), seen("c4", 10.0, **sure)]
    answer = route.infer(found, LINE, CHECKED)
    assert not answer.legs[0].feasible
    assert "1940 m between the views in 10 s" in str(answer.legs[0].why)
    assert "needs 97.0 m/s" in str(answer.legs[0].why)
    assert "wrong by 119 s" in str(answer.legs[0].why)
    assert [x.probability for x in answer.stops] == [1.0, 1.0]
    assert any("c0 and c4 do not fit together" in str(w) for w in answer.warnings)


def test_two_places_at_once_are_said_without_a_speed():
    found = [
        seen("c0", 0.0, stay_s=100, verdict="confirmed"),
        seen("c4", 10.0, verdict="confirmed"),
    ]
    why = str(route.infer(found, LINE, CHECKED).legs[0].why)
    assert "no time to cover them" in why
    assert "inf" not in why


def test_one_recorder_cancels_its_clock_error_and_two_unchecked_ones_widen_what_is_possible():
    found = [seen("a", 0.0, e=2.0), seen("b", 10.0, e=2.0)]
    unchecked = {"r": Recorder("r"), "q": Recorder("q")}
    one = cameras(camera("a"), camera("b", 2000.0))
    two = cameras(camera("a"), camera("b", 2000.0, "q"))

    def longest(where, clocks):
        return max(len(p.tracklet_id) for p in route.infer(found, where, clocks).alternatives)

    assert longest(one, unchecked) == 1
    assert longest(two, unchecked) == 2
    assert longest(two, CHECKED) == 1
    assert longest(two, {}) == 2  # a recorder nobody described is an unchecked one


def test_a_clock_drifts_two_seconds_a_day_since_it_was_checked():
    recorder = Recorder("r", clock_sigma_s=30.0, checked_at=0.0)
    assert transit.clock_sigma_s(recorder, 20 * 86_400.0) == pytest.approx(50.0)
    assert transit.clock_sigma_s(recorder, -20 * 86_400.0) == pytest.approx(50.0)
    assert transit.clock_sigma_s(Recorder("r"), 1e9) == 600.0


def test_a_sighting_over_before_the_person_was_last_seen_there_is_not_the_person():
    place = LastSeen(10_000.0, 10_060.0, 0.0, 127.0)
    early, late = seen("c0", 5_000.0, e=2.0, stay_s=30), seen("c0", 10_100.0, e=2.0)
    answer = route.posterior([early, late], LINE, CHECKED, place)
    assert answer.stop[0] == 0
    assert answer.stop[1] > 0.9


# -- evidence, crowds and words ------------------------------------------------------------------


def test_a_crowd_costs_evidence():
    true = seen("c0", 0.0, e=1.5)
    p = [
        route.posterior(
            [true, *(seen("c0", 0.0, n=k + 1) for k in range(crowd))], LINE, CHECKED
        ).stop[0]
        for crowd in (0, 1, 10, 100)
    ]
    assert p == sorted(p, reverse=True)
    assert p[0] > 0.9
    assert p[-1] < 0.3


def test_without_sightings_the_person_is_in_none_of_them():
    answer = route.infer([], LINE, CHECKED)
    assert (answer.stops, answer.legs, answer.alternatives, answer.rival) == ((), (), (), None)
    assert answer.p_never == 1
    assert answer.next_cameras == ()


def test_sightings_that_do_not_speak_for_the_person_draw_no_route():
    answer = route.infer([seen("c0", 0.0), seen("c1", 600.0, e=0.1)], LINE, CHECKED)
    assert answer.stops == ()
    assert answer.alternatives
    assert any("no sighting speaks" in str(w) for w in answer.warnings)
    answer = route.infer([seen("c0", 0.0, e=-1.5), seen("c1", 600.0, e=-1.5)], LINE, CHECKED)
    assert answer.p_never > 0.9


def test_missing_evidence_counts_as_none():
    nan, zero = seen("c0", 0.0, e=math.nan), seen("c0", 0.0)
    assert route.posterior([nan], LINE, CHECKED).never == 0.5
    assert route.posterior([zero], LINE, CHECKED).never == 0.5


WALK = [seen(f"c{k}", 500.0 * k, e=3.0) for k in range(4)]


def test_before_a_person_confirmed_one_nothing_is_called_more_than_moderate():
    answer = route.infer(WALK, LINE, CHECKED)
    assert [x.tracklet_id for x in answer.stops] == [s.tracklet_id for s in WALK]
    assert max(x.probability for x in answer.stops) > 0.9
    assert {x.band for x in answer.stops} == {"moderate"}
    assert any("confirmed by a person" in str(w) for w in answer.warnings)


def test_one_confirmed_sighting_rules_out_none_and_allows_strong():
    found = [dataclasses.replace(WALK[0], verdict="confirmed"), *WALK[1:]]
    answer = route.infer(found, LINE, CHECKED)
    assert answer.p_never == 0
    assert answer.stops[0].confirmed
    assert answer.stops[0].probability == 1
    assert {x.band for x in answer.stops} == {"strong"}


def test_a_stop_without_evidence_of_its_own_is_at_most_weak():
    found = [seen("c0", 0.0, verdict="confirmed"), seen("c1", 500.0)]
    answer = route.infer(found, LINE, CHECKED, rho=0.25)
    assert answer.stops[1].probability == pytest.approx(0.75)
    assert answer.stops[1].band == "weak"


def test_a_stop_whose_word_hangs_on_the_distance_scale_is_unstable():
    where = cameras(camera("a"), camera("near", 400.0), camera("far", 1500.0))
    found = [seen("a", 0.0, e=3.0), seen("near", 1500.0, e=0.3), seen("far", 1500.0, e=1.3)]
    answer = route.infer(found, where, CHECKED)
    assert [(x.camera_id, x.unstable) for x in answer.stops] == [("a", False), ("far", True)]
    assert not any(x.unstable for x in route.infer(WALK, LINE, CHECKED).stops)


def test_a_stop_whose_word_hangs_on_one_confirmed_sighting_is_unstable():
    """10^.375 * .75 / (.25 + 10^.375 * .75) = .877 with it, 10^.5 / (1 + 10^.5) = .760 without."""
    found = [seen("c0", 0.0, verdict="confirmed"), seen("c1", 500.0, e=0.5)]
    first, second = route.infer(found, LINE, CHECKED, rho=0.25, g=0.75).stops
    assert second.probability == pytest.approx(0.8767, abs=1e-4)
    assert (first.unstable, second.unstable) == (False, True)


def test_a_not_here_removes_that_camera_then_but_never_a_confirmed_sighting():
    said = seen("c1", 400.0, stay_s=300.0, verdict="not_here")
    answer = route.posterior([*WALK, said], LINE, CHECKED)
    assert answer.stop[1] == 0
    assert answer.stop[4] == 0
    assert route.posterior([*WALK[:1], said], LINE, CHECKED).stop[0] > 0.9
    sure = dataclasses.replace(WALK[1], verdict="confirmed")
    answer = route.infer([sure, said], LINE, CHECKED)
    assert answer.stops[0].confirmed
    assert any("also said not to be there" in str(w) for w in answer.warnings)


def test_a_witness_is_a_stop_with_its_own_place_and_time():
    witness = Sighting(
        "witness", 480.0, 480.0, lat=500 / DEGREE_M, lon=127.0, radius_m=50, sigma_s=120, evidence=1
    )
    answer = route.infer([WALK[0], witness, WALK[2]], LINE, CHECKED)
    assert [x.camera_id for x in answer.stops] == ["c0", None, "c2"]
    assert answer.legs[0].distance_m == pytest.approx(420)


def test_cameras_without_a_position_are_left_out_unless_confirmed():
    where = LINE | cameras(camera("bus", 0.0, kind="vehicle"), camera("lost", None))
    found = [WALK[0], seen("bus", 200.0, e=3.0), seen("lost", 250.0, e=3.0), WALK[2]]
    answer = route.infer(found, where, CHECKED)
    assert [x.camera_id for x in answer.stops] == ["c0", "c2"]
    assert any("bus, lost" in str(w) for w in answer.warnings)
    found[2] = dataclasses.replace(found[2], verdict="confirmed")
    answer = route.infer(found, where, CHECKED)
    assert [x.camera_id for x in answer.stops] == ["c0", "lost", "c2"]
    assert answer.stops[1].lat is None
    assert all("distance unknown" in str(leg.why) for leg in answer.legs)
    assert all(math.isnan(leg.low_s) for leg in answer.legs)


# -- which camera next ---------------------------------------------------------------------------


def asked(answer: Route) -> list[str]:
    return [c.camera_id for c in answer.next_cameras]


def chance(answer: Route, name: str) -> float:
    return sum(c.probability for c in answer.next_cameras if c.camera_id == name)


def test_near_cameras_come_first_and_those_looked_at_later():
    found = [seen("c0", 0.0, e=2.0, verdict="confirmed")]
    plain = route.infer(found, LINE, CHECKED)
    assert asked(plain) == ["c0", "c1", "c2", "c3", "c4"]
    near = np.exp(-np.array([0, 440, 940, 1440, 1940]) / 1000)
    assert [c.probability for c in plain.next_cameras] == pytest.approx(near / (1 + near.sum()))
    done = route.infer(found, LINE, CHECKED, looked={"c0": 1.0, "c1": 0.5})
    assert asked(done)[0] == "c1"
    assert chance(done, "c0") < 0.5 * chance(plain, "c0")


def test_a_not_here_lowers_the_camera_it_speaks_of():
    found = [seen("c0", 0.0, e=2.0, verdict="confirmed")]
    said = seen("c1", 0.0, stay_s=9_000.0, verdict="not_here")
    before, after = (route.infer(x, LINE, CHECKED) for x in (found, [*found, said]))
    assert chance(after, "c1") < 0.2 * chance(before, "c1")
    assert chance(after, "c2") > chance(before, "c2")


def test_footage_about_to_be_overwritten_is_asked_for_first_and_lost_footage_never():
    clocks = CHECKED | {"q": Recorder("q", clock_sigma_s=2.0, retention_days=2)}
    where = LINE | cameras(camera("last", 1500.0, "q"))
    found = [seen("c0", 0.0, e=2.0, verdict="confirmed")]
    day = 86_400.0
    assert asked(route.infer(found, where, clocks, now_s=0.5 * day))[0] == "c0"
    pressing = route.infer(found, where, clocks, now_s=1.5 * day)
    assert asked(pressing)[0] == "last"
    first = pressing.next_cameras[0]
    assert first.deadline_s == pytest.approx(first.from_s + 2 * day)
    assert "last" not in asked(route.infer(found, where, clocks, now_s=5 * day))


def test_a_camera_on_the_way_is_asked_for_inside_the_gap():
    found = [seen("c0", 0.0, verdict="confirmed"), seen("c2", 400.0, verdict="confirmed")]
    between = [
        c for c in route.infer(found, LINE, CHECKED).next_cameras if c.to_s < 400 and c.from_s > 0
    ]
    assert [c.camera_id for c in between] == ["c1", "c3"]
    assert (between[0].from_s, between[0].to_s) == pytest.approx((440 / 5, 400 - 440 / 5))


def test_without_a_sighting_the_place_last_seen_leads_to_the_next_camera():
    place = LastSeen(0.0, 60.0, 500 / DEGREE_M, 127.0)
    answer = route.infer([], LINE, CHECKED, place)
    assert asked(answer)[0] == "c1"
    assert answer.next_cameras[0].from_s >= 30


# -- wrong input ---------------------------------------------------------------------------------


def test_wrong_input_is_said_in_one_sentence():
    with pytest.raises(NotFound, match="c9"):
        route.infer([seen("c9", 0.0)], LINE, CHECKED)
    with pytest.raises(NotFound, match="c9"):
        route.infer([seen("c9", 0.0, verdict="not_here")], LINE, CHECKED)
    with pytest.raises(BadInput, match="given twice"):
        route.infer([WALK[0], WALK[0]], LINE, CHECKED)
    with pytest.raises(BadInput, match="finite"):
        route.infer([seen("c0", 0.0, e=math.inf)], LINE, CHECKED)
    with pytest.raises(BadInput, match="speed band"):
        route.infer([], LINE, CHECKED, band="giant")
    with pytest.raises(BadInput, match="p_in"):
        route.infer([], LINE, CHECKED, p_in=1.0)
    with pytest.raises(BadInput, match="already searched"):
        route.infer(WALK, LINE, CHECKED, looked={"c0": 1.5})
