"""Verbs for figures on face data sets: eval faces, eval kisa."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.cli.terminal import answer, write
from core.errors import BadInput
from core.types.kface import Cell

SETS: Mapping[str, tuple[str, str]] = {
    "manifest": ("M.csv", "path_a,path_b,same[,width_b]"),
    "lfw": ("DIR", "Labeled Faces in the Wild, with its pairs*.txt"),
    "bin": ("FILE", "aligned pairs as insightface publishes them (agedb_30.bin)"),
    "casia": ("DIR", "a folder for each person"),
    "rec": ("FILE", "aligned faces in RecordIO (train.rec)"),
    "kface": ("DIR", "K-Face"),
}


def options(one: argparse.ArgumentParser) -> None:
    """The options of `eval faces` but those that name the model."""
    sets = one.add_mutually_exclusive_group(required=True)
    for name, (metavar, text) in SETS.items():
        sets.add_argument(f"--{name}", metavar=metavar, help=text)
    one.add_argument("--pairs", metavar="FILE", help="with --lfw: which list")
    one.add_argument("--flip", action="store_true", help="with --lfw or --bin: add the vector of "
                     "the mirror image")  # fmt: skip
    one.add_argument("--people", type=int, metavar="N", help="with --casia, --rec, --kface: only "
                     "the first N people")  # fmt: skip
    one.add_argument("--each", type=int, default=20, metavar="N", help="with the same: so many "
                     "pictures of each, spread over theirs")  # fmt: skip


def eval_faces(args: argparse.Namespace, model: str) -> int:
    """Figures of a face model on labelled pairs, or on a public set."""
    values = _values(args, model)
    if args.manifest is not None:
        text = f"{model}: accuracy {values['accuracy']}  EER {values['eer']}  "
        text += f"TAR at FAR .01 {values['tar_at_far_0.01']}  by width {values['by_width']}  "
        return answer(args, values, f"{text}({values['n_face_not_found']} faces not found)")
    lines = [_line(model, values), _line("colour histogram", values["histogram"])]
    counts = [f"{v} {k[2:].replace('_', ' ')}" for k, v in values.items() if k.startswith("n_")]
    return answer(args, values, "\n".join([*lines, f"{values['set']}: {', '.join(counts)}"]))


def _line(name: str, values: Mapping[str, Any]) -> str:
    names = {"accuracy": "accuracy", "rank1": "rank-1", "rank5": "rank-5", "eer": "EER",
             "tar_at_far_0.01": "TAR at FAR .01", "tar_at_far_0.001": ".001"}  # fmt: skip
    return f"{name}: " + "  ".join(
        f"{text} {values[k]}" for k, text in names.items() if k in values
    )


def _values(args: argparse.Namespace, model: str) -> dict[str, Any]:
    from core import facesets, study
    from core.study import facetest

    if args.manifest is not None:
        return study.faces(Path(args.manifest), model, args.models, progress=sys.stderr)
    if args.lfw is not None or args.bin is not None:
        listing = None if args.pairs is None else Path(args.pairs)
        pairs = (facesets.bin_pairs(Path(args.bin)) if args.lfw is None
                 else facesets.lfw_pairs(Path(args.lfw), listing))  # fmt: skip
        return facetest.pairs_test(pairs, model, args.models, sys.stderr, flip=args.flip)
    if args.each < 2 or (args.people is not None and args.people < 2):
        raise BadInput("--people and --each must be 2 or more")
    readers = {"casia": facesets.casia, "rec": facesets.recordio, "kface": facetest.kface_people}
    kind = next(name for name in readers if getattr(args, name) is not None)
    root = Path(getattr(args, kind))
    return facetest.people_test(readers[kind](root), root.name, model, args.models, sys.stderr,
                                aligned=kind == "rec", most=args.people,
                                each=args.each)  # fmt: skip


def kisa_options(one: argparse.ArgumentParser) -> None:
    """The options of `eval kisa`."""
    one.add_argument("--kface", required=True, metavar="DIR", help="K-Face, or a set of its form")
    one.add_argument("--people", type=int, default=500, metavar="N", help="the first N")
    one.add_argument("--cell", action="append", default=[], metavar="CATEGORY=S001/L1/E01/C7",
                     help="pictures of a category; may be given again")  # fmt: skip
    one.add_argument("--det", metavar="FILE.svg", help="write the DET curves as a picture")
    one.add_argument("--model", action="append", metavar="NAME", help="may be given again")
    one.add_argument("--pack", metavar="NAME")


def eval_kisa(args: argparse.Namespace, models: list[str]) -> int:
    """Error rates after the form of KISA's face test: table 3 of papers/002."""
    from core.study.kisa import kisa

    cells: dict[str, tuple[Cell, ...]] = {}
    for text in args.cell:
        name, _, code = text.partition("=")
        cells[name] = (*cells.get(name, ()), Cell.parse(code))
    found = kisa(Path(args.kface), models, args.models, sys.stderr, people=args.people, cells=cells)
    if args.det is not None:
        write(args.det, found.det)
    return answer(args, found.values, found.text)
