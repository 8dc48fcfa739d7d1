"""A finished run's facts in; the model's card, as JSON and Markdown, and its models.toml out.

A card says nothing of the machine's folders or people: only what is needed to judge the weights and
to make them again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

LIMITS = (
    "The figures hold for the tables named with them; what is not listed was not measured.",
    "A candidate's likeness is no proof of identity: a person looks at it and decides.",
)
DRAWN = (
    "Trained on drawn people: expect less on real footage than on drawn, and believe only figures "
    "measured on real pictures."
)


def made(facts: Mapping[str, Any], limits: Sequence[str] = LIMITS) -> dict[str, Any]:
    """The card as one JSON object: the facts, with the limits they imply and those given.

    facts  name, files, recipe, command, data, data_sha256, start, epochs, batches, seconds, device,
           software, loss, results (None = not measured), teacher (None or missing = none)
    """
    drawn = any(one["drawn"] is not None for one in facts["data"])
    return {**facts, "limits": [*([DRAWN] if drawn else []), *limits]}


def markdown(card: Mapping[str, Any]) -> str:
    """The card for people."""
    start = card["start"]
    began = "random weights" if start is None else (
        f"`{start['file']}` (sha256 `{start['sha256']}`, {start['tensors']} tensors"
        f"{'; ' + start['note'] if start['note'] else ''})"
    )  # fmt: skip
    hours = card["seconds"] / 3600
    lines = [
        f"# {card['name']}",
        "",
        f"Trained by `{card['command']}`.",
        "",
        "| | |",
        "|---|---|",
        *(f"| file | {_file(one)} |" for one in card["files"]),
        *(f"| data | {_cell(_data(one))} |" for one in card["data"]),
        f"| sha256 of all pictures and tables | `{card['data_sha256']}` |",
        f"| began from | {_cell(began)} |",
        *_taught(card.get("teacher")),
        f"| epochs | {card['epochs']} of {card['batches']} batches |",
        f"| time | {hours:.2f} h on {_cell(card['device'])}, {card['software']} |",
        f"| last loss | {card['loss']} |",
        f"| licence | {_cell(card['licence'])} |",
        "",
        "## Results",
        "",
        *(_results(card["results"]) or ["Not measured."]),
        "",
        "## Limits",
        "",
        *(f"- {one}" for one in card["limits"]),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _taught(teacher: Mapping[str, str] | None) -> list[str]:
    if teacher is None:
        return []
    return [f"| learned besides from what this says of each crop | `{_cell(teacher['folder'])}` "
            f"(sha256 of its files `{teacher['sha256']}`) |"]  # fmt: skip


def _file(one: Mapping[str, Any]) -> str:
    return (f"`{one['file']}`, {one['bytes']:,} bytes, sha256 `{one['sha256']}`; ONNX differs "
            f"from PyTorch by {one['difference']:.1e}")  # fmt: skip


def brief(tables: Sequence[Mapping[str, Any]]) -> str:
    """All tables in a few words, as a row of models.toml tells of them: one count of each kind."""
    counts: dict[str, Counter[str]] = {}
    for one in tables:
        units: tuple[str, ...]
        if "boxes" in one:
            said, units = f"boxes {_BY.get(one['by'], 'labelled')}", ("pictures",)
        else:
            said, units = "drawn" if one["drawn"] else "labelled", ("people", "crops")
        counts.setdefault(said, Counter()).update({unit: one[unit] for unit in units})
    return "; ".join(
        f"{n['people']} {said} people, {n['crops']} crops"
        if "people" in n
        else f"{n['pictures']} pictures, {said}"
        for said, n in counts.items()
    )


_BY = {"drawn": "drawn", "a teacher": "by a teacher"}


def _data(one: Mapping[str, Any]) -> str:
    if "boxes" in one:
        return (f"`{one['table']}`: {one['pictures']:,} pictures, {one['boxes']:,} boxes "
                f"{_BY.get(one['by'], 'labelled')}, {one['unsure']:,} more that teach "
                "neither way")  # fmt: skip
    drawn = one["drawn"]
    how = "" if drawn is None else f"; drawn, split {drawn.get('split')}, seed {drawn.get('seed')}"
    return (f"`{one['table']}`: {one['people']:,} people, {one['crops']:,} crops, "
            f"{one['cameras']} cameras{how}")  # fmt: skip


def _results(results: Mapping[str, Any] | None) -> list[str]:
    lines: list[str] = []
    for kind, by_table in (results or {}).items():
        for table, figures in by_table.items():
            lines += [*([""] if lines else []), f"{kind}, `{table}`:", ""]
            lines += [f"- {line}" for line in _flat(figures)]
    return lines


def _flat(figures: Mapping[str, Any], before: str = "") -> list[str]:
    lines = []
    for name, value in figures.items():
        if isinstance(value, Mapping) and "low" in value:
            lines.append(f"{before}{name}: {_interval(value)}")
        elif isinstance(value, Mapping):
            lines += _flat(value, f"{before}{name} ")
        else:
            lines.append(f"{before}{name}: {'-' if value is None else value}")
    return lines


def _interval(value: Mapping[str, Any]) -> str:
    if value["value"] is None:
        return f"not measured (too few pictures; {value['n']} people)"
    return f"{value['value']} ({value['low']} to {value['high']}, {value['n']} people)"


def _cell(text: str) -> str:
    """Text of somebody else, as it stands in one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def toml(
    rows: Mapping[str, Mapping[str, Any]], packs: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """models.toml with these rows, and packs before them."""
    lines: list[str] = []
    for name, pack in (packs or {}).items():
        lines += [*([""] if lines else []), f"[packs.{name}]"]
        lines += [f"{k} = {_toml(v)}" for k, v in pack.items()]
    for name, row in rows.items():
        lines += [*([""] if lines else []), f"[models.{name}]"]
        tables = {k: v for k, v in row.items() if k == "calibration"}
        lines += [f"{k} = {_toml(v)}" for k, v in row.items() if k not in tables]
        for table, entries in tables.items():
            lines += ["", f"[models.{name}.{table}]"]
            lines += [f"{k} = {_toml(v)}" for k, v in entries.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
