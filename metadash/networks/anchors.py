"""From a class's metadata to what it says about the class's place in the embedding: an anchor μ and a strength κ."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class InstanceMetadata:
    """The metadata of single instances: ``vectors`` one [..., d_s] per source, ``present`` [..., S] bool."""

    vectors: list[Tensor]
    present: Tensor

    def to(self, device: torch.device) -> "InstanceMetadata":
        return InstanceMetadata([x.to(device) for x in self.vectors], self.present.to(device))

    def masked(self, keep: Tensor) -> "InstanceMetadata":
        """``keep`` [B, S]."""
        return InstanceMetadata(self.vectors, self.present & keep.view(len(keep), *[1] * (self.present.dim() - 2), -1))


@dataclass(frozen=True)
class MetadataContext:
    """The metadata of the classes of a batch of tasks, and where there are such sources, of their instances.

    ``vectors`` one [B, N, d_s] per source; ``present`` [B, N, S] bool, after any mask over the sources. ``support`` [B, N, K, ·]
    (or, flat, [B, N·K, ·]: what learners receive) and ``query`` [B, Q, ·] hold the sources that describe instances.
    """

    vectors: list[Tensor]
    present: Tensor
    support: InstanceMetadata | None = None
    query: InstanceMetadata | None = None

    @property
    def n_sources(self) -> int:
        return self.present.shape[-1] + (self.query.present.shape[-1] if self.query is not None else 0)

    def to(self, device: torch.device) -> "MetadataContext":
        support, query = self.support and self.support.to(device), self.query and self.query.to(device)
        return MetadataContext([x.to(device) for x in self.vectors], self.present.to(device), support, query)

    def masked(self, keep: Tensor) -> "MetadataContext":
        """With only the sources where ``keep`` ([S], or [B, S]) is true: those of classes first, then those of instances."""
        keep = (keep if keep.dim() == 2 else keep[None]).expand(len(self.present), -1)
        if keep.shape[1] != self.n_sources:
            raise ValueError(f"the mask is over {keep.shape[1]} sources, and there are {self.n_sources}")
        of_classes, of_instances = keep[:, : self.present.shape[-1]], keep[:, self.present.shape[-1] :]
        return MetadataContext(
            self.vectors,
            self.present & of_classes[:, None, :],
            self.support and self.support.masked(of_instances),
            self.query and self.query.masked(of_instances),
        )

    def flat(self) -> "MetadataContext":
        """With the support's metadata in one row an example, whatever their classes."""
        if self.support is None or self.support.present.dim() == 3:
            return self
        return replace(
            self, support=InstanceMetadata([x.flatten(1, 2) for x in self.support.vectors], self.support.present.flatten(1, 2))
        )

    def at_shot(self, n_shot: int) -> "MetadataContext":
        """With only the first ``n_shot`` support instances of each class."""
        if self.support is None:
            return self
        vectors = [x[:, :, :n_shot] for x in self.support.vectors]
        return replace(self, support=InstanceMetadata(vectors, self.support.present[:, :, :n_shot]))


class SourceReader(nn.Module):
    """From source vectors [..., d_s] to one hidden vector [..., H]: a linear map per source, the mean over those present, ReLU, dropout."""

    def __init__(self, source_dims: list[int], hidden: int = 64, dropout: float = 0.5):
        super().__init__()
        self.sources = nn.ModuleList([nn.Linear(d, hidden) for d in source_dims])
        self.dropout = nn.Dropout(dropout)

    def hidden(self, read: MetadataContext | InstanceMetadata) -> Tensor:
        weight = read.present.float()
        stacked = torch.stack([layer(x) for layer, x in zip(self.sources, read.vectors, strict=True)], dim=-2)
        total = (stacked * weight[..., None]).sum(dim=-2)
        return self.dropout(F.relu(total / weight.sum(dim=-1, keepdim=True).clamp(min=1)))


class AnchorNetwork(SourceReader):
    """μ [B, N, D] and κ [B, N] of each class from its source vectors.

    Two linear heads over what a ``SourceReader`` reads. Deliberately small: only some hundred meta-train classes teach it, and
    dropout is high as in AM3 (Xing et al. 2019, section 4). κ = softplus(·) is zero where no source is present.
    """

    def __init__(self, source_dims: list[int], dim: int, hidden: int = 64, dropout: float = 0.5):
        super().__init__(source_dims, hidden, dropout)
        self.anchor = nn.Linear(hidden, dim)
        self.strength = nn.Linear(hidden, 1)

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
