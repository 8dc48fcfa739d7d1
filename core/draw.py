"""Pictures and evidence figures in; contact sheets, side-by-side pictures and bar charts out.

Text inside pictures is ASCII (ids and times), because a bare machine may have no Korean font; text
inside SVG is untrusted and escaped. Nothing here is evidence: originals stay untouched.
"""

from __future__ import annotations

import html
import io
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont, ImageOps

from core.errors import BadInput
from core.types import PARTS, Image, Note, note

MOST_PIXELS = 50_000_000
LOW, HIGH = -2.0, 4.0  # ends of the log10 likelihood ratio axis

PAPER, INK, GREY, RULE = "#ffffff", "#1f2933", "#66717d", "#dfe3e7"
FOR, AGAINST = "#0072b2", "#d55e00"
"""Blue and vermilion of the palette for colour-blind readers. Source: [okabe2008]"""
OUTLINES = ("#f0e442", "#56b4e9", "#e69f00", "#ffffff", "#cc79a7")  # light ones: numerals are black

PART_WORDS: Mapping[str, Note] = {
    "face": note("face"),
    "body": note("body and clothing"),
    "attributes": note("ticked features"),
}

_UNUSED = note("not used")
REASON_COLUMNS = 50  # what fits beside a missing bar; a Hangul syllable takes two
_AGAINST = note("speaks against")
_FOR = note("speaks for")
_BAR_STYLE = (
    ".evidence-bars text{font:13px system-ui,'Noto Sans KR','Malgun Gothic',sans-serif;"
    f"fill:{INK}}} "
    f".evidence-bars .axis{{font-size:11px;fill:{GREY};text-anchor:middle}} "
    ".evidence-bars .num{font-weight:650;font-variant-numeric:tabular-nums} "
    f".evidence-bars .none{{fill:{GREY};font-style:italic;"
    "paint-order:stroke;stroke:#fff;stroke-width:4px}"
)

Box = tuple[float, float, float, float]


def open_picture(data: bytes) -> Picture.Image:
    """JPEG, PNG or any other picture file as bytes -> RGB picture, turned as its EXIF says.

    Raises BadInput if the bytes are no picture, are cut short, or hold more than 50 megapixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)  # our limit is lower
            opened = Picture.open(io.BytesIO(data))
        if opened.width * opened.height > MOST_PIXELS:
            raise Picture.DecompressionBombError
        return ImageOps.exif_transpose(opened).convert("RGB")
    except Picture.DecompressionBombError:
        raise BadInput(
            "the picture has more than {most} megapixels: make it smaller",
            most=MOST_PIXELS // 1_000_000,
        ) from None
    except (OSError, SyntaxError, ValueError):
        raise BadInput("the picture cannot be read: it is damaged or not a picture") from None


def jpeg(picture: Picture.Image, quality: int = 90) -> bytes:
    """An RGB picture as JPEG bytes."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _ascii(text: str, longest: int) -> str:
    line = re.sub(r"[^\x20-\x7e]", "?", text)
    return line if len(line) <= longest else line[: longest - 2] + ".."


def _fit(picture: Picture.Image, width: int, height: int) -> Picture.Image:
    scale = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Picture.Resampling.BICUBIC)


