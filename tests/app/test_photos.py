"""Photos as people bring them: each bad one costs one sentence, and the good ones stay."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tiny
from PIL import Image
from visits import field, fill, give, press, red_photo, words

from app import widgets
from core.workspace import Workspace


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def street(*people) -> Image.Image:
    """A picture of drawn figures, each standing at a place (left, top)."""
    standing = [(outfit, lambda t, at=at: at) for outfit, at in people]
    return Image.fromarray(tiny.figures(standing)(0, 0.0))


def two() -> Image.Image:
    return street((tiny.RED, (60.0, 58.0)), (tiny.GREEN, (220.0, 58.0)))


def png_of(width: int, height: int, bits: bytes) -> bytes:
    """A PNG that claims a size, with pixel data packed as given."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bits, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def turned(content: Image.Image, turn: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    exif.get_ifd(0x8769)[0x9003] = "2019:05:01 09:00:00"
    return encoded(content, "JPEG", exif=exif, quality=95)


BAD = {
    "nothing.jpg": b"",
    "notes.txt": "사진이 아닙니다".encode(),
    "letter.pdf": b"%PDF-1.7\n",
    "page.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "cut.png": red_photo()[:200],
    "cut.jpg": encoded(two(), "JPEG")[:900],
    "wide.png": png_of(30_000, 30_000, b""),
    "bomb.png": png_of(60_000, 60_000, bytes(3_000_000)),
    "archive.jpg": b"PK\x03\x04" + bytes(60),
    "<script>alert(1)</script>.jpg": b"\xff\xd8\xff\xe0",
    "`${alert(1)}`.jpg": b"GIF89a",
    "gpj.\u202egnp.jpg": b"\x00",
}


@pytest.mark.parametrize("name", BAD, ids=lambda name: name.encode("ascii", "replace").decode())
def test_a_bad_photo_costs_one_sentence_and_the_others_stay(
    visit, empty_workspace: Path, name: str
) -> None:
    app = give(visit(empty_workspace), {"good.png": red_photo(), name: BAD[name]})
    assert not app.exception
    assert len(app.error) == 1
    said = app.error[0].value
    assert "\n" not in said
    assert "\u202e" not in said
    assert "<script>" not in said
    assert "`" not in said.replace("\\`", "")
    assert "good.png" in [text.value for text in app.text]
    assert [b.label for b in app.main.button].count("빼기") == 1


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.png", "`${x}`.png", "a\u202egnp.png"])
def test_names_of_good_photos_are_text(visit, empty_workspace: Path, name: str) -> None:
    app = give(visit(empty_workspace), {name: red_photo()})
    assert not app.error
    assert widgets.plain(name) in [text.value for text in app.text]
    assert "\u202e" not in words(app)
    app = press(app, "빼기")
    assert any(widgets.inert(name) in caption.value for caption in app.caption)


def test_of_two_people_a_number_is_chosen_and_kept_with_the_photo(
    visit, tiny_workspace: Path
) -> None:
    app = give(visit(tiny_workspace), {"two.png": encoded(two(), "PNG")})
    assert not app.exception
    assert "찾는 사람의 번호를 고르세요" in app.warning[0].value
    sent = fill(app)
    assert "번호를 고르거나" in sent.error[0].value
    who = field(sent, "button_group", "찾는 사람은 몇 번입니까?")
    assert who.options == ["1", "2"]
    app = who.set_value(2).run()
    assert not app.warning
    app.checkbox(key="new-same").check()
    app = press(app, "사건 열고 검색")
    assert not app.error
    opened = Workspace.open(tiny_workspace)
    (case,) = opened.cases()
    (photo,) = opened.casebook.photos(case.id)
    assert photo.box == pytest.approx((220, 58, 244, 122), abs=2)
    best = opened.search(case.id).tracklet_id[0]
    assert best.startswith("c1/")  # green only crosses c1
    opened.close()


def test_a_turned_heic_photo_is_read_and_its_date_shown_and_corrected(
    visit, tiny_workspace: Path
) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    heic = encoded(street((tiny.RED, (130.0, 58.0))), "HEIF", quality=95)
    app = give(visit(tiny_workspace), {"p.heic": heic})
    assert not app.error
    assert "촬영일 모름" in words(app)
    app = press(app, "빼기")
    lying = street((tiny.RED, (130.0, 58.0))).transpose(Image.Transpose.ROTATE_90)
    app = give(app, {"p.jpg": turned(lying, 6)})
    assert not app.error
    assert "년 전 사진" in words(app)
    day = field(app, "date_input", "촬영일")
    assert day.value.isoformat() == "2019-05-01"
    app = day.set_value(None).run()
    assert "촬영일 모름" in words(app)
    app.checkbox(key="new-same").check()
    app = fill(app)
    assert not app.error
    opened = Workspace.open(tiny_workspace)
    (case,) = opened.cases()
    (photo,) = opened.casebook.photos(case.id)
    assert photo.taken_s is None
    cut = Image.open(io.BytesIO(opened.probe_picture(case.id)))
    assert cut.height > cut.width  # upright
    opened.close()


def test_a_photo_without_anybody_is_taken_whole_and_says_what_that_means(
    visit, empty_workspace: Path
) -> None:
    grey = encoded(Image.fromarray(np.full((90, 60, 3), 120, np.uint8)), "PNG")
    app = give(visit(empty_workspace), {"grey.png": grey})
    assert not app.error
    assert "얼굴 없음" in words(app)


def test_the_same_photo_twice_is_kept_once(visit, empty_workspace: Path) -> None:
    app = give(visit(empty_workspace), {"a.png": red_photo(), "b.png": red_photo()})
    assert [b.label for b in app.main.button].count("빼기") == 1
