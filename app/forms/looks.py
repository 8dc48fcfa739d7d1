"""How a person looks and what the person wears: ticks with "not known", and words beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from app import i18n, session, widgets
from app.i18n import _, say
from core.ticks import Tick
from core.types import ATTRIBUTES, COLORS, UNKNOWN, Sureness, Want

FIRST_ATTRIBUTES = ("gender", "age", "upper_type", "upper_color", "lower_type", "lower_color")
MORE_ATTRIBUTES = ("bag", "hat", "hair", "glasses", "mask", "shoe_color", "direction")
SURE: tuple[Sureness, ...] = ("video", "sure", "unsure")


@dataclass(frozen=True)
class Looks:
    """What was ticked, {attribute: Want}, only what is known; clothes: what no tick can say."""

    wanted: dict[str, Want] = field(default_factory=dict)
    clothes: str = ""
    height_cm: float | None = None


def looks_fields(
    prefix: str,
    wanted: Mapping[str, Want] | None = None,
    clothes: str = "",
    height_cm: float | None = None,
    *,
    states: Mapping[str, Tick],
) -> Looks:
    """Ticks for all attributes and a remark, filled in as they are known -> what they say.

    prefix  of the fields' keys, so that two forms do not share them
    states  {attribute: whether a tick counts in a search, and why}: the others are marked
    """
    known, marked = wanted or {}, states
    if not any(tick.counts for tick in states.values()):
        st.info(
            _(
                "**Ticks are reference only here:** no attribute model of this model pack can be "
                "relied on. They stay with the case for people to read; a search does not compare "
                "them."
            ),
            icon=":material/visibility_off:",
        )
        marked = {}
    widgets.swatches(f"{prefix}{name}" for name in ATTRIBUTES if ATTRIBUTES[name] == COLORS)
    ticked = {name: _ticks(prefix, name, known, marked.get(name)) for name in FIRST_ATTRIBUTES}
    more = _("More: bag, headwear, hair, glasses, mask, shoes, height")
    with st.expander(more, expanded=any(name in known for name in MORE_ATTRIBUTES)):
        ticked |= {name: _ticks(prefix, name, known, marked.get(name)) for name in MORE_ATTRIBUTES}
        session.begin(f"{prefix}height", height_cm)
        tall = st.number_input(
            _("Height, cm"), 30.0, 250.0, step=1.0, format="%.0f", key=f"{prefix}height"
        )
    session.begin(f"{prefix}clothes", clothes)
    remark = st.text_area(
        _("What no tick can say"),
        max_chars=500,
        height=68,
        placeholder=_("pattern, print, shoes, umbrella, way of walking"),
        key=f"{prefix}clothes",
    )
    sureness = _sureness(prefix, known)
    said = {name: Want(value, sureness) for name, value in ticked.items() if value != UNKNOWN}
    return Looks(said, remark.strip(), tall)


def _sureness(prefix: str, known: Mapping[str, Want]) -> Sureness:
    key = f"{prefix}sureness"
    session.begin(key, next((want.sureness for want in known.values()), "sure"))
    chosen = st.segmented_control(
        _("How are looks and clothes known?"),
        SURE,
        required=True,
        format_func={
            "video": _("seen on video"),
            "sure": _("told, sure"),
            "unsure": _("told, unsure"),
        }.__getitem__,
        key=key,
    )
    return chosen or "sure"


def _ticks(prefix: str, name: str, known: Mapping[str, Want], tick: Tick | None) -> str:
    """One row of ticks; "not known" first. tick: whether it counts, None = said for all at once."""
    key = f"{prefix}{name}"
    session.begin(key, known[name].value if name in known else UNKNOWN)
    label, ticks = st.columns([2, 9], gap="small", vertical_alignment="top")
    if tick is None or tick.counts:
        label.caption(i18n.attribute_word(name))
    else:
        mark = f"*{_('reference only')}*"  # no badge: a narrow column would cut it off
        label.caption(f"{i18n.attribute_word(name)}  \n{mark}", help=widgets.inert(say(tick.why)))
    chosen = ticks.pills(
        i18n.attribute_word(name),
        [UNKNOWN, *ATTRIBUTES[name]],
        required=True,
        format_func=lambda value: i18n.value_word(name, value),
        wrap=True,
        label_visibility="collapsed",
        key=key,
    )
    return chosen or UNKNOWN
