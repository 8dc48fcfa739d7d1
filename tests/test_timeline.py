"""The picture of the coverage: every state a colour, a pattern and a letter; names stay text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from app import i18n
from core.coverage import STATE_WORDS, STATES, Figures, Row, Stretch, Timeline
from core.timeline import LETTERS, LOOKS, ROWS_SHOWN, timeline_svg
from core.types import LastSeen, Sighting

NINE = 1777593600.0
HOUR = 3600.0
EVIL = '<script>alert(1)</script>"&\x00\ufffe]]>'
SVG = "{http://www.w3.org/2000/svg}"


def drawn(rows, low=NINE, high=NINE + 9 * HOUR, say=str, **more) -> ElementTree.Element:
    found = Timeline(low, high, tuple(rows), Figures(len(rows), 0, 0, 0, 0), **more)
    return ElementTree.fromstring(timeline_svg(found, say=say))


def texts(picture) -> list[str]:
    return [node.text or "" for node in picture.iter(f"{SVG}text")]


def row(*states: str, name: str = "c1") -> Row:
    parts = [Stretch(NINE + k * HOUR, NINE + (k + 1) * HOUR, s) for k, s in enumerate(states)]
    return Row(name, name, 2.0, tuple(parts))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_state_has_a_pattern_a_letter_and_a_word_of_its_own(language):
    i18n.use(language)
    picture = drawn([row(*STATES)], say=i18n.say)
    said = texts(picture)
    i18n.use("ko")
    fills = [node.get("fill") for node in picture.iter(f"{SVG}rect")]
    assert all(fills.count(f"url(#p-{state})") == 2 for state in STATES)  # in the row and below
    letters = [said.count(letter) for letter in {str(LETTERS[s]) for s in STATES}]
    if language == "en":
        assert letters == [2] * len(STATES)
    assert len(set(LOOKS.values())) == len(STATES) == len({str(n) for n in LETTERS.values()})
    assert len({str(word) for word in STATE_WORDS.values()}) == len(STATES)


def test_letters_differ_in_korean_too():
    i18n.use("ko")
    assert len({i18n.say(letter) for letter in LETTERS.values()}) == len(STATES)


def test_script_in_a_name_is_text_and_the_picture_loads_nothing():
    text = timeline_svg(
        Timeline(NINE, NINE + HOUR, (row("searched", name=EVIL),), Figures(1, 1, 0, 0, 0))
    )
    picture = ElementTree.fromstring(text)  # well-formed whatever the name holds
    assert not list(picture.iter(f"{SVG}script"))
    assert "href" not in text
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]


def test_midnight_is_dated_and_times_are_local():
    said = texts(drawn([row("searched")], NINE + 12 * HOUR, NINE + 20 * HOUR))
    assert said[0] == "2026-05-01"
    assert "05-02" in said
    assert {"00:00", "23:00"} <= set(said)


@pytest.mark.parametrize("hours", [0.05, 0.5, 3, 9, 24, 24 * 7, 24 * 60])
def test_there_are_enough_times_to_read_and_not_too_many(hours):
    said = texts(drawn([row("searched")], NINE, NINE + hours * HOUR))
    times = [text for text in said if re.fullmatch(r"\d\d:\d\d", text)]
    assert 1 <= len(times) <= 61 if hours > 24 * 7 else 2 <= len(times) <= 10


def test_a_narrow_picture_says_the_same_with_fewer_times():
    wide = Timeline(NINE, NINE + 9 * HOUR, (row(*STATES),), Figures(1, 1, 0, 0, 0))
    said = [texts(ElementTree.fromstring(timeline_svg(wide, narrow=narrow))) for narrow in (0, 1)]
    assert set(said[1]) < set(said[0])
    assert {str(word) for word in STATE_WORDS.values()} <= set(said[1])
    assert "±2 s" not in said[1]


def test_last_seen_and_sightings_are_marked():
    seen = LastSeen(NINE + 600, NINE + 1200, 37.5, 127.0)
    confirmed = Sighting("cctv", NINE + HOUR, NINE + HOUR + 5, "c1", "c1/k/0", verdict="confirmed")
    possible = Sighting("cctv", NINE + HOUR, NINE + HOUR + 5, "c1", "c1/k/1", verdict="possible")
    elsewhere = Sighting("cctv", NINE, NINE, "c9", "c9/k/1", verdict="confirmed")
    bare = drawn([row("searched")])
    full = drawn([row("searched")], last_seen=seen, sightings=(confirmed, possible, elsewhere))
    assert "▲ last seen" in texts(full)
    assert len(list(full.iter(f"{SVG}path"))) == len(list(bare.iter(f"{SVG}path"))) + 2


def test_a_candidate_nobody_judged_is_hollow_and_a_rejected_one_is_not_drawn():
    lead = Sighting("cctv", NINE + HOUR, NINE + HOUR + 5, "c1", "c1/k/2")
    no = Sighting("cctv", NINE + HOUR, NINE + HOUR + 5, "c1", "c1/k/3", verdict="rejected")
    found = Timeline(NINE, NINE + 9 * HOUR, (row("searched"),), Figures(1, 1, 0, 0, 0), None, (no,))

    def ticks(**more) -> list[str | None]:
        picture = ElementTree.fromstring(timeline_svg(found, **more))
        paths = picture.iter(f"{SVG}path")
        return [p.get("fill") for p in paths if p.get("stroke") == "#8f3f00"][:-2]  # less legend

    assert ticks() == []
    assert ticks(candidates=(lead,)) == ["#ffffff"]


def test_last_seen_outside_the_window_is_not_drawn():
    seen = LastSeen(NINE - 9 * HOUR, NINE - 8 * HOUR, 37.5, 127.0)
    assert "▲ last seen" not in texts(drawn([row("searched")], last_seen=seen))


def test_of_very_many_cameras_those_with_something_known_come_first():
    rows = [row("not_requested", name=f"n{k}") for k in range(ROWS_SHOWN + 5)] + [row("looked")]
    said = texts(drawn(rows))
    assert said.index("c1") < said.index("n0")
    assert "and 6 more cameras: see the table" in said


def test_a_share_is_never_rounded_to_nothing_or_to_all():
    almost = Row("c1", "c1", 2.0, (Stretch(NINE, NINE + 1, "looked"),
                                   Stretch(NINE + 1, NINE + HOUR, "not_requested")))  # fmt: skip
    nearly = Row("c2", "c2", 2.0, (Stretch(NINE, NINE + 1, "gap"),
                                   Stretch(NINE + 1, NINE + HOUR, "looked")))  # fmt: skip
    said = texts(drawn([almost, nearly, row("searched", name="c3")], high=NINE + HOUR))
    assert [text for text in said if text.endswith("%")] == ["1 %", "99 %", "100 %"]
