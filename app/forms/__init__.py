"""Forms: fields drawn, and what was filled in returned as plain values once they are sent.

What others typed (names, titles) is shown only where Streamlit reads it as plain text.
"""

from __future__ import annotations

from app.forms.camera import (
    Draft,
    beginning,
    camera_fields,
    camera_picker,
    checked,
    clock_form,
    csv_given,
    csv_save,
)
from app.forms.case import CATEGORY_WORDS, About, about_fields, case_picker
from app.forms.desk import desk, no_workspace
from app.forms.footage import folder, footage_form, watch_form, with_zone
from app.forms.looks import Looks, looks_fields
from app.forms.place import last_seen, last_seen_fields
from app.forms.scope import Scope, scope_form, scope_of
from app.forms.securing import cover_form, state_field, window_fields, wish_form
from app.forms.told import LAT, LON, sighting, told_form

__all__ = [
    "CATEGORY_WORDS",
    "LAT",
    "LON",
    "About",
    "Draft",
    "Looks",
    "Scope",
    "about_fields",
    "beginning",
    "camera_fields",
    "camera_picker",
    "case_picker",
    "checked",
    "clock_form",
    "cover_form",
    "csv_given",
    "csv_save",
    "desk",
    "folder",
    "footage_form",
    "last_seen",
    "last_seen_fields",
    "looks_fields",
    "no_workspace",
    "scope_form",
    "scope_of",
    "sighting",
    "state_field",
    "told_form",
    "watch_form",
    "window_fields",
    "wish_form",
    "with_zone",
]
