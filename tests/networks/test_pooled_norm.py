"""The norm, the pooling and the ReLU at once are the three one after the other, in value and in first and second derivative."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.maml import MAML
from metadash.networks import pooled_norm
from metadash.networks.conv4 import Conv4
from metadash.networks.pooled_norm import norm_pool_relu
from metadash.networks.task_norm import NormCall, TaskNorm, as_scale_and_shift, norm_and_pool
from tests.learners.adapting_tasks import Inputs, error_against_differences, make, query_loss

EPS = 1e-5
LAYOUTS = pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["plain", "channels-last"])


def given(side: int = 5, layout: torch.memory_format = torch.channels_last, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Images [4, 3, side, side], and weights of both signs."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(4, 3, side, side, generator=generator, dtype=torch.float64).to(memory_format=layout)
    weight = torch.tensor([0.7, -1.3, 1.1], dtype=torch.float64)
    bias = torch.tensor([0.2, 0.4, -0.3], dtype=torch.float64)
    return x.requires_grad_(), weight.requires_grad_(), bias.requires_grad_()


def one_after_the_other(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.relu(F.max_pool2d(F.batch_norm(x, None, None, weight, bias, True, 0.0, EPS), 2))


def at_once(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return norm_pool_relu(x, weight, bias, EPS)[0]


@LAYOUTS
@pytest.mark.parametrize("side", [4, 5])
def test_values_and_gradients_are_those_of_the_three_in_a_row(side: int, layout: torch.memory_format) -> None:
    arguments = given(side, layout)
    expected, found = one_after_the_other(*arguments), at_once(*arguments)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    weights = torch.linspace(-1, 1, expected.numel(), dtype=torch.float64).view_as(expected)
    for ours, theirs in zip(
        torch.autograd.grad((found * weights).sum(), arguments),
        torch.autograd.grad((expected * weights).sum(), arguments),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)


@LAYOUTS
def test_both_derivatives_agree_with_finite_differences(layout: torch.memory_format) -> None:
    arguments = given(5, layout)
    assert torch.autograd.gradcheck(at_once, arguments)
    assert torch.autograd.gradgradcheck(at_once, arguments)


def test_a_gradient_taken_some_images_at_a_time_is_the_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for numbers in (pooled_norm.AT_ONCE, 3 * 5 * 5 * 3):  # all four images, or three and then one
        monkeypatch.setattr(pooled_norm, "AT_ONCE", numbers)
        arguments = given(5)
        found.append(torch.autograd.grad(at_once(*arguments).square().sum(), arguments))
    assert all(torch.equal(parts, whole) for parts, whole in zip(found[1], found[0], strict=True))


def test_second_derivatives_are_those_of_the_three_in_a_row() -> None:
    arguments, found = given(6), []
    for function in (at_once, one_after_the_other):
        first = torch.autograd.grad(function(*arguments).square().sum(), arguments, create_graph=True)
        mixed = sum((gradient * torch.arange(1.0, 1 + gradient.numel()).view_as(gradient)).sum() for gradient in first)
        found.append(torch.autograd.grad(mixed, arguments))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-8)


def test_the_statistics_are_the_batch_s_and_constants() -> None:
    x, weight, bias = given()
    _, mean, var = norm_pool_relu(x, weight, bias, EPS)
    torch.testing.assert_close(mean, x.detach().mean((0, 2, 3)))
    torch.testing.assert_close(var, x.detach().var((0, 2, 3), unbiased=False))
    assert not mean.requires_grad and not var.requires_grad


def with_weights(norm: nn.Module) -> nn.Module:
    norm.double().weight.data = torch.tensor([0.7, -1.3, 1.1], dtype=torch.float64)
    return norm


@pytest.mark.parametrize("in_a_learner", [False, True])
def test_running_statistics_move_as_torch_s_do(in_a_learner: bool) -> None:
    ours, theirs = with_weights(nn.BatchNorm2d(3)), with_weights(nn.BatchNorm2d(3))
    ours = TaskNorm(ours, NormCall()) if in_a_learner else ours
    for seed in range(3):
        x = given(seed=seed)[0].detach() + seed
        torch.testing.assert_close(norm_and_pool(ours, x), F.relu(F.max_pool2d(theirs(x), 2)))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    assert in_a_learner or ours.num_batches_tracked == 3


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("sets", [0, 2])
@pytest.mark.parametrize(
    ("mode", "rows", "by_hand"), [("batch", None, False), ("batch", None, True), ("support", 2, False), ("running", None, False)]
)
def test_within_a_task_pooling_at_once_changes_nothing(
    mode: str, rows: int | None, by_hand: bool, sets: int, training: bool
) -> None:
    results = []
    for way in (norm_and_pool, lambda norm, x: F.relu(F.max_pool2d(norm(x), 2))):
        call = NormCall(mode, active=True, step=1, rows=rows, by_hand=by_hand, seen=[])
        norm = TaskNorm(with_weights(nn.BatchNorm2d(3)), call, sets).train(training)
        if sets:
            norm.weight.data = norm.weight.data * torch.tensor([[1.0], [-2.0]])
        results.append((way(norm, given()[0].detach()), call.seen))
    (found, saw), (expected, should_see) = results
    torch.testing.assert_close(found, expected)
    assert len(saw) == len(should_see)
    for ours, theirs in zip(saw, should_see, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("sets", [0, 2])
def test_a_norm_of_fixed_statistics_is_a_scale_and_a_shift(sets: int, active: bool) -> None:
    call = NormCall("running", active=active, step=0)
    norm = TaskNorm(with_weights(nn.BatchNorm2d(3)), call, sets).eval()
    norm.running_mean += torch.arange(norm.running_mean.numel()).view_as(norm.running_mean)
    norm.running_var *= 1.7
    if sets:
        norm.weight.data = norm.weight.data * torch.tensor([[1.0], [-2.0]])
    x = given()[0].detach()
    scale, shift = as_scale_and_shift(norm)
    torch.testing.assert_close(x * scale.view(1, 3, 1, 1) + shift.view(1, 3, 1, 1), norm(x))


def test_a_norm_that_goes_by_its_batch_is_none() -> None:
    norm = TaskNorm(with_weights(nn.BatchNorm2d(3)), NormCall("batch", active=True))
    assert as_scale_and_shift(norm.eval()) is None
    assert as_scale_and_shift(nn.BatchNorm2d(3).train()) is None
    assert as_scale_and_shift(nn.BatchNorm2d(3, track_running_stats=False).eval()) is None


def test_the_meta_gradient_through_conv_4_agrees_with_finite_differences() -> None:
    class Small(Conv4):
        """Of two blocks, for images of 8 × 8: [·, 4]."""

        def __init__(self) -> None:
            super().__init__(4)
            self.blocks = self.blocks[:8]

        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images).unflatten(1, (4, 4)).mean(-1)

    learner = make(MAML, Small(), inner_steps=2, inner_lr=0.4)
    learner.backbone.blocks[1].weight.data[0] *= -1
    tasks = Inputs(2, images=True)
    assert error_against_differences(learner, lambda: query_loss(learner, tasks)) < 1e-6
