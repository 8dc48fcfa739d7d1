"""Footage to read: whose it is and when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app import widgets
from app.i18n import _
from core.errors import BadInput
from core.types import (
    Camera,
)


@dataclass(frozen=True)
class FootageForm:
    """Footage to read: a file or folder, whose it is, and its first moment with its zone."""

    path: str
    camera: str
    start: str


def footage_form(cameras: Mapping[str, Camera]) -> FootageForm | None:
    """Read footage -> its values once sent. Raises BadInput."""
    with st.form("footage"):
        st.subheader(_("Read footage"), anchor=False)
        which, where, when = st.columns([3, 6, 4])
        camera = which.selectbox(
            _("Camera"), list(cameras), format_func=lambda c: widgets.camera_name(c, cameras)
        )
        path = where.text_input(
            _("File or folder of pictures on this computer"), placeholder="/media/usb/01.mp4"
        )
        start = when.text_input(
            _("First moment, by the recorder's clock (Korea)"), placeholder="2026-05-01 09:00:00"
        )
        if not st.form_submit_button(_("Read footage"), icon=":material/movie:"):
            return None
    return FootageForm(path.strip(), camera or "", with_zone(start.strip()))


def with_zone(text: str) -> str:
    """A time as people write it -> ISO 8601; Korean time where no zone is written. BadInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "{text!r} is not a time: write it like 2026-05-01 09:00:00", text=text[:40]
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=widgets.ZONE)).isoformat()
