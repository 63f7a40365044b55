"""The one interface of all learners: a batch of tasks in, query logits out."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.networks.anchors import AnchorNetwork, ConvexGate, MetadataContext
from metadash.networks.auxiliary import AuxiliaryHead
from metadash.networks.film import FilmNetwork


class Learner(nn.Module, ABC):
    """``logits = learner(support_x [B, N, K, ...], query_x [B, Q, ...], context)`` with logits [B, Q, N].

    Class n of a task is the n-th row of its support; labels are that position. ``context`` holds the metadata of the N classes
    (and of their instances), or is None: then every learner is its plain self, to the last bit. ``anchors`` and ``gate`` exist
    where metadata speak of a class's place; ``film`` where they modulate the embedding, ``auxiliary`` where they only teach:
    these two are the same for all learners, and added to one that was made without metadata.
    """

    backbone: nn.Module
    dim: int
    anchors: AnchorNetwork
    gate: ConvexGate

    def __init__(self) -> None:
        super().__init__()
        self.film: FilmNetwork | None = None
        self.auxiliary: AuxiliaryHead | None = None

    def add_film(self, class_dims: list[int], instance_dims: list[int], dropout: float = 0.5) -> None:
        """Last of all, so that the other parameters start the same with and without it; as ``add_auxiliary``."""
        self.film = FilmNetwork(class_dims, instance_dims, self.dim, dropout=dropout)

    def add_auxiliary(self, class_dims: list[int], weight: float) -> None:
        self.auxiliary = AuxiliaryHead(class_dims, self.dim, weight)

    @abstractmethod
    def forward(self, support_x: Tensor, query_x: Tensor, context: MetadataContext | None = None) -> Tensor: ...

    @abstractmethod
    def loss(
        self, support_x: Tensor, query_x: Tensor, target: Tensor, context: MetadataContext | None = None, progress: float = 1.0
    ) -> Tensor:
        """What the trainer calls ``backward`` on: the mean cross-entropy of the queries, target [B, Q], and the hooks' share.

        ``progress`` in 0..1 is the part of the training that is done; only annealed losses look at it.
        """

    def hooks_loss(self, support: Callable[[], Tensor], context: MetadataContext | None) -> Tensor | float:
        """FiLM's penalty and the auxiliary loss, from the embeddings [B, N, K, D] that ``support`` gives where they are needed."""
        loss: Tensor | float = 0.0
        if self.film is not None:
            loss = loss + self.film.penalty()
        if self.auxiliary is not None and context is not None:
            loss = loss + self.auxiliary(support(), context)
        return loss


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
        support, query = embedded[:n_support], embedded[n_support:]
        return support.view(*support_x.shape[:3], embedded.shape[1]), query.view(*query_x.shape[:2], embedded.shape[1])

    def loss(
        self, support_x: Tensor, query_x: Tensor, target: Tensor, context: MetadataContext | None = None, progress: float = 1.0
    ) -> Tensor:
        support, query = self.embed(support_x, query_x)
        logits = self.classify(support, query, context)
        return F.cross_entropy(logits.flatten(0, 1), target.flatten()) + self.hooks_loss(lambda: support, context)

    def classify(self, support: Tensor, query: Tensor, context: MetadataContext | None = None) -> Tensor:
        """Embeddings [B, N, K, D] and [B, Q, D] to logits [B, Q, N]."""
        return self.decide(*self.modulated(support, query, context), context)

    def modulated(self, support: Tensor, query: Tensor, context: MetadataContext | None) -> tuple[Tensor, Tensor]:
        """The embeddings as the learner looks at them: after FiLM, where it has that."""
        if self.film is None or context is None:
            return support, query
        of_support, of_query = self.film(context)
        return of_support.of(support), of_query.of(query)

    @abstractmethod
    def decide(self, support: Tensor, query: Tensor, context: MetadataContext | None = None) -> Tensor:
        """As ``classify``, of embeddings that are modulated already: what a learner's own file says."""
