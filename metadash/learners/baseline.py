"""Baseline and Baseline++ (Chen, Liu, Kira, Wang & Huang 2019, "A closer look at few-shot classification").

The head does not learn to learn: the embedding stays as it is, and each test task fine-tunes a new head on its support, a linear one
(Baseline) or one of cosine similarities (Baseline++). The paper showed that this strong reference rivals most meta-learners once the
backbone is deep. Metadata is one more training example a class, its anchor μ, whose loss counts κ times.
"""

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from metadash.learners.core.adapting import Record
from metadash.learners.core.anchored import AnchoredLearner, Prior, some
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import pseudo_shot_prototype
from metadash.learners.ridge import Ridge, identity

MINIBATCH, WEIGHT_DECAY = 4, 1e-3
"""Of the authors' fine-tuning."""

COSINE_SCALE = 2.0
"""The authors' for up to 200 classes."""

START_LENGTH = 3**-0.5
"""Of a row of the authors' cosine head at its start: uniform in ±1/√D, its squared length is 1/3."""


class Task(NamedTuple):
    """What is fine-tuned on, for a batch of tasks: features ``rows`` [B, M, D'] with one-hot ``targets`` [B, M, N], of which a filling row
    has zeros in both; the anchors as features, where there are any; how many examples there are, and how many batches of four an epoch
    takes (both [B, 1, 1]; an anchor is κ examples)."""

    rows: Tensor
    targets: Tensor
    prior: Prior | None
    examples: Tensor
    batches: Tensor
    mean: Tensor


class FineTuned(AnchoredLearner):
    """Fine-tunes a head for all tasks of a batch at once, an epoch a step.

    The authors make 100 epochs in random batches of 4, so the more examples a task has the longer it learns: an epoch of S examples goes
    ⌈S/4⌉ steps of ``finetune_lr`` along the gradient. Ours goes as far in one step over the whole support, and so needs no random
    order. A step that long would overshoot where features are large, so it is taken half implicitly: where the loss curves, as an
    upper bound on its curvature has it (Böhning 1992), the step is that of Newton; elsewhere that of descent. The start treats all
    classes alike, or lies at their means; the authors' is random, which costs them points where examples are few. Gradients
    pass through the steps, for the anchors' sake; without metadata there is nothing to train.
    """

    def prepare(self, *, finetune_epochs: int = 100, finetune_lr: float = 0.01) -> None:
        self.finetune_epochs, self.finetune_lr = finetune_epochs, finetune_lr

    def decide(self, batch: TaskBatch) -> Tensor:
        seen = self.as_features(batch)
        return seen.query_x @ self.head(seen, self.featured(batch))

    def head(self, batch: TaskBatch, prior: Prior | None) -> Tensor:
        """The head [B, D', N] after fine-tuning on a batch of features."""
        return deque(self.heads(batch, prior, self.finetune_epochs), maxlen=1).pop()

    def as_features(self, batch: TaskBatch) -> TaskBatch:
        return batch.over(self.features(batch.support_x), self.features(batch.query_x))

    def featured(self, batch: TaskBatch) -> Prior | None:
        """The metadata's anchors as features."""
        prior = self.prior(batch)
        return None if prior is None else (self.features(prior[0]), prior[1])

    @torch.no_grad()
    def trace(self, batch: TaskBatch, record: Record, steps: int | None = None) -> None:
        """The adaptation view: what each epoch of the fine-tuning does."""
        seen = self.as_features(self.modulated(self.embed(batch)))
        heads = self.heads(seen, self.featured(batch), self.finetune_epochs if steps is None else steps)
        for step, head in enumerate(heads):
            each = F.cross_entropy((seen.support_x @ head).mT, batch.support_y, reduction="none")
            loss = each.mean(dim=1) if batch.mask is None else (each * batch.mask).sum(dim=1) / batch.mask.sum(dim=1)
            record(step, loss, seen.query_x @ head)

    def heads(self, batch: TaskBatch, prior: Prior | None, epochs: int) -> Iterator[Tensor]:
        """The head [B, D', N] before fine-tuning on a batch of features, and after each epoch of it."""
        return self.descend(self.task_of(batch, prior), epochs)

    def task_of(self, batch: TaskBatch, prior: Prior | None) -> Task:
        rows, targets, mask = batch.aliased().support_x, batch.one_hot(), batch.mask
        counted = rows.new_full((len(rows), 1, 1), rows.shape[1]) if mask is None else mask.sum(-1)[:, None, None].to(rows.dtype)
        batches, mean = (counted / MINIBATCH).ceil(), batch.class_mean(rows)
        if prior is not None:
            worth = prior[1].sum(-1)[:, None, None]
            counted, batches = counted + worth, batches + worth / MINIBATCH
            mean = pseudo_shot_prototype(mean, batch.counts, *prior)
        return Task(rows, targets, prior, some(counted), some(batches), mean)

    def slope(self, task: Task, head: Tensor) -> Tensor:
        """The gradient [B, D', N] of the summed loss of all examples by the head."""
        surprise = (task.rows @ head).softmax(-1) - task.targets
        slope = task.rows.mT @ surprise  # a filling row is zero
        if task.prior is None:
            return slope
        anchor, strength = task.prior
        return slope + anchor.mT @ (strength[..., None] * ((anchor @ head).softmax(-1) - identity(strength)))

    @abstractmethod
    def features(self, embedding: Tensor) -> Tensor:
        """[..., D] to [..., D']."""

    @abstractmethod
    def descend(self, task: Task, epochs: int) -> Iterator[Tensor]:
        """The head [B, D', N] at the start, and after each epoch."""


