"""A MakeHuman data folder in, everything citizens are made of in one compact file out.

Reading the text files takes some twenty seconds, so the result is kept as an `.npz` in the cache,
named after the hash of what was read, and loads in a fraction of a second.

Lengths are decimetres as in the files, y up, z forward; `canon` is the place of a vertex on the
unmorphed body: the coordinate in which clothes are cut and painted, the same for everybody.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from core.citizens import makehuman
from core.citizens.makehuman import Binding, Obj
from core.errors import NotFound

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

VERSION = "7"  # of what `_prepare` makes: a new number makes old cache files unused
SEXES, AGES = ("male", "female"), ("child", "young", "old")
ANCESTRIES = ("asian", "caucasian", "african")
FACE_FOLDERS = ("head", "nose", "mouth", "chin", "cheek", "eyes", "forehead", "ears")
NOT_IDENTITY = ("head-age", "head-trans", "ear-shape", "ear-wing", "head-angle", "-trans-in",
                "-trans-out", "eye-trans", "eye-push", "mouth-trans-backward")  # fmt: skip
BODY_TARGETS = (
    "stomach/stomach-tone-decr", "stomach/stomach-tone-incr", "torso/torso-scale-horiz-incr",
    "torso/torso-scale-horiz-decr", "torso/torso-scale-depth-incr", "torso/torso-scale-depth-decr",
    "hip/hip-scale-horiz-incr", "hip/hip-scale-horiz-decr", "neck/neck-scale-vert-incr",
    "neck/neck-scale-vert-decr", "neck/neck-scale-horiz-incr", "neck/neck-scale-horiz-decr",
    "head/head-age-incr", "head/head-age-decr",
)  # fmt: skip

# Component (by falling size) of a suit -> what it is here.
SUITS: Mapping[str, tuple[tuple[str, str, tuple[int, ...]], ...]] = {
    "female_casualsuit01": (("upper", "tee_slim", (0,)), ("lower", "slim", (1,))),
    "female_casualsuit02": (("lower", "hot_shorts", (0, 2)),),
    "female_elegantsuit01": (("upper", "blouse", (0,)), ("lower", "pencil_skirt", (1,))),
    "male_casualsuit02": (("upper", "sweater", (0,)), ("lower", "straight", (1,))),
    "male_casualsuit03": (("upper", "polo", (0,)),),
    "male_casualsuit04": (("upper", "tee", (1,)),),
    "male_casualsuit05": (("upper", "field_jacket", (0, 2)), ("inner", "field_inner", (3,))),
    "male_casualsuit06": (("upper", "tee_loose", (0,)),),
    "male_elegantsuit01": (("upper", "blazer", (0,)), ("lower", "suit_trousers", (1,))),
}
FINGERS = {"2": (14.0, 24.0, 18.0), "3": (18.0, 28.0, 20.0), "4": (22.0, 30.0, 22.0),
           "5": (24.0, 30.0, 22.0)}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """Something worn, hanging on the body by binding; N vertices, F triangles.

    on, weight (N,3);  offset (N,3);  scale (3,3) rows: body vertex, body vertex, distance (0: none)
    uv (N,2);  triangles (F,3);  hidden (K,) body vertices below it
    bones, bone_weight (N,4);  canon (N,3);  arm (N,) 0 at the shoulder to 1 at the wrist
    """

    on: Int32
    weight: Float32
    offset: Float32
    scale: Float32
    uv: Float32
    triangles: Int32
    hidden: Int32
    bones: NDArray[np.uint8]
    bone_weight: Float32
    canon: Float32
    arm: Float32

    def place(self, body: Float32) -> Float32:
        """Where its vertices are (N,3) on this body (V,3)."""
        size = np.ones(3, np.float32)
        for axis in range(3):
            a, b, apart = self.scale[axis]
            if apart > 0:
                size[axis] = abs(body[int(a), axis] - body[int(b), axis]) / apart
        hung: Float32 = np.einsum("nk,nkd->nd", self.weight, body[self.on])
        return hung + self.offset * size


@dataclass(frozen=True, eq=False)
class Assets:
    """All that the generator needs, in memory.

    base (V,3);  body triangles (F,3);  eyes {side: triangles}
    bones, parents, heads: B kept bones, parents first, joint = mean of `heads[b]` vertices
    skin_bones, skin_weight (V,4);  arm (V,);  lip, cavity (V,)
    targets {name: (vertices, offsets)};  parts {kind/name: Part}
    """

    base: Float32
    body: Int32
    eyes: tuple[Int32, Int32]
    bones: tuple[str, ...]
    parents: tuple[int, ...]
    heads: tuple[Int32, ...]
    tails: tuple[Int32, ...]
    skin_bones: NDArray[np.uint8]
    skin_weight: Float32
    arm: Float32
    lip: Float32
    cavity: Float32
    targets: Mapping[str, tuple[Int32, Float32]]
    parts: Mapping[str, Part]
    digest: str

    def bone(self, name: str) -> int:
        """Index of a kept bone."""
        return self.bones.index(name)

    def joint(self, vertices: Float32, bone: int) -> Float32:
        """(3,) head of a bone in this body."""
        place: Float32 = vertices[self.heads[bone]].mean(0)
        return place

    def names(self, kind: str) -> list[str]:
        """Names of the parts of a kind, sorted."""
        return sorted(k.split("/")[1] for k in self.parts if k.startswith(kind + "/"))


def folder(path: str | Path | None = None) -> Path:
    """The MakeHuman data folder: as given, else DONGSEON_MAKEHUMAN. Raises NotFound."""
    chosen = path or os.environ.get("DONGSEON_MAKEHUMAN") or ""
    if not chosen:
        raise NotFound(
            "the people need the MakeHuman assets: give --assets FOLDER or set DONGSEON_MAKEHUMAN"
        )
    if not (Path(chosen) / "3dobjs" / "base.obj").is_file():
        raise NotFound(
            "{path} is not a MakeHuman data folder: 3dobjs/base.obj is not in it", path=str(chosen)
        )
    return Path(chosen)


@lru_cache(maxsize=2)
def load(path: str | Path | None = None, cache: Path | None = None) -> Assets:
    """The prepared assets of a MakeHuman folder, from the cache if they were prepared before.

    cache  folder of prepared files; default: the user's cache folder
    Raises NotFound.
    """
    source = folder(path)
    store = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dongseon"
    digest = _digest(source)
    ready = store / f"makehuman-{digest[:16]}.npz"
    if not ready.is_file():
        ready.parent.mkdir(parents=True, exist_ok=True)
        arrays = _prepare(source)
        part = ready.with_suffix(f".{os.getpid()}.part.npz")
        np.savez(part, **arrays)  # type: ignore[arg-type]
        part.replace(ready)
    with np.load(ready) as stored:
        return _unpack({key: stored[key] for key in stored.files}, digest)


def _digest(source: Path) -> str:
    """Hash over names and sizes of all files, the contents of the base mesh, and VERSION."""
    told = hashlib.sha256(VERSION.encode())
    for path in sorted(p for p in source.rglob("*") if p.suffix in (".obj", ".mhclo", ".target")):
        told.update(f"{path.relative_to(source).as_posix()} {path.stat().st_size}\n".encode())
    told.update((source / "3dobjs" / "base.obj").read_bytes())
    return told.hexdigest()


# --- preparing -----------------------------------------------------------------------------------


def _keep(bone: str) -> str | None:
    """The bone that stands for this one, or None if it stands for itself."""
    stem, _, side = bone.partition(".")
    side = "." + side if side else ""
    if stem.startswith("finger"):
        return f"{stem.split('-')[0]}-1{side}" if not stem.endswith("-1") else None
    if stem.startswith("metacarpal"):
        return "wrist" + side
    if stem.startswith("toe"):
        return "toe1-1" + side if stem != "toe1-1" else None
    if stem.startswith("breast"):
        return "spine02"
    if stem.startswith(("jaw", "tongue", "oris", "special", "levator", "oculi", "risorius",
                        "orbicularis", "temporalis", "eye")):  # fmt: skip
        return "head"
    return None


def _top4(weight: Float32) -> tuple[NDArray[np.uint8], Float32]:
    """The four strongest bones of each vertex: indices and weights that sum to 1."""
    best = np.argsort(-weight, axis=1, kind="stable")[:, :4]
    kept = np.clip(np.take_along_axis(weight, best, 1), 0, None)
    return best.astype(np.uint8), (kept / kept.sum(1, keepdims=True)).astype(np.float32)


def _rotate(points: Float32, centre: Float32, axis: Float32, angle_deg: float) -> Float32:
    """Points (N,3) turned about an axis through a centre (Rodrigues)."""
    k = axis / np.linalg.norm(axis)
    a = np.radians(angle_deg)
    p = points - centre
    turned: Float32 = (
        p * np.cos(a) + np.cross(k, p) * np.sin(a) + np.outer(p @ k, k) * (1 - np.cos(a))
    )
    return (turned + centre).astype(np.float32)


def _curl(
    base: Float32, full: Float32, names: list[str], head: Callable[[str], Float32]
) -> Float32:
    """The base mesh with fingers curled as in a hanging hand (fingers are not posed later)."""
    out = base.copy()
    for side, sign in (("L", 1.0), ("R", -1.0)):
        across = head(f"finger2-1.{side}") - head(f"finger5-1.{side}")
        for finger, angles in FINGERS.items():
            chain = [f"finger{finger}-{k}.{side}" for k in (1, 2, 3)]
            for k in (2, 1, 0):
                below = np.clip(sum(full[:, names.index(b)] for b in chain[k:]), 0, 1)
                centre = head(chain[k])
                turned = _rotate(out, centre, across * sign, angles[k] * sign)
                out += below[:, None] * (turned - out)
    return out.astype(np.float32)


def _arm_coordinate(base: Float32, heads: Mapping[str, Float32], weight: Float32) -> Float32:
    """(V,) 0 on the trunk and at the shoulder, rising to 1 at the wrist and beyond on the hand."""
    out = np.zeros(len(base), np.float32)
    for side in ("L", "R"):
        path = [heads[f"{b}.{side}"] for b in ("upperarm01", "lowerarm01", "wrist", "finger3-1")]
        lengths = [float(np.linalg.norm(b - a)) for a, b in pairwise(path)]
        whole = lengths[0] + lengths[1]
        best = np.full(len(base), np.inf, np.float32)
        along = np.zeros(len(base), np.float32)
        start = 0.0
        for a, b, length in zip(path, path[1:], lengths, strict=False):
            t = np.clip((base - a) @ (b - a) / length**2, 0, 1)
            away = np.linalg.norm(base - (a + t[:, None] * (b - a)), axis=1)
            nearer = away < best
            best = np.where(nearer, away, best)
            along = np.where(nearer, (start + t * length) / whole, along)
            start += length
        side_of = base[:, 0] > 0 if side == "L" else base[:, 0] < 0
        out = np.where(side_of & (weight > 0.02), along * np.clip(weight * 1.5, 0, 1), out)
    return out.astype(np.float32)


def _cavity(obj: Obj) -> Float32:
    """(V,) how hollow the surface is, 0-1: eye sockets, nostrils, between lips, behind ears."""
    v, f = obj.vertices, obj.triangles[obj.group == "body"]
    normal = vertex_normals(v, f)
    total, count = np.zeros_like(v), np.zeros(len(v), np.float32)
    for a, b in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
        np.add.at(total, f[:, a], v[f[:, b]])
        np.add.at(count, f[:, a], 1)
    gap = total / np.maximum(count, 1)[:, None] - v
    size = np.maximum(np.linalg.norm(gap, axis=1), 0.02)
    hollow = np.clip((gap * normal).sum(1) / size, 0, 1) * (count > 0)
    for _ in range(2):
        spread = np.zeros(len(v), np.float32)
        for a, b in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
            np.add.at(spread, f[:, a], hollow[f[:, b]])
        hollow = 0.5 * hollow + 0.5 * spread / np.maximum(count, 1)
    soft: Float32 = hollow.astype(np.float32)
    return soft


def vertex_normals(v: Float32, f: Int32) -> Float32:
    """(V,3) unit normals of a mesh, area weighted; vertices without triangles get (0,0,0)."""
    face = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]]).astype(np.float64)
    out = np.stack(
        [np.bincount(f.ravel(), np.repeat(face[:, k], 3), minlength=len(v)) for k in range(3)],
        1,
    )
    unit = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    normals: Float32 = unit.astype(np.float32)
    return normals


def _target_names(source: Path) -> list[str]:
    """The morph targets that are kept."""
    names = [f"macrodetails/{p}-{s}-{a}" for p in ANCESTRIES for s in SEXES for a in AGES]
    levels = ("min", "average", "max")
    names += [
        f"macrodetails/universal-{s}-{a}-{m}muscle-{w}weight"
        for s in SEXES for a in AGES for m in levels for w in levels
    ]  # fmt: skip
    names += [
        f"macrodetails/height/{s}-{a}-averagemuscle-averageweight-{h}height"
        for s in SEXES for a in AGES for h in ("min", "max")
    ]  # fmt: skip
    names += BODY_TARGETS
    units = source / "targets" / "expression" / "units" / "asian"
    names += [f"expression/units/asian/{p.stem}" for p in sorted(units.glob("*.target"))]
    for kind in FACE_FOLDERS:
        for path in sorted((source / "targets" / kind).glob("*.target")):
            if not any(word in path.stem for word in NOT_IDENTITY):
                names.append(f"{kind}/{path.stem}")
    return names


def _components(obj: Obj) -> NDArray[np.int64]:
    """(V,) the number of each vertex's connected piece, 0 = the largest."""
    f, n = obj.triangles, len(obj.vertices)
    edges = coo_matrix(
        (np.ones(2 * len(f)), (np.r_[f[:, 0], f[:, 1]], np.r_[f[:, 1], f[:, 2]])), shape=(n, n)
    )
    _, label = connected_components(edges, False)
    rank = np.empty(label.max() + 1, np.int64)
    rank[np.argsort(-np.bincount(label), kind="stable")] = np.arange(label.max() + 1)
    pieces: NDArray[np.int64] = rank[label]
    return pieces


