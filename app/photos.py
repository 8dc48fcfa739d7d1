"""Photos as people bring them in; cards with who is meant, when it was taken and advice, out.

A photo that cannot be used costs one sentence and nothing else: the others stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import session, widgets
from app.i18n import _, say
from core import draw
from core.errors import BadInput, DongseonError
from core.photo import Upload
from core.photocheck import Group, Person, Shown
from core.workspace import Workspace

COMPARED_PX = 64
LEVEL_ICONS = {"good": "check_circle", "weak": "info", "bad": "error"}


def draft_photos(workspace: Workspace) -> list[Upload]:
    """Add, choose in, date and remove the photos of the draft -> those that can be used."""
    draft = session.draft()
    field = st.empty()
    if given := _field(field, draft):
        with st.spinner(_("Looking at the photos …")):
            _take(workspace, draft, [(one.name, one.getvalue()) for one in given])
        _field(field, draft)
    for error in draft.said:
        widgets.failed(error)
    usable = []
    for n, upload in enumerate(list(draft.photos)):
        with st.container(border=True, key=f"photo-card-{n}"):
            usable += _card(workspace, draft, upload, n)
    if draft.removed:
        name = widgets.inert(draft.removed[-1].name)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("{name} removed.", name=name), width="content")
            if st.button(_("Take back"), icon=":material/undo:", type="tertiary"):
                draft.photos.append(draft.removed.pop())
                st.rerun()
    return usable


def _field(at: DeltaGenerator, draft: session.Draft) -> list[UploadedFile]:
    """Where files are chosen; a fresh field once its files were taken over."""
    return at.file_uploader(
        _("Photos of the person"), accept_multiple_files=True, key=f"photos-{draft.uploads}"
    )


def _take(workspace: Workspace, draft: session.Draft, given: Sequence[tuple[str, bytes]]) -> None:
    """Move uploaded files into the draft; what is no photo leaves a sentence.

    A click while this runs starts the page anew in another thread: it waits here, finds the photos
    taken over, and nothing is lost or doubled.
    """
    with draft.lock:
        said: list[DongseonError] = []
        for name, content in given:
            upload = Upload(name, content)
            try:
                session.photo_group(workspace, upload)
            except DongseonError as error:
                said.append(error)
                continue
            if content not in {photo.content for photo in draft.photos}:
                draft.photos.append(upload)
        draft.said, draft.uploads = said, draft.uploads + 1


def _card(workspace: Workspace, draft: session.Draft, upload: Upload, n: int) -> list[Upload]:
    """One photo of the draft -> itself if it is clear who is meant, else nothing."""
    found = session.photo_group(workspace, upload)
    picture, words = st.columns([4, 7], gap="small")
    chosen = _chosen(found, upload)
    with words:
        with st.container(horizontal=True, vertical_alignment="top", gap="small"):
            st.text(widgets.plain(upload.name), width="stretch")
            if st.button(
                _("Remove"), icon=":material/close:", type="tertiary", key=f"photo-remove-{n}"
            ):
                draft.photos.remove(upload)
                draft.removed.append(upload)
                st.rerun()
        if len(found.people) > 1:
            chosen = _pick(found, upload, n)
        shown = None
        if not found.people or chosen is not None:
            others = 0 if upload.box else max(0, len(found.people) - 1)
            shown = session.photo_shown(workspace, upload, chosen, others)
            advice(shown)
            compared(shown)
        _date(found, upload, n)
    with picture:
        numbered = [] if len(found.people) < 2 else found.boxes
        at = None if chosen is None else found.people.index(chosen)
        st.image(
            draw.numbered(found.picture, numbered, chosen=at),
            width="stretch",
            alt=_("the photo, {n} people in it", n=len(found.people)),
        )
    if shown is None:
        st.warning(_("Several people: choose the number of the one looked for."))
        return []
    return [upload]


def _chosen(found: Group, upload: Upload) -> Person | None:
    """Who is meant: as somebody said, else who stands out."""
    if upload.box is not None:
        return next((one for one in found.people if one.box == upload.box), None)
    return None if found.chosen is None else found.people[found.chosen]


def _pick(found: Group, upload: Upload, n: int) -> Person | None:
    """Numbers to choose from; a new choice is kept with the photo."""
    key, before = f"photo-who-{n}-{found.sha256[:12]}", _chosen(found, upload)
    session.begin(key, None if before is None else found.people.index(before) + 1)
    number = st.pills(_("Who is looked for?"), range(1, len(found.people) + 1), wrap=True, key=key)
    chosen = found.people[number - 1] if number else None
    if chosen is not None and chosen != before:
        session.correct(upload, box=chosen.box, face=chosen.face)
        st.rerun()
    if chosen is None and before is not None:
        session.correct(upload, box=None, face=None)
    return chosen


def _date(found: Group, upload: Upload, n: int) -> None:
    """When it was taken: the file's date, to be corrected."""
    key = f"photo-date-{n}-{found.sha256[:12]}"
    known = upload.taken_s if upload.dated else found.taken_s
    day = None if known is None else datetime.fromtimestamp(known, widgets.ZONE).date()
    session.begin(key, day)
    said = st.date_input(_("Taken on"), max_value="today", min_value=widgets.OLDEST, key=key)
    if said != day:
        session.correct(upload, taken_s=widgets.noon(said), dated=True)
        st.rerun()


def compared(shown: Shown) -> None:
    """What will be compared of a photo: the person cut out, and the face turned upright."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        if shown.face is not None:
            st.image(shown.face, width=COMPARED_PX, alt=_("the face as it is compared"))
        person = draw.fitted(shown.person, COMPARED_PX)
        st.image(person, alt=_("the person as cut out"))
        st.caption(_("This is compared."), width="content")


def advice(shown: Shown) -> None:
    """What the photo is good for, as short lines with a sign each."""
    lines = [
        f"{widgets.icon(LEVEL_ICONS[one.level])} {widgets.inert(say(one.text))}"
        for one in shown.advice
    ]
    st.caption("  \n".join(lines))


def need_one(photos: Sequence[Upload], draft: session.Draft) -> None:
    """BadInput unless there is a photo, and in each it is clear who is meant."""
    if not draft.photos:
        raise BadInput("no photo yet: add at least one photo of the person")
    if len(photos) < len(draft.photos):
        raise BadInput("in a photo it is not clear who is meant: choose a number, or remove it")