def _cell(data: bytes, caption: str, width: int, height: int) -> Picture.Image:
    """One picture centred on white with its caption below; an unreadable one says so."""
    cell = Picture.new("RGB", (width, height + 22), PAPER)
    pen = ImageDraw.Draw(cell)
    pen.rectangle((0, 0, width - 1, height - 1), fill="#f1f3f4")
    font = ImageFont.load_default(13)
    try:
        shown = _fit(open_picture(data), width, height)
        cell.paste(shown, ((width - shown.width) // 2, (height - shown.height) // 2))
    except BadInput:
        pen.text((width / 2, height / 2), "unreadable", GREY, font, anchor="mm")
    text = _ascii(caption, max(4, width // 7))
    pen.text((width / 2, height + 11), text, INK, font, anchor="mm")
    return cell


def contact_sheet_image(
    crops: Sequence[bytes],
    captions: Sequence[str] = (),
    *,
    columns: int = 5,
    cell: tuple[int, int] = (128, 256),
) -> Image:
    """Pictures in rows, in the order given -> (H,W,3) uint8 RGB; see `contact_sheet`."""
    if columns < 1 or min(cell) < 16:
        raise BadInput("a contact sheet needs a column or more and cells of 16 px or more")
    if captions and len(captions) != len(crops):
        raise BadInput(
            "{crops} pictures but {captions} captions: give one each",
            crops=len(crops),
            captions=len(captions),
        )
    gap, (width, height) = 10, cell
    across = max(1, min(columns, len(crops)))
    down = max(1, math.ceil(len(crops) / across))
    step_x, step_y = width + gap, height + 22 + gap
    sheet = Picture.new("RGB", (gap + across * step_x, gap + down * step_y), PAPER)
    for k, data in enumerate(crops):
        made = _cell(data, captions[k] if captions else "", width, height)
        sheet.paste(made, (gap + k % across * step_x, gap + k // across * step_y))
    return np.array(sheet, dtype=np.uint8)  # (H,W,3) RGB


def contact_sheet(
    crops: Sequence[bytes],
    captions: Sequence[str] = (),
    *,
    columns: int = 5,
    cell: tuple[int, int] = (128, 256),
    quality: int = 90,
) -> bytes:
    """Pictures in rows, in the order given, as one JPEG.

    crops     picture files as bytes; each is fitted into its cell, never distorted; one that
              cannot be read keeps its cell and says "unreadable"
    captions  none or one per picture: ids and times; other than ASCII becomes "?"
    cell      (width, height) px of a picture

    Raises BadInput if captions and pictures differ in number, or for no columns or tiny cells.
    """
    made = contact_sheet_image(crops, captions, columns=columns, cell=cell)
    return jpeg(Picture.fromarray(made), quality)


def _scaled(data: bytes, box: Box | None, person_px: float) -> tuple[Picture.Image, int]:
    """The picture scaled so that the box (or all of it) is person_px high, and its feet's row."""
    picture = open_picture(data)
    _, top, _, foot = box or (0.0, 0.0, float(picture.width), float(picture.height))
    if not foot - top >= 1:
        raise BadInput("the person's box must be a pixel high or more")
    scale = min(person_px / (foot - top), 8.0)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if size[0] * size[1] > MOST_PIXELS:
        raise BadInput("the person's box is too small in this picture: draw it again")
    row = min(max(round(foot * scale), 0), size[1])
    return picture.resize(size, Picture.Resampling.BICUBIC), row


def side_by_side(
    probe: bytes,
    crop: bytes,
    *,
    height: int = 360,
    probe_box: Box | None = None,
    crop_box: Box | None = None,
    quality: int = 92,
) -> bytes:
    """Probe left, candidate right, the persons equally high, feet on one line, as one JPEG.

    height               px of the person (of the whole picture where no box is given)
    probe_box, crop_box  the person inside each picture, xyxy px

    A picture is enlarged at most eight times; a smaller one stays smaller rather than pretend
    detail. Raises BadInput for an unreadable picture or an empty box.
    """
    pair = [_scaled(probe, probe_box, height), _scaled(crop, crop_box, height)]
    top = max(foot for _, foot in pair)
    below = max(made.height - foot for made, foot in pair)
    width = sum(made.width for made, _ in pair) + 12
    sheet = Picture.new("RGB", (width, top + below), PAPER)
    x = 0
    for made, foot in pair:
        sheet.paste(made, (x, top - foot))
        x += made.width + 12
    return jpeg(sheet, quality)


def numbered(
    picture: bytes, boxes: Sequence[Box], *, chosen: int | None = None, own: Box | None = None
) -> bytes:
    """A frame with every box outlined and numbered 1, 2, 3 ... in the order given, as one JPEG.

    boxes   xyxy px of the frame;  chosen: index of a box drawn heavier, its numeral on black
    own     a box drawn by hand: heavier, without a numeral

    Told apart by the numeral, by a dark edge around every line, and by colours for colour-blind
    readers. Raises BadInput for an unreadable picture. Source: [okabe2008]
    """
    sheet = open_picture(picture)
    pen = ImageDraw.Draw(sheet)
    thin = max(2, round(max(sheet.size) / 480))
    letter_px = max(14, round(max(sheet.size) / 42))
    font = ImageFont.load_default(letter_px)
    for k, box in enumerate(boxes):
        _outline(pen, box, OUTLINES[k % len(OUTLINES)], thin * (2 if k == chosen else 1))
    if own is not None:
        _outline(pen, own, OUTLINES[0], 2 * thin)
    taken: list[Box] = []
    for k, box in enumerate(boxes):
        paper, ink = OUTLINES[k % len(OUTLINES)], "#000000"
        if k == chosen:
            paper, ink = ink, paper
        size = (font.getlength(str(k + 1)) + letter_px * 0.7, letter_px * 1.3)
        tag = _tag_place(box, size, sheet.size, taken)
        taken.append(tag)
        pen.rectangle(tag, paper, "#000000", max(1, thin // 2))
        middle = ((tag[0] + tag[2]) / 2, (tag[1] + tag[3]) / 2)
        pen.text(middle, str(k + 1), ink, font, anchor="mm", stroke_width=letter_px / 40)
    return jpeg(sheet)


def _outline(pen: ImageDraw.ImageDraw, box: Box, color: str, line: int) -> None:
    """A line around a box, dark on both sides; edges of a box may be in any order."""
    (x1, x2), (y1, y2) = sorted(box[::2]), sorted(box[1::2])
    pen.rectangle((x1 - line - 1, y1 - line - 1, x2 + line, y2 + line), None, INK, line + 2)
    pen.rectangle((x1 - line, y1 - line, x2 + line - 1, y2 + line - 1), None, color, line)


def cutout(picture: bytes, box: Box, height: int) -> bytes:
    """The person in a box of a frame (xyxy px) as JPEG, fitted to a height in px.

    Raises BadInput for an unreadable picture.
    """
    frame = open_picture(picture)
    x1, y1 = max(0, round(box[0])), max(0, round(box[1]))
    x2, y2 = min(frame.width, round(box[2])), min(frame.height, round(box[3]))
    cut = frame.crop((x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)))
    return jpeg(_fit(cut, 2 * height, height))


def fitted(picture: bytes, height: int) -> bytes:
    """A picture as JPEG, reduced or enlarged to a height in px. Raises BadInput."""
    return jpeg(_fit(open_picture(picture), 4 * height, height))


def _tag_place(
    box: Box, size: tuple[float, float], frame: tuple[int, int], taken: Sequence[Box]
) -> Box:
    """Where a box's numeral goes: above it, else below, else inside; off the other numerals."""
    (x1, y1, x2, y2), (w, h) = box, size
    corners = [(x1, y1 - h), (x2 - w, y1 - h), (x1, y2), (x2 - w, y2), (x1, y1), (x1, y2 - h)]
    inside = [
        (min(max(x, 0), frame[0] - 1 - w), y) for x, y in corners if 0 <= y <= frame[1] - 1 - h
    ] or [(min(max(x1, 0), frame[0] - 1 - w), 0.0)]
    places = [(x, y, x + w, y + h) for x, y in inside]
    return next((a for a in places if not any(_overlap(a, b) for b in taken)), places[0])


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


_NOT_XML = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def _xml(text: str) -> str:
    """Untrusted text -> SVG text on one line."""
    line = " ".join(_NOT_XML.sub(" ", text).split())
    return html.escape(line)


def _value_text(value: float) -> str:
    return f"{value:+.1f}" if abs(value) >= 0.05 else "0.0"


def _bar(value: float, y: float, x_of: Callable[[float], float]) -> str:
    """One bar from 0 to the value; an arrow head where it runs off the axis."""
    shown = min(max(value, LOW), HIGH)
    a, b = sorted((x_of(0.0), x_of(shown)))
    color = FOR if value >= 0 else AGAINST
    bar = (
        f'<rect x="{a:.1f}" y="{y}" width="{max(b - a, 2):.1f}" height="14" rx="2" fill="{color}"/>'
    )
    if shown != value:
        tip, side = x_of(shown), 7 if value > 0 else -7
        bar += f'<path d="M{tip:.1f} {y} l{side} 7 l{-side} 7 Z" fill="{color}"/>'
    return bar


def _within(text: str, columns: int) -> str:
    """The text, cut to so many columns of a terminal: a Hangul syllable takes two."""
    room = columns
    for at, one in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(one) in "WF" else 1
        if room < 0:
            return text[: at - 1].rstrip() + "…"
    return text


def evidence_bars(
    face: float,
    body: float,
    attributes: float,
    *,
    missing: Mapping[str, Note] | None = None,
    translate: Callable[[Note], str] = str,
    width: int = 460,
) -> str:
    """Three separate bars of evidence as an SVG element: right speaks for, left against.

    face, body, attributes  log10 likelihood ratios; NaN = no evidence of that kind: no bar, but
                            the words why, from `missing` ({"face": note("face {px} px", px=18)})
    translate               how a `Note` is said in the user's language

    The axis runs from -2 to 4; a bar beyond it ends in an arrow head and its number is exact.
    """
    left, right, top, row = 128, 52, 24, 30
    unit = (width - left - right) / (HIGH - LOW)

    def x_of(value: float) -> float:
        return left + (value - LOW) * unit

    zero, bottom = x_of(0.0), top + len(PARTS) * row
    parts = [
        f'<path d="M{x_of(tick):.1f} {top} V{bottom}" stroke="{RULE}"/>'
        f'<text x="{x_of(tick):.1f}" y="{bottom + 14}" class="axis">{tick:+d}</text>'
        for tick in (-2, -1, 1, 2, 3, 4)
    ]
    spoken = []
    for k, (name, value) in enumerate(zip(PARTS, (face, body, attributes), strict=True)):
        y = top + k * row + 8
        word = _xml(translate(PART_WORDS[name]))
        parts.append(f'<text x="{left - 10}" y="{y + 12}" text-anchor="end">{word}</text>')
        if not math.isnan(value):
            said = _value_text(value)
            parts.append(_bar(value, y, x_of))
            parts.append(f'<text x="{width - right + 14}" y="{y + 12}" class="num">{said}</text>')
        else:
            why = (missing or {}).get(name)
            said = _xml(translate(note("not used: {why}", why=translate(why)) if why else _UNUSED))
            short = _xml(_within(html.unescape(said), REASON_COLUMNS))
            parts.append(f'<text x="{left + 4}" y="{y + 12}" class="none">{short}</text>')
        spoken.append(f"{word} {said}")
    against, favour = _xml(translate(_AGAINST)), _xml(translate(_FOR))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 22}"'
        f' width="{width}" class="evidence-bars" role="img" aria-label="{"; ".join(spoken)}">'
        f"<style>{_BAR_STYLE}</style>"
        f'<text x="{zero - 8:.1f}" y="14" class="axis" style="text-anchor:end">← {against}</text>'
        f'<text x="{zero + 8:.1f}" y="14" class="axis" style="text-anchor:start">{favour} →</text>'
        f'<path d="M{zero:.1f} {top - 4} V{bottom + 2}" stroke="{INK}" stroke-width="1.5"/>'
        f"{''.join(parts)}"
        f'<text x="{zero:.1f}" y="{bottom + 14}" class="axis">0</text></svg>'
    )
