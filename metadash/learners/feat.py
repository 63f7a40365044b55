"""FEAT: few-shot embedding adaptation with a transformer (Ye, Hu, Zhan & Sha 2020).

A prototype is where the mean of a class's examples lies, whatever the other classes of the task; here the prototypes of a task attend to
one another first, so that each is placed in the light of those it has to be told apart from. A set-to-set function does that: any number of
classes in, as many out, in any order. Metadata enters before it, as κ pseudo-shots (or AM3's gate) in the prototypes.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.anchored import some
from metadash.learners.core.task_batch import IGNORED, TaskBatch
from metadash.learners.prototypical import Distance, DistanceLearner


class FEAT(DistanceLearner):
    """Logits as of Prototypical Networks, to the prototypes p + g · (T(p) − p), where T is the paper's transformer.

    g is learned. It starts at 0, at Prototypical Networks to the last bit (``feat_start`` "prototypes"), or at 1, at the paper's formula
    ("paper"): layer norm makes of any prototype one of another length, so that no weights of T leave prototypes as they are.
    ``feat_heads`` of attention, each as wide as the embedding; ``feat_dropout`` behind them. ``feat_contrast`` is the paper's λ: the weight of
    a loss that asks of T to keep a class together (``contrast``).
    """

    def prepare(
        self,
        *,
        distance: Distance = "euclidean",
        feat_heads: int = 1,
        feat_dropout: float = 0.5,
        feat_contrast: float = 0.1,
        feat_start: Literal["prototypes", "paper"] = "prototypes",
    ) -> None:
        super().prepare(distance=distance)
        self.contrast_weight = feat_contrast
        self.adapted = nn.Parameter(torch.tensor(float(feat_start == "paper")))
        self.transformer = SetTransformer(self.dim, feat_heads, feat_dropout)

    def prototypes(self, batch: TaskBatch, zero: Tensor | float = 0.0) -> Tensor:
        return self.adapt(super().prototypes(batch, zero), zero)

    def adapt(self, rows: Tensor, zero: Tensor | float = 0.0, alike: Tensor | None = None) -> Tensor:
        """The rows [B, M, D] of a set, each in the light of all of them, or of those that ``alike`` [B, M, M] bool names."""
        whole = rows + zero
        return rows + self.adapted * (self.transformer(whole, alike) - whole)

    def task_loss(self, batch: TaskBatch) -> Tensor:
        loss = super().task_loss(batch)
        if not (self.training and self.contrast_weight):
            return loss
        return loss + self.contrast_weight * self.contrast(batch)

    def contrast(self, batch: TaskBatch) -> Tensor:
        """The paper's regulariser: the examples and queries of each class are a set, which is adapted by itself; its mean is the class's
        centre, and every row, as it was, must be nearest to its own. Of a task the mean over rows."""
        near, zero = self.placed(batch)
        assert near.query_y is not None
        rows, there = torch.cat([near.support_x, near.query_x], dim=1), torch.cat(near.masks(), dim=1)
        y = torch.cat([near.support_y, near.query_y], dim=1).masked_fill(~there, IGNORED)
        adapted = self.adapt(
            rows, zero, y[:, :, None] == y[:, None]
        )  # what fills up sees its like alone, and is seen by no other
        member = F.one_hot(y.clamp(min=0), near.n_way).to(rows.dtype) * (y != IGNORED)[..., None]
        centres = (member.mT @ adapted) / some(member.sum(1))[..., None]
        wrong = F.cross_entropy(self.logits(rows, centres).mT, y, ignore_index=IGNORED, reduction="none")
        asked = (near.query_y != IGNORED).sum(1)  # a task counts as in the loss of its queries
        return (asked * wrong.sum(1) / some(member.sum((1, 2)))).sum() / asked.sum()


class SetTransformer(nn.Module):
    """T(x) = LayerNorm(x + dropout(W · the heads' attention + b)) of the rows x of a set, [B, M, D] to the same: one layer, which knows no
    order. The weights start as in the authors' code."""

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.of_query, self.of_key, self.of_value = (nn.Linear(dim, heads * dim, bias=False) for _ in range(3))
        self.out = nn.Linear(heads * dim, dim)
        for layer in (self.of_query, self.of_key, self.of_value):
            nn.init.normal_(layer.weight, std=dim**-0.5)
        nn.init.xavier_normal_(self.out.weight)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(dim)

    def forward(self, rows: Tensor, alike: Tensor | None = None) -> Tensor:
        asked, key, value = (
            layer(rows).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.of_query, self.of_key, self.of_value)
        )
        likeness = asked @ key.mT * rows.shape[-1] ** -0.5  # [B, H, M, M]
        if alike is not None:
            likeness = likeness.masked_fill(~alike[:, None], -torch.inf)  # a row is always like itself
        read = (likeness.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        return self.norm(rows + self.dropout(self.out(read)))
