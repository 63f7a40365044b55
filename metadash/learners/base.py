"""The one interface of all learners: a batch of tasks in, query logits out."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.networks.anchors import AnchorNetwork, ConvexGate, MetadataContext


class Learner(nn.Module, ABC):
    """``logits = learner(support_x [B, N, K, ...], query_x [B, Q, ...], context)`` with logits [B, Q, N].

    Class n of a task is the n-th row of its support; labels are that position. ``context`` holds the metadata of the N classes,
    or is None: then every learner is its plain self, to the last bit. ``anchors`` and ``gate`` exist where metadata is read.
    """

    backbone: nn.Module
    anchors: AnchorNetwork
    gate: ConvexGate

    @abstractmethod
    def forward(self, support_x: Tensor, query_x: Tensor, context: MetadataContext | None = None) -> Tensor: ...

    def loss(
        self, support_x: Tensor, query_x: Tensor, target: Tensor, context: MetadataContext | None = None, progress: float = 1.0
    ) -> Tensor:
        """What the trainer calls ``backward`` on: the mean cross-entropy of the queries, target [B, Q].

        ``progress`` in 0..1 is the part of the training that is done; only annealed losses look at it.
        """
        return F.cross_entropy(self(support_x, query_x, context).flatten(0, 1), target.flatten())


class EmbeddingLearner(Learner):
    """A learner that never changes its backbone within a task: it sees embeddings only, so that evaluation can embed everything once.

    ``backbone`` maps a flat batch of inputs to embeddings [·, dim]; ``nn.Identity()`` when the inputs are embeddings already.
    """

    def __init__(self, backbone: nn.Module, dim: int):
        super().__init__()
        self.backbone = backbone
        self.dim = dim

    def forward(self, support_x: Tensor, query_x: Tensor, context: MetadataContext | None = None) -> Tensor:
        support, query = self.embed(support_x, query_x)
        return self.classify(support, query, context)

    def embed(self, support_x: Tensor, query_x: Tensor) -> tuple[Tensor, Tensor]:
        """Both in one forward pass: half the calls, and batch statistics over the whole episode as in the authors' code."""
        n_support = support_x.shape[:3].numel()
        embedded = self.backbone(torch.cat([support_x.flatten(0, 2), query_x.flatten(0, 1)]))
        return embedded[:n_support].view(*support_x.shape[:3], -1), embedded[n_support:].view(*query_x.shape[:2], -1)

    @abstractmethod
    def classify(self, support: Tensor, query: Tensor, context: MetadataContext | None = None) -> Tensor:
        """Embeddings [B, N, K, D] and [B, Q, D] to logits [B, Q, N]."""
