"""A gait, a phase and a speed in, bone matrices out.

A pose says where limbs point, in the frame of the trunk (x left, y up, z forward), not how far they
turn from the rest pose: so it fits every body, and arms hang whatever the rest pose was. Phase
counts strides; at phase 0 the left heel strikes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

GAITS = ("walk", "slow", "run", "stand", "look", "phone")
EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "neutral": {},
    "smile": {"mouth-corner-puller": 0.8, "mouth-part-later": 0.15},
    "laugh": {"mouth-corner-puller": 0.8, "mouth-open": 0.45, "mouth-elevation": 0.2},
    "open": {"mouth-open": 0.5},
    "frown": {"eyebrows-left-down": 0.9, "eyebrows-right-down": 0.9, "mouth-depression": 0.5},
    "surprise": {"eyebrows-left-up": 0.9, "eyebrows-right-up": 0.9, "mouth-open": 0.4},
    "pursed": {"mouth-compression": 0.6},
}
"""Expression names and the weights of the asset's expression units."""

JOINTS = ("head", "neck", "shoulder_right", "shoulder_left", "elbow_right", "elbow_left",
          "wrist_right", "wrist_left", "hip_right", "hip_left", "knee_right", "knee_left",
          "ankle_right", "ankle_left")  # fmt: skip
JOINT_BONES = ("head", "neck01", "upperarm01.R", "upperarm01.L", "lowerarm01.R", "lowerarm01.L",
               "wrist.R", "wrist.L", "upperleg01.R", "upperleg01.L", "lowerleg01.R",
               "lowerleg01.L", "foot.R", "foot.L")  # fmt: skip


@dataclass(frozen=True)
class Pose:
    """Where the parts of a body point, degrees. Tuples are (left, right).

    thigh  forward +;  knee, elbow flexion;  foot  toes up +;  spread of the thighs outwards
    arm    upper arm forward +;  arm_out away from the trunk;  elbow_in forearm across the body
    lean   trunk forward;  sway trunk to the left;  hip_turn of the pelvis to the left; chest_turn
    head   turn left, up
    """

    thigh: tuple[float, float] = (0.0, 0.0)
    knee: tuple[float, float] = (4.0, 4.0)
    foot: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float] = (3.0, 3.0)
    arm: tuple[float, float] = (0.0, 0.0)
    arm_out: tuple[float, float] = (9.0, 9.0)
    elbow: tuple[float, float] = (14.0, 14.0)
    elbow_in: tuple[float, float] = (8.0, 8.0)
    lean: float = 2.0
    sway: float = 0.0
    hip_turn: float = 0.0
    chest_turn: float = 0.0
    head: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Bones of one body at rest, metres, y up, z forward.

    names (B,) parents first;  parents (B,);  heads, tails (B,3);  soles (S,3) points under the
    feet and sole_bone (S,) the bone each follows
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    heads: Float64
    tails: Float64
    soles: Float64
    sole_bone: NDArray[np.int64]

    def index(self, name: str) -> int:
        return self.names.index(name)


def _gauss(p: float, centre: float, width: float) -> float:
    away = (p - centre + 0.5) % 1.0 - 0.5
    return math.exp(-0.5 * (away / width) ** 2)


def _leg(p: float, reach: float, swing_knee: float, stance_knee: float) -> tuple[float, ...]:
    """Thigh, knee and foot of one leg at phase p; p = 0 is its heel strike."""
    thigh = reach * (math.cos(2 * math.pi * p) * 0.95 + 0.16)
    knee = 4 + stance_knee * _gauss(p, 0.14, 0.07) + swing_knee * _gauss(p, 0.72, 0.105)
    foot = 14 * _gauss(p, 0.98, 0.06) - 24 * _gauss(p, 0.60, 0.08) + 2 * _gauss(p, 0.85, 0.1)
    return thigh, knee, foot


def _stride(p: float, reach: float, knees: tuple[float, float], **more: object) -> Pose:
    left, right = _leg(p % 1, reach, *knees), _leg((p + 0.5) % 1, reach, *knees)
    return Pose(
        thigh=(left[0], right[0]),
        knee=(left[1], right[1]),
        foot=(left[2], right[2]),
        **more,  # type: ignore[arg-type]
    )


