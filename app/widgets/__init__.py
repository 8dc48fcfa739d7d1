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
    plan_table,
    stacked,
)
from app.widgets.candidates import (
    SAID_WORDS,
    Candidate,
    clothes_words,
    evidence,
    facts,
    page_of,
    pair,
    parted,
    search_anew,
    searched,
    verdict_buttons,
)
from app.widgets.cases import NEXT_WORDS, case_card, case_facts, case_head, closed, swatches
from app.widgets.coverage import coverage_figures, timeline, timeline_empty
from app.widgets.dispatch import card, files, still
from app.widgets.elapsed import elapsed
from app.widgets.frame import MARK, brand, failed, fault, guarded, warn
from app.widgets.installation import clips, findings, models, place
from app.widgets.jobs import jobs, no_camera, watched
from app.widgets.securing import (
    countdown,
    securing_card,
    securing_empty,
    securing_figures,
    wish_row,
)
from app.widgets.verdicts import history, next_camera, settled, undo_bar
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
from app.widgets.words import (
    OLDEST,
    ZONE,
    camera_name,
    clock,
    exact,
    hours,
    icon,
    inert,
    local,
    minutes,
    noon,
    plain,
    span,
    unix,
)

__all__ = [
    "MARK",
    "NEXT_WORDS",
    "OLDEST",
    "SAID_WORDS",
    "ZONE",
    "Candidate",
    "brand",
    "camera_gaps",
    "camera_head",
    "camera_name",
    "camera_table",
    "card",
    "case_card",
    "case_facts",
    "case_head",
    "clips",
    "clock",
    "clock_error",
    "clock_state",
    "closed",
    "clothes_words",
    "countdown",
    "coverage_figures",
    "elapsed",
    "evidence",
    "exact",
    "facts",
    "failed",
    "fault",
    "files",
    "findings",
    "guarded",
    "history",
    "hours",
    "icon",
    "inert",
    "jobs",
    "local",
    "minutes",
    "models",
    "never",
    "next_camera",
    "next_cameras",
    "no_camera",
    "no_stops",
    "noon",
    "page_of",
    "pair",
    "parted",
    "place",
    "plain",
    "plan_table",
    "search_anew",
    "searched",
    "securing_card",
    "securing_empty",
    "securing_figures",
    "settled",
    "span",
    "stacked",
    "still",
    "stop_item",
    "stops",
    "swatches",
    "timeline",
    "timeline_empty",
    "told",
    "undo_bar",
    "unix",
    "use_width",
    "verdict_buttons",
    "warn",
    "watched",
    "way_switch",
    "wish_row",
]
