"""View, light, scenery and people in, a picture and its truth out: headless OpenGL through EGL.

It runs on a GPU or on the CPU (llvmpipe); the same renderer gives the same picture every time.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.citizens import coarse, paint, shaders
from core.citizens.assets import Assets
from core.citizens.body import Figure, build
from core.citizens.motion import JOINT_BONES, bone_matrices, pose_of
from core.citizens.people import Citizen
from core.citizens.stage import NEAR_M, Frame, Light, Mesh, Placed, View
from core.errors import DongseonError

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

FAR_M = 400.0
SHADOW_PX = 1024
FIGURES = 48  # kept on the GPU
BOX_VERTICES = 3000
PEOPLE = 254  # one byte of ids
LAYOUT = "3f 3f 3f 4f 4u1 4f1"
ATTRIBUTES = ("position", "normal", "canon", "extra", "bones", "weights")


def open_context() -> Any:
    """A standalone OpenGL 3.3 context. Raises DongseonError if this machine has none."""
    try:
        import moderngl
    except ImportError:
        raise DongseonError(
            "drawing people needs moderngl: install the extra `synth` (pip install moderngl)"
        ) from None
    try:
        return moderngl.create_context(standalone=True, backend="egl", require=330)  # type: ignore[arg-type]
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        raise DongseonError(
            "no OpenGL on this machine ({why}): on Debian install libegl1 and libgl1-mesa-dri",
            why=str(error)[:120],
        ) from None


@dataclass(frozen=True, eq=False)
class _Uploaded:
    """A figure on the GPU; some of its vertices stay here to measure boxes.

    coarse: {cell in mm: (color, index buffer)}, the same vertices, fewer triangles
    """

    figure: Figure
    color: Any
    depth: Any
    buffers: tuple[Any, ...]
    probe: Any  # sparse (K, 4 B): times the bones' rows (4 B, 3) it gives the points' places
    coarse: dict[int, tuple[Any, Any]]

    def release(self) -> None:
        more = (thing for level in self.coarse.values() for thing in level)
        for thing in (self.color, self.depth, *self.buffers, *more):
            thing.release()


@dataclass(frozen=True, eq=False)
class _Stood:
    """A placed person: figure, world bone matrices (B,4,4) and the truth in pixels."""

    placed: Placed
    uploaded: _Uploaded
    bones: Float32
    number: int
    points: Float64  # (K,3) m, places of the body in the world


def placement(placed: Placed) -> Float64:
    """(4,4) from the body (x left, y up, z forward) to the world (x east, y north, z up)."""
    a = math.radians(placed.heading_deg)
    s, c = math.sin(a), math.cos(a)
    out = np.eye(4)
    out[:3, 0], out[:3, 1], out[:3, 2] = (-c, s, 0), (0, 0, 1), (s, c, 0)
    out[:3, 3] = placed.position
    return out


def world_bones(figure: Figure, placed: Placed) -> Float32:
    """(B,4,4) bone matrices of a placed person, from the rest body to the world."""
    person = placed.citizen
    pose = pose_of(placed.gait, placed.phase, placed.speed, person.age, person.arm_swing,
                   person.stoop_deg)  # fmt: skip
    if placed.look_deg != (0.0, 0.0):
        turn = (pose.head[0] + placed.look_deg[0], pose.head[1] + placed.look_deg[1])
        pose = replace(pose, head=turn)
    local = bone_matrices(figure.skeleton, pose)
    out: Float32 = (placement(placed) @ local).astype(np.float32)
    return out


class Renderer:
    """Draws frames. One OpenGL context; use it from the thread that made it.

    assets      see assets.load
    supersample the picture is drawn this much larger and averaged (1, 2 or 3)
    Raises DongseonError if there is no OpenGL.
    """

    def __init__(self, assets: Assets, supersample: int = 2) -> None:
        self.assets, self.supersample = assets, supersample
        self.gl = open_context()
        self._figures: OrderedDict[tuple[Citizen, str, float], _Uploaded] = OrderedDict()
        self._meshes: OrderedDict[int, tuple[Mesh, Any, Any, tuple[Any, ...]]] = OrderedDict()
        self._targets: dict[tuple[int, int], tuple[Any, ...]] = {}
        self._maps: OrderedDict[View, tuple[Float32, Float32, Float32]] = OrderedDict()
        gl = self.gl
        self._person = gl.program(shaders.PERSON_VERTEX, shaders.PERSON_FRAGMENT)
        self._static = gl.program(shaders.STATIC_VERTEX, shaders.STATIC_FRAGMENT)
        self._depth = gl.program(shaders.DEPTH_PERSON_VERTEX, shaders.DEPTH_PERSON_FRAGMENT)
        self._depth_static = gl.program(shaders.DEPTH_STATIC_VERTEX, shaders.DEPTH_STATIC_FRAGMENT)
        self._bones = gl.buffer(reserve=shaders.BONES * 64)
        self._materials = gl.buffer(reserve=paint.COUNT * paint.ROWS * 16)
        self._bones.bind_to_uniform_block(0)
        self._materials.bind_to_uniform_block(1)
        for program in (self._person, self._depth):
            program["Bones"].binding = 0
            program["Materials"].binding = 1
        self._shadow = gl.depth_texture((SHADOW_PX, SHADOW_PX))
        self._shadow.compare_func = ""
        self._shadow.filter = (gl.NEAREST, gl.NEAREST)
        self._shadow_fbo = gl.framebuffer(depth_attachment=self._shadow)

    @property
    def device(self) -> str:
        """What draws, for reports: the OpenGL renderer's name."""
        return str(self.gl.info["GL_RENDERER"])

    # -- the picture ------------------------------------------------------------------------------

    def draw(
        self,
        view: View,
        light: Light,
        static: Sequence[Mesh] = (),
        people: Sequence[Placed] = (),
        amodal: bool = False,
    ) -> Frame:
        """Draw one frame. amodal: also measure how much of each body is hidden (slower).

        Raises DongseonError for more than 254 people.
        """
        if len(people) > PEOPLE:
            raise DongseonError("a frame holds at most {n} people", n=PEOPLE)
        with self.gl:  # several renderers may live in one thread
            return self._draw(view, light, static, people, amodal)

    def _draw(
        self,
        view: View,
        light: Light,
        static: Sequence[Mesh],
        people: Sequence[Placed],
        amodal: bool,
    ) -> Frame:
        stood = [self._stand(placed, i + 1) for i, placed in enumerate(people)]
        boxes = [_full_box(view, one) for one in stood]
        flat, half = self._lens(view)
        seen = [one for one, box in zip(stood, boxes, strict=True) if _touches(box, view)]
        self.gl.enable_only(self.gl.DEPTH_TEST)
        self._cast(light, static, stood, view)
        image, ids = self._shoot(view, light, static, seen, half)
        if flat is not None:
            image, ids = _bend(image, flat, cv2.INTER_LINEAR), _bend(ids, flat, cv2.INTER_NEAREST)
        px = np.zeros(len(stood), np.int64) if amodal else np.empty(0, np.int64)
        for one in seen if amodal else ():
            px[one.number - 1] = self._alone(view, one, half, flat)
        return self._frame(view, image, ids, stood, boxes, px)

    def _frame(
        self,
        view: View,
        image: NDArray[np.uint8],
        ids: NDArray[np.uint8],
        stood: list[_Stood],
        boxes: list[Float32],
        px: NDArray[np.int64],
    ) -> Frame:
        n = len(stood)
        landmarks = np.full((n, 5, 2), np.nan, np.float32)
        joints = np.full((n, len(JOINT_BONES), 3), np.nan, np.float32)
        facing = np.full(n, np.nan, np.float32)
        for k, one in enumerate(stood):
            skeleton = one.uploaded.figure.skeleton
            head = one.bones[skeleton.index("head")].astype(np.float64)
            face = one.uploaded.figure.face @ head[:3, :3].T + head[:3, 3]
            landmarks[k], _ = view.project(face)
            to = np.subtract(view.eye, face[:2].mean(0))
            facing[k] = head[:3, 2] @ to / np.linalg.norm(to)
            at = [skeleton.index(bone) for bone in JOINT_BONES]
            m, heads = one.bones[at].astype(np.float64), skeleton.heads[at]
            place = np.einsum("jab,jb->ja", m[:, :3, :3], heads) + m[:, :3, 3]
            pixels, depth = view.project(place)
            joints[k] = np.column_stack([pixels, depth])
        full = np.array(boxes, np.float32).reshape(n, 4)
        return Frame(image, ids, landmarks, facing, joints, full, px)

    # -- people -----------------------------------------------------------------------------------

    def figure(self, person: Citizen, expression: str = "neutral", blink: float = 0.0) -> Figure:
        """The figure of a citizen, as it is drawn."""
        with self.gl:
            return self._upload(person, expression, blink).figure

    def _upload(self, person: Citizen, expression: str, blink: float) -> _Uploaded:
        key = (person, expression, round(blink, 1))
        if key in self._figures:
            self._figures.move_to_end(key)
            return self._figures[key]
        while len(self._figures) >= FIGURES:
            self._figures.popitem(last=False)[1].release()
        self._figures[key] = self._pack(build(self.assets, *key))
        return self._figures[key]

    def _pack(self, figure: Figure) -> _Uploaded:
        n = len(figure.position)
        rows = np.zeros(n, [("p", "f4", 3), ("n", "f4", 3), ("c", "f4", 3), ("e", "f4", 4),
                            ("b", "u1", 4), ("w", "u1", 4)])  # fmt: skip
        rows["p"], rows["n"], rows["c"] = figure.position, figure.normal, figure.canon
        rows["e"], rows["b"] = figure.extra, figure.bones
        whole = np.round(figure.bone_weight * 255).astype(np.int32)
        whole[:, 0] += 255 - whole.sum(1)
        rows["w"] = np.clip(whole, 0, 255)
        vbo = self.gl.buffer(rows.tobytes())
        ibo = self.gl.buffer(figure.triangles.astype("i4").tobytes())
        content = [(vbo, LAYOUT, *ATTRIBUTES)]
        color = self.gl.vertex_array(self._person, content, ibo, skip_errors=True)
        depth = self.gl.vertex_array(self._depth, content, ibo, skip_errors=True)
        return _Uploaded(figure, color, depth, (vbo, ibo), _probe(figure), {})

    def _coarse(self, uploaded: _Uploaded, cell_mm: int) -> Any:
        """A vertex array of a figure whose vertices were clustered in such cells."""
        if cell_mm not in uploaded.coarse:
            triangles = coarse.clustered(uploaded.figure, cell_mm / 1000)
            ibo = self.gl.buffer(triangles.tobytes())
            content = [(uploaded.buffers[0], LAYOUT, *ATTRIBUTES)]
            array = self.gl.vertex_array(self._person, content, ibo, skip_errors=True)
            uploaded.coarse[cell_mm] = (array, ibo)
        return uploaded.coarse[cell_mm][0]

    def _stand(self, placed: Placed, number: int) -> _Stood:
        uploaded = self._upload(placed.citizen, placed.expression, placed.blink)
        bones = world_bones(uploaded.figure, placed)
        return _Stood(placed, uploaded, bones, number, uploaded.probe @ _rows(bones))

    # -- lens and targets -------------------------------------------------------------------------

    def _lens(self, view: View) -> tuple[Float32 | None, tuple[float, float]]:
        """The map that bends the flat picture, and the half width and height that it must show."""
        w, h = view.size
        half_h = math.tan(math.radians(view.fov_deg) / 2)
        if view.k1 == 0:
            return None, (half_h * w / h, half_h)
        if view not in self._maps:
            if len(self._maps) >= 16:
                self._maps.popitem(last=False)
            rays = view.rays()
            reach = np.abs(rays).max((0, 1))
            px = (rays / reach * 0.5 + 0.5) * (w, h) - 0.5
            self._maps[view] = (px.astype(np.float32), reach, reach)
        px, reach, _ = self._maps[view]
        return px, (float(reach[0]), float(reach[1]))

    def _target(self, size: tuple[int, int]) -> tuple[Any, ...]:
        if size not in self._targets:
            if len(self._targets) >= 8:
                for thing in self._targets.pop(next(iter(self._targets))):
                    thing.release()
            color = self.gl.texture(size, 4)
            depth = self.gl.depth_renderbuffer(size)
            self._targets[size] = (self.gl.framebuffer([color], depth), color, depth)
        return self._targets[size]

    # -- passes -----------------------------------------------------------------------------------

    def _shoot(
        self,
        view: View,
        light: Light,
        static: Sequence[Mesh],
        seen: list[_Stood],
        half: tuple[float, float],
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Image (H,W,3) and ids (H,W) as a lens without distortion sees them."""
        s, (w, h) = self.supersample, view.size
        fbo = self._target((w * s, h * s))[0]
        fbo.use()
        back = np.array(light.backdrop if not light.infrared else (0.02, 0.02, 0.02))
        tone = (1 - np.exp(-1.4 * light.exposure * back)) ** (1 / 2.2)
        self.gl.clear(*(float(c) for c in tone), 0.0)
        camera = _camera(view, half)
        for program in (self._static, self._person):
            self._light(program, view, light)
            program["camera"].write(camera.T.astype("f4").tobytes())
        self._blobs(seen, light)
        self._shadow.use(1)
        for mesh in static:
            color, _, texture = self._scenery(mesh)
            texture.use(0)
            self._static["glow"].value = mesh.glow
            color.render()
        return self._people_over(fbo, view, seen)

    def _people_over(
        self, fbo: Any, view: View, seen: list[_Stood]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Draw people over what a framebuffer holds; image (H,W,3) and ids (H,W), read back."""
        s, (w, h) = self.supersample, view.size
        for one in seen:
            self._dress(one)
            self._person["person"].value = float(one.number)
            one.uploaded.color.render()
        raw = np.frombuffer(fbo.read(components=4, alignment=1), np.uint8)
        return _averaged(raw.reshape(h * s, w * s, 4)[::-1], s)

    def _dress(self, one: _Stood) -> None:
        """Bones and materials of one person to the GPU."""
        self._bones.write(np.ascontiguousarray(one.bones.transpose(0, 2, 1)).tobytes())
        self._materials.write(one.uploaded.figure.materials.astype("f4").tobytes())

    def _light(self, program: Any, view: View, light: Light) -> None:
        sun = np.array(light.sun_dir, np.float64)
        values = {
            "eye": view.eye, "sun_dir": tuple(sun / np.linalg.norm(sun)), "sun_rgb": light.sun_rgb,
            "sky_rgb": light.sky_rgb, "ground_rgb": light.ground_rgb, "fog_rgb": light.fog_rgb,
            "fog": light.fog, "exposure": light.exposure, "infrared": float(light.infrared),
            "shadow_on": float(self._casts(light)), "shadow_map": 1,
        }  # fmt: skip
        lamps = sorted(light.lamps, key=lambda lamp: math.dist(lamp.position, view.target))
        lamps = lamps[: shaders.LAMPS]
        values["lamps"] = len(lamps)
        for name, value in values.items():
            if name in program:
                program[name].value = value
        if "lamp_at" in program and lamps:
            at = np.zeros((shaders.LAMPS, 4), "f4")
            rgb = np.zeros((shaders.LAMPS, 3), "f4")
            for k, lamp in enumerate(lamps):
                at[k], rgb[k] = (*lamp.position, lamp.reach_m), lamp.rgb
            program["lamp_at"].write(at.tobytes())
            program["lamp_rgb"].write(rgb.tobytes())
        if "picture" in program:
            program["picture"].value = 0

    def _blobs(self, seen: list[_Stood], light: Light) -> None:
        """Soft dark spots where people stand."""
        rows = np.zeros((shaders.BLOBS, 4), "f4")
        near = seen[: shaders.BLOBS]
        for k, one in enumerate(near):
            rows[k] = (*one.placed.position, 0.34)
        self._static["blobs"].value = len(near)
        self._static["blob"].write(rows.tobytes())

    def _casts(self, light: Light) -> bool:
        return light.shadows and max(light.sun_rgb) > 0 and not light.infrared

    def _cast(self, light: Light, static: Sequence[Mesh], stood: list[_Stood], view: View) -> None:
        """Draw the shadow map around the people."""
        matrix = _sun_matrix(light, [one.placed.position for one in stood] or [view.target])
        for program in (self._static, self._person):
            program["sun_matrix"].write(matrix.T.astype("f4").tobytes())
        if not self._casts(light):
            return
        self._shadow_fbo.use()
        self._shadow_fbo.clear(depth=1.0)
        for program in (self._depth, self._depth_static):
            program["camera"].write(matrix.T.astype("f4").tobytes())
        for mesh in static:
            self._scenery(mesh)[1].render()
        for one in stood:
            self._dress(one)
            one.uploaded.depth.render()

    def _alone(self, view: View, one: _Stood, half: tuple[float, float],
               flat: Float32 | None) -> int:  # fmt: skip
        """Pixels a person would cover in this picture if nothing stood before it."""
        s, (w, h) = self.supersample, view.size
        fbo = self._target((w * s, h * s))[0]
        fbo.use()
        self.gl.clear(0.0, 0.0, 0.0, 0.0)
        self._depth["camera"].write(_camera(view, half).T.astype("f4").tobytes())
        self._dress(one)
        one.uploaded.depth.render()
        raw = np.frombuffer(fbo.read(components=1, alignment=1), np.uint8).reshape(h * s, w * s)
        mask = np.ascontiguousarray(raw[::-1][s // 2 :: s, s // 2 :: s])
        if flat is not None:
            mask = _bend(mask, flat, cv2.INTER_NEAREST)
        return int((mask > 0).sum())

    def _scenery(self, mesh: Mesh) -> tuple[Any, Any, Any]:
        """Vertex arrays (color, depth) and texture of a mesh, uploaded once."""
        key = id(mesh)
        if key in self._meshes and self._meshes[key][0] is mesh:
            self._meshes.move_to_end(key)
            _, color, depth, rest = self._meshes[key]
            return color, depth, rest[0]
        while len(self._meshes) >= 1024:
            _, color, depth, rest = self._meshes.popitem(last=False)[1]
            for thing in (color, depth, *rest):
                thing.release()
        rows = np.hstack([mesh.vertices, mesh.normals, mesh.uv]).astype("f4")
        vbo = self.gl.buffer(rows.tobytes())
        ibo = self.gl.buffer(np.ascontiguousarray(mesh.triangles, "i4").tobytes())
        content = [(vbo, "3f 3f 2f", "position", "normal", "uv")]
        color = self.gl.vertex_array(self._static, content, ibo, skip_errors=True)
        only = [(vbo, "3f 5x4", "position")]
        depth = self.gl.vertex_array(self._depth_static, only, ibo)
        h, w = mesh.texture.shape[:2]
        texture = self.gl.texture((w, h), 3, np.ascontiguousarray(mesh.texture).tobytes(),
                                  alignment=1)  # fmt: skip
        texture.build_mipmaps()
        texture.anisotropy = 4.0
        self._meshes[key] = (mesh, color, depth, (texture, vbo, ibo))
        return color, depth, texture

    def close(self) -> None:
        """Give the context back."""
        self.gl.release()


def _averaged(picture: NDArray[np.uint8], s: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colors and numbers (h s, w s, 4), drawn s times as large: image (h,w,3) and ids (h,w)."""
    h, w = picture.shape[0] // s, picture.shape[1] // s
    ids = np.ascontiguousarray(picture[s // 2 :: s, s // 2 :: s, 3])
    image = np.ascontiguousarray(picture[:, :, :3])
    if s > 1:
        image = np.asarray(cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
    return image, ids


def _bend(picture: NDArray[np.uint8], flat: Float32, how: int) -> NDArray[np.uint8]:
    """A picture resampled by a map (H,W,2) of where each pixel comes from."""
    x, y = np.ascontiguousarray(flat[..., 0]), np.ascontiguousarray(flat[..., 1])
    return np.asarray(cv2.remap(picture, x, y, how, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _rows(bones: Float32) -> Float64:
    """(4 B,3) bones as `coarse.carried` wants them."""
    rows: Float64 = bones[:, :3].astype(np.float64).transpose(0, 2, 1).reshape(-1, 3)
    return rows


def _probe(figure: Figure) -> Any:
    """Sparse (K, 4 B): see _Uploaded.probe."""
    return coarse.carried(figure, _outline(figure))


def _full_box(view: View, one: _Stood) -> Float32:
    """(4,) xyxy px of the whole body, NaN if part of it is behind the camera."""
    pixels, depth = view.project(one.points)
    if (depth <= NEAR_M).any():
        return np.full(4, np.nan, np.float32)
    return np.concatenate([pixels.min(0), pixels.max(0)]).astype(np.float32)


def _outline(figure: Figure) -> NDArray[np.int64]:
    """Vertices that are drawn and enough of them to measure a box."""
    kept = np.flatnonzero(~coarse.cut(figure))
    step = max(1, len(kept) // BOX_VERTICES)
    return kept[::step]


def _touches(box: Float32, view: View) -> bool:
    """Whether a box lies at least partly in the picture; a box behind the camera may."""
    if np.isnan(box).any():
        return True
    return bool(box[2] > 0 and box[3] > 0 and box[0] < view.size[0] and box[1] < view.size[1])


def _camera(view: View, half: tuple[float, float]) -> Float64:
    """(4,4) clip matrix of a pinhole whose picture reaches half (x, y) focal lengths out."""
    right, down, forward = view.axes()
    look = np.eye(4)
    look[:3, :3] = right, -down, -forward
    look[:3, 3] = -look[:3, :3] @ np.asarray(view.eye, np.float64)
    a, b = (FAR_M + NEAR_M) / (NEAR_M - FAR_M), 2 * FAR_M * NEAR_M / (NEAR_M - FAR_M)
    lens = np.array([[1 / half[0], 0, 0, 0], [0, 1 / half[1], 0, 0], [0, 0, a, b], [0, 0, -1, 0]])
    out: Float64 = lens @ look
    return out


def _sun_matrix(light: Light, places: Sequence[tuple[float, float, float]]) -> Float64:
    """(4,4) the sun's orthographic camera over the people and a few metres around them."""
    at = np.array(places, np.float64)
    middle = (at.min(0) + at.max(0)) / 2 + (0, 0, 0.9)
    radius = float(np.linalg.norm(at.max(0) - at.min(0)) / 2) + 3.0
    z = np.array(light.sun_dir, np.float64)
    z /= np.linalg.norm(z)
    x = np.cross((0.0, 1.0, 0.0) if abs(z[2]) > 0.9 else (0.0, 0.0, 1.0), z)
    x /= np.linalg.norm(x)
    out = np.eye(4)
    depth = max(radius, 40.0)
    for row, (axis, size) in enumerate(((x, radius), (np.cross(z, x), radius), (-z, depth))):
        out[row, :3] = axis / size
        out[row, 3] = -axis @ middle / size
    return out
