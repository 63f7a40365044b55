"""What a learner has to beat: nearest centroid on the inputs, logistic regression, metadata alone, and chance.

None of them learns to learn. Nearest centroid says how much the pixels give away without any embedding; logistic regression what
a fixed embedding gives to the classifier that everybody knows; metadata alone what can be said before a single example is seen
(and how much of a task its metadata leak).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from metadash.errors import BadInput
from metadash.learners.core.anchored import AnchoredLearner, Fusion, some
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.learners.ridge import Ridge, identity


class Flat(nn.Module):
    """The inputs themselves as vectors [B, D] of floats, pixels in 0..1: the backbone of who has none."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.flatten(1).float() / 255 if inputs.dtype == torch.uint8 else inputs.flatten(1)


class NearestCentroid(PrototypicalNetwork):
    """A prototype of raw inputs. ``dim`` is the number of values of one input; a backbone, where one is given, is not used."""

    def __init__(self, backbone: nn.Module | None, *given: Any, **options: Any):
        super().__init__(Flat(), *given, **options)


class MetadataOnly(PrototypicalNetwork):
    """A query compared with the anchors and never with an example: zero-shot, whatever the support holds.

    A class without metadata lies at the bias of the anchor network, where the mean class lies.
    """

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        source_dims: list[int] | None = None,
        fusion: Fusion = "pseudo-shots",
        **options: Any,
    ):
        if not source_dims or fusion != "pseudo-shots":
            raise BadInput("Metadata alone needs at least one metadata source and the fusion pseudo-shots.")
        super().__init__(backbone, dim, source_dims, fusion, **options)

    def prototypes(self, batch: TaskBatch, zero: Tensor | float = 0.0) -> Tensor:
        prior = self.prior(batch)
        if prior is None:
            raise BadInput("Metadata alone cannot classify a task that comes without metadata.")
        return prior[0] - zero


class Chance(EmbeddingLearner):
    """Knows nothing, says so: equal logits, no parameters, no use for a backbone or for metadata."""

    def __init__(self, backbone: nn.Module | None, dim: int):
        super().__init__(Flat(), dim)

    def decide(self, batch: TaskBatch) -> Tensor:
        return batch.query_x.new_zeros(*batch.query_x.shape[:2], batch.n_way)


class LogisticRegression(AnchoredLearner):
    """Multinomial, with ½‖W‖² + C·Σ loss and a free intercept: scikit-learn's objective and its default C, for all tasks at once.

    Newton's method with the Hessian replaced by its upper bound, which is a ridge matrix and needs one factorisation (Böhning
    1992), sped up by Nesterov's momentum, dropped where it leads uphill (O'Donoghue & Candès 2015). Metadata is one more
    example a class, its anchor μ, whose loss counts κ times.
    """

    def prepare(self, *, logistic_c: float = 1.0, logistic_steps: int = 200) -> None:
        self.logistic_c, self.logistic_steps = logistic_c, logistic_steps

    def decide(self, batch: TaskBatch) -> Tensor:
        rows, query, targets = batch.support_x, batch.query_x, batch.one_hot()
        there = None if batch.mask is None else batch.mask[..., None].to(rows.dtype)  # [B, S, 1]
        prior = self.prior(batch)
        total = rows.new_full((len(rows), 1, 1), rows.shape[1]) if there is None else there.sum(dim=1, keepdim=True)
        centre = rows.sum(dim=1, keepdim=True)
        if prior is not None:
            weight = prior[1][..., None]  # [B, N, 1]
            centre, total = centre + (weight * prior[0]).sum(dim=1, keepdim=True), total + weight.sum(dim=1, keepdim=True)
        total = some(total)
        centre = centre / total  # around it, intercept and weights do not disturb each other
        rows, query = rows - centre, query - centre
        if there is not None:
            rows = rows * there
        if prior is not None:
            prior = (prior[0] - centre, prior[1])
        bound = Ridge(rows, 2 / self.logistic_c, prior)

        def slopes(weights: Tensor, intercept: Tensor) -> tuple[Tensor, Tensor]:
            surprise = (rows @ weights + intercept).softmax(dim=-1) - targets  # [B, S, N]
            if there is not None:
                surprise = surprise * there
            by_weights, by_intercept = rows.mT @ surprise, surprise.sum(dim=1, keepdim=True)
            if prior is not None:
                surprise = weight * ((prior[0] @ weights + intercept).softmax(dim=-1) - identity(prior[1]))
                by_weights = by_weights + prior[0].mT @ surprise
                by_intercept = by_intercept + surprise.sum(dim=1, keepdim=True)
            return by_weights + weights / self.logistic_c, by_intercept

        def step(by_weights: Tensor, by_intercept: Tensor) -> tuple[Tensor, Tensor]:
            return 2 * bound.inverse(by_weights), 2 * by_intercept / total

        weights, intercept = descend(slopes, step, rows.mT @ targets * 0, self.logistic_steps)
        return query @ weights + intercept


def descend(
    slopes: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    zero: Tensor,
    steps: int,
) -> tuple[Tensor, Tensor]:
    """Accelerated descent of weights [B, D, N] and intercept [B, 1, N], both from zero, each task restarting on its own."""
    weights, intercept = zero, zero[:, :1]
    ahead, ahead_intercept = weights, intercept
    pace = torch.ones_like(zero[:, :1, :1])
    for _ in range(steps):
        by_weights, by_intercept = slopes(ahead, ahead_intercept)
        back, back_intercept = step(by_weights, by_intercept)
        moved, moved_intercept = ahead - back - weights, ahead_intercept - back_intercept - intercept
        weights, intercept = weights + moved, intercept + moved_intercept
        with torch.no_grad():
            uphill = (by_weights * moved).sum((1, 2), True) + (by_intercept * moved_intercept).sum((1, 2), True) > 0
            pace = torch.where(uphill, 1.0, pace)
            quicker = (1 + (1 + 4 * pace.square()).sqrt()) / 2
            momentum, pace = (pace - 1) / quicker, quicker
        ahead, ahead_intercept = weights + momentum * moved, intercept + momentum * moved_intercept
    return weights, intercept
