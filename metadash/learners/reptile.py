"""Reptile (Nichol, Achiam & Schulman 2018).

Train on a task for some steps from θ to φ, then move θ a little towards φ: θ ← θ + ε(φ − θ). No gradient goes through the inner
steps; that several of them on different minibatches of one task are made is what teaches θ to generalise within tasks. The inner
optimiser is Adam without momentum (β₁ = 0).
"""

from typing import Literal, Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.adapting import AdaptingLearner
from metadash.learners.core.constructors import Inner, Start
from metadash.learners.core.inner_loop import QUERY, SUPPORT, Parameters, Rule, check, film_of, own_of, stack_all, take
from metadash.learners.core.task_batch import Examples, TaskBatch
from metadash.learners.maml import GradientDescent
from metadash.networks.film import Modulation
from metadash.networks.task_norm import BatchNorm, Statistics

Moved = tuple[Parameters, Tensor, list[Statistics]]
"""Of one task: θ − φ, the losses [steps], and what each batch norm saw."""


class AdamWithoutMomentum:
    """Adam with β₁ = 0: the gradient over its running root mean square, which starts anew in each task."""

    def __init__(self, rate: float, beta: float = 0.999, eps: float = 1e-8):
        self.rate, self.beta, self.eps = rate, beta, eps
        self.square: Parameters = {}

    def __call__(self, step: int, params: Parameters, gradients: Parameters, loss: Tensor) -> Parameters:
        moved = {}
        for name, gradient in gradients.items():
            before = self.square.get(name, torch.zeros_like(gradient))
            self.square[name] = self.beta * before + (1 - self.beta) * gradient.square()
            corrected = self.square[name] / (1 - self.beta ** (step + 1))
            moved[name] = params[name] - self.rate * gradient / (corrected.sqrt() + self.eps)
        return params | moved

    def notes(self) -> dict[str, Tensor]:
        return {}


