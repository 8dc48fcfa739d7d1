"""The verb that trains body models: it starts the side wing of recipes (extra `train`)."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from core.cli.terminal import Verbs
from core.errors import BadInput, DongseonError

NEEDED = ("torch", "torchvision", "torchreid")
OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({}, "of the model; default BACKBONE_reid or BACKBONE_attributes"),
    "backbone": ({}, "osnet_x0_25 (default), osnet_x0_5, osnet_x1_0, osnet_ibn_x1_0, "
                 "osnet_ain_x0_25 and so on, mobilenet_v2, mobilenet_v2_in, resnet50"),
    "start": ({"metavar": "FILE"}, "weights to begin from; nothing is ever downloaded"),
    "start-note": ({"metavar": "TEXT"}, "what those weights learned from, for the card"),
    "frozen": ({"action": "store_const", "const": True}, "the backbone stays as --start has it"),
    "epochs": ({"type": int, "metavar": "N"}, "default 60"),
    "size": ({"metavar": "WxH"}, "input, px; default 128x256"),
    "embedding": ({"type": int, "metavar": "N"}, "numbers in a body vector; default 512"),
    "pooling": ({}, "gem (default) or avg"),
    "people": ({"type": int, "metavar": "P"}, "people in a batch; default 16"),
    "crops": ({"type": int, "metavar": "K"}, "crops of each; default 4"),
    "lr": ({"type": float}, "highest learning rate; default .0015, with --start .00035"),
    "warmup": ({"type": float, "metavar": "EPOCHS"}, "default 2"),
    "decay": ({"type": float}, "weight decay; default .0005"),
    "smoothing": ({"type": float}, "of the labels; default .1"),
    "scale": ({"type": float}, "0 (default): identities by a linear softmax; else by angle, "
              "times this"),
    "temperature": ({"type": float}, "0 (default): none; else of a contrastive loss in the batch"),
    "triplet-from": ({"type": int, "metavar": "EPOCH"}, "default 5; too early it collapses"),
    "margin": ({"type": float}, "of the triplet loss; default .3"),
    "clip": ({"type": float}, "largest norm of a gradient; default 5"),
    "attributes": ({"type": float, "metavar": "WEIGHT"}, "reid only: heads on the same backbone"),
    "held-out": ({"type": float, "metavar": "SHARE"}, "people kept apart to calibrate attributes "
                 "and to judge them; default .1"),
    "seed": ({"type": int}, "default 0"),
    "device": ({}, "auto (default), cpu or cuda"),
    "precision": ({}, "auto (default), bf16 or fp32"),
    "minutes": ({"type": float, "metavar": "N"}, "between checkpoints; default 5"),
    "workers": ({"type": int, "metavar": "N"}, "processes that read pictures; default 2"),
    "licence": ({"metavar": "TEXT"}, "of the weights, for the card"),
    "training-data": ({"metavar": "TEXT"}, "for the card, instead of what the tables say"),
}  # fmt: skip


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    verbs.group("train", "Train body models (needs the extra `train`)")
    for kind, run in (("reid", train_reid), ("attributes", train_attributes)):
        one = verbs.add(kind, run, group="train")
        one.add_argument("--manifest", required=True, action="append", metavar="M.csv",
                         help="labelled crops; may be given again")  # fmt: skip
        one.add_argument("--out", required=True, metavar="DIR", help="of this run; the same "
                         "command goes on with it")  # fmt: skip
        one.add_argument("--eval", action="append", metavar="M.csv",
                         help="measure on this table at the end; may be given again")  # fmt: skip
        for name, (how, text) in OPTIONS.items():
            if name != "attributes" or kind == "reid":
                one.add_argument(f"--{name}", help=text, **how)


def train_reid(args: argparse.Namespace) -> int:
    """Train a body model on crops of known people: ONNX, card, table row; resumes."""
    return _train("reid", args)


def train_attributes(args: argparse.Namespace) -> int:
    """Train an attribute model on labelled crops: ONNX, card, table row; resumes."""
    return _train("attributes", args)


def _train(kind: str, args: argparse.Namespace) -> int:
    if not all(find_spec(name) for name in NEEDED):
        raise DongseonError(
            "training needs the extra `train`: run `.uv/bin/uv pip install --require-hashes "
            "-r requirements/train.txt`"
        )
    given = {name.replace("-", "_") for name in OPTIONS} | {"manifest", "out", "eval"}
    options = {name: value for name, value in vars(args).items() if name in given}
    if args.size is not None:
        options["size"] = _size(args.size)
    told = {"kind": kind, **options, "json": args.json, "debug": args.debug}
    words = json.dumps({name: value for name, value in told.items() if value is not None})
    with subprocess.Popen([sys.executable, "-m", "core.recipes", words]) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:  # the child got it, too: it keeps its state and ends
                continue


def _size(text: str) -> list[int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise BadInput("--size is WIDTHxHEIGHT of 16 to 1024 px, for instance 128x256")
    return [int(width), int(height)]
