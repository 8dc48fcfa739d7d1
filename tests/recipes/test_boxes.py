"""What a detector's training needs no PyTorch for: plan, scenes, composed pictures, a teacher."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path

import boxed
import cv2
import numpy as np
import pytest
import tiny
import tinycascade

from core.cli import main, training
from core.errors import BadInput, NotFound
from core.recipes import card, samples
from core.recipes.__main__ import main as wing
from core.recipes.detection import compose, scenes, teacher
from core.recipes.detection.plan import Plan, from_options
from core.study.facefinding import points_of


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return boxed.make(tmp_path_factory.mktemp("boxed") / "set", count=10)


def plan(table: Path, **changed: object) -> Plan:
    options = {"size": (96, 96), "name": "tiny_found", "use": ((96, 96),), **changed}
    return Plan("detection", (str(table),), "o", **options)


# The plan.


def test_options_make_a_plan_and_what_is_not_given_is_the_default():
    options = {"kind": "detection", "manifest": ["a/f.csv"], "out": "o", "lr": None}
    assert from_options(options) == Plan("detection", ("a/f.csv",), "o")
    some = from_options({**options, "use": [[416, 416], [640, 384]], "size": [320, 320]})
    assert some.models == {"mobilenet_v2_person": (416, 416),
                           "mobilenet_v2_person_640x384": (640, 384)}  # fmt: skip
    assert some.rate > from_options({**options, "start": "w.pt"}).rate


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"backbone": "resnet50"}, "use one of mobilenet_v2"),
        ({"size": [100, 96]}, "multiples of 32"),
        ({"use": [[32, 416]]}, "multiples of 32"),
        ({"use": []}, "at least one input size"),
        ({"share": [1.0, 2.0]}, "once for every --manifest"),
        ({"share": [0.0]}, "once for every --manifest"),
        ({"mosaic": 1.5}, "--mosaic must be between"),
        ({"average": 1.0}, "--average must be between"),
        ({"name": "a b"}, "cannot be used"),
        ({"people": 4}, "people is no option"),
    ],
)
def test_a_wrong_option_is_said_in_one_sentence(wrong, said):
    with pytest.raises(BadInput) as error:
        from_options({"kind": "detection", "manifest": ["m.csv"], "out": "o", **wrong})
    assert said in str(error.value)


def test_the_command_line_names_what_decided_and_no_folder_of_the_machine():
    one = Plan("detection", ("/home/lee/a/f.csv", "/home/lee/b/f.csv"), "/home/lee/out", epochs=3,
               start="/home/lee/w.pt", size=(320, 320), use=((416, 416), (960, 544)),
               share=(1.0, 2.5), eval=("/home/lee/real/m.csv",))  # fmt: skip
    assert one.command() == (
        "dongseon train detection --manifest a/f.csv --manifest b/f.csv --out out --start w.pt "
        "--epochs 3 --eval real/m.csv --size 320x320 --use 416x416 --use 960x544 --share 1 "
        "--share 2.5"
    )
    elsewhere = Plan("detection", ("/x/f.csv", "/y/f.csv"), "z", epochs=3, size=(320, 320),
                     start="v.pt", use=((416, 416), (960, 544)), share=(1.0, 2.5))  # fmt: skip
    assert one.identity("d", "s") == elsewhere.identity("d", "s")
    assert one.identity("d", "s") != one.identity("d", "t")


def test_the_help_tells_the_defaults_that_hold():
    import re

    one = Plan("detection", ("m",), "o")
    for name, (_, text) in training.DETECTION.items():
        said = re.search(r"default ([.\d]+)\b(?!x)", text)
        if said and name != "lr":
            assert float(said[1]) == float(getattr(one, name.replace("-", "_"))), name
    assert float(re.findall(r"\.\d+", training.DETECTION["lr"][1])[0]) == one.rate
    for width, height in (one.size, *one.use):
        assert f"{width}x{height}" in training.DETECTION["use"][1]


# Scenes.


def test_a_table_becomes_scenes_with_people_to_cut_out(table):
    found = scenes.read([table])
    boxes = sum(len(boxed.picture(i)[2]) for i in range(10))
    tall = sum(b[3] - b[1] >= scenes.TALL_PX for i in range(10) for b in boxed.picture(i)[2])
    assert len(found) == 10
    assert sum(map(len, found.box)) == boxes
    assert len(found.cutouts) == tall > 0
    assert all(sure.all() for sure in found.sure)
    (told,) = scenes.told([table], found)
    assert (told["pictures"], told["boxes"], told["unsure"], told["by"]) == (10, boxes, 0, "drawn")
    other = told | {"by": "a teacher", "pictures": 3}
    people = {"drawn": None, "people": 2, "crops": 9}
    assert card.brief([told, other, told, people, people]) == (
        "20 pictures, boxes drawn; 3 pictures, boxes by a teacher; 4 labelled people, 18 crops"
    )


def edited(table: Path, folder: Path, old: str, new: str) -> Path:
    copy = Path(shutil.copytree(table.parent, folder / "copy")) / table.name
    copy.write_text(copy.read_text("utf-8").replace(old, new), "utf-8")
    return copy


def test_who_hardly_shows_and_what_a_teacher_doubts_teaches_neither_way(table, tmp_path):
    hidden = scenes.read([edited(table, tmp_path / "a", ",1.0,", ",0.2,")])
    assert not any(sure.any() for sure in hidden.sure)
    assert not hidden.cutouts
    doubted = edited(table, tmp_path / "b", "visible", "score")
    doubted.write_text(doubted.read_text("utf-8").replace(",1.0,", ",0.3,", 1), "utf-8")
    found = scenes.read([doubted])
    assert sum(int((~sure).sum()) for sure in found.sure) == 1
    assert scenes.told([doubted], found)[0]["by"] == "a teacher"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("x1", "left", "must name the columns path, x1, y1, x2, y2"),
        ("frames/000.png", "frames/nowhere.png", "there is no picture at"),
        (",1.0,", ",much,", "visible 'much' is not a number"),
    ],
)
def test_a_wrong_table_is_said_in_one_sentence(table, tmp_path, old, new, said):
    with pytest.raises(BadInput, match=said):
        scenes.read([edited(table, tmp_path, old, new)])


def test_what_cannot_be_learned_is_said(tmp_path):
    with pytest.raises(NotFound):
        scenes.read([tmp_path / "none.csv"])
    empty = boxed.make(tmp_path / "empty", count=2)
    empty.write_text("path,x1,y1,x2,y2\nframes/000.png,,,,\n", "utf-8")
    with pytest.raises(BadInput, match="nothing can be learned"):
        scenes.read([empty])


def test_the_hash_knows_every_byte_of_pictures_and_masks(table, tmp_path):
    before = samples.sha256([table], columns=scenes.FILES)
    assert before == samples.sha256([table], columns=scenes.FILES)
    for name in ("frames/001.png", "masks/001.png"):
        copy = Path(shutil.copytree(table.parent, tmp_path / name.replace("/", "-")))
        (copy / name).write_bytes((copy / name).read_bytes() + b"\0")
        used = "masks/001.png" in (table.read_text("utf-8"))
        after = samples.sha256([copy / "frames.csv"], columns=scenes.FILES)
        assert (after != before) == (used or "frames" in name)


# Composed pictures.


def test_a_composed_picture_depends_on_seed_epoch_and_number_alone(table):
    one, same, other = (compose.Composer(scenes.read([table]), plan(table, seed=s))
                        for s in (0, 0, 1))  # fmt: skip
    for key in ((0, 0, 0), (0, 7, 0), (3, 1, 0)):
        image, boxes = one[key]
        again, boxes_again = same[key]
        assert image.shape == (96, 96, 3)
        assert image.dtype == np.uint8
        assert np.array_equal(image, again)
        assert np.array_equal(boxes, boxes_again)
        assert not np.array_equal(image, other[key][0])
    assert not np.array_equal(one[0, 0, 0][0], one[1, 0, 0][0])


@pytest.mark.parametrize("how", [{"mosaic": 0.0, "paste": 0.0}, {"mosaic": 1.0, "paste": 1.0}])
def test_boxes_lie_inside_and_around_people(table, how, monkeypatch):
    monkeypatch.setattr(compose, "_exposed", lambda image, rng: image)  # true colours
    composer = compose.Composer(scenes.read([table]), plan(table, **how))
    people = strong = 0
    for i in range(40):
        image, boxes = composer[0, i, 0]
        there = boxes[boxes[:, 4] == compose.PERSON]
        assert (there[:, :2] >= 0).all()
        assert (there[:, 2:4] <= 96).all()
        assert (there[:, 3] - there[:, 1] >= compose.TINY_PX).all()
        for x1, y1, x2, y2 in there[:, :4].round().astype(int).tolist():
            if x2 - x1 >= 8 and y2 - y1 >= 24:
                coat = image[y1 : (y1 + y2) // 2 + 1, x1:x2].astype(int)
                people += 1
                strong += bool((np.ptp(coat, axis=2) > 80).mean() > 0.15)
    assert people > 20
    assert strong > 0.8 * people  # a coat is in nearly every box: a few are cut or hidden


def test_a_picture_in_no_colour_and_one_of_a_table_that_weighs_more(table, tmp_path):
    other = boxed.make(tmp_path / "other", count=2, first=50)
    two = Plan("detection", (str(table), str(other)), "o", size=(96, 96), share=(1.0, 3.0))
    weight = compose.Composer(scenes.read(two.manifest), two).weight
    assert weight[:10].sum() == pytest.approx(0.25)
    assert weight[10:].sum() == pytest.approx(0.75)
    images = [compose.Composer(scenes.read([table]), plan(table))[0, i, 0][0] for i in range(60)]
    spread = [float(np.ptp(image.astype(int), axis=2).mean()) for image in images]
    assert min(spread) < 20 < max(spread)


def test_a_box_cut_off_too_far_teaches_neither_way_and_further_none_at_all():
    box = np.array([[-50, 0, 50, 40], [-70, 0, 30, 40], [-97, 0, 3, 40], [10, 10, 30, 14]],
                   np.float32)  # fmt: skip
    piece = compose._cut(compose.Piece(np.zeros((96, 96, 3), np.uint8), box, np.ones(4, bool)),
                         (96, 96))  # fmt: skip
    assert piece.box.tolist() == [[0, 0, 50, 40], [0, 0, 30, 40], [10, 10, 30, 14]]
    assert piece.sure.tolist() == [True, False, False]  # half of it, less, too low


def test_who_is_hidden_by_somebody_put_in_front_teaches_neither_way():
    piece = compose.Piece(np.zeros((96, 96, 3), np.uint8),
                          np.array([[10, 10, 30, 50], [60, 10, 80, 50]], np.float32),
                          np.ones(2, bool))  # fmt: skip
    compose._add(piece, np.array([[8, 12, 40, 70]], np.float32))
    assert piece.sure.tolist() == [False, True, True]
    assert len(piece.box) == 3


# A teacher.


def test_a_teacher_labels_the_half_of_a_folder_that_is_asked_for(tiny_pack, tmp_path, capfd):
    folder = tmp_path / "pictures"
    folder.mkdir()
    where = {f"{k}.png": (90.0 + 20 * k, 70.0 + 3 * k) for k in range(6)}
    for name, at in where.items():
        image = tiny.figures([(tiny.RED, lambda t, at=at: at)])(0, 0.0)
        cv2.imwrite(str(folder / name), image[:, :, ::-1])
    even = {n for n in where if int(hashlib.sha256(n.encode()).hexdigest(), 16) % 2 == 0}
    assert 0 < len(even) < 6
    words = ["train", "pseudo-labels", "--json", "--pictures", str(folder), "--half", "even",
             "--out", str(tmp_path / "out"), "--model", "tiny_person",
             "--models", str(tiny_pack)]  # fmt: skip
    assert main(words) == 0
    made = json.loads(capfd.readouterr().out)
    assert (made["pictures"], made["teacher"]) == (len(even), "tiny_person")
    rows = list(csv.DictReader((tmp_path / "out" / "frames.csv").read_text("utf-8").splitlines()))
    assert {Path(row["path"]).name for row in rows} == {n.replace("png", "jpg") for n in even}
    assert all(0 <= float(row["score"]) <= 1 for row in rows)
    for name in even:  # tiles enlarge people, and this teacher knows one size alone
        x, y = where[name]
        boxes = [[float(row[k]) for k in ("x1", "y1", "x2", "y2")] for row in rows
                 if Path(row["path"]).name == name.replace("png", "jpg")]  # fmt: skip
        assert np.abs(np.array(boxes) - [x, y, x + 24, y + 64]).max(axis=1).min() <= 4
    assert len(scenes.read([tmp_path / "out" / "frames.csv"])) == len(even)


def test_a_teacher_labels_moments_of_a_film(tiny_pack, tiny_films, tmp_path):
    film = next(iter(tiny_films.values()))
    options = {"kind": "pseudo-labels", "pictures": str(film), "out": str(tmp_path / "out"),
               "model": "tiny_person", "models": [str(tiny_pack)], "every": 2.0}  # fmt: skip
    made = teacher.label(teacher.from_options(options), None)
    assert made["pictures"] == len(list((tmp_path / "out" / "frames").iterdir())) > 1
    with pytest.raises(BadInput, match="neither a folder of pictures nor a film"):
        teacher.label(teacher.from_options({**options, "pictures": str(tmp_path / "x")}), None)
    with pytest.raises(BadInput, match="finds neither people nor faces"):
        teacher.label(teacher.from_options({**options, "model": "tiny_body"}), None)
    with pytest.raises(BadInput, match="use one of all, even, odd"):
        teacher.from_options({**options, "half": "left"})


def test_a_teacher_of_faces_writes_their_points_whichever_way_it_looked(tmp_path):
    folder = tinycascade.make(tmp_path / "models")
    (tmp_path / "pictures").mkdir()
    x, y, side = 70, 60, 112
    image = tinycascade.picture((320, 240), [(x, y, side)])
    cv2.imwrite(str(tmp_path / "pictures" / "a.png"), image)
    options = {"kind": "pseudo-labels", "pictures": str(tmp_path / "pictures"),
               "out": str(tmp_path / "out"), "model": tinycascade.NAME,
               "models": [str(folder)]}  # fmt: skip
    made = teacher.label(teacher.from_options(options), None)
    assert made["manifest"].endswith("faces.csv")
    rows = list(csv.DictReader((tmp_path / "out" / "faces.csv").read_text("utf-8").splitlines()))
    best = max(rows, key=lambda row: float(row["score"]))
    box = np.array([float(best[k]) for k in ("x1", "y1", "x2", "y2")])
    assert np.abs(box - [x, y, x + side, y + side]).max() < 0.2 * side
    points = points_of(best)
    told = (points - box[:2]) / (box[2] - box[0])
    assert np.abs(told - tinycascade.POINTS).max() < 0.03


def test_looks_that_mean_one_person_become_one_box_and_tiles_show_nobody_cut_off():
    a, b = np.array([[0, 0, 10, 30]], np.float32), np.array([[1, 0, 11, 30]], np.float32)
    far = np.array([[50, 0, 60, 30]], np.float32)
    box, score = teacher._agreed([(a, np.array([0.8], np.float32)),
                                  (b, np.array([0.4], np.float32)),
                                  (far, np.array([0.1], np.float32))])  # fmt: skip
    assert box.tolist() == [pytest.approx([1 / 3, 0, 10 + 1 / 3, 30], abs=1e-4)]
    assert score.tolist() == [pytest.approx(0.8)]  # the far one is below what is written
    at = np.array([[0, 10, 20, 60], [30, 0, 50, 60], [80, 10, 99, 60], [30, 3.5, 50, 98]],
                  np.float32)  # fmt: skip
    kept, _ = teacher._inner(at, np.ones(4, np.float32), (100, 100, 200, 200), (200, 200))
    assert kept.tolist() == [[80, 10, 99, 60]]  # others touch an inner edge, or fill the tile
    tiles = teacher._tiles(640, 480)
    assert (tiles[0][:2], tiles[-1][2:]) == ((0, 0), (640, 480))
    assert tiles[1][0] < tiles[0][2]


def test_the_wing_says_a_wrong_option_of_a_detector_in_one_sentence(capsys):
    options = {"kind": "detection", "manifest": ["m.csv"], "out": "o", "epochs": 0}
    assert wing([json.dumps(options)]) == 2
    assert capsys.readouterr().err == "dongseon: --epochs must be between 1 and 10000\n"
