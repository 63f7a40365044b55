"""Prototypical Networks (Snell, Swersky & Zemel 2017), plain or with a metadata prior on each prototype.

A class is the mean of its support embeddings; a query belongs to the class whose mean is nearest. Metadata enters as κ pseudo-shots
placed at an anchor μ, ``p = (K·x̄ + κ·μ) / (K + κ)``: AM3's convex mixture (Xing et al. 2019) with λ = K/(K+κ), which fades as real
shots arrive and is the plain learner at κ = 0. AM3's own gate, which does not know K, stands beside it for comparison.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.networks.anchors import AnchorNetwork, ConvexGate, MetadataContext

Distance = Literal["euclidean", "cosine"]
Fusion = Literal["none", "pseudo-shots", "am3"]


class PrototypicalNetwork(nn.Module):
    """``logits = learner(support_x [B, N, K, ...], query_x [B, Q, ...], context)`` with logits [B, Q, N].

    ``backbone`` maps a flat batch of inputs to embeddings [·, dim]; ``nn.Identity()`` when the inputs are embeddings already.
    The logits are −scale · squared Euclidean distance, or scale · cosine; the scale is learned.
    """

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        source_dims: list[int] | None = None,
        fusion: Fusion = "none",
        distance: Distance = "euclidean",
        dropout: float = 0.5,
    ):
        super().__init__()
        self.backbone = backbone
        self.fusion = fusion
        self.distance = distance
        self.log_scale = nn.Parameter(torch.tensor(2.0 if distance == "cosine" else 0.0))
        if fusion != "none":
            self.anchors = AnchorNetwork(source_dims or [], dim, dropout=dropout)
        if fusion == "am3":
            self.gate = ConvexGate(dim, dropout=dropout)

    def forward(self, support_x: Tensor, query_x: Tensor, context: MetadataContext | None = None) -> Tensor:
        support, query = self.embed(support_x, query_x)
        return self.logits(query, self.prototypes(support, context))

    def embed(self, support_x: Tensor, query_x: Tensor) -> tuple[Tensor, Tensor]:
        """Both in one forward pass: half the calls, and batch statistics over the whole episode as in the authors' code."""
        n_support = support_x.shape[:3].numel()
        inputs = torch.cat([support_x.flatten(0, 2), query_x.flatten(0, 1)])
        embedded = self.backbone(inputs)
        return embedded[:n_support].view(*support_x.shape[:3], -1), embedded[n_support:].view(*query_x.shape[:2], -1)

    def prototypes(self, support: Tensor, context: MetadataContext | None = None) -> Tensor:
        """[B, N, K, D] to [B, N, D]. K may be 0 (zero-shot) when there is metadata."""
        shots = support.shape[2]
        mean = support.sum(dim=2) / max(shots, 1)
        if self.fusion == "none" or context is None:
            return mean
        anchor, strength = self.anchors(context)
        if self.fusion == "pseudo-shots":
            return pseudo_shot_prototype(mean, shots, anchor, strength)
        weight = torch.where(context.present.any(dim=-1), self.gate(anchor), 1.0)[..., None]
        return weight * mean + (1 - weight) * anchor

    def logits(self, query: Tensor, prototypes: Tensor) -> Tensor:
        """[B, Q, D] and [B, N, D] to [B, Q, N]."""
        if self.distance == "cosine":
            return self.log_scale.exp() * F.normalize(query, dim=-1) @ F.normalize(prototypes, dim=-1).mT
        squared = query.square().sum(-1, keepdim=True) - 2 * query @ prototypes.mT + prototypes.square().sum(-1)[:, None, :]
        return -self.log_scale.exp() * squared


def pseudo_shot_prototype(mean: Tensor, shots: int, anchor: Tensor, strength: Tensor) -> Tensor:
    """(K·x̄ + κ·μ) / (K + κ), which is x̄ to the last bit where κ = 0: mean [..., D], anchor [..., D], strength [...]."""
    weight = strength / (shots + strength).clamp(min=torch.finfo(mean.dtype).tiny)
    return mean + weight[..., None] * (anchor - mean)
