"""The values refuse what does not fit at birth, and say what they want."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import types
from core.errors import BadInput
from core.types import (
    ATTRIBUTES,
    COLORS,
    UNKNOWN,
    Camera,
    Clip,
    Description,
    LastSeen,
    Leg,
    Probe,
    Ranking,
    Recorder,
    Route,
    Searched,
    Sighting,
    Stop,
    Tracklet,
    Vectors,
    Want,
    note,
    numbers,
    parse_time,
    safe_id,
)

GOOD = {
    "id": "c1/k1/1",
    "t_s": [0.0, 0.2, 0.4],
    "box": np.zeros((3, 4)),
    "score": [0.5, 0.6, 0.7],
    "crop_at": [0, 2],
    "crop_box": np.zeros((2, 4)),
    "crops": (b"a", b"b"),
}
SEARCHED = Searched(2, ("c1",), ("c1",), 10.0, 0.0)


def ranking(**other):
    two = [0.0, 0.0]
    full = {
        "tracklet_id": ("c1/k/1", "c1/k/2"),
        "camera_id": ("c1", "c1"),
        "enter_s": two,
        "leave_s": two,
        "evidence": two,
        "parts": {part: np.zeros(2) for part in ("face", "body", "attributes")},
        "order_evidence": [0, 1],
        "order_reranked": None,
        "expected_false": two,
        "band": ("weak", "weak"),
        "reasons": ((), ()),
        "searched": SEARCHED,
        "method": "",
    }
    return Ranking(**{**full, **other})


def test_a_tracklet_knows_where_and_when():
    one = Tracklet(**GOOD)
    assert (one.camera_id, one.clip_id, one.enter_s, one.leave_s) == ("c1", "k1", 0.0, 0.4)
    assert one.box.dtype == np.float32
    assert np.isnan(one.crop_quality).all()
    assert one.crop_quality.shape == (2,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "c1/k1"},
        {"t_s": [0.0, 0.2, 0.2]},
        {"t_s": [0.4, 0.2, 0.0]},
        {"t_s": []},
        {"t_s": [0.0, 0.2, math.nan]},
        {"box": np.zeros((2, 4))},
        {"box": np.zeros((3, 5))},
        {"score": [0.5]},
        {"crop_at": [0, 3]},
        {"crop_at": [-1, 2]},
        {"crop_at": [0]},
        {"crop_box": np.zeros((1, 4))},
        {"crop_quality": [0.5]},
    ],
    ids=str,
)
def test_a_tracklet_of_another_shape_is_refused(wrong):
    with pytest.raises(ValueError, match="got"):
        Tracklet(**{**GOOD, **wrong})


def test_a_value_keeps_its_own_read_only_copy():
    times = np.array(GOOD["t_s"])
    one = Tracklet(**{**GOOD, "t_s": times})
    times[0] = -9.0
    assert one.enter_s == 0.0
    with pytest.raises(ValueError, match="read-only"):
        one.t_s[0] = 1.0


def test_vectors_are_unit_rows_with_one_of_everything_per_row():
    rows = np.array([[1.0, 0.0], [0.6, 0.8]])
    assert len(Vectors("body", rows, [1, 1], [100, 90], [0, 1])) == 2
    assert len(Vectors("body", np.zeros((0, 2)), [], [], [])) == 0
    for wrong in (rows * 1.1, rows[0], np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match=r"Vectors\.rows"):
            Vectors("body", wrong, [1, 1], [100, 90], [0, 1])
    for n in range(3):
        columns = [[1, 1], [100, 90], [0, 1]]
        columns[n] = columns[n][:1]
        with pytest.raises(ValueError, match="needs shape"):
            Vectors("body", rows, *columns)


def test_a_description_judges_known_attributes_with_one_probability_per_value():
    Description("p", attributes={"hat": np.array([0.2, 0.3, 0.5])})
    for wrong in ({"hat": np.ones(2)}, {"beard": np.ones(3)}):
        with pytest.raises(ValueError, match=r"Description\.attributes"):
            Description("p", attributes=wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"evidence": [0.0]},
        {"order_evidence": [0]},
        {"order_reranked": [0, 1, 2]},
        {"parts": {"face": np.zeros(2)}},
        {"parts": {part: np.zeros(1) for part in ("face", "body", "attributes")}},
        {"band": ("weak",)},
        {"reasons": ()},
        {"camera_id": ()},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_ranking_has_one_of_everything_per_candidate(wrong):
    assert len(ranking()) == 2
    with pytest.raises(ValueError, match="Ranking"):
        ranking(**wrong)


def test_a_route_has_a_leg_between_two_stops():
    stop = Stop("c1", None, 0.0, 1.0, None, None, 0.9, "weak")
    leg = Leg(1.0, 2.0, 100.0, True, False, note("walk"))
    Route((), (), 1.0)
    Route((stop, stop), (leg,), 0.0)
    for stops, legs in [((stop, stop), ()), ((stop,), (leg,))]:
        with pytest.raises(ValueError, match="one leg between"):
            Route(stops, legs, 0.0)


def test_a_sighting_is_somewhere_and_ends_after_it_begins():
    Sighting("witness", 0.0, 0.0, lat=37.5, lon=127.0)
    with pytest.raises(ValueError, match="camera or a place"):
        Sighting("witness", 0.0, 1.0, lat=37.5)
    with pytest.raises(ValueError, match="leaves before"):
        Sighting("cctv", 1.0, 0.0, camera_id="c1")


def test_a_clip_has_a_hash_a_finite_start_and_a_length():
    good = {"id": "k", "camera_id": "c", "path": "", "sha256": "a" * 64, "start_s": 5.0}
    assert Clip(**good, duration_s=2.0, size=(4, 3)).end_s == 7.0
    for wrong in ({"sha256": "a"}, {"start_s": math.nan}, {"duration_s": -1.0}):
        with pytest.raises(ValueError, match="got"):
            Clip(**{**good, "duration_s": 2.0, "size": (4, 3), **wrong})


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../c1", "a/b", "a\\b", "/etc", "-c", "_c", "a b", "c1\n", "카메라", "a" * 33,
     "a\x00", "c1.mp4", "~"],
)  # fmt: skip
def test_an_id_that_could_leave_its_folder_is_refused(name):
    for make in (
        lambda: safe_id(name, "camera id"),
        lambda: Camera(name, "x", "r1"),
        lambda: Camera("c1", "x", name),
        lambda: Recorder(name),
        lambda: Clip(name, "c1", "", "a" * 64, 0.0, 1.0, (4, 3)),
    ):
        with pytest.raises(BadInput, match="cannot be used"):
            make()


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", fullmatch=True))
def test_a_plain_id_is_taken_as_it_is(name):
    assert safe_id(name, "id") == name


def test_an_impossible_camera_is_refused_in_words():
    for wrong, said in [
        ({"lat": 37.5}, "both latitude and longitude"),
        ({"lat": 126.9, "lon": 37.5}, "look swapped"),
        ({"lat": 91.0, "lon": 200.0}, "not a place on Earth"),
        ({"lat": math.nan, "lon": 127.0}, "not a place on Earth"),
        ({"kind": "drone"}, "fixed, ptz or vehicle"),
        ({"view_range_m": 0.0}, "above 0 m"),
        ({"view_range_m": math.nan}, "above 0 m"),
    ]:
        with pytest.raises(BadInput, match=said):
            Camera("c1", "x", "r1", **wrong)


def test_a_clock_is_a_number():
    wrongs = [{"clock_offset_s": math.inf}, {"clock_sigma_s": -1.0}, {"clock_sigma_s": math.nan}]
    for wrong in wrongs:
        with pytest.raises(BadInput, match="number of seconds"):
            Recorder("r1", **wrong)
    with pytest.raises(BadInput, match="end lies before"):
        LastSeen(10.0, 9.0, 37.5, 127.0)


def test_the_attributes_are_those_of_the_published_table_and_mask():
    assert len(ATTRIBUTES) == 13
    assert len(COLORS) == len(set(COLORS)) == 15
    assert {n for n, values in ATTRIBUTES.items() if values == COLORS} == {
        "upper_color", "lower_color", "shoe_color"
    }  # fmt: skip
    assert ATTRIBUTES["age"] == ("child", "teenager", "young_adult", "middle_aged", "elderly")
    assert ATTRIBUTES["mask"] == ("none", "mask")
    for values in ATTRIBUTES.values():
        assert len(set(values)) == len(values)
        assert UNKNOWN not in values
    with pytest.raises(TypeError):
        ATTRIBUTES["beard"] = ("none", "beard")


def test_a_probe_wants_known_attributes_and_unknown_always_passes():
    Probe(wanted={name: Want(UNKNOWN) for name in ATTRIBUTES})
    Probe(wanted={name: Want(values[-1]) for name, values in ATTRIBUTES.items()})
    with pytest.raises(BadInput, match=r"crimson.*upper_color.*unknown"):
        Probe(wanted={"upper_color": Want("crimson")})
    with pytest.raises(BadInput, match=r"beard.*direction"):
        Probe(wanted={"beard": Want("long")})


def test_a_time_needs_its_zone():
    assert parse_time("2026-05-01T09:00:00+09:00") == 1777593600.0
    assert parse_time("2026-05-01T00:00:00Z") == 1777593600.0
    assert parse_time("2026-05-01T09:00:00.250+09:00") == 1777593600.25
    with pytest.raises(BadInput, match="no zone"):
        parse_time("2026-05-01T09:00:00")
    for text in ("", "yesterday", "09:00+09:00", "2026-13-01T00:00:00Z"):
        with pytest.raises(BadInput, match="is not a time"):
            parse_time(text)


def test_numbers_are_counted_and_finite():
    assert numbers(" 1, -2.5 ,3e1", 3, "box") == [1.0, -2.5, 30.0]
    for text in ("", "1,2", "1,2,3,4", "1,2,x", "1,2,nan", "1,inf,3", "1;2;3"):
        with pytest.raises(BadInput, match="box is 3 numbers"):
            numbers(text, 3, "box")


def test_a_note_is_its_sentence_with_its_fields():
    assert str(note("face {px:.0f} px", px=18.4)) == "face 18 px"
    assert note("a", x=1) == note("a", x=1) != note("a", x=2)


def test_every_value_is_to_be_had_from_core_types() -> None:
    flowing = "Recorder Camera Clip Tracklet Description Probe Ranking Sighting Route ATTRIBUTES"
    assert {*flowing.split(), "Progress", "Note"} <= set(types.__all__)
    assert all(hasattr(types, name) for name in types.__all__)
