"""Face data sets are read as they are published; hostile ones are refused and do nothing."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import facesets
from core.errors import BadInput, NotFound
from core.facesets import pickled
from core.types.kface import NEAREST, REGISTERED, TABLE_3, Cell

PICTURES = [b"\xff\xd8\xffone", b"two\x00\x80\xff", b"", b"x" * 70_000]
SAME = [True, False]
PROTOCOLS = range(2, 6)


def written(path: Path, *values: object, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(*values, protocol=protocol))
    return path


# .bin files: pickles that are never unpickled


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", [tuple, list])
def test_a_bin_file_of_any_protocol_is_read_without_unpickling(tmp_path, protocol, kind):
    path = written(tmp_path / "agedb_30.bin", kind([PICTURES, SAME]), protocol=protocol)
    pairs = facesets.bin_pairs(path)
    assert [face.content() for face in pairs.faces] == PICTURES
    assert (pairs.a.tolist(), pairs.b.tolist(), pairs.same.tolist()) == ([0, 2], [1, 3], SAME)
    assert pairs.aligned
    assert pairs.name == "agedb_30"


def test_a_bin_file_as_python_2_wrote_it_is_read(tmp_path):
    text = b"U\x03\xff\xd8\x00q\x01" + b"T\x05\x00\x00\x00abcde" + b"U\x00" + b"h\x01"
    content = b"\x80\x02]q\x00(" + text + b"e]q\x02(\x88\x89e\x86."
    (tmp_path / "lfw.bin").write_bytes(content)
    faces = facesets.bin_pairs(tmp_path / "lfw.bin").faces
    assert [face.content() for face in faces] == [b"\xff\xd8\x00", b"abcde", b"", b"\xff\xd8\x00"]


@given(
    st.lists(st.tuples(st.binary(max_size=300), st.binary(max_size=300)), min_size=2, max_size=6),
    st.sampled_from(PROTOCOLS),
)
def test_what_was_pickled_is_what_is_read(tmp_path_factory, pictures, protocol):
    flat = [one for pair in pictures for one in pair]
    same = [i % 2 == 0 for i in range(len(pictures))]
    path = written(tmp_path_factory.mktemp("bin") / "x.bin", (flat, same), protocol=protocol)
    assert pickled.read(path) == (flat, same)


class Evil:
    """Unpickled, it would make a folder."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> object:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_hostile_pickle_does_nothing(tmp_path, protocol):
    trap = tmp_path / "trap"
    for number, values in enumerate(
        [Evil(trap), ([b"a", b"b"], [Evil(trap)]), ([Evil(trap), b"b"], [True]), [Evil(trap)] * 2]
    ):
        path = written(tmp_path / f"{number}.bin", values, protocol=protocol)
        with pytest.raises(BadInput, match=r"mkdir, which such a file does not need"):
            facesets.bin_pairs(path)
    assert not trap.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04c_codecs\nencode\n\x8c\x02id\x8c\x05shell\x86R.",  # another encoding
        b"\x80\x04c_codecs\nencode\nc_codecs\nencode\n\x85R.",
        b"\x80\x04c_codecs\nencode\n(lb.",  # BUILD
        b"\x80\x02(cos\nsystem\no.",
        b"\x80\x02(i__main__\nX\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x04\x82\x01.",  # an extension code
        b"Pnot-here\n.",
        b"\x80\x04}.",
        b"\x80\x04\x8a\x02\x00\x01.",
    ],
)
def test_every_operation_such_a_file_does_not_need_is_refused(tmp_path, content):
    (tmp_path / "x.bin").write_bytes(content)
    with pytest.raises(ValueError, match="does not need"):
        pickled.read(tmp_path / "x.bin")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x80", b"\x80\x04", b"\x80\x04.", b"hello", b"\x80\x04]a.", b"\x80\x04e.",
        b"\x80\x04(a.", b"\x80\x04h\x07.", b"\x80\x04\x94.", b"\x80\x04\x87.", b"\x80\x04]].",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",  # bytes without end
        b"\x80\x04M\xff\xff.", b"\x80\x04]\x94h\x00a.",  # a list that holds itself
        pickle.dumps((PICTURES[:1], [True])), pickle.dumps((PICTURES, [True, 7])),
        pickle.dumps((PICTURES, [True, b"x"])), pickle.dumps((["text", b"b"], [True])),
        pickle.dumps(([], [])), pickle.dumps(([b"a", b"b"], [True])), pickle.dumps(PICTURES),
        pickle.dumps((PICTURES, SAME))[:-40],
    ],
)  # fmt: skip
def test_a_damaged_bin_file_is_one_sentence(tmp_path, content):
    (tmp_path / "x.bin").write_bytes(content)
    with pytest.raises(BadInput) as error:
        facesets.bin_pairs(tmp_path / "x.bin")
    assert "x" in str(error.value)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "x.bin"
    path.write_bytes(b"\x80\x04" + content)
    with contextlib.suppress(ValueError):
        pickled.read(path)


