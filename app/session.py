"""The browser session in, plain values out: language, officer, open case, workspace, last ranking.

The only file that touches `st.session_state`, the url's parameters and the server's caches. What
must outlive the session (cases, verdicts) lives in the workspace; a refresh finds its place again
by the case id and the language in the url.
"""

from __future__ import annotations

import getpass
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app import forms, i18n, widgets
from core.doctor import Finding, examine
from core.errors import BadInput
from core.types import Clip, NextCamera, Note, Ranking, Sighting
from core.workspace import Workspace

RANKINGS_KEPT = 32


@dataclass(frozen=True)
class Kept:
    """A search that was done: what it found, where it looked, and what was known of the person."""

    ranking: Ranking
    scope: forms.Scope
    given: tuple[str, ...]


def workspace_path() -> Path:
    """The workspace folder: DONGSEON_WORKSPACE, else var/default."""
    return Path(os.environ.get("DONGSEON_WORKSPACE") or "var/default").resolve()


def workspace() -> Workspace | None:
    """The open workspace, or None where there is none yet. Raises DongseonError if damaged."""
    path = workspace_path()
    if not path.is_dir() or not any(path.iterdir()):
        return None
    return _open(str(path), path.stat().st_ino)


@st.cache_resource(show_spinner=False, max_entries=2)
def _open(path: str, inode: int) -> Workspace:
    """Models load once per server, and again when another folder stands at the same place."""
    return Workspace.open(path)


def settle() -> None:
    """Bring url and session together, then speak the reader's language.

    A link or a refresh wins; a change of page clears the url, and the session fills it again.
    """
    for name in ("case", "lang"):
        if name in st.query_params:
            st.session_state[name] = st.query_params[name]
        elif st.session_state.get(name):
            st.query_params[name] = st.session_state[name]
    i18n.use(language())


def enter(page: Callable[[Workspace], None]) -> None:
    """Draw a page on the workspace; without one, offer to make it. Errors become one sentence."""
    settle()
    with widgets.guarded():
        here = workspace()
        if here is not None:
            page(here)
        elif forms.no_workspace(str(workspace_path())):
            Workspace.create(workspace_path())
            st.rerun()


def language() -> str:
    """The language of this session."""
    chosen = st.session_state.get("lang", "ko")
    return chosen if chosen in i18n.LANGUAGES else "ko"


def choose_language(chosen: str) -> None:
    """Speak another language from the next run on."""
    st.session_state["lang"] = chosen
    st.query_params["lang"] = chosen


def officer() -> str:
    """Who works here: what was typed, else the name of the account that runs the app."""
    return str(st.session_state.get("officer", _account()))


def _account() -> str:
    """The name of the account that runs the app, "" where it has none (in some containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def choose_officer(name: str) -> None:
    """Sign what follows with this name."""
    st.session_state["officer"] = name.strip()


def case_id() -> str | None:
    """The open case, if any."""
    return st.session_state.get("case")


def open_case(case: str | None) -> None:
    """Remember the open case in the session and in the url; None closes it."""
    st.session_state["case"] = case
    if case:
        st.query_params["case"] = case
    elif "case" in st.query_params:
        del st.query_params["case"]


@st.cache_resource(show_spinner=False)
def _searches() -> OrderedDict[tuple[str, str], Kept]:
    return OrderedDict()


def last_search(case: str) -> Kept | None:
    """The newest search of a case since the server started: a refresh must not search again."""
    return _searches().get((str(workspace_path()), case))


def keep_search(here: Workspace, case: str, found: Ranking, scope: forms.Scope) -> None:
    """Keep the newest search of a case; the oldest of too many are forgotten."""
    kept = _searches()
    kept[(str(workspace_path()), case)] = Kept(found, scope, given(here, case))
    while len(kept) > RANKINGS_KEPT:
        kept.popitem(last=False)


def candidates(here: Workspace, case: str) -> list[Sighting]:
    """The leads of the newest search that nobody has judged yet."""
    kept, judged = last_search(case), here.verdicts(case)
    if kept is None:
        return []
    found = kept.ranking
    return [
        Sighting("cctv", float(found.enter_s[i]), float(found.leave_s[i]), found.camera_id[i], one)
        for i, one in enumerate(found.tracklet_id)
        if one not in judged and found.band[i] in ("strong", "moderate")
    ]


def given(here: Workspace, case: str) -> tuple[str, ...]:
    """What shows the person of a case: photos, boxes drawn, sightings a person confirmed."""
    shown = [one.sha256 for one in here.casebook.photos(case)]
    shown += [f"{box.clip_sha256} {box.at_s} {box.box}" for box in here.casebook.boxes(case)]
    shown += sorted(t for t, v in here.verdicts(case).items() if v == "confirmed")
    return tuple(shown)


def probe(here: Workspace, case: str) -> tuple[bytes | None, dict[str, Note]]:
    """The person looked for as cut for comparing, and why a kind of evidence is missing."""
    return _probe(here, str(here.path), case, given(here, case))


@st.cache_data(show_spinner=False, max_entries=64)
def _probe(
    _here: Workspace, path: str, case: str, given: tuple[str, ...]
) -> tuple[bytes | None, dict[str, Note]]:
    """Cutting and describing run the models, so once per set of photos, boxes and confirmations."""
    try:
        return _here.probe_picture(case), dict(_here.probe(case).description.missing)
    except BadInput:
        return None, {}  # searching says why; the page must still open


def next_cameras(here: Workspace, case: str) -> tuple[NextCamera, ...]:
    """The cameras to ask next; none while nothing shows the person. Raises DongseonError."""
    changed = len(here.casebook.history(case)), repr(here.cameras()), repr(here.recorders())
    clips = tuple(clip.id for clip in here.clips())
    return _next_cameras(here, str(here.path), case, given(here, case), (changed, clips))


@st.cache_data(show_spinner=False, max_entries=64)
def _next_cameras(
    _here: Workspace, path: str, case: str, given: tuple[str, ...], state: object
) -> tuple[NextCamera, ...]:
    """A route is inferred and logged once for what is known, not at every click on the page."""
    try:
        return _here.route(case, by=officer()).next_cameras
    except BadInput:
        return ()  # no photo yet: the list can be filled by hand


def begin(key: str, value: object) -> None:
    """What a field shows before anybody touches it."""
    st.session_state.setdefault(key, value)


def put(key: str, value: object) -> None:
    """Set a field from a button's `on_click`."""
    st.session_state[key] = value


