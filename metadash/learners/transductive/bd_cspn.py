"""BD-CSPN: prototype rectification (Liu, Song & Qin 2020).

All queries of a task are classified together, and before that they mend what few examples get wrong. They are moved to where the
support lies, by the difference of the two means (the bias *between* the sets); then each class's surest queries join its examples in
a mean whose weights are exp(ε·cos(x, p)) (the bias *within* a class). Queries belong to the nearest rectified prototype by cosine.
Metadata is κ examples at the anchor μ: in the support's mean, in the first prototype and in the rectified one.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.anchored import AnchoredLearner, Prior, some
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import pseudo_shot_prototype

SHARPNESS = 10.0
"""ε of the paper: how much more a near example counts than a far one."""


class BDCSPN(AnchoredLearner):
    """The logits are scale · cosine; the scale is learned. ``rectify_top`` is the paper's Z: so many of the queries that fall to a
    class, the surest first, join its prototype."""

    def prepare(self, *, rectify_top: int = 8) -> None:
        self.rectify_top = rectify_top
        self.log_scale = nn.Parameter(torch.tensor(2.0))

    def decide(self, batch: TaskBatch) -> Tensor:
        prototypes, query = self.rectified(batch)
        return self.log_scale.exp() * cosine(query, prototypes)

    def rectified(self, batch: TaskBatch) -> tuple[Tensor, Tensor]:
        """The rectified prototypes [B, N, D], and the queries [B, Q, D] where they have been moved to."""
        seen, prior = on_the_sphere(batch, self.prior(batch))
        query = moved_to_the_support(seen, prior)
        mean = seen.class_mean(seen.support_x)
        first = mean if prior is None else pseudo_shot_prototype(mean, seen.counts, *prior)
        of_support = (SHARPNESS * cosine(seen.support_x, first)).exp() * seen.one_hot()  # [B, S, N]
        likeness = cosine(query, first)
        of_query = (SHARPNESS * likeness).exp() * surest(likeness, seen.query_mask, self.rectify_top)
        total = of_support.sum(1) + of_query.sum(1)
        weighted = of_support.mT @ seen.support_x + of_query.mT @ query
        if prior is not None:
            anchor, strength = prior
            of_anchor = strength * (SHARPNESS * (F.normalize(anchor, dim=-1) * F.normalize(first, dim=-1)).sum(-1)).exp()
            total, weighted = total + of_anchor, weighted + of_anchor[..., None] * anchor
        return weighted / some(total)[..., None], query


def on_the_sphere(batch: TaskBatch, prior: Prior | None) -> tuple[TaskBatch, Prior | None]:
    """Embeddings and anchors of length one; a class's strength stays."""
    seen = batch.over(F.normalize(batch.support_x, dim=-1), F.normalize(batch.query_x, dim=-1))
    return seen, None if prior is None else (F.normalize(prior[0], dim=-1), prior[1])


def cosine(rows: Tensor, prototypes: Tensor) -> Tensor:
    """[B, M, D] and [B, N, D] to [B, M, N]."""
    return F.normalize(rows, dim=-1) @ F.normalize(prototypes, dim=-1).mT


def moved_to_the_support(batch: TaskBatch, prior: Prior | None) -> Tensor:
    """The queries [B, Q, D], moved so that their mean is that of the support and of the anchors, κ times each."""
    total = batch.support_x.sum(1)
    examples: Tensor | int = batch.support_x.shape[1] if batch.mask is None else batch.mask.sum(1)[:, None].to(total.dtype)
    if prior is not None:
        anchor, strength = prior
        total, examples = total + (strength[..., None] * anchor).sum(1), examples + strength.sum(1, keepdim=True)
    support = total / (max(examples, 1) if isinstance(examples, int) else some(examples))
    return batch.query_x + (support - query_mean(batch.query_x, batch.query_mask))[:, None]


def query_mean(values: Tensor, mask: Tensor | None) -> Tensor:
    """[B, Q, D] to [B, D], over the queries that are there."""
    if mask is None:
        return values.mean(1)
    return values.masked_fill(~mask[..., None], 0).sum(1) / mask.sum(1).clamp(min=1)[:, None]


def surest(likeness: Tensor, mask: Tensor | None, top: int) -> Tensor:
    """1 where a query [B, Q] is among the ``top`` likest of those that fall to a class [N], else 0: [B, Q, N]."""
    with torch.no_grad():
        away = torch.ones_like(likeness, dtype=torch.bool).scatter(-1, likeness.argmax(-1, keepdim=True), False)
        if mask is not None:
            away |= ~mask[..., None]
        best, place = likeness.masked_fill(away, -torch.inf).topk(min(top, likeness.shape[1]), dim=1)
        return torch.zeros_like(likeness).scatter(1, place, best.isfinite().to(likeness.dtype))
