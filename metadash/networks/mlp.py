"""A multi-layer perceptron, the backbone for feature vectors and for embeddings of text."""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from metadash.networks.images import as_floats


class MLP(nn.Module):
    """Blocks of [linear, batch norm, ReLU]: inputs [B, ...], flattened to [B, in_dim], to features [B, widths[-1]].

    The default widths are those of MAML's network without convolutions (Finn et al. 2017, section 5.1). The linear maps have
    no bias where a batch norm follows. ``batch_norm=False`` gives [linear, ReLU] blocks. Images (uint8) count as numbers in 0..1.
    """

    def __init__(self, in_dim: int, widths: Sequence[int] = (256, 128, 64, 64), batch_norm: bool = True):
        super().__init__()
        blocks: list[nn.Module] = []
        for into, out in zip((in_dim, *widths), widths, strict=False):
            blocks += [nn.Linear(into, out, bias=not batch_norm), *([nn.BatchNorm1d(out)] if batch_norm else []), nn.ReLU()]
        self.blocks = nn.Sequential(*blocks)
        self.dim = widths[-1]

    @classmethod
    def of(cls, shape: tuple[int, ...], width: int) -> "MLP":
        """For vectors or images of ``shape``; ``width`` units in the last two layers, in the paper's proportions."""
        return cls(math.prod(shape), (4 * width, 2 * width, width, width))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.blocks(as_floats(inputs).flatten(1).to(next(self.parameters()).dtype))