class Reptile(AdaptingLearner):
    """Training calls ``loss(...).backward()``, or ``meta_gradient``, and never differentiates ``forward``.

    The gradient is θ − φ (mean over the batch's tasks), so that plain SGD at learning rate ε is the paper's update, with ε annealed
    linearly from 1 to 0 there; Adam may be put on top of it. In training a task's pool is its support and its labelled queries, in
    minibatches of ``inner_batch``; ``forward`` takes ``eval_steps`` on the whole support.
    """

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        n_way: int,
        inner_steps: int = 5,
        inner_lr: float = 1e-3,
        inner_batch: int = 10,
        inner_optimiser: Literal["adam", "sgd"] = "adam",
        batch_norm: BatchNorm = "batch",
        eval_steps: int | None = 50,
        **start: Unpack[Start],
    ):
        inner: Inner = {"first_order": True, "batch_norm": batch_norm, "eval_steps": eval_steps, **start}
        super().__init__(backbone, dim, n_way, inner_steps, **inner)
        self.inner_lr, self.inner_batch, self.inner_optimiser = inner_lr, inner_batch, inner_optimiser
        self.add_anchors()

    def rule(self) -> Rule:
        return AdamWithoutMomentum(self.inner_lr) if self.inner_optimiser == "adam" else GradientDescent(self.inner_lr)

    def meta_gradient(self, batch: TaskBatch) -> tuple[Parameters, Tensor]:
        """θ − φ of each task, each [B, ...], by the names of ``adapted``; and the losses [B, steps] on the way."""
        self.check_ways(batch)
        assert batch.query_y is not None
        pool_x = torch.cat([batch.support_x, batch.query_x], 1)  # [B, P, ...]
        pool_y = torch.cat([batch.support_y, batch.query_y], 1)  # [B, P]
        orders = self.orders(batch).to(pool_y.device)  # [B, steps, batch]
        vectorised = batch.regular and self.inner.runs_vectorised(batch.support_x)
        watch = self.network.call.mode == "running" and self.training
        support_rows, n_way, shots = batch.support_x.shape[1], batch.n_way, batch.shots

        def task(x: Tensor, y: Tensor, order: Tensor, own: Parameters) -> Moved:
            assert shots is not None
            return move(Examples(x[:support_rows], y[:support_rows], n_way, shots), x, y, order, own)

        def move(examples: Examples, x: Tensor, y: Tensor, order: Tensor, own: Parameters) -> Moved:
            start, update = self.begin(examples, own), self.rule()
            film = pool_film(own, support_rows, len(x))
            params, losses, seen = start, [], []
            for step in range(self.inner_steps):
                rows = order[step]
                here = None if film is None else Modulation(film.scale[rows], film.shift[rows])
                loss, gradients, saw = self.inner.gradient(params, x[rows], y[rows], step, vectorised, watch, here)
                params = update(step, params, gradients, loss)
                losses.append(loss)
                seen.append(saw)
            return {name: start[name] - params[name] for name in start}, torch.stack(losses), seen

        with torch.no_grad():
            own = self.own(batch.context)
            if batch.regular:
                difference, losses, seen = self.inner.over_tasks(task, vectorised)(pool_x, pool_y, orders, own)
            else:
                difference, losses, seen = stack_all(
                    [move(batch.examples(b), *take((pool_x, pool_y, orders, own), b)) for b in range(len(batch))]
                )
        check(losses, torch.stack([d.flatten(1).sum(1) for d in difference.values()]), self.inner_steps)
        self.inner.observe(seen)
        return difference, losses

    def orders(self, batch: TaskBatch) -> Tensor:
        """The minibatches [B, steps, batch] of each task's pool, as rows of its support and then its queries that are there."""
        pool = batch.support_x.shape[1] + batch.query_x.shape[1]
        if batch.mask is None and batch.query_mask is None:
            return torch.stack([self.minibatches(pool, pool) for _ in range(len(batch))])
        support, query = batch.masks()
        rows = [there.nonzero().flatten() for there in torch.cat([support, query], 1).cpu()]
        fewest = min(map(len, rows))
        return torch.stack([one[self.minibatches(len(one), fewest)] for one in rows])

    def minibatches(self, pool: int, fewest: int) -> Tensor:
        """Rows [steps, batch] of a pool of examples, shuffled and gone through again and again, from torch's own generator; never more
        in a batch than the smallest pool beside it has."""
        size = min(self.inner_batch, fewest)
        passes = -(-self.inner_steps * size // pool)
        rows = torch.cat([torch.randperm(pool) for _ in range(passes)])
        return rows[: self.inner_steps * size].view(self.inner_steps, size)

    def loss(self, batch: TaskBatch, progress: float = 1.0) -> Tensor:
        """Its value is the loss of the last minibatch; its gradient is θ − φ, and reaches the anchors through the head's start.

        FiLM's networks have no place in θ − φ: their gradient is that of the queries' loss at φ, as in first-order MAML. It, and
        the auxiliary loss, count as much as the inner steps would have moved them: by their number and rate.
        """
        difference, losses = self.meta_gradient(batch)
        own, surrogate = self.own(batch.context), losses.new_zeros(())
        hooked = losses.new_zeros(()) + self.hooks_loss(lambda: self.embedded(batch), batch)
        for b in range(len(batch)):
            mine, examples = own_of(own, batch, b), batch.examples(b)
            start = self.begin(examples, mine)
            surrogate = surrogate + sum((start[name] * difference[name][b]).sum() for name in start) / len(batch)
            if (film := film_of(mine, QUERY)) is not None:
                end = {name: (value - difference[name][b]).detach() for name, value in start.items()}
                support = examples.x if len(examples.x) else None
                query, target = batch.queries(b)
                logits = self.network.logits(end, query, self.inner_steps, support, film)
                hooked = hooked + F.cross_entropy(logits, target) / len(batch)
        surrogate = surrogate + self.inner_lr * self.inner_steps * hooked
        return surrogate - surrogate.detach() + losses[:, -1].mean()


def pool_film(own: Parameters, n_support: int, n_pool: int) -> Modulation | None:
    """The modulation [P, D] of a task's pool: its support, then its queries."""
    support, query = film_of(own, SUPPORT), film_of(own, QUERY)
    if support is None or query is None:
        return None
    sizes = (n_support, n_pool - n_support)
    parts = [[x.expand(size, -1) for x in film] for film, size in zip((support, query), sizes, strict=True)]
    return Modulation(*(torch.cat(both) for both in zip(*parts, strict=True)))
