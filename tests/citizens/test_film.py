"""A mini-city of two cameras, drawn: boxes, landmarks, visibility and clocks against geometry.

The projection here is written out again, from the pinhole formula, on purpose.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

pytest.importorskip("moderngl", reason="NOT TESTED: drawing needs the extra `synth` (moderngl)")

from core.citizens import assets, cast, film, onset, sensors, sites, truth
from core.citizens.chance import generator
from core.citizens.city import Sizes
from core.citizens.onset import OnSet
from core.citizens.render import world_bones

BESIDE = Path(__file__).parents[3] / "shared" / "makehuman"
FOLDER = Path(os.environ.get("DONGSEON_MAKEHUMAN") or BESIDE)
pytestmark = pytest.mark.skipif(
    not (FOLDER / "3dobjs").is_dir(),
    reason=f"NOT TESTED: no MakeHuman assets in {FOLDER} (set DONGSEON_MAKEHUMAN)",
)

SIZES = Sizes(cameras=2, minutes=0.5, walkers=3, cases=1, size=(480, 270), fps=4)
ROUGH = 0.12  # of the full detail of the scenery


def projected(site, size, points):
    """Points (N,3) to pixels (N,2): pinhole, then radial distortion; written from the formula."""
    w, h = size
    eye, forward = np.array(site.eye), np.subtract(site.target, site.eye)
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    local = np.asarray(points, float) - eye
    x, y, z = local @ right, local @ down, local @ forward
    u, v = x / z, y / z
    bend = 1 + site.k1 * (u * u + v * v)
    focal = h / 2 / math.tan(math.radians(site.fov_deg) / 2)
    return np.stack([w / 2 + focal * u * bend, h / 2 + focal * v * bend], 1)


def inside(box, size):
    """Whether a box lies in the picture as a whole."""
    return bool(box[0] > 0 and box[1] > 0 and box[2] < size[0] and box[3] < size[1])


def whole(city, camera, call, at_s):
    """How many people stand in the picture as a whole and are not tiny, by the formula."""
    n = 0
    for walker in call.walkers:
        one = film.placed(walker, at_s)
        if (
            one is None
            or sites.hidden(city.town, camera.site.eye, np.array([[*one.position[:2], 1.0]]))[0]
        ):
            continue
        x, y, z = one.position
        ends = [(x, y, z), (x, y, one.citizen.height_m)]
        (u, bottom), (_, top) = projected(camera.site, city.sizes.size, ends)
        n += inside((u - 8, top, u + 8, bottom), city.sizes.size) and 30 < bottom - top < 150
    return n


@pytest.fixture(scope="module")
def drawn():
    """For both cameras: the set, the people of one moment, the frame, the scene."""
    os.environ.setdefault("DONGSEON_MAKEHUMAN", str(FOLDER))
    city = cast.build(21, SIZES)
    parts = assets.load(FOLDER)
    made = []
    for camera in city.cameras:
        ready = film.prepare(city, camera, ROUGH)
        at = film.times(city, camera)
        call = film.call(city, camera, at)
        n = int(np.argmax([whole(city, camera, call, float(t)) for t in at]))
        who = [call.walkers[i] for i in np.flatnonzero(call.on[:, n])]
        people = [film.placed(walker, float(at[n])) for walker in who]
        scene = OnSet(parts, ready.view, ready.light, ready.meshes)
        made.append((city, camera, ready, people, scene.frame(people), scene))
    yield made
    for *_, scene in made:
        scene.close()


def test_somebody_is_in_the_pictures(drawn):
    for *_, frame, _ in drawn:
        assert frame.ids.max() > 0
        assert frame.image.std() > 8


def test_boxes_stand_where_geometry_puts_the_people(drawn):
    checked = 0
    for city, camera, _, people, frame, _ in drawn:
        for k, one in enumerate(people):
            box = frame.full_box[k]
            if not inside(box, city.sizes.size) or box[3] - box[1] < 25:
                continue
            x, y, z = one.position
            tall = one.citizen.height_m
            feet, head = projected(camera.site, city.sizes.size, [(x, y, z), (x, y, tall)])
            px = abs(feet[1] - head[1])
            assert box[1] == pytest.approx(head[1], abs=0.16 * px + 2)
            assert box[3] == pytest.approx(feet[1], abs=0.16 * px + 2)
            assert box[0] - 0.2 * px < feet[0] < box[2] + 0.2 * px
            checked += 1
    assert checked


def test_what_is_seen_lies_inside_the_whole_box(drawn):
    for *_, people, frame, _ in drawn:
        for k in range(len(people)):
            box = frame.box(k)
            if box is None or not inside(frame.full_box[k], SIZES.size):
                continue
            assert np.all(box[:2] >= frame.full_box[k][:2] - 2)
            assert np.all(box[2:] <= frame.full_box[k][2:] + 2)
            assert 0 < frame.visible(k) < 1.15


def test_landmarks_are_the_projected_points_of_the_face(drawn):
    for city, camera, _, people, frame, scene in drawn:
        for k, one in enumerate(people):
            figure = scene.figure(one.citizen)
            bones = world_bones(figure, one)[figure.skeleton.index("head")].astype(float)
            face = figure.face @ bones[:3, :3].T + bones[:3, 3]
            own = projected(camera.site, city.sizes.size, face)
            assert np.allclose(frame.landmarks[k], own, atol=0.6)
            middle = face.mean(0)
            assert np.hypot(*(middle[:2] - one.position[:2])) < 0.6
            assert 0.7 * one.citizen.height_m < middle[2] < one.citizen.height_m


def test_a_wall_hides_who_stands_behind_it(drawn):
    city, camera, _, people, _, scene = drawn[0]
    far = next(b for b in city.town.buildings
               if b.use in ("shop", "home") and sites.hidden(
                   city.town, camera.site.eye, np.array([[*b.box.middle, 1.0]]))[0]
               and math.dist(b.box.middle, camera.site.eye[:2]) < 40)  # fmt: skip
    behind = replace(people[0], position=(*far.box.middle, 0.0))
    frame = scene.frame([behind])
    assert not (frame.ids == 1).any()
    assert frame.visible(0) in (0.0, pytest.approx(0.0))


def test_the_same_moment_is_the_same_picture(drawn):
    *_, people, frame, scene = drawn[1]
    again = scene.frame(people)
    assert np.array_equal(frame.image, again.image)
    assert np.array_equal(frame.ids, again.ids)


def test_people_take_the_light_from_the_ground_and_change_nothing_else(drawn):
    for *_, people, frame, scene in drawn:
        if not people:
            continue
        near = cv2.dilate((frame.ids > 0).astype(np.uint8), np.ones((5, 5)))  # smooth edges
        difference = (frame.image.astype(int) - scene.still)[near == 0]
        assert difference.max() <= 1
        assert 0 < np.mean(difference < -2) < 0.2


def test_nothing_is_drawn_outside_the_parts_that_are_read_back(drawn, monkeypatch):
    monkeypatch.setattr(onset, "AREA_SHARE", 99.0)  # reads the whole picture
    for *_, people, frame, scene in drawn:
        whole = scene.frame(people)
        assert np.array_equal(frame.image, whole.image)
        assert np.array_equal(frame.ids, whole.ids)
        assert np.array_equal(frame.full_px, whole.full_px)


def test_a_pixel_counts_as_often_as_the_lens_shows_it(drawn):
    *_, people, _, scene = drawn[0]
    away = np.array(scene.view.eye) + 2.5 * scene.view.axes()[2]  # nothing stands so near
    one = replace(people[0], position=(away[0], away[1], away[2] - 1.0))
    shown = scene.frame([one])
    assert shown.full_px[0] == pytest.approx((shown.ids == 1).sum(), rel=0.02)
    assert shown.full_px[0] > 1000


def test_quick_people_are_the_same_people(drawn):
    checked = 0
    for _, _, ready, people, frame, scene in drawn:
        quick = OnSet(scene.assets, ready.view, ready.light, ready.meshes, quick=True)
        drawn_quick = quick.frame(people)
        quick.close()
        assert np.array_equal(drawn_quick.full_box, frame.full_box)
        assert np.array_equal(drawn_quick.landmarks, frame.landmarks, equal_nan=True)
        for k in range(len(people)):
            own, other = frame.ids == k + 1, drawn_quick.ids == k + 1
            if own.sum() < 150:
                continue
            assert (own & other).sum() > 0.85 * (own | other).sum()
            assert drawn_quick.full_px[k] == pytest.approx(frame.full_px[k], rel=0.12)
            colors = frame.image[own & other].astype(float), drawn_quick.image[own & other]
            assert np.abs(colors[0].mean(0) - colors[1].mean(0)).max() < 5
            checked += 1
    assert checked


# --- the recorder ---------------------------------------------------------------------------------


def test_a_film_keeps_its_times_and_the_same_frames_give_the_same_file(tmp_path):
    import av

    of = sensors.sensor("codec-003")
    for name in ("a", "b"):
        eye = sensors.Eye(of, (320, 180), "C01")
        with sensors.Film(tmp_path / name, of, (320, 180), 8) as out:
            for n in range(24):
                clean = np.full((180, 320, 3), 90, np.uint8)
                clean[60:120, 8 * n : 8 * n + 30] = 200
                out.add(eye.develop(clean, 1_777_593_600 + n / 8, generator("test", n)))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with av.open(str(tmp_path / "a")) as kept:
        at = [float(frame.pts * frame.time_base) for frame in kept.decode(video=0)]
    assert at == pytest.approx([n / 8 for n in range(24)])


def test_the_clock_in_the_picture_is_the_cameras_own(tmp_path):
    of = sensors.sensor("codec-003")
    eye = sensors.Eye(of, (640, 360), "C01")
    dark = np.zeros((360, 640, 3), np.uint8)
    now, later = dark.copy(), dark.copy()
    eye.clock(now, 1_777_593_600.0)
    eye.clock(later, 1_777_593_600.0 + 8)
    rows = np.flatnonzero((now != later).any(axis=(1, 2)))
    assert len(rows)
    assert np.ptp(rows) < 360 / 15
    assert truth.iso(1_777_593_600.0).startswith("2026-05-01T09:00:00")


def test_infrared_has_no_colour():
    of = sensors.sensor("codec-005")
    eye = sensors.Eye(of, (64, 48), "", infrared=True)
    clean = np.zeros((48, 64, 3), np.uint8)
    clean[..., 0], clean[..., 2] = 200, 60
    shown = eye.develop(clean, 0.0, generator("infrared"))[12:36]
    assert np.abs(shown[..., 0].astype(int) - shown[..., 2]).max() <= 1


def test_quick_grain_is_grain_of_the_same_strength():
    of, clean = sensors.sensor("codec-002"), np.full((180, 320, 3), 120, np.uint8)
    spread = []
    for quick in (False, True):
        eye = sensors.Eye(of, (320, 180), "", quick=quick)
        a, b = (eye.develop(clean, 0.0, generator("g", n))[40:140].astype(float) for n in (0, 1))
        spread.append((a - b).std())
    assert spread[1] == pytest.approx(spread[0], rel=0.05)


def test_a_camera_is_filmed_whole_or_not_at_all(tmp_path, monkeypatch):
    city = cast.build(21, replace(SIZES, minutes=0.05))
    camera = city.cameras[0]
    rough = film.prepare
    monkeypatch.setattr(film, "prepare", lambda c, k: rough(c, k, 0.06))
    monkeypatch.setenv("DONGSEON_MAKEHUMAN", str(FOLDER))
    boxes = film.shoot(city, camera, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"{camera.id}.mp4",
        f"{camera.id}.parquet",
    ]
    table = pq.read_table(tmp_path / f"{camera.id}.parquet")
    assert table.num_rows == boxes
    for row in table.to_pylist():
        assert row["camera_s"] == pytest.approx(row["true_s"] - camera.recorder.offset_s)
    assert [c for c, _ in film.shoot_all(city, tmp_path, 1)] == [city.cameras[1].id]
