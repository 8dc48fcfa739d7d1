"""A run's whole state in, one file out, written completely or not at all; and back."""

from __future__ import annotations

import os
import pickle
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.errors import BadInput, DongseonError

FILE = "checkpoint.pt"
PART = ".part-"  # what a file is called until it is whole


@dataclass
class State:
    """Where a run is: epoch and step within it are the next ones to do.

    sums     totals of the epoch under way;  history: one line for each finished epoch
    seconds  spent so far, all runs together
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


def write(folder: Path, identity: str, state: State, net: Any, optimiser: Any) -> None:
    """Keep the state, the weights and the optimiser's memory."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "identity": identity,
        "state": vars(state),
        "net": net.state_dict(),
        "optimiser": optimiser.state_dict(),
        "rng": torch.get_rng_state(),
    }
    with tempfile.NamedTemporaryFile(dir=folder, prefix=PART, delete=False) as partial:
        torch.save(content, partial)
        partial.flush()
        os.fsync(partial.fileno())
    os.replace(partial.name, folder / FILE)


def read(folder: Path, identity: str, net: Any, optimiser: Any, device: str) -> State:
    """Put a kept state back into the network and optimiser; a new one if nothing was kept.

    Raises BadInput if it is of another run, DongseonError if it is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return State()
    try:
        kept = torch.load(path, map_location=device, weights_only=True)
        theirs, state = kept["identity"], State(**kept["state"])
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, EOFError,
            pickle.UnpicklingError):  # fmt: skip
        raise DongseonError("{path} is damaged: delete it to begin anew", path=path) from None
    if theirs != identity:
        raise BadInput(
            "{folder} holds a run with other options or other pictures: take an empty folder, "
            "or the same options to go on",
            folder=folder,
        )
    net.load_state_dict(kept["net"])
    optimiser.load_state_dict(kept["optimiser"])
    torch.set_rng_state(kept["rng"].cpu())
    return state
