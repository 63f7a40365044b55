"""How an image of a data set becomes what a convolution reads; this is the one place that knows where its colours stand.

A data set stores images as [H, W] (grey) or [H, W, 3] (red, green, blue), as pictures are stored everywhere; convolutions read
[B, C, H, W]. Channels-last measured fastest on a CPU, and colours that stand last are in that layout already.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def channels_of(shape: Sequence[int]) -> int:
    """Of one image of ``shape``."""
    return shape[2] if len(shape) > 2 else 1


def as_floats(images: Tensor) -> Tensor:
    """Bytes as numbers in 0..1; any other numbers as they are."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images


def in_layout_of(weight: Tensor, images: Tensor, channels: int) -> Tensor:
    """[B, H, W] or [B, H, W, C] to floats [B, C, H, W] in 0..1, channels-last where the convolution's ``weight`` is."""
    if weight.stride(1) == 1:
        return as_channels_last(images, channels)
    batch, height, width = images.shape[:3]
    return as_floats(images).reshape(batch, height, width, channels).permute(0, 3, 1, 2).contiguous()


def as_channels_last(images: Tensor, channels: int) -> Tensor:
    """[B, H, W] or [B, H, W, C] to a channels-last [B, C, H, W] of floats in 0..1.

    A one-channel image stays "contiguous" whatever one asks for, and the first layer would run in the slow layout; its strides
    have to be given by hand.
    """
    images = as_floats(images).contiguous()
    if channels > 1:
        return images.permute(0, 3, 1, 2)
    batch, height, width = images.shape[:3]
    return images.as_strided((batch, 1, height, width), (height * width, 1, width, 1))
