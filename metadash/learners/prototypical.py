"""Prototypical Networks (Snell, Swersky & Zemel 2017), plain or with a metadata prior on each prototype.

A class is the mean of its support embeddings; a query belongs to the class whose mean is nearest. Metadata enters as κ pseudo-shots
placed at an anchor μ, ``p = (K·x̄ + κ·μ) / (K + κ)``: AM3's convex mixture (Xing et al. 2019) with λ = K/(K+κ), which fades as real
shots arrive and is the plain learner at κ = 0. AM3's own gate, which does not know K, stands beside it for comparison.
"""

from abc import abstractmethod
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.anchored import AnchoredLearner, alone, anchor_share
from metadash.learners.core.distances import nearby, taken_apart
from metadash.learners.core.task_batch import TaskBatch

Distance = Literal["euclidean", "cosine"]


class PrototypeLearner(AnchoredLearner):
    """A learner that compares queries with one prototype a class; what it compares by is the subclass's."""

    fusions: ClassVar[tuple[str, ...]] = ("none", "pseudo-shots", "am3")

    def decide(self, batch: TaskBatch) -> Tensor:
        return self.logits(batch.query_x, self.prototypes(batch))

    def prototypes(self, batch: TaskBatch, zero: Tensor | float = 0.0) -> Tensor:
        """[B, N, D] of a batch of embeddings, which have had ``zero`` [B, 1, D] subtracted. Where there is metadata, a class without examples
        (zero-shot) lies at its anchor."""
        mean = batch.class_mean(batch.support_x)
        prior = self.prior(batch)
        if prior is None or batch.context is None:
            return mean
        anchor, strength = prior
        if self.fusion == "pseudo-shots":
            return pseudo_shot_prototype(mean, batch.counts, anchor - zero, strength)
        told = batch.context.present.any(dim=-1)
        weight = torch.where(told, self.gate(anchor), 1.0).masked_fill(alone(told, batch.counts), 0.0)[..., None]
        return weight * mean + (1 - weight) * (anchor - zero)

    @abstractmethod
    def logits(self, query: Tensor, prototypes: Tensor) -> Tensor:
        """[B, Q, D] and [B, N, D] to [B, Q, N]."""


class DistanceLearner(PrototypeLearner):
    """The logits are −scale · squared Euclidean distance, or scale · cosine; the scale is learned."""

    def prepare(self, *, distance: Distance = "euclidean") -> None:
        self.distance = distance
        self.log_scale = nn.Parameter(torch.tensor(2.0 if distance == "cosine" else 0.0))

    def decide(self, batch: TaskBatch) -> Tensor:
        near, zero = self.placed(batch)
        return self.logits(near.query_x, self.prototypes(near, zero))

    def placed(self, batch: TaskBatch) -> tuple[TaskBatch, Tensor | float]:
        """The tasks where distances keep their digits, and where zero was."""
        return (batch, 0.0) if self.distance == "cosine" else nearby(batch)

    def logits(self, query: Tensor, prototypes: Tensor) -> Tensor:
        if self.distance == "cosine":
            return self.log_scale.exp() * F.normalize(query, dim=-1) @ F.normalize(prototypes, dim=-1).mT
        return -self.log_scale.exp() * taken_apart(query, prototypes)


class PrototypicalNetwork(DistanceLearner):
    """Queries belong to the nearest prototype, and nothing else is done."""


def pseudo_shot_prototype(mean: Tensor, shots: int | Tensor, anchor: Tensor, strength: Tensor) -> Tensor:
    """(K·x̄ + κ·μ) / (K + κ), which is x̄ to the last bit where κ = 0: mean [..., D], anchor [..., D], strength [...], K one or [...]."""
    return mean + anchor_share(strength, shots)[..., None] * (anchor - mean)
