"""Answers of `eval` in; the papers' tables with our figures beside them, as Markdown, out.

A table has three columns of figures: what the paper printed, ours, and on which data ours is. One
line may stand there several times, once for each answer that measures it (drawn and real people,
two models). What nobody measured is "-": a data set that cannot be had is never guessed at.

Another paper's tables are rows of `core.study.papers`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from core import zoo
from core.errors import BadInput, NotFound
from core.study.calibrate import Result
from core.study.evaluate import reid
from core.study.finding import detection
from core.study.judging import attributes
from core.study.papers import EVALS, PAPERS, Line, Table
from core.study.routetest import route_test

NONE = "-"
SHORT = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda",
         "TensorrtExecutionProvider": "tensorrt"}  # fmt: skip
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Data:
    """What there is: {eval: manifests to measure on, or answers in JSON}, cities, more answers."""

    given: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    cities: tuple[Path, ...] = ()
    answers: tuple[Path, ...] = ()


def tables(
    data: Data,
    model: str | None = None,
    pack: str | None = None,
    directories: Sequence[str | Path] = (),
    progress: IO[str] | None = None,
) -> Result:
    """Measure on what is no answer yet, then print every paper's tables.

    model  compares bodies, in place of the pack's. Raises like the figures' own functions.
    """
    found = [one for path in data.answers for one in _each(answer(path))]
    for name, paths in data.given.items():
        for path in paths:
            if path.suffix == ".json":
                found.append(answer(path, name))
            else:
                found.append(_measured(name, path, model, pack, directories, progress))
    if data.cities:
        found.append(route_test(data.cities, pack, directories, progress=progress))
    parts = [
        f"## papers/{paper}\n\n" + "\n\n".join(markdown(one, found) for one in tables)
        for paper, tables in PAPERS.items()
    ]
    return Result({"answers": found}, "\n\n".join(parts))


def answer(path: Path, name: str | None = None) -> Answer:
    """What `dongseon eval ... --json` printed into a file. Raises NotFound, BadInput.

    name  of the eval it must be of; None = any
    """
    if not path.is_file():
        raise NotFound("there is no answer of an eval at {path}", path=path)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # of Unicode, too
        said = None
    of = said.get("eval") if isinstance(said, dict) else None
    if of not in EVALS or name not in (None, of):
        raise BadInput(
            "{path} is no answer of `dongseon eval {name} --json`: print it into a file again",
            path=path,
            name=name or "|".join(EVALS),
        )
    return dict(said)


def _each(one: Answer) -> list[Answer]:
    """An answer about several models as one for each of them."""
    if one["eval"] == "kisa":
        data = f"{one['set']}: {one['n_people']} people; {one['heading']}"
        return [{"eval": "kisa", "model": name, "data": data, "n_people": one["n_people"], **of}
                for name, of in one["models"].items()]  # fmt: skip
    if one["eval"] == "bench faces":
        return [{"eval": "bench faces", "model": row["model"],
                 "data": f"pictures of nobody, {row['provider']}, one at a time", "ms": {
                     f"{row['what']} {row['picture'] or ''}".strip(): {
                         SHORT.get(row["provider"], row["provider"]): row["ms_each"]}}}
                for row in one["measured"] if row["batch"] == 1]  # fmt: skip
    return [one]


def markdown(table: Table, answers: Sequence[Answer]) -> str:
    """One table: each line of the paper, with every answer that measures it."""
    rows = [row for line in table.lines for row in _rows(line, answers)]
    head = (*table.head, "paper", "ours", "on which data")
    lines = [f"### {table.title}", "", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _rows(line: Line, answers: Sequence[Answer]) -> list[tuple[str | None, ...]]:
    paper = _figures(line.paper, digits=line.digits)
    found = [(one, line.of(one)) for one in answers]
    rows = [
        (*line.name, paper, _figures(ours, digits=line.digits), _data(one))
        for one, ours in found
        if any(value is not None for value in ours)
    ]
    if rows or line.paper:
        return rows or [(*line.name, paper, None, None)]
    return []  # only ours, and not measured


def _figures(values: Sequence[float | None], digits: int) -> str | None:
    said = [NONE if value is None else f"{value:.{digits}f}" for value in values]
    return " / ".join(said) or None


def _data(one: Answer) -> str:
    """The data of an answer, and what was measured on it."""
    which = one.get("model") or one.get("pack") or NONE
    return f"{one.get('data') or 'not said'} ({which})"


def _cell(value: str | None) -> str:
    return (NONE if value is None else value).replace("|", "\\|").replace("\n", " ")


def _measured(
    name: str,
    manifest: Path,
    model: str | None,
    pack: str | None,
    directories: Sequence[str | Path],
    progress: IO[str] | None,
) -> Answer:
    """Run one eval on a manifest with a pack's model."""
    if name == "attributes":
        return attributes(manifest, pack, directories, progress)
    chosen = zoo.pack(pack or zoo.default_pack(directories), directories)
    if name == "reid":
        return reid(manifest, model or chosen.body_embedding, directories, progress)
    return detection(manifest, chosen.person, directories, progress)
