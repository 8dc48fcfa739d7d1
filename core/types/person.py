"""Who is looked for, and what the models say of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.errors import BadInput
from core.types.attributes import ATTRIBUTES, Want, check_attributes
from core.types.checks import Float32, Int, check_place, frozen_array, need
from core.types.notes import Note

Kind = Literal["body", "face"]


@dataclass(frozen=True)
class Vectors:
    """Embeddings of one person by one model.

    rows (n,D) unit rows;  quality (n,) 0-1;  size_px (n,) native pixels: face box width, or body
    box height;  crop (n,) index of the picture each row came from
    """

    kind: Kind
    rows: Float32
    quality: Float32
    size_px: Float32
    crop: Int

    def __post_init__(self) -> None:
        rows = frozen_array(self, "rows", np.float32, (None, None))
        norms = np.linalg.norm(rows, axis=1)
        need(bool(np.all(np.abs(norms - 1) < 1e-3)), "Vectors.rows must be unit rows", norms[:3])
        for name, dtype in (("quality", np.float32), ("size_px", np.float32), ("crop", np.int64)):
            frozen_array(self, name, dtype, (len(rows),))

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Description:
    """What the models say about one person: a tracklet, or the probe.

    vectors     {model name: Vectors}
    attributes  {attribute: (V,) probabilities over its values}; absent = not judged
    missing     {"face" or "body" or "attributes": why there is no evidence of that kind}
    judge       name of the model that judged the attributes, "" if nothing was judged
    """

    of_id: str
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    attributes: Mapping[str, Float32] = field(default_factory=dict)
    missing: Mapping[str, Note] = field(default_factory=dict)
    judge: str = ""

    def __post_init__(self) -> None:
        for name, probability in self.attributes.items():
            need(name in ATTRIBUTES, "Description.attributes: unknown name", name)
            need(
                np.shape(probability) == (len(ATTRIBUTES[name]),),
                f"Description.attributes[{name}] needs one probability per value",
                np.shape(probability),
            )


@dataclass(frozen=True)
class LastSeen:
    """Where and when (true time) the person was last seen."""

    from_s: float
    to_s: float
    lat: float
    lon: float
    radius_m: float = 100.0

    def __post_init__(self) -> None:
        check_place(self.lat, self.lon)
        if self.to_s < self.from_s:
            raise BadInput("last seen: the end lies before the beginning")


@dataclass(frozen=True)
class Photo:
    """One uploaded photo, kept by its hash. taken_s: Unix seconds or None if not known.

    box, face  xyxy px of the upright picture as `core.photo` reads it: the person looked for, and
               that person's face, where somebody chose one of several; None = nobody had to choose
    """

    sha256: str
    name: str
    taken_s: float | None = None
    box: tuple[float, float, float, float] | None = None
    face: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class FootageBox:
    """A box drawn on the person in footage: clip by hash, camera-clock time or offset, box px."""

    clip_sha256: str
    path: str
    at_s: float  # seconds into the file
    box: tuple[float, float, float, float]
    true_s: float | None = None  # true time, when the clip is in the gallery


@dataclass(frozen=True)
class Probe:
    """Who is looked for.

    clothes_may_differ is true for uploaded photos unless "same clothes, same day" was ticked.
    """

    photos: tuple[Photo, ...] = ()
    boxes: tuple[FootageBox, ...] = ()
    description: Description = field(default_factory=lambda: Description("probe"))
    wanted: Mapping[str, Want] = field(default_factory=dict)
    last_seen: LastSeen | None = None
    clothes_may_differ: bool = True

    def __post_init__(self) -> None:
        check_attributes(self.wanted)
