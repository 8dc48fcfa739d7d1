"""A still scene and moving people in, frames out: the scene is drawn once, the people every time.

What `render` draws for one picture is too slow for a film, where only people move. Here the still
picture and its depth stay on the renderer; people are drawn into a copy of it, hidden by what
stands in front of them, lit or shaded by the scene's own shadow map, and throw their shadows on the
ground by the light the ground would lack.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import coarse
from core.citizens.assets import Assets
from core.citizens.body import Figure
from core.citizens.crowd import Area, Crowd
from core.citizens.render import (
    Renderer,
    _averaged,
    _camera,
    _full_box,
    _rows,
    _Stood,
    _sun_matrix,
    _touches,
)
from core.citizens.stage import NEAR_M, Frame, Light, Mesh, Placed, View

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]
SUN_MAP_PX = 4096
SUN_REACH_M = 36.0  # the shadow map covers this much around the middle of the view
LIFT_M = 0.015  # shadows lie this high, so that the ground does not hide them
FOOT_M = 0.3
FOOT_DARK = 0.45
AREA_STEP = 3  # every third point of a body is enough for that part
AREA_PX, AREA_SHARE = 4, 0.08  # how much wider than a body the part of the picture it may cover


class OnSet(Renderer):
    """A renderer that stays in one scene. Use `still` for the empty picture, `frame` for people."""

    def __init__(
        self,
        assets: Assets,
        view: View,
        light: Light,
        static: Sequence[Mesh],
        supersample: int = 2,
        quick: bool = False,
    ) -> None:
        """quick: small people, shadows and `full_px` with fewer triangles."""
        super().__init__(assets, supersample)
        self.view, self.light, self.quick = view, light, quick
        self._flat, self._half = self._lens(view)
        self._camera = _camera(view, self._half)
        if self._flat is not None:
            x, y = (np.ascontiguousarray(self._flat[..., k]) for k in (0, 1))
            self._flat_xy: tuple[Float32, Float32] = (x, y)
            self._taken = self._bending()
        self._crowd = Crowd(self.gl, self._depth_static, view.size) if quick else None
        self._outlines: WeakKeyDictionary[Figure, coarse.Outline] = WeakKeyDictionary()
        self._fine_shadows()
        self._bare = self._draw_static(
            replace(light, sun_rgb=(0.0, 0.0, 0.0), shadows=False), static
        )
        self._empty = self._draw_static(light, static)
        self._unlit = self._ratio(self._empty)
        self._kept = self._keep()
        self._mask = self._mask_target(static)
        self.still = self._bent(self._empty)
        self._forget()

    def frame(self, people: Sequence[Placed]) -> Frame:
        """The scene with people in it, with `Frame.full_px`."""
        with self.gl:  # several scenes may live in one thread
            return self._with(people)

    def _with(self, people: Sequence[Placed]) -> Frame:
        stood = [self._stand(placed, i + 1) for i, placed in enumerate(people)]
        boxes = [_full_box(self.view, one) for one in stood]
        seen = [one for one, box in zip(stood, boxes, strict=True) if _touches(box, self.view)]
        areas = [self._area(one) for one in seen]
        if self._crowd is not None:
            self._crowd.place(
                [self._outlined(one) for one in seen], [_rows(one.bones) for one in seen]
            )
        image, ids = self._people(seen, areas)
        self._darken(image, ids, self._thrown(seen))
        px = np.zeros(len(stood), np.int64)
        for one, area, shape in zip(seen, areas, self._alones(seen, areas), strict=True):
            px[one.number - 1] = self._count(shape, area)
        return self._frame(self.view, self._bent(image), self._bent(ids), stood, boxes, px)

    # -- the scene --------------------------------------------------------------------------------

    def _fine_shadows(self) -> None:
        """A larger shadow map than a single picture needs."""
        self._shadow = self.gl.depth_texture((SUN_MAP_PX, SUN_MAP_PX))
        self._shadow.compare_func = ""
        self._shadow.filter = (9728, 9728)
        self._shadow_fbo = self.gl.framebuffer(depth_attachment=self._shadow)

    def _draw_static(self, light: Light, static: Sequence[Mesh]) -> Image:
        """The scene as a lens without distortion sees it: (H,W,3)."""
        self.gl.enable_only(self.gl.DEPTH_TEST)
        eye, target = np.array(self.view.eye), np.array(self.view.target)
        ahead = target - eye
        ahead /= np.linalg.norm(ahead[:2])
        middle = np.array([*(eye[:2] + 0.75 * SUN_REACH_M * ahead[:2]), 3.0])
        self._sun = _sun_matrix(
            light, [tuple(middle - SUN_REACH_M / 2), tuple(middle + SUN_REACH_M / 2)]
        )
        for program in (self._static, self._person):
            program["sun_matrix"].write(self._sun.T.astype("f4").tobytes())
        if self._casts(light):
            self._shadow_fbo.use()
            self._shadow_fbo.clear(depth=1.0)
            self._depth_static["camera"].write(self._sun.T.astype("f4").tobytes())
            for mesh in static:
                self._scenery(mesh)[1].render()
        return self._shoot(self.view, light, static, [], self._half)[0]

    def _ratio(self, picture: Image) -> Float32:
        """(H,W,3) what is left of each pixel where the sun is taken away."""
        if not self._casts(self.light):
            return np.ones(picture.shape, np.float32)
        left = (self._bare.astype(np.float32) + 1) / (picture.astype(np.float32) + 1)
        return np.asarray(np.clip(left, 0, 1), dtype=np.float32)

    def _size(self) -> tuple[int, int]:
        w, h = self.view.size
        return w * self.supersample, h * self.supersample

    def _keep(self) -> Any:
        """A copy of the still picture and its depth."""
        size = self._size()
        kept = self.gl.framebuffer([self.gl.texture(size, 4)], self.gl.depth_renderbuffer(size))
        self.gl.copy_framebuffer(kept, self._target(size)[0])
        return kept

    def _mask_target(self, static: Sequence[Mesh]) -> Any:
        """A one-channel picture at the final size that knows the depth of the scene."""
        self._mask_color = self.gl.texture(self.view.size, 1, alignment=1)
        fbo = self.gl.framebuffer([self._mask_color], self.gl.depth_renderbuffer(self.view.size))
        fbo.use()
        fbo.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        self._depth_static["camera"].write(self._camera.T.astype("f4").tobytes())
        for mesh in static:
            self._scenery(mesh)[1].render()
        return fbo

    def _forget(self) -> None:
        """The scenery is not needed any more."""
        for _, color, depth, rest in self._meshes.values():
            for thing in (color, depth, *rest):
                thing.release()
        self._meshes.clear()

    def _bent(self, picture: Image) -> Image:
        """Through the lens of the view; ids (H,W) keep their values."""
        if self._flat is None:
            return picture
        if picture.ndim == 2:
            return np.asarray(cv2.remap(picture, *self._flat_xy, cv2.INTER_NEAREST))
        return np.asarray(cv2.remap(picture, *self._flat_xy, cv2.INTER_LINEAR,
                                    borderMode=cv2.BORDER_REPLICATE))  # fmt: skip

    def _bending(self) -> NDArray[np.int64]:
        """(H,W) how many pixels of the bent picture come from each one of the flat picture."""
        w, h = self.view.size
        number = np.arange(1, w * h + 1, dtype=np.float32).reshape(h, w)  # exact below 2 ** 24
        came = cv2.remap(number, *self._flat_xy, cv2.INTER_NEAREST).ravel().astype(np.int64)
        return np.bincount(came, minlength=w * h + 1)[1:].reshape(h, w)

    # -- the people -------------------------------------------------------------------------------

    def _area(self, one: _Stood) -> Area:
        """What of the flat picture a person may cover, a hand's breadth wider than the body."""
        w, h = self.view.size
        some = one.points[::AREA_STEP]
        at = np.column_stack([some, np.ones(len(some))]) @ self._camera.T
        if (at[:, 3] <= NEAR_M).any():
            return 0, 0, w, h
        px = (at[:, :2] / at[:, 3:] * (0.5, -0.5) + 0.5) * (w, h)
        low, high = px.min(0), px.max(0)
        room = AREA_PX + AREA_SHARE * float(high[1] - low[1])
        x1, y1 = (max(0, math.floor(v - room)) for v in low)
        x2, y2 = (min(n, math.ceil(v + room)) for v, n in zip(high, (w, h), strict=True))
        return x1, y1, max(x1, x2), max(y1, y2)

    def _array(self, one: _Stood, tall_px: float) -> Any:
        """The triangles of a person who is so tall in the picture."""
        cell_mm = coarse.cell_mm(tall_px, one.placed.citizen.height_m) if self.quick else 0
        return self._coarse(one.uploaded, cell_mm) if cell_mm else one.uploaded.color

    def _outlined(self, one: _Stood) -> coarse.Outline:
        """The outline of a person, made once."""
        figure = one.uploaded.figure
        if figure not in self._outlines:
            self._outlines[figure] = coarse.outline(figure)
        return self._outlines[figure]

    def _people(self, seen: list[_Stood], areas: list[Area]) -> tuple[Image, Image]:
        """People drawn into the scene: image (H,W,3) and ids (H,W), the lens still flat."""
        image, ids = self._empty.copy(), np.zeros(self._empty.shape[:2], np.uint8)
        if not seen:
            return image, ids
        fbo = self._target(self._size())[0]
        self.gl.copy_framebuffer(fbo, self._kept)
        fbo.use()
        self._light(self._person, self.view, self.light)
        self._person["camera"].write(self._camera.T.astype("f4").tobytes())
        self._person["sun_matrix"].write(self._sun.T.astype("f4").tobytes())
        self._shadow.use(1)
        for one, (_, y1, _, y2) in zip(seen, areas, strict=True):
            self._dress(one)
            self._person["person"].value = float(one.number)
            self._array(one, y2 - y1).render()
        for area in areas:
            x1, y1, x2, y2 = area
            image[y1:y2, x1:x2], ids[y1:y2, x1:x2] = self._read(fbo, area)
        return image, ids

    def _read(self, fbo: Any, area: Area) -> tuple[Image, Image]:
        """Image and ids of a part of the picture."""
        s, h, (x1, y1, x2, y2) = self.supersample, self.view.size[1], area
        wide, high = x2 - x1, y2 - y1
        if not wide * high:
            return np.zeros((high, wide, 3), np.uint8), np.zeros((high, wide), np.uint8)
        place = (x1 * s, (h - y2) * s, wide * s, high * s)
        raw = np.frombuffer(fbo.read(place, components=4, alignment=1), np.uint8)
        return _averaged(raw.reshape(high * s, wide * s, 4)[::-1], s)

    def _thrown(self, seen: list[_Stood]) -> tuple[Float32, Float32]:
        """(H,W) 0-1 each: where people take the sun away, where their feet darken the ground."""
        w, h = self.view.size
        mask = np.zeros((h, w), np.uint8)
        if self._casts(self.light) and seen:
            mask = self._flattened(seen)
        feet = np.zeros((h, w), np.uint8)
        circle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        ring = FOOT_M * np.stack([np.cos(circle), np.sin(circle), 0 * circle], 1)
        soft = 1.0
        for one in seen:
            at = np.column_stack([ring + one.placed.position, np.ones(16)]) @ self._camera.T
            if (at[:, 3] <= 0.2).any():
                continue
            px = (at[:, :2] / at[:, 3:] * (0.5, -0.5) + 0.5) * (w, h)
            soft = max(soft, 0.1 * float(np.ptp(px[:, 0])))
            cv2.fillPoly(feet, [np.round(px * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return _soft(mask, 0.9), _soft(feet, min(soft, 14.0))

    def _flattened(self, seen: list[_Stood]) -> Image:
        """(H,W) the people's shadows on level ground, where nothing stands in front of it."""
        w, h = self.view.size
        x, y, z = self.light.sun_dir
        flat = np.eye(4)
        flat[:3, 2] = -x / z, -y / z, 0.0
        flat[:3, 3] = LIFT_M * x / z, LIFT_M * y / z, LIFT_M
        self._mask.use()
        self._mask.depth_mask = False
        self._mask_color.write(bytes(w * h))
        if self._crowd is not None:
            self._crowd.draw(self._camera @ flat)
        else:
            self._depth["camera"].write((self._camera @ flat).T.astype("f4").tobytes())
            for one in seen:
                self._dress(one)
                one.uploaded.depth.render()
        self._mask.depth_mask = True
        raw = np.frombuffer(self._mask.read(components=1, alignment=1), np.uint8)
        return np.ascontiguousarray(raw.reshape(h, w)[::-1])

    def _darken(self, image: Image, ids: Image, shade: tuple[Float32, Float32]) -> None:
        """Take light from the ground of an image, in place."""
        sun, feet = shade
        at = np.nonzero(((sun > 0) | (feet > 0)) & (ids == 0))
        left = 1 - sun[at][:, None] * (1 - self._unlit[at])
        left = left * (1 - FOOT_DARK * feet[at][:, None])
        image[at] = np.asarray(image[at] * left, dtype=np.uint8)

    def _alones(self, seen: list[_Stood], areas: list[Area]) -> Iterator[Image]:
        """(h,w) each: what people would cover of their areas if nothing stood before them."""
        if self._crowd is not None:
            yield from self._crowd.alone(self._camera, areas)
            return
        fbo = self._target(self.view.size)[0]
        fbo.use()
        self._depth["camera"].write(self._camera.T.astype("f4").tobytes())
        for one, (x1, y1, x2, y2) in zip(seen, areas, strict=True):
            place = (x1, self.view.size[1] - y2, max(1, x2 - x1), max(1, y2 - y1))
            fbo.clear(0.0, 0.0, 0.0, 0.0, viewport=place)
            self._dress(one)
            one.uploaded.depth.render()
            raw = np.frombuffer(fbo.read(place, components=1, alignment=1), np.uint8)
            yield raw.reshape(place[3], place[2])[: y2 - y1, : x2 - x1][::-1]

    def _count(self, shape: Image, area: Area) -> int:
        """Pixels of the bent picture that a shape within an area of the flat one covers."""
        if self._flat is None:
            return int(np.count_nonzero(shape))
        x1, y1, x2, y2 = area
        return int(self._taken[y1:y2, x1:x2][shape > 0].sum())


def _soft(mask: Image, sigma: float) -> Float32:
    """(H,W) 0-1: a mask (0-255) with soft edges; only what is near the set part is computed."""
    out = np.zeros(mask.shape, np.float32)
    x, y, w, h = cv2.boundingRect(mask)
    room = math.ceil(4 * sigma) + 2
    part = np.s_[max(0, y - room) : y + h + room, max(0, x - room) : x + w + room]
    if w:
        out[part] = cv2.GaussianBlur(mask[part].astype(np.float32) / 255, (0, 0), sigma)
    return out
