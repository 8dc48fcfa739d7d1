"""A folder in, everything Dongseon does out: the one place where the stations meet.

A workspace is a folder with ``workspace.toml`` (which models), ``gallery/`` (what the machine saw),
``casebook.sqlite`` (what people did) and ``cases/ID/`` (the photos people gave). Footage is
referenced where it lies, never copied.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core import (
    calibrations,
    cameralist,
    compare,
    footage,
    photocheck,
    routing,
    sitecheck,
    ticks,
    zoo,
)
from core.casebook import Case, Casebook, Category, Jobs
from core.clock import iso_time as iso_time
from core.errors import BadInput, NotFound
from core.evidence import CLOTHING_ONLY, MODES, Mode, Scope
from core.gallery import Gallery, Scores
from core.photo import Upload
from core.pieces import PIECE_S
from core.probes import Box, PhotoSource, Probes, checked_box
from core.recordings import Recordings, unknown_camera
from core.settings import SETTINGS, Models, Settings
from core.sitecheck import Site
from core.types import (
    Camera,
    Clip,
    FootageBox,
    Kind,
    LastSeen,
    Probe,
    Progress,
    Ranking,
    Recorder,
    Route,
    Sighting,
    Verdict,
    Want,
    parse_time,
    wants,
)

LEAST_WINDOW_S = 1.0  # of a window with an open end beyond all footage

Window = tuple[float | None, float | None]


class Workspace:
    """An opened workspace. Use `create` or `open`; several processes may open one at once."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self._settings = settings
        self._models = Models(settings, calibrations.current(path))
        self.gallery = Gallery(path / "gallery")
        self.gallery.clean()
        self._measured: tuple[object, Site] | None = None
        self.casebook = Casebook.open(path / "casebook.sqlite")
        self._probes = Probes(
            path / "cases", self.gallery, self.casebook, self._models, settings.zone
        )
        self.recordings = Recordings(self.gallery, self.casebook, self._models, settings)

    @classmethod
    def create(
        cls,
        path: str | Path,
        pack: str | None = None,
        models: Sequence[str | Path] = (),
        *,
        piece_s: float = PIECE_S,
    ) -> Workspace:
        """Make a workspace, or open the one that is there.

        pack    model pack; None = `zoo.default_pack`
        models  folders to look for weight files in, remembered
        piece_s seconds of the pieces that long recordings are cut into (`core.pieces`)

        Raises BadInput if another pack was chosen before, ModelError if a model is missing.
        """
        path = Path(path)
        if (path / SETTINGS).exists():
            old = cls.open(path)
            if pack not in (None, old.pack):
                raise BadInput(
                    "workspace {path} was made with the model pack {old}: "
                    "make another one for {new}",
                    path=path,
                    old=old.pack,
                    new=pack,
                )
            return old
        settings = Settings.of_pack(pack or zoo.default_pack(models), models)
        settings = replace(settings, piece_s=piece_s)
        settings.write(path)
        return cls(path, settings)

    @classmethod
    def open(cls, path: str | Path) -> Workspace:
        """Open a workspace. Raises NotFound if there is none, DongseonError if it is damaged."""
        return cls(Path(path), Settings.read(Path(path)))

    def close(self) -> None:
        self.casebook.close()

    @property
    def jobs(self) -> Jobs:
        """The queue of recordings to be read; `core.worker` reads them."""
        return self.casebook.jobs

    @property
    def pack(self) -> str:
        return self._settings.pack

    @property
    def zone(self) -> str:
        """Time zone in which times are shown."""
        return self._settings.zone

    def models(self) -> dict[str, zoo.Row]:
        """{task: the weight file used for it}. Raises ModelError if one is not known any more."""
        return self._models.rows()

    def load(self, task: str) -> zoo.Model:
        """The model used for a task, verified; NotFound or ModelError otherwise."""
        return self._models.load(task)

    def vectors(self) -> dict[Kind, zoo.Row]:
        """The models whose vectors are compared, with the calibration that is in use here."""
        return self._models.vectors()

    def tick_states(self) -> dict[str, ticks.Tick]:
        """{attribute: whether a tick of it gives evidence with these models, and why}."""
        return ticks.states(self._models.attributes())

    def tells(self, wanted: Mapping[str, Want]) -> bool:
        """Whether these ticks can be searched by without any picture."""
        return self._judge is not None and bool(self._judge.asked(wanted))

    def need_ticks(self, wanted: Mapping[str, Want]) -> None:
        """Raise BadInput, with what to do, where these ticks cannot be searched by alone."""
        ticks.need(wanted, self._judge)

    @cached_property
    def _judge(self) -> ticks.Judge | None:
        return ticks.Judge.of(self._models.attributes())

    def calibrate(self, models: Mapping[str, Mapping[str, Any]], *, by: str = "") -> None:
        """Use calibrations fitted for this site from now on, and log that.

        models  {name: {"sha256": of its file, "calibration": table}}
        """
        calibrations.write(self.path, models, by=by, at_s=time.time())
        self._recalibrated("calibrate", by, {"models": sorted(models)})

    def undo_calibration(self, *, by: str = "") -> dict[str, Any]:
        """Take the newest calibration of this site back. Raises BadInput if there is none."""
        last = calibrations.undo(self.path)
        if last is None:
            raise BadInput("no calibration of this site is in use")
        self._recalibrated("undo_calibrate", by, {"models": sorted(last["models"])})
        return last

    def _recalibrated(self, action: str, by: str, detail: dict[str, Any]) -> None:
        self._models = Models(self._settings, calibrations.current(self.path))
        self._probes = Probes(
            self.path / "cases", self.gallery, self.casebook, self._models, self.zone
        )
        self._measured = None
        self.casebook.record(by, action, "site", detail)

    # --- cameras and footage --------------------------------------------------------------------

    def cameras(self) -> dict[str, Camera]:
        return self.casebook.cameras()

    def recorders(self) -> dict[str, Recorder]:
        return self.casebook.recorders()

    def add_camera(self, camera: Camera, recorder: Recorder | None = None, *, by: str = "") -> None:
        """Add or correct a camera; without a recorder it gets one of its own, clock unchecked."""
        self.casebook.save_camera(camera, recorder, by=by)

    def import_cameras(self, table: str | Path, *, by: str = "") -> list[Camera]:
        """Add or correct every camera of a CSV table (`core.cameralist`), all or none."""
        read = cameralist.read(table, self.cameras(), self.recorders())
        self.casebook.save_cameras(read, by=by)
        return [camera for camera, _ in read]

    def clips(self) -> list[Clip]:
        """Footage that was searched by machine."""
        return self.gallery.clips()

    def counts(self) -> dict[str, int]:
        """{camera id: tracklets in the gallery}."""
        return {camera_id: self.gallery.count([camera_id]) for camera_id in self.cameras()}

    def ingest(
        self,
        source: str | Path,
        *,
        camera: str,
        start: str,
        fps: float = 5.0,
        between: Window | None = None,
        by: str = "",
    ) -> Iterator[Progress]:
        """Look at a recording and add everybody in it to the gallery.

        start    ISO 8601 with a zone, as the camera's own clock showed it;  fps: analysis rate
        between  true time (from, to), None = open: only the pieces that show some of that time

        Yields progress in seconds of footage. A piece (`core.pieces`; a short recording is one) is
        in the gallery when it is finished, whole or not at all; what is there already is not
        looked at again. Raises NotFound, BadInput, FootageError, ModelError, DiskFull.
        """
        plan = self.recordings.plan(
            source, camera=camera, start_s=parse_time(start), fps=fps, between=between, by=by
        )
        yield from self.recordings.ingest(plan)

    def _camera(self, camera_id: str) -> Camera:
        cameras = self.cameras()
        if camera_id not in cameras:
            raise unknown_camera(camera_id)
        return cameras[camera_id]

    # --- cases and probes -----------------------------------------------------------------------

    def new_case(
        self,
        title: str,
        *,
        photos: Sequence[PhotoSource] = (),
        attributes: Mapping[str, str | Want] | None = None,
        last_seen: LastSeen | None = None,
        reason: str,
        same_clothes: bool = False,
        category: Category = "unspecified",
        basis: str = "",
        clothes: str = "",
        height_cm: float | None = None,
        by: str = "",
    ) -> str:
        """Open a case. Everything is checked before anything is kept.

        photos: files, (name, bytes), or `photo.Upload`, which says who of several is meant
        attributes: {name: value}; a value ending in "?" means the teller is not sure
        same_clothes: the photos show the clothes worn when the person went missing

        Returns the case id. Raises BadInput.
        """
        given = [self._probes.read(one) for one in photos]
        wanted = wants(attributes or {})
        case = self.casebook.new_case(
            title,
            reason,
            by=by,
            wanted=wanted,
            last_seen=last_seen,
            same_clothes=same_clothes,
            category=category,
            basis=basis,
            clothes=clothes,
            height_cm=height_cm,
        )
        for one in given:
            self._probes.keep(case, one, by=by)
        return case

    def add_photo(self, case: str, source: PhotoSource, *, by: str = "") -> None:
        """Add a photo to a case, or correct what was said of it, checked as by `new_case`.

        Raises NotFound, BadInput.
        """
        self.case(case)
        self._probes.keep(case, self._probes.read(source), by=by)

    def cases(self) -> list[Case]:
        return self.casebook.cases()

    def case(self, case: str) -> Case:
        return self.casebook.case(case)

    def photo(self, case: str, sha256: str) -> bytes:
        """An uploaded photo as it was given."""
        return self._probes.photo(case, sha256)

    def photo_group(self, upload: Upload) -> photocheck.Group:
        """Who is in a photo, before it is kept. Raises BadInput if it cannot be read."""
        return self._probes.group(upload)

    def photo_shown(
        self, upload: Upload, chosen: photocheck.Person | None, others: int = 0
    ) -> photocheck.Shown:
        """How a photo will be compared, with advice. others: people beside. Raises BadInput."""
        return self._probes.shown(upload, chosen, time.time(), others)

    def people_at(self, clip_id: str, at_s: float) -> tuple[bytes, list[Box]]:
        """The frame of a clip at_s seconds into its file, JPEG, and who is found in it.

        Boxes are xyxy px of the frame, from left to right. Raises NotFound, FootageError.
        """
        return self._probes.people_at(self.clip(clip_id), at_s)

    def clip(self, clip_id: str) -> Clip:
        """One piece of footage that was searched by machine. Raises NotFound."""
        clip = next((clip for clip in self.clips() if clip.id == clip_id), None)
        if clip is None:
            raise NotFound("clip {clip} is not in the gallery", clip=clip_id[:40])
        return clip

    def draw_box(
        self,
        case: str,
        path: str | Path,
        at_s: float,
        box: Sequence[float],
        *,
        by: str = "",
    ) -> None:
        """Take a person seen in footage as the probe: the box (x1,y1,x2,y2 px) at at_s into a file.

        The person is followed for 2 s around that moment. If the footage is in the gallery, the
        tracklet found there counts as a confirmed sighting. Raises BadInput, FootageError.
        """
        film = footage.inspect(path)
        drawn = checked_box(box, film.size)
        clip = self.gallery.find_sha256(film.sha256)
        true_s = None if clip is None else clip.film_start_s + at_s + self._offset_s(clip.camera_id)
        found = FootageBox(film.sha256, str(Path(path).resolve()), at_s, drawn, true_s)
        self._probes.keep_box(case, found, film, by=by)
        own = self._probes.tracklet_at(film.sha256, at_s, drawn)
        why, who = "box drawn in footage", by or "officer"
        if own is not None:
            self.judge(case, own, "confirmed", by=who, why=why)
        elif clip is not None and true_s is not None:  # seen by a person, not by the machine
            seen = Sighting("witness", true_s, true_s, clip.camera_id, verdict="confirmed", why=why)
            self.casebook.add_sighting(case, seen, by=who)

    def need_box(self, path: str | Path, at_s: float, box: Sequence[float]) -> None:
        """Raise BadInput or FootageError unless `draw_box` can take a person there."""
        height, width = footage.frame_at(path, at_s).image.shape[:2]  # no hash of a whole film
        checked_box(box, (width, height))

    def probe(self, case: str) -> Probe:
        """Who is looked for: everything the case knows, described by this workspace's models."""
        about = self.case(case)
        return Probe(
            photos=tuple(self.casebook.photos(case)),
            boxes=tuple(self.casebook.boxes(case)),
            description=self._probes.query(case).description,
            wanted=about.wanted,
            last_seen=about.last_seen,
            clothes_may_differ=not about.same_clothes,
        )

    def probe_picture(self, case: str) -> bytes | None:
        """The person as cut out for comparing, JPEG; None if the case has no picture."""
        return self._probes.picture(case)

    # --- search, verdicts, route ----------------------------------------------------------------

    def search(
        self,
        case: str,
        *,
        cameras: Sequence[str] | None = None,
        between: Window | None = None,
        top: int = 50,
        mode: Mode = "fused",
        by: str = "",
    ) -> Ranking:
        """Compare a case's probe with the footage in the gallery, and log that it was done.

        cameras  ids, None = all
        between  true time (from, to); None, or None at one end = as far as there is footage
        mode     "overlap": only candidates whose face and clothing both speak for the person;
                 "clothing": faces are not compared

        Raises NotFound, BadInput, ModelError.
        """
        scope = self.need_search(cameras, between, top, mode)
        query = self._probes.query(case)
        ranking = compare.search(
            self.gallery,
            query,
            scope,
            self._models.vectors(),
            self.site(),
            judge=self._judge,
            top=top,
            mode=mode,
        )
        self.casebook.log_search(
            case,
            by=by,
            reason=self.case(case).reason,
            query={"cameras": sorted(scope.cameras), "between": between, "mode": mode, "top": top},
            n_candidates=len(ranking),
            receipt={
                "method": ranking.method,
                "tracklets": ranking.searched.tracklets,
                "leads": ranking.leads,
            },
        )
        return ranking

    def need_search(
        self,
        cameras: Sequence[str] | None = None,
        between: Window | None = None,
        top: int = 50,
        mode: Mode = "fused",
    ) -> Scope:
        """Where a search looks. Raise NotFound, BadInput where it cannot be made for anybody."""
        self._check(mode)
        if top < 1:
            raise BadInput("ask for at least 1 candidate")
        return self._scope(cameras, between)

    def judge(
        self, case: str, tracklet_id: str, verdict: Verdict, *, by: str, why: str = ""
    ) -> None:
        """Say of a candidate: confirmed, possible, rejected or cannot_tell. Raises BadInput."""
        camera_ids, enter, leave = self.gallery.spans([tracklet_id])
        offset = self._offset_s(camera_ids[0])
        self.casebook.judge(
            case,
            tracklet_id,
            verdict,
            by=by,
            why=why,
            enter_s=float(enter[0]) + offset,
            leave_s=float(leave[0]) + offset,
        )

    def undo(self, case: str, *, by: str, tracklet_id: str | None = None) -> Sighting:
        """Take back the last verdict of this officer, or the last one on a tracklet; returns it."""
        return self.casebook.undo_last(case, by=by, tracklet_id=tracklet_id)

    def verdicts(self, case: str) -> dict[str, Verdict]:
        """{tracklet id: newest verdict}."""
        return {
            sighting.tracklet_id: sighting.verdict
            for sighting in self.casebook.sightings(case)
            if sighting.tracklet_id is not None and sighting.verdict is not None
        }

    def similar(self, case: str, kind: Kind) -> Scores:
        """Cosines of a case's probe with everybody by one model, as a search compares them."""
        row = self._models.vectors()[kind]
        query, cameras = self._probes.query(case), list(self.cameras())
        return compare.similar(self.gallery, query, row, self.site(), kind, cameras)

    def route(self, case: str, *, mode: Mode = "fused", by: str = "") -> Route:
        """The most plausible way between cameras, from evidence, clocks, distances and verdicts.

        mode  as for a search

        Raises BadInput where no picture shows the person: ticks alone make no route.
        """
        self._check(mode)
        query = self._probes.query(case)
        if query.clothes == "none":
            raise BadInput(
                "ticks alone make no route: confirm a candidate of the search, then there is one"
            )
        ranking = compare.search(
            self.gallery,
            query,
            self._scope(),
            self._models.vectors(),
            self.site(),
            judge=self._judge,
            top=routing.SIGHTINGS,
            mode=mode,
        )
        stated = self.casebook.sightings(case)
        given, crowd = routing.given(ranking, stated, self.gallery, self._scope())
        self.casebook.record(by, "route", case, {"sightings": len(given), "mode": mode})
        inferred = routing.infer(
            self.case(case),
            given,
            ranking,
            crowd=crowd,
            cameras=self.cameras(),
            recorders=self.recorders(),
            clips=self.clips(),
            scope_of=lambda camera, low, high: self._scope([camera], (low, high)),
        )
        said = (CLOTHING_ONLY,) if mode == "clothing" else ()
        method = f"{mode}; {inferred.method}"
        return replace(inferred, method=method, warnings=(*said, *inferred.warnings))

    def canary(self, most: int = 3) -> float | None:
        """How far vectors made here and now lie from those in the gallery: the largest 1 - cosine.

        A few stored tracklets are described again from their kept pictures; a machine or provider
        that computes otherwise would compare people wrongly. None without vectors by these models.
        """
        made, models = self.gallery.clip_models(), self._models.describer.models
        ids = self.gallery.select(columns=("tracklet_id",))["tracklet_id"].to_pylist()[:most]
        far = None
        for tracklet, about in zip(
            self.gallery.tracklets(ids), self.gallery.descriptions(ids), strict=True
        ):
            now, by = self._models.describer.tracklet(tracklet), made[tracklet.clip_id]
            for name, stored in about.vectors.items():
                if models.get(name) != by[name]:
                    continue
                again = now.vectors.get(name)
                same = again is not None and again.rows.shape == stored.rows.shape
                off = 1 - np.vecdot(again.rows, stored.rows).min() if same and again else 1.0
                far = max(far or 0.0, float(off))
        return far

    def crop(self, tracklet_id: str, k: int = 0) -> bytes:
        """Picture k of a tracklet, JPEG."""
        return self.gallery.crop(tracklet_id, k)

    def best_crop(self, tracklet_id: str) -> bytes:
        """The picture of a tracklet that shows the person best, JPEG."""
        quality = np.nan_to_num(self.gallery.tracklet(tracklet_id).crop_quality)
        return self.gallery.crop(tracklet_id, int(quality.argmax()))

    # --- inside ---------------------------------------------------------------------------------

    def site(self) -> Site:
        """How certain strangers score here, measured again when clips or clocks have changed."""
        clips, recorders = self.clips(), self.recorders()
        clocks_and_places = sorted(map(repr, [*recorders.values(), *self.cameras().values()]))
        state = ([clip.id for clip in clips], clocks_and_places)
        if self._measured is None or self._measured[0] != state:
            given = (self.gallery, self.cameras(), recorders, self._models.vectors())
            site = sitecheck.measure(*given, keep=self.path / "cohort")
            self._measured = (state, site)
        return self._measured[1]

    def _check(self, mode: Mode) -> None:
        if mode not in MODES:
            raise BadInput(
                "mode {mode!r} is not known: use one of {known}",
                mode=mode[:40],
                known=", ".join(MODES),
            )
        if mode == "overlap" and "face" not in self._models.vectors():
            raise BadInput(
                "overlap asks for face and clothing, and the model pack {pack} does not look at "
                "faces: search with the mode fused",
                pack=self.pack,
            )

    def _scope(self, cameras: Sequence[str] | None = None, between: Window | None = None) -> Scope:
        known = self.cameras()
        chosen = {c: self._camera(c) for c in cameras} if cameras is not None else known
        return Scope(chosen, self.recorders(), self._closed(between, chosen))

    def _closed(
        self, between: Window | None, cameras: Mapping[str, Camera]
    ) -> tuple[float, float] | None:
        """A window whose open end is where the footage of these cameras ends."""
        low, high = between or (None, None)
        if low is None and high is None:
            return None
        clips = [clip for clip in self.clips() if clip.camera_id in cameras]
        if high is None and low is not None:
            ends = [clip.end_s + self._offset_s(clip.camera_id) for clip in clips]
            return low, max([low + LEAST_WINDOW_S, *ends])
        if low is None and high is not None:
            starts = [clip.start_s + self._offset_s(clip.camera_id) for clip in clips]
            return min([high - LEAST_WINDOW_S, *starts]), high
        assert low is not None
        assert high is not None
        if high <= low:
            raise BadInput("the time window ends before it begins")
        return low, high

    def _offset_s(self, camera_id: str) -> float:
        return self.recorders()[self._camera(camera_id).recorder_id].clock_offset_s
