"""The nets that are trained so far and all pictures in; what they take for faces, labelled, out.

What they wrongly let pass is what the next net has to learn: hard negatives. They are kept beside
the run, so that one that goes on learns from the same.

Source: [zhang2016mtcnn]
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import nn

from core import cascade
from core.recipes import loop, networks
from core.recipes.mtcnn.cut import NO, Mined, kind_of
from core.recipes.mtcnn.faces import Faces
from core.recipes.mtcnn.network import Product
from core.study.manifest import shown
from core.study.pictures import read
from core.types import Image

AT_ONCE = 8  # pictures
LET_PASS = 0.5  # lower than in use: what is nearly let pass teaches, too
EACH = 60  # windows without a face of one picture, the surest first
FILE = "mined.npz"


def runs(nets: Sequence[nn.Module], where: str) -> list[cascade.Run]:
    """Trained nets as the product's cascade calls them."""
    ready = [Product(net).to(where).eval() for net in nets]

    def one(net: nn.Module, images: Image) -> np.ndarray:
        with torch.no_grad():
            parts = [
                net(networks.pictures(torch.from_numpy(images[i : i + 256]), where)).cpu()
                for i in range(0, len(images), 256)
            ]
        return torch.cat(parts).numpy()

    return [lambda images, net=net: one(net, images) for net in ready]  # type: ignore[misc]


def mine(
    nets: Sequence[nn.Module], faces: Faces, least_px: float, where: str,
    progress: IO[str] | None = sys.stderr,
) -> Mined:  # fmt: skip
    """What the nets so far let pass in every picture."""
    found: list[tuple[np.ndarray, ...]] = []
    how = cascade.Search(least_px, (LET_PASS,) * 3)
    ready = runs(nets, where)
    starts = list(range(0, len(faces), AT_ONCE))
    for start in shown(starts, progress):
        at = range(start, min(start + AT_ONCE, len(faces)))
        images = [read(faces.path[i]) for i in at]
        for i, stages in zip(at, cascade.find(ready, images, how), strict=True):
            box = stages[-1].box
            kind, face = kind_of(box, faces.box[i])
            none = np.flatnonzero(kind == NO)
            taught = kind >= 0
            taught[none[EACH:]] = False
            unsure = (face >= 0) & ~np.append(faces.sure[i], True)[face]
            keep = taught & ~unsure
            found.append((np.full(int(keep.sum()), i), box[keep], kind[keep], face[keep]))
    picture, box, kind, face = (np.concatenate(part) for part in zip(*found, strict=True))
    return Mined(picture, box.astype(np.float32), kind, face)


def kept(folder: Path, identity: str) -> Mined | None:
    """What was mined for this run before, if it was."""
    path = folder / FILE
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as said:
        if str(said["identity"]) != hashlib.sha256(identity.encode()).hexdigest():
            return None
        return Mined(said["picture"], said["box"], said["kind"], said["face"])


def keep(folder: Path, identity: str, mined: Mined) -> None:
    """Write what was mined, whole or not at all."""
    content = io.BytesIO()
    named = hashlib.sha256(identity.encode()).hexdigest()
    np.savez_compressed(content, identity=named, **vars(mined))
    folder.mkdir(parents=True, exist_ok=True)
    loop.whole(folder / FILE, content.getvalue())
