"""A ranking in; candidates in a list or one at a time, and a person's verdicts on them, out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import session, widgets
from app.i18n import _, say
from core import casework, draw
from core.types import PARTS, Ranking, Verdict
from core.workspace import Workspace

LARGE_PX, SMALL_PX = 420, 360
CROP_PX = 110
ONE = "review-one"  # where it is kept that candidates are shown one at a time


def lead(workspace: Workspace, case: str, ranking: Ranking, at: int, px: int) -> widgets.Candidate:
    """Candidate number `at` of the ranking as it is shown, the person px high."""
    tracklet, (probe, missing) = ranking.tracklet_id[at], session.probe(workspace, case)
    crop, size = workspace.best_crop(tracklet), casework.person_size(workspace, tracklet)
    parts = {name: float(ranking.parts[name][at]) for name in PARTS}
    unseen = workspace.gallery.description(tracklet).missing
    return widgets.Candidate(
        tracklet_id=tracklet,
        camera=widgets.camera_name(ranking.camera_id[at], workspace.cameras()),
        enter_s=float(ranking.enter_s[at]),
        leave_s=float(ranking.leave_s[at]),
        band=ranking.band[at],
        expected_false=float(ranking.expected_false[at]),
        picture=draw.side_by_side(probe, crop, height=px) if probe else draw.fitted(crop, px),
        bars=draw.evidence_bars(*parts.values(), missing={**unseen, **missing}, translate=say),
        reasons=ranking.reasons[at],
        parts=parts,
        size_px=size,
        doubt=casework.doubts(workspace, case, ranking).get(tracklet),
        beside=probe is not None,
    )


def show(workspace: Workspace, case: str, ranking: Ranking) -> None:
    """The candidates, in a list or one at a time as the reader likes."""
    order = ranking.order_evidence if ranking.order_reranked is None else ranking.order_reranked
    if not len(order):
        return
    leads, others = widgets.parted(order, ranking.band)
    one, everybody = bool(session.remembered(ONE)), bool(session.remembered(f"others-{case}"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        # buttons that go away when pressed: a field would keep the focus, and with it the keys
        if leads or everybody:
            st.button(
                _("As a list") if one else _("One at a time"),
                icon=":material/view_list:" if one else ":material/crop_portrait:",
                on_click=session.put,
                args=(ONE, not one),
                key=f"review-way-{one}",
            )
        if others:
            n = len(others)
            st.button(
                _("Hide those who look like somebody else")
                if everybody
                else _("Also show {n} who look like somebody else", n=n),
                type="tertiary",
                on_click=session.put,
                args=(f"others-{case}", not everybody),
                key=f"others-{everybody}",
            )
        if one:
            st.caption(_("Keys: 1-4 answer, U takes back, ← → turn"), width="content")
    chosen = leads + others if everybody else leads
    (_one if one else _list)(workspace, case, ranking, chosen)


def _list(workspace: Workspace, case: str, ranking: Ranking, order: Sequence[int]) -> None:
    """Ten cards at a time; one of them may be opened."""
    verdicts = workspace.verdicts(case)
    for place in widgets.page_of(len(order), key=f"page-{case}"):
        shown = lead(workspace, case, ranking, int(order[place]), SMALL_PX)
        with st.container(border=True, key=f"parts-card-{place}"):
            picture, words, bars = st.columns([4, 5, 6], gap="medium")
            with picture:
                widgets.pair(place + 1, shown)
            with words:
                widgets.facts(place + 1, shown)
                answer = widgets.verdict_buttons(shown.tracklet_id, verdicts.get(shown.tracklet_id))
                opened = session.remembered("opened") == shown.tracklet_id
                st.button(
                    _("Less") if opened else _("Film and more pictures"),
                    icon=":material/expand_less:" if opened else ":material/play_circle:",
                    type="tertiary",
                    on_click=session.put,
                    args=("opened", None if opened else shown.tracklet_id),
                    key=f"open:{shown.tracklet_id}",
                )
            with bars:
                widgets.evidence(shown)
            if opened:
                film, rest = st.columns([6, 5], gap="medium")
                with film:
                    _film(workspace, shown.tracklet_id)
                with rest:
                    _pictures(workspace, shown.tracklet_id)
                    _more(workspace, case, shown)
        if answer:
            judge(workspace, case, shown.tracklet_id, answer)


def _one(workspace: Workspace, case: str, ranking: Ranking, order: Sequence[int]) -> None:
    """One candidate, large, with its film; keys 1-4 answer, U takes back, arrows turn."""
    if not order:
        return
    key, verdicts = f"place-{case}", workspace.verdicts(case)
    at = session.place(key, len(order))
    shown = lead(workspace, case, ranking, int(order[at]), LARGE_PX)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            _("One back"),
            icon=":material/chevron_left:",
            shortcut="Left",
            disabled=at == 0,
            on_click=session.put,
            args=(key, at - 1),
        )
        st.markdown(f"**{at + 1}** / {len(order)}", width="content")
        st.button(
            _("Next one"),
            icon=":material/chevron_right:",
            shortcut="Right",
            disabled=at + 1 == len(order),
            on_click=session.put,
            args=(key, at + 1),
        )
        answer = widgets.verdict_buttons(
            shown.tracklet_id, verdicts.get(shown.tracklet_id), keys=True
        )
    with st.container(border=True, key="review-one"):
        picture, film, words = st.columns([5, 6, 5], gap="medium")
        with picture:
            widgets.pair(at + 1, shown)
        with words:
            widgets.facts(at + 1, shown)
            widgets.evidence(shown)
        with film:
            screen = st.container()
            _pictures(workspace, shown.tracklet_id)
            _more(workspace, case, shown)
        with screen:  # last: the rest is there while the film is cut
            _film(workspace, shown.tracklet_id)
    if answer:
        session.put(key, min(at + 1, len(order) - 1))
        judge(workspace, case, shown.tracklet_id, answer)


def _film(workspace: Workspace, tracklet: str) -> None:
    """The footage around the sighting; footage that was moved away is one sentence."""
    with widgets.guarded(), st.spinner(_("Cutting the film …")):
        excerpt = casework.excerpt(workspace, tracklet)
        widgets.film(excerpt)


def _pictures(workspace: Workspace, tracklet: str) -> None:
    """All kept pictures of the candidate."""
    with st.container(horizontal=True, gap="small"):
        for n, crop in enumerate(workspace.gallery.tracklet(tracklet).crops, start=1):
            st.image(draw.fitted(crop, CROP_PX), alt=_("picture {n} of the candidate", n=n))


def _more(workspace: Workspace, case: str, shown: widgets.Candidate) -> None:
    """A reason for the verdict, and "did not pass here" for the camera."""
    st.text_input(_("Why (if you like)"), max_chars=300, key=f"why-{shown.tracklet_id}")
    low, high = casework.clip_span(workspace, shown.tracklet_id)
    with st.popover(_("Did not pass this camera …"), icon=":material/block:"):
        st.text(shown.camera)
        first, last = st.columns(2)
        key = shown.tracklet_id
        from_at = first.datetime_input(_("From (Korea)"), widgets.local(low), key=f"f-{key}")
        to_at = last.datetime_input(_("To (Korea)"), widgets.local(high, up=True), key=f"t-{key}")
        if st.button(_("Did not pass here"), type="primary", key=f"not-{key}"):
            from_s, to_s = widgets.unix(from_at) or low, widgets.unix(to_at) or high
            not_here(workspace, case, key.split("/")[0], from_s, to_s)


def judge(workspace: Workspace, case: str, tracklet: str, verdict: Verdict) -> None:
    """Keep a verdict, with its reason if one was written."""
    why = str(session.remembered(f"why-{tracklet}") or "")
    with widgets.guarded():
        workspace.judge(case, tracklet, verdict, by=session.officer(), why=why)
        session.put(f"said-{case}", True)
        st.rerun()


def not_here(workspace: Workspace, case: str, camera: str, from_s: float, to_s: float) -> None:
    """Keep that the person did not pass a camera in a time."""
    with widgets.guarded():
        workspace.casebook.not_here(case, camera, from_s, to_s, by=session.officer())
        session.put(f"said-{case}", True)
        st.rerun()


def settled(workspace: Workspace, case: str) -> None:
    """Who was confirmed, and, folded away, who was rejected; each can be taken back."""
    sightings = [s for s in workspace.casebook.sightings(case) if s.tracklet_id]
    cameras = workspace.cameras()
    groups = {
        verdict: [s for s in sightings if s.verdict == verdict]
        for verdict in ("confirmed", "possible", "rejected")
    }
    if not any(groups.values()):
        return
    title = _(
        "Settled: {n} right, {m} possible, {k} not this person (not searched again)",
        n=len(groups["confirmed"]),
        m=len(groups["possible"]),
        k=len(groups["rejected"]),
    )
    with st.expander(title, icon=":material/checklist:"):
        for verdict, members in groups.items():
            if not members:
                continue
            st.caption(_(widgets.SAID_WORDS[verdict]))
            crops = {
                s.tracklet_id: draw.fitted(workspace.best_crop(s.tracklet_id), 96)
                for s in members
                if s.tracklet_id
            }
            if back := widgets.settled(members, crops, cameras):
                with widgets.guarded():
                    workspace.undo(case, by=session.officer(), tracklet_id=back)
                    st.rerun()
