"""Photos, drawn boxes and verdicts of a case in; what is compared of the person, out.

Pictures that people gave are kept as they came, under ``cases/ID``: photos by their hash, people
pointed at in footage as a small gallery of the case's own. Footage of the person replaces a photo's
clothes; a photo's face stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import numpy as np

from core import footage, mask, photo, photocheck, rank, ticks
from core.casebook import Casebook
from core.describe import Shot
from core.detect import People
from core.errors import BadInput, FootageError, NotFound
from core.evidence import ALWAYS, Query, Stretches, in_stretch
from core.gallery import Gallery, clip_of
from core.geometry import iou
from core.settings import Models, write_whole
from core.track import Tracker, cut_person
from core.types import Clip, Description, FootageBox, Image, Photo, Tracklet, Vectors, note

AROUND_S = 2.0  # a person with a box drawn on them is followed this long before and after
POINTED_SCORE = 0.3  # a person may be pointed at from this score of the detector on
SAME_PERSON_IOU = 0.3  # between a drawn box and a found one
STRETCH_S = 300.0  # around a drawn box: a person shown there is not proposed again
NEAR_S = 0.5  # a box and a tracklet this near in time are at one moment

Box = tuple[float, float, float, float]
PhotoSource = str | Path | tuple[str, bytes] | photo.Upload


@dataclass(frozen=True)
class Given:
    """A photo that was read, and in which it is clear who is meant."""

    upload: photo.Upload
    picture: photo.Picture

    @property
    def kept(self) -> Photo:
        """What the casebook keeps of it."""
        said = self.upload
        taken_s = said.taken_s if said.dated else self.picture.taken_s
        return Photo(self.picture.sha256, said.name, taken_s, said.box, said.face)


class Probes:
    """The pictures of the people looked for, case by case. root: folder of the cases."""

    def __init__(
        self, root: Path, gallery: Gallery, casebook: Casebook, models: Models, zone: str
    ) -> None:
        self._root = root
        self._gallery = gallery
        self._casebook = casebook
        self._models = models
        self._zone = zone

    # Photos.

    def read(self, source: PhotoSource) -> Given:
        """Read a photo and check that it is clear who in it is meant.

        Raises NotFound, BadInput.
        """
        upload = _upload(source)
        given = Given(upload, photo.read(upload.content, upload.name, zone=self._zone))
        self._photo_shot(given.picture.image, given.kept)
        return given

    def group(self, upload: photo.Upload) -> photocheck.Group:
        """Who is in a photo. Raises BadInput if it cannot be read."""
        read = photo.read(upload.content, upload.name, zone=self._zone)
        return photocheck.group(read, self._models.detector, self._models.describer)

    def shown(
        self, upload: photo.Upload, chosen: photocheck.Person | None, now_s: float, others: int
    ) -> photocheck.Shown:
        """How the chosen person of a photo will be compared. Raises BadInput."""
        read = photo.read(upload.content, upload.name, zone=self._zone)
        taken_s = upload.taken_s if upload.dated else read.taken_s
        age_s = None if taken_s is None else now_s - taken_s
        describer = self._models.describer
        return photocheck.shown(read.image, chosen, describer, age_s=age_s, others=others)

    def keep(self, case: str, given: Given, *, by: str) -> None:
        """Keep a photo that was read as part of a case."""
        write_whole(self._photo_path(case, given.picture.sha256), given.upload.content)
        self._casebook.add_photo(case, given.kept, by=by)

    def photo(self, case: str, sha256: str) -> bytes:
        """An uploaded photo as it was given. Raises NotFound."""
        if sha256 not in {one.sha256 for one in self._casebook.photos(case)}:
            raise NotFound("this photo is not part of case {case}", case=case)
        return self._photo_path(case, sha256).read_bytes()

    def _kept_shot(self, case: str, one: Photo) -> Shot:
        content = self.photo(case, one.sha256)
        return self._photo_shot(photo.read(content, one.name, zone=self._zone).image, one)

    def _photo_shot(self, image: Image, one: Photo) -> Shot:
        """A photo as one shot: of the person chosen, of who stands out, or the whole picture."""
        if one.box is not None:
            return _shot(image, photocheck.Person(one.box, one.face))
        people = photocheck.find(image, self._models.detector, self._models.describer)
        chosen = photocheck.stands_out(people)
        if people and chosen is None:
            raise BadInput(
                "{name} shows {n} people of similar size: choose or cut out the one looked for",
                name=one.name[:80],
                n=len(people),
            )
        return _shot(image, None if chosen is None else people[chosen])

    # People pointed at in footage.

    def people_at(self, clip: Clip, at_s: float) -> tuple[bytes, list[Box]]:
        """The frame at_s seconds into a clip, JPEG, and who is found in it. FootageError."""
        if not Path(clip.path).exists():
            raise FootageError(
                "the footage of camera {camera} is no longer at {path}: put it back there",
                camera=clip.camera_id,
                path=clip.path,
            )
        image = footage.frame_at(clip.path, at_s).image
        people = self._models.detector([image])[0]
        sure = people.box[people.score >= POINTED_SCORE]
        boxes = [(float(a), float(b), float(c), float(d)) for a, b, c, d in sure]
        return photo.jpeg(image, 90), sorted(boxes)

    def keep_box(self, case: str, drawn: FootageBox, film: footage.Film, *, by: str) -> None:
        """Follow the person in a drawn box for a moment and keep the pictures. FootageError."""
        tracklet = self._follow(drawn)
        clip = Clip(
            _box_id(drawn), "probe", drawn.path, film.sha256, 0.0, film.duration_s, film.size
        )
        self._drawn(case).write(clip, [tracklet], [Description(tracklet.id)], {})
        self._casebook.add_box(case, drawn, by=by)

    def tracklet_at(self, sha256: str, at_s: float, box: Box) -> str | None:
        """Id of the gallery's tracklet in that box of that footage, None if there is none.

        at_s  seconds into the file;  box xyxy px. It may belong to the piece before.
        """
        film = self._gallery.of_film(sha256)
        if not film:
            return None
        moment = film[0].film_start_s + at_s
        window = {film[0].camera_id: (moment - NEAR_S, moment + NEAR_S)}
        rows = self._gallery.select(between=window, columns=("tracklet_id", "clip_id")).to_pylist()
        clips = {clip.id for clip in film}
        ids = [row["tracklet_id"] for row in rows if row["clip_id"] in clips]
        own = _in_box(self._gallery.tracklets(ids), moment, box)
        return None if own is None else own.id

    def _follow(self, drawn: FootageBox) -> Tracklet:
        """The person in the drawn box, followed for a moment; else the one picture in the box."""
        path, at_s, box = drawn.path, drawn.at_s, drawn.box
        moment = footage.frame_at(path, at_s)
        tracker = Tracker("probe", _box_id(drawn))
        followed: list[Tracklet] = []
        for frame in footage.frames(path, 5.0, max(0.0, at_s - AROUND_S), at_s + AROUND_S):
            found = self._models.detector([frame.image])[0]
            followed += tracker.update(frame.t_s, frame.image, found)
        followed += tracker.finish()
        best = _in_box(followed, at_s, box)
        if best is not None:
            return replace(best, id=f"probe/{_box_id(drawn)}/1")
        alone = Tracker("probe", _box_id(drawn))
        alone.update(
            at_s, moment.image, People(np.array([box], np.float32), np.ones(1, np.float32))
        )
        return alone.finish()[0]

    # What is compared.

    def query(self, case: str) -> Query:
        """The probe as it is compared: its pictures, or what was ticked where there is none.

        Raises BadInput if neither can be compared.
        """
        about = self._casebook.case(case)
        confirmed, boxes = self._confirmed(case), self._boxes(case)
        seen = self._gallery.descriptions(confirmed)
        describer = self._models.describer
        seen += [describer.tracklet(tracklet) for tracklet in self._pointed_at(case)]
        taken_by = [clip_of(one)[0] for one in confirmed] + [self._camera(box) for box in boxes]
        photos = [self._kept_shot(case, one) for one in self._casebook.photos(case)]
        if not seen and not photos:
            return self._ticked(case)
        given = describer.shots("probe", photos) if photos else Description("probe")
        models = self._models.vectors()
        sources = {models["body"].name: seen or ([given] if about.same_clothes else [])}
        if "face" in models:
            face = models["face"].name
            sources[face] = [given] if face in given.vectors else seen
        vectors = {name: _joined(name, parts) for name, parts in sources.items()}
        body = models["body"].name
        of_rows = [
            camera
            for camera, one in zip(taken_by, seen, strict=True)
            for _ in range(len(one.vectors.get(body, ())))
        ]
        missing = dict((seen[0] if seen else given).missing)
        if photos and "face" in given.missing:
            missing["face"] = given.missing["face"]
        if not seen and not about.same_clothes:
            missing["body"] = note("clothes may differ from those in the photo")
        return Query(
            Description("probe", {n: v for n, v in vectors.items() if v is not None}, {}, missing),
            "footage" if seen else ("ticked" if about.same_clothes else "photo"),
            tuple(self._seen_s(case)),
            self._own_stretches(case),
            tuple(self._casebook.sightings(case)),
            wanted=about.wanted,
            body_from=tuple(of_rows),
        )

    def _ticked(self, case: str) -> Query:
        """A probe without any picture: what was ticked."""
        about = self._casebook.case(case)
        if not about.wanted:
            raise BadInput(
                "case {case} has no picture to compare: add a photo, or draw a box in footage",
                case=case,
            )
        ticks.need(about.wanted, ticks.Judge.of(self._models.attributes()))
        sightings = tuple(self._casebook.sightings(case))
        return Query(Description("probe"), "none", judged=sightings, wanted=about.wanted)

    def picture(self, case: str) -> bytes | None:
        """The person as cut out for comparing, JPEG; None if the case has no picture."""
        seen = self._gallery.tracklets(self._confirmed(case)) + self._pointed_at(case)
        if seen:
            best = max(seen, key=lambda t: float(np.nan_to_num(t.crop_quality).max()))
            return best.crops[int(np.nan_to_num(best.crop_quality).argmax())]
        for one in self._casebook.photos(case):
            shot = self._kept_shot(case, one)
            return cut_person(shot.image, shot.box)[0]
        return None

    def _confirmed(self, case: str) -> list[str]:
        """Ids of the tracklets that a person said show the one looked for."""
        return [
            sighting.tracklet_id
            for sighting in self._casebook.sightings(case)
            if sighting.tracklet_id is not None and sighting.verdict == "confirmed"
        ]

    def _pointed_at(self, case: str) -> list[Tracklet]:
        """The person in drawn boxes."""
        boxes = self._boxes(case)
        return [self._drawn(case).tracklet(f"probe/{_box_id(box)}/1") for box in boxes]

    def _boxes(self, case: str) -> list[FootageBox]:
        """The drawn boxes, but for those whose tracklet in the gallery is confirmed."""
        confirmed = self._confirmed(case)
        return [b for b in self._casebook.boxes(case) if not self._covered(b, confirmed)]

    def _camera(self, box: FootageBox) -> str:
        """The camera whose footage a box was drawn in, if it is one of the gallery's."""
        film = self._gallery.of_film(box.clip_sha256)
        return film[0].camera_id if film else rank.ANYWHERE

    def _covered(self, box: FootageBox, confirmed: Sequence[str]) -> bool:
        """Whether a confirmed tracklet of the same footage shows the person around that moment."""
        stretch = self._around(box)
        ids = [one for one in confirmed if one.split("/")[1] in stretch]
        _, enter_s, leave_s = self._gallery.spans(ids)
        spans = zip(ids, enter_s, leave_s, strict=True)
        return any(in_stretch(one, low, high, stretch) for one, low, high in spans)

    def _seen_s(self, case: str) -> Iterator[float]:
        """True times of the footage that shows the person."""
        for sighting in self._casebook.sightings(case):
            if sighting.verdict == "confirmed":
                yield (sighting.enter_s + sighting.leave_s) / 2
        yield from (box.true_s for box in self._casebook.boxes(case) if box.true_s is not None)

    def _own_stretches(self, case: str) -> Stretches:
        """The footage around every drawn box: what the person was taken from is no candidate."""
        found: Stretches = {}
        for box in self._casebook.boxes(case):
            for clip_id, windows in self._around(box).items():
                found[clip_id] = (*found.get(clip_id, ()), *windows)
        return found

    def _around(self, box: FootageBox) -> Stretches:
        """The clip a box was drawn in; of a film in pieces, `STRETCH_S` on both sides of it."""
        film = self._gallery.of_film(box.clip_sha256)
        if len(film) == 1 and film[0].id == box.clip_sha256[:16]:
            return {film[0].id: (ALWAYS,)}
        return {
            clip.id: ((moment - STRETCH_S, moment + STRETCH_S),)
            for clip in film
            for moment in [clip.film_start_s + box.at_s]
        }

    def _folder(self, case: str) -> Path:
        self._casebook.case(case)  # NotFound for what is no case, so no path can be smuggled in
        return self._root / case

    def _photo_path(self, case: str, sha256: str) -> Path:
        return self._folder(case) / f"{sha256}.photo"

    def _drawn(self, case: str) -> Gallery:
        return Gallery(self._folder(case) / "drawn")


