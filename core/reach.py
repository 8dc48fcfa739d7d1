"""Where and when a person was last seen in; the cameras that can have been reached since, out.

This is advice where to look first: it fills in a form and forbids nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.casebook import Case, Category
from core.geometry import haversine_m
from core.route import band_of, has_place, transit
from core.types import Camera, LastSeen, Note, Ranking, Recorder, Sighting, Want, note

HOURS = 2.0  # looked at first


@dataclass(frozen=True)
class Reach:
    """Where to look first. cameras: ids, nearest first, then those without a position.

    between     true time (from, to);  far_m: as far as a walk leads in that time
    unplaced    how many of the cameras have no position, so that they cannot be left out
    why         the same as a sentence
    """

    cameras: tuple[str, ...]
    between: tuple[float, float]
    far_m: float
    unplaced: int
    why: Note


def speed_band(case: Case) -> str:
    """The row of `transit.PACES` for a case: dementia, else by the age that was ticked."""
    return speed_band_of(case.category, case.wanted)


def speed_band_of(category: Category, wanted: Mapping[str, Want]) -> str:
    """The same for a case that is not opened yet; an age nobody is sure of says nothing."""
    age = wanted.get("age")
    sure = age is not None and age.sureness != "unsure"
    return band_of(age.value if age and sure else None, dementia=category == "dementia")


def reachable(
    seen: LastSeen,
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    *,
    band: str = "unknown",
    hours: float = HOURS,
) -> Reach:
    """Cameras whose view a walk can reach in `hours`, the clock's doubt in favour of the camera.

    A camera counts if its view lies no farther than the mean speed of the band leads on streets
    (1.3 times the straight line, speeds as in `transit.PACES`), two sigma of its clock added.
    """
    pace = transit.pace_of(band)
    far_m = pace.v_mean_mps * 3600 * hours / transit.KAPPA
    away = {}
    for camera in filter(has_place, cameras.values()):
        apart = haversine_m(seen.lat, seen.lon, camera.lat or 0.0, camera.lon or 0.0)
        gap = float(transit.gap_m(apart, seen.radius_m, camera.view_range_m))
        slack_s = 2 * transit.clock_sigma_s(recorders[camera.recorder_id], seen.to_s)
        if gap <= far_m + pace.v_mean_mps * slack_s:
            away[camera.id] = gap
    unplaced = [c.id for c in cameras.values() if not has_place(c)]
    near = tuple(sorted(away, key=lambda c: (away[c], c)))
    between = (seen.from_s, seen.to_s + 3600 * hours)
    why = note(
        "{n} of {m} cameras can be reached on foot within {hours:g} h of where last seen "
        "(about {km:.1f} km at {speed:.1f} m/s)",
        n=len(near) + len(unplaced),
        m=len(cameras),
        hours=hours,
        km=float(np.round(far_m / 1000, 1)),
        speed=pace.v_mean_mps,
    )
    return Reach((*near, *unplaced), between, far_m, len(unplaced), why)


def doubts(
    ranking: Ranking,
    sightings: Sequence[Sighting],
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    *,
    band: str = "unknown",
) -> dict[str, Note]:
    """{candidate: why it cannot be the person, if the confirmed sightings are}, worst first.

    Only what is impossible at top speed, both clocks wrong by two sigma in its favour, is named.
    """
    fixed = [s for s in sightings if s.verdict == "confirmed" and _placed(s, cameras)]
    found: dict[str, Note] = {}
    for i, tracklet in enumerate(ranking.tracklet_id):
        here = (ranking.camera_id[i], float(ranking.enter_s[i]), float(ranking.leave_s[i]))
        for one in fixed:
            if one.tracklet_id != tracklet and one.camera_id != here[0]:
                why = _conflict(one, *here, cameras, recorders, transit.pace_of(band).v_max_mps)
                if why is not None:
                    found.setdefault(tracklet, why)
    return found


def _placed(sighting: Sighting, cameras: Mapping[str, Camera]) -> bool:
    camera = cameras.get(sighting.camera_id or "")
    return camera is not None and has_place(camera)


def _conflict(
    fixed: Sighting,
    camera_id: str,
    enter_s: float,
    leave_s: float,
    cameras: Mapping[str, Camera],
    recorders: Mapping[str, Recorder],
    v_max_mps: float,
) -> Note | None:
    """Why nobody gets from a confirmed sighting to a camera, or from there to it, in time."""
    a, b = cameras[fixed.camera_id or ""], cameras[camera_id]
    if not has_place(b):
        return None
    apart = haversine_m(a.lat or 0.0, a.lon or 0.0, b.lat or 0.0, b.lon or 0.0)
    gap = float(transit.gap_m(apart, a.view_range_m, b.view_range_m))
    if gap == 0:
        return None
    tau = max(enter_s - fixed.leave_s, fixed.enter_s - leave_s)
    ours, theirs = (transit.clock_sigma_s(recorders[c.recorder_id], enter_s) for c in (a, b))
    sigma = float(transit.passage_sigma_s(ours, theirs, a.recorder_id == b.recorder_id))
    if transit.feasible(gap, tau, sigma, v_max_mps=v_max_mps).possible:
        return None
    return note(
        "{distance:.0f} m away from {camera}, where the person is confirmed, with {time:.0f} s "
        "between: not possible",
        distance=float(apart),
        camera=a.name or a.id,
        time=max(0.0, tau),
    )
