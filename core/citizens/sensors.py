"""Clean pictures in, what a surveillance recorder keeps of them out: a small, noisy, lossy film.

Lens softness, vignette, exposure and white balance of this very camera, sensor noise that grows in
the dark, motion blur, rain, the burnt-in clock (which shows the camera's time, right or wrong), and
H.264 at a recorder's bit rate, encoded by one thread so that the same frames give the same file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import hangul
from core.citizens.chance import generator, pick

Image = NDArray[np.uint8]
Float32 = NDArray[np.float32]
FIELD_PX = 256  # how much larger than a frame the field is that quick grain is cut from
KOREA = timezone(timedelta(hours=9))


@dataclass(frozen=True)
class Sensor:
    """One camera's habits.

    balance   gains of red, green, blue; gamma, contrast, saturation, softness_px, sharpen, vignette
    noise     standard deviation at full light, of 255;  blur_px along movement at night
    crf, gop_s, preset  how its recorder compresses
    clock_at  "top" or "bottom"
    """

    name: str
    balance: tuple[float, float, float]
    gamma: float
    contrast: float
    saturation: float
    softness_px: float
    sharpen: float
    vignette: float
    noise: float
    crf: int
    gop_s: float
    preset: str
    clock_at: str


def sensor(name: str) -> Sensor:
    """The camera and recorder of a name ("codec-000"...)."""
    rng = generator(name)
    warm, tint = rng.normal(0, 0.045), rng.normal(0, 0.02)
    return Sensor(
        name=name,
        balance=(round(1 + warm, 3), round(1 + tint, 3), round(1 - warm, 3)),
        gamma=round(float(rng.uniform(0.82, 1.0)), 3),
        contrast=round(float(rng.uniform(0.4, 0.9)), 3),
        saturation=round(float(rng.uniform(0.7, 0.95)), 3),
        softness_px=round(float(rng.uniform(0.45, 0.85)), 3),
        sharpen=round(float(rng.uniform(0.2, 0.7)), 3),
        vignette=round(float(rng.uniform(0.05, 0.25)), 3),
        noise=round(float(rng.uniform(1.2, 2.6)), 2),
        crf=int(rng.integers(29, 34)),
        gop_s=float(pick(rng, [2.0, 3.0, 4.0, 5.0])),
        preset=str(pick(rng, ["veryfast", "fast", "medium"])),
        clock_at=str(pick(rng, ["top", "bottom"])),
    )


class Eye:
    """A sensor at work: `develop` turns clean frames into what its camera shows.

    caption: the words beside the clock; dark 0-1: how much gain the night needs
    quick: each frame's grain is a piece of one field instead of its own
    """

    def __init__(
        self,
        of: Sensor,
        size: tuple[int, int],
        caption: str,
        *,
        dark: float = 0.0,
        infrared: bool = False,
        rain: bool = False,
        quick: bool = False,
    ) -> None:
        self.of, self.size, self.caption = of, size, caption
        self.dark, self.infrared, self.rain = dark, infrared, rain
        w, h = size
        x, y = np.meshgrid(np.linspace(-1, 1, w), np.linspace(-1, 1, h))
        fall = of.vignette + (0.35 if infrared else 0.0)
        gain = (1 - fall * (x * x + y * y) / 2).astype(np.float32)[..., None]
        balance = (1.0, 1.0, 1.0) if infrared else of.balance
        whole = gain * np.asarray(balance, np.float32) * 255.0
        self._gain = [np.ascontiguousarray(whole[..., k]) for k in range(3)]
        level = (np.arange(1024) / 1023.0) ** of.gamma
        table = (1 - of.contrast) * level + of.contrast * level * level * (3 - 2 * level)
        self._field = self._grains(generator("grain", of.name), FIELD_PX) if quick else None
        self._table = table.astype(np.float32)[: 256 * 4 : 4]  # of 8-bit values

    def develop(self, clean: Image, at_s: float, rng: np.random.Generator) -> Image:
        """One frame. clean (H,W,3) RGB;  at_s: the camera's clock, Unix seconds."""
        of = self.of
        shown = cv2.GaussianBlur(clean, (0, 0), of.softness_px)
        halo = cv2.GaussianBlur(shown, (0, 0), 1.6)
        shown = cv2.addWeighted(shown, 1 + of.sharpen, halo, -of.sharpen, 0)
        table = self._table
        light = [np.asarray(cv2.LUT(plane, table) * gain, np.float32)
                 for plane, gain in zip(cv2.split(shown), self._gain, strict=True)]  # fmt: skip
        grey = (light[0] + light[1] + light[2]) / np.float32(3)
        color = 0.0 if self.infrared else of.saturation
        noise = self._noise(rng)
        streaks = self._streaks(rng) if self.rain else None
        for k, plane in enumerate(light):  # each channel on its own: in one go it takes four times
            plane -= grey
            plane *= color
            plane += grey
            plane += noise[k]
            if streaks is not None:
                plane += streaks
            np.clip(plane, 0, 255, out=plane)
        frame = np.asarray(cv2.merge([plane.astype(np.uint8) for plane in light]), np.uint8)
        self.clock(frame, at_s)
        return frame

    def _grains(self, rng: np.random.Generator, more: int = 0) -> tuple[Float32, Float32]:
        """Unit grain (H,W) and, half as fine, that of the colors (H/2,W/2,3), `more` px larger."""
        w, h = (n + more for n in self.size)
        grain = rng.standard_normal((h, w), dtype=np.float32)
        return grain, rng.standard_normal((h // 2, w // 2, 3), dtype=np.float32)

    def _noise(self, rng: np.random.Generator) -> list[Float32]:
        """Grain of the sensor for each channel, half of it shared, smeared by the recorder."""
        w, h = self.size
        strength = self.of.noise * (1 + 2.2 * self.dark)
        if self._field is None:
            grain, color = self._grains(rng)
        else:  # a piece of it
            x, y = (2 * int(v) for v in rng.integers(0, FIELD_PX // 2, 2))
            grain = self._field[0][y : y + h, x : x + w]
            color = self._field[1][y // 2 : (y + h) // 2, x // 2 : (x + w) // 2]
        grain = grain * np.float32(0.8)
        if self.infrared:
            return [grain * np.float32(strength)] * 3
        made = []
        for spread in cv2.split(cv2.resize(color, (w, h), interpolation=cv2.INTER_LINEAR)):
            plane = np.asarray(spread, np.float32)
            plane *= 0.6
            plane += grain
            plane *= strength
            made.append(plane)
        return made

    def _streaks(self, rng: np.random.Generator) -> Float32:
        """(H,W) rain: pale slanted lines."""
        w, h = self.size
        layer = np.zeros((h, w), np.uint8)
        for _ in range(w // 5):
            x, y, long = rng.uniform(0, w), rng.uniform(-20, h), rng.uniform(8, 34)
            ends = np.array([(x, y), (x + 0.12 * long, y + long)], np.int32)
            cv2.line(
                layer,
                ends[0].tolist(),
                ends[1].tolist(),
                int(rng.integers(40, 150)),
                1,
                cv2.LINE_AA,
            )
        return np.asarray(cv2.GaussianBlur(layer, (0, 0), 0.6).astype(np.float32) * 0.5)

    def clock(self, frame: Image, at_s: float) -> None:
        """Burn the camera's clock and caption into a frame, in place."""
        h, w = frame.shape[:2]
        size = h / 25
        text = f"{datetime.fromtimestamp(at_s, KOREA):%Y-%m-%d %H:%M:%S}"
        y = size * 0.5 if self.of.clock_at == "top" else h - size * 1.5
        right = w - hangul.width_px(self.caption, size) - size * 0.6
        for words, x in ((text, size * 0.6), (self.caption, right)):
            for off, ink in (((1, 1), (16, 16, 16)), ((0, 0), (240, 240, 240))):
                hangul.write(frame, words, (x + off[0], y + off[1]), size, ink, weight=0.09)


class Film:
    """An H.264 file that grows frame by frame; a context manager."""

    def __init__(self, path: Path, of: Sensor, size: tuple[int, int], fps: int) -> None:
        self._container = av.open(str(path), "w", format="mp4")
        # with its look-ahead, x264 gave other bytes for the same frames now and then
        options = {
            "crf": str(of.crf),
            "preset": of.preset,
            "threads": "1",
            "flags": "+bitexact",
            "x264-params": "rc-lookahead=0:mbtree=0",
        }
        self._stream: Any = self._container.add_stream("libx264", rate=fps, options=options)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._tick = Fraction(1, fps)  # the stream's own changes once its header is written
        self._stream.codec_context.time_base = self._tick
        self._stream.codec_context.gop_size = max(1, round(of.gop_s * fps))
        self._stream.codec_context.thread_count = 1
        self._n = 0

    def add(self, frame: Image) -> None:
        """Append one RGB frame."""
        picture = _yuv(frame)
        picture.pts = self._n
        picture.time_base = self._tick
        self._n += 1
        self._container.mux(self._stream.encode(picture))

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()


def _yuv(frame: Image) -> Any:
    """An RGB frame as the encoder takes it, every byte set.

    swscale's threads do not repeat themselves, and what lies between the end of a row and the
    start of the next would otherwise be whatever the memory held, and be seen by the encoder.
    """
    h, w = frame.shape[:2]
    flat = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).ravel()
    picture: Any = av.VideoFrame(w, h, "yuv420p")
    sizes = ((h, w), (h // 2, w // 2), (h // 2, w // 2))
    ends = np.cumsum([a * b for a, b in sizes])
    for plane, (high, wide), end in zip(picture.planes, sizes, ends, strict=True):
        rows = np.zeros((plane.buffer_size // plane.line_size, plane.line_size), np.uint8)
        rows[:high, :wide] = flat[end - high * wide : end].reshape(high, wide)
        plane.update(rows.tobytes())
    return picture