def _upload(source: PhotoSource) -> photo.Upload:
    """A photo in any of the ways it may be given. Raises NotFound."""
    if isinstance(source, photo.Upload):
        return source
    if isinstance(source, tuple):
        return photo.Upload(*source)
    path = Path(source)
    if not path.is_file():
        raise NotFound("there is no photo at {path}", path=path)
    return photo.Upload(path.name, path.read_bytes())


def _shot(image: Image, person: photocheck.Person | None) -> Shot:
    """One person of a photo, or all of it, as a shot."""
    height, width = image.shape[:2]
    box = np.array(person.box if person else (0, 0, width, height), dtype=np.float32)
    box = np.clip(box, 0, [width, height, width, height]).astype(np.float32)
    face = person.face if person else None
    middle = None if face is None else ((face[0] + face[2]) / 2, (face[1] + face[3]) / 2)
    return Shot(image, box, 1.0, 1.0, mask.BARE_IN_PHOTO, middle)


def checked_box(box: Sequence[float], size: tuple[int, int]) -> Box:
    """The part of a drawn box that lies in the picture; BadInput if there is nearly none."""
    if len(box) != 4 or not np.isfinite(box).all():
        raise BadInput("a box is four numbers: x1,y1,x2,y2 in pixels of the footage")
    x1, y1, x2, y2 = (float(v) for v in np.clip(box, 0, [*size, *size]))
    if x2 - x1 < 4 or y2 - y1 < 8:
        raise BadInput(
            "the box {box} holds no person: the footage is {width} x {height} px",
            box=",".join(f"{v:g}" for v in box),
            width=size[0],
            height=size[1],
        )
    return x1, y1, x2, y2


