"""The command line: one verb, one function, in one module for each group of verbs.

Answers go to stdout (with --json as one object), progress and errors to stderr. Exit code 0 is
done, 2 a wrong input said in one sentence, 1 a fault. No traceback without --debug.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from core.cli import cases, demo, finding, footage, maps, models, serving, study, training
from core.cli.terminal import Verbs
from core.errors import BadInput, DongseonError, ModelError

GROUPS = (footage, cases, maps, models, study, finding, training, serving, demo)


def parser() -> argparse.ArgumentParser:
    """Every verb with its options."""
    top = argparse.ArgumentParser(
        prog="dongseon", description="Find a missing person in CCTV: candidates, reasons, route."
    )
    verbs = Verbs(top)
    for group in GROUPS:
        group.add(verbs)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    args = parser().parse_args(argv)
    try:
        return int(args.run(args))
    except DongseonError as error:
        if args.debug:
            raise
        print(f"dongseon: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadInput | ModelError) else 1
    except KeyboardInterrupt:
        print("dongseon: stopped; finished footage is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # the process boundary: a fault is said in one line
        if args.debug:
            raise
        print(f"dongseon: internal fault ({type(error).__name__}: {error}); run with --debug",
              file=sys.stderr)  # fmt: skip
        return 1
