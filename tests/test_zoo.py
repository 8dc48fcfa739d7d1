"""A model is what its sha256 says; files come from the folders named, from afar only when asked."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import threads, zoo
from core.cli import main
from core.errors import BadInput, ModelError, NotFound

BESIDE = Path(__file__).parents[2] / "shared" / "models"
MODELS = Path(os.environ.get("DONGSEON_MODELS") or BESIDE)
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"


def real(test):
    """Mark a test that needs the public weights."""
    lacking = not (MODELS / "yolox_nano.onnx").exists()
    reason = f"NOT TESTED with the public weights: none in {MODELS} (set DONGSEON_MODELS)"
    return pytest.mark.real(pytest.mark.skipif(lacking, reason=reason)(test))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch) -> Path:
    """A cache of its own for each test, and no folder named in the environment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DONGSEON_MODELS", raising=False)
    return tmp_path / "cache" / "dongseon" / "models"


@pytest.fixture
def pack(tiny_pack, tmp_path) -> Path:
    """A copy of the tiny pack that a test may damage."""
    return Path(shutil.copytree(tiny_pack, tmp_path / "pack"))


def table(folder: Path) -> str:
    return (folder / "models.toml").read_text()


def write_table(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "models.toml").write_text(text)
    return folder


def black(row: zoo.Row, n: int = 1) -> np.ndarray:
    width, height = row.size
    return np.zeros((n, height, width, 3), np.uint8)


# The table.


def test_the_own_table_is_sound():
    rows, packs = zoo.rows(), zoo.packs()
    assert list(packs) == [
        "reference",
        "opencv-zoo",
        "builtin",
        "builtin-clothing",
        "builtin-faces",
    ]
    assert zoo.missing("builtin") == []
    for pack in packs.values():
        for task, name in pack.tasks.items():
            assert rows[name].task == task
    for row in rows.values():
        assert len(row.sha256) == 64
        whole = row.bytes + sum(rows[part].bytes for part in row.parts)
        assert whole > (0 if row.task == zoo.PART else 100_000)
        assert row.licence
        assert row.training_data
        assert not row.url or row.url.startswith("https://")


def test_a_pack_that_looks_at_no_face_judges_none_either():
    words = {"title": "", "notice": "", "person": "p", "body_embedding": "b"}
    faces = {"face": "f", "face_embedding": "e", "face_bareness": "j"}
    assert zoo.Pack("whole", **words, **faces).models == ("p", "f", "e", "j", "b")
    with pytest.raises(ValueError, match="judges nothing"):
        zoo.Pack("half", **words, face_bareness="j")


def test_a_folder_brings_its_own_models_and_packs(tiny_pack):
    assert "tiny" not in zoo.packs()
    assert zoo.pack("tiny", [tiny_pack]).models == (
        "tiny_person", "tiny_face", "tiny_face_embedding", "tiny_body"
    )  # fmt: skip
    assert zoo.rows([tiny_pack])["tiny_body"].size == (32, 64)
    assert next(iter(zoo.packs([tiny_pack]))) == "reference"


