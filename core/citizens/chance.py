"""A seed and names in, independent random generators and splits out: the root of all repeatability.

Every drawing gets a generator of its own, named after what is drawn, so adding one thing to a city
does not shift all the others. Everything that could leak from training into a test (a wall, a sky,
a codec) has a name, and the hash of the name alone says on which side it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np

SPLITS = ("train", "test")
TEST_SHARE = 4  # one name of four belongs to the test side

T = TypeVar("T")


def _hash(parts: Sequence[object]) -> int:
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "little")


def generator(*parts: object) -> np.random.Generator:
    """The generator of this name: ``generator(seed, "camera", 3, "sky")``."""
    return np.random.Generator(np.random.PCG64(_hash(parts)))


def split_of(name: str) -> str:
    """On which side a named asset lies, for ever: "train" or "test"."""
    return "test" if _hash(("split", name)) % TEST_SHARE == 0 else "train"


def presets(kind: str, n: int, split: str) -> list[str]:
    """Those of the n presets of a kind (names "kind-000"...) that lie on the side of the split."""
    names = [f"{kind}-{i:03d}" for i in range(n)]
    return [name for name in names if split_of(name) == split]


def pick(rng: np.random.Generator, options: Sequence[T], weights: Sequence[float] = ()) -> T:
    """One of the options, as it is (numpy's choice would turn it into an array)."""
    if not weights:
        return options[int(rng.integers(len(options)))]
    share = np.asarray(weights, dtype=np.float64)
    return options[int(rng.choice(len(options), p=share / share.sum()))]
