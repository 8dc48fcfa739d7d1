"""The Parquet file of one clip in; its tracklets, descriptions, pictures and vectors out.

`core.gallery.clipwriter` writes it.

Rows, by `kind` (the schema is settled; new columns may come, these keep their meaning):

- ``track``       one per tracklet: times, boxes, pictures, and why evidence is missing
- ``body, face``  one per tracklet and model: every vector, and one pooled vector for scans
- ``attributes``  one per tracklet that was judged, with the model that judged it: {attribute:
                  probabilities over its values}

Every row carries tracklet_id, camera_id, clip_id, enter_s, leave_s (camera clock). A row group
holds rows of one kind and model, pictures come in small ones, so that reading vectors never reads
pictures and one picture costs one small group; groups of different kinds follow each other in any
order. Times float64, vectors float32, lists flat in C order: ``box`` is 4 T numbers, ``rows`` is
n x ``dim``. docs/gallery.md lists the columns.

The file's key-value metadata: ``dongseon.schema`` (a number), ``dongseon.clip`` (the Clip),
``dongseon.models`` ({name: sha256}) and ``dongseon.counts`` (tracklets, first enter_s, last
leave_s, and [kind, model, rows] of each row group), all JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.errors import BadInput, DongseonError, NotFound
from core.types import (
    Clip,
    Description,
    Float32,
    Float64,
    Note,
    Tracklet,
    Vectors,
    safe_id,
)

VERSION = 1
KINDS = ("track", "body", "face", "attributes")

_FLOATS = pa.list_(pa.float32())
_WHO = [
    ("tracklet_id", pa.string()),
    ("camera_id", pa.string()),
    ("clip_id", pa.string()),
    ("enter_s", pa.float64()),
    ("leave_s", pa.float64()),
]
SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("model", pa.string()),
        *_WHO,
        ("t_s", pa.list_(pa.float64())),
        ("box", _FLOATS),
        ("score", _FLOATS),
        ("crop_at", pa.list_(pa.int64())),
        ("crop_box", _FLOATS),
        ("crops", pa.list_(pa.binary())),
        ("crop_quality", _FLOATS),
        ("missing", pa.map_(pa.string(), pa.string())),
        ("rows", _FLOATS),
        ("quality", _FLOATS),
        ("size_px", _FLOATS),
        ("crop", pa.list_(pa.int64())),
        ("dim", pa.int32()),
        ("pooled", _FLOATS),
        ("pooled_px", pa.float32()),
        ("pooled_quality", pa.float32()),
        ("attributes", pa.map_(pa.string(), _FLOATS)),
    ]
)


class DamagedClipError(DongseonError):
    """A clip file that cannot be read, or is not what its name says."""

    def note(self) -> Note:
        """The same sentence as a warning."""
        return Note(self.msgid, self.fields)


@dataclass(frozen=True)
class Pooled:
    """The one vector that stands for a tracklet: (D,) unit, its size in px and its quality."""

    vector: Float32
    px: float
    quality: float


@dataclass(frozen=True)
class Footer:
    """What a clip file says about itself. span: first enter_s and last leave_s, or None."""

    clip: Clip
    models: Mapping[str, str]
    tracklets: int
    span: tuple[float, float] | None
    groups: tuple[tuple[str, str, int], ...]  # (kind, model, rows) of each row group

    def of(self, kind: str, model: str | None = None) -> list[int]:
        """Numbers of the row groups of a kind, and of a model if one is given."""
        return [i for i, (k, m, _) in enumerate(self.groups) if k == kind and model in (None, m)]

    def has(self, model: str) -> bool:
        """Whether there are vectors of this model."""
        return bool(self.of("body", model) or self.of("face", model))


def footer(path: Path) -> Footer:
    """Read what a clip file says about itself, without its rows.

    Raises FileNotFoundError if it is gone, DamagedClipError if it cannot be read, or if its clip
    and camera are not those of its name and folder.
    """
    with _open(path) as file:
        return _footer(path, file)


def tracklets(path: Path, ids: Iterable[str] | None = None) -> dict[str, Tracklet]:
    """{id: Tracklet} of a clip file, pictures included; all of them, or the ids that are there."""
    names = ["tracklet_id", "t_s", "box", "score", "crop_at", "crop_box", "crops", "crop_quality"]
    return {row[0]: _tracklet(*row) for _, _, row in _rows(path, ("track",), names, ids)}


def descriptions(path: Path, ids: Iterable[str] | None = None) -> dict[str, Description]:
    """{id: Description} of a clip file; one that was never described is empty."""
    wanted = None if ids is None else set(ids)
    missing = {
        row[0]: {part: _note(text) for part, text in row[1] or ()}
        for _, _, row in _rows(path, ("track",), ["tracklet_id", "missing"], wanted)
    }
    vectors: dict[str, dict[str, Vectors]] = {name: {} for name in missing}
    names = ["tracklet_id", "rows", "dim", "quality", "size_px", "crop"]
    for kind, model, row in _rows(path, ("body", "face"), names, wanted):
        vectors[row[0]][model] = _vectors(kind, *row[1:])
    judged = {
        row[0]: (model, {name: np.asarray(p, dtype=np.float32) for name, p in row[1]})
        for _, model, row in _rows(path, ("attributes",), ["tracklet_id", "attributes"], wanted)
    }
    found = {}
    for name in missing:
        judge, attributes = judged.get(name, ("", {}))
        found[name] = Description(name, vectors[name], attributes, missing[name], judge)
    return found


def crop(path: Path, tracklet_id: str, k: int) -> bytes:
    """Picture k of a tracklet as JPEG bytes. Raises NotFound without that tracklet or picture."""
    for _, _, row in _rows(path, ("track",), ["tracklet_id", "crops"], [tracklet_id]):
        if 0 <= k < len(row[1]):
            return bytes(row[1][k])
        raise NotFound(
            "tracklet {tracklet} has {n} pictures: there is no number {k}",
            tracklet=tracklet_id,
            n=len(row[1]),
            k=k,
        )
    raise unknown_tracklet(tracklet_id)


def spans(path: Path, ids: Iterable[str]) -> dict[str, tuple[float, float]]:
    """{id: (enter_s, leave_s)} of the ids that are in the clip file, camera clock."""
    names = ["tracklet_id", "enter_s", "leave_s"]
    return {row[0]: (row[1], row[2]) for _, _, row in _rows(path, ("track",), names, ids)}


def pooled(path: Path, model: str) -> dict[str, NDArray[Any]]:
    """The pooled vectors of one model, in file order; tracklets without one are absent.

    matrix (n,D) float32 and tracklet_id (bytes), enter_s, leave_s, pooled_px, quality (n,)
    """
    names = ["tracklet_id", "enter_s", "leave_s", "pooled_px", "pooled_quality", "dim", "pooled"]
    with _open(path) as file:
        about = _footer(path, file)
        table = file.read_row_groups(about.of("body", model) + about.of("face", model), names)
        table = table.filter(table["pooled"].is_valid())
        who, enter, leave, px, quality, dim, flat = (table[name] for name in names)
        width = dim[0].as_py() if len(dim) else 0
        vectors = flat.combine_chunks().flatten()
        return {
            "tracklet_id": np.array(who.to_pylist(), dtype=np.bytes_),
            "enter_s": enter.to_numpy(),
            "leave_s": leave.to_numpy(),
            "pooled_px": px.to_numpy(),
            "quality": quality.to_numpy(),
            "matrix": vectors.to_numpy(zero_copy_only=False).reshape(len(who), width),  # (n,D)
        }


def verify(path: Path) -> None:
    """Read everything in the file once. Raises like `footer`."""
    with _open(path) as file:
        about = _footer(path, file)
        for group in range(len(about.groups)):
            file.read_row_group(group)


def clip_of(tracklet_id: str) -> tuple[str, str]:
    """(camera, clip) of a tracklet id; BadInput unless all three parts are safe names."""
    parts = tracklet_id.split("/")
    if len(parts) != 3:
        raise BadInput(
            "{tracklet!r} is not a tracklet id: it looks like camera/clip/number",
            tracklet=tracklet_id[:80],
        )
    for part in parts:
        safe_id(part, "tracklet id")
    return parts[0], parts[1]


def unknown_tracklet(tracklet_id: str) -> NotFound:
    return NotFound(
        "tracklet {tracklet} is not in the gallery: its clip may have been deleted",
        tracklet=tracklet_id,
    )


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    """A Parquet file; whatever is wrong inside it becomes DamagedClipError."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            yield file
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise DamagedClipError(
            "the clip file {path} may not be read: check its permissions", path=path
        ) from error
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, BadInput) as error:
        if isinstance(error, NotFound):
            raise
        why = str(error).strip().split("\n")[0][:120]
        raise DamagedClipError(
            "the clip file {path} is damaged ({why}): delete it and ingest the clip again",
            path=path,
            why=why,
        ) from error


