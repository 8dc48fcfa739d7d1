"""Verbs for weight files: models."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.cli.terminal import Verbs, actor, answer
from core.errors import BadInput, ModelError


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    verbs.group("models", "Weight files")
    verbs.add("list", models_list, group="models", models=True)
    one = verbs.add("fetch", models_fetch, group="models", models=True)
    one.add_argument("pack", metavar="PACK")
    one.add_argument("--yes", action="store_true", help="agree to the files and their licences")
    one = verbs.add("import", models_import, group="models")
    one.add_argument("source", metavar="FILE_OR_DIR")
    one = verbs.add("insightface", models_insightface, group="models", models=True)
    one.add_argument("folder", metavar="DIR", help="of an insightface package that is here")
    one.add_argument("--with", dest="other", metavar="PACK", help="the pack that judges bodies")
    one.add_argument("--accept-licence", action="store_true", help="agree to its licence")
    verbs.add("verify", models_verify, group="models", models=True)


def models_list(args: argparse.Namespace) -> int:
    """Show packs, files, licences, and what is here."""
    from core import zoo

    values: dict[str, Any] = {"packs": {}}
    lines = []
    for name, pack in zoo.packs(args.models).items():
        absent = {row.name for row in zoo.missing(name, args.models)}
        lines.append(f"{name}: {pack.title}{'' if absent else ' (complete)'}\n  {pack.notice}")
        values["packs"][name] = {"complete": not absent, "files": []}
        for row in zoo.needed(name, args.models):
            state = "missing" if row.name in absent else "here"
            calibrated = "; calibrated" if row.calibration else "; not calibrated"
            told = row.licence + (calibrated if row.task in zoo.EVIDENCE else "")
            size = f"{row.bytes / 1e6:.1f} MB"
            lines.append(f"  {state:<8} {row.file:<44} {size:>9}  {told}")
            values["packs"][name]["files"].append(
                {"model": row.name, "file": row.file, "here": row.name not in absent}
            )
    return answer(args, values, "\n".join(lines))


def models_fetch(args: argparse.Namespace) -> int:
    """Download the missing files of a pack, after asking."""
    from tqdm import tqdm

    from core import zoo

    rows = zoo.missing(args.pack, args.models)
    for row in rows:
        print(f"{row.file}: {row.bytes / 1e6:.1f} MB, {row.licence}", file=sys.stderr)
    if rows and not args.yes:
        if not sys.stdin.isatty():
            raise BadInput("nothing was downloaded: add --yes to agree to these files and licences")
        if input("download these? [y/N] ").strip().lower() not in ("y", "yes"):
            return 0
    for row in rows:
        with tqdm(total=row.bytes, unit="B", unit_scale=True, desc=row.file) as bar:
            zoo.fetch(row, lambda done, total, bar=bar: bar.update(done - bar.n))  # type: ignore[misc]
    fetched = [row.name for row in rows]
    return answer(args, {"fetched": fetched}, f"fetched: {', '.join(fetched) or 'nothing missing'}")


def models_import(args: argparse.Namespace) -> int:
    """Bring weight files from a file or folder."""
    from core import zoo

    names = [row.name for row in zoo.import_files(args.source)]
    return answer(args, {"imported": names}, f"imported: {', '.join(names)}")


def models_insightface(args: argparse.Namespace) -> int:
    """Make a pack of an insightface package that is on this machine, after showing its licence."""
    from core import insightpack

    offered = insightpack.offer(Path(args.folder), args.other, args.models)
    print(offered.licence, file=sys.stderr)
    if not args.accept_licence:
        if not sys.stdin.isatty():
            raise BadInput("nothing was set up: add --accept-licence to agree to this licence")
        if input("agree? [y/N] ").strip().lower() not in ("y", "yes"):
            return 0
    day = datetime.now(UTC).date().isoformat()
    written = insightpack.agree(offered, actor(), day, args.models)
    values = {"pack": insightpack.NAME, "written": str(written), "with": offered.other}
    text = f"{written}: pack {insightpack.NAME}, bodies by {offered.other}; name its folder with "
    return answer(args, values, text + "--models, beside that of the other pack")


def models_verify(args: argparse.Namespace) -> int:
    """Check the sha256 of every weight file that is here."""
    from core import zoo

    checked = []
    for row in zoo.rows(args.models).values():
        path = zoo.find(row, args.models)
        if path is not None:
            zoo.verify(row, path)
            checked.append(row.name)
    if not checked:
        raise ModelError("no weight file was found: name a folder with --models DIR")
    return answer(args, {"verified": checked}, f"verified: {', '.join(checked)}")
