"""A person described by photo or pointed at in footage in; a case that knows them out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app import footagebox, forms, session, widgets
from app.footagebox import Pointed
from app.i18n import _
from core.errors import BadInput
from core.workspace import Workspace

Find = Callable[[Workspace, str, forms.Scope], None]


def new_case(workspace: Workspace, find: Find) -> None:
    """The two ways in, then the case and its first search."""
    way = st.segmented_control(
        _("How is the person known?"),
        ["photo", "footage"],
        default="photo",
        required=True,
        format_func={"photo": _("By photo"), "footage": _("In footage")}.__getitem__,
        label_visibility="collapsed",
        key="way-in",
    )
    if way == "footage":
        _from_footage(workspace, find)
    else:
        _from_photos(workspace, find)


def _from_photos(workspace: Workspace, find: Find) -> None:
    form = forms.case_form(workspace.cameras())
    if form is None:
        return
    with form.below, widgets.guarded():
        case = workspace.new_case(
            form.title,
            photos=form.photos,
            attributes=form.attributes,
            last_seen=form.last_seen,
            reason=form.reason,
            same_clothes=form.same_clothes,
            by=session.officer(),
        )
        session.open_case(case)
        find(workspace, case, form.scope)


def _from_footage(workspace: Workspace, find: Find) -> None:
    pointed, beside = footagebox.panel(workspace, "new")
    with beside:
        form = forms.pointed_case_form(workspace.cameras()) if workspace.clips() else None
    if form is None:
        return
    with form.below, widgets.guarded():
        who = _checked(pointed)
        case = workspace.new_case(form.title, reason=form.reason, by=session.officer())
        session.open_case(case)
        _draw(workspace, case, who)
        find(workspace, case, form.scope)


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


@st.fragment
def more(workspace: Workspace, case: str) -> None:
    """Show more of the person of an open case: another photo, or another place in footage."""
    session.settle()  # a fragment runs without the frame of the page
    with widgets.guarded():
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
        if (way == "photo" and _more_photo(workspace, case)) or (
            way == "footage" and _more_footage(workspace, case)
        ):
            st.rerun()


def _more_photo(workspace: Workspace, case: str) -> bool:
    given = forms.photo_form()
    if given is not None:
        workspace.add_photo(case, given, by=session.officer())
    return given is not None


def _more_footage(workspace: Workspace, case: str) -> bool:
    pointed, beside = footagebox.panel(workspace, case)
    with beside, widgets.guarded():
        if workspace.clips() and st.button(
            _("This is the person"), type="primary", icon=":material/check:"
        ):
            _draw(workspace, case, _checked(pointed))
            return True
    return False
