"""Values in, what a person chose out: the parts pages are built of. Nothing here keeps state.

What others typed (names, titles, reasons) is never read as Markdown or HTML: it goes through
`st.text`, or through `inert` where Streamlit only offers a label.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from app import i18n
from app.i18n import N_, _, say
from core.casebook import Case
from core.doctor import Finding
from core.errors import DongseonError
from core.routemap import ask_rows, route_rows
from core.types import (
    Band,
    Camera,
    Clip,
    Note,
    Path,
    Recorder,
    Route,
    Searched,
    Verdict,
)
from core.zoo import Row

Color = Literal["green", "blue", "gray", "orange"]
ZONE = ZoneInfo("Asia/Seoul")
PER_PAGE = 10
MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" '
    'rx="7" fill="#1d5a8c"/><path d="M8 24 13 14l7 4 5-10" fill="none" stroke="#fff" '
    'stroke-width="2.4" stroke-linejoin="round"/><g fill="#fff"><circle cx="8" cy="24" r="3"/>'
    '<circle cx="13" cy="14" r="2"/><circle cx="20" cy="18" r="2"/><circle cx="25" cy="8" r="3"/>'
    "</g></svg>"
)
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32">{mark}<text x="42" y="23" '
    'font-family="Pretendard, Noto Sans KR, Noto Sans CJK KR, Malgun Gothic, sans-serif" '
    'font-size="20" font-weight="700" fill="#1b2430">{name}</text></svg>'
)
BAND_LOOKS: Mapping[Band, tuple[str, str, Color]] = {  # shape, word, colour: never colour alone
    "strong": ("●●●", N_("strong"), "green"),
    "moderate": ("●●○", N_("moderate"), "blue"),
    "weak": ("●○○", N_("weak"), "gray"),
    "insufficient": ("?", N_("insufficient"), "gray"),
    "against": ("✕", N_("speaks against"), "orange"),
}
VERDICT_WORDS: Mapping[Verdict, str] = {
    "confirmed": N_("Right"),
    "possible": N_("Possible"),
    "rejected": N_("Not this person"),
    "cannot_tell": N_("Cannot tell"),
}
TASK_WORDS = {
    "person": N_("find people"),
    "face": N_("find faces"),
    "face_embedding": N_("compare faces"),
    "body_embedding": N_("compare bodies"),
}


def inert(text: object) -> str:
    """Text in which Markdown and HTML read nothing, for labels, messages and table cells.

    Addresses become links even from escaped text, so an invisible space (U+200B) breaks them.
    """
    broken = re.sub(r"(?i)(:)(?=//)|(www)(?=\.)|(@)", "\\g<0>\u200b", str(text))
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", broken)


def clock(at_s: float) -> str:
    """Unix seconds -> local time to the second."""
    return datetime.fromtimestamp(at_s, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def span(from_s: float, to_s: float) -> str:
    """From and to, the date once when both lie on one day."""
    first, last = clock(from_s), clock(to_s)
    return f"{first} ~ {last[11:] if first[:10] == last[:10] else last}"


def minutes(seconds: float) -> str:
    """A length of time in words, to the minute above one."""
    if seconds < 60:
        return _("{n} s", n=round(seconds))
    whole = round(seconds / 60)
    if whole < 60:
        return _("{n} min", n=whole)
    return _("{h} h {m} min", h=whole // 60, m=whole % 60)


def unix(moment: datetime | None) -> float | None:
    """What a date field gave, read as local time -> Unix seconds."""
    return None if moment is None else moment.replace(tzinfo=ZONE).timestamp()


def camera_name(camera_id: str | None, cameras: Mapping[str, Camera]) -> str:
    """The name people know a camera by."""
    camera = cameras.get(camera_id or "")
    return camera.name or camera.id if camera else camera_id or ""


def brand() -> None:
    """The product's name in the corner, and what Streamlit only says in English."""
    mark = MARK.replace("<svg ", '<svg width="32" height="32" ')
    st.logo(LOGO.format(mark=mark, name=_("Dongseon")), size="large")
    zone = '[data-testid="stFileUploaderDropzone'
    texts = {
        f'{zone}"] button p': _("Choose photos"),
        f'{zone}Instructions"] span': _("or drop them here"),
    }
    rules = [
        f"{place} {{font-size: 0}} {place}::after {{font-size: 0.95rem; content: {said}}}"
        for place, text in texts.items()
        for said in [json.dumps(text, ensure_ascii=False)]
    ]
    keep = ".stApp {word-break: keep-all; overflow-wrap: anywhere}"  # Korean breaks between words
    st.html(f"<style>{keep} {' '.join(rules)}</style>")


