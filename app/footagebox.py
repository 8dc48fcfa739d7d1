"""Footage in, a person pointed at in it out: clip, moment, and a box in the picture.

The moment is chosen in true time, as the officer knows it; the box is one of the people found in
that picture, or drawn by hand where the machine saw nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session, widgets
from app.i18n import _
from core import draw
from core.draw import Box
from core.types import Camera, Clip, Recorder
from core.workspace import Workspace

STEP_S = 0.2
BY_HAND = 0  # the choice beside the numbers 1, 2, 3 ...
PREVIEW_PX = 190


@dataclass(frozen=True)
class Pointed:
    """Somebody in footage: at_s seconds into the clip's file, box xyxy px of the frame."""

    clip: Clip
    at_s: float
    box: Box


def panel(workspace: Workspace, where: str) -> tuple[Pointed | None, DeltaGenerator]:
    """Choose a person in footage -> who, None while nobody is chosen; a place beside the picture.

    where  a name of the place on the page, so that two panels do not share their fields

    Raises FootageError.
    """
    clips, cameras = workspace.clips(), workspace.cameras()
    if not clips:
        st.info(_("No footage yet. Add some on the page Collect footage."))
        return None, st.container()
    recorders = workspace.recorders()
    left, right = st.columns([11, 4], gap="medium")
    with left:
        clip = _which_clip(clips, cameras, recorders, where)
        shown = st.empty()
        at_s = _moment(clip, _offset_s(clip, cameras, recorders), where, workspace)
    picture, found = session.people_at(workspace, clip, at_s)
    with right:
        box, number = _who(clip, found, f"{where}-{clip.id}-{at_s:.1f}")
        own = box if number == BY_HAND else None
        shown.image(
            draw.numbered(picture, found, chosen=number - 1 if number else None, own=own),
            width="stretch",
            alt=_("the picture at that moment, with {n} people numbered", n=len(found)),
        )
        if box is not None:
            st.image(draw.cutout(picture, box, PREVIEW_PX), alt=_("the person pointed at"))
        beside = st.container()
    return (None if box is None else Pointed(clip, at_s, box)), beside


def _offset_s(
    clip: Clip, cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder]
) -> float:
    """Seconds to add to the camera's clock to reach true time."""
    camera = cameras.get(clip.camera_id)
    recorder = recorders.get(camera.recorder_id) if camera else None
    return recorder.clock_offset_s if recorder else 0.0


def _which_clip(
    clips: Sequence[Clip],
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    where: str,
) -> Clip:
    def label(clip: Clip) -> str:
        name = widgets.camera_name(clip.camera_id, cameras)
        start = widgets.clock(clip.start_s + _offset_s(clip, cameras, recorders))
        return f"{name}  ·  {start}  ·  {widgets.minutes(clip.duration_s)}"

    ordered = sorted(clips, key=lambda clip: (clip.camera_id, clip.start_s))
    chosen = st.selectbox(
        _("Which footage"),
        ordered,
        format_func=label,
        label_visibility="collapsed",
        key=f"clip-{where}",
    )
    return chosen or ordered[0]


def _moment(clip: Clip, offset_s: float, where: str, workspace: Workspace) -> float:
    """A slider in true time, and buttons that move it -> seconds into the clip's file."""
    key = f"moment-{where}-{clip.id}{offset_s:+.1f}"
    begin = datetime.fromtimestamp(clip.start_s + offset_s, widgets.ZONE).replace(tzinfo=None)
    steps = max(1, int(clip.duration_s / STEP_S))
    seen = [_on_grid(at_s, steps) for at_s in session.appearances(workspace, clip)]
    session.begin(key, begin + timedelta(seconds=seen[0] if seen else 0.0))
    moment = st.slider(
        _("Time (Korea)"),
        begin,
        begin + timedelta(seconds=steps * STEP_S),
        step=timedelta(seconds=STEP_S),
        format="HH:mm:ss.S",
        label_visibility="collapsed",
        key=key,
    )
    at_s = round((moment - begin).total_seconds(), 1)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for n, (label, icon, to_s) in enumerate(_jumps(at_s, seen, steps)):
            st.button(
                label,
                icon=icon,
                disabled=to_s in (None, at_s),
                on_click=session.put,
                args=(key, begin + timedelta(seconds=to_s or 0.0)),
                key=f"{key}-{n}",
            )
        into_s = round(clip.from_s + at_s, 1)
        st.caption(_("Korean time; {at} s into the file", at=f"{into_s:.1f}"), width="content")
    return into_s


def _jumps(at_s: float, seen: Sequence[float], steps: int) -> list[tuple[str, str, float | None]]:
    """(label, icon, where to) of the buttons; None = there is nobody in that direction."""
    before = max((t for t in seen if t < at_s), default=None)
    after = min((t for t in seen if t > at_s), default=None)
    return [
        (_("Person before"), ":material/skip_previous:", before),
        (_("−1 s"), ":material/chevron_left:", _on_grid(at_s - 1, steps)),
        (_("+1 s"), ":material/chevron_right:", _on_grid(at_s + 1, steps)),
        (_("Next person"), ":material/skip_next:", after),
    ]


def _on_grid(at_s: float, steps: int) -> float:
    """The slider's step nearest to a time, inside the clip."""
    return round(min(max(round(at_s / STEP_S), 0), steps) * STEP_S, 1)


def _who(clip: Clip, found: Sequence[Box], key: str) -> tuple[Box | None, int]:
    """Choose a number, or draw by hand -> the box or None, and the number (0 = by hand)."""
    if not found:
        st.info(_("Nobody was found in this picture. Move the time, or frame the person by hand."))
        return _box_by_hand(clip), BY_HAND
    numbers = [*range(1, len(found) + 1), BY_HAND]
    number = st.pills(
        _("Which one is the person?"),
        numbers,
        default=1 if len(found) == 1 else None,
        format_func=lambda n: str(n) if n else _("by hand"),
        wrap=True,
        key=f"who-{key}",
    )
    if number == BY_HAND:
        return _box_by_hand(clip), BY_HAND
    return (found[number - 1], number) if number else (None, BY_HAND)


def _box_by_hand(clip: Clip) -> Box:
    """Two sliders with two ends each -> a box that is drawn as they move."""
    width, height = clip.size
    middle = (round(0.45 * width), round(0.55 * width)), (round(0.3 * height), round(0.7 * height))
    x1, x2 = st.slider(_("Left and right edge"), 0, width, middle[0], key=f"x-{clip.id}")
    y1, y2 = st.slider(_("Top and bottom edge"), 0, height, middle[1], key=f"y-{clip.id}")
    return float(x1), float(y1), float(x2), float(y2)