def pose_of(gait: str, phase: float, speed: float, age: str, swing: float, stoop: float) -> Pose:
    """The pose of a gait.

    speed m/s;  age a value of types.ATTRIBUTES["age"];  swing how much the arms swing (1 = usual);
    stoop degrees of a bent back. Raises BadInput for a gait that is not in GAITS.
    """
    if gait not in GAITS:
        raise BadInput("the gait {gait!r} is not known: use one of {names}", gait=gait[:40],
                       names=", ".join(GAITS))  # fmt: skip
    wave = math.cos(2 * math.pi * phase)
    side = math.sin(2 * math.pi * phase)
    child, old = age == "child", age == "elderly"
    if gait in ("stand", "look"):
        shift = math.sin(2 * math.pi * phase)
        turn = 55 * math.sin(2 * math.pi * phase) if gait == "look" else 6 * shift
        return Pose(
            thigh=(2 + 3 * max(shift, 0), 2 + 3 * max(-shift, 0)),
            knee=(4 + 10 * max(shift, 0), 4 + 10 * max(-shift, 0)),
            spread=(5.0, 5.0), arm=(1 + 3 * shift, 1 - 3 * shift),
            elbow=(16 + 6 * shift, 16 - 6 * shift), lean=1 + stoop, sway=1.5 * shift,
            chest_turn=0.25 * turn, head=(turn * 0.75, 0.45 * stoop - 2),
        )  # fmt: skip
    if gait == "phone":
        return Pose(spread=(4.0, 4.0), thigh=(3.0, 0.0), knee=(10.0, 4.0), arm=(3.0, 24.0),
                    elbow=(16.0, 102.0), elbow_in=(8.0, 24.0), lean=3 + stoop,
                    head=(-6.0, -24.0))  # fmt: skip
    if gait == "run":
        out = Pose(arm_out=(14.0, 14.0))
        return _stride(phase, 40.0, (78.0, 24.0), arm=(-38 * wave - 6, 38 * wave - 6),
                       arm_out=out.arm_out, elbow=(84 - 10 * wave, 84 + 10 * wave),
                       elbow_in=(14.0, 14.0), lean=9 + 0.6 * stoop, hip_turn=-6 * wave,
                       chest_turn=8 * wave, sway=1.5 * side)  # fmt: skip
    slow = gait == "slow"
    reach = float(np.clip(11 + 10.5 * speed, 10, 30)) * (0.72 if slow else 0.85 if old else 1.0)
    bend = 7 if slow or old else 0
    lift = 38 if slow else 48 if old else 60 if child else 56
    arms = (9 if slow or old else 24 if child else 16) * swing * min(speed / 1.3, 1.3)
    lean = 2 + stoop + (8 if slow else 0)
    return _stride(phase, reach, (lift, 12.0 + bend),
                   arm=(-arms * wave + 1, arms * wave + 1), arm_out=(8.0, 8.0),
                   elbow=(10 + 8 * max(-wave, 0), 10 + 8 * max(wave, 0)), lean=lean,
                   hip_turn=-4 * wave, chest_turn=4 * wave, sway=1.2 * side,
                   head=(0.0, 0.55 * lean - 3))  # fmt: skip


def _turn(axis: str, degrees: float) -> Float64:
    """Rotation about x, y or z of the trunk frame."""
    a, k = math.radians(degrees), "xyz".index(axis)
    c, s = math.cos(a), math.sin(a)
    m = np.eye(3)
    i, j = (k + 1) % 3, (k + 2) % 3
    m[i, i] = m[j, j] = c
    m[i, j], m[j, i] = -s, s
    return m


