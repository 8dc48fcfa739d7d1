"""A made-up city's truth in, many missing persons out: photos, what is told, last seen, who it is.

A city has few cases of its own, because each walks past several cameras by plan. Here anybody who
walks there may be missing, and citizens who were never there are looked for, too. Of some the
footage shows somebody in the very same clothes: of the city's own missing persons, who each have
such a look-alike, and of that look-alike.

    cases.json            as a city's own: id, photos, attributes, last_seen, same_clothes, no crop
    truth/answers.json    id, person or null, twins: walkers in the same clothes
    photos/               one picture each, taken earlier, from nearby, in the same clothes
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import assets, backdrop, texture
from core.citizens.cast import PEOPLE
from core.citizens.chance import generator, pick, presets
from core.citizens.daylight import light
from core.citizens.people import Citizen, citizen
from core.citizens.render import Renderer
from core.citizens.stage import Placed, View
from core.citizens.truth import ROUGH_M, dumps, iso, write
from core.errors import BadInput, NotFound

Image = NDArray[np.uint8]

STRANGERS_FROM = 900_000  # of a city's PEOPLE seeds; its own people are numbered from 0
TWINS = 1 / 3  # of the present cases at most have a look-alike in the same clothes
AWAY_M = (60.0, 300.0)  # from the first camera that sees them, or would
WALK_MPS = 1.2
WAYS = 1.3  # a way is longer than its straight line
M_PER_DEG = 111_320.0
SIZE, QUALITY = (300, 400), 90
STREETS = 240


@dataclass(frozen=True)
class Asked:
    """One case. person: walker id or None;  seen: (camera, true time) that last_seen is before."""

    id: str
    who: Citizen
    person: str | None
    twins: tuple[str, ...]
    seen: tuple[str, float]


def make(city: Path, out: Path, present: int, absent: int, seed: int = 0) -> Iterator[str]:
    """Put cases to a city into a folder; yields what was done. Raises BadInput, NotFound."""
    plan, visits = _json(city / "truth" / "city.json"), _json(city / "truth" / "visits.json")
    asked = chosen(plan, visits, present, absent, seed)
    (out / "photos").mkdir(parents=True, exist_ok=True)
    renderer = Renderer(assets.load(), supersample=1)
    for n, one in enumerate(asked, 1):
        file = out / "photos" / f"{one.id}.jpg"
        if not file.exists():
            done, jpeg = cv2.imencode(".jpg", photo(renderer, one, plan["split"], seed)[..., ::-1],
                                      [cv2.IMWRITE_JPEG_QUALITY, QUALITY])  # fmt: skip
            assert done
            file.write_bytes(jpeg.tobytes())
        if not n % 20:
            yield f"{n} of {len(asked)} photos"
    renderer.close()
    cameras = {one["id"]: one for one in plan["cameras"]}
    write(out / "cases.json", [told(one, cameras, seed) for one in asked])
    answers = [{"id": one.id, "person": one.person, "twins": list(one.twins)} for one in asked]
    (out / "truth").mkdir(exist_ok=True)
    (out / "truth" / "answers.json").write_text(dumps(answers), encoding="utf-8")
    yield f"{out}: {present} present, {absent} absent"


def chosen(
    plan: dict[str, Any],
    visits: Sequence[dict[str, Any]],
    present: int,
    absent: int,
    seed: int = 0,
) -> list[Asked]:
    """Who is looked for in a city of this plan and these visits (`truth`). Raises BadInput."""
    return [*_present(plan, visits, present, seed), *_absent(plan, visits, absent, seed)]


def _json(file: Path) -> Any:
    if not file.is_file():
        raise NotFound("there is no {name} in {folder}", name=file.name, folder=file.parent)
    return json.loads(file.read_text(encoding="utf-8"))


def _named(name: str) -> Citizen:
    """The citizen of a name such as "test-101000007", as dressed from the start."""
    split, _, seed = name.rpartition("-")
    return citizen(int(seed), split)


def _present(
    plan: dict[str, Any], visits: Sequence[dict[str, Any]], n: int, seed: int
) -> list[Asked]:
    """Walkers somebody filmed: first those with a twin, then others, by lot."""
    first: dict[str, tuple[str, float]] = {}
    for one in sorted(visits, key=lambda v: str(v["enter"])):
        first.setdefault(one["person"], (one["camera"], _seconds(one["enter"])))
    looks = {one["id"]: one["looks"][0]["citizen"] for one in plan["walkers"]}
    pairs: dict[str, tuple[Citizen, str]] = {}  # walker -> (citizen, the one in the same clothes)
    for case in plan["cases"]:
        if case["person"] is not None:
            who, twin = _named(case["citizen"]), case["look_alikes"][0]
            pairs[case["person"]] = who, twin
            pairs[twin] = replace(_named(looks[twin]), outfit=who.outfit), case["person"]
    plain = [w["id"] for w in plan["walkers"] if w["role"] in ("passer", "companion")]
    rng = generator("asked", plan["seed"], seed)
    twinned = [str(w) for w in rng.permutation(sorted(pairs)) if w in first][: round(n * TWINS)]
    others = [str(w) for w in rng.permutation(plain) if w in first][: n - len(twinned)]
    if len(twinned) + len(others) < n:
        raise BadInput("only {n} people are filmed in this city", n=len(twinned) + len(others))
    made = []
    for k, walker in enumerate([*twinned, *others], 1):
        who = pairs[walker][0] if walker in pairs else _named(looks[walker])
        twins = (pairs[walker][1],) if walker in pairs else ()
        made.append(Asked(f"in{k:03d}", who, walker, twins, first[walker]))
    return made


def _absent(
    plan: dict[str, Any], visits: Sequence[dict[str, Any]], n: int, seed: int
) -> list[Asked]:
    """The city's own absent ones, whose twins walk there, then citizens who never were there.

    Where one was last seen is drawn as for the present, from somebody else's first visit.
    """
    rng = generator("absent", plan["seed"], seed)
    own = [(c["citizen"], c["look_alikes"][0]) for c in plan["cases"] if c["person"] is None]
    strangers = (f"{plan['split']}-{plan['seed'] * PEOPLE + STRANGERS_FROM + seed * 1000 + k}"
                 for k in range(n))  # fmt: skip
    whole: list[tuple[Citizen, tuple[str, ...]]]
    whole = [(_named(name), (twin,)) for name, twin in own[:n]]
    whole += [(_named(name), ()) for name in strangers][: n - len(whole)]
    made = []
    for k, (who, twins) in enumerate(whole, 1):
        like = visits[int(rng.integers(len(visits)))]
        seen = like["camera"], _seconds(like["enter"])
        made.append(Asked(f"out{k:03d}", who, None, twins, seen))
    return made


def _seconds(iso_time: str) -> float:
    return datetime.fromisoformat(iso_time).timestamp()


def told(one: Asked, cameras: dict[str, Any], seed: int) -> dict[str, Any]:
    """A case as it is put: last seen somewhere near, a walk before the first camera sees them."""
    rng = generator("last seen", seed, one.id, one.who.name)
    camera, at_s = one.seen
    away, turn = float(rng.uniform(*AWAY_M)), float(rng.uniform(0, 2 * math.pi))
    lat = cameras[camera]["lat"] + away * math.cos(turn) / M_PER_DEG
    lon = cameras[camera]["lon"] + away * math.sin(turn) / (
        M_PER_DEG * math.cos(math.radians(lat)))  # fmt: skip
    walk_s = WAYS * away / WALK_MPS * float(rng.uniform(0.8, 1.5))
    return {
        "id": one.id,
        "photos": [f"photos/{one.id}.jpg"],
        "attributes": one.who.attributes(),
        "last_seen": {
            "at": iso(round(at_s - walk_s - float(rng.uniform(0, 60)))),
            "lat": round(lat, 6), "lon": round(lon, 6), "radius_m": ROUGH_M,
        },
        "same_clothes": True,
        "crop": None,
    }  # fmt: skip


def photo(renderer: Renderer, one: Asked, split: str, seed: int) -> Image:
    """The whole person by a hand-held camera, before a street, in other light than the city's."""
    rng = generator("asked photo", seed, one.id, one.who.name)
    who = replace(one.who, outfit=replace(one.who.outfit, mask=None))
    turn, away = float(rng.uniform(-35, 35)), float(rng.uniform(2.9, 3.6))
    side = float(rng.uniform(-0.5, 0.5))
    eye = (away * math.sin(side), away * math.cos(side), float(rng.uniform(1.3, 1.7)))
    towards = math.degrees(math.atan2(eye[0], eye[1]))
    shine = light(pick(rng, presets("light", texture.LIGHTS, split)), "day", "dry", ())
    street = backdrop.street(pick(rng, presets("street", STREETS, split)))
    placed = Placed(who, (0.0, 0.0, 0.0), towards + turn, "stand", float(rng.uniform()), 0.0,
                    (-0.8 * turn, 2.0))  # fmt: skip
    view = View(eye, (0.0, 0.0, who.height_m * 0.52), 46.0, 0.0, SIZE)
    image = renderer.draw(view, shine, backdrop.facing(street, np.array(eye)), [placed]).image
    soft = cv2.GaussianBlur(image, (0, 0), 0.5)
    grain = rng.normal(0, 1.6, (*soft.shape[:2], 1))
    return np.asarray(np.clip(soft + grain, 0, 255), dtype=np.uint8)
