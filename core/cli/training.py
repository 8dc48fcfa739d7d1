"""The verbs that train models: they start the side wing of recipes (extra `train`)."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
    "fine": ({"action": "store_const", "const": True}, "a MobileNet's last stage looks at four "
             "times as many places"),
    "colors": ({"action": "store_const", "const": True}, "histograms of colors by height beside "
               "the backbone"),
    "mirrored": ({"action": "store_const", "const": True}, "the model written looks at each crop "
                 "and its mirror picture: better, and twice the work"),
    "blend": ({"type": float, "metavar": "SHARE"}, "of the start's weights in what is written; 0"),
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

_SAME = ("start", "start-note", "clip", "seed", "device", "precision", "minutes", "workers",
         "licence", "training-data")  # fmt: skip
DETECTION: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({}, "of the model; default BACKBONE_person"),
    "backbone": ({}, "mobilenet_v2 (default)"),
    "epochs": ({"type": int, "metavar": "N"}, "default 30"),
    "size": ({"metavar": "WxH"}, "of a training picture, px; default 416x416"),
    "use": ({"metavar": "WxH", "action": "append"}, "input size in use; may be given again, the "
            "same file serves them all; default 416x416 and 640x384"),
    "width": ({"type": int, "metavar": "N"}, "channels of neck and head; default 64"),
    "batch": ({"type": int, "metavar": "N"}, "pictures in a batch; default 16"),
    "pictures": ({"type": int, "metavar": "N"}, "composed in an epoch; default as many as listed"),
    "share": ({"type": float, "action": "append"}, "how often a table is taken from, once for each "
              "--manifest; by default all pictures alike"),
    "mosaic": ({"type": float}, "share of pictures put together from four; default .5"),
    "paste": ({"type": float}, "share with drawn people put in; default .5"),
    "freeze": ({"type": int, "metavar": "N"}, "first blocks of the backbone left as they began; "
               "default 0"),
    "slow": ({"type": float}, "learning rate of a started backbone as a share; default .2"),
    "lr": ({"type": float}, "highest learning rate; default .002, with --start .001"),
    "warmup": ({"type": float, "metavar": "EPOCHS"}, "default 1"),
    "decay": ({"type": float}, "weight decay; default .02"),
    "average": ({"type": float}, "memory of the running mean of the weights; default .998"),
    **{name: OPTIONS[name] for name in _SAME},
    "clip": ({"type": float}, "largest norm of a gradient; default 10"),
}  # fmt: skip
FACES: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({}, "of the model; default BACKBONE_LOSS"),
    "backbone": ({}, "mobilenet_v2_96 (default: MobileNetV2 up to its stage of 96 channels), "
                 "mobilenet_v2, mobilefacenet, resnet50"),
    "identities": ({"type": int, "metavar": "N"}, "only the first N people; default all"),
    "loss": ({}, "arcface (default), cosface or softmax"),
    "margin": ({"type": float}, "default .5 for arcface, .35 for cosface"),
    "scale": ({"type": float}, "of the cosines; default 32"),
    "ramp": ({"type": float, "metavar": "EPOCHS"}, "the margin grows from 0; default 0"),
    "temperature": ({"type": float}, "0 (default): none; else of a contrastive loss in the batch"),
    "smoothing": ({"type": float}, "of the labels; default 0"),
    "epochs": ({"type": int, "metavar": "N"}, "default 20"),
    "steps": ({"type": int, "metavar": "N"}, "batches in an epoch; default each crop about once"),
    "embedding": ({"type": int, "metavar": "N"}, "numbers in a face vector; default 256"),
    "people": ({"type": int, "metavar": "P"}, "people in a batch; default 16"),
    "crops": ({"type": int, "metavar": "K"}, "crops of each, 1 = any faces; default 4"),
    "freeze": ({"type": int, "metavar": "N"}, "first blocks of the backbone left as they began; "
               "default 0"),
    "slow": ({"type": float}, "learning rate of a started backbone as a share; default .5"),
    "mirrored": ({"action": "store_const", "const": True}, "the model written looks at each face "
                 "and its mirror picture: better, and twice the work"),
    "jitter": ({"type": float}, "of the five points, as a share of the eyes' distance; default "
               ".04"),
    "lr": ({"type": float}, "highest learning rate; default .002, with --start .001"),
    "warmup": ({"type": float, "metavar": "EPOCHS"}, "default 1"),
    "decay": ({"type": float}, "weight decay; default .01"),
    "face": ({"metavar": "NAME"}, "finds faces in the pack that is written; default "
             "yunet_2023mar"),
    **{name: OPTIONS[name] for name in _SAME},
}  # fmt: skip
_SEVERAL = {"action": "append", "metavar": "NAME"}
GRID: dict[str, tuple[dict[str, Any], str]] = {
    "backbone": (_SEVERAL, "may be given again; default resnet50 and mobilenet_v2"),
    "loss": (_SEVERAL, "may be given again; default arcface, cosface and softmax"),
    "identities": ({"type": int, "metavar": "N"}, "default the first 200"),
    "epochs": ({"type": int, "metavar": "N"}, "default 10"),
    "steps": ({"type": int, "metavar": "N"}, "batches in an epoch; default 12"),
    "people": ({"type": int, "metavar": "P"}, "people in a batch; default 16"),
    "crops": ({"type": int, "metavar": "K"}, "crops of each; default 2"),
    "ramp": ({"type": float, "metavar": "EPOCHS"}, "the margin grows from 0; default 5"),
    **{name: FACES[name] for name in ("embedding", "scale", "lr", "warmup", "face", "seed",
                                      "device", "precision", "workers")},
}  # fmt: skip
LANDMARKS: dict[str, tuple[dict[str, Any], str]] = {
    "pictures": ({"required": True, "metavar": "DIR"}, "a folder for each person"),
    "out": ({"required": True, "metavar": "M.csv"}, "the table for `train faces`"),
    "model": ({"metavar": "NAME"}, "finds the faces; default yunet_2023mar"),
}  # fmt: skip
MTCNN: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({}, "of the model; default mtcnn"),
    "activation": ({}, "prelu (default, as published), relu or leaky_relu"),
    "nets": ({"type": int, "metavar": "N"}, "1 = P-Net alone, 2 = and R-Net, 3 (default) = all"),
    "epochs": ({"type": int, "metavar": "N"}, "of each network; default 8"),
    "samples": ({"type": int, "metavar": "N", "action": "append"}, "crops in an epoch, once or for "
                "each network; default 60000, 40000, 30000"),
    "batch": ({"type": int, "metavar": "N"}, "crops in a batch, a multiple of 64; default 512"),
    "share": ({"type": float, "action": "append"}, "how often a table is taken from, once for each "
              "--manifest; by default all faces alike"),
    "hard": ({"type": float}, "share of the crops whose loss counts, the hardest; default .7"),
    "held-out": ({"type": float, "metavar": "SHARE"}, "people kept apart to judge; default .1"),
    "least-px": ({"type": float, "metavar": "PX"}, "of the faces looked for; default 20"),
    "least": ({"type": float, "action": "append", "metavar": "SCORE"}, "that a network lets pass "
              "in use, for each of the three; default .6, .7, .3"),
    "score": ({"type": float}, "of a face in use; default .6"),
    "teacher": ({"metavar": "DIR"}, "published networks (pnet.pt, rnet.pt, onet.pt) whose word on "
                "every crop is learned, too"),
    "follow": ({"type": float, "metavar": "W"}, "weight of what is learned from it; default 1"),
    "lr": ({"type": float}, "highest learning rate; default .003"),
    "warmup": ({"type": float, "metavar": "EPOCHS"}, "default .5"),
    "decay": ({"type": float}, "weight decay; default .0001"),
    **{name: OPTIONS[name] for name in _SAME if not name.startswith("start")},
    "clip": ({"type": float}, "largest norm of a gradient; default 10"),
    "workers": ({"type": int, "metavar": "N"}, "processes that cut crops; default 0"),
}  # fmt: skip
BARENESS: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({}, "of the model; default bareness"),
    "epochs": ({"type": int, "metavar": "N"}, "default 10"),
    "samples": ({"type": int, "metavar": "N"}, "crops in an epoch; default 50048"),
    "batch": ({"type": int, "metavar": "N"}, "crops in a batch, a multiple of 64; default 128"),
    "held-out": ({"type": float, "metavar": "SHARE"}, "people kept apart to judge; default .1"),
    "least": ({"type": float}, "how sure it must be that a face is bare, in use; default .9997"),
    "jitter": ({"type": float}, "how far points move, in widths of the face; default .02"),
    "lr": ({"type": float}, "highest learning rate; default .002"),
    "warmup": ({"type": float, "metavar": "EPOCHS"}, "default .5"),
    "decay": ({"type": float}, "weight decay; default .02"),
    **{name: OPTIONS[name] for name in _SAME if not name.startswith("start")},
    "clip": ({"type": float}, "largest norm of a gradient; default 5"),
    "workers": ({"type": int, "metavar": "N"}, "processes that cut crops; default 1"),
}  # fmt: skip
LESSON: dict[str, tuple[dict[str, Any], str]] = {
    "pictures": ({"required": True, "metavar": "PATH"}, "a folder of pictures, or a film"),
    "out": ({"required": True, "metavar": "DIR"}, "gets frames.csv and frames/"),
    "model": ({"metavar": "NAME"}, "the teacher; default yolox_nano; a face "
              "detector writes faces.csv"),
    "half": ({"choices": ("all", "even", "odd")}, "of a folder: by the sha256 of the file names; "
             "default all"),
    "every": ({"type": float, "metavar": "SECONDS"}, "of a film; default 1"),
}  # fmt: skip


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    verbs.group("train", "Train models (needs the extra `train`)")
    for kind, run, options in (("reid", train_reid, OPTIONS),
                               ("attributes", train_attributes, OPTIONS),
                               ("detection", train_detection, DETECTION),
                               ("faces", train_faces, FACES),
                               ("face-grid", train_face_grid, GRID),
                               ("mtcnn", train_mtcnn, MTCNN),
                               ("bareness", train_bareness, BARENESS)):  # fmt: skip
        one = verbs.add(kind, run, group="train")
        one.add_argument("--manifest", required=True, action="append", metavar="M.csv",
                         help="labelled pictures, for faces also a folder of aligned ones for each "
                         "person; may be given again")  # fmt: skip
        one.add_argument("--out", required=True, metavar="DIR", help="of this run; the same "
                         "command goes on with it")  # fmt: skip
        one.add_argument("--eval", action="append", metavar="M.csv",
                         help="measure on this at the end, for faces also on folders and .bin "
                         "files of `eval faces`; may be given again")  # fmt: skip
        for name, (how, text) in options.items():
            if name != "attributes" or kind == "reid":
                one.add_argument(f"--{name}", help=text, **how)
    for kind, run, options in (("pseudo-labels", pseudo_labels, LESSON),
                               ("face-landmarks", face_landmarks, LANDMARKS)):  # fmt: skip
        one = verbs.add(kind, run, group="train", models=True)
        for name, (how, text) in options.items():
            one.add_argument(f"--{name}", help=text, **how)


def train_reid(args: argparse.Namespace) -> int:
    """Train a body model on crops of known people: ONNX, card, table row; resumes."""
    return _train("reid", args, OPTIONS)


def train_attributes(args: argparse.Namespace) -> int:
    """Train an attribute model on labelled crops: ONNX, card, table row; resumes."""
    return _train("attributes", args, OPTIONS)


def train_detection(args: argparse.Namespace) -> int:
    """Train a person detector on pictures with boxes: ONNX, card, table rows; resumes."""
    return _train("detection", args, DETECTION)


def train_faces(args: argparse.Namespace) -> int:
    """Train a face embedder on faces of known people: ONNX, card, table row; resumes."""
    return _train("faces", args, FACES)


def train_face_grid(args: argparse.Namespace) -> int:
    """Train equal small cells of backbones and losses: table 5 of papers/002."""
    return _train("face-grid", args, GRID)


def face_landmarks(args: argparse.Namespace) -> int:
    """Find the face in each picture of a folder of people, for `train faces`."""
    options = _told(args, (*LANDMARKS, "models"))
    options["models"] = [str(folder) for folder in args.models]
    return _start("face-landmarks", args, options)


def train_mtcnn(args: argparse.Namespace) -> int:
    """Train a face detector of three nets on pictures with faces: ONNX, card, rows; resumes."""
    return _train("mtcnn", args, MTCNN)


def train_bareness(args: argparse.Namespace) -> int:
    """Train a judge of bare lower faces on drawn people with masks and without; resumes."""
    return _train("bareness", args, BARENESS)


def pseudo_labels(args: argparse.Namespace) -> int:
    """Let a detector that is there label pictures or a film, for `train detection`."""
    options = _told(args, (*LESSON, "models"))
    options["models"] = [str(folder) for folder in args.models]
    return _start("pseudo-labels", args, options)


def _train(kind: str, args: argparse.Namespace, known: Iterable[str]) -> int:
    if not all(find_spec(name) for name in NEEDED):
        raise DongseonError(
            "training needs the extra `train`: run `.uv/bin/uv pip install --require-hashes "
            "-r requirements/train.txt`"
        )
    options = _told(args, (*known, "manifest", "out", "eval"))
    if options.get("size"):
        options["size"] = _size(args.size)
    if options.get("use"):
        options["use"] = [_size(one) for one in options["use"]]
    return _start(kind, args, options)


def _told(args: argparse.Namespace, known: Iterable[str]) -> dict[str, Any]:
    """{option: value} of what the wing knows."""
    names = {name.replace("-", "_") for name in known}
    return {name: value for name, value in vars(args).items() if name in names}


def _start(kind: str, args: argparse.Namespace, options: Mapping[str, Any]) -> int:
    """Start the wing; its exit code."""
    told = {"kind": kind, **options, "json": args.json, "debug": args.debug}
    words = json.dumps({name: value for name, value in told.items() if value is not None})
    command = [sys.executable, "-m", "core.recipes", words]
    with _told_to_end() as asked, subprocess.Popen(command) as child:
        asked.child = child
        asked.pass_on()
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:  # the child got it, too: it keeps its state and ends
                continue


@dataclass
class _Asked:
    """Whether this process was told to end, and the one it is to tell."""

    told: bool = False
    child: subprocess.Popen[bytes] | None = None

    def pass_on(self) -> None:
        if self.told and self.child is not None:
            self.child.terminate()

    def __call__(self, *_: object) -> None:
        self.told = True
        self.pass_on()


@contextmanager
def _told_to_end() -> Iterator[_Asked]:
    """Pass SIGTERM on, which is for this process alone, unlike Ctrl-C: the child ends, then we."""
    asked = _Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGTERM, asked)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)


def _size(text: str) -> list[int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise BadInput("{text!r} is no WIDTHxHEIGHT in px, for instance 128x256", text=text[:40])
    return [int(width), int(height)]
