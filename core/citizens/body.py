"""A citizen in, the rest mesh to draw out: body, clothes, hair and things, with bones and paint.

Everything is sewn in decimetres on the shaped body and handed over in metres, y up, z forward.
`canon`, the place on the unmorphed body, travels with each vertex: where cloth is cut and painted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.citizens import paint, sewing
from core.citizens.assets import Assets, Part, vertex_normals
from core.citizens.motion import EXPRESSIONS, Skeleton
from core.citizens.people import AGE_SHAPE, Citizen
from core.citizens.wardrobe import CUTS, LOWER_CUTS, Garment

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]

EYE_Y, TOP_Y = 7.285, 8.49  # dm, of the unmorphed body
WAIST_Y = 1.0
BUST_Y = 4.9


@dataclass(frozen=True, eq=False)
class Figure:
    """What the renderer uploads; N vertices, F triangles, B bones.

    position, normal, canon (N,3);  extra (N,4): arm, two values by material, material number
    bones (N,4) uint8, bone_weight (N,4);  materials (paint.COUNT,paint.ROWS,4) see `paint`
    face (5,3) stage.FACE_POINTS on the rest mesh, following the bone `head`;  looks (3,) where the
    face looks at rest
    """

    position: Float32
    normal: Float32
    canon: Float32
    extra: Float32
    bones: NDArray[np.uint8]
    bone_weight: Float32
    triangles: Int32
    materials: Float32
    skeleton: Skeleton
    face: Float64
    height_m: float


def _levels(levels: float) -> dict[str, float]:
    """-1..1 as shares of min, average and max."""
    return {"min": max(-levels, 0.0), "average": 1 - abs(levels), "max": max(levels, 0.0)}


def shape(
    assets: Assets, person: Citizen, expression: str = "neutral", blink: float = 0.0
) -> Float32:
    """(V,3) dm: the naked body of a citizen, before scaling to the true height."""
    v = assets.base.copy()

    def add(name: str, weight: float) -> None:
        if abs(weight) > 1e-3 and name in assets.targets:
            at, offset = assets.targets[name]
            v[at] += np.float32(weight) * offset

    ages = dict(zip(("child", "young", "old"), AGE_SHAPE[person.age], strict=True))
    for age, share in ages.items():
        for people, part in zip(("asian", "caucasian", "african"), person.ancestry, strict=True):
            add(f"macrodetails/{people}-{person.sex}-{age}", share * part)
        for muscle, m in _levels(person.muscle).items():
            for heavy, w in _levels(person.weight).items():
                name = f"universal-{person.sex}-{age}-{muscle}muscle-{heavy}weight"
                add(f"macrodetails/{name}", share * m * w)
    for name, weight in person.morphs:
        add(name, weight)
    if person.age in ("middle_aged", "elderly"):
        add("head/head-age-incr", 0.3 if person.age == "middle_aged" else 0.7)
    for name, weight in EXPRESSIONS[expression].items():
        add(f"expression/units/asian/{name}", weight)
    for side in ("left", "right"):
        add(f"expression/units/asian/eye-{side}-closure", blink)
    return v


class _Heap:
    """Vertices of the parts of one figure, while they are gathered; none below `low` (canon)."""

    def __init__(self, low: float = -99.0) -> None:
        self.low = low
        self.columns: dict[str, list[NDArray[np.generic]]] = {}
        self.faces: list[Int32] = []
        self.n = 0

    def add(self, mat: int, v: Float32, f: Int32, canon: Float32, bones: NDArray[np.uint8],
            weight: Float32, arm: Float32 | float = 0.0, a: Float32 | float = 0.0,
            b: Float32 | float = 0.0, normal: Float32 | None = None) -> None:  # fmt: skip
        """Append a part: unused vertices are dropped, normals made where none are given."""
        if self.low > -99.0 and mat != paint.EYE:  # the canon of eyes is a direction
            normal = vertex_normals(v, f) if normal is None else normal
            f = f[(canon[:, 1] > self.low)[f].all(1)]
        there = np.zeros(len(v), bool)
        there[f] = True
        used = np.flatnonzero(there)
        if not len(used):
            return
        flat = (np.cumsum(there) - 1)[f]
        normal = vertex_normals(v, f) if normal is None else normal
        extra = np.empty((len(used), 4), np.float32)
        for k, value in enumerate((arm, a, b, float(mat))):
            extra[:, k] = value[used] if isinstance(value, np.ndarray) else value
        row: dict[str, NDArray[Any]] = {
            "position": v[used], "normal": normal[used], "canon": canon[used], "extra": extra,
            "bones": bones[used], "bone_weight": weight[used],
        }  # fmt: skip
        for key, column in row.items():
            self.columns.setdefault(key, []).append(column)
        self.faces.append(flat.astype(np.int32) + self.n)
        self.n += len(used)

    def column(self, key: str) -> NDArray[np.generic]:
        return np.concatenate(self.columns[key])


@lru_cache(maxsize=4)
def _surface(assets: Assets) -> NDArray[np.int64]:
    """(K,) the vertices of the naked body, without helpers."""
    return np.unique(assets.body).astype(np.int64)


@lru_cache(maxsize=256)
def _nearest(assets: Assets, x: float, y: float, z: float) -> int:
    """The body vertex that lies nearest to a point of the unmorphed body."""
    body = _surface(assets)
    return int(body[np.argmin(((assets.base[body] - (x, y, z)) ** 2).sum(1))])


class _Sewing:
    """Builds one figure."""

    def __init__(self, assets: Assets, person: Citizen, expression: str, blink: float) -> None:
        self.assets, self.person, self.outfit = assets, person, person.outfit
        self.body = shape(assets, person, expression, blink)
        self.normal = vertex_normals(self.body, assets.body)
        self.heap = _Heap(BUST_Y) if person.bust else _Heap()
        self.clips = paint.clips(person)
        self.head = self._head_frame()
        span = self.body[_surface(assets), 1]
        self.scale = person.height_m * 10 / float(span.max() - span.min())
        self.hair_top = 99.0

    # -- measures ---------------------------------------------------------------------------------

    def _near(self, x: float, y: float, z: float) -> Float32:
        """The shaped place of the body vertex that lies nearest to a canonical point."""
        place: Float32 = self.body[_nearest(self.assets, x, y, z)]
        return place

    def _head_frame(self) -> sewing.HeadFrame:
        base, body = self.assets.base, _surface(self.assets)
        skull = body[(base[body, 1] > 7.75)]
        v = self.body[skull]
        eyes = np.stack([self.body[np.unique(e)].mean(0) for e in reversed(self.assets.eyes)])
        low, high = v.min(0), v.max(0)
        return sewing.HeadFrame(
            eyes.astype(np.float32), float(high[1]),
            (float(low[0] + high[0]) / 2, float(low[2] + high[2]) / 2),
            (float(high[0] - low[0]) / 2, float(high[2] - low[2]) / 2),
            float(self._near(0, 7.28, 1.52)[2]),
            np.stack([self._near(-0.72, 7.25, 0.45), self._near(0.72, 7.25, 0.45)]),
        )  # fmt: skip

    def face_points(self) -> Float64:
        """(5,3) dm: stage.FACE_POINTS on the shaped body."""
        eyes = self.head.eyes.copy()
        for k, ring in enumerate(reversed(self.assets.eyes)):
            eyes[k, 2] = self.body[np.unique(ring), 2].max()
        nose = self._near(0.0, 7.01, 1.67)
        right, left = self._near(-0.275, 6.635, 1.40), self._near(0.275, 6.635, 1.40)
        return np.stack([eyes[0], eyes[1], nose, right, left]).astype(np.float64)

    # -- parts ------------------------------------------------------------------------------------

    def skin(self) -> None:
        """The body, without what clothes and hair hide; hidden rims sink below the cloth."""
        base, hidden = self.assets.base, self._hidden()
        faces = self.assets.body[~hidden[self.assets.body].all(1)]
        v = self.body - np.where(hidden, 0.10, 0.0)[:, None].astype(np.float32) * self.normal
        self.heap.add(
            paint.SKIN,
            v,
            faces,
            base,
            self.assets.skin_bones,
            self.assets.skin_weight,
            self.assets.arm,
            self.assets.lip,
            self.assets.cavity,
            self.normal,
        )

    def _hidden(self) -> NDArray[np.bool_]:
        base, arm = self.assets.base, self.assets.arm
        hidden = np.zeros(len(base), bool)
        o = self.outfit
        below = self._part("upper", CUTS[o.upper.cut].mesh).hidden
        stays = (arm[below] < o.upper.arm - 0.06) & (base[below, 1] < 5.75)
        hidden[below[stays]] = True
        if o.inner is not None:
            below = self._part("upper", self._inner_mesh()).hidden
            hidden[below[(arm[below] < 0.12) & (base[below, 1] < 5.7)]] = True
        if o.lower is not None:
            mesh = LOWER_CUTS[o.lower.cut].mesh
            if mesh != "skirt":
                under = self._part("lower", mesh).hidden
                hidden[under[base[under, 1] > o.lower.hem + 0.3]] = True
        hidden[self.assets.parts[f"shoes/{o.shoes.cut}"].hidden] = True
        return hidden

    def _part(self, kind: str, name: str) -> Part:
        return self.assets.parts[f"{kind}/{name}"]

    def _hang(self, mat: int, part: Part, v: Float32, a: Float32 | float = 0.0,
              b: Float32 | float = 0.0) -> None:  # fmt: skip
        self.heap.add(mat, v, part.triangles, part.canon, part.bones, part.bone_weight, part.arm,
                      a, b)  # fmt: skip

    def eyes(self) -> None:
        """Eyeballs; `canon` is the direction from the eye's centre, which paints the iris."""
        for faces in self.assets.eyes:
            ids = np.unique(faces)
            middle, rest = self.body[ids].mean(0), self.assets.base
            local = (rest - rest[ids].mean(0)) / 0.14
            v = middle + (self.body - middle) * 1.0
            self.heap.add(paint.EYE, v, faces, local.astype(np.float32), self.assets.skin_bones,
                          self.assets.skin_weight)  # fmt: skip
        for mat, kind, name in ((paint.BROW, "brows", self.person.brows),
                                (paint.LASH, "lashes", "eyelashes01")):  # fmt: skip
            part = self._part(kind, name)
            out = 0.012 if mat == paint.BROW else 0.0
            v = part.place(self.body)
            v[:, 2] += out
            if mat == paint.BROW:
                inner = 1 - np.clip(np.abs(part.canon[:, 0]) / 0.5, 0, 1)
                v[:, 1] += 0.05 + 0.05 * inner
            self._hang(mat, part, v, part.uv[:, 0].copy(), part.uv[:, 1].copy())

    def hair(self) -> None:
        cut = self.person.hair
        if cut.mesh == "none":
            return
        part = self._part("hair", cut.mesh)
        v = part.place(self.body)
        faces = part.triangles
        canon = part.canon.copy()
        if cut.mirror:
            v[:, 0] = 2 * self.head.centre[0] - v[:, 0]
            canon[:, 0] *= -1
            faces = faces[:, ::-1]
        middle = np.array((self.head.centre[0], self.head.level(0.3), self.head.centre[1]))
        out = v - middle
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 0.1)
        lift = np.float32(cut.volume) * np.clip((canon[:, 1:2] - 6.6) / 1.2, 0, 1)
        v = (v + lift * out).astype(np.float32)
        upper = self.outfit.upper
        away = 0.14 + upper.flare * 0.9 + (0.12 if upper.kind == "outerwear" else 0.0)
        hangs = np.clip((6.15 - canon[:, 1]) / 0.5, 0, 1)
        v[:, 2] += np.where(v[:, 2] < 0.55, -1.0, 1.0) * away * hangs
        self.heap.add(
            paint.HAIR,
            v,
            faces,
            canon,
            part.bones,
            part.bone_weight,
            0.0,
            part.uv[:, 0].copy(),
            part.uv[:, 1].copy(),
        )

    def upper(self) -> None:
        """The outermost upper garment, with its skirt (coat, dress), collar and what is inside."""
        item = self.outfit.upper
        cut = CUTS[item.cut]
        part = self._part("upper", cut.mesh)
        v = part.place(self.body)
        normal = vertex_normals(v, part.triangles)
        neck = np.clip((5.75 - part.canon[:, 1]) / 0.5, 0, 1)
        wrist = np.clip((1.05 - part.arm) / 0.12, 0.2, 1)
        puff = item.flare * neck * wrist * np.where(part.arm > 0.05, 0.65, 1.0)
        hem = np.clip(1 - (part.canon[:, 1] - part.canon[:, 1].min()) / 0.8, 0, 1) * 0.06
        hem = np.where(part.arm > 0.02, 0.0, hem)
        v = v + (puff + hem)[:, None].astype(np.float32) * normal
        self._hang(paint.UPPER, part, v)
        if cut.skirt:
            self._skirt(paint.UPPER_SKIRT, 0.10 + item.flare, 0.0)
        if self.outfit.inner is not None:
            inside = self._part("upper", self._inner_mesh())
            w = inside.place(self.body)
            self._hang(paint.INNER, inside, w - 0.05 * vertex_normals(w, inside.triangles))
        style = {
            "padded": (0.62, 0.16, 0.10),
            "long_padded": (0.70, 0.22, 0.12),
            "windbreaker": (0.5, 0.10, 0.08),
            "coat": (0.30, 0.30, 0.5),
            "sweatshirt": (0.16, 0.03, 0.0),
            "knit": (0.20, 0.02, 0.0),
        }.get(item.cut)
        if style is not None:
            self._collar(*style)

    def _inner_mesh(self) -> str:
        return "tee" if self.person.sex == "male" else "tee_slim"

    def _collar(self, height: float, out: float, gap: float) -> None:
        n = 28
        a = np.linspace(0, 2 * np.pi, n, endpoint=False) + np.pi
        neck = self.assets.body[np.abs(self.assets.base[self.assets.body[:, 0], 1] - 5.85) < 0.12]
        ids = np.unique(neck)
        ids = ids[np.abs(self.assets.base[ids, 0]) < 1.0]
        v = self.body[ids]
        middle = v.mean(0)
        rx, rz = float(np.ptp(v[:, 0])) / 2 * 1.02, float(np.ptp(v[:, 2])) / 2 * 1.08
        x, z = np.sin(a) * rx, np.cos(a) * rz
        y = middle[1] - 0.06 - 0.30 * np.cos(a).clip(0)
        ring = np.stack([middle[0] + x, y, middle[2] + z], 1)[None]
        self._solid(paint.COLLAR, sewing.collar(ring.astype(np.float32), height, out, gap))

    def _skirt(self, mat: int, away: float, narrow: float) -> None:
        """The long skirt of the base mesh; it is cut to length when painted."""
        part = self._part("helper", "skirt")
        v = part.place(self.body)
        out = vertex_normals(v, part.triangles)
        out[:, 1] *= 0.3
        self._hang(mat, part, (v + np.float32(away) * out).astype(np.float32))

    def lower(self) -> None:
        item = self.outfit.lower
        if item is None:
            return
        cut = LOWER_CUTS[item.cut]
        if cut.mesh == "skirt":
            self._skirt(paint.LOWER, 0.07, 0.0)
            return
        part = self._part("lower", cut.mesh)
        v = part.place(self.body)
        normal = vertex_normals(v, part.triangles)
        y = part.canon[:, 1]
        upper = self._part("upper", CUTS[self.outfit.upper.cut].mesh)
        tuck = np.clip((y - upper.canon[:, 1].min() + 0.25) / 0.3, 0, 1) * -0.13
        wide = item.flare * np.clip((0.4 - y) / 3.0, 0, 1)
        normal[:, 1] *= 0.2
        self._hang(paint.LOWER, part, v + (tuck + wide)[:, None].astype(np.float32) * normal)

    def shoes(self) -> None:
        part = self._part("shoes", self.outfit.shoes.cut)
        self._hang(paint.SHOES, part, part.place(self.body))

    def _solid(self, mat: int, solid: sewing.Solid, canon: Float32 | None = None) -> None:
        """A made thing that follows one bone."""
        n = len(solid.vertices)
        bones = np.zeros((n, 4), np.uint8)
        names = (*self.assets.bones, "carried")
        bones[:, 0] = names.index(solid.bone)
        weight = np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1))
        self.heap.add(mat, solid.vertices, solid.triangles,
                      solid.vertices if canon is None else canon, bones, weight, 0.0,
                      solid.uv[:, 0].copy(), solid.uv[:, 1].copy())  # fmt: skip

    def things(self) -> None:
        """Hat, glasses, mask and bag."""
        o = self.outfit
        if o.hat is not None:
            self._hat(o.hat.form)
        if o.glasses is not None:
            frames, lenses = sewing.glasses(o.glasses.form, self.head)
            self._solid(paint.GLASSES, frames)
            if lenses is not None:
                self._solid(paint.LENS, lenses)
        if o.mask is not None:
            self._mask()
        if o.bag is not None:
            self._bag(o.bag.form)

    def _hat(self, form: str) -> None:
        if form == "brimmed":
            part = self._part("hat", "fedora01")
            self._hang(paint.HAT, part, part.place(self.body))
            self.hair_top = EYE_Y + 0.52 * (TOP_Y - EYE_Y)
            return
        solid, level = sewing.hat(form, self.head)
        self._solid(paint.HAT, solid)
        self.hair_top = EYE_Y + (level + 0.06) * (TOP_Y - EYE_Y)

    def _mask(self) -> None:
        base, faces = self.assets.base, self.assets.body
        x, y, z = base.T
        inside = (z > 0.72) & (y > 5.98) & (y < 7.2) & (np.abs(x) < 0.80)
        sheet = faces[inside[faces].all(1)]
        ids, order = np.unique(sheet, return_inverse=True)
        flat: Int32 = order.reshape(-1, 3).astype(np.int32)
        skin = self.body[ids] + 0.05 * self.normal[ids]
        sides, count = np.unique(
            np.sort(np.concatenate([flat[:, [0, 1]], flat[:, [1, 2]], flat[:, [2, 0]]]), axis=1),
            axis=0, return_counts=True)  # fmt: skip
        edge = np.zeros(len(ids), bool)
        edge[sides[count == 1].ravel()] = True
        v = skin
        for rounds in (30, 20, 15, 10, 3):  # a tent over nose and chin, not a second skin
            v = sewing.smooth(v, flat, rounds, edge)
            out = vertex_normals(v, flat)
            v = v + np.maximum(((skin - v) * out).sum(1, keepdims=True), 0) * out
        v = sewing.smooth(v, flat, 3, edge) + 0.06 * vertex_normals(v, flat)
        self.heap.add(paint.MASK, v.astype(np.float32), flat, base[ids],
                      self.assets.skin_bones[ids], self.assets.skin_weight[ids])  # fmt: skip
        corners = np.stack([np.add(self._near(s * 0.60, y, 1.0), (s * 0.06, 0, 0.06))
                            for s in (-1, 1) for y in (6.86, 6.45)])  # fmt: skip
        self._solid(paint.STRAP, sewing.mask_loops(corners.astype(np.float32), self.head))

    def _bag(self, form: str) -> None:
        size = self.person.height_m / 1.7 / self.scale
        if form == "backpack":
            upper = self._part("upper", CUTS[self.outfit.upper.cut].mesh)
            back = self._near(0, 3.9, -0.8)
            puff = 0.1 + self.outfit.upper.flare
            del upper
            self._solid(paint.BAG, sewing.backpack(back - (0, 0, puff), size * 1.0))
        elif form == "crossbody":
            side = 1.0 if self.person.seed % 2 else -1.0
            hip = np.add(self._near(side * 1.62, 0.6, 0.1), (side * self.outfit.upper.flare, 0, 0))
            self._solid(paint.BAG, sewing.crossbody(hip.astype(np.float32), side, size))
        else:
            hand = self.assets.joint(self.body, self.assets.bone("finger3-1.R"))
            self._solid(paint.BAG, sewing.handbag(hand, size))

    # -- all together -----------------------------------------------------------------------------

    def skeleton(self, metre: float) -> Skeleton:
        a = self.assets
        heads = np.array([a.joint(self.body, b) for b in range(len(a.bones))], np.float64)
        tails = np.array([self.body[t].mean(0) for t in a.tails], np.float64)
        hand = heads[a.bone("finger3-1.R")]
        part = self._part("shoes", self.outfit.shoes.cut)
        v = part.place(self.body)
        soles, bones = [], []
        for side, sign in (("L", 1), ("R", -1)):
            mine = np.flatnonzero(part.canon[:, 0] * sign > 0)
            low = mine[v[mine, 1] < v[mine, 1].min() + 0.12]
            for pick in (np.argmax(v[low, 2]), np.argmin(v[low, 2]), np.argmax(v[low, 0]),
                         np.argmin(v[low, 0])):  # fmt: skip
                at = low[pick]
                soles.append(v[at])
                front = part.bone_weight[at][
                    [i for i in range(4) if a.bones[part.bones[at][i]] == f"toe1-1.{side}"]
                ].sum()
                bones.append(a.bone(f"toe1-1.{side}" if front > 0.5 else f"foot.{side}"))
        return Skeleton(
            (*a.bones, "carried"), (*a.parents, a.bone("wrist.R")),
            np.vstack([heads, hand]) * metre, np.vstack([tails, hand]) * metre,
            np.array(soles, np.float64) * metre, np.array(bones),
        )  # fmt: skip

    def figure(self) -> Figure:
        self.skin()
        self.eyes()
        if not self.person.bust:
            self.lower()
        self.upper()
        if not self.person.bust:
            self.shoes()
        self.hair()
        self.things()
        metre = 0.1 * self.scale
        table = paint.materials(self.person, self.clips, self.hair_top)
        weight = self.heap.column("bone_weight").astype(np.float32)
        return Figure(
            self.heap.column("position").astype(np.float32) * np.float32(metre),
            self.heap.column("normal").astype(np.float32),
            self.heap.column("canon").astype(np.float32),
            self.heap.column("extra").astype(np.float32),
            self.heap.column("bones").astype(np.uint8), weight,
            np.concatenate(self.heap.faces), table, self.skeleton(metre),
            self.face_points() * metre, self.person.height_m,
        )  # fmt: skip


def build(
    assets: Assets, person: Citizen, expression: str = "neutral", blink: float = 0.0
) -> Figure:
    """The figure of a citizen; some 30 ms. expression: a name of motion.EXPRESSIONS."""
    return _Sewing(assets, person, expression, blink).figure()


def hem_of(item: Garment) -> float:
    """Where a garment ends, dm on the unmorphed body."""
    return item.hem
