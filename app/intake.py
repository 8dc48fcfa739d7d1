"""A person described by photo or pointed at in footage in; a case that knows them out."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import footagebox, forms, photos, session, widgets
from app.footagebox import Pointed
from app.i18n import _, say
from app.searching import find
from core.errors import BadInput
from core.photo import Upload
from core.reach import reachable, speed_band_of
from core.routemap import ground_here
from core.types import LastSeen
from core.workspace import Workspace


def new_case(workspace: Workspace) -> None:
    """The form of a new case, by photo, in footage or by looks alone, then its first search."""
    draft = session.draft()
    session.begin("new-way", "photo")
    way = st.segmented_control(
        _("How is the person known?"),
        ["photo", "footage", "looks"],
        required=True,
        format_func={
            "photo": f":material/add_a_photo: {_('By photo')}",
            "footage": f":material/person_pin: {_('In footage')}",
            "looks": f":material/checklist: {_('No picture')}",
        }.__getitem__,
        label_visibility="collapsed",
        key="new-way",
    )
    pointed: Pointed | None = None
    if way == "footage":
        pointed, _beside = footagebox.panel(workspace, "new")
    with st.container(key="parts-form"):
        left, right = st.columns([5, 6], gap="large")
    usable: list[Upload] = []
    same, states = False, workspace.tick_states()
    with left:
        about = forms.about_fields("new-")
        if way == "looks":
            _without_picture(any(tick.counts for tick in states.values()))
        elif way == "photo":
            usable = photos.draft_photos(workspace)
            same = st.checkbox(
                _("Same clothes, same day"),
                help=_("Tick only if the photo shows what the person wore when last seen."),
                key="new-same",
            )
            if "face" not in workspace.vectors():
                st.caption(_("Faces are not looked at: without this tick no photo is compared."))
    with right:
        looks = forms.looks_fields("new-", states=states)
        seen, fault = _seen(workspace)
    with st.container(key="open-bar"):
        below = st.container(gap=None)
        ask = st.button(_("Open case and search"), type="primary", icon=":material/search:")
        with below:
            scope = _scope(workspace, seen, about, looks)
    if not ask:
        return
    with below, widgets.guarded():
        if fault is not None:
            raise fault
        who = _checked(pointed) if way == "footage" else None
        if way == "looks":
            workspace.need_ticks(looks.wanted)
        elif who is None:
            photos.need_one(usable, draft)
        case = workspace.new_case(
            about.title,
            photos=usable,
            attributes=looks.wanted,
            last_seen=seen,
            reason=about.reason,
            same_clothes=same,
            category=about.category,
            basis=about.basis,
            clothes=looks.clothes,
            height_cm=looks.height_cm,
            by=session.officer(),
        )
        session.open_case(case)
        session.end_draft()
        if who is not None:
            _draw(workspace, case, who)
        find(workspace, case, scope)


def _without_picture(counts: bool) -> None:
    """What a search by looks alone is, or that these models cannot do it."""
    if counts:
        st.info(
            _(
                "Without a picture only ticks are compared. Many people look like that: candidates "
                "are hints, never strong. Confirm one, and the search goes on by its picture."
            ),
            icon=":material/checklist:",
        )
    else:
        st.warning(
            _(
                "These models cannot search by looks alone: add a photo, or point at the person in "
                "footage."
            ),
            icon=":material/search_off:",
        )


def _seen(workspace: Workspace) -> tuple[LastSeen | None, BadInput | None]:
    """Where last seen, and what is still wrong with it: said only once the case is sent."""
    with st.expander(_("Last seen"), expanded=True, icon=":material/location_on:"):
        try:
            cameras = workspace.cameras()
            here = ground_here(workspace.path, cameras.values())
            return forms.last_seen_fields("new-", cameras, ground=here), None
        except BadInput as error:
            return None, error


def _scope(
    workspace: Workspace, seen: LastSeen | None, about: forms.About, looks: forms.Looks
) -> forms.Scope:
    """Where to look first: what can be reached from where last seen, or everything."""
    if seen is None:
        return forms.Scope()
    band = speed_band_of(about.category, looks.wanted)
    near = reachable(seen, workspace.cameras(), workspace.recorders(), band=band)
    why = f"{widgets.icon('directions_walk')} {widgets.inert(say(near.why))}"
    st.caption(f"{why} · {widgets.hours(*near.between)}")
    everywhere = st.toggle(_("All cameras, all times instead"), key="new-everywhere")
    return forms.Scope() if everywhere else forms.scope_of(near)


def _checked(pointed: Pointed | None) -> Pointed:
    """What can be taken as the person, known before a case is opened for it."""
    if pointed is None:
        raise BadInput("nobody is chosen yet: choose a number in the picture")
    if not Path(pointed.clip.path).exists():
        raise BadInput("the footage {path} is no longer there: put it back", path=pointed.clip.path)
    x1, y1, x2, y2 = pointed.box
    if x2 - x1 < 4 or y2 - y1 < 8:
        raise BadInput("the box is too small to hold a person: make it larger")
    return pointed


def _draw(workspace: Workspace, case: str, who: Pointed) -> None:
    with st.spinner(_("Following the person …")):
        workspace.draw_box(case, who.clip.path, who.at_s, who.box, by=session.officer())


def more_footage(workspace: Workspace, case: str) -> None:
    """Point at the person of an open case in one more place of the footage."""
    pointed, beside = footagebox.panel(workspace, case)
    with beside, widgets.guarded():
        if workspace.clips() and st.button(
            _("This is the person"), type="primary", icon=":material/check:"
        ):
            _draw(workspace, case, _checked(pointed))
            st.rerun()


def more_photos(workspace: Workspace, case: str) -> None:
    """Add photos to an open case."""
    draft = session.draft()
    usable = photos.draft_photos(workspace)
    if draft.photos and st.button(_("Add to the case"), type="primary", icon=":material/add:"):
        with widgets.guarded():
            photos.need_one(usable, draft)
            for upload in usable:
                workspace.add_photo(case, upload, by=session.officer())
            session.end_draft()
            st.rerun()
