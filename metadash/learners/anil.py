"""ANIL, *almost no inner loop* (Raghu, Raghu, Bengio & Vinyals 2020).

MAML mostly reuses its features within a task, so only the head takes inner steps; the backbone is learned by the outer loop
alone. That makes it MAML over embeddings: as good in the paper's comparisons, and several times cheaper.
"""

from typing import Unpack

import torch
from torch import Tensor, nn

from metadash.learners.core.adapting import Record
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.constructors import Start
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from metadash.networks.anchors import AnchorNetwork


class Head(Start, total=False):
    """What MAML over embeddings is made with; its defaults are MAML's."""

    inner_steps: int
    first_order: bool
    eval_steps: int | None
    learned_rates: bool


class ANIL(EmbeddingLearner):
    """``logits = learner(batch)`` with logits [B, Q, N].

    The backbone runs once, on support and queries together; its batch norm is the ordinary one (the episode's statistics in
    training, running ones in evaluation).
    """

    def __init__(self, backbone: nn.Module, dim: int, n_way: int, inner_lr: float = 0.1, **head: Unpack[Head]):
        super().__init__(backbone, dim)
        self.adapting = MAML(nn.Identity(), dim, n_way, inner_lr=inner_lr, **head)

    @property
    def anchors(self) -> AnchorNetwork:  # type: ignore[override]
        return self.adapting.anchors

    def decide(self, batch: TaskBatch) -> Tensor:
        return self.adapting(batch)

    @torch.no_grad()
    def trace(self, batch: TaskBatch, record: Record, steps: int | None = None) -> None:
        self.adapting.trace(self.modulated(self.embed(batch)), record, steps)
