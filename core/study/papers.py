"""What the papers print, line by line, and where an answer of `eval` has our figure for it.

Another paper, or another table, is more of these rows; `core.study.tables` knows nothing of any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.types import ATTRIBUTES

EVALS = ("reid", "detection", "attributes", "route", "activations", "face-detection")


@dataclass(frozen=True)
class Line:
    """One line of a table.

    name    its first cells;  paper: what the paper printed, () = nothing, a line of ours
    eval    which of EVALS measures it;  at: keys into its answer, to a number, a list of numbers
            or a table of them
    times   100 where the answer has fractions and the paper percent
    like, unlike  only answers whose model has this, or has not this, in its name
    """

    name: tuple[str, ...]
    paper: tuple[float, ...]
    eval: str
    at: tuple[str, ...]
    times: float = 100.0
    digits: int = 1
    like: str = ""
    unlike: str = ""

    def of(self, answer: Mapping[str, Any]) -> list[float | None]:
        """Our figures in an answer; empty if it does not measure this line."""
        model = str(answer.get("model", ""))
        if answer["eval"] != self.eval or self.like not in model:
            return []
        if self.unlike and self.unlike in model:
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
})  # fmt: skip
