"""What every learner over embeddings shares when metadata speak of its classes: an anchor μ and a strength κ of each class.

μ says where the class should lie, κ how many labelled examples that is worth. Each learner takes them in where its paper takes in
examples: as part of the prototype, as one more key, as a weighted row. Where κ = 0 each is its plain self, to the last bit.
"""

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from metadash.errors import BadInput
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.networks.anchors import AnchorNetwork, ConvexGate

Fusion = Literal["none", "pseudo-shots", "am3"]
Prior = tuple[Tensor, Tensor]
"""μ [B, N, D] and κ [B, N] ≥ 0."""


class AnchoredLearner(EmbeddingLearner):
    """An EmbeddingLearner that reads metadata, unless ``fusion`` is "none".

    ``source_dims`` are the widths of the metadata sources; ``dropout`` is the anchor network's. ``options`` are those of ``prepare``.
    """

    fusions: ClassVar[tuple[str, ...]] = ("none", "pseudo-shots")

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        source_dims: list[int] | None = None,
        fusion: Fusion = "none",
        *,
        dropout: float = 0.5,
        **options: Any,
    ):
        super().__init__(backbone, dim)
        if fusion not in self.fusions:
            raise BadInput(f"{type(self).__name__} has no fusion '{fusion}'; give it {' or '.join(self.fusions)}.")
        self.fusion = fusion
        if fusion != "none":
            self.anchors = AnchorNetwork(source_dims or [], dim, dropout=dropout)
        if fusion == "am3":
            self.gate = ConvexGate(dim, dropout=dropout)
        self.prepare(**options)

    def prepare(self) -> None:
        """What the learner has beside its anchors, from the options of its own."""

    def prior(self, batch: TaskBatch) -> Prior | None:
        """μ and κ of the classes; None for a learner, or a batch, without metadata."""
        if self.fusion == "none" or batch.context is None:
            return None
        anchor, strength = self.anchors(batch.context)
        return anchor, with_unknown(strength, batch.counts)


def anchor_share(strength: Tensor, shots: int | Tensor) -> Tensor:
    """κ/(K+κ), 0 where both are 0: the part of the anchor in a prototype. κ [..., N]; K ``shots`` one or [..., N]."""
    return strength / some(shots + strength)


def some(total: Tensor) -> Tensor:
    """A sum of weights to divide by: 1 where there is no weight. (The least number above 0 would do forward, and overflow backward.)"""
    return torch.where(total > 0, total, 1.0)


def alone(told: Tensor, shots: int | Tensor) -> Tensor:
    """[..., N] bool: which of a task's classes lie at their anchors alone. They have no example, and metadata tell of one of the task's
    classes at least: ``told`` [..., N] bool says of which."""
    return told.any(dim=-1, keepdim=True) & (shots == 0) & torch.ones_like(told)


def with_unknown(strength: Tensor, shots: int | Tensor) -> Tensor:
    """κ [..., N] of a task's classes, K ``shots`` one or [..., N]: as it is, but 1 for a class with neither example nor metadata beside one
    with metadata. Its anchor is then the network's bias, where the mean class lies: the best guess before the first label."""
    if isinstance(shots, int) and shots:
        return strength
    told = strength > 0
    return torch.where(alone(told, shots) & ~told, 1.0, strength)
