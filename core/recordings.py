"""A recording in; its pieces in the gallery and in the coverage ledger, those wanted first, out.

What is there already is never looked at again, so a job that was killed goes on where it was, and
a window that was asked for later only adds what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from core import footage, pieces
from core import ingest as ingesting
from core import reindex as reindexing
from core.casebook import Casebook, NewJob, State
from core.clock import iso_time
from core.errors import BadInput, NotFound, Unfinished
from core.evidence import Scope
from core.footage import Film
from core.gallery import Gallery
from core.pieces import Piece
from core.settings import Models, Settings
from core.types import Camera, Clip, Progress, Recorder, note

SAME_S = 0.5  # times closer than this are one moment
MOST_FILMS = 64  # whose hash and times are remembered

Chance = Callable[[Clip], float]
"""How probable it is that somebody looked for is to be seen in a clip; any scale."""


@dataclass(frozen=True)
class Plan:
    """A recording in pieces: those that are wanted, in the order in which to look at them.

    state  of the file when the plan was made;  fps: frames looked at a second
    """

    path: Path
    state: str
    wanted: tuple[Piece, ...]
    fps: float
    by: str

    @property
    def total_s(self) -> float:
        """Seconds of footage that are wanted."""
        return sum(piece.clip.duration_s for piece in self.wanted)


class Recordings:
    """What brings recordings into the gallery of a workspace."""

    def __init__(
        self, gallery: Gallery, casebook: Casebook, models: Models, settings: Settings
    ) -> None:
        self._gallery = gallery
        self._casebook = casebook
        self._models = models
        self._settings = settings
        self._films: dict[tuple[str, str], Film] = {}

    def plan(
        self,
        source: str | Path,
        *,
        camera: str,
        start_s: float,
        fps: float = 5.0,
        between: tuple[float | None, float | None] | None = None,
        by: str = "",
        chance: Chance | None = None,
    ) -> Plan:
        """Cut a recording into pieces and choose those to be looked at.

        start_s  camera clock;  between: true time (from, to), None = open: only the pieces that
                 show anything of it, wider by the doubt about the camera's clock
        chance   which of them first; without it, in the order of the film

        Raises NotFound, BadInput, FootageError.
        """
        about, recorder = self._camera(camera)
        if not 0 < fps <= 60:
            raise BadInput("the analysis rate {fps} cannot be used: take 0.1 to 60", fps=fps)
        path = Path(source).resolve()
        state = footage.state(source)
        film = self._film(source, state)
        cut = pieces.cut(film, camera, str(path), start_s, self._settings.piece_s)
        self._same_footage(film, cut)
        window = _camera_window(between, about, recorder)
        wanted = [piece for piece in cut if piece.shows(*window)]
        if not wanted:
            raise BadInput(
                "{path} shows nothing of that time: it runs from {start} to {end}",
                path=str(source),
                start=self._said(start_s, recorder),
                end=self._said(start_s + film.duration_s, recorder),
            )
        if chance is not None:
            wanted.sort(key=lambda piece: -chance(piece.clip))
        return Plan(path, state, tuple(wanted), fps, by)

    def left(self, plan: Plan) -> list[Piece]:
        """The pieces of a plan that are not in the gallery, in its order."""
        here = self._gallery.of_film(plan.wanted[0].clip.sha256)
        return [piece for piece in plan.wanted if not _covered(piece.clip, here)]

    def look(self, plan: Plan, piece: Piece) -> Generator[Progress, None, int]:
        """Look at one piece of a plan and keep it; returns the number of people found.

        Yields progress in seconds of the piece. Raises FootageError, ModelError, DiskFull;
        Unfinished if the file was written to meanwhile: the piece is not kept then.
        """

        def unchanged() -> None:
            if footage.state(plan.path) != plan.state:
                raise Unfinished(
                    "{path} changed while it was read: wait until its recording or copying has "
                    "ended, then read it again",
                    path=str(plan.path),
                )

        unchanged()
        looking = ingesting.ingest(self._gallery, piece, self._models, plan.fps, unchanged)
        kept, people = yield from looking
        self._cover(kept, plan.by)
        return people

    def people(self, plan: Plan) -> int:
        """How many people the finished pieces of a plan hold."""
        wanted = [piece.clip for piece in plan.wanted]
        here = self._gallery.of_film(wanted[0].sha256)
        return self._gallery.people(
            {one.id for one in here if any(_covered(clip, [one]) for clip in wanted)}
        )

    def note_done(self, plan: Plan) -> None:
        """Bring the ledger up to the gallery: a kill may have come between the two."""
        here = self._gallery.of_film(plan.wanted[0].clip.sha256)
        for kept in here:
            if any(_covered(piece.clip, [kept]) for piece in plan.wanted):
                self._cover(kept, plan.by)

    def ingest(self, plan: Plan) -> Iterator[Progress]:
        """Look at all that is left of a plan; progress in seconds of what is wanted."""
        left = self.left(plan)
        self.note_done(plan)
        done_s = plan.total_s - sum(piece.clip.duration_s for piece in left)
        if not left:
            yield Progress(done_s, plan.total_s, note("already in the gallery"))
            return
        people = 0
        for piece in left:
            looking = self.look(plan, piece)
            try:
                while True:
                    step = next(looking)
                    found = people + step.tracklets
                    yield Progress(done_s + step.done, plan.total_s, step.text, found)
            except StopIteration as end:
                people += end.value
            finally:
                looking.close()
            done_s += piece.clip.duration_s
        yield Progress(plan.total_s, plan.total_s, note("done"), people)

    def outdated(self, camera_id: str | None = None) -> list[Clip]:
        """Clips, of one camera or of all, that other models than this workspace's described."""
        found = reindexing.outdated(self._gallery, self._models.describer.models)
        return [clip for clip in found if camera_id in (None, clip.camera_id)]

    def reindex(self, *, by: str = "") -> Iterator[Progress]:
        """Log that, then describe those anew from their kept pictures; progress in clips."""
        self._note_reindex(self.outdated(), by)
        yield from reindexing.reindex(self._gallery, self._models.describer)

    def queue_reindex(self, *, by: str = "") -> list[str]:
        """Log that, and queue describing those anew, a job for each camera -> ids of the jobs."""
        first: dict[str, Clip] = {}
        outdated = self.outdated()
        for clip in outdated:
            first.setdefault(clip.camera_id, clip)
        self._note_reindex(outdated, by)
        jobs = self._casebook.jobs
        return [jobs.add(self._reindex_job(clip), by=by) for clip in first.values()]

    def anew(self, clip: Clip) -> Generator[int, None, None]:
        """Describe one clip anew; see `core.reindex.anew`."""
        return reindexing.anew(self._gallery, self._models.describer, clip)

    def _reindex_job(self, clip: Clip) -> NewJob:
        folder = str((self._gallery.root / f"camera={clip.camera_id}").resolve())
        return NewJob(clip.camera_id, folder, clip.start_s, kind="reindex")

    def _note_reindex(self, clips: list[Clip], by: str) -> None:
        self._casebook.record(by, "reindex", "gallery", {"clips": len(clips)})

    def _film(self, source: str | Path, state: str) -> Film:
        """What the film is; remembered, because its hash means reading all of it."""
        key = (str(Path(source).resolve()), state)
        if key not in self._films:
            while len(self._films) >= MOST_FILMS:
                del self._films[next(iter(self._films))]
            self._films[key] = footage.inspect(source)
        return self._films[key]

    def _same_footage(self, film: Film, cut: tuple[Piece, ...]) -> None:
        """Raise BadInput if this footage is in the gallery as another one, or in other pieces."""
        first = cut[0].clip
        here = self._gallery.of_film(film.sha256)
        for old in here:
            apart_s = abs(old.film_start_s - first.film_start_s)
            if old.camera_id != first.camera_id or apart_s > SAME_S:
                raise BadInput(
                    "{path} is in the gallery already, as camera {camera} from {start}: "
                    "one recording cannot be two",
                    path=first.path,
                    camera=old.camera_id,
                    start=iso_time(old.film_start_s, self._settings.zone),
                )
        spans = {old.id: old for old in here}
        for new in (piece.clip for piece in cut):
            if new.id in spans and not _covered(new, here):
                raise BadInput(
                    "{path} is in the gallery in pieces of another length: set piece_s in "
                    "workspace.toml back to what it was",
                    path=new.path,
                )

    def _camera(self, camera_id: str) -> tuple[Camera, Recorder]:
        cameras = self._casebook.cameras()
        if camera_id not in cameras:
            raise unknown_camera(camera_id)
        camera = cameras[camera_id]
        return camera, self._casebook.recorders()[camera.recorder_id]

    def _said(self, at_s: float, recorder: Recorder) -> str:
        """A camera-clock time as true time for a sentence."""
        return iso_time(at_s + recorder.clock_offset_s, self._settings.zone)

    def _cover(self, clip: Clip, by: str) -> None:
        _, recorder = self._camera(clip.camera_id)
        offset_s = recorder.clock_offset_s
        spans: list[tuple[State, float, float]] = [
            ("searched", clip.start_s + offset_s, clip.end_s + offset_s),
            *(("gap", a + offset_s, b + offset_s) for a, b in clip.gaps),
        ]
        self._casebook.ledger.cover_footage(clip.camera_id, spans, by=by)


def unknown_camera(camera_id: str) -> NotFound:
    return NotFound(
        "camera {camera!r} is not known: add it with `dongseon camera add --id {camera}`",
        camera=camera_id[:40],
    )


def _covered(clip: Clip, here: list[Clip]) -> bool:
    """Whether one of these clips of the same file holds all of this one."""
    end_s = clip.from_s + clip.duration_s
    return any(
        one.from_s <= clip.from_s + SAME_S and one.from_s + one.duration_s >= end_s - SAME_S
        for one in here
    )


def _camera_window(
    between: tuple[float | None, float | None] | None, camera: Camera, recorder: Recorder
) -> tuple[float, float]:
    """A window in true time -> in the camera's clock, wider by the doubt about that clock."""
    low, high = between or (None, None)
    closed = (-1e12 if low is None else low, 1e12 if high is None else high)
    if not closed[0] < closed[1]:
        raise BadInput("the time window ends before it begins")
    scope = Scope({camera.id: camera}, {recorder.id: recorder}, closed)
    return (scope.windows() or {})[camera.id]
