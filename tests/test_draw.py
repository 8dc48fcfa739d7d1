"""Contact sheets, side-by-side pictures and evidence bars say what went in, and nothing runs."""

from __future__ import annotations

import io
import math
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from core import draw
from core.errors import BadInput
from core.types import note

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>pwned=1</script>\"'`${alert(1)}\\\n\u2028\x00\u202e &"


def jpeg(color: tuple[int, int, int], size: tuple[int, int] = (40, 80)) -> bytes:
    return draw.jpeg(Picture.new("RGB", size, color))


def pixels(data: bytes) -> np.ndarray:
    return np.array(Picture.open(io.BytesIO(data)).convert("RGB"), dtype=int)  # (H,W,3)


def bars(*values: float, **more: object) -> ElementTree.Element:
    return ElementTree.fromstring(draw.evidence_bars(*values, **more))


def drawn(svg: ElementTree.Element) -> list[tuple[float, float]]:
    """(from, to) px of every bar."""
    found = svg.findall(f"{SVG}rect")
    return [(float(r.attrib["x"]), float(r.attrib["x"]) + float(r.attrib["width"])) for r in found]


def test_contact_sheet_keeps_order_and_shape_of_its_pictures() -> None:
    colors = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    sheet = pixels(draw.contact_sheet([jpeg(c) for c in colors], columns=2, cell=(64, 128)))
    assert sheet.shape == (10 + 2 * 160, 10 + 2 * 74, 3)
    centres = [(10 + 64, 10 + 32), (10 + 64, 84 + 32), (170 + 64, 10 + 32)]
    for (y, x), color in zip(centres, colors, strict=True):
        assert np.abs(sheet[y, x] - color).max() < 20


def test_contact_sheet_fits_a_wide_picture_without_distorting_it() -> None:
    sheet = draw.contact_sheet_image([jpeg((250, 0, 0), (200, 50))], cell=(100, 100))
    red = (sheet[..., 0].astype(int) - sheet[..., 1]) > 150
    height, width = np.ptp(np.nonzero(red)[0]) + 1, np.ptp(np.nonzero(red)[1]) + 1
    assert (width, height) == (100, 25)


