"""Conv-4, the field's standard backbone, in the memory layout that measured fastest on a CPU."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.networks.convolution import convolution_3x3
from metadash.networks.images import channels_of, in_layout_of
from metadash.networks.task_norm import as_scale_and_shift, has_own_derivatives, norm_and_pool

MOST_PLACES = 5
"""A side of the last maps; what the usual 84 pixels give."""


class Conv4(nn.Module):
    """Four blocks of [3×3 convolution, batch norm, max-pool 2, ReLU] (Vinyals et al. 2016; Snell et al. 2017).

    Images [B, H, W] or [B, H, W, C] (uint8 or float) to features [B, width·(H/16)·(W/16)]: 28×28 gives [B, width], 84×84 the field's
    [B, 25·width]; of larger images the last maps are averaged down to 5 places a side, so that features grow no further. Pooling before ReLU and
    no bias before batch norm are exact rewritings; channels-last makes the pooling vectorised; in training the norm, the pooling and
    the ReLU of a block are computed as one function (``pooled_norm``), and with fixed statistics the norm is part of the convolution,
    which then leaves out what no window pools.
    """

    def __init__(self, width: int = 64, in_channels: int = 1):
        super().__init__()
        blocks: list[nn.Module] = []
        for channels in (in_channels, width, width, width):
            blocks += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.MaxPool2d(2), nn.ReLU()]
        self.blocks = nn.Sequential(*blocks).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.in_channels = in_channels

    @classmethod
    def of(cls, shape: tuple[int, ...], width: int) -> "Conv4":
        """For images of ``shape`` [H, W] or [H, W, C]."""
        return cls(width, channels_of(shape))

    def forward(self, images: Tensor) -> Tensor:
        x = in_layout_of(self.blocks[4].weight, images, self.in_channels)
        modules = list(self.blocks)
        for convolution, norm in zip(modules[::4], modules[1::4], strict=True):
            folded = as_scale_and_shift(norm)
            if folded is not None:
                scale, shift = folded
                x = pool_and_rectify(what_is_pooled(x, convolution.weight * scale.view(-1, 1, 1, 1), shift))
            else:
                convolved = convolution_3x3(x, convolution.weight) if has_own_derivatives(norm, x) else convolution(x)
                x = norm_and_pool(norm, convolved)
        return at_most(MOST_PLACES, x).flatten(1)


def at_most(side: int, x: Tensor) -> Tensor:
    """Maps [B, C, H, W] averaged down where a side is longer."""
    height, width = x.shape[-2:]
    return x if max(height, width) <= side else F.adaptive_avg_pool2d(x, (min(height, side), min(width, side)))


def what_is_pooled(x: Tensor, weight: Tensor, shift: Tensor) -> Tensor:
    """The 3×3 convolution of x, padded by 1, without the last row and column of an odd side: no 2×2 window reaches them.

    Of 7×7 that is a quarter of the work, of 3×3 more than a half.
    """
    odd_height, odd_width = x.shape[-2] % 2, x.shape[-1] % 2
    if not odd_height and not odd_width:
        return F.conv2d(x, weight, shift, padding=1)
    return F.conv2d(F.pad(x, (1, 1 - odd_width, 1, 1 - odd_height)), weight, shift)


def pool_and_rectify(x: Tensor) -> Tensor:
    """relu(max_pool(x)); without a gradient to come there is no need to note where each maximum was."""
    if torch.is_grad_enabled():
        return F.relu(F.max_pool2d(x, 2))
    height, width = x.shape[-2] // 2 * 2, x.shape[-1] // 2 * 2
    columns = torch.maximum(x[:, :, :height, 0:width:2], x[:, :, :height, 1:width:2])  # neighbours first: they lie side by side
    return torch.maximum(columns[:, :, 0::2], columns[:, :, 1::2]).relu_()
