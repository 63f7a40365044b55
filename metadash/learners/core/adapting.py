"""What every learner has that adapts a whole network to a task: start, rule, forward, a view of its steps, and its loss."""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from metadash.errors import BadInput
from metadash.learners.core.anchored import anchor_share, with_unknown
from metadash.learners.core.base import Learner, query_loss
from metadash.learners.core.inner_loop import HEAD_BIAS, HEAD_WEIGHT, Adaptation, InnerLoop, Network, Parameters, Rule, with_film
from metadash.learners.core.task_batch import Examples, TaskBatch, filled
from metadash.networks.anchors import AnchorNetwork, MetadataContext
from metadash.networks.task_norm import BatchNorm

ANCHOR, STRENGTH = "anchor", "strength"


class Record(Protocol):
    """Called for step 0 (nothing adapted yet) to the last: support loss [B], query logits [B, Q, N], and what else the rule notes."""

    def __call__(self, step: int, loss: Tensor, logits: Tensor, **notes: Tensor) -> None: ...


@runtime_checkable
class Traceable(Protocol):
    """A learner that adapts to a task step by step, and can be watched doing it."""

    def trace(self, batch: TaskBatch, record: Record, steps: int | None = None) -> None:
        """``steps`` as many, also more than in training; None: as many as when it is evaluated."""


class AdaptingLearner(Learner):
    """A learner made of a start, θ, and a rule that turns support gradients into steps from it.

    Metadata moves the start of each class's row in the head towards the classifier that prototypes at the anchors would be,
    (2μ, −‖μ‖²) as in ProtoMAML, by the pseudo-shot weight κ/(K+κ). The real shots act through the steps, so the same weight that
    prototypes give the anchor against K shots fits here: no pull at κ = 0, where the start is θ to the last bit; all of it at
    K = 0, where no step is made and the anchors alone classify. FiLM modulates what the backbone gives to the head, and stays
    fixed through the inner loop, as in MMAML (Vuorio et al. 2019).

    ``inner_steps`` in training and, unless ``eval_steps`` says otherwise, in evaluation. ``norm_sets``: see ``TaskNorm``.
    """

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        n_way: int | None,
        inner_steps: int = 5,
        *,
        first_order: bool = False,
        batch_norm: BatchNorm = "batch",
        eval_steps: int | None = None,
        vectorised: bool | None = None,
        source_dims: list[int] | None = None,
        dropout: float = 0.5,
        norm_sets: int = 0,
    ):
        super().__init__()
        self.network = Network(backbone, batch_norm, norm_sets)
        self.backbone = self.network.backbone
        self.inner = InnerLoop(self.network, first_order, vectorised)
        self.dim, self.n_way = dim, n_way
        self.inner_steps, self.eval_steps = inner_steps, inner_steps if eval_steps is None else eval_steps
        if n_way is not None:
            self.head = nn.Linear(dim, n_way)
        self.source_dims, self.dropout = source_dims or [], dropout

    def add_anchors(self) -> None:
        """Last of all in a constructor: then the other parameters start the same with and without metadata."""
        if self.source_dims:
            self.anchors = AnchorNetwork(self.source_dims, self.dim, dropout=self.dropout)
            if not hasattr(self, "log_scale"):
                self.log_scale = nn.Parameter(torch.zeros(()))  # of the anchors' head

    @abstractmethod
    def rule(self) -> Rule:
        """A new task's rule."""

    def adapted(self) -> Parameters:
        """θ: the parameters that every task starts from."""
        return {**self.network.parameters(), HEAD_WEIGHT: self.head.weight, HEAD_BIAS: self.head.bias}

    def own(self, context: MetadataContext | None) -> Parameters:
        """What the tasks do not share, each [B, ...]: the anchor μ and the strength κ of their classes, FiLM's modulations."""
        own: Parameters = {}
        if context is not None and self.source_dims:
            own[ANCHOR], own[STRENGTH] = self.anchors(context)
        return own if context is None or self.film is None else with_film(own, *self.film(context))

    def begin(self, examples: Examples, own: Parameters) -> Parameters:
        """A task's start, from its examples and its own anchors."""
        start = self.adapted()
        if ANCHOR not in own:
            return start
        weight, bias, scale = start[HEAD_WEIGHT], start[HEAD_BIAS], self.log_scale.exp()
        strength = with_unknown(own[STRENGTH], examples.counts)
        weight, bias = anchored_head(weight, bias, examples.counts, own[ANCHOR], strength, scale)
        return start | {HEAD_WEIGHT: weight, HEAD_BIAS: bias}

    def forward(self, batch: TaskBatch) -> Tensor:
        return self.adapt(batch).logits[:, -1]

    def adapt(self, batch: TaskBatch, every_step: bool = False, steps: int | None = None) -> Adaptation:
        self.check_ways(batch)
        if steps is None:
            steps = self.inner_steps if self.training else self.eval_steps
        return self.inner.run(self.begin, self.own(batch.context), self.rule, batch, steps, every_step)

    def loss(self, batch: TaskBatch, progress: float = 1.0) -> Tensor:
        loss = self.task_loss(batch, progress)
        return loss + self.hooks_loss(lambda: self.embedded(batch), batch)

    def task_loss(self, batch: TaskBatch, progress: float) -> Tensor:
        """The mean cross-entropy of the queries after the last step."""
        return query_loss(self(batch), batch)

    def embedded(self, batch: TaskBatch) -> Tensor:
        """The support's embeddings [B, S, D] at the start of the inner loop, each task's by itself."""
        start = self.network.parameters()
        found = [self.network.embed(start, batch.examples(b).x) for b in range(len(batch))]
        return torch.stack([filled(x, None if batch.mask is None else batch.mask[b]) for b, x in enumerate(found)])

    def check_ways(self, batch: TaskBatch) -> None:
        n_way = batch.n_way
        if self.n_way is not None and n_way != self.n_way:
            raise BadInput(
                f"This learner's head has one row for each of {self.n_way} classes, and the task has {n_way}; "
                f"train it with {n_way} ways, or ask for {self.n_way}."
            )

    @torch.no_grad()
    def trace(self, batch: TaskBatch, record: Record, steps: int | None = None) -> None:
        """The adaptation view: what each inner step does to the support loss and to the queries."""
        found = self.adapt(batch, True, steps)
        for step in range(found.logits.shape[1]):
            loss = (
                found.losses[:, step] if step < found.losses.shape[1] else found.logits.new_full((len(found.logits),), torch.nan)
            )
            notes = {name: value[:, step - 1] for name, value in found.notes.items() if step}
            record(step, loss, found.logits[:, step], **notes)


def prototype_head(prototypes: Tensor, scale: Tensor | float = 1.0) -> tuple[Tensor, Tensor]:
    """The linear head [N, D], [N] that equals −scale·‖q − p‖² but for a term all classes share: (2p, −‖p‖²)."""
    return 2 * scale * prototypes, -scale * prototypes.square().sum(-1)


def anchored_head(
    weight: Tensor, bias: Tensor, shots: int | Tensor, anchor: Tensor, strength: Tensor, scale: Tensor | float = 1.0
) -> tuple[Tensor, Tensor]:
    """A head [N, D], [N] moved by κ/(K+κ) towards the prototypical head of the anchors μ [N, D], κ [N]; K one or [N]."""
    pull = anchor_share(strength, shots)
    to_weight, to_bias = prototype_head(anchor, scale)
    return weight + pull[:, None] * (to_weight - weight), bias + pull * (to_bias - bias)
