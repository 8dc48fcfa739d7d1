"""A building in, its painted walls and what hangs on them out: shop fronts, signs, awnings.

A wall is one picture, px_per_m fine; signs, awnings, air conditioners and canopies stand out from
it as solids. Everything a house looks like is drawn from its town's seed and its own number, the
materials from the names the split allows.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import hangul, texture
from core.citizens.chance import generator, pick, presets
from core.citizens.solids import Model
from core.citizens.town import FLOOR_M, Box, Building, Side

Image = NDArray[np.uint8]
RGB = tuple[int, int, int]

TRADES = (
    "약국",
    "분식",
    "미용실",
    "세탁소",
    "칼국수",
    "부동산",
    "치킨",
    "안경",
    "문구",
    "과일",
    "정육점",
    "빵집",
    "커피",
    "노래방",
    "슈퍼",
    "철물",
    "국밥",
    "꽃집",
    "의원",
    "학원",
    "식당",
    "김밥",
    "핸드폰",
    "옷수선",
    "떡집",
    "반찬",
    "당구장",
    "호프",
    "사진관",
    "서점",
)
OWNERS = (
    "별빛",
    "한울",
    "은하",
    "새봄",
    "도담",
    "할매",
    "우리",
    "행복",
    "나래",
    "미소",
    "초록",
    "하늘",
    "둥지",
    "옛날",
    "온누리",
    "햇살",
    "엄마손",
    "두레",
    "사랑",
    "정든",
)
SIGNS: tuple[tuple[RGB, RGB], ...] = (
    ((196, 30, 36), (255, 255, 255)), ((24, 70, 150), (255, 255, 255)),
    ((240, 236, 226), (30, 30, 34)), ((20, 120, 70), (255, 255, 240)),
    ((244, 196, 40), (40, 30, 26)), ((36, 36, 40), (246, 240, 220)),
    ((238, 120, 30), (255, 255, 255)), ((90, 40, 110), (255, 244, 200)),
    ((246, 246, 246), (196, 30, 40)), ((60, 46, 38), (240, 220, 180)),
)  # fmt: skip
GLASS: RGB = (52, 60, 66)


def wall_name(seed: int, building: Building, split: str) -> str:
    """The material of a house."""
    return pick(generator(seed, "wall", building.id), presets("wall", texture.WALLS, split))


def build(model: Model, seed: int, building: Building, split: str, px_per_m: float) -> None:
    """Put a house into a model: four walls, a roof, what hangs on its front."""
    rng = generator(seed, "house", building.id)
    name = wall_name(seed, building, split)
    for side in ("south", "north", "west", "east"):
        corners, width_m = face(building.box, side, building.height_m)
        front = side == building.front
        picture = _wall(rng, seed, building, name, width_m, front, px_per_m)
        model.picture(corners, picture)
    roof = building.box.corners
    top = [(*roof[k], building.height_m) for k in (3, 2, 1, 0)]
    model.quads(top, [(3, 2, 1, 0)], (96, 104, 96))
    _hangings(model, generator(seed, "hangings", building.id), building)


def face(box: Box, side: Side, height_m: float) -> tuple[NDArray[np.float64], float]:
    """The corners of a wall, top left first seen from outside (4,3), and its width in m."""
    x0, y0, x1, y1 = box.x0, box.y0, box.x1, box.y1
    left, right = {
        "south": ((x0, y0), (x1, y0)),
        "north": ((x1, y1), (x0, y1)),
        "west": ((x0, y1), (x0, y0)),
        "east": ((x1, y0), (x1, y1)),
    }[side]
    corners = np.array([(*left, height_m), (*right, height_m), (*right, 0.0), (*left, 0.0)])
    return corners, float(np.hypot(right[0] - left[0], right[1] - left[1]))


def _wall(
    rng: np.random.Generator,
    seed: int,
    building: Building,
    name: str,
    width_m: float,
    front: bool,
    px_per_m: float,
) -> Image:
    h, w = round(building.height_m * px_per_m), max(8, round(width_m * px_per_m))
    picture = texture.wall(name, rng, h, w, px_per_m)
    if building.use == "tower":
        _grid_of_windows(picture, rng, building.floors, px_per_m, 2.4, 0.75)
        return picture
    share = 0.9 if front else 0.35
    if front or rng.random() < 0.8:
        _windows(picture, rng, building, px_per_m, share)
    if front and building.use in ("shop", "station"):
        _shop_fronts(picture, generator(seed, "shops", building.id), width_m, px_per_m)
    elif front:
        _entrance(picture, rng, px_per_m)
    return picture


def _window(picture: Image, rng: np.random.Generator, x: int, y: int, w: int, h: int) -> None:
    """One window with a frame, dark glass, a curtain or a reflected sky, in place."""
    h_all, w_all = picture.shape[:2]
    x, y = max(0, x), max(0, y)
    x1, y1 = min(x + w, w_all), min(y + h, h_all)
    if x1 - x < 4 or y1 - y < 4:
        return
    rim = max(1, h // 18)
    frame = pick(rng, [(212, 212, 210), (60, 60, 64), (120, 96, 76)])
    glass = np.zeros((y1 - y, x1 - x, 3), np.float32)
    up = np.linspace(1, 0, y1 - y)[:, None, None]
    glass[:] = np.asarray(GLASS) * rng.uniform(0.6, 1.2) + up * rng.uniform(10, 70) * np.array(
        [0.8, 0.95, 1.1]
    )
    if rng.random() < 0.45:  # a blind half down
        cloth = np.asarray(pick(rng, [(190, 184, 170), (150, 160, 170), (176, 150, 130)]))
        glass[: int((y1 - y) * rng.uniform(0.3, 1))] = cloth * 0.7
    picture[y:y1, x:x1] = np.clip(glass, 0, 255)
    middle = (x + x1) // 2
    cv2.line(picture, (middle, y), (middle, y1), frame, rim)
    cv2.rectangle(picture, (x, y), (x1 - 1, y1 - 1), frame, rim)
    shade = picture[y : y + 2 * rim, x:x1]
    shade[:] = (shade * 0.55).astype(np.uint8)
    sill = picture[y1 : y1 + 2 * rim, max(0, x - rim) : x1 + rim]
    sill[:] = np.clip(sill * 1.15, 0, 255).astype(np.uint8)


def _windows(
    picture: Image, rng: np.random.Generator, building: Building, px_per_m: float, share: float
) -> None:
    h, w = picture.shape[:2]
    wide_m, high_m = rng.uniform(1.3, 2.2), rng.uniform(1.2, 1.7)
    n = max(1, int(w / px_per_m / (wide_m + rng.uniform(0.9, 1.6))))
    for floor in range(1 if building.use != "home" else 0, building.floors):
        foot = h - (floor * FLOOR_M + 0.95) * px_per_m
        for k in range(n):
            if rng.random() > share or (floor == 0 and k == n // 2):
                continue
            x = (k + 0.5) * w / n - wide_m / 2 * px_per_m
            size = (int(wide_m * px_per_m), int(high_m * px_per_m))
            _window(picture, rng, int(x), int(foot - high_m * px_per_m), *size)
    for _ in range(int(rng.integers(0, 3))):  # rain pipes
        x = int(rng.uniform(0.02, 0.98) * w)
        cv2.line(picture, (x, 0), (x, h), (120, 122, 120), max(1, round(0.09 * px_per_m)))
        cv2.line(picture, (x + 2, 0), (x + 2, h), (70, 70, 70), 1)


def _grid_of_windows(
    picture: Image,
    rng: np.random.Generator,
    floors: int,
    px_per_m: float,
    step_m: float,
    fill: float,
) -> None:
    """A block of flats from afar."""
    h, w = picture.shape[:2]
    picture[:] = (0.4 * picture + 0.6 * np.array([206, 202, 192])).astype(np.uint8)
    step, floor = max(3, round(step_m * px_per_m)), FLOOR_M * px_per_m
    for k in range(floors):
        y = int(h - (k + 0.85) * floor)
        for x in range(step // 3, w - 2, step):
            tone = int(rng.integers(60, 130))
            piece = picture[y : y + max(2, int(floor * 0.5)), x : x + max(2, int(step * fill))]
            piece[:] = (tone, tone + 6, tone + 14)


def shop_sign(rng: np.random.Generator, h: int, w: int) -> Image:
    """A board with a shop's name."""
    ground, ink = pick(rng, SIGNS)
    ground = texture.vary(rng, ground, 8)
    board = np.zeros((h, w, 3), np.uint8)
    board[:] = ground
    name = pick(rng, OWNERS) + pick(rng, TRADES)
    size = min(0.66 * h, 0.9 * w / len(name))
    left = (w - hangul.width_px(name, size)) / 2
    hangul.write(board, name, (left, (h - size) / 2), size, ink)
    if rng.random() < 0.4:
        cv2.circle(board, (int(h * 0.5), h // 2), int(h * 0.3), ink, -1, cv2.LINE_AA)
    cv2.rectangle(board, (0, 0), (w - 1, h - 1), tuple(int(c * 0.6) for c in ground), 2)
    return board


def _shop_fronts(picture: Image, rng: np.random.Generator, width_m: float, px_per_m: float) -> None:
    """Glass, doors, posters and shutters of the ground floor; the boards above are solids."""
    h, w = picture.shape[:2]
    n = shops_in(width_m)
    top = h - int(2.75 * px_per_m)
    for k in range(n):
        x0, x1 = int(k * w / n + 0.15 * px_per_m), int((k + 1) * w / n - 0.15 * px_per_m)
        front = picture[top : h - int(0.12 * px_per_m), x0:x1]
        if rng.random() < 0.16:
            _shutter(front, rng, px_per_m)
            continue
        _glass_front(front, rng, px_per_m)


def shops_in(width_m: float) -> int:
    """How many shops share a front."""
    return max(1, round(width_m / 5.5))


def _shutter(front: Image, rng: np.random.Generator, px_per_m: float) -> None:
    tone = np.asarray(pick(rng, [(150, 152, 156), (96, 116, 140), (170, 166, 156)]), np.float32)
    ribs = 0.88 + 0.12 * np.sin(np.arange(front.shape[0]) / px_per_m * 2 * np.pi / 0.1)
    front[:] = (ribs[:, None, None] * tone).astype(np.uint8)


def _glass_front(front: Image, rng: np.random.Generator, px_per_m: float) -> None:
    """A lit or dark shop behind glass: shelves, a counter, posters, a door."""
    h, w = front.shape[:2]
    if h < 8 or w < 8:
        return
    lit = rng.uniform(0.45, 1.0)
    room = np.asarray(pick(rng, [(150, 140, 118), (130, 136, 140), (160, 150, 140)])) * lit
    up = np.linspace(1.25, 0.55, h)[:, None, None]
    inside = np.clip(np.tile(room * up, (1, w, 1)), 0, 255).astype(np.uint8)
    for _ in range(int(w / px_per_m * 9)):  # goods
        x, y = int(rng.uniform(0, w)), int(rng.uniform(0.25, 0.95) * h)
        dx, dy = (rng.uniform(0.08, 0.5, 2) * px_per_m).astype(int) + 1
        tone = rng.integers(30, 220, 3) * lit * 0.8
        inside[y : y + dy, x : x + dx] = tone.astype(np.uint8)
    inside = np.asarray(cv2.GaussianBlur(inside, (0, 0), max(0.6, 0.03 * px_per_m)), np.uint8)
    mirrored = texture.cloud(rng, h, w, 1.5 * px_per_m, 3)[..., None] * 9 + 26
    front[:] = np.clip(inside * 0.8 + mirrored, 0, 255).astype(np.uint8)
    frame: RGB = pick(rng, [(70, 72, 76), (196, 196, 194), (60, 48, 40), (40, 40, 42)])
    rim = max(1, round(0.06 * px_per_m))
    for x in np.linspace(0, w - 1, max(2, round(w / px_per_m / 1.2)) + 1).astype(int):
        cv2.line(front, (x, 0), (x, h), frame, rim)
    cv2.rectangle(front, (0, 0), (w - 1, h - 1), frame, 2 * rim)
    cv2.line(front, (0, int(0.22 * h)), (w, int(0.22 * h)), frame, rim)
    front[int(0.88 * h) :] = np.asarray(frame) * 0.8
    for _ in range(int(rng.integers(0, 5))):
        _poster(front, rng, px_per_m)


def _poster(front: Image, rng: np.random.Generator, px_per_m: float) -> None:
    h, w = front.shape[:2]
    ground, ink = pick(rng, SIGNS)
    dx, dy = int(rng.uniform(0.35, 0.8) * px_per_m), int(rng.uniform(0.4, 1.0) * px_per_m)
    x, y = int(rng.uniform(0, max(1, w - dx))), int(rng.uniform(0.25, 0.5) * h)
    piece = front[y : y + dy, x : x + dx]
    piece[:] = ground
    if piece.shape[1] > 12:
        word = pick(rng, ["할인", "신장개업", "배달", "세일", "임대", "영업중"])
        size = piece.shape[1] * 0.85 / len(word)
        hangul.write(front, word, (x + piece.shape[1] * 0.08, y + dy * 0.2), size, ink)


def _entrance(picture: Image, rng: np.random.Generator, px_per_m: float) -> None:
    """The door of a house of flats."""
    h, w = picture.shape[:2]
    dx, dy = int(1.5 * px_per_m), int(2.3 * px_per_m)
    x, y = w // 2 - dx // 2, h - dy
    picture[y:h, x : x + dx] = (46, 48, 52)
    frame = pick(rng, [(150, 150, 150), (90, 60, 44)])
    cv2.rectangle(picture, (x, y), (x + dx, h), frame, max(1, round(0.09 * px_per_m)))
    cv2.line(picture, (x + dx // 2, y), (x + dx // 2, h), frame, max(1, round(0.06 * px_per_m)))


def _hangings(model: Model, rng: np.random.Generator, building: Building) -> None:
    """Sign boards, projecting signs, awnings, air conditioners, a canopy."""
    if building.use == "tower":
        return
    corners, width_m = face(building.box, building.front, building.height_m)
    right = (corners[1] - corners[0]) / width_m
    out = np.cross(right, (0, 0, 1))
    foot = corners[3]

    def place(along: float, z: float, off: float) -> NDArray[np.float64]:
        return np.asarray(foot + right * along + out * off + np.array([0, 0, z]))

    if building.use in ("shop", "station"):
        _boards(model, rng, width_m, place)
    else:
        _canopy(model, place, width_m)
    for _ in range(int(rng.integers(0, 4))):  # air conditioners
        at, z = rng.uniform(0.5, max(0.6, width_m - 1.4)), FLOOR_M * rng.integers(1, 4) + 0.4
        if z + 0.7 < building.height_m:
            slab(model, place, (at, at + 0.85), (z, z + 0.62), (0.02, 0.36), (206, 206, 200))
    model_top = building.height_m
    for side in (0.0, 1.0):  # the parapet stands proud of the wall a little
        at = side * (width_m - 0.3)
        slab(model, place, (at, at + 0.3), (model_top - 0.3, model_top), (0.0, 0.06),
             (150, 146, 140))  # fmt: skip


def slab(
    model: Model,
    place: object,
    along: tuple[float, float],
    z: tuple[float, float],
    off: tuple[float, float],
    color: RGB,
) -> None:
    """A box on a wall; place(along, z, off) -> point."""
    assert callable(place)
    ends = [place(along[i], z[k], off[j]) for k in (0, 1) for j in (0, 1) for i in (0, 1)]
    at = np.array(ends)
    low, high = at.min(0), at.max(0)
    model.box(low, high, color)


def _boards(model: Model, rng: np.random.Generator, width_m: float, place: object) -> None:
    assert callable(place)
    n = shops_in(width_m)
    for k in range(n):
        low, high = k * width_m / n + 0.1, (k + 1) * width_m / n - 0.1
        bottom, top = 2.8, 2.8 + float(rng.uniform(0.65, 0.95))
        board = shop_sign(rng, round(90 * (top - bottom)), round(90 * (high - low)))
        slab(model, place, (low, high), (bottom, top), (0.0, 0.2), (110, 110, 108))
        front = [place(low, top, 0.21), place(high, top, 0.21), place(high, bottom, 0.21),
                 place(low, bottom, 0.21)]  # fmt: skip
        model.picture(front, board)
        if rng.random() < 0.35:
            _awning(model, rng, place, (low, high))
        if rng.random() < 0.6:
            _projecting(model, rng, place, low + 0.3)


def _awning(
    model: Model, rng: np.random.Generator, place: object, along: tuple[float, float]
) -> None:
    """A slanted cloth over the front."""
    assert callable(place)
    color = pick(rng, SIGNS)[0]
    low, high = along
    cloth = np.array([place(low, 2.78, 0.0), place(high, 2.78, 0.0), place(high, 2.4, 1.0),
                      place(low, 2.4, 1.0)])  # fmt: skip
    stripes = np.zeros((8, 64, 3), np.uint8)
    stripes[:] = color
    if rng.random() < 0.5:
        stripes[:, ::4] = (236, 236, 230)
        stripes[:, 1::4] = (236, 236, 230)
    model.picture(cloth, stripes)
    model.picture(cloth[[1, 0, 3, 2]] - (0, 0, 0.02), (stripes * 0.5).astype(np.uint8))


def _projecting(model: Model, rng: np.random.Generator, place: object, at: float) -> None:
    """A narrow sign that stands out from the wall, read from along the street."""
    assert callable(place)
    bottom = float(rng.uniform(3.9, 5.0))
    top = bottom + float(rng.uniform(1.2, 2.0))
    ground, ink = pick(rng, SIGNS)
    board = np.zeros((round(70 * (top - bottom)), 50, 3), np.uint8)
    board[:] = ground
    name = pick(rng, TRADES)
    size = min(40.0, board.shape[0] * 0.88 / len(name))
    hangul.write(board, name, ((50 - size) / 2, 4), size, ink, vertical=True)
    slab(model, place, (at, at + 0.14), (bottom, top), (0.3, 1.0), (90, 90, 90))
    for along, (near, far) in ((at - 0.01, (1.0, 0.3)), (at + 0.15, (0.3, 1.0))):
        side = [place(along, top, near), place(along, top, far), place(along, bottom, far),
                place(along, bottom, near)]  # fmt: skip
        model.picture(side, board)


def _canopy(model: Model, place: object, width_m: float) -> None:
    slab(model, place, (width_m / 2 - 1.1, width_m / 2 + 1.1), (2.45, 2.6), (0.0, 1.0),
         (140, 138, 134))  # fmt: skip