def failed(error: DongseonError) -> None:
    """One sentence that says what is wrong and what to do."""
    st.error(inert(say(error)), icon=":material/error:")


@contextmanager
def guarded() -> Iterator[None]:
    """Show here what goes wrong inside, and draw on with the rest of the page."""
    try:
        yield
    except DongseonError as error:
        failed(error)


def warn(sentences: Iterable[Note]) -> None:
    """What a reader must know first, in one box."""
    said = [inert(say(sentence)) for sentence in sentences]
    if said:
        text = said[0] if len(said) == 1 else "\n".join(f"- {one}" for one in said)
        st.warning(text, icon=":material/warning:")


def searched(what: Searched, *, found: bool) -> None:
    """What was looked at, always; and, when nothing speaks for the person, that too."""
    share = _(
        "{n} of {m} cameras, gaps {gaps}",
        n=len(what.cameras),
        m=len(what.cameras_asked),
        gaps=minutes(what.gaps_s),
    )
    if not found:
        st.warning(
            _(
                "**Not found in what was searched** ({share}). Below are only weak leads.",
                share=share,
            ),
            icon=":material/search_off:",
        )
    st.caption(
        _(
            "Searched: {share} · {footage} of footage · {tracklets} appearances of people",
            share=share,
            footage=minutes(what.footage_s),
            tracklets=f"{what.tracklets:,}",
        )
    )


@dataclass(frozen=True)
class Candidate:
    """One lead as it is shown. picture: JPEG, probe beside crop; bars: SVG."""

    tracklet_id: str
    camera: str
    enter_s: float
    leave_s: float
    band: Band
    expected_false: float
    picture: bytes
    bars: str
    reasons: Sequence[Note]


def band(word: Band) -> None:
    """A band as shape and word."""
    shape, text, color = BAND_LOOKS[word]
    st.badge(f"{shape} {_(text)}", color=color)


def strangers(expected: float) -> str:
    """How many others would look as similar, as a sentence."""
    if not math.isfinite(expected):
        return _("How many strangers would look as similar is not known here.")
    if expected < 0.1:
        return _("Strangers expected to look as similar in this footage: fewer than 0.1")
    count = f"{expected:.1f}" if expected < 10 else f"{expected:,.0f}"
    return _("Strangers expected to look as similar in this footage: about {count}", count=count)


def candidate(rank: int, lead: Candidate, verdict: Verdict | None) -> Verdict | None:
    """One candidate with its evidence -> the verdict just given, or None."""
    with st.container(border=True):
        picture, words, bars = st.columns([4, 5, 6], gap="medium")
        picture.image(
            lead.picture,
            width="stretch",
            alt=_("left: the person looked for, right: candidate {rank}", rank=rank),
        )
        with words:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{rank}**", width="content")
                band(lead.band)
            with st.container(gap=None):
                st.text(lead.camera)
                st.text(span(lead.enter_s, lead.leave_s))
                st.caption(strangers(lead.expected_false))
            answer = _verdict_buttons(lead.tracklet_id, verdict)
        with bars:
            st.image(lead.bars, width="stretch", alt=_("evidence of face, body and clothing"))
            st.caption("\n".join(f"- {inert(say(reason))}" for reason in lead.reasons))
    return answer