class _Tailor:
    """Turns bindings into parts: knows the base body's weights and paint coordinates."""

    def __init__(self, base: Float32, weight: Float32, arm: Float32) -> None:
        self.base, self.weight, self.arm = base, weight, arm

    def part(
        self, hang: Binding, obj: Obj, keep: NDArray[np.bool_]
    ) -> dict[str, NDArray[np.generic]]:
        """The vertices of obj where keep is True, as the arrays of a `Part`."""
        new = np.cumsum(keep) - 1
        faces = obj.triangles[keep[obj.triangles].all(1)]
        on, weight = hang.on[keep], hang.weight[keep]
        scale = np.zeros((3, 3), np.float32)
        for axis, row in hang.scale.items():
            scale[axis] = row
        bones, bone_weight = _top4(np.einsum("nk,nkb->nb", weight, self.weight[on]))
        arrays: dict[str, NDArray[np.generic]] = {
            "on": on, "weight": weight, "offset": hang.offset[keep], "scale": scale,
            "uv": obj.uv[keep], "triangles": new[faces].astype(np.int32), "bones": bones,
            "bone_weight": bone_weight,
            "arm": np.einsum("nk,nk->n", weight, self.arm[on]).astype(np.float32),
        }  # fmt: skip
        bare = Part(**arrays, hidden=hang.hidden, canon=np.empty(0))  # type: ignore[arg-type]
        canon = bare.place(self.base)
        arrays["canon"] = canon
        arrays["hidden"] = self._below(hang.hidden, canon)
        return arrays

    def _below(self, hidden: Int32, canon: Float32) -> Int32:
        """Those of a suit's covered body vertices that lie under this piece of it."""
        if not len(hidden):
            return hidden
        near, _ = cKDTree(canon).query(self.base[hidden])
        inside = self.base[hidden][:, 1] > canon[:, 1].min() + 0.12
        below: Int32 = hidden[(near < 0.55) & inside]
        return below


