"""An open case in; its photos, looks, place and state, each to be corrected, out."""

from __future__ import annotations

import streamlit as st

from app import forms, intake, session, widgets
from app.i18n import _
from core import draw
from core.errors import BadInput, DongseonError
from core.routemap import ground_here
from core.types import Photo
from core.workspace import Workspace


def pictures(workspace: Workspace, case: str) -> None:
    """The photos and the boxes in footage, with dates; take out, put back, add."""
    kept = workspace.casebook.photos(case)
    if kept:
        for photo, column in zip(kept, st.columns(max(4, len(kept)), gap="small"), strict=False):
            with column:
                _photo(workspace, case, photo)
    for box in workspace.casebook.boxes(case):
        at = widgets.clock(box.true_s) if box.true_s is not None else f"{box.at_s:.1f} s"
        st.text(_("Pointed at in footage: {when}", when=at))
    if not kept and not workspace.casebook.boxes(case):
        st.info(_("No picture of the person yet."), icon=":material/add_a_photo:")
    removed = session.remembered(f"removed-{case}")
    if isinstance(removed, Photo):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("{name} removed.", name=widgets.inert(removed.name)), width="content")
            if st.button(_("Take back"), icon=":material/undo:", type="tertiary"):
                workspace.casebook.add_photo(case, removed, by=session.officer())
                session.forget(f"removed-{case}")
                st.rerun()
    way = st.segmented_control(
        _("Show more of this person"),
        ["photo", "footage"],
        format_func={
            "photo": f":material/add_photo_alternate: {_('Add a photo')}",
            "footage": f":material/person_pin: {_('Point in footage')}",
        }.__getitem__,
        label_visibility="collapsed",
        key=f"more-{len(session.given(workspace, case))}-{case}",  # closes once it grew
    )
    if way == "photo":
        intake.more_photos(workspace, case)
    elif way == "footage":
        intake.more_footage(workspace, case)


def _photo(workspace: Workspace, case: str, photo: Photo) -> None:
    """One photo of the case with its date, and a way to take it out."""
    try:
        content = workspace.photo(case, photo.sha256)
        st.image(draw.fitted(content, 200), alt=widgets.plain(photo.name))
    except (DongseonError, OSError):
        st.warning(_("The picture is not there any more."))
    st.text(widgets.plain(photo.name))
    said = st.date_input(
        _("Taken on"),
        widgets.local(photo.taken_s),
        max_value="today",
        min_value=widgets.OLDEST,
        key=f"taken-{case}-{photo.sha256[:12]}",
    )
    day = widgets.local(photo.taken_s)
    if said != (day.date() if day else None):
        told = Photo(photo.sha256, photo.name, widgets.noon(said), photo.box, photo.face)
        workspace.casebook.add_photo(case, told, by=session.officer())
    if st.button(
        _("Remove"), icon=":material/close:", type="tertiary", key=f"out-{photo.sha256[:12]}"
    ):
        workspace.casebook.remove_photo(case, photo.sha256, by=session.officer())
        session.put(f"removed-{case}", photo)
        st.rerun()


def looks(workspace: Workspace, case: str) -> None:
    """Looks and clothes, to be corrected."""
    about = workspace.case(case)
    said = forms.looks_fields(
        f"edit-{case}-",
        about.wanted,
        about.clothes,
        about.height_cm,
        states=workspace.tick_states(),
    )
    if st.button(_("Keep looks and clothes"), type="primary", icon=":material/save:"):
        workspace.casebook.set_attributes(
            case,
            said.wanted,
            clothes=said.clothes,
            height_cm=said.height_cm,
            by=session.officer(),
        )
        st.toast(_("Kept."), icon=":material/check:")


def place(workspace: Workspace, case: str) -> None:
    """Where and when last seen, to be corrected."""
    known, fault = workspace.case(case).last_seen, None
    seen = known
    try:
        cameras = workspace.cameras()
        here = ground_here(workspace.path, cameras.values(), known)
        seen = forms.last_seen_fields(f"edit-{case}-", cameras, known, ground=here)
    except BadInput as error:
        fault = error
    if st.button(_("Keep time and place"), type="primary", icon=":material/save:"):
        if fault is not None:
            raise fault
        workspace.casebook.set_last_seen(case, seen, by=session.officer())
        st.toast(_("Kept."), icon=":material/check:")


def state(workspace: Workspace, case: str) -> None:
    """Why it was opened, who said what, and closing it."""
    about = workspace.case(case)
    widgets.case_facts(about, _(forms.CATEGORY_WORDS[about.category]))
    widgets.history(workspace.casebook.history(case), workspace.cameras())
    with st.popover(_("Close the case"), icon=":material/task_alt:"):
        st.write(_("Nothing is deleted. The case leaves the list of open cases."))
        if st.button(_("Close it now"), type="primary"):
            workspace.casebook.close_case(case, by=session.officer())
            session.open_case(None)
            st.rerun()


def tabs(workspace: Workspace, case: str) -> None:
    """The case in four parts."""
    names = (_("Pictures"), _("Looks and clothes"), _("Last seen"), _("History"))
    for tab, draw_part in zip(st.tabs(names), (pictures, looks, place, state), strict=True):
        with tab, widgets.guarded():
            draw_part(workspace, case)
