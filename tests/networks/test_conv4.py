"""Conv-4 is the textbook's, whatever order and memory layout it is computed in."""

import pytest
import torch
from torch import Tensor, nn

from metadash.networks.conv4 import Conv4, pool_and_rectify, what_is_pooled
from metadash.networks.images import as_channels_last, in_layout_of


class Textbook(nn.Module):
    """Four blocks of [convolution with bias, batch norm, ReLU, max-pool 2], contiguous (Vinyals et al. 2016, section 4.1.1)."""

    def __init__(self, width: int, in_channels: int = 1):
        super().__init__()
        blocks: list[nn.Module] = []
        for channels in (in_channels, width, width, width):
            blocks += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        self.blocks = nn.Sequential(*blocks)

    def forward(self, images: Tensor) -> Tensor:
        return self.blocks(images).flatten(1)


def twins(width: int = 6, in_channels: int = 1) -> tuple[Conv4, Textbook]:
    """Both with the same weights, in float64; the textbook's biases are anything."""
    torch.manual_seed(0)
    ours, textbook = Conv4(width, in_channels).double(), Textbook(width, in_channels).double()
    own = ours.state_dict()
    for name, parameter in own.items():
        if name.endswith(("weight", "bias")):
            parameter.add_(torch.randn_like(parameter) * 0.3)
    missing, unexpected = textbook.load_state_dict(own, strict=False)
    assert not unexpected and all(name.endswith(".bias") for name in missing)
    for name in missing:
        textbook.get_parameter(name).data.normal_()
    return ours, textbook


@pytest.mark.parametrize(("width", "side", "dim"), [(64, 28, 64), (32, 28, 32), (8, 16, 8), (64, 84, 64 * 25), (4, 33, 4 * 4)])
def test_the_output_has_width_times_the_sixteenth_of_the_image(width: int, side: int, dim: int) -> None:
    network = Conv4(width).eval()
    for images in (torch.zeros(2, side, side), torch.zeros(2, side, side, 1), torch.zeros(2, side, side, dtype=torch.uint8)):
        assert network(images).shape == (2, dim)


@pytest.mark.parametrize("in_channels", [1, 3])
@pytest.mark.parametrize("training", [True, False])
def test_pooling_before_relu_and_no_bias_before_batch_norm_change_no_value_and_no_gradient(
    training: bool, in_channels: int
) -> None:
    ours, textbook = twins(in_channels=in_channels)
    images = torch.rand(10, in_channels, 28, 28, dtype=torch.float64)
    target = torch.randn(10, 6, dtype=torch.float64)
    for _ in range(3):  # running statistics move apart from their start
        ours.train()(images.permute(0, 2, 3, 1)), textbook.train()(images)
    results = []
    for network in (ours.train(training), textbook.train(training)):
        if not training and network is textbook:  # a bias shifts the running mean and nothing else
            for block in range(0, 16, 4):
                network.blocks[block].bias.data.zero_()
                network.blocks[block + 1].running_mean.copy_(ours.blocks[block + 1].running_mean)
        given = images.clone().requires_grad_()
        output = network(given if network is textbook else given.permute(0, 2, 3, 1))
        network.zero_grad()
        (output * target).sum().backward()
        results.append((output, given.grad, {name: p.grad for name, p in network.named_parameters()}))
    (output, image_gradient, gradients), (expected, expected_image_gradient, expected_gradients) = results
    torch.testing.assert_close(output, expected, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(image_gradient, expected_image_gradient, rtol=1e-8, atol=1e-11)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected_gradients[name], rtol=1e-8, atol=1e-10)


def test_a_bias_before_batch_norm_has_no_effect_in_evaluation_either() -> None:
    """The running mean takes it up: after the same training batches both say the same."""
    ours, textbook = twins()
    for _ in range(4):
        images = torch.rand(20, 28, 28, dtype=torch.float64)
        ours.train()(images), textbook.train()(images[:, None])
    for block in (1, 5, 9, 13):  # the very first running means are zero, with a bias as without
        remaining = 0.9**4 * textbook.blocks[block - 1].bias.data
        textbook.blocks[block].running_mean += remaining
    torch.testing.assert_close(ours.eval()(images), textbook.eval()(images[:, None]), rtol=1e-9, atol=1e-11)


def test_channels_last_is_what_contiguous_is() -> None:
    torch.manual_seed(1)
    last, images = Conv4(8).double().eval(), torch.rand(5, 28, 28, dtype=torch.float64)
    contiguous = nn.Sequential(*last.blocks).to(memory_format=torch.contiguous_format)
    expected = contiguous(images[:, None].contiguous()).flatten(1)
    torch.testing.assert_close(Conv4.forward(last, images), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_really_are_channels_last(channels: int) -> None:
    """PyTorch calls a one-channel image contiguous in every layout, and would run the first layer in the slow one."""
    found = as_channels_last(torch.rand(4, 28, 20, channels), channels)
    assert found.shape == (4, channels, 28, 20)
    assert found.stride() == (channels * 28 * 20, 1, channels * 20, channels)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_each_colour_stays_a_channel_in_either_layout() -> None:
    images = torch.rand(2, 5, 4, 3)
    for weight in (torch.zeros(8, 3, 3, 3), torch.zeros(8, 3, 3, 3).to(memory_format=torch.channels_last)):
        found = in_layout_of(weight, images, 3)
        assert found.shape == (2, 3, 5, 4) and all(torch.equal(found[:, c], images[..., c]) for c in range(3))


def test_bytes_become_fractions_and_fractions_stay() -> None:
    images = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    assert torch.equal(as_channels_last(images, 1).flatten(), torch.arange(256) / 255)
    assert images.dtype == torch.uint8 and images[0, 0, 1] == 1, "the given images are left as they were"
    assert torch.equal(as_channels_last(images / 255, 1).flatten(), torch.arange(256) / 255)


def test_images_that_are_views_are_read_right() -> None:
    images = torch.rand(6, 28, 28)
    assert torch.equal(as_channels_last(images[::2].transpose(1, 2), 1)[:, 0], images[::2].transpose(1, 2))


def test_an_image_s_features_in_evaluation_do_not_depend_on_its_neighbours() -> None:
    network, images = Conv4(8).eval(), torch.rand(7, 28, 28)
    with torch.no_grad():
        together, alone = network(images), torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(2, 2), (5, 8), (7, 7), (28, 28)])
def test_pooling_without_a_gradient_is_pooling(height: int, width: int) -> None:
    x = torch.randn(3, 4, height, width).to(memory_format=torch.channels_last)
    with torch.no_grad():
        assert torch.equal(pool_and_rectify(x), nn.functional.relu(nn.functional.max_pool2d(x, 2)))
    assert torch.equal(pool_and_rectify(x), nn.functional.relu(nn.functional.max_pool2d(x, 2)))


@pytest.mark.parametrize(("height", "width"), [(7, 7), (3, 3), (6, 6), (6, 7), (3, 4)])
def test_what_no_window_pools_is_left_out_and_the_rest_is_the_convolution(height: int, width: int) -> None:
    x, weight, shift = torch.randn(4, 8, height, width), torch.randn(16, 8, 3, 3), torch.randn(16)
    found, whole = what_is_pooled(x, weight, shift), nn.functional.conv2d(x, weight, shift, padding=1)
    assert found.shape[-2:] == (height // 2 * 2, width // 2 * 2)
    torch.testing.assert_close(found, whole[..., : found.shape[-2], : found.shape[-1]])
