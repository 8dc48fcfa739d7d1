"""One piece of footage and the models in; everybody in it in the gallery, written as it goes by.

A thread decodes the next frames while the models look at these, and tracklets are written as they
end, so memory does not grow with the length of a piece.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from core import footage
from core.detect import PersonDetector
from core.gallery import Gallery
from core.pieces import Piece
from core.settings import Models
from core.track import Tracker
from core.types import Clip, Progress, Tracklet, note

BATCH = 8  # frames that go through the detector together


def ingest(
    gallery: Gallery, piece: Piece, models: Models, fps: float, check: Callable[[], None]
) -> Generator[Progress, None, tuple[Clip, int]]:
    """Look at a piece and write it, whole or not at all; yields progress in seconds of it.

    check  called when all is seen and nothing is kept yet; what it raises, nothing is kept for

    Returns the clip as it was kept, with the gaps found while decoding, and how many tracklets.
    """
    seen_s = array("d")
    describer, clip = models.describer, piece.clip
    with (
        gallery.writer(clip, describer.models) as writer,
        closing(_follow(piece, models.detector, fps, seen_s)) as followed,
    ):
        for at_s, ended in followed:
            for tracklet in ended:
                writer.add(tracklet, describer.tracklet(tracklet))
            done_s = min(max(at_s - clip.from_s, 0.0), clip.duration_s)
            yield Progress(done_s, clip.duration_s, note("looking for people"), len(writer))
        check()
        writer.set_gaps(_gaps(clip, seen_s))
    return writer.clip, len(writer)


def _follow(
    piece: Piece, detector: PersonDetector, fps: float, seen_s: array[float]
) -> Generator[tuple[float, list[Tracklet]], None, None]:
    """Seconds into the film, and the tracklets that ended there; several frames at a time.

    seen_s grows by the times of the piece's frames that could be decoded. A thread decodes the
    next frames while the models look at these.
    """
    clip, end_s = piece.clip, piece.clip.from_s + piece.clip.duration_s
    tracker = Tracker(clip.camera_id, clip.id, fps=fps, share=piece.share)
    shown = footage.frames(clip.path, fps, *piece.read_s)
    with closing(footage.ahead(shown, BATCH)) as frames:
        for batch in _batches(frames, BATCH):
            if batch[0].t_s >= end_s and tracker.idle:  # nobody left to be followed beyond the end
                break
            seen_s.extend(frame.t_s for frame in batch if frame.t_s >= clip.from_s)
            people = detector([frame.image for frame in batch])
            ended: list[Tracklet] = []
            for frame, found in zip(batch, people, strict=True):
                ended += tracker.update(clip.film_start_s + frame.t_s, frame.image, found)
            yield batch[-1].t_s, ended
    yield end_s, tracker.finish()


def _gaps(clip: Clip, seen_s: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Stretches without a picture, camera clock: what the file lacks and what was undecodable."""
    low, high = clip.from_s, clip.from_s + clip.duration_s
    if not seen_s:
        return ((clip.start_s, clip.end_s),)
    whole = [low, *(t_s for t_s in seen_s if t_s < high), high]
    undecoded = [(clip.film_start_s + a, clip.film_start_s + b) for a, b in footage.gaps(whole)]
    joined: list[tuple[float, float]] = []
    for low, high in sorted([*clip.gaps, *undecoded]):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def _batches(frames: Iterator[footage.Frame], size: int) -> Iterator[list[footage.Frame]]:
    batch: list[footage.Frame] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
