"""Who is looked for and why: the kind of case, its number, its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from app import session
from app.i18n import N_, _
from core.casebook import Category

CATEGORIES: tuple[Category, ...] = ("minor", "disability", "dementia", "adult", "crime")
CATEGORY_WORDS: Mapping[Category, str] = {
    "unspecified": N_("not said"),
    "minor": N_("Under 18"),
    "disability": N_("Disability"),
    "dementia": N_("Dementia"),
    "adult": N_("Adult"),
    "crime": N_("Possible crime"),
}
LAW: Mapping[Category, str] = {
    "unspecified": N_("Choose the kind of case first: the law differs."),
    "minor": N_(
        "Missing-children act: CCTV may be had without a warrant. Keep the ledger; destroy the "
        "footage once the person is found."
    ),
    "disability": N_(
        "Intellectual, autistic or mental disability: as for children under the missing-children "
        "act, with ledger and destruction."
    ),
    "dementia": N_(
        "Dementia: as for children under the missing-children act, with ledger and destruction."
    ),
    "adult": N_("That act does not cover adults: name the legal basis; a supervisor must agree."),
    "crime": N_("Criminal procedure: a warrant, or the consent of who owns the footage."),
}
ACT = N_("Act on the Protection and Support of Missing Children")
BY_ACT: tuple[Category, ...] = ("minor", "disability", "dementia")


@dataclass(frozen=True)
class About:
    """What a case is: its kind, legal basis, title and reason."""

    category: Category
    basis: str
    title: str
    reason: str


def about_fields(prefix: str) -> About:
    """Kind of case first, its law in one line, then title and reason -> what they say."""
    session.begin(f"{prefix}category", None)
    category = st.pills(
        _("Kind of case"),
        CATEGORIES,
        format_func=lambda kind: _(CATEGORY_WORDS[kind]),
        wrap=True,
        key=f"{prefix}category",
    )
    kind: Category = category or "unspecified"
    st.caption(_(LAW[kind]))
    basis = _(ACT) if kind in BY_ACT else ""
    if kind in ("adult", "crime"):
        basis = st.text_input(_("Legal basis"), max_chars=300, key=f"{prefix}basis")
    title = st.text_input(_("Title or case number"), max_chars=120, key=f"{prefix}title")
    reason = st.text_input(
        _("Reason for the search (required)"),
        max_chars=300,
        help=_("Kept in the audit log with your name."),
        key=f"{prefix}reason",
    )
    return About(kind, basis.strip(), title.strip(), reason.strip())


def case_picker(
    titles: Mapping[str, str], current: str | None, new: str | None = None
) -> str | None:
    """Choose among cases {id: title} -> id; None for `new`, the label of "no case"."""
    options: Sequence[str | None] = ([None] if new else []) + list(titles)
    return st.selectbox(
        _("Case"),
        options,
        index=options.index(current) if current in options else 0,
        format_func=lambda case: f"{titles[case]}  ·  {case}" if case else new or "",
        label_visibility="collapsed",
        key=f"case-{current}",  # another case opened elsewhere makes a fresh field
    )
