"""Cameras in; the one being worked on, on a map and in its fields, out to the workspace."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from hashlib import blake2b

import streamlit as st
from streamlit_folium import st_folium

from app import exports, forms, session, widgets
from app.i18n import _, say
from core import cameralist
from core.clockcheck import check_clock
from core.routemap import Ground, camera_mark, place_map
from core.types import Camera, LastSeen, Recorder
from core.workspace import Workspace

CHOSEN, MAP = "camera-chosen", "cameras-map"
MAP_PX = 430


def chosen(cameras: Mapping[str, Camera]) -> Camera | None:
    """Which camera is worked on; None = a new one."""
    session.follow(CHOSEN, ["", *cameras])
    return forms.camera_picker(cameras, key=CHOSEN)


def fields(
    workspace: Workspace, camera: Camera | None, recorders: Mapping[str, Recorder]
) -> forms.Draft:
    """The fields of a camera as they stand, and what saving them does."""
    recorder = recorders[camera.recorder_id] if camera else None
    keys = _keys(camera, recorder)
    for name, value in forms.beginning(camera, recorder).items():
        session.begin(f"{keys}-{name}", value)
    draft = forms.camera_fields(keys, new=camera is None, recorders=list(recorders))
    if draft.save:
        with widgets.guarded():
            saved, clock = forms.checked(draft, camera, recorders)
            workspace.add_camera(saved, clock, by=session.officer())
            session.lead(CHOSEN, saved.id)
            st.toast(_("Camera saved."), icon=":material/check:")
            st.rerun()
    return draft


def _keys(camera: Camera | None, recorder: Recorder | None) -> str:
    """The name of the fields: another camera, or one that was changed, begins afresh."""
    return f"camera-{blake2b(repr((camera, recorder)).encode(), digest_size=6).hexdigest()}"


def map_of(
    cameras: Mapping[str, Camera], draft: forms.Draft, last_seen: LastSeen | None, ground: Ground
) -> None:
    """All cameras, and the place in the fields; a click gives a place, or chooses a camera.

    last_seen  a place to begin with while no camera has one
    """
    drawn = place_map(cameras, "camera", seen=last_seen, translate=say, ground=ground)
    st_folium(
        drawn,
        key=MAP,
        height=MAP_PX,
        use_container_width=True,
        returned_objects=["last_clicked", "last_active_drawing"],
        feature_group_to_add=camera_mark(draft.place, draft.heading_deg, draft.view_range_m),
        on_change=partial(_clicked, draft.keys),
    )
    st.caption(_("Click on the map: the place of the camera. Click on a mark: that camera."))


def _clicked(keys: str) -> None:
    place, mark = session.map_click(MAP)
    if mark is not None:
        session.put(CHOSEN, mark)
    elif place is not None:
        session.put(f"{keys}-lat", place[0])
        session.put(f"{keys}-lon", place[1])


def clock_check(workspace: Workspace, camera: Camera | None, draft: forms.Draft) -> None:
    """What recorder and phone showed at one moment -> the recorder's offset."""
    recorders = workspace.recorders()
    if camera is None:
        st.info(_("Choose a camera first; its recorder's clock is checked here."))
        return
    recorder = recorders[camera.recorder_id]
    others = [c for c in workspace.cameras().values() if c.recorder_id == recorder.id]
    form = forms.clock_form(recorder, len(others), keys=draft.keys)
    if form is None:
        return
    check_clock(
        workspace, recorder.id, form.showed_s, form.true_s, now_s=time.time(), how=form.how,
        by=session.officer(),
    )  # fmt: skip
    st.toast(_("Clock saved."), icon=":material/check:")
    st.rerun()


def table_in_and_out(workspace: Workspace) -> None:
    """Cameras from a table (CSV), after a look at what it would change; and all of them as one."""
    cameras, recorders = workspace.cameras(), workspace.recorders()
    given = forms.csv_given(
        cameralist.table(cameras, recorders), cameralist.KNOWN, exports.log(workspace, None)
    )
    if given is None:
        return
    name, content = given
    lines = cameralist.plan(content, cameras, recorders, name=name)
    widgets.plan_table(lines)
    pairs = [
        (line.camera, line.recorder)
        for line in lines
        if line.camera is not None and line.kind in ("new", "changed")
    ]
    if forms.csv_save(len(pairs), wrong=sum(line.kind == "wrong" for line in lines)):
        workspace.casebook.save_cameras(pairs, by=session.officer())
        st.toast(_("{n} cameras saved.", n=len(pairs)), icon=":material/check:")
        st.rerun()
