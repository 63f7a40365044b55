"""R2D2: ridge regression as the head (Bertinetto, Henriques, Torr & Vedaldi 2019).

The head of a task is the closed-form solution of ridge regression from embeddings to one-hot labels, W = Xᵀ(XXᵀ + λI)⁻¹Y, through
which gradients reach the backbone exactly; λ and the scale and bias of the outputs are learned with it. With few examples the
small matrix is the one over examples (the Woodbury identity), with many the one over features. Metadata is one more row of X a
class, its anchor μ with the class's one-hot label, weighted by κ.
"""

import math

import torch
from torch import Tensor, nn

from metadash.learners.core.anchored import AnchoredLearner, Prior
from metadash.learners.core.task_batch import TaskBatch

ROUNDING = 8
"""Times the trace's last bit: errors of so many roundings of a factorisation do not outweigh the penalty."""


class R2D2(AnchoredLearner):
    """The logits are scale · (query W) + bias."""

    def prepare(self, *, ridge_lambda: float = 0.1) -> None:
        self.log_lambda = nn.Parameter(torch.tensor(math.log(ridge_lambda)))
        self.log_scale = nn.Parameter(torch.tensor(2.0))
        self.bias = nn.Parameter(torch.tensor(0.0))

    def decide(self, batch: TaskBatch) -> Tensor:
        return self.log_scale.exp() * (batch.query_x @ self.head(batch)) + self.bias

    def head(self, batch: TaskBatch) -> Tensor:
        """W [B, D, N]. A row of zeros without a label, as filling is one, weighs nothing in it."""
        return Ridge(batch.support_x, self.log_lambda.exp(), self.prior(batch)).solution(batch.one_hot())


class Ridge:
    """The inverse of XᵀX + Σ κ μμᵀ + λI, for rows X [B, M, D] and, where there is a prior, its anchors as rows of weight κ.

    The weighted rows are added to the plain solution as in recursive least squares, by *gain × surprise*, and not stacked under
    X: so κ = 0 adds an exact zero, and no root of κ is taken, whose slope at zero is infinite.
    """

    def __init__(self, rows: Tensor, penalty: Tensor | float, prior: Prior | None = None):
        self.rows, self.prior = rows, prior
        self.few = rows.shape[-2] < rows.shape[-1]
        gram = rows @ rows.mT if self.few else rows.mT @ rows
        self.penalty = felt(penalty, gram)
        self.factor = factored(gram + self.penalty * identity(gram))
        if prior is not None:
            anchor, strength = prior
            self.gain = self.plain_inverse(anchor.mT)  # [B, D, N]
            spread = strength[..., None] * (anchor @ self.gain)  # [B, N, N]
            self.spread = factored(identity(spread) + spread)

    def solution(self, targets: Tensor) -> Tensor:
        """The ridge weights [B, D, N] for targets [M, N] or [B, M, N] of the rows; an anchor's target is its own class."""
        targets = targets.expand(len(self.rows), -1, -1)
        if self.few:
            return self.corrected(self.rows.mT @ torch.linalg.lu_solve(*self.factor, targets), identity(targets))
        return self.corrected(torch.linalg.lu_solve(*self.factor, self.rows.mT @ targets), identity(targets))

    def inverse(self, columns: Tensor) -> Tensor:
        """Applied to columns [B, D, N]."""
        return self.corrected(self.plain_inverse(columns), 0.0)

    def plain_inverse(self, columns: Tensor) -> Tensor:
        if self.few:
            return (columns - self.rows.mT @ torch.linalg.lu_solve(*self.factor, self.rows @ columns)) / self.penalty
        return torch.linalg.lu_solve(*self.factor, columns)

    def corrected(self, plain: Tensor, anchor_targets: Tensor | float) -> Tensor:
        if self.prior is None:
            return plain
        anchor, strength = self.prior
        surprise = strength[..., None] * (anchor_targets - anchor @ plain)  # [B, N, N]
        return plain + self.gain @ torch.linalg.lu_solve(*self.spread, surprise)


def felt(penalty: Tensor | float, gram: Tensor) -> Tensor:
    """λ [B, 1, 1], raised to what rounding leaves of it beside a Gram matrix [B, M, M]: of rows that are equal or many, a smaller one
    would vanish in the sum and leave a matrix without an inverse."""
    largest = gram.detach().diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]  # the trace bounds every eigenvalue
    return torch.maximum(
        torch.as_tensor(penalty, dtype=gram.dtype, device=gram.device), ROUNDING * torch.finfo(gram.dtype).eps * largest
    )


def factored(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Its LU factors; of what is no number they are none either, and whoever counts answers says so."""
    return torch.linalg.lu_factor_ex(matrix)[:2]


def identity(like: Tensor) -> Tensor:
    return torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)
