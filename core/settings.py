"""A workspace's settings in; which models it uses, loaded when first asked for, out."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import zoo
from core.errors import BadInput, DongseonError, ModelError, NotFound
from core.pieces import PIECE_S
from core.types import Kind

if TYPE_CHECKING:
    from core.describe import Describer
    from core.detect import PersonDetector

SETTINGS = "workspace.toml"


@dataclass(frozen=True)
class Settings:
    """What workspace.toml holds. models: {task: name}; directories: where the files lie.

    piece_s  seconds of the pieces that long footage is cut into; it cannot be changed once there
             is footage
    """

    pack: str
    models: Mapping[str, str]
    directories: tuple[str, ...]
    zone: str = "Asia/Seoul"
    piece_s: float = PIECE_S

    @classmethod
    def of_pack(cls, name: str, directories: Sequence[str | Path]) -> Settings:
        """Settings for a model pack. Raises NotFound, ModelError if a file is missing.

        Every folder that was named is remembered, the one in DONGSEON_MODELS too: a page or a
        worker may be started elsewhere, without it.
        """
        chosen = zoo.pack(name, directories)
        absent = zoo.missing(name, directories)
        if absent:
            raise ModelError(
                "the pack {pack} lacks {files}: name their folder with --models DIR, "
                "or run `dongseon models import`",
                pack=name,
                files=", ".join(row.file for row in absent),
            )
        places = tuple(str(folder.resolve()) for folder in zoo.named_dirs(directories))
        return cls(name, chosen.tasks, places)

    @classmethod
    def read(cls, folder: Path) -> Settings:
        """Settings of a workspace. Raises NotFound if there is none, DongseonError if damaged."""
        file = folder / SETTINGS
        if not file.is_file():
            raise NotFound(
                "there is no workspace at {path}: make one with `dongseon init {path}`", path=folder
            )
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            length_s = float(table.get("piece_s", PIECE_S))
            if not length_s >= 1:
                raise ValueError("piece_s must be 1 s or more")
            places = tuple(table["directories"])
            return cls(table["pack"], table["models"], places, table["zone"], length_s)
        except (KeyError, TypeError, ValueError) as error:  # of TOML and of Unicode, too
            raise DongseonError("{file} is damaged ({why})", file=file, why=error) from None

    def write(self, folder: Path) -> None:
        """Keep the settings; makes the folder. Raises BadInput if that cannot be done."""
        lines = [f"pack = {json.dumps(self.pack)}", f"zone = {json.dumps(self.zone)}"]
        lines.append(f"directories = {json.dumps(list(self.directories), ensure_ascii=False)}")
        if self.piece_s != PIECE_S:
            lines.append(f"piece_s = {self.piece_s:g}")
        lines += ["", "[models]"]
        lines += [f"{task} = {json.dumps(name)}" for task, name in self.models.items()]
        try:
            write_whole(folder / SETTINGS, ("\n".join(lines) + "\n").encode())
        except OSError as error:
            raise BadInput(
                "{path} cannot be used as a workspace: {why}", path=folder, why=error.strerror
            ) from None


class Models:
    """The models of a workspace: each is verified and loaded when first used.

    fitted  {model: sha256 and calibration} of the site's own (`core.calibrations`)
    """

    def __init__(
        self, settings: Settings, fitted: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self._settings = settings
        self._fitted = fitted or {}

    def rows(self) -> dict[str, zoo.Row]:
        """{task: the weight file used for it}."""
        known = zoo.rows(self._settings.directories)
        lost = [name for name in self._settings.models.values() if name not in known]
        if lost:
            raise ModelError(
                "the model {model} of this workspace is not known any more: the folder that "
                "described it ({places}) is gone or has changed",
                model=lost[0],
                places=", ".join(self._settings.directories),
            )
        return {task: known[name] for task, name in self._settings.models.items()}

    def load(self, task: str) -> zoo.Model:
        """The model used for a task, verified; NotFound or ModelError otherwise."""
        return zoo.load(self._settings.models[task], self._settings.directories)

    def vectors(self) -> dict[Kind, zoo.Row]:
        """The models whose vectors the gallery holds: body, and face unless the pack has none."""
        rows = self.rows()
        tasks: dict[Kind, str] = {"face": "face_embedding", "body": "body_embedding"}
        return {kind: self._calibrated(rows[task]) for kind, task in tasks.items() if task in rows}

    def attributes(self) -> zoo.Row | None:
        """The model that judges attributes, or None."""
        return self.rows().get("attributes")

    def _calibrated(self, row: zoo.Row) -> zoo.Row:
        """The row with the site's own calibration, if there is one for this very file."""
        own = self._fitted.get(row.name, {})
        if own.get("sha256") != row.sha256:
            return row
        if own.get("whitened"):
            return replace(row, whitened=own["calibration"])
        return replace(row, calibration=own["calibration"])

    @cached_property
    def detector(self) -> PersonDetector:
        from core.detect import PersonDetector

        return PersonDetector(self.load("person"))

    @cached_property
    def describer(self) -> Describer:
        from core.describe import Describer

        here = self._settings.models
        optional = {task: self.load(task) for task in zoo.OPTIONAL if task in here}
        return Describer(self.load("body_embedding"), **optional)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as partial:
        partial.write(content)
        partial.flush()
        os.fsync(partial.fileno())
    os.replace(partial.name, path)
