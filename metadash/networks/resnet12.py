"""ResNet-12, the field's deeper backbone: 12 convolutions in four residual blocks."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.networks.images import channels_of, in_layout_of

WIDTHS = (64, 160, 320, 640)
"""As in MetaOptNet (Lee et al. 2019) and most work since; (64, 128, 256, 512) is TADAM's (Oreshkin et al. 2018)."""


class ResidualBlock(nn.Module):
    """Three [3×3 convolution, batch norm] with leaky ReLU between, plus a 1×1 shortcut; leaky ReLU and max-pool 2 of the sum.

    [B, C, H, W] to [B, width, H/2, W/2]; a side of one pixel stays one.
    """

    def __init__(self, in_channels: int, width: int):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(c, width, 3, padding=1, bias=False) for c in (in_channels, width, width)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(width) for _ in range(3)])
        self.shortcut = nn.Sequential(nn.Conv2d(in_channels, width, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            out = norm(conv(out))
            if i < 2:
                out = F.leaky_relu(out, 0.1)
        out = out + self.shortcut(x)
        window = [min(2, side) for side in out.shape[-2:]]
        return F.leaky_relu(F.max_pool2d(out, window), 0.1)  # pooled first: exact, both are monotone, and a quarter of the work


class ResNet12(nn.Module):
    """Images [B, H, W] or [B, H, W, C] (uint8 or float) to features [B, widths[-1]] by a global average.

    ``width`` scales all four widths, so that ``width=0.25`` is a network a laptop can train. There is no DropBlock: it is a
    regulariser of long training on large images, and noise in an inner loop of a few steps.
    """

    def __init__(self, in_channels: int = 1, widths: Sequence[int] = WIDTHS, width: float = 1.0):
        super().__init__()
        scaled = [max(1, round(w * width)) for w in widths]
        self.blocks = nn.Sequential(*[ResidualBlock(i, o) for i, o in zip([in_channels, *scaled], scaled, strict=False)])
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=0.1, mode="fan_out", nonlinearity="leaky_relu")
                module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
        self.in_channels = in_channels
        self.dim = scaled[-1]

    @classmethod
    def of(cls, shape: tuple[int, ...], width: int) -> "ResNet12":
        """For images of ``shape`` [H, W] or [H, W, C]; ``width`` filters in the first block."""
        return cls(channels_of(shape), width=width / WIDTHS[0])

    def forward(self, images: Tensor) -> Tensor:
        return self.blocks(in_layout_of(next(self.parameters()), images, self.in_channels)).mean((-2, -1))
