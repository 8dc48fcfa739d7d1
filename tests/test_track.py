"""One person is one tracklet: at five frames a second, through crossings, doubts and pauses."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.detect import People
from core.track import MAX_CROPS, MIN_APART_S, WEAK_S, Tracker, clearness, cut_person, sharpness

SIZE = (640, 360)
BODY = (40, 120)  # a person, px
FPS = 5.0
START = 1_777_593_600.0

Where = Callable[[float], float | None]
NOISE = np.random.default_rng(2).integers(-90, 91, (360, 640, 1))


def box_at(x: float, y: float = 150.0, body: tuple[int, int] = BODY) -> list[float]:
    return [x, y, x + body[0], y + body[1]]


def people(boxes: Sequence[Sequence[float]], scores: Sequence[float] | float = 0.9) -> People:
    box = np.array(boxes, np.float32).reshape(-1, 4)
    score = np.broadcast_to(np.array(scores, np.float32), (len(box),)).copy()
    return People(box, score)


def frame(
    found: People, colours: Sequence[tuple[int, int, int]] = (), sharp: float = 1.0
) -> np.ndarray:
    """A grey street with a rough rectangle for everybody; sharp 0 paints them flat."""
    image = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    for n, (x1, y1, x2, y2) in enumerate(np.clip(found.box, 0, [*SIZE, *SIZE]).astype(int)):
        colour = np.array(colours[n] if n < len(colours) else (180, 60, 60))
        rough = colour + sharp * NOISE[y1:y2, x1:x2]
        image[y1:y2, x1:x2] = np.clip(rough, 0, 255)
    return image


def follow(steps: Mapping[float, People], fps: float = FPS, **settings) -> list:
    """Run a tracker over {seconds: people}; the tracklets in the order they ended."""
    tracker = Tracker("c1", "k1", fps=fps, **settings)
    done = []
    for t, found in steps.items():
        done += tracker.update(START + t, frame(found), found)
    return done + tracker.finish()


def times(n: int, fps: float = FPS) -> list[float]:
    return [i / fps for i in range(n)]


def walk(share: float, n: int, from_x: float = 10.0) -> dict[float, People]:
    """Somebody who moves `share` of a body width from sample to sample."""
    return {t: people([box_at(from_x + i * share * BODY[0])]) for i, t in enumerate(times(n))}


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0, 1.5])
def test_a_walker_at_five_frames_a_second_is_one_tracklet(share):
    steps = walk(share, 9)
    (one,) = follow(steps)
    assert one.t_s - START == pytest.approx(list(steps), abs=1e-5)
    assert np.array_equal(one.box, np.concatenate([found.box for found in steps.values()]))
    assert one.id == "c1/k1/1"


def test_a_walker_who_jumps_three_body_widths_is_nobody_we_know():
    assert len(follow(walk(3.0, 5))) != 1


def test_the_first_box_is_kept():
    steps = walk(0.5, 3)
    steps[0.0] = people([box_at(10.0)], 0.77)
    (one,) = follow(steps)
    assert one.enter_s == START
    assert one.box[0].tolist() == box_at(10.0)
    assert one.score[0] == pytest.approx(0.77)


def test_one_box_alone_is_nobody():
    assert follow({0.0: people([box_at(10)]), 0.2: people([]), 0.4: people([])}) == []


def test_two_who_cross_keep_their_tracklets():
    steps = {
        t: people([box_at(40 + 100 * t, 140), box_at(540 - 100 * t, 170)], [0.9, 0.8])
        for t in times(26)
    }
    found = follow(steps)
    assert len(found) == 2
    for one, way in zip(sorted(found, key=lambda f: f.box[0, 0]), (1, -1), strict=True):
        assert len(one.t_s) == 26
        assert np.all(np.diff(one.box[:, 0]) * way > 0)


def test_two_who_cross_keep_their_tracklets_when_one_is_hidden_for_a_moment():
    steps = {}
    for t in times(26):
        near, far = box_at(40 + 100 * t, 170), box_at(540 - 100 * t, 140)
        hidden = abs(near[0] - far[0]) < 0.7 * BODY[0]
        steps[t] = people([near] if hidden else [near, far])
    found = follow(steps)
    assert len(found) == 2
    for one, way in zip(sorted(found, key=lambda f: f.box[0, 0]), (1, -1), strict=True):
        assert np.all(np.diff(one.box[:, 0]) * way > 0)


@pytest.mark.parametrize("fps", [4.0, 10.0, 30.0])
def test_two_at_the_same_depth_cross_while_one_box_covers_both(fps):
    steps = {}
    for t in times(round(5 * fps), fps):
        left, right = box_at(40 + 100 * t), box_at(540 - 100 * t)
        both = [min(left[0], right[0]), 150.0, max(left[2], right[2]), 270.0]
        merged = abs(left[0] - right[0]) < 0.6 * BODY[0]
        steps[t] = people([both] if merged else [left, right])
    found = follow(steps, fps=fps)
    assert len(found) == 2
    for one, way in zip(sorted(found, key=lambda f: f.box[0, 0]), (1, -1), strict=True):
        assert (one.box[-1, 0] - one.box[0, 0]) * way > 300


def test_companions_in_one_box_for_a_moment_stay_two():
    steps = {}
    for i, t in enumerate(times(25)):
        left, right = box_at(40 + 60 * t), box_at(100 + 60 * t)
        both = [left[0], left[1], right[2], right[3]]
        steps[t] = people([both] if 10 <= i < 13 else [left, right])
    found = sorted(follow(steps), key=lambda f: f.box[0, 0])
    assert len(found) == 2
    for one, from_x in zip(found, (40, 100), strict=True):
        apart = (one.t_s - START < 1.9) | (one.t_s - START > 2.7)
        assert one.box[apart, 0] == pytest.approx(from_x + 60 * (one.t_s[apart] - START), abs=1e-3)


def test_what_stands_still_and_weak_takes_over_nobody_who_passes():
    pole = box_at(300)
    steps = {}
    for t in times(40):
        walker = [box_at(100 + 50 * t)] if t < 3.6 else []  # goes behind something beside the pole
        steps[t] = people([*walker, pole], [0.9] * len(walker) + [0.25])
    (one,) = follow(steps)
    assert one.box[:18, 0] == pytest.approx(100 + 50 * (one.t_s[:18] - START), abs=1e-3)
    assert len(one.t_s) <= 19  # where the walker should be just beside the pole, it is one of both


def test_a_box_twice_as_tall_is_not_the_one_awaited():
    steps = {t: people([box_at(200, 180, (30, 60))]) for t in times(5)}
    steps |= {t: people([box_at(195, 60, (50, 180))]) for t in times(10)[5:]}
    assert [len(one.t_s) for one in follow(steps)] == [5, 5]


def test_weak_boxes_before_the_first_good_one_are_the_persons():
    steps = {t: people([box_at(10 + 40 * t)], 0.3 if t < 1 else 0.9) for t in times(10)}
    (one,) = follow(steps)
    assert one.enter_s == START
    assert len(one.t_s) == 10
    assert one.crop_at.min() >= 5  # and no picture of a person nobody believed in


def test_of_what_is_never_sure_little_is_remembered():
    tracker = Tracker("c1", "k1", fps=FPS)
    pole = people([box_at(300)], 0.3)
    image = frame(pole)
    for t in times(600):
        assert tracker.update(START + t, image, pole) == []
    assert sum(len(track.t_s) for track in tracker._open.values()) <= WEAK_S * FPS + 1
    assert tracker.idle
    assert tracker.finish() == []


def test_no_id_is_shared_between_the_trackers_of_two_clips():
    first, second = Tracker("c1", "k1", fps=FPS), Tracker("c1", "k2", fps=FPS)
    found = []
    for t, seen in walk(0.5, 6).items():
        for tracker in (first, second):
            found += tracker.update(START + t, frame(seen), seen)
    found += first.finish() + second.finish()
    assert [one.id for one in found] == ["c1/k1/1", "c1/k2/1"]
    assert {len(one.t_s) for one in found} == {6}


def test_numbers_count_the_tracklets_of_the_clip():
    steps = {**walk(0.2, 4), 10.0: people([]), 20.0: people([box_at(9)]), 20.2: people([box_at(9)])}
    assert [one.id for one in follow(steps)] == ["c1/k1/1", "c1/k1/2"]


def test_weak_boxes_continue_a_track_but_never_start_one():
    steps = {t: people([box_at(10 + 8 * i)], 0.2) for i, t in enumerate(times(12))}
    assert follow(steps) == []
    for t in times(2):
        steps[t] = people(steps[t].box, 0.9)
    (one,) = follow(steps)
    assert len(one.t_s) == 12
    assert one.score[-1] == pytest.approx(0.2)
    between = {t: people(found.box, 0.45) for t, found in steps.items()}
    assert follow(between) == []  # firm enough to be matched first, too weak to begin


@pytest.mark.parametrize(("pause", "tracklets"), [(0.6, 1), (1.0, 1), (1.8, 2), (5.0, 2)])
@pytest.mark.parametrize("frames_between", [True, False])
def test_a_short_pause_keeps_a_person_and_a_long_one_does_not(pause, tracklets, frames_between):
    steps = {t: people([box_at(100)]) for t in times(5)}
    back = 0.8 + pause
    if frames_between:
        steps |= {0.8 + t: people([]) for t in times(round(pause * FPS))[1:]}
    steps |= {back + t: people([box_at(100)]) for t in times(4)}
    found = follow(steps)
    assert len(found) == tracklets
    assert sum(len(one.t_s) for one in found) == 9


def test_who_was_given_up_is_never_taken_up_again():
    there, nobody = people([box_at(100)]), people([])
    steps = {0.0: there, 0.2: there, 1.193: nobody, 1.198: there, 1.4: there}
    assert [len(one.t_s) for one in follow(steps, lost_s=0.99)] == [2, 2]


def test_irregular_time_stamps_keep_a_person():
    jumps = [0, 0.2, 0.25, 0.6, 0.61, 1.0, 1.3, 1.7, 1.9, 2.4, 2.45, 3.0]
    (one,) = follow({t: people([box_at(20 + 90 * t)]) for t in jumps})
    assert one.t_s - START == pytest.approx(jumps, abs=1e-5)


def test_a_person_who_left_is_handed_over_before_the_clip_ends():
    tracker = Tracker("c1", "k1", fps=FPS)
    seen = [(t, people([box_at(100)])) for t in times(4)] + [(t, people([])) for t in times(40)[4:]]
    handed = [t for t, found in seen if tracker.update(START + t, frame(found), found)]
    assert handed == pytest.approx([1.8], abs=0.21)  # .6 s, and one second unseen
    assert tracker.finish() == []


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.floats(0.02, 3.0), min_size=1, max_size=12),
    st.data(),
    st.sampled_from([0.5, 0.99, 2.0]),
)
def test_whatever_comes_every_tracklet_is_of_boxes_that_came(gaps, data, lost_s):
    steps, t = {}, 0.0
    for gap in gaps:
        t += gap
        place = st.tuples(st.integers(0, 600), st.integers(0, 240))
        boxes = data.draw(st.lists(place, max_size=3, unique=True))
        scores = data.draw(st.lists(st.floats(0.1, 1), min_size=len(boxes), max_size=len(boxes)))
        steps[t] = people([box_at(x, y) for x, y in boxes], scores or 0.9)
    came = {(round(t, 3), *map(float, b)) for t, found in steps.items() for b in found.box}
    used = [
        (round(float(t - START), 3), *map(float, b))
        for one in follow(steps, lost_s=lost_s)
        for t, b in zip(one.t_s, one.box, strict=True)
    ]
    assert set(used) <= came
    assert len(set(used)) == len(used)


# Pictures.


def long_track(seconds: float) -> tuple:
    found = people([box_at(300)])
    image = frame(found)
    tracker = Tracker("c1", "k1", fps=FPS)
    for t in times(round(seconds * FPS)):
        tracker.update(START + t, image, found)
    held = [crop for track in tracker._open.values() for crop in track.slots.values()]
    (one,) = tracker.finish()
    return one, held


@pytest.mark.parametrize("seconds", [0.4, 2.0, 6.0, 60.0])
def test_pictures_are_few_apart_and_spread_over_the_track(seconds):
    one, _ = long_track(seconds)
    at = one.t_s[one.crop_at]
    assert 1 <= len(at) <= MAX_CROPS
    assert np.all(np.diff(at) >= MIN_APART_S)
    assert list(one.crop_at) == sorted(one.crop_at)
    if seconds >= 6:
        assert len(at) >= MAX_CROPS // 2
        assert np.diff([one.enter_s, *at, one.leave_s]).max() <= 0.4 * seconds


def test_a_track_ten_times_as_long_holds_no_more_pictures():
    (short, held), (long, held_long) = long_track(8.0), long_track(80.0)
    assert len(held) <= MAX_CROPS
    assert len(held_long) <= MAX_CROPS
    assert len(long.crops) <= MAX_CROPS
    assert len(long.t_s) == 10 * len(short.t_s)


def best_of(first: tuple[People, np.ndarray], second: tuple[People, np.ndarray]) -> int:
    """Which of two samples .2 s apart the kept picture shows: 0 or 1."""
    tracker = Tracker("c1", "k1", fps=FPS)
    for t, (found, image) in zip((0.0, 0.2), (first, second), strict=True):
        tracker.update(START + t, image, found)
    one = next(t for t in tracker.finish() if t.box[0, 0] >= 200 or t.box[1, 0] >= 200)
    (at,) = one.crop_at
    return int(at)


@pytest.mark.parametrize("order", [1, -1])
def test_the_sharper_picture_is_kept(order):
    found = people([box_at(300)])
    samples = [(found, frame(found, sharp=0.05)), (found, frame(found))]
    assert best_of(*samples[::order]) == (1 if order == 1 else 0)


@pytest.mark.parametrize("order", [1, -1])
def test_the_picture_that_is_not_cut_off_is_kept(order):
    samples = [people([box_at(600)]), people([box_at(590)])]
    assert best_of(*[(f, frame(f)) for f in samples][::order]) == (1 if order == 1 else 0)


@pytest.mark.parametrize("order", [1, -1])
def test_the_picture_that_nobody_hides_is_kept(order):
    hidden = people([box_at(300), box_at(280, 190)])
    free = people([box_at(300), box_at(240, 190)])
    assert best_of(*[(f, frame(f)) for f in (hidden, free)][::order]) == (1 if order == 1 else 0)


@pytest.mark.parametrize("order", [1, -1])
def test_the_larger_picture_is_kept(order):
    samples = [people([box_at(300, body=(30, 90))]), people([box_at(300, body=(45, 135))])]
    assert best_of(*[(f, frame(f)) for f in samples][::order]) == (1 if order == 1 else 0)


def test_clearness_by_hand():
    box = np.array(
        [
            [100, 100, 140, 200],
            [120, 110, 160, 210],  # nearer: hides half the width, nine tenths of the height
            [300, 100, 340, 200],
            [0, 100, 40, 200],
            [400, 300, 440, 360],
        ],
        np.float32,
    )
    assert clearness(box, SIZE) == pytest.approx([0.55, 1, 1, 0.5, 0.5])
    assert clearness(np.empty((0, 4), np.float32), SIZE).shape == (0,)


def test_sharpness_does_not_depend_on_size_but_on_detail():
    flat = np.full((128, 50, 3), 90, np.uint8)
    rough = frame(people([box_at(300)]))[150:270, 300:340]
    blurred = np.asarray(Image.fromarray(rough).resize((5, 15)).resize((40, 120)))
    assert sharpness(flat) == 0
    assert sharpness(rough) > 10 * sharpness(blurred) > 0
    assert sharpness(np.zeros((1, 1, 3), np.uint8)) == 0


@pytest.mark.parametrize("x", [0.0, 3.0, 300.4, 600.0])
def test_a_kept_picture_shows_the_person_where_its_box_says(x):
    found = people([box_at(x)])
    image = frame(found, sharp=0.0)
    jpeg, inside = cut_person(image, found.box[0])
    cut = np.asarray(Image.open(io.BytesIO(jpeg)))
    x1, y1, x2, y2 = np.round(inside).astype(int)
    assert (x2 - x1, y2 - y1) == BODY
    assert x1 >= 0
    assert x2 <= cut.shape[1]
    assert np.abs(cut[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4].astype(int) - (180, 60, 60)).mean() < 6
    if x == 300.4:
        assert (cut.shape[1], cut.shape[0]) == (65, 144)  # a tenth of 120 px on every side
        assert np.abs(cut[:, :8].astype(int) - 120).mean() < 6


def test_the_pictures_of_a_tracklet_are_its_own_persons():
    colours = [(200, 40, 40), (40, 40, 200)]
    tracker = Tracker("c1", "k1", fps=FPS)
    for t in times(20):
        found = people([box_at(60 + 20 * t), box_at(500 - 20 * t)])
        tracker.update(START + t, frame(found, colours, 0.3), found)
    for one in tracker.finish():
        mine = colours[0] if one.box[0, 0] < 300 else colours[1]
        for jpeg, box in zip(one.crops, one.crop_box, strict=True):
            x1, y1, x2, y2 = np.round(box).astype(int)
            shown = np.asarray(Image.open(io.BytesIO(jpeg)))[y1:y2, x1:x2].mean(axis=(0, 1))
            assert np.abs(shown - mine).max() < 25


def test_in_pictures_far_apart_one_box_is_a_person_but_not_in_a_film():
    image = np.full((240, 320, 3), 128, dtype=np.uint8)
    one = People(np.array([[100, 60, 140, 180]], np.float32), np.array([0.9], np.float32))
    nobody = People(np.empty((0, 4), np.float32), np.empty(0, np.float32))

    def run(step_s):
        tracker = Tracker("c1", "clip")
        ended = []
        for k in range(8):
            ended += tracker.update(k * step_s, image, one if k == 3 else nobody)
        return ended + tracker.finish()

    assert [len(tracklet.t_s) for tracklet in run(4.0)] == [1]
    assert run(0.2) == []
