"""The coverage of a case in; its figures, its picture and the table that says the same, out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.i18n import _, say
from app.widgets.frame import table
from app.widgets.words import ZONE, clock, exact, minutes
from core.coverage import STATE_WORDS, Timeline
from core.timeline import timeline_svg
from core.types import Sighting

ONE_OF_TWO = (  # a picture does not set its text anew: a tablet gets one that was made for it
    ".st-key-timeline-narrow {display: none} @media (max-width: 1000px) "
    "{.st-key-timeline-wide {display: none} .st-key-timeline-narrow {display: flex}}"
)


def coverage_figures(found: Timeline) -> None:
    """What was seen and what was not, in a line of badges."""
    figures = found.figures
    with st.container(horizontal=True, gap="small"):
        st.badge(
            _("Cameras {n}/{m}", n=figures.cameras_seen, m=figures.cameras),
            icon=":material/videocam:",
            color="blue",
        )
        gaps = minutes(figures.gaps_s)
        st.badge(_("Gaps {gaps}", gaps=gaps), icon=":material/visibility_off:", color="gray")
        if figures.unchecked_clocks:
            st.badge(
                _("clock not checked: {n}", n=figures.unchecked_clocks),
                icon=":material/schedule:",
                color="orange",
            )


def timeline(found: Timeline, candidates: Sequence[Sighting] = ()) -> None:
    """The picture: cameras downwards, true time to the right; and its table twin."""
    alt = _("how far the footage of each camera has come; the table below says the same")
    st.html(f"<style>{ONE_OF_TWO}</style>")
    for narrow, key in ((False, "timeline-wide"), (True, "timeline-narrow")):
        picture = timeline_svg(found, candidates=candidates, narrow=narrow, tz=ZONE.key, say=say)
        with st.container(key=key):
            st.image(picture, width="stretch", alt=alt)
    with st.expander(_("The same as a table")):
        rows = [
            {
                _("Camera"): row.name,
                _("From"): clock(s.from_s),
                _("To"): clock(s.to_s),
                _("Length"): exact(s.length_s),
                _("State"): say(STATE_WORDS[s.state]),
                _("Clock"): f"±{exact(row.clock_sigma_s)}",
            }
            for row in found.rows
            for s in row.stretches
        ]
        table(rows, alt=_("how far the footage of each camera has come"), height=420)


def timeline_empty() -> None:
    """Nothing is known of cameras or times yet, and what to do about it."""
    st.info(
        _(
            "Nothing to show yet: add cameras, and say in the case when the person was last seen "
            "or read footage."
        ),
        icon=":material/view_timeline:",
    )
