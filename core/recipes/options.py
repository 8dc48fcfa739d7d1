"""What every kind of training is told in; checked options, a run's identity, its command line, out.

A recipe is a frozen dataclass with at least the fields of `Options`; what is here serves them all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, ClassVar, Protocol

from core.errors import BadInput

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "bf16", "fp32")
NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,59}")
# What may differ between a run and the one that goes on with it.
FREE = ("manifest", "out", "start", "device", "precision", "eval", "minutes", "workers",
        "licence", "training_data", "start_note")  # fmt: skip
TABLES = ("manifest", "eval")

Limits = Sequence[tuple[str, float, float]]


class Options(Protocol):
    """The fields that every recipe has; see `recipe.Recipe` for what they mean."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def kind(self) -> str: ...
    @property
    def manifest(self) -> tuple[str, ...]: ...
    @property
    def out(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def backbone(self) -> str: ...
    @property
    def start(self) -> str | None: ...
    @property
    def epochs(self) -> int: ...
    @property
    def warmup(self) -> float: ...
    @property
    def clip(self) -> float: ...
    @property
    def seed(self) -> int: ...
    @property
    def device(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def minutes(self) -> float: ...
    @property
    def workers(self) -> int: ...
    @property
    def eval(self) -> tuple[str, ...]: ...
    @property
    def licence(self) -> str: ...
    @property
    def training_data(self) -> str: ...
    @property
    def start_note(self) -> str: ...
    @property
    def rate(self) -> float: ...
    def command(self) -> str: ...


def check(options: Options, limits: Limits) -> None:
    """Raise BadInput for a name that cannot be used, an unknown device, a number out of bounds."""
    choice("device", options.device, DEVICES)
    choice("precision", options.precision, PRECISIONS)
    if not NAME.fullmatch(options.name):
        raise BadInput(
            "the model name {name!r} cannot be used: take small letters, digits and '_'",
            name=options.name[:60],
        )
    for name, low, high in limits:
        value = getattr(options, name)
        if value is not None and not low <= value <= high:
            raise BadInput(
                "--{name} must be between {low} and {high}",
                name=name.replace("_", "-"),
                low=low,
                high=high,
            )


def choice(name: str, value: str, known: Sequence[str]) -> None:
    """Raise BadInput unless the value is one of those known."""
    if value not in known:
        raise BadInput(
            "{value!r} is no {name}: use one of {known}",
            value=str(value)[:40],
            name=name,
            known=", ".join(known),
        )


def given(options: Mapping[str, Any], recipe: type) -> dict[str, Any]:
    """What was given of the fields of a recipe; None = not given. Raises BadInput."""
    found = {k: v for k, v in options.items() if v is not None}
    unknown = sorted(set(found) - {one.name for one in fields(recipe)})
    if unknown:
        raise BadInput("{names} is no option of training", names=", ".join(unknown))
    for name, value in found.items():
        if isinstance(value, list):
            found[name] = tuple(tuple(v) if isinstance(v, list) else v for v in value)
    return found


def identity(options: Options, data_sha256: str, start_sha256: str | None) -> str:
    """What must be the same for a run to go on with another's checkpoint, as JSON."""
    told = {k: v for k, v in vars(options).items() if k not in FREE}
    told |= {"data": data_sha256, "start": start_sha256, "lr": options.rate}
    return json.dumps(told, sort_keys=True)


def command(options: Options, name: str) -> str:
    """The command line, with the names of files but not their folders.

    name  what the model is called where nothing is said
    """
    words = ["dongseon train", options.kind]
    for one in fields(options)[1:]:
        value = getattr(options, one.name)
        needed = one.name in ("manifest", "out")
        if needed or (value != one.default and not (one.name == "name" and value == name)):
            several = one.name in TABLES or (isinstance(one.default, tuple) and one.name != "size")
            option = one.name.replace("_", "-")
            each = value if several else [value]
            words += [f"--{option}" if v is True else f"--{option} {_word(one.name, v)}"
                      for v in each]  # fmt: skip
    return " ".join(words)


def _word(name: str, value: Any) -> str:
    if name in TABLES:
        return shown(value)
    if name in ("out", "start"):
        return Path(value).name
    if isinstance(value, tuple):
        return f"{value[0]}x{value[1]}"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text else text


def shown(path: str | Path) -> str:
    """A table's name that says nothing of the machine: its folder and its file name."""
    path = Path(path)
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name
