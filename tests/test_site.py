"""A site's own strangers, calibration and ticks: used openly, taken back, never silently."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import tiny

from core import calibrations, compare, rank, ticks
from core.cli import main
from core.doctor import examine
from core.errors import BadInput, DongseonError
from core.sitecheck import Site
from core.sitelens import Cohort, SiteLens
from core.study import sitefit
from core.study.bench import made
from core.types import ATTRIBUTES, Description, Want
from core.workspace import Workspace


def case_of(ws: Workspace, red_box, **more) -> str:
    case = ws.new_case("시험", reason="test", **more)
    ws.draw_box(case, red_box[0], red_box[1], red_box[2])
    return case


# --- calibration


def table(**changes):
    base = {"a": 0.0, "c": 1.0, "m": 0.2, "d": 0.3, "n_genuine_ids": 50, "n_impostor_ids": 50,
            "real_validation": True, "made_from": "this site"}  # fmt: skip
    return {**base, **changes}


def test_a_calibration_of_the_site_is_used_printed_logged_and_taken_back(tiny_workspace, red_box):
    ws = Workspace.open(tiny_workspace)
    case = case_of(ws, red_box)
    before = ws.search(case)
    row = ws.vectors()["body"]
    ws.calibrate({row.name: {"sha256": row.sha256, "calibration": table()}}, by="lee")
    during = ws.search(case)
    assert "this site" in during.method
    assert not np.allclose(during.evidence, before.evidence)
    assert Workspace.open(tiny_workspace).search(case).method == during.method
    ws.undo_calibration(by="lee")
    assert np.allclose(ws.search(case).evidence, before.evidence)
    assert [r.action for r in ws.casebook.trail("site")] == ["undo_calibrate", "calibrate"]
    with pytest.raises(BadInput, match="no calibration of this site"):
        ws.undo_calibration()


def test_a_calibration_of_another_file_of_that_name_is_not_used(tiny_workspace):
    ws = Workspace.open(tiny_workspace)
    row = ws.vectors()["body"]
    ws.calibrate({row.name: {"sha256": "f" * 64, "calibration": table()}})
    assert ws.vectors()["body"] == row


def test_a_damaged_calibration_is_named(tiny_workspace):
    (tiny_workspace / calibrations.FILE).write_text("[{}]", encoding="utf-8")
    with pytest.raises(DongseonError, match="delete it to go back"):
        Workspace.open(tiny_workspace)


def test_calibrating_a_workspace_changes_nothing_unless_told(tiny_workspace, capsys):
    words = ["calibrate", "--workspace", str(tiny_workspace), "--json"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["written"] is False
    assert "too few" in said["models"]["tiny_body"]["how"]
    assert not (tiny_workspace / calibrations.FILE).exists()
    assert main([*words, "--write"]) == 2
    assert main([*words, "--undo"]) == 2
    assert main([*words, "--model", "tiny_body"]) == 2


def test_the_level_of_a_site_moves_with_its_strangers(tiny_workspace, monkeypatch):
    """Strangers .3 more alike than where the model was fitted: their evidence falls back."""
    ws = Workspace.open(tiny_workspace)
    row = ws.vectors()["body"]
    rng = np.random.default_rng(0)
    known = rank.Calibration.from_row(row.calibration, "body")
    scores = sitefit._Scores(rng.normal(known.m + 0.3, 0.1, 500), np.ones(500, int), np.arange(500))
    none = sitefit._Scores(np.empty(0), np.empty(0, int), np.empty(0, int))
    fitted, how = sitefit._fit(row, "body", none, scores)
    assert "level of this site" in how
    assert fitted.m == pytest.approx(known.m + 0.3, abs=0.02)
    high = [rank.evidence(scores.s, scores.bins, c, "body").mean() for c in (known, fitted)]
    assert high[1] < high[0]
    genuine = sitefit._Scores(rng.normal(0.95, 0.02, 40), np.ones(40, int), np.arange(40) % 20)
    fitted, how = sitefit._fit(row, "body", genuine, scores)
    assert "line and level" in how
    assert fitted.n_genuine_ids == (0, 20, 0)


# --- cohort


def test_a_vector_in_the_cohort_is_no_stranger_to_itself():
    cohort = made.noise(50, 16)
    mean, std = rank.cohort_stats(cohort[:1], cohort)
    others = cohort[1:] @ cohort[0]
    assert mean[0] == pytest.approx(others.mean(), abs=1e-6)
    assert std[0] == pytest.approx(others.std(), abs=1e-6)
    assert np.isfinite(rank.cohort_stats(cohort[:1], cohort[:1])).all()


def test_the_cohort_is_in_the_receipt_and_in_the_evidence(tiny_workspace, red_box):
    ws = Workspace.open(tiny_workspace)
    case = case_of(ws, red_box)
    models = ws.vectors()
    row = models["body"]
    fitted = {**row.calibration, "cohort_a": -1.0, "cohort_c": 1.0}
    models["body"] = dataclasses.replace(row, calibration=fitted)
    query, scope = ws._probes.query(case), ws._scope()
    vectors = np.abs(made.noise(200, 12, seed=3))
    cohort = Cohort(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), "ab" * 32)
    with_, without = (
        compare.search(ws.gallery, query, scope, models, Site({}, lenses))
        for lenses in ({"body": SiteLens(cohort=cohort)}, {})
    )
    assert "body cohort abababab" in with_.method
    assert "cohort" not in without.method
    assert not np.allclose(with_.evidence, without.evidence)
    i = with_.tracklet_id[0]
    (found,) = ws.gallery.descriptions([i])
    probe, own = (rank.pool(d.vectors["tiny_body"].rows, d.vectors["tiny_body"].quality)
                  for d in (query.description, found))  # fmt: skip
    p, g = (rank.cohort_stats(v[None], cohort.vectors) for v in (probe, own))
    z = rank.normalise(probe @ own, *p, *g)
    raw = np.clip((-1 + z) / np.log(10), -2, 2)
    assert with_.parts["body"][0] == pytest.approx(rank.clothes_discount(raw, 0.98)[0], abs=1e-4)


# --- ticks


VALUES = {name: len(ATTRIBUTES[name]) for name in ("upper_color", "hat", "direction")}
JUDGE = ticks.Judge("judge", "a" * 64, {n: np.full(v, 1 / v) for n, v in VALUES.items()})


def judged(ws: Workspace, color: dict[str, str], sure: float = 0.97) -> None:
    """Write the gallery anew with calibrated attribute probabilities, as a model would."""
    ws._judge = JUDGE
    values = ATTRIBUTES["upper_color"]
    for clip in ws.clips():
        ids = [t for t in ws.gallery.select(columns=("tracklet_id",))["tracklet_id"].to_pylist()
               if t.split("/")[1] == clip.id]  # fmt: skip
        tracklets, about = ws.gallery.tracklets(ids), []
        for one, said in zip(tracklets, ws.gallery.descriptions(ids), strict=True):
            p = np.full(len(values), (1 - sure) / (len(values) - 1), np.float32)
            p[values.index(color.get(one.id, "black"))] = sure
            told = Description(one.id, said.vectors, {"upper_color": p}, said.missing, "judge")
            about.append(told)
        models = {name: next(iter(h)) for name, h in ws.gallery.models().items()}
        models[JUDGE.model] = JUDGE.sha256
        ws.gallery.write(clip, tracklets, about, models)


def test_a_tick_speaks_for_those_who_wear_it(tiny_workspace, red_box):
    ws = Workspace.open(tiny_workspace)
    plain = ws.search(case_of(ws, red_box))
    first = plain.tracklet_id[0]
    judged(ws, {first: "red"})
    case = case_of(ws, red_box, attributes={"upper_color": "red"})
    found = ws.search(case)
    told = dict(zip(found.tracklet_id, found.parts["attributes"], strict=True))
    assert told[first] > 0.2
    assert all(e < told[first] for t, e in told.items() if t != first)
    assert any("ticked" in str(reason) for reason in found.reasons[0])
    without = ws.search(case_of(ws, red_box))
    assert np.isnan(without.parts["attributes"]).all()
    # ticks were not part of what was measured on strangers, so they do not make anybody rarer
    assert found.expected_false[0] == pytest.approx(without.expected_false[0])


def test_ticks_that_were_not_judged_or_say_nothing_are_no_evidence(tiny_workspace, red_box):
    ws = Workspace.open(tiny_workspace)
    cameras, everybody = (
        ws.cameras(),
        ws.gallery.scores("tiny_body", np.eye(1, 12, dtype=np.float32)),
    )

    def of(wanted, judge=JUDGE):
        return ticks.evidence(ws.gallery, wanted, everybody, cameras, judge)

    before = of({"hat": Want("hat")})
    assert np.isnan(before.e).all()
    assert before.unjudged == len(everybody)
    judged(ws, {})
    for wanted in ({}, {"hat": Want("hat")}, {"upper_color": Want("unknown")},
                   {"direction": Want("front")}):  # fmt: skip
        assert np.isnan(of(wanted).e).all()
    assert np.isnan(of({"upper_color": Want("black")}, None).e).all()
    black = of({"upper_color": Want("black")})
    assert black.unjudged == 0
    assert (black.e > 0).all()
    red = of({"upper_color": Want("red", "video")})
    assert (red.e < black.e).all()
    assert red.each["upper_color"] == pytest.approx(2 * red.e)


def test_what_another_attribute_model_judged_is_never_compared(tiny_workspace, red_box):
    ws = Workspace.open(tiny_workspace)
    first = ws.search(case_of(ws, red_box)).tracklet_id[0]
    judged(ws, {first: "red"})
    case = case_of(ws, red_box, attributes={"upper_color": "red"})
    assert not [w for w in ws.search(case).warnings if "another attribute model" in str(w)]
    for other in (
        dataclasses.replace(JUDGE, model="second"),
        dataclasses.replace(JUDGE, sha256="b" * 64),
    ):
        ws._judge = other
        found = ws.search(case)
        assert np.isnan(found.parts["attributes"]).all()
        (said,) = [str(w) for w in found.warnings if "another attribute model" in str(w)]
        assert said.startswith("2 of 2 people")
        assert f"`dongseon reindex` judges them with {other.model}" in said


def test_a_fitted_fusion_finds_who_repeats_whom():
    rng = np.random.default_rng(0)
    same = np.repeat([True, False], 4000)
    body = rng.normal(np.where(same, 0.6, -0.6), 0.74)
    alone = rank.fit_fusion(body, rng.normal(size=8000), same)
    assert alone[1] > 0.8
    assert alone[2] == pytest.approx(0, abs=0.1)
    twice = rank.fit_fusion(body, body, same)
    assert sum(twice[1:]) == pytest.approx(alone[1], abs=0.1)
    with pytest.raises(ValueError, match="genuine"):
        rank.fit_fusion([1.0], [np.nan], [True])


# --- verdicts as feedback, second order, canary


def test_a_confirmed_crop_replaces_the_photos_clothes_and_undo_brings_them_back(
    tiny_workspace, tmp_path
):
    from PIL import Image

    photo = tmp_path / "photo.png"
    Image.fromarray(tiny.figures([(tiny.GREEN, lambda t: (130.0, 58.0))])(0, 0.0)).save(photo)
    ws = Workspace.open(tiny_workspace)
    case = ws.new_case("시험", photos=[photo], reason="test", same_clothes=True)
    green = ws.search(case).tracklet_id[0]
    other = next(t for t in ws.search(case).tracklet_id if not t.startswith(green[:3]))
    ws.judge(case, other, "confirmed", by="lee")
    own = ws.gallery.description(other).vectors["tiny_body"].rows
    assert np.array_equal(ws.probe(case).description.vectors["tiny_body"].rows, own)
    ws.undo(case, by="lee")
    assert not np.array_equal(ws.probe(case).description.vectors["tiny_body"].rows, own)
    assert ws.search(case).tracklet_id[0] == green


def test_a_second_order_is_given_only_where_the_card_shows_a_gain(tiny_workspace, red_box):
    ws = Workspace.open(tiny_workspace)
    case = case_of(ws, red_box)
    plain = ws.search(case)
    assert plain.order_reranked is None
    models = ws.vectors()
    models["body"] = dataclasses.replace(models["body"], rerank=True)
    query, scope = ws._probes.query(case), ws._scope()
    again = compare.search(ws.gallery, query, scope, models, Site({}))
    assert sorted(again.order_reranked) == list(range(len(again)))
    assert again.tracklet_id == plain.tracklet_id
    assert np.array_equal(again.evidence, plain.evidence)
    assert again.tracklet_id[again.order_reranked[0]] == plain.tracklet_id[0]


def test_doctor_describes_stored_pictures_again(tiny_workspace):
    said = [f for f in examine(tiny_workspace) if "stored pictures" in str(f.text)]
    assert [f.level for f in said] == ["ok"]
    ws = Workspace.open(tiny_workspace)
    assert ws.canary() < 1e-5
    judged(ws, {})
    clip = ws.clips()[0]
    rows = ws.gallery.select([clip.camera_id], columns=("tracklet_id",))
    ids = rows["tracklet_id"].to_pylist()
    about = ws.gallery.descriptions(ids)
    vectors = about[0].vectors["tiny_body"]
    turned = dataclasses.replace(vectors, rows=np.roll(vectors.rows, 1, axis=1))
    about[0] = dataclasses.replace(about[0], vectors={"tiny_body": turned})
    models = {name: next(iter(h)) for name, h in ws.gallery.models().items()}
    ws.gallery.write(clip, ws.gallery.tracklets(ids), about, models)
    ws.close()
    said = [f for f in examine(tiny_workspace) if "stored pictures" in str(f.text)]
    assert [f.level for f in said] == ["error"]
