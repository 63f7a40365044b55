"""What a learner receives: a batch of tasks, in which every labelled example says which class of its task it is of.

Classification with as many examples of each class, class by class, is the usual case: ``TaskBatch.by_class`` makes it, and ``shots``
then says K, so that what is summed over a class is a view and no product with labels. All else (classes with different numbers of
examples, examples in any order, tasks of different sizes filled up to one) has ``shots`` None, and goes by the labels.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from metadash.errors import BadInput
from metadash.networks.anchors import MetadataContext

IGNORED = -100
"""The label of a query that only fills its task up: the one that torch's cross-entropy leaves out."""


class Examples(NamedTuple):
    """The labelled examples of one task: ``x`` [S, ...] and ``y`` [S], of ``n_way`` classes with ``counts`` examples each: K where they
    stand class by class, else [N]."""

    x: Tensor
    y: Tensor
    n_way: int
    counts: int | Tensor

    def class_mean(self, features: Tensor) -> Tensor:
        """[S, D] to [N, D]; zero for a class without an example, which takes one of another class to be."""
        if isinstance(self.counts, int):
            return features.unflatten(0, (self.n_way, self.counts)).mean(1)
        rows = F.one_hot(self.y, self.n_way).to(features.dtype)
        return rows.mT @ features / self.counts.to(features.dtype).clamp(min=1)[:, None]


