"""A workspace folder in, findings out: is everything there, unbroken, and what is the cure."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.describe import NO_FACES
from core.errors import DongseonError, NotFound
from core.gallery import clipfile
from core.route import has_place
from core.types import Note, note
from core.workspace import Workspace

Level = Literal["ok", "warn", "error"]
ONE_OF = {
    "OpenCV": (
        "opencv-python-headless",
        "opencv-python",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ),
    "ONNX Runtime": ("onnxruntime", "onnxruntime-gpu"),
}
SAME_VECTOR = 0.005  # half precision moves a vector by less
LOW_DISK_BYTES = 5_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    text: Note


def examine(workspace: str | Path) -> list[Finding]:
    """Look at the installation, then at the workspace if there is one."""
    findings = list(_installation())
    try:
        ws = Workspace.open(workspace)
    except DongseonError as error:
        level: Level = "warn" if isinstance(error, NotFound) else "error"
        return [*findings, Finding(level, Note(error.msgid, error.fields))]
    findings += [*_models(ws), *_footage(ws), *_outdated(ws), *_canary(ws), *_log(ws)]
    ws.close()
    return findings


def _installation() -> Iterator[Finding]:
    for what, names in ONE_OF.items():
        found = [name for name in names if _version(name)]
        if len(found) == 1:
            version = f"{found[0]} {_version(found[0])}"
            yield Finding("ok", note("{what}: {version}", what=what, version=version))
        elif found:
            yield Finding(
                "error",
                note(
                    "{what} is installed {n} times ({names}) and one overwrites the other: run "
                    "`uv pip uninstall {names_bare} && uv pip install --reinstall {keep}`",
                    what=what,
                    n=len(found),
                    names=", ".join(found),
                    names_bare=" ".join(found[1:]),
                    keep=found[0],
                ),
            )
        else:
            yield Finding(
                "error",
                note("{what} is not installed: run `uv pip sync requirements/run.txt`", what=what),
            )


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _models(ws: Workspace) -> Iterator[Finding]:
    for task, row in ws.models().items():
        try:
            model = ws.load(task)
        except DongseonError as error:
            yield Finding("error", Note(error.msgid, error.fields))
            continue
        text = note(
            "{task}: {model}, sha256 as measured, runs on {provider}",
            task=task,
            model=row.name,
            provider=model.providers[0],
        )
        yield Finding("ok", text)
        if task.endswith("embedding") and not row.calibration:
            yield Finding("warn", note("{model} is not calibrated: no words", model=row.name))
    if "face" not in ws.vectors():
        yield Finding("ok", NO_FACES)


def _footage(ws: Workspace) -> Iterator[Finding]:
    yield from (Finding("error", one) for one in _damaged(ws))
    cameras, recorders, clips = ws.cameras(), ws.recorders(), ws.clips()
    yield Finding(
        "ok", note("{clips} clips, {cameras} cameras", clips=len(clips), cameras=len(cameras))
    )
    if lost := sum(not Path(clip.path).exists() for clip in clips):
        text = note("{n} clips lie no longer where they were: no playback for them", n=lost)
        yield Finding("warn", text)
    placeless = sorted(c.id for c in cameras.values() if not has_place(c))
    if placeless:
        text = note(
            "no position: {cameras}: add latitude and longitude", cameras=", ".join(placeless)
        )
        yield Finding("warn", text)
    unchecked = sorted(
        c.id for c in cameras.values() if recorders[c.recorder_id].how == "unchecked"
    )
    if unchecked:
        text = note("clock not checked: {cameras}", cameras=", ".join(unchecked))
        yield Finding("warn", text)
    free = shutil.disk_usage(ws.path).free
    level: Level = "warn" if free < LOW_DISK_BYTES else "ok"
    yield Finding(level, note("{gigabytes:.0f} GB of disk are free", gigabytes=free / 1e9))


def _damaged(ws: Workspace) -> Iterator[Note]:
    """One sentence per damaged clip file; every byte is read, not only what names the clip."""
    for path in sorted(ws.gallery.root.glob("camera=*/day=*/*.parquet")):
        try:
            clipfile.verify(path)
        except clipfile.DamagedClipError as error:
            yield error.note()


def _canary(ws: Workspace) -> Iterator[Finding]:
    """Whether stored pictures still give the stored vectors on this machine."""
    try:
        off = ws.canary()
    except DongseonError:  # a damaged clip or a missing model: it is named already
        return
    if off is None:
        return
    if off <= SAME_VECTOR:
        text = note("stored pictures give the stored vectors here (1 - cosine {off:.1g})", off=off)
        yield Finding("ok", text)
    else:
        text = note(
            "stored pictures give other vectors on this machine (1 - cosine {off:.2g}): do not "
            "compare people here; check the models and ONNX Runtime's provider",
            off=off,
        )
        yield Finding("error", text)


def _outdated(ws: Workspace) -> Iterator[Finding]:
    """Whether clips were described by other models than those in use."""
    try:
        n = len(ws.recordings.outdated())
    except DongseonError:  # a missing model: it is named already
        return
    if n:
        text = note("{n} clips were described by other models: run `dongseon reindex`", n=n)
        yield Finding("warn", text)


def _log(ws: Workspace) -> Iterator[Finding]:
    broken = ws.casebook.verify()
    if broken is None:
        yield Finding("ok", note("the log of {n} entries is whole", n=ws.casebook.head().n))
    else:
        yield Finding("error", note("the log is broken at row {n}", n=broken.n))
