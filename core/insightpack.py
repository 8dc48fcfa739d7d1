"""A folder of an insightface package, and an agreement to its licence, in; a model pack out.

The pack is a `models.toml` beside the package's files: then the folder is one like any other that
`--models` names. Bodies are judged by another pack's models.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import insight, zoo
from core.errors import BadInput

NAME = "insightface"
_SAFE = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True)
class Offer:
    """What is to be agreed to: licence is the text to show, other the pack that judges bodies."""

    package: insight.Package
    licence: str
    other: str


def offer(folder: Path, other: str | None, directories: Sequence[str | Path] = ()) -> Offer:
    """Look at a package folder; writes nothing. Raises NotFound, BadInput, ModelError."""
    if (folder / "models.toml").exists():
        raise BadInput("{folder} has a models.toml already: name it with --models", folder=folder)
    package = insight.inspected(folder)
    chosen = zoo.pack(other or zoo.default_pack(directories), directories).name
    text = f"{insight.NOTICE}\n\n{package.licence}" if package.licence else insight.NOTICE
    return Offer(package, text, chosen)


def agree(offered: Offer, by: str, day: str, directories: Sequence[str | Path] = ()) -> Path:
    """Write the pack, noting who agreed and when; the file written. Raises BadInput."""
    package = offered.package
    other = zoo.pack(offered.other, directories)
    stem = _SAFE.sub("_", package.folder.resolve().name)[:40] or "package"
    names = {"face": f"{stem}_detector", "face_embedding": f"{stem}_recogniser"}
    notice = f"{insight.NOTICE} Agreed to by {by[:60]} on {day}."
    pack = {"title": f"insightface package {package.folder.resolve().name[:60]}",
            "notice": notice, "person": other.person, **names,
            "body_embedding": other.body_embedding, "attributes": other.attributes}  # fmt: skip
    parts = [_table(f"packs.{NAME}", pack)]
    parts.append(_row(names["face"], "face", package.detector, package.size, package))
    crop = insight.CROP_PX
    parts.append(_row(names["face_embedding"], "face_embedding", package.recogniser, crop, package))
    target = package.folder / "models.toml"
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write("\n".join(parts))
    except OSError as error:
        raise BadInput("{path} cannot be written: {why}", path=target, why=error.strerror) from None
    return target


def _row(name: str, task: str, path: Path, size: tuple[int, int], package: insight.Package) -> str:
    content = path.read_bytes()
    input_ = f"{{ size = [{size[0]}, {size[1]}], fill = 0 }}"  # the library prepares the rest
    output = '{ decoder = "insightface" }'
    if task == "face_embedding":
        output = f'{{ decoder = "insightface", dim = {package.dim} }}'
    values: dict[str, Any] = {
        "task": task,
        "file": path.name,
        "url": "",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "licence": "non-commercial research only (insightface)",
        "training_data": "not stated here: see the package's publisher",
        "origin": f"insightface package {package.folder.resolve().name[:60]}",
        "batch": 1,
    }
    return _table(f"models.{name}", values) + f"input = {input_}\noutput = {output}\n"


def _table(head: str, values: dict[str, Any]) -> str:
    """TOML; a JSON string is a TOML string, but for DEL, which TOML wants escaped."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([f"[{head}]", *lines, ""]).replace("\x7f", "\\u007f")