@dataclass(frozen=True)
class TaskBatch:
    """B tasks of N classes each.

    ``support_x`` [B, S, ...] labelled examples and ``support_y`` [B, S] the position 0..N−1 of the class of each among its task's;
    ``query_x`` [B, Q, ...] and ``query_y`` [B, Q] (None where the answers are not known; ``IGNORED`` where a query fills up).
    ``context`` holds the metadata of classes [B, N, ·], of support [B, S, ·] and of queries [B, Q, ·]. ``mask`` [B, S] bool says which
    support examples are there, and ``query_mask`` [B, Q] which queries; None: all. What stands where nothing is there, is finite and
    changes no answer. ``n_way`` N; left out, one more than the largest label. ``shots`` K where the examples stand class by class,
    K of each (``by_class`` sets it); None where labels alone say what is what.

    Raises BadInput for tensors that do not belong together.
    """

    support_x: Tensor
    support_y: Tensor
    query_x: Tensor
    query_y: Tensor | None = None
    context: MetadataContext | None = None
    mask: Tensor | None = None
    query_mask: Tensor | None = None
    n_way: int = 0
    shots: int | None = None

    def __post_init__(self) -> None:
        if self.shots is not None:  # made class by class, which is checked by its making, or from one that was
            return
        rows, asked = self.support_x.shape[:2], self.query_x.shape[:2]
        for name, given, shape in (
            ("support_y", self.support_y, rows),
            ("mask", self.mask, rows),
            ("query_y", self.query_y, asked),
            ("query_mask", self.query_mask, asked),
        ):
            if given is not None and given.shape[:2] != shape:
                raise BadInput(f"{name} has the shape {tuple(given.shape)}; it needs one entry for each of {tuple(shape)} rows.")
        if not self.n_way:
            if not self.support_y.numel():
                raise BadInput("A batch of tasks without a labelled example needs n_way, the number of classes of each.")
            object.__setattr__(self, "n_way", int(self.support_y.max()) + 1)
        there = self.support_y if self.mask is None else self.support_y[self.mask]
        if there.numel() and not 0 <= int(there.min()) <= int(there.max()) < self.n_way:
            wrong = int(there.min()) if int(there.min()) < 0 else int(there.max())
            raise BadInput(f"support_y holds the label {wrong}; with n_way {self.n_way} a label is from 0 to {self.n_way - 1}.")
        if len(self.query_x) != len(self.support_x):
            raise BadInput(
                f"There are queries of {len(self.query_x)} tasks and support of {len(self.support_x)}; each task needs both."
            )

    @classmethod
    def by_class(
        cls,
        support: Tensor,
        query: Tensor,
        context: MetadataContext | None = None,
        query_y: Tensor | None = None,
        mask: Tensor | None = None,
        query_mask: Tensor | None = None,
    ) -> "TaskBatch":
        """Examples that stand class by class: support [B, N, K, ...] (the context's [B, N, K, ·] likewise), query [B, Q, ...].

        As many of each class, unless ``mask`` [B, N, K] leaves some out.
        """
        batch, n_way, shots = support.shape[:3]
        y = labels_by_class(n_way, shots, support.device).expand(batch, -1)
        there, context = None if mask is None else mask.flatten(1, 2), context and context.flat()
        if query_y is not None and query_mask is not None:
            query_y = query_y.masked_fill(~query_mask, IGNORED)
        return cls(support.flatten(1, 2), y, query, query_y, context, there, query_mask, n_way, shots if mask is None else None)

    def __len__(self) -> int:
        return len(self.support_x)

    @property
    def regular(self) -> bool:
        """Whether place alone says the class: then all is a view, and tasks are alike enough for ``vmap``."""
        return self.shots is not None

    @property
    def counts(self) -> "int | Tensor":
        """The labelled examples of each class: K, or [B, N]."""
        return self.shots if self.shots is not None else self.one_hot().sum(1)

    def one_hot(self) -> Tensor:
        """The labels as rows in the type of the examples: [S, N] shared by all tasks, or [B, S, N] with zeros where nothing is."""
        x = self.support_x
        if self.shots is not None:
            return torch.eye(self.n_way, dtype=x.dtype, device=x.device).repeat_interleave(self.shots, dim=0)
        rows = F.one_hot(self.support_y.clamp(0, self.n_way - 1), self.n_way).to(
            x.dtype if x.is_floating_point() else torch.float32
        )
        return rows if self.mask is None else rows * self.mask[..., None]

    def class_sum(self, x: Tensor) -> Tensor:
        """[B, S, D] summed over the examples of each class: [B, N, D]."""
        if self.shots is None:
            return self.one_hot().to(x.dtype).mT @ x
        return x.unflatten(1, (self.n_way, self.shots)).sum(dim=2)

    def class_mean(self, x: Tensor) -> Tensor:
        """[B, S, D] to [B, N, D]; zero for a class without an example."""
        counts = self.counts
        if isinstance(counts, int):
            return self.class_sum(x) / max(counts, 1)
        return self.class_sum(x) / counts.to(x.dtype).clamp(min=1)[..., None]

    def over(self, support_x: Tensor, query_x: Tensor) -> "TaskBatch":
        """The same tasks with other inputs (their embeddings): zeros where nothing is, so that sums need no mask."""
        if self.mask is not None:
            support_x = support_x.masked_fill(~self.mask.view(*self.mask.shape, *[1] * (support_x.dim() - 2)), 0)
        rest = self.query_y, self.context, self.mask, self.query_mask, self.n_way, self.shots
        return TaskBatch(support_x, self.support_y, query_x, *rest)

    def to(self, device: torch.device) -> "TaskBatch":
        """The same tasks there, metadata and masks among them."""
        if self.support_x.device == device:
            return self
        moved = {name: value.to(device) for name, value in vars(self).items() if hasattr(value, "to")}
        return replace(self, **moved)

    def aliased(self) -> "TaskBatch":
        """The same examples under a name of their own: what flows back through it is summed before it meets what flows back beside it,
        and the order of a sum decides its last bit."""
        return replace(self, support_x=self.support_x.view_as(self.support_x))

    def examples(self, b: int) -> "Examples":
        """Those of task ``b`` that are there."""
        kept: Tensor | slice = slice(None) if self.mask is None else self.mask[b]
        y = self.support_y[b][kept]
        counts = torch.bincount(y, minlength=self.n_way) if self.shots is None else self.shots
        return Examples(self.support_x[b][kept], y, self.n_way, counts)

    def flat_rows(self) -> tuple[Tensor, Tensor | None]:
        """All inputs that are there in one batch [R, ...], support first, and where they stand among B·S + B·Q (None: everywhere)."""
        rows = torch.cat([self.support_x.flatten(0, 1), self.query_x.flatten(0, 1)])
        if self.mask is None and self.query_mask is None:
            return rows, None
        where = torch.cat([mask.flatten() for mask in self.masks()])
        return rows[where], where

    def masks(self) -> tuple[Tensor, Tensor]:
        """``mask`` and ``query_mask``, where they are None all true."""
        support, query = (
            self.support_y.new_ones(x.shape[:2], dtype=torch.bool) if mask is None else mask
            for mask, x in ((self.mask, self.support_x), (self.query_mask, self.query_x))
        )
        return support, query

    def queries(self, b: int) -> tuple[Tensor, Tensor]:
        """The queries [Q, ...] of task ``b`` that are there, and their answers [Q]."""
        assert self.query_y is not None
        kept: Tensor | slice = slice(None) if self.query_mask is None else self.query_mask[b]
        return self.query_x[b][kept], self.query_y[b][kept]


def filled(found: Tensor, mask: Tensor | None) -> Tensor:
    """Rows [R, ...] put where the mask [S] is true, zeros elsewhere: [S, ...]."""
    if mask is None:
        return found
    place = mask.view(-1, *[1] * (found.dim() - 1))
    return found.new_zeros(len(mask), *found.shape[1:]).masked_scatter(place, found)


@cache
def labels_by_class(n_way: int, each: int, device: torch.device | None = None) -> Tensor:
    """The labels [N·each] of rows that stand class by class: the one place where place says the class. Made once, and only read."""
    return torch.arange(n_way, device=device).repeat_interleave(each)