def test_too_large_and_too_many_are_refused(tmp_path, monkeypatch):
    path = written(tmp_path / "x.bin", (PICTURES, SAME))
    monkeypatch.setattr(pickled, "MAX_STEPS", 5)
    with pytest.raises(BadInput, match="too many parts"):
        facesets.bin_pairs(path)
    monkeypatch.setattr(pickled, "MAX_BYTES", 100)
    with pytest.raises(BadInput, match="larger than"):
        facesets.bin_pairs(path)
    with pytest.raises(NotFound):
        facesets.bin_pairs(tmp_path / "none.bin")


# LFW


def lfw(root: Path, lines: str, name: str = "pairs.txt", below: str = "") -> Path:
    for person in ("Kim", "Lee"):
        folder = root / below / person
        folder.mkdir(parents=True, exist_ok=True)
        for k in (1, 2):
            (folder / f"{person}_000{k}.jpg").write_bytes(b"jpeg")
    (root / name).write_text(lines)
    return root


PAIRS = "1\t2\nKim\t1\t2\nLee\t1\t2\nKim\t1\tLee\t1\nKim\t2\tLee\t2\n"


@pytest.mark.parametrize("below", ["", "images", "lfw-deepfunneled"])
@pytest.mark.parametrize("head", ["1\t2", "2"])
def test_lfw_pairs_are_read_with_their_pictures(tmp_path, below, head):
    root = lfw(tmp_path, PAIRS.replace("1\t2", head, 1), below=below)
    pairs = facesets.lfw_pairs(root)
    assert pairs.same.tolist() == [True, True, False, False]
    assert [pairs.faces[i].name for i in pairs.a] == ["Kim_0001", "Lee_0001", "Kim_0001",
                                                      "Kim_0002"]  # fmt: skip
    assert pairs.faces[pairs.b[3]].name == "Lee_0002"
    assert all(face.content() == b"jpeg" for face in pairs.faces)
    assert not pairs.aligned


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "as many pairs"),
        ("1\t2\nKim\t1\t2\n", "as many pairs"),
        ("99999999999\t2\nKim\t1\t2\n", "as many pairs"),
        ("1\nKim\t1\nKim\t1\tLee\t1\n", "line 2 is no pair"),
        ("1\nKim\t-1\t2\nKim\t1\tLee\t1\n", "line 2 is no pair"),
        ("1\n../../etc\t1\t2\nKim\t1\tLee\t1\n", "leads out"),
        ("1\nKim\t1\t2\n..\t1\tLee\t1\n", "leads out"),
        ("1\nPark\t1\t2\nKim\t1\tLee\t1\n", "no picture of Park"),
    ],
)
def test_a_wrong_lfw_list_is_one_sentence(tmp_path, lines, says):
    with pytest.raises(BadInput, match=says):
        facesets.lfw_pairs(lfw(tmp_path, lines))


