"""The one interface of all learners: a batch of tasks in, query logits out."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.task_batch import TaskBatch, filled
from metadash.networks.anchors import AnchorNetwork, ConvexGate
from metadash.networks.auxiliary import AuxiliaryHead
from metadash.networks.film import FilmNetwork


class Learner(nn.Module, ABC):
    """``logits = learner(batch)`` with logits [B, Q, N] of the queries of a ``TaskBatch``.

    Column n of the logits is the class whose examples have the label n. The batch's ``context`` holds the metadata of the N classes
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
    def forward(self, batch: TaskBatch) -> Tensor: ...

    @abstractmethod
    def loss(self, batch: TaskBatch, progress: float = 1.0) -> Tensor:
        """What the trainer calls ``backward`` on: the mean cross-entropy of the batch's queries, and the hooks' share.

        ``progress`` in 0..1 is the part of the training that is done; only annealed losses look at it.
        """

    def hooks_loss(self, support: Callable[[], Tensor], batch: TaskBatch) -> Tensor | float:
        """FiLM's penalty and the auxiliary loss, from the embeddings [B, S, D] that ``support`` gives where they are needed."""
        loss: Tensor | float = 0.0
        if self.film is not None:
            loss = loss + self.film.penalty()
        if self.auxiliary is not None and batch.context is not None and batch.support_x.shape[1]:
            counts = batch.counts
            there = None if isinstance(counts, int) else counts > 0
            loss = loss + self.auxiliary(batch.class_mean(support()), batch.context, there)
        return loss


def query_loss(logits: Tensor, batch: TaskBatch) -> Tensor:
    """The mean cross-entropy of logits [B, Q, N]; a query that only fills its task up does not count. Raises ValueError without answers."""
    if batch.query_y is None:
        raise ValueError("a batch without query_y has no loss")
    return F.cross_entropy(logits.flatten(0, 1), batch.query_y.flatten())


class EmbeddingLearner(Learner):
    """A learner that never changes its backbone within a task: it sees embeddings only, so that evaluation can embed everything once.

    ``backbone`` maps a flat batch of inputs to embeddings [·, dim]; ``nn.Identity()`` when the inputs are embeddings already.
    """

    def __init__(self, backbone: nn.Module, dim: int):
        super().__init__()
        self.backbone = backbone
        self.dim = dim

    def forward(self, batch: TaskBatch) -> Tensor:
        return self.classify(self.embed(batch))

    def embed(self, batch: TaskBatch) -> TaskBatch:
        """The batch with embeddings [·, ·, D] for inputs.

        Both parts in one forward pass: half the calls, and batch statistics over the whole episode as in the authors' code. What only
        fills a task up is not embedded, and so has no part in these statistics.
        """
        rows, where = batch.flat_rows()
        embedded = self.backbone(rows)
        embedded = filled(embedded, where)
        support, query = batch.support_x.shape[:2], batch.query_x.shape[:2]
        n_support = support.numel()
        return batch.over(
            embedded[:n_support].view(*support, embedded.shape[1]), embedded[n_support:].view(*query, embedded.shape[1])
        )

    def loss(self, batch: TaskBatch, progress: float = 1.0) -> Tensor:
        embedded = self.embed(batch)
        apart = embedded if self.auxiliary is None else embedded.aliased()
        return self.task_loss(self.modulated(apart)) + self.hooks_loss(lambda: embedded.support_x, batch)

    def task_loss(self, batch: TaskBatch) -> Tensor:
        """The cross-entropy of the queries of a batch of embeddings that are modulated already, and what a learner's paper adds to it."""
        return query_loss(self.decide(batch), batch)

    def classify(self, batch: TaskBatch) -> Tensor:
        """The logits [B, Q, N] of a batch of embeddings."""
        return self.decide(self.modulated(batch))

    def modulated(self, batch: TaskBatch) -> TaskBatch:
        """The embeddings as the learner looks at them: after FiLM, where it has that; zeros where only filling stands."""
        if self.film is None or batch.context is None:
            return batch if batch.mask is None else batch.over(batch.support_x, batch.query_x)
        of_support, of_query = self.film(batch.context)
        return batch.over(of_support.of(batch.support_x), of_query.of(batch.query_x))

    @abstractmethod
    def decide(self, batch: TaskBatch) -> Tensor:
        """As ``classify``, of embeddings that are modulated already: what a learner's own file says."""
