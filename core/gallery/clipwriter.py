"""The tracklets of one clip in, one after the other as they end; its finished Parquet file out.

The file grows under a temporary name; rows wait only until a row group is full, so memory does not
grow with the length of the clip. What only the end knows (counts, gaps) is written last.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import DiskFull, DongseonError
from core.gallery.clipfile import KINDS, SCHEMA, VERSION, Pooled, clip_of
from core.gallery.cliplist import TEMPORARY, hold
from core.types import Clip, Description, Tracklet, Vectors

TRACK_ROWS = 32  # tracklets per row group: about 2 MB of pictures, what reading one picture costs
VECTOR_ROWS = 1024  # about 16 MB of vectors
GROUP_BYTES = 16_000_000  # a group this heavy is written, however few its rows

_NAMES = ["kind", "model", "tracklet_id", "camera_id", "clip_id"]
_WHO = ("tracklet_id", "camera_id", "clip_id", "enter_s", "leave_s")


@contextmanager
def opened(
    path: Path, clip: Clip, models: Mapping[str, str], pool: Callable[[Vectors], Pooled]
) -> Iterator[ClipWriter]:
    """A `ClipWriter`; leaving without `finish` leaves nothing behind.

    path  where the finished file goes;  models: {name: sha256} of the models used
    pool  gives the vector that stands for a tracklet, from its one or more rows

    Raises DongseonError if the folder cannot be written.
    """
    temporary = path.parent / f".{path.stem}-{secrets.token_hex(4)}{TEMPORARY}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = temporary.open("xb")
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        hold(file)
        writer = ClipWriter(path, file, clip, models, pool)
        try:
            yield writer
        finally:
            writer.close()
    finally:
        with suppress(OSError):  # what a full disk did not take
            file.close()
        with suppress(OSError):
            temporary.unlink()  # gone already when the rename worked


@dataclass
class _Waiting:
    """Rows of one kind and model that are not in the file yet."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0


class ClipWriter:
    """Takes one clip's tracklets as they end; made by `opened`.

    Holds at most one row group for each kind and model, and every tracklet id.
    """

    def __init__(
        self,
        path: Path,
        file: Any,
        clip: Clip,
        models: Mapping[str, str],
        pool: Callable[[Vectors], Pooled],
    ) -> None:
        self.path, self.clip, self.models = path, clip, dict(models)
        self._file, self._pool = file, pool
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._groups: list[tuple[str, str, int]] = []
        self._ids: set[str] = set()
        self._span: tuple[float, float] | None = None
        self._parquet = pq.ParquetWriter(
            file,
            SCHEMA,
            compression="zstd",
            use_dictionary=_NAMES,
            write_statistics=[*_NAMES, "enter_s", "leave_s"],
            write_page_checksum=True,
        )

    def __len__(self) -> int:
        """Tracklets taken so far."""
        return len(self._ids)

    def add(self, tracklet: Tracklet, about: Description | None = None) -> None:
        """Take a tracklet that has ended, and what the models said about it.

        Raises DongseonError if the disk is full; ValueError if it does not belong to the clip,
        came before, or the model of a vector or of judged attributes is not among the models.
        """
        about = about or Description(tracklet.id)
        self._check(tracklet, about)
        self._ids.add(tracklet.id)
        low, high = self._span or (tracklet.enter_s, tracklet.leave_s)
        self._span = min(low, tracklet.enter_s), max(high, tracklet.leave_s)
        self._put("track", "", _track_row(tracklet, about))
        for model, vectors in about.vectors.items():
            row = _vector_row(tracklet, vectors, self._pool(vectors) if len(vectors) else None)
            self._put(vectors.kind, model, row)
        if about.attributes:
            judged = list(about.attributes.items())
            self._put("attributes", about.judge, {**_who(tracklet), "attributes": judged})

    def set_gaps(self, gaps: Sequence[tuple[float, float]]) -> None:
        """Say which stretches of the clip have no picture, camera clock: known at its end only."""
        self.clip = replace(self.clip, gaps=tuple(gaps))

    def finish(self) -> None:
        """Write what waits; the file appears whole under its name, or not at all.

        Raises DongseonError if the disk is full or does not allow it.
        """
        try:
            for name in sorted(self._waiting, key=lambda name: (KINDS.index(name[0]), name[1])):
                self._write(*name)
            self._parquet.add_key_value_metadata(self._metadata())
            self._parquet.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._file.name, self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def close(self) -> None:
        """Let go of the Parquet file, whole or not."""
        with suppress(OSError, pa.ArrowException):  # it wants to end the file that is given up
            self._parquet.close()
        self._parquet.is_open = False  # else it tries again when it is collected

    def _check(self, tracklet: Tracklet, about: Description) -> None:
        if self._file.closed:
            raise ValueError(f"clip {self.clip.id} is finished")
        if clip_of(tracklet.id) != (self.clip.camera_id, self.clip.id):
            raise ValueError(
                f"tracklet {tracklet.id} is not of clip {self.clip.camera_id}/{self.clip.id}"
            )
        if tracklet.id in self._ids:
            raise ValueError(f"two tracklets of clip {self.clip.id} have one id")
        if about.of_id != tracklet.id:
            raise ValueError(f"description of {about.of_id}, not of tracklet {tracklet.id}")
        if unknown := about.vectors.keys() - self.models.keys():
            raise ValueError(f"vectors of models without a hash: {sorted(unknown)}")
        if about.attributes and about.judge not in self.models:
            raise ValueError(f"attributes judged by a model without a hash: {about.judge!r}")

    def _put(self, kind: str, model: str, row: dict[str, Any]) -> None:
        waiting = self._waiting.setdefault((kind, model), _Waiting())
        waiting.rows.append({**row, "kind": kind, "model": model})
        waiting.size += _size(row)
        most = TRACK_ROWS if kind == "track" else VECTOR_ROWS
        if len(waiting.rows) >= most or waiting.size >= GROUP_BYTES:
            try:
                self._write(kind, model)
            except OSError as error:
                raise _cannot_write(self.path, error) from error

    def _write(self, kind: str, model: str) -> None:
        """Write the rows of one kind and model that wait as a row group."""
        rows = self._waiting.pop((kind, model)).rows
        self._parquet.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), len(rows))
        self._groups.append((kind, model, len(rows)))

    def _metadata(self) -> dict[str, str]:
        enter_s, leave_s = self._span or (None, None)
        counts = {
            "tracklets": len(self),
            "enter_s": enter_s,
            "leave_s": leave_s,
            "groups": self._groups,
        }
        return {
            "dongseon.schema": str(VERSION),
            "dongseon.clip": _json(_clip(self.clip)),
            "dongseon.models": _json(self.models),
            "dongseon.counts": _json(counts),
        }