def _box_id(drawn: FootageBox) -> str:
    """A clip id for the pictures of one drawn box."""
    place = blake2b(repr((drawn.at_s, drawn.box)).encode(), digest_size=6).hexdigest()
    return f"{drawn.clip_sha256[:16]}-{place}"


def _in_box(tracklets: Sequence[Tracklet], at_s: float, box: Box) -> Tracklet | None:
    """The tracklet that best fills a box at a moment (within half a second)."""
    best, best_iou = None, SAME_PERSON_IOU
    for tracklet in tracklets:
        i = int(np.abs(tracklet.t_s - at_s).argmin())
        if abs(tracklet.t_s[i] - at_s) > NEAR_S:
            continue
        overlap = float(iou(tracklet.box[i : i + 1], np.array([box], np.float32))[0, 0])
        if overlap > best_iou:
            best, best_iou = tracklet, overlap
    return best


def _joined(model: str, about: Sequence[Description]) -> Vectors | None:
    """Vectors of several descriptions by one model as one; None if there are none."""
    parts = [one.vectors[model] for one in about if model in one.vectors]
    if not parts:
        return None
    return Vectors(
        parts[0].kind,
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.quality for part in parts]),
        np.concatenate([part.size_px for part in parts]),
        np.arange(sum(len(part) for part in parts)),
    )
