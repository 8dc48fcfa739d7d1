"""The values that flow between the stations; shapes are checked here, once, at birth.

Boxes are xyxy pixels (float32), vectors float32 unit rows, angles degrees, rates fractions 0-1.
Times are Unix seconds (float64): *camera-clock* time in clips and tracklets, *true* time in
sightings, rankings and routes. Missing is NaN or None, never 0.
"""

from __future__ import annotations

from core.types.attributes import (
    ATTRIBUTES,
    COLORS,
    UNKNOWN,
    Sureness,
    Traits,
    Want,
    check_attributes,
    wants,
)
from core.types.checks import (
    Float32,
    Float64,
    Image,
    Int,
    check_place,
    numbers,
    parse_time,
    safe_id,
)
from core.types.footage import (
    Camera,
    Clip,
    Recorder,
    Tracklet,
)
from core.types.notes import (
    Note,
    Progress,
    note,
)
from core.types.person import (
    Description,
    FootageBox,
    Kind,
    LastSeen,
    Photo,
    Probe,
    Vectors,
)
from core.types.route import (
    Leg,
    NextCamera,
    Path,
    Route,
    Stop,
)
from core.types.sightings import (
    BANDS,
    PARTS,
    VERDICTS,
    Band,
    Ranking,
    Searched,
    Sighting,
    Source,
    Verdict,
)

__all__ = [
    "ATTRIBUTES",
    "BANDS",
    "COLORS",
    "PARTS",
    "UNKNOWN",
    "VERDICTS",
    "Band",
    "Camera",
    "Clip",
    "Description",
    "Float32",
    "Float64",
    "FootageBox",
    "Image",
    "Int",
    "Kind",
    "LastSeen",
    "Leg",
    "NextCamera",
    "Note",
    "Path",
    "Photo",
    "Probe",
    "Progress",
    "Ranking",
    "Recorder",
    "Route",
    "Searched",
    "Sighting",
    "Source",
    "Stop",
    "Sureness",
    "Tracklet",
    "Traits",
    "Vectors",
    "Verdict",
    "Want",
    "check_attributes",
    "check_place",
    "note",
    "numbers",
    "parse_time",
    "safe_id",
    "wants",
]
