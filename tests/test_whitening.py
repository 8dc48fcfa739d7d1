"""What a site's people have in common is learned without labels, taken out, kept and said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tiny

from core import compare, rank, sitelens, zoo
from core.evidence import Query
from core.gallery import Gallery
from core.rank.whitening import ANYWHERE, AXES, SHRINKAGE
from core.sitecheck import Site
from core.sitelens import Cohort, SiteLens
from core.study.bench import made
from core.types import Description, Vectors
from core.workspace import Workspace

TABLE = {"a": -1.0, "c": 1.5, "m": 0.0, "d": 0.2, "n_genuine_ids": 50, "n_impostor_ids": 50,
         "real_validation": True, "made_from": "changed"}  # fmt: skip
ROW = zoo.Row(made.MODEL, "body_embedding", "x.onnx", "", made.SHA256, 1, "", "", "", "n", {},
              {"dim": 16}, whitened=TABLE)  # fmt: skip


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def site_of(people=150, dim=32, seed=0):
    """Everybody twice, under two cameras that each pull one way; what varies most is a pose."""
    rng = np.random.default_rng(seed)
    who = rng.normal(size=(people, dim))
    pull = 3 * rng.normal(size=(2, dim))
    pose = rng.normal(size=(1, dim)) * rng.normal(size=(2 * people, 1)) * 2.5
    camera = np.repeat(["c1", "c2"], people)
    rows = np.tile(who, (2, 1)) + pull.repeat(people, axis=0) + pose
    rows += 0.5 * rng.normal(size=rows.shape)
    return unit(rows), camera, np.tile(np.arange(people), 2)


def found_first(rows, people=150):
    """Share of those under c1 whose nearest under c2 is themselves."""
    return float(np.mean((rows[:people] @ rows[people:].T).argmax(axis=1) == np.arange(people)))


def test_people_are_found_whom_light_and_pose_hid():
    rows, camera, _ = site_of()
    changed = rank.Whitening.fit(rows, camera).mixed(rows, camera)
    assert np.allclose(np.linalg.norm(changed, axis=1), 1, atol=1e-6)
    before, after = found_first(rows), found_first(changed)
    assert after > before + 0.2
    other = rank.Whitening.fit(rows[75:225], camera[75:225])  # half of them never taught it
    assert found_first(other.mixed(rows, camera)) > before + 0.2


def test_it_is_the_shrunken_inverse_root_of_the_covariance_up_to_scale():
    rows, camera, _ = site_of(dim=16)
    assert AXES >= 16
    few = np.repeat("c1", len(rows))
    site = rank.Whitening.fit(rows, few)
    x = rows.astype(float) - site.mean[0]
    spread = x.T @ x / len(x)
    level = SHRINKAGE * np.trace(spread) / 16
    value, axis = np.linalg.eigh((1 - SHRINKAGE) * spread + level * np.eye(16))
    want = unit(x @ (axis / np.sqrt(value)) @ axis.T)
    np.testing.assert_allclose(site.rows(rows, "c1"), want, atol=1e-4)
    assert len(site.cameras) == 2
    assert camera.size


def test_a_camera_of_few_people_is_drawn_to_the_whole_site_and_a_new_one_is_it():
    rows, camera, _ = site_of()
    some = np.r_[0:150, 150:153]  # three people under c2
    site = rank.Whitening.fit(rows[some], camera[some])
    anywhere = site.rows(rows[:5], ANYWHERE)
    np.testing.assert_array_equal(site.rows(rows[:5], "never seen"), anywhere)
    whole = np.linalg.norm(site.mean[1] - site.mean[2])
    assert whole < 0.3 * np.linalg.norm(site.mean[2] - rows[150:153].mean(axis=0))
    with pytest.raises(ValueError, match="to learn from"):
        rank.Whitening.fit(rows[:0], camera[:0])


def test_a_gallery_is_searched_through_it_without_being_changed(tmp_path):
    gallery = made.gallery(tmp_path, 240, 16, cameras=3, days=2)
    parts = list(gallery.matrix(made.MODEL))
    rows = np.concatenate([part.matrix for part in parts])
    camera = [part.camera_id for part in parts for _ in range(len(part))]
    site = rank.Whitening.fit(rows, camera)
    cohort = Cohort.of(made.noise(200, 16, seed=5))
    lens = SiteLens(site, cohort)
    probes = site.rows(made.noise(3, 16, seed=9), ANYWHERE)
    found = gallery.scores(made.MODEL, probes, lens=lens)
    changed = site.mixed(rows, camera)
    np.testing.assert_allclose(found.cosine, probes @ changed.T, atol=1e-5)
    many = gallery.scores(made.MODEL, np.tile(probes, (4, 1)), lens=lens)
    np.testing.assert_allclose(many.cosine[:3], found.cosine, atol=1e-5)
    stats = np.stack(rank.cohort_stats(changed, cohort.vectors), axis=1)
    np.testing.assert_allclose(found.numbers[:, 1:], stats, atol=1e-6)
    window = {"cam000": (made.START_S + 600, made.START_S + 900)}
    part = gallery.scores(made.MODEL, probes, between=window, lens=lens)
    keys = {int(k): i for i, k in enumerate(found.key)}
    at = [keys[int(k)] for k in part.key]
    assert 0 < len(at) < 80
    np.testing.assert_array_equal(part.cosine, found.cosine[:, at])
    np.testing.assert_array_equal(part.numbers, found.numbers[at])
    np.testing.assert_array_equal(found.take(np.array([7, 3])).numbers, found.numbers[[7, 3]])
    assert gallery.scores(made.MODEL, probes).numbers is None


def test_what_is_counted_of_a_matrix_is_counted_once_and_goes_with_its_footage(tmp_path):
    gallery = made.gallery(tmp_path, 240, 16, cameras=3, days=2)
    lens = SiteLens(cohort=Cohort(made.noise(200, 16, seed=5), "c" * 64))
    first = gallery.scores(made.MODEL, made.noise(1, 16), lens=lens)
    stored = list((tmp_path / ".index").rglob(f"*.{'c' * 12}.npy"))
    assert len(stored) == 6

    @dataclasses.dataclass(frozen=True)
    class Never(SiteLens):
        def numbers(self, rows, camera_id):
            raise AssertionError("counted again")

    again = Gallery(tmp_path).scores(made.MODEL, made.noise(1, 16), lens=Never(None, lens.cohort))
    np.testing.assert_array_equal(again.numbers, first.numbers)
    plain = gallery.scores(made.MODEL, made.noise(1, 16))
    np.testing.assert_array_equal(again.cosine, plain.cosine)  # a cohort changes no vector
    gallery.delete("k000-0")
    assert len(list((tmp_path / ".index").rglob(f"*.{'c' * 12}.npy"))) == 5


def test_a_site_learns_from_enough_people_keeps_it_and_learns_anew_when_it_grew(tmp_path):
    keep = tmp_path / "kept"
    assert sitelens.learned(made.gallery(tmp_path / "few", 180, 16, 3, 1), ROW, keep) is None
    gallery = made.gallery(tmp_path / "g", 300, 16, cameras=3, days=1)
    first = sitelens.learned(gallery, ROW, keep)
    assert first.cameras == ("cam000", "cam001", "cam002", ANYWHERE)
    assert first.n == 300
    more = made.gallery(tmp_path / "g", 500, 16, cameras=3, days=2)  # other clips, still below 2 x
    kept = sitelens.learned(more, ROW, keep)
    assert kept.sha256 == first.sha256
    (stored,) = keep.iterdir()
    assert sitelens.learned(more, dataclasses.replace(ROW, whitened={}), keep) is None
    grown = made.gallery(tmp_path / "h", 900, 16, cameras=3, days=1)
    anew = sitelens.learned(grown, ROW, keep)
    assert anew.sha256 != first.sha256
    assert len(list(keep.iterdir())) == 2  # yesterday's is kept: its receipts name it
    assert stored.exists()
    assert sitelens.learned(grown, ROW, keep).sha256 == anew.sha256
    spread = made.gallery(tmp_path / "s", 300, 16, cameras=8, days=1)  # few of each camera
    assert sitelens.learned(spread, ROW, tmp_path / "nothing") is None
    assert sitelens.learned(spread, ROW, keep).sha256 == anew.sha256  # what is kept goes on
    wide = made.gallery(tmp_path / "i", 1000, 16, cameras=4, days=1)  # a camera nobody knew
    assert "cam003" in sitelens.learned(wide, ROW, keep).cameras
    for path in keep.iterdir():
        path.write_bytes(b"damaged")
    assert sitelens.learned(wide, ROW, keep).n == 1000


def test_one_camera_is_looked_at_no_further_than_needed(tmp_path, monkeypatch):
    monkeypatch.setattr(sitelens, "OF_CAMERA", 60)
    gallery = made.gallery(tmp_path, 480, 16, cameras=2, days=3)
    found = sitelens.learned(gallery, ROW, None)
    assert found.n == 120
    again = sitelens.learned(Gallery(tmp_path), ROW, None)
    assert again.sha256 == found.sha256


def test_pictures_of_several_cameras_are_changed_each_by_its_own():
    rows, camera, _ = site_of()
    lens = SiteLens(rank.Whitening.fit(rows, camera))
    of = [0, 1, 150]
    vectors = Vectors("body", rows[of], [1.0, 1.0, 1.0], [150.0] * 3, [0, 1, 2])
    one = rank.pool(rows[:2], np.ones(2, np.float32))
    want = 2 * lens.rows(one[None], "c1")[0] + lens.rows(rows[[150]], "c2")[0]
    found = lens.probe(vectors, ("c1", "c1", "c2"))
    np.testing.assert_allclose(found, unit(want[None])[0], atol=1e-6)
    outside = lens.probe(vectors)
    assert not np.allclose(outside, found, atol=1e-2)


def searched(ws: Workspace, case: str, site: Site):
    row = dataclasses.replace(ws.vectors()["body"], whitened=TABLE)
    models = {**ws.vectors(), "body": row}
    query, scope = ws._probes.query(case), ws._scope()
    return compare.search(ws.gallery, query, scope, models, site), query, row


def test_a_search_says_that_it_compares_so_and_by_which_calibration(tiny_workspace, red_box):
    ws = Workspace.open(tiny_workspace)
    case = ws.new_case("시험", reason="test")
    ws.draw_box(case, *red_box)
    some = np.concatenate([part.matrix for part in ws.gallery.matrix("tiny_body")])
    rng = np.random.default_rng(0)
    crowd = unit(np.abs(some[rng.integers(0, len(some), 300)] + 0.2 * rng.normal(size=(300, 12))))
    lens = SiteLens(rank.Whitening.fit(crowd, np.repeat(["c1", "c2"], 150)))
    ranking, query, row = searched(ws, case, Site({}, {"body": lens}))
    assert f"whitened by what is common of 300 tracklets {lens.whitening.sha256[:8]}" in (
        ranking.method
    )
    assert "calibration: " in ranking.method
    assert "changed" in ranking.method
    assert set(query.body_from) == {"c1"}  # where the box was drawn
    first = ranking.tracklet_id[0]
    (about,) = ws.gallery.descriptions([first])
    vectors = about.vectors["tiny_body"]
    own = lens.rows(rank.pool(vectors.rows, vectors.quality)[None], first.split("/")[0])[0]
    cosine = float(lens.probe(query.description.vectors["tiny_body"], query.body_from) @ own)
    e = np.clip((-1 + 1.5 * cosine / 0.2) / np.log(10), -np.log10(50), np.log10(50))
    want = rank.clothes_discount(np.array([e]), 0.98)[0]
    assert ranking.parts["body"][0] == pytest.approx(want, abs=1e-3)
    plain, _, _ = searched(ws, case, Site({}))
    assert "whitened" not in plain.method
    assert row.calibration["made_from"] in plain.method


def test_a_photo_comes_from_no_camera_and_a_confirmed_sighting_from_its_own(
    tiny_workspace, red_box
):
    ws = Workspace.open(tiny_workspace)
    case = ws.new_case("시험", reason="test")
    ws.draw_box(case, *red_box)
    other = next(t for t in ws.search(case).tracklet_id if t.startswith("c2/"))
    ws.judge(case, other, "confirmed", by="lee", why="same bag")
    assert set(ws._probes.query(case).body_from) == {"c1", "c2"}
    picture = tiny.figures([(tiny.RED, lambda _: (130.0, 58.0))])(0, 0.0)
    from core.photo import jpeg

    photo = ws.new_case("사진", reason="test", photos=[("a.jpg", jpeg(picture, 95))])
    assert ws._probes.query(photo).body_from == ()


def test_a_sites_own_calibration_of_changed_vectors_stays_with_them(tiny_workspace):
    ws = Workspace.open(tiny_workspace)
    row = ws.vectors()["body"]
    table = {**TABLE, "made_from": "this site"}
    ws.calibrate({row.name: {"sha256": row.sha256, "calibration": table, "whitened": True}})
    own = ws.vectors()["body"]
    assert own.whitened == table
    assert own.calibration == row.calibration
    lens = SiteLens(rank.Whitening.fit(made.noise(10, 12), ["c1"] * 10))
    used = Site({}, {"body": lens}).rows({"body": own})
    assert used["body"].calibration == table
    assert Site({}).rows({"body": own})["body"].calibration == row.calibration


def test_nothing_is_compared_where_the_probe_has_no_picture():
    lens = SiteLens(rank.Whitening.fit(made.noise(10, 12), ["c1"] * 10))
    row = dataclasses.replace(ROW, output={"dim": 12})
    vector, px = compare._probe_vector(Query(Description("probe"), "none"), row, lens)
    assert not vector.any()
    assert np.isnan(px)