def test_the_list_of_several_must_be_named(tmp_path):
    root = lfw(lfw(tmp_path, PAIRS), PAIRS, "pairsDevTest.txt")
    with pytest.raises(BadInput, match=r"name one of pairs.txt, pairsDevTest.txt"):
        facesets.lfw_pairs(root)
    assert facesets.lfw_pairs(root, root / "pairs.txt").name.endswith("/pairs.txt")
    with pytest.raises(NotFound, match="no list at"):
        facesets.lfw_pairs(root, root / "no.txt")
    with pytest.raises(NotFound, match=r"holds no pairs\.txt"):
        facesets.lfw_pairs(root / "Kim")
    with pytest.raises(NotFound, match="no folder"):
        facesets.lfw_pairs(root / "none")


# folders of people


def test_casia_folders_are_read_person_by_person(tmp_path):
    for name in ("0000102/002.jpg", "0000045/001.jpg", "0000045/notes.txt", "0000045/015.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = [(person, face.name) for person, face in facesets.casia(tmp_path)]
    assert found == [
        ("0000045", "0000045/001.jpg"),
        ("0000045", "0000045/015.png"),
        ("0000102", "0000102/002.jpg"),
    ]
    with pytest.raises(NotFound, match="no folder of a person"):
        list(facesets.casia(tmp_path / "0000045"))


def record(label: float, payload: bytes, more: tuple[float, ...] = (), kind: int = 0) -> bytes:
    data = struct.pack("<IfQQ", len(more), label, 1, 0)
    data += struct.pack(f"<{len(more)}f", *more) + payload
    return piece(data, kind)


def piece(data: bytes, kind: int) -> bytes:
    head = struct.pack("<II", 0xCED7230A, kind << 29 | len(data))
    return head + data + b"\0" * (-len(data) % 4)


def test_recordio_gives_people_and_pictures(tmp_path):
    whole = struct.pack("<IfQQ", 0, 9.0, 1, 0) + b"ab" + struct.pack("<I", 0xCED7230A) + b"cd"
    first, last = whole.split(struct.pack("<I", 0xCED7230A))
    path = tmp_path / "train.rec"
    path.write_bytes(
        record(0, b"", (3.0, 5.0)) + record(7, b"jpeg1") + record(0, b"jpeg2", (8.0, 0.0))
        + piece(first, 1) + piece(last, 3) + record(0, b"", (1.0, 2.0))
    )  # fmt: skip
    found = [(person, face.content()) for person, face in facesets.recordio(path)]
    assert found == [("0000007", b"jpeg1"), ("0000008", b"jpeg2"),
                     ("0000009", whole[24:])]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"hello", b"\0" * 8, record(7, b"jpeg")[:-3], record(float("nan"), b"x"), record(-1, b"x"),
        piece(b"short", 0), piece(b"x" * 30, 1), piece(b"x" * 30, 3), piece(b"x" * 30, 7),
        piece(struct.pack("<IfQQ", 2**31, 0, 0, 0), 0), struct.pack("<II", 0xCED7230A, 2**29 - 1),
    ],
)  # fmt: skip
def test_a_damaged_recordio_is_one_sentence(tmp_path, content):
    (tmp_path / "x.rec").write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.rec is not a RecordIO file"):
        list(facesets.recordio(tmp_path / "x.rec"))


# K-Face


def test_kface_finds_people_and_pictures_at_any_size(tmp_path):
    below = tmp_path / "High_Resolution"
    for person in ("19062421", "19062431"):
        for cell in (REGISTERED, Cell.parse("S002/L30/E03/C20")):
            path = below / person / cell.path
            path.parent.mkdir(parents=True)
            path.write_bytes(b"x")
    (below / "19062431/S002/L30/E03/C20.jpg").unlink()
    (below / "notes").mkdir()
    for root in (tmp_path, below):
        found = facesets.kface(root)
        assert found.people == ("19062421", "19062431")
        assert found.root == below
    assert found.face("19062421", REGISTERED).content() == b"x"
    assert found.complete({"x": (REGISTERED,)}) == found.people
    assert found.complete({"x": (Cell(2, 30, 3, 20),)}) == ("19062421",)
    with pytest.raises(NotFound, match="nobody of K-Face"):
        facesets.kface(below / "notes")


