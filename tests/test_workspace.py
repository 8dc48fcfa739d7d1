"""The whole path on drawn people: footage in, candidates, verdicts and a route out."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny
from PIL import Image

from core import routing
from core.errors import BadInput, FootageError, ModelError, NotFound
from core.evidence import Scope
from core.types import Camera, LastSeen, Photo
from core.workspace import Workspace


@pytest.fixture
def red_case(ws, red_box):
    case = ws.new_case("빨간 옷", reason="test", by="kim")
    ws.draw_box(case, *red_box, by="kim")
    return case


@pytest.fixture
def red_photo(tmp_path):
    """A photo of the red figure, as a family would bring it: not cut from the footage."""
    path = tmp_path / "red.png"
    Image.fromarray(tiny.figures([(tiny.RED, lambda t: (130.0, 58.0))])(0, 0.0)).save(path)
    return path


def test_everybody_in_the_films_is_found_once(ws):
    assert ws.counts() == {"c1": 2, "c2": 2}


def test_a_box_on_red_finds_red_first_and_nobody_else(ws, red_case):
    ranking = ws.search(red_case)
    assert set(ranking.camera_id) == {"c2"}  # the clip the box was drawn in is left out
    assert ranking.searched.tracklets == 2
    red, teal = ranking.order_evidence
    assert ranking.evidence[red] > 1 > ranking.evidence[teal]
    assert ranking.band[red] == "moderate"  # clothing alone is never strong
    assert ranking.band[teal] == "against"
    assert any("no face" in str(reason) for reason in ranking.reasons[red])


def test_someone_who_is_not_there_is_not_found(ws, tiny_films):
    case = ws.new_case("초록 옷", reason="test")
    ws.draw_box(case, tiny_films["c1"], 2.0, (190, 10, 214, 74))
    ranking = ws.search(case)
    assert not {"strong", "moderate", "weak"} & set(ranking.band)
    assert any("nobody" in str(warning) for warning in ranking.warnings)


def test_the_route_joins_the_drawn_and_the_found_sighting(ws, red_case):
    route = ws.route(red_case)
    assert [stop.camera_id for stop in route.stops] == ["c1", "c2"]
    assert route.stops[0].confirmed
    assert not route.stops[1].confirmed
    assert route.legs[0].feasible
    assert route.p_never == pytest.approx(0, abs=1e-9)


def test_a_rejected_candidate_leaves_the_route_and_undo_brings_it_back(ws, red_case):
    found = ws.search(red_case).tracklet_id[0]
    ws.judge(red_case, found, "rejected", by="kim")
    assert [stop.camera_id for stop in ws.route(red_case).stops] == ["c1"]
    ws.undo(red_case, by="kim")
    assert [stop.camera_id for stop in ws.route(red_case).stops] == ["c1", "c2"]


def test_everybody_compared_is_a_candidate_of_the_route_or_in_its_crowd(ws, red_case):
    ranking = ws.search(red_case, top=1000)
    found = routing.candidates(ranking, set())
    assert all(one.evidence >= routing.LEAST for one in found)
    scope = Scope(ws.cameras(), ws.recorders())
    ids = {one.tracklet_id for one in found}
    crowd = routing.crowd(ws.gallery, scope, ids)
    assert sum(len(times) for times in crowd.values()) == sum(ws.counts().values()) - len(ids)
    whole = routing.crowd(ws.gallery, scope, set())
    row = ranking.camera_id.index("c2")
    assert float(ranking.enter_s[row]) in whole["c2"].tolist()
    assert not routing.candidates(ranking, set(ranking.tracklet_id))


def test_a_wrong_clock_moves_the_sighting_without_touching_the_gallery(ws, red_case):
    before = ws.search(red_case).enter_s[0]
    camera = ws.cameras()["c2"]
    recorder = ws.recorders()["c2"]
    ws.add_camera(camera, type(recorder)(**{**vars(recorder), "clock_offset_s": -90.0}))
    assert ws.search(red_case).enter_s[0] == pytest.approx(before - 90.0)


def test_the_window_is_true_time_and_cameras_can_be_chosen(ws, red_case):
    enter = ws.search(red_case).enter_s[0]
    assert len(ws.search(red_case, between=(enter - 60, enter + 60))) == 2
    assert len(ws.search(red_case, between=(enter + 3600, enter + 7200))) == 0
    assert len(ws.search(red_case, cameras=["c1"])) == 0
    with pytest.raises(NotFound, match="c9"):
        ws.search(red_case, cameras=["c9"])


def test_a_clip_ingested_twice_is_one_clip(ws, tiny_films):
    steps = list(ws.ingest(tiny_films["c1"], camera="c1", start="2026-05-01T09:00:00+09:00"))
    assert str(steps[-1].text) == "already in the gallery"
    assert ws.counts() == {"c1": 2, "c2": 2}
    with pytest.raises(BadInput, match="one recording cannot be two"):
        list(ws.ingest(tiny_films["c1"], camera="c2", start="2026-05-01T09:00:00+09:00"))


def test_a_photo_speaks_only_through_the_face_unless_clothes_are_the_same(ws, red_photo):
    plain = ws.new_case("사진", photos=[red_photo], reason="test")
    assert len(ws.search(plain)) == 0  # no face in it, and clothes may differ
    ticked = ws.new_case("사진", photos=[red_photo], reason="test", same_clothes=True)
    ranking = ws.search(ticked)
    assert {ranking.camera_id[i] for i in np.flatnonzero(ranking.evidence > 0.3)} == {"c1", "c2"}


def test_a_confirmed_sighting_replaces_the_photo(ws, red_photo, red_case):
    case = ws.new_case("사진", photos=[red_photo], reason="test")
    red = next(t for t in ws.search(red_case).tracklet_id)
    ws.judge(case, red, "confirmed", by="kim")
    assert ws.search(case).evidence.max() > 1


def test_a_case_keeps_what_it_was_given(ws, red_photo):
    seen = LastSeen(1777593600.0, 1777593700.0, 37.5, 127.0)
    case = ws.new_case(
        "<script>alert(1)</script>",
        photos=[red_photo],
        attributes={"upper_color": "red", "hair": "long?"},
        last_seen=seen,
        reason="어머니 신고",
        by="lee",
    )
    probe = ws.probe(case)
    assert ws.case(case).title == "<script>alert(1)</script>"
    assert probe.last_seen == seen
    assert probe.wanted["hair"].sureness == "unsure"
    assert isinstance(probe.photos[0], Photo)
    assert ws.photo(case, probe.photos[0].sha256) == red_photo.read_bytes()


def test_every_search_is_logged_with_its_reason(ws, red_case):
    ws.search(red_case, by="kim")
    logged = ws.casebook.searches(red_case)[0]
    assert logged.reason == "test"
    assert logged.receipt["tracklets"] == 2
    assert ws.casebook.verify() is None


def test_wrong_input_is_one_sentence_and_keeps_nothing(ws, tmp_path):
    text = tmp_path / "note.jpg"
    text.write_text("no picture")
    wrong = [
        lambda: ws.new_case("x", photos=[tmp_path / "none.jpg"], reason="r"),
        lambda: ws.new_case("x", photos=[text], reason="r"),
        lambda: ws.new_case("x", attributes={"colour": "red"}, reason="r"),
        lambda: ws.new_case("x", attributes={"upper_color": "crimson"}, reason="r"),
        lambda: ws.new_case("x", reason=" "),
        lambda: list(ws.ingest(tmp_path / "no.mp4", camera="c1", start="2026-05-01T09:00+09:00")),
        lambda: list(ws.ingest(text, camera="c1", start="2026-05-01T09:00:00+09:00")),
        lambda: list(ws.ingest(text, camera="c9", start="2026-05-01T09:00:00+09:00")),
        lambda: list(ws.ingest(text, camera="c1", start="2026-05-01T09:00:00")),
        lambda: ws.search("no-such-case"),
        lambda: ws.judge("no-such-case", "c1/x/1", "confirmed", by="kim"),
    ]
    for act in wrong:
        with pytest.raises((BadInput, FootageError)) as caught:
            act()
        assert "\n" not in str(caught.value)
    assert ws.cases() == []


def test_an_empty_case_and_an_empty_gallery_are_said(ws, tiny_pack, tmp_path, red_box):
    with pytest.raises(BadInput, match="no picture"):
        ws.search(ws.new_case("leer", reason="test"))
    empty = Workspace.create(tmp_path / "empty", "tiny", [tiny_pack])
    case = empty.new_case("x", reason="test")
    empty.draw_box(case, *red_box)
    ranking = empty.search(case)
    assert len(ranking) == 0
    assert ranking.searched.tracklets == 0
    assert empty.route(case).p_never == 1
    empty.close()


def test_a_workspace_keeps_its_pack_and_needs_its_models(tiny_workspace, tmp_path):
    with pytest.raises(BadInput, match="tiny"):
        Workspace.create(tiny_workspace, "reference")
    with pytest.raises(NotFound, match="init"):
        Workspace.open(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="lacks"):
        Workspace.create(tmp_path / "new", "opencv-zoo")
    assert not (tmp_path / "new").exists()


def test_a_photo_of_a_group_is_refused_before_a_case_exists(ws, tmp_path):
    two = [(tiny.RED, lambda t: (60.0, 58.0)), (tiny.TEAL, lambda t: (200.0, 58.0))]
    path = tmp_path / "family.png"
    Image.fromarray(tiny.figures(two)(0, 0.0)).save(path)
    with pytest.raises(BadInput, match=r"family\.png shows 2 people"):
        ws.new_case("사진", photos=[path], reason="test")
    with pytest.raises(BadInput, match="kim's photo"):
        ws.new_case("사진", photos=[("kim's photo", path.read_bytes())], reason="test")
    assert ws.cases() == []


def test_people_at_a_moment_are_boxed_from_left_to_right(ws):
    (clip,) = [clip for clip in ws.clips() if clip.camera_id == "c1"]
    picture, boxes = ws.people_at(clip.id, 2.0)
    frame = Image.open(io.BytesIO(picture))
    assert (frame.format, frame.size) == ("JPEG", tiny.FRAME)
    red, green = boxes
    assert red == pytest.approx((90, 118, 114, 182), abs=4)
    assert green == pytest.approx((190, 10, 214, 74), abs=4)
    case = ws.new_case("빨간 옷", reason="test", by="kim")
    ws.draw_box(case, clip.path, 2.0, red, by="kim")
    assert list(ws.verdicts(case).values()) == ["confirmed"]


def test_people_at_needs_a_clip_its_footage_and_a_moment_in_it(tiny_pack, tiny_films, tmp_path):
    film = Path(shutil.copy(tiny_films["c1"], tmp_path / "away.mp4"))
    ws = Workspace.create(tmp_path / "ws", "tiny", [tiny_pack])
    ws.add_camera(Camera("c1", "골목", "c1"))
    list(ws.ingest(film, camera="c1", start="2026-05-01T09:00:00+09:00"))
    clip = ws.clips()[0].id
    with pytest.raises(NotFound, match="not in the gallery"):
        ws.people_at("no-such-clip", 1.0)
    with pytest.raises(FootageError, match="runs from 0"):
        ws.people_at(clip, 60.0)
    film.unlink()
    with pytest.raises(FootageError, match=r"no longer at .*away\.mp4"):
        ws.people_at(clip, 1.0)
    ws.close()


def test_a_photo_added_to_a_case_is_checked_like_the_first(ws, red_photo, tmp_path):
    case = ws.new_case("빨간 옷", reason="test", same_clothes=True)
    ws.add_photo(case, red_photo, by="kim")
    ws.add_photo(case, ("again.png", red_photo.read_bytes()), by="kim")
    assert [one.name for one in ws.casebook.photos(case)] == [
        "again.png"
    ]  # one picture, its newest name
    assert set(ws.search(case).camera_id) == {"c1", "c2"}
    two = [(tiny.RED, lambda t: (60.0, 58.0)), (tiny.TEAL, lambda t: (200.0, 58.0))]
    Image.fromarray(tiny.figures(two)(0, 0.0)).save(tmp_path / "two.png")
    with pytest.raises(BadInput, match=r"two\.png shows 2 people"):
        ws.add_photo(case, tmp_path / "two.png")
    with pytest.raises(BadInput, match="not a picture"):
        ws.add_photo(case, ("x.jpg", b"no"))
    with pytest.raises(NotFound):
        ws.add_photo("2026-0412-nowhere1", red_photo)
    assert len(ws.casebook.photos(case)) == 1


def test_somebody_only_a_person_saw_is_a_confirmed_stop_too(ws, tiny_films):
    case = ws.new_case("서 있던 사람", reason="test")
    ws.draw_box(case, tiny_films["c1"], 2.0, (250, 80, 280, 150), by="kim")  # nobody found there
    assert ws.verdicts(case) == {}
    first = ws.route(case).stops[0]
    assert (first.camera_id, first.confirmed, first.tracklet_id) == ("c1", True, None)


def test_two_boxes_at_one_moment_are_both_kept(tiny_pack, tiny_films, tmp_path):
    ws = Workspace.create(tmp_path / "ws", "tiny", [tiny_pack])  # nothing ingested
    case = ws.new_case("둘", reason="test")
    ws.draw_box(case, tiny_films["c1"], 2.0, (90, 118, 114, 182))
    ws.draw_box(case, tiny_films["c1"], 2.0, (190, 10, 214, 74))
    vectors = ws.probe(case).description.vectors["tiny_body"]
    spread = vectors.rows @ vectors.rows.T
    assert spread.min() < 0.9 < spread.max()  # two outfits, not one picture twice
    ws.close()


def test_an_open_end_of_the_window_is_where_the_footage_ends(ws, red_case):
    whole = ws.search(red_case)
    enter = whole.enter_s.min()
    for window in ((enter - 60, None), (None, enter + 60), (None, None)):
        ranking = ws.search(red_case, between=window)
        assert len(ranking) == len(whole)
        assert 0 <= ranking.searched.gaps_s < 3600
    late = ws.search(red_case, between=(enter + 86400, None))
    assert (len(late), late.searched.footage_s) == (0, 0)
    with pytest.raises(BadInput, match="ends before it begins"):
        ws.search(red_case, between=(enter, enter - 1))
