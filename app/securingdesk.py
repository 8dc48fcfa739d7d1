"""A case in; what to ask for and what is known of its footage, entered and shown, out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import exports, forms, session, widgets
from app.i18n import _
from core.casebook import Case
from core.coverage import Timeline
from core.letter import letter, letter_html, letter_text
from core.securing import Item, answer, securing, wishes
from core.types import NextCamera
from core.workspace import Workspace


def letters(workspace: Workspace, case: Case, item: Item, now_s: float) -> None:
    """The draft of the letter to the owner, to read and to take along."""
    written = letter(item, case, by=session.officer(), now_s=now_s)
    name, log = f"{case.id}-{item.request.n}", exports.log(workspace, case.id)
    with st.popover(_("Letter"), icon=":material/draft:"):
        with st.container(horizontal=True):
            for ending, text, kind in (
                ("html", letter_html(written), "text/html"),
                ("txt", letter_text(written), "text/plain"),
            ):
                st.download_button(f".{ending}", text, f"{name}.{ending}", kind, on_click=log,
                                   args=("letter", text), kwargs={"request": item.request.n},
                                   icon=":material/download:", key=f"{name}-{ending}")  # fmt: skip
        st.code(letter_text(written), language=None, wrap_lines=True, height=300)


def listed(workspace: Workspace, case: Case, items: list[Item], now_s: float) -> None:
    """What is on the list, the most pressing on top, each with its state and its letter."""
    widgets.securing_figures(items)
    for place in widgets.page_of(len(items), key=f"securing-{case.id}"):
        item = items[place]
        with st.container(border=True, gap="small"):
            widgets.securing_card(item, now_s)
            with st.container(horizontal=True, vertical_alignment="center"):
                state = forms.state_field(item.request.n, item.request.state)
                letters(workspace, case, item, now_s)
        if state:
            answer(workspace, case.id, item.request.n, state, by=session.officer())
            st.rerun()


def asking(workspace: Workspace, case: Case, asked: tuple[NextCamera, ...], now_s: float) -> None:
    """The list, then what could be put on it."""
    ledger, items = workspace.casebook.ledger, securing(workspace, case.id, asked, now_s=now_s)
    if items:
        listed(workspace, case, items, now_s)
        if st.button(_("Take back the last entry"), icon=":material/undo:", key="undo-request"):
            ledger.unask(case.id, by=session.officer())
            st.rerun()
    else:
        widgets.securing_empty()
    proposals(workspace, case, asked, now_s)
    label = _("Add a camera, or a place whose camera is not entered")
    with st.expander(label, expanded=not items), widgets.guarded():
        wish = forms.wish_form(workspace.cameras(), around(case))
        if wish:
            ledger.ask(case.id, wish, by=session.officer())
            st.rerun()


def proposals(workspace: Workspace, case: Case, asked: Sequence[NextCamera], now_s: float) -> None:
    """The cameras to ask next that are not on the list yet, one click each, or all at once."""
    open_ = wishes(workspace, case.id, asked, now_s=now_s)
    if not open_:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader(_("Cameras to ask next"), anchor=False)
        every = st.button(
            _("Add all {n}", n=len(open_)), icon=":material/playlist_add:", key="add-all"
        )
    st.caption(_("True time in which the person may have passed, and how likely (estimate)."))
    chosen = [wish for wish in open_ if widgets.wish_row(wish, workspace.cameras())]
    for wish in open_ if every else chosen:
        workspace.casebook.ledger.ask(case.id, wish, by=session.officer())
    if every or chosen:
        st.rerun()


def around(case: Case) -> tuple[float, float] | None:
    """The window a field begins with: from when the person was last seen, an hour."""
    if case.last_seen is None:
        return None
    begin = 60 * (case.last_seen.from_s // 60)
    return begin, max(begin + 3600, 60 * (case.last_seen.to_s // 60 + 1))


def footage(workspace: Workspace, case: Case, found: Timeline | None, fields: str) -> None:
    """How far the footage of every camera has come, and what a person knows about it.

    fields  name of the two fields of the window, which the page reads before it is drawn
    """
    if found is None:
        widgets.timeline_empty()
        return
    for end, at_s in (("from", found.from_s), ("to", found.to_s)):
        session.begin(f"{fields}-{end}", widgets.local(at_s))
    forms.window_fields(fields)
    widgets.timeline(found, session.candidates(workspace, case.id))
    ledger = workspace.casebook.ledger
    st.subheader(_("Say what is known of footage"), anchor=False)
    with widgets.guarded():
        form = forms.cover_form(workspace.cameras(), around(case) or (found.from_s, found.to_s))
        if form:
            ledger.cover(form.camera, form.from_s, form.to_s, form.state, by=session.officer(),
                         case=case.id)  # fmt: skip
            st.rerun()
    with widgets.guarded():
        if st.button(_("Take back the last entry"), icon=":material/undo:", key="undo-coverage"):
            ledger.uncover(case.id, by=session.officer())
            st.rerun()
