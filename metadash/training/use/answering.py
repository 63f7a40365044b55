"""One task of new classes, ready to be asked again and again: with some sources hidden, with an example left out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.networks.anchors import InstanceMetadata, MetadataContext
from metadash.specs.transduction import transductive
from metadash.training.evaluate import EMBED_BATCH, embed, embedded_at_once
from metadash.training.scorable import scorable
from metadash.training.use.asking import Asked

QUERIES_AT_ONCE = 1024
"""Embeddings; of a learner that adapts its network to the task, so many images as a forward pass is given."""


class Answering:
    """``answering(keep)`` gives the logits [Q, N] of the queries, told of the sources where ``keep`` is true (None: all).

    ``support`` [S, ...] stands class by class with ``label`` [S], ``query`` [Q, ...]: what the learner reads, embedded once where it never
    changes its network. ``context`` is of the classes, or None. Queries that the learner answers one by one are asked some at a time.
    """

    def __init__(
        self, arm: Asked, support: Tensor, label: np.ndarray, query: Tensor, context: MetadataContext | None, n_way: int
    ):
        self.arm, self.learner = arm, arm.learner
        self.learner.eval()
        self.once = isinstance(self.learner, EmbeddingLearner)
        if self.once and not arm.frozen:
            support, query = (self.embedded(rows) for rows in (support, query))
        self.support, self.query, self.context, self.n_way = support, query, context, n_way
        self.label = torch.from_numpy(label)
        self.together = transductive(arm.spec)

    def embedded(self, rows: Tensor) -> Tensor:
        return (
            torch.from_numpy(embed(self.learner.backbone, rows.numpy(), np.arange(len(rows))))
            if len(rows)
            else rows.new_zeros(0, self.learner.dim)
        )

    def __call__(
        self, keep: Sequence[bool] | None = None, left_out: int | None = None, queries: np.ndarray | None = None
    ) -> np.ndarray:
        """``left_out``: an example that is hidden; ``queries``: the places of those that are asked, by default all."""
        asked = np.arange(len(self.query)) if queries is None else queries
        at_once = (
            len(asked)
            if self.together
            else QUERIES_AT_ONCE
            if self.query.dim() == 2
            else max(EMBED_BATCH, embedded_at_once(self.query.shape[1:]))
        )
        found = [self.some(asked[start : start + at_once], keep, left_out) for start in range(0, len(asked), max(1, at_once))]
        return np.concatenate(found) if found else np.zeros((0, self.n_way), np.float32)

    @torch.no_grad()
    def some(self, queries: np.ndarray, keep: Sequence[bool] | None, left_out: int | None) -> np.ndarray:
        shown = torch.ones(len(self.label), dtype=torch.bool)
        if left_out is not None:
            shown[left_out] = False
        label = self.label[shown]
        counts = torch.bincount(label, minlength=self.n_way)
        even = int(counts[0]) if len(set(counts.tolist())) == 1 else None
        tasks = TaskBatch(
            self.support[shown][None],
            label[None],
            self.query[torch.from_numpy(queries)][None],
            context=self.told(shown, queries, keep),
            n_way=self.n_way,
            shots=even,
        )
        logits = self.learner.classify(tasks) if self.once and isinstance(self.learner, EmbeddingLearner) else self.learner(tasks)
        return scorable(logits)[0].numpy()

    def told(self, shown: Tensor, queries: np.ndarray, keep: Sequence[bool] | None) -> MetadataContext | None:
        """The context of some examples and some queries, with only some sources."""
        if self.context is None:
            return None
        context, asked = self.context, torch.from_numpy(queries)
        if context.support is not None and context.query is not None:
            context = replace(context, support=rows_of(context.support, shown), query=rows_of(context.query, asked))
        return context if keep is None else context.masked(torch.tensor(keep, dtype=torch.bool))


def rows_of(told: InstanceMetadata, rows: Tensor) -> InstanceMetadata:
    return InstanceMetadata([vector[:, rows] for vector in told.vectors], told.present[:, rows])