def _verdict_buttons(tracklet_id: str, verdict: Verdict | None) -> Verdict | None:
    """Four answers; the one given is marked, and giving it again says nothing new."""
    answer: Verdict | None = None
    with st.container(horizontal=True, gap="small"):
        for name, word in VERDICT_WORDS.items():
            given = name == verdict
            pressed = st.button(
                f"✓ {_(word)}" if given else _(word),
                key=f"{name}:{tracklet_id}",
                type="primary" if given else "secondary",
            )
            answer = name if pressed and not given else answer
    return answer


def page_of(total: int, *, key: str) -> int:
    """The index of the first candidate to show: buttons for pages when there are more than ten."""
    pages = -(-total // PER_PAGE)
    return PER_PAGE * (st.pagination(pages, key=key) - 1) if pages > 1 else 0


def leads_first(order: Iterable[int], bands: Sequence[Band]) -> list[int]:
    """The candidates worth a look; those who speak against being the person only if asked for."""
    everybody = list(order)
    leads = [at for at in everybody if bands[at] != "against"]
    others = [at for at in everybody if bands[at] == "against"]
    asked = others and st.toggle(_("Also show {n} who look like somebody else", n=len(others)))
    return leads + others if asked else leads


def case_head(case: Case, picture: bytes | None) -> None:
    """Who is looked for and why, in the words of who opened the case."""
    known = [
        f"{i18n.attribute_word(name)}: {i18n.value_word(name, want.value)}"
        for name, want in case.wanted.items()
    ]
    opened = _("opened {when} by {by}", when=clock(case.opened_s), by=inert(case.by))
    with st.container(horizontal=True, vertical_alignment="center"):
        if picture:
            st.image(picture, width=56, alt=_("the person looked for"))
        with st.container(gap=None):
            st.text(_("Reason: {reason}", reason=case.reason))
            st.caption(" · ".join([opened, *known]))


def never(route: Route) -> None:
    """How likely it is that the person is in none of this footage, as a sentence with its doubt."""
    if route.p_never <= 0.01:
        return
    percent = min(max(round(100 * route.p_never), 1), 99)
    text = _("Estimate: a {percent} % chance that the person is nowhere in this footage.")
    st.text(text.format(percent=percent))


def no_stops() -> None:
    """A route without stops, and what to do next."""
    st.info(
        _(
            "**Nothing supports a route yet.** On the search page, answer Right to a candidate or "
            "point at the person in footage; if nobody is found, read footage of more cameras."
        ),
        icon=":material/route:",
    )


def search_anew() -> bool:
    """One quiet line after something new is known of the person -> True to search with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("More is known of the person than at the last search."), width="content")
        return st.button(_("Search again with what was confirmed"), icon=":material/restart_alt:")


def table(rows: Sequence[Mapping[str, object]], *, alt: str, height: int | None = None) -> None:
    """A table that reads as text: cells are never Markdown; None is an empty cell."""
    cells = [{k: "" if v is None else inert(v) for k, v in row.items()} for row in rows]
    size: int | Literal["content"] = height if height and len(rows) > 12 else "content"
    st.table(pd.DataFrame(cells), border="horizontal", hide_index=True, height=size, alt=alt)


def stops(route: Route, cameras: Mapping[str, Camera]) -> None:
    """The table twin of the map."""
    if not route.stops:
        return
    st.subheader(_("Stops"), anchor=False)
    rows = [
        {
            _("No."): row["stop"],
            _("Place"): row["place"],
            _("From"): row["from"],
            _("To"): row["to"],
            _("How sure"): row["word"],
            _("From the stop before"): row["travel"],
        }
        for row in route_rows(route, cameras, ZONE.key, translate=say)
    ]
    table(rows, alt=_("stops of the route in order"))


def way(path: Path, cameras: Mapping[str, Camera]) -> str:
    """One alternative in words."""
    names = " → ".join(camera_name(camera, cameras) for camera in path.camera_id)
    return _("{way} (estimate {percent} %)", way=names, percent=round(100 * path.probability))


def other_ways(route: Route, cameras: Mapping[str, Camera]) -> None:
    """The other plausible routes, and the best one that shares no stop with the one shown."""
    if not (route.alternatives or route.rival):
        return
    with st.expander(_("Other possible routes")):
        for path in route.alternatives:
            st.text(way(path, cameras))
        if route.rival:
            st.caption(_("The best route that shares no stop with the one shown:"))
            st.text(way(route.rival, cameras))


def next_cameras(route: Route, cameras: Mapping[str, Camera]) -> None:
    """Which cameras to ask next, lettered as on the map, and which minutes of them."""
    asked = ask_rows(route, cameras, ZONE.key, translate=say)
    if not asked:
        return
    st.subheader(_("Cameras to ask next"), anchor=False)
    rows = [
        {
            _("On the map"): row["letter"],
            _("Camera"): row["place"],
            _("Look from"): row["from"],
            _("Look until"): row["to"],
            _("Chance (estimate)"): f"{round(100 * camera.probability)} %",
            _("Footage kept until"): row["deadline"],
        }
        for row, camera in zip(asked, route.next_cameras, strict=False)
    ]
    table(rows, alt=_("cameras to ask next"))


def place(path: PurePath, pack: str) -> None:
    """Where the workspace lies and which pack of models it uses."""
    table([{_("Workspace"): path, _("Model pack"): pack}], alt=_("the workspace"))


def fault() -> None:
    """What is shown when the program itself is wrong; the server's log says where."""
    st.error(
        _("The program made a mistake, not you. Reload the page; if it stays, have the log read."),
        icon=":material/error:",
    )


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


def models(rows: Iterable[Row]) -> None:
    """The models in use, with where they come from."""
    st.subheader(_("Models"), anchor=False)
    cells = [
        {
            _("Task"): _(TASK_WORDS.get(row.task, row.task)),
            _("Model"): row.name,
            _("Licence"): row.licence,
            _("Trained on"): row.training_data,
            _("Calibrated"): None
            if row.task in ("person", "face")  # they find; they give no evidence
            else (_("yes") if row.calibration else _("no")),
        }
        for row in rows
    ]
    table(cells, alt=_("models in use"))


def camera_table(
    cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder], counts: Mapping[str, int]
) -> None:
    """Cameras with their recorders' clocks."""
    if not cameras:
        st.info(_("No camera yet. Add the first one below."))
        return
    rows = [
        {
            _("Camera id"): camera.id,
            _("Camera name"): camera.name,
            _("Place"): _("not known")
            if camera.lat is None
            else f"{camera.lat:.5f}, {camera.lon:.5f}",
            _("Recorder"): camera.recorder_id,
            _("Clock"): _clock_state(recorders.get(camera.recorder_id)),
            _("Appearances"): f"{counts.get(camera.id, 0):,}",
        }
        for camera in cameras.values()
    ]
    table(rows, alt=_("cameras"), height=420)


def _clock_state(recorder: Recorder | None) -> str:
    if recorder is None:
        return _("not known")
    text = f"{recorder.clock_offset_s:+.0f} s ± {recorder.clock_sigma_s:.0f} s"
    return f"{text} ({_('not checked')})" if recorder.how == "unchecked" else text


def clips(
    found: Sequence[Clip], cameras: Mapping[str, Camera], recorders: Mapping[str, Recorder]
) -> None:
    """The footage that was read, in true time."""
    if not found:
        st.info(_("No footage yet. Read the first below."))
        return
    rows = []
    for clip in found:
        camera = cameras.get(clip.camera_id)
        recorder = recorders.get(camera.recorder_id) if camera else None
        start = clip.start_s + (recorder.clock_offset_s if recorder else 0.0)
        rows.append(
            {
                _("Camera"): camera_name(clip.camera_id, cameras),
                _("From"): clock(start),
                _("Length"): minutes(clip.duration_s),
                _("Gaps"): minutes(sum(b - a for a, b in clip.gaps)) if clip.gaps else None,
                _("Picture"): f"{clip.size[0]} x {clip.size[1]}",
                _("File"): clip.path,
            }
        )
    table(rows, alt=_("footage that was read"), height=420)
