"""One clip and the models in; everybody in it in the gallery, written as the clip goes by.

A thread decodes the next frames while the models look at these, and tracklets are written as they
end, so memory does not grow with the length of the clip.
"""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from core import footage
from core.detect import PersonDetector
from core.gallery import Gallery
from core.settings import Models
from core.track import Tracker
from core.types import Clip, Progress, Tracklet, note

BATCH = 8  # frames that go through the detector together


def ingest(
    gallery: Gallery, clip: Clip, models: Models, fps: float
) -> Generator[Progress, None, tuple[Clip, int]]:
    """Look at a clip and write it, whole or not at all; yields progress in seconds of footage.

    Returns the clip as it was kept, with the gaps found while decoding, and how many tracklets.
    """
    seen_s = array("d")
    describer = models.describer
    with (
        gallery.writer(clip, describer.models) as writer,
        closing(_follow(clip, models.detector, fps, seen_s)) as followed,
    ):
        for at_s, ended in followed:
            for tracklet in ended:
                writer.add(tracklet, describer.tracklet(tracklet))
            yield Progress(at_s, clip.duration_s, note("looking for people"), len(writer))
        writer.set_gaps(_gaps(clip, seen_s))
    return writer.clip, len(writer)


def _follow(
    clip: Clip, detector: PersonDetector, fps: float, seen_s: array[float]
) -> Generator[tuple[float, list[Tracklet]], None, None]:
    """Seconds into the clip, and the tracklets that ended there; several frames at a time.

    seen_s grows by the times of the frames that could be decoded. A thread decodes the next
    frames while the models look at these.
    """
    tracker = Tracker(clip.camera_id, clip.id, fps=fps)
    with closing(footage.ahead(footage.frames(clip.path, fps), BATCH)) as frames:
        for batch in _batches(frames, BATCH):
            seen_s.extend(frame.t_s for frame in batch)
            people = detector([frame.image for frame in batch])
            ended: list[Tracklet] = []
            for frame, found in zip(batch, people, strict=True):
                ended += tracker.update(clip.start_s + frame.t_s, frame.image, found)
            yield batch[-1].t_s, ended
    yield clip.duration_s, tracker.finish()


def _gaps(clip: Clip, seen_s: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Stretches without a picture, camera clock: what the file lacks and what was undecodable."""
    whole = [0.0, *seen_s, clip.duration_s] if seen_s else [0.0, clip.duration_s]
    undecoded = [(clip.start_s + a, clip.start_s + b) for a, b in footage.gaps(whole)]
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
