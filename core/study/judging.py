"""Crops with labelled attributes in; how well an attribute model judges them, out.

The manifest is CSV: path, and a column for each attribute of `types.ATTRIBUTES`; empty or
"unknown" = not labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import zoo
from core.describe import judge
from core.errors import BadInput, ModelError
from core.metrics import attributes as figures
from core.study.manifest import plain, rows, shown
from core.study.pictures import read, whole
from core.types import ATTRIBUTES, UNKNOWN, Description


def attributes(
    manifest: Path,
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
    model: str | None = None,
) -> dict[str, Any]:
    """The figures of papers/001 table 3 for an attribute model, or for that of a pack.

    Raises NotFound, BadInput, and ModelError if nothing in the pack judges attributes.
    """
    table = rows(manifest, ("path",))
    for row in table:
        check(row)
    chosen = "" if model is not None else pack or zoo.default_pack(directories)
    model = model or zoo.pack(chosen, directories).attributes
    if not model:
        raise ModelError("no model of the pack {pack} judges attributes", pack=chosen)
    if getattr(zoo.rows(directories).get(model), "task", "") != "attributes":
        raise BadInput("{model!r} is not an attribute model", model=model[:60])
    loaded = zoo.load(model, directories)
    about = [
        Description(row["path"], {}, judge(loaded, [whole(read(manifest.parent / row["path"]))]))
        for row in shown(table, progress)
    ]
    return {**judged(about, table), "model": model, **({"pack": chosen} if chosen else {})}


def judged(about: Sequence[Description], table: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Figures of descriptions against labelled rows, one each; what is not judged counts as no."""
    said, true, known, by_name = [], [], [], {}
    for name, values in ATTRIBUTES.items():
        label = [(row.get(name) or "").strip() for row in table]
        here = np.array([v not in ("", UNKNOWN) for v in label])  # (N,)
        if not here.any():
            continue
        y = np.array([[v == value for value in values] for v in label])  # (N,V)
        p = np.array([_yes(one, name, len(values)) for one in about])
        right = (p & y).any(axis=1)[here]
        by_name[name] = {"accuracy": plain(float(right.mean())), "n": int(here.sum())}
        said.append(p)
        true.append(y)
        known.append(np.repeat(here[:, None], len(values), axis=1))
    if not by_name:
        raise BadInput("the manifest labels no attribute: name a column for each")
    found = figures.attributes(np.hstack(said), np.hstack(true), np.hstack(known))
    names = ("accuracy", "precision", "recall", "f1", "mean_accuracy")
    return {
        **{name: plain(getattr(found, name)) for name in names},
        "by_name": by_name,
        "n_pictures": found.n,
    }


def _yes(about: Description, name: str, n: int) -> Any:
    """(V,) True at the most probable value; nowhere if it was not judged."""
    probability = about.attributes.get(name)
    yes = np.zeros(n, dtype=bool)
    if probability is not None:
        yes[int(np.argmax(probability))] = True
    return yes


def check(row: Mapping[str, str]) -> None:
    """Raise BadInput if a row labels an attribute with a value that is none of its own."""
    for name, values in ATTRIBUTES.items():
        value = (row.get(name) or "").strip()
        if value and value != UNKNOWN and value not in values:
            raise BadInput(
                "{value!r} is not a value of {name}: use one of {values}",
                value=value[:40],
                name=name,
                values=", ".join((*values, UNKNOWN)),
            )
