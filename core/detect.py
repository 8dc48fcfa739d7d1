"""Frames in, people out: person boxes in frame pixels, several frames at a time.

Source: [ge2021yolox]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.geometry import letterbox, nms
from core.types import Float32, Image
from core.zoo import Model


@dataclass(frozen=True)
class People:
    """People of one frame, best first: box (N,4) xyxy px inside the frame, score (N,) 0-1."""

    box: Float32
    score: Float32

    def __len__(self) -> int:
        return len(self.box)


def decode_yolox(
    raw: NDArray[np.float32], size: tuple[int, int], spec: Mapping[str, Any]
) -> tuple[Float32, Float32]:
    """One picture's raw YOLOX output -> boxes (A,4) in input pixels and person scores (A,).

    raw (A, 5 + classes): centre offset and log size in strides, objectness, class scores;  size =
    input (width, height);  spec = the row's output table with strides and person_class.

    Source: [ge2021yolox]
    """
    cells, strides = [], []
    for stride in spec["strides"]:
        y, x = np.mgrid[0 : size[1] // stride, 0 : size[0] // stride]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((x.size, 1), stride))
    stride_of = np.concatenate(strides).astype(np.float32)  # (A,1)
    centre = (raw[:, :2] + np.concatenate(cells)) * stride_of  # (A,2)
    half = np.exp(raw[:, 2:4]) * stride_of / 2
    score = raw[:, 4] * raw[:, 5 + spec["person_class"]]
    return np.concatenate([centre - half, centre + half], axis=1), score


class PersonDetector:
    """Finds people in frames of any size.

    min_score  lower boxes are dropped; low on purpose, the tracker uses weak boxes to keep a track
    max_iou    boxes that overlap a better one by more are dropped
    """

    def __init__(self, model: Model, *, min_score: float = 0.1, max_iou: float = 0.6) -> None:
        if model.row.output["decoder"] != "yolox":
            raise ValueError(f"{model.name} is not a YOLOX detector")
        self.model = model
        self.min_score = min_score
        self.max_iou = max_iou

    def __call__(self, images: Sequence[Image]) -> list[People]:
        """People of each frame (H,W,3) uint8 RGB; frames may differ in size. [] for no frames."""
        if not images:
            return []
        fill = self.model.row.input["fill"]
        fitted = [letterbox(image, self.model.row.size, fill) for image in images]
        (raw,) = self.model(np.stack([picture for picture, _ in fitted]))  # (B,A,5+classes)
        return [
            self._people(one, scale, image.shape[1::-1])
            for one, (_, scale), image in zip(raw, fitted, images, strict=True)
        ]

    def _people(
        self, raw: NDArray[np.float32], scale: float, frame_size: tuple[int, ...]
    ) -> People:
        box, score = decode_yolox(raw, self.model.row.size, self.model.row.output)
        likely = np.flatnonzero(score >= self.min_score)
        box, score = box[likely] / scale, score[likely]
        box = np.clip(box, 0, np.array([*frame_size, *frame_size]))  # (N,4) inside the frame
        kept = nms(box, score, self.max_iou)
        kept = kept[np.all(box[kept, 2:] - box[kept, :2] >= 2, axis=1)]  # a box has a size
        return People(box[kept].astype(np.float32), score[kept].astype(np.float32))
