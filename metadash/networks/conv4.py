"""Conv-4, the field's standard backbone, in the memory layout that measured fastest on a CPU."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.networks.task_norm import as_scale_and_shift, norm_and_pool


class Conv4(nn.Module):
    """Four blocks of [3×3 convolution, batch norm, max-pool 2, ReLU] (Vinyals et al. 2016; Snell et al. 2017).

    Images [B, H, W] (uint8 or float) to features [B, width·(H/16)·(W/16)]; 28×28 gives [B, width]. Pooling before ReLU and
    no bias before batch norm are exact rewritings; channels-last makes the pooling vectorised; in training the norm, the pooling and
    the ReLU of a block are computed as one function (``pooled_norm``), and with fixed statistics the norm is part of the convolution.
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
        """For images of ``shape`` [H, W] or [C, H, W]."""
        return cls(width, channels_of(shape))

    def forward(self, images: Tensor) -> Tensor:
        x = in_layout_of(self.blocks[4].weight, images, self.in_channels)
        modules = list(self.blocks)
        for convolution, norm in zip(modules[::4], modules[1::4], strict=True):
            folded = as_scale_and_shift(norm)
            if folded is None:
                x = norm_and_pool(norm, convolution(x))
            else:
                scale, shift = folded
                x = pool_and_rectify(F.conv2d(x, convolution.weight * scale.view(-1, 1, 1, 1), shift, padding=1))
        return x.flatten(1)


def channels_of(shape: tuple[int, ...]) -> int:
    return shape[0] if len(shape) > 2 else 1


def pool_and_rectify(x: Tensor) -> Tensor:
    """relu(max_pool(x)); without a gradient to come there is no need to note where each maximum was."""
    if torch.is_grad_enabled():
        return F.relu(F.max_pool2d(x, 2))
    height, width = x.shape[-2] // 2 * 2, x.shape[-1] // 2 * 2
    rows = torch.maximum(x[:, :, 0:height:2, :width], x[:, :, 1:height:2, :width])
    return torch.maximum(rows[..., 0::2], rows[..., 1::2]).relu_()


def in_layout_of(weight: Tensor, images: Tensor, channels: int) -> Tensor:
    """[B, H, W] or [B, C, H, W] to floats [B, C, H, W] in 0..1, channels-last where the convolution's ``weight`` is."""
    if weight.stride(1) == 1:
        return as_channels_last(images, channels)
    return as_floats(images).reshape(images.shape[0], channels, *images.shape[-2:])


def as_floats(images: Tensor) -> Tensor:
    return images.float().div_(255) if images.dtype == torch.uint8 else images


def as_channels_last(images: Tensor, channels: int) -> Tensor:
    """[B, H, W] or [B, C, H, W] to a channels-last [B, C, H, W] of floats in 0..1.

    A one-channel image stays "contiguous" whatever one asks for, and the first layer would run in the slow layout; its strides
    have to be given by hand.
    """
    images = as_floats(images)
    if channels > 1:
        return images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)  # vmap knows no memory formats
    batch, height, width = images.shape[0], images.shape[-2], images.shape[-1]
    return images.contiguous().as_strided((batch, 1, height, width), (height * width, 1, width, 1))
