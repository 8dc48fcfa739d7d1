"""Real training of three small networks on drawn faces: they learn one after the other, a killed
run goes on, and what is exported is what the product runs.

Needs PyTorch, torchvision and torchreid (`requirements/train.txt`), which CI does not install.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import drawnfaces
import numpy as np
import pytest

WHY = "NOT TESTED: the extra `train` is not installed, so no face detector was trained here"
torch = pytest.importorskip("torch", reason=WHY)
pytest.importorskip("torchvision", reason=WHY)

from core import cascade, zoo  # noqa: E402
from core.describe import FaceDetector  # noqa: E402
from core.errors import BadInput, NotFound  # noqa: E402
from core.geometry import iou  # noqa: E402
from core.recipes import checkpoint, networks  # noqa: E402
from core.recipes.mtcnn import cut, faces, losses, mining, network, teacher, training  # noqa: E402
from core.recipes.mtcnn.plan import ACTIVATIONS, Plan  # noqa: E402
from core.study import facefinding  # noqa: E402
from core.study.activating import activations  # noqa: E402


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawnfaces.make(tmp_path_factory.mktemp("drawnfaces") / "set", 40)


def plan(table: Path, out: Path, **changed: Any) -> Plan:
    plain: dict[str, Any] = {
        "name": "tiny_faces", "epochs": 2, "samples": (256,), "batch": 128, "held_out": 0.2,
        "precision": "fp32", "device": "cpu", "least_px": 24.0,
    }  # fmt: skip
    return Plan("mtcnn", (str(table),), str(out), **{**plain, **changed})


# What is learned from.


def test_crops_are_of_their_kind_and_say_where_the_face_is(table):
    known = faces.read([table], 0.2, 0)
    crops = cut.Crops(known, np.flatnonzero(~known.judges), plan(table, Path("x")), 1, None, True)
    kinds = np.concatenate([crops[(0, i, 0)][1] for i in range(12)])
    share = np.bincount(kinds, minlength=4) / len(kinds)
    assert np.abs(share - np.array(cut.SHARES) / 7).max() < 0.07
    images, kinds, box, points = crops[(0, 0, 0)]
    assert images.shape == (cut.GROUP, 24, 24, 3)
    face = box[kinds == cut.YES] + [0, 0, 1, 1]  # in widths of the window
    assert (iou(face.astype(np.float32), np.array([[0, 0, 1, 1]], np.float32)) > 0.45).all()
    marks = points[kinds == cut.MARKED].reshape(-1, 5, 2)
    assert (marks[:, 0, 0] < marks[:, 1, 0]).all()  # its right eye lies left in the picture
    assert not box[kinds == cut.NO].any()


def test_the_same_key_cuts_the_same_and_mirroring_keeps_points_in_order(table):
    known = faces.read([table], 0.2, 0)
    made = [cut.Crops(known, np.arange(len(known)), plan(table, Path("x")), 0, None)
            for _ in range(2)]  # fmt: skip
    for a, b in zip(made[0][(1, 3, 0)], made[1][(1, 3, 0)], strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(made[0][(1, 3, 0)][0], made[0][(2, 3, 0)][0])
    _, kinds, _, points = made[0][(1, 3, 0)]
    marks = points[kinds == cut.MARKED].reshape(-1, 5, 2)
    assert (marks[:, 0, 0] < marks[:, 1, 0]).all()


def test_a_doubtful_face_and_what_lies_on_it_teach_nothing(table, tmp_path):
    lines = table.read_text().splitlines()
    (tmp_path / "d.csv").write_text(
        "\n".join([lines[0] + ",score", *(one + ",0.4" for one in lines[1:4]),
                   *(one + ",0.9" for one in lines[4:])]).replace(
            "\n0", f"\n{table.parent}/0") + "\n"
    )  # fmt: skip
    known = faces.read([tmp_path / "d.csv"], 0.1, 0)
    doubtful = [i for i in range(3) if len(known.box[i])]
    assert doubtful
    assert not any(known.sure[i].any() for i in doubtful)
    assert {i for i, _ in known.known(np.arange(len(known)))}.isdisjoint(doubtful)


def test_people_kept_apart_are_in_no_crop_that_teaches(table):
    known = faces.read([table], 0.25, 0)
    assert 0 < known.judges.sum() < len(known)
    taught = cut.Crops(known, np.flatnonzero(~known.judges), plan(table, Path("x")), 0, None)
    assert not known.judges[[i for i, _ in taught.known]].any()


def test_only_the_hardest_crops_count_and_each_kind_teaches_its_part():
    said = torch.zeros(4, 15, requires_grad=True)
    kind = torch.tensor([cut.NO, cut.YES, cut.PARTLY, cut.MARKED])
    box, points = torch.ones(4, 4), torch.ones(4, 10)
    parts, shares = losses.of(said, kind, box, points, 2, 1.0)
    assert parts["face"].item() == pytest.approx(np.log(2))
    assert parts["box"].item() == pytest.approx(losses.BOX * 4)
    assert parts["points"].item() == pytest.approx(10)
    assert shares["right"] == 0.5
    sum(parts.values()).backward()
    taught = said.grad.abs() > 0
    assert taught[:, 0].tolist() == [True, True, False, False]
    assert taught[:, 1].tolist() == [False, True, True, False]
    assert taught[:, 5].tolist() == [False, False, False, True]
    easy = torch.tensor([[9.0, *[0.0] * 14], [-9.0, *[0.0] * 14]])
    harder, _ = losses.of(easy, torch.tensor([cut.YES, cut.YES]), box[:2], points[:2], 0, 0.5)
    assert harder["face"].item() == pytest.approx(9, abs=1e-3)


# Networks.


@pytest.mark.parametrize("act", ACTIVATIONS)
def test_the_networks_have_the_published_sizes(act):
    counts = []
    for stage, side in enumerate(cascade.SIDES):
        torch.manual_seed(0)
        net = network.build(stage, act).eval()
        assert net(torch.zeros(2, 3, side, side)).shape == (2, 1, cascade.NUMBERS)
        counts.append(sum(p.numel() for p in net.parameters()))
    prelu = (58, 268, 544) if act == "prelu" else (0, 0, 0)  # one slope for each channel
    assert counts == [6_871 + prelu[0], 101_071 + prelu[1], 388_239 + prelu[2]]


def test_a_window_of_a_large_picture_is_seen_as_if_it_stood_alone():
    torch.manual_seed(1)
    net = network.build(0, "prelu").eval()
    image = torch.randn(1, 3, 30, 44)
    with torch.no_grad():
        rows = net(image).reshape(10, 17, cascade.NUMBERS)
        alone = net(image[:, :, 6:18, 20:32])[0, 0]
    assert torch.allclose(rows[3, 10], alone, atol=1e-5)


# Learning.


def weights(out: Path, net: str) -> dict[str, Any]:
    return torch.load(out / net / checkpoint.FILE, weights_only=True)["net"]


def call(one: Plan) -> list[str]:
    options = {k: v for k, v in vars(one).items() if v is not None}
    return [sys.executable, "-m", "core.recipes", json.dumps(options)]


def test_a_killed_run_that_goes_on_equals_an_unbroken_one(table, tmp_path):
    unbroken = plan(table, tmp_path / "unbroken", nets=2)
    training.fit(unbroken, None)
    killed = plan(table, tmp_path / "killed", nets=2, minutes=0.0)  # kept after each batch
    kept = tmp_path / "killed" / "r" / checkpoint.FILE
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(call(killed), env=env, stderr=subprocess.DEVNULL)
    while not kept.exists() and child.poll() is None:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    mined = (tmp_path / "killed" / "r" / mining.FILE).read_bytes()
    again, _ = training.fit(replace(killed, minutes=5.0), None)
    assert (tmp_path / "killed" / "r" / mining.FILE).read_bytes() == mined  # not mined anew
    assert [line["batches"] for line in again.state.history] == [4, 4]  # two of each net
    for net in ("p", "r"):
        one, other = weights(tmp_path / "unbroken", net), weights(tmp_path / "killed", net)
        assert one.keys() == other.keys()
        for name, value in one.items():
            assert torch.allclose(value, other[name], atol=1e-6), name
    with pytest.raises(BadInput, match="other options or other pictures"):
        training.fit(replace(killed, hard=0.5), None)


def test_what_cannot_be_trained_is_said_before_it_is_tried(table, tmp_path):
    with pytest.raises(BadInput, match="is a model of this product"):
        training.fit(plan(table, tmp_path / "a", name="yunet_2023mar"), None)
    with pytest.raises(BadInput, match="there is no manifest"):
        training.fit(plan(table, tmp_path / "b", eval=("nowhere.csv",)), None)
    with pytest.raises(BadInput, match="a multiple of 64"):
        plan(table, tmp_path / "c", batch=100)
    with pytest.raises(BadInput, match="begin from random weights"):
        plan(table, tmp_path / "d", start="w.pt")
    with pytest.raises(BadInput, match="is no activation"):
        plan(table, tmp_path / "e", activation="gelu")


def test_runs_by_activation_are_compared(table, tmp_path):
    for act in ACTIVATIONS:
        training.train(plan(table, tmp_path / act, nets=1, activation=act, eval=()), None)
    found = activations([tmp_path / act for act in ACTIVATIONS]).values
    assert list(found["by_activation"]) == ["relu", "leaky_relu", "prelu"]
    for one in found["by_activation"].values():
        assert 0 < one["accuracy"] <= 1
        assert len(one["curves"]["face"]) == 2
    assert found["crops"] == 512


# A teacher.


class Published(torch.nn.Module):
    """One of the three networks as facenet-pytorch stores it, written down from its files."""

    SIZES = (
        [(3, 10, 3), (10, 16, 3), (16, 32, 3)],
        [(3, 28, 3), (28, 48, 3), (48, 64, 2)],
        [(3, 32, 3), (32, 64, 3), (64, 64, 3), (64, 128, 2)],
    )
    FLAT = (None, (576, 128), (1152, 256))
    SAYS = (
        {"conv4_1": 2, "conv4_2": 4},
        {"dense5_1": 2, "dense5_2": 4},
        {"dense6_1": 2, "dense6_2": 4, "dense6_3": 10},
    )

    def __init__(self, stage: int) -> None:
        super().__init__()
        self.stage, self.n = stage, len(self.SIZES[stage])
        for i, (before, after, side) in enumerate(self.SIZES[stage], start=1):
            self.add_module(f"conv{i}", torch.nn.Conv2d(before, after, side))
            self.add_module(f"prelu{i}", torch.nn.PReLU(after))
        wide = self.SIZES[stage][-1][1]
        if flat := self.FLAT[stage]:
            self.add_module(f"dense{self.n + 1}", torch.nn.Linear(*flat))
            self.add_module(f"prelu{self.n + 1}", torch.nn.PReLU(flat[1]))
            wide = flat[1]
        for name, count in self.SAYS[stage].items():
            made = torch.nn.Linear(wide, count) if flat else torch.nn.Conv2d(wide, count, 1)
            self.add_module(name, made)
        for name, value in self.named_parameters():
            torch.nn.init.normal_(value, 0.25 if "prelu" in name else 0, 0.1)

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Pictures (N,s,s,3) uint8 -> (N,15), as its publishers use what it says."""
        x = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127.5) / 128
        pools = [(2, 2)] if self.stage == 0 else [(3, 2), (3, 2), (2, 2)][: self.n - 1]
        for i in range(self.n):
            x = getattr(self, f"prelu{i + 1}")(getattr(self, f"conv{i + 1}")(x))
            if i < len(pools):
                x = torch.nn.functional.max_pool2d(x, *pools[i], ceil_mode=True)
        if self.stage:
            x = x.permute(0, 3, 2, 1).flatten(1)
            x = getattr(self, f"prelu{self.n + 1}")(getattr(self, f"dense{self.n + 1}")(x))
        said = [getattr(self, name)(x).flatten(1) for name in self.SAYS[self.stage]]
        points = said[2] if len(said) > 2 else torch.zeros(len(x), 10)
        pairs = points.reshape(-1, 2, 5).transpose(1, 2).flatten(1)  # five x, then five y
        return torch.cat([said[0].softmax(1)[:, 1:], said[1], pairs], dim=1).numpy()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three made-up networks in the published form."""
    folder = tmp_path_factory.mktemp("teacher") / "mtcnn"
    folder.mkdir()
    torch.manual_seed(3)
    for stage, net in enumerate("pro"):
        torch.save(Published(stage).state_dict(), folder / f"{net}net.pt")
    return folder


def test_a_teacher_says_of_a_crop_what_its_publishers_would_hear(published):
    images = np.random.default_rng(5).integers(0, 256, (7, 48, 48, 3), np.uint8)
    ours = mining.runs(teacher.read(published), "cpu")
    for stage, side in enumerate(cascade.SIDES):
        theirs = Published(stage)
        theirs.load_state_dict(torch.load(published / f"{'pro'[stage]}net.pt", weights_only=True))
        crops = np.ascontiguousarray(images[:, :side, :side])
        with torch.no_grad():
            want = theirs(crops)
        assert np.abs(want).max() > 0.1
        assert np.allclose(ours[stage](crops)[:, 0], want, atol=1e-4)


def test_a_teacher_is_followed_but_not_where_it_is_wrong_about_what_is_known():
    said = torch.zeros(5, 15, requires_grad=True)
    told = torch.full((5, 15), 2.0)
    told[4, 0] = -2.0
    kind = torch.tensor([cut.NO, cut.YES, cut.ANY, cut.MARKED, cut.YES])
    parts = losses.follow(said, told, kind, 2)
    assert parts["word"].item() == pytest.approx(losses.WORD * 1.5)  # 2 apart: 1.5, smooth at 0
    assert parts["word_box"].item() == pytest.approx(losses.BOX * 4 * 4)  # of the unknown alone
    assert parts["word_points"].item() == pytest.approx(10 * 4)
    sum(parts.values()).backward()
    taught = said.grad.abs() > 0
    assert taught[:, 0].tolist() == [False, True, True, True, False]
    assert taught[:, 1].tolist() == [False, False, True, False, False]
    assert "word_points" not in losses.follow(said, told, kind, 1)


def test_crops_for_the_teacher_stand_beside_the_others_and_say_nothing_themselves(
    table, published, tmp_path
):
    known = faces.read([table], 0.2, 0)
    at = np.flatnonzero(~known.judges)
    asked = plan(table, tmp_path, teacher=str(published))
    crops = cut.Crops(known, at, asked, 1, None)
    made = [crops[(0, i, 0)] for i in range(12)]
    kinds = np.concatenate([one[1] for one in made])
    assert np.mean(kinds == cut.ANY) == pytest.approx(cut.ASKED / 11, abs=0.06)
    assert not np.concatenate([one[2] for one in made])[kinds == cut.ANY].any()
    assert cut.ANY not in cut.Crops(known, at, asked, 1, None, plain=True)[(0, 0, 0)][1]
    for a, b in zip(made[3], cut.Crops(known, at, asked, 1, None)[(0, 3, 0)], strict=True):
        assert np.array_equal(a, b)


def test_a_net_comes_to_say_what_its_teacher_says(table, published, tmp_path):
    apart = {}
    for name, how in (("alone", {}), ("taught", {"teacher": str(published), "follow": 10.0})):
        one = plan(table, tmp_path / name, nets=1, epochs=6, samples=(1024,), **how)
        card = training.train(one, None)
        crops = cut.Crops(faces.read([table], 0.2, 0), np.arange(40), one, 0, None)
        images = np.concatenate([crops[(9, i, 0)][0] for i in range(4)])
        x = networks.pictures(torch.from_numpy(images), "cpu")
        net = network.build(0, "prelu")
        net.load_state_dict(weights(tmp_path / name, "p"))
        with torch.no_grad():
            said, told = net.eval()(x)[:, 0, 0], teacher.read(published)[0](x)[:, 0, 0]
        apart[name] = (said - told).abs().mean().item()
    assert apart["taught"] < 0.6 * apart["alone"]
    assert card["teacher"] == {"folder": "mtcnn", "sha256": teacher.sha256(published)}
    rows = zoo.rows([tmp_path / "taught"])
    assert rows["tiny_faces"].training_data.endswith("what the networks of mtcnn say of crops")
    text = (tmp_path / "taught" / "tiny_faces.md").read_text("utf-8")
    assert "--teacher mtcnn" in text
    assert card["teacher"]["sha256"] in text
    assert str(published.parent) not in text + json.dumps(card)


def test_what_is_no_teacher_is_said_in_a_sentence(table, published, tmp_path):
    with pytest.raises(NotFound, match="there is no teacher at"):
        training.fit(plan(table, tmp_path / "a", teacher=str(tmp_path)), None)
    for net in "pro":
        (tmp_path / f"{net}net.pt").write_bytes((published / "rnet.pt").read_bytes())
    with pytest.raises(BadInput, match="is not the published P-Net"):
        training.fit(plan(table, tmp_path / "b", teacher=str(tmp_path)), None)
    (tmp_path / "pnet.pt").write_bytes(b"\x80\x02cos\nsystem\n.")
    with pytest.raises(BadInput, match="is not the published P-Net"):
        training.fit(plan(table, tmp_path / "c", teacher=str(tmp_path)), None)
    with pytest.raises(BadInput, match="leave --activation out"):
        plan(table, tmp_path / "d", teacher=str(published), activation="relu")


# What comes out.


@pytest.fixture(scope="session")
def trained(table, tmp_path_factory) -> tuple[Plan, dict[str, Any]]:
    """A finished run with its card."""
    torch.set_num_threads(1)
    test = drawnfaces.make(tmp_path_factory.mktemp("drawnfaces") / "test", 12, first=100)
    out = tmp_path_factory.mktemp("runs") / "faces"
    one = plan(table, out, epochs=8, samples=(1536, 1024, 896), batch=64, score=0.55,
               eval=(str(test),))  # fmt: skip
    return one, training.train(one, None)


def test_the_product_finds_faces_it_never_saw(trained):
    one, card = trained
    figures = facefinding.truth(Path(one.eval[0]), one.name, [one.out])
    assert figures["ap50"] > 0.6
    assert figures["points_error"] < 0.2
    told = card["results"]["eval face-detection"]
    assert next(iter(told.values()))["ap50"] == figures["ap50"]
    assert set(card["results"]["crops of people kept apart"]) == set(cascade.STAGES)
    detector = FaceDetector(zoo.load(one.name, [one.out]))
    assert detector.in_use == 0.55
    assert not len(detector([np.full((96, 128, 3), 128, np.uint8)])[0])


def test_the_exported_nets_give_the_numbers_of_those_that_were_trained(trained):
    one, _ = trained
    rows = zoo.rows([one.out])
    assert rows[one.name].parts == list(one.names[1:])
    for stage, (name, size) in enumerate(zip(one.names, training.EXAMPLE, strict=True)):
        net = network.build(stage, one.activation)
        net.load_state_dict(weights(Path(one.out), "pro"[stage]))
        images = np.random.default_rng(0).integers(0, 256, (3, size[1], size[0], 3), np.uint8)
        content = (Path(one.out) / rows[name].file).read_bytes()
        (said,) = zoo.Model(rows[name], content)._infer(images)
        with torch.no_grad():
            x = networks.pictures(torch.from_numpy(images), "cpu")
            want = network.Product(net.eval())(x).numpy()
        assert said.shape == want.shape
        assert np.abs(said - want).max() < 0.01


def test_the_card_tells_all_and_a_finished_run_only_writes_its_papers_again(trained):
    one, card = trained
    out = Path(one.out)
    assert json.loads((out / f"{one.name}.json").read_text("utf-8")) == json.loads(json.dumps(card))
    assert [file["file"] for file in card["files"]] == [f"{name}.onnx" for name in one.names]
    text = (out / f"{one.name}.md").read_text("utf-8")
    assert card["command"] in text
    assert str(out.parent) not in text + json.dumps(card)
    before = [(out / net / "log.jsonl").read_bytes() for net in "pro"]
    assert training.train(one, None)["files"] == card["files"]
    assert [(out / net / "log.jsonl").read_bytes() for net in "pro"] == before
