"""What a recorder's screen and a right clock showed at one moment in; its clock's offset out.

The usual check is a photo of the recorder's screen beside a phone. The doubt
it leaves is that of reading two clocks to the second.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from core.cameralist import SIGMA_PHOTO_S, SIGMA_TOLD_S
from core.errors import BadInput, NotFound
from core.route.transit import DAY_S
from core.types import Recorder
from core.workspace import Workspace

How = Literal["photo", "told"]
SIGMA_S = {"photo": SIGMA_PHOTO_S, "told": SIGMA_TOLD_S}


def clock_of(recorder: Recorder, showed_s: float, true_s: float, how: How = "photo") -> Recorder:
    """The recorder with the offset and the doubt that follow from one check."""
    return replace(
        recorder,
        clock_offset_s=round(true_s - showed_s, 3),
        clock_sigma_s=SIGMA_S[how],
        checked_at=true_s,
        how=how,
    )


def check_clock(
    ws: Workspace,
    recorder_id: str,
    showed_s: float,
    true_s: float,
    *,
    now_s: float,
    how: How = "photo",
    by: str = "",
) -> Recorder:
    """Correct a recorder's clock: all its footage moves in true time, nothing is written anew.

    showed_s  what the recorder showed, true_s: what the right clock showed at that moment

    Raises NotFound; BadInput for a moment that has not come yet.
    """
    known = ws.recorders().get(recorder_id)
    camera = next((c for c in ws.cameras().values() if c.recorder_id == recorder_id), None)
    if known is None or camera is None:
        raise NotFound(
            "recorder {recorder!r} is not known: add a camera of it first",
            recorder=recorder_id[:40],
        )
    if true_s > now_s + DAY_S:
        raise BadInput("the clock check lies in the future: look at its date again")
    checked = clock_of(known, showed_s, true_s, how)
    ws.add_camera(camera, checked, by=by)
    return checked
