"""A gallery folder in; its clip files out, each with a stamp that changes when it is replaced.

Only ``camera=ID/day=YYYY-MM-DD/CLIP.parquet`` with safe ids counts. Links, temporary files and
anything else under other names are not looked at. Nothing is opened here.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

from core.errors import BadInput
from core.types import Clip, safe_id

if sys.platform != "win32":
    import fcntl

SUFFIX = ".parquet"
TEMPORARY = ".tmp"
STALE_S = 3600.0  # a temporary file this old, that no one holds, has lost its writer
SETTLED_S = 3.0  # a folder changed more recently than this is listed again: clocks are coarse

Stamp = tuple[str, int, int, int]  # name, size, mtime_ns, inode


@dataclass(frozen=True)
class File:
    """One clip file as it was when listed."""

    path: Path
    camera_id: str
    day: str
    clip_id: str
    stamp: Stamp

    def same(self) -> bool:
        """Whether the file is still the one that was listed."""
        try:
            return _stamp(self.path.name, self.path.stat()) == self.stamp
        except FileNotFoundError:
            return False


class ClipList:
    """The clip files under one folder; unchanged folders are not listed twice."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._days: dict[Path, tuple[int, tuple[File, ...]]] = {}

    def path(self, clip: Clip) -> Path:
        """Where a clip belongs: the day is the UTC date of its start on the camera's clock.

        Raises BadInput if the start is no date.
        """
        try:
            day = datetime.fromtimestamp(clip.start_s, UTC).date().isoformat()
        except (ValueError, OverflowError, OSError):
            raise BadInput(
                "clip {clip} does not start at a date: check the camera's clock", clip=clip.id
            ) from None
        return self.root / f"camera={clip.camera_id}" / f"day={day}" / f"{clip.id}{SUFFIX}"

    def cameras(self, wanted: Iterable[str] | None = None) -> list[str]:
        """Cameras that have a folder, or those of them that are wanted, in order."""
        asked = None if wanted is None else set(wanted)
        names = (name for name in _folders(self.root, "camera=") if _is_id(name))
        return [name for name in names if asked is None or name in asked]

    def of_camera(self, camera_id: str, whole: bool = False) -> list[File]:
        """Clip files of a camera, ordered by day and name.

        whole  also gives the older copy of a clip that was written again under another day
        """
        folder = self.root / f"camera={camera_id}"
        found = [
            file
            for day in _folders(folder, "day=")
            if _is_day(day)
            for file in self._day(folder / f"day={day}", camera_id, day)
        ]
        newest = {f.clip_id: f for f in sorted(found, key=lambda f: f.stamp[2])}
        if whole or len(newest) == len(found):
            return found
        return [f for f in found if newest[f.clip_id] is f]

    def files(self, cameras: Iterable[str] | None = None, whole: bool = False) -> list[File]:
        """Clip files of the cameras wanted, or of all."""
        return [file for name in self.cameras(cameras) for file in self.of_camera(name, whole)]

    def forget(self) -> None:
        """List everything anew next time: a file was not as listed."""
        self._days.clear()

    def clean(self) -> None:
        """Remove temporary files that a killed process left behind."""
        for name in self.cameras():
            for left in (self.root / f"camera={name}").glob(f"day=*/.*{TEMPORARY}"):
                with suppress(OSError):  # a reader may not be allowed to, or another was faster
                    if time.time() - left.stat().st_mtime > STALE_S and not _held(left):
                        left.unlink()

    def _day(self, folder: Path, camera_id: str, day: str) -> tuple[File, ...]:
        try:
            changed = folder.stat().st_mtime_ns  # adding, replacing and deleting all move it
            known = self._days.get(folder)
            if known is not None and known[0] == changed:
                return known[1]
            files = tuple(_list(folder, camera_id, day))
        except FileNotFoundError:
            return ()
        if time.time() - changed / 1e9 > SETTLED_S:
            self._days[folder] = (changed, files)
        return files


def hold(file: IO[bytes]) -> None:
    """Mark a temporary file as being written, until it is closed or its process ends.

    Hours may pass between two writes. Windows lets no one remove an open file anyway.
    """
    if sys.platform != "win32":
        with suppress(OSError):  # some network drives have no locks: then only its age counts
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def fingerprint(files: Sequence[File], version: object) -> str:
    """24 hex digits that change when any of the files, or the version, does."""
    seen = repr((version, sorted(file.stamp for file in files)))
    return hashlib.blake2b(seen.encode(), digest_size=12).hexdigest()


def day_start(day: str) -> float:
    """Unix seconds of the first moment of a day=YYYY-MM-DD folder."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp()


def _held(path: Path) -> bool:
    """Whether a process marked the file with `hold` and is still alive."""
    if sys.platform != "win32":
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            except OSError:  # no locks on this drive
                return False
    return False


def _stamp(name: str, stat: os.stat_result) -> Stamp:
    return name, stat.st_size, stat.st_mtime_ns, stat.st_ino


def _list(folder: Path, camera_id: str, day: str) -> Iterator[File]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        name = entry.name.removesuffix(SUFFIX)
        if name != entry.name and _is_id(name) and entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                path = folder / entry.name
                yield File(path, camera_id, day, name, _stamp(entry.name, path.stat()))


def _folders(folder: Path, prefix: str) -> list[str]:
    """Names after the prefix of the real folders that have it, in order."""
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name.removeprefix(prefix)
                for entry in entries
                if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(names)


def _is_id(name: str) -> bool:
    try:
        return safe_id(name, "id") == name
    except BadInput:
        return False


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False
