"""What the assets lack, made from numbers: hats, glasses, masks, bags, collars.

Solids are in decimetres on the body as shaped, y up, z forward; every vertex follows one bone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Solid:
    """vertices (N,3), triangles (F,3), uv (N,2) and the name of the bone they follow."""

    vertices: Float32
    triangles: Int32
    uv: Float32
    bone: str


@dataclass(frozen=True)
class HeadFrame:
    """Where hats and glasses sit on a shaped head, dm.

    eyes (2,3) right, left centres;  top y of the skull;  centre (x,z), radii (x,z) of the skull
    front z of the face between the eyes;  ears (2,3) tops of the ears, right, left
    """

    eyes: Float32
    top: float
    centre: tuple[float, float]
    radii: tuple[float, float]
    front: float
    ears: Float32

    def level(self, share: float) -> float:
        """y of a level between the eyes (0) and the top of the skull (1)."""
        eye = float(self.eyes[:, 1].mean())
        return eye + share * (self.top - eye)


def grid(points: Float32, closed: bool = True) -> tuple[Float32, Int32, Float32]:
    """A sheet of rows x columns points (R,C,3) as vertices, triangles, uv; columns may close."""
    rows, columns = points.shape[:2]
    if closed:
        points = np.concatenate([points, points[:, :1]], axis=1)
        columns += 1
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (i * columns + j).ravel()
    faces = np.concatenate(
        [
            np.stack([a, a + 1, a + columns], 1),
            np.stack([a + 1, a + columns + 1, a + columns], 1),
        ]
    )
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    uv = np.stack([u.ravel(), v.ravel()], 1).astype(np.float32)
    return points.reshape(-1, 3).astype(np.float32), faces.astype(np.int32), uv


def join(pieces: list[tuple[Float32, Int32, Float32]], bone: str) -> Solid:
    """Several sheets as one solid."""
    vertices, faces, uv, base = [], [], [], 0
    for v, f, t in pieces:
        vertices.append(v)
        faces.append(f + base)
        uv.append(t)
        base += len(v)
    return Solid(np.concatenate(vertices), np.concatenate(faces), np.concatenate(uv), bone)


def _ring(n: int) -> Float32:
    """(n,2) sine and cosine once around; starts behind the head."""
    a = np.linspace(0, 2 * np.pi, n, endpoint=False) + np.pi
    return np.stack([np.sin(a), np.cos(a)], 1).astype(np.float32)


def _rings(
    head: HeadFrame, rows: list[tuple[float, float]], n: int = 28, back: float = 0.0
) -> tuple[Float32, Int32, Float32]:
    """Rings around the skull: (y, factor on the radii) each; back lowers the rear, dm."""
    ring = _ring(n)
    points = np.empty((len(rows), n, 3), np.float32)
    for k, (y, grow) in enumerate(rows):
        points[k, :, 0] = head.centre[0] + ring[:, 0] * head.radii[0] * grow
        points[k, :, 2] = head.centre[1] + ring[:, 1] * head.radii[1] * grow
        points[k, :, 1] = y - back * np.clip(-ring[:, 1], 0, 1)
    return grid(points)


def _dome(
    head: HeadFrame, rim: float, grow: float, lift: float, back: float = 0.0, flat: float = 0.62
) -> tuple[Float32, Int32, Float32]:
    """A half shell over the skull from the level `rim` to a little over the top."""
    low, high = head.level(rim), head.top + lift
    rows = []
    for t in np.linspace(0, 1, 9):
        angle = t * np.pi / 2
        rows.append(
            (low + (high - low) * np.sin(angle) ** 0.9, grow * max(np.cos(angle), 0.02) ** flat)
        )
    return _rings(head, rows, back=back)


def hat(form: str, head: HeadFrame) -> tuple[Solid, float]:
    """A cap, bucket, beanie, helmet or hair band, and the level above which hair lies under it."""
    low = head.level
    if form == "band":
        return join([_band(head)], "head"), 9.0
    if form == "helmet":
        shell = _dome(head, 0.34, 1.34, 0.34, back=0.30, flat=0.5)
        rim = _rings(head, [(low(0.34), 1.34), (low(0.30), 1.37), (low(0.29), 1.30)], back=0.30)
        return join([shell, rim, _visor(head, 0.40, 1.36, 0.35)], "head"), 0.30
    if form == "beanie":
        cuff = [(low(0.34), 1.13), (low(0.36), 1.19), (low(0.62), 1.19), (low(0.64), 1.14)]
        return join([_dome(head, 0.36, 1.14, 0.30, back=0.22), _rings(head, cuff, back=0.22)],
                    "head"), 0.40  # fmt: skip
    if form == "bucket":
        brim = [(low(0.50), 1.15), (low(0.34), 1.38), (low(0.20), 1.55)]
        return join([_dome(head, 0.48, 1.15, 0.22, back=0.10, flat=0.4), _rings(head, brim)],
                    "head"), 0.46  # fmt: skip
    shell = _dome(head, 0.46, 1.13, 0.20, back=0.18, flat=0.55)
    return join([shell, _visor(head, 0.47, 1.12, 0.72)], "head"), 0.46


def _band(head: HeadFrame) -> tuple[Float32, Int32, Float32]:
    """A hair band: from ear to ear over the top, standing off so that it lies on the hair."""
    a = np.linspace(-1.5, 1.5, 25)
    rise = head.top + 0.16 - head.level(0.0)
    path = np.empty((25, 3), np.float32)
    path[:, 0] = head.centre[0] + np.sin(a) * head.radii[0] * 1.13
    path[:, 1] = head.level(0.0) + np.cos(a) ** 0.7 * rise
    path[:, 2] = head.centre[1] + 0.12 + 0.22 * np.cos(a)
    return _tube(path, 0.12, n=8)


def _visor(
    head: HeadFrame, level: float, grow: float, reach: float
) -> tuple[Float32, Int32, Float32]:
    """The peak of a cap: a curved half disc in front."""
    a = np.linspace(-1.15, 1.15, 17)
    points = np.empty((5, 17, 3), np.float32)
    for k, t in enumerate(np.linspace(0, 1, 5)):
        points[k, :, 0] = head.centre[0] + np.sin(a) * head.radii[0] * grow
        edge = head.centre[1] + np.cos(a) * head.radii[1] * grow
        points[k, :, 2] = edge + t * reach * np.cos(a * 1.2).clip(0.0)
        points[k, :, 1] = head.level(level) - t * 0.16 - 0.10 * np.abs(a / 1.15) ** 2
    return grid(points, closed=False)


def _tube(
    path: Float32, radius: float, n: int = 6, closed: bool = False
) -> tuple[Float32, Int32, Float32]:
    """A tube (radius dm) along points (P,3)."""
    if closed:
        path = np.concatenate([path, path[:1]])
    ahead = np.gradient(path, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
    helper = np.where(np.abs(ahead[:, 2:]) > 0.9, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    side = np.cross(ahead, helper)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
    other = np.cross(ahead, side)
    ring = _ring(n)
    points = path[:, None] + radius * (
        ring[None, :, :1] * side[:, None] + ring[None, :, 1:] * other[:, None]
    )
    return grid(points.astype(np.float32))


def glasses(form: str, head: HeadFrame) -> tuple[Solid, Solid | None]:
    """Frames, and dark lenses for sunglasses (clear lenses are not drawn)."""
    apart = float(np.linalg.norm(head.eyes[0] - head.eyes[1]))
    square = form == "square"
    rx, ry = apart * (0.40 if not square else 0.42), apart * (0.36 if not square else 0.29)
    if form == "sunglasses":
        rx, ry = apart * 0.44, apart * 0.36
    power = 0.55 if square else 0.85
    a = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    c, s = np.cos(a), np.sin(a)
    frames, lenses = [], []
    z = head.front + (0.15 if form == "sunglasses" else 0.07)
    for k, eye in enumerate(head.eyes):
        rim = np.empty((20, 3), np.float32)
        rim[:, 0] = eye[0] + np.sign(c) * np.abs(c) ** power * rx
        rim[:, 1] = eye[1] - 0.03 + np.sign(s) * np.abs(s) ** power * ry
        outwards = np.abs(rim[:, 0] - head.centre[0])
        rim[:, 2] = z - 0.28 * (outwards / (apart * 0.95)) ** 2
        frames.append(_tube(rim, 0.024, 6, closed=True))
        shrink = np.array([1.0, 0.7, 0.35, 0.02])
        middle = rim.mean(0)
        lenses.append(grid((middle + (rim - middle) * shrink[:, None, None]).astype(np.float32)))
        ear = head.ears[k]
        side = np.sign(eye[0] - head.centre[0])
        hinge = rim[np.argmax(side * rim[:, 0])] + (side * 0.02, 0.05, 0.0)
        over = np.add(ear, (side * 0.02, 0.02, 0.10))
        frames.append(_tube(np.linspace(hinge, over, 5).astype(np.float32), 0.022))
    gap = rx * 0.9
    x0, x1 = head.eyes[0, 0] + gap, head.eyes[1, 0] - gap
    y = float(head.eyes[:, 1].mean()) + 0.02
    bridge = np.array(
        [
            [x, y + 0.03 * b, z + 0.02 * b]
            for x, b in zip(np.linspace(x0, x1, 5), (0, 0.8, 1, 0.8, 0), strict=True)
        ],
        np.float32,
    )
    frames.append(_tube(bridge, 0.022))
    return join(frames, "head"), join(lenses, "head") if form == "sunglasses" else None


def smooth(vertices: Float32, triangles: Int32, rounds: int, keep: NDArray[np.bool_]) -> Float32:
    """Laplacian smoothing of a sheet (N,3); vertices where keep is True stay."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    count = np.maximum(np.bincount(edges[:, 0], minlength=len(vertices)), 1)[:, None]
    out = vertices.astype(np.float64)
    for _ in range(rounds):
        mean = np.stack(
            [np.bincount(edges[:, 0], out[edges[:, 1], k], len(vertices)) for k in range(3)], 1
        )
        out = np.where(keep[:, None], out, 0.4 * out + 0.6 * mean / count)
    return out.astype(np.float32)


