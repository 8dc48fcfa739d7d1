"""The foot of the sidebar, and what is asked where there is no workspace yet."""

from __future__ import annotations

import streamlit as st

from app import i18n
from app.i18n import _


def desk(language: str, officer: str) -> tuple[str, str]:
    """The foot of the sidebar: language and who works here -> (language, officer)."""
    name = st.text_input(
        _("Officer"), officer, max_chars=60, help=_("Signs cases and verdicts."), key="officer_name"
    )
    chosen = st.segmented_control(
        "한국어 / English",
        list(i18n.LANGUAGES),
        default=language,
        required=True,
        format_func=i18n.LANGUAGES.__getitem__,
        label_visibility="collapsed",
        key=f"language-{language}",
    )
    st.caption(_("A candidate is a lead, not proof. A person decides."))
    return chosen or language, name


def no_workspace(path: str) -> bool:
    """Nothing here yet -> True when the reader wants a workspace made."""
    st.header(_("No workspace yet"))
    st.write(_("Cases, cameras and footage live in a workspace folder. There is none at:"))
    st.code(path, language=None)
    st.write(_("Make one here, or start the app with DONGSEON_WORKSPACE set to another folder."))
    return st.button(
        _("Make a workspace here"), type="primary", icon=":material/create_new_folder:"
    )
