"""A route's story in, its words and tables out: stops, doubts, the cameras to ask next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from app.i18n import _, language, say
from app.widgets.frame import table
from app.widgets.words import ZONE, camera_name, clock, inert, span
from core.routemap import Story, Way, ask_rows, route_rows
from core.routemap.scene import ALIGHTED, BOARDED, SOURCE_WORDS, place_words
from core.types import Camera, Leg, NextCamera, Route, Sighting, Stop

SEARCH = Path(__file__).resolve().parent.parent / "pages" / "search.py"
WIDE = """<style>
.stMainBlockContainer {padding-left: 1.6rem; padding-right: 1.6rem}
@media (max-width: 1100px) {
  .st-key-map-and-stops > div > .stHorizontalBlock,
  .st-key-map-and-stops > .stHorizontalBlock {flex-wrap: wrap}
  .st-key-map-and-stops > div > .stHorizontalBlock > .stColumn,
  .st-key-map-and-stops > .stHorizontalBlock > .stColumn {min-width: 100%}
}
</style>"""

Answer = Literal["confirmed", "rejected"]


def use_width() -> None:
    """A page with a map needs the whole window."""
    st.html(WIDE)


def never(route: Route) -> None:
    """How likely it is that the person is in none of this footage, as a sentence with its doubt."""
    if route.p_never <= 0.01:
        return
    percent = min(max(round(100 * route.p_never), 1), 99)
    text = _("Estimate: a {percent} % chance that the person is nowhere in this footage.")
    st.text(text.format(percent=percent))


def no_stops() -> None:
    """A route without stops, and what to do next."""
    st.info(
        _(
            "**Nothing supports a route yet.** On the search page, answer Right to a candidate or "
            "point at the person in footage; if nobody is found, read footage of more cameras."
        ),
        icon=":material/route:",
    )


def way_switch(ways: Sequence[Way], case: str) -> str:
    """Choose which way is drawn -> its key; nothing to choose where there is no stop."""
    if not ways[0].route.stops:
        return ways[0].key
    names = {way.key: _way_name(way) for way in ways}
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.segmented_control(
            _("Which route"),
            list(names),
            default=ways[0].key,
            required=True,
            format_func=lambda key: names[key],
            key=f"way-{case}",
            label_visibility="collapsed",
        )
        shown = next(way for way in ways if way.key == chosen)
        st.caption(inert(say(shown.explained)))
    return str(chosen)


def _way_name(way: Way) -> str:
    if way.word is None:
        return say(way.title)
    return f"{say(way.title)} · {say(way.word)} ({_percent(way.probability)})"


def _percent(share: float) -> str:
    """An estimate as people read it; never 0 and never 100."""
    if math.isnan(share):
        return ""
    return "< 1 %" if share < 0.01 else f"{min(round(100 * share), 99)} %"


def stop_item(number: int, stop: Stop, story: Story, legs: Sequence[Leg | None]) -> Answer | None:
    """One stop beside the map: picture, when, how sure, and what a person says to it.

    legs  (the leg that leads here, the leg that leads on), None at the ends
    """
    before, after = legs
    if before is not None and not before.feasible:
        st.caption(_impossible(before))
    crop = story.facts.crops.get(stop.tracklet_id or "")
    picture, words = st.columns([1, 3], vertical_alignment="center", gap="small")
    if crop is not None:
        picture.image(crop, width=64, alt=_("the person at stop {n}", n=number))
    with words, st.container(gap=None):
        sign = "●" if stop.confirmed else "○"
        place = place_words(stop, story.cameras, say) or _("place not known")
        st.markdown(f"**{sign} {number} · {inert(place)}**")
        st.caption(inert(span(stop.enter_s, stop.leave_s)))
        st.caption(inert(" · ".join(_marks(stop, before, after))))
        if stop.tracklet_id is None:
            return None
        with st.container(horizontal=True, gap="small"):
            key = f"{story.case}-{stop.tracklet_id}"
            if not stop.confirmed and st.button(_("Right"), key=f"yes-{key}"):
                return "confirmed"
            if st.button(_("Not this person"), key=f"no-{key}", type="tertiary"):
                return "rejected"
    return None


def _impossible(leg: Leg) -> str:
    """Why a leg cannot be travelled, with a sign and a colour."""
    return f":red[✕ {inert(say(leg.why))}]"


def _marks(stop: Stop, before: Leg | None, after: Leg | None) -> list[str]:
    """How sure a stop is, and what is special about it, in words."""
    (row,) = route_rows(Route((stop,), (), 0.0), {}, ZONE.key, translate=say)
    words = [str(row["word"])]
    words += [say(ALIGHTED)] if before is not None and before.vehicle_only else []
    words += [say(BOARDED)] if after is not None and after.vehicle_only else []
    return words


def stops(route: Route, cameras: Mapping[str, Camera]) -> None:
    """The table twin of the map."""
    rows = [
        {
            _("No."): row["stop"],
            _("Place"): row["place"],
            _("From"): row["from"],
            _("To"): row["to"],
            _("How sure"): row["word"],
            _("From the stop before"): row["travel"],
        }
        for row in route_rows(route, cameras, ZONE.key, translate=say)
    ]
    if rows:
        table(rows, alt=_("stops of the route in order"))


def next_cameras(case: str, route: Route, cameras: Mapping[str, Camera]) -> None:
    """Which cameras to ask next, lettered as on the map, which minutes, and a link to search."""
    asked = ask_rows(route, cameras, ZONE.key, translate=say)
    if not asked:
        st.caption(_("No camera with a known place is left to ask."))
    for row, ask in zip(asked, route.next_cameras, strict=False):
        mark, words, go = st.columns([1, 9, 4], vertical_alignment="center")
        mark.markdown(f"**{row['letter']}**")
        kept = _("footage kept until {at}", at=row["deadline"]) if row["deadline"] else ""
        chance = _("chance about {percent}", percent=_percent(ask.probability))
        said = [f"{row['from']} ~ {str(row['to'])[11:]}", chance, kept]
        with words.container(gap=None):
            st.markdown(f"**{inert(row['place'])}**")
            st.caption(inert(" · ".join(part for part in said if part)))
        _search_link(go, case, ask, str(row["letter"]))


def _search_link(place: st.delta_generator.DeltaGenerator, case: str, ask: NextCamera, letter: str):
    """A link that opens the search page with this camera and these minutes filled in."""
    query = {"case": case, "lang": language(), "camera": ask.camera_id}
    query |= {"from": f"{ask.from_s:.0f}", "to": f"{math.ceil(ask.to_s)}"}
    place.page_link(
        SEARCH,
        label=_("Search {letter} in these minutes", letter=letter),
        icon=":material/search:",
        query_params=query,
    )


def told(sightings: Sequence[Sighting], cameras: Mapping[str, Camera]) -> None:
    """The sightings that are not video, as a table."""
    rows = [
        {
            _("Source"): say(SOURCE_WORDS[one.source]),
            _("Time"): clock(one.enter_s),
            _("Place"): camera_name(one.camera_id, cameras) or f"{one.lat:.5f}, {one.lon:.5f}",
            _("Remark"): one.why,
            _("By"): one.by,
        }
        for one in sightings
    ]
    if rows:
        table(rows, alt=_("sightings that are not video"))
