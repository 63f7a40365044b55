"""Batch norm that an inner loop can call: a pure function of its weights, with a named choice of whose statistics it uses.

Ordinary batch norm changes its buffers in place whenever it is called in training, and knows nothing of support and query.
Within a task (``NormCall.active``) this one changes nothing; what it saw is handed back, and ``observe`` takes it in afterwards.
"""

from dataclasses import dataclass, field
from typing import Literal, overload

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from metadash.networks.pooled_norm import norm_pool_relu

BatchNorm = Literal["batch", "support", "running"]
"""Statistics of the batch at hand (transductive: queries see one another), of the support only, or running ones at evaluation."""

Statistics = list[tuple[Tensor, Tensor]]
"""Mean and variance [C] that each layer saw, in the order of the layers."""


@dataclass
class NormCall:
    """What all layers of a network should know of the call at hand."""

    mode: BatchNorm = "batch"
    active: bool = False
    step: int = 0
    rows: int | None = None
    """The statistics are those of the first rows only: the support, in front of the queries."""
    by_hand: bool = False
    """F.batch_norm under ``vmap`` has a wrong second derivative in torch 2.13; the same written out has not."""
    seen: Statistics | None = field(default=None)


class TaskNorm(_BatchNorm):
    """Takes the place of ``like`` and shares its parameters and buffers; outside a task it is that layer.

    With ``sets`` > 0 each inner step has its own weight, bias and running statistics (MAML++: Antoniou et al. 2019, section 4):
    rows of [sets, C], the last of them for the queries and for any further step.
    """

    def __init__(self, like: _BatchNorm, call: NormCall, sets: int = 0):
        super().__init__(like.num_features, like.eps, like.momentum, like.affine, like.track_running_stats)
        self.call, self.sets = call, sets
        for name in ("weight", "bias", "running_mean", "running_var"):
            value = getattr(like, name)
            if sets and value is not None:
                rows = value.detach().expand(sets, -1).clone()
                value = nn.Parameter(rows) if isinstance(value, nn.Parameter) else rows
            setattr(self, name, value)
        self.num_batches_tracked = like.num_batches_tracked
        self.training = like.training

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of spatial dimensions."""

    @overload
    def row(self, value: Tensor, step: int) -> Tensor: ...

    @overload
    def row(self, value: None, step: int) -> None: ...

    def row(self, value: Tensor | None, step: int) -> Tensor | None:
        return value[min(step, self.sets - 1)] if self.sets and value is not None else value

    def forward(self, input: Tensor) -> Tensor:
        call = self.call
        if not call.active:
            return self.outside(input)
        weight, bias = self.row(self.weight, call.step), self.row(self.bias, call.step)
        if call.mode == "running" and not self.training and self.running_mean is not None:
            mean, var = self.row(self.running_mean, call.step), self.row(self.running_var, call.step)
            if not call.by_hand:
                return F.batch_norm(input, mean, var, weight, bias, False, 0.0, self.eps)
            assert mean is not None and var is not None
            return normalise(input, mean, var, weight, bias, self.eps)
        over = (0, *range(2, input.dim()))
        if call.seen is not None:
            call.seen.append((input.detach().mean(over), input.detach().var(over)))
        if call.rows is None and not call.by_hand:
            return F.batch_norm(input, None, None, weight, bias, True, 0.0, self.eps)
        base = input if call.rows is None else input[: call.rows]
        return normalise(input, base.mean(over), base.var(over, unbiased=False), weight, bias, self.eps)

    def goes_by_batch(self) -> bool:
        """Whether its statistics are those of all that it is given, and no ``vmap`` is about."""
        if not self.call.active:
            return self.training or self.running_mean is None
        running = self.call.mode == "running" and not self.training and self.running_mean is not None
        return not running and self.call.rows is None and not self.call.by_hand

    def outside(self, input: Tensor) -> Tensor:
        mean, var = self.row(self.running_mean, self.sets), self.row(self.running_var, self.sets)
        weight, bias = self.row(self.weight, self.sets), self.row(self.bias, self.sets)
        use_batch = self.training or mean is None
        return F.batch_norm(input, mean, var, weight, bias, use_batch, self.momentum or 0.0, self.eps)

    @torch.no_grad()
    def observe(self, mean: Tensor, var: Tensor, step: int) -> None:
        """Move the running statistics of a step towards what was seen there."""
        momentum = 0.1 if self.momentum is None else self.momentum
        for buffer, seen in ((self.running_mean, mean), (self.running_var, var)):
            if buffer is not None:
                row = buffer[min(step, self.sets - 1)] if self.sets else buffer
                row.lerp_(seen.to(row.dtype), momentum)


def normalise(x: Tensor, mean: Tensor, var: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """Batch norm of x [B, C, ...] with given statistics [C], in plain operations: every derivative of it is right under ``vmap``."""
    shape = (1, -1, *[1] * (x.dim() - 2))
    scale = (var + eps).rsqrt() if weight is None else weight * (var + eps).rsqrt()
    out = (x - mean.view(shape)) * scale.view(shape)
    return out if bias is None else out + bias.view(shape)


def as_scale_and_shift(norm: _BatchNorm) -> tuple[Tensor, Tensor] | None:
    """What the norm multiplies each channel by and then adds, [C] each, where its statistics are fixed ones; else None."""
    if norm.training or norm.running_mean is None or norm.running_var is None or not norm.affine:
        return None
    fixed: list[Tensor] = [norm.running_mean, norm.running_var, norm.weight, norm.bias]
    if isinstance(norm, TaskNorm):
        call = norm.call
        if call.active and (call.mode != "running" or call.by_hand):
            return None
        step = call.step if call.active else norm.sets
        fixed = [norm.row(value, step) for value in fixed]
    mean, var, weight, bias = fixed
    scale = weight * (var + norm.eps).rsqrt()
    return scale, bias - mean * scale


def has_own_derivatives(norm: _BatchNorm, x: Tensor) -> bool:
    """Whether the norm goes by its batch, on a CPU and outside ``vmap``: there a block is computed by functions that know their own
    first and second derivatives (``pooled_norm``, ``convolution``)."""
    by_batch = norm.goes_by_batch() if isinstance(norm, TaskNorm) else norm.training
    return by_batch and norm.affine and norm.momentum is not None and x.device.type == "cpu"


def norm_and_pool(norm: _BatchNorm, x: Tensor) -> Tensor:
    """relu(max_pool(norm(x))), all three at once where the norm ``has_own_derivatives``."""
    if not has_own_derivatives(norm, x):
        return F.relu(F.max_pool2d(norm(x), 2))
    weight: Tensor = norm.weight
    bias: Tensor = norm.bias
    if isinstance(norm, TaskNorm):
        step = norm.call.step if norm.call.active else norm.sets
        weight, bias = norm.row(weight, step), norm.row(bias, step)
    y, mean, var = norm_pool_relu(x, weight, bias, norm.eps)
    n = x.numel() // x.shape[1]
    saw = mean, var * (n / (n - 1))
    if not isinstance(norm, TaskNorm):
        observe(norm, *saw)
    elif not norm.call.active:
        norm.observe(*saw, norm.sets)
    elif norm.call.seen is not None:
        norm.call.seen.append(saw)
    return y


def observe(norm: _BatchNorm, mean: Tensor, var: Tensor) -> None:
    """What torch's own batch norm does to its buffers in training."""
    if norm.running_mean is not None and norm.running_var is not None and norm.num_batches_tracked is not None:
        share = norm.momentum
        assert share is not None, "none of ours averages over all batches alike"
        with torch.no_grad():
            norm.running_mean.lerp_(mean, share)
            norm.running_var.lerp_(var, share)
            norm.num_batches_tracked.add_(1)


def with_task_norm(module: nn.Module, call: NormCall, sets: int = 0) -> nn.Module:
    """``module`` with each batch norm in it replaced by a ``TaskNorm`` (in place; the names of its state stay)."""
    if isinstance(module, _BatchNorm):
        return TaskNorm(module, call, sets)
    for name, child in module.named_children():
        setattr(module, name, with_task_norm(child, call, sets))
    return module