def _align(a: Float64, b: Float64) -> Float64:
    """The smallest rotation that turns direction a into direction b."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    (ax, ay, az), (bx, by, bz), c = a.tolist(), b.tolist(), float(a @ b)
    x, y, z = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    m: Float64 = np.eye(3) + k + k @ k / (1 + c)
    return m


def _down(forward: float, out: float, sign: float) -> Float64:
    """A direction: down, turned forward and then outwards (sign +1 left, -1 right), degrees."""
    f, o = math.radians(forward), math.radians(out)
    return np.array([sign * math.sin(o), -math.cos(f) * math.cos(o), math.sin(f) * math.cos(o)])


def rotations(skeleton: Skeleton, pose: Pose) -> dict[str, Float64]:
    """Global rotation (3,3) of every bone that turns against its parent, in the trunk frame."""
    s = skeleton
    pelvis = _turn("y", pose.hip_turn) @ _turn("z", -0.5 * pose.sway)
    chest = _turn("y", pose.chest_turn) @ _turn("z", -pose.sway) @ _turn("x", pose.lean)
    middle = _turn("y", 0.5 * pose.chest_turn) @ _turn("z", -0.6 * pose.sway) @ _turn(
        "x", 0.5 * pose.lean)  # fmt: skip
    look = _turn("y", pose.head[0]) @ _turn("x", pose.lean - pose.head[1])
    half = _turn("y", 0.4 * pose.head[0]) @ _turn("x", pose.lean - 0.4 * pose.head[1])
    out = {"root": pelvis, "spine04": middle, "spine02": chest, "neck02": half, "head": look}
    out["carried"] = pelvis
    for i, (side, sign) in enumerate((("L", 1.0), ("R", -1.0))):

        def along(a: str, b: str, side: str = side) -> Float64:
            d: Float64 = s.heads[s.index(f"{b}.{side}")] - s.heads[s.index(f"{a}.{side}")]
            return d

        upper = chest @ _align(
            along("upperarm01", "lowerarm01"),
            _down(pose.arm[i] - 0.4 * pose.lean, pose.arm_out[i], sign),
        )
        fore_rest = chest.T @ upper @ along("lowerarm01", "wrist")
        fore_to = _down(
            pose.arm[i] - 0.4 * pose.lean + pose.elbow[i], pose.arm_out[i] - pose.elbow_in[i], sign
        )
        out[f"upperarm01.{side}"] = upper
        out[f"lowerarm01.{side}"] = chest @ _align(fore_rest, fore_to) @ chest.T @ upper
        thigh = pelvis @ _align(
            along("upperleg01", "lowerleg01"), _down(pose.thigh[i], pose.spread[i], sign)
        )
        shank_rest = pelvis.T @ thigh @ along("lowerleg01", "foot")
        shank_to = _down(pose.thigh[i] - pose.knee[i], pose.spread[i] * 0.3, sign)
        out[f"upperleg01.{side}"] = thigh
        out[f"lowerleg01.{side}"] = pelvis @ _align(shank_rest, shank_to) @ pelvis.T @ thigh
        toe_out = _turn("y", sign * 4.0)
        out[f"foot.{side}"] = pelvis @ toe_out @ _turn("x", -pose.foot[i])
        bent = max(-pose.foot[i], 0.0)
        out[f"toe1-1.{side}"] = pelvis @ toe_out @ _turn("x", -pose.foot[i] - 0.7 * bent)
    return out


def bone_matrices(skeleton: Skeleton, pose: Pose) -> Float32:
    """(B,4,4) from the rest body to the posed one, standing on y = 0 between its feet."""
    s, turned = skeleton, rotations(skeleton, pose)
    out = np.zeros((len(s.names), 4, 4))
    for b, name in enumerate(s.names):
        parent = s.parents[b]
        above = out[parent] if parent >= 0 else np.eye(4)
        rotation = turned.get(name, above[:3, :3])
        place = above[:3, :3] @ s.heads[b] + above[:3, 3]
        out[b, :3, :3] = rotation
        out[b, :3, 3] = place - rotation @ s.heads[b]
        out[b, 3, 3] = 1
    posed = np.einsum("sij,sj->si", out[s.sole_bone, :3, :3], s.soles) + out[s.sole_bone, :3, 3]
    hips = out[0, :3, :3] @ s.heads[0] + out[0, :3, 3]
    out[:, 0, 3] -= hips[0]
    out[:, 1, 3] -= posed[:, 1].min()
    out[:, 2, 3] -= hips[2]
    return out.astype(np.float32)
