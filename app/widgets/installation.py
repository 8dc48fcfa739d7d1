"""The workspace in, tables of its models, cameras, footage and state out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePath

import streamlit as st

from app.i18n import N_, _, attribute_word, say
from app.widgets.frame import table
from app.widgets.words import camera_name, inert, minutes, span
from core.describe import NO_FACES
from core.doctor import Finding
from core.ticks import Tick
from core.types import (
    Camera,
    Clip,
    Recorder,
)
from core.zoo import EVIDENCE, FACES, Row

TASK_WORDS = {
    "person": N_("find people"),
    "face": N_("find faces"),
    "face_embedding": N_("compare faces"),
    "face_bareness": N_("tell bare faces from masked ones"),
    "body_embedding": N_("compare bodies"),
    "attributes": N_("judge ticked features"),
}


def place(path: PurePath, pack: str) -> None:
    """Where the workspace lies and which pack of models it uses."""
    table([{_("Workspace"): path, _("Model pack"): pack}], alt=_("the workspace"))


def findings(found: Sequence[Finding]) -> None:
    """What the check of this installation says, worst first."""
    looks = {"error": st.error, "warn": st.warning}
    for level, box in looks.items():
        for finding in (f for f in found if f.level == level):
            box(inert(say(finding.text)))
    fine = [finding for finding in found if finding.level == "ok"]
    if fine:
        with st.expander(_("{n} checks are fine", n=len(fine))):
            for finding in fine:
                st.text(say(finding.text))


def models(rows: Collection[Row]) -> None:
    """The models in use, with where they come from, and that no face is looked at without one."""
    st.subheader(_("Models"), anchor=False)
    if not any(row.task in FACES for row in rows):
        st.info(say(NO_FACES), icon=":material/no_photography:")
    cells = [
        {
            _("Task"): _(TASK_WORDS.get(row.task, row.task)),
            _("Model"): row.name,
            _("Licence"): row.licence,
            _("Trained on"): row.training_data,
            _("Calibrated"): None
            if row.task not in EVIDENCE
            else (_("yes") if row.calibration else _("no")),
        }
        for row in rows
    ]
    table(cells, alt=_("models in use"))


def ticks(states: Mapping[str, Tick]) -> None:
    """Which ticks count in a search, and how well they were judged where that was measured."""
    st.subheader(_("Ticked features"), anchor=False)
    whys = [say(tick.why) for tick in states.values()]
    if len(set(whys)) == 1:
        st.info(whys[0], icon=":material/visibility_off:")
        return
    cells = [
        {
            _("Feature"): attribute_word(name),
            _("In a search"): _("counts") if tick.counts else _("reference only"),
            _("Why"): say(tick.why),
        }
        for name, tick in states.items()
    ]
    table(cells, alt=_("which ticked features count in a search"))


def clips(
    found: Sequence[Clip], cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder]
) -> None:
    """The recordings that were read, whole or in part, in true time."""
    st.subheader(_("In the gallery"), anchor=False)
    if not found:
        st.info(_("No footage was read yet."))
        return
    films: dict[tuple[str, str], list[Clip]] = {}
    for clip in found:
        films.setdefault((clip.camera_id, clip.sha256), []).append(clip)
    rows = []
    for (camera_id, _sha256), pieces in films.items():
        camera = cameras.get(camera_id)
        recorder = recorders.get(camera.recorder_id) if camera else None
        offset_s = recorder.clock_offset_s if recorder else 0.0
        gaps_s = sum(b - a for piece in pieces for a, b in piece.gaps)
        first, last = pieces[0], pieces[-1]
        rows.append(
            {
                _("Camera"): camera_name(camera_id, cameras),
                _("Time"): span(first.start_s + offset_s, last.end_s + offset_s),
                _("Read"): minutes(sum(piece.duration_s for piece in pieces)),
                _("Gaps"): minutes(gaps_s) if gaps_s else None,
                _("Picture"): f"{first.size[0]} x {first.size[1]}",
                _("File"): first.path,
            }
        )
    table(rows, alt=_("footage that was read"), height=420)