def test_contact_sheet_says_which_picture_cannot_be_read() -> None:
    good = draw.contact_sheet_image([jpeg((250, 0, 0)), jpeg((250, 0, 0))])
    damaged = draw.contact_sheet_image([jpeg((250, 0, 0)), jpeg((250, 0, 0))[:40]])
    assert good.shape == damaged.shape
    assert (damaged[:, damaged.shape[1] // 2 :] < 160).any()  # the word "unreadable"


def test_contact_sheet_of_nothing_is_an_empty_page() -> None:
    assert (draw.contact_sheet_image([]) == 255).mean() > 0.99


def test_captions_are_ascii_whatever_comes() -> None:
    plain = draw.contact_sheet_image([jpeg((9, 9, 9))], ["?? c01"])
    korean = draw.contact_sheet_image([jpeg((9, 9, 9))], ["역전 c01"])
    assert np.array_equal(plain, korean)


@pytest.mark.parametrize(
    "call",
    [
        lambda: draw.contact_sheet([b""], ["a", "b"]),
        lambda: draw.contact_sheet([], columns=0),
        lambda: draw.contact_sheet([], cell=(4, 4)),
        lambda: draw.side_by_side(b"no picture", jpeg((0, 0, 0))),
        lambda: draw.side_by_side(jpeg((0, 0, 0)), jpeg((0, 0, 0)), crop_box=(0.0, 9.0, 9.0, 9.0)),
        lambda: draw.side_by_side(
            jpeg((0, 0, 0)), jpeg((0, 0, 0)), crop_box=(0.0, 0.0, 9.0, math.nan)
        ),
    ],
)
def test_wrong_input_is_said_in_a_sentence(call: object) -> None:
    with pytest.raises(BadInput):
        call()  # type: ignore[operator]


def test_a_picture_of_thirty_thousand_pixels_a_side_is_refused_before_it_is_decoded() -> None:
    out = io.BytesIO()
    Picture.new("L", (1, 1)).save(out, "PNG")
    png = out.getvalue()
    header = b"IHDR" + struct.pack(">II", 30_000, 30_000) + png[24:29]
    data = png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]
    with pytest.raises(BadInput, match="more than 50 megapixels"):
        draw.open_picture(data)


def test_a_phone_picture_is_turned_as_its_exif_says() -> None:
    exif = Picture.Exif()
    exif[0x0112] = 6  # the phone was held upright
    out = io.BytesIO()
    Picture.new("RGB", (60, 20)).save(out, "JPEG", exif=exif)
    assert draw.open_picture(out.getvalue()).size == (20, 60)


def test_persons_stand_equally_high_on_one_line_side_by_side() -> None:
    def figure(size: tuple[int, int], box: tuple[int, int, int, int]) -> bytes:
        made = Picture.new("RGB", size, (240, 240, 240))
        made.paste((200, 0, 0), box)
        out = io.BytesIO()
        made.save(out, "PNG")
        return out.getvalue()

    boxes = (30, 20, 70, 180), (5, 12, 35, 92)
    pair = draw.side_by_side(
        figure((100, 200), boxes[0]),
        figure((40, 100), boxes[1]),
        height=320,
        probe_box=tuple(map(float, boxes[0])),
        crop_box=tuple(map(float, boxes[1])),
    )
    found = pixels(pair)
    red = (found[..., 0] > 150) & (found[..., 1] < 100)
    left, right = np.nonzero(red[:, :200])[0], np.nonzero(red[:, 212:])[0]
    assert abs(np.ptp(left) - 320) <= 4
    assert abs(np.ptp(right) - 320) <= 4
    assert abs(int(left.max()) - int(right.max())) <= 3


def test_bars_start_at_zero_and_point_the_right_way() -> None:
    (a0, a1), (b0, b1), (c0, c1) = drawn(bars(2.0, -1.0, 1.0))
    assert a0 == c0 == pytest.approx(b1, abs=0.2)  # zero
    assert a1 - a0 == pytest.approx(2 * (c1 - c0), abs=0.3)
    assert b1 - b0 == pytest.approx(c1 - c0, abs=0.3)


def test_a_missing_part_has_no_bar_and_says_why() -> None:
    svg = bars(math.nan, 1.0, math.nan, missing={"face": note("face {px} px", px=18)})
    assert len(drawn(svg)) == 1
    texts = "".join(svg.itertext())
    assert "not used: face 18 px" in texts
    assert "not used: face 18 px" in svg.attrib["aria-label"]
    assert svg.attrib["aria-label"].count("not used") == 2


def test_a_bar_beyond_the_axis_keeps_its_number_and_gets_an_arrow_head() -> None:
    inside, beyond = bars(4.0, 0.0, 0.0), bars(7.5, 0.0, 0.0)
    assert drawn(inside)[0] == drawn(beyond)[0]
    assert len(beyond.findall(f"{SVG}path")) == len(inside.findall(f"{SVG}path")) + 1
    assert "+7.5" in "".join(beyond.itertext())


def test_bars_speak_the_users_language() -> None:
    said = draw.evidence_bars(1.0, math.nan, 0.0, translate=lambda n: f"말:{n}")
    assert "말:face" in said
    assert "말:not used" in said


def test_a_long_reason_ends_where_the_picture_does_in_either_script() -> None:
    for one, most in (("가", 26), ("w", 51)):
        said = draw.evidence_bars(math.nan, 0.0, 0.0, translate=lambda _, one=one: one * 90)
        words = [t.text or "" for t in ElementTree.fromstring(said).iter(f"{SVG}text")]
        cut = next(word for word in words if word.endswith("…"))
        assert most - 4 <= len(cut) <= most
        assert one * 90 in said  # read aloud whole


def test_hostile_words_stay_text_in_the_bars() -> None:
    why = note("{name}", name=HOSTILE)
    svg = bars(math.nan, math.nan, math.nan, missing={"face": why}, translate=str)
    assert {e.tag.removeprefix(SVG) for e in svg.iter()} == {"svg", "style", "path", "text"}
    assert "\u202e" not in "".join(svg.itertext())


@settings(max_examples=60, deadline=None)
@given(st.floats(), st.text(max_size=60))
def test_bars_are_well_formed_for_any_number_and_any_words(value: float, text: str) -> None:
    svg = bars(value, -value, math.nan, missing={"attributes": note("{t}", t=text)})
    for begin, end in drawn(svg):
        assert 0 <= begin <= end <= 460


BOXES = [(40.0, 60.0, 80.0, 160.0), (70.0, 60.0, 110.0, 160.0), (200.0, 0.0, 240.0, 190.0)]


def changed(**more: object) -> np.ndarray:
    """(H,W) bool: what the numbering drew onto a grey frame."""
    frame = jpeg((128, 128, 128), (320, 192))
    return np.abs(pixels(draw.numbered(frame, BOXES, **more)) - 128).max(axis=2) > 40


def test_numbered_outlines_every_person_and_leaves_them_to_be_seen() -> None:
    drawn = changed()
    assert drawn.shape == (192, 320)
    assert not drawn[90:150, 45:65].any()
    assert not drawn[90:150, 85:105].any()
    for x in (38, 80, 68, 110, 198, 240):
        assert drawn[90:150, x - 2 : x + 3].any(axis=1).all()


def test_numerals_of_neighbours_do_not_cover_each_other() -> None:
    taken: list[draw.Box] = []
    for box in BOXES * 2:
        taken.append(draw._tag_place(box, (16.0, 18.0), (320, 192), taken))
    for k, tag in enumerate(taken):
        assert 0 <= tag[0] < tag[2] < 320
        assert 0 <= tag[1] < tag[3] < 192
        assert not any(draw._overlap(tag, other) for other in taken[:k])


def test_the_chosen_box_is_heavier_and_one_drawn_by_hand_has_no_numeral() -> None:
    assert changed(chosen=2).sum() > changed().sum()
    grey = jpeg((128, 128, 128), (320, 192))
    alone = pixels(draw.numbered(grey, [], own=BOXES[0]))
    numbered = pixels(draw.numbered(grey, BOXES[:1], chosen=0))
    assert np.abs(alone - numbered).max(axis=2)[:58].max() > 100  # only the numeral lies there
    assert np.abs(alone[:50] - 128).max() < 20


def test_numerals_and_outlines_stand_out_from_each_other() -> None:
    def light(color: str) -> float:
        shares = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        lines = [c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
        return 0.2126 * lines[0] + 0.7152 * lines[1] + 0.0722 * lines[2]

    assert all(
        (light(color) + 0.05) / 0.05 > 4.5 for color in draw.OUTLINES
    )  # large text, WCAG AAA


def test_cutout_shows_what_is_in_the_box() -> None:
    frame = Picture.new("RGB", (100, 100), (0, 0, 250))
    frame.paste((250, 0, 0), (20, 20, 40, 60))
    cut = pixels(draw.cutout(draw.jpeg(frame), (20, 20, 40, 60), 80))
    assert cut.shape == (80, 40, 3)
    assert np.abs(cut[10:-10, 10:-10] - (250, 0, 0)).max() < 40
    assert pixels(draw.cutout(draw.jpeg(frame), (90, 90, 300, 300), 80)).shape[0] == 80
