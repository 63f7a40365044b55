"""The convolution that knows its own derivatives is torch's, in value and in first and second derivative."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from metadash.networks.convolution import convolution_3x3


def given(seed: int = 0, image_learns: bool = True, kernel_learns: bool = True) -> tuple[Tensor, Tensor]:
    """Images [2, 3, 4, 5] and a kernel [2, 3, 3, 3]."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64).to(memory_format=torch.channels_last)
    weight = torch.randn(2, 3, 3, 3, generator=generator, dtype=torch.float64)
    return x.requires_grad_(image_learns), weight.requires_grad_(kernel_learns)


@pytest.mark.parametrize(("image_learns", "kernel_learns"), [(True, True), (False, True), (True, False)])
def test_both_derivatives_agree_with_finite_differences(image_learns: bool, kernel_learns: bool) -> None:
    arguments = given(0, image_learns, kernel_learns)
    assert torch.autograd.gradcheck(convolution_3x3, arguments)
    assert torch.autograd.gradgradcheck(convolution_3x3, arguments)


@pytest.mark.parametrize("through", ["image", "kernel", "both"])
def test_second_derivatives_are_torch_s_whichever_first_derivative_they_come_from(through: str) -> None:
    def second(function) -> tuple[Tensor, ...]:
        arguments = given()
        wanted = {"image": arguments[:1], "kernel": arguments[1:], "both": arguments}[through]
        first = torch.autograd.grad(function(*arguments).pow(3).sum(), wanted, create_graph=True)
        return torch.autograd.grad(sum(gradient.square().sum() for gradient in first), arguments)

    for ours, theirs in zip(second(convolution_3x3), second(lambda x, w: F.conv2d(x, w, padding=1)), strict=True):
        torch.testing.assert_close(ours, theirs)
