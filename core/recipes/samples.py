"""CSV manifests of labelled crops in; samples, their codes and the hash of all their bytes out.

The columns are those `python -m core.citizens people` writes: path, person_id, camera_id, and one
for each attribute of `types.ATTRIBUTES`; empty or "unknown" = not labelled. A set of real pictures
with the same columns works the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInput
from core.recipes.options import shown
from core.study.judging import check
from core.study.manifest import rows
from core.types import ATTRIBUTES, UNKNOWN, Float64, Int

UNLABELLED = -1


@dataclass(frozen=True)
class Samples:
    """N labelled crops.

    path (N,);  person (N,) 0..people-1;  camera (N,) numbers;  code {attribute: (N,) index of its
    value, -1 = not labelled} for attributes with at least two values labelled
    """

    path: tuple[Path, ...]
    person: Int
    camera: Int
    code: Mapping[str, Int]

    def __len__(self) -> int:
        return len(self.path)

    @property
    def people(self) -> int:
        return int(self.person.max()) + 1 if len(self) else 0

    def only(self, keep: Int) -> Samples:
        """The samples at these indices, their people numbered anew."""
        _, person = np.unique(self.person[keep], return_inverse=True)
        return Samples(
            tuple(self.path[i] for i in keep.tolist()),
            person.astype(np.int64),
            self.camera[keep],
            {name: code[keep] for name, code in self.code.items()},
        )

    def priors(self) -> dict[str, Float64]:
        """{attribute: share (V,) of each value among the labelled people}, none of them 0."""
        found = {}
        for name, code in self.code.items():
            n = np.bincount(code[code >= 0], minlength=len(ATTRIBUTES[name])) + 1.0
            found[name] = n / n.sum()
        return found


def read(manifests: Sequence[str | Path], identities: bool, attributes: bool) -> Samples:
    """All crops of all tables; people of different tables are different people.

    Raises NotFound, BadInput: a missing column or picture, a value nobody knows, nothing labelled.
    """
    needed = ("path", "person_id", "camera_id")
    table: list[tuple[Path, str, str, dict[str, str]]] = []
    for number, manifest in enumerate(Path(m) for m in manifests):
        for row in rows(manifest, needed):
            check(row)
            path = manifest.parent / (row["path"] or "")
            if not path.is_file():
                raise BadInput("there is no picture at {path}", path=path)
            table.append((path, f"{number}/{row['person_id']}",
                          f"{number}/{row['camera_id']}", row))  # fmt: skip
    person = np.unique([one[1] for one in table], return_inverse=True)[1].astype(np.int64)
    camera = np.unique([one[2] for one in table], return_inverse=True)[1].astype(np.int64)
    code = _codes([one[3] for one in table]) if attributes else {}
    if attributes and not code:
        raise BadInput("the manifest labels no attribute: name a column for each")
    if identities and person.max() < 1:
        raise BadInput("the manifest shows one person only: telling people apart needs two")
    return Samples(tuple(one[0] for one in table), person, camera, code)


def _codes(table: Sequence[Mapping[str, str]]) -> dict[str, Int]:
    found = {name: _code(table, name) for name in ATTRIBUTES}
    return {n: code for n, code in found.items() if len(set(code.tolist()) - {UNLABELLED}) >= 2}


def labelled(manifest: str | Path, names: Sequence[str]) -> Samples:
    """The crops of a table to judge on: only `path` is needed; without person_id each is somebody.

    code has exactly these attributes. Raises NotFound, BadInput.
    """
    manifest = Path(manifest)
    table = rows(manifest, ("path",))
    for row in table:
        check(row)
    who = [row.get("person_id") or row["path"] for row in table]
    person = np.unique(who, return_inverse=True)[1].astype(np.int64)
    return Samples(
        tuple(manifest.parent / row["path"] for row in table),
        person,
        np.zeros(len(table), dtype=np.int64),
        {name: _code(table, name) for name in names},
    )


def check_eval(manifest: str | Path, identities: bool) -> None:
    """Raise NotFound or BadInput unless the table can be measured on."""
    manifest = Path(manifest)
    needed = ("path", "person_id", "camera_id", "role") if identities else ("path",)
    for row in rows(manifest, needed):
        check(row)
        if not (manifest.parent / row["path"]).is_file():
            raise BadInput("there is no picture at {path}", path=manifest.parent / row["path"])


def _code(table: Sequence[Mapping[str, str]], name: str) -> Int:
    """Index (N,) of each row's value of an attribute, UNLABELLED without one."""
    words = [(row.get(name) or "").strip() for row in table]
    values = ATTRIBUTES[name]
    code = [UNLABELLED if w in ("", UNKNOWN) else values.index(w) for w in words]
    return np.array(code, dtype=np.int64)


def split(samples: Samples, held_out: float, seed: int) -> tuple[Samples, Samples, Samples]:
    """(to train on, to calibrate on, to judge on): no person is in two of them."""
    order = np.random.default_rng([seed, 1]).permutation(samples.people)
    n = max(2, round(held_out * samples.people))
    if samples.people < n + 2:
        raise BadInput(
            "{n} people are too few to keep some apart for calibrating: take 4 or more",
            n=samples.people,
        )
    part = np.zeros(samples.people, dtype=np.int64)
    part[order[: n // 2]], part[order[n // 2 : n]] = 1, 2
    at = part[samples.person]
    train, calibrate, judge = (samples.only(np.flatnonzero(at == k)) for k in range(3))
    return train, calibrate, judge


def sha256(
    manifests: Sequence[str | Path],
    progress: Callable[[Iterable[Any]], Iterable[Any]] = lambda items: items,
    columns: Sequence[str] = ("path",),
) -> str:
    """One hash over every table's bytes and those of every file its columns name, in its order.

    A file that several rows name counts once.
    """
    told = hashlib.sha256()
    for manifest in (Path(m) for m in manifests):
        told.update(hashlib.sha256(manifest.read_bytes()).digest())
        table = rows(manifest, ("path",))
        names = {row[k]: None for row in table for k in columns if row.get(k)}
        for name in progress(list(names)):
            told.update(hashlib.sha256((manifest.parent / name).read_bytes()).digest())
    return told.hexdigest()


def told(manifests: Sequence[str | Path]) -> list[dict[str, Any]]:
    """What each table is, for the card: name, people, cameras, crops and how it was drawn."""
    found = []
    for manifest in (Path(m) for m in manifests):
        table = rows(manifest, ("path", "person_id", "camera_id"))
        plan = manifest.parent / "plan.json"
        found.append({
            "table": shown(manifest),
            "sha256": hashlib.sha256(manifest.read_bytes()).hexdigest(),
            "people": len({row["person_id"] for row in table}),
            "cameras": len({row["camera_id"] for row in table}),
            "crops": len(table),
            "drawn": json.loads(plan.read_text("utf-8")) if plan.is_file() else None,
        })  # fmt: skip
    return found
