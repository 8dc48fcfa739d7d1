"""A handful of videos in, a searched workspace out: what `dongseon try` does.

Real footage needs places and times. Where they are not given, made-up ones are used, and every one
of them is said, because a route drawn through them shows how the map works and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np

from core import footage
from core.errors import BadInput
from core.types import Camera, Note, Progress, note, numbers, parse_time
from core.workspace import Workspace, iso_time

MADE_UP_START = "2026-05-01T09:00:00+09:00"
MADE_UP_PLACE = (37.5665, 126.9780)  # a row of cameras beginning at Seoul's city hall
MADE_UP_STEP_DEG = 0.0012  # about 106 m eastwards from one to the next
MADE_UP = " (가상 made up)"  # in names, because the app shows those and not what `try` printed
MADE_UP_GAP_S = 60.0  # between the end of one video and the start of the next


@dataclass
class Plan:
    """What was given: videos, and for each its start and place, or nothing.

    at_s and box say who is looked for, in the first video; otherwise the person seen best there.
    notices grows as things are made up.
    """

    videos: Sequence[str]
    starts: Sequence[str] | None = None
    places: Sequence[str] | None = None
    at_s: float | None = None
    box: str | None = None
    notices: list[Note] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The same for the same videos, starts and places: a second try finds its work done."""
        files = [str(Path(video).resolve()) for video in self.videos]
        return blake2b(repr((files, self.starts, self.places)).encode(), digest_size=4).hexdigest()

    def __post_init__(self) -> None:
        for given, name in ((self.starts, "--start"), (self.places, "--place")):
            if given is not None and len(given) != len(self.videos):
                raise BadInput(
                    "give {name} once for each of the {n} videos", name=name, n=len(self.videos)
                )
        if (self.at_s is None) != (self.box is None):
            raise BadInput("--at and --box go together: who is looked for in the first video")


def ingest(ws: Workspace, plan: Plan) -> Iterator[tuple[str, Iterator[Progress]]]:
    """(name, steps) of each video in turn; the caller runs the steps."""
    films = [footage.inspect(video) for video in plan.videos]  # all are looked at before any work
    starts = plan.starts or _made_up_starts(ws, plan, [film.duration_s for film in films])
    places = [_place(text) for text in plan.places] if plan.places else _made_up_places(plan)
    for n, (video, start, (lat, lon)) in enumerate(
        zip(plan.videos, starts, places, strict=True), start=1
    ):
        camera = f"c{n:02d}"
        name = Path(video).stem + ("" if plan.places else MADE_UP)
        ws.add_camera(Camera(camera, name, camera, lat, lon))
        yield Path(video).name, ws.ingest(video, camera=camera, start=start)


def open_case(ws: Workspace, plan: Plan) -> str:
    """Open a case for the person in the box, or for the one seen best in the first video."""
    first = plan.videos[0]
    at_s, box = (plan.at_s, plan.box) if plan.box is not None else (None, None)
    title = f"try: {Path(first).name}"[:150] + ("" if plan.places and plan.starts else MADE_UP)
    case = ws.new_case(title, reason="trying Dongseon")
    if at_s is not None and box is not None:
        ws.draw_box(case, first, at_s, numbers(box, 4, "--box"), by="try")
        return case
    film = {clip.id: clip for clip in ws.gallery.of_film(footage.inspect(first).sha256)}
    rows = ws.gallery.select(["c01"], columns=("tracklet_id", "clip_id")).to_pylist()
    ids = [r["tracklet_id"] for r in rows if r["clip_id"] in film]
    if not ids:
        raise BadInput("nobody was found in {video}: put another one first", video=first)
    best = max(ws.gallery.tracklets(ids), key=lambda t: float(np.nan_to_num(t.crop_quality).max()))
    i = int(best.crop_at[int(np.nan_to_num(best.crop_quality).argmax())])
    at_s = float(best.t_s[i]) - film[best.clip_id].film_start_s
    ws.draw_box(case, first, at_s, best.box[i].tolist(), by="try")
    plan.notices.append(note("looked for the person seen best in {video}", video=Path(first).name))
    return case


def _made_up_starts(ws: Workspace, plan: Plan, durations_s: Sequence[float]) -> list[str]:
    plan.notices.append(
        note("no start times given: the videos were put one after the other, times are made up")
    )
    at_s, starts = parse_time(MADE_UP_START), []
    for duration_s in durations_s:
        starts.append(iso_time(at_s, ws.zone))
        at_s += duration_s + MADE_UP_GAP_S
    return starts


def _made_up_places(plan: Plan) -> list[tuple[float, float]]:
    plan.notices.append(note("no places given: the cameras were put in a row, the map is made up"))
    lat, lon = MADE_UP_PLACE
    return [(lat, lon + i * MADE_UP_STEP_DEG) for i in range(len(plan.videos))]


def _place(text: str) -> tuple[float, float]:
    lat, lon = numbers(text, 2, "--place")
    return lat, lon
