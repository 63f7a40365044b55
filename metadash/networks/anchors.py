"""From a class's metadata to what it says about the class's place in the embedding: an anchor μ and a strength κ."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class MetadataContext:
    """The metadata of the classes of a batch of tasks.

    ``vectors`` one [B, N, d_s] per source; ``present`` [B, N, S] bool, after any mask over the sources.
    """

    vectors: list[Tensor]
    present: Tensor

    def masked(self, keep: Tensor) -> "MetadataContext":
        """With only the sources where ``keep`` ([S], or [B, S]) is true."""
        keep = keep if keep.dim() == 2 else keep[None]
        return MetadataContext(self.vectors, self.present & keep[:, None, :])


class AnchorNetwork(nn.Module):
    """μ [B, N, D] and κ [B, N] of each class from its source vectors.

    One linear map per source into ``hidden`` dimensions, the mean over the sources present, ReLU and dropout, then two linear
    heads. Deliberately small: only some hundred meta-train classes teach it, and dropout is high as in AM3 (Xing et al. 2019,
    section 4). κ = softplus(·) is zero where no source is present.
    """

    def __init__(self, source_dims: list[int], dim: int, hidden: int = 64, dropout: float = 0.5):
        super().__init__()
        self.sources = nn.ModuleList([nn.Linear(d, hidden) for d in source_dims])
        self.dropout = nn.Dropout(dropout)
        self.anchor = nn.Linear(hidden, dim)
        self.strength = nn.Linear(hidden, 1)

    def hidden(self, context: MetadataContext) -> Tensor:
        weight = context.present.float()
        stacked = torch.stack([layer(x) for layer, x in zip(self.sources, context.vectors, strict=True)], dim=-2)
        total = (stacked * weight[..., None]).sum(dim=-2)
        return self.dropout(F.relu(total / weight.sum(dim=-1, keepdim=True).clamp(min=1)))

    def forward(self, context: MetadataContext) -> tuple[Tensor, Tensor]:
        hidden = self.hidden(context)
        strength = F.softplus(self.strength(hidden)).squeeze(-1)
        return self.anchor(hidden), strength * context.present.any(dim=-1)


class ConvexGate(nn.Module):
    """AM3's mixing weight λ [B, N] of the visual prototype, from the anchor (Xing et al. 2019, equation 5)."""

    def __init__(self, dim: int, hidden: int = 64, dropout: float = 0.5):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 1))

    def forward(self, anchor: Tensor) -> Tensor:
        return torch.sigmoid(self.layers(anchor)).squeeze(-1)