def follow(key: str, options: Sequence[object]) -> None:
    """Give a choice the option that `lead` left for it; one that is gone becomes the first."""
    if f"{key}-next" in st.session_state:
        st.session_state[key] = st.session_state.pop(f"{key}-next")
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]


def lead(key: str, value: object) -> None:
    """Choose this the next time the page is drawn, since what is drawn cannot be changed."""
    st.session_state[f"{key}-next"] = value


def shown(key: str) -> Any:
    """What a field holds, None before it is drawn."""
    return st.session_state.get(key)


def between(key: str) -> tuple[float, float] | None:
    """The window that two fields hold, KEY-from and KEY-to; None while one is empty or wrong."""
    low, high = (widgets.unix(shown(f"{key}-{end}")) for end in ("from", "to"))
    return None if low is None or high is None or high <= low else (low, high)


def map_click(key: str) -> tuple[tuple[float, float] | None, str | None]:
    """What was clicked on a map since the last call: a place (lat, lon), or a camera's id."""
    now = st.session_state.get(key) or {}
    before = st.session_state.get(f"{key}-before") or {}
    st.session_state[f"{key}-before"] = dict(now)
    mark, place = now.get("last_active_drawing"), now.get("last_clicked")
    if mark and mark != before.get("last_active_drawing"):
        return None, (mark.get("properties") or {}).get("camera")
    if place and place != before.get("last_clicked"):
        return (round(place["lat"], 6), round(place["lng"], 6)), None
    return None, None


def people_at(
    here: Workspace, clip: Clip, at_s: float
) -> tuple[bytes, list[tuple[float, float, float, float]]]:
    """A frame of a clip, JPEG, and the boxes of the people in it. Raises FootageError."""
    return _people_at(here, str(here.path), clip.id, at_s)


@st.cache_data(show_spinner=False, max_entries=64)
def _people_at(
    _here: Workspace, path: str, clip_id: str, at_s: float
) -> tuple[bytes, list[tuple[float, float, float, float]]]:
    """A page is drawn at every click, a frame decoded and looked at only once."""
    return _here.people_at(clip_id, at_s)


def appearances(here: Workspace, clip: Clip) -> list[float]:
    """When somebody is to be seen well after entering: seconds into the clip, in order."""
    columns = ("clip_id", "enter_s", "leave_s")
    rows = here.gallery.select([clip.camera_id], columns=columns).to_pylist()
    seen = [(r["enter_s"], r["leave_s"]) for r in rows if r["clip_id"] == clip.id]
    return sorted(a - clip.start_s + min(1.0, (b - a) / 2) for a, b in seen)


@st.cache_data(show_spinner=False, ttl=300, max_entries=2)
def findings(path: str) -> list[Finding]:
    """What the check of the installation and of a workspace says; it hashes every weight file."""
    return examine(path)
