"""A gallery in; its clips that other models described, described anew from their pictures, out.

No footage is needed: the pictures are kept. Each clip is replaced whole or not at all, so a killed
run goes on with those that are left; until then the gallery holds the work of two models, which a
search never compares.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from core.describe import Describer
from core.gallery import Gallery
from core.types import Clip, Progress, note

AT_ONCE = 32  # tracklets whose pictures are in memory together


def outdated(gallery: Gallery, models: dict[str, str]) -> list[Clip]:
    """Clips that other models than these, {name: sha256}, described."""
    made = gallery.clip_models()
    return [clip for clip in gallery.clips() if dict(made[clip.id]) != models]


def reindex(gallery: Gallery, describer: Describer) -> Iterator[Progress]:
    """Describe what is outdated anew; progress in clips. Raises DiskFull, DongseonError."""
    left = outdated(gallery, describer.models)
    people = 0
    for done, clip in enumerate(left):
        yield Progress(done, len(left), note("describing people anew"), people)
        for n in anew(gallery, describer, clip):
            people += n
    yield Progress(len(left), len(left), note("done"), people)


def anew(gallery: Gallery, describer: Describer, clip: Clip) -> Generator[int, None, None]:
    """Describe one clip anew; yields how many people at a time. Closed early, it stays as it was.

    Raises DiskFull, DongseonError.
    """
    columns = ("tracklet_id", "clip_id")
    rows = gallery.select([clip.camera_id], columns=columns).to_pylist()
    ids = [row["tracklet_id"] for row in rows if row["clip_id"] == clip.id]
    with gallery.writer(clip, describer.models, mixed=True) as writer:
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            for tracklet in gallery.tracklets(some):
                writer.add(tracklet, describer.tracklet(tracklet))
            yield len(some)
