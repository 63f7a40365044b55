"""TIM: transductive information maximisation (Boudiaf et al. 2020), and α-TIM for unbalanced queries (Veilleux et al. 2021).

A classifier with one weight vector a class, from the prototypes on, takes gradient steps that fit the support and at once make what
the queries and their labels tell of each other as much as it can be: each query's label sure (low conditional entropy), all labels
used alike (high marginal entropy). The second is a belief in balanced queries. α-TIM replaces Shannon's entropy by Tsallis's,
(1 − Σ pᵅ)/(α − 1), which punishes an uneven marginal less. Metadata is κ labelled examples at the anchor μ, in the prototype that
starts a class's weights and in the cross-entropy of the support.
"""

import torch
from torch import Tensor

from metadash.learners.core.anchored import AnchoredLearner, Prior, some
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import pseudo_shot_prototype
from metadash.learners.ridge import identity
from metadash.learners.transductive.bd_cspn import on_the_sphere, query_mean

SHARPNESS = 15.0
"""τ: logits are −(τ/2)·‖z − w‖² of embeddings of length one."""

SHANNON, TSALLIS = (0.1, 1.0, 0.1), (1.0, 1.0, 1.0)
"""How much cross-entropy, marginal and conditional entropy count: TIM's and α-TIM's."""

FAST, SLOW, LEAST = 0.9, 0.999, 1e-12
"""Adam's β, and the probability below which none is."""

IN_TRAINING = 10
"""So few steps, as much larger, while anchors or a network are trained: every step is differentiated through."""


class TIM(AnchoredLearner):
    """By gradient descent (TIM-GD), with Adam's steps written out, so that all tasks of a batch step at once and none sees another.

    The authors make 1,000 steps of 0.0001 in 512 and more dimensions; 50 of 0.01 were as good on validation classes of glyphs.
    ``tim_alpha`` 1 is TIM, more is α-TIM. Gradients pass through the steps, for the anchors' sake; in training there are fewer.
    """

    def prepare(self, *, tim_alpha: float = 1.0, tim_steps: int = 50, tim_lr: float = 0.01) -> None:
        self.tim_alpha, self.tim_steps, self.tim_lr = tim_alpha, tim_steps, tim_lr

    def decide(self, batch: TaskBatch) -> Tensor:
        seen, prior = on_the_sphere(batch, self.prior(batch))
        mean = seen.class_mean(seen.support_x)
        weights = mean if prior is None else pseudo_shot_prototype(mean, seen.counts, *prior)
        steps = min(self.tim_steps, IN_TRAINING) if self.training else self.tim_steps
        rate = self.tim_lr * self.tim_steps / max(steps, 1)
        fast = slow = torch.zeros_like(weights)
        for step in range(1, steps + 1):
            slope = self.slope(weights, seen, prior)
            fast, slow = FAST * fast + (1 - FAST) * slope, SLOW * slow + (1 - SLOW) * slope.square()
            size = (slow / (1 - SLOW**step)).clamp(min=1e-30).sqrt() + 1e-8
            weights = weights - rate * fast / (1 - FAST**step) / size
        return logits(seen.query_x, weights)

    def slope(self, weights: Tensor, batch: TaskBatch, prior: Prior | None) -> Tensor:
        """The gradient [B, N, D] of the loss by the weights."""
        fit, marginal, conditional = SHANNON if self.tim_alpha == 1 else TSALLIS
        missed = logits(batch.support_x, weights).softmax(-1) - batch.one_hot()
        examples: Tensor | int = missed.shape[1]
        if batch.mask is not None:
            missed, examples = missed * batch.mask[..., None], batch.mask.sum(1)[:, None, None].to(missed.dtype)
        of_support = by_weights(missed, batch.support_x, weights)
        if prior is not None:
            anchor, strength = prior
            surprise = strength[..., None] * (logits(anchor, weights).softmax(-1) - identity(strength))
            of_support = of_support + by_weights(surprise, anchor, weights)
            examples = examples + strength.sum(1)[:, None, None]
        total = max(examples, 1) if isinstance(examples, int) else some(examples)
        sure = logits(batch.query_x, weights).softmax(-1)
        wanted = marginal * self.by_label(query_mean(sure, batch.query_mask))[:, None] - conditional * self.by_label(sure)
        asked: Tensor | int = sure.shape[1]
        if batch.query_mask is not None:
            sure, asked = sure * batch.query_mask[..., None], batch.query_mask.sum(1).clamp(min=1)[:, None, None]
        told = sure * (wanted - (sure * wanted).sum(-1, keepdim=True))
        return fit * of_support / total + by_weights(told, batch.query_x, weights) / asked

    def by_label(self, p: Tensor) -> Tensor:
        """The derivative of minus the entropy by each probability, but for a constant, which a softmax does not feel."""
        p = p.clamp(min=LEAST)
        return p.log() if self.tim_alpha == 1 else self.tim_alpha / (self.tim_alpha - 1) * p ** (self.tim_alpha - 1)


def logits(rows: Tensor, weights: Tensor) -> Tensor:
    """−(τ/2)·‖z − w‖² but for a term all classes share: [B, M, D] and [B, N, D] to [B, M, N]."""
    return SHARPNESS * (rows @ weights.mT - weights.square().sum(-1)[:, None] / 2)


def by_weights(slope: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """From the gradient [B, M, N] by the logits of rows [B, M, D] to that by the weights [B, N, D]."""
    return SHARPNESS * (slope.mT @ rows - slope.sum(1)[..., None] * weights)
