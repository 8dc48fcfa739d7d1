"""What the papers print, line by line, and where an answer of `eval` has our figure for it.

Another paper, or another table, is more of these rows; `core.study.tables` knows nothing of any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.types import ATTRIBUTES

EVALS = ("reid", "detection", "attributes", "route", "activations", "face-detection", "faces",
         "kisa", "bench faces")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of a table.

    name    its first cells;  paper: what the paper printed, () = nothing, a line of ours
    eval    which of EVALS measures it;  at: keys into its answer, to a number, a list of numbers
            or a table of them
    times   100 where the answer has fractions and the paper percent
    like, unlike  only answers whose model has this, or has not this (a regular expression), in its
            name
    data    only answers whose data has this in its name, in small letters
    """

    name: tuple[str, ...]
    paper: tuple[float, ...]
    eval: str
    at: tuple[str, ...]
    times: float = 100.0
    digits: int = 1
    like: str = ""
    unlike: str = ""
    data: str = ""

    def of(self, answer: Mapping[str, Any]) -> list[float | None]:
        """Our figures in an answer; empty if it does not measure this line."""
        model = str(answer.get("model", ""))
        if answer["eval"] != self.eval or self.like not in model:
            return []
        if self.unlike and re.search(self.unlike, model):
            return []
        if self.data not in str(answer.get("data", "")).lower().replace("-", "").replace("_", ""):
            return []
        value: Any = answer
        for key in self.at:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            value = list(value.values())
        values = value if isinstance(value, list) else [value]
        return [None if one is None else self.times * one for one in values]


@dataclass(frozen=True)
class Table:
    """One table. head: names of the first cells of its lines."""

    title: str
    head: tuple[str, ...]
    lines: tuple[Line, ...]


RANKS = {"mAP": "map", "Rank-1": "rank1", "Rank-5": "rank5", "Rank-10": "rank10",
         "Rank-20": "rank20"}  # fmt: skip


def _ranks(name: str, paper: Sequence[float], *before: str, **which: str) -> tuple[Line, ...]:
    """The five figures of a re-identification model."""
    return tuple(
        Line((name, figure), (value,), "reid", (*before, key), **which)  # type: ignore[arg-type]
        for (figure, key), value in zip(RANKS.items(), paper, strict=True)
    )


RERANKED = (94.7, 99.1, 99.8, 99.9, 99.9)
NO_COLORS = {"instance-based accuracy": ("accuracy", 92.5), "instance-based precision":
             ("precision", 95.8), "instance-based recall": ("recall", 95.9),
             "instance-based F1": ("f1", 95.8), "label-based mean accuracy":
             ("mean_accuracy", 89.6)}  # fmt: skip
BY_RANK = {  # per cent that the model gives to the value asked for, of the candidates at rank 1-5
    "direction": ("side", (94.7, 96.8, 71.7, 99.0, 57.2)),
    "gender": ("male", (98.4, 97.6, 50.6, 54.4, 93.9)),
    "upper_type": ("long sleeve", (97.5, 95.0, 94.2, 38.8, 45.8)),
    "lower_type": ("long trousers", (98.9, 98.4, 91.1, 52.2, 43.5)),
    "bag": ("none", (97.3, 88.4, 36.7, 73.7, 89.8)),
    "glasses": ("none", (5.7, 22.4, 3.4, 42.4, 2.6)),
    "hair": ("normal", (95.3, 92.2, 11.3, 48.6, 66.4)),
}
ROUTE = (81.9, 84.4, 84.4, 84.4, 84.4)
WAYS = ("fused", "fused+route", "body", "face", "hsv")  # of ranking; the paper's is the first

LIMITS = {"light": 1.0, "expression": 2.0, "pose": 2.0, "accessory": 1.5}  # EER, %
PICTURES = {"light": 4000, "expression": 2000, "pose": 1500, "accessory": 1000}
NETWORKS = {"ResNet-50": "resnet50", "MobileNetV2": "mobilenet_v2"}
FACE_LOSSES = ("arcface", "cosface", "softmax")
FACES = {  # per cent right with ArcFace, CosFace, softmax; of K-Face ours is rank 1
    "ResNet-50": {
        "LFW": (60.38, 58.83, 61.33),
        "AgeDB-30": (50.30, 50.58, 49.15),
        "CFP-FP": (53.67, 53.99, 54.50),
        "K-Face": (99.38, 99.10, 98.71),
    },
    "MobileNetV2": {
        "LFW": (53.40, 58.53, 66.10),
        "AgeDB-30": (55.52, 50.00, 53.73),
        "CFP-FP": (51.00, 54.19, 60.36),
        "K-Face": (96.57, 96.21, 97.95),
    },
}
SETS = {"LFW": "lfw", "AgeDB-30": "agedb", "CFP-FP": "cfp", "K-Face": "kface"}
TIMES = {  # lowest and highest ms; how ours is named in an answer of `bench faces`
    ("MTCNN 640x360", "OpenCV; ours: processor"): ((340, 360), "detector 640x360", "cpu"),
    ("MTCNN 640x360", "TensorRT"): ((60, 70), "detector 640x360", "tensorrt"),
    ("MTCNN 1280x720", "OpenCV; ours: processor"): ((1300, 1400), "detector 1280x720", "cpu"),
    ("MTCNN 1280x720", "TensorRT"): ((117, 120), "detector 1280x720", "tensorrt"),
    ("ArcFace", "TensorFlow; ours: processor"): ((90, 100), "recogniser", "cpu"),
    ("ArcFace", "TensorRT"): ((9, 20), "recogniser", "tensorrt"),
}
ACTIVATIONS = ("relu", "leaky_relu", "prelu")  # the paper draws curves and calls ReLU the best

