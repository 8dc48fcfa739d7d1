"""Real training on tiny drawn people: it learns, goes on where it was killed, exports what it is.

Needs PyTorch, torchvision and torchreid (`requirements/train.txt`), which CI does not install.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import drawn
import numpy as np
import pytest

WHY = "NOT TESTED: the extra `train` is not installed, so no body model was trained here"
torch = pytest.importorskip("torch", reason=WHY)
pytest.importorskip("torchvision", reason=WHY)
pytest.importorskip("torchreid", reason=WHY)

from core import study, zoo  # noqa: E402
from core.describe import Describer, Shot, bodies, judge, unit  # noqa: E402
from core.errors import BadInput, DongseonError, ModelError  # noqa: E402
from core.recipes import attributes, checkpoint, losses, networks, reid, run, training  # noqa: E402
from core.recipes import samples as sets  # noqa: E402
from core.recipes.export import export, halved  # noqa: E402
from core.recipes.recipe import BACKBONES, Recipe  # noqa: E402
from core.settings import Models, Settings  # noqa: E402
from core.types import ATTRIBUTES  # noqa: E402

SIZE = (32, 64)
EVAL = "set/manifest.csv"


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn.make(tmp_path_factory.mktemp("drawn") / "set", people=8, crops=3)


def recipe(manifest: Path, out: Path, **changed: Any) -> Recipe:
    plain: dict[str, Any] = {
        "size": SIZE, "embedding": 24, "people": 4, "crops": 3, "epochs": 4, "lr": 3e-3,
        "warmup": 0.5, "triplet_from": 3, "precision": "fp32", "device": "cpu", "workers": 0,
        "name": "tiny_trained",
    }  # fmt: skip
    kind = changed.pop("kind", "reid")
    return Recipe(kind, (str(manifest),), str(out), **{**plain, **changed})


@pytest.fixture(scope="session")
def trained(manifest, tmp_path_factory) -> tuple[Recipe, dict[str, Any]]:
    """A finished joint run with its card."""
    out = tmp_path_factory.mktemp("runs") / "joint"
    test = drawn.make(tmp_path_factory.mktemp("drawn") / "real", people=5, crops=2, first=20)
    torch.set_num_threads(1)
    one = recipe(manifest, out, attributes=1.0, held_out=0.5, people=2, eval=(str(test),))
    return one, reid.train(one, None)


def pictures(n: int = 4) -> list[np.ndarray]:
    """Crops of the input size, so that nothing is resized."""
    return [drawn.crop(i, i % 2, 9, SIZE) for i in range(n)]


def weights(out: Path) -> dict[str, Any]:
    return torch.load(out / checkpoint.FILE, weights_only=True)["net"]


# Losses.


def test_batch_hard_takes_the_farthest_same_and_the_nearest_other():
    feature = torch.tensor([[0.0], [2.0], [3.0], [9.0]])
    who = torch.tensor([0, 0, 1, 1])
    # farthest same: 2 2 6 6; nearest other: 3 1 1 7; + margin 0.5, not below 0
    assert losses.batch_hard(feature, who, 0.5).item() == pytest.approx((0 + 1.5 + 5.5 + 0) / 4)


def test_contrast_asks_for_the_same_person_among_all_others():
    vector = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [0.0, 1.0]])
    right, wrong = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    # each crop: one at cosine 1, two at 0, temperature .5: e^2 / (e^2 + 2) and 1 / (e^2 + 2)
    e2 = float(np.exp(2))
    assert losses.contrast(vector, right, 0.5).item() == pytest.approx(-np.log(e2 / (e2 + 2)))
    assert losses.contrast(vector, wrong, 0.5).item() == pytest.approx(-np.log(1 / (e2 + 2)))
    far = (vector * 100).requires_grad_()
    losses.contrast(far, wrong, 0.5).backward()
    assert torch.isfinite(far.grad).all()


def test_unlabelled_cells_teach_nothing():
    logits = torch.zeros(4, 2, requires_grad=True)
    code = torch.tensor([[0], [-1], [1], [-1]])
    losses.attributes({"mask": logits}, code).backward()
    assert torch.equal(logits.grad.abs().sum(1) > 0, torch.tensor([True, False, True, False]))
    none = losses.attributes({"mask": logits}, torch.full((4, 1), -1))
    assert none.item() == 0


# Networks.


@pytest.mark.parametrize(
    ("backbone", "pooling"), [*((name, "gem") for name in BACKBONES), ("osnet_x0_25", "avg")]
)
def test_every_backbone_exports_with_any_batch(backbone, pooling, tmp_path):
    torch.manual_seed(0)
    net = networks.Net(backbone, pooling, 16, 3, {"mask": 2})
    apart = export(networks.Embedding(net), tmp_path / "a.onnx", SIZE, ["embedding"], 16)
    assert apart <= 2e-3
    judging = networks.Judge(net, {"mask": 2.0})
    assert export(judging, tmp_path / "b.onnx", SIZE, ["mask"], 0) <= 2e-3
    weighed = sum(v.numel() for n, v in net.named_parameters() if not n.startswith("classify"))
    assert (tmp_path / "a.onnx").stat().st_size < 2.6 * weighed + 400_000  # 16 bits each


def test_weights_of_sixteen_bits_are_those_of_thirty_two_rounded(tmp_path):
    import onnx
    import onnxruntime

    rng = np.random.default_rng(3)
    weights = {"large": rng.normal(size=(40, 20)), "small": rng.normal(size=4),
               "beyond": rng.normal(size=(20, 20)) * 1e5}  # fmt: skip
    kept = [onnx.numpy_helper.from_array(v.astype(np.float32), n) for n, v in weights.items()]
    node = onnx.helper.make_node("MatMul", ["x", "large"], ["y"])
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph([node], "one", [value("x", 1, ["n", 40])],
                                   [value("y", 1, ["n", 20])], kept)  # fmt: skip
    opset = [onnx.helper.make_opsetid("", 17)]
    content = halved(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
                     .SerializeToString())  # fmt: skip
    stored = {t.name: t.data_type for t in onnx.load_from_string(content).graph.initializer}
    assert stored == {"large_16": 10, "small": 1, "beyond": 1}
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    x = rng.normal(size=(3, 40)).astype(np.float32)
    want = x @ weights["large"].astype(np.float16).astype(np.float32)
    assert np.allclose(session.run(None, {"x": x})[0], want, atol=1e-5)


def test_an_instance_norm_begins_with_what_its_block_gave_on_average(tmp_path):
    torch.manual_seed(2)
    net = networks.Backbone("mobilenet_v2_in")
    for block in net.net.features:
        for part in block.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(part.weight, 0.5, 2.0)
                torch.nn.init.normal_(part.bias)
    net.settle()
    first, second, third = (net.net.features[i].conv[-1] for i in (1, 2, 3))
    assert torch.equal(net.instance["1"].bias, first.bias)
    assert torch.allclose(net.instance["2"].weight, second.weight)
    assert torch.allclose(net.instance["3"].bias, second.bias + third.bias)
    assert torch.allclose(net.instance["3"].weight ** 2, second.weight**2 + third.weight**2)
    x = net.eval()(torch.rand(2, 3, 64, 32) * 4)
    assert torch.isfinite(x).all()
    own = networks.Net("mobilenet_v2_in", "gem", 8, 2, {})
    torch.nn.init.normal_(own.backbone.instance["4"].weight)
    torch.save({"net": own.state_dict()}, tmp_path / "own.pt")
    torch.save({"net": own.backbone.net.state_dict()}, tmp_path / "theirs.pt")
    fresh = networks.Net("mobilenet_v2_in", "gem", 8, 2, {})
    for file, same in (("theirs.pt", False), ("own.pt", True)):
        networks.start(fresh, str(tmp_path / file))
        told = fresh.backbone.instance["4"].weight
        assert torch.equal(told, own.backbone.instance["4"].weight) is same
    dark, light = (net.instance["1"](torch.rand(1, 16, 8, 8).mul(k).add(k)) for k in (1, 3))
    assert torch.allclose(dark.mean(), light.mean(), atol=1e-4)  # no trace of the light is left


def test_identities_by_angle_do_not_know_how_long_a_vector_is():
    net = networks.Net("osnet_x0_25", "gem", 8, 5, {}, scale=20.0)
    vector = torch.randn(3, 8)
    assert torch.allclose(net._named(vector), net._named(7 * vector), atol=1e-4)
    assert net._named(vector).abs().max() <= 20.0


def test_a_power_of_one_is_the_average():
    x = torch.rand(2, 3, 4, 5) + 0.1
    gem = networks.GeM(1.0)
    assert torch.allclose(gem(x), networks.Average()(x), atol=1e-6)


def test_start_weights_are_taken_by_name_or_by_order(tmp_path):
    torch.manual_seed(1)
    theirs = networks.Net("mobilenet_v2", "gem", 8, 2, {})
    net = networks.Net("mobilenet_v2", "gem", 8, 2, {})
    state = theirs.backbone.net.state_dict()
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}}, tmp_path / "named.pt")
    torch.save({f"layer{i}": v for i, v in enumerate(state.values())}, tmp_path / "numbered.pt")
    for file in ("named.pt", "numbered.pt"):
        fresh = networks.Net("mobilenet_v2", "gem", 8, 2, {})
        assert not torch.equal(fresh.backbone(torch.ones(1, 3, 64, 32)),
                               theirs.backbone(torch.ones(1, 3, 64, 32)))  # fmt: skip
        assert networks.start(fresh, str(tmp_path / file)) == 260
        fresh.eval(), theirs.eval()
        assert torch.equal(fresh.backbone(torch.ones(1, 3, 64, 32)),
                           theirs.backbone(torch.ones(1, 3, 64, 32)))  # fmt: skip
    other = networks.Net("osnet_x0_25", "gem", 8, 2, {})
    with pytest.raises(BadInput, match="does not fit the backbone osnet_x0_25"):
        networks.start(other, str(tmp_path / "named.pt"))
    assert net.backbone.channels == 1280


def test_a_fine_mobilenet_looks_at_four_times_as_many_places():
    coarse, fine = (networks.Net("mobilenet_v2_in", "gem", 8, 2, {}, fine=f) for f in (False, True))
    fine.load_state_dict(coarse.state_dict())
    crops = torch.rand(1, 3, 128, 64)
    places = [net.eval().backbone(crops).shape[2:] for net in (coarse, fine)]
    assert places == [(4, 2), (8, 4)]
    for backbone in ("osnet_x0_25", "resnet50"):
        with pytest.raises(BadInput, match="--fine is for"):
            Recipe("reid", ("a.csv",), "out", backbone=backbone, fine=True)


def test_of_our_own_networks_all_but_the_identities_starts_a_run(tmp_path):
    torch.manual_seed(1)
    theirs = networks.Net("osnet_x0_25", "gem", 8, 2, {"hat": 3, "bag": 4})
    theirs.neck.running_var.fill_(2.0)
    torch.save({"net": theirs.state_dict()}, tmp_path / "own.pt")
    net = networks.Net("osnet_x0_25", "gem", 8, 2, {"hat": 3, "bag": 5})
    before = {k: v.clone() for k, v in net.state_dict().items()}
    networks.start(net, str(tmp_path / "own.pt"))
    kept, now = theirs.state_dict(), net.state_dict()
    for name in ("project.weight", "neck.running_var", "heads.hat.weight"):
        assert torch.equal(now[name], kept[name])
    for name in ("classify.weight", "heads.bag.weight"):  # other people; of another shape
        assert torch.equal(now[name], before[name])


def test_a_blend_lies_between_the_start_and_what_was_learned(tmp_path):
    torch.manual_seed(1)
    old = networks.Net("osnet_x0_25", "gem", 8, 2, {"hat": 3})
    torch.save({"net": old.state_dict()}, tmp_path / "own.pt")
    net = networks.Net("osnet_x0_25", "gem", 8, 2, {"hat": 3})
    before = {k: v.clone() for k, v in net.state_dict().items()}
    networks.blend(net, str(tmp_path / "own.pt"), 0.25)
    now, start = net.state_dict(), old.state_dict()
    for name in ("project.weight", "heads.hat.weight", "backbone.net.conv1.conv.weight"):
        assert torch.allclose(now[name], 0.75 * before[name] + 0.25 * start[name])
    assert torch.equal(now["classify.weight"], before["classify.weight"])
    with pytest.raises(BadInput, match="name them with --start"):
        Recipe("reid", ("m.csv",), "o", blend=0.5)


def test_a_frozen_backbone_stays_as_it_was_while_heads_learn(manifest, tmp_path):
    theirs = networks.Net("osnet_x0_25", "gem", 8, 2, {})
    torch.save({"net": theirs.state_dict()}, tmp_path / "own.pt")
    one = recipe(manifest, tmp_path / "run", kind="attributes", start=str(tmp_path / "own.pt"),
                 frozen=True, held_out=0.5, epochs=6, lr=0.03, people=2)  # fmt: skip
    trained = run.train(one, None)
    kept = theirs.backbone.state_dict()
    assert all(torch.equal(v, kept[k]) for k, v in trained.net.backbone.state_dict().items())
    history = trained.state.history
    assert history[-1]["attributes"] < history[0]["attributes"] - 0.1
    assert " --frozen --" in one.command() + " --"
    with pytest.raises(BadInput, match="name its weights with --start"):
        recipe(manifest, tmp_path / "other", frozen=True)


class Trap:
    """What a wicked file of weights would do when it is read."""

    def __reduce__(self):
        return os.system, ("touch trapped",)


def test_a_file_of_weights_that_runs_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"net": Trap()}, tmp_path / "trap.pt")
    (tmp_path / "text.pt").write_text("not weights")
    net = networks.Net("osnet_x0_25", "gem", 8, 2, {})
    for name in ("trap.pt", "text.pt"):
        with pytest.raises(BadInput, match="read safely"):
            networks.start(net, str(tmp_path / name))
    with pytest.raises(BadInput, match="there is no file"):
        networks.start(net, str(tmp_path / "none.pt"))
    assert not (tmp_path / "trapped").exists()


# Learning.


def test_training_lowers_the_loss_and_starts_the_triplet_late(manifest, tmp_path):
    one = recipe(manifest, tmp_path / "run", epochs=7, triplet_from=7, lr=0.01)
    history = run.train(one, None).state.history
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert lines == history
    assert [line["epoch"] for line in lines] == list(range(1, 8))
    assert lines[5]["identity"] < lines[0]["identity"] - 0.2
    assert lines[5]["right"] > 0.25  # of 8 people, guessing is 1/8
    assert ["triplet" in line for line in lines] == [False] * 6 + [True]


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(manifest, tmp_path):
    def first(name: str, seed: int) -> list[float]:
        one = recipe(manifest, tmp_path / name, epochs=1, seed=seed)
        return [line["loss"] for line in run.train(one, None).state.history]

    assert first("a", 0) == first("b", 0)
    assert first("a2", 0) != first("c", 1)


def test_bfloat16_trains_too(manifest, tmp_path):
    one = recipe(manifest, tmp_path / "run", epochs=1, precision="bf16", triplet_from=1)
    assert np.isfinite(run.train(one, None).state.history[0]["triplet"])


def test_readers_in_other_processes_give_the_same(manifest, tmp_path):
    runs = [recipe(manifest, tmp_path / str(n), epochs=1, workers=n) for n in (0, 1)]
    losses_of = [run.train(one, None).state.history[0]["loss"] for one in runs]
    assert losses_of[0] == losses_of[1]


def test_start_weights_are_stated_in_the_card_and_change_the_run(manifest, tmp_path):
    torch.manual_seed(3)
    state = networks.Net("osnet_x0_25", "gem", 8, 2, {}).backbone.net.state_dict()
    torch.save(state, tmp_path / "w.pt")
    one = recipe(manifest, tmp_path / "run", epochs=1, start=str(tmp_path / "w.pt"),
                 start_note="drawn pictures")  # fmt: skip
    card = reid.train(one, None)
    assert card["start"]["file"] == "w.pt"
    assert card["start"]["note"] == "drawn pictures"
    assert str(tmp_path) not in json.dumps(card)
    with pytest.raises(BadInput, match="holds a run with other options"):
        reid.train(replace(one, start=None), None)


# Going on.


def call(one: Recipe) -> list[str]:
    options = {k: v for k, v in vars(one).items() if v is not None}
    return [sys.executable, "-m", "core.recipes", json.dumps(options)]


def test_a_killed_run_that_goes_on_equals_an_unbroken_one(manifest, tmp_path):
    kind = {"epochs": 3, "triplet_from": 2}
    unbroken = recipe(manifest, tmp_path / "unbroken", **kind)
    run.train(unbroken, None)
    killed = recipe(manifest, tmp_path / "killed", minutes=0.0, **kind)  # kept after each batch
    kept = tmp_path / "killed" / checkpoint.FILE
    kept.parent.mkdir()
    (kept.parent / ".part-old").write_bytes(b"cut short")
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(call(killed), env=env, stderr=subprocess.DEVNULL)
    while not kept.exists() and child.poll() is None:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    state = torch.load(kept, weights_only=True)["state"]
    assert (state["epoch"], state["step"]) < (3, 0)  # it was killed on the way
    again = run.train(replace(killed, minutes=5.0), None)
    assert len(again.state.history) == 3
    assert not list(kept.parent.glob(".part-*"))
    assert again.state.history[-1]["loss"] == pytest.approx(
        json.loads((tmp_path / "unbroken" / "log.jsonl").read_text().splitlines()[-1])["loss"]
    )
    one, other = weights(tmp_path / "unbroken"), weights(tmp_path / "killed")
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.allclose(value, other[name], atol=1e-6), name


def test_a_run_asked_to_stop_keeps_its_state_and_says_so(manifest, tmp_path):
    one = recipe(manifest, tmp_path / "run", epochs=500)
    child = subprocess.Popen(call(one), stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run" / "log.jsonl").exists() and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    left = [path.name for path in (tmp_path / "run").iterdir()]
    assert checkpoint.FILE in left
    assert not [name for name in left if name.startswith(".part")]


def test_the_command_that_is_told_to_end_ends_its_training(manifest, tmp_path):
    """SIGTERM reaches the command alone; what it writes to is closed only when its child ends."""
    command = [sys.executable, "-m", "core.cli", "train", "reid", "--manifest", str(manifest)]
    command += ["--out", str(tmp_path / "run"), "--size", f"{SIZE[0]}x{SIZE[1]}", "--people", "4"]
    command += ["--crops", "3", "--epochs", "500", "--workers", "0", "--device", "cpu"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run" / "log.jsonl").exists() and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=120)
    assert child.returncode == 130
    assert "the same command goes on from here" in said
    assert (tmp_path / "run" / checkpoint.FILE).is_file()


def test_other_options_or_pictures_do_not_go_on(manifest, tmp_path):
    one = recipe(manifest, tmp_path / "run", epochs=1)
    run.train(one, None)
    with pytest.raises(BadInput, match="other options or other pictures"):
        run.train(replace(one, margin=0.5), None)
    copy = Path(shutil.copytree(manifest.parent, tmp_path / "copy"))
    picture = copy / "000_0_0.png"
    picture.write_bytes(picture.read_bytes() + b"\0")
    with pytest.raises(BadInput, match="other options or other pictures"):
        run.train(replace(one, manifest=(str(copy / "manifest.csv"),)), None)
    (tmp_path / "run" / checkpoint.FILE).write_bytes(b"cut short")
    with pytest.raises(DongseonError, match="is damaged"):
        run.train(one, None)


def test_what_cannot_be_trained_is_said_before_it_is_tried(manifest, tmp_path):
    with pytest.raises(BadInput, match="lower --people"):
        run.train(recipe(manifest, tmp_path / "a", people=9), None)
    with pytest.raises(BadInput, match="is a model of this product"):
        run.train(recipe(manifest, tmp_path / "b", name="yolox_nano"), None)
    with pytest.raises(BadInput, match="there is no manifest"):
        run.train(recipe(manifest, tmp_path / "c", eval=("nowhere.csv",)), None)
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="no CUDA device"):
            run.train(recipe(manifest, tmp_path / "d", device="cuda"), None)
    with pytest.raises(DongseonError, match="no number any more"):
        run.train(recipe(manifest, tmp_path / "e", lr=1.0, clip=1e6, temperature=1e-4), None)


# What comes out.


def test_the_product_reads_the_body_model_and_gets_the_same_vectors(trained, manifest):
    one, _ = trained
    model = zoo.load(one.name, [one.out])
    shots = [Shot(image, np.array([0, 0, *SIZE], np.float32), 1.0) for image in pictures()]
    vectors = bodies(model, shots).rows
    batch = torch.from_numpy(np.stack(pictures()))
    want = unit(embedded(one, manifest, batch)["vector"])
    assert vectors.shape == (4, one.embedding)
    assert np.abs(vectors - want).max() <= 2e-3  # weights of 16 bits


def test_the_product_reads_the_attribute_model_and_gets_the_same_probabilities(trained, manifest):
    one, _ = trained
    model = zoo.load(f"{one.name}_attributes", [one.out])
    temperature = model.row.calibration["temperature"]
    batch = torch.from_numpy(np.stack(pictures()))
    logits = embedded(one, manifest, batch)["heads"]
    assert set(logits) == {"upper_color", "lower_color", "bag"}
    for i, image in enumerate(pictures()):
        said = judge(model, [Shot(image, np.array([0, 0, *SIZE], np.float32), 1.0)])
        for name, values in logits.items():
            scaled = np.exp(values[i] / temperature[name])
            assert said[name].shape == (len(ATTRIBUTES[name]),)
            assert np.abs(said[name] - scaled / scaled.sum()).max() <= 1e-4


def embedded(one: Recipe, manifest: Path, batch: Any) -> dict[str, Any]:
    """What the kept PyTorch weights say of pictures (B,H,W,3)."""
    learned, *_ = sets.split(sets.read([manifest], True, True), one.held_out, one.seed)
    net = training.build(one, learned)
    net.load_state_dict(weights(Path(one.out)))
    net.eval()
    with torch.no_grad():
        seen = net(networks.pictures(batch, "cpu"))
    return {"vector": seen.vector.numpy(),
            "heads": {name: value.numpy() for name, value in seen.heads.items()}}  # fmt: skip


def test_a_pack_with_the_trained_models_describes_people(trained, tiny_pack, tmp_path):
    one, _ = trained
    table = tmp_path / "models.toml"
    table.write_text(
        "[packs.own]\ntitle = 'own'\nnotice = ''\nperson = 'tiny_person'\nface = 'tiny_face'\n"
        "face_embedding = 'tiny_face_embedding'\n"
        f"body_embedding = '{one.name}'\nattributes = '{one.name}_attributes'\n"
    )
    folders = [tmp_path, one.out, tiny_pack]
    describer = Models(Settings.of_pack("own", folders)).describer
    assert isinstance(describer, Describer)
    shots = [Shot(image, np.array([0, 0, *SIZE], np.float32), 1.0) for image in pictures(2)]
    about = describer.shots("p", shots)
    assert set(about.attributes) == {"upper_color", "lower_color", "bag"}
    assert about.vectors[one.name].rows.shape == (2, one.embedding)
    assert "attributes" not in about.missing
    figures = study.attributes(Path(one.eval[0]), "own", folders)
    assert figures["n_pictures"] == 20
    assert figures["pack"] == "own"


def test_a_model_of_other_values_is_refused(trained):
    one, _ = trained
    model = zoo.load(f"{one.name}_attributes", [one.out])
    heads = {**model.row.output["heads"], "bag": ["none", "sack"]}
    row = replace(model.row, output={"decoder": "attributes", "heads": heads})
    other = zoo.Model(row, (Path(one.out) / row.file).read_bytes())
    shot = Shot(pictures(1)[0], np.array([0, 0, *SIZE], np.float32), 1.0)
    with pytest.raises(ModelError, match="judges bag by other values"):
        judge(other, [shot])


def test_the_card_tells_all_that_is_needed_to_judge_and_repeat(trained, manifest):
    one, card = trained
    kept = json.loads((Path(one.out) / f"{one.name}.json").read_text("utf-8"))
    assert kept == json.loads(json.dumps(card))
    assert card["data"][0]["people"] == 8
    assert card["data_sha256"] == sets.sha256([manifest])
    assert card["epochs"] == one.epochs
    assert card["start"] is None
    for file in card["files"]:
        row = zoo.rows([one.out])[file["file"].removesuffix(".onnx")]
        assert (row.sha256, row.bytes) == (file["sha256"], file["bytes"])
        assert file["difference"] <= 2e-3
    figures = card["results"]["eval reid"]["real/manifest.csv"]
    again = study.reid(Path(one.eval[0]), one.name, [one.out])
    assert figures == again  # what `dongseon eval reid` prints
    text = (Path(one.out) / f"{one.name}.md").read_text("utf-8")
    assert card["data_sha256"] in text
    assert f"map: {figures['map']}" in text
    for said in (text, json.dumps(card)):
        assert str(Path(one.out).parent) not in said
        assert str(manifest.parent) not in said


def test_attributes_alone_are_learned_calibrated_and_judged(manifest, tmp_path):
    everybody = drawn.make(tmp_path / "many", people=24, crops=4)
    one = recipe(everybody, tmp_path / "run", kind="attributes", epochs=12, held_out=0.5, people=8,
                 name="tiny_judge", eval=(str(manifest),))  # fmt: skip
    card = attributes.train(one, None)
    lines = [json.loads(x) for x in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["attributes"] < lines[0]["attributes"] - 0.5
    measured = card["results"]["balanced accuracy"]
    bag, on_eval = (measured[table]["bag"] for table in ("people kept apart", EVAL))
    assert bag["balanced_accuracy"]["n"] == 6
    assert on_eval["balanced_accuracy"]["n"] == 8
    row = zoo.rows([tmp_path / "run"])["tiny_judge"]
    assert row.task == "attributes"
    worst = min(bag, on_eval, key=lambda one: one["balanced_accuracy"]["low"])
    assert row.calibration["balanced_accuracy"]["bag"][1] == worst["balanced_accuracy"]["low"]
    assert row.calibration["worst_on"]["bag"] in ("people kept apart", EVAL)
    assert sum(row.calibration["prior"]["bag"]) == pytest.approx(1, abs=1e-3)
    figures = card["results"]["eval attributes"][EVAL]
    assert figures == study.attributes(manifest, directories=[tmp_path / "run"],
                                       model="tiny_judge")  # fmt: skip
    assert figures["by_name"]["upper_color"]["accuracy"] > 0.3  # of six colours


def test_a_finished_run_only_writes_its_papers_again(trained):
    one, card = trained
    before = (Path(one.out) / "log.jsonl").read_bytes()
    again = reid.train(one, None)
    assert again["files"] == card["files"]
    assert (Path(one.out) / "log.jsonl").read_bytes() == before
