"""An aligned 112 x 112 RGB face in; out comes whether nose, mouth and chin are shown to be bare.

Two different men in surgical masks can look alike to a face embedder, so a covered lower face must
give no face evidence. The question is one-sided: *bare has to be shown*. A mask, a scarf, a hand,
and a face that is too dark, without colour or too coarse to tell, all come out as covered.

Ten measurements (`features`) become points through straight ramps with two ends (`RAMPS`). Three
can speak for a bare face: a dark line between the lips that ends at the corners of the mouth, lips
redder than the skin around them, dark nostrils. Seven can only speak against it: a mouth region
flat in light or in colour; lower skin of another colour than the skin around the eyes, or no skin
colour at all, or much lighter, or much darker; an edge across both cheeks at nose height. The sum
goes through the logistic function. All but one compare places within the face as logarithms, so
exposure and skin tone cancel; skin redness is absolute, and bluish white balance costs bare faces.

There are no learned weights here (a pack may bring a judge that learned it, which is asked where
these rules show nothing: `core.describe.lower_face`). The numbers (ten ramps of four, two
least values, the points needed) are round and set by hand on a development set: the LFW
`pairsDevTrain` photos of people whose name has an even first SHA-256 byte (1,735 of 3,443), the
same photos with coverings painted on by a program, and all of five corridor clips of three masked
men. Measured on the other 1,708 photos, shrunk to the face width and JPEG compressed before
alignment; the share taken for bare:

    bare faces       16 px 57 %, 24 px 74 %, 40 px 83 %, 80 px 87 % (40 and 80 px: 84.9 %)
    painted          10,248 crops 0.1 %: surgical blue, white, grey, black, navy, beige, cup 0.0,
                     hand 0.1, worn below the nose, patterned, scarf 0.3, own skin's colour 0.4 %
    sharp folds too  2,535 crops: own skin's colour 3.9 %, beige 1.4 %, the five others 0.0
    corridor         0 of 584 faces in every frame. Not held out: the ramps and the points needed
                     were set with it in view, and the nearest (a side view) is 0.1 points short

By the brightness of the skin in the picture (not skin tone, which is not labelled), darkest to
lightest third, 86, 87 and 82 % of the bare faces of 40 and 80 px pass; of the darkest tenth 80 %.
Open smiles, turned heads, beards and hats are many of the bare faces that fail. Weak
spots: a mask of the wearer's own skin colour, and grain, which looks like red lips (sigma 20 of 255
added: 0.7 to 2 % of the painted crops and up to 5 of the 584 corridor faces pass).

Without colour, a setting that let no corridor face pass kept a third of the bare faces: folds of
surgical masks look like mouths. So infrared and grey pictures always count as covered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.types import Float64, Image

SIZE_PX = 112
ROW_PX, COLUMN_PX = 2, 4
"""One cell of the working grid: fine enough across the line of the lips, coarse against noise."""

DARK_OFFSET = 6.0
"""Added to every channel mean before its logarithm: the noise of dark pixels stays small."""

Box = tuple[int, int, int, int]
"""x from, x to, y from, y to; px of the aligned face (eyes at y 52, nose tip 72, mouth 92)."""

SKIN: tuple[Box, ...] = ((28, 44, 54, 62), (68, 84, 54, 62), (48, 64, 46, 62), (40, 72, 30, 40))
"""Under both eyes, bridge of the nose, forehead: above most masks."""

LOWER: tuple[Box, ...] = ((28, 36, 78, 96), (76, 84, 78, 96), (44, 68, 102, 110), (44, 68, 80, 86))
"""Beside the mouth left and right, chin, upper lip."""

BESIDE_NOSE: tuple[Box, ...] = ((36, 44, 70, 82), (68, 76, 70, 82))
MOUTH: Box = (40, 72, 82, 104)
LIPS: Box = (44, 68, 84, 104)
NOSE_TO_CHIN: Box = (36, 76, 78, 110)
WHOLE: Box = (20, 92, 28, 110)

LEAST_LIGHT = 40.0
"""Grey value (0-255) of the skin around the eyes below which nothing can be shown."""

LEAST_COLOUR = 0.04
"""Standard deviation of the log colour ratios over the face below which a picture has no colour."""

SOME_COLOUR = 0.012
"""The same for `may_be_bare`: a grey picture, stored as JPEG, stays below it."""

RAMPS: Mapping[str, tuple[float, float, float, float]] = MappingProxyType(
    {
        "mouth": (0.08, 0.03, -2.0, 2.0),
        "lips": (0.01, 0.03, -2.0, 2.0),
        "nostrils": (0.12, 0.10, -1.0, 1.0),
        "relief": (0.06, 0.015, -3.0, 0.0),
        "tint": (0.06, 0.015, -3.0, 0.0),
        "redness": (0.15, 0.03, -6.0, 0.0),
        "other_colour": (0.20, -0.04, -6.0, 0.0),
        "lighter": (0.30, -0.10, -6.0, 0.0),
        "darker": (0.60, -0.15, -6.0, 0.0),
        "border": (0.60, -0.15, -4.0, 0.0),
    }
)
"""Measurement -> (middle, width, least, most): points are (value - middle) / width, cut there."""


NEEDED = 0.25
"""Points a face needs to count as bare: a little more than nothing, since bare has to be shown."""

BARE_IN_FOOTAGE = 0.5
BARE_IN_PHOTO = 0.1
"""Bareness asked for. A photo that people chose to show a face needs less: on 300 photos of the
development half, faces of 80 px, 0.1 takes 97 % for bare (0.5: 85 %) and still no painted mask."""


def lower_face_covered(face: Image, needed: float = BARE_IN_FOOTAGE) -> bool:
    """True unless the lower face is shown to be bare: then the face must give no evidence.

    face  (112,112,3) uint8 RGB, aligned to the ArcFace template;  needed: least bareness, 0-1
    """
    return bareness(face) < needed


def may_be_bare(face: Image) -> bool:
    """Whether a judge that learned it may call the lower face bare, where these rules do not.

    There has to be light, and some colour: no infrared face was at hand to measure one by.

    face  (112,112,3) uint8 RGB, aligned to the ArcFace template
    """
    measured = features(face)
    return measured["light"] >= LEAST_LIGHT and measured["colour"] >= SOME_COLOUR


def bareness(face: Image) -> float:
    """How well the lower face is shown to be bare, 0-1; 0.5 and more counts as bare.

    A score, not a probability: it is 0 where the picture is too dark or has no colour.

    face  (112,112,3) uint8 RGB, aligned to the ArcFace template
    """
    measured = features(face)
    if measured["light"] < LEAST_LIGHT or measured["colour"] < LEAST_COLOUR:
        return 0.0
    return 1 / (1 + math.exp(NEEDED - sum(points(measured).values())))


def points(measured: Mapping[str, float]) -> dict[str, float]:
    """The points of every measurement in `RAMPS`; above 0 speaks for a bare face."""
    return {
        name: min(max((measured[name] - middle) / width, least), most)
        for name, (middle, width, least, most) in RAMPS.items()
    }


def features(face: Image) -> dict[str, float]:
    """The measurements behind `bareness`, for `points` and for whoever wants to see the reason.

    Differences of logarithms unless said otherwise: 0.1 is about a tenth lighter or redder.

    mouth         depth of the dark line between the lips, less the deepest one beside the mouth
    lips          redness of the reddest rows of the mouth over the redder skin around it
    nostrils      how much darker the nostrils are than the cheeks beside them
    relief        mean step of light between neighbours along the mouth
    tint          standard deviation of redness between nose and chin
    redness       log red over green of the lower skin (absolute)
    other_colour  distance in colour between the lower skin and the skin around the eyes
    lighter       lightness of the lower skin over the skin around the eyes; darker is -lighter
    border        step in light and colour across the cheeks at nose height, the weaker cheek's
    light         grey value 0-255 of the skin around the eyes
    colour        standard deviation of the log colour ratios over the face

    face  (112,112,3) uint8 RGB, aligned to the ArcFace template; ValueError on another shape
    """
    grid = _grid(face)
    light = grid[..., 0]
    skin = np.median(np.concatenate([_cells(grid, b).reshape(-1, 3) for b in SKIN]), axis=0)  # (3,)
    lower = np.array([_cells(grid, b).reshape(-1, 3).mean(axis=0) for b in LOWER])  # (4,3)
    gap = lower - skin
    lighter = float(np.median(gap[:, 0]))
    return {
        "mouth": _mouth(light),
        "lips": _lips(_cells(grid, LIPS)[..., 1], lower[:, 1]),
        "nostrils": _nostrils(light),
        "relief": float(np.abs(np.diff(_cells(light, MOUTH), axis=1)).mean()),
        "tint": float(_cells(grid, NOSE_TO_CHIN)[..., 1].std()),
        "redness": float(np.median(lower[:, 1])),
        "other_colour": float(np.median(np.hypot(gap[:, 1], gap[:, 2]))),
        "lighter": lighter,
        "darker": -lighter,
        "border": _border(grid),
        "light": math.exp(skin[0]) - DARK_OFFSET,
        "colour": float(_cells(grid, WHOLE)[..., 1:].reshape(-1, 2).std(axis=0).max()),
    }


def _grid(face: Image) -> Float64:
    """(56,28,3) of the face's cells: log light, log red over green, log blue over green."""
    if face.shape != (SIZE_PX, SIZE_PX, 3):
        raise ValueError(f"an aligned face needs shape (112, 112, 3), got {face.shape}")
    rows, columns = SIZE_PX // ROW_PX, SIZE_PX // COLUMN_PX
    split = face.reshape(rows, ROW_PX, columns, COLUMN_PX, 3)
    cells = split.mean(axis=(1, 3), dtype=np.float64) + DARK_OFFSET  # (56,28,3)
    red, green, blue = np.moveaxis(cells, -1, 0)
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack([np.log(light), np.log(red / green), np.log(blue / green)], axis=-1)


