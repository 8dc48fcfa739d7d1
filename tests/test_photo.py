"""Photos as people bring them are read upright; what is no photo is refused in one sentence."""

from __future__ import annotations

import hashlib
import io
import resource
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from core import photo
from core.errors import BadInput

WIDTH, HEIGHT = 64, 48
TAKEN = "2026:05:01 09:00:00"
TAKEN_S = 1777593600.0  # in Korean time


def picture() -> np.ndarray:
    """Red left, blue right, a white corner top left."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, : WIDTH // 2] = (200, 30, 30)
    image[:, WIDTH // 2 :] = (30, 30, 200)
    image[:16, :16] = 255
    return image


def encoded(image, kind, **options) -> bytes:
    held = io.BytesIO()
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(held, kind, **options)
    return held.getvalue()


def exif(**tags) -> Image.Exif:
    made = Image.Exif()
    if "turn" in tags:
        made[0x0112] = tags["turn"]
    if "taken" in tags:
        made.get_ifd(0x8769)[0x9003] = tags["taken"]
    return made


def refused(content: bytes, name: str = "a.jpg") -> str:
    with pytest.raises(BadInput, match=name) as caught:
        photo.read(content, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "HEIF"])
def test_every_promised_format_shows_the_same_picture(kind):
    import pillow_heif

    pillow_heif.register_heif_opener()
    content = encoded(picture(), kind, quality=95)
    read = photo.read(content)
    assert read.image.shape == (HEIGHT, WIDTH, 3)
    assert read.image.dtype == np.uint8
    assert np.abs(read.image.astype(int) - picture()).mean() < 4
    assert read.sha256 == hashlib.sha256(content).hexdigest()
    assert read.taken_s is None


# The orientation tag, and how the stored pixels come about from the upright ones.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("turn", STORED)
def test_a_turned_photo_is_set_upright(turn):
    stored = np.ascontiguousarray(STORED[turn](picture()))
    assert np.array_equal(photo.read(encoded(stored, "PNG", exif=exif(turn=turn))).image, picture())


def test_the_date_taken_is_korean_time_unless_said_otherwise():
    content = encoded(picture(), "JPEG", exif=exif(taken=TAKEN))
    assert photo.read(content).taken_s == TAKEN_S
    assert photo.read(content, zone="UTC").taken_s == TAKEN_S + 9 * 3600
    for damaged in ("0000:00:00 00:00:00", "yesterday", ""):
        content = encoded(picture(), "JPEG", exif=exif(taken=damaged))
        assert photo.read(content).taken_s is None


def test_damaged_exif_does_not_cost_the_picture():
    content = encoded(picture(), "JPEG", exif=exif(taken=TAKEN, turn=1))
    at = content.index(b"Exif")
    for cut in (10, 14, 18, 24):
        damaged = content[: at + cut] + b"\xff\xff\xff\xff" + content[at + cut + 4 :]
        assert photo.read(damaged).image.shape == (HEIGHT, WIDTH, 3)


def test_transparency_is_dropped_and_what_is_solid_keeps_its_colour():
    image = np.dstack([picture(), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    image[24:, :, 3] = 0
    read = photo.read(encoded(image, "PNG")).image
    assert np.array_equal(read[:24], picture()[:24])


def test_cmyk_palette_and_grey_become_rgb():
    cmyk = photo.read(encoded(Image.fromarray(picture()).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(cmyk.image.astype(int) - picture()).mean() < 6
    palette = photo.read(encoded(Image.fromarray(picture()).quantize(8), "PNG"))
    assert np.abs(palette.image.astype(int) - picture()).mean() < 4
    grey = photo.read(encoded(Image.fromarray(picture()).convert("L"), "JPEG")).image
    assert grey.shape == (HEIGHT, WIDTH, 3)
    assert np.ptp(grey, axis=2).max() == 0


def test_sixteen_bit_grey_keeps_its_shades():
    shades = np.linspace(0, 65535, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint16)
    image = photo.read(encoded(shades, "PNG")).image
    assert np.array_equal(image[..., 0], (shades >> 8).astype(np.uint8))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_taken(kind):
    first, second = (Image.new("RGB", (WIDTH, HEIGHT), c) for c in ((200, 0, 0), (0, 200, 0)))
    options = {"save_all": True, "append_images": [second], "duration": 100}
    image = photo.read(encoded(first, kind, **options)).image
    assert np.abs(image.astype(int) - (200, 0, 0)).max() < 8


def test_the_ending_of_the_name_does_not_matter():
    assert photo.read(encoded(picture(), "PNG"), "photo.jpg").image.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        "사진이 아닙니다".encode(),
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"\x00\x00\x00\x18ftypheic",
    ],
    ids=["nothing", "zero", "text", "pdf", "svg", "jpeg head", "gif head", "heic head"],
)
def test_what_is_no_photo_is_refused(content):
    assert "not a picture that can be read" in refused(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_photo_cut_short_is_refused(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    content = encoded(noise, kind)
    refused(content[: int(len(content) * share)])


def test_formats_nobody_needs_stay_shut():
    for kind in ("TIFF", "ICO", "PPM", "TGA"):
        refused(encoded(picture(), kind))


def test_a_photo_of_thirty_thousand_by_thirty_thousand_is_refused_without_being_unpacked():
    row = b"\x00" + bytes(30_000 // 8)
    held = io.BytesIO()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(1)
    body = b"".join(packer.compress(row * 1000) for _ in range(30)) + packer.flush()
    held.write(b"\x89PNG\r\n\x1a\n")
    held.write(chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)))
    held.write(chunk(b"IDAT", body) + chunk(b"IEND", b""))
    content = held.getvalue()
    assert len(content) < 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(content)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 100_000_000


def test_a_photo_with_too_many_pixels_says_how_many():
    said = refused(encoded(Image.new("1", (10_000, 9_000)), "PNG"))
    assert "10000 x 9000 pixels" in said


def test_a_file_above_sixty_megabytes_is_refused_before_it_is_read():
    assert "60 MB" in refused(encoded(picture(), "PNG") + bytes(photo.MAX_BYTES))


def test_a_large_photo_is_reduced_keeping_its_shape():
    read = photo.read(encoded(Image.new("L", (6000, 1500), 90), "JPEG"))
    assert read.image.shape == (1000, 4000, 3)
