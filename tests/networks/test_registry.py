"""The list of backbones is true of the networks it names, and refuses in one sentence what they cannot take."""

import math
import subprocess
import sys

import pytest
import torch

from metadash.errors import BadInput
from metadash.networks.registry import BACKBONES, backbone_entry, backbones_for, check_inputs, make_network, usual_backbone
from tests.builders import one_sentence

SHAPES = {"image": (28, 28), "vector": (12,)}
TAKEN = [(name, SHAPES[kind]) for kind in SHAPES for name in backbones_for(kind)]


def test_reading_the_list_does_not_import_torch() -> None:
    code = "import metadash.networks.registry as r, sys; r.usual_backbone('image'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("name", "shape"), TAKEN)
def test_a_backbone_takes_what_the_list_says_at_its_least_width(name: str, shape: tuple[int, ...]) -> None:
    entry = BACKBONES[name]
    network = make_network(name, shape, entry.least).eval()
    inputs = torch.zeros(3, *shape, dtype=torch.uint8 if len(shape) > 1 else torch.float32)
    features = network(inputs)
    assert features.shape[0] == 3 and features.dim() == 2 and features.isfinite().all()
    assert entry.least <= entry.width <= entry.most and entry.width in entry.widths


@pytest.mark.parametrize("name", backbones_for("image"))
def test_the_smallest_image_it_says_it_takes_is_taken_and_a_smaller_one_refused(name: str) -> None:
    entry, side = BACKBONES[name], BACKBONES[name].smallest_side
    check_inputs(name, "image", (side, side), "x")
    assert make_network(name, (side, side), entry.least).eval()(torch.zeros(2, side, side)).shape[1] > 0
    if side > 1:
        with pytest.raises(BadInput, match=f"at least {side} pixels a side; 'x' has images of .{side - 1}, 28."):
            check_inputs(name, "image", (side - 1, 28), "x")


def test_colours_come_last() -> None:
    for name in backbones_for("image"):
        assert make_network(name, (16, 16, 3), 4).eval()(torch.zeros(2, 16, 16, 3)).shape[0] == 2
    check_inputs("conv4", "image", (16, 16, 3), "x")


@pytest.mark.parametrize(("name", "shape"), TAKEN)
@pytest.mark.parametrize("width", [16, 32])
def test_the_number_of_weights_is_about_what_the_list_says(name: str, shape: tuple[int, ...], width: int) -> None:
    counted = sum(parameter.numel() for parameter in make_network(name, shape, width).parameters())
    assert BACKBONES[name].weights(width, math.prod(shape)) == pytest.approx(counted, rel=0.15)


@pytest.mark.parametrize("name", BACKBONES)
def test_its_price_is_the_measured_one_and_grows_with_width_and_pixels(name: str) -> None:
    entry = BACKBONES[name]
    for width, milliseconds in entry.milliseconds.items():
        assert entry.seconds_per_input(width) == pytest.approx(milliseconds / 1000)
    prices = [entry.seconds_per_input(width) for width in range(entry.least, entry.most, 4)]
    assert prices == sorted(prices)
    larger = entry.seconds_per_input(entry.width, (56, 56)) / entry.seconds_per_input(entry.width)
    assert larger == pytest.approx(4 if entry.grows_with_area else 1)


def test_the_usual_backbone_of_images_is_conv4_and_of_vectors_mlp() -> None:
    assert usual_backbone("image").name == "conv4" and usual_backbone("vector").name == "mlp"
    assert list(backbones_for("vector")) == ["mlp"]


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (lambda: backbone_entry("conv5"), "There is no backbone 'conv5'; did you mean 'conv4'"),
        (lambda: backbone_entry("transformer"), "there are conv4, resnet12, mlp"),
        (lambda: backbones_for("sound"), "There is no kind of inputs 'sound'; there are image"),
        (
            lambda: check_inputs("conv4", "vector", (12,), "x"),
            "Conv-4 takes images, and 'x' holds vectors; choose the backbone mlp.",
        ),
        (lambda: check_inputs("resnet12", "image", (7, 7), "x"), "too small for it; choose the backbone conv4 or mlp"),
        (lambda: check_inputs("conv4", "image", (784,), "x"), "has images of .784,., too small"),
    ],
)
def test_what_it_cannot_take_is_one_sentence(refused, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        refused()
    one_sentence(caught.value)
