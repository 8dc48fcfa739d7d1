"""Cities with truth in; how well their people are followed from frame to frame, out.

People are found and followed as at ingest, but nobody is described; or, cheaper still, tracklets
that `eval route --keep` has kept are read. What each figure means: `core.metrics.tracking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from core import footage, zoo
from core.errors import BadInput
from core.metrics import tracking as figures
from core.settings import Models, Settings
from core.study.city import City, Film
from core.study.delivered import read
from core.study.manifest import plain
from core.track import Tracker
from core.types import Tracklet
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.detect import PersonDetector

BATCH = 8
CLIP = "eval"


def track_test(
    cities: Sequence[Path],
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    workspaces: Path | None = None,
    fps: float = 5.0,
) -> dict[str, Any]:
    """Figures of tracking over all cameras of all cities. Raises NotFound, BadInput, ModelError.

    workspaces  where `eval route --keep` has kept the cities: what lies there is read; None = find
                and follow everybody now, fps frames a second
    """
    if fps <= 0:
        raise BadInput("--fps must be more than 0, not {fps:g}", fps=fps)
    parts, packs = [], set()
    for path in cities:
        city = read(path)
        if workspaces is None:
            name = pack or zoo.default_pack(directories)
            detector = Models(Settings.of_pack(name, directories)).detector
            tracklets = _followed(city, detector, fps, progress)
        else:
            with closing(Workspace.open(workspaces / path.name)) as ws:
                name, tracklets = ws.pack, kept(ws)
        packs.add(name)
        parts += counts(city, tracklets)
    result = asdict(figures.tracking(parts))
    plainly = {k: plain(v) if isinstance(v, float) else v for k, v in result.items()}
    return {"cities": [path.name for path in cities], "pack": ", ".join(sorted(packs)), **plainly}


def counts(city: City, tracklets: Sequence[Tracklet]) -> list[figures.Counts]:
    """What the figures of a city are made of, camera by camera."""
    return [
        figures.count(
            *city.truth[camera],
            [(one.t_s, one.box) for one in tracklets if one.camera_id == camera],
            [(v.person, v.enter_s, v.leave_s) for v in city.visits if v.camera_id == camera],
        )
        for camera in city.truth
    ]


def kept(ws: Workspace) -> list[Tracklet]:
    """All tracklets of a workspace."""
    ids = ws.gallery.select(columns=("tracklet_id",))["tracklet_id"].to_pylist()
    return list(ws.gallery.tracklets(ids))


def _followed(
    city: City, detector: PersonDetector, fps: float, progress: IO[str] | None
) -> list[Tracklet]:
    from tqdm import tqdm

    bar = tqdm(city.films, desc=city.folder.name, file=progress, disable=progress is None)
    return [one for film in bar for one in _film(film, detector, fps)]


def _film(film: Film, detector: PersonDetector, fps: float) -> Iterator[Tracklet]:
    """Everybody in one film, in the order they go."""
    tracker = Tracker(film.camera_id, CLIP, fps=fps)
    with closing(footage.ahead(footage.frames(film.path, fps), BATCH)) as frames:
        while batch := list(islice(frames, BATCH)):
            people = detector([frame.image for frame in batch])
            for frame, found in zip(batch, people, strict=True):
                yield from tracker.update(film.start_s + frame.t_s, frame.image, found)
    yield from tracker.finish()


def track_text(values: Mapping[str, Any]) -> str:
    """The same for people."""
    lines = [
        f"{values['visits']} visits: {values['followed']} followed, {values['shown']} shown by a "
        f"tracklet, {values['covered']} covered by boxes; "
        f"{values['fragments']} tracklets per visit shown",
        f"{values['tracklets']} tracklets: {values['mixed']} of several people, "
        f"{values['nobody']} of nobody; purity {values['purity']}",
        f"identity switches {values['switches']}  IDF1 {values['idf1']}  HOTA {values['hota']}  "
        f"AssA {values['assa']}",
    ]
    return "\n".join(lines)
