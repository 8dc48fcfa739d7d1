"""Tracklets and descriptions of finished clips in; rows, pictures and cosine scores out.

``root/camera=ID/day=YYYY-MM-DD/CLIP.parquet`` is a finished clip (`core.gallery.clipfile` says
what is in it); day is the UTC date of the clip's start on the camera's clock. A clip is added by
one rename and deleted by deleting its file, so several processes may read while one writes.
`select` lets DuckDB choose rows; `scores` and `top` scan every pooled vector exactly, over
matrices that are memory-mapped from ``root/.index`` and rebuilt when the clip files they came from
change.

All times are camera-clock Unix seconds. A clip file that is damaged is left out of scans and named
by `damaged`; asking for a tracklet inside it raises DongseonError.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core import rank
from core.errors import BadInput, Busy, ModelError, NotFound
from core.gallery import clipfile, clipwriter, index
from core.gallery.clipfile import DamagedClipError, Footer, Pooled, clip_of
from core.gallery.cliplist import ClipList, File, Stamp, day_start, fingerprint
from core.gallery.clipquery import ClipQuery
from core.gallery.clipwriter import ClipWriter
from core.gallery.index import Index, Lens, Partition, Scores
from core.types import (
    Clip,
    Description,
    Float32,
    Float64,
    Note,
    Tracklet,
    Vectors,
    note,
    safe_id,
)

Between = Mapping[str, tuple[float, float]]

WAITS_S = (0.0, 0.0, 0.0, *(0.002 * 2**k for k in range(9)))  # 1 s in all
COLUMNS = ("tracklet_id", "camera_id", "clip_id", "enter_s", "leave_s")
_VERSION = (clipfile.VERSION, index.VERSION)
_T = TypeVar("_T")


class _ChangedError(Exception):
    """A file was replaced or deleted between listing and reading."""


def pool(vectors: Vectors) -> Pooled:
    """The vector that stands for a tracklet, from at least one row.

    Body: all rows. Face: the rows of the largest width bin that has any, for a small face of the
    same person says less. Size and quality are means over the rows that were used.
    """
    use = np.ones(len(vectors), dtype=bool)
    if vectors.kind == "face":
        bins = rank.size_bins("face", vectors.size_px)
        use = bins == bins.max()
    vector = rank.pool(vectors.rows[use], vectors.quality[use])  # (D,)
    return Pooled(vector, _mean(vectors.size_px[use]), _mean(vectors.quality[use]))


class Gallery:
    """The finished clips under one folder; cheap to open, safe to share between threads."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self._list = ClipList(self.root)
        self._index = Index(self.root / ".index")
        self._footers: dict[Path, tuple[Stamp, Footer | Note]] = {}
        self._query = ClipQuery(self.root)

    # Writing.

    def write(
        self,
        clip: Clip,
        tracklets: Sequence[Tracklet],
        descriptions: Sequence[Description],
        models: Mapping[str, str],
    ) -> Path:
        """Add a clip, or replace it; it is there whole once this returns, else not at all.

        models  {name: sha256} of the models used, also when no tracklet was found

        Raises ModelError if the gallery's vectors of a model come from another file; BadInput if
        another camera has a clip of this id; DongseonError if the disk is full; ValueError if a
        tracklet or description does not belong to the clip, or the model of a vector or of judged
        attributes is not in models.
        """
        described = {about.of_id: about for about in descriptions}
        if unknown := described.keys() - {tracklet.id for tracklet in tracklets}:
            raise ValueError(f"descriptions of no tracklet of the clip: {sorted(unknown)}")
        with self.writer(clip, models) as writer:
            for tracklet in tracklets:
                writer.add(tracklet, described.get(tracklet.id))
        return writer.path

    @contextmanager
    def writer(
        self, clip: Clip, models: Mapping[str, str], *, mixed: bool = False
    ) -> Iterator[ClipWriter]:
        """Add or replace a clip tracklet by tracklet, in memory that its length does not change.

            with gallery.writer(clip, models) as writer:
                writer.add(tracklet, description)       # as they end
                writer.set_gaps(gaps)                   # when known

        The clip is there whole after the block, or, if the block raises, not at all and nothing is
        left of it. Several processes may write different clips at once. Raises like `write`: what
        can be seen at the start then, and again at the end.

        mixed  other clips may come from other files of these models: all are being made anew
        """
        path, others = self._list.path(clip), {} if mixed else models
        self._same_clip(clip, others)
        with clipwriter.opened(path, clip, models, pool) as writer:
            yield writer
            older = self._same_clip(clip, others)  # others may have written meanwhile
            writer.finish()
        self._list.forget()
        for file in older:  # the same clip with a corrected start may have lain under another day
            if file.path != path:
                self._remove(file)

    def delete(self, clip_id: str) -> None:
        """Remove a clip and the matrices it is part of. Raises NotFound."""
        safe_id(clip_id, "clip id")
        found = [f for f in self._list.files(whole=True) if f.clip_id == clip_id]
        if not found:
            raise NotFound("clip {clip} is not in the gallery", clip=clip_id)
        for file in found:
            self._remove(file)

    def clean(self) -> None:
        """Remove what a killed process left behind, and matrices of clips that are gone."""
        kept = {(file.camera_id, file.day) for file in self._list.files()}
        self._index.prune(lambda camera_id, day: (camera_id, day) in kept)
        self._list.clean()

    # What is there.

    def clips(self) -> list[Clip]:
        """All finished clips by camera and start; damaged files are left out."""
        found = [footer.clip for _, footer in self._read_footers(self._list.files())]
        return sorted(found, key=lambda clip: (clip.camera_id, clip.start_s, clip.id))

    def of_film(self, sha256: str) -> list[Clip]:
        """The pieces of this footage that are here, in the order of the film."""
        found = (clip for clip in self.clips() if clip.sha256 == sha256)
        return sorted(found, key=lambda clip: (clip.from_s, clip.id))

    def find_sha256(self, sha256: str, at_s: float | None = None) -> Clip | None:
        """The clip made from this footage, or None.

        at_s  seconds into the file: the piece that holds this moment; None = the first piece
        """
        film = self.of_film(sha256)
        return next((clip for clip in film if at_s is None or clip.holds(at_s)), None)

    def people(self, clip_ids: Collection[str]) -> int:
        """Number of tracklets in these clips."""
        footers = self._read_footers(self._list.files())
        return sum(footer.tracklets for _, footer in footers if footer.clip.id in clip_ids)

    def models(self) -> dict[str, set[str]]:
        """{model name: hashes of the files that described the gallery}; one each, normally."""
        found: dict[str, set[str]] = {}
        for _, footer in self._read_footers(self._list.files()):
            for name, sha256 in footer.models.items():
                found.setdefault(name, set()).add(sha256)
        return found

    def clip_models(self) -> dict[str, Mapping[str, str]]:
        """{clip id: {model name: sha256 of the file that described the clip}}."""
        found = self._read_footers(self._list.files())
        return {footer.clip.id: footer.models for _, footer in found}

    def damaged(self) -> list[Note]:
        """One sentence for each clip file that cannot be read and is left out of searches."""
        said = [self._footer(file) for file in self._list.files()]
        return [why for why in said if isinstance(why, Note)]

    def count(self, cameras: Iterable[str] | None = None, between: Between | None = None) -> int:
        """Number of tracklets of these cameras seen in these windows, as in `select`."""
        if between is not None:
            return int(self.select(cameras, between, columns=("tracklet_id",)).num_rows)
        return sum(footer.tracklets for _, footer in self._read_footers(self._list.files(cameras)))

    # One tracklet, or a few.

    def spans(self, ids: Sequence[str]) -> tuple[list[str], Float64, Float64]:
        """camera_id (n), enter_s (n,), leave_s (n,) of tracklets. Raises like `tracklet`."""
        found = self._by_clip(ids, clipfile.spans)
        both = np.array([found[name] for name in ids], dtype=np.float64).reshape(-1, 2)  # (n,2)
        return [name.split("/")[0] for name in ids], both[:, 0], both[:, 1]

    def tracklet(self, tracklet_id: str) -> Tracklet:
        """One tracklet with its pictures.

        Raises NotFound if it is not there, BadInput if it is no tracklet id, DongseonError if its
        clip file is damaged.
        """
        return self.tracklets([tracklet_id])[0]

    def tracklets(self, ids: Sequence[str]) -> list[Tracklet]:
        """Tracklets in the order asked for; each clip file is opened once."""
        found = self._by_clip(ids, clipfile.tracklets)
        return [found[name] for name in ids]

    def description(self, tracklet_id: str) -> Description:
        """What the models said about one tracklet. Raises like `tracklet`."""
        return self.descriptions([tracklet_id])[0]

    def descriptions(self, ids: Sequence[str]) -> list[Description]:
        """Descriptions in the order asked for; each clip file is opened once."""
        found = self._by_clip(ids, clipfile.descriptions)
        return [found[name] for name in ids]

    def crop(self, tracklet_id: str, k: int = 0) -> bytes:
        """Picture k of a tracklet, JPEG. Raises like `tracklet`, and NotFound without picture k."""
        return self._in_clip(tracklet_id, clipfile.crop, tracklet_id, k)

    # Many.

    def select(
        self,
        cameras: Iterable[str] | None = None,
        between: Between | None = None,
        kind: str = "track",
        columns: Sequence[str] = COLUMNS,
        model: str | None = None,
    ) -> pa.Table:
        """Rows of one kind, by camera, time and id; columns are those of `clipfile.SCHEMA`.

        between  {camera: (from_s, to_s)}: rows whose [enter_s, leave_s] overlaps the window; a
                 camera without a window is left out; None = all time

        Raises BadInput on an unknown kind or column, or a window that is none; Busy if the files
        keep changing.
        """
        _check_windows(between)
        asked = None if cameras is None else list(cameras)
        empty = _empty(kind, columns)
        for _ in _tries():
            files = self._overlapping(asked, between)
            if not files:
                return empty
            paths = [file.path for file in files]
            try:
                table = self._query(paths, empty.column_names, kind, model, between)
            except duckdb.Error:
                if not self._find_damage(files) and all(file.same() for file in files):
                    raise  # the files are as listed and sound: a fault of ours
                self._list.forget()
            else:
                return table.cast(empty.schema)
        raise _changing()

    def scores(
        self,
        model: str,
        vectors: Float32,
        cameras: Iterable[str] | None = None,
        between: Between | None = None,
        sha256: str | None = None,
        lens: Lens | None = None,
    ) -> Scores:
        """Cosines of probe vectors with every tracklet that has a vector of this model; exact.

        vectors  (P,D) unit rows;  cameras and between as in `select`
        sha256   hash of the model file that made vectors, when known
        lens     what the tracklets are looked at through; the vectors have been already

        Raises ModelError if the model files or the dimensions differ, BadInput if vectors holds
        NaN, Busy if the files keep changing.
        """
        probe = np.atleast_2d(np.asarray(vectors, dtype=np.float32))  # (P,D)
        if not np.isfinite(probe).all():
            raise BadInput("the probe's vector holds values that are no numbers: take another crop")
        parts = self._of_one_model(model, cameras, between, sha256, probe.shape[1], lens)
        return index.search(parts, probe, lens)

    def top(
        self,
        model: str,
        vectors: Float32,
        k: int,
        cameras: Iterable[str] | None = None,
        between: Between | None = None,
        sha256: str | None = None,
    ) -> Scores:
        """The k best of `scores`, by the highest cosine to any probe vector, best first."""
        return self.scores(model, vectors, cameras, between, sha256).best(k)

    def matrix(
        self, model: str, cameras: Iterable[str] | None = None, between: Between | None = None
    ) -> Iterator[Partition]:
        """Pooled vectors, one camera and day at a time, only rows inside the windows.

        Raises like `scores`.
        """
        for whole, window in self._whole(model, cameras, between):
            part = index.within(whole, window)
            if len(part):
                yield part

    def _whole(
        self, model: str, cameras: Iterable[str] | None, between: Between | None
    ) -> Iterator[tuple[Partition, tuple[float, float] | None]]:
        """Each camera's days from first to last that its window may touch, and the window."""
        _check_windows(between)
        for camera_id in self._list.cameras(cameras):
            window = None if between is None else between.get(camera_id)
            if between is not None and window is None:
                continue
            days = groupby(self._list.of_camera(camera_id), lambda file: file.day)
            for day, files in [(day, list(files)) for day, files in days]:
                if window is not None and day_start(day) > window[1]:
                    break
                yield self._partition(model, camera_id, day, files), window

    # Files and footers.

    def _footer(self, file: File) -> Footer | Note | None:
        """A clip file's footer, the sentence that says it is damaged, or None if it is gone."""
        known = self._footers.get(file.path)
        if known is not None and known[0] == file.stamp:
            return known[1]
        said: Footer | Note
        try:
            said = clipfile.footer(file.path)
            if self._list.path(said.clip) != file.path:
                said = note(
                    "the clip file {path} lies under the wrong day: delete it and ingest the clip "
                    "again",
                    path=str(file.path),
                )
        except FileNotFoundError:
            return None
        except DamagedClipError as error:
            said = error.note()
        self._footers[file.path] = (file.stamp, said)
        return said

    def _read_footers(self, files: Iterable[File]) -> Iterator[tuple[File, Footer]]:
        for file in files:
            said = self._footer(file)
            if isinstance(said, Footer):
                yield file, said

    def _overlapping(self, cameras: Iterable[str] | None, between: Between | None) -> list[File]:
        """Clip files that may hold rows of these cameras and windows, by their footers."""
        found = []
        for file, footer in self._read_footers(self._list.files(cameras)):
            window = None if between is None else between.get(file.camera_id)
            if footer.span is None or (between is not None and window is None):
                continue
            if window is None or (footer.span[1] >= window[0] and footer.span[0] <= window[1]):
                found.append(file)
        return found

    def _in_clip(self, tracklet_id: str, read: Callable[..., _T], *what: object) -> _T:
        """read(path of the tracklet's clip file, *what), again if it is replaced meanwhile."""
        camera_id, clip_id = clip_of(tracklet_id)
        for _ in _tries():
            files = [f for f in self._list.of_camera(camera_id) if f.clip_id == clip_id]
            if not files:
                raise clipfile.unknown_tracklet(tracklet_id)
            with suppress(FileNotFoundError):
                return read(files[0].path, *what)
            self._list.forget()
        raise _changing()

    def _by_clip(
        self, ids: Sequence[str], read: Callable[[Path, Iterable[str]], Mapping[str, _T]]
    ) -> dict[str, _T]:
        groups: dict[tuple[str, str], list[str]] = {}
        for name in ids:
            groups.setdefault(clip_of(name), []).append(name)
        found: dict[str, _T] = {}
        for names in groups.values():
            found.update(self._in_clip(names[0], read, names))
        for name in ids:
            if name not in found:
                raise clipfile.unknown_tracklet(name)
        return found

    def _remove(self, file: File) -> None:
        with suppress(FileNotFoundError):
            file.path.unlink()
        self._list.forget()
        self._footers.pop(file.path, None)
        self._index.drop(file.camera_id, file.day)  # no vector outlives its clip

    def _same_clip(self, clip: Clip, models: Mapping[str, str]) -> list[File]:
        """Files the clip has already. Raises ModelError, BadInput if it cannot be written."""
        self._check_models(models, but=clip)
        older = [f for f in self._list.files(whole=True) if f.clip_id == clip.id]
        for file in older:
            if file.camera_id != clip.camera_id:
                raise BadInput(
                    "clip {clip} is already in the gallery at camera {camera}: delete it there",
                    clip=clip.id,
                    camera=file.camera_id,
                )
        return older

    def _check_models(self, models: Mapping[str, str], but: Clip) -> None:
        """Raise ModelError unless the other clips' models are these very files."""
        for file, footer in self._read_footers(self._list.files()):
            if (file.camera_id, file.clip_id) == (but.camera_id, but.id):
                continue
            for name in sorted(footer.models.keys() & models.keys()):
                if footer.models[name] != models[name]:
                    raise _other_model(name)

    def _find_damage(self, files: Sequence[File]) -> bool:
        """Read files through to see which are damaged, and leave those out from now on."""
        found = False
        for file in files:
            with suppress(FileNotFoundError):
                try:
                    clipfile.verify(file.path)
                except DamagedClipError as error:
                    self._footers[file.path] = (file.stamp, error.note())
                    found = True
        return found

    # Matrices.

    def _of_one_model(
        self,
        model: str,
        cameras: Iterable[str] | None,
        between: Between | None,
        sha256: str | None,
        dim: int,
        lens: Lens | None = None,
    ) -> Iterator[Partition]:
        """The partitions of `matrix`, as long as they come from one model file."""
        for whole, window in self._whole(model, cameras, between):
            part = index.within(whole, window)
            if not len(part):
                continue
            sha256 = sha256 or part.sha256
            if part.sha256 != sha256 or part.matrix.shape[1] != dim:
                raise _other_model(model)
            if lens is not None:  # counted of the whole matrix, whatever the window
                part = index.within(self._index.through(model, whole, lens), window)
            yield part

    def _partition(self, model: str, camera_id: str, day: str, files: Sequence[File]) -> Partition:
        for _ in _tries():
            build = partial(self._build, model, camera_id, day, files)
            with suppress(_ChangedError):
                part = self._index.get(model, camera_id, day, fingerprint(files, _VERSION), build)
                if part.skipped:
                    self._find_damage([f for f in files if self._newly_damaged(f, part)])
                return part
            self._list.forget()
            files = [file for file in self._list.of_camera(camera_id) if file.day == day]
        raise _changing()

    def _newly_damaged(self, file: File, part: Partition) -> bool:
        """Whether the process that built a matrix found damage that this one has not seen."""
        return file.path.name in part.skipped and not isinstance(self._footer(file), Note)

    def _build(self, model: str, camera_id: str, day: str, files: Sequence[File]) -> Partition:
        """Collect the pooled vectors of one camera and day. Raises _ChangedError, ModelError."""
        found: list[dict[str, NDArray[Any]]] = []
        hashes: set[str] = set()
        skipped: list[str] = []
        for file in files:
            footer = self._footer(file)
            try:
                if isinstance(footer, Footer) and footer.has(model):
                    rows = clipfile.pooled(file.path, model)
                    found += [rows] if len(rows["tracklet_id"]) else []
                    hashes.add(footer.models[model])
            except FileNotFoundError:
                raise _ChangedError from None
            except DamagedClipError as error:
                footer = error.note()
                self._footers[file.path] = (file.stamp, footer)
            if not file.same():
                raise _ChangedError
            if isinstance(footer, Note):
                skipped.append(file.path.name)
        if len(hashes) > 1 or len({rows["matrix"].shape[1] for rows in found}) > 1:
            raise _other_model(model)
        return index.partition(camera_id, day, "".join(hashes), found, skipped)


