"""Certain strangers of a site: found without labels, and an alarm when they score too high."""

from __future__ import annotations

import numpy as np
import pytest

from core import sitecheck, sitelens, zoo
from core.gallery import Gallery
from core.types import Camera, Clip, Description, Recorder, Tracklet, Vectors

START_S = 1_777_593_600.0
PEOPLE = 60
BUSAN, SEOUL = (35.18, 129.08), (37.57, 126.98)


@pytest.fixture
def model(tiny_pack):
    return zoo.rows([tiny_pack])["tiny_body"]


def fill(root, model, vector_of):
    """A gallery of two cameras 300 km apart, PEOPLE at each within a minute: all strangers."""
    gallery = Gallery(root)
    for camera in ("c1", "c2"):
        clip = Clip(f"{camera}clip", camera, "x.mp4", camera[1] * 64, START_S, 60.0, (320, 192))
        tracklets, about = [], []
        for n in range(PEOPLE):
            t_s = START_S + n * 0.5 + np.arange(3) * 0.2
            box = np.tile(np.array([[n, 0, n + 20, 60]], np.float32), (3, 1))
            inner = np.array([[0, 0, 20, 60]], np.float32)
            name = f"{camera}/{clip.id}/{n + 1}"
            tracklets.append(Tracklet(name, t_s, box, np.ones(3), [0], inner, (b"jpeg",), [1.0]))
            row = vector_of(camera, n)[None]
            vectors = Vectors("body", row, [1.0], [150.0], [0])
            about.append(Description(name, {model.name: vectors}))
        gallery.write(clip, tracklets, about, {model.name: model.sha256})
    return gallery


def look(gallery, model, sigma_s=2.0):
    cameras = {"c1": Camera("c1", "1", "c1", *SEOUL), "c2": Camera("c2", "2", "c2", *BUSAN)}
    recorders = {c: Recorder(c, 0.0, sigma_s, START_S, "photo") for c in cameras}
    empty = zoo.Row(**{**vars(model), "name": "none", "calibration": {}})
    return sitecheck.measure(gallery, cameras, recorders, {"face": empty, "body": model})


def random_unit(seed):
    row = np.random.default_rng(seed).normal(size=12)
    return (row / np.linalg.norm(row)).astype(np.float32)


def test_strangers_who_look_different_leave_the_site_calibrated(tmp_path, model):
    gallery = fill(tmp_path, model, lambda camera, n: random_unit(n + 1000 * int(camera[1])))
    site = look(gallery, model)
    assert len(site.by_pattern["body"].scores) >= PEOPLE * PEOPLE
    assert site.calibrated
    e, none = np.array([0.0, 1.0]), np.full(2, np.nan)
    expected = site.expected_false(e, none, e, 100)
    assert 0 < expected[1] < expected[0] <= 100


def test_strangers_in_one_uniform_raise_the_alarm(tmp_path, model):
    site = look(fill(tmp_path, model, lambda camera, n: random_unit(1)), model)
    assert not site.calibrated


def test_a_clock_that_may_be_wrong_by_hours_proves_nobody_a_stranger(tmp_path, model):
    gallery = fill(tmp_path, model, lambda camera, n: random_unit(1))
    site = look(gallery, model, sigma_s=4 * 3600.0)
    assert site.by_pattern == {}
    assert site.calibrated  # not measured is not the same as bad


def test_an_empty_gallery_measures_nothing(tmp_path, model):
    site = look(Gallery(tmp_path), model)
    none = np.full(1, np.nan)
    np.testing.assert_allclose(site.expected_false(np.array([1.0]), none, none, 50), [5.0])


def test_a_site_of_enough_people_is_measured_as_it_is_searched(tmp_path, model, monkeypatch):
    """Two cameras that pull all vectors one way: without that, strangers are alike no more."""
    monkeypatch.setattr(sitelens, "LEAST", 2 * PEOPLE)
    pull = {"c1": 3 * random_unit(7), "c2": 3 * random_unit(7)}

    def seen(camera, n):
        row = random_unit(n + 1000 * int(camera[1])) + pull[camera]
        return (row / np.linalg.norm(row)).astype(np.float32)

    gallery = fill(tmp_path, model, seen)
    plain = look(gallery, model)
    assert plain.lenses == {}
    assert not plain.calibrated
    whitened = {**model.calibration, "made_from": "changed"}
    changed = zoo.Row(**{**vars(model), "whitened": whitened})
    site = look(gallery, changed)
    assert site.lenses["body"].whitening.n == 2 * PEOPLE
    assert site.rows({"body": changed})["body"].calibration == whitened
    means = [s.by_pattern["body"].scores.mean() for s in (plain, site)]
    assert means[1] < means[0] - 0.5
    assert site.calibrated