def _cells(grid: Float64, box: Box) -> Float64:
    x0, x1, y0, y1 = box
    return grid[y0 // ROW_PX : y1 // ROW_PX, x0 // COLUMN_PX : x1 // COLUMN_PX]


def _dips(light: Float64, rows: NDArray[np.int64]) -> Float64:
    """How much darker each row is than the rows 6 px above and below it, the darker of them."""
    below = light[np.minimum(rows + 3, len(light) - 1)]
    return np.minimum(light[rows - 3], below) - light[rows]


def _mouth(light: Float64) -> float:
    """The line of the lips, looked for at five places; a fold also runs on beside the mouth."""
    strips = (light[:, :-2] + light[:, 1:-1] + light[:, 2:]) / 3  # (56,26) 12 px wide each
    dips = _dips(strips, np.arange(38, 56))  # (18,26)
    left, right = dips[4:14, 9:14], dips[4:14, 12:17]  # (10,5) rows 84-102 px, halves of the mouth
    line = (left + right + 2 * np.minimum(left, right)) / 4
    beside = dips[:, [6, 19]].max(axis=1)  # (18,) columns 24-36 and 76-88 px
    nearby = np.lib.stride_tricks.sliding_window_view(beside, 9).max(axis=1)  # (10,) within 8 px
    return float((line - np.maximum(nearby, 0)[:, None]).max())


def _lips(red: Float64, around: Float64) -> float:
    rows = np.sort(red.mean(axis=1))
    return float(rows[-3:].mean() - np.sort(around)[1:].mean())


def _nostrils(light: Float64) -> float:
    nose = light[36:41, 12:16].mean(axis=1)  # (5,) rows 72-82 px
    beside = np.mean([_cells(light, box).mean() for box in BESIDE_NOSE])
    return float(beside - nose.min())


def _border(grid: Float64) -> float:
    steps = []
    for x in (7, 18):  # columns 28-40 and 72-84 px
        column = grid[:, x : x + 3].mean(axis=1) * (1, 1.5, 1.5)  # (56,3) colour counts more
        means = (column[27:41] + column[28:42] + column[29:43]) / 3  # (14,3) 6 px high
        steps.append(np.linalg.norm(means[3:] - means[:-3], axis=1).max())
    return float(min(steps))
