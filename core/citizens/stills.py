"""A filmed city in, a contact sheet out: of every camera the moment that shows most people."""

from __future__ import annotations

import csv
from pathlib import Path

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.errors import BadInput

Image = NDArray[np.uint8]
WIDE_PX = 640


def sheet(folder: Path, columns: int = 2) -> Image:
    """RGB picture of all cameras of a delivered city. Raises BadInput if there is no city."""
    try:
        rows = list(csv.DictReader((folder / "clips.csv").read_text("utf-8").splitlines()))
        boxes = pq.read_table(folder / "truth" / "boxes.parquet").to_pandas()
    except (OSError, ValueError) as error:
        raise BadInput("there is no city in {folder} ({why})", folder=folder, why=error) from None
    boxes["seen"] = (boxes["y2"] - boxes["y1"]).clip(0, 160) * boxes["visible"]
    most = boxes.groupby(["camera", "frame"])["seen"].sum()
    stills = []
    for row in rows:
        own = most.get(row["camera_id"])
        stills.append(_frame(folder / row["path"], 0 if own is None else int(own.idxmax())))
    height = stills[0].shape[0]
    empty = np.zeros((height, WIDE_PX, 3), np.uint8)
    stills += [empty] * (-len(stills) % columns)
    return np.vstack([np.hstack(stills[i : i + columns]) for i in range(0, len(stills), columns)])


def _frame(film: Path, number: int) -> Image:
    """The picture of this number, WIDE_PX wide."""
    with av.open(str(film)) as opened:
        for n, frame in enumerate(opened.decode(video=0)):
            if n == number:
                image = frame.to_ndarray(format="rgb24")
                size = (WIDE_PX, round(image.shape[0] * WIDE_PX / image.shape[1]))
                return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    raise BadInput("{film} ends before picture {number}", film=film, number=number)
