"""A video file in; its time stamps, and its frames upright with their times, out."""

from __future__ import annotations

import heapq
import math
import struct
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.buffer import Buffer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.errors import FootageError
from core.footage.times import TICKS_PER_S, Clock, Moment, Timing
from core.types import Image

HEAD_PACKETS = 64  # enough to see the earliest stamp behind reordered frames
TS_DISCONT = 0x200  # libav's AVFMT_TS_DISCONT: the format allows stamps to begin anew
COVER_PICTURE = 0x400  # libav's AV_DISPOSITION_ATTACHED_PIC
OPEN = {
    "protocol_whitelist": "file",  # a playlist may name other places
    "fflags": "nofillin",  # libav guesses the stamps of AVI one frame late and out of order
    "ignore_editlist": "1",  # trimmed off the view is not trimmed off the evidence
}
REFUSED = ("tty", "hls", "concat", "dash", "image2")  # text, and lists that point at other files

Matrix = tuple[int, int, int, int]


class Video:
    """One opened video file. by: which stamps it carries, "pts", else "dts", else None."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.turns: dict[int, Matrix] = {}
        self._open()

    def close(self) -> None:
        self.container.close()

    def times(self) -> tuple[NDArray[np.float64], int, Timing]:
        """Demux all -> times (n,) ascending and distinct; packets; whether they are true."""
        clock, found, unstamped = self._clock(), array("d"), 0
        for packet in self._kept(chain(self.head, self._packets())):
            stamp = self._stamp(packet)
            unstamped += stamp is None
            found.append(clock.seconds(stamp))
        times = np.unique(np.frombuffer(found, dtype=np.float64))
        return times, len(found), "assumed" if 2 * unstamped > len(found) else "stamps"

    def moments(self, start_s: float = 0.0) -> Iterator[Moment]:
        """Decode, beginning at or before start_s; as early as needed, as late as it can."""
        if start_s > 0 and self.seekable():
            for back_s in (0.0, 2.0, 20.0):  # an index by decoding time lands too late
                if start_s - back_s <= 0:
                    break
                found = self._decoded(self._seek(start_s - back_s), sought=True)
                first = next(found, None)
                if first is not None and first[0] <= start_s:
                    yield first
                    yield from found
                    return
            self.close()
            self._open()
        yield from self._decoded(chain(self.head, self._packets()))

    def seekable(self) -> bool:
        """Whether a time can be sought: it has stamps, and they do not begin anew inside."""
        return self.by is not None and not _restarts(self.path, self._state())

    def _open(self) -> None:
        self.container = _open_container(self.path)
        stream = self.container.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.disposition & COVER_PICTURE:
            raise _no_video(self.path, bool(self.container.streams.audio))
        self.stream = stream
        if stream.codec_context is None:
            raise FootageError(
                "{path} is coded in a way unknown here: export it from the recorder as H.264 MP4",
                path=str(self.path),
            )
        stream.thread_type = "AUTO"
        rates = (stream.average_rate, stream.guessed_rate, Fraction(25))
        self.step_s = float(next(1 / r for r in rates if r and Fraction(1, 60) < r <= 240))
        self.head = list(islice(self._packets(), HEAD_PACKETS))
        kept = list(self._kept(self.head))
        if not kept:
            raise FootageError(
                "{path} holds no pictures: export it from the recorder again", path=str(self.path)
            )
        self.by: Literal["pts", "dts"] | None = None
        if any(p.pts is not None for p in kept):
            self.by = "pts"
        elif any(p.dts is not None for p in kept):
            self.by = "dts"
        stamps = [s for p in kept if (s := self._stamp(p)) is not None]
        self.origin = min(stamps, default=0)

    def _clock(self) -> Clock:
        return Clock(self.origin, float(self.stream.time_base or 0), self.step_s)

    def _state(self) -> tuple[int, int]:
        now = self.path.stat()
        return now.st_size, now.st_mtime_ns

    def _stamp(self, packet: Packet[VideoStream]) -> int | None:
        return packet.pts if self.by == "pts" else packet.dts if self.by == "dts" else None

    def _kept(self, packets: Iterable[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        return (p for p in packets if not p.is_discard)  # discard: edited out, never shown

    def _seek(self, start_s: float) -> Iterator[Packet[VideoStream]]:
        tick = self.origin + round(start_s * TICKS_PER_S) * self._per_tick()
        try:
            self.container.seek(math.floor(tick), stream=self.stream)
        except FFmpegError:
            return iter(())
        return self._packets()

    def _per_tick(self) -> Fraction:
        return 1 / (self.stream.time_base or Fraction(1)) / TICKS_PER_S

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        """Packets up to the end, over damage as far as the container can be followed."""
        damaged = 0
        while damaged < 100:
            try:
                for packet in self.container.demux(self.stream):
                    if packet.size:  # an empty packet would end decoding early
                        damaged = 0
                        yield packet
                return
            except FFmpegError:
                damaged += 1

    def _decoded(
        self, packets: Iterator[Packet[VideoStream]], sought: bool = False
    ) -> Iterator[Moment]:
        """Frames in order of showing; after a seek none before the first that bears a stamp.

        With decoding stamps only, a frame keeps that of its own packet; if frames are reordered,
        the earliest that is still open: the n-th shown has the n-th stamp.
        """
        clock = self._clock()
        waiting: list[int] = []
        for packet in chain(packets, (None,)):
            if packet is not None and self.by == "dts":
                packet.pts = packet.dts
                if packet.dts is not None and not packet.is_discard:
                    heapq.heappush(waiting, packet.dts)
            for frame in self._decode(packet):
                stamp = None if self.by is None else frame.pts
                if waiting:
                    earliest = heapq.heappop(waiting)
                    stamp = earliest if self.stream.codec_context.has_b_frames else stamp
                if sought and stamp is None and clock.last_s is None:
                    continue
                yield clock.seconds(stamp), partial(rgb, frame, self._turn(frame))

    def _turn(self, frame: VideoFrame) -> Matrix:
        """The display matrix, looked up once: a frame asked for side data is never freed."""
        if frame.rotation not in self.turns:
            self.turns[frame.rotation] = _matrix(frame)
        return self.turns[frame.rotation]

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self.stream.decode(packet)
        except FFmpegError:
            return []  # damage: the time it covered shows as a longer step


def _open_container(path: Path) -> av.container.InputContainer:
    try:
        container = av.open(f"file:{path.absolute()}", options=OPEN, metadata_errors="replace")
    except FFmpegError:
        if _lacks_index(path):
            raise FootageError(
                "{path} was cut short, its index is missing: copy it from the recorder again",
                path=str(path),
            ) from None
        raise _no_video(path, has_sound=False) from None
    names = container.format.name.split(",")
    if any(name in REFUSED or name.endswith("_pipe") for name in names):
        container.close()
        raise _no_video(path, has_sound=False)
    return container


def _no_video(path: Path, has_sound: bool) -> FootageError:
    if has_sound:
        return FootageError("{path} holds sound only: give the file with the video", path=str(path))
    return FootageError(
        "{path} is not a video: give an MP4, AVI, MKV or TS file, or a folder of pictures",
        path=str(path),
    )


def _lacks_index(path: Path) -> bool:
    """Whether an MP4 has lost all or part of its moov box, which most recorders write last.

    Source: [iso14496-12] boxes of 32-bit size and type; size 1: a 64-bit size follows.
    """
    whole = set()
    end = path.stat().st_size
    with path.open("rb") as file:
        if file.read(8)[4:] != b"ftyp":
            return False
        file.seek(0)
        while len(header := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", header)
            at = file.tell() - 8
            if size == 1 and len(wide := file.read(8)) == 8:
                (size,) = struct.unpack(">Q", wide)
            if size < 8 or at + size > end:
                break
            whole.add(kind)
            file.seek(at + size)
    return b"moov" not in whole


@lru_cache(maxsize=64)
def _restarts(path: Path, state: tuple[int, int]) -> bool:
    """Whether stamps begin anew inside the file, so that no time can be sought.

    Only in streams without a table of contents. state: size and mtime, for the cache.
    """
    with closing(Video(path)) as video:
        if not video.container.format.flags & TS_DISCONT:
            return False
        clock = video._clock()
        for packet in chain(video.head, video._packets()):
            clock.seconds(video._stamp(packet))
        return clock.restarts > 0


def _matrix(frame: VideoFrame) -> Matrix:
    """a, b, c, d of the display matrix, which takes (x, y) to (a x + c y, b x + d y).

    Source: [iso14496-12] the matrix of the track header.
    """
    tag = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(tag, Buffer):
        return (1, 0, 0, 1)
    a, b, _, c, d = struct.unpack("=9i", bytes(tag))[:5]
    return (a, b, c, d)


def rgb(frame: VideoFrame, matrix: Matrix, most_px: float = math.inf) -> Image:
    """One decoded frame -> (H,W,3) uint8 RGB, turned and mirrored by quarters as matrix says."""
    a, b, c, d = matrix
    lying = abs(b) > abs(a)
    scale = min(1.0, most_px / (frame.height if lying else frame.width))
    image: Image = frame.to_ndarray(  # type: ignore[assignment]
        format="rgb24", width=round(frame.width * scale), height=round(frame.height * scale)
    )
    if lying:
        image = image.transpose(1, 0, 2)  # (W,H,3)
        a, d = c, b
    return np.ascontiguousarray(image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
