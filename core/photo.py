"""An uploaded photo's bytes in, an upright RGB picture and the day it was taken out.

Reads JPEG, PNG, WebP, BMP, GIF and HEIC. What is no picture, is cut short, or would unpack into
more than MAX_PIXELS is refused in one sentence.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from core.errors import BadInput
from core.types import Image

MAX_PIXELS = 80_000_000
MAX_BYTES = 60_000_000
MAX_SIDE_PX = 4000  # larger photos are reduced to this: faces in them stay far above 80 px
EXIF_TAKEN = 0x9003  # DateTimeOriginal, local time without a zone
EXIF_IFD = 0x8769
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "HEIF")


Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Upload:
    """A photo as somebody gives it, and what they said of it.

    box, face  xyxy px of the upright picture: the person meant and that person's face
    taken_s    when it was taken as people say, None = not known; used only if dated is true,
               else the file's own date is
    """

    name: str
    content: bytes
    box: Box | None = None
    face: Box | None = None
    taken_s: float | None = None
    dated: bool = False


@dataclass(frozen=True)
class Picture:
    """One photo: image (H,W,3) uint8 RGB upright; sha256 of the bytes given; taken_s or None."""

    image: Image
    sha256: str
    taken_s: float | None


def read(content: bytes, name: str = "photo", *, zone: str = "Asia/Seoul") -> Picture:
    """Decode a photo. name is for the error; zone: of the camera's clock, for the date taken.

    Raises BadInput.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps
    from pillow_heif import register_heif_opener

    register_heif_opener()
    if len(content) > MAX_BYTES:
        raise BadInput("{name} is larger than 60 MB: give a smaller copy", name=name[:80])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged EXIF data: the picture may still be good
            opened = Pillow.open(io.BytesIO(content), formats=FORMATS)
            if opened.width * opened.height > MAX_PIXELS:
                raise BadInput(
                    "{name} has {width} x {height} pixels: give a smaller copy",
                    name=name[:80],
                    width=opened.width,
                    height=opened.height,
                )
            taken_s = _taken(opened.getexif().get_ifd(EXIF_IFD).get(EXIF_TAKEN), zone)
            turned = ImageOps.exif_transpose(opened)
            if turned.mode.startswith("I;16"):  # `convert` would make all but the darkest white
                turned = Pillow.fromarray((np.asarray(turned) >> 8).astype(np.uint8))
            upright = turned.convert("RGB")
            upright.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    except (
        EOFError,
        OSError,
        SyntaxError,
        ValueError,
        Pillow.DecompressionBombError,
    ):
        raise BadInput(
            "{name} is not a picture that can be read: give a JPEG, PNG, WebP or HEIC photo",
            name=name[:80],
        ) from None
    return Picture(np.asarray(upright), hashlib.sha256(content).hexdigest(), taken_s)


def jpeg(image: Image, quality: int = 92) -> bytes:
    """A picture (H,W,3) uint8 RGB as JPEG bytes."""
    from PIL import Image as Pillow

    held = io.BytesIO()
    Pillow.fromarray(image).save(held, "JPEG", quality=quality)
    return held.getvalue()


def _taken(text: object, zone: str) -> float | None:
    try:
        moment = datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (zone below)
        return moment.replace(tzinfo=ZoneInfo(zone)).timestamp()
    except ValueError:
        return None
