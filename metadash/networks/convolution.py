"""A 3×3 convolution whose second derivative is made of the primitives of the first.

Of y = x ∗ w torch derives ȳ ↦ (x̄, w̄) once more by convolutions with exchanged roles: kernels as large as the image, and transposed
copies of everything. But both parts are linear in what they read: with x̂ and ŵ, which come back for x̄ and w̄,

    ∂/∂ȳ = x̂ ∗ w + x ∗ ŵ,    ∂/∂x = the x̄ of (ȳ, ŵ),    ∂/∂w = the w̄ of (ȳ, x̂):

two forward passes, and one backward pass with (x̂, ŵ) in the place of (x, w). Measured: docs/peers.md.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

GEOMETRY = ([1, 1], [1, 1], [1, 1], False, [0, 0], 1)
"""Stride, padding, dilation, whether transposed, output padding, groups."""


def convolution_3x3(x: Tensor, weight: Tensor) -> Tensor:
    """x [B, C, H, W] with weight [D, C, 3, 3], padded by 1: [B, D, H, W]. Twice differentiable; not for ``vmap``."""
    return Convolution.apply(x, weight)


def forward_pass(x: Tensor, weight: Tensor) -> Tensor:
    return torch.conv2d(x, weight, padding=1)


def backward_pass(y_bar: Tensor, x: Tensor, weight: Tensor, of_x: bool, of_weight: bool) -> tuple[Tensor | None, Tensor | None]:
    """x̄ and w̄, each where it is asked for."""
    return torch.ops.aten.convolution_backward(y_bar, x, weight, None, *GEOMETRY, [of_x, of_weight, False])[:2]


class Convolution(torch.autograd.Function):
    """The forward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return forward_pass(x, weight)

    @staticmethod
    def backward(ctx: Any, y_bar: Tensor) -> tuple[Tensor | None, Tensor | None]:
        return ConvolutionBackward.apply(y_bar, *ctx.saved_tensors, *ctx.needs_input_grad)


class ConvolutionBackward(torch.autograd.Function):
    """Its derivative: (ȳ, x, w) to x̄ and w̄."""

    @staticmethod
    def forward(
        ctx: Any, y_bar: Tensor, x: Tensor, weight: Tensor, of_x: bool, of_weight: bool
    ) -> tuple[Tensor | None, Tensor | None]:
        ctx.save_for_backward(y_bar, x, weight)
        ctx.set_materialize_grads(False)
        return backward_pass(y_bar, x, weight, of_x, of_weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, x_hat: Tensor | None, w_hat: Tensor | None) -> tuple[Tensor | None, ...]:
        y_bar, x, weight = ctx.saved_tensors
        by_y, by_x, by_w = ctx.needs_input_grad[:3]
        parts = [(x, w_hat), (x_hat, weight)] if by_y else []
        sums = [forward_pass(image, kernel) for image, kernel in parts if image is not None and kernel is not None]
        of_y = sums[0].add_(sums[1]) if len(sums) == 2 else sums[0] if sums else None
        of_x, of_w = by_x and w_hat is not None, by_w and x_hat is not None
        if not of_x and not of_w:
            return of_y, None, None, None, None
        image, kernel = x if x_hat is None else x_hat, weight if w_hat is None else w_hat
        return of_y, *backward_pass(y_bar, image, kernel, of_x, of_w), None, None
