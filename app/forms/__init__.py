"""Forms: fields drawn, and what was filled in returned as plain values once they are sent.

What others typed (names, titles) is shown only where Streamlit reads it as plain text.
"""

from __future__ import annotations

from app.forms.camera import (
    ClockForm,
    Draft,
    beginning,
    camera_fields,
    camera_picker,
    checked,
    clock_form,
    csv_given,
    csv_save,
    owner_kind_field,
)
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
from app.forms.footage import FootageForm, footage_form, with_zone
from app.forms.scope import Scope, ScopeFields, scope_form, window
from app.forms.securing import CoverForm, cover_form, state_field, window_fields, wish_form

__all__ = [
    "FIRST_ATTRIBUTES",
    "MORE_ATTRIBUTES",
    "PHOTO_TYPES",
    "SURE",
    "CaseForm",
    "ClockForm",
    "CoverForm",
    "Draft",
    "FootageForm",
    "LastSeenFields",
    "Scope",
    "ScopeFields",
    "beginning",
    "camera_fields",
    "camera_picker",
    "case_form",
    "case_picker",
    "checked",
    "clock_form",
    "cover_form",
    "csv_given",
    "csv_save",
    "desk",
    "footage_form",
    "last_seen",
    "no_workspace",
    "owner_kind_field",
    "photo_form",
    "pointed_case_form",
    "scope_form",
    "state_field",
    "window",
    "window_fields",
    "wish_form",
    "with_zone",
]