def test_cells_are_named_as_kface_names_them():
    assert REGISTERED.path == "S001/L1/E01/C7.jpg"
    assert Cell.parse("S006/L30/E03/C20").code == "S006/L30/E03/C20"
    for text in ("S1/L1/E01/C7", "S001/L0/E01/C7", "../S001/L1/E01/C7", "", "S001/L1/E01/C7/x"):
        with pytest.raises(BadInput, match="no cell of K-Face"):
            Cell.parse(text)


def test_the_protocols_have_the_numbers_of_table_3():
    assert {name: len(cells) for name, cells in TABLE_3.items()} == {
        "light": 8, "expression": 4, "pose": 3, "accessory": 2,
    }  # fmt: skip
    assert all(cell.in_kface for cells in NEAREST.values() for cell in cells)
    assert list(NEAREST) == list(TABLE_3)
    for cells in (TABLE_3, NEAREST):
        every = [cell for some in cells.values() for cell in some]
        assert len(set(every)) == len(every)
        assert REGISTERED not in every


# WIDER FACE

WIDER = """0--Parade/0_Parade_1.jpg
2
449 330 122 149 0 0 0 0 1 0
10 20 0 5 2 1 1 1 2 1
0--Parade/0_Parade_2.jpg
0
0 0 0 0 0 0 0 0 0 0
1--Handshaking/3.jpg
1
1 2 3 4 2 1 1 0 2 1
"""


def test_wider_face_boxes_are_read_with_their_flags(tmp_path):
    listing = tmp_path / "wider_face_train_bbx_gt.txt"
    listing.write_text(WIDER)
    one, none, last = facesets.wider(listing, tmp_path / "images")
    assert one.box.tolist() == [[449, 330, 571, 479]]  # the face without width is left out
    assert one.occlusion.tolist() == [1]
    assert none.box.shape == (0, 4)
    assert last.face.where == tmp_path / "images" / "1--Handshaking" / "3.jpg"
    flags = (last.blur, last.expression, last.illumination, last.invalid, last.occlusion, last.pose)
    assert [int(flag[0]) for flag in flags] == [2, 1, 1, 0, 2, 1]


def test_a_picture_without_faces_may_lack_its_line_of_noughts(tmp_path):
    listing = tmp_path / "list.txt"
    listing.write_text("a.jpg\n0\nb.jpg\n1\n1 2 3 4 0 0 0 0 0 0\n")
    assert [len(scene.box) for scene in facesets.wider(listing, tmp_path)] == [0, 1]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("a.jpg\n", "line 2 should be a number"),
        ("a.jpg\n-1\n", "line 2 should be a number"),
        ("a.jpg\n2\n1 2 3 4 0 0 0 0 0 0\n", "cut short"),
        ("a.jpg\n1\n1 2 3\n", "10 whole numbers"),
        (f"a.jpg\n1\n{10**40} 2 3 4 0 0 0 0 0 0\n", "10 whole numbers"),
        ("../../a.jpg\n1\n1 2 3 4 0 0 0 0 0 0\n", "leads out"),
        ("/etc/passwd\n1\n1 2 3 4 0 0 0 0 0 0\n", "leads out"),
        ("..\\..\\a.jpg\n1\n1 2 3 4 0 0 0 0 0 0\n", "leads out"),
    ],
)
def test_a_wrong_wider_list_is_one_sentence(tmp_path, lines, says):
    (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(BadInput, match=says):
        list(facesets.wider(tmp_path / "list.txt", tmp_path))


def test_a_list_that_is_no_text_is_said(tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(BadInput, match="not a text file"):
        list(facesets.wider(tmp_path / "list.txt", tmp_path))


def test_pictures_are_read_only_when_asked_for(tmp_path):
    face = facesets.Face("gone", tmp_path / "gone.jpg")
    with pytest.raises(NotFound, match="no picture at"):
        face.content()


def test_pairs_need_both_kinds():
    faces = [facesets.Face("x", io.BytesIO(b"x").getvalue())] * 2
    with pytest.raises(BadInput, match="same and of different"):
        facesets.Pairs("x", faces, np.array([0]), np.array([1]), np.array([True]), aligned=True)
