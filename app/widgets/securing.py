"""Lines of the securing list in; what to ask, for which time, until when, out as cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.i18n import _, say
from app.widgets.cameras import clock_error, owner_kind
from app.widgets.candidates import Color
from app.widgets.words import camera_name, clock, exact, inert
from core.casebook import Asked, Wish
from core.route.transit import DAY_S
from core.securing import ASKED_WORDS, OPEN, Item, gone_s
from core.types import Camera

LOOKS: Mapping[Asked, tuple[str, Color]] = {  # icon and colour beside the word
    "to_ask": (":material/edit_note:", "orange"),
    "asked": (":material/outgoing_mail:", "blue"),
    "received": (":material/inventory_2:", "green"),
    "refused": (":material/block:", "gray"),
    "overwritten": (":material/ink_eraser:", "gray"),
    "not_needed": (":material/remove:", "gray"),
}
SHORT_S = 1.0  # a window asked for may differ so much from the one of now before it is said


def securing_figures(items: Sequence[Item]) -> None:
    """How many requests stand where."""
    with st.container(horizontal=True, gap="small"):
        for state, (icon, color) in LOOKS.items():
            n = sum(item.request.state == state for item in items)
            if n:
                st.badge(f"{say(ASKED_WORDS[state])} {n}", icon=icon, color=color)


def countdown(item: Item, now_s: float) -> str:
    """How long the footage is still kept, exactly and calmly."""
    left_s = item.deadline_s - now_s
    if left_s > 2 * DAY_S:
        return _("{d} d {h} h left", d=int(left_s // DAY_S), h=int(left_s % DAY_S // 3600))
    if left_s > 0:
        return _("{h} h {m} min left", h=int(left_s // 3600), m=int(left_s % 3600 // 60))
    if gone_s(item) > now_s:
        return _("being overwritten; the last of it until {when}", when=clock(gone_s(item))[5:16])
    return _("past the usual time: ask, recorders often hold longer")


def securing_card(item: Item, now_s: float) -> None:
    """One request: what, for which time by the recorder's clock, and until when it is kept."""
    state, wish = item.request.state, item.request.wish
    icon, color = LOOKS[state]
    what, when, until = st.columns([4, 5, 4], gap="small")
    with what, st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(say(ASKED_WORDS[state]), icon=icon, color=color)
            if item.probability is not None:
                chance = _("chance {p} %", p=round(100 * item.probability))
                st.caption(chance, width="content")
        st.text(item.name)
        owner = " · ".join(filter(None, (owner_kind(item.owner_kind), item.owner, item.contact)))
        st.caption(inert(owner or _("owner not known")))
    with when, st.container(gap=None):
        st.caption(_("By the recorder's clock"))
        st.text(_short(*item.window))
        true = _("true time {span}", span=_short(wish.from_s, wish.to_s))
        st.caption(f"{true}  \n{_clock_note(item)}")
        if item.moved_s > SHORT_S:
            st.caption(
                "⚠ " + _("The clock was corrected since: what was asked for differs by {length}.",
                         length=exact(item.moved_s))
            )  # fmt: skip
    with until, st.container(gap=None):
        if state in OPEN:
            st.caption(_("Kept until {when}", when=clock(item.deadline_s)[5:16]))
            words, left_s = countdown(item, now_s), item.deadline_s - now_s
            if left_s > 0:
                soon = ":material/hourglass_top: " if left_s < DAY_S else ""
                st.markdown(f"{soon}**{words}**")
                st.caption(_days(item))
            else:
                st.caption(f"{words}  \n{_days(item)}")
        else:
            who = inert(item.request.by)
            st.caption(f"{clock(item.request.at_s)[5:16]} · {who}")


def _short(from_s: float, to_s: float) -> str:
    """A window to the minute: the date once when both ends lie on one day."""
    first, last = clock(from_s)[:16], clock(to_s)[:16]
    return f"{first} ~ {last[11:] if first[:10] == last[:10] else last[5:]}"


def _clock_note(item: Item) -> str:
    if item.clock.how == "unchecked":
        return _("clock not checked: {doubt} added on both sides", doubt=exact(item.sigma_s))
    return _(
        "clock {error}, ±{doubt}",
        error=clock_error(item.clock.clock_offset_s),
        doubt=exact(item.sigma_s),
    )


def _days(item: Item) -> str:
    n = f"{item.days:g}"
    if item.days_by == "owner":
        return _("keeps {n} days (said by its owner)", n=n)
    if item.days_by == "kind":
        return _("such owners usually keep {n} days", n=n)
    return _("not known how long: counted as {n} days", n=n)


def wish_row(wish: Wish, cameras: Mapping[str, Camera]) -> bool:
    """A camera to ask next that is not on the list -> True to put it there."""
    name, when, chance, add = st.columns([4, 5, 2, 2], vertical_alignment="center")
    name.text(camera_name(wish.camera_id, cameras))
    when.text(_short(wish.from_s, wish.to_s))
    chance.text("" if wish.probability is None else f"{round(100 * wish.probability)} %")
    label = _("Add")
    key = f"add-{wish.camera_id}-{wish.from_s:.0f}"
    return add.button(label, icon=":material/add:", key=key, width="stretch")


def securing_empty() -> None:
    """Nothing on the list yet, and what to do about it."""
    st.info(
        _(
            "Nothing to ask for yet. Add a camera to ask next, or a place with a private camera "
            "or a parked car near the way; footage is overwritten after days."
        ),
        icon=":material/assignment_add:",
    )
