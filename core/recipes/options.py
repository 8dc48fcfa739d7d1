"""What every kind of training is told in; checked options, a run's identity, its command line, out.

A recipe of each kind is a frozen dataclass that adds fields of its own to `Options`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from core.errors import BadInput

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "bf16", "fp32")
NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,59}")
# What may differ between a run and the one that goes on with it.
FREE = ("manifest", "out", "start", "teacher", "device", "precision", "eval", "minutes", "workers",
        "licence", "training_data", "start_note", "name", "mirrored", "blend")  # fmt: skip
TABLES = ("manifest", "eval")

Limits = Sequence[tuple[str, float, float]]
EVERY: Limits = (
    ("epochs", 1, 10_000), ("lr", 1e-7, 1.0), ("warmup", 0, 100), ("decay", 0, 1),
    ("clip", 1e-3, 1e6), ("seed", 0, 2**31), ("minutes", 0, 1440), ("workers", 0, 64),
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What every training is told; each kind has its own fields besides, and may change defaults.

    manifest    CSV tables to learn from;  out: folder of the run;  name: of the model
    start       file of weights to begin from, or None for random ones;  start_note: what they are
    lr          highest learning rate; None = by `start`;  warmup: epochs until it is reached
    decay       of the weights;  clip: largest norm of a step
    minutes     between checkpoints within an epoch;  workers: processes that read pictures
    eval        CSV tables, or folders, to measure on
    """

    RATES: ClassVar[tuple[float, float]]  # highest learning rate from scratch; with a start
    LIMITS: ClassVar[Limits]  # (field, least, most) of the fields of its own
    LATER: ClassVar[tuple[str, ...]] = ()  # fields that change nothing of what is trained already

    kind: str
    manifest: tuple[str, ...]
    out: str
    name: str = ""
    backbone: str = ""
    start: str | None = None
    epochs: int = 30
    lr: float | None = None
    warmup: float = 1.0
    decay: float = 0.01
    clip: float = 10.0
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    minutes: float = 5.0
    workers: int = 2
    eval: tuple[str, ...] = ()
    licence: str = "not stated"
    training_data: str = ""
    start_note: str = ""

    def __post_init__(self) -> None:
        """Raise BadInput for a name that cannot be used, an unknown device, a number too large."""
        if not self.name:
            object.__setattr__(self, "name", self.usual_name)
        choice("device", self.device, DEVICES)
        choice("precision", self.precision, PRECISIONS)
        if not NAME.fullmatch(self.name):
            raise BadInput(
                "the model name {name!r} cannot be used: take small letters, digits and '_'",
                name=self.name[:60],
            )
        for name, low, high in (*EVERY, *self.LIMITS):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise BadInput(
                    "--{name} must be between {low} and {high}",
                    name=name.replace("_", "-"),
                    low=low,
                    high=high,
                )

    @property
    def usual_name(self) -> str:
        """What the model is called where nothing is said."""
        return f"{self.backbone}_{self.kind}"

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        return self.RATES[self.start is not None] if self.lr is None else self.lr

    def identity(self, data_sha256: str, start_sha256: str | None) -> str:
        """What must be the same for a run to go on with another's checkpoint, as JSON."""
        told = {k: v for k, v in vars(self).items() if k not in (*FREE, *self.LATER)}
        told |= {"data": data_sha256, "start": start_sha256, "lr": self.rate}
        return json.dumps(told, sort_keys=True)

    def command(self) -> str:
        """The command line, with the names of files but not their folders."""
        words = ["dongseon train", self.kind]
        for one in fields(self)[1:]:
            value = getattr(self, one.name)
            usual = self.usual_name if one.name == "name" else one.default
            if value != usual:
                several = one.name in TABLES or (
                    isinstance(one.default, tuple) and one.name != "size"
                )
                option = one.name.replace("_", "-")
                each = value if several else [value]
                words += [f"--{option}" if v is True else f"--{option} {_word(one.name, v)}"
                          for v in each]  # fmt: skip
        return " ".join(words)


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


def _word(name: str, value: Any) -> str:
    if name in TABLES:
        return shown(value)
    if name in ("out", "start", "teacher"):
        return Path(value).name
    if isinstance(value, tuple):
        return f"{value[0]}x{value[1]}"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text else text


def shown(path: str | Path) -> str:
    """A table's name that says nothing of the machine: its folder and its file name."""
    path = Path(path)
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name
