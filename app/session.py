"""The browser session in, plain values out: language, officer, open case, draft, last ranking.

The only file that touches `st.session_state`, the url's parameters and the server's caches. What
must outlive the session (cases, verdicts) lives in the workspace; a refresh finds its place again
by the case id, the draft's id and the language in the url. A draft (a case not yet opened) lives in
the server's memory, so that a refresh keeps it and a restart does not.
"""

from __future__ import annotations

import getpass
import math
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import streamlit as st

from app import i18n, widgets
from core import draw
from core.doctor import Finding, examine
from core.errors import BadInput, DongseonError
from core.photo import Upload
from core.photocheck import Group, Person, Shown
from core.types import Clip, NextCamera, Note, Ranking, Route, Sighting
from core.workspace import Workspace

if TYPE_CHECKING:
    from app.forms import Scope

PAGES = Path(__file__).resolve().parent / "pages"
RANKINGS_KEPT = 32
THUMB_PX = 88
DRAFTS_KEPT = 16
FIELD = "new-"  # keys of the fields a draft keeps


@dataclass(frozen=True)
class Kept:
    """A search that was done: what it found, where it looked, and what was known of the person."""

    ranking: Ranking
    scope: Scope
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
    from app import forms  # forms keep their values here

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


def taken(*names: str) -> dict[str, str]:
    """What a link asked for beside its page, {name: text from a stranger}, told only once."""
    found = {name: st.query_params[name] for name in names if name in st.query_params}
    for name in found:
        del st.query_params[name]
    return found


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


def go(page: str) -> NoReturn:
    """Turn to another page; case and language come along."""
    known = {name: st.session_state.get(name) for name in ("case", "lang")}
    query = {name: value for name, value in known.items() if value}
    target = PAGES / f"{page}.py"
    st.switch_page(target, query_params=query)


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


def keep_search(here: Workspace, case: str, found: Ranking, scope: Scope) -> None:
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


def thumb(here: Workspace, case: str) -> bytes | None:
    """The person looked for, small; None without a picture."""
    picture = probe(here, case)[0]
    return None if picture is None else draw.fitted(picture, THUMB_PX)


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
    try:
        return route(here, case).next_cameras
    except BadInput:
        return ()  # no photo yet: the list can be filled by hand


def route(here: Workspace, case: str) -> Route:
    """The route of a case, inferred once for what is known of it now."""
    known = (str(here.casebook.sightings(case)), str(here.case(case)), len(here.clips()))
    return _route(here, str(here.path), case, known)


@st.cache_data(show_spinner=False, max_entries=32)
def _route(_here: Workspace, path: str, case: str, known: tuple[object, ...]) -> Route:
    return _here.route(case, by=officer())


@dataclass
class Draft:
    """A case that is not opened yet. fields: what was filled in;  said: faults of new photos"""

    fields: dict[str, object] = field(default_factory=dict)
    photos: list[Upload] = field(default_factory=list)
    removed: list[Upload] = field(default_factory=list)
    said: list[DongseonError] = field(default_factory=list)
    uploads: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)


@st.cache_resource(show_spinner=False)
def _drafts() -> OrderedDict[str, Draft]:
    return OrderedDict()


def draft() -> Draft:
    """The case being filled in here, found again by the url after a refresh."""
    kept = _drafts()
    name = str(st.query_params.get("draft") or st.session_state.get("draft") or "")
    if name not in kept:
        name = secrets.token_urlsafe(9)
        kept[name] = Draft()
        while len(kept) > DRAFTS_KEPT:
            kept.popitem(last=False)
    st.session_state["draft"] = st.query_params["draft"] = name
    found = kept[name]
    for key, value in found.fields.items():
        st.session_state.setdefault(key, value)
    found.fields |= {str(k): v for k, v in st.session_state.items() if str(k).startswith(FIELD)}
    return found


def end_draft() -> None:
    """The draft became a case, or is given up."""
    _drafts().pop(str(st.session_state.pop("draft", "")), None)
    for key in [key for key in st.session_state if str(key).startswith(FIELD)]:
        del st.session_state[key]
    if "draft" in st.query_params:
        del st.query_params["draft"]


def correct(upload: Upload, **said: object) -> None:
    """Say something else of a photo of the draft."""
    photos = draft().photos
    photos[photos.index(upload)] = replace(upload, **said)  # type: ignore[arg-type]


def photo_group(here: Workspace, upload: Upload) -> Group:
    """Who is in a photo, found once. Raises BadInput."""
    return _photo_group(here, str(here.path), upload.name, upload.content)


@st.cache_data(show_spinner=False, max_entries=32)
def _photo_group(_here: Workspace, path: str, name: str, content: bytes) -> Group:
    return _here.photo_group(Upload(name, content))


def photo_shown(here: Workspace, upload: Upload, chosen: Person | None, others: int) -> Shown:
    """How a photo will be compared, worked out once. Raises BadInput."""
    return _photo_shown(here, str(here.path), upload, chosen, others)


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs={Upload: hash, Person: hash})
def _photo_shown(
    _here: Workspace, path: str, upload: Upload, chosen: Person | None, others: int
) -> Shown:
    return _here.photo_shown(upload, chosen, others)


def place(key: str, of: int) -> int:
    """Which of `of` things is looked at, kept between runs."""
    return min(max(int(st.session_state.get(key, 0)), 0), max(of - 1, 0))


def remembered(key: str) -> object:
    """What `put` kept."""
    return st.session_state.get(key)


def forget(key: str) -> None:
    """Drop what `put` kept."""
    st.session_state.pop(key, None)


def begin(key: str, value: object) -> None:
    """What a field shows before anybody touches it."""
    st.session_state.setdefault(key, value)


def changed(key: str, value: object) -> bool:
    """True once for every new value, as long as it is not None: a click that was not seen yet."""
    if value is None or st.session_state.get(key) == value:
        return False
    st.session_state[key] = value
    return True


def kept(key: str) -> object:
    """What `changed` kept last, or None."""
    return st.session_state.get(key)


def now_s() -> float:
    """True time now, to the next five minutes: a map must not be drawn anew at every click."""
    return 300.0 * math.ceil(time.time() / 300)


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


def differs(name: str, value: object) -> bool:
    """Whether something is not what it was when this session last asked; the first time it is."""
    before = st.session_state.get(f"seen-{name}", value)
    st.session_state[f"seen-{name}"] = value
    return bool(before != value)


def turn(name: str) -> int:
    """How often something was sent: a field with this in its key is empty again after sending."""
    return int(st.session_state.get(f"turn-{name}", 0))


def next_turn(name: str) -> None:
    """Begin with empty fields."""
    st.session_state[f"turn-{name}"] = turn(name) + 1


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
def findings(path: str, outdated: int) -> list[Finding]:
    """What the check of the installation and of a workspace says; it hashes every weight file.

    outdated  how many clips other models described: where that changed, it is checked again
    """
    return examine(path)
