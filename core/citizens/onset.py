"""A still scene and moving people in, frames out: the scene is drawn once, the people every time.

What `render` draws for one picture is too slow for a film, where only people move. Here the still
picture and its depth stay on the renderer; people are drawn into a copy of it, hidden by what
stands in front of them, lit or shaded by the scene's own shadow map, and throw their shadows on the
ground by the light the ground would lack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens.assets import Assets
from core.citizens.render import Renderer, _camera, _Stood, _sun_matrix, _touches
from core.citizens.stage import Frame, Light, Mesh, Placed, View

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]

SUN_MAP_PX = 4096
SUN_REACH_M = 36.0  # the shadow map covers this much around the middle of the view
LIFT_M = 0.015  # shadows lie this high, so that the ground does not hide them
FOOT_M = 0.3
FOOT_DARK = 0.45


class OnSet(Renderer):
    """A renderer that stays in one scene. Use `still` for the empty picture, `frame` for people."""

    def __init__(
        self, assets: Assets, view: View, light: Light, static: Sequence[Mesh], supersample: int = 2
    ) -> None:
        super().__init__(assets, supersample)
        self.view, self.light = view, light
        self._flat, self._half = self._lens(view)
        self._fine_shadows()
        self._bare = self._draw_static(
            replace(light, sun_rgb=(0.0, 0.0, 0.0), shadows=False), static
        )
        picture = self._draw_static(light, static)
        self._unlit = self._ratio(picture)
        self._kept = self._keep()
        self._mask = self._mask_target(static)
        self.still = self._bent(picture)
        self._forget()

    def frame(self, people: Sequence[Placed]) -> Frame:
        """The scene with people in it, with `Frame.full_px`."""
        with self.gl:  # several scenes may live in one thread
            return self._with(people)

    def _with(self, people: Sequence[Placed]) -> Frame:
        stood = [self._stand(placed, i + 1) for i, placed in enumerate(people)]
        boxes = [self._full_box(self.view, one) for one in stood]
        seen = [one for one, box in zip(stood, boxes, strict=True) if _touches(box, self.view)]
        image, ids = self._people(seen)
        shade = self._thrown(seen)
        image = np.where((ids == 0)[..., None], self._darker(image, shade), image)
        px = np.zeros(len(stood), np.int64)
        for one in seen:
            px[one.number - 1] = self._covered(one)
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
        camera = _camera(self.view, self._half)
        self._depth_static["camera"].write(camera.T.astype("f4").tobytes())
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
        maps = self._flat[..., 0], self._flat[..., 1]
        if picture.ndim == 2:
            return np.asarray(cv2.remap(picture, *maps, cv2.INTER_NEAREST))
        return np.asarray(cv2.remap(picture, *maps, cv2.INTER_LINEAR,
                                    borderMode=cv2.BORDER_REPLICATE))  # fmt: skip

    # -- the people -------------------------------------------------------------------------------

    def _people(self, seen: list[_Stood]) -> tuple[Image, Image]:
        """People drawn into the scene: image (H,W,3) and ids (H,W), the lens still flat."""
        fbo = self._target(self._size())[0]
        self.gl.copy_framebuffer(fbo, self._kept)
        fbo.use()
        self._light(self._person, self.view, self.light)
        camera = _camera(self.view, self._half)
        self._person["camera"].write(camera.T.astype("f4").tobytes())
        self._person["sun_matrix"].write(self._sun.T.astype("f4").tobytes())
        self._shadow.use(1)
        return self._people_over(fbo, self.view, seen)

    def _thrown(self, seen: list[_Stood]) -> tuple[Float32, Float32]:
        """(H,W) 0-1 each: where people take the sun away, where their feet darken the ground."""
        w, h = self.view.size
        camera = _camera(self.view, self._half)
        sun = np.zeros((h, w), np.float32)
        if self._casts(self.light) and seen:
            mask = self._flattened(seen, camera)
            sun = np.asarray(
                cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.9), np.float32
            )
        feet = np.zeros((h, w), np.uint8)
        circle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        ring = FOOT_M * np.stack([np.cos(circle), np.sin(circle), 0 * circle], 1)
        soft = 1.0
        for one in seen:
            at = np.column_stack([ring + one.placed.position, np.ones(16)]) @ camera.T
            if (at[:, 3] <= 0.2).any():
                continue
            px = (at[:, :2] / at[:, 3:] * (0.5, -0.5) + 0.5) * (w, h)
            soft = max(soft, 0.1 * float(np.ptp(px[:, 0])))
            cv2.fillPoly(feet, [np.round(px * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        dark = cv2.GaussianBlur(feet.astype(np.float32) / 255, (0, 0), min(soft, 14.0))
        return sun, np.asarray(dark, np.float32)

    def _flattened(self, seen: list[_Stood], camera: Float64) -> Image:
        """(H,W) the people's shadows on level ground, where nothing stands in front of it."""
        w, h = self.view.size
        x, y, z = self.light.sun_dir
        flat = np.eye(4)
        flat[:3, 2] = -x / z, -y / z, 0.0
        flat[:3, 3] = LIFT_M * x / z, LIFT_M * y / z, LIFT_M
        self._mask.use()
        self._mask.depth_mask = False
        self._mask_color.write(bytes(w * h))
        self._depth["camera"].write((camera @ flat).T.astype("f4").tobytes())
        for one in seen:
            self._dress(one)
            one.uploaded.depth.render()
        self._mask.depth_mask = True
        raw = np.frombuffer(self._mask.read(components=1, alignment=1), np.uint8)
        return np.ascontiguousarray(raw.reshape(h, w)[::-1])

    def _darker(self, image: Image, shade: tuple[Float32, Float32]) -> Image:
        sun, feet = shade
        left = 1 - sun[..., None] * (1 - self._unlit)
        left = left * (1 - FOOT_DARK * feet[..., None])
        return np.asarray(image * left, dtype=np.uint8)

    def _covered(self, one: _Stood) -> int:
        """Pixels a person would cover if nothing stood before it."""
        w, h = self.view.size
        fbo = self._target((w, h))[0]
        fbo.use()
        fbo.clear(0.0, 0.0, 0.0, 0.0)
        self._depth["camera"].write(_camera(self.view, self._half).T.astype("f4").tobytes())
        self._dress(one)
        one.uploaded.depth.render()
        raw = np.frombuffer(fbo.read(components=1, alignment=1), np.uint8).reshape(h, w)
        return int((self._bent(np.ascontiguousarray(raw[::-1])) > 0).sum())
