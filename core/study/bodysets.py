"""Labelled crops of people in; for each person their pictures under two cameras out.

Read: a folder like CUHK03 (``images/ID_KK.jpg``, KK 00-04 one camera, 05-09 another), and the
manifest (CSV: path,person_id,camera_id,role) of drawn people, `python -m core.citizens people`.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import BadInput
from core.study.manifest import rows

Groups = tuple[list[list[Path]], list[list[Path]]]
"""Pictures of each person under the first and, in the same order, under the second camera."""


def groups(source: Path) -> Groups:
    """Everybody seen under two cameras. Raises BadInput if there is nobody, NotFound."""
    crops = _listed(source) if source.suffix == ".csv" else _folder(source)
    people = sorted(who for side, who in crops if side == 0 and (1, who) in crops)
    if not people:
        raise BadInput(
            "{source} holds nobody under two cameras: give a folder with images/ID_KK.jpg, or a "
            "manifest with path,person_id,camera_id,role",
            source=source,
        )
    return [crops[0, who] for who in people], [crops[1, who] for who in people]


def _folder(folder: Path) -> dict[tuple[int, str], list[Path]]:
    crops: dict[tuple[int, str], list[Path]] = {}
    for path in sorted((folder / "images").glob("*_*.jpg")):
        person, _, shot = path.stem.rpartition("_")
        crops.setdefault((int(int(shot) >= 5), person), []).append(path)
    return crops


def _listed(manifest: Path) -> dict[tuple[int, str], list[Path]]:
    """Of each person the query's camera, and of the gallery's cameras the first."""
    crops: dict[tuple[int, str], list[Path]] = {}
    taken: dict[tuple[int, str], str] = {}
    for row in rows(manifest, ("path", "person_id", "camera_id", "role")):
        key = int(row["role"] == "gallery"), row["person_id"]
        if taken.setdefault(key, row["camera_id"]) == row["camera_id"]:
            crops.setdefault(key, []).append(manifest.parent / row["path"])
    return crops
