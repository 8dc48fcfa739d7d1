"""Bodies and motion: heights are true, arms hang, feet stand on the ground."""

from __future__ import annotations

import numpy as np
import pytest

from core.citizens import assets as store
from core.citizens import coarse, motion
from core.citizens.body import build
from core.citizens.motion import GAITS, JOINT_BONES, JOINTS, bone_matrices, pose_of
from core.citizens.people import citizen
from core.errors import BadInput, NotFound


@pytest.fixture(scope="module")
def figures(assets):
    return {seed: build(assets, citizen(seed)) for seed in range(6)}


def joints(figure, gait, phase):
    person_age = "young_adult"
    pose = pose_of(gait, phase, 1.3, person_age, 1.0, 0.0)
    m = bone_matrices(figure.skeleton, pose).astype(float)
    at = [figure.skeleton.index(bone) for bone in JOINT_BONES]
    heads = figure.skeleton.heads[at]
    place = np.einsum("jab,jb->ja", m[at, :3, :3], heads) + m[at, :3, 3]
    return dict(zip(JOINTS, place, strict=True)), m


def test_without_assets_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("DONGSEON_MAKEHUMAN", raising=False)
    with pytest.raises(NotFound, match="--assets"):
        store.folder()
    with pytest.raises(NotFound, match="not a MakeHuman"):
        store.folder(tmp_path)


def test_prepared_assets_come_back_from_the_cache(makehuman, assets, tmp_path):
    first = store.load(str(makehuman), tmp_path)
    store.load.cache_clear()
    again = store.load(str(makehuman), tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 1
    assert np.array_equal(first.base, again.base)
    assert first.digest == again.digest == assets.digest
    assert set(again.parts) == set(first.parts)


def test_a_figure_is_as_tall_as_the_citizen(figures):
    for seed, figure in figures.items():
        skin = figure.position[figure.extra[:, 3] == 0]
        tall = skin[:, 1].max() - figure.skeleton.soles[:, 1].min()
        assert tall == pytest.approx(citizen(seed).height_m, abs=0.06)


def test_weights_sum_to_one_and_every_number_is_finite(figures):
    for figure in figures.values():
        assert np.allclose(figure.bone_weight.sum(1), 1, atol=1e-4)
        assert figure.bones.max() < len(figure.skeleton.names)
        assert np.isfinite(figure.position).all()
        assert figure.triangles.max() < len(figure.position)


@pytest.mark.parametrize("gait", GAITS)
def test_feet_stand_on_the_ground_and_knees_bend_backwards(figures, gait):
    for figure in figures.values():
        for phase in np.linspace(0, 1, 9):
            at, m = joints(figure, gait, float(phase))
            s = figure.skeleton
            soles = np.einsum("sij,sj->si", m[s.sole_bone, :3, :3], s.soles) + m[s.sole_bone, :3, 3]
            assert soles[:, 1].min() == pytest.approx(0, abs=1e-4)
            for side in ("left", "right"):
                hip, knee, ankle = (at[f"{j}_{side}"] for j in ("hip", "knee", "ankle"))
                straight = (hip + ankle) / 2
                assert knee[2] - straight[2] > -0.02


@pytest.mark.parametrize("gait", ["walk", "slow", "stand"])
def test_arms_hang(figures, gait):
    for figure in figures.values():
        at, _ = joints(figure, gait, 0.3)
        for side in ("left", "right"):
            assert at[f"wrist_{side}"][1] < at[f"elbow_{side}"][1] < at[f"shoulder_{side}"][1]
            arm = at[f"elbow_{side}"] - at[f"shoulder_{side}"]
            assert np.degrees(np.arccos(-arm[1] / np.linalg.norm(arm))) < 40


def test_walking_alternates_the_legs(figures):
    early, _ = joints(figures[0], "walk", 0.0)
    late, _ = joints(figures[0], "walk", 0.5)
    assert early["ankle_left"][2] > early["ankle_right"][2] + 0.2
    assert late["ankle_right"][2] > late["ankle_left"][2] + 0.2


def test_the_old_walk_otherwise():
    young = pose_of("walk", 0.0, 1.3, "young_adult", 1.0, 0.0)
    old = pose_of("walk", 0.0, 1.3, "elderly", 1.0, 15.0)
    assert old.lean > young.lean + 10
    assert max(old.thigh) < max(young.thigh)


def test_an_unknown_gait_is_refused():
    with pytest.raises(BadInput, match="walk"):
        pose_of("fly", 0.0, 1.0, "child", 1.0, 0.0)


def test_an_expression_moves_the_mouth_and_only_the_face(assets):
    person = citizen(1)
    calm, laughing = (build(assets, person, name) for name in ("neutral", "laugh"))
    moved = np.linalg.norm(calm.face - laughing.face, axis=1)
    assert moved[3:].max() > 0.002
    assert moved[:2].max() < 0.002
    assert set(motion.EXPRESSIONS) >= {"neutral", "smile", "laugh"}


def test_clustered_figures_keep_their_place_with_fewer_triangles(figures):
    for figure in figures.values():
        many = len(figure.triangles)
        for mm in coarse.CELLS_MM:
            f = coarse.clustered(figure, mm / 1000)
            assert len(f) < many
            many = len(f)
            assert (f[:, 0] != f[:, 1]).all() and (f[:, 1] != f[:, 2]).all()  # noqa: PT018
            material = figure.extra[f, 3]
            assert (material == material[:, :1]).all()
            whole, left = figure.position[figure.triangles], figure.position[f]
            for end in (np.min, np.max):
                off = end(whole, axis=(0, 1)) - end(left, axis=(0, 1))
                assert np.abs(off).max() < 1.75 * mm / 1000  # a cell's diagonal
        assert many < 0.2 * len(figure.triangles)


def test_only_small_people_are_drawn_coarsely():
    assert coarse.cell_mm(400, 1.7) == 0
    assert coarse.cell_mm(float("nan"), 1.7) == 0
    sizes = [coarse.cell_mm(px, 1.7) for px in (140, 100, 60, 30, 5)]
    assert sizes == sorted(sizes)
    assert sizes[0] > 0
    assert sizes[-1] == coarse.CELLS_MM[-1]