def _mean(values: Float32) -> float:
    """Mean of the values that are known; NaN if none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _tries() -> Iterator[None]:
    """Turns of a reader that starts again when a file was replaced under it, ever more patient."""
    for wait_s in WAITS_S:
        if wait_s:
            time.sleep(wait_s)
        yield


def _changing() -> Busy:
    return Busy("the gallery's files keep changing: try again in a moment")


def _other_model(name: str) -> ModelError:
    return ModelError(
        "what the gallery holds was made by another version of the model {model}: describe it "
        "anew with `dongseon reindex`, or use the model file that made it",
        model=name,
    )


def _empty(kind: str, columns: Sequence[str]) -> pa.Table:
    """A table of these columns without rows; BadInput if the kind or a column does not exist."""
    types = {**{f.name: f.type for f in clipfile.SCHEMA}, "camera": pa.string(), "day": pa.string()}
    if kind not in clipfile.KINDS:
        raise BadInput("{kind!r} is no kind of gallery row", kind=kind[:40])
    if not columns:
        raise BadInput("name at least one column of the gallery")
    for name in columns:
        if name not in types:
            raise BadInput("the gallery has no column {column!r}", column=name[:40])
    return pa.schema([(name, types[name]) for name in columns]).empty_table()


def _check_windows(between: Between | None) -> None:
    for camera_id, (from_s, to_s) in (between or {}).items():
        if not from_s <= to_s:  # also catches NaN
            raise BadInput(
                "the time window of camera {camera} ends before it begins", camera=camera_id
            )
