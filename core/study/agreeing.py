"""Two tables of labels of the same people in; how far the two labellers agree out.

A table is CSV: person, and a column for each attribute of `types.ATTRIBUTES`, or one for each
camera, like direction_a and direction_b; empty or "unknown" = the labeller could not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.metrics.agreement import agreement as figures
from core.study.manifest import plain, rows
from core.types import ATTRIBUTES, UNKNOWN, Want, check_attributes

Labels = Mapping[str, Mapping[str, str]]  # person -> column -> value


def agreement(first: Path, second: Path) -> dict[str, Any]:
    """Per attribute in both tables: n both told, agreement, Cohen's kappa, and who differs.

    Raises NotFound, and BadInput where a table is wrong or the two share no person or attribute.
    """
    one, other = _labels(first), _labels(second)
    people = sorted(one.keys() & other.keys())
    if not people:
        raise BadInput("{first} and {second} have no person in common", first=first, second=second)
    columns = [column for column in one[people[0]] if column in other[people[0]]]
    if not columns:
        raise BadInput(
            "{first} and {second} have no attribute in common", first=first, second=second
        )
    return {
        "by_name": {column: _one(column, people, one, other) for column in columns},
        "n_people": len(people),
    }


def _one(column: str, people: list[str], one: Labels, other: Labels) -> dict[str, Any]:
    said = [(person, one[person][column], other[person][column]) for person in people]
    told = [row for row in said if UNKNOWN not in row[1:]]
    found = figures([row[1] for row in told], [row[2] for row in told])
    return {
        "n": found.n,
        "agreement": plain(found.raw),
        "kappa": plain(found.kappa),
        "differ": [row for row in told if row[1] != row[2]],
        "only_one_told": sum((a == UNKNOWN) != (b == UNKNOWN) for _, a, b in said),
    }


def _labels(table: Path) -> Labels:
    """Person -> attribute column -> value, `unknown` where the labeller could not tell."""
    found: dict[str, dict[str, str]] = {}
    for row in rows(table, ("person",)):
        person = (row["person"] or "").strip()
        if person in found:
            raise BadInput("{path} lists {person} twice", path=table, person=person[:40])
        found[person] = {}
        for column in row:
            name = column if column in ATTRIBUTES else str(column).rpartition("_")[0]
            if name in ATTRIBUTES:
                value = (row[column] or "").strip() or UNKNOWN
                check_attributes({name: Want(value)})
                found[person][column] = value
    return found
