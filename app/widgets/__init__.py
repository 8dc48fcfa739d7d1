"""Values in, what a person chose out: the parts pages are built of. Nothing here keeps state.

What others typed (names, titles, reasons) is never read as Markdown or HTML: it goes through
`st.text`, or through `inert` where Streamlit only offers a label.
"""

from __future__ import annotations

from app.widgets.candidates import (
    BAND_LOOKS,
    VERDICT_WORDS,
    Candidate,
    Color,
    band,
    candidate,
    case_head,
    leads_first,
    page_of,
    search_anew,
    searched,
    strangers,
)
from app.widgets.frame import LOGO, MARK, brand, failed, fault, guarded, table, warn
from app.widgets.installation import TASK_WORDS, camera_table, clips, findings, models, place
from app.widgets.jobs import Asked, jobs, no_camera, watched
from app.widgets.way import never, next_cameras, no_stops, other_ways, stops, way
from app.widgets.words import ZONE, camera_name, clock, inert, minutes, span, unix

__all__ = [
    "BAND_LOOKS",
    "LOGO",
    "MARK",
    "TASK_WORDS",
    "VERDICT_WORDS",
    "ZONE",
    "Asked",
    "Candidate",
    "Color",
    "band",
    "brand",
    "camera_name",
    "camera_table",
    "candidate",
    "case_head",
    "clips",
    "clock",
    "failed",
    "fault",
    "findings",
    "guarded",
    "inert",
    "jobs",
    "leads_first",
    "minutes",
    "models",
    "never",
    "next_cameras",
    "no_camera",
    "no_stops",
    "other_ways",
    "page_of",
    "place",
    "search_anew",
    "searched",
    "span",
    "stops",
    "strangers",
    "table",
    "unix",
    "warn",
    "watched",
    "way",
]