def mask_loops(corners: Float32, head: HeadFrame) -> Solid:
    """Ear loops from the mask's corners (4,3): right upper, right lower, left upper, left lower."""
    tubes = []
    for k, corner in enumerate(corners):
        ear = head.ears[k // 2] - (0.0, 0.10 + 0.30 * (k % 2), 0.06)
        side = np.sign(corner[0])
        middle = (corner + ear) / 2 + (side * 0.05, 0.0, 0.02)
        tubes.append(_tube(np.stack([corner, middle, ear]).astype(np.float32), 0.016, 5))
    return join(tubes, "head")


def _block(centre: Float32, half: tuple[float, float, float], n: int = 24, power: float = 0.35,
           taper: float = 0.0) -> tuple[Float32, Int32, Float32]:  # fmt: skip
    """A box with round edges; taper makes the top narrower."""
    rows = np.linspace(-np.pi / 2, np.pi / 2, 13)
    around = _ring(n)
    points = np.empty((13, n, 3), np.float32)
    for k, angle in enumerate(rows):
        y = np.sign(np.sin(angle)) * abs(np.sin(angle)) ** power
        r = max(np.cos(angle), 0.0) ** power * (1 - taper * max(y, 0.0))
        flat = np.sign(around) * np.abs(around) ** (power + 0.1)
        points[k, :, 0] = centre[0] + flat[:, 0] * half[0] * r
        points[k, :, 1] = centre[1] + y * half[1]
        points[k, :, 2] = centre[2] + flat[:, 1] * half[2] * r
    return grid(points)


def backpack(back: Float32, size: float) -> Solid:
    """A backpack; back (3,) the middle of the back's surface, size 1 = adult."""
    body = _block(back - (0, 0.25 * size, 0.78 * size), (1.5 * size, 2.1 * size, 0.8 * size),
                  power=0.42, taper=0.18)  # fmt: skip
    pocket = _block(back - (0, 1.0 * size, 1.5 * size), (1.15 * size, 0.95 * size, 0.32 * size),
                    power=0.42)  # fmt: skip
    return join([body, pocket], "spine02")


def crossbody(hip: Float32, side: float, size: float) -> Solid:
    """A small bag at the hip; side +1 left, -1 right."""
    centre = hip + np.array((side * 0.42, 0.05, 0.15), np.float32) * size
    return join([_block(centre, (0.42 * size, 0.75 * size, 1.05 * size))], "root")


def handbag(hand: Float32, size: float) -> Solid:
    """A handbag under the hand, with a handle; it hangs straight whatever the arm does."""
    centre = hand - np.array((0, 1.85, 0), np.float32) * size
    body = _block(centre, (0.45 * size, 0.95 * size, 1.3 * size), taper=0.12)
    a = np.linspace(0, np.pi, 11)
    arc = np.stack([np.zeros(11), -0.95 + 1.05 * np.sin(a), 0.75 * np.cos(a)], 1) * size + hand
    return join([body, _tube(arc.astype(np.float32), 0.06 * size)], "carried")


def collar(ring: Float32, height: float, out: float, gap: float) -> Solid:
    """A standing collar or hood roll around the neck.

    ring (R,C,3) rows of points around the neck, from the shoulders up, starting behind;
    height, out dm it rises and leans out;  gap share of the front that stays open
    """
    n = ring.shape[1]
    turn = np.abs(np.linspace(0, 2, n, endpoint=False) - 1)  # 1 behind, 0 in front
    rows = []
    middle = ring.mean(1, keepdims=True)
    for share in (0.0, 0.35, 0.7, 1.0, 1.1, 0.9):
        lift = height * min(share, 1.0) * np.clip((turn - gap) * 5 + 0.35, 0.0, 1.0)
        wide = 1 + out * (share if share <= 1 else 0.9)
        level = ring[0] + (ring[-1] - ring[0]) * min(share, 1.0) * 0.0
        point = middle[0] + (level - middle[0]) * np.array((wide, 1, wide))
        point[:, 1] += lift + (0.05 if share > 1.05 else 0.0)
        rows.append(point)
    sheet = np.stack(rows).astype(np.float32)
    v, f, uv = grid(sheet)
    return Solid(v, f, uv, "spine01")
