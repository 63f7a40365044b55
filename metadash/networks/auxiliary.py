"""The auxiliary loss: in training, embeddings must also tell the metadata; at test the learner reads none (Tokmakov et al. 2019).

From the prototype of a class, the mean of its support embeddings, a linear head predicts the class's encoded metadata, as RS-FSL
(Afham et al. 2021) generates a class's description from its prototype. What an embedding must know to do that is left in it when
the metadata are gone. For sources that are private, or not there when the learner is used.
"""

import torch
from torch import Tensor, nn

from metadash.networks.anchors import MetadataContext


class AuxiliaryHead(nn.Module):
    """``weight`` times the share of a source's variance that the prototypes do not explain, the mean over classes and sources present.

    A source counts the same however wide it is and in whatever unit: its squared error is divided by its variance over the
    meta-train classes (``start``), so that the loss is 1 where every prediction is the mean, and 0 where all are right.
    """

    variance: Tensor

    def __init__(self, source_dims: list[int], dim: int, weight: float):
        super().__init__()
        self.sources = nn.ModuleList([nn.Linear(dim, d) for d in source_dims])
        self.weight = weight
        self.register_buffer("variance", torch.ones(len(source_dims)))

    @torch.no_grad()
    def start(self, means: list[Tensor], variance: Tensor) -> None:
        """Start where every class is predicted to be the mean one: ``means`` one [d_s] a source, ``variance`` [S] summed over features."""
        for layer, mean in zip(self.sources, means, strict=True):
            assert isinstance(layer, nn.Linear)
            nn.init.zeros_(layer.weight)
            layer.bias.copy_(mean)
        self.variance.copy_(variance.clamp(min=1e-6))

    def forward(self, prototypes: Tensor, context: MetadataContext, there: Tensor | None = None) -> Tensor:
        """Prototypes [B, N, D] of the support to a number; zero where no source is present, or no example is ``there`` ([B, N] bool)."""
        present = context.present.to(prototypes.dtype)  # [B, N, S]
        if there is not None:
            present = present * there[..., None]
        errors = [(layer(prototypes) - x).square().sum(dim=-1) for layer, x in zip(self.sources, context.vectors, strict=True)]
        unexplained = torch.stack(errors, dim=-1) / self.variance
        return self.weight * (unexplained * present).sum() / present.sum().clamp(min=1)
