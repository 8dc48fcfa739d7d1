"""Labelled crops of people in; for each person their pictures under two cameras out.

Read: a folder like CUHK03 (``images/ID_KK.jpg``, KK 00-04 one camera, 05-09 another), and the
manifest (CSV: path,person_id,camera_id,role) of drawn people, `python -m core.citizens people`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput
from core.study.manifest import rows


@dataclass(frozen=True)
class Group:
    """Pictures of one person under one camera."""

    camera: str
    paths: tuple[Path, ...]


def groups(source: Path) -> tuple[list[Group], list[Group]]:
    """Everybody seen under two cameras: each under the first and, in that order, the second.

    Raises BadInput if there is nobody, NotFound.
    """
    crops = _listed(source) if source.suffix == ".csv" else _folder(source)
    people = sorted(who for side, who in crops if side == 0 and (1, who) in crops)
    if not people:
        raise BadInput(
            "{source} holds nobody under two cameras: give a folder with images/ID_KK.jpg, or a "
            "manifest with path,person_id,camera_id,role",
            source=source,
        )
    return [crops[0, who] for who in people], [crops[1, who] for who in people]


def _folder(folder: Path) -> dict[tuple[int, str], Group]:
    crops: dict[tuple[int, str], Group] = {}
    for path in sorted((folder / "images").glob("*_*.jpg")):
        person, _, shot = path.stem.rpartition("_")
        side = int(int(shot) >= 5)
        _add(crops, (side, person), "AB"[side], path)
    return crops


def _listed(manifest: Path) -> dict[tuple[int, str], Group]:
    """Of each person the query's camera, and of the gallery's cameras the first."""
    crops: dict[tuple[int, str], Group] = {}
    for row in rows(manifest, ("path", "person_id", "camera_id", "role")):
        key = int(row["role"] == "gallery"), row["person_id"]
        if key not in crops or crops[key].camera == row["camera_id"]:
            _add(crops, key, row["camera_id"], manifest.parent / row["path"])
    return crops


def _add(
    crops: dict[tuple[int, str], Group], key: tuple[int, str], camera: str, path: Path
) -> None:
    known = crops.get(key, Group(camera, ()))
    crops[key] = Group(camera, (*known.paths, path))