def _prepare(source: Path) -> dict[str, NDArray[np.generic]]:
    """Read everything; flat dict of arrays for `np.savez`."""
    obj = makehuman.read_obj(source / "3dobjs" / "base.obj")
    names, skeleton, weights = makehuman.read_skeleton(source / "rigs")
    full = np.zeros((len(obj.vertices), len(names)), np.float32)
    for bone, rows in weights.items():
        for vertex, weight in rows:
            full[int(vertex), names.index(bone)] = weight
    full[full.sum(1) == 0, names.index("root")] = 1
    full /= full.sum(1, keepdims=True)

    def vertices(bone: str, end: str) -> list[int]:
        return [int(v) for v in skeleton["joints"][skeleton["bones"][bone][end]]]

    base = _curl(obj.vertices, full, names, lambda b: obj.vertices[vertices(b, "head")].mean(0))
    kept = [b for b in names if _keep(b) is None]
    weight = np.zeros((len(base), len(kept)), np.float32)
    for i, bone in enumerate(names):
        stands = bone
        while (other := _keep(stands)) is not None:
            stands = other
        weight[:, kept.index(stands)] += full[:, i]

    def parent(bone: str) -> int:
        above = skeleton["bones"][bone]["parent"]
        while above and _keep(above) is not None:
            above = _keep(above)
        return kept.index(above) if above else -1

    heads = {b: base[vertices(b, "head")].mean(0) for b in kept}
    arms = [
        i for i, b in enumerate(kept) if b.startswith(("upperarm", "lowerarm", "wrist", "finger"))
    ]
    arm = _arm_coordinate(base, heads, weight[:, arms].sum(1))
    skin_bones, skin_weight = _top4(weight)
    out: dict[str, NDArray[np.generic]] = {
        "base": base,
        "body": obj.triangles[obj.group == "body"],
        "eye.L": obj.triangles[obj.group == "helper-l-eye"],
        "eye.R": obj.triangles[obj.group == "helper-r-eye"],
        "bones": np.array(kept), "parents": np.array([parent(b) for b in kept]),
        "skin_bones": skin_bones, "skin_weight": skin_weight, "arm": arm,
        "cavity": _cavity(obj),
    }  # fmt: skip
    for i, bone in enumerate(kept):
        out[f"head/{i}"] = np.array(vertices(bone, "head"), np.int32)
        out[f"tail/{i}"] = np.array(vertices(bone, "tail"), np.int32)
    _add_targets(source, out)
    _add_parts(source, _Tailor(base, weight, arm), obj, out)
    return out


