"""Values in, what a person chose out: the parts pages are built of. Nothing here keeps state.

What others typed (names, titles, reasons) is never read as Markdown or HTML: it goes through
`st.text`, or through `inert` where Streamlit only offers a label.
"""

from __future__ import annotations

from app.widgets.cameras import (
    camera_gaps,
    camera_head,
    camera_table,
    clock_error,
    clock_state,
    owner_kind,
    plan_table,
    stacked,
)
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
from app.widgets.coverage import coverage_figures, timeline, timeline_empty
from app.widgets.elapsed import elapsed
from app.widgets.frame import LOGO, MARK, brand, failed, fault, guarded, table, warn
from app.widgets.installation import TASK_WORDS, clips, findings, models, place
from app.widgets.securing import (
    countdown,
    securing_card,
    securing_empty,
    securing_figures,
    wish_row,
)
from app.widgets.way import never, next_cameras, no_stops, other_ways, stops, way
from app.widgets.words import ZONE, camera_name, clock, exact, inert, local, minutes, span, unix

__all__ = [
    "BAND_LOOKS",
    "LOGO",
    "MARK",
    "TASK_WORDS",
    "VERDICT_WORDS",
    "ZONE",
    "Candidate",
    "Color",
    "band",
    "brand",
    "camera_gaps",
    "camera_head",
    "camera_name",
    "camera_table",
    "candidate",
    "case_head",
    "clips",
    "clock",
    "clock_error",
    "clock_state",
    "countdown",
    "coverage_figures",
    "elapsed",
    "exact",
    "failed",
    "fault",
    "findings",
    "guarded",
    "inert",
    "leads_first",
    "local",
    "minutes",
    "models",
    "never",
    "next_cameras",
    "no_stops",
    "other_ways",
    "owner_kind",
    "page_of",
    "place",
    "plan_table",
    "search_anew",
    "searched",
    "securing_card",
    "securing_empty",
    "securing_figures",
    "span",
    "stacked",
    "stops",
    "strangers",
    "table",
    "timeline",
    "timeline_empty",
    "unix",
    "warn",
    "way",
    "wish_row",
]
