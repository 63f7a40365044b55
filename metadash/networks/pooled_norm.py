"""Batch norm, 2×2 max-pool and ReLU as one function that knows its own first and second derivatives.

Taken one after the other, the three read and write the largest tensors of a network some ten times a training step, and a dozen
times more in a second derivative, which torch composes out of plain operations. But the norm is affine in each channel, so pooling
may come first: only the statistics, and the part of the gradient that comes from them, ever look at the whole image; all else is
done on the quarter that pooling leaves. Measured: docs/peers.md.

Notation, for one channel with N numbers x, their mean μ and r = 1/√(var + ε): q = r(x − μ) at the pooled places, output
y = relu(w·q + b). P takes the pooled places out of the whole and Pᵀ puts them back.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

OVER = (0, 2, 3)
POOL = ([2, 2], [2, 2], [0, 0], [1, 1], False)
"""Window, stride, padding, dilation, whether sizes are rounded up: those of ``nn.MaxPool2d(2)``."""


def norm_pool_relu(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """relu(max_pool(batch_norm(x))) [B, C, H/2, W/2] of x [B, C, H, W] by the batch's own statistics, which are given too.

    Mean and variance [C] (the biased one) are constants to the gradient. Twice differentiable; not for ``vmap``.
    """
    return NormPoolReLU.apply(x, weight, bias, eps)


AT_ONCE = 16 * 28 * 28 * 64
"""Numbers of an image's gradient: so many stay in the cache of one core between the passes over them."""


def wide(channels: Tensor) -> Tensor:
    return channels.view(1, -1, 1, 1)


def put_back(pooled: Tensor, like: Tensor, places: Tensor) -> Tensor:
    """Pᵀ: zeros [B, C, H, W] but for the pooled numbers at their places."""
    return torch.ops.aten.max_pool2d_with_indices_backward(pooled, like, *POOL, places)


def put_on_a_slope(pooled: Tensor, x: Tensor, places: Tensor, slope: Tensor, level: Tensor) -> Tensor:
    """Pᵀ(pooled) + slope·x + level, some images at a time."""
    out, slope, level = torch.empty_like(x), wide(slope), wide(level)
    images = max(1, AT_ONCE // x[0].numel())
    for first in range(0, len(x), images):
        some = slice(first, first + images)
        into = out[some]
        torch.ops.aten.max_pool2d_with_indices_backward.grad_input(
            pooled[some], x[some], *POOL, places[some], grad_input=into
        ).addcmul_(x[some], slope).add_(level)
    return out


class NormPoolReLU(torch.autograd.Function):
    """Forward. Where a weight is negative the largest output is that of the smallest input, so pooling looks at −x there."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        mean, var = torch.batch_norm_update_stats(x, None, None, 0.0)
        rstd = (var + eps).rsqrt()
        if bool((weight < 0).any()):
            sign = wide(torch.where(weight < 0, -1.0, 1.0).to(x.dtype))
            pooled, places = torch.ops.aten.max_pool2d_with_indices(x * sign, *POOL)
            pooled = pooled * sign
        else:
            pooled, places = torch.ops.aten.max_pool2d_with_indices(x, *POOL)
        scale = weight * rstd
        y = torch.addcmul(wide(bias - mean * scale), pooled, wide(scale)).relu_()
        ctx.save_for_backward(x, weight, mean, rstd, pooled, places, y)
        ctx.mark_non_differentiable(mean, var)
        return y, mean, var

    @staticmethod
    def backward(ctx: Any, y_bar: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight, mean, rstd, pooled, places, y = ctx.saved_tensors
        return *NormPoolReLUBackward.apply(y_bar, x, weight, mean, rstd, pooled, places, y.detach()), None


class NormPoolReLUBackward(torch.autograd.Function):
    """With z̄ = ȳ where y > 0: b̄ = Σz̄, w̄ = Σz̄q, x̄ = wr(Pᵀz̄ − b̄/N − r(x − μ)w̄/N)."""

    @staticmethod
    def forward(
        ctx: Any, y_bar: Tensor, x: Tensor, weight: Tensor, mean: Tensor, rstd: Tensor, pooled: Tensor, places: Tensor, y: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        z_bar = torch.ops.aten.threshold_backward(y_bar, y, 0)
        b_bar = z_bar.sum(OVER)
        w_bar = rstd * ((z_bar * pooled).sum(OVER) - mean * b_bar)
        scale, n = weight * rstd, x.numel() // x.shape[1]
        slope = scale * rstd * w_bar / -n
        x_bar = put_on_a_slope(z_bar * wide(scale), x, places, slope, scale * b_bar / -n - slope * mean)
        ctx.save_for_backward(z_bar, x, weight, mean, rstd, pooled, places, y, b_bar, w_bar)
        return x_bar, w_bar, b_bar

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, x_hat: Tensor, w_hat: Tensor, b_hat: Tensor) -> tuple[Tensor | None, ...]:
        """Of L = ⟨x̂, x̄⟩ + ⟨ŵ, w̄⟩ + ⟨b̂, b̄⟩. With s = Σx̂, t = Σx̂r(x − μ), k = ⟨Px̂, z̄⟩ − (s·b̄ + t·w̄)/N:

        ∂L/∂z̄ = wr(Px̂ − s/N − qt/N) + ŵq + b̂ and ∂L/∂w = rk. x enters by u = r(x − μ), with
        ∂L/∂u = Pᵀ((ŵ − wrt/N)z̄) − (wr·w̄/N)x̂, and by r itself, with ∂L/∂r = wk.
        """
        z_bar, x, weight, mean, rstd, pooled, places, y, b_bar, w_bar = ctx.saved_tensors
        n, scale = x.numel() // x.shape[1], weight * rstd
        s = x_hat.sum(OVER)
        t = rstd * ((x_hat * x).sum(OVER) - mean * s)
        taken = x_hat.flatten(2).gather(2, places.flatten(2)).view_as(pooled)
        k = (taken * z_bar).sum(OVER) - (s * b_bar + t * w_bar) / n
        by_q, shared = w_hat - scale * t / n, scale * w_bar / n
        steep = by_q * rstd
        z_hat = torch.addcmul(wide(b_hat - scale * s / n - steep * mean), pooled, wide(steep)).addcmul_(taken, wide(scale))
        y_hat = torch.ops.aten.threshold_backward(z_hat, y, 0)
        flat = (by_q * b_bar - shared * s) / n
        sloped = ((by_q * w_bar - shared * t) / n + scale * k / n) * rstd * rstd
        x_out = put_back(z_bar * wide(steep), x, places).addcmul_(x_hat, wide(-shared * rstd)).addcmul_(x, wide(-sloped))
        x_out.add_(wide(sloped * mean - flat * rstd))
        return y_hat, x_out, rstd * k, None, None, None, None, None
