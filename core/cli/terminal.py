"""What every verb shares: the workspace named, the answer printed, progress shown, options read."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.evidence import MODES
from core.types import Progress
from core.workspace import Workspace

Run = Callable[[argparse.Namespace], int]


class Verbs:
    """Where the groups of verbs hang their parsers; every verb gets the common options."""

    def __init__(self, top: argparse.ArgumentParser) -> None:
        self._groups: dict[str, Any] = {}
        self._verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
        self._common = argparse.ArgumentParser(add_help=False)
        self._common.add_argument("--workspace", metavar="DIR", help="default: "
                                  "$DONGSEON_WORKSPACE, else var/default")  # fmt: skip
        self._common.add_argument("--json", action="store_true", help="answer with one JSON object")
        self._common.add_argument("--debug", action="store_true", help="show tracebacks")
        self._models = argparse.ArgumentParser(add_help=False)
        self._models.add_argument("--models", metavar="DIR", action="append", default=[],
                                  help="folder with weight files; may be given again")  # fmt: skip

    def group(self, name: str, text: str) -> None:
        """A word that stands before several verbs, for instance `camera`."""
        made = self._verbs.add_parser(name, help=text)
        self._groups[name] = made.add_subparsers(required=True, metavar="VERB")

    def add(
        self, name: str, run: Run, *, group: str | None = None, models: bool = False
    ) -> argparse.ArgumentParser:
        """One verb; the first line of its function's docstring is its help. models: --models DIR"""
        says = (run.__doc__ or name).splitlines()[0]
        parents = [self._common, *([self._models] if models else [])]
        into = self._verbs if group is None else self._groups[group]
        one: argparse.ArgumentParser = into.add_parser(
            name, help=says, description=run.__doc__, parents=parents, allow_abbrev=False
        )
        one.set_defaults(run=run)
        return one


def mode_option(one: argparse.ArgumentParser) -> None:
    """--mode: what is compared."""
    one.add_argument("--mode", choices=MODES, default="fused", help="what is compared: face and "
                     "clothing, only where both speak for the person, or clothing alone; default: "
                     "fused")  # fmt: skip


def workspace_dir(given: str | None) -> Path:
    """--workspace, else DONGSEON_WORKSPACE, else var/default; an empty variable means unset."""
    return Path(given or os.environ.get("DONGSEON_WORKSPACE") or "var/default")


def opened(args: argparse.Namespace) -> Workspace:
    """The workspace the options name."""
    return Workspace.open(workspace_dir(args.workspace))


def answer(args: argparse.Namespace, values: dict[str, Any], text: str) -> int:
    """Print the values as one JSON object, or the text for people; returns exit code 0."""
    print(json.dumps(values, ensure_ascii=False, allow_nan=False) if args.json else text)
    return 0


def actor() -> str:
    """Who runs the command, for the log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "officer"


def show(steps: Iterator[Progress], label: str, unit: str = "s") -> Progress | None:
    """Run a long job with a progress bar on stderr; returns its last step."""
    from tqdm import tqdm

    last = None
    with tqdm(desc=label, unit=unit, file=sys.stderr, leave=False, delay=0.5) as bar:
        for last in steps:
            bar.total = round(last.total, 1)
            bar.n = min(round(last.done, 1), bar.total)
            bar.set_postfix_str(f"{last.tracklets} people", refresh=False)
            bar.refresh()
    return last


def write(path: str, text: str) -> None:
    """Write a text file. Raises BadInput if that cannot be done."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput("{path} cannot be written: {why}", path=path, why=error.strerror) from None