def _footer(path: Path, file: Any) -> Footer:
    said = {k: json.loads(v) for k, v in _ours(file.metadata.metadata or {}).items()}
    if said["dongseon.schema"] > VERSION:
        raise DamagedClipError(
            "the clip file {path} was written by a newer Dongseon: update this one", path=path
        )
    raw = said["dongseon.clip"]
    clip = Clip(
        **{**raw, "size": tuple(raw["size"]), "gaps": tuple((a, b) for a, b in raw["gaps"])}
    )
    counts = said["dongseon.counts"]
    if clip.id != path.stem or path.parent.parent.name != f"camera={clip.camera_id}":
        raise ValueError(f"holds clip {clip.id} of camera {clip.camera_id}")
    if len(counts["groups"]) != file.num_row_groups:
        raise ValueError("row groups are missing")
    span = None if counts["enter_s"] is None else (counts["enter_s"], counts["leave_s"])
    groups = tuple((str(k), str(m), int(n)) for k, m, n in counts["groups"])
    return Footer(clip, dict(said["dongseon.models"]), int(counts["tracklets"]), span, groups)


def _ours(metadata: Mapping[bytes, bytes]) -> dict[str, str]:
    return {k.decode(): v.decode() for k, v in metadata.items() if k.startswith(b"dongseon.")}