def _add_targets(source: Path, out: dict[str, NDArray[np.generic]]) -> None:
    """All targets in one array of 16-bit steps, and the lips, which two targets know."""
    at: list[Int32] = []
    steps: list[NDArray[np.int16]] = []
    scale: list[float] = []
    names: list[str] = []
    lip = np.zeros(len(out["base"]), np.float32)
    for name in _target_names(source):
        vertices, offset = makehuman.read_target(source / "targets" / f"{name}.target")
        if not len(vertices):
            continue
        size = float(np.abs(offset).max()) / 32767
        names.append(name)
        at.append(vertices)
        steps.append(np.round(offset / size).astype(np.int16))
        scale.append(size)
        if name.endswith(("upperlip-volume-incr", "lowerlip-volume-incr")):
            moved = np.linalg.norm(offset, axis=1)
            lip[vertices] = np.maximum(lip[vertices], moved / moved.max())
    out["target/names"] = np.array(names)
    out["target/start"] = np.cumsum([0] + [len(a) for a in at])
    out["target/at"] = np.concatenate(at).astype(np.uint16)
    out["target/steps"] = np.concatenate(steps)
    out["target/scale"] = np.array(scale)
    out["lip"] = lip


def _add_parts(
    source: Path, tailor: _Tailor, base: Obj, out: dict[str, NDArray[np.generic]]
) -> None:
    """Suits cut into pieces, shoes, hair, hat, brows, lashes, and the body's own helper meshes."""

    def add(kind: str, name: str, arrays: dict[str, NDArray[np.generic]]) -> None:
        out.update({f"part/{kind}/{name}/{key}": value for key, value in arrays.items()})

    for suit, pieces in SUITS.items():
        hang = makehuman.read_binding(source / "clothes" / suit / f"{suit}.mhclo")
        obj = makehuman.read_obj(hang.obj)
        piece = _components(obj)
        for kind, name, numbers in pieces:
            add(kind, name, tailor.part(hang, obj, np.isin(piece, numbers)))
    wanted = [("shoes", p) for p in sorted((source / "clothes").glob("shoes*/*.mhclo"))]
    wanted += [("hat", source / "clothes" / "fedora01" / "fedora.mhclo")]
    wanted += [(k, p) for k, f in (("hair", "hair"), ("brows", "eyebrows"), ("lashes", "eyelashes"))
               for p in sorted((source / f).glob("*/*.mhclo"))]  # fmt: skip
    for kind, path in wanted:
        hang = makehuman.read_binding(path)
        obj = makehuman.read_obj(hang.obj)
        add(kind, path.parent.name, tailor.part(hang, obj, np.ones(len(obj.vertices), bool)))
    for name in ("helper-skirt", "helper-tights", "helper-hair"):
        faces = base.triangles[base.group == name]
        add("helper", name[7:], tailor.part(*_itself(base, np.unique(faces), faces)))


