"""The palette: OpenCV's colors, shares that sum to one, a graph that the product can run."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.recipes import export, networks, palette  # noqa: E402
from core.recipes.networks import MEAN, STD  # noqa: E402


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 32, 3), dtype=np.uint8)


def rgb(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def test_hue_saturation_and_value_are_opencvs():
    image = picture()
    hue, saturation, value = (x[0].numpy() for x in palette.hsv(rgb(image)))
    want = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    turn = np.abs(hue - want[..., 0] / 360)
    assert np.minimum(turn, 1 - turn).max() < 1e-3
    assert np.abs(saturation - want[..., 1]).max() < 1e-5
    assert np.abs(value - want[..., 2]).max() < 1e-5


def test_gray_has_no_hue_and_every_stripe_is_a_share():
    found = palette.histograms(rgb(picture()))[0].view(palette.STRIPES, palette.BINS) ** 2
    for part in found.split([palette.HUES, palette.LEVELS, palette.LEVELS], dim=1):
        assert torch.allclose(part.sum(1), torch.ones(palette.STRIPES), atol=1e-3)
    gray = palette.histograms(torch.full((1, 3, 64, 32), 0.4))
    assert gray.view(palette.STRIPES, palette.BINS)[:, : palette.HUES].abs().max() < 2e-3


def test_a_red_coat_over_blue_trousers_is_not_the_other_way_round():
    image = np.zeros((64, 32, 3), np.uint8)
    image[:32, :, 0] = image[32:, :, 2] = 200
    upright, turned = (palette.histograms(rgb(np.ascontiguousarray(x)))[0]
                       for x in (image, image[::-1]))  # fmt: skip
    assert upright @ turned < 0.75 * (upright @ upright)
    mirrored = palette.histograms(rgb(np.ascontiguousarray(image[:, ::-1])))[0]
    assert torch.allclose(upright, mirrored, atol=1e-5)


def test_the_middle_counts_more_than_the_street_beside():
    middle, side = np.zeros((2, 64, 32, 3), np.uint8)
    middle[:, 12:20, 1] = side[:, :8, 1] = 255
    green = [palette.histograms(rgb(x))[0].view(8, -1)[0, -1].item() for x in (middle, side)]
    assert green[0] > 1.5 * green[1]


def test_a_network_with_colors_is_the_same_graph_in_the_product(tmp_path):
    from core.recipes import export

    torch.manual_seed(0)
    net = networks.Net("mobilenet_v2_in", "gem", 16, 4, {"bag": 2}, colors=True)
    net(networks.pictures(torch.from_numpy(np.stack([picture(s) for s in range(8)])), "cpu"))
    path = tmp_path / "model.onnx"
    assert export.export(networks.Embedding(net), path, (32, 64), ["embedding"], 16) < 1e-3
    assert export.export(networks.Judge(net, {"bag": 1.0}), path, (32, 64), ["bag"], 0) < 1e-3
    plain = networks.Net("mobilenet_v2_in", "gem", 16, 4, {"bag": 2})
    assert net.project.in_features == plain.project.in_features + palette.Palette.channels


def test_a_mirrored_model_says_the_same_of_a_crop_and_its_mirror_picture(tmp_path):
    torch.manual_seed(2)
    net = networks.Net("osnet_x0_25", "gem", 16, 4, {}).eval()
    crops = torch.randn(3, 3, 64, 32)
    with torch.no_grad():
        for mirrored in (True, False):
            part = networks.Embedding(net, mirrored)
            same = torch.allclose(part(crops), part(crops.flip(3)), atol=1e-5)
            assert same == mirrored
            file = tmp_path / f"{mirrored}.onnx"
            assert export.export(part, file, (32, 64), ["embedding"], 16) < export.STORED


def test_the_input_is_brought_back_to_colors_first():
    image = picture(3)
    there = palette.Palette(MEAN, STD).eval()
    x = networks.pictures(torch.from_numpy(image)[None], "cpu")
    want = palette.histograms(rgb(image))
    assert torch.allclose(there(x), want, atol=1e-4)  # fresh batch norm: mean 0, spread 1