def _clip(clip: Clip) -> dict[str, Any]:
    """The fields of a clip; where it begins in its file only if that is not the beginning."""
    said = asdict(clip)
    if not clip.from_s:
        del said["from_s"]
    return said


def _who(tracklet: Tracklet) -> dict[str, Any]:
    return {name: getattr(tracklet, name, tracklet.id) for name in _WHO}


def _track_row(tracklet: Tracklet, about: Description) -> dict[str, Any]:
    return {
        **_who(tracklet),
        "t_s": tracklet.t_s,
        "box": tracklet.box.ravel(),
        "score": tracklet.score,
        "crop_at": tracklet.crop_at,
        "crop_box": tracklet.crop_box.ravel(),
        "crops": list(tracklet.crops),
        "crop_quality": tracklet.crop_quality,
        "missing": [(part, _json(asdict(why))) for part, why in about.missing.items()],
    }


def _vector_row(tracklet: Tracklet, vectors: Vectors, one: Pooled | None) -> dict[str, Any]:
    return {
        **_who(tracklet),
        "rows": vectors.rows.ravel(),
        "dim": vectors.rows.shape[1],
        "quality": vectors.quality,
        "size_px": vectors.size_px,
        "crop": vectors.crop,
        "pooled": None if one is None else one.vector,
        "pooled_px": None if one is None else one.px,
        "pooled_quality": None if one is None else one.quality,
    }


def _size(row: Mapping[str, Any]) -> int:
    """Bytes of the arrays and pictures in a row."""
    arrays = sum(value.nbytes for value in row.values() if isinstance(value, np.ndarray))
    return int(arrays) + sum(map(len, row.get("crops", ())))


def _json(value: object) -> str:
    return json.dumps(value, default=_plain)  # ASCII: a path need not be valid Unicode


def _plain(value: object) -> object:
    """A NumPy number as Python's, anything else as its words, for JSON."""
    return value.item() if isinstance(value, np.generic) else str(value)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last; only POSIX can open a folder for that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cannot_write(path: Path, error: OSError) -> DongseonError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(
            "the disk is full: make room beside {path}, then ingest the clip again", path=path
        )
    return DongseonError(
        "{path} cannot be written ({why}): check the folder's permissions",
        path=path,
        why=error.strerror or error,
    )