PAPERS: Mapping[str, tuple[Table, ...]] = MappingProxyType({
    "000": (
        Table("Figure 2: P-Net by activation (the paper prints no figures)",
              ("figure", "activation"), tuple(
            Line((figure, name), (), "activations", ("by_activation", name, key), times, digits)
            for figure, key, times, digits in (("accuracy, %", "accuracy", 100.0, 1),
                                               ("classification loss", "face_loss", 1.0, 4),
                                               ("box loss", "box_loss", 1.0, 4))
            for name in ACTIVATIONS
        )),
        Table("Finding faces, average precision at IoU .5, % (ours alone)", ("figure",),
              (Line(("average precision",), (), "face-detection", ("ap50",)),)),
    ),
    "001": (
        Table("Table 3: attributes without colours, %", ("figure",), tuple(
            Line((name,), (paper,), "attributes", ("without_colors", key))
            for name, (key, paper) in NO_COLORS.items()
        ) + tuple(
            Line((f"{name}, with colours",), (), "attributes", (key,))
            for name, (key, _) in NO_COLORS.items()
        )),
        Table("Table 4: ResNet-50 and OSNet, both re-ranked, %", ("model", "figure"), (
            *_ranks("ResNet-50", (85.7, 96.7, 98.8, 99.3, 99.7), "reranked", like="resnet50"),
            *_ranks("OSNet; ours: any other", RERANKED, "reranked", unlike="resnet50"),
        )),
        Table("Table 5: OSNet before and after re-ranking, %", ("model", "figure"), (
            *_ranks("before; ours: any but ResNet-50", (80.8, 93.3, 97.7, 98.5, 99.0),
                    unlike="resnet50"),
            *_ranks("after", RERANKED, "reranked", unlike="resnet50"),
        )),
        Table("Detection of people (YOLOv4, in the text), average precision at IoU .5, %",
              ("figure",),
              (Line(("average precision",), (90.12,), "detection", ("ap50",), digits=2),)),
        Table("Table 6: probability of the value asked for at ranks 1 / 2 / 3 / 4 / 5, %",
              ("attribute", "the paper asked for"), tuple(
            Line((name, BY_RANK.get(name, ("-", ()))[0]), BY_RANK.get(name, ("-", ()))[1],
                 "attributes", ("by_rank", name))
            for name in ATTRIBUTES
        )),
        Table("Each attribute, % right (ours alone)", ("attribute",), tuple(
            Line((name,), (), "attributes", ("by_name", name, "accuracy")) for name in ATTRIBUTES
        )),
        Table("Table 7: the route test, Rank-1 / 2 / 3 / 4 / 5, %", ("ranked by", "list"), tuple(
            Line((way, listed.replace("_", " ")),
                 ROUTE if (way, listed) == ("fused", "inside_camera") else (),
                 "route", ("rank_k", way, listed), times=1.0)
            for way in WAYS
            for listed in ("inside_camera", "all_cameras")
        )),
    ),
    "002": (
        Table("Tables 1 and 2: the form of KISA's test, %; the paper's column is the certificate's "
              "limit", ("category", "figure"), tuple(
            Line((category, name), (limit,) if key == "eer" else (), "kisa",
                 ("category", category, key), digits=2)
            for category, limit in LIMITS.items()
            for name, key in (("EER", "eer"), ("FMR", "fmr"), ("FNMR", "fnmr"))
        )),
        Table("Table 3: the pictures of that test", ("what",), (
            Line(("people, a registration each",), (500,), "kisa", ("n_people",), 1.0, 0),
            *(Line((f"{category}, pictures",), (n,), "kisa", ("category", category, "n_genuine"),
                   1.0, 0) for category, n in PICTURES.items()),
        )),
        Table("Table 5: backbones and losses, % right", ("backbone", "set", "loss"), tuple(
            Line((network, name, loss), (paper[k],), "faces",
                 ("rank1",) if name == "K-Face" else ("accuracy",), digits=2,
                 like=f"{NETWORKS[network]}_{loss}", data=SETS[name])
            for network, sets in FACES.items()
            for name, paper in sets.items()
            for k, loss in enumerate(FACE_LOSSES)
        )),
        Table("Table 5: other models on such sets, % right (ours alone)", ("set",), tuple(
            Line((name,), (), "faces", ("rank1",) if name == "K-Face" else ("accuracy",),
                 digits=2, unlike="_(arcface|cosface|softmax)$", data=data)
            for name, data in SETS.items()
        )),
        Table("Tables 8 and 9: ms of one picture or face; paper lowest / highest, on a Jetson "
              "Nano and Xavier", ("what", "by"), tuple(
            Line(words, paper, "bench faces", ("ms", what, how), 1.0, 1)
            for words, (paper, what, how) in TIMES.items()
        )),
    ),
})  # fmt: skip
