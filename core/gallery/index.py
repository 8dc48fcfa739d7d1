"""Pooled vectors of one camera, day and model in; a memory-mapped float32 matrix out.

Files: ``root/MODEL/camera=ID/day=D/MARK.npy`` (n,D) and ``MARK.npz`` beside it with the tracklets'
ids, spans, sizes and qualities. MARK is the fingerprint of the clip files they were made from, so a
matrix is never changed in place: two processes that build it at once write the same bytes under the
same name, and a reader that holds an older one keeps it. Deleting any of it only costs time.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.types import Float32, Float64

VERSION = 1  # part of every fingerprint: raising it rebuilds all matrices
STALE_S = 3600.0  # a temporary file this old has lost its writer
OPEN_MAPS = 400  # each map holds a file handle; 1,024 is a usual limit per process
HANDLES_SHARE = 4  # where a process may open more, a quarter of them are for maps
FEW = 8  # probe vectors; above that BLAS reads each row once for all of them
RUN = 8  # partitions a thread takes at a time
WORTH_THREADS = 4_000_000  # numbers to read: about a millisecond
MOST_THREADS = 8  # memory, not cores, is what a scan waits for
_COLUMNS: Mapping[str, type] = {
    "tracklet_id": np.bytes_,
    "key": np.uint64,
    "enter_s": np.float64,
    "leave_s": np.float64,
    "pooled_px": np.float32,
    "quality": np.float32,
}


@dataclass(frozen=True)
class Rows:
    """Tracklets; times are camera clock.

    tracklet_id (n,) bytes;  key (n,) uint64 that stands for the id, see `key`
    enter_s, leave_s (n,) float64;  pooled_px, quality (n,) float32, NaN = not known
    """

    tracklet_id: NDArray[np.bytes_]
    key: NDArray[np.uint64]
    enter_s: Float64
    leave_s: Float64
    pooled_px: Float32
    quality: Float32

    def __len__(self) -> int:
        return len(self.tracklet_id)


class Lens(Protocol):
    """Another way to look at the rows than as they were stored: what a site taught of itself.

    name     letters and digits; what is counted once and stored beside a matrix is named by it
    numbers  rows (n,D) of a camera -> (n,K) float64, the first their lengths seen this way
    toward   probes (P,D) -> directions (P,D), offsets (P,) for the rows of a camera:
             (row @ direction - offset) / length is the cosine
    """

    @property
    def name(self) -> str: ...
    def numbers(self, rows: Float32, camera_id: str) -> Float64: ...
    def toward(self, vectors: Float32, camera_id: str) -> tuple[Float32, Float32]: ...


@dataclass(frozen=True)
class Partition(Rows):
    """Pooled vectors of one camera and day by one model, ordered by enter_s then id.

    matrix  (n,D) float32 unit rows, memory-mapped
    sha256  hash of the model that made them, "" if there are none
    skipped names of clip files that were damaged
    mark    fingerprint of the clip files it was made from, "" if it was not stored
    numbers (n,K) what a lens counted of each row, None without a lens
    """

    matrix: Float32
    camera_id: str
    day: str
    sha256: str
    skipped: tuple[str, ...] = ()
    mark: str = ""
    numbers: Float64 | None = None

    @cached_property
    def latest_s(self) -> Float64:
        """(n,) latest leave_s of this row and those before it, so increasing."""
        return np.maximum.accumulate(self.leave_s)


@dataclass(frozen=True)
class Scores:
    """Cosines of P probe vectors with N tracklets; camera clock.

    cosine  (P,N) float32;  pieces  the N tracklets, in order
    numbers (N,K) what a lens counted of each, None without a lens

    The columns below are joined when first asked for: a scan that only wants the best few never
    touches a million strings. `key` joins the scores of two models as cheaply.
    """

    cosine: Float32
    pieces: tuple[Rows, ...]
    numbers: Float64 | None = None

    def __len__(self) -> int:
        return int(self.cosine.shape[1])

    @cached_property
    def tracklet_id(self) -> NDArray[np.str_]:
        """(N,) ids."""
        return self._column("tracklet_id", np.bytes_).astype(np.str_)

    @cached_property
    def camera_id(self) -> NDArray[np.str_]:
        """(N,) cameras."""
        return np.array([name.split("/")[0] for name in self.tracklet_id], dtype=np.str_)

    @cached_property
    def key(self) -> NDArray[np.uint64]:
        """(N,) numbers that stand for the ids, see `index.key`."""
        return self._column("key", np.uint64)

    @cached_property
    def enter_s(self) -> Float64:
        """(N,) camera-clock time of the first box."""
        return self._column("enter_s", np.float64)

    @cached_property
    def leave_s(self) -> Float64:
        """(N,) camera-clock time of the last box."""
        return self._column("leave_s", np.float64)

    @cached_property
    def pooled_px(self) -> Float32:
        """(N,) size that the vector stands for: face width or body height, NaN = not known."""
        return self._column("pooled_px", np.float32)

    @cached_property
    def quality(self) -> Float32:
        """(N,) mean quality of the rows that were pooled, NaN = not known."""
        return self._column("quality", np.float32)

    def take(self, index: NDArray[np.integer[Any]]) -> Scores:
        """The scores at these places, in this order."""
        start = np.cumsum([0, *(len(piece) for piece in self.pieces)])
        of = np.searchsorted(start, index, side="right") - 1
        at = list(zip(of, index - start[of], strict=True))
        rows: dict[str, Any] = {
            name: np.array([getattr(self.pieces[p], name)[i] for p, i in at], dtype=dtype)
            for name, dtype in _COLUMNS.items()
        }
        numbers = None if self.numbers is None else self.numbers[index]
        return Scores(self.cosine[:, index], (Rows(**rows),), numbers)

    def best(self, k: int) -> Scores:
        """The k tracklets with the highest cosine to any probe vector, best first.

        Equal cosines are ordered by key, so the answer does not depend on how files were laid out.
        """
        if not len(self) or k < 1:
            return self.take(np.empty(0, np.int64))
        high = self.cosine[0] if len(self.cosine) == 1 else self.cosine.max(axis=0)  # (N,)
        near = self.take(np.flatnonzero(high >= _kth(high, min(k, len(high)))))
        return near.take(np.lexsort((near.key, -near.cosine.max(axis=0)))[:k])

    def _column(self, name: str, dtype: type) -> NDArray[Any]:
        return np.concatenate([np.empty(0, dtype), *(getattr(p, name) for p in self.pieces)])


def _kth(values: Float32, k: int) -> np.float32:
    """The k-th largest of N values.

    k blocks have a maximum at or above the k-th largest block maximum, so nothing below that can
    be among the k: two fast passes leave few values to order.
    """
    block = len(values) // (8 * k)
    if block > 1:
        most = values[: len(values) // block * block].reshape(-1, block).max(axis=1)
        values = values[values >= np.partition(most, len(most) - k)[len(most) - k]]
    return np.float32(np.partition(values, len(values) - k)[len(values) - k])


def partition(
    camera_id: str,
    day: str,
    sha256: str,
    pieces: Sequence[Mapping[str, NDArray[Any]]],
    skipped: Sequence[str] = (),
) -> Partition:
    """Rows of several clips as one partition, ordered by time so that a window is one slice.

    pieces  each with matrix (n,D) and tracklet_id, enter_s, leave_s, pooled_px, quality (n,)
    """
    whole = {
        name: np.concatenate([np.empty(0, dtype), *(piece[name] for piece in pieces)])
        for name, dtype in _COLUMNS.items()
        if name != "key"
    }
    order = np.lexsort((whole["tracklet_id"], whole["enter_s"]))
    columns: dict[str, Any] = {name: column[order] for name, column in whole.items()}
    matrix = np.concatenate([piece["matrix"] for piece in pieces]) if pieces else np.empty((0, 0))
    return Partition(
        **columns,
        key=np.array([key(name) for name in columns["tracklet_id"]], dtype=np.uint64),
        matrix=np.ascontiguousarray(matrix[order], dtype=np.float32),  # (n,D)
        camera_id=camera_id,
        day=day,
        sha256=sha256,
        skipped=tuple(skipped),
    )


def key(tracklet_id: bytes) -> int:
    """64 bits that stand for an id; of a million ids two agree once in 37 million galleries."""
    return int.from_bytes(hashlib.blake2b(tracklet_id, digest_size=8).digest(), "little")


def within(part: Partition, window: tuple[float, float] | None) -> Partition:
    """The rows seen in a camera-clock window; while they are one slice they stay mapped."""
    if window is None:
        return part
    low = int(np.searchsorted(part.latest_s, window[0], side="left"))
    high = max(low, int(np.searchsorted(part.enter_s, window[1], side="right")))
    cut: slice | NDArray[np.int64] = slice(low, high)
    stayed = part.leave_s[cut] >= window[0]
    if not stayed.all():  # some of the slice left before the window began
        cut = low + np.flatnonzero(stayed)
    kept = ("matrix", *_COLUMNS) if part.numbers is None else ("matrix", "numbers", *_COLUMNS)
    return replace(part, **{name: getattr(part, name)[cut] for name in kept})


def search(parts: Iterable[Partition], vectors: Float32, lens: Lens | None = None) -> Scores:
    """Cosines of (P,D) unit vectors with every row of the partitions.

    lens  rows are looked at through it; the partitions then hold its numbers, the vectors have
          been changed by whoever asks

    Few vectors are taken row by row, so a row's cosine is the same number whatever else is
    searched, and the cores share the partitions: one BLAS call for each would wait on a busy
    machine for all cores, again and again. Many vectors at once go through BLAS.
    """
    found, kept, left = [np.empty((len(vectors), 0), np.float32)], list[Rows](), iter(parts)
    numbers, offsets, known = list[Float64](), list[Float32](), dict[str, tuple[Float32, Float32]]()
    while batch := list(islice(left, OPEN_MAPS)):  # maps that nobody holds close after their batch
        kept += [Rows(*(getattr(part, name) for name in _COLUMNS)) for part in batch]
        if lens is None:
            found += _cosines([(part, vectors) for part in batch])
            continue
        for camera_id in {part.camera_id for part in batch} - known.keys():
            known[camera_id] = lens.toward(vectors, camera_id)
        found += _cosines([(part, known[part.camera_id][0]) for part in batch])
        offsets += [known[part.camera_id][1] for part in batch]
        numbers += [part.numbers for part in batch if part.numbers is not None]
    cosine = np.concatenate(found, axis=1)
    if not numbers:
        return Scores(cosine, tuple(kept))
    beside, rows = np.concatenate(numbers), [len(one) for one in kept]
    cosine -= np.repeat(np.stack(offsets, axis=1), rows, axis=1)
    cosine /= beside[:, 0].astype(np.float32)
    return Scores(cosine, tuple(kept), beside)


def _cosines(asked: Sequence[tuple[Partition, Float32]]) -> list[Float32]:
    """(P,D) directions -> (P,n) products with the rows of each partition."""
    if len(asked[0][1]) > FEW:
        return [vectors @ part.matrix.T for part, vectors in asked]
    if sum(part.matrix.size for part, _ in asked) < WORTH_THREADS:
        return _row_by_row(asked)
    runs = [asked[i : i + RUN] for i in range(0, len(asked), RUN)]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS)) as pool:
        return [one for run in pool.map(_row_by_row, runs) for one in run]


def _row_by_row(asked: Sequence[tuple[Partition, Float32]]) -> list[Float32]:
    """(P,D) directions -> (P,n) products with the rows of each partition."""
    return [np.vecdot(part.matrix[:, None], vectors[None]).T for part, vectors in asked]


@dataclass(frozen=True)
class _Stored:
    """A stored matrix whose map may be closed: everything else of it, and where it lies."""

    mark: str
    without: Partition  # its matrix is empty unless the map is held
    path: Path | None = None  # None: the map is held
    offset: int = 0
    shape: tuple[int, int] = (0, 0)

    def open(self) -> Partition | None:
        """The whole partition; None if the file is gone."""
        if self.path is None:
            return self.without
        with suppress(OSError, ValueError):
            return replace(self.without, matrix=_mapped(self.path, self.offset, self.shape))
        return None


class Index:
    """The matrices under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._held: dict[tuple[str, str, str], _Stored] = {}
        self._beside: dict[tuple[str, str, str], tuple[str, Float64]] = {}
        self._maps = 0
        self._most = _most_maps()

    def get(
        self, model: str, camera_id: str, day: str, mark: str, build: Callable[[], Partition]
    ) -> Partition:
        """The matrix with this fingerprint: held, mapped from disk, or built and stored.

        If it cannot be stored (full or read-only disk) the built one is used from memory.
        """
        name = (model, camera_id, day)
        held = self._held.get(name)
        if held is not None and held.mark == mark and (known := held.open()) is not None:
            return known
        folder = self._folder(*name)
        part = _load(folder, mark, camera_id, day)
        if part is None:
            part = replace(build(), mark=mark)
            if len(part):
                with suppress(OSError):
                    _store(folder, mark, part)
                part = _load(folder, mark, camera_id, day) or part
        self._hold(name, mark, part, folder / f"{mark}.npy")
        return part

    def _hold(self, name: tuple[str, str, str], mark: str, part: Partition, path: Path) -> None:
        """Keep a partition; beyond the handles allowed, keep all but its map."""
        old = self._held.pop(name, None)
        self._maps -= old is not None and old.path is None
        if self._maps < self._most:
            self._held[name] = _Stored(mark, part)
            self._maps += 1
        elif isinstance(part.matrix.base, mmap.mmap | np.memmap):
            shape = (len(part), part.matrix.shape[1])
            offset = path.stat().st_size - part.matrix.nbytes
            closed = replace(part, matrix=np.empty((0, shape[1]), np.float32))
            self._held[name] = _Stored(mark, closed, path, offset, shape)

    def through(self, model: str, part: Partition, lens: Lens) -> Partition:
        """A whole matrix with a lens's numbers of its rows, counted once and stored beside it."""
        of, said = (model, part.camera_id, part.day), f"{part.mark}.{lens.name}"
        known = self._beside.get(of)
        if known is None or known[0] != said:
            path = self._folder(*of) / f"{said}.npy"
            known = self._beside[of] = said, self._counted(path, part, lens)
        return replace(part, numbers=known[1])

    def _counted(self, path: Path, part: Partition, lens: Lens) -> Float64:
        """A lens's numbers (n,K) of a whole matrix: read, or counted and stored."""
        with suppress(OSError, ValueError, EOFError):
            known = np.load(path)
            if len(known) == len(part):
                return np.asarray(known, dtype=np.float64)
        numbers = lens.numbers(part.matrix, part.camera_id)
        with suppress(OSError):
            _atomic(path, lambda file: np.save(file, numbers, allow_pickle=False))
        return numbers

    def drop(self, camera_id: str, day: str) -> None:
        """Forget and delete the matrices of a camera and day."""
        for name in [name for name in self._held if name[1:] == (camera_id, day)]:
            gone = self._held.pop(name, None)
            self._beside.pop(name, None)
            self._maps -= gone is not None and gone.path is None
        for model in _folders(self.root):
            shutil.rmtree(model / f"camera={camera_id}" / f"day={day}", ignore_errors=True)

    def prune(self, wanted: Callable[[str, str], bool]) -> None:
        """Drop every camera and day that has no clip any more."""
        found = {
            (camera.name.removeprefix("camera="), day.name.removeprefix("day="))
            for model in _folders(self.root)
            for camera in _folders(model)
            for day in _folders(camera)
        }
        for camera_id, day in found | {(name[1], name[2]) for name in self._held}:
            if not wanted(camera_id, day):
                self.drop(camera_id, day)

    def _folder(self, model: str, camera_id: str, day: str) -> Path:
        mark = hashlib.blake2b(model.encode(), digest_size=4).hexdigest()
        name = re.sub(r"[^A-Za-z0-9_-]", "_", model)[:40]
        return self.root / f"{name}-{mark}" / f"camera={camera_id}" / f"day={day}"


