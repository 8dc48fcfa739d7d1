"""Jobs of the queue in; cards with real progress and buttons out, and what was pressed."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import streamlit as st

from app.i18n import N_, _, say
from app.widgets.frame import table
from app.widgets.words import camera_name, clock, icon, inert, minutes
from core.casebook import Job, Watched
from core.types import Camera

Deed = Literal["pause", "resume", "to_front", "cancel"]

IDLE_S = 15.0  # a queue nobody reads from for so long has no worker
ENDED_SHOWN = 50
STATES: Mapping[str, tuple[str, str]] = {
    "queued": (N_("waiting"), ":material/hourglass_empty:"),
    "running": (N_("being read"), ":material/play_circle:"),
    "paused": (N_("paused"), ":material/pause_circle:"),
    "done": (N_("done"), ":material/check_circle:"),
    "failed": (N_("failed"), ":material/error:"),
    "cancelled": (N_("cancelled"), ":material/cancel:"),
}
BUTTONS: Mapping[Deed, tuple[str, str]] = {
    "pause": (N_("Pause"), ":material/pause:"),
    "resume": (N_("Go on"), ":material/play_arrow:"),
    "to_front": (N_("Next"), ":material/vertical_align_top:"),
    "cancel": (N_("Cancel"), ":material/close:"),
}
OFFERED: Mapping[str, tuple[Deed, ...]] = {
    "queued": ("to_front", "pause", "cancel"),
    "running": ("pause", "cancel"),
    "paused": ("resume", "to_front", "cancel"),
    "failed": ("resume", "cancel"),
}


@dataclass(frozen=True)
class Asked:
    """A button was pressed."""

    deed: Deed
    job_id: str


def jobs(found: Sequence[Job], cameras: Mapping[str, Camera]) -> Asked | None:
    """The queue as it is now, then what ended -> what is asked for, if anything."""
    st.subheader(_("Queue"), anchor=False)
    shown = [job for job in found if job.state in OFFERED]
    ended = [job for job in found if job.state not in OFFERED]
    if not shown:
        st.info(
            _("Nothing waits to be read. Add recordings, or let a folder be watched."),
            icon=":material/inbox:",
        )
    if _nobody_reads(found):
        st.warning(
            _("No program reads the queue: start one with `dongseon worker`."),
            icon=":material/warning:",
        )
    asked = job_cards(shown, cameras)
    if ended:
        with st.expander(_("Ended: {n}", n=len(ended))):
            table([_ended(job, cameras) for job in ended[:ENDED_SHOWN]], alt=_("jobs that ended"))
    return asked


def job_cards(found: Sequence[Job], cameras: Mapping[str, Camera]) -> Asked | None:
    """Jobs that have not ended, a card each -> what is asked for, if anything."""
    asked = [_card(job, cameras) for job in found]
    return next((one for one in asked if one is not None), None)


def outdated(clips: int) -> bool:
    """Other models described these clips -> whether they are to be described anew."""
    st.warning(
        _("{n} pieces of footage were described by other models: who is in them is not compared "
          "until they are described anew from the pictures that were kept.", n=clips),
        icon=":material/sync_problem:",
    )  # fmt: skip
    return st.button(_("Describe anew"), icon=":material/sync:", type="primary")


def _nobody_reads(found: Sequence[Job]) -> bool:
    now = time.time()
    waiting = [job for job in found if job.state == "queued" and job.not_before_s <= now]
    if not waiting or any(job.state == "running" for job in found):
        return False
    newest = max([*(job.added_s for job in waiting), *(job.ended_s or 0.0 for job in found)])
    return now - newest > IDLE_S


def _card(job: Job, cameras: Mapping[str, Camera]) -> Asked | None:
    """One job: what it is, how far it is, what can be done with it."""
    word, icon = STATES[job.state]
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            name = inert(camera_name(job.camera_id, cameras))
            st.markdown(f"{icon} **{name}** · {inert(_what(job))}", width="stretch")
            with st.container(horizontal=True, width="content"):
                pressed = [deed for deed in OFFERED[job.state] if _button(job, deed)]
        share = job.done_s / job.total_s if job.total_s > 0 else 0.0
        st.progress(min(max(share, 0.0), 1.0), _progress(job, _(word)))
        st.caption(_about(job))
        if job.why is not None:
            st.error(inert(say(job.why)), icon=STATES[job.state][1])
    return Asked(pressed[0], job.id) if pressed else None


def _what(job: Job) -> str:
    return _("described anew") if job.kind == "reindex" else PurePath(job.path).name


def _button(job: Job, deed: Deed) -> bool:
    label, icon = BUTTONS[deed]
    if job.state == "failed" and deed == "resume":
        label, icon = N_("Try again"), ":material/refresh:"
    busy = job.asked != "" and deed != "resume"
    return st.button(_(label), icon=icon, key=f"{deed}-{job.id}", disabled=busy)


def _progress(job: Job, word: str) -> str:
    """State, share, speed, time left, people, in one line."""
    said = [{"pause": _("stopping …"), "cancel": _("stopping …")}.get(job.asked, word)]
    if job.state == "running" and math.isnan(job.total_s):
        said.append(_("looking through the file"))
    if job.total_s > 0:
        share = f"{min(job.done_s / job.total_s, 1.0):.0%}"
        length = _("{done} of {total}", done=minutes(job.done_s), total=minutes(job.total_s))
        said.append(f"{share} ({length})")
    if job.state == "running" and job.speed > 0:
        said.append(_("{x} times real time", x=f"{job.speed:.1f}"))
        said.append(_("about {left} left", left=minutes(job.left_s)))
    if job.tracklets:
        said.append(_("{n} appearances of people", n=f"{job.tracklets:,}"))
    if job.state == "queued" and (wait_s := job.not_before_s - time.time()) > 0:
        said.append(_("next attempt in {wait}", wait=minutes(wait_s)))
    return inert(" · ".join(said))


def _about(job: Job) -> str:
    """Where it lies, when it begins, what is wanted of it, who asked."""
    said = [_("begins {when} (recorder's clock)", when=clock(job.start_s))]
    if job.kind == "reindex":
        said = [_("by the models in use, from the pictures that were kept")]
    low, high = job.between
    if low is not None or high is not None:
        ends = [clock(t) if t is not None else "" for t in (low, high)]
        said.append(_("only {low} ~ {high} (true time)", low=ends[0], high=ends[1]))
    if job.by:
        said.append(_("asked by {who}", who=job.by))
    return inert(" · ".join(said))


def _ended(job: Job, cameras: Mapping[str, Camera]) -> dict[str, object]:
    return {
        _("State"): _(STATES[job.state][0]),
        _("Camera"): camera_name(job.camera_id, cameras),
        _("File"): _what(job),
        _("Length"): minutes(job.total_s) if job.total_s > 0 else None,
        _("Appearances"): f"{job.tracklets:,}",
        _("Ended"): clock(job.ended_s) if job.ended_s else None,
    }


def watched(one: Watched) -> None:
    """A watched folder and what a worker found in it."""
    with st.container(border=True, gap="small"):
        st.markdown(f"{icon('folder_eye')} **{inert(one.path)}**")
        if one.scanned_s is None:
            st.caption(_("not looked at yet: a worker does it within seconds"))
        elif one.why is not None:
            st.error(inert(say(one.why)))
        else:
            looked = _("looked at {when}", when=clock(one.scanned_s))
            st.caption(_("{n} files, {looked}", n=len(one.files), looked=looked))
            rows = [{_("File"): name, _("State"): say(why)} for name, why in one.files.items()]
            if rows:
                table(rows, alt=_("files of the watched folder"), height=300)


def no_camera() -> None:
    """Footage belongs to a camera: there is none yet."""
    st.info(
        _("Add a camera first: every recording belongs to one."), icon=":material/videocam_off:"
    )
