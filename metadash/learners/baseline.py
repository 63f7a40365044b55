"""Baseline and Baseline++ (Chen, Liu, Kira, Wang & Huang 2019, "A closer look at few-shot classification").

No learning to learn: the embedding stays as it is, and each test task fine-tunes a new head on its support, a linear one (Baseline)
or one of cosine similarities (Baseline++). The paper showed that this strong reference rivals most meta-learners once the backbone
is deep. Metadata is one more training example a class, its anchor μ, whose loss counts κ times.
"""

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.adapting import Record
from metadash.learners.core.anchored import AnchoredLearner, Fusion, Prior
from metadash.learners.prototypical import pseudo_shot_prototype
from metadash.learners.ridge import identity, one_hot_rows
from metadash.networks.anchors import MetadataContext

MOMENTUM, DAMPENING, WEIGHT_DECAY = 0.9, 0.9, 1e-3
"""Of the authors' fine-tuning."""

COSINE_SCALE = 2.0
"""The authors' for up to 200 classes."""


class FineTuned(AnchoredLearner):
    """Fine-tunes a head [B, N, D'] for all tasks of a batch at once, by full-batch gradient descent with the gradient written out.

    The authors draw batches of 4 and start at random; ours is deterministic: the whole support at each step, and a start that
    treats all classes alike. Gradients pass through the steps, for the anchors' sake; without metadata there is nothing to train.
    """

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        source_dims: list[int] | None = None,
        fusion: Fusion = "none",
        *,
        dropout: float = 0.5,
        finetune_steps: int = 100,
        finetune_lr: float = 0.01,
    ):
        super().__init__(backbone, dim, source_dims, fusion, dropout=dropout)
        self.finetune_steps, self.finetune_lr = finetune_steps, finetune_lr

    def decide(self, support: Tensor, query: Tensor, context: MetadataContext | None = None) -> Tensor:
        return self.logits(self.features(query), self.head(self.features(support), self.featured(context)))

    def head(self, support: Tensor, prior: Prior | None) -> Tensor:
        """The head [B, N, D'] after fine-tuning on features [B, N, K, D']."""
        return deque(self.heads(support, prior, self.finetune_steps), maxlen=1).pop()

    def featured(self, context: MetadataContext | None) -> Prior | None:
        """The metadata's anchors as features."""
        prior = self.prior(context)
        return None if prior is None else (self.features(prior[0]), prior[1])

    @torch.no_grad()
    def trace(
        self, support_x: Tensor, query_x: Tensor, context: MetadataContext | None, record: Record, steps: int | None = None
    ) -> None:
        """The adaptation view: what each step of the fine-tuning does."""
        support, query = map(self.features, self.modulated(*self.embed(support_x, query_x), context))
        target = (
            torch.arange(support.shape[1], device=support.device).repeat_interleave(support.shape[2]).expand(len(support), -1)
        )
        heads = self.heads(support, self.featured(context), self.finetune_steps if steps is None else steps)
        for step, head in enumerate(heads):
            each = F.cross_entropy(self.logits(support.flatten(1, 2), head).mT, target, reduction="none")
            record(step, each.mean(dim=1), self.logits(query, head))

    def heads(self, support: Tensor, prior: Prior | None, steps: int) -> Iterator[Tensor]:
        """The head before fine-tuning, and after each step of it."""
        rows, targets = support.flatten(1, 2), one_hot_rows(support)
        head = self.start(support, prior)
        moment = torch.zeros_like(head)
        yield head
        for step in range(steps):
            total: Tensor | float = max(len(targets), 1)
            slope = self.slope(head, rows, self.logits(rows, head).softmax(-1) - targets)
            if prior is not None:
                anchor, strength = prior
                surprise = self.logits(anchor, head).softmax(-1) - identity(strength)  # [B, N, N]
                slope = slope + self.slope(head, anchor, strength[..., None] * surprise)
                total = (len(targets) + strength.sum(-1)).clamp(min=torch.finfo(head.dtype).tiny)[:, None, None]
            slope = slope / total + WEIGHT_DECAY * head
            moment = slope if step == 0 else MOMENTUM * moment + (1 - DAMPENING) * slope
            head = head - self.finetune_lr * moment
            yield head

    @abstractmethod
    def features(self, embedding: Tensor) -> Tensor:
        """[..., D] to [..., D']."""

    @abstractmethod
    def start(self, support: Tensor, prior: Prior | None) -> Tensor:
        """The head before fine-tuning."""

    @abstractmethod
    def logits(self, features: Tensor, head: Tensor) -> Tensor:
        """[B, M, D'] and [B, N, D'] to [B, M, N]."""

    @abstractmethod
    def slope(self, head: Tensor, rows: Tensor, surprise: Tensor) -> Tensor:
        """The summed gradient [B, N, D'] by the head, from rows [B, M, D'] with gradients ``surprise`` [B, M, N] by their logits."""


class Baseline(FineTuned):
    """A linear head with bias (the last feature is 1), from zero."""

    def features(self, embedding: Tensor) -> Tensor:
        return F.pad(embedding, (0, 1), value=1.0)

    def start(self, support: Tensor, prior: Prior | None) -> Tensor:
        return torch.zeros_like(support[:, :, :1]).squeeze(2) if support.shape[2] else support.sum(dim=2)

    def logits(self, features: Tensor, head: Tensor) -> Tensor:
        return features @ head.mT

    def slope(self, head: Tensor, rows: Tensor, surprise: Tensor) -> Tensor:
        return surprise.mT @ rows


class BaselinePlus(FineTuned):
    """Cosine similarities with one weight vector a class, which starts at the mean direction of the class's examples."""

    def features(self, embedding: Tensor) -> Tensor:
        return F.normalize(embedding, dim=-1)

    def start(self, support: Tensor, prior: Prior | None) -> Tensor:
        shots = support.shape[2]
        mean = support.sum(dim=2) / max(shots, 1)
        return mean if prior is None else pseudo_shot_prototype(mean, shots, *prior)

    def logits(self, features: Tensor, head: Tensor) -> Tensor:
        return COSINE_SCALE * features @ F.normalize(head, dim=-1).mT

    def slope(self, head: Tensor, rows: Tensor, surprise: Tensor) -> Tensor:
        direction = F.normalize(head, dim=-1)
        along = COSINE_SCALE * surprise.mT @ rows
        across = along - (along * direction).sum(-1, keepdim=True) * direction
        return across / head.norm(dim=-1, keepdim=True).clamp(min=1e-12)
