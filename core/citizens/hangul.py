"""Text in, painted strokes out: Hangul composed of its letters, without any font file.

Signs and burnt-in captions look the same on every machine, whichever fonts are installed.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Line = tuple[tuple[float, float], ...]

FIRST = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
LAST = (
    "",
    "ㄱ",
    "ㄲ",
    "ㄱㅅ",
    "ㄴ",
    "ㄴㅈ",
    "ㄴㅎ",
    "ㄷ",
    "ㄹ",
    "ㄹㄱ",
    "ㄹㅁ",
    "ㄹㅂ",
    "ㄹㅅ",
    "ㄹㅌ",
    "ㄹㅍ",
    "ㄹㅎ",
    "ㅁ",
    "ㅂ",
    "ㅂㅅ",
    "ㅅ",
    "ㅆ",
    "ㅇ",
    "ㅈ",
    "ㅊ",
    "ㅋ",
    "ㅌ",
    "ㅍ",
    "ㅎ",
)
DOUBLE = {"ㄲ": "ㄱㄱ", "ㄸ": "ㄷㄷ", "ㅃ": "ㅂㅂ", "ㅆ": "ㅅㅅ", "ㅉ": "ㅈㅈ"}
MIXED = {
    "ㅘ": "ㅗㅏ",
    "ㅙ": "ㅗㅐ",
    "ㅚ": "ㅗㅣ",
    "ㅝ": "ㅜㅓ",
    "ㅞ": "ㅜㅔ",
    "ㅟ": "ㅜㅣ",
    "ㅢ": "ㅡㅣ",
}
FLAT = "ㅗㅛㅜㅠㅡ"

_RING: Line = tuple(
    (0.5 + 0.46 * float(np.cos(a)), 0.5 + 0.46 * float(np.sin(a)))
    for a in np.linspace(0, 2 * np.pi, 17)
)
STROKES: dict[str, tuple[Line, ...]] = {
    "ㄱ": (((0, 0.1), (1, 0.1), (0.85, 1)),),
    "ㄴ": (((0, 0), (0, 0.9), (1, 0.9)),),
    "ㄷ": (((1, 0.1), (0, 0.1), (0, 0.9), (1, 0.9)),),
    "ㄹ": (((0, 0.05), (1, 0.05), (1, 0.5), (0, 0.5), (0, 0.95), (1, 0.95)),),
    "ㅁ": (((0, 0.05), (1, 0.05), (1, 0.95), (0, 0.95), (0, 0.05)),),
    "ㅂ": (((0, 0), (0, 0.95), (1, 0.95), (1, 0)), ((0, 0.5), (1, 0.5))),
    "ㅅ": (((0.5, 0), (0.4, 0.5), (0, 1)), ((0.45, 0.4), (1, 1))),
    "ㅇ": (_RING,),
    "ㅈ": (((0, 0.1), (1, 0.1)), ((0.5, 0.1), (0.4, 0.5), (0, 1)), ((0.45, 0.45), (1, 1))),
    "ㅊ": (((0.3, 0), (0.7, 0)), ((0, 0.25), (1, 0.25)), ((0.5, 0.25), (0, 1)),
           ((0.45, 0.5), (1, 1))),
    "ㅋ": (((0, 0.1), (1, 0.1), (0.85, 1)), ((0, 0.52), (0.93, 0.52))),
    "ㅌ": (((1, 0.1), (0, 0.1), (0, 0.9), (1, 0.9)), ((0, 0.5), (0.95, 0.5))),
    "ㅍ": (((0, 0.1), (1, 0.1)), ((0, 0.9), (1, 0.9)), ((0.3, 0.1), (0.3, 0.9)),
           ((0.7, 0.1), (0.7, 0.9))),
    "ㅎ": (((0.3, 0), (0.7, 0)), ((0.05, 0.22), (0.95, 0.22)),
           tuple((x * 0.7 + 0.15, y * 0.62 + 0.38) for x, y in _RING)),
    "ㅏ": (((0.4, 0), (0.4, 1)), ((0.4, 0.5), (0.9, 0.5))),
    "ㅐ": (((0.3, 0), (0.3, 1)), ((0.8, 0), (0.8, 1)), ((0.3, 0.5), (0.8, 0.5))),
    "ㅑ": (((0.4, 0), (0.4, 1)), ((0.4, 0.36), (0.9, 0.36)), ((0.4, 0.64), (0.9, 0.64))),
    "ㅒ": (((0.3, 0), (0.3, 1)), ((0.8, 0), (0.8, 1)), ((0.3, 0.36), (0.8, 0.36)),
           ((0.3, 0.64), (0.8, 0.64))),
    "ㅓ": (((0.7, 0), (0.7, 1)), ((0.15, 0.5), (0.7, 0.5))),
    "ㅔ": (((0.5, 0), (0.5, 1)), ((0.88, 0), (0.88, 1)), ((0.1, 0.5), (0.5, 0.5))),
    "ㅕ": (((0.7, 0), (0.7, 1)), ((0.15, 0.36), (0.7, 0.36)), ((0.15, 0.64), (0.7, 0.64))),
    "ㅖ": (((0.5, 0), (0.5, 1)), ((0.88, 0), (0.88, 1)), ((0.1, 0.36), (0.5, 0.36)),
           ((0.1, 0.64), (0.5, 0.64))),
    "ㅣ": (((0.6, 0), (0.6, 1)),),
    "ㅗ": (((0, 0.75), (1, 0.75)), ((0.5, 0.15), (0.5, 0.75))),
    "ㅛ": (((0, 0.75), (1, 0.75)), ((0.33, 0.15), (0.33, 0.75)), ((0.67, 0.15), (0.67, 0.75))),
    "ㅜ": (((0, 0.25), (1, 0.25)), ((0.5, 0.25), (0.5, 0.9))),
    "ㅠ": (((0, 0.25), (1, 0.25)), ((0.33, 0.25), (0.33, 0.9)), ((0.67, 0.25), (0.67, 0.9))),
    "ㅡ": (((0, 0.5), (1, 0.5)),),
}  # fmt: skip

Place = tuple[float, float, float, float]  # x, y, width, height inside the unit square


def syllable(letter: str) -> list[Line]:
    """One Hangul syllable -> strokes in the unit square, y down; nothing for other characters."""
    code = ord(letter) - 0xAC00
    if not 0 <= code < 11172:
        return []
    first, vowel, last = FIRST[code // 588], VOWELS[code % 588 // 28], LAST[code % 28]
    high = 0.58 if last else 0.92
    parts: list[tuple[str, Place]] = []
    if vowel in FLAT:
        parts += _consonant(first, (0.2, 0.05, 0.6, high * 0.52))
        parts.append((vowel, (0.06, 0.05 + high * 0.58, 0.88, high * 0.42)))
    elif vowel in MIXED:
        flat, upright = tuple(MIXED[vowel])
        parts += _consonant(first, (0.1, 0.05, 0.46, high * 0.5))
        parts.append((flat, (0.04, 0.05 + high * 0.58, 0.6, high * 0.4)))
        parts.append((upright, (0.62, 0.03, 0.36, high)))
    else:
        parts += _consonant(first, (0.08, 0.1, 0.46, high * 0.8))
        parts.append((vowel, (0.58, 0.03, 0.4, high)))
    if last:
        parts += _consonant(last, (0.18, 0.68, 0.66, 0.28))
    return [
        tuple((x + px * w, y + py * h) for px, py in line)
        for letter, (x, y, w, h) in parts
        for line in STROKES[letter]
    ]


def _consonant(letters: str, at: Place) -> list[tuple[str, Place]]:
    letters = DOUBLE.get(letters, letters)
    x, y, w, h = at
    if len(letters) == 1:
        return [(letters, at)]
    each = w * 0.46
    return [(letters[0], (x, y, each, h)), (letters[1], (x + w - each, y, each, h))]


def width_px(text: str, size_px: float) -> int:
    """How wide a text becomes."""
    return round(sum(_advance(c) for c in text) * size_px)


def _advance(letter: str) -> float:
    return 1.0 if 0xAC00 <= ord(letter) < 0xD7A4 else 0.35 if letter == " " else 0.62


def write(
    image: Image,
    text: str,
    at: tuple[float, float],
    size_px: float,
    color: tuple[int, int, int],
    *,
    weight: float = 0.11,
    vertical: bool = False,
) -> None:
    """Paint a text into an RGB image, in place. at: left and top px;  weight: stroke / size."""
    thick = max(1, round(size_px * weight))
    x, y = at
    for letter in text:
        for line in syllable(letter):
            dots = np.array([(x + px * size_px * 0.92, y + py * size_px) for px, py in line])
            cv2.polylines(
                image, [np.round(dots * 16).astype(np.int32)], False, color, thick, cv2.LINE_AA, 4
            )
        if not syllable(letter) and letter.strip():
            latin(image, letter, (x, y), size_px, color, thick)
        if vertical:
            y += size_px * 1.08
        else:
            x += _advance(letter) * size_px


SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc",
    "7": "abc", "8": "abcdefg", "9": "abcdfg", "-": "g", "C": "afed", "A": "efabcg", "M": "efabc",
    "H": "fegbc", "P": "efabg", "F": "efag", "E": "afged", "O": "abcdef", "L": "fed",
}  # fmt: skip
_ENDS = {"a": (0, 0, 1, 0), "b": (1, 0, 1, 0.5), "c": (1, 0.5, 1, 1), "d": (0, 1, 1, 1),
         "e": (0, 0.5, 0, 1), "f": (0, 0, 0, 0.5), "g": (0, 0.5, 1, 0.5)}  # fmt: skip


def latin(
    image: Image,
    letter: str,
    at: tuple[float, float],
    size_px: float,
    color: tuple[int, int, int],
    thick: int,
) -> None:
    """A digit, a dash, a colon or one of a few capitals, in place."""
    x, y = at[0] + 0.08 * size_px, at[1] + 0.12 * size_px
    w, h = 0.42 * size_px, 0.72 * size_px
    if letter in ":.":
        for dy in (0.3, 0.7) if letter == ":" else (0.95,):
            dot = (round(x + w / 2), round(y + dy * h))
            cv2.circle(image, dot, max(1, thick // 2), color, -1, cv2.LINE_AA)
        return
    for name in SEGMENTS.get(letter, ""):
        x0, y0, x1, y1 = _ENDS[name]
        ends = np.array([(x + x0 * w, y + y0 * h), (x + x1 * w, y + y1 * h)])
        cv2.polylines(
            image, [np.round(ends * 16).astype(np.int32)], False, color, thick, cv2.LINE_AA, 4
        )