def test_a_folder_cannot_redefine_a_known_model_or_pack(pack, tiny_pack):
    known = zoo.rows()["yolox_nano"]
    text = table(pack).replace("models.tiny_person]", "models.yolox_nano]")
    text = text.replace("[packs.tiny]", "[packs.reference]")
    write_table(pack, text.replace("'tiny_person'", "'yolox_nano'"))
    assert zoo.rows([pack])["yolox_nano"] == known
    assert zoo.pack("reference", [pack]) == zoo.packs()["reference"]
    first = zoo.rows([tiny_pack, pack])["tiny_body"]
    write_table(pack, table(tiny_pack).replace("size = [32, 64]", "size = [64, 64]"))
    assert zoo.rows([tiny_pack, pack])["tiny_body"] == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("licence =", "license ="),
        ("batch = 1", "batch = 1\nthreads = 4"),
        ("person = 'tiny_person'", "person = 'tiny_person'\npose = 'tiny_pose'"),
        ("bytes =", "# bytes ="),
        ("[models.tiny_body]", "[models.tiny_body"),
        ("[packs.tiny]", "models = 3\n[packs.tiny]"),
        ("file = 'tiny_body.onnx'", "file = '../../tiny_body.onnx'"),
        ("\nface = 'tiny_face'", ""),
    ],
    ids=[
        "misspelt",
        "unknown",
        "unknown in pack",
        "lacking",
        "no toml",
        "no table",
        "outside",
        "half a face",
    ],
)
def test_a_wrong_table_is_one_clear_error(pack, old, new):
    assert old in table(pack)
    write_table(pack, table(pack).replace(old, new))
    for ask in (zoo.rows, zoo.packs, zoo.default_pack):
        with pytest.raises(ModelError, match=r"models\.toml is not a table of models"):
            ask([pack])


