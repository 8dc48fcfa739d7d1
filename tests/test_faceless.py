"""A pack that leaves faces out: nobody's face is looked at, and every place says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny
from PIL import Image

from core import photo, study, zoo
from core.cli import main
from core.describe import NO_FACES
from core.doctor import examine
from core.errors import BadInput
from core.study import bench
from core.types import Camera, Recorder
from core.workspace import Workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory, faceless_pack, tiny_films) -> Path:
    """A workspace of that pack with the two films of drawn people."""
    ws = Workspace.create(tmp_path_factory.mktemp("faceless") / "ws", "faceless", [faceless_pack])
    for n, (camera, film) in enumerate(tiny_films.items()):
        place = Camera(camera, camera, camera, 37.5665, 126.9780 + n * 0.002)
        ws.add_camera(place, Recorder(camera, 0.0, 2.0, tiny.NINE, "photo"))
        for _ in ws.ingest(film, camera=camera, start=f"2026-05-01T09:0{n * 4}:00+09:00"):
            pass
    ws.close()
    return ws.path


@pytest.fixture
def ws(made) -> Iterator[Workspace]:
    opened = Workspace.open(made)
    yield opened
    opened.close()


@pytest.fixture
def portrait(tmp_path) -> Path:
    path = tmp_path / "red.png"
    Image.fromarray(tiny.figures([(tiny.RED, lambda t: (130.0, 58.0))])(0, 0.0)).save(path)
    return path


def told(notes) -> list[str]:
    return [str(one) for one in notes]


def test_such_a_pack_is_whole_without_face_files(faceless_pack):
    pack = zoo.pack("faceless", [faceless_pack])
    assert set(pack.tasks) == {"person", "body_embedding"}
    assert pack.models == ("tiny_person", "tiny_body")
    assert zoo.missing("faceless", [faceless_pack]) == []


def test_ingest_stores_no_face_and_says_why(ws):
    ids = ws.gallery.select(columns=("tracklet_id",))["tracklet_id"].to_pylist()
    assert len(ids) == 4
    for one in ws.gallery.descriptions(ids):
        assert set(one.vectors) == {"tiny_body"}
        assert one.missing["face"] == NO_FACES
    assert ws.gallery.models().keys() == {"tiny_body"}
    assert ws.canary() == pytest.approx(0, abs=1e-6)


def test_a_search_compares_clothes_and_leaves_faces_without_evidence(ws, red_box):
    case = ws.new_case("red", reason="test")
    ws.draw_box(case, *red_box, by="kim")
    found = ws.search(case)
    assert found.band[0] == "moderate"
    assert found.camera_id[0] == "c2"
    assert np.isnan(found.parts["face"]).all()
    assert all(str(NO_FACES) in told(why) for why in found.reasons)
    assert told(found.warnings).count(str(NO_FACES)) == 1
    assert not [one for one in told(found.warnings) if "only the face" in one]
    assert "face" not in found.method
    assert [stop.camera_id for stop in ws.route(case).stops] == ["c1", "c2"]


def test_a_photo_is_compared_by_its_clothes_or_not_at_all(ws, portrait):
    case = ws.new_case("red", reason="test", photos=[portrait], same_clothes=True)
    assert ws.search(case).band[0] == "moderate"
    case = ws.new_case("red", reason="test", photos=[portrait])
    found = ws.search(case)
    assert found.tracklet_id == ()
    (why,) = [one for one in told(found.warnings) if "may differ" in one]
    assert "not compared" in why
    assert "point at the person" in why


def test_both_at_once_is_refused_where_faces_are_never_looked_at(ws, portrait):
    case = ws.new_case("red", reason="test", photos=[portrait], same_clothes=True)
    with pytest.raises(BadInput, match="pack faceless does not look at faces"):
        ws.search(case, mode="overlap")


def test_clothing_alone_is_what_a_pack_without_faces_compares_anyway(ws, portrait):
    case = ws.new_case("red", reason="test", photos=[portrait], same_clothes=True)
    fused, clothing = (ws.search(case, mode=mode) for mode in ("fused", "clothing"))
    assert clothing.tracklet_id == fused.tracklet_id
    assert clothing.evidence == pytest.approx(fused.evidence)
    assert len(ws.route(case, mode="clothing").stops) == len(ws.route(case).stops)
    for find in (ws.search, ws.route):
        with pytest.raises(BadInput, match="one of fused, overlap, clothing"):
            find(case, mode="face")


def test_the_photo_check_says_it_in_one_sentence(ws, portrait):
    upload = photo.Upload("red.png", portrait.read_bytes())
    group = ws.photo_group(upload)
    assert [person.face for person in group.people] == [None]
    shown = ws.photo_shown(upload, group.people[0])
    assert shown.face is None
    (said,) = [one for one in shown.advice if "face" in str(one.text) and one.level != "good"][:1]
    assert (said.level, said.text) == ("weak", NO_FACES)
    assert not [one for one in shown.advice if one.level == "bad"]


def test_the_doctor_says_it_and_finds_no_fault(made):
    findings = examine(made)
    assert [f.text for f in findings if f.level == "error"] == []
    assert NO_FACES in [f.text for f in findings if f.level == "ok"]


def test_a_verb_that_needs_a_face_names_packs_that_have_one(faceless_pack, tmp_path, capsys):
    (tmp_path / "m.csv").write_text("path_a,path_b,same\na.jpg,b.jpg,1\n")
    words = ["eval", "faces", "--manifest", str(tmp_path / "m.csv"), "--pack", "faceless"]
    assert main([*words, "--models", str(faceless_pack)]) == 2
    said = capsys.readouterr().err
    assert "pack faceless has no model of the kind face_embedding" in said
    assert "reference, opencv-zoo" in said


def test_figures_that_need_no_face_are_measured(faceless_pack, ws, tmp_path):
    pictures = tmp_path / "m.csv"
    lines = []
    for n, (camera, role) in enumerate([("a", "query"), ("b", "gallery")]):
        for person, color in enumerate(((220, 30, 30), (20, 170, 40))):
            Image.new("RGB", (32, 64), color).save(tmp_path / f"{n}{person}.png")
            lines.append(f"{n}{person}.png,{person},{camera},{role}")
    pictures.write_text("path,person_id,camera_id,role\n" + "\n".join(lines) + "\n")
    assert study.reid(pictures, "tiny_body", [faceless_pack])["map"] == 1.0
    said = bench.ingest(None, "faceless", [faceless_pack], seconds=1, rounds=1)
    assert said["pack"] == "faceless"
    assert said["faces"] == 0
    assert set(study.fit_site(ws).values["models"]) == {"tiny_body"}
