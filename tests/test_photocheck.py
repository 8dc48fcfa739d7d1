"""Who in a photo is meant is found or asked, and advice says what the photo is good for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny

from core import photo, photocheck
from core.describe import Describer, FaceDetector, Faces
from core.detect import People
from core.errors import BadInput
from core.photocheck import Person
from core.settings import Models, Settings
from core.workspace import Workspace


@pytest.fixture(scope="module")
def models(tiny_pack: Path) -> Models:
    return Models(Settings.of_pack("tiny", [tiny_pack]))


def street(*people) -> np.ndarray:
    return tiny.figures([(outfit, lambda t, at=at: at) for outfit, at in people])(0, 0.0)


TWO = ((tiny.RED, (60.0, 58.0)), (tiny.GREEN, (220.0, 58.0)))


class FacesAt(Describer):
    """A describer whose face detector finds what it is told, as real models would."""

    def __init__(self, boxes: list[tuple[float, float, float, float]]) -> None:
        box = np.array(boxes, np.float32).reshape(-1, 4)
        points = np.stack([_landmarks(b) for b in box]) if len(box) else np.zeros((0, 5, 2))
        found = Faces(box, np.ones(len(box), np.float32), points.astype(np.float32))
        self.bareness = None
        self.faces: FaceDetector = lambda images, **_: [found for _ in images]  # type: ignore


def _landmarks(box: np.ndarray) -> np.ndarray:
    """Landmarks of a face seen from the front that fills its box."""
    x1, y1, x2, y2 = box
    places = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    return np.array([(x1 + a * (x2 - x1), y1 + b * (y2 - y1)) for a, b in places])


def test_people_are_found_from_left_to_right_and_nobody_stands_out(models: Models) -> None:
    picture = photo.Picture(street(*TWO), "a" * 64, None)
    found = photocheck.group(picture, models.detector, models.describer)
    assert [one.box[0] for one in found.people] == pytest.approx([60, 220], abs=4)
    assert found.chosen is None
    assert found.boxes == [one.box for one in found.people]  # a small picture is not reduced
    alone = photocheck.find(street(TWO[0]), models.detector, models.describer)
    assert photocheck.stands_out(alone) == 0


def test_somebody_much_larger_stands_out() -> None:
    near, far = Person((0, 0, 100, 300)), Person((200, 0, 230, 90))
    assert photocheck.stands_out([near, far]) == 0
    assert photocheck.stands_out([far, near]) == 1
    assert photocheck.stands_out([]) is None
    rival = Person((200, 0, 230, 90), face=(200, 0, 230, 30))
    assert photocheck.stands_out([Person((0, 0, 100, 300), (20, 0, 60, 50)), rival]) is None


def test_faces_join_the_person_they_top_and_others_get_a_bust(models: Models) -> None:
    image = street(TWO[0])
    head, shoulder, far = (64, 60, 80, 74), (66, 90, 80, 104), (200, 40, 230, 70)
    people = photocheck.find(image, models.detector, FacesAt([shoulder, head, far]))
    assert [one.face for one in people] == [head, shoulder, far]
    assert round(people[0].box[1]) == 58  # the whole figure
    assert people[2].box == (170, 16, 260, 160)  # head and shoulders


def test_a_head_that_the_box_cuts_off_is_still_this_person_s(models: Models) -> None:
    image, head, behind = street(TWO[0]), (62, 43, 78, 57), (64, 44, 78, 56)
    alone = photocheck.find(image, models.detector, FacesAt([head]))
    assert photocheck.stands_out(alone) == 0
    assert [one.face for one in alone] == [head]
    assert alone[0].box[1] == pytest.approx(43 - 0.4 * 14)  # up to the hair
    own = (64, 60, 80, 74)
    people = photocheck.find(image, models.detector, FacesAt([behind, own]))
    assert {one.face for one in people if round(one.box[1]) == 58} == {own}
    assert len(people) == 2  # who stands behind is somebody else
    assert len(photocheck.find(image, models.detector, FacesAt([(62, 20, 78, 34)]))) == 2


class PeopleAt:
    """A person detector that finds what it is told, best first."""

    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        box = np.array(boxes, np.float32)
        self.found = People(box, np.linspace(0.9, 0.6, len(box), dtype=np.float32))

    def __call__(self, images: list[np.ndarray]) -> list[People]:
        return [self.found for _ in images]


def test_somebody_found_twice_is_one_person_unless_there_are_two_faces() -> None:
    image = np.zeros((400, 300, 3), np.uint8)
    whole, inner = (114.0, 87.0, 186.0, 352.0), (123.0, 130.0, 179.0, 317.0)
    child = (140.0, 180.0, 186.0, 352.0)  # in front of a grown-up
    one, two = (140, 95, 160, 120), (142, 140, 158, 160)

    def boxes(seen: PeopleAt, *faces: tuple[int, ...]) -> list[tuple[float, ...]]:
        return [p.box for p in photocheck.find(image, seen, FacesAt(list(faces)))]  # type: ignore

    assert boxes(PeopleAt(whole, inner)) == [whole]
    assert boxes(PeopleAt(whole, inner), one) == [whole]
    assert boxes(PeopleAt(whole, inner), one, two) == [whole, inner]
    assert boxes(PeopleAt(whole, child)) == [whole, child]


def test_a_chosen_face_is_the_one_described(models: Models) -> None:
    image = street(*TWO)
    right = Person((180, 30, 300, 150), (230, 60, 250, 80))
    shown = photocheck.shown(image, right, FacesAt([(60, 60, 80, 80), (230, 60, 250, 80)]))
    assert shown.face is not None
    assert any("20 px" in str(one.text) for one in shown.advice)
    assert shown.advice[0].level == "bad"  # far too small


@pytest.mark.parametrize(("px", "level"), [(120, "good"), (50, "good"), (30, "weak"), (15, "bad")])
def test_advice_names_the_width_of_the_face(px: int, level: str) -> None:
    image = np.full((300, 300, 3), 128, np.uint8)
    face = (20.0, 20.0, 20.0 + px, 20.0 + px)
    shown = photocheck.shown(image, Person((0, 0, 300, 300), face), FacesAt([face]), age_s=0)
    assert f"{px} px" in str(shown.advice[0].text)
    assert shown.advice[0].level == level


def test_advice_on_light_sharpness_and_age() -> None:
    face, random = (50.0, 50.0, 250.0, 250.0), np.random.default_rng(3)
    grain = random.integers(0, 255, (300, 300, 3)).astype(np.uint8)

    def said(image: np.ndarray, **given: object) -> str:
        shown = photocheck.shown(image, Person((0, 0, 300, 300), face), FacesAt([face]), **given)
        return "; ".join(str(one.text) for one in shown.advice)

    assert "dark" in said(np.full((300, 300, 3), 20, np.uint8))
    assert "too bright" in said(np.full((300, 300, 3), 245, np.uint8))
    assert "blurred" in said(np.full((300, 300, 3), 128, np.uint8))
    assert "blurred" not in said(grain)
    assert "date taken not known" in said(grain)
    assert "5 years ago" in said(grain, age_s=5 * photocheck.YEAR_S)
    assert "years" not in said(grain, age_s=photocheck.YEAR_S)
    assert "2 other people" in said(grain, others=2)


@pytest.mark.parametrize(
    ("lower", "told"), [("covered", "is not compared"), ("unclear", "hard to see"), ("bare", None)]
)
def test_advice_says_whether_a_hidden_mouth_keeps_the_face_out(monkeypatch, lower, told) -> None:
    monkeypatch.setattr(FacesAt, "lower_face", lambda *_: lower)
    grain = np.random.default_rng(3).integers(0, 255, (300, 300, 3)).astype(np.uint8)
    face = (50.0, 50.0, 250.0, 250.0)
    shown = photocheck.shown(grain, Person((0, 0, 300, 300), face), FacesAt([face]), age_s=0)
    said = [str(one.text) for one in shown.advice if "mouth and chin" in str(one.text)]
    assert len(said) == (told is not None)
    assert told is None or told in said[0]


def test_dark_eyes_are_seen_on_light_and_dark_skin() -> None:
    for skin in (70, 130, 210):
        bare = np.full((112, 112, 3), skin, np.uint8)
        covered = bare.copy()
        covered[42:62, 24:88] = skin // 4
        assert photocheck.eyes_dark(covered)
        assert not photocheck.eyes_dark(bare)


def test_a_box_given_with_the_photo_decides_who_is_compared(tiny_workspace: Path) -> None:
    ws = Workspace.open(tiny_workspace)
    content = photo.jpeg(street(*TWO), 95)
    with pytest.raises(BadInput, match="2 people of similar size"):
        ws.new_case("two", photos=[("two.jpg", content)], reason="test", same_clothes=True)
    assert ws.cases() == []
    best = {}
    people = ws.photo_group(photo.Upload("two.jpg", content)).people
    for name, one in zip(("red", "green"), people, strict=True):
        given = photo.Upload("two.jpg", content, one.box, one.face)
        case = ws.new_case(name, photos=[given], reason="test", same_clothes=True)
        best[name] = ws.search(case).tracklet_id[0]
        assert ws.casebook.photos(case)[0].box == pytest.approx(one.box)
    assert best["red"] != best["green"]
    ws.close()


def test_what_people_say_of_the_date_replaces_the_file(tiny_workspace: Path) -> None:
    ws = Workspace.open(tiny_workspace)
    content = photo.jpeg(street(TWO[0]), 95)
    given = photo.Upload("a.jpg", content, taken_s=5.0, dated=True)
    case = ws.new_case("dated", photos=[given], reason="test")
    assert ws.casebook.photos(case)[0].taken_s == 5.0
    ws.add_photo(case, photo.Upload("a.jpg", content, dated=True))
    assert ws.casebook.photos(case)[0].taken_s is None
    assert len(ws.casebook.photos(case)) == 1
    ws.close()
