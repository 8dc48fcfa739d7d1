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
from app.widgets.dispatch import card, files, still
from app.widgets.frame import LOGO, MARK, brand, failed, fault, guarded, table, warn
from app.widgets.installation import TASK_WORDS, camera_table, clips, findings, models, place
from app.widgets.way import (
    never,
    next_cameras,
    no_stops,
    stop_item,
    stops,
    told,
    use_width,
    way_switch,
)
from app.widgets.words import ZONE, camera_name, clock, inert, minutes, span, unix

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
    "camera_name",
    "camera_table",
    "candidate",
    "card",
    "case_head",
    "clips",
    "clock",
    "failed",
    "fault",
    "files",
    "findings",
    "guarded",
    "inert",
    "leads_first",
    "minutes",
    "models",
    "never",
    "next_cameras",
    "no_stops",
    "page_of",
    "place",
    "search_anew",
    "searched",
    "span",
    "still",
    "stop_item",
    "stops",
    "strangers",
    "table",
    "told",
    "unix",
    "use_width",
    "warn",
    "way_switch",
]
