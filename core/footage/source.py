"""A path in; the video or folder of pictures behind it, opened, out."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

from core.errors import BadInput, FootageError
from core.footage.pictures import Pictures
from core.footage.video import Video

Source = Video | Pictures


def open_film(path: str | Path, picture_s: float) -> Source:
    """A folder as pictures, picture_s apart if they carry no times, a file as video; close it.

    Raises FootageError, BadInput.
    """
    place = existing(path)
    return Pictures(place, picture_s) if place.is_dir() else Video(place)


def existing(path: str | Path) -> Path:
    """The path of a file or folder that is there and can be read, or FootageError."""
    if re.match(r"[A-Za-z][\w+.-]+:/", str(path)):
        raise FootageError(
            "{url} is a stream, which cannot be read yet: record it and give the file",
            url=mask_url(str(path)),
        )
    place = Path(path)
    if not place.exists():
        raise FootageError("{path} does not exist: check the path", path=str(path))
    if not (place.is_dir() or place.is_file()):
        raise FootageError(
            "{path} is neither a file nor a folder: give a video file", path=str(path)
        )
    if place.is_file() and place.stat().st_size == 0:
        raise FootageError("{path} is empty: copy it from the recorder again", path=str(path))
    if not os.access(place, os.R_OK):
        raise FootageError("{path} may not be read: ask for access to it", path=str(path))
    return place


def check_window(from_s: float, to_s: float) -> None:
    """BadInput unless [from_s, to_s) holds any time and begins at a number."""
    if not (math.isfinite(from_s) and to_s > from_s):
        raise BadInput(
            "the window ends ({end} s) before it begins ({start} s)", start=from_s, end=to_s
        )


def mask_url(text: str) -> str:
    """Hide user names and passwords of urls: rtsp://user:pw@host -> rtsp://***@host.

    A password may itself hold '@' or '/', so all up to the last '@' goes.
    """
    masked = re.sub(r"(\b[A-Za-z][\w+.-]+:/{1,2})\S*@", r"\1***@", text)
    return re.sub(r"(?i)\b(password|passwd|pass|pwd)=[^&\s]*", r"\1=***", masked)
