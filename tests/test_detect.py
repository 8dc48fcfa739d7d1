"""People are found in frames of any size, and their boxes are pixels of the frame they are in."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import tiny

from core import zoo
from core.detect import PersonDetector, decode_yolox


@pytest.fixture(scope="module")
def detect(tiny_pack):
    return PersonDetector(zoo.load("tiny_person", [tiny_pack]))


def street(*places, size=tiny.FRAME):
    """A frame with figures at (left, top) of the common frame, stretched to a size."""
    people = [(tiny.RED, lambda t, at=at: at) for at in places]
    image = tiny.figures(people)(0, 0.0)
    return cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)


def test_decode_by_hand():
    # Input 4 x 4: four cells of stride 2, then one of stride 4. Columns: shift x, y, log width,
    # height, objectness, two classes.
    raw = np.zeros((5, 7), np.float32)
    raw[1] = [0.5, 0.25, np.log(2), np.log(3), 0.5, 0.1, 0.8]  # stride 2, cell x 1, y 0
    raw[2] = [0.0, 0.0, 0.0, 0.0, 1.0, 0.3, 0.9]  # stride 2, cell x 0, y 1
    raw[4] = [0.5, 0.5, np.log(0.5), 0.0, 0.9, 1.0, 0.0]  # stride 4, cell x 0, y 0
    box, score = decode_yolox(raw, (4, 4), {"strides": [2, 4], "person_class": 1})
    assert box[1] == pytest.approx([3 - 2, 0.5 - 3, 3 + 2, 0.5 + 3])
    assert box[2] == pytest.approx([-1, 1, 1, 3])
    assert box[4] == pytest.approx([1, 0, 3, 4])
    assert score == pytest.approx([0, 0.4, 0.9, 0, 0])
    _, other = decode_yolox(raw, (4, 4), {"strides": [2, 4], "person_class": 0})
    assert other == pytest.approx([0, 0.05, 0.3, 0, 0.9])


def test_decode_counts_cells_across_before_down():
    raw = np.zeros((8, 6), np.float32)  # input 8 x 4, stride 2: four across, two down
    box, _ = decode_yolox(raw, (8, 4), {"strides": [2], "person_class": 0})
    centre = (box[:, :2] + box[:, 2:]) / 2
    assert centre.tolist() == [[x, y] for y in (0, 2) for x in (0, 2, 4, 6)]


def test_boxes_are_pixels_of_each_frame_whatever_its_size(detect):
    sizes = [tiny.FRAME, (640, 384), (960, 576), (320, 192)]
    frames = [street((102.0, 82.0), size=size) for size in sizes]
    found = detect(frames)
    assert len(found) == 4
    for size, people in zip(sizes, found, strict=True):
        scale = size[0] / tiny.FRAME[0]
        assert len(people) == 1
        assert people.box[0] == pytest.approx(
            np.array([102, 82, 126, 146]) * scale, abs=3.0 * scale
        )
        assert people.box.dtype == people.score.dtype == np.float32


def test_a_frame_of_another_shape_is_fitted_not_stretched(detect):
    tall = np.full((384, 320, 3), 128, np.uint8)  # fits at half size
    tall[100:228, 60:108] = 128
    tall[100:164, 60:108] = tiny.RED[0]
    tall[164:228, 60:108] = tiny.RED[1]
    (people,) = detect([tall])
    assert people.box[0] == pytest.approx([60, 100, 108, 228], abs=6)


def test_every_person_is_found_once_best_first(detect):
    places = [(22.0, 58.0), (122.0, 90.0), (242.0, 110.0)]
    (people,) = detect([street(*places)])
    assert sorted(people.box[:, 0]) == pytest.approx([22, 122, 242], abs=3)
    assert np.all(np.diff(people.score) <= 0)
    assert people.score.min() > 0.8


def test_a_box_at_the_edge_ends_at_the_edge(detect):
    for at in ((0.0, 60.0), (296.0, 60.0), (150.0, 128.0)):
        (people,) = detect([street(at)])
        assert len(people) == 1
        assert np.all(people.box >= 0)
        assert np.all(people.box[:, 2:] <= tiny.FRAME)


def test_nobody_is_an_empty_answer_and_no_frames_are_none(detect):
    (people,) = detect([street()])
    assert len(people) == 0
    assert people.box.shape == (0, 4)
    assert people.score.shape == (0,)
    assert detect([]) == []


def test_the_lowest_score_can_be_chosen(tiny_pack):
    model = zoo.load("tiny_person", [tiny_pack])
    frame = street((102.0, 82.0))
    assert len(PersonDetector(model, min_score=0.5)([frame])[0]) == 1
    assert len(PersonDetector(model, min_score=1.01)([frame])[0]) == 0
    heap = PersonDetector(model, max_iou=0.95)([frame])[0]
    assert len(heap) > 1


def test_another_kind_of_model_is_refused(tiny_pack):
    with pytest.raises(ValueError, match="tiny_body is not a YOLOX detector"):
        PersonDetector(zoo.load("tiny_body", [tiny_pack]))
