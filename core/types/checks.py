"""What values are made of in, the same in the one form the values keep, or an error, out."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int = NDArray[np.int64]
Image = NDArray[np.uint8]

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def safe_id(value: str, what: str) -> str:
    """Return an id that is safe as a folder name, or raise BadInput.

    value  letters, digits, '-' and '_', at most 32, beginning with a letter or digit
    what   the word for it in the error, for instance "camera id"
    """
    if not _SAFE_ID.fullmatch(value):
        raise BadInput(
            "{what} {value!r} cannot be used: take 1 to 32 letters a-z, digits, '-' or '_'",
            what=what,
            value=value[:40],
        )
    return value


def check_place(lat: float, lon: float) -> None:
    """Raise BadInput unless lat and lon are WGS84 degrees; says so when they look swapped."""
    if -90 <= lat <= 90 and -180 <= lon <= 180:
        return
    if -90 <= lon <= 90 and -180 <= lat <= 180:
        raise BadInput(
            "latitude {lat} is out of range: latitude and longitude look swapped", lat=lat
        )
    raise BadInput("latitude {lat}, longitude {lon} is not a place on Earth", lat=lat, lon=lon)


def parse_time(text: str) -> float:
    """ISO 8601 with a zone -> Unix seconds; BadInput without a zone or if it is no time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "{text!r} is not a time: write it like 2026-05-01T09:00:00+09:00", text=text[:40]
        ) from None
    if moment.tzinfo is None:
        raise BadInput(
            "the time {text} has no zone: write it like {text}+09:00 for Korean time", text=text
        )
    return moment.timestamp()


def numbers(text: str, n: int, what: str) -> list[float]:
    """n numbers out of a text with commas; what: the word for it in the BadInput otherwise."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != n or not all(math.isfinite(value) for value in values):
        raise BadInput("{what} is {n} numbers with commas, not {text!r}", what=what, n=n, text=text)
    return values


def need(ok: bool, what: str, got: object) -> None:
    """Raise ValueError, a mistake of ours, unless a value is as the others take it to be."""
    if not ok:
        raise ValueError(f"{what}, got {got!r}")


def frozen_array(
    obj: object, name: str, dtype: type, shape: tuple[int | None, ...]
) -> NDArray[Any]:
    """Freeze obj.name as a read-only array of dtype whose shape fits; None = any length."""
    array: NDArray[Any] = np.array(getattr(obj, name), dtype=dtype)  # a copy
    if array.size == 0 and array.ndim == 1:
        array = array.reshape([0 if n is None else n for n in shape])
    fits = array.ndim == len(shape) and all(
        n is None or n == m for n, m in zip(shape, array.shape, strict=True)
    )
    need(fits, f"{type(obj).__name__}.{name} needs shape {shape}", array.shape)
    array.setflags(write=False)
    object.__setattr__(obj, name, array)
    return array


def finite_time(value: float, what: str) -> None:
    """Raise ValueError for a time that is NaN or endless."""
    need(math.isfinite(value), f"{what} must be finite Unix seconds", value)