def _rows(
    path: Path, kinds: Sequence[str], names: list[str], ids: Iterable[str] | None
) -> Iterator[tuple[str, str, list[Any]]]:
    """(kind, model, values) of the rows asked for; names[0] is tracklet_id."""
    wanted = None if ids is None else set(ids)
    with _open(path) as file:
        about = _footer(path, file)
        for group, (kind, model, size) in enumerate(about.groups):
            if kind not in kinds:
                continue
            keep: Sequence[int] = range(size)
            if wanted is not None:
                found = file.read_row_group(group, columns=names[:1])[names[0]].to_pylist()
                keep = [i for i, name in enumerate(found) if name in wanted]
            table: Any = file.read_row_group(group, columns=names) if keep else None
            for i in keep:
                yield kind, model, [_value(table[name][i]) for name in names]


def _value(scalar: Any) -> Any:
    """An Arrow scalar as NumPy array (a list of numbers) or as Python's own."""
    numbers = pa.types.is_list(scalar.type) and not pa.types.is_binary(scalar.type.value_type)
    if numbers and scalar.is_valid:
        return scalar.values.to_numpy(zero_copy_only=False)
    return scalar.as_py()


def _tracklet(
    name: str,
    t_s: Float64,
    box: Float32,
    score: Float32,
    crop_at: NDArray[np.int64],
    crop_box: Float32,
    crops: Sequence[bytes],
    crop_quality: Float32,
) -> Tracklet:
    boxes, inside = box.reshape(-1, 4), crop_box.reshape(-1, 4)  # (T,4), (K,4)
    return Tracklet(name, t_s, boxes, score, crop_at, inside, tuple(crops), crop_quality)


def _vectors(
    kind: Any,
    rows: Float32,
    dim: int,
    quality: Float32,
    size_px: Float32,
    crop: NDArray[np.int64],
) -> Vectors:
    return Vectors(kind, rows.reshape(len(quality), dim), quality, size_px, crop)  # (n,D)


def _note(text: str) -> Note:
    said = json.loads(text)
    return Note(said["msgid"], said["fields"])
