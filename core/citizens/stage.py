"""What a picture is made of: view, light, scenery and people in, a frame with its truth out.

World: metres, z up, x east, y north. Headings are compass degrees (0 north, 90 east). Pixels:
x right, y down, the centre of the top left pixel is (0.5, 0.5). `render.Renderer` draws it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

if TYPE_CHECKING:
    from core.citizens.people import Citizen

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]
RGB = tuple[float, float, float]

NEAR_M = 0.1
FACE_POINTS = ("eye_right", "eye_left", "nose", "mouth_right", "mouth_left")
"""The person's own right eye first, as YuNet and MTCNN order them (left in the picture)."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Scenery: a textured triangle mesh; equal objects are uploaded to the GPU once.

    vertices (V,3) m;  triangles (F,3);  normals (V,3) unit;  uv (V,2), (0,0) top left, repeating
    texture  (h,w,3) uint8 sRGB;  glow 0-1: how much it shines by itself (lamps, signs at night)
    """

    vertices: Float32
    triangles: NDArray[np.int32]
    normals: Float32
    uv: Float32
    texture: Image
    glow: float = 0.0


@dataclass(frozen=True)
class View:
    """A camera: where it stands, what it looks at, its lens and its picture size.

    eye, target (3,) m;  up (3,);  fov_deg vertical angle of view of the lens without distortion
    k1   radial distortion in OpenCV's sense (negative: barrel), on coordinates / focal length
    size (width, height) px
    Raises BadInput for a lens that would fold the picture's corners over.
    """

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    fov_deg: float = 50.0
    k1: float = 0.0
    size: tuple[int, int] = (1280, 720)
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        corner = math.hypot(*self.size) / 2 / self.focal_px
        if self.k1 < 0 and corner > 0.98 * 2 / 3 * math.sqrt(-1 / (3 * self.k1)):
            raise BadInput("k1 = {k1} bends this lens too much: take it nearer to 0", k1=self.k1)

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.size[1] / 2 / math.tan(math.radians(self.fov_deg) / 2)

    def axes(self) -> Float64:
        """(3,3) rows: right, down, forward of the camera in the world."""
        return _axes(self.eye, self.target, self.up)

    def project(self, points: NDArray[np.floating]) -> tuple[Float64, Float64]:
        """World points (N,3) m to pixels (N,2) and depth (N,) m; behind the camera: NaN pixels."""
        local = (np.asarray(points, np.float64) - self.eye) @ self.axes().T
        depth = local[:, 2]
        in_front = np.where(depth > NEAR_M, depth, np.nan)
        flat = local[:, :2] / in_front[:, None]
        r2 = (flat**2).sum(1, keepdims=True)
        centre = np.array(self.size, np.float64) / 2
        return flat * (1 + self.k1 * r2) * self.focal_px + centre, depth

    def rays(self) -> Float32:
        """(H,W,2) undistorted image plane coordinates (units of focal length) of every pixel."""
        w, h = self.size
        x, y = np.meshgrid(np.arange(w) + 0.5 - w / 2, np.arange(h) + 0.5 - h / 2)
        seen = np.stack([x, y], -1) / self.focal_px
        if self.k1 == 0:
            return seen.astype(np.float32)
        bent = np.linalg.norm(seen, axis=-1)
        flat = bent.copy()
        for _ in range(30):  # Newton: flat (1 + k1 flat^2) = bent
            flat -= (flat * (1 + self.k1 * flat**2) - bent) / (1 + 3 * self.k1 * flat**2)
        scale = flat / np.maximum(bent, 1e-12)
        rays: Float32 = (seen * scale[..., None]).astype(np.float32)
        return rays


@lru_cache(maxsize=256)
def _axes(*place: tuple[float, float, float]) -> Float64:
    """See View.axes; read-only, since it is asked for at every point."""
    eye, target, up = place
    forward = np.subtract(target, eye).astype(np.float64)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward])
    axes.flags.writeable = False
    return axes


@dataclass(frozen=True)
class Lamp:
    """A point light. position (3,) m; rgb linear intensity at 1 m; reach_m where it fades out."""

    position: tuple[float, float, float]
    rgb: RGB = (8.0, 7.0, 5.0)
    reach_m: float = 15.0


@dataclass(frozen=True)
class Light:
    """The light of a scene, linear RGB. A white wall in full sun plus sky reaches about 1.

    sun_dir   (3,) towards the sun;  sun_rgb (0,0,0) = overcast or night
    sky_rgb   light from above;  ground_rgb light bounced from below
    fog       extinction per metre towards fog_rgb;  backdrop: colour where nothing is drawn
    infrared  monochrome with a lamp at the camera: cloth and hair lose their colour
    exposure  factor before tone mapping;  shadows: the sun casts them
    """

    sun_dir: tuple[float, float, float] = (0.4, -0.5, 0.8)
    sun_rgb: RGB = (0.75, 0.72, 0.66)
    sky_rgb: RGB = (0.34, 0.37, 0.42)
    ground_rgb: RGB = (0.16, 0.15, 0.14)
    lamps: tuple[Lamp, ...] = ()
    infrared: bool = False
    fog: float = 0.0
    fog_rgb: RGB = (0.7, 0.72, 0.75)
    backdrop: RGB = (0.62, 0.7, 0.8)
    exposure: float = 1.0
    shadows: bool = True


@dataclass(frozen=True)
class Placed:
    """A citizen somewhere, doing something.

    position (3,) m of the point on the ground between the feet;  heading_deg compass
    gait     a name of `motion.GAITS`;  phase in strides (1.0 = one left and one right step)
    speed    m/s; widens the stride;  look_deg the head's turn to the left and up, degrees
    expression  a name of `motion.EXPRESSIONS`;  blink 0 open - 1 closed eyes
    """

    citizen: Citizen
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    heading_deg: float = 0.0
    gait: str = "walk"
    phase: float = 0.0
    speed: float = 1.3
    look_deg: tuple[float, float] = (0.0, 0.0)
    expression: str = "neutral"
    blink: float = 0.0


@dataclass(frozen=True, eq=False)
class Frame:
    """A drawn picture and what is in it; P people in the order given to `Renderer.draw`.

    image     (H,W,3) uint8 sRGB;  ids (H,W) uint8: 0 scenery, i+1 = people[i] is seen here
    landmarks (P,5,2) px of FACE_POINTS, NaN behind the camera;  facing (P,) cosine between
              where the face looks and the way to the camera (1 = frontal)
    joints    (P,J,3) px and depth m of motion.JOINTS
    full_box  (P,4) xyxy px of the whole body as if nothing hid it and the picture had no edge,
              NaN if any part is behind the camera
    """

    image: Image
    ids: NDArray[np.uint8]
    landmarks: Float32
    facing: Float32
    joints: Float32
    full_box: Float32
    full_px: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """(P,) pixels each body would cover alone; only with draw(..., amodal=True)."""

    def box(self, person: int) -> Float32 | None:
        """xyxy px around what is seen of a person, or None if nothing is."""
        here = self.ids == person + 1
        rows = np.flatnonzero(here.any(axis=1))
        if not len(rows):
            return None
        columns = np.flatnonzero(here[rows[0] : rows[-1] + 1].any(axis=0))
        return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float32)

    def visible(self, person: int) -> float:
        """Fraction of the person's body that is seen; NaN without amodal=True."""
        if not len(self.full_px):
            return math.nan
        full = int(self.full_px[person])
        return float((self.ids == person + 1).sum() / full) if full else 0.0