def test_a_table_that_is_no_text_is_one_clear_error(pack):
    (pack / "models.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="not a table of models"):
        zoo.rows([pack])


def test_unknown_names_are_said_with_what_there_is(tiny_pack):
    known = "reference, opencv-zoo, builtin, builtin-clothing, builtin-faces, tiny"
    with pytest.raises(NotFound, match=f"'nope'.*{known}"):
        zoo.pack("nope", [tiny_pack])
    with pytest.raises(NotFound, match="'nope' is not known"):
        zoo.load("nope", [tiny_pack])


def test_a_pack_that_names_an_unknown_model_says_which(pack):
    write_table(pack, table(pack).replace("body_embedding = 'tiny_body'", "body_embedding = 'x9'"))
    for ask in (lambda: zoo.missing("tiny", [pack]), lambda: zoo.default_pack([pack])):
        with pytest.raises(NotFound, match="'x9' is not known"):
            ask()


# Finding and verifying.


def test_a_missing_file_is_said_with_its_size_and_licence(pack):
    (pack / "tiny_body.onnx").unlink()
    assert [row.name for row in zoo.missing("tiny", [pack])] == ["tiny_body"]
    with pytest.raises(ModelError, match=r"tiny_body\.onnx .*0\.0 MB, Apache-2\.0.* not found"):
        zoo.load("tiny_body", [pack])


@pytest.mark.parametrize("damage", ["bit", "cut", "longer", "empty"])
def test_a_file_that_is_not_the_measured_one_is_refused(pack, damage):
    path = pack / "tiny_body.onnx"
    content = bytearray(path.read_bytes())
    if damage == "bit":
        content[len(content) // 2] ^= 1
    path.write_bytes(
        {"bit": content, "cut": content[:-1], "longer": content + b"\0"}.get(damage, b"")
    )
    with pytest.raises(ModelError, match=r"tiny_body\.onnx is not the tiny_body that was measured"):
        zoo.load("tiny_body", [pack])


def test_a_file_that_changes_after_it_was_loaded_is_noticed(pack):
    assert zoo.load("tiny_body", [pack]) is zoo.load("tiny_body", [pack])
    path = pack / "tiny_body.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelError, match="sha256 differs"):
        zoo.load("tiny_body", [pack])


def test_the_first_folder_that_has_the_file_wins(pack, tiny_pack, own_cache, monkeypatch):
    row = zoo.rows([tiny_pack])["tiny_body"]
    assert zoo.find(row) is None
    assert zoo.find(row, [pack, tiny_pack]) == pack / row.file
    monkeypatch.setenv("DONGSEON_MODELS", str(tiny_pack))
    assert zoo.find(row) == tiny_pack / row.file
    assert zoo.find(row, [pack]) == pack / row.file
    own_cache.mkdir(parents=True)
    shutil.copy(pack / row.file, own_cache)
    assert zoo.find(row) == tiny_pack / row.file
    monkeypatch.setenv("DONGSEON_MODELS", "")
    assert zoo.find(row) == own_cache / row.file


def test_an_empty_variable_means_unset_and_never_the_current_folder(tiny_pack, monkeypatch):
    monkeypatch.chdir(tiny_pack)
    unset = zoo.search_path()
    monkeypatch.setenv("DONGSEON_MODELS", "")
    assert zoo.search_path() == unset
    assert Path() not in unset
    assert "tiny" not in zoo.packs()


def test_the_default_pack_is_the_first_complete_one(pack, tmp_path, monkeypatch):
    assert zoo.default_pack([pack]) == "tiny"
    second = table(pack) + "\n" + table(pack).split("\n[models")[0].replace("tiny]", "other]")
    write_table(pack, second)
    assert list(zoo.packs([pack]))[-2:] == ["tiny", "other"]
    assert zoo.default_pack([pack]) == "tiny"
    body = "[models" + table(pack).split("[models")[4]
    spare = body.split("\n[packs")[0].replace("tiny_body", "spare_body")
    text = table(pack).replace("body_embedding = 'tiny_body'", "body_embedding = 'spare_body'", 1)
    write_table(pack, text + "\n" + spare)
    assert zoo.default_pack([pack]) == "other"  # spare_body.onnx is not there
    assert zoo.default_pack([tmp_path / "nowhere"]) == "builtin"
    monkeypatch.setattr(zoo, "shipped_dir", lambda: tmp_path)
    with pytest.raises(ModelError, match=r"no complete model pack.*nowhere"):
        zoo.default_pack([tmp_path / "nowhere"])


def renamed(folder: Path, pack: str) -> Path:
    """The same files and models in a folder, as a pack of another name."""
    return write_table(folder, table(folder).replace("[packs.tiny]", f"[packs.{pack}]"))


def test_builtin_is_the_default_wherever_its_files_lie_unless_a_folder_is_named(
    tiny_pack, own_cache, tmp_path, monkeypatch
):
    """Our weights in the cache, or in data/models; a complete pack of somebody else beside them."""
    other = renamed(Path(shutil.copytree(tiny_pack, tmp_path / "other")), "other")
    write_table(other, table(other).replace("tiny_", "other_"))
    for file in other.glob("tiny_*.onnx"):
        file.rename(file.with_name(file.name.replace("tiny_", "other_")))
    monkeypatch.setattr(zoo, "shipped_dir", lambda: tmp_path / "none")
    for place in (own_cache, tmp_path / "data" / "models"):
        ours = renamed(Path(shutil.copytree(tiny_pack, place)), "builtin")
        packs, models = table(ours).split("\n\n", 1)  # another one is listed first, complete, too
        earlier = packs.replace("builtin", "earlier")
        write_table(ours, "\n\n".join([earlier, packs, models]))
        if place != own_cache:
            shutil.rmtree(own_cache)
            monkeypatch.setattr(zoo, "shipped_dir", lambda place=place: place)
        assert zoo.default_pack() == "builtin"
        assert zoo.default_pack([tmp_path / "empty"]) == "builtin"
        assert zoo.default_pack([other]) == "other"
        monkeypatch.setenv("DONGSEON_MODELS", str(other))
        assert zoo.default_pack() == "other"
        shutil.move(other / "other_body.onnx", place)
        assert zoo.missing("other") == []  # its last file is found elsewhere
        assert zoo.default_pack() == "builtin"
        shutil.move(place / "other_body.onnx", other)
        monkeypatch.delenv("DONGSEON_MODELS")
    (tmp_path / "data" / "models" / "tiny_body.onnx").unlink()
    assert zoo.default_pack([other]) == "other"
    with pytest.raises(ModelError, match="no complete model pack"):
        zoo.default_pack()


# Running.


def test_pictures_are_checked_before_they_run(tiny_pack):
    body = zoo.load("tiny_body", [tiny_pack])
    fine = black(body.row, 2)
    assert body(fine)[0].shape == (2, 12)
    for wrong in (fine[:0], fine[0], fine[:, :32], fine[..., :2], fine.astype(np.float32)):
        with pytest.raises(ValueError, match=r"tiny_body wants \(B,64,32,3\) uint8"):
            body(wrong)


def test_preprocessing_comes_from_the_row_alone(tiny_pack):
    pixels = np.zeros((1, 64, 32, 3), np.uint8)
    pixels[...] = (255, 51, 0)
    row = zoo.rows([tiny_pack])["tiny_body"]
    content = (tiny_pack / row.file).read_bytes()

    def channels(**other):
        made = zoo.Model(replace(row, input={**row.input, **other}), content)
        return made(pixels)[0].reshape(3, 4)[:, 0]  # one number per channel

    assert channels() == pytest.approx([1.0, -0.6, -1.0], abs=1e-5)  # (x / 255 - .5) / .5
    assert channels(color="BGR") == pytest.approx([-1.0, -0.6, 1.0], abs=1e-5)
    assert channels(scale=1.0, mean=[0, 0, 0], std=[1, 1, 1]) == pytest.approx([255, 51, 0])
    assert channels(mean=[1.0, 0.0, 0.0], std=[0.5, 0.25, 1.0]) == pytest.approx(
        [0, 0.8, 0], abs=1e-4
    )


def test_one_file_under_two_names_keeps_its_two_meanings(pack):
    body = "[models" + table(pack).split("[models")[4]
    other = body.replace("models.tiny_body", "models.bgr_body").replace("'RGB'", "'BGR'")
    write_table(pack, table(pack) + "\n" + other)
    pixels = np.zeros((1, 64, 32, 3), np.uint8)
    pixels[..., 0] = 200
    plain, turned = (zoo.load(name, [pack]) for name in ("tiny_body", "bgr_body"))
    assert (plain.name, turned.name) == ("tiny_body", "bgr_body")
    assert not np.allclose(plain(pixels)[0], turned(pixels)[0])


def test_a_corrected_row_counts_for_a_file_that_is_loaded_already(pack):
    assert zoo.load("tiny_body", [pack]).row.input["color"] == "RGB"
    before, body = table(pack).rsplit("[models.tiny_body]", 1)
    write_table(pack, before + "[models.tiny_body]" + body.replace("'RGB'", "'BGR'"))
    assert zoo.load("tiny_body", [pack]).row.input["color"] == "BGR"


@pytest.mark.parametrize("name", ["tiny_person", "tiny_face", "tiny_face_embedding", "tiny_body"])
def test_a_tiny_batch_of_two_is_two_singles(tiny_pack, name):
    model = zoo.load(name, [tiny_pack])
    pair = np.random.default_rng(3).integers(0, 256, black(model.row, 2).shape, np.uint8)
    assert_batch_is_singles(model, pair)
    assert "CPUExecutionProvider" in model.providers


def assert_batch_is_singles(model, pair):
    both, first, second = model(pair), model(pair[:1]), model(pair[1:])
    assert len(both) == len(model.output_names)
    for together, one, two in zip(both, first, second, strict=True):
        alone = np.concatenate([one, two])
        assert together.shape == alone.shape
        assert np.abs(together - alone).max() <= 1e-4 * max(1.0, np.abs(alone).max())
    if model.name != "tiny_face":  # finds nothing in anything
        assert any(not np.allclose(one, two) for one, two in zip(first, second, strict=True))


def test_asking_about_models_loads_no_runtime():
    code = (
        "import sys; from core import zoo; zoo.rows(); zoo.packs(); zoo.search_path(); "
        "print([m for m in ('onnxruntime', 'cv2', 'av', 'duckdb') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@real
@pytest.mark.parametrize("task", zoo.packs()["reference"].tasks)
def test_a_batch_of_two_is_two_singles(task):
    model = zoo.load(getattr(zoo.pack("reference"), task), [MODELS])
    pair = np.random.default_rng(5).integers(0, 256, black(model.row, 2).shape, np.uint8)
    assert_batch_is_singles(model, pair)


@real
def test_yunet_is_the_published_file():
    row = zoo.rows()["yunet_2023mar"]
    assert row.sha256 == YUNET_SHA256
    content = zoo.verify(row, MODELS / row.file)
    model = zoo.load(row.name, [MODELS])
    turned = zoo.Model(replace(row, input={**row.input, "color": "RGB"}), content)
    pixels = np.random.default_rng(1).integers(0, 256, black(row).shape, np.uint8)
    for a, b in zip(model(pixels), turned(pixels[..., ::-1]), strict=True):
        assert np.array_equal(a, b)
    assert any(not np.allclose(a, b) for a, b in zip(model(pixels), turned(pixels), strict=True))


# Bringing files.


def kept(cache: Path) -> list[str]:
    return sorted(p.name for p in cache.rglob("*") if p.is_file())


def test_import_knows_a_file_by_its_content(tiny_pack, own_cache, tmp_path, monkeypatch):
    monkeypatch.setenv("DONGSEON_MODELS", str(write_table(tmp_path / "known", table(tiny_pack))))
    stick = tmp_path / "stick"
    (stick / "deep").mkdir(parents=True)
    (stick / "readme.txt").write_text("hello")
    shutil.copy(tiny_pack / "tiny_body.onnx", stick / "deep" / "모델 (1).bin")
    shutil.copy(tiny_pack / "tiny_face.onnx", stick / "tiny_body.onnx")
    assert {row.name for row in zoo.import_files(stick)} == {"tiny_body", "tiny_face"}
    assert kept(own_cache) == ["tiny_body.onnx", "tiny_face.onnx"]
    for name in kept(own_cache):
        assert (own_cache / name).read_bytes() == (tiny_pack / name).read_bytes()
    assert [r.name for r in zoo.import_files(tiny_pack / "tiny_person.onnx")] == ["tiny_person"]
    assert {row.name for row in zoo.missing("tiny")} == {"tiny_face_embedding"}


def test_import_tells_two_files_of_one_size_apart(pack, own_cache, tmp_path, monkeypatch):
    """One network trained twice: as many bytes, other weights."""
    content = bytearray((pack / "tiny_body.onnx").read_bytes())
    content[50] ^= 1
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "second.onnx").write_bytes(content)
    body = "[models" + table(pack).split("[models")[4]
    old = hashlib.sha256((pack / "tiny_body.onnx").read_bytes()).hexdigest()
    second = body.replace("tiny_body", "second").replace(old, hashlib.sha256(content).hexdigest())
    write_table(pack, f"{table(pack)}\n{second}")
    monkeypatch.setenv("DONGSEON_MODELS", str(pack))
    assert [row.name for row in zoo.import_files(stick)] == ["second"]
    assert [row.name for row in zoo.import_files(pack / "tiny_body.onnx")] == ["tiny_body"]
    assert kept(own_cache) == ["second.onnx", "tiny_body.onnx"]


def test_import_refuses_what_it_does_not_know(tmp_path, own_cache):
    (tmp_path / "notes.txt").write_text("nothing")
    for source in (tmp_path / "notes.txt", tmp_path / "none", tmp_path):
        with pytest.raises(NotFound, match="no weight file"):
            zoo.import_files(source)
    assert kept(own_cache) == []


def test_import_refuses_a_tampered_file_of_the_right_size(pack, own_cache, monkeypatch):
    monkeypatch.setenv("DONGSEON_MODELS", str(pack))
    content = bytearray((pack / "tiny_body.onnx").read_bytes())
    content[50] ^= 1
    (pack / "tampered.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"tampered\.onnx is not the tiny_body"):
        zoo.import_files(pack / "tampered.onnx")
    assert kept(own_cache) == []


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a web server on this machine that gives out a folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def body(tiny_pack) -> zoo.Row:
    return zoo.rows([tiny_pack])["tiny_body"]


def test_fetch_keeps_the_right_file(body, tiny_pack, own_cache):
    steps = []
    with served(tiny_pack) as address:
        path = zoo.fetch(
            replace(body, url=f"{address}/{body.file}"), lambda *step: steps.append(step)
        )
    assert path == own_cache / body.file
    assert path.read_bytes() == (tiny_pack / body.file).read_bytes()
    assert steps[-1] == (body.bytes, body.bytes)
    assert kept(own_cache) == [body.file]


@pytest.mark.parametrize("name", ["tiny_face.onnx", "longer.onnx", "cut.onnx"])
def test_fetch_refuses_another_content_and_keeps_nothing(body, pack, own_cache, name):
    content = (pack / body.file).read_bytes()
    (pack / "longer.onnx").write_bytes(content + bytes(5_000_000))
    (pack / "cut.onnx").write_bytes(content[:-1])
    read = []
    with served(pack) as address, pytest.raises(ModelError, match="sha256 differs"):
        zoo.fetch(replace(body, url=f"{address}/{name}"), lambda done, _: read.append(done))
    assert kept(own_cache) == []
    assert max(read) < 3_000_000  # no more is taken than can be right


def test_fetch_fails_in_one_sentence_and_keeps_nothing(body, pack, own_cache):
    with pytest.raises(ModelError, match="tiny_body has no public address"):
        zoo.fetch(body)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        unreachable = f"http://127.0.0.1:{free.getsockname()[1]}/x"
    with served(pack) as address:
        for url in (unreachable, f"{address}/none.onnx", "nonsense", "http://127.0.0.1:x/"):
            with pytest.raises(ModelError, match=r"tiny_body could not be fetched .*import FILE"):
                zoo.fetch(replace(body, url=url))
    assert kept(own_cache) == []


def test_fetch_from_something_that_speaks_no_http_fails_in_one_sentence(body, own_cache):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            caller, _ = server.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(ModelError, match="could not be fetched"):
            zoo.fetch(replace(body, url=f"http://127.0.0.1:{server.getsockname()[1]}/x"))
        thread.join()
    assert kept(own_cache) == []


def test_every_model_of_the_agency_pack_can_be_fetched():
    file = Path(zoo.__file__).parent / "models.toml"
    models = tomllib.loads(file.read_text(encoding="utf-8"))["models"]
    assert all(models[name]["url"] for name in zoo.pack("opencv-zoo").models)


def test_threads_of_a_model_wait_asleep_and_are_as_many_as_said(
    tiny_pack: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DONGSEON_THREADS", "1")
    one = threads.options()
    assert one.intra_op_num_threads == 1
    assert one.get_session_config_entry(threads.SPINNING) == "0"
    pack = zoo.packs([tiny_pack])["tiny"]
    used = zoo.load(pack.tasks["person"], [tiny_pack])._session.get_session_options()
    assert used.get_session_config_entry(threads.SPINNING) == "0"
    monkeypatch.delenv("DONGSEON_THREADS")
    assert threads.options().intra_op_num_threads == 0  # ONNX Runtime's word for one a core
    monkeypatch.setenv("DONGSEON_THREADS", "many")
    with pytest.raises(BadInput, match="many"):
        threads.options()


def test_the_list_says_calibrated_only_of_what_gives_evidence(capsys):
    assert main(["models", "list"]) == 0
    said = {
        line.split()[1]: line for line in capsys.readouterr().out.splitlines() if ".onnx" in line
    }
    assert said["face_2026nov.onnx"].endswith("; calibrated")
    for name in ("mtcnn_2026nov.onnx", "bareness_2026nov.onnx", "mobilenet_v2_person.onnx"):
        assert "calibrated" not in said[name]
