"""Forms: fields drawn, and what was filled in returned as plain values once they are sent.

What others typed (names, titles) is shown only where Streamlit reads it as plain text.
"""

from __future__ import annotations

from app.forms.camera import CameraForm, camera_form
from app.forms.case import (
    FIRST_ATTRIBUTES,
    MORE_ATTRIBUTES,
    PHOTO_TYPES,
    SURE,
    CaseForm,
    LastSeenFields,
    case_form,
    case_picker,
    last_seen,
    photo_form,
    pointed_case_form,
)
from app.forms.desk import desk, no_workspace
from app.forms.footage import FootageForm, folder, footage_form, watch_form, with_zone
from app.forms.scope import Scope, ScopeFields, scope_form, window

__all__ = [
    "FIRST_ATTRIBUTES",
    "MORE_ATTRIBUTES",
    "PHOTO_TYPES",
    "SURE",
    "CameraForm",
    "CaseForm",
    "FootageForm",
    "LastSeenFields",
    "Scope",
    "ScopeFields",
    "camera_form",
    "case_form",
    "case_picker",
    "desk",
    "folder",
    "footage_form",
    "last_seen",
    "no_workspace",
    "photo_form",
    "pointed_case_form",
    "scope_form",
    "watch_form",
    "window",
    "with_zone",
]