def _itself(base: Obj, at: Int32, faces: Int32) -> tuple[Binding, Obj, NDArray[np.bool_]]:
    """A piece of the base mesh as a garment whose vertices hang on themselves."""
    n = len(at)
    new = np.searchsorted(at, faces).astype(np.int32)
    on = np.repeat(at[:, None], 3, 1).astype(np.int32)
    weight = np.tile(np.array([1, 0, 0], np.float32), (n, 1))
    nothing = np.zeros((n, 3), np.float32)
    hang = Binding(on, weight, nothing, {}, np.empty(0, np.int32), Path())
    obj = Obj(base.vertices[at], new, np.full(len(new), ""), base.uv[at])
    return hang, obj, np.ones(n, bool)


# --- unpacking -----------------------------------------------------------------------------------


def _unpack(a: dict[str, NDArray[np.generic]], digest: str) -> Assets:
    """`Assets` from the arrays of a prepared file."""
    start, at = a["target/start"].astype(int), a["target/at"]
    steps, scale = a["target/steps"], a["target/scale"].astype(np.float32)
    targets = {
        str(name): (
            at[start[i] : start[i + 1]].astype(np.int32),
            steps[start[i] : start[i + 1]].astype(np.float32) * scale[i],
        )
        for i, name in enumerate(a["target/names"])
    }
    loose: dict[str, dict[str, NDArray[np.generic]]] = {}
    for key, value in a.items():
        if key.startswith("part/"):
            _, kind, name, field = key.split("/")
            loose.setdefault(f"{kind}/{name}", {})[field] = value
    count = len(a["bones"])
    return Assets(
        a["base"].astype(np.float32), a["body"].astype(np.int32),
        (a["eye.L"].astype(np.int32), a["eye.R"].astype(np.int32)),
        tuple(str(b) for b in a["bones"]), tuple(int(p) for p in a["parents"]),
        tuple(a[f"head/{i}"].astype(np.int32) for i in range(count)),
        tuple(a[f"tail/{i}"].astype(np.int32) for i in range(count)),
        a["skin_bones"].astype(np.uint8), a["skin_weight"].astype(np.float32),
        a["arm"].astype(np.float32), a["lip"].astype(np.float32), a["cavity"].astype(np.float32),
        targets, {key: Part(**value) for key, value in loose.items()}, digest,  # type: ignore[arg-type]
    )  # fmt: skip