def _most_maps() -> int:
    """How many maps may stay open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit on handles
        return 10 * OPEN_MAPS
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return OPEN_MAPS if most < 0 else max(OPEN_MAPS, most // HANDLES_SHARE)


def _mapped(path: Path, offset: int, shape: tuple[int, int]) -> Float32:
    """The matrix (n,D) of a .npy file whose header was read before."""
    with path.open("rb") as file:
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(whole, np.float32, shape[0] * shape[1], offset).reshape(shape)


def _folders(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]


def _load(folder: Path, mark: str, camera_id: str, day: str) -> Partition | None:
    """Map a stored matrix, or None if it is not there whole."""
    try:
        matrix = np.load(folder / f"{mark}.npy", mmap_mode="r")
        with (folder / f"{mark}.npz").open("rb") as file, np.load(file) as beside:
            kept = {name: beside[name] for name in beside.files}
        part = Partition(
            **{name: kept[name] for name in _COLUMNS},
            matrix=np.asarray(matrix),
            camera_id=camera_id,
            day=day,
            sha256=str(kept["sha256"]),
            skipped=tuple(kept["skipped"].tolist()),
            mark=mark,
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    whole = part.matrix.ndim == 2 and part.matrix.dtype == np.float32
    rows = {len(getattr(part, name)) for name in ("matrix", *_COLUMNS)}
    return part if whole and len(rows) == 1 else None


def _store(folder: Path, mark: str, part: Partition) -> None:
    """Write both files, each whole or not at all, and remove those of older fingerprints."""
    folder.mkdir(parents=True, exist_ok=True)
    _atomic(folder / f"{mark}.npy", lambda file: np.save(file, part.matrix, allow_pickle=False))
    beside = {name: getattr(part, name) for name in _COLUMNS}
    beside["sha256"] = np.array(part.sha256)
    beside["skipped"] = np.array(part.skipped, dtype=np.str_)
    _atomic(folder / f"{mark}.npz", lambda file: np.savez(file, allow_pickle=False, **beside))
    for path in folder.iterdir():
        with suppress(OSError):  # some systems keep a file that another process has mapped
            stale = path.suffix == ".tmp" and time.time() - path.stat().st_mtime > STALE_S
            if stale or (path.suffix in (".npy", ".npz") and path.name.split(".")[0] != mark):
                path.unlink()


def _atomic(path: Path, save: Callable[[Any], None]) -> None:
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()
