"""Pictures of people: what is worn is seen, and the truth fits an independent projection."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.citizens import wardrobe
from core.citizens.backdrop import box, quad
from core.citizens.motion import JOINTS
from core.citizens.people import citizen
from core.citizens.stage import Light, Placed, View
from core.citizens.wardrobe import Cloth, Extra, Garment, Outfit
from core.errors import BadInput

LIGHT = Light(sun_rgb=(0.0, 0.0, 0.0), sky_rgb=(1.2, 1.2, 1.2), ground_rgb=(0.8, 0.8, 0.8))
VIEW = View((0.5, 5.5, 1.9), (0.0, 0.0, 0.9), 24.0, size=(150, 300))


def ground(tone: int = 120):
    image = np.full((4, 4, 3), tone, np.uint8)
    corners = np.array([(-20, -20, 0), (20, -20, 0), (20, 20, 0), (-20, 20, 0)])
    return quad(corners, image, (1.0, 1.0))


def plainly(color: str = "gray", lower: str = "gray", **extras):
    """A man in a plain T-shirt and trousers of these colors."""
    tee = Garment("t", "tee", "short_sleeve", Cloth(color, wardrobe.SHADES[color][0]))
    legs = Garment("l", "straight", "long_trousers", Cloth(lower, wardrobe.SHADES[lower][0]))
    shoes = Garment("s", "shoes01", "shoes", Cloth("black", (20, 20, 20)))
    bare = citizen(11)
    hair = replace(bare.hair, mesh="short02", kind="short", length=-99.0)
    return replace(bare, sex="male", hair=hair, outfit=Outfit(tee, None, legs, shoes, **extras))


def named(rgb) -> str:
    """The color name whose anchors lie nearest, in Lab."""
    names, anchors = zip(*((n, a) for n, row in wardrobe.SHADES.items() for a in row), strict=True)
    stack = np.array([*anchors, rgb], np.float32)[None] / 255
    lab = cv2.cvtColor(stack, cv2.COLOR_RGB2LAB)[0]
    away = np.linalg.norm((lab[:-1] - lab[-1]) * (0.35, 1, 1), axis=1)
    return names[int(np.argmin(away))]


def patch(frame, top: str, bottom: str, share: float = 0.5) -> np.ndarray:
    """The median color between two pairs of joints, on the person only."""
    at = dict(zip(JOINTS, frame.joints[0], strict=True))
    middle = [(at[f"{j}_left"][:2] + at[f"{j}_right"][:2]) / 2 for j in (top, bottom)]
    x, y = middle[0] + share * (middle[1] - middle[0])
    square = np.s_[int(y) - 6 : int(y) + 7, int(x) - 5 : int(x) + 6]
    seen = frame.ids[square] == 1
    return np.median(frame.image[square][seen], axis=0)


def by_hand(view: View, points) -> np.ndarray:
    """OpenCV's own projection, its camera built from the view without View's code."""
    eye, target = np.array(view.eye), np.array(view.target)
    z = (target - eye) / np.linalg.norm(target - eye)
    x = np.cross(z, (0, 0, 1))
    x /= np.linalg.norm(x)
    rotation = np.stack([x, np.cross(z, x), z])
    focal = view.size[1] / (2 * np.tan(np.radians(view.fov_deg / 2)))
    k = np.array([[focal, 0, view.size[0] / 2], [0, focal, view.size[1] / 2], [0, 0, 1.0]])
    lens = np.array([view.k1, 0, 0, 0, 0])
    turn = cv2.Rodrigues(rotation)[0]
    pixels, _ = cv2.projectPoints(np.asarray(points, np.float64), turn, -rotation @ eye, k, lens)
    return pixels[:, 0]


@pytest.mark.parametrize("color", ["red", "green", "blue", "yellow", "white", "black", "pink"])
def test_the_upper_garment_has_its_color(renderer, color):
    frame = renderer.draw(VIEW, LIGHT, [ground()], [Placed(plainly(color), gait="stand")])
    assert named(patch(frame, "shoulder", "hip")) == color


@pytest.mark.parametrize("color", ["red", "green", "beige", "black"])
def test_the_lower_garment_has_its_color(renderer, color):
    person = plainly("white", color)
    frame = renderer.draw(VIEW, LIGHT, [ground()], [Placed(person, gait="stand")])
    left = dict(zip(JOINTS, frame.joints[0], strict=True))
    x, y = (left["hip_left"][:2] + left["knee_left"][:2]) / 2
    square = frame.image[int(y) - 4 : int(y) + 5, int(x) - 3 : int(x) + 4].reshape(-1, 3)
    assert named(np.median(square, axis=0)) == color


def head_on(renderer, person, px=200):
    from core.citizens.datasets import face_view

    placed = Placed(person, gait="stand")
    view = face_view(renderer, placed, 0.0, 0.0, px)
    return renderer.draw(view, LIGHT, [], [placed])


def around(frame, point: int, size: int = 5) -> np.ndarray:
    x, y = frame.landmarks[0, point]
    return frame.image[int(y) - size : int(y) + size, int(x) - size : int(x) + size].reshape(-1, 3)


def test_a_mask_covers_mouth_and_nose_and_leaves_the_eyes(renderer):
    bare = head_on(renderer, plainly())
    covered = head_on(renderer, plainly(mask=Extra("m", "folded", "sky", (120, 170, 220))))
    mouth = (bare.landmarks[0, 3] + bare.landmarks[0, 4]) / 2
    for frame in (bare, covered):
        frame.landmarks[0, 3] = mouth
    for point in (2, 3):
        before, after = around(bare, point).mean(0), around(covered, point).mean(0)
        assert before[0] > before[2] + 15
        assert after[2] > after[0] + 15
    assert np.abs(around(bare, 0, 3).astype(float) - around(covered, 0, 3)).mean() < 4


def test_sunglasses_darken_the_eyes_and_a_hat_the_hair(renderer):
    bare = head_on(renderer, plainly())
    dark = head_on(renderer, plainly(glasses=Extra("g", "sunglasses", "black", (20, 20, 20))))
    assert around(dark, 0, 6).mean() < 0.7 * around(bare, 0, 6).mean()
    red = head_on(renderer, plainly(hat=Extra("h", "beanie", "red", (190, 30, 30))))
    x, y = red.landmarks[0, :2].mean(0)
    above = red.image[int(y) - 62 : int(y) - 52, int(x) - 5 : int(x) + 5].reshape(-1, 3).mean(0)
    assert above[0] > 1.8 * above[2]


@pytest.mark.parametrize(("form", "least"), [("backpack", 350), ("handbag", 60), ("crossbody", 60)])
def test_bags_are_seen(renderer, form, least):
    green = Extra("b", form, "green", (20, 190, 40))
    person = replace(plainly(bag=green), seed=12)
    frames = [renderer.draw(VIEW, LIGHT, [ground()], [Placed(person, (0, 0, 0), turn, "stand")])
              for turn in (0.0, 90.0, 180.0, 270.0)]  # fmt: skip
    seen = [((f.image[..., 1] > 1.6 * f.image[..., 0]) & (f.ids == 1)).sum() for f in frames]
    assert max(seen) > least


@pytest.mark.parametrize("k1", [0.0, -0.12])
def test_landmarks_and_joints_fit_an_independent_projection(renderer, k1):
    from core.citizens.render import placement, world_bones

    view = replace(VIEW, k1=k1, size=(320, 240), fov_deg=40.0)
    placed = Placed(citizen(4), (0.7, -0.4, 0.0), 25.0, "walk", 0.3)
    frame = renderer.draw(view, LIGHT, [ground()], [placed])
    figure = renderer.figure(placed.citizen)
    m = world_bones(figure, placed)[figure.skeleton.index("head")]
    face = figure.face @ m[:3, :3].T + m[:3, 3]
    assert np.abs(frame.landmarks[0] - by_hand(view, face)).max() < 0.05
    feet = placement(placed) @ (0, 0, 0, 1)
    x, y = by_hand(view, feet[None, :3])[0]
    assert frame.full_box[0, 0] < x < frame.full_box[0, 2]
    assert abs(frame.full_box[0, 3] - y) < 0.12 * (frame.full_box[0, 3] - frame.full_box[0, 1])


@pytest.mark.parametrize("k1", [0.0, -0.12])
@pytest.mark.parametrize("seed", [0, 5, 7])
def test_the_box_told_is_the_box_drawn(renderer, seed, k1):
    view = replace(VIEW, k1=k1, size=(400, 400))
    placed = Placed(citizen(seed), (0.2, 0.1, 0.0), 40.0 * seed, "walk", 0.1 * seed)
    frame = renderer.draw(view, LIGHT, [ground()], [placed], amodal=True)
    assert np.abs(frame.box(0) - frame.full_box[0]).max() <= 2.5
    assert frame.visible(0) == pytest.approx(1.0, abs=0.02)


def test_a_wall_before_somebody_takes_them_out_of_sight(renderer):
    wall = box(
        np.array((-2.0, 1.0, 0.0)), np.array((2.0, 1.1, 1.2)), np.full((4, 4, 3), 90, np.uint8)
    )
    frame = renderer.draw(VIEW, LIGHT, [ground(), wall], [Placed(citizen(1))], amodal=True)
    assert 0.05 < frame.visible(0) < 0.75
    behind = Placed(citizen(2), (0.0, -1.5, 0.0))
    both = renderer.draw(VIEW, LIGHT, [ground()], [Placed(citizen(1)), behind], amodal=True)
    assert both.visible(0) > 0.97
    assert both.visible(1) < 0.9
    assert set(np.unique(both.ids)) == {0, 1, 2}


def test_the_same_scene_is_the_same_picture(renderer, assets):
    from core.citizens.render import Renderer

    scene = (VIEW, Light(), [ground()], [Placed(citizen(6), gait="run", speed=2.5)])
    first, again = renderer.draw(*scene), renderer.draw(*scene)
    other = Renderer(assets, supersample=1).draw(*scene)
    for frame in (again, other):
        assert np.array_equal(first.image, frame.image)
        assert np.array_equal(first.ids, frame.ids)


def test_the_sun_casts_a_shadow_and_infrared_has_no_color(renderer):
    sunny = renderer.draw(VIEW, Light(), [ground()], [Placed(citizen(6))])
    flat = renderer.draw(VIEW, Light(shadows=False), [ground()], [Placed(citizen(6))])
    darker = (flat.image.astype(int) - sunny.image).mean(2)[sunny.ids == 0]
    assert (darker > 25).sum() > 300
    night = renderer.draw(VIEW, Light(infrared=True), [ground()], [Placed(citizen(6))])
    assert np.ptp(night.image.astype(int), axis=2).max() <= 1
    assert night.image[night.ids == 1].mean() > 30


def test_who_is_behind_the_camera_is_nowhere(renderer):
    frame = renderer.draw(VIEW, LIGHT, [ground()], [Placed(citizen(1), (0.5, 9.0, 0.0))])
    assert frame.box(0) is None
    assert np.isnan(frame.landmarks).all()


def test_a_lens_that_folds_over_is_refused():
    with pytest.raises(BadInput, match="k1"):
        View((0, 0, 3), (0, 5, 0), 90.0, k1=-0.5, size=(640, 480))