class Baseline(FineTuned):
    """A linear head with bias (the last feature is 1), from zero: θ ← θ − (I/η + H)⁻¹ ∇, where η is an epoch's steps of descent
    and H = XᵀX/2S is no less than the curvature of the loss."""

    def features(self, embedding: Tensor) -> Tensor:
        return F.pad(embedding, (0, 1), value=1.0)

    def descend(self, task: Task, epochs: int) -> Iterator[Tensor]:
        head = task.rows.new_zeros(*task.rows.shape[::2], task.targets.shape[-1])
        yield head
        if not epochs:
            return
        bound = Ridge(task.rows, 2 * task.examples / (self.finetune_lr * task.batches), task.prior)
        for _ in range(epochs):
            head = head - 2 * bound.inverse(self.slope(task, head) + task.examples * WEIGHT_DECAY * head)
            yield head


class BaselinePlus(FineTuned):
    """Cosine similarities with one weight vector a class, which starts at the mean direction of the class's examples.

    As the authors' layer, it is normalised by weight (Salimans & Kingma 2016): a direction and a length a class, both learned, and a
    fixed scale. The vector that gives the direction keeps its own length, which the loss does not feel. Rows have length one, so
    that the loss curves by no more than 2 in the length and 2(g/‖v‖)² in the direction.
    """

    def features(self, embedding: Tensor) -> Tensor:
        return F.normalize(embedding, dim=-1)

    def descend(self, task: Task, epochs: int) -> Iterator[Tensor]:
        direction = F.normalize(task.mean, dim=-1).mT  # [B, D, N]
        length = torch.full_like(direction[:, :1], START_LENGTH)
        far, most = self.finetune_lr * task.batches, COSINE_SCALE**2 / 2
        yield COSINE_SCALE * length * direction
        for _ in range(epochs):
            slope = COSINE_SCALE * self.slope(task, COSINE_SCALE * length * direction) / task.examples
            along, ratio = (slope * direction).sum(1, keepdim=True), length / START_LENGTH
            turn = far * ratio / (1 + far * ratio.square() * most) * (slope - along * direction)
            length = length - far / (1 + far * most) * (along + WEIGHT_DECAY * length)
            # a turn goes across, so the length only grows; of a class of which nothing is known, and which has no direction, no slope does
            direction = F.normalize(START_LENGTH * direction - turn, dim=1, eps=0.5)
            yield COSINE_SCALE * length * direction
