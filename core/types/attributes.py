"""What can be seen of a person: names and values, fixed once for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from core.errors import BadInput

UNKNOWN = "unknown"

COLORS = ("black", "white", "gray", "navy", "blue", "sky", "red", "pink", "orange", "yellow",
          "beige", "brown", "khaki", "green", "purple")  # fmt: skip

ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "direction": ("front", "side", "back"),
        "gender": ("male", "female"),
        "age": ("child", "teenager", "young_adult", "middle_aged", "elderly"),
        "upper_type": ("long_sleeve", "short_sleeve", "sleeveless", "outerwear", "dress"),
        "upper_color": COLORS,
        "lower_type": ("long_trousers", "short_trousers", "skirt"),
        "lower_color": COLORS,
        "shoe_color": COLORS,
        "hair": ("none", "short", "bob", "long"),
        "hat": ("none", "hat", "helmet"),
        "glasses": ("none", "glasses", "sunglasses"),
        "bag": ("none", "backpack", "handbag", "crossbody"),
        "mask": ("none", "mask"),
    }
)
"""Attribute names and values, in table 2 of papers/001 plus mask; `unknown` is always allowed."""

Sureness = Literal["video", "sure", "unsure"]


@dataclass(frozen=True)
class Want:
    """One ticked attribute and how sure the teller was (seen on video / sure / unsure)."""

    value: str
    sureness: Sureness = "sure"


@dataclass(frozen=True)
class Traits:
    """Attributes, each with a value or "" for none, inside a sentence: a field of a `Note`."""

    items: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return ", ".join(" ".join(filter(None, one)) for one in self.items)


def wants(attributes: Mapping[str, str | Want]) -> dict[str, Want]:
    """{attribute: what was ticked}, checked; a value ending in "?" is unsure. Raises BadInput."""
    wanted = {
        name: one if isinstance(one, Want) else _want(one) for name, one in attributes.items()
    }
    check_attributes(wanted)
    return wanted


def _want(text: str) -> Want:
    return Want(text.removesuffix("?"), "unsure" if text.endswith("?") else "sure")


def check_attributes(wanted: Mapping[str, Want]) -> None:
    """Raise BadInput if a name or value is not in ATTRIBUTES; `unknown` always passes."""
    for name, want in wanted.items():
        if name not in ATTRIBUTES:
            raise BadInput(
                "attribute {name!r} is not known: use one of {names}",
                name=name[:40],
                names=", ".join(ATTRIBUTES),
            )
        if want.value != UNKNOWN and want.value not in ATTRIBUTES[name]:
            raise BadInput(
                "{value!r} is not a value of {name}: use one of {values}",
                value=want.value[:40],
                name=name,
                values=", ".join((*ATTRIBUTES[name], UNKNOWN)),
            )
