"""Baseline and Baseline++ (Chen, Liu, Kira, Wang & Huang 2019, "A closer look at few-shot classification").

No learning to learn: the embedding stays as it is, and each test task fine-tunes a new head on its support, a linear one (Baseline)
or one of cosine similarities (Baseline++). The paper showed that this strong reference rivals most meta-learners once the backbone
is deep. Metadata is one more training example a class, its anchor μ, whose loss counts κ times.
"""

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from metadash.learners.core.adapting import Record
from metadash.learners.core.anchored import AnchoredLearner, Prior, some
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import pseudo_shot_prototype
from metadash.learners.ridge import identity

MOMENTUM, DAMPENING, WEIGHT_DECAY = 0.9, 0.9, 1e-3
"""Of the authors' fine-tuning."""

COSINE_SCALE = 2.0
"""The authors' for up to 200 classes."""


class FineTuned(AnchoredLearner):
    """Fine-tunes a head [B, N, D'] for all tasks of a batch at once, by full-batch gradient descent with the gradient written out.

    The authors draw batches of 4 and start at random; ours is deterministic: the whole support at each step, and a start that
    treats all classes alike. Gradients pass through the steps, for the anchors' sake; without metadata there is nothing to train.
    """

    def prepare(self, *, finetune_steps: int = 100, finetune_lr: float = 0.01) -> None:
        self.finetune_steps, self.finetune_lr = finetune_steps, finetune_lr

    def decide(self, batch: TaskBatch) -> Tensor:
        seen = self.as_features(batch)
        return self.logits(seen.query_x, self.head(seen, self.featured(batch)))

    def head(self, batch: TaskBatch, prior: Prior | None) -> Tensor:
        """The head [B, N, D'] after fine-tuning on a batch of features."""
        return deque(self.heads(batch, prior, self.finetune_steps), maxlen=1).pop()

    def as_features(self, batch: TaskBatch) -> TaskBatch:
        return batch.over(self.features(batch.support_x), self.features(batch.query_x))

    def featured(self, batch: TaskBatch) -> Prior | None:
        """The metadata's anchors as features."""
        prior = self.prior(batch)
        return None if prior is None else (self.features(prior[0]), prior[1])

    @torch.no_grad()
    def trace(self, batch: TaskBatch, record: Record, steps: int | None = None) -> None:
        """The adaptation view: what each step of the fine-tuning does."""
        seen = self.as_features(self.modulated(self.embed(batch)))
        heads = self.heads(seen, self.featured(batch), self.finetune_steps if steps is None else steps)
        for step, head in enumerate(heads):
            each = F.cross_entropy(self.logits(seen.support_x, head).mT, batch.support_y, reduction="none")
            loss = each.mean(dim=1) if batch.mask is None else (each * batch.mask).sum(dim=1) / batch.mask.sum(dim=1)
            record(step, loss, self.logits(seen.query_x, head))

    def heads(self, batch: TaskBatch, prior: Prior | None, steps: int) -> Iterator[Tensor]:
        """The head before fine-tuning on a batch of features, and after each step of it."""
        rows, targets, mask = batch.aliased().support_x, batch.one_hot(), batch.mask
        examples: Tensor | int = rows.shape[1] if mask is None else mask.sum(-1)
        head = self.start(batch, prior)
        moment = torch.zeros_like(head)
        yield head
        for step in range(steps):
            missed = self.logits(rows, head).softmax(-1) - targets
            slope = self.slope(head, rows, missed if mask is None else missed * mask[..., None])
            total: Tensor | int = max(examples, 1) if isinstance(examples, int) else examples.clamp(min=1)[:, None, None]
            if prior is not None:
                anchor, strength = prior
                surprise = self.logits(anchor, head).softmax(-1) - identity(strength)  # [B, N, N]
                slope = slope + self.slope(head, anchor, strength[..., None] * surprise)
                total = some(examples + strength.sum(-1))[:, None, None]
            slope = slope / total + WEIGHT_DECAY * head
            moment = slope if step == 0 else MOMENTUM * moment + (1 - DAMPENING) * slope
            head = head - self.finetune_lr * moment
            yield head

    @abstractmethod
    def features(self, embedding: Tensor) -> Tensor:
        """[..., D] to [..., D']."""

    @abstractmethod
    def start(self, batch: TaskBatch, prior: Prior | None) -> Tensor:
        """The head before fine-tuning on a batch of features."""

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

    def start(self, batch: TaskBatch, prior: Prior | None) -> Tensor:
        return batch.support_x.new_zeros(len(batch), batch.n_way, batch.support_x.shape[2])

    def logits(self, features: Tensor, head: Tensor) -> Tensor:
        return features @ head.mT

    def slope(self, head: Tensor, rows: Tensor, surprise: Tensor) -> Tensor:
        return surprise.mT @ rows


class BaselinePlus(FineTuned):
    """Cosine similarities with one weight vector a class, which starts at the mean direction of the class's examples."""

    def features(self, embedding: Tensor) -> Tensor:
        return F.normalize(embedding, dim=-1)

    def start(self, batch: TaskBatch, prior: Prior | None) -> Tensor:
        mean = batch.class_mean(batch.support_x)
        return mean if prior is None else pseudo_shot_prototype(mean, batch.counts, *prior)

    def logits(self, features: Tensor, head: Tensor) -> Tensor:
        return COSINE_SCALE * features @ F.normalize(head, dim=-1).mT

    def slope(self, head: Tensor, rows: Tensor, surprise: Tensor) -> Tensor:
        direction = F.normalize(head, dim=-1)
        along = COSINE_SCALE * surprise.mT @ rows
        across = along - (along * direction).sum(-1, keepdim=True) * direction
        return across / head.norm(dim=-1, keepdim=True).clamp(min=1e-12)
