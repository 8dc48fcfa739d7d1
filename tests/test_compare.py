"""What a search says: the order, the words, why, and what it looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core import rank
from core.compare import search, searched
from core.errors import ModelError
from core.evidence import ALWAYS, Query, Scope
from core.gallery import Gallery
from core.sitecheck import Site
from core.types import Camera, Clip, Description, Recorder, Tracklet, Vectors, note
from core.zoo import Row

NOON = 1_777_636_800.0  # 2026-05-01T12:00:00Z
LN10 = float(np.log(10))
CALIBRATION = {  # e = (cosine - 0.5) / 0.1, inside the limits of `rank.evidence`
    "a": 0.0, "c": LN10, "m": 0.5, "d": 0.1, "n_genuine_ids": 1000, "n_impostor_ids": 100_000,
    "real_validation": True, "made_from": "tests",
}  # fmt: skip
OFFSET = {"c1": 0.0, "c2": 3600.0}  # seconds from camera clock to true time
ANYWHERE = Site({})  # nothing measured: the bound that any likelihood ratio obeys


def row(kind, calibration=CALIBRATION):
    name = f"{kind}-a"
    return Row(name, f"{kind}_embedding", f"{name}.onnx", "", name[0] * 64, 1, "", "", "", 1, {},
               {"dim": 4}, calibration)  # fmt: skip


MODELS = {"face": row("face"), "body": row("body")}
BARE = {kind: row(kind, {}) for kind in MODELS}


def vectors(kind, cosine, px):
    """One unit row at a cosine from the probe, who is the first axis."""
    rows = np.array([[cosine, np.sqrt(1 - cosine**2), 0, 0]])
    return Vectors(kind, rows, [1.0], [px], [0])


def description(of_id, body=None, face=None, width=50.0, height=200.0):
    found, missing = {}, {}
    for kind, cosine, px in (("body", body, height), ("face", face, width)):
        if cosine is None:
            missing[kind] = note("{what} turned away", what=kind)
        else:
            found[f"{kind}-a"] = vectors(kind, cosine, px)
    return Description(of_id, found, {}, missing)


def clip(camera="c1", name="k1", start=NOON, seconds=600.0, gaps=()):
    return Clip(name, camera, f"/v/{name}.mp4", (name * 64)[:64], start, seconds, (640, 360), gaps)


def fill(gallery, of, people):
    """Write a clip of people {number: (seconds after its start, description arguments)}."""
    tracklets, about = [], []
    for n, (enter, what) in people.items():
        name = f"{of.camera_id}/{of.id}/{n}"
        times = of.start_s + enter + np.array([0.0, 1.0])
        box = np.zeros((2, 4))
        tracklets.append(Tracklet(name, times, box, [1, 1], [0], box[:1], (b"jpeg",)))
        about.append(description(name, **what))
    gallery.write(of, tracklets, about, {f"{kind}-a": f"{kind}-a"[0] * 64 for kind in MODELS})


@pytest.fixture
def gallery(tmp_path):
    """Two cameras with two people each; in evidence order both, body, far, other."""
    made = Gallery(tmp_path / "gallery")
    fill(
        made,
        clip("c1", "k1"),
        {"body": (10, {"body": 0.9}), "both": (60, {"body": 0.6, "face": 0.8})},
    )
    start = NOON - OFFSET["c2"] + 100
    fill(
        made,
        clip("c2", "k2", start),
        {"far": (20, {"body": 0.4}), "other": (70, {"body": 0.5, "face": 0.3})},
    )
    return made


ORDER = ("c1/k1/both", "c1/k1/body", "c2/k2/far", "c2/k2/other")
PROBE = Query(description("probe", body=1.0, face=1.0, width=60.0), "footage", (NOON,))


def scope(*cameras, between=None, sigma=1.0, how="photo"):
    cameras = cameras or ("c1", "c2")
    return Scope(
        {c: Camera(c, c, f"r-{c}") for c in cameras},
        {f"r-{c}": Recorder(f"r-{c}", OFFSET.get(c, 0.0), sigma, NOON, how) for c in cameras},
        between,
    )


def find(gallery, query=PROBE, where=None, models=MODELS, **other):
    return search(gallery, query, where or scope(), models, ANYWHERE, **other)


def reasons(ranking, name):
    return [str(reason) for reason in ranking.reasons[ranking.tracklet_id.index(name)]]


# Order, evidence and words.


def test_candidates_come_in_the_order_of_their_evidence(gallery):
    found = find(gallery)
    assert found.tracklet_id == ORDER
    assert found.order_evidence.tolist() == [0, 1, 2, 3]
    assert found.camera_id == ("c1", "c1", "c2", "c2")

    def discounted(e):  # the same clothes with probability .98
        return np.log10(0.98 * 10**e + 0.02)

    body = [discounted(e) for e in (1.0, 2.0, -1.0, 0.0)]  # 2 is the cap for clothing
    assert found.parts["body"] == pytest.approx(body, abs=1e-4)
    assert found.parts["face"] == pytest.approx([3.0, np.nan, np.nan, -2.0], abs=1e-4, nan_ok=True)
    assert np.isnan(found.parts["attributes"]).all()
    assert found.evidence == pytest.approx([body[0] + 3, body[1], body[2], body[3] - 2], abs=1e-4)


def test_the_words_follow_evidence_and_gallery_size(gallery):
    found = find(gallery)
    assert found.band == ("strong", "moderate", "against", "against")
    assert found.expected_false == pytest.approx(4 * 10 ** -np.maximum(found.evidence, 0))


def test_times_are_true_times(gallery):
    found = find(gallery)
    assert found.enter_s == pytest.approx([NOON + 60, NOON + 10, NOON + 120, NOON + 170])
    assert found.leave_s == pytest.approx(found.enter_s + 1)


def test_top_cuts_the_list_and_not_the_count(gallery):
    found = find(gallery, top=1)
    assert found.tracklet_id == ORDER[:1]
    assert found.searched.tracklets == 4
    assert found.expected_false[0] == pytest.approx(4 * 10 ** -found.evidence[0])


def test_overlap_keeps_only_those_for_whom_face_and_clothes_both_speak(gallery):
    assert find(gallery, mode="overlap").tracklet_id == ("c1/k1/both",)
    assert find(gallery, mode="overlap").searched.tracklets == 4
    faceless = replace(PROBE, description=description("probe", body=1.0))
    assert find(gallery, faceless, mode="overlap").tracklet_id == ()


def test_clothing_alone_leaves_every_face_out_and_says_so(gallery):
    found = find(gallery, mode="clothing")
    faceless = replace(PROBE, description=description("probe", body=1.0))
    assert np.isnan(found.parts["face"]).all()
    assert found.tracklet_id == find(gallery, faceless).tracklet_id
    assert found.evidence == pytest.approx(find(gallery, faceless).evidence)
    said = [str(one) for each in (found.warnings, *found.reasons) for one in each]
    assert all("only clothing is compared" in one for one in said if "face" in one)
    assert sum("face" in one for one in said) == 1 + len(found)
    assert found.method.startswith("clothing")


def test_a_clip_left_out_is_not_searched(gallery):
    found = find(gallery, replace(PROBE, leave_out={"k1": (ALWAYS,)}))
    assert found.tracklet_id == ORDER[2:]
    assert found.searched.tracklets == 2
    assert found.searched.cameras == ("c2",)
    assert found.searched.cameras_asked == ("c1", "c2")


def test_the_smaller_picture_decides_how_much_a_face_may_say(gallery):
    small = replace(PROBE, description=description("probe", body=1.0, face=1.0, width=20.0))
    found = find(gallery, small)
    assert found.parts["face"][found.tracklet_id.index("c1/k1/both")] == pytest.approx(1.0)
    assert any("face 16-23 px" in line for line in reasons(found, "c1/k1/both"))


def test_a_gallery_of_another_model_is_refused(gallery):
    other = {**MODELS, "body": replace(MODELS["body"], sha256="f" * 64)}
    with pytest.raises(ModelError):
        find(gallery, models=other)


def test_nobody_to_compare_is_an_answer(tmp_path, gallery):
    empty = find(Gallery(tmp_path / "empty"))
    assert len(empty) == 0
    assert empty.searched.tracklets == 0
    nothing = replace(PROBE, description=description("probe"))
    found = find(gallery, nothing)
    assert len(found) == 0
    assert any("nobody" in str(warning) for warning in found.warnings)


# Reasons.


def test_every_candidate_says_why_the_most_important_first(gallery):
    found = find(gallery)
    for name, e, said in zip(found.tracklet_id, found.evidence, found.reasons, strict=True):
        assert str(said[0]).startswith(f"evidence {e:+.1f}; about "), name
        assert "among 4 would score as high" in str(said[0])
    assert reasons(found, "c1/k1/both")[1:] == [
        "face: similarity 0.80, evidence +3.0 (face 40-79 px)",
        "body: similarity 0.60, evidence +1.0 (person >= 128 px)",
    ]
    assert reasons(found, "c1/k1/body")[1] == "face not used: face turned away"


def test_why_much_evidence_is_not_strong_tells_a_weak_face_from_none(tmp_path):
    made = Gallery(tmp_path / "few")
    fill(
        made, clip(), {"little": (10.0, {"body": 0.9, "face": 0.57}), "far": (60.0, {"body": 0.3})}
    )
    found = find(made)
    assert found.evidence[0] >= 2
    assert found.band[0] != "strong"
    said = reasons(found, "c1/k1/little")
    assert said[-1] == "clothing beside a face that says little is never called strong"
    assert not any("clothing alone" in one for one in said)


def test_what_the_probe_lacks_is_said_of_the_probe(gallery):
    faceless = replace(PROBE, description=description("probe", body=1.0))
    found = find(gallery, faceless)
    for name in ORDER:
        said = reasons(found, name)[1]
        assert said == "face not used: of the person looked for, face turned away"
    assert np.isnan(found.parts["face"]).all()


def test_clothes_of_a_photo_do_not_count(gallery):
    found = find(gallery, replace(PROBE, clothes="photo"))
    assert np.isnan(found.parts["body"]).all()
    assert found.evidence[0] == pytest.approx(3.0, abs=1e-4)
    assert reasons(found, ORDER[0])[2] == (
        "body not used: clothes may differ from those in the photo"
    )
    assert any("only the face is compared" in str(warning) for warning in found.warnings)


def test_where_no_face_is_compared_a_photo_in_other_clothes_brings_advice_and_no_false_word(
    gallery,
):
    faceless = replace(PROBE, description=description("probe", body=1.0), clothes="photo")
    other = replace(PROBE, clothes="photo")
    for found in (find(gallery, faceless), find(gallery, other, mode="clothing")):
        said = [str(warning) for warning in found.warnings]
        assert any("point at the person in footage" in one for one in said)
        assert not any("only the face is compared" in one for one in said)


def test_clothes_of_another_day_do_not_count(gallery):
    yesterday = find(gallery, replace(PROBE, seen_s=(NOON - 30 * 3600,)))
    assert np.isnan(yesterday.parts["body"]).all()
    both = find(gallery, replace(PROBE, seen_s=(NOON - 30 * 3600, NOON + 1000)))
    assert both.parts["body"] == pytest.approx(find(gallery).parts["body"])  # the nearer one counts


def test_too_many_strangers_make_it_weak_and_that_is_said(tmp_path):
    made = Gallery(tmp_path / "crowd")
    crowd = {n: (10.0 * n, {"body": 0.3}) for n in range(39)}
    fill(made, clip(), {**crowd, 99: (400.0, {"body": 0.63})})
    found = find(made)
    assert found.tracklet_id[0] == "c1/k1/99"
    assert found.evidence[0] > 1
    assert found.expected_false[0] > 1
    assert found.band[0] == "weak"
    assert reasons(found, "c1/k1/99")[-1] == ("weak because too many strangers would score as high")
    assert any("nobody" in str(warning) for warning in found.warnings)


def test_without_calibration_there_is_no_word_and_similarity_orders(gallery):
    found = find(gallery, models=BARE)
    assert found.tracklet_id == ("c1/k1/body", "c1/k1/both", "c2/k2/other", "c2/k2/far")
    assert set(found.band) == {"insufficient"}
    assert np.isnan(found.evidence).all()
    assert reasons(found, "c1/k1/both") == [
        "no calibrated evidence: the order is by similarity only",
        "similarity 0.80, not calibrated for 40-79 px",
        "similarity 0.60, not calibrated for >= 128 px",
    ]
    assert any("not calibrated: body-a, face-a" in str(warning) for warning in found.warnings)


def test_one_calibrated_kind_goes_before_none(gallery):
    found = find(gallery, models={**MODELS, "body": BARE["body"]})
    assert found.tracklet_id[:2] == ("c1/k1/both", "c2/k2/other")  # with a face, by evidence
    assert found.tracklet_id[2:] == ("c1/k1/body", "c2/k2/far")  # without, by similarity
    assert found.band[2:] == ("insufficient", "insufficient")


def test_a_site_where_strangers_score_high_has_no_word_above_weak(gallery):
    high = rank.Strangers(np.full(3000, 2.5))
    found = search(gallery, PROBE, scope(), MODELS, Site({"both": high, "body": high}))
    assert found.band[:2] == ("weak", "weak")
    assert any("not calibrated here" in str(warning) for warning in found.warnings)


def test_the_method_names_models_and_data(gallery):
    method = find(gallery, mode="overlap").method
    for part in ("overlap", "face face-a ffffffff", "body body-a bbbbbbbb", "tests", "n=4"):
        assert part in method


def test_a_damaged_clip_is_left_out_and_said(gallery):
    next(gallery.root.rglob("k1.parquet")).write_bytes(b"broken")
    found = find(gallery)
    assert found.tracklet_id == ORDER[2:]
    assert any("1 damaged clip files were left out" in str(warning) for warning in found.warnings)


# Where and when.


def test_a_window_is_true_time_widened_by_two_sigma_of_each_clock():
    where = scope(between=(NOON, NOON + 60), sigma=15.0)
    assert where.windows() == {
        "c1": (NOON - 30, NOON + 90),
        "c2": (NOON - 3600 - 30, NOON - 3600 + 90),
    }
    assert where.offset_s(["c2", "c1", "c2"]).tolist() == [3600, 0, 3600]
    assert scope().windows() is None


def test_a_doubtful_clock_lets_more_people_in(gallery):
    window = (NOON + 30, NOON + 50)  # between the two people of c1, before those of c2
    assert find(gallery, where=scope(between=window)).tracklet_id == ()
    assert find(gallery, where=scope(between=window, sigma=6.0)).tracklet_id == ("c1/k1/both",)
    wide = find(gallery, where=scope(between=window, sigma=600.0, how="unchecked"))
    assert wide.tracklet_id == ORDER
    assert any("clocks of c1, c2 were not checked" in str(w) for w in wide.warnings)


def test_only_the_cameras_asked_are_searched(gallery):
    assert find(gallery, where=scope("c2")).tracklet_id == ORDER[2:]
    empty = find(gallery, where=scope("c1", "c9"))
    assert empty.searched.cameras == ("c1",)
    assert empty.searched.cameras_asked == ("c1", "c9")


def looked(clips, where):
    found = searched(clips, where, 0)
    return found.footage_s, found.gaps_s


def test_footage_and_gaps_of_one_camera():
    one = clip(seconds=100.0)
    assert looked([one], scope("c1")) == (100, 0)
    holes = replace(one, gaps=((NOON + 10, NOON + 15), (NOON + 90, NOON + 100)))
    assert looked([holes], scope("c1")) == (85, 5)  # a camera's own window ends with its footage
    later = clip(name="k2", start=NOON + 150, seconds=50.0)
    assert looked([later, holes], scope("c1")) == (135, 65)
    assert looked([], scope("c1")) == (0, 0)


def test_overlapping_clips_count_once():
    first, second = clip(seconds=100.0), clip(name="k2", start=NOON + 60, seconds=100.0)
    inside = clip(name="k3", start=NOON + 20, seconds=10.0)
    assert looked([second, inside, first], scope("c1")) == (160, 0)
    hole = replace(first, gaps=((NOON + 50, NOON + 80),))  # the other clip fills 60 to 80
    assert looked([hole, second], scope("c1")) == (150, 10)


def test_a_window_counts_what_is_missing_in_it_for_every_camera_asked():
    clips = [clip(seconds=100.0), clip("c2", "k2", NOON - 3600 + 50, 100.0)]
    window = (NOON + 20, NOON + 80)
    assert looked(clips, scope("c1", between=window)) == (60, 0)
    assert looked(clips, scope("c2", between=window)) == (30, 30)  # its clock is an hour slow
    assert looked(clips, scope("c1", "c2", "c9", between=window)) == (90, 90)
    assert looked(clips, scope("c1", between=(NOON + 200, NOON + 260))) == (0, 60)
    found = searched(clips, scope("c1", between=(NOON + 200, NOON + 260)), 7)
    assert (found.tracklets, found.cameras, found.cameras_asked) == (7, (), ("c1",))


def test_the_doubt_of_a_clock_widens_the_search_but_not_the_footage_promised():
    assert looked([clip(seconds=100.0)], scope("c1", between=(NOON, NOON + 10), sigma=600.0)) == (
        10, 0,
    )  # fmt: skip
